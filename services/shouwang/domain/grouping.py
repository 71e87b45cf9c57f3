"""What belongs together: which alerts are one event, and what in it is news of the place.

Smoke, gas and carbon monoxide spread through a stairwell, so they are one event by unit. A call for help is one
person's, so it is one by dwelling. Devices of a building that fail together have one cause (a power cut, a gateway), so
they are one by building for a quarter of an hour; later ones are another. All else is one by place and rule pack.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from shouwang.domain.alert import AlertClass
from shouwang.domain.place import Place, PlaceKind, ancestors, is_within
from shouwang.domain.vocabulary import MINUTE, Duration, Instant, PlaceId

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

HEALTH = "device-health"
"""The rule pack whose faults are of devices themselves, not of what they watch."""

TOGETHER: Duration = 15 * MINUTE
"""Faults of one building that come within this of the first are one event."""

MASS = 5
"""From so many devices on, faults of one building are said to be many, once."""

MASS_TITLE = {"zh": "多台设备同时失联或故障", "en": "Many devices failed together"}

Item = TypeVar("Item")


def group_key(klass: AlertClass, place: PlaceId, pack: str, places: Places) -> str:
    """The key by which alerts join an incident. ``pack``: of the rule. ``places``: the directory's."""
    if klass in DETECTORS:
        around = around_of(place, PlaceKind.UNIT, places) or around_of(place, PlaceKind.FLOOR, places) or place
        return f"danger:{around}"
    if klass is AlertClass.FAULT and pack == HEALTH:
        return f"{pack}:{around_of(place, PlaceKind.BUILDING, places) or place}"
    if klass is AlertClass.EMERGENCY:
        return f"emergency:{around_of(place, PlaceKind.DWELLING, places) or place}"
    return f"{pack}:{place}"


def is_another_event(group: str, opened_at: Instant, now: Instant) -> bool:
    """A device that fails long after those of its building is no part of what happened to them."""
    return is_of_building(group) and now - opened_at > TOGETHER


def is_of_building(group: str) -> bool:
    """The group gathers devices of one building that fail together."""
    return group.startswith(f"{HEALTH}:")


def news_of_place(known: Sequence[PlaceId], place: PlaceId, places: Places) -> list[str]:
    """``floor`` or ``dwelling`` where an event has spread to one that had no part in it yet; else empty."""
    for kind in (PlaceKind.FLOOR, PlaceKind.DWELLING):
        around = around_of(place, kind, places)
        if around is not None and not any(
            is_within(one, around) and around_of(one, kind, places) == around for one in known
        ):
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
