"""Payloads of Sparkplug B: metrics with their names, numbers, types and values, as they stand in the bytes.

Source: Eclipse Sparkplug 3.0, section 6 (payloads, and the schema of Google Protocol Buffers in it).
"""

from typing import NamedTuple

from shouwang.domain.payload import MAX_MESSAGE
from shouwang.domain.protobuf import Broken, fields, float32, float64

DEEPEST_TEMPLATE = 4
"""Templates inside of templates that are looked into."""


class Said(NamedTuple):
    """A metric of a payload."""

    name: str
    alias: int | None
    time: int | None
    type: int
    historical: bool
    value: object
    """None: null, of bad quality, or of a kind that is no reading. Of a template its members, each a ``Said``."""


class Payload(NamedTuple):
    time: int | None
    sequence: int | None
    metrics: list[Said]


def read_payload(data: bytes) -> Payload:
    """Raises Broken."""
    if len(data) > MAX_MESSAGE:
        raise Broken(f"it has {len(data)} bytes; at most {MAX_MESSAGE} are read")
    time = sequence = None
    metrics: list[Said] = []
    for number, value in fields(data):
        if number == 1 and isinstance(value, int):
            time = value
        elif number == 3 and isinstance(value, int):
            sequence = value
        elif number == 2 and isinstance(value, bytes):
            metrics.append(_metric(value))
    return Payload(time, sequence, metrics)


def _metric(data: bytes, depth: int = 0) -> Said:
    name, type, historical, null = "", 0, False, False
    alias: int | None = None
    time: int | None = None
    value: object = None
    for number, raw in fields(data):
        match number, raw:
            case 1, bytes():
                name = raw.decode("utf-8", "replace")
            case 2, int():
                alias = raw
            case 3, int():
                time = raw
            case 4, int():
                type = raw
            case 5, int():
                historical = bool(raw)
            case 7, int():
                null = null or bool(raw)
            case 9, bytes():
                null = null or _is_bad(raw)
            case ((10 | 11), int()):
                value = raw
            case 12, bytes() if len(raw) == 4:
                value = round(float32(raw), 6)
            case 13, bytes() if len(raw) == 8:
                value = float64(raw)
            case 14, int():
                value = bool(raw)
            case 15, bytes():
                value = raw.decode("utf-8", "replace")
            case 18, bytes():
                value = _members(raw, depth)
    return Said(name, alias, time, type, historical, None if null else value)


_QUALITY = 3
"""Number of a value in a property; ``Quality`` is 0 for bad, 192 for good, 500 for stale (section 6.4.14)."""


def _is_bad(properties: bytes) -> bool:
    """Whether a metric's properties say that its value is not to be relied on."""
    keys: list[bytes] = []
    values: list[int | None] = []
    for number, raw in fields(properties):
        if number == 1 and isinstance(raw, bytes):
            keys.append(raw)
        elif number == 2 and isinstance(raw, bytes):
            values.append(next((value for of, value in fields(raw) if of == _QUALITY and isinstance(value, int)), None))
    return any(key == b"Quality" and value in (0, 500) for key, value in zip(keys, values, strict=False))


def _members(template: bytes, depth: int) -> list[Said] | None:
    """The metrics of an instance of a template; a definition says nothing of a device."""
    members = []
    for number, raw in fields(template):
        if number == 5 and raw:
            return None
        if number == 2 and isinstance(raw, bytes) and depth < DEEPEST_TEMPLATE:
            members.append(_metric(raw, depth + 1))
    return members
