"""What must hold between the rows of a community file: every name leads somewhere, nothing stands twice.

Errors refuse the whole file; notes are said and taken: a gap in coverage is reported, never refused, since half a
compound watched is better than none.
"""

from collections.abc import Iterator

from shouwang.domain.duty import SiteFacts
from shouwang.domain.errors import ConfigError
from shouwang.domain.patrol import patrol_problems
from shouwang.domain.place import PlaceKind, ancestors
from shouwang.domain.premises import FIXED
from shouwang.domain.shift import HOLIDAY, WORKDAY, timezone
from shouwang.domain.vocabulary import UNASSIGNED
from shouwang.registry.duty_findings import (
    groups_findings,
    people_findings,
    policies_findings,
    posts_findings,
    rosters_findings,
    zones_findings,
)
from shouwang.registry.findings import (
    Around,
    Finding,
    Names,
    Rows,
    day_findings,
    identity_findings,
    place_problem,
    some,
    twice,
)
from shouwang.registry.holidays import calendar_problem

CHANNELS = (
    "webhook", "console", "sms", "voice", "landline", "email", "wecom", "dingtalk", "feishu", "apprise",
)  # fmt: skip
"""The channels that this version can send on; which of them an installation has, its settings say."""


def findings(rows: Rows, around: Around) -> list[Finding]:
    """Everything that is to be said of the rows, in the order of the sections."""
    names = Names(rows, around.community)
    found: list[Finding] = []
    for each in (
        _site(rows, names, around),
        _places(rows),
        people_findings(rows, around),
        posts_findings(rows, names),
        zones_findings(rows, names, around),
        rosters_findings(rows, names),
        groups_findings(rows, names),
        policies_findings(rows, names, around),
        _devices(rows, names, around),
        _households(rows, names),
        _patrols(rows, names, around),
        _coverage(rows, around),
    ):
        found.extend(each)
    return found


def _site(rows: Rows, names: Names, around: Around) -> Iterator[Finding]:
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
        yield from day_findings(f"{path}.days", day)
        if kind not in (HOLIDAY, WORKDAY):
            yield Finding(f"{path}.days", f"{day} is {kind!r}; expected {HOLIDAY} or {WORKDAY}")
    yield from _premises(rows, around, path, site)


def _premises(rows: Rows, around: Around, path: str, site: SiteFacts) -> Iterator[Finding]:
    """Numbers and gates."""
    known = {row.value.id for row in rows.places} | set(around.community.places)
    for index, one in enumerate(site.numbers):
        at = f"{path}.numbers[{index}]"
        yield from identity_findings(f"{at}.service", one.service)
        if one.service in FIXED:
            yield Finding(f"{at}.service", f"{one.service} is the same everywhere; leave it out")
        if sum(sign.isdigit() for sign in one.number) < 3:
            yield Finding(f"{at}.number", f"{one.number!r} cannot be dialled; expected digits")
        if one.place is not None and one.place not in known:
            yield Finding(f"{at}.place", f"there is no place {one.place!r}")
    for index, gate in enumerate(site.gates):
        at = f"{path}.gates[{index}]"
        if not gate.name.strip():
            yield Finding(f"{at}.name", "is empty; expected what people call the gate")
        for field, place in (("place", gate.place), *(("serves", one) for one in gate.serves)):
            if place not in known:
                yield Finding(f"{at}.{field}", f"there is no place {place!r}")


def _places(rows: Rows) -> Iterator[Finding]:
    yield from twice(rows.places, "place", lambda place: place.id)
    for row in rows.places:
        if problem := place_problem(row.value.id):
            yield Finding(f"{row.path}.id", problem)


def _devices(rows: Rows, names: Names, around: Around) -> Iterator[Finding]:
    yield from twice(rows.devices, "device", lambda device: device.id)
    replaced = {row.value.id for row in rows.devices}
    kept = {device.address: device.id for device in around.community.devices.values() if device.id not in replaced}
    for row in rows.devices:
        device = row.value
        yield from identity_findings(f"{row.path}.id", device.id)
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


def _households(rows: Rows, names: Names) -> Iterator[Finding]:
    yield from twice(rows.households, "household", lambda one: one.place)
    for row in rows.households:
        if problem := place_problem(row.value.place):
            yield Finding(f"{row.path}.place", problem)
        for index, key in enumerate(row.value.keys):
            yield from names.person(f"{row.path}.keys[{index}].person", key.person)
        for index, contact in enumerate(row.value.contacts):
            yield from names.person(f"{row.path}.contacts[{index}].person", contact.person)


def _patrols(rows: Rows, names: Names, around: Around) -> Iterator[Finding]:
    yield from twice(rows.patrols, "patrol", lambda patrol: patrol.id)
    changed = {row.value.id for row in rows.patrols}
    tags = {
        point.tag: patrol.id
        for patrol in around.community.patrols.values()
        if patrol.id not in changed
        for point in patrol.points
    }
    for row in rows.patrols:
        patrol = row.value
        yield from identity_findings(f"{row.path}.id", patrol.id)
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
        yield Finding(used[bare[0]], f"places in no party zone: {some(sorted(bare))}", True)
