"""What was: readings of a device, and deliveries."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from shouwang.domain.access import Act, Principal
from shouwang.domain.board import DeliveryQuery
from shouwang.domain.moment import rfc3339
from shouwang.domain.notice import DeliveryState
from shouwang.domain.vocabulary import DAY, MINUTE, DeviceId, Duration, Instant
from shouwang.ports import Point, ReadingStore

from .access import Caller, allow, allow_strays
from .cases import delivery_out
from .doors import TheWindow, Window
from .names import Names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut, mark_of
from .problems import invalid, not_found
from .questions import Several, When, Within, duration_of, instant_of, subtrees, words
from .schemas import DeliveryOut
from .sheets import IntervalOut, PointOut

router = APIRouter(tags=["history"])

FIRST_LOOK: Duration = 10 * MINUTE
"""How far back the first look for newest readings goes; each further look goes four times as far."""
POINTS_A_LOOK = 10_000

Every = Annotated[str | None, Query(max_length=20, description="Aggregate over intervals: 10m, 1h, 1d.")]


@router.get("/devices/{device_id:path}/readings")
def list_readings(
    window: TheWindow,
    caller: Caller,
    device_id: Annotated[str, Path(max_length=300)],
    metric: Annotated[str | None, Query(max_length=60)] = None,
    start: Annotated[When, Query(alias="from")] = None,
    end: Annotated[When, Query(alias="to")] = None,
    every: Every = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[PointOut] | Page[IntervalOut]:
    """Newest first, `from` ≤ measured < `to`. `from`: 24 h before `to`; `to`: now. With `every`: one item for each
    interval that has readings, aligned to UTC."""
    _require_known(window, caller, device_id)
    step = duration_of(every, "query/every")
    until = instant_of(end, "query/to")
    until = window.clock.now() + 1 if until is None else until
    since = instant_of(start, "query/from")
    since = until - DAY if since is None else since
    if since >= until:
        raise invalid("query/from", "is not before `to`")
    after = mark_of(cursor)
    if after is not None:
        # The page before may have ended between points of one instant (or one interval): read that one again whole.
        until = min(until, after[0] + (step or 1))
    points = newest_points(window.readings, DeviceId(device_id), metric, since, until, step, limit + 1, after)
    page, following = cut(points, limit, _key)
    if step is None:
        return Page[PointOut](items=[_point_out(point) for point in page], next=following)
    return Page[IntervalOut](items=[_interval_out(point) for point in page], next=following)


@router.get("/deliveries")
def list_deliveries(
    window: TheWindow,
    caller: Caller,
    state: Several = None,
    incident: Annotated[str | None, Query(max_length=200)] = None,
    person: Annotated[str | None, Query(max_length=200)] = None,
    place: Within = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[DeliveryOut]:
    """送达, newest first: who was told on which channel, and how far it came."""
    allow(caller, Act.READ)
    query = DeliveryQuery(
        states=frozenset(words(state, DeliveryState, "query/state")),
        incident=incident,
        person=person,
        places=subtrees(caller, place),
    )
    rows = window.board.deliveries(query, mark_of(cursor), limit + 1)
    page, following = cut(rows, limit, lambda one: (one.created_at, one.key))
    names = Names(window.directory.community(), caller)
    return Page(items=[delivery_out(one, names) for one in page], next=following)


def newest_points(
    store: ReadingStore,
    device: DeviceId,
    metric: str | None,
    start: Instant,
    end: Instant,
    every: Duration | None,
    limit: int,
    after: tuple[Instant, str] | None,
) -> list[Point]:
    """At most ``limit`` points, newest first, beyond the mark ``after``. The store reads forward, so this looks at ever
    larger spans back from the end, until the page is full or the start is reached."""
    found: list[Point] = []
    upper, span = end, max(FIRST_LOOK, 10 * (every or 0))
    while upper > start and len(found) < limit:
        lower = _aligned(max(start, upper - span), start, every)
        points = store.read(device, metric, lower, upper, every=every, limit=POINTS_A_LOOK)
        if len(points) >= POINTS_A_LOOK and upper - lower > (every or 1):
            span = max((upper - lower) // 8, every or 1)
            continue
        points.sort(key=_key, reverse=True)
        found.extend(point for point in points if after is None or _key(point) < after)
        upper, span = lower, span * 4
    return found[:limit]


def _aligned(lower: Instant, start: Instant, every: Duration | None) -> Instant:
    """A look that ends inside an interval would cut it in two."""
    return max(start, lower - lower % every) if every else lower


def _key(point: Point) -> tuple[Instant, str]:
    return point.at, f"{point.metric}@{point.part}"


def _require_known(window: Window, caller: Principal, device_id: str) -> None:
    device = window.directory.community().devices.get(DeviceId(device_id))
    if device is not None:
        allow(caller, Act.READ, device.place)
        return
    if window.board.stray_device(device_id) is None:
        raise not_found("device", device_id)
    allow_strays(caller)


def _point_out(point: Point) -> PointOut:
    return PointOut(
        at=rfc3339(point.at),
        metric=point.metric,
        value=point.value,
        part=point.part or None,
        late=True if point.late else None,
    )


def _interval_out(point: Point) -> IntervalOut:
    return IntervalOut(
        at=rfc3339(point.at),
        metric=point.metric,
        part=point.part or None,
        count=point.count,
        min=point.min,
        max=point.max,
        mean=point.mean,
        last=point.last,
    )
