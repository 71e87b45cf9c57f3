"""住户: what whoever goes to a dwelling must know of those who live there."""

import msgspec

from shouwang.domain.vocabulary import PersonId, PlaceId, Value


class FamilyContact(Value, frozen=True, kw_only=True):
    """家属: whom to call for a dwelling, in this order. ``person``: who that is in the directory, where policies tell
    them too, as ``post:family``; without it they are a number that somebody dials."""

    name: str
    phone: str
    relation: str = ""
    person: PersonId | None = None


class KeyHolder(Value, frozen=True, kw_only=True):
    """Who can open a dwelling: a person of the directory, or words (a key box and its code)."""

    person: PersonId | None = None
    note: str = ""


class Household(Value, frozen=True, kw_only=True):
    """住户: what whoever goes to a dwelling must know. Shown only while an incident there is live, and afterwards to
    who asks for it with a reason (domain/reveal.py). ``needs`` in the site's words (行动不便, 听障, 氧气瓶 …);
    ``helped``: somebody must help them to leave (需协助疏散). ``gate``: how to get in from the street."""

    place: PlaceId
    residents: int | None = None
    needs: list[str] = msgspec.field(default_factory=list)
    helped: bool = False
    contacts: list[FamilyContact] = msgspec.field(default_factory=list)
    keys: list[KeyHolder] = msgspec.field(default_factory=list)
    gate: str = ""
    note: str = ""
