"""A household as whoever may see it reads it: the people who live there, how to reach them, and how to get in."""

from shouwang.domain.community import Community
from shouwang.domain.household import KeyHolder
from shouwang.domain.vocabulary import PlaceId

from .handling_sheets import FamilyOut, HouseholdOut, KeyOut
from .names import Names


def household_out(community: Community, names: Names, place: PlaceId) -> HouseholdOut:
    """Unmasked: whether the caller may see it was decided before. Raises KeyError where none is on record."""
    household = community.households[place]
    return HouseholdOut(
        place=place,
        where=names.place(place),
        residents=household.residents,
        needs=household.needs,
        helped=household.helped,
        contacts=[FamilyOut(name=one.name, relation=one.relation, phone=one.phone) for one in household.contacts],
        keys=[_key_out(community, key) for key in household.keys],
        gate=household.gate,
        note=household.note,
    )


def _key_out(community: Community, key: KeyHolder) -> KeyOut:
    person = community.people.get(key.person) if key.person else None
    return KeyOut(
        person=key.person,
        name=person.name if person else "",
        phone=person.phone if person else "",
        note=key.note,
    )
