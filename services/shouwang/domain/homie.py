"""Reads Homie: devices of nodes of properties, one value a topic; units stand beside the values.

Source: the Homie convention 3.0.1, 4.0.0 and 5.0.0: topics, device life cycle, property attributes, ``$description``.
"""

from collections.abc import Iterator, Mapping, Sequence

from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Holds
from shouwang.domain.interpretation import Found, Memory
from shouwang.domain.naming import (
    Meaning,
    Say,
    calls_for_help,
    counted,
    flag_of,
    meaning,
    measured,
    number_of,
    of_thing,
)
from shouwang.domain.payload import UNREADABLE, read_json, shown
from shouwang.domain.report import Report, with_parts
from shouwang.domain.vocabulary import Arrival, Problem, Refusal

MAX_UNITS = 20_000
"""Properties whose unit is remembered; beyond it all are forgotten, and heard again with the next subscription."""

_STATES = {"ready": True, "alert": True, "sleeping": True, "disconnected": False, "lost": False, "init": None}
"""``$state``. Asleep is as intended: the device said that it will be silent."""
_NODES = frozenset({"sensor", "sensors", "main", "device", "state"})
"""Names of nodes that tell nothing."""


class HomieReader(EnvelopeReader):
    """Remembers units (retained by the device, so heard again after a restart)."""

    def memory(self, kept: Mapping[str, bytes]) -> Memory:
        return {}

    def reports(self, found: Found, arrival: Arrival, memory: Memory) -> Sequence[Report] | Refusal:
        device, names = found.device, found.names
        text = arrival.payload.decode("utf-8", "replace")[:256].strip()
        if found.holds is Holds.AVAILABILITY:
            if text.casefold() not in _STATES:
                return super().reports(found, arrival, memory)
            online = _STATES[text.casefold()]
            return [] if online is None else [Report(identity=device, fields={}, says={"online": online})]
        if found.holds is Holds.DEVICES:
            return _described(device, arrival.payload, memory)
        if found.route.field:
            return super().reports(found, arrival, memory)
        node, property = names.get("node") or "", names.get("property") or ""
        if names.get("attribute"):
            if names["attribute"] == "unit":
                _remember(memory, (device, node, property), text)
            return []
        unit = memory.get((device, node, property), "")
        fields = {f"{node}/{property}": text, **with_parts(_read(device, node, property, text, unit))}
        return [Report(identity=device, fields=fields)]


def _read(device: str, node: str, property: str, text: str, unit: str) -> Iterator[tuple[str, str, object]]:
    """(metric, part, value) of one value."""
    found = _meant(device, node, property, text, unit)
    if found is None:
        return
    metric, part, value = found
    if metric != "action":
        yield metric, part, value
        return
    pressed = flag_of(value)
    if pressed is not False:  # let go is no press
        yield "action", part, "single" if pressed else value
        if calls_for_help(f"{device} {node} {property}"):
            yield "emergency", part, True


def _meant(device: str, node: str, property: str, text: str, unit: str) -> tuple[str, str, object] | None:
    """The property's name says what it is, else the node's, else, of a bare ``alarm``, the device's."""
    said = counted(node, unit) or counted(property, unit)
    if said is not None and (value := measured(said, text, unit)) is not None:
        return said.metric, _part(node, property, said.metric, is_node=True), value
    say = Say.NUMBER if number_of(text) is not None and text not in {"0", "1"} else Say.FLAG
    for name, is_node in ((property, False), (f"{node} {property}", True), (node, True)):
        for one in dict.fromkeys((say, Say.NUMBER, Say.TEXT)):
            meant = meaning(name, one)
            if meant is not None and meant.metric == "contact" and property == "contact":
                meant = Meaning("contact", inverted=text.casefold() in {"open", "closed", "opened", "close"})
            value = measured(meant, text, unit if one is Say.NUMBER else "") if meant else None
            if meant is not None and value is not None:
                return meant.metric, _part(node, property, meant.metric, is_node=is_node), value
    said = of_thing(property, device)
    flag = measured(said, text) if said else None
    return (said.metric, "" if node in _NODES else node, flag) if said is not None and flag is not None else None


def _part(node: str, property: str, metric: str, *, is_node: bool) -> str:
    if node == metric or node in _NODES:
        return "" if is_node or property == metric else property
    return node if is_node or property == metric else f"{node}/{property}"


def _described(device: str, payload: bytes, memory: Memory) -> Sequence[Report] | Refusal:
    """Homie 5 says all units in one object."""
    content, flaw = read_json(payload)
    if content is UNREADABLE:
        return flaw or []
    nodes = content.get("nodes") if isinstance(content, dict) else None
    if not isinstance(nodes, (dict, type(None))):
        return Refusal(Problem.WRONG_TYPE, f"nodes of $description is {shown(nodes)}; expected an object")
    for node, said in (nodes or {}).items():
        properties = said.get("properties") if isinstance(said, dict) else None
        for property, about in properties.items() if isinstance(properties, dict) else ():
            unit = about.get("unit") if isinstance(about, dict) else None
            if isinstance(unit, str):
                _remember(memory, (device, node, property), unit)
    return []


def _remember(memory: dict[tuple[str, str, str], str], key: tuple[str, str, str], unit: str) -> None:
    if len(memory) >= MAX_UNITS and key not in memory:
        memory.clear()
    memory[key] = unit[:16]
