"""What people do to an incident: the acts by name, which of them repeat an earlier one, and which cannot be.

An act either changes something, and then the journal says who, when and why; or it repeats what the same person did
before, and then changes nothing; or it cannot be, and then the Conflict says to that person how things stand.
"""

from collections.abc import Sequence
from typing import TypeAlias

from shouwang.domain.alert import UNSEEN, Alert
from shouwang.domain.casefile import Attachment, Counting, EntryWay, Proof, Visit
from shouwang.domain.community import Community
from shouwang.domain.errors import Conflict
from shouwang.domain.escalation import Milestone
from shouwang.domain.incident import (
    INCIDENT_MOVES,
    Finding,
    Incident,
    IncidentEvent,
    IncidentState,
    Outcome,
    is_live,
)
from shouwang.domain.place import is_within
from shouwang.domain.vocabulary import Instant, PersonId, PlaceId, Value
from shouwang.domain.witnessing import witnesses_of

BRANCH_POSTS = frozenset({"branch_secretary", "branch_observer", "party_member", "neighbour_supervisor"})
"""小区党支部: who reviews how a case was handled."""


class Said(Value, frozen=True, kw_only=True):
    """Every act may carry a note for the timeline. ``said_at``: when it was done, by the phone that kept it."""

    note: str = ""
    said_at: Instant | None = None


class Acknowledge(Said, frozen=True, kw_only=True):
    """接警: I have it."""


class Verify(Said, frozen=True, kw_only=True):
    """核警: what was found, and how: on_scene, call_back, camera, second_detector."""

    finding: Finding
    how: str


class Decline(Said, frozen=True, kw_only=True):
    """拒单: I cannot come; from the holder: I give it back."""


class Depart(Said, frozen=True, kw_only=True):
    """出动."""


class Arrive(Said, frozen=True, kw_only=True):
    """到场; without a proof 未核实到场. ``reference``: what proves it, as the caller found it to be true."""

    proof: Proof | None = None
    reference: str = ""


class Resolve(Said, frozen=True, kw_only=True):
    """办结."""

    outcome: Outcome
    cause: str = ""


class Review(Said, frozen=True, kw_only=True):
    """复核, never of one's own."""


class Close(Said, frozen=True, kw_only=True):
    """归档: nobody handles it any more. What is owed (回访, 复核) stays owed."""


class HandOver(Said, frozen=True, kw_only=True):
    """移交: another person holds it from now on."""

    to: PersonId


class Escalate(Said, frozen=True, kw_only=True):
    """立即上报: the next level now. ``reason``: what the people of that level read."""

    reason: str


class Remark(Said, frozen=True, kw_only=True):
    """A line for the timeline."""


class Check(Said, frozen=True, kw_only=True):
    """An item of the checklist is done."""

    item: str


class Dial(Said, frozen=True, kw_only=True):
    """A person has called a service (119, 120, 110 …), or somebody of the home; see ``casefile.Dialled``."""

    service: str
    person: PersonId | None = None
    answered: bool | None = None


class Enter(Said, frozen=True, kw_only=True):
    """入户: a dwelling was opened, by key or by force, before two witnesses."""

    how: EntryWay
    place: PlaceId
    reason: str
    authorised_by: str
    witnesses: list[str]


class Count(Said, frozen=True, kw_only=True):
    """人员清点: what is known of the people of one dwelling."""

    place: PlaceId
    state: Counting
    people: int | None = None


class Attach(Said, frozen=True, kw_only=True):
    """A photo or document; its content is kept elsewhere."""

    file: Attachment


class FollowUp(Said, frozen=True, kw_only=True):
    """回访, mostly the next day."""

    result: Visit


Act: TypeAlias = (
    Acknowledge
    | Verify
    | Decline
    | Depart
    | Arrive
    | Resolve
    | Review
    | Close
    | HandOver
    | Escalate
    | Remark
    | Check
    | Dial
    | Enter
    | Count
    | Attach
    | FollowUp
)


def is_repeated(incident: Incident, act: Act, actor: str, alerts: Sequence[Alert]) -> bool:
    """The same person did just this before."""
    match act:
        case Acknowledge():
            is_seen = not any(alert.state in UNSEEN for alert in alerts)
            return is_live(incident.state) and incident.holder == actor and is_seen and _is_taken(incident)
        case Verify():
            found = (incident.verified_by, incident.finding, incident.finding_how)
            return found == (actor, act.finding, act.how) and (
                act.finding is Finding.UNCLEAR or Milestone.VERIFIED in incident.reached
            )
        case Decline():
            return actor in incident.declined and incident.holder != actor
        case Depart():
            return incident.en_route_by == actor and is_live(incident.state)
        case Arrive():
            arrivals = incident.file.arrivals if incident.file else []
            mine = [one for one in arrivals if one.by == actor]
            is_here = incident.on_scene_by == actor or bool(mine)
            return is_here and is_live(incident.state) and (act.proof is None or any(one.proof for one in mine))
        case Resolve():
            return not is_live(incident.state) and (incident.resolved_by, incident.outcome) == (actor, act.outcome)
        case Review():
            return incident.reviewed_by == actor
        case Close():
            return incident.state is IncidentState.CLOSED
        case HandOver():
            return incident.holder == act.to
        case Check():
            return incident.file is not None and any(one.item == act.item for one in incident.file.checks)
        case Attach():
            return incident.file is not None and any(one.id == act.file.id for one in incident.file.files)
        case Escalate() | Remark() | Dial() | Enter() | Count() | FollowUp():
            return False


def refuse_impossible(incident: Incident, act: Act, actor: str, community: Community) -> None:
    """Raises Conflict with what the person must know."""
    state, event = incident.state, _event_of(act, is_holder=incident.holder == actor)
    if isinstance(act, Acknowledge) and is_live(state) and _is_taken(incident) and incident.holder != actor:
        raise Conflict(f"{_name(incident.holder, community)} has it already")
    if isinstance(act, Review | FollowUp) and incident.file is not None and incident.file.merged_into:
        raise Conflict(
            f"incident {incident.id} became part of {incident.file.merged_into}; that one is reviewed and followed up"
        )
    if isinstance(act, Review) and not is_live(state):
        _refuse_review(incident, actor, community)
    if isinstance(act, Escalate) and not act.reason.strip():
        raise Conflict("whoever is called now must know why: say for what more people are needed")
    if isinstance(act, Enter):
        _refuse_entry(incident, act, actor, community)
    if isinstance(act, HandOver) and act.to not in community.people:
        raise Conflict(f"there is no person {act.to} to hand over to")
    if (state, event) not in INCIDENT_MOVES:
        by = {IncidentState.RESOLVED: incident.resolved_by, IncidentState.CLOSED: incident.closed_by}.get(state)
        stands = f"incident {incident.id} is {state}" + (f" by {_name(by, community)}" if by else "")
        raise Conflict(f"{stands}; {_why_not(state, event)}")


def _refuse_review(incident: Incident, actor: str, community: Community) -> None:
    """复核 by the branch, never of one's own. Where nobody holds a post of the branch, anybody else may."""
    if incident.resolved_by == actor:
        raise Conflict("nobody reviews what they resolved themselves; another person must")
    if incident.holder == actor:
        raise Conflict("nobody reviews a case that they held themselves; another person must")
    around = [one for one in community.posts if one.post in BRANCH_POSTS and is_within(incident.place, one.place)]
    branch = {person for one in around for person in (one.person, one.deputy) if person is not None}
    if actor in community.people and branch and actor not in branch:
        names = ", ".join(sorted(_name(person, community) for person in branch))
        raise Conflict(f"a case is reviewed by the branch: {names}")


def _refuse_entry(incident: Incident, act: Enter, actor: str, community: Community) -> None:
    witnesses_of(act.witnesses, actor=actor, community=community)
    if not is_live(incident.state):
        raise Conflict(f"incident {incident.id} is over; nobody enters a home for it any more")


def _event_of(act: Act, *, is_holder: bool) -> IncidentEvent:
    match act:
        case Acknowledge():
            return IncidentEvent.ACKNOWLEDGE
        case Verify():
            return IncidentEvent.VERIFY
        case Decline():
            return IncidentEvent.RELEASE if is_holder else IncidentEvent.DECLINE
        case Depart():
            return IncidentEvent.DEPART
        case Arrive():
            return IncidentEvent.ARRIVE
        case Resolve():
            return IncidentEvent.RESOLVE
        case Review():
            return IncidentEvent.REVIEW
        case Close():
            return IncidentEvent.CLOSE
        case HandOver():
            return IncidentEvent.HAND_OVER
        case Escalate():
            return IncidentEvent.ESCALATE
        case FollowUp():
            return IncidentEvent.FOLLOW_UP
        case Remark() | Check() | Dial() | Enter() | Count() | Attach():
            return IncidentEvent.NOTE


def _why_not(state: IncidentState, event: IncidentEvent) -> str:
    if event in (IncidentEvent.REVIEW, IncidentEvent.CLOSE, IncidentEvent.FOLLOW_UP):
        done = {IncidentEvent.REVIEW: "reviewed", IncidentEvent.CLOSE: "closed"}.get(event, "followed up")
        return f"only a resolved incident can be {done}"
    if not is_live(state):
        return "what comes now is a new incident"
    if event is IncidentEvent.HAND_OVER:
        return "only an incident that somebody holds can be handed over"
    return "who holds it on the scene hands it over instead of declining"


def _is_taken(incident: Incident) -> bool:
    return Milestone.ACKNOWLEDGED in incident.reached


def _name(person: str | None, community: Community) -> str:
    known = community.people.get(PersonId(person)) if person else None
    return known.name if known else person or "somebody"
