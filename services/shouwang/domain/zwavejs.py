"""Reads Z-Wave JS UI: one value of one node a topic, by names or by value ids, as a bare value or in an object.

Sources: Z-Wave JS UI's documentation of its gateway (topics by type, payload types, node status, events); the Z-Wave
command classes.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from shouwang.domain.codec import Answers
from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Holds
from shouwang.domain.interpretation import Found, Interpretation, Memory, Registered
from shouwang.domain.payload import UNREADABLE, read_json
from shouwang.domain.report import Report, text_of, with_parts
from shouwang.domain.unit import conversion
from shouwang.domain.vocabulary import Arrival, Refusal

CLASSES: Mapping[str, str] = {
    "32": "basic", "37": "switch_binary", "38": "switch_multilevel", "43": "scene_activation", "48": "sensor_binary",
    "49": "sensor_multilevel", "50": "meter", "51": "color", "53": "meter_pulse", "56": "thermostat_heating",
    "64": "thermostat_mode", "66": "thermostat_operating_state", "67": "thermostat_setpoint",
    "68": "thermostat_fan_mode", "69": "thermostat_fan_state", "71": "thermostat_setback",
    "76": "door_lock_logging", "78": "schedule_entry_lock", "80": "basic_window_covering", "91": "central_scene",
    "94": "zwave_plus_info", "93": "antitheft", "98": "door_lock", "99": "user_code", "102": "barrier_operator",
    "112": "configuration", "113": "notification", "114": "manufacturer_specific", "115": "powerlevel",
    "117": "protection", "118": "lock", "119": "node_naming", "121": "sound_switch", "122": "firmware_update_md",
    "128": "battery", "129": "clock", "130": "hail", "132": "wake_up", "133": "association", "134": "version",
    "135": "indicator", "138": "time", "152": "security", "156": "sensor_alarm", "157": "silence_alarm",
}  # fmt: skip
"""Command classes by number, as their names stand in named topics."""

EVENTS = frozenset(
    {
        "alarm_test", "alarm_silenced", "carbon_monoxide_detected", "combustible_gas_detected", "contact_fire_service",
        "contact_medical_service", "contact_police", "co_detected", "fall_detected", "glass_breakage", "intrusion",
        "motion_detection", "overheat_detected", "panic_alert", "product_moved", "smoke_detected",
        "tampering_product_cover_removed", "tampering_product_moved", "toxic_gas_detected", "water_leak_detected",
    }
)  # fmt: skip
"""Events of the class Notification that are no variable: the topic says what happened, the payload only where."""

MOST_NODES = 4_096
"""Nodes whose model is remembered; a network has at most 4,000."""

_CALLED: Mapping[str, str] = {
    "binary_sensor": "sensor_binary", "multilevel_sensor": "sensor_multilevel", "binary_switch": "switch_binary",
    "multilevel_switch": "switch_multilevel", "alarm_sensor": "sensor_alarm", "alarm": "notification",
}  # fmt: skip
_NAMES = frozenset(CLASSES.values()) | _CALLED.keys()

_ALIVE: Mapping[str, bool] = {"alive": True, "awake": True, "asleep": True, "true": True, "dead": False, "false": False}
"""A node asleep is there: battery nodes wake when they have something to say."""

_UNITS = {"air_temperature": "temperature", "temperature": "temperature"}


class ZwaveReader(EnvelopeReader):
    """Remembers the model of each node that described itself (``nodeinfo``): no other message names it."""

    def memory(self, kept: Mapping[str, bytes]) -> Memory:
        return {node: raw.decode("utf-8", "replace") for node, raw in kept.items()}

    def read(
        self, found: Found, arrival: Arrival, memory: Memory, registered: Registered, answers: Answers
    ) -> Interpretation:
        if not arrival.payload and found.holds is Holds.READINGS:  # an event without details, as a bare value
            reports = self.reports(found, arrival, memory)
            said = [one for one in reports if one.fields] if not isinstance(reports, Refusal) else []
            if said:
                return self.reading.interpret(found, arrival, said, registered, answers)
        read = super().read(found, arrival, memory, registered, answers)
        if found.route.adds.get("of") != "node" or not read.messages:
            return read
        model = read.messages[0].model
        if not model or (found.device not in memory and len(memory) >= MOST_NODES):
            return read
        memory[found.device] = model
        return msgspec.structs.replace(read, announced={found.device: model.encode()})

    def reports(self, found: Found, arrival: Arrival, memory: Memory) -> Sequence[Report] | Refusal:
        content, flaw = read_json(arrival.payload)
        if content is UNREADABLE and not arrival.payload:
            content = None
        elif content is UNREADABLE:
            if flaw is None or flaw.code.value != "invalid_json":
                return flaw or []
            content = arrival.payload.decode("utf-8", "replace")[:256].strip()
        message: Mapping[str, object] = content if isinstance(content, dict) else {"value": content}
        if found.holds is Holds.AVAILABILITY:
            word = text_of(message.get("status")) or str(message.get("value"))
            online = _ALIVE.get(word.casefold())
            device, aliases = _node(found.device.split("/"), message)
            if online is None and word.casefold() == "unknown":  # of a node that is being found again
                return [Report(identity=device, aliases=aliases, fields={})]
            if online is None:
                return super().reports(found, arrival, memory)
            return [Report(identity=device, aliases=aliases, fields={}, says={"online": online})]
        if found.holds is Holds.GATEWAY:
            reports = super().reports(found, arrival, memory)
            if isinstance(reports, Refusal):
                return reports
            # The bridge is what publishes below the base topic; its client's name leads to it, too.
            return [msgspec.structs.replace(one, identity=found.base, aliases=[one.identity]) for one in reports]
        if found.holds is not Holds.READINGS:
            return super().reports(found, arrival, memory)
        if found.route.adds.get("of"):
            device, aliases = _node(found.device.split("/"), message)
            active = message.get("value") if found.route.adds["of"] == "activity" else None
            model = _model(message) or memory.get(found.device, "")
            return [Report(identity=device, aliases=aliases, fields={}, model=model, time=active)]
        levels = found.device.split("/")
        at = _class_level(levels)
        if at is None:
            return []
        device, aliases = _node(levels[:at], message)
        model = memory.get("/".join(levels[:at]), "")
        aliases = [*aliases, *_numbered(message)]
        name = CLASSES.get(levels[at], _CALLED.get(levels[at].casefold(), levels[at].casefold()))
        endpoint, rest = _endpoint(levels[at + 1 :])
        key = "/".join([name, *(_slug(level) for level in rest)])
        value = _in_our_unit(rest, message.get("value"), message.get("unit"))
        if name == "notification" and not isinstance(value, (bool, int, float)) and _event(rest) in EVENTS:
            key, value = f"notification/{_slug(rest[0])}/{_event(rest)}", True
        if value is None or isinstance(value, (dict, list)):
            return [Report(identity=device, aliases=aliases, fields={}, model=model, time=_time(message))]
        part = (endpoint if endpoint != "0" else "") if name != "central_scene" else rest[-1].lstrip("0")
        return [
            Report(
                identity=device,
                aliases=aliases,
                model=model,
                fields=with_parts([(_scene(name, key), part, value)]),
                time=_time(message),
                flaw=flaw if isinstance(content, dict) else None,
            )
        ]


def _class_level(levels: Sequence[str]) -> int | None:
    """Where the command class stands: the node's name, and perhaps its location, go before it. A node may be called
    like a class; then the one before an endpoint is meant."""
    found = [
        index
        for index in range(1, len(levels) - 1)
        if levels[index] in CLASSES or levels[index].casefold() in _NAMES or levels[index].startswith("unknownClass_")
    ]
    return next((index for index in found if _is_endpoint(levels[index + 1])), found[0] if found else None)


def _is_endpoint(level: str) -> bool:
    return level.startswith("endpoint_") or level.isdecimal()


def _node(levels: Sequence[str], message: Mapping[str, object]) -> tuple[str, list[str]]:
    """(name, [location/name]): a name may be used in several locations. A name may have slashes itself; where the
    message tells it, it is known where it begins."""
    whole = "/".join(levels)
    said = text_of(message.get("nodeName")) or (text_of(message.get("name")) if "loc" in message else "")
    name = _in_topic(said)
    if not name or (whole != name and not whole.endswith(f"/{name}")):
        name = levels[-1]
    return name, [whole] if whole != name else []


def _in_topic(name: str) -> str:
    """A name as it stands in topics: spaces are underscores, and what is no letter, digit or slash is left out."""
    return re.sub(r"[^A-Za-z0-9\-_À-ÖØ-öø-ÿ/]", "", re.sub(r"\s", "_", name))


def _numbered(message: Mapping[str, object]) -> list[str]:
    """By which the node is called until somebody names it."""
    number = message.get("nodeId")
    return [f"nodeID_{number}"] if isinstance(number, int) and not isinstance(number, bool) else []


def _model(message: Mapping[str, object]) -> str:
    """Of a node's own description."""
    return text_of(message.get("productLabel")) or text_of(message.get("productDescription"))


def _event(rest: Sequence[str]) -> str:
    """The event that the last level names; where it is said with a location or without is one event."""
    return _slug(rest[-1]).removesuffix("_location_provided") if len(rest) > 1 else ""


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
