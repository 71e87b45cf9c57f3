"""``POST /incidents/{id}/reveal``: a name and phone, or a household, unmasked for the case that justifies it.

The look is in the journal, committed, before any of it is read for the answer; where it cannot be written, nothing is
shown. An answer is kept nowhere, under an Idempotency-Key neither.
"""

from collections.abc import Collection

from fastapi import APIRouter

from shouwang.domain.access import Act, Principal, may
from shouwang.domain.community import Community
from shouwang.domain.headcount import only_oversees
from shouwang.domain.incident import Incident
from shouwang.domain.reveal import Asked, is_home_of, is_named_in
from shouwang.domain.vocabulary import PersonId, PlaceId

from .access import Caller
from .doors import TheWindow
from .handling_sheets import RevealedOut, RevealedPersonOut, RevealIn
from .households import household_out
from .incidents import IncidentRef, visible
from .names import Names
from .problems import Code, Problem, invalid, not_found
from .seen import people_seen

router = APIRouter(prefix="/incidents", tags=["incidents"])


@router.post("/{incident_id}/reveal")
def reveal(window: TheWindow, caller: Caller, incident_id: IncidentRef, body: RevealIn) -> RevealedOut:
    """One person's name and phone, or one household, to a caller who may respond here; written into the case's timeline
    with the reason. 409 where the case is closed, 429 where this caller was shown 20 for it."""
    incident = visible(window, caller, incident_id)
    if not may(caller, Act.RESPOND, incident.place):
        detail = (
            f"a {caller.role} sees names and phones masked: only who may respond to an incident reveals one for it, "
            "and nothing was shown. Ask the desk to call for you"
        )
        raise Problem(Code.FORBIDDEN, detail)
    community = window.directory.community()
    asked = Asked(
        reason=body.reason,
        person=PersonId(body.person) if body.person is not None else None,
        place=PlaceId(body.place.strip("/")) if body.place is not None else None,
    )
    if asked.person is not None:
        told = {one.person for one in window.board.deliveries_of([incident.id])[incident.id]}
        _refuse_person(community, caller, incident, asked.person, told)
    if asked.place is not None:
        _refuse_place(community, caller, incident, asked.place)
    left = window.respond.reveal(incident.id, asked, actor=caller.actor)
    return _shown(window.directory.community(), caller, incident, asked, left)


def _refuse_person(
    community: Community, caller: Principal, incident: Incident, id: PersonId, told: Collection[str]
) -> None:
    """Raises the problem, the same for whoever is not there and whoever is not the caller's to see."""
    person = community.people.get(id)
    if person is None or not (person in people_seen(community, caller) or is_named_in(incident, id, told)):
        raise invalid("body/person", f"{id!r} is nobody of the directory whom you may see, nor of this case")


def _refuse_place(community: Community, caller: Principal, incident: Incident, place: PlaceId) -> None:
    """Raises the problem."""
    if only_oversees(caller, community):
        detail = "whoever oversees needs no resident's data for it: nothing was shown. Ask the desk, or who was called"
        raise Problem(Code.FORBIDDEN, detail)
    if not (is_home_of(incident, place, community) and may(caller, Act.RESPOND, place)):
        raise invalid("body/place", f"{place!r} is neither a place of this case nor a dwelling counted for it")
    if place not in community.households:
        raise not_found("household on record at", place)


def _shown(community: Community, caller: Principal, incident: Incident, asked: Asked, left: int) -> RevealedOut:
    """Raises the problem where it was removed meanwhile."""
    if asked.place is not None:
        if asked.place not in community.households:
            raise not_found("household on record at", asked.place)
        household = household_out(community, Names(community, caller), asked.place)
        return RevealedOut(incident=incident.id, household=household, left=left)
    person = community.people.get(asked.person) if asked.person is not None else None
    if person is None:
        raise not_found("person", asked.person or "")
    posts = [f"{one.post}@{one.place}" for one in community.posts if one.person == person.id]
    shown = RevealedPersonOut(id=person.id, name=person.name, phone=person.phone, posts=posts)
    return RevealedOut(incident=incident.id, person=shown, left=left)
