"""A roster as a sheet of paper shows it: days across, shifts down, who stands in each cell and why, and who is off.

The sheet says of every cell what ``domain/shift.py`` says of a moment; it decides nothing of its own.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.coverage import Gap, GapKind, coverage_gaps
from shouwang.domain.duty import is_away
from shouwang.domain.errors import ConfigError
from shouwang.domain.escalation import Policy
from shouwang.domain.moment import moment, parse_rfc3339
from shouwang.domain.roster import Override, Roster, Shift
from shouwang.domain.rostering import override_id, watches
from shouwang.domain.shift import Calendar, day_begin, edges, spans, team, timezone
from shouwang.domain.vocabulary import Instant, PersonId, Value

DAYS_AT_MOST = 42
"""Six weeks: any month with the weeks that it begins and ends in."""


class How(StrEnum):
    """Why somebody stands in a cell."""

    PLANNED = "planned"
    STANDS_IN = "stands_in"
    ADDED = "added"


class Why(StrEnum):
    """Why somebody who is planned in a cell is not on duty."""

    REPLACED = "replaced"
    TAKEN_OFF = "taken_off"
    AWAY = "away"


class Here(Value, frozen=True, kw_only=True):
    """``override``: by which it is so, where not by plan; ``other``: for whom they stand in."""

    person: PersonId
    how: How
    other: PersonId | None = None
    override: str | None = None


class Off(Value, frozen=True, kw_only=True):
    """``other``: who stands in instead."""

    person: PersonId
    why: Why
    other: PersonId | None = None
    override: str | None = None


class Piece(Value, frozen=True, kw_only=True):
    """A part of a shift in which nobody comes or goes; mostly the whole of it. ``overruled``: a shift of a higher layer
    holds these hours, so nobody of this one is on duty."""

    start: Instant
    end: Instant
    here: list[Here]
    off: list[Off]
    overruled: bool = False


class Cell(Value, frozen=True, kw_only=True):
    """One shift on one day. ``shift``: its number in the roster."""

    shift: int
    day: date
    start: Instant
    end: Instant
    pieces: list[Piece]


class GridDay(Value, frozen=True, kw_only=True):
    """``worked``: a weekend day worked instead of a day off (调休)."""

    day: date
    start: Instant
    end: Instant
    workday: bool
    holiday: bool
    worked: bool


class Leave(Value, frozen=True, kw_only=True):
    person: PersonId
    start: Instant
    end: Instant


class Grid(Value, frozen=True, kw_only=True):
    """``bare``: spans for which no shift is planned and nobody stands in. ``unread``: what cannot be read of it."""

    roster: str
    days: list[GridDay]
    cells: list[Cell]
    bare: list[tuple[Instant, Instant]]
    leaves: list[Leave]
    unread: list[str]


def grid_of(community: Community, roster: Roster, first: Instant, count: int) -> Grid:
    """The sheet of ``count`` local days, from the one that holds ``first``. Raises ConfigError for a time zone that is
    none; a shift that cannot be read is left out and said in ``unread``."""
    zone = timezone(roster.timezone or community.site.timezone)
    begin = moment(first).astimezone(zone).date()
    dates = [begin + timedelta(days=number) for number in range(count)]
    starts = [day_begin(day, zone) for day in [*dates, begin + timedelta(days=count)]]
    start, end = starts[0], starts[-1]
    unread: list[str] = []
    found: list[tuple[int, Shift, date, Instant, Instant]] = []
    for number, shift in enumerate(roster.shifts):
        try:
            found += [(number, shift, *one) for one in spans(shift, start, end, zone, community.calendar)]
        except ConfigError as error:
            unread.append(f"shifts[{number}]: {error}")
    last = max([end, *(over for *_, over in found)])  # the last day's shift goes on after it
    turns = edges(roster, start, last, community.site.timezone, community.calendar)
    leaves = [one for one in _leaves(community, roster) if one.start < last and one.end > start]
    turns |= {at for one in leaves for at in (one.start, one.end)}
    cells = []
    for number, shift, day, begins, over in found:
        if dates[0] <= day <= dates[-1]:
            higher = [(a, b) for _, other, _, a, b in found if other.layer > shift.layer]
            pieces = list(_pieces(community, roster, team(shift, day), begins, over, turns, higher))
            cells.append(Cell(shift=number, day=day, start=begins, end=over, pieces=pieces))
    return Grid(
        roster=roster.id,
        days=[_day(day, *both, community.calendar) for day, both in zip(dates, pairwise(starts), strict=True)],
        cells=cells,
        bare=_bare(community, roster, start, end, [(a, b) for *_, a, b in found]),
        leaves=leaves,
        unread=unread,
    )


def coverage_change(
    before: Community,
    after: Community,
    roster: str,
    policies: Sequence[Policy],
    touched: Sequence[tuple[Instant, Instant]],
    *,
    channels: Collection[str] = (),
) -> tuple[list[Gap], list[Gap]]:
    """Gaps that a change of a roster opens, and those that it closes, in the spans that it touches; each with its span.
    ``after`` differs from ``before`` in this roster alone, which ``before`` need not have."""
    opened: list[Gap] = []
    closed: list[Gap] = []
    for start, end in _merged(touched):
        was = _gaps(before, roster, policies, start, end, channels)
        now = _gaps(after, roster, policies, start, end, channels)
        opens = [gap for name, gap in now.items() if name not in was]
        is_emptied = any(gap.kind in (GapKind.EMPTY_SHIFT, GapKind.NOBODY) for gap in opens)
        opened += opens
        closed += [gap for name, gap in was.items() if name not in now and not (is_emptied and gap.kind in _OF_PEOPLE)]
    return opened, closed


def spans_of(overrides: Sequence[Override]) -> list[tuple[Instant, Instant]]:
    """Raises ConfigError for a time that cannot be read."""
    return [(parse_rfc3339(one.start), parse_rfc3339(one.end)) for one in overrides]


_OF_PEOPLE = frozenset({GapKind.UNVERIFIED_CONTACT, GapKind.DESK_UNCERTIFIED, GapKind.THREE_ROLES})
"""What is wrong with whoever is there; that nobody is there any more is no cure."""


def _gaps(
    community: Community,
    roster: str,
    policies: Sequence[Policy],
    start: Instant,
    end: Instant,
    channels: Collection[str],
) -> dict[tuple[object, ...], Gap]:
    found = coverage_gaps(community, policies, start, end, channels=channels)
    known = community.rosters.get(roster)
    for watch in watches(community, known, start, end) if known is not None else ():
        if not watch.people:
            detail = f"nobody is on duty by roster {roster}"
            found.append(Gap(kind=GapKind.EMPTY_SHIFT, detail=detail, start=watch.start, end=watch.end))
    timed = [gap if gap.start else msgspec.structs.replace(gap, start=start, end=end) for gap in found]
    return {_name(gap): gap for gap in timed}


def _name(gap: Gap) -> tuple[object, ...]:
    """What makes it the same gap after a change; how many are certified is part of it, why a step is empty is not."""
    how_bad = gap.detail if gap.kind is GapKind.DESK_UNCERTIFIED else ""
    return gap.kind, gap.place, gap.person, gap.policy, gap.step, gap.start, gap.end, how_bad


def _pieces(
    community: Community,
    roster: Roster,
    planned: Sequence[str],
    start: Instant,
    end: Instant,
    turns: set[Instant],
    higher: Sequence[tuple[Instant, Instant]],
) -> Iterator[Piece]:
    last: Piece | None = None
    for begin, over in pairwise([start, *sorted(at for at in turns if start < at < end), end]):
        piece = Piece(
            start=begin,
            end=over,
            here=_here(community, roster, planned, begin),
            off=_off(community, roster, planned, begin),
            overruled=any(a <= begin < b for a, b in higher),
        )
        if last is not None and (last.here, last.off, last.overruled) == (piece.here, piece.off, piece.overruled):
            last = msgspec.structs.replace(last, end=over)
        else:
            if last is not None:
                yield last
            last = piece
    if last is not None:
        yield last


def _here(community: Community, roster: Roster, planned: Sequence[str], at: Instant) -> list[Here]:
    force = _in_force(roster, at)
    removed = {one.remove for one in force}
    on_leave = {one.remove for one in force if one.add is None}
    found = [Here(person=PersonId(one), how=How.PLANNED) for one in sorted(planned) if one not in removed]
    for one in force:
        if one.add is None or one.add in on_leave or (one.remove is not None and one.remove not in planned):
            continue
        if all(other.person != one.add for other in found):
            how = How.ADDED if one.remove is None else How.STANDS_IN
            found.append(Here(person=one.add, how=how, other=one.remove, override=override_id(roster.id, one)))
    return [one for one in found if not is_away(community, one.person, at)]


def _off(community: Community, roster: Roster, planned: Sequence[str], at: Instant) -> list[Off]:
    force = _in_force(roster, at)
    found: list[Off] = []
    for one in sorted(planned):
        by = next((each for each in force if each.remove == one), None)
        if by is not None and by.add != one:
            why = Why.TAKEN_OFF if by.add is None else Why.REPLACED
            found.append(Off(person=PersonId(one), why=why, other=by.add, override=override_id(roster.id, by)))
        elif is_away(community, one, at):
            found.append(Off(person=PersonId(one), why=Why.AWAY))
    return found


def _in_force(roster: Roster, at: Instant) -> list[Override]:
    found = []
    for one in roster.overrides:
        try:
            found += [one] if parse_rfc3339(one.start) <= at < parse_rfc3339(one.end) else []
        except ConfigError:
            continue
    return found


def _bare(
    community: Community,
    roster: Roster,
    start: Instant,
    end: Instant,
    planned: Sequence[tuple[Instant, Instant]],
) -> list[tuple[Instant, Instant]]:
    """What no shift holds, without the spans in which somebody is on duty all the same."""
    manned = [(one.start, one.end) for one in watches(community, roster, start, end) if one.people]
    held = _merged([*planned, *manned])
    edge, found = start, []
    for begin, over in held:
        if begin > edge:
            found.append((edge, min(begin, end)))
        edge = max(edge, over)
        if edge >= end:
            return found
    return [*found, (edge, end)]


def _merged(given: Sequence[tuple[Instant, Instant]]) -> list[tuple[Instant, Instant]]:
    found: list[tuple[Instant, Instant]] = []
    for begin, over in sorted(given):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], over))
        else:
            found.append((begin, over))
    return found


def _leaves(community: Community, roster: Roster) -> Iterator[Leave]:
    """Of people whom the roster names."""
    named = {one for shift in roster.shifts for one in shift.people}
    named |= {one for shift in roster.shifts if shift.rotation for group in shift.rotation.teams for one in group}
    named |= {one.add for one in roster.overrides if one.add}
    for id in sorted(named):
        person = community.people.get(id)
        for absence in person.absences if person else ():
            try:
                yield Leave(person=id, start=parse_rfc3339(absence.start), end=parse_rfc3339(absence.end))
            except ConfigError:
                continue


def _day(day: date, start: Instant, end: Instant, calendar: Calendar) -> GridDay:
    return GridDay(
        day=day,
        start=start,
        end=end,
        workday=calendar.is_workday(day),
        holiday=calendar.is_holiday(day),
        worked=day in calendar.worked,
    )
