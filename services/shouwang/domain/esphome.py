"""Reads ESPHome: one entity a topic, named by whoever wrote the node's configuration.

Source: ESPHome's documentation of its MQTT client component: topic prefix, birth and will, state and command topics of
each component, log topic.
"""

from collections.abc import Iterator, Sequence

from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Holds
from shouwang.domain.interpretation import Found, Memory
from shouwang.domain.naming import Say, calls_for_help, flag_of, meaning, measured, of_thing
from shouwang.domain.payload import UNREADABLE, read_json
from shouwang.domain.report import Report, text_of, with_parts
from shouwang.domain.vocabulary import METRICS, Arrival, Refusal

_SAYS = {"binary_sensor": Say.FLAG, "sensor": Say.NUMBER, "text_sensor": Say.TEXT}
_DRIVEN = {"siren": "alarm", "valve": "valve_open"}
"""Components whose state is a reading although they are driven."""


class EsphomeReader(EnvelopeReader):
    def reports(self, found: Found, arrival: Arrival, memory: Memory) -> Sequence[Report] | Refusal:
        component, name = found.route.adds.get("component", ""), found.names.get("object") or ""
        if found.holds is not Holds.READINGS or not component:
            return super().reports(found, arrival, memory)
        content, flaw = read_json(arrival.payload)
        if content is UNREADABLE and flaw is not None:
            content = arrival.payload.decode("utf-8", "replace")[:256].strip()
        readings = with_parts(_read(found.device, component, name, content))
        return [Report(identity=found.device, fields={**_own(name, content), **readings})]


def _own(name: str, content: object) -> dict[str, object]:
    """Under the entity's own name, for a profile that was written for this very node."""
    return {} if isinstance(content, (dict, list)) or content is None or name in METRICS else {name: content}


def _read(device: str, component: str, name: str, content: object) -> Iterator[tuple[str, str, object]]:
    """(metric, entity, value) of one state."""
    if component == "event":
        word = text_of(content.get("event_type")) if isinstance(content, dict) else text_of(content)
        if word:
            yield "action", _part(name, "action"), word
            if calls_for_help(name):
                yield "emergency", _part(name, "emergency"), True
        return
    if component in _DRIVEN:
        on = flag_of(content.get("state") if isinstance(content, dict) else content)
        if on is not None:
            yield _DRIVEN[component], name, on
        return
    if component == "switch":  # whatever it drives, only a siren's state says something of safety
        siren, on = meaning(name, Say.FLAG), flag_of(content)
        if siren is not None and siren.metric == "alarm" and on is not None:
            yield "alarm", name, on
        return
    say = _SAYS.get(component)
    meant = meaning(name, say) if say else None
    if meant is None and say is Say.FLAG:
        meant = of_thing(name, device)
    value = measured(meant, content) if meant else None
    if meant is not None and value is not None:
        yield meant.metric, _part(name, meant.metric), value


def _part(name: str, metric: str) -> str:
    """A node is whatever somebody soldered together: its entities are parts of it."""
    return "" if name == metric else name
