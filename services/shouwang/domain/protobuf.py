"""The wire format of Protocol Buffers, read and written without a schema: fields by number.

Source: Protocol Buffers, Encoding. Groups (wire types 3 and 4) are long out of use and count as broken.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple


class Broken(ValueError):
    """The bytes end inside of a field, or are no message."""


class Field(NamedTuple):
    """``value``: an int of wire type 0; the bytes of types 1 (8 of them), 2 and 5 (4 of them)."""

    number: int
    value: int | bytes


def fields(data: bytes) -> Iterator[Field]:
    """The fields in their order. Takes time linear in the size. Raises Broken."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield Field(number, value)
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in _FIXED:
            size = _FIXED[wire]
        else:
            raise Broken(f"byte {at} begins a field of wire type {wire}")
        if at + size > end:
            raise Broken(f"field {number} at byte {at} wants {size} bytes, and {end - at} are left")
        yield Field(number, data[at : at + size])
        at += size


def float32(raw: bytes) -> float:
    return float(struct.unpack("<f", raw)[0])


def float64(raw: bytes) -> float:
    return float(struct.unpack("<d", raw)[0])


def varint(value: int) -> bytes:
    """A number of wire type 0, for writing; ``value`` is not negative."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


_FIXED = {1: 8, 5: 4}


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        if at >= len(data):
            raise Broken(f"the message ends inside of a number at byte {at}")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise Broken(f"a number at byte {at} has more than 10 bytes")
