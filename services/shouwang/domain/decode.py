"""From an arrival to readings: which family speaks, which device, which profile reads it. Pure, and never raises."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from datetime import tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo

import msgspec

from shouwang.domain.catalogue import Catalogue
from shouwang.domain.chirpstack import ChirpstackReader
from shouwang.domain.codec import Answers
from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.esphome import EsphomeReader
from shouwang.domain.family import Family, Route
from shouwang.domain.home_assistant import HomeAssistantReader
from shouwang.domain.homie import HomieReader
from shouwang.domain.interpretation import Ask, Asker, Follower, Found, Reader, Registered
from shouwang.domain.interpretation import Decoded as Decoded
from shouwang.domain.interpretation import FamilyState as FamilyState
from shouwang.domain.interpretation import Interpretation as Interpretation
from shouwang.domain.interpretation import Introduced as Introduced
from shouwang.domain.mysensors import MysensorsReader
from shouwang.domain.payload import payload_hash as payload_hash
from shouwang.domain.profile import Profile
from shouwang.domain.raw import RAW, RawReader, own_routes
from shouwang.domain.rflink import RflinkReader
from shouwang.domain.shelly import ShellyReader, ShellyRpcReader
from shouwang.domain.sparkplug import SparkplugReader
from shouwang.domain.tasmota import TasmotaReader
from shouwang.domain.topic import Template, filled
from shouwang.domain.vocabulary import Arrival, Instant, Problem, Refusal
from shouwang.domain.zigbee2mqtt import Zigbee2mqttReader
from shouwang.domain.zwavejs import ZwaveReader

READERS: Mapping[str, Callable[[Family, Catalogue, tzinfo], Reader]] = {
    "": EnvelopeReader,
    "chirpstack": ChirpstackReader,
    "esphome": EsphomeReader,
    "home-assistant": HomeAssistantReader,
    "homie": HomieReader,
    "mysensors": MysensorsReader,
    "raw": RawReader,
    "rflink": RflinkReader,
    "shelly": ShellyReader,
    "shelly-rpc": ShellyRpcReader,
    "tasmota": TasmotaReader,
    "sparkplug": SparkplugReader,
    "zigbee2mqtt": Zigbee2mqttReader,
    "zwavejs": ZwaveReader,
}
"""By ``Family.reader``."""

KNOWN_TOPICS = 65_536
"""Topics whose meaning is remembered; beyond it, all are found anew, so that a flood of topics costs no memory."""

DEEPEST = 16
"""Levels of a topic up to which the templates that may cover it are remembered."""

LONGEST_KNOWN_TOPIC = 512
"""Characters. Longer ones are found anew each time, for the same reason."""


_NONE_RAN: Answers = MappingProxyType({})


class Interpreter:
    """Built once from families and profiles. Holds no state of devices: that is in ``FamilyState``."""

    def __init__(
        self,
        families: Sequence[Family],
        profiles: Iterable[Profile],
        *,
        bases: Mapping[str, Sequence[str]] | None = None,
        timezone: str = "Asia/Shanghai",
    ) -> None:
        """``bases``: base topics by family id, where the installation's settings name them. ``timezone``: of the site,
        for device times without one. Raises ProfileError for what cannot be compiled."""
        self.families = tuple(family.id for family in families)
        self._families = families
        known = {profile.id: profile for profile in profiles}
        self.catalogue = Catalogue(families, known)
        self._settle(timezone)
        routes = [
            (family.id, route, Template(route.topic, (bases or {}).get(family.id) or family.bases))
            for family in families
            for route in family.topics
        ]
        self._routes = sorted(routes, key=lambda one: one[1].weak)
        if RAW in self.families:
            own = [(RAW, route, Template(route.topic, [])) for route in own_routes(known.values())]
            self._routes = [*own, *self._routes]
        firsts = {first for _, _, template in self._routes for first in template.firsts}
        self._routes_by_first = {
            first: [one for one in self._routes if not one[2].firsts or first in one[2].firsts] for first in firsts
        }
        """Of topics with such a first level: what a device says first is not held against all templates there are."""
        self._routes_of_others = [one for one in self._routes if not one[2].firsts]
        self._routes_by_shape: dict[tuple[str, int], list[tuple[str, Route, Template]]] = {}
        self._called = {name: family.id for family in families for name in (family.id, *family.also_called)}
        self._gateways = {family.id: family.behind for family in families}
        self._known: dict[tuple[str, str], Found | None] = {}

    def in_zone(self, timezone: str) -> "Interpreter":
        """The same for a site in this time zone; what families announced to the one the other reads on with."""
        if timezone == self.timezone:
            return self
        moved = copy(self)
        moved._settle(timezone)
        return moved

    def _settle(self, timezone: str) -> None:
        zone = ZoneInfo(timezone)
        self.timezone = timezone
        self._readers = {family.id: READERS[family.reader](family, self.catalogue, zone) for family in self._families}
        self._followers = [(id, reader) for id, reader in self._readers.items() if isinstance(reader, Follower)]

    def read(
        self,
        arrival: Arrival,
        state: FamilyState,
        registered: Registered,
        *,
        family: str = "",
        answers: Answers = _NONE_RAN,
    ) -> Interpretation:
        """What one arrival says. ``state`` learns what families announce; reading an arrival twice is as reading it
        once. ``family``: where an installation knows whose topic it is and the topic alone cannot tell. ``answers``:
        of the codecs that ran; where one is missing, the result says which (``pending``).

        Never raises; takes time linear in the payload's size.
        """
        family = self._called.get(family, family)
        key = (arrival.topic, family)
        try:
            found = self._known[key]
        except KeyError:
            found = self._remember(key)
        if found is None or (found.route.weak and registered(f"{found.family}:{found.device}") is None):
            found = self._followed(arrival.topic, family, state) or found
        if found is None:
            return Interpretation(family=family, refusal=_unknown(arrival.topic))
        reader = self._readers[found.family]
        read = reader.read(found, arrival, state.of(found.family, reader), registered, answers)
        if read.introduced and any(one.topics for one in read.introduced):
            mine = [one for one in read.introduced if self._is_only_of(found.family, one.topics)]
            return msgspec.structs.replace(read, introduced=mine)
        return read

    def asks(self, state: FamilyState, now: Instant) -> list[Ask]:
        """What asks every device of every family that would answer how things stand."""
        return [
            ask
            for family, reader in self._readers.items()
            if isinstance(reader, Asker)
            for ask in reader.asks(state.of(family, reader), now)
        ]

    def shadowed(self) -> list[tuple[str, str, str]]:
        """(family, template, other family) of each template of which no topic would reach its family, because
        another's stands before it. Those that are weak, or count only when named, give way on purpose."""
        found = []
        for id, route, template in self._routes:
            if route.weak or route.when_named or id == RAW:
                continue
            owner = self._find(template.sample(), "")
            if owner is not None and owner.family != id and owner.family != RAW:
                found.append((id, template.topic, owner.family))
        return found

    def _followed(self, topic: str, family: str, state: FamilyState) -> Found | None:
        """A topic that some device announced goes before one that only looks like a family's, unless a person said
        that it is."""
        for id, reader in self._followers:
            if not family or family == id:
                found = reader.follows(topic, state.of(id, self._readers[id]))
                if found is not None:
                    return found
        return None

    def _is_only_of(self, family: str, topics: Sequence[str]) -> bool:
        others = [self._find(topic, "") for topic in topics]
        return not topics or any(one is None or one.route.weak or one.family == family for one in others)

    def _remember(self, key: tuple[str, str]) -> Found | None:
        if len(self._known) >= KNOWN_TOPICS:
            self._known.clear()
        found = self._find(*key)
        if len(key[0]) <= LONGEST_KNOWN_TOPIC:
            self._known[key] = found
        return found

    def _find(self, topic: str, family: str) -> Found | None:
        routes = self._routes if family else self._routes_for(topic)
        for id, route, template in routes:
            if (family and id != family) or (route.when_named and not family):
                continue
            names = template.match(topic, any_base=bool(family))
            if names is not None:
                device = filled(route.device, names.all) if route.device else names.device
                return Found(id, route, device, names.base, names.all, self._behind(id, route, names.all, device))
        return None

    def _routes_for(self, topic: str) -> Sequence[tuple[str, Route, Template]]:
        """Those whose templates may cover it, by its first level and how many it has: a storm's topics are all new, and
        a family has dozens of templates."""
        first, levels = topic.partition("/")[0], topic.count("/") + 1
        routes = self._routes_by_first.get(first)
        if routes is None or levels > DEEPEST:
            return self._routes_of_others if routes is None else routes
        known = self._routes_by_shape.get((first, levels))
        if known is None:
            known = [one for one in routes if one[2].may_have(levels)]
            self._routes_by_shape[first, levels] = known
        return known

    def _behind(self, family: str, route: Route, names: Mapping[str, str], device: str) -> str:
        """The gateway that a topic tells; empty where it has not all the names for it."""
        behind = filled(route.behind or self._gateways.get(family, ""), {**names, "device": device})
        return "" if "{" in behind else behind


def _unknown(topic: str) -> Refusal:
    shown = topic if len(topic) <= 120 else f"{topic[:120]}…"
    return Refusal(Problem.UNKNOWN_TOPIC, f"no family has the topic {shown!r}; name its base topic or its profile")
