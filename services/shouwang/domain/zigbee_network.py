"""The devices of Zigbee2MQTT installations as they announced themselves: names, addresses, models, what they expose."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from shouwang.domain.catalogue import Catalogue, Understood, guessed_kind
from shouwang.domain.exposes import Expose, exposed_metrics, exposed_sources, read_exposes
from shouwang.domain.mapping import FieldMap
from shouwang.domain.vocabulary import Instant, Kind, Scalar, Value

MAX_NAMES = 4
"""Former names of a device that still lead to its registration."""

MAX_PRESSES = 10_000
"""Devices whose last press is remembered; beyond it, all are forgotten, and a press may be told twice."""

MAX_DEVICES = 5_000
"""Of one installation. A Zigbee network has some hundreds; more is no network."""

ASKED = frozenset({"smoke", "heat_alarm", "gas", "carbon_monoxide"})
"""Metrics that are worth a question after a time in which nobody listened."""

MAX_MAPS = 1_000
"""Different sets of exposes whose field maps are kept."""


class Announced(Value, frozen=True, omit_defaults=True):
    """One device of ``bridge/devices``, as far as reading its messages needs it. ``former``: earlier names."""

    ieee: str
    name: str
    vendor: str = ""
    model: str = ""
    hardware: str = ""
    exposes: list[Expose] = msgspec.field(default_factory=list)
    former: list[str] = msgspec.field(default_factory=list)
    awake: bool = False
    """It listens all the time, as a router and what has mains power do. Others hear a question when they next wake."""


class Site(Value, frozen=True, omit_defaults=True):
    """All that one installation announced; the form in which it is kept."""

    devices: list[Announced] = msgspec.field(default_factory=list)
    groups: list[str] = msgspec.field(default_factory=list)


class Card:
    """An announced device, ready for its messages."""

    __slots__ = ("address", "addresses", "aliases", "announced", "model", "understood")

    def __init__(self, family: str, announced: Announced, *, is_ambiguous: bool) -> None:
        self.announced = announced
        self.model = f"{announced.vendor} {announced.model}".strip()
        self.aliases = [one for one in (announced.ieee, *announced.former) if one != announced.name]
        names = [] if is_ambiguous else [announced.name, *announced.former]
        self.addresses = tuple(f"{family}:{one}" for one in dict.fromkeys([announced.ieee, *names]) if one)
        """Where it may be registered, the most certain first. A name that two installations use is none of them."""
        self.address = f"{family}:{announced.ieee if is_ambiguous and announced.ieee else announced.name}"
        self.understood: Understood | None = None


class Network:
    """By base topic and name. Changed by announcements only."""

    def __init__(self, family: str, catalogue: Catalogue, kept: Mapping[str, bytes]) -> None:
        self._family = family
        self._catalogue = catalogue
        self._sites: dict[str, Site] = {}
        self._cards: dict[tuple[str, str], Card] = {}
        self._groups: set[tuple[str, str]] = set()
        self._presses: dict[tuple[str, str], tuple[Sequence[Scalar], Instant]] = {}
        self._maps: dict[tuple[Expose, ...], Understood] = {}
        for base, content in kept.items():
            try:
                self._sites[base] = msgspec.json.decode(content, type=Site)
            except msgspec.DecodeError:
                continue
        self._rebuild()

    def card(self, base: str, name: str) -> Card | None:
        return self._cards.get((base, name))

    def cards(self, base: str) -> Iterator[Card]:
        return (card for (of, _), card in self._cards.items() if of == base)

    def is_group(self, base: str, name: str) -> bool:
        return (base, name) in self._groups

    def understood(self, card: Card) -> Understood:
        """How the messages of a device are read that nobody registered: by the profile of its model, else by what it
        exposes."""
        if card.understood is None:
            card.understood = self._understand(card.announced)
        return card.understood

    def asked(self) -> Iterator[tuple[str, str, list[str]]]:
        """(base, name, properties) of each device that listens, and of whose alarms some may be asked for."""
        profile = self._catalogue.get(self._catalogue.generic(self._family).id)
        sources = profile.readings if profile else {}
        for (base, name), card in self._cards.items():
            if card.announced.awake:
                asked = [one for one in card.announced.exposes if one.asked and exposed_metrics(sources, [one]) & ASKED]
                if asked:
                    yield base, name, [one.property for one in asked]

    def announce(self, base: str, devices: Sequence[Announced]) -> None:
        """All devices of an installation. One whose name changed keeps its former names."""
        before = {one.ieee: one for one in self._site(base).devices}
        taken = {one.name for one in devices}
        renamed = [_with_former(one, before.get(one.ieee), taken) for one in devices]
        self._sites[base] = msgspec.structs.replace(self._site(base), devices=renamed)
        self._rebuild()

    def announce_groups(self, base: str, names: Sequence[str]) -> None:
        self._sites[base] = msgspec.structs.replace(self._site(base), groups=list(names))
        self._rebuild()

    def meet(self, base: str, device: Announced) -> None:
        """One device more, or one that is now known better."""
        others = [one for one in self._site(base).devices if one.ieee != device.ieee and one.name != device.name]
        self.announce(base, [*others, device])

    def kept(self, base: str) -> bytes:
        """What the installation announced, for a restart."""
        return msgspec.json.encode(self._site(base))

    def pressed(self, who: tuple[str, str], values: Sequence[Scalar], at: Instant) -> None:
        if len(self._presses) >= MAX_PRESSES:
            self._presses.clear()
        self._presses[who] = (values, at)

    def last_press(self, who: tuple[str, str]) -> tuple[Sequence[Scalar], Instant] | None:
        return self._presses.get(who)

    def _site(self, base: str) -> Site:
        return self._sites.get(base) or Site()

    def _rebuild(self) -> None:
        used: dict[str, int] = {}
        for site in self._sites.values():
            for one in site.devices:
                used[one.name] = used.get(one.name, 0) + 1
        self._cards = {
            (base, one.name): Card(self._family, one, is_ambiguous=used[one.name] > 1)
            for base, site in self._sites.items()
            for one in site.devices
        }
        self._groups = {(base, name) for base, site in self._sites.items() for name in site.groups}

    def _understand(self, announced: Announced) -> Understood:
        family, catalogue = self._family, self._catalogue
        hardware = "" if announced.model else announced.hardware
        profile = catalogue.carried(family, announced.model, hardware)
        if profile is not None:
            return catalogue.for_family(profile, family)
        if not announced.exposes:
            return catalogue.generic(family)
        key = tuple(announced.exposes)
        found = self._maps.get(key)
        if found is None:
            if len(self._maps) >= MAX_MAPS:
                self._maps.clear()
            found = self._maps[key] = self._from_exposes(announced.exposes)
        return found

    def _from_exposes(self, exposes: Sequence[Expose]) -> Understood:
        generic = self._catalogue.generic(self._family)
        profile = self._catalogue.get(generic.id)
        sources = profile.readings if profile else {}
        kind = guessed_kind(exposed_metrics(sources, exposes))
        fields = FieldMap(exposed_sources(sources, exposes))
        return Understood(generic.id, kind, fields, guesses=kind is Kind.OTHER)


def cards_of(content: Sequence[object]) -> list[Announced]:
    """The devices of ``bridge/devices`` but the coordinator. An entry without a name is passed over."""
    devices = (one for one in content if isinstance(one, dict) and one.get("type") != "Coordinator")
    found = [_announced(one) for one in islice(devices, MAX_DEVICES)]
    return [one for one in found if one is not None]


def names_of(content: Sequence[object]) -> list[str]:
    """The names of ``bridge/groups``."""
    groups = (one for one in content if isinstance(one, dict))
    return [name for one in islice(groups, MAX_DEVICES) if (name := _text(one.get("friendly_name")))]


def interviewed(content: Mapping[str, object]) -> Announced | None:
    """The device of a ``bridge/event`` whose interview told what it is."""
    data = content.get("data")
    if content.get("type") != "device_interview" or not isinstance(data, dict) or not data.get("definition"):
        return None
    return _announced(data)


def _announced(said: Mapping[str, object]) -> Announced | None:
    name, ieee = _text(said.get("friendly_name")), _text(said.get("ieee_address"))
    definition = said.get("definition")
    if not isinstance(definition, dict):
        definition = {}
    if not (name or ieee):
        return None
    return Announced(
        ieee=ieee,
        name=name or ieee,
        vendor=_text(definition.get("vendor")),
        model=_text(definition.get("model")),
        hardware=_text(said.get("model_id")),
        exposes=read_exposes(definition.get("exposes")),
        awake=said.get("type") == "Router" or _text(said.get("power_source")).startswith(("Mains", "DC")),
    )


def _text(raw: object) -> str:
    """A name for keeping: software_build_id and the like come as NUL characters, which databases refuse."""
    return raw if isinstance(raw, str) and raw.isprintable() and len(raw) <= 512 else ""


def _with_former(now: Announced, before: Announced | None, taken: set[str]) -> Announced:
    if before is None:
        return now
    names = [*before.former, *([before.name] if before.name != now.name else [])]
    former = [name for name in dict.fromkeys(names) if name not in taken][-MAX_NAMES:]
    if now.model or not before.model:
        return msgspec.structs.replace(now, former=former)
    # Interviewed anew: the same device, whose definition is only not there yet.
    return msgspec.structs.replace(before, name=now.name, former=former)
