"""What is found in the rows of a community file: their shapes, what is to be said of them, and where."""

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.duty import FAMILY, Group, Person, PostHolder, SiteFacts, Zone
from shouwang.domain.errors import ConfigError
from shouwang.domain.escalation import Policy
from shouwang.domain.household import Household
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.patrol import Patrol
from shouwang.domain.place import Device, Place
from shouwang.domain.roster import Roster
from shouwang.domain.shift import local_day
from shouwang.domain.vocabulary import UNASSIGNED, Value

NAMED_AT_MOST = 5
"""Examples in a note that counts."""

SUGGESTIONS = 50
"""Of one file; looking for near words in ten thousand wrong rows would take a minute."""

T = TypeVar("T")


class Row(msgspec.Struct, Generic[T], frozen=True):
    """A value and its path in the document (``$.devices[3]``)."""

    path: str
    value: T


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of a file that could be read."""

    site: Row[SiteFacts] | None = None
    places: Sequence[Row[Place]] = ()
    people: Sequence[Row[Person]] = ()
    posts: Sequence[Row[PostHolder]] = ()
    zones: Sequence[Row[Zone]] = ()
    rosters: Sequence[Row[Roster]] = ()
    groups: Sequence[Row[Group]] = ()
    policies: Sequence[Row[Policy]] = ()
    devices: Sequence[Row[Device]] = ()
    households: Sequence[Row[Household]] = ()
    patrols: Sequence[Row[Patrol]] = ()


class Around(Value, frozen=True, kw_only=True):
    """What a file may lean on: what is configured already, and what this installation can read and reach with. None
    means unknown, and is then not judged."""

    community: Community = msgspec.field(default_factory=Community)
    profiles: Collection[str] | None = None
    families: Collection[str] | None = None
    channels: Collection[str] | None = None


class Finding(Value, frozen=True):
    """Something that is wrong, or a note, at a path of the document."""

    path: str
    message: str
    note: bool = False


def closest(word: str, words: Iterable[str]) -> str:
    """``; did you mean 'smoke'?`` where some known word is near, else nothing."""
    near = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {str(near[0])!r}?" if near else ""


class Names:
    """Every id that a row may point to: those of the file, and those that are configured already."""

    def __init__(self, rows: Rows, known: Community) -> None:
        self.people = {str(row.value.id) for row in rows.people} | {str(id) for id in known.people}
        self.zones = {row.value.id for row in rows.zones} | set(known.zones)
        self.groups = {row.value.id for row in rows.groups} | set(known.groups)
        self.rosters = {row.value.id for row in rows.rosters} | set(known.rosters)
        self.posts = {row.value.post for row in rows.posts} | {one.post for one in known.posts}
        homes = [*(row.value for row in rows.households), *known.households.values()]
        if any(contact.person for home in homes for contact in home.contacts):
            self.posts.add(FAMILY)
        self._suggestions = SUGGESTIONS

    def person(self, path: str, id: str | None) -> Iterator[Finding]:
        if id is not None and id not in self.people:
            yield Finding(path, f"there is no person {id!r}{self.near(id, self.people)}")

    def near(self, word: str, words: Iterable[str]) -> str:
        self._suggestions -= 1
        return closest(word, words) if self._suggestions >= 0 else ""


def place_problem(id: str) -> str | None:
    """What is wrong with a place's path."""
    if id == UNASSIGNED:
        return f"{id!r} is where devices stand that nobody registered; expected a path of your own"
    if not id or any(not part or part != part.strip() for part in id.split("/")) or not id.isprintable():
        return f"{id!r} is not a place; expected a path such as street/community/compound/b3/u2/f5/501"
    return None


def day_findings(path: str, text: str) -> Iterator[Finding]:
    try:
        local_day(text)
    except ConfigError as error:
        yield Finding(path, str(error))


def span_findings(path: str, start: str, end: str) -> Iterator[Finding]:
    for field, text in (("from", start), ("to", end)):
        try:
            parse_rfc3339(text)
        except ConfigError as error:
            yield Finding(f"{path}.{field}", str(error))
    if not in_order(start, end):
        yield Finding(f"{path}.to", f"{end} does not come after {start}")


def twice(rows: Sequence[Row[T]], what: str, name: Callable[[T], str]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for row in rows:
        id = name(row.value)
        if id in first:
            yield Finding(row.path, f"{what} {id} stands twice, first as {first[id].removeprefix('$.')}")
        first.setdefault(id, row.path)


def identity_findings(path: str, id: str) -> Iterator[Finding]:
    if not id or id != id.strip() or not id.isprintable():
        yield Finding(path, f"{id!r} is not an id; expected printable characters without blanks around them")


def in_order(start: str, end: str) -> bool:
    """True where both are times and the end comes later, and where one is no time, which is said elsewhere."""
    try:
        return parse_rfc3339(start) < parse_rfc3339(end)
    except ConfigError:
        return True


def some(names: Sequence[str]) -> str:
    more = len(names) - NAMED_AT_MOST
    return ", ".join(names[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def listed(words: Iterable[str]) -> str:
    return ", ".join(words)
