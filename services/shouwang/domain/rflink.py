"""Reads RFLink: lines ``20;2A;Xiron;ID=2801;TEMP=0043;HUM=29;BAT=OK;`` and what bridges to MQTT make of them.

Source: the RFLink protocol reference (packets and data fields), and the read-me files of the bridges espRFLinkMQTT
(``rflink/Name-ID`` with an object) and RFLinkGateway (``rflink/Name/ID/R/FIELD`` with a bare value).
"""

import re
from collections.abc import Callable, Mapping, Sequence

from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Holds
from shouwang.domain.interpretation import Found, Memory
from shouwang.domain.payload import MAX_MESSAGE, UNREADABLE, read_json, shown
from shouwang.domain.report import Report
from shouwang.domain.vocabulary import Arrival, Problem, Refusal

SILENT = frozenset(
    {"ok", "pong", "status", "debug", "ble_debug", "rfdebug", "rfudebug", "qrfdebug", "cmd unknown", "message"}
)
"""Names of lines and topics that are the gateway's own talk."""

LONGEST_LINE = 512
MOST_LINES = 256


class RflinkReader(EnvelopeReader):
    """Hexadecimal fields become numbers, so that profiles read the same words from lines and from objects."""

    def reports(self, found: Found, arrival: Arrival, memory: Memory) -> Sequence[Report] | Refusal:
        if found.holds is not Holds.READINGS:
            return super().reports(found, arrival, memory)
        if len(arrival.payload) > MAX_MESSAGE:
            return Refusal(Problem.TOO_LARGE, f"the payload has {len(arrival.payload)} bytes; at most 1 MiB are read")
        try:
            text = arrival.payload.decode("utf-8").strip().strip("\0")
        except UnicodeDecodeError as error:
            return Refusal(Problem.INVALID_UTF8, f"byte {error.start} of the payload is not UTF-8")
        if re.match(r"(?:10|11|20);", text):
            return [report for line in text.splitlines()[:MOST_LINES] for report in _of_line(line)]
        if "field" in found.names:
            return [_report(found.names["name"], found.device, {found.names["field"]: text})]
        content, flaw = read_json(arrival.payload)
        name, _, identity = found.device.rpartition("-")
        if content is UNREADABLE:
            # A switch by its name: some other bridge's way, and no reading.
            is_switch = text.strip().casefold() in ("on", "off", "allon", "alloff")
            return [] if is_switch or name.casefold() in SILENT else flaw or []
        if not isinstance(content, dict):
            return Refusal(Problem.WRONG_TYPE, f"the payload is {shown(content)}; expected an object or a line 20;…;")
        if name.casefold() in SILENT:
            return []
        name = str(content.get("NAME") or name)
        return [_report(name, str(content.get("ID") or identity), content, flaw)]


def _of_line(line: str) -> list[Report]:
    """No report where the line is a command, or the gateway speaks of itself."""
    direction, *rest = line.strip()[:LONGEST_LINE].split(";")
    if direction != "20" or len(rest) < 3:
        return []
    counter, name, *labels = rest
    fields = {key: value for key, equals, value in (label.partition("=") for label in labels) if equals}
    identity = fields.get("ID", "")
    if not identity or name.casefold() in SILENT or "=" in name:
        return []
    return [_report(name, identity, fields, counter=counter)]


def _report(
    name: str, identity: str, fields: Mapping[str, object], flaw: Refusal | None = None, counter: str = ""
) -> Report:
    read = {key.upper(): _NUMBERS.get(key.upper(), _as_it_stands)(raw) for key, raw in fields.items()}
    return Report(
        identity=identity[:64],
        aliases=[f"{name}-{identity}"[:128]] if name else (),
        model=name[:64],
        fields=read,
        around=read,
        counter=counter[:8],
        flaw=flaw,
    )


def _as_it_stands(raw: object) -> object:
    return raw


def _signed_tenths(raw: object) -> object:
    """Four hexadecimal digits, the highest bit a minus sign, in tenths: ``80DC`` is −22.0. A bridge's number stands."""
    number = _hexadecimal(raw)
    if not isinstance(number, int) or number is raw:
        return number
    return (-(number & 0x7FFF) if number & 0x8000 else number) / 10


def _hexadecimal(raw: object) -> object:
    if isinstance(raw, str) and re.fullmatch(r"[0-9A-Fa-f]{4}", raw.strip()):
        return int(raw, 16)
    return raw


_NUMBERS: Mapping[str, Callable[[object], object]] = {
    "TEMP": _signed_tenths,
    "BARO": _hexadecimal,
    "LUX": _hexadecimal,
    "WATT": _hexadecimal,
}
"""Fields that come in hexadecimal and are read; HUM is decimal."""
