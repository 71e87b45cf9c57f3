"""Reads Shelly devices: of the second generation each component of a status, and the Bluetooth devices behind it.

Sources: Shelly's API documents, generation 1 (MQTT topics of each model) and generation 2 and later (RPC frames,
notifications, components, BTHome components); the events of the published script ``ble-shelly-blu``.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Holds
from shouwang.domain.interpretation import Found, Memory
from shouwang.domain.payload import UNREADABLE, read_json, shown
from shouwang.domain.report import Report, text_of, with_parts
from shouwang.domain.vocabulary import Arrival, Problem, Refusal

EMPTY_CELL = 1.0
"""Volts. What a battery holder says that holds none while the device lives on USB."""

MAX_COMPONENTS = 200
"""Of one device, and events of one message; the richest documented device has some 60."""

_BLUETOOTH = frozenset({"bthomedevice", "bthomesensor", "blutrv"})
_ANSWERED = {"tC": "temperature", "rh": "humidity", "battery": "devicepower", "rssi": "wifi", "lux": "illuminance"}
"""By a key of its status, the component that an answer is of; the question alone would say it."""


class ShellyReader(EnvelopeReader):
    """Generation 1: the model stands in the name that the device was made with, ``shellysmoke-7A1B2C``."""

    def reports(self, found: Found, arrival: Arrival, memory: Memory) -> Sequence[Report] | Refusal:
        reports = super().reports(found, arrival, memory)
        if isinstance(reports, Refusal):
            return reports
        return [msgspec.structs.replace(one, model=one.model or made_name(one.identity)) for one in reports]


class ShellyRpcReader(EnvelopeReader):
    """Generation 2 and later."""

    def reports(self, found: Found, arrival: Arrival, memory: Memory) -> Sequence[Report] | Refusal:
        if found.holds is not Holds.READINGS:
            reports = super().reports(found, arrival, memory)
            if isinstance(reports, Refusal):
                return reports
            return [msgspec.structs.replace(one, model=made_name(one.identity)) for one in reports]
        content, flaw = read_json(arrival.payload)
        if content is UNREADABLE:
            return flaw or []
        if not isinstance(content, dict):
            return Refusal(Problem.WRONG_TYPE, f"the payload is {shown(content)}; expected an object")
        component = found.names.get("component") or ""
        if component:
            return list(_status(found.device, found.device, {component: content}, content.get("ts"), flaw))
        source = text_of(content.get("src"))
        if isinstance(content.get("result"), dict):
            result = content["result"]
            return list(_status(source, source, _answered(source, result), None, flaw)) if source else []
        params = content.get("params")
        if not isinstance(params, dict):
            return []
        match content.get("method"):
            case "NotifyStatus" | "NotifyFullStatus":
                return list(_status(found.device or source, source, params, params.get("ts"), flaw))
            case "NotifyEvent":
                return list(_events(found.device or source, source, params.get("events"), params.get("ts"), flaw))
            case _:
                return []


def made_name(identity: str) -> str:
    """``shellyplussmoke`` of ``shellyplussmoke-80646fd1aa01``: the model, unless somebody renamed the device."""
    return identity.rpartition("/")[2].rpartition("-")[0].casefold()


def _status(
    device: str, source: str, components: Mapping[str, object], time: object, flaw: Refusal | None
) -> Iterator[Report]:
    """The device's own report, and one of each Bluetooth device. ``components``: by ``type:id`` or ``type``."""
    own: list[tuple[str, str, object]] = []
    for name, status in list(components.items())[:MAX_COMPONENTS]:
        if not isinstance(status, dict):
            continue
        kind, _, id = name.partition(":")
        if kind in _BLUETOOTH:
            fields = with_parts((f"{kind}/{key}", "", raw) for key, raw in status.items() if _is_plain(raw))
            yield Report(
                identity=f"{device}/{name}",
                aliases=[name],
                fields=fields,
                time=status.get("last_updated_ts") or time,
                counter=text_of(status.get("packet_id")),
                flaw=flaw,
            )
            continue
        part = "" if id in {"", "0"} else id
        own.extend((f"{kind}/{key}", part, raw) for key, raw in _flat(kind, status) if _is_plain(raw))
    yield Report(
        identity=device,
        model=made_name(source or device),
        aliases=[source] if source and source != device else [],
        fields=with_parts(own),
        time=time,
        flaw=flaw,
    )


def _flat(kind: str, status: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    battery, external = status.get("battery"), status.get("external")
    if kind == "devicepower":
        present = external.get("present") if isinstance(external, dict) else None
        yield "external", present
        if isinstance(battery, dict):
            volts = battery.get("V")
            is_absent = present is True or (isinstance(volts, (int, float)) and volts < EMPTY_CELL)
            if not is_absent:
                yield "percent", battery.get("percent")
                yield "volts", volts
    energy = status.get("aenergy")
    if isinstance(energy, dict):
        yield "energy", energy.get("total")
    errors = status.get("errors")
    if isinstance(errors, list) and errors:
        yield "errors", True
    for key, raw in status.items():
        if _is_plain(raw):
            yield key, raw


def _is_plain(raw: object) -> bool:
    return raw is not None and not isinstance(raw, (dict, list))


def _events(device: str, source: str, said: object, time: object, flaw: Refusal | None) -> Iterator[Report]:
    """One report of each event: presses of one message are several facts."""
    heard = False
    for event in said[:MAX_COMPONENTS] if isinstance(said, list) else []:
        if not isinstance(event, dict) or not isinstance(event.get("component"), str):
            continue
        name, word, when = event["component"], text_of(event.get("event")), event.get("ts") or time
        kind, _, id = name.partition(":")
        data = event.get("data")
        if isinstance(data, dict) and text_of(data.get("address")):
            yield _beacon(data, when, flaw)
        elif kind in _BLUETOOTH:
            fields = {"event": word, "component": name}
            yield Report(identity=f"{device}/{name}", aliases=[name], fields=fields, time=when, flaw=flaw)
        elif kind != "sys":
            heard = True
            fields = with_parts([(f"{kind}/event", "" if id in {"", "0"} else id, word)])
            yield Report(identity=device, model=made_name(source or device), fields=fields, time=when, flaw=flaw)
    if not heard and device:
        yield Report(identity=device, model=made_name(source or device), fields={}, time=time, flaw=flaw)


def _beacon(data: Mapping[str, object], time: object, flaw: Refusal | None) -> Report:
    """What the script makes of a BTHome advertisement: words of BTHome, and ``pid``, which tells repeats."""
    fields = {f"bthome/{key}": raw[0] if isinstance(raw, list) and raw else raw for key, raw in data.items()}
    return Report(
        identity=text_of(data.get("address")),
        model=text_of(data.get("model")),
        fields={key: raw for key, raw in fields.items() if _is_plain(raw)},
        time=time,
        counter=text_of(data.get("pid")),
        flaw=flaw,
    )


def _answered(source: str, result: Mapping[str, object]) -> Mapping[str, object]:
    """The components of an answer: all of them, or one whose name only the question said."""
    if any(":" in key for key in result) or "sys" in result:
        return result
    if "alarm" in result:
        return {next((kind for kind in ("smoke", "flood") if kind in source), "alarm"): result}
    return {next((kind for key, kind in _ANSWERED.items() if key in result), "answer"): result}
