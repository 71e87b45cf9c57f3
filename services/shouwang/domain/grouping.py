"""What belongs together: which alerts are one event, and what in it is news of the place.

Smoke, gas and carbon monoxide spread through a stairwell, so they are one event by unit. A call for help is one
person's, so it is one by dwelling. All else is one by place and rule pack.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from shouwang.domain.alert import AlertClass
from shouwang.domain.place import Place, PlaceKind, ancestors
from shouwang.domain.vocabulary import PlaceId

Places = Mapping[PlaceId, Place]

DETECTORS = frozenset({AlertClass.FIRE, AlertClass.GAS, AlertClass.CO})
"""Classes that detectors raise, and that spread."""

LEVELS = (
    PlaceKind.SUB_DISTRICT,
    PlaceKind.COMMUNITY,
    PlaceKind.COMPOUND,
    PlaceKind.BUILDING,
    PlaceKind.UNIT,
    PlaceKind.FLOOR,
    PlaceKind.DWELLING,
)
"""The full path of a home, from the root."""

Item = TypeVar("Item")


def group_key(klass: AlertClass, place: PlaceId, pack: str, places: Places) -> str:
    """The key by which alerts join an incident. ``pack``: of the rule. ``places``: the directory's."""
    if klass in DETECTORS:
        around = around_of(place, PlaceKind.UNIT, places) or around_of(place, PlaceKind.FLOOR, places) or place
        return f"danger:{around}"
    if klass is AlertClass.EMERGENCY:
        return f"emergency:{around_of(place, PlaceKind.DWELLING, places) or place}"
    return f"{pack}:{place}"


def news_of_place(known: Sequence[PlaceId], place: PlaceId, places: Places) -> list[str]:
    """``floor`` or ``dwelling`` where an event has spread to one that had no part in it yet; else empty."""
    for kind in (PlaceKind.FLOOR, PlaceKind.DWELLING):
        around = around_of(place, kind, places)
        if around is not None and around not in {around_of(one, kind, places) for one in known}:
            return [kind.value]
    return []


def around_of(place: str, kind: PlaceKind, places: Places) -> PlaceId | None:
    """The place itself or its nearest ancestor that is of this kind."""
    return next((around for around in ancestors(place) if kind_of(around, places) is kind), None)


def kind_of(place: str, places: Places) -> PlaceKind | None:
    """As registered; a place that is not follows its nearest registered ancestor down the levels of a home, and a path
    of which nothing is registered is read as a full one."""
    depth = 0
    for around in ancestors(place):
        if (known := places.get(around)) is not None:
            if depth == 0:
                return known.kind
            return _item(LEVELS, LEVELS.index(known.kind) + depth) if known.kind in LEVELS else None
        depth += 1
    return _item(LEVELS, depth - 1)


def _item(items: Sequence[Item], index: int) -> Item | None:
    return items[index] if index < len(items) else None
