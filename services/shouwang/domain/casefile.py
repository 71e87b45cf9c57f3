"""What people add to a case while they handle it: proof of arrival, checklist, calls, entry, headcount, files.

One value beside the incident's own clocks, absent until somebody adds something, so that an alarm's row stays small.
All of it is facts with who and when; nothing here moves a state. Only ids of people; names are in the directory.
"""

from enum import StrEnum

import msgspec

from shouwang.domain.vocabulary import IncidentId, Instant, NoticeId, PersonId, PlaceId, Value


class Proof(StrEnum):
    """How an arrival is proven: a tag at the door or on the floor was read, a device there was pressed, a photo was
    taken now. Without one it is 未核实到场, counted apart."""

    TAG = "tag"
    TEST_PRESS = "test_press"
    PHOTO = "photo"


class Counting(StrEnum):
    """人员清点 of one dwelling."""

    EVACUATED = "evacuated"
    NOT_REACHED = "not_reached"
    STAYING = "staying"
    NEEDS_HELP = "needs_help"
    NOBODY_HOME = "nobody_home"


class EntryWay(StrEnum):
    """入户方式."""

    KEY = "key"
    FORCE = "force"


class Visit(StrEnum):
    """回访: what the visit or call of the next day found."""

    WELL = "well"
    NEEDS_CARE = "needs_care"
    NOT_REACHED = "not_reached"


class Topic(StrEnum):
    """What a person reported, where its class alone would call for other help than it needs: 电梯困人."""

    LIFT = "lift"


class Arrived(Value, frozen=True, kw_only=True):
    """``proof`` None: 未核实到场. ``reference``: the tag, device or file that proves it."""

    by: str
    at: Instant
    proof: Proof | None = None
    reference: str = ""


class Checked(Value, frozen=True, kw_only=True):
    """An item of the checklist that is done."""

    item: str
    at: Instant
    by: str
    note: str = ""


class Dialled(Value, frozen=True, kw_only=True):
    """A person has called somebody, never the machine: a service (119, 120, 110, a gas company …), a contact of the
    home (``family:1`` and on, by the order of the card), or a ``person`` of the directory. ``answered``: None where
    nobody said (a service answers)."""

    service: str
    at: Instant
    by: str
    note: str = ""
    person: PersonId | None = None
    answered: bool | None = None


class Entered(Value, frozen=True, kw_only=True):
    """A dwelling was opened. ``witnesses``: at least two different people, whoever opened it not among them.
    ``witness_posts``: what they held there then, of those who held a post."""

    how: EntryWay
    place: PlaceId
    reason: str
    authorised_by: str
    witnesses: list[str]
    witness_posts: dict[str, str] = msgspec.field(default_factory=dict)
    at: Instant
    by: str


class Counted(Value, frozen=True, kw_only=True):
    """The newest word on one dwelling. ``people``: how many, where known."""

    place: PlaceId
    state: Counting
    at: Instant
    by: str
    people: int | None = None
    note: str = ""


class Attachment(Value, frozen=True, kw_only=True):
    """A photo or document. ``id`` names its content; ``type`` was found in it, not believed of its sender."""

    id: str
    name: str
    type: str
    size: int
    at: Instant
    by: str


class Escalated(Value, frozen=True, kw_only=True):
    """Somebody asked for more people. ``notice``: the one by which they were called, and in which they read why."""

    reason: str
    at: Instant
    by: str
    notice: NoticeId


class FollowedUp(Value, frozen=True, kw_only=True):
    result: Visit
    at: Instant
    by: str
    note: str = ""


class CaseFile(Value, frozen=True, kw_only=True):
    """``headcount`` holds the newest word of each dwelling. ``reported_by``: who reported it by hand, where no device
    did. ``merged``: incidents that were made part of this one; ``merged_into``: the one that this became part of."""

    arrivals: list[Arrived] = msgspec.field(default_factory=list)
    checks: list[Checked] = msgspec.field(default_factory=list)
    calls: list[Dialled] = msgspec.field(default_factory=list)
    entries: list[Entered] = msgspec.field(default_factory=list)
    headcount: list[Counted] = msgspec.field(default_factory=list)
    files: list[Attachment] = msgspec.field(default_factory=list)
    follow_ups: list[FollowedUp] = msgspec.field(default_factory=list)
    escalated: list[Escalated] = msgspec.field(default_factory=list)
    reported_by: str = ""
    topic: Topic | None = None
    merged: list[IncidentId] = msgspec.field(default_factory=list)
    merged_into: IncidentId | None = None
    split_from: IncidentId | None = None


def is_proven(file: CaseFile | None) -> bool:
    """Somebody's arrival is proven."""
    return file is not None and any(one.proof is not None for one in file.arrivals)
