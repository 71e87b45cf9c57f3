"""What an uploaded picture is by its own content: its type and size in pixels, or why it is not taken."""

import struct

import msgspec

from shouwang.domain.drawing import Drawing, read_drawing
from shouwang.domain.vocabulary import Value

LONGEST_SIDE = 12_000
"""Pixels. A sheet of A0 at 300 dpi has 14,000; a browser holds four bytes of each pixel."""

MOST_PIXELS = 40_000_000
LEAST_SIDE = 16

TYPES = ("image/png", "image/jpeg", "image/webp", "image/svg+xml")


class Picture(Value, frozen=True, kw_only=True):
    """``content`` is what may be kept: of a drawing (SVG) what was left of it, of all else what came. ``left_out``: how
    many elements and attributes of a drawing were not taken."""

    type: str
    width: int
    height: int
    content: bytes
    left_out: int = 0


class Unfit(Value, frozen=True):
    """``reason`` continues "the picture …"."""

    reason: str


def read_picture(content: bytes) -> Picture | Unfit:
    """Its name and what the sender calls it count for nothing. Formats: PNG 1.2 section 11.2.2, JPEG (T.81) B.2.2, WebP
    (RFC 9649) section 2, SVG 1.1. Never raises."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _measured("image/png", content, _png_size(content))
    if content.startswith(b"\xff\xd8\xff"):
        return _measured("image/jpeg", content, _jpeg_size(content))
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _measured("image/webp", content, _webp_size(content))
    if _may_be_a_drawing(content):
        drawn = read_drawing(content)
        if isinstance(drawn, str):
            return Unfit(drawn)
        return _of_drawing(drawn)
    return Unfit(f"is none of {', '.join(TYPES)}; the content says what it is, not its name")


def _of_drawing(drawn: Drawing) -> Picture | Unfit:
    found = _measured("image/svg+xml", drawn.text.encode(), (drawn.width, drawn.height))
    return found if isinstance(found, Unfit) else msgspec.structs.replace(found, left_out=drawn.left_out)


def _measured(type: str, content: bytes, size: tuple[int, int] | None) -> Picture | Unfit:
    if size is None:
        return Unfit(f"begins as {type}, but its size cannot be read; it is cut off or broken")
    width, height = size
    if min(size) < LEAST_SIDE or max(size) > LONGEST_SIDE or width * height > MOST_PIXELS:
        return Unfit(
            f"has {width} × {height} pixels; expected sides of {LEAST_SIDE} to {LONGEST_SIDE} "
            f"and at most {MOST_PIXELS // 1_000_000} megapixels"
        )
    return Picture(type=type, width=width, height=height, content=content)


def _may_be_a_drawing(content: bytes) -> bool:
    begin = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return begin.startswith(b"<") and b"<svg" in content[:65_536]


def _png_size(content: bytes) -> tuple[int, int] | None:
    if len(content) < 24 or content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        length = struct.unpack(">H", content[at + 2 : at + 4])[0]
        at += 2 + max(2, length)
    return None


def _webp_size(content: bytes) -> tuple[int, int] | None:
    if len(content) < 30:
        return None
    match content[12:16]:
        case b"VP8X":
            width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
            return width, height
        case b"VP8L":
            bits = int.from_bytes(content[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack("<HH", content[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return None
