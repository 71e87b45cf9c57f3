"""How to get into a home: for whoever may have to go, on the page of a message or, where no link leads there, in words.

In words it must fit a text message. What does not fit is left out whole, the last first: nearest gate, nearest key
holder, the further gates, the further key holders, how to answer. Room, class and time stand before all of it and are
never cut. What a household needs (health) is never in a text.
"""

from collections.abc import Sequence

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.household import KeyHolder
from shouwang.domain.place import ancestors
from shouwang.domain.vocabulary import PlaceId, Value

TEXT_LIMIT = 201
"""Characters: three linked short messages of 67 (3GPP TS 23.040). A modem needs some seconds for each."""


class Called(Value, frozen=True, kw_only=True):
    """Somebody to call about a home, or, where only ``note`` is there, where its key is."""

    name: str = ""
    phone: str = ""
    note: str = ""

    @property
    def words(self) -> str:
        return " ".join(part for part in (self.name, self.phone, self.note) if part)


class Entry(Value, frozen=True, kw_only=True):
    """How to get in: only for whoever may have to go, only while it lives."""

    access: list[str] = msgspec.field(default_factory=list)
    key_holders: list[Called] = msgspec.field(default_factory=list)
    needs: list[str] = msgspec.field(default_factory=list)
    contacts: list[Called] = msgspec.field(default_factory=list)


def entry_of(places: Sequence[PlaceId], community: Community) -> Entry:
    """How to get in is known of a home and of what is around it; needs are those of its own household alone."""
    around = dict.fromkeys(at for place in places for at in ancestors(place))
    known = [community.households[at] for at in around if at in community.households]
    homes = [community.households[place] for place in dict.fromkeys(places) if place in community.households]
    return Entry(
        access=[f"{community.place_names(one.place)[-1]}：{one.gate}" for one in known if one.gate],
        key_holders=[_key_holder(key, community) for one in known for key in one.keys],
        needs=[need for home in homes for need in home.needs],
        contacts=[
            Called(name=f"{one.name} {one.relation}".strip(), phone=one.phone)
            for home in homes
            for one in home.contacts
        ],
    )


def with_directions(text: str, entry: Entry, *, in_chinese: bool, can_answer: bool) -> str:
    """The text with as much of the entry as a text message holds. ``can_answer``: a text back is read here."""
    gates = [f"门禁 {one}" if in_chinese else f"entry {one}" for one in entry.access]
    held = [one.words for one in entry.key_holders if one.words]
    keys = [f"钥匙 {one}" if in_chinese else f"key {one}" for one in held]
    wanted = [*gates[:1], *keys[:1], *gates[1:], *keys[1:]]
    if can_answer:
        wanted.append("回复1接单，2去不了" if in_chinese else "reply 1 to take it, 2 if you cannot")
    mark = "；" if in_chinese else "; "
    for words in wanted:
        longer = f"{text}{mark}{words}"
        if len(longer.encode("utf-16-be")) <= 2 * TEXT_LIMIT:
            text = longer
    return text


def _key_holder(key: KeyHolder, community: Community) -> Called:
    person = community.people.get(key.person) if key.person else None
    return Called(name=person.name if person else "", phone=person.phone if person else "", note=key.note)
