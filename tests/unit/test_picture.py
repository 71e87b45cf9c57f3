"""Pictures of places: known by their content, measured, and drawings made safe."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.drawing import Drawing, is_safe_style, read_drawing
from shouwang.domain.picture import Picture, Unfit, read_picture

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 400 300">'


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0"


def jpeg(width: int, height: int) -> bytes:
    start = b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + bytes(9)
    return start + b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", height, width) + bytes(12)


def webp(form: bytes, rest: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + form + b"\0\0\0\0" + rest + bytes(20)


def drawn(body: str, head: str = HEAD) -> Drawing:
    found = read_drawing(f"{head}{body}</svg>".encode())
    assert isinstance(found, Drawing), found
    return found


@pytest.mark.parametrize(
    ("content", "type"),
    [
        (png(640, 480), "image/png"),
        (jpeg(640, 480), "image/jpeg"),
        (webp(b"VP8X", bytes(4) + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")), "image/webp"),
        (webp(b"VP8L", b"\x2f" + (639 | 479 << 14).to_bytes(4, "little")), "image/webp"),
        (webp(b"VP8 ", bytes(6) + struct.pack("<HH", 640, 480)), "image/webp"),
    ],
)
def test_a_picture_is_known_and_measured_by_its_content(content: bytes, type: str) -> None:
    found = read_picture(content)
    assert isinstance(found, Picture), found
    assert (found.type, found.width, found.height, found.content) == (type, 640, 480, content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is none of"),
        (b"GIF89a", "is none of"),
        (b"<html><body>hello", "is none of"),
        (png(640, 480)[:20], "cut off"),
        (jpeg(640, 480)[:24], "cut off"),
        (png(60_000, 60_000), "60000 × 60000"),
        (png(4, 4), "4 × 4"),
    ],
)
def test_what_is_no_picture_or_too_large_a_one_is_refused_with_its_reason(content: bytes, words: str) -> None:
    found = read_picture(content)
    assert isinstance(found, Unfit) and words in found.reason


@given(st.binary(max_size=200))
def test_no_content_whatever_makes_reading_fail(content: bytes) -> None:
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", HEAD.encode()):
        read_picture(start + content)


def test_a_drawing_keeps_what_draws() -> None:
    found = drawn(
        '<g id="a" transform="translate(1 2)"><path d="M0 0h9" style="fill:url(#p)"/><text>东门 &lt;</text></g>'
    )
    assert '<path d="M0 0h9" style="fill:url(#p)">' in found.text
    assert "东门 &lt;" in found.text
    assert (found.width, found.height, found.left_out) == (400, 300, 0)
    again = read_drawing(found.text.encode())
    assert isinstance(again, Drawing) and again.text == found.text, "what was made safe once stays as it is"


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        '<g><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></body></foreignObject></g>',
        '<rect onload="alert(1)" width="9" height="9"/>',
        '<rect ONCLICK="alert(1)" width="9" height="9"/>',
        '<image xlink:href="http://outside.example/x.png"/>',
        '<image href="data:image/svg+xml;base64,PHN2Zz4="/>',
        '<use xlink:href="other.svg#a"/>',
        "<style>@import url(http://outside.example/x.css);</style>",
        '<rect style="fill:url(http://outside.example/#a)"/>',
        '<rect style="fill:u\\72l(http://outside.example/)"/>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<set attributeName="onclick" to="alert(1)"/>',
        '<handler xmlns="http://www.w3.org/2001/xml-events">alert(1)</handler>',
    ],
)
def test_a_drawing_loses_what_does_something(body: str) -> None:
    found = drawn(f"{body}<circle r='3'/>")
    for word in ("alert", "outside", "script", "import", "foreign", "javascript", "svg+xml"):
        assert word not in found.text
    assert '<circle r="3">' in found.text, "what draws beside it stays"
    assert found.left_out > 0


def test_a_link_keeps_what_it_holds_and_loses_where_it_leads() -> None:
    found = drawn('<a xlink:href="javascript:alert(1)"><rect width="9"/></a>')
    assert '<g><rect width="9"></rect></g>' in found.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<!DOCTYPE svg [<!ENTITY x "y">]>' + HEAD + "&x;</svg>", "declares an entity"),
        (HEAD + "<g>", "well-formed"),
        ("<svg><rect/></svg>", "expected svg of"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "without a size"),
        (HEAD + "<g>" * 200 + "</g>" * 200 + "</svg>", "deep"),
        (HEAD + "<g/>" * 60_000 + "</svg>", "elements"),
    ],
)
def test_a_drawing_that_cannot_be_made_safe_is_refused(text: str, words: str) -> None:
    found = read_drawing(text.encode())
    assert isinstance(found, str) and words in found


def test_copies_of_copies_are_counted_before_a_browser_draws_them() -> None:
    levels = "".join(f'<g id="l{level}">' + f'<use xlink:href="#l{level - 1}"/>' * 10 + "</g>" for level in range(1, 9))
    bomb = read_drawing(f'{HEAD}<g id="l0"><rect width="1"/></g>{levels}</svg>'.encode())
    assert isinstance(bomb, str) and "copies" in bomb
    itself = read_drawing(f'{HEAD}<g id="a"><use xlink:href="#a"/></g></svg>'.encode())
    assert isinstance(itself, str) and "copies" in itself
    assert "l1" in drawn('<g id="l1"><rect width="1"/></g>' + '<use xlink:href="#l1"/>' * 50).text


def test_a_plain_doctype_of_other_programs_is_read_over() -> None:
    text = '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">'
    found = read_picture(f'{text}<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm"/>'.encode())
    assert isinstance(found, Picture)
    assert b"DTD" not in found.content and found.width < found.height


@pytest.mark.parametrize("style", ["fill:#fff", "url(#a)", "url( '#a' )", "transform: rotate(4deg)"])
def test_a_plain_style_is_safe(style: str) -> None:
    assert is_safe_style(style)
