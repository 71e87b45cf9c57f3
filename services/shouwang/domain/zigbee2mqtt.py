"""Reads Zigbee2MQTT: devices that announce themselves before they report.

Source: Zigbee2MQTT's documentation of its MQTT topics and messages, of exposes, of device availability, and of the
settings ``output``, ``last_seen`` and ``include_device_information``.
"""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

import msgspec

from shouwang.domain.catalogue import Catalogue, Understood, guessed_kind
from shouwang.domain.codec import Answers
from shouwang.domain.devicetime import Stamp, stamp
from shouwang.domain.family import Family, Holds
from shouwang.domain.interpretation import Ask, Decoded, Found, Interpretation, Introduced, Memory, Registered
from shouwang.domain.mapping import Slot
from shouwang.domain.payload import MAX_ANNOUNCEMENT, UNREADABLE, read_json, shown
from shouwang.domain.reception import HeardBy
from shouwang.domain.vocabulary import (
    SECOND,
    Arrival,
    DeviceId,
    Duration,
    Instant,
    Problem,
    Reading,
    Refusal,
    Scalar,
)
from shouwang.domain.zigbee_network import Card, Network, cards_of, interviewed, names_of

ECHO: Duration = 5 * SECOND
"""With ``output: attribute_and_json`` one press comes twice: in the object, then on the attribute's own topic. Within
this time the second says nothing new; alone it is a press."""

_ONLINE = {"online": True, "offline": False}
_SPECIAL = ("action", "emergency")


class Zigbee2mqttReader:
    def __init__(self, family: Family, catalogue: Catalogue, zone: tzinfo) -> None:
        self._family = family
        self._catalogue = catalogue
        self._zone = zone

    def memory(self, kept: Mapping[str, bytes]) -> Memory:
        return Network(self._family.id, self._catalogue, kept)

    def read(
        self, found: Found, arrival: Arrival, memory: Memory, registered: Registered, answers: Answers
    ) -> Interpretation:
        network: Network = memory
        holds = found.holds
        if holds is Holds.NOTHING or not arrival.payload:
            return _ignored(found)
        if holds is Holds.READINGS:
            return self._report(found, arrival, network, registered)
        if holds is Holds.AVAILABILITY or holds is Holds.GATEWAY:
            return self._presence(found, arrival, network, registered)
        return self._announcement(found, arrival, network, registered)

    def asks(self, memory: Memory, now: Instant) -> Iterable[Ask]:
        network: Network = memory
        return [
            Ask(self._family.id, f"{base}/{name}/get", msgspec.json.encode(dict.fromkeys(properties, "")))
            for base, name, properties in network.asked()
        ]

    def _report(self, found: Found, arrival: Arrival, network: Network, registered: Registered) -> Interpretation:
        name, base = found.device, found.base
        card = network.card(base, name)
        if card is None and network.is_group(base, name):
            return _ignored(found)
        content, flaw = read_json(arrival.payload)
        if isinstance(content, str) and content.startswith("{"):
            content, flaw = read_json(content.encode("utf-8", "replace"))  # a bridge between brokers encoded it again
        attribute = ""
        if type(content) is not dict or (card is None and "/" in name):
            owner, slash, key = name.rpartition("/")
            owner_card = network.card(base, owner)
            if slash and card is None and self._is_attribute(key, content, owner_card, arrival.payload):
                name, attribute, card = owner, key, owner_card
                content, flaw = {key: _attribute_value(content, arrival.payload)}, None
        if type(content) is not dict:
            refusal = flaw or Refusal(Problem.WRONG_TYPE, f"the payload is {shown(content)}; expected an object")
            return Interpretation(family=found.family, device=name, refusal=refusal)
        device, understood = self._who(name, card, network, registered)
        dropped: list[Refusal] = []
        values = understood.fields.read(content, dropped)
        if dropped and not values:
            return Interpretation(family=found.family, device=name, refusal=flaw or dropped[0])
        if "action" in content or ("emergency", "") in values:
            if attribute:
                _without_echo(values, network, (base, name), arrival.received_at)
            else:
                _remember_press(values, network, (base, name), arrival.received_at)
        time = stamp(content.get("last_seen"), arrival.received_at, self._zone)
        decoded = self._decoded(name, card, device, understood, values, time, arrival, dropped, flaw, found.behind)
        return Interpretation(family=found.family, device=name, messages=[decoded])

    def _is_attribute(self, key: str, content: object, owner: Card | None, payload: bytes) -> bool:
        """Whether the last level of a topic is a property (``output: attribute``) and not the end of a name. Certain
        where the rest is an announced name; without announcements, where a known word bears a bare value."""
        if owner is not None:
            return True
        bare = content is UNREADABLE or not isinstance(content, (dict, list))
        known = key in self._catalogue.generic(self._family.id).fields.keys
        return bare and known and payload[:1] not in {b"{", b"["}

    def _who(
        self, name: str, card: Card | None, network: Network, registered: Registered
    ) -> tuple[DeviceId, Understood]:
        """The device's id and how it is read: as the installer registered it, else as it was announced."""
        for address in card.addresses if card else (f"{self._family.id}:{name}",):
            known = registered(address)
            if known is not None:
                return known[0], self._catalogue.for_family(known[1], self._family.id)
        if card is None:
            return DeviceId(f"{self._family.id}:{name}"), self._catalogue.generic(self._family.id)
        return DeviceId(card.address), network.understood(card)

    def _decoded(
        self,
        name: str,
        card: Card | None,
        device: DeviceId,
        understood: Understood,
        values: Mapping[Slot, Scalar],
        time: Stamp,
        arrival: Arrival,
        dropped: list[Refusal],
        flaw: Refusal | None = None,
        behind: str = "",
    ) -> Decoded:
        at, received_at = time.measured_at, arrival.received_at
        return Decoded(
            identity=name,
            address=card.address if card else f"{self._family.id}:{name}",
            device=device,
            aliases=card.aliases if card else [],
            profile=understood.id,
            model=card.model if card else "",
            kind=guessed_kind({metric for metric, _ in values}) if understood.guesses else understood.kind,
            measured_at=at,
            readings=[
                Reading(device, metric, value, at, received_at, part) for (metric, part), value in values.items()
            ],
            device_time=time.device_time,
            time_note=time.note,
            dropped=dropped,
            heard_by=[HeardBy(f"{self._family.id}:{behind}")] if behind else (),
            problem=flaw,
        )

    def _presence(self, found: Found, arrival: Arrival, network: Network, registered: Registered) -> Interpretation:
        is_gateway = found.holds is Holds.GATEWAY
        name = found.base if is_gateway else found.device
        card = None if is_gateway else network.card(found.base, name)
        if not is_gateway and card is None and network.is_group(found.base, name):
            return _ignored(found)
        online = _online(arrival.payload)
        if isinstance(online, Refusal):
            return Interpretation(family=found.family, device=name, refusal=online)
        if is_gateway:
            address = f"{self._family.id}:{name}"
            known = registered(address)
            device = known[0] if known else DeviceId(address)
            understood = self._catalogue.for_family(known[1] if known else self._family.gateway, self._family.id)
        else:
            device, understood = self._who(name, card, network, registered)
        time = Stamp(arrival.received_at, None, "none")
        behind = "" if is_gateway else found.behind
        values: dict[Slot, Scalar] = {("online", ""): online}
        decoded = self._decoded(name, card, device, understood, values, time, arrival, [], behind=behind)
        return Interpretation(family=found.family, device=name, messages=[decoded])

    def _announcement(self, found: Found, arrival: Arrival, network: Network, registered: Registered) -> Interpretation:
        content, flaw = read_json(arrival.payload, MAX_ANNOUNCEMENT)
        if content is UNREADABLE:
            return Interpretation(family=found.family, device=found.base, refusal=flaw)
        match found.holds:
            case Holds.DEVICES if isinstance(content, list):
                network.announce(found.base, cards_of(content))
            case Holds.GROUPS if isinstance(content, list):
                network.announce_groups(found.base, names_of(content))
            case Holds.EVENTS if isinstance(content, dict):
                card = interviewed(content)
                if card is None:
                    return _ignored(found)
                network.meet(found.base, card)
            case _:
                refusal = Refusal(
                    Problem.WRONG_TYPE, f"{arrival.topic} is {shown(content)}; expected what it announces"
                )
                return Interpretation(family=found.family, device=found.base, refusal=refusal)
        return Interpretation(
            family=found.family,
            device=found.base,
            ignored=True,
            announced={found.base: network.kept(found.base)},
            introduced=[] if found.holds is Holds.GROUPS else self._introduced(found.base, network, registered),
        )

    def _introduced(self, base: str, network: Network, registered: Registered) -> list[Introduced]:
        return [
            Introduced(address=card.address, profile=understood.id, model=card.model, kind=understood.kind)
            for card in network.cards(base)
            if not any(registered(address) for address in card.addresses)
            for understood in [network.understood(card)]
        ]


def _ignored(found: Found) -> Interpretation:
    return Interpretation(family=found.family, device=found.device or found.base, ignored=True)


def _attribute_value(content: object, payload: bytes) -> object:
    """A bare JSON value, else the text itself: ``ON`` comes without quotes."""
    return payload.decode("utf-8", "replace")[:256] if content is UNREADABLE else content


def _online(payload: bytes) -> bool | Refusal:
    """``online``, ``"online"`` or ``{"state": "online"}``: the payload with and without the legacy setting."""
    content, _ = read_json(payload)
    if content is UNREADABLE:
        content = payload[:64].decode("utf-8", "replace")
    said = content.get("state") if isinstance(content, dict) else content
    word = said.strip().casefold() if isinstance(said, str) else None
    if word not in _ONLINE:
        return Refusal(Problem.WRONG_TYPE, f"the availability is {shown(said)}; expected online or offline")
    return _ONLINE[word]


def _remember_press(values: Mapping[Slot, Scalar], network: Network, who: tuple[str, str], at: Instant) -> None:
    pressed = [values[slot] for metric in _SPECIAL if (slot := (metric, "")) in values]
    if pressed:
        network.pressed(who, pressed, at)


def _without_echo(values: dict[Slot, Scalar], network: Network, who: tuple[str, str], at: Instant) -> None:
    last = network.last_press(who)
    if last is not None and 0 <= at - last[1] <= ECHO:
        for metric in _SPECIAL:
            if values.get((metric, "")) in last[0]:
                del values[(metric, "")]
