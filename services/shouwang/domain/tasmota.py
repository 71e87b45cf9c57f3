"""Reads Tasmota: sensors of the device itself, Zigbee devices behind it, its radio receiver, its Tuya controller.

Sources: Tasmota's documentation of MQTT, of its JSON status responses, of Zigbee (SetOption83, 89, 112, 118, 119), of
switches and buttons (SetOption73, 114) and of TuyaMCU (SetOption66); the Zigbee Cluster Library, IAS Zone, for zone
status and commands that Tasmota passes on as they came.
"""

from collections.abc import Iterator, Mapping, Sequence

from shouwang.domain.codec import Answers
from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Holds
from shouwang.domain.interpretation import Found, Interpretation, Memory, Registered
from shouwang.domain.payload import UNREADABLE, read_json, shown
from shouwang.domain.report import Report, text_of, with_parts
from shouwang.domain.unit import conversion
from shouwang.domain.vocabulary import Arrival, Kind, Problem, Refusal

MAX_DEVICES = 200
"""Of one message; a Tasmota Zigbee network has at most some 50."""

ZONE_BITS = {"Tamper": 2, "BatteryLow": 3, "Trouble": 6, "Test": 8, "BatteryDefect": 9}
"""Bits of an IAS zone status."""

DETECTIONS = frozenset(
    {"Fire", "CO", "Gas", "Water", "Contact", "Occupancy", "Panic", "PersonalAlarm", "Movement", "PIR", "GlassBreak"}
)
"""Tasmota's words for the first bit of a zone status where it knows the kind of zone."""

_DETECTS = {
    Kind.SMOKE: "Fire",
    Kind.HEAT: "Heat",
    Kind.CO: "CO",
    Kind.GAS: "Gas",
    Kind.LEAK: "Water",
    Kind.DOOR: "Contact",
    Kind.MOTION: "Occupancy",
    Kind.BUTTON: "Panic",
    Kind.CLIMATE: "",
}
_ZONE_TYPES = {
    13: Kind.MOTION,
    21: Kind.DOOR,
    40: Kind.SMOKE,
    42: Kind.LEAK,
    44: Kind.BUTTON,
    271: Kind.BUTTON,
    277: Kind.BUTTON,
}
"""The zone's own word for what it is (Zigbee Cluster Library, table 8-5); 43 is of carbon monoxide and of gas."""

_STATUS = ("ZoneStatus", "ZoneStatusChange")
_COMMANDS = ("0500!00", "0500?00")
"""Zone status change notifications, raw: its first two bytes are the zone status, low byte first."""
_CALLS = ("0501!02", "0501!03", "0501!04")
"""Emergency, fire and panic of a keypad or a key fob."""

_OWN_CHIP = frozenset({"ESP32"})
_ABOUT = frozenset({"StatusSNS", "StatusSTS"})
_TEXTS = frozenset({"Time", "TempUnit", "PressureUnit", "SpeedUnit"})


class TasmotaReader(EnvelopeReader):
    def read(
        self, found: Found, arrival: Arrival, memory: Memory, registered: Registered, answers: Answers
    ) -> Interpretation:
        if found.holds is not Holds.READINGS or found.route.field or not arrival.payload:
            return super().read(found, arrival, memory, registered, answers)
        reports = self._read(found, arrival, registered)
        if isinstance(reports, Refusal):  # of the bridge or of a device behind it: nobody knows
            return Interpretation(family=found.family, refusal=reports)
        if not reports:
            return Interpretation(family=found.family, device=found.device, ignored=True)
        return self.reading.interpret(found, arrival, reports, registered, answers)

    def _read(self, found: Found, arrival: Arrival, registered: Registered) -> Sequence[Report] | Refusal:
        content, flaw = read_json(arrival.payload)
        if content is UNREADABLE:
            return flaw or []
        if not isinstance(content, dict):
            return Refusal(Problem.WRONG_TYPE, f"the payload is {shown(content)}; expected an object")
        device = found.device
        received = content.get("ZbReceived")
        if isinstance(received, dict) or found.route.adds.get("of") == "zigbee":
            inner = received if isinstance(received, dict) else content
            node = found.names.get("node") or ""
            reports = [
                self._zigbee(device, name, said, flaw, registered) for name, said in _nodes(inner, node)[:MAX_DEVICES]
            ]
            return [one for one in reports if one is not None]
        radio = content.get("RfReceived")
        if isinstance(radio, dict):
            code = text_of(radio.get("Data"))
            fields = {"Code": code, "Protocol": radio.get("Protocol"), "Bits": radio.get("Bits")}
            return [Report(identity=code, fields=fields, time=content.get("Time"), flaw=flaw)] if code else []
        if found.route.adds.get("of") == "button":
            return [Report(identity=device, fields={"ButtonAction": content.get("ACTION")}, flaw=flaw)]
        for key in _ABOUT & content.keys():
            if isinstance(content[key], dict):
                content = content[key]
        if not isinstance(content, dict) or ("ZbState" in content or "ZbInfo" in content):
            return []
        time = content.get("Time")
        near = {name: said for name, said in content.items() if isinstance(said, dict) and text_of(said.get("mac"))}
        heard = [
            Report(identity=name, aliases=[text_of(said.get("mac"))], fields=_scalars(said), time=time, flaw=flaw)
            for name, said in list(near.items())[:MAX_DEVICES]
        ]
        own = {name: said for name, said in content.items() if name not in near}
        return [*heard, Report(identity=device, fields=with_parts(_sensors(own)), time=time, flaw=flaw)]

    def _zigbee(
        self, gateway: str, name: str, said: Mapping[str, object], flaw: Refusal | None, registered: Registered
    ) -> Report | None:
        others = [text_of(said.get(key)) for key in ("Device", "Name", "IEEEAddr")]
        identity = name or next(filter(None, others), "")
        if not identity:
            return None
        aliases = [f"{gateway}/{identity}", *(one for one in others if one and one != identity)]
        known = next((at for one in (identity, *aliases) if (at := registered(f"{self.family.id}:{one}"))), None)
        model = text_of(said.get("ModelId"))
        taken_for = known[1] if known else self._meant(model)
        profile = self.catalogue.get(taken_for) if taken_for else None
        fields = dict(said)
        if "Power" in fields:
            fields["Switch"] = fields.pop("Power")
        fields.update(_zone(said, profile.kind if profile else Kind.OTHER))
        return Report(identity=identity, aliases=aliases, model=model, fields=_scalars(fields), flaw=flaw)

    def _meant(self, model: str) -> str | None:
        """The profile by which a device that nobody registered is read, if it says its model."""
        if not model:
            return None
        return self.catalogue.carried(self.family.id, model, model) or self.catalogue.named(
            model, self.family.id, by_people=False
        )


def _nodes(said: Mapping[str, object], node: str) -> list[tuple[str, Mapping[str, object]]]:
    """By short address or name; where the topic names the device, the message may leave that out."""
    named: list[tuple[str, Mapping[str, object]]] = [(name, one) for name, one in said.items() if isinstance(one, dict)]
    if named:
        return named
    return [(text_of(said.get("Name")) or node, said)]


def _zone(said: Mapping[str, object], kind: Kind) -> Iterator[tuple[str, object]]:
    """What the bits of a zone status say. The first is the detection, whose name only the kind of device tells."""
    status = next((one for key in _STATUS if isinstance(one := said.get(key), int)), None)
    raw = next((one for key in _COMMANDS if isinstance(one := said.get(key), str)), "")
    if len(raw) >= 4:
        try:
            status = int.from_bytes(bytes.fromhex(raw[:4]), "little")
        except ValueError:
            status = status if isinstance(status, int) else None
    if any(key in said for key in _CALLS):
        yield "Panic", 1
    if status is None or isinstance(status, bool):
        return
    for name, bit in ZONE_BITS.items():
        yield name, status >> bit & 1
    if kind is Kind.OTHER and isinstance(type := said.get("ZoneType"), int):
        kind = _ZONE_TYPES.get(type, kind)
    word = _DETECTS.get(kind, "Alarm")
    if word and word not in said and (kind in _DETECTS or DETECTIONS.isdisjoint(said)):
        yield word, int(bool(status & 3))


def _scalars(fields: Mapping[str, object]) -> dict[str, object]:
    found = {key: raw for key, raw in fields.items() if not isinstance(raw, (dict, list)) and raw is not None}
    return with_parts((key, "", raw) for key, raw in _converted(found, found))


def _sensors(content: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    """(key, sensor, raw value): what several sensors say has the sensor's name as its part."""
    inner = {
        name: _numbered(name, said)
        for name, said in content.items()
        if isinstance(said, dict) and name not in _OWN_CHIP
    }
    times: dict[str, int] = {}
    for said in inner.values():
        for key in said:
            times[key] = times.get(key, 0) + 1
    for name, raw in content.items():
        if name in inner:
            for key, value in _converted(inner[name], content):
                several = times.get(key, 0) > 1
                if isinstance(value, list):
                    yield from ((key, str(index + 1), one) for index, one in enumerate(value[:16]) if _is_plain(one))
                elif _is_plain(value):
                    yield key, name if several else "", value
        elif name not in _TEXTS and _is_plain(raw):
            yield name, "", raw


def _is_plain(raw: object) -> bool:
    return raw is not None and not isinstance(raw, (dict, list))


def _numbered(name: str, said: Mapping[str, object]) -> dict[str, object]:
    """``{"Switch1": {"Action": "ON"}}`` says the same as ``{"Switch1": "ON"}``."""
    if name.startswith(("Switch", "Input", "Button")):
        key = "ButtonAction" if name.startswith("Button") else name
        return {key: said.get("Action")}
    if name == "TuyaReceived":
        return {**said, **dict(_points(said))}
    if name == "Wifi":
        return {"Signal": said.get("Signal")}
    return dict(said)


def _points(said: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Data points as newer firmware names them: ``DpType4Id1`` of ``{"DpId": 1, "DpIdType": 4, "DpIdData": "00"}``."""
    for one in (said, *(inner for inner in said.values() if isinstance(inner, dict))):
        id, kind, data = (one.get(key) for key in ("DpId", "DpIdType", "DpIdData"))
        if isinstance(id, int) and isinstance(kind, int) and isinstance(data, str) and kind in {1, 2, 4}:
            try:
                yield f"DpType{kind}Id{id}", int(data, 16)
            except ValueError:
                continue


def _converted(said: Mapping[str, object], around: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Temperatures and pressures in the units of the vocabulary, as the message says its own."""
    units = {
        "Temperature": ("temperature", said.get("TempUnit") or around.get("TempUnit")),
        "Pressure": ("pressure", said.get("PressureUnit") or around.get("PressureUnit")),
    }
    for key, raw in said.items():
        metric, unit = units.get(key, ("", None))
        if isinstance(unit, str) and isinstance(raw, (int, float)) and not isinstance(raw, bool):
            found = conversion(metric, unit)
            if found is not None and found != (1, 0):
                raw = round(raw * found[0] + found[1], 6)
        yield key, raw
