"""平面图: the picture of a place, and where on it devices stand, each changeable alone."""

from collections.abc import Sequence
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request, Response

from shouwang.domain.access import Act, Principal
from shouwang.domain.community import Community
from shouwang.domain.journal import Entry
from shouwang.domain.picture import Unfit, read_picture
from shouwang.domain.place import Place, PlaceKind, is_within
from shouwang.domain.plan import Plan, Spot, belongs_on, nearest_plan, shown_spots
from shouwang.domain.vocabulary import DeviceId, Kind, PlaceId

from .access import Caller, allow
from .doors import Plans, TheWindow, Window
from .etags import IfMatch, etag, require_match
from .names import place_names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_name
from .plan_sheets import PlanOut, PlanWithSpotsOut, SpotIn, SpotOut
from .problems import Code, Problem, invalid, not_found
from .questions import Within, subtrees, time

router = APIRouter(tags=["plans"])

PlaceRef = Annotated[str, Path(max_length=500)]
DeviceRef = Annotated[str, Path(max_length=300)]

PICTURE = {
    # Opened by itself it is a page of nobody's: nothing in it runs or loads.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    "Content-Disposition": 'inline; filename="plan"',
}


@router.get("/plans")
def list_plans(
    window: TheWindow, caller: Caller, place: Within = None, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[PlanOut]:
    """Of all places that have one, in order of their paths."""
    allow(caller, Act.READ)
    doors = _doors(window)
    community = window.directory.community()
    inside = subtrees(caller, place)
    rows = [
        one
        for one in doors.plans().values()
        if one.place in community.places and all(is_within(one.place, at) for at in inside)
    ]
    page, following = cut_by_name(rows, limit, cursor, lambda one: one.place)
    return Page(items=[_plan_out(community, one, _shown(doors, community, one)) for one in page], next=following)


@router.get("/places/{place_id:path}/plan/picture")
def get_picture(
    window: TheWindow,
    caller: Caller,
    place_id: PlaceRef,
    picture: Annotated[str, Query(max_length=64, description="The newest `picture` that you know of.")] = "",
) -> Response:
    """The picture itself. Its address with `picture` may be kept by a browser for as long as it likes."""
    plan = _known(window, caller, place_id)
    content = _doors(window).picture(plan.picture)
    if content is None:
        raise not_found("picture of the plan of", place_id)
    lasting = picture == plan.picture
    cache = "private, max-age=31536000, immutable" if lasting else "private, no-cache"
    headers = {**PICTURE, "Cache-Control": cache, "ETag": f'"{plan.picture[:20]}"'}
    return Response(content, media_type=plan.type, headers=headers)


@router.get("/places/{place_id:path}/plan")
def get_plan(
    window: TheWindow,
    caller: Caller,
    place_id: PlaceRef,
    response: Response,
    nearest: Annotated[
        bool, Query(description="Where the place has none, that of the nearest place around it.")
    ] = False,
) -> PlanWithSpotsOut:
    """The plan with every spot. 404 where the place has none: PUT the picture here."""
    if nearest:
        allow(caller, Act.READ, _place(window, caller, place_id).id)
        allowed = {
            at: one for at, one in _doors(window).plans().items() if caller.place is None or is_within(at, caller.place)
        }
        plan = nearest_plan(place_id, allowed)
        if plan is None:
            raise not_found("plan of a place around", place_id)
    else:
        plan = _known(window, caller, place_id)
    response.headers["ETag"] = etag(plan)
    return _whole(window, plan)


@router.put(
    "/places/{place_id:path}/plan",
    openapi_extra={
        "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def put_plan(
    request: Request,
    window: TheWindow,
    caller: Caller,
    place_id: PlaceRef,
    response: Response,
    if_match: IfMatch = None,
) -> PlanWithSpotsOut:
    """The picture as the body: PNG, JPEG, WebP or SVG, at most 8 MiB; its type is read from its content, and of a
    drawing (SVG) only what draws is kept. A new picture keeps the spots, which are fractions of it."""
    content: bytes = await request.body()
    return await run_sync(_draw, window, caller, place_id, content, if_match, response)


@router.delete("/places/{place_id:path}/plan", status_code=204)
def remove_plan(window: TheWindow, caller: Caller, place_id: PlaceRef, if_match: IfMatch = None) -> None:
    """With its spots."""
    plan = _known(window, caller, place_id)
    allow(caller, Act.CHANGE_DEVICES, plan.place)
    require_match(if_match, etag(plan))
    _doors(window).remove(plan.place, _entry(window, caller, "plan.removed", plan.place))
    window.tail.wake()


@router.put("/places/{place_id:path}/plan/devices/{device_id:path}")
def place_device(window: TheWindow, caller: Caller, place_id: PlaceRef, device_id: DeviceRef, body: SpotIn) -> SpotOut:
    """Where a device stands on the plan; it changes this device alone."""
    plan = _known(window, caller, place_id)
    allow(caller, Act.CHANGE_DEVICES, plan.place)
    community = window.directory.community()
    device = community.devices.get(DeviceId(device_id))
    if device is None or not is_within(device.place, plan.place):
        raise not_found(f"device within {plan.place}:", device_id)
    if not belongs_on(device, plan.place):
        raise Problem(Code.CONFLICT, f"device {device_id!r} is retired; it stands nowhere")
    doors = _doors(window)
    spot = Spot(place=plan.place, device=device.id, x=body.x, y=body.y, at=window.clock.now(), by=caller.actor)
    known = doors.spot(plan.place, device.id)
    if known is not None and (known.x, known.y) == (spot.x, spot.y):
        return _spot_out(window, community, known)
    entry = _entry(window, caller, "plan.placed", plan.place, device.id, x=spot.x, y=spot.y)
    doors.put([spot], [entry])
    window.tail.wake()
    return _spot_out(window, community, spot)


@router.delete("/places/{place_id:path}/plan/devices/{device_id:path}", status_code=204)
def lift_device(window: TheWindow, caller: Caller, place_id: PlaceRef, device_id: DeviceRef) -> None:
    """Takes it off the plan; the device itself stays as it is."""
    plan = _known(window, caller, place_id)
    allow(caller, Act.CHANGE_DEVICES, plan.place)
    entry = _entry(window, caller, "plan.lifted", plan.place, DeviceId(device_id))
    if not _doors(window).lift(plan.place, DeviceId(device_id), entry):
        raise not_found(f"spot on the plan of {plan.place} for", device_id)
    window.tail.wake()


def _draw(
    window: Window, caller: Principal, place_id: str, content: bytes, if_match: str | None, response: Response
) -> PlanWithSpotsOut:
    place = _place(window, caller, place_id)
    allow(caller, Act.CHANGE_DEVICES, place.id)
    doors = _doors(window)
    before = doors.plan(place.id)
    if before is not None or if_match is not None:
        require_match(if_match, etag(before) if before is not None else '""')
    picture = read_picture(content)
    if isinstance(picture, Unfit):
        raise invalid("body", f"the picture {picture.reason}" if content else "is empty; expected a picture")
    plan = Plan(
        place=place.id,
        picture="",
        type=picture.type,
        width=picture.width,
        height=picture.height,
        size=len(picture.content),
        at=window.clock.now(),
        by=caller.actor,
    )
    entry = _entry(window, caller, "plan.drawn", place.id, type=plan.type, size=plan.size)
    plan = doors.draw(plan, picture.content, entry)
    window.tail.wake()
    response.headers["ETag"] = etag(plan)
    drawn = _whole(window, plan)
    drawn.left_out = picture.left_out
    return drawn


def _doors(window: Window) -> Plans:
    if window.plans is None:
        raise Problem(Code.UNAVAILABLE, "this installation keeps no plans")
    return window.plans


def _place(window: Window, caller: Principal, place_id: str) -> Place:
    place = window.directory.community().places.get(PlaceId(place_id))
    if place is None:
        raise not_found("place", place_id)
    allow(caller, Act.READ, place.id)
    return place


def _known(window: Window, caller: Principal, place_id: str) -> Plan:
    place = _place(window, caller, place_id)
    plan = _doors(window).plan(place.id)
    if plan is None:
        raise not_found("plan of", place_id)
    return plan


def _entry(
    window: Window, caller: Principal, kind: str, place: PlaceId, device: DeviceId | None = None, **body: object
) -> Entry:
    return Entry(at=window.clock.now(), kind=kind, actor=caller.actor, place=place, device=device, body=body)


def _shown(doors: Plans, community: Community, plan: Plan) -> list[Spot]:
    return shown_spots(doors.spots(plan.place), community.devices, plan.place)


def _whole(window: Window, plan: Plan) -> PlanWithSpotsOut:
    community = window.directory.community()
    spots = _shown(_doors(window), community, plan)
    belonging = sum(belongs_on(one, plan.place) for one in community.devices.values())
    return PlanWithSpotsOut(
        **_plan_out(community, plan, spots).model_dump(),
        spots=[_spot_out(window, community, one) for one in spots],
        unplaced=belonging - len(spots),
    )


def _plan_out(community: Community, plan: Plan, spots: Sequence[Spot]) -> PlanOut:
    place = community.places.get(plan.place)
    return PlanOut(
        place=plan.place,
        kind=place.kind if place is not None else PlaceKind.AREA,
        where=place_names(community, plan.place),
        picture=plan.picture,
        type=plan.type,
        width=plan.width,
        height=plan.height,
        size=plan.size,
        at=time(plan.at) or "",
        by=plan.by,
        placed=len(spots),
    )


def _spot_out(window: Window, community: Community, spot: Spot) -> SpotOut:
    device = community.devices[spot.device]
    profile = window.profiles().get(device.profile)
    return SpotOut(
        device=device.id,
        kind=profile.kind if profile is not None else Kind.OTHER,
        name=device.name,
        place=device.place,
        where=place_names(community, device.place),
        x=spot.x,
        y=spot.y,
        at=time(spot.at) or "",
        by=spot.by,
    )
