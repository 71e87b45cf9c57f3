"""GET /events: the journal live, each entry as one server-sent event."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from shouwang.domain.access import Act, Principal, may
from shouwang.domain.journal import Entry
from shouwang.domain.vocabulary import IncidentId

from .access import Caller, allow
from .doors import TheWindow, Window
from .problems import invalid
from .stream import EventStream

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Endless; a comment each 10 s keeps it warm."}
    },
)
async def events(
    window: TheWindow,
    caller: Caller,
    after: Annotated[int | None, Query(ge=0, description="The journal number to go on from; 0 for all.")] = None,
    last_event_id: Annotated[
        str | None, Header(description="As browsers send it on reconnecting; goes before `after`.")
    ] = None,
) -> Response:
    """Everything that happens from now on, or from a number on, without a gap. The event type is the entry's kind, its
    id the journal number."""
    allow(caller, Act.READ)
    resume = after
    if last_event_id:
        if not last_event_id.isdecimal():
            raise invalid("header/last-event-id", f"{last_event_id!r} is not a journal number")
        resume = int(last_event_id)
    return EventStream(window.tail, resume, sees=None if caller.place is None else _sight(window, caller))


def _sight(window: Window, caller: Principal) -> Callable[[Entry], bool]:
    """Which entries a caller confined to a place may have; an entry about an incident lies where that is."""
    places: dict[IncidentId, str | None] = {}

    def place_of(incident: IncidentId) -> str | None:
        if incident not in places:
            found = window.board.incident(incident)
            places[incident] = found.place if found else None
        return places[incident]

    def sees(entry: Entry) -> bool:
        place = entry.place or (place_of(entry.incident) if entry.incident else None)
        return place is not None and may(caller, Act.READ, place)

    return sees
