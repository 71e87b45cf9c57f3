"""What must hold between the rows of a community file: every name leads somewhere, nothing stands twice.

Errors refuse the whole file; notes are said and taken: a gap in coverage is reported, never refused, since half a
compound watched is better than none.
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.contact import PHONE_KINDS, contact_problems, number_of
from shouwang.domain.duty import Contact, Group, Person, PostHolder, SiteFacts, Zone, target_problem
from shouwang.domain.errors import ConfigError
from shouwang.domain.escalation import Policy, policy_problems
from shouwang.domain.household import Household
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.patrol import Patrol, patrol_problems
from shouwang.domain.place import Device, Place, PlaceKind, ancestors
from shouwang.domain.roster import Roster
from shouwang.domain.shift import HOLIDAY, WORKDAY, local_day, roster_problems, timezone
from shouwang.domain.vocabulary import UNASSIGNED, Kind, Value
from shouwang.registry.holidays import calendar_problem

CHANNELS = (
    "webhook", "console", "sms", "voice", "landline", "email", "wecom", "dingtalk", "feishu", "apprise",
)  # fmt: skip
"""The channels that this version can send on; which of them an installation has, its settings say."""

ZONE_KINDS = ("party", "property", "grid")

NAMED_AT_MOST = 5
"""Examples in a note that counts."""

SUGGESTIONS = 50
"""Of one file; looking for near words in ten thousand wrong rows would take a minute."""

_KINDS = {*Kind, *PlaceKind}

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


def findings(rows: Rows, around: Around) -> list[Finding]:
    """Everything that is to be said of the rows, in the order of the sections."""
    names = _Names(rows, around.community)
    found: list[Finding] = []
    for each in (
        _site(rows, names, around),
        _places(rows),
        _people(rows, around),
        _posts(rows, names),
        _zones(rows, names, around),
        _rosters(rows, names),
        _groups(rows, names),
        _policies(rows, names, around),
        _devices(rows, names, around),
        _households(rows, names),
        _patrols(rows, names, around),
        _coverage(rows, around),
    ):
        found.extend(each)
    return found


def closest(word: str, words: Iterable[str]) -> str:
    """``; did you mean 'smoke'?`` where some known word is near, else nothing."""
    near = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {str(near[0])!r}?" if near else ""


class _Names:
    """Every id that a row may point to: those of the file, and those that are configured already."""

    def __init__(self, rows: Rows, known: Community) -> None:
        self.people = {str(row.value.id) for row in rows.people} | {str(id) for id in known.people}
        self.zones = {row.value.id for row in rows.zones} | set(known.zones)
        self.groups = {row.value.id for row in rows.groups} | set(known.groups)
        self.rosters = {row.value.id for row in rows.rosters} | set(known.rosters)
        self.posts = {row.value.post for row in rows.posts} | {one.post for one in known.posts}
        self._suggestions = SUGGESTIONS

    def person(self, path: str, id: str | None) -> Iterator[Finding]:
        if id is not None and id not in self.people:
            yield Finding(path, f"there is no person {id!r}{self.near(id, self.people)}")

    def near(self, word: str, words: Iterable[str]) -> str:
        self._suggestions -= 1
        return closest(word, words) if self._suggestions >= 0 else ""


def _site(rows: Rows, names: _Names, around: Around) -> Iterator[Finding]:
    if rows.site is None:
        fallback = around.community.site.fallback
        if fallback is not None and fallback not in names.people:
            yield Finding("$", f"the site's fallback is {fallback!r}, who would be gone; name another in site.fallback")
        return
    path, site = rows.site.path, rows.site.value
    yield from names.person(f"{path}.fallback", site.fallback)
    try:
        timezone(site.timezone)
    except ConfigError as error:
        yield Finding(f"{path}.timezone", str(error))
    if problem := calendar_problem(site.calendar):
        yield Finding(f"{path}.calendar", problem)
    for day, kind in site.days.items():
        yield from _day(f"{path}.days", day)
        if kind not in (HOLIDAY, WORKDAY):
            yield Finding(f"{path}.days", f"{day} is {kind!r}; expected {HOLIDAY} or {WORKDAY}")


def _places(rows: Rows) -> Iterator[Finding]:
    yield from _twice(rows.places, "place", lambda place: place.id)
    for row in rows.places:
        if problem := place_problem(row.value.id):
            yield Finding(f"{row.path}.id", problem)


def place_problem(id: str) -> str | None:
    """What is wrong with a place's path."""
    if id == UNASSIGNED:
        return f"{id!r} is where devices stand that nobody registered; expected a path of your own"
    if not id or any(not part or part != part.strip() for part in id.split("/")) or not id.isprintable():
        return f"{id!r} is not a place; expected a path such as street/community/compound/b3/u2/f5/501"
    return None


def _people(rows: Rows, around: Around) -> Iterator[Finding]:
    yield from _twice(rows.people, "person", lambda person: person.id)
    unreachable: list[Row[Person]] = []
    unknown: dict[str, list[str]] = {}
    for row in rows.people:
        yield from _identity(f"{row.path}.id", row.value.id)
        for index, contact in enumerate(row.value.channels):
            for field, message in contact_problems(contact):
                yield Finding(f"{row.path}.channels[{index}].{field}", message)
            if around.channels is not None and contact.kind not in around.channels:
                unknown.setdefault(contact.kind, []).append(f"{row.path}.channels[{index}].kind")
        if not any(_has_address(row.value, contact) for contact in row.value.channels):
            unreachable.append(row)
        for index, absence in enumerate(row.value.absences):
            yield from _span(f"{row.path}.absences[{index}]", absence.start, absence.end)
        for index, certificate in enumerate(row.value.certificates):
            if certificate.expires is not None:
                yield from _day(f"{row.path}.certificates[{index}].expires", certificate.expires)
    for kind, paths in unknown.items():
        yield Finding(
            paths[0],
            f"this installation has no channel {kind!r} yet; {len(paths)} contacts of it are passed over",
            True,
        )
    if unreachable:
        yield Finding(
            unreachable[0].path,
            f"people without a contact count as nobody: {_some([row.value.id for row in unreachable])}",
            True,
        )


def _has_address(person: Person, contact: Contact) -> bool:
    """A telephone needs a number, all else an address; a console needs nothing."""
    return contact.kind == "console" or bool(
        contact.url or (contact.kind in PHONE_KINDS and number_of(person, contact))
    )


def _posts(rows: Rows, names: _Names) -> Iterator[Finding]:
    yield from _twice(rows.posts, "post", lambda one: f"{one.post} of {one.person} at {one.place}")
    for row in rows.posts:
        if problem := place_problem(row.value.place):
            yield Finding(f"{row.path}.place", problem)
        yield from _identity(f"{row.path}.post", row.value.post)
        yield from names.person(f"{row.path}.person", row.value.person)
        yield from names.person(f"{row.path}.deputy", row.value.deputy)


def _zones(rows: Rows, names: _Names, around: Around) -> Iterator[Finding]:
    yield from _twice(rows.zones, "zone", lambda zone: zone.id)
    replaced = {row.value.id for row in rows.zones}
    kept = [zone for zone in around.community.zones.values() if zone.id not in replaced]
    held = {(zone.kind, str(place)): zone.id for zone in kept for place in zone.places}
    nested: dict[str, str] = {}
    whole = {
        (zone.kind, str(place)): zone.id
        for zone in [*kept, *(row.value for row in rows.zones)]
        for place in zone.places
    }
    for row in rows.zones:
        zone = row.value
        yield from _identity(f"{row.path}.id", zone.id)
        if zone.kind not in ZONE_KINDS:
            yield Finding(
                f"{row.path}.kind", f"{zone.kind!r} is not a kind of zone; expected one of {_list(ZONE_KINDS)}"
            )
        for index, place in enumerate(zone.places):
            path = f"{row.path}.places[{index}]"
            if problem := place_problem(place):
                yield Finding(path, problem)
            other = held.setdefault((zone.kind, place), zone.id)
            if other != zone.id:
                yield Finding(
                    path, f"{place} is in {zone.kind} zone {other} already; a place is in one zone of a kind at most"
                )
            if _is_nested(zone, place, whole):
                nested[place] = path
        for index, person in enumerate(zone.members):
            yield from names.person(f"{row.path}.members[{index}]", person)
        yield from names.person(f"{row.path}.fallback", zone.fallback)
    if nested:
        message = f"within a place of another zone of that kind, and taken out of it: {_some(list(nested))}"
        yield Finding(next(iter(nested.values())), message, True)


def _is_nested(zone: Zone, place: str, whole: Mapping[tuple[str, str], str]) -> bool:
    above = ancestors(place.rpartition("/")[0])
    return any(whole.get((zone.kind, around), zone.id) != zone.id for around in above)


def _rosters(rows: Rows, names: _Names) -> Iterator[Finding]:
    yield from _twice(rows.rosters, "roster", lambda roster: roster.id)
    for row in rows.rosters:
        roster = row.value
        yield from _identity(f"{row.path}.id", roster.id)
        for path, message in roster_problems(roster):
            yield Finding(f"{row.path}.{path}", message)
        if roster.zone and roster.zone not in names.zones:
            yield Finding(f"{row.path}.zone", f"there is no zone {roster.zone!r}{names.near(roster.zone, names.zones)}")
        for index, shift in enumerate(roster.shifts):
            for place, person in enumerate(shift.people):
                yield from names.person(f"{row.path}.shifts[{index}].people[{place}]", person)
            rotation = shift.rotation
            for turn, team in enumerate(rotation.teams if rotation else ()):
                for place, person in enumerate(team):
                    yield from names.person(f"{row.path}.shifts[{index}].rotation.teams[{turn}][{place}]", person)
            if rotation is not None and rotation.days < 1:
                yield Finding(f"{row.path}.shifts[{index}].rotation.days", f"{rotation.days} is less than one day")
            if not shift.people and not (rotation and any(rotation.teams)):
                yield Finding(f"{row.path}.shifts[{index}]", "puts nobody on duty; expected people or a rotation", True)
        for index, override in enumerate(roster.overrides):
            path = f"{row.path}.overrides[{index}]"
            yield from names.person(f"{path}.remove", override.remove)
            yield from names.person(f"{path}.add", override.add)
            if override.add is None and override.remove is None:
                yield Finding(path, "changes nothing; expected add, remove or both")
            if not _in_order(override.start, override.end):
                yield Finding(f"{path}.to", f"{override.end} does not come after {override.start}")


def _groups(rows: Rows, names: _Names) -> Iterator[Finding]:
    yield from _twice(rows.groups, "group", lambda group: group.id)
    for row in rows.groups:
        yield from _identity(f"{row.path}.id", row.value.id)
        for index, person in enumerate(row.value.members):
            yield from names.person(f"{row.path}.members[{index}]", person)
        if not row.value.members:
            yield Finding(row.path, "has no members: a step that tells it alone tells nobody", True)


def _policies(rows: Rows, names: _Names, around: Around) -> Iterator[Finding]:
    yield from _twice(rows.policies, "policy", lambda policy: policy.id)
    for row in rows.policies:
        policy = row.value
        yield from _identity(f"{row.path}.id", policy.id)
        for path, message in policy_problems(policy):
            yield Finding(f"{row.path}.{path}", message)
        for index, kind in enumerate(policy.match.kinds or []):
            if kind not in _KINDS:
                message = f"{kind!r} is not a kind of device or place{names.near(kind, _KINDS)}"
                yield Finding(f"{row.path}.match.kinds[{index}]", message)
        for index, step in enumerate(policy.steps):
            path = f"{row.path}.steps[{index}]"
            for place, target in enumerate(step.tell):
                yield from _target(f"{path}.tell[{place}]", target, names)
            for place, channel in enumerate(step.channels or []):
                if around.channels is not None and channel not in around.channels:
                    message = f"this installation has no channel {channel!r} yet"
                    yield Finding(f"{path}.channels[{place}]", message, True)


def _target(path: str, target: str, names: _Names) -> Iterator[Finding]:
    if target_problem(target):
        return  # said with the policy itself
    kind, _, name = target.partition(":")
    if kind == "any":
        for part in name.split("|"):
            yield from _target(path, part, names)
    elif kind == "person":
        yield from names.person(path, name)
    elif kind == "roster" and name not in names.rosters:
        yield Finding(path, f"there is no roster {name!r}{names.near(name, names.rosters)}")
    elif kind == "group" and name not in names.groups:
        yield Finding(path, f"there is no group {name!r}{names.near(name, names.groups)}")
    elif kind == "zone" and name and name not in ZONE_KINDS:
        yield Finding(path, f"{name!r} is not a kind of zone; expected one of {_list(ZONE_KINDS)}")
    elif kind == "post" and name not in names.posts:
        yield Finding(path, f"nobody holds post {name!r} anywhere{names.near(name, names.posts)}", True)


def _devices(rows: Rows, names: _Names, around: Around) -> Iterator[Finding]:
    yield from _twice(rows.devices, "device", lambda device: device.id)
    replaced = {row.value.id for row in rows.devices}
    kept = {device.address: device.id for device in around.community.devices.values() if device.id not in replaced}
    for row in rows.devices:
        device = row.value
        yield from _identity(f"{row.path}.id", device.id)
        if problem := place_problem(device.place):
            yield Finding(f"{row.path}.place", problem)
        gateway = device.gateway
        if gateway is not None and gateway not in replaced and gateway not in around.community.devices:
            yield Finding(f"{row.path}.gateway", f"there is no device {gateway!r} to stand behind")
        if around.profiles is not None and device.profile not in around.profiles:
            message = f"{device.profile!r} is not a profile{names.near(device.profile, around.profiles)}"
            yield Finding(f"{row.path}.profile", message)
        family, colon, identity = device.address.partition(":")
        if not (family and colon and identity.strip()):
            message = f"{device.address!r} is not an address; expected FAMILY:IDENTITY, for example native:b3-501-smoke"
            yield Finding(f"{row.path}.address", message)
        elif around.families is not None and family not in around.families:
            message = (
                f"no family is called {family!r}{names.near(family, around.families)}; the device will not be heard"
            )
            yield Finding(f"{row.path}.address", message, True)
        other = kept.setdefault(device.address, device.id)
        if other != device.id:
            yield Finding(f"{row.path}.address", f"{device.address} is the address of device {other} already")


def _households(rows: Rows, names: _Names) -> Iterator[Finding]:
    yield from _twice(rows.households, "household", lambda one: one.place)
    for row in rows.households:
        if problem := place_problem(row.value.place):
            yield Finding(f"{row.path}.place", problem)
        for index, key in enumerate(row.value.keys):
            yield from names.person(f"{row.path}.keys[{index}].person", key.person)


def _patrols(rows: Rows, names: _Names, around: Around) -> Iterator[Finding]:
    yield from _twice(rows.patrols, "patrol", lambda patrol: patrol.id)
    changed = {row.value.id for row in rows.patrols}
    tags = {
        point.tag: patrol.id
        for patrol in around.community.patrols.values()
        if patrol.id not in changed
        for point in patrol.points
    }
    for row in rows.patrols:
        patrol = row.value
        yield from _identity(f"{row.path}.id", patrol.id)
        for path, message in patrol_problems(patrol):
            yield Finding(f"{row.path}.{path}", message)
        for index, point in enumerate(patrol.points):
            if problem := place_problem(point.place):
                yield Finding(f"{row.path}.points[{index}].place", problem)
            if (other := tags.setdefault(point.tag, patrol.id)) != patrol.id:
                yield Finding(f"{row.path}.points[{index}].tag", f"{point.tag!r} is a point of patrol {other} already")
        for index, times in enumerate(patrol.rounds):
            for place, person in enumerate(times.people):
                yield from names.person(f"{row.path}.rounds[{index}].people[{place}]", person)


def _day(path: str, text: str) -> Iterator[Finding]:
    try:
        local_day(text)
    except ConfigError as error:
        yield Finding(path, str(error))


def _span(path: str, start: str, end: str) -> Iterator[Finding]:
    for field, text in (("from", start), ("to", end)):
        try:
            parse_rfc3339(text)
        except ConfigError as error:
            yield Finding(f"{path}.{field}", str(error))
    if not _in_order(start, end):
        yield Finding(f"{path}.to", f"{end} does not come after {start}")


def _coverage(rows: Rows, around: Around) -> Iterator[Finding]:
    """Notes on what nobody answers for."""
    site = rows.site.value if rows.site else around.community.site
    if site.fallback is None and around.community.site.fallback is None:
        path = rows.site.path if rows.site else "$"
        yield Finding(
            path, "site.fallback names nobody: an alarm that nobody answers for would be told to no one", True
        )
    zones = [*(row.value for row in rows.zones), *around.community.zones.values()]
    party = {place for zone in zones if zone.kind == "party" for place in zone.places}
    used = {str(row.value.place): row.path for row in rows.devices}
    used.update((str(row.value.id), row.path) for row in rows.places if row.value.kind is PlaceKind.DWELLING)
    bare = [place for place in used if place != UNASSIGNED and party.isdisjoint(ancestors(place))]
    if bare:
        yield Finding(used[bare[0]], f"places in no party zone: {_some(sorted(bare))}", True)


def _twice(rows: Sequence[Row[T]], what: str, name: Callable[[T], str]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for row in rows:
        id = name(row.value)
        if id in first:
            yield Finding(row.path, f"{what} {id} stands twice, first as {first[id].removeprefix('$.')}")
        first.setdefault(id, row.path)


def _identity(path: str, id: str) -> Iterator[Finding]:
    if not id or id != id.strip() or not id.isprintable():
        yield Finding(path, f"{id!r} is not an id; expected printable characters without blanks around them")


def _in_order(start: str, end: str) -> bool:
    """True where both are times and the end comes later, and where one is no time, which is said elsewhere."""
    try:
        return parse_rfc3339(start) < parse_rfc3339(end)
    except ConfigError:
        return True


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED_AT_MOST
    return ", ".join(names[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
