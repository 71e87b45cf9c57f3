"""Reads Z-Wave JS UI: one value of one node a topic, by names or by value ids, as a bare value or in an object.

Sources: Z-Wave JS UI's documentation of its gateway (topics by type, payload types, node status, events); the Z-Wave
command classes.
"""

import re
from collections.abc import Mapping, Sequence

from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Holds
from shouwang.domain.interpretation import Found, Memory
from shouwang.domain.payload import UNREADABLE, read_json
from shouwang.domain.report import Report, text_of, with_parts
from shouwang.domain.unit import conversion
from shouwang.domain.vocabulary import Arrival, Refusal

CLASSES: Mapping[str, str] = {
    "32": "basic", "37": "switch_binary", "38": "switch_multilevel", "43": "scene_activation", "48": "sensor_binary",
    "49": "sensor_multilevel", "50": "meter", "64": "thermostat_mode", "67": "thermostat_setpoint",
    "91": "central_scene", "98": "door_lock", "99": "user_code", "102": "barrier_operator", "112": "configuration",
    "113": "notification", "114": "manufacturer_specific", "117": "protection", "121": "sound_switch",
    "128": "battery", "132": "wake_up", "134": "version", "135": "indicator", "156": "sensor_alarm",
}  # fmt: skip
"""Command classes by number, as their names stand in named topics."""

_CALLED: Mapping[str, str] = {
    "binary_sensor": "sensor_binary", "multilevel_sensor": "sensor_multilevel", "binary_switch": "switch_binary",
    "multilevel_switch": "switch_multilevel", "alarm_sensor": "sensor_alarm", "alarm": "notification",
}  # fmt: skip
_NAMES = frozenset(CLASSES.values()) | _CALLED.keys()

_ALIVE: Mapping[str, bool] = {"alive": True, "awake": True, "asleep": True, "true": True, "dead": False, "false": False}
"""A node asleep is there: battery nodes wake when they have something to say."""

_UNITS = {"air_temperature": "temperature", "temperature": "temperature"}


class ZwaveReader(EnvelopeReader):
    def reports(self, found: Found, arrival: Arrival, memory: Memory) -> Sequence[Report] | Refusal:
        content, flaw = read_json(arrival.payload)
        if content is UNREADABLE:
            if flaw is None or flaw.code.value != "invalid_json":
                return flaw or []
            content = arrival.payload.decode("utf-8", "replace")[:256].strip()
        message: Mapping[str, object] = content if isinstance(content, dict) else {"value": content}
        if found.holds is Holds.AVAILABILITY:
            word = text_of(message.get("status")) or str(message.get("value"))
            online = _ALIVE.get(word.casefold())
            if online is None:
                return super().reports(found, arrival, memory)
            device, aliases = _node(found.device.split("/"))
            return [Report(identity=device, aliases=aliases, fields={}, says={"online": online})]
        if found.holds is not Holds.READINGS:
            return super().reports(found, arrival, memory)
        levels = found.device.split("/")
        at = _class_level(levels)
        if at is None:
            return []
        device, aliases = _node(levels[:at])
        name = CLASSES.get(levels[at], _CALLED.get(levels[at].casefold(), levels[at].casefold()))
        endpoint, rest = _endpoint(levels[at + 1 :])
        key = "/".join([name, *(_slug(level) for level in rest)])
        value = _in_our_unit(rest, message.get("value"), message.get("unit"))
        if value is None or isinstance(value, (dict, list)):
            return [Report(identity=device, aliases=aliases, fields={}, time=_time(message))]
        part = (endpoint if endpoint != "0" else "") if name != "central_scene" else rest[-1].lstrip("0")
        return [
            Report(
                identity=device,
                aliases=aliases,
                fields=with_parts([(_scene(name, key), part, value)]),
                time=_time(message),
                flaw=flaw if isinstance(content, dict) else None,
            )
        ]


def _class_level(levels: Sequence[str]) -> int | None:
    """Where the command class stands: the node's name, and perhaps its location, go before it."""
    for index in range(1, len(levels) - 1):
        if levels[index] in CLASSES or levels[index].casefold() in _NAMES:
            return index
    return None


def _node(levels: Sequence[str]) -> tuple[str, list[str]]:
    """(name, [location/name]): a name may be used in several locations."""
    return levels[-1], ["/".join(levels)] if len(levels) > 1 else []


def _endpoint(levels: Sequence[str]) -> tuple[str, Sequence[str]]:
    first = levels[0]
    if first.startswith("endpoint_"):
        return first.removeprefix("endpoint_"), levels[1:] or [""]
    return (first, levels[1:]) if first.isdecimal() and len(levels) > 1 else ("0", levels)


def _slug(level: str) -> str:
    """``Door_state_(simple)`` as ``door_state_simple``: what cannot stand in a topic is left out differently over the
    versions."""
    return "_".join(re.findall(r"[a-z0-9]+", level.casefold()))


def _scene(name: str, key: str) -> str:
    """Of a scene the number is the part."""
    return "central_scene/scene" if name == "central_scene" and key.startswith("central_scene/scene/") else key


def _in_our_unit(rest: Sequence[str], value: object, unit: object) -> object:
    metric = _UNITS.get(_slug(rest[-1]), "")
    if metric and isinstance(unit, str) and isinstance(value, (int, float)) and not isinstance(value, bool):
        found = conversion(metric, unit)
        if found is not None and found != (1, 0):
            return round(value * found[0] + found[1], 6)
    return value


def _time(message: Mapping[str, object]) -> object:
    return message.get("time") or message.get("lastUpdate")
