"""Short messages as a modem takes and gives them: PDUs of 3GPP TS 23.040, as far as alarms and answers need them.

Out go texts in UCS-2, cut into linked parts where they are long; in come replies (GSM 7 bit or UCS-2) and the reports
of what became of a message. Hexadecimal text on both sides, as AT commands carry it (TS 27.005 section 3.1).
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum

from shouwang.domain.vocabulary import Value

WHOLE_UNITS = 70
"""UTF-16 units of a message in one part: 140 octets (TS 23.040 section 9.2.3.24)."""

PART_UNITS = 67
"""Of each of several parts: six octets go to the header that links them (section 9.2.3.24.1)."""

PARTS_AT_MOST = 255
VALID_FOR = 11
"""Relative validity (section 9.2.3.12.1): (11 + 1) × 5 minutes. An hour later the centre reports that it gave up, and
the delivery is tried anew with what is true then."""

_SUBMIT, _RELATIVE, _REPORT, _HEADER = 0x01, 0x10, 0x20, 0x40
_INTERNATIONAL, _NATIONAL = 0x91, 0x81
_UCS2 = 0x08

_DIGITS = "0123456789*#abc"
_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet of TS 23.038 section 6.2.1, by code."""

_EXTENSION = {10: "\f", 20: "^", 40: "{", 41: "}", 47: "\\", 60: "[", 61: "~", 62: "]", 64: "|", 101: "€"}


class Submit(Value, frozen=True):
    """One part to hand over: ``AT+CMGS=<octets>``, then ``pdu``, which begins with the empty address of the centre."""

    pdu: str
    octets: int


class Kind(IntEnum):
    """The message type that a centre sends (section 9.2.3.1)."""

    DELIVER = 0
    STATUS_REPORT = 2


class Incoming(Value, frozen=True, kw_only=True):
    """A text from a telephone. ``part``: (reference, of how many, which) where it is one of several."""

    number: str
    text: str
    part: tuple[int, int, int] | None = None


class Report(Value, frozen=True, kw_only=True):
    """What the centre says of a message of ours. ``status``: TP-Status (section 9.2.3.15)."""

    reference: int
    number: str
    status: int


def submits(number: str, text: str, reference: int) -> list[Submit]:
    """The parts of a text to one telephone, each asking for a status report. ``number``: digits, ``+`` before an
    international one. ``reference``: 0 to 255, links the parts, the same for every attempt. Raises ValueError for a
    number that is none, and for a text beyond 255 parts."""
    parts = _parts(text)
    if len(parts) > PARTS_AT_MOST:
        raise ValueError(f"the text has {len(text)} characters, more than {PARTS_AT_MOST} linked messages carry")
    return [_submit(number, part, (reference, len(parts), index)) for index, part in enumerate(parts, 1)]


def read_pdu(pdu: str, octets: int | None = None) -> Incoming | Report:
    """What came in. ``octets``: of the message without the centre's address, where the modem said so: some leave that
    address out. Raises ValueError for anything that is no such message."""
    try:
        data = bytes.fromhex(pdu)
        if octets is None or len(data) != octets:
            data = data[1 + data[0] :]
        match data[0] & 0x03:
            case Kind.DELIVER:
                return _deliver(data)
            case Kind.STATUS_REPORT:
                number, _ = _address(data, 2)
                after = 2 + _address_octets(data, 2) + 14
                return Report(reference=data[1], number=number, status=data[after])
            case other:
                raise ValueError(f"a message of type {other} is neither a text nor a report")
    except IndexError:
        raise ValueError("the message is cut off") from None


def _parts(text: str) -> list[bytes]:
    """UTF-16, big end first; a character of two units is never cut in two."""
    whole = text.encode("utf-16-be", "replace")
    if len(whole) <= WHOLE_UNITS * 2:
        return [whole]
    parts, start = [], 0
    while start < len(whole):
        end = min(start + PART_UNITS * 2, len(whole))
        if end < len(whole) and 0xD8 <= whole[end - 2] <= 0xDB:
            end -= 2
        parts.append(whole[start:end])
        start = end
    return parts


def _submit(number: str, content: bytes, part: tuple[int, int, int]) -> Submit:
    reference, count, index = part
    header = bytes((5, 0, 3, reference, count, index)) if count > 1 else b""
    first = _SUBMIT | _RELATIVE | _REPORT | (_HEADER if header else 0)
    data = header + content
    # The modem counts TP-MR itself.
    tpdu = bytes((first, 0)) + _as_address(number) + bytes((0, _UCS2, VALID_FOR, len(data))) + data
    return Submit("00" + tpdu.hex().upper(), len(tpdu))


def _as_address(number: str) -> bytes:
    digits = number.removeprefix("+")
    if not 1 <= len(digits) <= 20 or any(one not in _DIGITS for one in digits):
        raise ValueError("the number is none; expected digits, + before an international one")
    codes = [_DIGITS.index(one) for one in digits] + [0xF] * (len(digits) % 2)
    pairs = zip(codes[::2], codes[1::2], strict=True)
    kind = _INTERNATIONAL if number.startswith("+") else _NATIONAL
    return bytes((len(digits), kind)) + bytes(low | high << 4 for low, high in pairs)


def _address_octets(data: bytes, at: int) -> int:
    return 2 + (data[at] + 1) // 2


def _address(data: bytes, at: int) -> tuple[str, int]:
    """(number or name, where it ends). Section 9.1.2.5."""
    length, kind, end = data[at], data[at + 1], at + _address_octets(data, at)
    if end > len(data):
        raise IndexError
    body = data[at + 2 : end]
    if kind & 0x70 == 0x50:
        return _text_of(_septets(body, length * 4 // 7)), end
    codes = [code for octet in body for code in (octet & 0x0F, octet >> 4)][:length]
    digits = "".join(_DIGITS[code] for code in codes if code < len(_DIGITS))
    return ("+" if kind & 0x70 == 0x10 else "") + digits, end


def _deliver(data: bytes) -> Incoming:
    number, at = _address(data, 1)
    coding, length, body = data[at + 1], data[at + 9], data[at + 10 :]
    header = body[: body[0] + 1] if data[0] & _HEADER else b""
    if _is_seven_bit(coding):
        skipped = -(-len(header) * 8 // 7)
        text = _text_of(_septets(body, length)[skipped:])
    elif len(body) < length:
        raise IndexError
    elif _is_ucs2(coding):
        text = body[len(header) : length].decode("utf-16-be", "replace")
    else:
        text = body[len(header) : length].decode("latin-1")
    return Incoming(number=number, text=text, part=_linked(header))


def _is_seven_bit(coding: int) -> bool:
    """TS 23.038 section 4: the general groups by their alphabet bits, a message class of 0xF by its own one."""
    return (coding < 0x40 and coding & 0x0C == 0) or 0xC0 <= coding < 0xE0 or coding & 0xF4 == 0xF0


def _is_ucs2(coding: int) -> bool:
    return (coding < 0x40 and coding & 0x0C == _UCS2) or coding & 0xF0 == 0xE0


def _linked(header: bytes) -> tuple[int, int, int] | None:
    at = 1
    while at + 1 < len(header):
        kind, length = header[at], header[at + 1]
        field = header[at + 2 : at + 2 + length]
        if kind == 0 and len(field) == 3:
            return field[0], field[1], field[2]
        if kind == 8 and len(field) == 4:
            return field[0] << 8 | field[1], field[2], field[3]
        at += 2 + length
    return None


def _septets(body: bytes, count: int) -> list[int]:
    if count > len(body) * 8 // 7:
        raise IndexError
    bits = int.from_bytes(body, "little")
    return [bits >> 7 * index & 0x7F for index in range(count)]


def _text_of(codes: Sequence[int]) -> str:
    return "".join(_characters(codes))


def _characters(codes: Sequence[int]) -> Iterator[str]:
    escaped = False
    for code in codes:
        if escaped:
            yield _EXTENSION.get(code, _ALPHABET[code])
        elif code != 0x1B:
            yield _ALPHABET[code]
        escaped = code == 0x1B and not escaped
