"""交接班记录: what the next shift must know in one page, signed by both."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Principal
from shouwang.domain.alert import AlertClass
from shouwang.domain.clocks import clocks
from shouwang.domain.exercise import Ended, Exercise, ExerciseKind, Score
from shouwang.domain.incident import Incident, is_live
from shouwang.domain.moment import rfc3339
from shouwang.domain.owed import Owed, owed
from shouwang.domain.patrol import PointState
from shouwang.domain.place import is_within
from shouwang.domain.vocabulary import HOUR, Instant, Life

from .access import Caller, allow
from .coverage import gap_out
from .doors import TheWindow, Window
from .drills import exercises_between, scored
from .impairments import is_hold_recorded
from .names import Names
from .patrols import RoundOut, rounds_out
from .period import Since, cases_between, span
from .questions import When, subtrees, time
from .schemas import Time
from .seen import is_gap_seen
from .sheets import GapOut

router = APIRouter(tags=["reports"])

SHIFT = 12 * HOUR


class ShiftCaseOut(BaseModel):
    id: str
    title: dict[str, str]
    place: str
    state: str
    opened_at: Time
    holder: str | None
    outcome: str | None
    late: list[str] = Field(description="Clocks that were missed.")
    owed: list[Owed] = Field(description="待回访, 待复核: what is to be done yet after the end.")


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


class DrillLine(BaseModel):
    """A drill 演练 that began in the shift. ``told``, ``acknowledged``, ``on_scene``, ``missed``: how many people, by
    its scorecard as it stands."""

    id: str
    at: Time
    place: str
    scenario: str
    answered_at: Time | None
    ended_at: Time | None
    ended: Ended | None
    told: int
    acknowledged: int
    on_scene: int
    missed: int


class ShiftReportOut(BaseModel):
    """交接班记录: what the next shift must know, to be signed by both."""

    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    open: list[ShiftCaseOut]
    handled: list[ShiftCaseOut]
    drills: int = Field(description="How many are in `drill_lines`.")
    drill_lines: list[DrillLine] = Field(
        description="演练 of the shift, each with its scorecard; in full at `/drills/{id}`."
    )
    holds: list[HoldLine] = Field(
        description="暂停通知, 维保, 许可, 暂缓 that hold now; and 停用: the ids of devices out of service "
        "(`out_of_service`), until somebody puts them back."
    )
    faults: list[str] = Field(description="Devices with an open fault.")
    patrols: list[PatrolLine] = Field(description="巡查: rounds of the shift.")
    duty_checks: list[CheckLine] = Field(description="查岗 of the shift.")
    gaps: list[GapOut] = Field(description="Of the next 12 hours.")
    people: dict[str, str] = Field(description="Names of those in `gaps`, masked as you may see them.")


@router.get("/reports/shift")
def shift_report(window: TheWindow, caller: Caller, since: Since = None, to: When = None) -> ShiftReportOut:
    """交接班: of the last 12 hours unless told, and what the next 12 hold."""
    allow(caller, Act.READ)
    start, end = span(window, since, to, SHIFT)
    return _shift(window, caller, start, end)


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
    gaps = [gap for gap in window.kept_gaps.gaps(window, SHIFT) if is_gap_seen(caller, gap)]
    drills = drill_lines(window, caller, start, end)
    return ShiftReportOut(
        start=rfc3339(start),
        end=rfc3339(end),
        open=[_case_out(one, names, now) for one in live],
        handled=[_case_out(one, names, now) for one in handled if not one.drill],
        drills=len(drills),
        drill_lines=drills,
        holds=[
            HoldLine(id=one.id, kind=one.kind, why=one.why, until=time(one.ends_at))
            for one in window.holds.open_holds()
            if is_hold_recorded(window, caller, one)
        ]
        + [
            HoldLine(id=one.id, kind=Life.OUT_OF_SERVICE.value, why="", until=None)
            for one in community.devices.values()
            if one.life is Life.OUT_OF_SERVICE and all(is_within(one.place, at) for at in inside)
        ],
        faults=faulty,
        patrols=[_patrol_line(one) for one in rounds_out(window, caller, start, end)],
        duty_checks=check_lines(window, caller, start, end),
        gaps=[gap_out(gap) for gap in gaps],
        people=names.people(gap.person for gap in gaps if gap.person),
    )


def check_lines(window: Window, caller: Principal, start: Instant, end: Instant) -> list[CheckLine]:
    """查岗 begun in [start, end), oldest first."""
    names = Names(window.directory.community(), caller)
    return [
        CheckLine(
            id=one.id,
            at=rfc3339(one.begun_at),
            place=names.place(one.place).label,
            answered_at=time(one.answered_at),
            missed=one.missed,
        )
        for one in exercises_between(window, caller, ExerciseKind.DUTY_CHECK, start, end)
    ]


def drill_lines(window: Window, caller: Principal, start: Instant, end: Instant) -> list[DrillLine]:
    """演练 begun in [start, end), oldest first."""
    names = Names(window.directory.community(), caller)
    found = exercises_between(window, caller, ExerciseKind.DRILL, start, end)
    told = window.board.deliveries_of([one.incident for one in found])
    return [
        _drill_line(one, scored(one, window.board.incident(one.incident), told.get(one.incident, [])), names)
        for one in found
    ]


def _drill_line(one: Exercise, card: Score, names: Names) -> DrillLine:
    return DrillLine(
        id=one.id,
        at=rfc3339(one.begun_at),
        place=names.place(one.place).label,
        scenario=one.scenario,
        answered_at=time(one.answered_at),
        ended_at=time(one.ended_at),
        ended=one.ended,
        told=len(card.told),
        acknowledged=len(card.acknowledged),
        on_scene=len(card.on_scene),
        missed=len(card.missed),
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
        owed=[debt.what for debt in owed(one)],
    )
