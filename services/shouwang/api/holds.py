"""暂停通知、维保、动火与装修许可: silences, maintenance and work permits, each an act of its own."""

from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query

from shouwang.domain.access import Act, Principal
from shouwang.domain.errors import ConfigError
from shouwang.domain.shift import wall_clock, weekday
from shouwang.domain.suppression import Hold, HoldKind
from shouwang.domain.vocabulary import DAY, DeviceId, Duration, Instant, PersonId, PlaceId
from shouwang.domain.wallclock import Hours

from .access import Caller, allow, allow_over
from .doors import TheWindow, Window
from .hold_sheets import HoldOut, MaintenanceIn, PermitIn, ScopeIn, SilenceIn, TriedIn, UntilIn
from .hold_views import hold_out, is_visible, places_of
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut, mark_of
from .problems import invalid, not_found
from .questions import duration_of, instant_of
from .schemas import Nothing

router = APIRouter(tags=["holds"])

HoldRef = Annotated[str, Path(max_length=200)]
Ended = Annotated[bool, Query(description="Also those that are over.")]


@router.get("/silences")
def list_silences(
    window: TheWindow, caller: Caller, ended: Ended = True, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[HoldOut]:
    """Newest first."""
    return _page(window, caller, HoldKind.SILENCE, ended, limit, cursor)


@router.post("/silences", status_code=201)
def silence(window: TheWindow, caller: Caller, body: SilenceIn) -> HoldOut:
    """Mutes notices of what matches; the alerts themselves live on. 409 where it would hold everything, or too long
    (7 days)."""
    return _begin(window, caller, _wished(window, caller, HoldKind.SILENCE, body))


@router.get("/silences/{hold_id}")
def get_silence(window: TheWindow, caller: Caller, hold_id: HoldRef) -> HoldOut:
    return hold_out(window, caller, _known(window, caller, hold_id, HoldKind.SILENCE))


@router.delete("/silences/{hold_id}", status_code=204)
def end_silence(window: TheWindow, caller: Caller, hold_id: HoldRef, body: Nothing | None = None) -> None:
    """Now. What is still true is told at once."""
    _end(window, caller, hold_id, HoldKind.SILENCE, body)


@router.get("/maintenance")
def list_maintenance(
    window: TheWindow, caller: Caller, ended: Ended = True, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[HoldOut]:
    """Newest first."""
    return _page(window, caller, HoldKind.MAINTENANCE, ended, limit, cursor)


@router.post("/maintenance", status_code=201)
def maintain(window: TheWindow, caller: Caller, body: MaintenanceIn) -> HoldOut:
    """Devices or places, at most 30 days. Lesser alerts of them are out of service; danger to life goes to the watcher
    and the desk at once, and to everybody else a minute later unless one of the two has it."""
    wished = _wished(window, caller, HoldKind.MAINTENANCE, body)
    watcher = PersonId(body.watcher) if body.watcher else None
    return _begin(window, caller, msgspec.structs.replace(wished, watcher=watcher))


@router.get("/maintenance/{hold_id}")
def get_maintenance(window: TheWindow, caller: Caller, hold_id: HoldRef) -> HoldOut:
    return hold_out(window, caller, _known(window, caller, hold_id, HoldKind.MAINTENANCE))


@router.delete("/maintenance/{hold_id}", status_code=204)
def end_maintenance(window: TheWindow, caller: Caller, hold_id: HoldRef, body: Nothing | None = None) -> None:
    """Now. What is still true is told at once."""
    _end(window, caller, hold_id, HoldKind.MAINTENANCE, body)


@router.get("/permits")
def list_permits(
    window: TheWindow, caller: Caller, ended: Ended = True, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[HoldOut]:
    """Newest first."""
    return _page(window, caller, HoldKind.PERMIT, ended, limit, cursor)


@router.post("/permits", status_code=201)
def permit(window: TheWindow, caller: Caller, body: PermitIn) -> HoldOut:
    """For the rooms in which the work is done, no wider. Smoke there goes to the watcher and the desk at once, and to
    everybody else a minute later unless one of the two has it; what burns next door goes to everybody."""
    wished = _wished(window, caller, HoldKind.PERMIT, body)
    contact = PersonId(body.contact) if body.contact else None
    return _begin(
        window,
        caller,
        msgspec.structs.replace(
            wished, work=body.work, hours=_hours(body), contact=contact, watcher=PersonId(body.watcher)
        ),
    )


@router.get("/permits/{hold_id}")
def get_permit(window: TheWindow, caller: Caller, hold_id: HoldRef) -> HoldOut:
    return hold_out(window, caller, _known(window, caller, hold_id, HoldKind.PERMIT))


@router.delete("/permits/{hold_id}", status_code=204)
def end_permit(window: TheWindow, caller: Caller, hold_id: HoldRef, body: Nothing | None = None) -> None:
    """Now. Every smoke and heat detector of its rooms is to be uncovered and tried."""
    _end(window, caller, hold_id, HoldKind.PERMIT, body)


@router.post("/permits/{hold_id}/tried")
def note_try(window: TheWindow, caller: Caller, hold_id: HoldRef, body: TriedIn) -> HoldOut:
    """A detector was uncovered and tried by hand after the work. One that alarmed since needs no word."""
    hold = _known(window, caller, hold_id, HoldKind.PERMIT)
    _allow(caller, window, hold)
    done = window.holding.tried(hold.id, DeviceId(body.device), actor=caller.actor, note=body.note or "")
    return hold_out(window, caller, done)


def until_of(body: UntilIn, since: Instant) -> Instant:
    """When it ends. Raises Problem."""
    if (body.until is None) == (body.lasts is None):
        raise invalid("body/until", "one of until and lasts is needed, and not both")
    until = instant_of(body.until, "body/until")
    return until if until is not None else since + (duration_of(body.lasts, "body/lasts") or 0)


def _wished(window: Window, caller: Principal, kind: HoldKind, body: ScopeIn) -> Hold:
    now = window.clock.now()
    since = max(instant_of(body.since, "body/from") or now, now)
    return Hold(
        id="",
        kind=kind,
        by=caller.actor,
        why=body.why,
        made_at=now,
        starts_at=since,
        ends_at=until_of(body, since),
        rules=list(dict.fromkeys(body.rules)),
        devices=[DeviceId(id) for id in dict.fromkeys(body.devices)],
        places=[PlaceId(place.strip("/")) for place in dict.fromkeys(body.places)],
    )


def _hours(body: PermitIn) -> Hours | None:
    if body.hours is None and body.days is None:
        return None
    days = tuple(sorted(weekday(day) for day in body.days)) if body.days is not None else None
    if body.hours is None:
        return Hours(0, DAY, days)
    try:
        return Hours(_clock(body.hours.start), _clock(body.hours.end), days)
    except ConfigError as error:
        raise invalid("body/hours", str(error)) from None


def _clock(text: str) -> Duration:
    return wall_clock(text) // timedelta(microseconds=1)


def _begin(window: Window, caller: Principal, hold: Hold) -> HoldOut:
    _allow(caller, window, hold)
    return hold_out(window, caller, window.holding.begin(hold))


def _end(window: Window, caller: Principal, id: str, kind: HoldKind, body: Nothing | None) -> None:
    hold = _known(window, caller, id, kind)
    _allow(caller, window, hold)
    window.holding.end(hold.id, actor=caller.actor, note=(body.note or "") if body else "")


def _allow(caller: Principal, window: Window, hold: Hold) -> None:
    allow_over(caller, Act.HOLD, places_of(window, hold))


def _known(window: Window, caller: Principal, id: str, kind: HoldKind) -> Hold:
    allow(caller, Act.READ)
    hold = window.holds.hold(id)
    if hold is None or hold.kind is not kind or not is_visible(window, caller, hold):
        raise not_found(kind.value, id)
    return hold


def _page(
    window: Window, caller: Principal, kind: HoldKind, ended: bool, limit: int, cursor: str | None
) -> Page[HoldOut]:
    allow(caller, Act.READ)
    rows = window.holds.holds(kind, ended=ended, after=mark_of(cursor), limit=limit + 1)
    page, following = cut(rows, limit, lambda hold: (hold.made_at, hold.id))
    return Page(
        items=[hold_out(window, caller, hold) for hold in page if is_visible(window, caller, hold)], next=following
    )
