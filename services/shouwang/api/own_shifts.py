"""我的班次: one person's coming shifts over all rosters, who could take each, and the swaps that wait for a word."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Role
from shouwang.domain.community import Community
from shouwang.domain.moment import parse_rfc3339, rfc3339
from shouwang.domain.roster import Swap, people_of
from shouwang.domain.rostering import Duty, duties_of
from shouwang.domain.vocabulary import DAY, Instant, PersonId

from .access import Caller, allow
from .doors import TheWindow
from .names import Names
from .problems import Code, Problem, not_found
from .roster_sheets import SwapOut
from .rostering import swap_out
from .schemas import Time

router = APIRouter(tags=["directory"])

DAYS_AT_MOST = 31


class TakerOut(BaseModel):
    id: str
    name: str = Field(description="Masked, unless you may see names.")


class OwnShiftOut(BaseModel):
    """``stands_in``: by an override or a swap. ``takers``: others of the roster and members of its zone."""

    roster: str
    name: str = Field(description="Of the roster; may be empty.")
    post: str
    zone: str = Field(description="Its name.")
    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    stands_in: bool
    takers: list[TakerOut]


class OwnShiftsOut(BaseModel):
    """``swaps``: asked by or of this person, for a time that is not over, newest first."""

    shifts: list[OwnShiftOut]
    swaps: list[SwapOut]


@router.get("/people/{person_id}/shifts")
def own_shifts(
    window: TheWindow,
    caller: Caller,
    person_id: Annotated[str, Path(max_length=200)],
    days: Annotated[int, Query(ge=1, le=DAYS_AT_MOST)] = 14,
) -> OwnShiftsOut:
    """The shift under way and those that begin in the next days, with overrides, swaps, leave and holidays."""
    allow(caller, Act.READ)
    if caller.person != person_id and caller.role not in (Role.ADMIN, Role.OPERATOR):
        raise Problem(Code.FORBIDDEN, "only the person and the desk read somebody's shifts; ask for your own")
    community, person = window.directory.community(), PersonId(person_id)
    if person not in community.people:
        raise not_found("person", person_id)
    now, names = window.clock.now(), Names(community, caller)
    # A day more on either side: a shift that is cut there would not be said with its own beginning and end.
    coming = [
        duty
        for duty in duties_of(community, person, now - DAY, now + (days + 1) * DAY)
        if duty.end > now and duty.start < now + days * DAY
    ]
    mine = [swap for swap in community.swaps.values() if person in (swap.asker, swap.taker) and not _is_over(swap, now)]
    return OwnShiftsOut(
        shifts=[_shift_out(duty, community, person, names) for duty in coming],
        swaps=[swap_out(swap, names) for swap in sorted(mine, key=lambda swap: swap.id, reverse=True)],
    )


def _shift_out(duty: Duty, community: Community, person: PersonId, names: Names) -> OwnShiftOut:
    roster = community.rosters[duty.roster]
    zone = community.zones.get(roster.zone)
    others = {*people_of(roster), *(zone.members if zone else ())} - {person}
    takers = [TakerOut(id=one, name=names.person(one)) for one in sorted(others) if one in community.people]
    return OwnShiftOut(
        roster=roster.id,
        name=roster.name,
        post=roster.post,
        zone=zone.name if zone else "",
        start=rfc3339(duty.start),
        end=rfc3339(duty.end),
        stands_in=duty.stands_in,
        takers=takers,
    )


def _is_over(swap: Swap, now: Instant) -> bool:
    return parse_rfc3339(swap.end) <= now
