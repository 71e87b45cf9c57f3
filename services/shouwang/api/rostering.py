"""排班: rosters changed and read forwards; overrides, swaps with consent, leave, the morning card, calendar feeds."""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Response

from shouwang.domain.access import Act, Principal, Role
from shouwang.domain.belonging import places_of
from shouwang.domain.community import Community
from shouwang.domain.duty import Absence, Person
from shouwang.domain.journal import Entry
from shouwang.domain.moment import moment, rfc3339
from shouwang.domain.roster import Override, Roster, Rotation, Shift, Swap
from shouwang.domain.rostering import (
    absence_faults,
    answer_swap,
    duties_of,
    override_faults,
    override_id,
    roster_faults,
    swap_faults,
    watches,
    with_absence,
    with_override,
    without_override,
)
from shouwang.domain.shift import timezone
from shouwang.domain.vocabulary import DAY, Instant, PersonId

from .access import Caller, allow, allow_over
from .coverage import gap_out
from .directory import roster_out
from .doors import TheWindow, Window
from .names import Names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_name
from .problems import Code, FieldError, Problem, invalid, not_found
from .questions import When, instant_of
from .roster_sheets import (
    AbsenceIn,
    DutyCardOut,
    FeedOut,
    OverrideIn,
    OverrideMade,
    RosterIn,
    SwapIn,
    SwapOut,
    WatchOut,
    WatchPerson,
)
from .seen import is_case_seen, is_gap_seen, roster_seen, rosters_seen
from .sheets import RosterOut

router = APIRouter(tags=["directory"])
feeds = APIRouter(tags=["directory"])
"""Outside the API's path: what a calendar program fetches, without a bearer."""

Ref = Annotated[str, Path(max_length=200)]
Days = Annotated[int, Query(ge=1, le=31, description="From now, or from `from`.")]

FEED_BACK, FEED_AHEAD = 7 * DAY, 60 * DAY


@router.put("/rosters/{roster_id}")
def put_roster(window: TheWindow, caller: Caller, roster_id: Ref, body: RosterIn) -> RosterOut:
    """A roster whole, as in the community file; its overrides stay unless they are given."""
    community = window.directory.community()
    known, roster = community.rosters.get(roster_id), sent_roster(community, roster_id, body)
    allow_rosters(caller, community, *([known] if known else []), roster)
    refuse(roster_faults(roster, community), "body")
    _change(window, caller, [roster], "roster.changed" if known else "roster.added", roster=roster_id)
    return roster_out(roster)


@router.delete("/rosters/{roster_id}", status_code=204)
def delete_roster(window: TheWindow, caller: Caller, roster_id: Ref) -> None:
    community = window.directory.community()
    allow_rosters(caller, community, roster_seen(community, caller, roster_id))
    window.directory.change([], [("roster", roster_id)])
    _record(window, caller, "roster.removed", roster=roster_id)


@router.get("/rosters/{roster_id}/days")
def roster_days(
    window: TheWindow,
    caller: Caller,
    roster_id: Ref,
    since: Annotated[When, Query(alias="from")] = None,
    days: Days = 7,
) -> list[WatchOut]:
    """Who is on duty in the next 7 days, span by span, with overrides, swaps, leave and holidays; gaps said."""
    allow(caller, Act.READ)
    community = window.directory.community()
    roster = roster_seen(community, caller, roster_id)
    start = instant_of(since, "query/from")
    start = window.clock.now() if start is None else start
    return _watches(community, roster, start, start + days * DAY, Names(community, caller))


@router.post("/overrides", status_code=201)
def add_override(window: TheWindow, caller: Caller, body: OverrideIn) -> OverrideMade:
    """替班: `add` alone: this person too; `remove` alone: not this person; both: one stands in for the other."""
    allow(caller, Act.CHANGE_DUTIES)
    community = window.directory.community()
    roster = community.rosters.get(body.roster)
    if roster is None:
        raise invalid("body/roster", f"there is no roster {body.roster!r}")
    allow_rosters(caller, community, roster)
    override = Override(start=body.start, end=body.end, add=_person(body.add), remove=_person(body.remove))
    refuse(override_faults(override, community), "body")
    id = override_id(roster.id, override)
    changed = with_override(roster, override)
    if changed is not roster:
        _change(window, caller, [changed], "roster.overridden", roster=roster.id, override=id, **_said(override))
    return OverrideMade(id=id, roster=roster.id, **_said(override))


@router.delete("/overrides/{override}", status_code=204)
def remove_override(window: TheWindow, caller: Caller, override: Ref) -> None:
    allow(caller, Act.CHANGE_DUTIES)
    community = window.directory.community()
    roster = without_override(community, override)
    allow_rosters(caller, community, roster)
    _change(window, caller, [roster], "roster.override_removed", roster=roster.id, override=override)


@router.get("/swaps")
def list_swaps(window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None) -> Page[SwapOut]:
    """换班, by id, which grows with time."""
    allow(caller, Act.READ)
    community = window.directory.community()
    names = Names(community, caller)
    seen = {roster.id for roster in rosters_seen(community, caller)}
    rows = [swap for swap in community.swaps.values() if caller.place is None or swap.roster in seen]
    page, following = cut_by_name(rows, limit, cursor, lambda swap: swap.id)
    return Page(items=[swap_out(swap, names) for swap in page], next=following)


@router.post("/swaps", status_code=201)
def ask_swap(window: TheWindow, caller: Caller, body: SwapIn) -> SwapOut:
    """Asks somebody to take one's shifts of a span. Nothing changes until they agree."""
    allow(caller, Act.RESPOND)
    community = window.directory.community()
    asker = body.asker or caller.person
    if asker is None:
        raise invalid("body/asker", "this token stands for no person; name who wants to swap")
    if asker != caller.person:
        allow(caller, Act.CHANGE_DUTIES)
        allow_rosters(caller, community, *(one for one in community.rosters.values() if one.id == body.roster))
    swap = Swap(
        id=f"sw{window.clock.now()}",
        roster=body.roster,
        asker=PersonId(asker),
        taker=PersonId(body.taker),
        start=body.start,
        end=body.end,
        note=body.note,
    )
    refuse(swap_faults(swap, community), "body")
    _change(window, caller, [swap], "swap.asked", swap=swap.id, roster=swap.roster, taker=swap.taker)
    return swap_out(swap, Names(community, caller))


@router.post("/swaps/{swap_id}/{answer}")
def answer(
    window: TheWindow,
    caller: Caller,
    swap_id: Ref,
    answer: Annotated[str, Path(pattern="^(agree|refuse|withdraw)$")],
) -> SwapOut:
    """The taker agrees or refuses, the asker withdraws; an agreed swap is an override of the roster from then on."""
    allow(caller, Act.RESPOND)
    community = window.directory.community()
    swap = community.swaps.get(swap_id)
    if swap is None:
        raise not_found("swap", swap_id)
    state = {"agree": "agreed", "refuse": "refused", "withdraw": "withdrawn"}[answer]
    answered, roster = answer_swap(swap, state, caller.person or "", community)
    if answered is not swap:
        values: list[object] = [answered, *([roster] if roster else [])]
        _change(window, caller, values, f"swap.{state}", swap=swap.id, roster=swap.roster)
    return swap_out(answered, Names(community, caller))


@router.post("/people/{person_id}/absences", status_code=201)
def add_absence(window: TheWindow, caller: Caller, person_id: Ref, body: AbsenceIn) -> AbsenceIn:
    """请假: nobody is told through this person in that span; deputies and the next level come at once."""
    person = _away(window, caller, person_id)
    absence = Absence(start=body.start, end=body.end)
    refuse(absence_faults(absence), "body")
    changed = with_absence(person, absence)
    if changed is not person:
        _change(window, caller, [changed], "person.away", person=person_id, start=body.start, end=body.end)
    return body


@router.delete("/people/{person_id}/absences", status_code=204)
def remove_absence(
    window: TheWindow, caller: Caller, person_id: Ref, since: Annotated[str, Query(alias="from")], to: str
) -> None:
    """销假: the very span that was given."""
    person = _away(window, caller, person_id)
    absence = Absence(start=since.replace(" ", "+"), end=to.replace(" ", "+"))
    if absence not in person.absences:
        raise not_found("absence", f"{absence.start} to {absence.end}")
    kept = [one for one in person.absences if one != absence]
    changed = msgspec.structs.replace(person, absences=kept)
    _change(window, caller, [changed], "person.back", person=person_id, start=absence.start, end=absence.end)


@router.get("/duty/card")
def duty_card(window: TheWindow, caller: Caller) -> DutyCardOut:
    """早班卡: who is on duty in the next 24 hours, the gaps of tonight, and what the night left open."""
    allow(caller, Act.READ)
    community = window.directory.community()
    now = window.clock.now()
    names = Names(community, caller)
    rosters = {one.id: one for one in rosters_seen(community, caller)}
    watched = {id: _watches(community, roster, now, now + DAY, names) for id, roster in sorted(rosters.items())}
    gaps = window.kept_gaps.gaps(window, DAY)
    live = window.casebook.live_incidents(None, 200)
    return DutyCardOut(
        at=rfc3339(now),
        workday=community.calendar.is_workday(moment(now).astimezone(timezone(community.site.timezone)).date()),
        rosters=watched,
        gaps=[gap_out(gap) for gap in gaps if is_gap_seen(caller, gap)],
        open_incidents=[str(id) for id in live if is_case_seen(window, caller, id)],
    )


@router.get("/people/{person_id}/calendar")
def feed_address(window: TheWindow, caller: Caller, person_id: Ref) -> FeedOut:
    """Where a calendar program finds this person's shifts. Whoever has the address sees them: keep it."""
    allow(caller, Act.READ)
    if caller.person != person_id and caller.role not in (Role.ADMIN, Role.OPERATOR):
        raise Problem(Code.FORBIDDEN, "only the person and the desk get the address of a calendar")
    if PersonId(person_id) not in window.directory.community().people:
        raise not_found("person", person_id)
    if not window.link_secret:
        raise Problem(Code.UNAVAILABLE, "this installation has no secret to seal addresses with yet")
    return FeedOut(path=f"/calendar/{person_id}.ics?token={feed_token(window.link_secret, person_id)}")


@feeds.get("/calendar/{person_id}.ics", include_in_schema=False)
def calendar_feed(window: TheWindow, person_id: Ref, token: str = "") -> Response:
    """A person's shifts from a week ago to two months ahead (RFC 5545)."""
    community = window.directory.community()
    known = window.link_secret and hmac.compare_digest(feed_token(window.link_secret, person_id), token)
    if not known or PersonId(person_id) not in community.people:
        raise not_found("calendar", person_id)
    body = calendar_text(community, PersonId(person_id), window.clock.now())
    return Response(body, media_type="text/calendar; charset=utf-8", headers={"Cache-Control": "private, max-age=600"})


def feed_token(secret: bytes, person: str) -> str:
    """Unguessable without the secret; the same for a person until the secret is another."""
    return hmac.new(secret, b"calendar:" + person.encode(), hashlib.sha256).hexdigest()[:40]


def calendar_text(community: Community, person: PersonId, now: Instant) -> bytes:
    """The feed. It names posts and rosters, and nobody else."""
    import icalendar  # loaded when somebody asks for a calendar: 8 MB

    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Shouwang//duty//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "值班")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for duty in duties_of(community, person, now - FEED_BACK, now + FEED_AHEAD):
        event = icalendar.Event()
        event.add("uid", f"{duty.roster}-{duty.start}@shouwang")
        event.add("dtstamp", moment(now))
        event.add("dtstart", moment(duty.start))
        event.add("dtend", moment(duty.end))
        event.add("summary", f"{duty.post or duty.roster} 值班" + ("（替班）" if duty.stands_in else ""))
        event.add("description", duty.roster)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def allow_rosters(caller: Principal, community: Community, *rosters: Roster) -> None:
    """Each of them must be the caller's to change."""
    for roster in rosters:
        allow_over(caller, Act.CHANGE_DUTIES, places_of(community, roster))


def sent_roster(community: Community, id: str, body: RosterIn) -> Roster:
    """The roster as it would be; its overrides stay."""
    shifts = [
        Shift(
            start=one.start,
            end=one.end,
            people=[PersonId(person) for person in one.people],
            days=one.days,
            layer=one.layer,
            rotation=Rotation(
                since=one.rotation.since,
                days=one.rotation.days,
                teams=[[PersonId(person) for person in group] for group in one.rotation.teams],
            )
            if one.rotation
            else None,
        )
        for one in body.shifts
    ]
    known = community.rosters.get(id)
    return Roster(
        id=id,
        name=body.name,
        zone=body.zone,
        post=body.post,
        timezone=body.timezone,
        shifts=shifts,
        overrides=list(known.overrides) if known else [],
    )


def _away(window: Window, caller: Principal, person_id: str) -> Person:
    """Whose leave the caller may change: their own, and where they plan duties, that of people who are theirs."""
    allow(caller, Act.RESPOND)
    community = window.directory.community()
    if caller.person != person_id:
        allow(caller, Act.CHANGE_DUTIES)
    person = community.people.get(PersonId(person_id))
    if person is None:
        raise not_found("person", person_id)
    if caller.person != person_id:
        allow_over(caller, Act.CHANGE_DUTIES, places_of(community, person))
    return person


def _watches(community: Community, roster: Roster, start: Instant, end: Instant, names: Names) -> list[WatchOut]:
    return [
        WatchOut(
            roster=one.roster,
            start=rfc3339(one.start),
            end=rfc3339(one.end),
            people=[WatchPerson(id=person, name=names.person(person)) for person in one.people],
            why_nobody=one.why_nobody,
        )
        for one in watches(community, roster, start, end)
    ]


def swap_out(swap: Swap, names: Names) -> SwapOut:
    return SwapOut(
        id=swap.id,
        roster=swap.roster,
        asker=swap.asker,
        asker_name=names.person(swap.asker),
        taker=swap.taker,
        taker_name=names.person(swap.taker),
        start=swap.start,
        end=swap.end,
        state=swap.state,
        note=swap.note,
    )


def _person(id: str | None) -> PersonId | None:
    return PersonId(id) if id else None


def _said(override: Override) -> dict[str, str | None]:
    return {"start": override.start, "end": override.end, "add": override.add, "remove": override.remove}


def refuse(faults: Iterator[tuple[str, str]], below: str) -> None:
    found = [FieldError(f"{below}/{path.replace('.', '/')}", message) for path, message in faults]
    if found:
        raise Problem(Code.INVALID, "; ".join(f"{one.pointer}: {one.detail}" for one in found), errors=found)


def _change(window: Window, caller: Principal, values: Sequence[object], kind: str, **body: object) -> None:
    window.directory.change(values)
    _record(window, caller, kind, **body)


def _record(window: Window, caller: Principal, kind: str, **body: object) -> None:
    entry = Entry(at=window.clock.now(), kind=kind, actor=caller.actor, body=body)
    with window.casebook.change() as transaction:
        transaction.record(entry)
