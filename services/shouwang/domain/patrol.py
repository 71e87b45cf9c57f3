"""巡查: rounds of points that somebody walks, and what became of each: seen, seen with a problem, missed.

Each point has a tag (a code to scan) at its place; a scan is a line of the journal and is never changed. Whether a
round was walked is worked out from its times and the scans between them, so that one that nobody began is missed too.
Sources: GB 25201 section 6 (fire installations: daily at key units, weekly elsewhere, recorded and signed), order 61 of
the Ministry of Public Security, article 25 (每日防火巡查).
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from shouwang.domain.errors import ConfigError
from shouwang.domain.journal import Entry
from shouwang.domain.roster import Shift
from shouwang.domain.shift import Calendar, kind_of_day, spans, timezone, wall_clock
from shouwang.domain.vocabulary import HOUR, MINUTE, IncidentId, Instant, PlaceId, Value

if TYPE_CHECKING:
    from shouwang.domain.community import Community

SCANNED = "patrol.scanned"

LATE_AT_MOST = 12 * HOUR
"""How long a phone may have kept a scan; longer than any shift."""

AT_ONCE = MINUTE
"""A phone's clock and the way here differ by less."""


class Finding(StrEnum):
    OK = "ok"
    PROBLEM = "problem"


class PointState(StrEnum):
    """``due``: the round still goes on."""

    OK = "ok"
    PROBLEM = "problem"
    DUE = "due"
    MISSED = "missed"


class Point(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """巡查点. ``tag``: what its code says, once on the site. ``look``: what is to be looked at there."""

    tag: str
    place: PlaceId
    name: str = ""
    look: str = ""


class Patrol(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """巡查路线. ``rounds``: when each is walked, in the words of a roster's shifts; who walks it is whoever scans."""

    id: str
    points: list[Point]
    name: str = ""
    rounds: list[Shift] = msgspec.field(default_factory=list)


class Scan(Value, frozen=True, kw_only=True):
    """One scan of a tag."""

    at: Instant
    by: str
    tag: str
    finding: Finding
    note: str = ""
    incident: IncidentId | None = None
    sent_at: Instant | None = None
    """When it came here, where that is later: there is no network in a pump room."""


class Walked(Value, frozen=True):
    """A point in a round; ``scan`` the worst of its scans, None while there is none."""

    point: Point
    state: PointState
    scan: Scan | None


class Round(Value, frozen=True, kw_only=True):
    """One round of a patrol: half-open in time."""

    patrol: str
    begins: Instant
    ends: Instant
    points: list[Walked]

    def count(self, state: PointState) -> int:
        return sum(one.state is state for one in self.points)


def rounds_of(community: "Community", scans: Sequence[Scan], start: Instant, end: Instant, now: Instant) -> list[Round]:
    """Every round that begins in [start, end) and not after ``now``, newest first. ``scans``: those of that time and of
    what the rounds take beyond it. A patrol whose times cannot be read has none."""
    try:
        zone = timezone(community.site.timezone)
    except ConfigError:
        zone = timezone("UTC")
    by_tag: dict[str, list[Scan]] = {}
    for scan in scans:
        by_tag.setdefault(scan.tag, []).append(scan)
    found = [
        Round(
            patrol=patrol.id,
            begins=begins,
            ends=ends,
            points=[_walked(point, by_tag.get(point.tag, ()), begins, ends, now) for point in patrol.points],
        )
        for patrol in community.patrols.values()
        for begins, ends in _times(patrol, start, min(end, now + 1), zone, community.calendar)
    ]
    return sorted(found, key=lambda one: (one.begins, one.patrol), reverse=True)


def point_of(community: "Community", tag: str) -> tuple[Patrol, Point] | None:
    """The point that bears a tag."""
    found = ((patrol, point) for patrol in community.patrols.values() for point in patrol.points if point.tag == tag)
    return next(found, None)


def scan_entry(scan: Scan, patrol: Patrol, point: Point) -> Entry:
    """A line of the moment at which it came here; the time of the scan itself stands in it where that was before."""
    body: dict[str, object] = {
        "patrol": patrol.id,
        "tag": scan.tag,
        "finding": scan.finding.value,
        "note": scan.note,
        **({"scanned_at": scan.at} if scan.sent_at is not None else {}),
    }
    at = scan.at if scan.sent_at is None else scan.sent_at
    return Entry(at=at, kind=SCANNED, actor=scan.by, incident=scan.incident, place=point.place, body=body)


def scan_of(entry: Entry) -> Scan:
    scanned_at = entry.body.get("scanned_at")
    return Scan(
        at=scanned_at if isinstance(scanned_at, int) else entry.at,
        sent_at=entry.at if isinstance(scanned_at, int) else None,
        by=entry.actor,
        tag=str(entry.body.get("tag", "")),
        finding=Finding(str(entry.body.get("finding", Finding.OK))),
        note=str(entry.body.get("note", "")),
        incident=entry.incident,
    )


def scanned_at(said: Instant | None, now: Instant) -> tuple[Instant, Instant | None] | None:
    """(when it was scanned, when it came here if later) for what a phone says; None for a time that cannot be."""
    if said is None or abs(now - said) <= AT_ONCE:
        return now, None
    return (said, now) if now - LATE_AT_MOST <= said < now else None


def patrol_problems(patrol: Patrol) -> Iterator[tuple[str, str]]:
    """What is wrong with a patrol as written: (path below it, message)."""
    if not patrol.points:
        yield "points", "names no point; expected at least one with tag and place"
    tags: set[str] = set()
    for index, point in enumerate(patrol.points):
        if not point.tag.strip():
            yield f"points[{index}].tag", "is empty; expected what the code at the point says"
        elif point.tag in tags:
            yield f"points[{index}].tag", f"{point.tag!r} is a point of this patrol already"
        tags.add(point.tag)
    for index, times in enumerate(patrol.rounds):
        for field, text in (("from", times.start), ("to", times.end)):
            try:
                wall_clock(text)
            except ConfigError as error:
                yield f"rounds[{index}].{field}", str(error)
        for at, day in enumerate(times.days or ()):
            try:
                kind_of_day(day)
            except ConfigError as error:
                yield f"rounds[{index}].days[{at}]", str(error)


def _times(
    patrol: Patrol, start: Instant, end: Instant, zone: ZoneInfo, calendar: Calendar
) -> Iterator[tuple[Instant, Instant]]:
    for each in patrol.rounds:
        try:
            found = list(spans(each, start, end, zone, calendar))
        except ConfigError:
            continue
        yield from ((begins, ends) for _, begins, ends in found if start <= begins < end)


def _walked(point: Point, scans: Iterable[Scan], begins: Instant, ends: Instant, now: Instant) -> Walked:
    """A problem that was seen is not unseen by a later scan of the same round."""
    mine = [one for one in scans if begins <= one.at < ends]
    problems = [one for one in mine if one.finding is Finding.PROBLEM]
    if problems:
        return Walked(point, PointState.PROBLEM, problems[-1])
    if mine:
        return Walked(point, PointState.OK, mine[-1])
    return Walked(point, PointState.MISSED if now >= ends else PointState.DUE, None)
