"""替班: who could fill a gap of a roster, for one press to take."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from shouwang.domain.access import Act
from shouwang.domain.rostering import LONGEST
from shouwang.domain.standing_in import stand_ins

from .access import Caller, allow
from .doors import TheWindow
from .names import Names
from .problems import invalid
from .questions import When, instant_of
from .rostering import allow_rosters
from .seen import people_seen, roster_seen

router = APIRouter(tags=["directory"])


class StandInOut(BaseModel):
    """Best first. `POST /overrides` with `add` puts them on duty."""

    person: str
    name: str
    own: bool = Field(description="Of the roster's own people, or a member of its zone.")
    certified: bool = Field(description="With a certificate for the desk to the end of the span.")
    verified: bool = Field(description="Some contact of theirs was proven.")
    elsewhere: list[str] = Field(description="Other rosters that have them on duty in the span.")


@router.get("/rosters/{roster_id}/stand-ins")
def list_stand_ins(
    window: TheWindow,
    caller: Caller,
    roster_id: Annotated[str, Path(max_length=200)],
    since: Annotated[When, Query(alias="from")],
    to: When,
) -> list[StandInOut]:
    """Who could be on duty from `from` to `to`: reachable, not away, not on duty there already; the free before the
    busy, for a desk the certified before the others."""
    allow(caller, Act.CHANGE_DUTIES)
    community = window.directory.community()
    roster = roster_seen(community, caller, roster_id)
    allow_rosters(caller, community, roster)
    start, end = instant_of(since, "query/from"), instant_of(to, "query/to")
    if start is None or end is None or not start < end <= start + LONGEST:
        raise invalid("query/to", "expected a time after `from`, at most 92 days later")
    seen = {one.id for one in people_seen(community, caller)}
    names = Names(community, caller)
    return [
        StandInOut(
            person=one.person,
            name=names.person(one.person),
            own=one.own,
            certified=one.certified,
            verified=one.verified,
            elsewhere=one.elsewhere,
        )
        for one in stand_ins(community, roster, start, end, seen, channels=window.kinds)
    ]
