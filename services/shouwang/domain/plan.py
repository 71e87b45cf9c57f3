"""平面图: a picture of a place, and where on it devices stand.

A picture belongs to one place and shows all that is within it. A spot is a fraction of the picture's width and height,
so that a sharper picture of the same view keeps every spot. Spots are facts about the picture, not about the device:
one device may have a spot on the plan of its floor and another on that of the compound.
"""

from collections.abc import Mapping, Sequence

from shouwang.domain.place import Device, ancestors, is_within
from shouwang.domain.vocabulary import DeviceId, Instant, Life, PlaceId, Value


class Plan(Value, frozen=True, kw_only=True):
    """``picture`` names its content; ``type`` was found in it. ``width`` and ``height`` in pixels."""

    place: PlaceId
    picture: str
    type: str
    width: int
    height: int
    size: int
    at: Instant
    by: str


class Spot(Value, frozen=True, kw_only=True):
    """``x`` from the left and ``y`` from the top, 0 to 1."""

    place: PlaceId
    device: DeviceId
    x: float
    y: float
    at: Instant
    by: str


def belongs_on(device: Device | None, place: str) -> bool:
    """Whether a device may stand on the plan of a place: it is registered within it, and not retired."""
    return device is not None and device.life is not Life.RETIRED and is_within(device.place, place)


def shown_spots(spots: Sequence[Spot], devices: Mapping[DeviceId, Device], place: str) -> list[Spot]:
    """Spots of devices that still belong there: one that was moved elsewhere is not shown where it is not."""
    return [one for one in spots if belongs_on(devices.get(one.device), place)]


def nearest_plan(place: str, plans: Mapping[PlaceId, Plan]) -> Plan | None:
    """The plan of the place itself, else of the nearest place that it lies in."""
    return next((plans[at] for at in ancestors(place) if at in plans), None)
