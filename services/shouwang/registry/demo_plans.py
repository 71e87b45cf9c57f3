"""Plans of the demo compound: our own drawings of its ground and of one floor, with its devices where they hang."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from shouwang.domain.community import Community
from shouwang.domain.picture import Picture, read_picture
from shouwang.domain.place import Device, PlaceKind, is_within
from shouwang.domain.plan import Plan, Spot
from shouwang.domain.vocabulary import Instant, PlaceId

BY = "demo"

SITE, FLOOR = Path(__file__).with_name("demo-site.svg"), Path(__file__).with_name("demo-floor.svg")

_UNIT_CORNERS: Mapping[str, tuple[float, float]] = {
    "b1/u1": (110, 90),
    "b1/u2": (330, 90),
    "b2/u1": (650, 90),
    "b2/u2": (870, 90),
    "b3/u1": (110, 430),
    "b3/u2": (330, 430),
}
"""On the ground of 1200 by 800; a unit is 220 wide and 190 deep, its floors stand side by side, its homes behind each
other."""

_BESIDE: Mapping[str, tuple[float, float]] = {"smoke": (0, 0), "gas": (11, 13), "leak": (11, 13), "sos": (-11, 13)}

_ROOMS: Mapping[str, tuple[float, float]] = {
    "01-smoke": (0.12, 0.15),
    "01-gas": (0.19, 0.33),
    "01-sos": (0.12, 0.84),
    "02-smoke": (0.88, 0.15),
    "02-leak": (0.68, 0.33),
}
"""On the floor of 1000 by 600."""

_DRAWN_FLOORS = ("b3/u2/f5", "b3/u2/f6")
"""Where the demo's scenes burn."""


def demo_plans(community: Community, now: Instant) -> Iterator[tuple[Plan, bytes, list[Spot]]]:
    """Each plan with its picture and the spots on it."""
    compound = next(one.id for one in community.places.values() if one.kind is PlaceKind.COMPOUND)
    yield _plan(compound, SITE, [*_on_ground(community, compound, now)], now)
    for path in _DRAWN_FLOORS:
        floor = PlaceId(f"{compound}/{path}")
        yield _plan(floor, FLOOR, [*_on_floor(community, floor, now)], now)


def _plan(place: PlaceId, file: Path, spots: list[Spot], now: Instant) -> tuple[Plan, bytes, list[Spot]]:
    picture = read_picture(file.read_bytes())
    assert isinstance(picture, Picture), picture
    plan = Plan(
        place=place,
        picture="",
        type=picture.type,
        width=picture.width,
        height=picture.height,
        size=len(picture.content),
        at=now,
        by=BY,
    )
    return plan, picture.content, spots


def _on_ground(community: Community, compound: PlaceId, now: Instant) -> Iterator[Spot]:
    for device in community.devices.values():
        inside = device.place.removeprefix(f"{compound}/").split("/")
        corner = _UNIT_CORNERS.get("/".join(inside[:2]))
        if corner is None:
            continue
        x, y = corner
        if len(inside) == 2:
            yield _spot(compound, device, (x + 110) / 1200, (y + 190) / 800, now)
            continue
        floor, home = int(inside[2].removeprefix("f")), int(inside[3]) % 100
        aside, behind = _BESIDE.get(device.id.rpartition("-")[2], (0, 0))
        across, along = x + 27 + 33 * (floor - 1) + aside, y + 58 + 62 * (home - 1) + behind
        yield _spot(compound, device, across / 1200, along / 800, now)


def _on_floor(community: Community, floor: PlaceId, now: Instant) -> Iterator[Spot]:
    for device in community.devices.values():
        at = _ROOMS.get(_room_of(device))
        if at is not None and is_within(device.place, floor):
            yield _spot(floor, device, *at, now)


def _room_of(device: Device) -> str:
    return f"{device.place[-2:]}-{device.id.rpartition('-')[2]}"


def _spot(place: PlaceId, device: Device, x: float, y: float, now: Instant) -> Spot:
    return Spot(place=place, device=device.id, x=round(x, 4), y=round(y, 4), at=now, by=BY)
