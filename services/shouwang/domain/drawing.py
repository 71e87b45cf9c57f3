"""An SVG drawing made safe: what only draws is written anew, all else is left out.

Drawings come out of many programs, with scripts, links, animations and their own notes. Nothing of that is needed to
show a plan, so nothing of it is kept: elements and attributes are taken from a list, references only from within the
drawing. What declares entities of its own is refused: it can grow without end.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape, quoteattr

from shouwang.domain.vocabulary import Value

LARGEST = 2 << 20
"""Bytes: reading takes about a tenth of a second for each million."""

DEEPEST = 100
"""Elements within each other."""

MOST_ELEMENTS = 60_000

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"

_SHAPES = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "image"}
_WORDS = {"text", "tspan", "textPath", "title", "desc"}
_PAINT = {"style", "linearGradient", "radialGradient", "stop", "pattern", "clipPath", "mask"}
_FRAMES = {"svg", "g", "defs", "symbol", "use", "marker"}
_DRAWING = frozenset(_SHAPES | _WORDS | _PAINT | _FRAMES)
_AS_GROUP = frozenset({"a", "switch"})
"""What they hold is drawn; what they do is not."""

_INNER_PICTURE = re.compile(r"data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/=\s]*")
_INNER_LINK = re.compile(r"#[\w.:-]+")
_URL = re.compile(r"url\(\s*+(?!['\"]?#)", re.I)
_UNSAFE_STYLE = re.compile(r"@import|expression|javascript:|behavior|-moz-binding|\\", re.I)
_LENGTH = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(px|pt|mm|cm|in)?\s*")
_PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_VECTOR_SIDE = 4_000.0
"""A drawing has no pixels of its own: one of a larger unit (a CAD program's millimetres) is told as at most so many."""


class Drawing(Value, frozen=True, kw_only=True):
    """``text`` draws the same and does nothing. ``left_out``: elements and attributes that were not taken."""

    text: str
    width: int
    height: int
    left_out: int


def read_drawing(content: bytes) -> Drawing | str:
    """The drawing, or a reason in words that continue "the picture …". Never raises."""
    if len(content) > LARGEST:
        return f"is a drawing of {len(content)} bytes; at most {LARGEST} are read, a PNG of it may have more"
    writer = _Writer()
    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = writer.begin
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.say
    parser.EntityDeclHandler = writer.refuse_entity
    try:
        parser.Parse(content, True)
    except _Refused as refused:
        return str(refused)
    except (ExpatError, ValueError, LookupError) as error:
        return f"is no well-formed drawing: {error}"
    if writer.size is None:
        return "is a drawing without a size: it needs a viewBox, or width and height in numbers"
    if writer.drawn_elements() > MOST_ELEMENTS:
        return f"copies its own parts into more than {MOST_ELEMENTS} elements; a PNG of it is shown as well"
    width, height = writer.size
    return Drawing(text="".join(writer.parts), width=width, height=height, left_out=writer.left_out)


class _Refused(Exception):
    """Ends reading."""


class _Writer:
    """Writes anew what may stay, as it is read."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.left_out = 0
        self.size: tuple[int, int] | None = None
        self._open: list[str] = []
        self._skipped = 0
        self._count = 0
        self._style: list[str] = []
        self._names: list[str] = []
        self._held: dict[str, int] = {"": 0}
        self._uses: dict[str, Counter[str]] = {}

    def drawn_elements(self) -> int:
        """How many a browser draws once each ``use`` is a copy of what it names: copies of copies grow without end."""
        drawn: dict[str, int] = {}

        def count(name: str, above: frozenset[str]) -> int:
            if name in above or len(above) > DEEPEST:
                return MOST_ELEMENTS + 1  # it holds itself
            if name not in drawn:
                inner = above | {name}
                used = self._uses.get(name, Counter())
                copies = sum(times * count(one, inner) for one, times in used.items() if one in self._held)
                drawn[name] = min(MOST_ELEMENTS + 1, self._held[name] + copies)
            return drawn[name]

        return count("", frozenset())

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise _Refused(f"is a drawing of more than {MOST_ELEMENTS} elements; a PNG of it is shown as well")
        if self._skipped:
            self._skipped += 1
            return
        space, _, word = name.rpartition(" ")
        if not self._open and (space, word) != (SVG, "svg"):
            raise _Refused(f"begins with the element {word!r}; expected svg of {SVG}")
        word = "g" if word in _AS_GROUP else word
        if space != SVG or word not in _DRAWING or (self._open and self._open[-1] == "style"):
            self._skipped = 1
            self.left_out += 1
            return
        if len(self._open) >= DEEPEST:
            raise _Refused(f"has elements more than {DEEPEST} deep")
        kept = dict(self._safe(word, attributes))
        if not self._open:
            self._measure(kept)
        self._note_copies(word, kept)
        self._open.append(word)
        self.parts.append(f"<{word}{''.join(f' {key}={quoteattr(value)}' for key, value in kept.items())}>")

    def end(self, _name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        word = self._open.pop()
        self._names.pop()
        if word == "style":
            style, self._style = "".join(self._style), []
            if is_safe_style(style):
                self.parts.append(escape(style))
            else:
                self.left_out += 1
        self.parts.append(f"</{word}>")

    def say(self, text: str) -> None:
        if self._skipped or not self._open:
            return
        if self._open[-1] == "style":
            self._style.append(text)
        else:
            self.parts.append(escape(text))

    def refuse_entity(self, name: str, *_: object) -> None:
        raise _Refused(f"declares an entity ({name}), which may hide anything; export it as plain SVG")

    def _safe(self, word: str, attributes: Mapping[str, str]) -> Iterable[tuple[str, str]]:
        if not self._open:
            yield from (("xmlns", SVG), ("xmlns:xlink", XLINK))
        for name, value in attributes.items():
            space, _, key = name.rpartition(" ")
            if key == "href" and space in ("", XLINK):
                wanted = _INNER_PICTURE if word == "image" else _INNER_LINK
                if wanted.fullmatch(value.strip()):
                    yield ("xlink:href", value.strip())
                    continue
            elif not space and not key.lower().startswith("on") and is_safe_style(value):
                yield key, value
                continue
            self.left_out += 1

    def _note_copies(self, word: str, kept: Mapping[str, str]) -> None:
        self._names.append(kept.get("id", "") if self._open else "")
        within = {"", *self._names}
        for name in within:
            self._held[name] = self._held.get(name, 0) + 1
        if word == "use" and "xlink:href" in kept:
            for name in within:
                self._uses.setdefault(name, Counter())[kept["xlink:href"][1:]] += 1

    def _measure(self, root: dict[str, str]) -> None:
        """Gives the root a viewBox and a size in pixels."""
        own = [_pixels(root.get(name, "")) for name in ("width", "height")]
        box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
        try:
            sides = [float(one) for one in box[2:4]] if len(box) == 4 else []
        except ValueError:
            sides = []
        if len(sides) < 2 or not all(0 < one < 1e9 for one in sides):
            if not all(own):
                return
            sides = [one or 0.0 for one in own]
            root["viewBox"] = f"0 0 {sides[0]:g} {sides[1]:g}"
        width, height = sides
        shrink = min(1.0, _VECTOR_SIDE / max(width, height))
        grow = max(1.0, 400.0 / max(width, height))
        self.size = max(1, round(width * shrink * grow)), max(1, round(height * shrink * grow))
        root["width"], root["height"] = (str(one) for one in self.size)


def is_safe_style(text: str) -> bool:
    """It names nothing outside the drawing, and runs nothing."""
    return _URL.search(text) is None and _UNSAFE_STYLE.search(text) is None


def _pixels(text: str) -> float | None:
    found = _LENGTH.fullmatch(text)
    return float(found[1]) * _PIXELS[found[2] or ""] if found and float(found[1]) > 0 else None
