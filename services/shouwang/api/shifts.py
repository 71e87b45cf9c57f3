"""交接班记录: what the next shift must know in one page, signed by both."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Principal
from shouwang.domain.alert import AlertClass
from shouwang.domain.board import EntryQuery
from shouwang.domain.clocks import clocks
from shouwang.domain.coverage import coverage_gaps
from shouwang.domain.exercise import ExerciseKind
from shouwang.domain.incident import Incident, is_live
from shouwang.domain.journal import Entry
from shouwang.domain.moment import rfc3339
from shouwang.domain.patrol import PointState
from shouwang.domain.place import is_within
from shouwang.domain.vocabulary import HOUR, Instant, Life, PersonId, PlaceId

from .access import Caller, allow
from .coverage import gap_out
from .doors import TheWindow, Window
from .drills import exercises_between
from .hold_views import is_visible
from .names import Names
from .patrols import RoundOut, rounds_out
from .period import Since, cases_between, span
from .problems import Code, Problem, invalid, not_found
from .questions import When, subtrees, time
from .schemas import Sent, Time
from .seen import is_gap_seen
from .sheets import GapOut

router = APIRouter(tags=["reports"])

SHIFT = 12 * HOUR
MOST = 500
"""Entries of hand-overs that are looked at: two for each, of two or three shifts a day."""


class ShiftCaseOut(BaseModel):
    id: str
    title: dict[str, str]
    place: str
    state: str
    opened_at: Time
    holder: str | None
    outcome: str | None
    late: list[str] = Field(description="Clocks that were missed.")


class HoldLine(BaseModel):
    id: str
    kind: str
    why: str
    until: Time | None


class PatrolLine(BaseModel):
    """A round of the shift: points in all, missed, with a problem; and what was found, in words."""

    name: str
    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    points: int
    missed: int
    problems: list[str]


class CheckLine(BaseModel):
    """A duty check 查岗 of the shift. ``missed``: nobody answered in time."""

    id: str
    at: Time
    place: str
    answered_at: Time | None
    missed: bool


class ShiftReportOut(BaseModel):
    """交接班记录: what the next shift must know, to be signed by both."""

    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    open: list[ShiftCaseOut]
    handled: list[ShiftCaseOut]
    drills: int
    holds: list[HoldLine] = Field(
        description="暂停通知, 维保, 许可, 暂缓 that hold now; and 停用: the ids of devices out of service "
        "(`out_of_service`), until somebody puts them back."
    )
    faults: list[str] = Field(description="Devices with an open fault.")
    patrols: list[PatrolLine] = Field(description="巡查: rounds of the shift.")
    duty_checks: list[CheckLine] = Field(description="查岗 of the shift.")
    gaps: list[GapOut] = Field(description="Of the next 12 hours.")
    people: dict[str, str] = Field(description="Names of those in `gaps`, masked as you may see them.")


class HandoverIn(Sent):
    """``to``: who takes over; they sign after you. ``sound_tested``: 声光测试 done. ``place``: whose desk it is; the
    caller's place unless said."""

    to: str = Field(min_length=1, max_length=200)
    sound_tested: bool = False
    note: str = Field(default="", max_length=2000)
    place: str | None = Field(default=None, max_length=500)


class HandoverOut(BaseModel):
    id: str
    by: str
    to: str
    people: dict[str, str] = Field(description="Names of both, masked as you may see them.")
    place: str | None = Field(description="Whose desk; null: the site's.")
    at: Time
    sound_tested: bool
    note: str
    signed_at: Time | None = Field(description="By whoever took over.")


@router.get("/reports/shift")
def shift_report(window: TheWindow, caller: Caller, since: Since = None, to: When = None) -> ShiftReportOut:
    """交接班: of the last 12 hours unless told, and what the next 12 hold."""
    allow(caller, Act.READ)
    start, end = span(window, since, to, SHIFT)
    return _shift(window, caller, start, end)


@router.post("/reports/shift/handovers", status_code=201)
def hand_over(window: TheWindow, caller: Caller, body: HandoverIn) -> HandoverOut:
    """The shift that goes signs; whoever takes over signs next."""
    allow(caller, Act.RESPOND)
    if PersonId(body.to) not in window.directory.community().people:
        raise invalid("body/to", f"{body.to!r} is no person of the directory")
    if body.to == caller.actor:
        raise invalid("body/to", "nobody takes over from themselves")
    place = PlaceId(body.place.strip("/")) if body.place else caller.place
    if place is not None:
        allow(caller, Act.RESPOND, place)
        if place not in window.directory.community().places:
            raise invalid("body/place", f"{body.place!r} is no place of the directory")
    now = window.clock.now()
    said = {"id": f"sh{now}", "to": body.to, "sound_tested": body.sound_tested, "note": body.note}
    _record(window, Entry(at=now, kind="shift.handed_over", actor=caller.actor, place=place, body=said))
    return handovers(window, caller)[0]


@router.post("/reports/shift/handovers/{handover_id}/sign")
def sign(window: TheWindow, caller: Caller, handover_id: str) -> HandoverOut:
    """The shift that comes has read it and takes over."""
    allow(caller, Act.RESPOND)
    found = next((one for one in handovers(window, caller) if one.id == handover_id), None)
    if found is None:
        raise not_found("hand-over", handover_id)
    if caller.actor != found.to:
        raise Problem(Code.CONFLICT, f"only {found.to} can sign this hand-over")
    if found.signed_at is None:
        entry = Entry(at=window.clock.now(), kind="shift.signed", actor=caller.actor, body={"id": handover_id})
        _record(window, entry)
    return next(one for one in handovers(window, caller) if one.id == handover_id)


@router.get("/reports/shift/handovers")
def list_handovers(window: TheWindow, caller: Caller) -> list[HandoverOut]:
    """The newest hundred."""
    allow(caller, Act.READ)
    return handovers(window, caller)


def _shift(window: Window, caller: Principal, start: Instant, end: Instant) -> ShiftReportOut:
    community, now = window.directory.community(), window.clock.now()
    names = Names(community, caller)
    inside = subtrees(caller, None)
    live = [
        one
        for id in window.casebook.live_incidents(None, 500)
        if (one := window.board.incident(id)) is not None and all(is_within(one.place, at) for at in inside)
    ]
    handled = [one for one in cases_between(window, caller, None, start, end) if not is_live(one.state)]
    faulty = sorted({str(device) for device, klass in window.board.open_classes() if klass is AlertClass.FAULT})
    if caller.place is not None:
        mine = {str(one.id) for one in community.devices.values() if is_within(one.place, caller.place)}
        faulty = [device for device in faulty if device in mine]
    gaps = [
        gap
        for gap in coverage_gaps(community, (*community.policies, *window.policies()), now, now + SHIFT)
        if is_gap_seen(caller, gap)
    ]
    return ShiftReportOut(
        start=rfc3339(start),
        end=rfc3339(end),
        open=[_case_out(one, names, now) for one in live],
        handled=[_case_out(one, names, now) for one in handled if not one.drill],
        drills=sum(one.drill for one in handled),
        holds=[
            HoldLine(id=one.id, kind=one.kind, why=one.why, until=time(one.ends_at))
            for one in window.holds.open_holds()
            if is_visible(window, caller, one)
        ]
        + [
            HoldLine(id=one.id, kind=Life.OUT_OF_SERVICE.value, why="", until=None)
            for one in community.devices.values()
            if one.life is Life.OUT_OF_SERVICE and all(is_within(one.place, at) for at in inside)
        ],
        faults=faulty,
        patrols=[_patrol_line(one) for one in rounds_out(window, caller, start, end)],
        duty_checks=[
            CheckLine(
                id=one.id,
                at=rfc3339(one.begun_at),
                place=names.place(one.place).label,
                answered_at=time(one.answered_at),
                missed=one.missed,
            )
            for one in exercises_between(window, caller, ExerciseKind.DUTY_CHECK, start, end)
        ],
        gaps=[gap_out(gap) for gap in gaps],
        people=names.people(gap.person for gap in gaps if gap.person),
    )


def _patrol_line(one: RoundOut) -> PatrolLine:
    return PatrolLine(
        name=one.name,
        start=one.start,
        end=one.end,
        points=len(one.points),
        missed=one.missed,
        problems=[f"{each.name}：{each.note}" for each in one.points if each.state is PointState.PROBLEM],
    )


def _case_out(one: Incident, names: Names, now: Instant) -> ShiftCaseOut:
    return ShiftCaseOut(
        id=one.id,
        title=dict(one.title),
        place=names.place(one.place).label,
        state=one.state,
        opened_at=rfc3339(one.opened_at),
        holder=names.person(one.holder) if one.holder else None,
        outcome=one.outcome,
        late=[clock.name for clock in clocks(one, now) if clock.late],
    )


def handovers(
    window: Window, caller: Principal, start: Instant | None = None, end: Instant | None = None
) -> list[HandoverOut]:
    """The newest hundred of the caller's place in [start, end), with their signatures."""
    signed_until = None if end is None else end + SHIFT
    entries = window.board.entries(EntryQuery(kind="shift.", start=start, end=signed_until), None, MOST)
    signed = {str(one.body.get("id")): one.at for one in entries if one.kind == "shift.signed"}
    names = Names(window.directory.community(), caller)
    return [
        HandoverOut(
            id=str(one.body["id"]),
            by=one.actor,
            to=str(one.body["to"]),
            people=names.people([one.actor, str(one.body["to"])]),
            place=one.place,
            at=rfc3339(one.at),
            sound_tested=bool(one.body.get("sound_tested")),
            note=str(one.body.get("note", "")),
            signed_at=time(signed.get(str(one.body["id"]))),
        )
        for one in entries
        if one.kind == "shift.handed_over"
        and (end is None or one.at < end)
        and (caller.place is None or is_within(one.place or "", caller.place))
    ][:100]


def _record(window: Window, entry: Entry) -> None:
    with window.casebook.change() as transaction:
        transaction.record(entry)
