"""巡查: the rounds, and a tag scanned at its point."""

from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Principal
from shouwang.domain.alert import AlertClass
from shouwang.domain.board import EntryQuery
from shouwang.domain.moment import rfc3339
from shouwang.domain.patrol import (
    SCANNED,
    Finding,
    PointState,
    Round,
    Scan,
    Walked,
    point_of,
    rounds_of,
    scan_entry,
    scan_of,
    scanned_at,
)
from shouwang.domain.place import is_within
from shouwang.domain.vocabulary import DAY, Instant

from .access import Caller, allow
from .doors import TheWindow, Window
from .names import Names
from .paging import Page
from .period import Since, span
from .problems import invalid
from .questions import When, instant_of, subtrees
from .schemas import Sent, Time

router = APIRouter(tags=["patrols"])

SCANS_AT_MOST = 20_000


class PointOut(BaseModel):
    tag: str
    name: str
    place: str
    where: str
    look: str


class PatrolOut(BaseModel):
    """巡查路线: its points in order, and when its rounds are walked (local time)."""

    id: str
    name: str
    points: list[PointOut]
    rounds: list[str]


class WalkedOut(BaseModel):
    """A point in a round; ``at`` and ``by`` of the scan that decides."""

    tag: str
    name: str
    where: str
    state: PointState
    at: Time | None
    by: str | None
    late: bool = Field(description="Sent when there was a network again.")
    note: str
    incident: str | None


class RoundOut(BaseModel):
    patrol: str
    name: str
    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    missed: int
    problems: int
    points: list[WalkedOut]


class ScanIn(Sent):
    """``tag``: what the code at the point says. ``opens``: a problem opens a case of this class there. ``at``: when it
    was scanned, where the phone had no network then; at most 12 hours ago."""

    tag: str = Field(min_length=1, max_length=200)
    finding: Literal[Finding.OK, Finding.PROBLEM] = Finding.OK
    note: str = Field(default="", max_length=2000)
    opens: AlertClass | None = None
    at: str | None = Field(default=None, max_length=40)


class ScanOut(BaseModel):
    patrol: str
    tag: str
    name: str
    where: str
    at: Time
    by: str
    finding: Finding
    note: str
    incident: str | None


@router.get("/patrols")
def list_patrols(window: TheWindow, caller: Caller) -> Page[PatrolOut]:
    """巡查路线, as far as the caller's place goes."""
    allow(caller, Act.READ)
    community = window.directory.community()
    names, inside = Names(community, caller), subtrees(caller, None)
    found = [
        PatrolOut(
            id=one.id,
            name=one.name or one.id,
            points=[
                PointOut(
                    tag=point.tag if caller.place is None or is_within(point.place, caller.place) else "",
                    name=point.name or names.place(point.place).label,
                    place=point.place,
                    where=names.place(point.place).label,
                    look=point.look,
                )
                for point in one.points
            ],
            rounds=[f"{each.start}–{each.end}" for each in one.rounds],
        )
        for one in community.patrols.values()
        if not inside or any(is_within(point.place, at) for point in one.points for at in inside)
    ]
    return Page(items=found)


@router.post("/patrols/scans", status_code=201)
def scan(window: TheWindow, caller: Caller, body: ScanIn) -> ScanOut:
    """A tag is scanned where it hangs. With a problem, ``opens`` (fault, supervisory, fire …) opens a case."""
    allow(caller, Act.RESPOND)
    community = window.directory.community()
    found = point_of(community, body.tag.strip())
    if found is None:
        raise invalid("body/tag", f"{body.tag!r} is the tag of no point")
    patrol, point = found
    allow(caller, Act.RESPOND, point.place)
    if body.opens is not None and body.finding is not Finding.PROBLEM:
        raise invalid("body/opens", "opens a case where nothing was found; expected finding problem")
    times = scanned_at(instant_of(body.at, "body/at"), window.clock.now())
    if times is None:
        raise invalid("body/at", f"{body.at} is not within the last 12 hours")
    incident = None
    if body.opens is not None:
        incident, _ = window.respond.report(
            body.opens,
            point.place,
            actor=caller.actor,
            policies=(*community.policies, *window.policies()),
            title=f"巡查发现：{point.name or patrol.name or patrol.id}",
            note=body.note,
        )
    done = Scan(
        at=times[0],
        sent_at=times[1],
        by=caller.actor,
        tag=point.tag,
        finding=body.finding,
        note=body.note,
        incident=incident.id if incident else None,
    )
    with window.casebook.change() as transaction:
        transaction.record(scan_entry(done, patrol, point))
    names = Names(community, caller)
    return ScanOut(
        patrol=patrol.id,
        tag=point.tag,
        name=point.name,
        where=names.place(point.place).label,
        at=rfc3339(done.at),
        by=names.person(done.by),
        finding=done.finding,
        note=done.note,
        incident=done.incident,
    )


@router.get("/patrols/rounds")
def list_rounds(window: TheWindow, caller: Caller, since: Since = None, to: When = None) -> Page[RoundOut]:
    """Rounds of the last day unless told, newest first; points that nobody scanned in time are missed."""
    allow(caller, Act.READ)
    start, end = span(window, since, to, DAY)
    return Page(items=rounds_out(window, caller, start, end))


def rounds_out(window: Window, caller: Principal, start: Instant, end: Instant) -> list[RoundOut]:
    """Those with a point that the caller may see, for lists and forms."""
    community, inside = window.directory.community(), subtrees(caller, None)
    names = Names(community, caller)
    found = rounds_of(community, scans_between(window, start, end + DAY), start, end, window.clock.now())
    return [
        _round_out(one, community.patrols[one.patrol].name, names)
        for one in found
        if not inside or any(is_within(each.point.place, at) for each in one.points for at in inside)
    ]


def scans_between(window: Window, start: Instant, end: Instant) -> Sequence[Scan]:
    """Oldest first."""
    query = EntryQuery(kind=SCANNED, start=start, end=end)
    return [scan_of(entry) for entry in reversed(window.board.entries(query, None, SCANS_AT_MOST))]


def _round_out(one: Round, name: str, names: Names) -> RoundOut:
    return RoundOut(
        patrol=one.patrol,
        name=name or one.patrol,
        start=rfc3339(one.begins),
        end=rfc3339(one.ends),
        missed=one.count(PointState.MISSED),
        problems=one.count(PointState.PROBLEM),
        points=[_walked_out(each, names) for each in one.points],
    )


def _walked_out(one: Walked, names: Names) -> WalkedOut:
    return WalkedOut(
        tag=one.point.tag,
        name=one.point.name or names.place(one.point.place).label,
        where=names.place(one.point.place).label,
        state=one.state,
        at=rfc3339(one.scan.at) if one.scan else None,
        by=names.person(one.scan.by) if one.scan else None,
        late=one.scan is not None and one.scan.sent_at is not None,
        note=one.scan.note if one.scan else "",
        incident=one.scan.incident if one.scan else None,
    )
