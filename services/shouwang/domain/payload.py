"""From the bytes of a payload to plain data, within bounds; what is wrong with them is a value, never an exception."""

import hashlib
import json
import math

import msgspec

from shouwang.domain.vocabulary import Problem, Refusal

MAX_MESSAGE = 1 << 20
"""Bytes. Sensors send hundreds; a message of a device above 1 MiB is no reading, and parsing it would hold up alarms
(1 MiB is also the largest packet that Zigbee2MQTT sends unless told otherwise)."""

MAX_ANNOUNCEMENT = 16 << 20
"""Bytes. One announcement describes every device of a network, some 3 KB each."""

MAX_DEPTH = 32
"""Levels of lists and objects. The deepest documented payload has 9; each level costs stack where it is walked."""

UNREADABLE = object()
"""Stands for the content of a payload of which nothing could be read."""

_decode = msgspec.json.Decoder().decode
_LONGEST_INTEGER = 400
"""Digits. Longer ones are as good as infinite, and quadratic to read."""


def read_json(payload: bytes, limit: int = MAX_MESSAGE) -> tuple[object, Refusal | None]:
    """(content, None); (content, flaw) where one place is no JSON and the rest was read all the same, because an alarm
    beside a NaN is still an alarm; (``UNREADABLE``, refusal).

    Numbers may be infinite or NaN only beside a flaw or where they exceed a double; a byte order mark is passed over.
    Takes time linear in the size.
    """
    if len(payload) > limit:
        return UNREADABLE, Refusal(Problem.TOO_LARGE, f"the payload has {len(payload)} bytes; at most {limit} are read")
    try:
        content = _decode(payload)
    except RecursionError:
        return UNREADABLE, _too_deep()
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return _read_leniently(payload)
    if payload.count(b"[") + payload.count(b"{") > MAX_DEPTH and _is_deeper(content, MAX_DEPTH):
        return UNREADABLE, _too_deep()
    return content, None


def payload_hash(payload: bytes) -> str:
    """What tells two payloads apart: 64 bits of BLAKE2b as hexadecimal text."""
    return hashlib.blake2b(payload, digest_size=8).hexdigest()


def shown(raw: object) -> str:
    """A raw value for a message to people, short whatever it is."""
    match raw:
        case None:
            return "null"
        case bool():
            return "true" if raw else "false"
        case str():
            return repr(raw if len(raw) <= 40 else raw[:40] + "…")
        case int() if abs(raw) >= 10**18:
            return "a number of more than 18 digits"
        case int() | float():
            return repr(raw)
        case list():
            return "a list"
        case _:
            return "an object"


def _read_leniently(payload: bytes) -> tuple[object, Refusal | None]:
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return UNREADABLE, Refusal(Problem.INVALID_UTF8, f"byte {error.start} of the payload is not UTF-8")
    foreign: list[str] = []

    def constant(name: str) -> float:
        foreign.append(name)
        return math.nan

    try:
        content = json.loads(text, parse_constant=constant, parse_int=_integer)
    except RecursionError:
        return UNREADABLE, _too_deep()
    except ValueError as error:
        return UNREADABLE, Refusal(Problem.INVALID_JSON, f"the payload is not JSON: {error}")
    if _is_deeper(content, MAX_DEPTH):
        return UNREADABLE, _too_deep()
    if foreign:
        return content, Refusal(Problem.INVALID_JSON, f"{foreign[0]} is not JSON; the other fields were read")
    return content, None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else math.inf


def _is_deeper(content: object, limit: int) -> bool:
    level: list[object] = [content]
    for _ in range(limit + 1):
        level = [
            below
            for one in level
            if isinstance(one, (dict, list))
            for below in (one.values() if isinstance(one, dict) else one)
            if isinstance(below, (dict, list))
        ]
        if not level:
            return False
    return True


def _too_deep() -> Refusal:
    return Refusal(Problem.TOO_DEEP, f"the payload is nested deeper than {MAX_DEPTH} levels")
