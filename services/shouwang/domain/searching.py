"""Places as people look for them: by a piece of the path, by its names, by the short form ``3-2-501``."""

import re
import unicodedata
from collections.abc import Mapping

from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.vocabulary import PlaceId

_BETWEEN = re.compile(r"[\s,，、;；]+")
_DIGITS = re.compile(r"\d+")
_NUMBERED = frozenset({PlaceKind.BUILDING, PlaceKind.UNIT, PlaceKind.DWELLING, PlaceKind.SHOP})


def spoken(places: Mapping[PlaceId, Place]) -> Mapping[PlaceId, str]:
    """What each place is found by: its path, the names from the root down (with blanks between and without), and the
    numbers of building, unit and room with dashes between, as they are said on the radio. One pass, parents first."""
    names: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, tuple[str, ...]] = {}
    found: dict[PlaceId, str] = {}
    for path in sorted(places):
        place, above = places[path], path.rpartition("/")[0]
        names[path] = (*names.get(above, ()), place.name or path.rpartition("/")[2])
        own = _DIGITS.search(path.rpartition("/")[2]) if place.kind in _NUMBERED else None
        numbers[path] = (*numbers.get(above, ()), *((own[0],) if own else ()))
        short = "-".join(numbers[path]) if len(numbers[path]) > 1 else ""
        found[path] = _plain(f"{path} {' '.join(names[path])} {''.join(names[path])} {short}")
    return found


def asked(text: str) -> tuple[re.Pattern[str], ...]:
    """A pattern for each word of a question; a number is not found inside a longer one (3号楼 is not 13号楼)."""
    words = (word for word in _BETWEEN.split(_plain(text).strip()) if word)
    return tuple(re.compile((r"(?<!\d)" if word[0].isdigit() else "") + re.escape(word)) for word in words)


def is_found(words: tuple[re.Pattern[str], ...], spoken_of: str) -> bool:
    """True where every word stands somewhere in what the place is found by."""
    return all(word.search(spoken_of) for word in words)


def _plain(text: str) -> str:
    """Full-width letters and digits as the narrow ones; no difference of case."""
    return unicodedata.normalize("NFKC", text).casefold()
