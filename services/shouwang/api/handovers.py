"""交班与接班: the shift that goes signs, then the one that comes."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Principal
from shouwang.domain.board import EntryQuery
from shouwang.domain.journal import Entry
from shouwang.domain.moment import rfc3339
from shouwang.domain.place import touches
from shouwang.domain.vocabulary import HOUR, Instant, PersonId, PlaceId

from .access import Caller, allow
from .doors import TheWindow, Window
from .names import Names
from .period import entries_of
from .problems import Code, Problem, invalid, not_found
from .questions import time
from .schemas import Sent, Time

router = APIRouter(tags=["reports"])

MOST = 500
"""Entries of hand-overs that are looked at for a list: two for each, of two or three shifts a day."""
LISTED = 100
SIGNED_WITHIN = 12 * HOUR
"""A hand-over of a span may be signed so long after the span."""


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
    """The newest hundred: of the caller's place, of what lies around it, and of the whole site."""
    allow(caller, Act.READ)
    return handovers(window, caller)[:LISTED]


def handovers(
    window: Window, caller: Principal, start: Instant | None = None, end: Instant | None = None
) -> list[HandoverOut]:
    """Those that concern the caller's place, newest first, with their signatures: all of [start, end); the newest where
    no span is given."""
    until = None if end is None else end + SIGNED_WITHIN
    entries = entries_of(window, EntryQuery(kind="shift.", start=start, end=until), MOST if start is None else None)
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
        if one.kind == "shift.handed_over" and (end is None or one.at < end) and _concerns(one.place, caller.place)
    ]


def _concerns(place: str | None, mine: str | None) -> bool:
    """One for the whole site, or for what lies around a place, is for whoever is there too: its note is its writer's
    words to all of them, and it says nothing else of any case."""
    return place is None or mine is None or touches(place, mine)


def _record(window: Window, entry: Entry) -> None:
    with window.casebook.change() as transaction:
        transaction.record(entry)
