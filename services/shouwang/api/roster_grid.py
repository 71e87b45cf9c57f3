"""值班表 as a sheet of days and shifts; and changes of it, weighed before they are made and made all at once."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query

from shouwang.domain.access import Act, Principal
from shouwang.domain.community import Community
from shouwang.domain.journal import Entry
from shouwang.domain.moment import rfc3339
from shouwang.domain.roster import Override, Roster
from shouwang.domain.roster_grid import DAYS_AT_MOST, Cell, Grid, Piece, coverage_change, grid_of, spans_of
from shouwang.domain.rostering import override_faults, override_id, roster_faults, with_override
from shouwang.domain.vocabulary import DAY, Instant, PersonId

from .access import Caller, allow
from .coverage import gap_out, named
from .directory import roster_out
from .doors import TheWindow, Window
from .names import Names
from .problems import Code, FieldError, Problem, not_found
from .questions import When, instant_of
from .roster_sheets import (
    CellOut,
    ChangesIn,
    ChangesOut,
    GridDayOut,
    GridOut,
    HereOut,
    LeaveOut,
    OffOut,
    OverrideMade,
    PieceOut,
    ShiftsIn,
    ShiftsOut,
    SpanOut,
    StandInIn,
)
from .rostering import allow_rosters, refuse, sent_roster
from .seen import roster_seen

router = APIRouter(prefix="/rosters", tags=["directory"])

Ref = Annotated[str, Path(max_length=200)]
LOOKED_AHEAD = 7 * DAY
"""In which a change of the shifts themselves is weighed."""

Days = Annotated[int, Query(ge=1, le=DAYS_AT_MOST, description="Local days, the first holds `from`.")]


@router.get("/{roster_id}/grid")
def get_grid(
    window: TheWindow,
    caller: Caller,
    roster_id: Ref,
    since: Annotated[When, Query(alias="from")] = None,
    days: Days = 7,
) -> GridOut:
    """Days across, shifts down: who stands in each cell and why, who is off and why, what no shift holds, leave,
    holidays and 调休."""
    allow(caller, Act.READ)
    community = window.directory.community()
    roster = roster_seen(community, caller, roster_id)
    start = instant_of(since, "query/from")
    grid = grid_of(community, roster, window.clock.now() if start is None else start, days)
    return _grid_out(grid, roster, Names(community, caller))


@router.post("/{roster_id}/changes")
def change_roster(window: TheWindow, caller: Caller, roster_id: Ref, body: ChangesIn) -> ChangesOut:
    """Several overrides added and taken back in one step, with what that does to coverage; `dry_run` only says it."""
    allow(caller, Act.CHANGE_DUTIES)
    community = window.directory.community()
    roster = roster_seen(community, caller, roster_id)
    allow_rosters(caller, community, roster)
    added = _asked(community, body.add)
    present = {override_id(roster.id, one): one for one in roster.overrides}
    missing = [id for id in body.remove if id not in present]
    if missing:
        raise not_found("override", missing[0])
    removed = [present[id] for id in dict.fromkeys(body.remove)]
    changed = _changed(roster, added, removed)
    new = [one for one in added if one in changed.overrides and one not in roster.overrides]
    rosters = {**community.rosters, roster.id: changed}
    policies = (*community.policies, *window.policies())
    after = msgspec.structs.replace(community, rosters=rosters)
    opened, closed = coverage_change(
        community, after, roster.id, policies, spans_of([*new, *removed]), channels=window.kinds
    )
    is_applied = not body.dry_run and changed is not roster
    if is_applied:
        window.directory.change([changed])
        _record(window, caller, roster.id, new, removed)
    return ChangesOut(
        applied=is_applied,
        added=[_made(roster.id, one) for one in new],
        removed=[_made(roster.id, one) for one in removed],
        opens=[named(community, gap_out(gap)) for gap in opened],
        closes=[named(community, gap_out(gap)) for gap in closed],
    )


@router.post("/{roster_id}/shifts")
def change_shifts(window: TheWindow, caller: Caller, roster_id: Ref, body: ShiftsIn) -> ShiftsOut:
    """The shifts themselves, who stands in them and what the roster fills, with what that does to coverage in the next
    7 days; `dry_run` only says it. Overrides stay."""
    allow(caller, Act.CHANGE_DUTIES)
    community = window.directory.community()
    known, changed = community.rosters.get(roster_id), sent_roster(community, roster_id, body)
    allow_rosters(caller, community, *([known] if known else []), changed)
    refuse(roster_faults(changed, community), "body")
    after = msgspec.structs.replace(community, rosters={**community.rosters, roster_id: changed})
    now, policies = window.clock.now(), (*community.policies, *window.policies())
    opened, closed = coverage_change(
        community, after, roster_id, policies, [(now, now + LOOKED_AHEAD)], channels=window.kinds
    )
    is_applied = not body.dry_run and changed != known
    if is_applied:
        window.directory.change([changed])
        kind = "roster.changed" if known else "roster.added"
        entry = Entry(at=now, kind=kind, actor=caller.actor, body={"roster": roster_id, "shifts": len(changed.shifts)})
        with window.casebook.change() as transaction:
            transaction.record(entry)
    return ShiftsOut(
        applied=is_applied,
        roster=roster_out(changed),
        before=roster_out(known) if known else None,
        opens=[named(community, gap_out(gap)) for gap in opened],
        closes=[named(community, gap_out(gap)) for gap in closed],
    )


def _asked(community: Community, given: list[StandInIn]) -> list[Override]:
    """Raises the problem that names everything that is wrong with them."""
    found = [Override(start=one.start, end=one.end, add=_person(one.add), remove=_person(one.remove)) for one in given]
    faults = [
        FieldError(f"body/add/{index}/{path}", why)
        for index, one in enumerate(found)
        for path, why in override_faults(one, community)
    ]
    if faults:
        raise Problem(Code.INVALID, "; ".join(f"{one.pointer}: {one.detail}" for one in faults), errors=faults)
    return found


def _changed(roster: Roster, added: list[Override], removed: list[Override]) -> Roster:
    """The same roster where nothing changes."""
    kept = [one for one in roster.overrides if one not in removed]
    changed = roster if len(kept) == len(roster.overrides) else msgspec.structs.replace(roster, overrides=kept)
    for one in added:
        changed = with_override(changed, one)
    return changed


def _record(window: Window, caller: Principal, roster: str, added: list[Override], removed: list[Override]) -> None:
    now = window.clock.now()
    kinds = [("roster.overridden", one) for one in added] + [("roster.override_removed", one) for one in removed]
    with window.casebook.change() as transaction:
        for kind, one in kinds:
            body = msgspec.structs.asdict(one) | {"roster": roster, "override": override_id(roster, one)}
            transaction.record(Entry(at=now, kind=kind, actor=caller.actor, body=body))


def _person(id: str | None) -> PersonId | None:
    return PersonId(id) if id else None


def _made(roster: str, one: Override) -> OverrideMade:
    return OverrideMade(
        id=override_id(roster, one), roster=roster, start=one.start, end=one.end, add=one.add, remove=one.remove
    )


def _grid_out(grid: Grid, roster: Roster, names: Names) -> GridOut:
    pieces = [piece for cell in grid.cells for piece in cell.pieces]
    people = {one.person for piece in pieces for one in piece.here}
    people |= {one.person for piece in pieces for one in piece.off} | {one.person for one in grid.leaves}
    return GridOut(
        roster=roster_out(roster),
        days=[
            GridDayOut(
                day=one.day.isoformat(),
                start=rfc3339(one.start),
                end=rfc3339(one.end),
                workday=one.workday,
                holiday=one.holiday,
                worked=one.worked,
            )
            for one in grid.days
        ],
        cells=[_cell_out(one) for one in grid.cells],
        bare=[_span_out(*one) for one in grid.bare],
        leaves=[LeaveOut(person=one.person, start=rfc3339(one.start), end=rfc3339(one.end)) for one in grid.leaves],
        names={one: names.person(one) or one for one in sorted(people)},
        unread=grid.unread,
    )


def _cell_out(cell: Cell) -> CellOut:
    return CellOut(
        shift=cell.shift,
        day=cell.day.isoformat(),
        start=rfc3339(cell.start),
        end=rfc3339(cell.end),
        pieces=[_piece_out(one) for one in cell.pieces],
    )


def _piece_out(piece: Piece) -> PieceOut:
    return PieceOut(
        start=rfc3339(piece.start),
        end=rfc3339(piece.end),
        here=[HereOut(person=one.person, how=one.how, other=one.other, override=one.override) for one in piece.here],
        off=[OffOut(person=one.person, why=one.why, other=one.other, override=one.override) for one in piece.off],
        overruled=piece.overruled,
    )


def _span_out(start: Instant, end: Instant) -> SpanOut:
    return SpanOut(start=rfc3339(start), end=rfc3339(end))
