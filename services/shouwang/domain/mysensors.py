"""Reads MySensors over MQTT: a sensor's child says once what it is (presentation), and from then on only values.

Source: the MySensors serial protocol 2.x (commands, presentation types S_, set types V_, internal types I_) and its
MQTT gateway (``prefix/node-id/child-sensor-id/command/ack/type``).
"""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

import msgspec

from shouwang.domain.catalogue import Catalogue
from shouwang.domain.codec import Answers
from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Family, Holds
from shouwang.domain.interpretation import Found, Interpretation, Introduced, Memory, Registered
from shouwang.domain.payload import MAX_MESSAGE
from shouwang.domain.report import Report
from shouwang.domain.vocabulary import Arrival, Problem, Refusal

S_TYPES = (
    "S_DOOR", "S_MOTION", "S_SMOKE", "S_BINARY", "S_DIMMER", "S_COVER", "S_TEMP", "S_HUM", "S_BARO", "S_WIND", "S_RAIN",
    "S_UV", "S_WEIGHT", "S_POWER", "S_HEATER", "S_DISTANCE", "S_LIGHT_LEVEL", "S_ARDUINO_NODE",
    "S_ARDUINO_REPEATER_NODE", "S_LOCK", "S_IR", "S_WATER", "S_AIR_QUALITY", "S_CUSTOM", "S_DUST", "S_SCENE_CONTROLLER",
    "S_RGB_LIGHT", "S_RGBW_LIGHT", "S_COLOR_SENSOR", "S_HVAC", "S_MULTIMETER", "S_SPRINKLER", "S_WATER_LEAK", "S_SOUND",
    "S_VIBRATION", "S_MOISTURE", "S_INFO", "S_GAS", "S_GPS", "S_WATER_QUALITY",
)  # fmt: skip
"""What a child is, by its number in a presentation."""

V_TYPES = (
    "V_TEMP", "V_HUM", "V_STATUS", "V_PERCENTAGE", "V_PRESSURE", "V_FORECAST", "V_RAIN", "V_RAINRATE", "V_WIND",
    "V_GUST", "V_DIRECTION", "V_UV", "V_WEIGHT", "V_DISTANCE", "V_IMPEDANCE", "V_ARMED", "V_TRIPPED", "V_WATT", "V_KWH",
    "V_SCENE_ON", "V_SCENE_OFF", "V_HVAC_FLOW_STATE", "V_HVAC_SPEED", "V_LIGHT_LEVEL", "V_VAR1", "V_VAR2", "V_VAR3",
    "V_VAR4", "V_VAR5", "V_UP", "V_DOWN", "V_STOP", "V_IR_SEND", "V_IR_RECEIVE", "V_FLOW", "V_VOLUME", "V_LOCK_STATUS",
    "V_LEVEL", "V_VOLTAGE", "V_CURRENT", "V_RGB", "V_RGBW", "V_ID", "V_UNIT_PREFIX", "V_HVAC_SETPOINT_COOL",
    "V_HVAC_SETPOINT_HEAT", "V_HVAC_FLOW_MODE", "V_TEXT", "V_CUSTOM", "V_POSITION", "V_IR_RECORD", "V_PH", "V_ORP",
    "V_EC", "V_VAR", "V_VA", "V_POWER_FACTOR", "V_MULTI_MESSAGE",
)  # fmt: skip
"""What a value is, by its number in a set message."""

PRESENTATION, SET, INTERNAL = 0, 1, 3
NODE = 255
"""As a child: the node itself. As a node: one that has no id yet."""

I_BATTERY_LEVEL = 0
SIGNS_OF_LIFE = frozenset({21, 22, 25, 32, 33})
"""Internal messages that say only that the node is there: discover response, heartbeat response, pong, before and after
sleep."""

MOST_CHILDREN = 16_384
"""Of one gateway that are remembered: 254 nodes with 64 children each."""

Children = dict[str, int]
"""By ``node/child``, the number of its S_ type."""


class MysensorsReader(EnvelopeReader):
    """Remembers what each child presented itself as. A value of a child that never did is read where the value alone
    tells (a temperature), never where only the child does (tripped)."""

    def __init__(self, family: Family, catalogue: Catalogue, zone: tzinfo) -> None:
        super().__init__(family, catalogue, zone)
        self._generic = catalogue.generic(family.id)

    def memory(self, kept: Mapping[str, bytes]) -> Memory:
        children: dict[str, Children] = {}
        for gateway, raw in kept.items():
            try:
                children[gateway] = msgspec.json.decode(raw, type=Children)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
        return children

    def read(
        self, found: Found, arrival: Arrival, memory: Memory, registered: Registered, answers: Answers
    ) -> Interpretation:
        if found.holds is not Holds.READINGS:
            return super().read(found, arrival, memory, registered, answers)
        levels = [_number(found.names[name]) for name in ("node", "child", "command", "ack", "type")]
        if any(level is None for level in levels):
            refusal = Refusal(Problem.UNKNOWN_TOPIC, "expected node, child, command, ack and type as numbers 0 to 255")
            return Interpretation(family=found.family, device=found.device, refusal=refusal)
        node, child, command, ack, type = (level or 0 for level in levels)
        gateway = arrival.topic.rsplit("/", 5)[0]
        children: Children = memory.setdefault(gateway, {})
        identity = f"{node}/{child}" if child != NODE else f"{node}"
        if command == PRESENTATION and node != NODE and child != NODE:
            return self._presented(found, gateway, identity, type, children, registered)
        text = _text(arrival.payload)
        if isinstance(text, Refusal):
            return Interpretation(family=found.family, device=identity, refusal=text)
        reports: list[Report] = []
        if node != NODE and not ack and (text or command == INTERNAL):
            if command == SET:
                field = V_TYPES[type] if type < len(V_TYPES) else f"V_{type}"
                reports = [_report(gateway, identity, {field: text}, children.get(identity))]
            elif command == INTERNAL:
                reports = _of_node(gateway, node, type, text, children)
        if not reports:
            return Interpretation(family=found.family, device=identity, ignored=True)
        return self.reading.interpret(found, arrival, reports, registered, answers)

    def _presented(
        self, found: Found, gateway: str, identity: str, type: int, children: Children, registered: Registered
    ) -> Interpretation:
        if identity in children or len(children) < MOST_CHILDREN:
            children[identity] = type
        model = _s_type(type)
        address = f"{self.family.id}:{identity}"
        profile = self.catalogue.carried(self.family.id, model) or self._generic.id
        kind = self.catalogue.for_family(profile, self.family.id).kind
        known = registered(address) or registered(f"{self.family.id}:{gateway}/{identity}")
        return Interpretation(
            family=found.family,
            device=identity,
            ignored=True,
            announced={gateway: msgspec.json.encode(children, order="sorted")},
            introduced=[] if known else [Introduced(address=address, profile=profile, model=model, kind=kind)],
        )


def _of_node(gateway: str, node: int, type: int, text: str, children: Children) -> list[Report]:
    """A node's battery is that of all its children: each may be registered as a device of its own."""
    fields = {"I_BATTERY_LEVEL": text} if type == I_BATTERY_LEVEL and text else {}
    if not fields and type not in SIGNS_OF_LIFE:
        return []
    own = (name for name in children if name.startswith(f"{node}/"))
    return [
        _report(gateway, f"{node}", fields, None),
        *(_report(gateway, name, fields, children[name]) for name in _first(own, 64)),
    ]


def _first(names: Iterable[str], most: int) -> list[str]:
    return [name for name, _ in zip(names, range(most), strict=False)]


def _report(gateway: str, identity: str, fields: Mapping[str, object], type: int | None) -> Report:
    model = "" if type is None else _s_type(type)
    beside = {model: True} if model else {}
    return Report(identity=identity, aliases=[f"{gateway}/{identity}"], model=model, fields={**fields, **beside})


def _s_type(type: int) -> str:
    return S_TYPES[type] if type < len(S_TYPES) else f"S_{type}"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 255 else None


def _text(payload: bytes) -> str | Refusal:
    if len(payload) > MAX_MESSAGE:
        return Refusal(Problem.TOO_LARGE, f"the payload has {len(payload)} bytes; at most {MAX_MESSAGE} are read")
    try:
        return payload.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        return Refusal(Problem.INVALID_UTF8, f"byte {error.start} of the payload is not UTF-8")
