"""What somebody who was told must know to act: read on the one-tap page, by the person of one delivery alone.

Content by level: whoever may have to go learns how to get in and who needs help there, for as long as the incident
lives. Offices above the compound, and observers, get a summary without the residents' data.
"""

from collections.abc import Sequence

import msgspec

from shouwang.domain.alert import AlertClass
from shouwang.domain.community import Community
from shouwang.domain.duty import KeyHolder
from shouwang.domain.incident import Incident, IncidentState, is_live
from shouwang.domain.message import place_words
from shouwang.domain.notice import Delivery, DeliveryState
from shouwang.domain.place import ancestors
from shouwang.domain.vocabulary import Instant, PersonId, PlaceId, Value

SUMMARY_POSTS = frozenset({"sub_district_officer", "community_officer", "branch_observer", "neighbour_supervisor"})
"""Posts that watch and support, and never enter a home."""

_UNTOLD = (DeliveryState.REFUSED, DeliveryState.CANCELLED)


class Colleague(Value, frozen=True, kw_only=True):
    """Somebody else who was told. ``did`` in the words of delivery states: sent, delivered, seen, answered …"""

    name: str
    post: str
    did: DeliveryState
    is_holder: bool = False


class Entry(Value, frozen=True, kw_only=True):
    """How to get in, and who needs help: only for whoever may have to go, only while it lives."""

    access: list[str] = msgspec.field(default_factory=list)
    key_holders: list[str] = msgspec.field(default_factory=list)
    needs: list[str] = msgspec.field(default_factory=list)
    contacts: list[str] = msgspec.field(default_factory=list)


class Briefing(Value, frozen=True, kw_only=True):
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
    entry: Entry
    drill: bool
    test: bool


def brief(delivery: Delivery, incident: Incident, told: Sequence[Delivery], community: Community) -> Briefing:
    """``told``: all deliveries of the incident."""
    person = community.people.get(delivery.person)
    posts = {one.post for one in community.posts if one.person == delivery.person}
    sees_all = is_live(incident.state) and not (posts and posts <= SUMMARY_POSTS)
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
        entry=_entry(incident.places or [incident.place], community) if sees_all else Entry(),
        drill=incident.drill,
        test=incident.test,
    )


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
            post=_post(id, incident.place, community),
            did=state,
            is_holder=incident.holder == id,
        )
        for id, state in furthest.items()
    ]


def _order(state: DeliveryState) -> int:
    return list(DeliveryState).index(state) if state is not DeliveryState.UNREACHABLE else -1


def _entry(places: Sequence[PlaceId], community: Community) -> Entry:
    """How to get in is known of a home and of what is around it; needs are those of its own household alone."""
    around = dict.fromkeys(at for place in places for at in ancestors(place))
    known = [community.households[at] for at in around if at in community.households]
    homes = [community.households[place] for place in dict.fromkeys(places) if place in community.households]
    return Entry(
        access=[f"{community.place_names(one.place)[-1]}：{one.gate}" for one in known if one.gate],
        key_holders=[_key_holder(key, community) for one in known for key in one.keys],
        needs=[need for home in homes for need in home.needs],
        contacts=[f"{one.name} {one.relation} {one.phone}" for home in homes for one in home.contacts],
    )


def _key_holder(key: KeyHolder, community: Community) -> str:
    person = community.people.get(key.person) if key.person else None
    return " ".join(part for part in (person.name if person else "", person.phone if person else "", key.note) if part)


def _post(person: PersonId, place: str, community: Community) -> str:
    held = {one.place: one.post for one in community.posts if one.person == person}
    return next((held[at] for at in ancestors(place) if at in held), "")


def _name(person: str | None, community: Community) -> str:
    known = community.people.get(PersonId(person)) if person else None
    return known.name if known else person or ""
