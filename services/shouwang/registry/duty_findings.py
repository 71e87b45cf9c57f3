"""What must hold of those who answer: people, posts, duty zones, rosters, groups, policies."""

from collections.abc import Iterator, Mapping

from shouwang.domain.contact import PHONE_KINDS, contact_problems, number_of
from shouwang.domain.duty import Contact, Person, Zone, target_problem
from shouwang.domain.escalation import policy_problems
from shouwang.domain.place import PlaceKind, ancestors
from shouwang.domain.shift import roster_problems
from shouwang.domain.vocabulary import Kind
from shouwang.registry.findings import (
    Around,
    Finding,
    Names,
    Row,
    Rows,
    day_findings,
    identity_findings,
    in_order,
    listed,
    place_problem,
    some,
    span_findings,
    twice,
)

ZONE_KINDS = ("party", "property", "grid")

_KINDS = {*Kind, *PlaceKind}


def people_findings(rows: Rows, around: Around) -> Iterator[Finding]:
    yield from twice(rows.people, "person", lambda person: person.id)
    unreachable: list[Row[Person]] = []
    unknown: dict[str, list[str]] = {}
    for row in rows.people:
        yield from identity_findings(f"{row.path}.id", row.value.id)
        for index, contact in enumerate(row.value.channels):
            for field, message in contact_problems(contact):
                yield Finding(f"{row.path}.channels[{index}].{field}", message)
            if around.channels is not None and contact.kind not in around.channels:
                unknown.setdefault(contact.kind, []).append(f"{row.path}.channels[{index}].kind")
        if not any(_has_address(row.value, contact) for contact in row.value.channels):
            unreachable.append(row)
        for index, absence in enumerate(row.value.absences):
            yield from span_findings(f"{row.path}.absences[{index}]", absence.start, absence.end)
        for index, certificate in enumerate(row.value.certificates):
            if certificate.expires is not None:
                yield from day_findings(f"{row.path}.certificates[{index}].expires", certificate.expires)
    for kind, paths in unknown.items():
        yield Finding(
            paths[0],
            f"this installation has no channel {kind!r} yet; {len(paths)} contacts of it are passed over",
            True,
        )
    if unreachable:
        yield Finding(
            unreachable[0].path,
            f"people without a contact count as nobody: {some([row.value.id for row in unreachable])}",
            True,
        )


def _has_address(person: Person, contact: Contact) -> bool:
    """A telephone needs a number, all else an address; a console needs nothing."""
    return contact.kind == "console" or bool(
        contact.url or (contact.kind in PHONE_KINDS and number_of(person, contact))
    )


def posts_findings(rows: Rows, names: Names) -> Iterator[Finding]:
    yield from twice(rows.posts, "post", lambda one: f"{one.post} of {one.person} at {one.place}")
    for row in rows.posts:
        if problem := place_problem(row.value.place):
            yield Finding(f"{row.path}.place", problem)
        yield from identity_findings(f"{row.path}.post", row.value.post)
        yield from names.person(f"{row.path}.person", row.value.person)
        yield from names.person(f"{row.path}.deputy", row.value.deputy)


def zones_findings(rows: Rows, names: Names, around: Around) -> Iterator[Finding]:
    yield from twice(rows.zones, "zone", lambda zone: zone.id)
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
        yield from identity_findings(f"{row.path}.id", zone.id)
        if zone.kind not in ZONE_KINDS:
            yield Finding(
                f"{row.path}.kind", f"{zone.kind!r} is not a kind of zone; expected one of {listed(ZONE_KINDS)}"
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
        message = f"within a place of another zone of that kind, and taken out of it: {some(list(nested))}"
        yield Finding(next(iter(nested.values())), message, True)


def _is_nested(zone: Zone, place: str, whole: Mapping[tuple[str, str], str]) -> bool:
    above = ancestors(place.rpartition("/")[0])
    return any(whole.get((zone.kind, around), zone.id) != zone.id for around in above)


def rosters_findings(rows: Rows, names: Names) -> Iterator[Finding]:
    yield from twice(rows.rosters, "roster", lambda roster: roster.id)
    for row in rows.rosters:
        roster = row.value
        yield from identity_findings(f"{row.path}.id", roster.id)
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
            if not in_order(override.start, override.end):
                yield Finding(f"{path}.to", f"{override.end} does not come after {override.start}")


def groups_findings(rows: Rows, names: Names) -> Iterator[Finding]:
    yield from twice(rows.groups, "group", lambda group: group.id)
    for row in rows.groups:
        yield from identity_findings(f"{row.path}.id", row.value.id)
        for index, person in enumerate(row.value.members):
            yield from names.person(f"{row.path}.members[{index}]", person)
        if not row.value.members:
            yield Finding(row.path, "has no members: a step that tells it alone tells nobody", True)


def policies_findings(rows: Rows, names: Names, around: Around) -> Iterator[Finding]:
    yield from twice(rows.policies, "policy", lambda policy: policy.id)
    for row in rows.policies:
        policy = row.value
        yield from identity_findings(f"{row.path}.id", policy.id)
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


def _target(path: str, target: str, names: Names) -> Iterator[Finding]:
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
        yield Finding(path, f"{name!r} is not a kind of zone; expected one of {listed(ZONE_KINDS)}")
    elif kind == "post" and name not in names.posts:
        yield Finding(path, f"nobody holds post {name!r} anywhere{names.near(name, names.posts)}", True)
