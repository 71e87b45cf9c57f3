"""How a silence, maintenance, permit or shelf looks to a caller, and which of them are near a place."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from shouwang.domain.access import Principal
from shouwang.domain.alerting import plan_alert
from shouwang.domain.moment import rfc3339
from shouwang.domain.place import touches
from shouwang.domain.rule import Rule
from shouwang.domain.shift import WEEKDAYS
from shouwang.domain.standing import Change, DeviceFacts, Transition
from shouwang.domain.suppression import Hold, HoldKind, concerns, is_on, is_protected
from shouwang.domain.vocabulary import HOUR, MINUTE, Duration, Instant, PlaceId

from .doors import Window
from .hold_sheets import HoldOut, TriedOut
from .names import Names
from .questions import time
from .schemas import NearPermit

ENDED_AT_MOST = 1_000
"""Holds of one kind among which a past moment is looked for: the newest."""


def hold_out(window: Window, caller: Principal, hold: Hold) -> HoldOut:
    names = Names(window.directory.community(), caller)
    said = (hold.by, hold.ended_by, hold.contact, hold.watcher, *(one.by for one in hold.tried.values()))
    hours = hold.hours
    return HoldOut(
        id=hold.id,
        kind=hold.kind,
        state=_state(window, hold),
        by=hold.by,
        why=hold.why,
        made_at=rfc3339(hold.made_at),
        since=rfc3339(hold.starts_at),
        until=rfc3339(hold.ends_at),
        rules=list(hold.rules),
        devices=list(hold.devices),
        places=list(hold.places),
        where=[names.place(place) for place in hold.places],
        days=[WEEKDAYS[day] for day in hours.days] if hours is not None and hours.days is not None else None,
        hours={"from": _wall(hours.start), "to": _wall(hours.end)} if hours is not None else None,
        alert=hold.alert,
        work=hold.work,
        contact=hold.contact,
        watcher=hold.watcher,
        people={id: names.person(id) for id in said if id},
        ended_at=time(hold.ended_at),
        ended_by=hold.ended_by,
        end_note=hold.end_note,
        untried=list(hold.untried),
        tried=[
            TriedOut(device=device, at=rfc3339(one.at), by=one.by, note=one.note) for device, one in hold.tried.items()
        ],
        revision=hold.revision,
    )


def _state(window: Window, hold: Hold) -> Literal["planned", "on", "paused", "untried", "ended"]:
    now = window.clock.now()
    if hold.ended_at is not None:
        return "untried" if hold.untried else "ended"
    if is_on(hold, now, window.world().book.zone):
        return "on"
    if now >= hold.ends_at:
        return "ended"
    return "planned" if now < hold.starts_at else "paused"


def _wall(since_midnight: Duration) -> str:
    return f"{since_midnight // HOUR:02d}:{since_midnight % HOUR // MINUTE:02d}"


def places_of(window: Window, hold: Hold) -> list[PlaceId]:
    devices = window.directory.community().devices
    return [*hold.places, *(devices[id].place for id in hold.devices if id in devices)]


def is_visible(window: Window, caller: Principal, hold: Hold) -> bool:
    if caller.place is None:
        return True
    return any(touches(place, caller.place) for place in places_of(window, hold))


def permits_near(window: Window, caller: Principal, places: Sequence[str]) -> list[NearPermit]:
    """Permits and maintenance that hold now near these places: at one of them, in it, or in the same unit, so that who
    reads the card of a fire knows of the work next door."""
    now, zone = window.clock.now(), window.world().book.zone
    near = {around for place in places for around in (place, *_around(place))}
    found = [
        hold
        for hold in window.holds.open_holds()
        if hold.kind in (HoldKind.PERMIT, HoldKind.MAINTENANCE)
        and is_on(hold, now, zone)
        and is_visible(window, caller, hold)
        and any(touches(one, place) for one in places_of(window, hold) for place in near)
    ]
    names = Names(window.directory.community(), caller)
    return [
        NearPermit(
            id=hold.id,
            kind=hold.kind.value,
            work=hold.work.value if hold.work is not None else None,
            why=hold.why,
            where=[names.place(place) for place in places_of(window, hold)],
            until=rfc3339(hold.ends_at),
            watcher=hold.watcher,
            watcher_name=names.person(hold.watcher) if hold.watcher else "",
            contact=hold.contact,
            contact_name=names.person(hold.contact) if hold.contact else "",
        )
        for hold in found
    ]


def holds_of(
    window: Window, caller: Principal, rule: Rule, facts: DeviceFacts, subject: str | None, now: Instant
) -> list[HoldOut]:
    """What would change how an alert of this rule is told, were it raised ``now``; or would have, at a past moment."""
    zone = window.world().book.zone
    raised = Transition(
        rule=rule.id, subject=subject or facts.device, change=Change.RAISED, severity=rule.severity, at=now
    )
    planned = plan_alert(None, rule, raised, facts, received_at=now, now=now)
    if planned is None:
        return []
    alert, _ = planned
    return [
        hold_out(window, caller, hold)
        for hold in _known_at(window, now)
        if hold.kind is not HoldKind.SHELF
        and hold.made_at <= now
        and is_on(_as_at(hold, now), now, zone)
        and concerns(hold, alert)
        and not (hold.kind is HoldKind.SILENCE and is_protected(alert))
        and is_visible(window, caller, hold)
    ]


def _known_at(window: Window, now: Instant) -> list[Hold]:
    """Holds that may have held at a moment: those in force, and of a past one those that have ended since."""
    if now >= window.clock.now():
        return window.holds.open_holds()
    kinds = (HoldKind.SILENCE, HoldKind.MAINTENANCE, HoldKind.PERMIT)
    return [hold for kind in kinds for hold in window.holds.holds(kind, ended=True, after=None, limit=ENDED_AT_MOST)]


def _as_at(hold: Hold, now: Instant) -> Hold:
    """Not yet ended, and not yet resumed, where that came later."""
    is_later = hold.ended_at is not None and hold.ended_at > now
    return msgspec.structs.replace(
        hold,
        ended_at=None if is_later else hold.ended_at,
        resumes_at=hold.resumes_at if hold.resumes_at <= now else 0,
    )


def _around(place: str) -> list[str]:
    """Two levels up: from a dwelling to its unit."""
    above = place.split("/")
    return ["/".join(above[:-level]) for level in (1, 2) if len(above) - level >= 4]
