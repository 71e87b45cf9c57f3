"""The tree of places, and what a device, a profile's kind and a place mean to each other."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from shouwang.domain.vocabulary import DeviceId, Instant, Life, PlaceId, Value


class PlaceKind(StrEnum):
    SUB_DISTRICT = "sub_district"
    COMMUNITY = "community"
    COMPOUND = "compound"
    BUILDING = "building"
    UNIT = "unit"
    FLOOR = "floor"
    DWELLING = "dwelling"
    AREA = "area"
    SHOP = "shop"
    GARAGE = "garage"
    FIRE_COMPARTMENT = "fire_compartment"


COMPOUND_DEPTH = 3
"""Levels of a place's path down to its compound."""


class Place(Value, frozen=True, kw_only=True):
    """A node of the tree; its id is its path, so its ancestors are its prefixes."""

    id: PlaceId
    kind: PlaceKind
    name: str = ""
    tags: list[str] = msgspec.field(default_factory=list)
    """Of a dwelling: what holds for all that is in it, for scopes of rules (``care:alone``, ``care:consent``)."""


class Trial(Value, frozen=True, kw_only=True):
    """Why a device is not in service: commissioning or a test that somebody began. ``until``: when it ends by itself.
    ``back``: the life to which a test returns."""

    by: str
    at: Instant
    until: Instant | None = None
    back: Life = Life.IN_SERVICE
    note: str = ""


class Device(Value, frozen=True, kw_only=True):
    """A registered sensor. ``address`` is ``<family>:<identity as decode prints it>``."""

    id: DeviceId
    profile: str
    address: str
    place: PlaceId
    life: Life = Life.IN_SERVICE
    tags: list[str] = msgspec.field(default_factory=list)
    name: str = ""
    note: str = ""
    trial: Trial | None = None
    replaces: DeviceId | None = None
    """Whose place it took 换机; the history of both is the history of the place."""
    gateway: DeviceId | None = None
    """Behind which it is heard; None: the only registered gateway of its family, where there is just one."""


def ancestors(place: str) -> Iterator[PlaceId]:
    """The place itself, then each ancestor up to the root: ``a/b/c``, ``a/b``, ``a``."""
    while place:
        yield PlaceId(place)
        place = place.rpartition("/")[0]


def compound_of(place: str) -> str:
    """The path of its compound: those who live there share guards, desk and storms. What is above stands for itself."""
    return "/".join(place.split("/", COMPOUND_DEPTH)[:COMPOUND_DEPTH])


def is_within(place: str, ancestor: str) -> bool:
    """True for the place itself and all below it."""
    return place == ancestor or place.startswith(ancestor + "/")


def touches(place: str, other: str) -> bool:
    """One of them lies within the other."""
    return is_within(place, other) or is_within(other, place)
