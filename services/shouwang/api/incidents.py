"""警情 / 事件: the list, one case with every second of it, and everything that people do to it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from shouwang.domain.access import Act, Principal
from shouwang.domain.acts import Acknowledge, Arrive, Close, Decline, Depart, Escalate, HandOver, Remark, Review
from shouwang.domain.acts import Act as Doing
from shouwang.domain.acts import Resolve as ResolveAct
from shouwang.domain.acts import Verify as VerifyAct
from shouwang.domain.board import CaseQuery
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.owed import Owed, owes
from shouwang.domain.vocabulary import IncidentId, Instant, PersonId, Severity

from .access import Caller, allow
from .arrival import proven
from .cases import incidents_out
from .doors import TheWindow, Window
from .etags import IfMatch, etag, require_match
from .handling_sheets import ArriveIn, EscalateIn
from .hold_views import permits_near
from .names import Names
from .owing import still_owing
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut, mark_of
from .problems import invalid, not_found
from .questions import Several, Within, instant_of, subtrees, words
from .schemas import Acted, Done, Handover, IncidentOut, Note, OwedCountsOut, Resolve, Verify

router = APIRouter(prefix="/incidents", tags=["incidents"])

IncidentRef = Annotated[str, Path(max_length=200)]

TIMELINE_IN_LISTS = 100
"""Newest entries of each case in a list; one case alone has them all."""

Timeline = Annotated[int, Query(ge=0, le=500, description="Newest entries of each timeline; 0 leaves them out.")]


@router.get("")
def list_incidents(
    window: TheWindow,
    caller: Caller,
    state: Several = None,
    severity: Several = None,
    place: Within = None,
    owed: Annotated[Owed | None, Query(description="Ended, of the last 90 days, and owes this yet.")] = None,
    timeline: Timeline = TIMELINE_IN_LISTS,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[IncidentOut]:
    """Newest first, ended ones included."""
    allow(caller, Act.READ)
    query = CaseQuery(
        states=frozenset(words(state, IncidentState, "query/state")),
        severities=words(severity, Severity, "query/severity"),
        places=subtrees(caller, place),
    )
    mark = mark_of(cursor)
    rows = still_owing(window, query, owed, mark, limit + 1) if owed else window.board.incidents(query, mark, limit + 1)
    page, following = cut(rows, limit, lambda incident: (incident.opened_at, incident.id))
    return Page(items=_shown(window, caller, page, newest=timeline), next=following)


@router.get("/owed")
def count_owed(window: TheWindow, caller: Caller, place: Within = None) -> OwedCountsOut:
    """待复核, 待回访: how many ended cases of the last 90 days owe a review or a visit yet."""
    allow(caller, Act.READ)
    owing = still_owing(window, CaseQuery(places=subtrees(caller, place)), None)
    return OwedCountsOut(
        review=sum(owes(incident, Owed.REVIEW) for incident in owing),
        follow_up=sum(owes(incident, Owed.FOLLOW_UP) for incident in owing),
    )


@router.get("/{incident_id}")
def get_incident(window: TheWindow, caller: Caller, incident_id: IncidentRef, response: Response) -> IncidentOut:
    incident = _visible(window, caller, incident_id)
    response.headers["ETag"] = etag(incident.revision)
    shown = _whole(window, caller, incident)
    shown.permits = permits_near(window, caller, incident.places)
    return shown


@router.post("/{incident_id}/acknowledge")
def acknowledge(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, body: Acted | None = None, if_match: IfMatch = None
) -> IncidentOut:
    """接警: somebody is awake. Says nothing of whether it is real."""
    incident = _for_act(window, caller, incident_id, if_match)
    return _did(window, caller, incident, Acknowledge(note=_note(body), said_at=said_at(body)))


@router.post("/{incident_id}/verify")
def verify(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, body: Verify, if_match: IfMatch = None
) -> IncidentOut:
    """核警: real, false or unclear, and how that was found out."""
    incident = _for_act(window, caller, incident_id, if_match)
    act = VerifyAct(finding=body.finding, how=body.how or "", note=body.note or "", said_at=said_at(body))
    return _did(window, caller, incident, act)


@router.post("/{incident_id}/decline")
def decline(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, body: Acted | None = None, if_match: IfMatch = None
) -> IncidentOut:
    """I cannot go: the next one is told without waiting."""
    incident = _for_act(window, caller, incident_id, if_match)
    return _did(window, caller, incident, Decline(note=_note(body), said_at=said_at(body)))


@router.post("/{incident_id}/en-route")
def en_route(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, body: Acted | None = None, if_match: IfMatch = None
) -> IncidentOut:
    """出动."""
    incident = _for_act(window, caller, incident_id, if_match)
    return _did(window, caller, incident, Depart(note=_note(body), said_at=said_at(body)))


@router.post("/{incident_id}/arrive")
def arrive(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, body: ArriveIn | None = None, if_match: IfMatch = None
) -> IncidentOut:
    """到场, proven by a tag, a press or a photo; without one 未核实到场."""
    incident = _for_act(window, caller, incident_id, if_match)
    said = body or ArriveIn()
    reference = proven(window, incident, said.proof, said.reference)
    act = Arrive(proof=said.proof, reference=reference, note=said.note or "", said_at=said_at(said))
    return _did(window, caller, incident, act)


@router.post("/{incident_id}/resolve")
def resolve(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, body: Resolve, if_match: IfMatch = None
) -> IncidentOut:
    """办结 with its outcome; everybody who was told hears of the end."""
    incident = _for_act(window, caller, incident_id, if_match)
    act = ResolveAct(outcome=body.outcome, cause=body.cause or "", note=body.note or "", said_at=said_at(body))
    return _did(window, caller, incident, act)


@router.post("/{incident_id}/review")
def review(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, body: Acted | None = None, if_match: IfMatch = None
) -> IncidentOut:
    """复核: somebody looked at how it was handled."""
    incident = _for_act(window, caller, incident_id, if_match)
    return _did(window, caller, incident, Review(note=_note(body), said_at=said_at(body)))


@router.post("/{incident_id}/close")
def close(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, body: Acted | None = None, if_match: IfMatch = None
) -> IncidentOut:
    """归档 a resolved case."""
    incident = _for_act(window, caller, incident_id, if_match)
    return _did(window, caller, incident, Close(note=_note(body), said_at=said_at(body)))


@router.post("/{incident_id}/handover")
def handover(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, body: Handover, if_match: IfMatch = None
) -> IncidentOut:
    """移交: another person holds it from now on."""
    incident = _for_act(window, caller, incident_id, if_match)
    if body.to not in window.directory.community().people:
        raise invalid("body/to", f"{body.to!r} is no person of the directory")
    act = HandOver(to=PersonId(body.to), note=body.note or "", said_at=said_at(body))
    return _did(window, caller, incident, act)


@router.post("/{incident_id}/escalate")
def escalate(
    window: TheWindow,
    caller: Caller,
    incident_id: IncidentRef,
    body: EscalateIn | None = None,
    if_match: IfMatch = None,
) -> IncidentOut:
    """立即上报: the next step of the policy, now, with the reason that its people read."""
    incident = _for_act(window, caller, incident_id, if_match)
    if body is None or not body.reason:
        raise invalid("body/reason", "say why more people are needed: those who are called now read it")
    return _whole(window, caller, window.respond.act(incident.id, Escalate(reason=body.reason), actor=caller.actor))


@router.post("/{incident_id}/notes")
def note(window: TheWindow, caller: Caller, incident_id: IncidentRef, body: Note) -> IncidentOut:
    """A line for the timeline."""
    incident = _for_act(window, caller, incident_id, None)
    return _did(window, caller, incident, Remark(note=body.note, said_at=said_at(body)))


def said_at(body: Done | None) -> Instant | None:
    """When it was done, as the sender says. Raises the problem of a text that is no time."""
    return instant_of(body.at, "body/at") if body else None


def _did(window: Window, caller: Principal, incident: Incident, act: Doing) -> IncidentOut:
    return _whole(window, caller, window.respond.act(incident.id, act, actor=caller.actor))


def _note(body: Acted | None) -> str:
    return (body.note if body else None) or ""


def for_act(window: Window, caller: Principal, incident_id: str, if_match: str | None) -> Incident:
    """The incident, for somebody who may act on it. Raises Problem."""
    return _for_act(window, caller, incident_id, if_match)


def visible(window: Window, caller: Principal, incident_id: str) -> Incident:
    """The incident, for somebody who may see it. Raises Problem."""
    return _visible(window, caller, incident_id)


def whole(window: Window, caller: Principal, incident: Incident) -> IncidentOut:
    """The incident with all of its timeline."""
    return _whole(window, caller, incident)


def _for_act(window: Window, caller: Principal, incident_id: str, if_match: str | None) -> Incident:
    incident = _visible(window, caller, incident_id)
    allow(caller, Act.RESPOND, incident.place)
    require_match(if_match, etag(incident.revision))
    return incident


def _visible(window: Window, caller: Principal, incident_id: str) -> Incident:
    incident = window.board.incident(IncidentId(incident_id))
    if incident is None:
        raise not_found("incident", incident_id)
    allow(caller, Act.READ, incident.place)
    return incident


def _whole(window: Window, caller: Principal, incident: Incident) -> IncidentOut:
    return _shown(window, caller, [incident], newest=None)[0]


def _shown(
    window: Window, caller: Principal, incidents: Sequence[Incident], *, newest: int | None
) -> list[IncidentOut]:
    ids = [incident.id for incident in incidents]
    names = Names(window.directory.community(), caller)
    timelines = {} if newest == 0 else window.board.timelines(ids, newest)
    return incidents_out(incidents, timelines, window.board.deliveries_of(ids), names, window.clock.now())
