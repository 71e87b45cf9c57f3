"""What somebody who was told must know to act: read on the one-tap page, by the person of one delivery alone.

Content by level: whoever may have to go learns how to get in and who needs help there, for as long as the incident
lives. Offices above the compound, and observers, get a summary without the residents' data; of a drill or a test
nobody is shown any, for nobody has to get in.
"""

from collections.abc import Sequence

from shouwang.domain.alert import AlertClass
from shouwang.domain.checklist import Checklist, Words, checklist_of, facts_of, never_of, tasks_of
from shouwang.domain.community import Community
from shouwang.domain.directions import Entry, entry_of
from shouwang.domain.headcount import heads
from shouwang.domain.incident import Incident, IncidentState, is_live
from shouwang.domain.levels import is_afar, may_go, post_of, posts_of
from shouwang.domain.message import place_words
from shouwang.domain.notice import Delivery, DeliveryState
from shouwang.domain.vocabulary import Instant, PersonId, Value

_UNTOLD = (DeliveryState.REFUSED, DeliveryState.CANCELLED)


class Colleague(Value, frozen=True, kw_only=True):
    """Somebody else who was told. ``did`` in the words of delivery states: sent, delivered, seen, answered …"""

    name: str
    post: str
    did: DeliveryState
    is_holder: bool = False


class Helped(Value, frozen=True, kw_only=True):
    """需协助疏散: a home on the fire floor or above whose people need help to leave."""

    where: str
    needs: list[str]


class Briefing(Value, frozen=True, kw_only=True):
    """``never``: what nobody may do. ``tasks``: of the person's posts there."""

    person: PersonId
    language: str
    klass: AlertClass
    state: IncidentState
    title: dict[str, str]
    where: list[str]
    """Each place that took part, in words, in order of ignition."""
    since: Instant
    confirmed: bool
    holder: str
    is_mine: bool
    has_declined: bool
    colleagues: list[Colleague]
    never: list[Words]
    tasks: list[Words]
    entry: Entry
    helped: list[Helped]
    drill: bool
    test: bool


def brief(
    delivery: Delivery,
    incident: Incident,
    told: Sequence[Delivery],
    community: Community,
    checklists: Sequence[Checklist] = (),
) -> Briefing:
    """``told``: all deliveries of the incident."""
    person = community.people.get(delivery.person)
    is_exercise = incident.drill or incident.test
    sees_all = is_live(incident.state) and not is_exercise and not is_afar(delivery.person, community)
    posts = posts_of(delivery.person, incident.place, community)
    caller = person.name if person else ""
    facts = {one: facts_of(incident, community, caller=caller, language=one) for one in ("zh", "en")}
    return Briefing(
        person=delivery.person,
        language=person.language if person else "zh",
        klass=incident.klass,
        state=incident.state,
        title=incident.title,
        where=[place_words(community, place) for place in incident.places or [incident.place]],
        since=incident.opened_at,
        confirmed=incident.confirmed,
        holder=_name(incident.holder, community),
        is_mine=incident.holder == delivery.person,
        has_declined=delivery.person in incident.declined,
        colleagues=_colleagues(delivery.person, incident, told, community),
        never=never_of(checklists, incident),
        tasks=tasks_of(checklist_of(checklists, incident), posts, facts),
        entry=entry_of(incident.places or [incident.place], community) if sees_all else Entry(),
        helped=_helped(delivery.person, incident, community) if sees_all else [],
        drill=incident.drill,
        test=incident.test,
    )


def _helped(person: PersonId, incident: Incident, community: Community) -> list[Helped]:
    """For those whose post goes there: whoever leads from where they are has the console. The homes that took part
    stand in the entry already."""
    if incident.holder != person and not may_go(person, incident.place, community):
        return []
    return [
        Helped(where=place_words(community, one.place), needs=one.needs)
        for one in heads(incident, community)
        if one.helped and one.place not in incident.places
    ]


def _colleagues(
    person: PersonId, incident: Incident, told: Sequence[Delivery], community: Community
) -> list[Colleague]:
    furthest: dict[PersonId, DeliveryState] = {}
    for one in told:
        if one.person != person and one.state not in _UNTOLD:
            known = furthest.get(one.person)
            furthest[one.person] = one.state if known is None else max(known, one.state, key=_order)
    return [
        Colleague(
            name=_name(id, community),
            post=post_of(id, incident.place, community),
            did=state,
            is_holder=incident.holder == id,
        )
        for id, state in furthest.items()
    ]


def _order(state: DeliveryState) -> int:
    return list(DeliveryState).index(state) if state is not DeliveryState.UNREACHABLE else -1


def _name(person: str | None, community: Community) -> str:
    known = community.people.get(PersonId(person)) if person else None
    return known.name if known else person or ""
