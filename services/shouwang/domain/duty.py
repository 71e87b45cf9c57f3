"""Who answers for a place at an instant: people, posts, duty zones, rosters."""

import msgspec

from shouwang.domain.vocabulary import PersonId, PlaceId, Value


class Contact(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to reach a person, tried in the order written. ``kind`` is the channel's name."""

    kind: str
    url: str = ""
    secret: str = ""
    verified: bool = False


class Person(Value, frozen=True, kw_only=True):
    """Personal fields live here and nowhere else; everything else holds the id."""

    id: PersonId
    name: str
    phone: str = ""
    channels: list[Contact] = msgspec.field(default_factory=list)
    language: str = "zh"


class PostHolder(Value, frozen=True, kw_only=True):
    """A post held at a place."""

    place: PlaceId
    post: str
    person: PersonId


class Zone(Value, frozen=True, kw_only=True):
    """A duty zone 责任区: places and the people answerable for them. No place in two zones of one kind."""

    id: str
    name: str = ""
    kind: str = "party"
    places: list[PlaceId] = msgspec.field(default_factory=list)
    members: list[PersonId] = msgspec.field(default_factory=list)
    fallback: PersonId | None = None


class Shift(Value, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """``days`` are those on which the shift begins (absent = every day); ``start``/``end`` local ``HH:MM``, over
    midnight where end <= start; half-open."""

    start: str
    end: str
    people: list[PersonId]
    days: list[str] | None = None


class Override(Value, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """A change of a roster between two RFC 3339 instants: ``remove`` and/or ``add`` a person."""

    start: str
    end: str
    remove: PersonId | None = None
    add: PersonId | None = None


class Roster(Value, frozen=True, kw_only=True):
    """值班表."""

    id: str
    shifts: list[Shift]
    zone: str = ""
    post: str = ""
    timezone: str = ""
    overrides: list[Override] = msgspec.field(default_factory=list)


class SiteFacts(Value, frozen=True, kw_only=True):
    """What holds for the whole site. ``fallback`` answers where nobody else does, and for ``unassigned``."""

    fallback: PersonId | None = None
    timezone: str = "Asia/Shanghai"
    demo: bool = False
