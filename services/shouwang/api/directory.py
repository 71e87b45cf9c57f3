"""The directory as configured: places, people, posts, duty zones, rosters and policies."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query

from shouwang.domain.access import Act, Principal
from shouwang.domain.community import Community
from shouwang.domain.duty import Group, Person, Zone, has_ended, is_away
from shouwang.domain.errors import ConfigError
from shouwang.domain.escalation import Policy
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.place import Place, PlaceKind, ancestors, is_within
from shouwang.domain.receipt import national
from shouwang.domain.roster import Override, Roster
from shouwang.domain.rostering import override_id
from shouwang.domain.searching import asked, is_found
from shouwang.domain.staff import papers, rosters_now
from shouwang.domain.vocabulary import Instant, PersonId

from .access import Caller, allow
from .doors import TheWindow
from .names import Names, masked_phone
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_mark, cut_by_name
from .problems import not_found
from .questions import Several, Within, subtrees, words
from .seen import groups_seen, people_seen, rosters_seen, zones_seen
from .sheets import (
    AbsenceOut,
    CertificateOut,
    ContactOut,
    GroupOut,
    OverrideOut,
    PersonOut,
    PlaceOut,
    PolicyOut,
    PostOut,
    RosterOut,
    RotationOut,
    ShiftOut,
    StepOut,
    ZoneOut,
)

router = APIRouter(tags=["directory"])

Ref = Annotated[str, Path(max_length=500)]

Asked = Annotated[
    str | None,
    Query(max_length=100, description="Words of a path or of names, or the short form `3-2-501`; all must be found."),
]


@router.get("/places")
def list_places(
    window: TheWindow,
    caller: Caller,
    place: Within = None,
    kind: Several = None,
    q: Asked = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[PlaceOut]:
    """In order of their paths, so that a place comes before what is in it."""
    allow(caller, Act.READ)
    community = window.directory.community()
    inside = subtrees(caller, place)
    kinds = words(kind, PlaceKind, "query/kind")
    looked_for = asked(q or "")
    rows = [
        one
        for one in community.places.values()
        if all(is_within(one.id, at) for at in inside)
        and (not kinds or one.kind in kinds)
        and (not looked_for or is_found(looked_for, community.spoken[one.id]))
    ]
    page, following = cut_by_name(rows, limit, cursor, lambda one: one.id)
    return Page(items=_places_out(community, caller, page), next=following)


@router.get("/places/{place_id:path}")
def get_place(window: TheWindow, caller: Caller, place_id: Ref) -> PlaceOut:
    community = window.directory.community()
    place = next((one for one in community.places.values() if one.id == place_id), None)
    if place is None:
        raise not_found("place", place_id)
    allow(caller, Act.READ, place.id)
    return _places_out(community, caller, [place])[0]


@router.get("/people")
def list_people(
    window: TheWindow,
    caller: Caller,
    q: Annotated[str, Query(max_length=100, description="Words of their ids, names and phones, in any case.")] = "",
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[PersonOut]:
    """In order of their ids; a caller confined to a place sees those who answer for it. Who reads no names finds nobody
    by one."""
    allow(caller, Act.READ)
    community = window.directory.community()
    names, now, wanted = Names(community, caller), window.clock.now(), asked(q)
    rows = [one for one in people_seen(community, caller) if is_found(wanted, _spoken_of(one, names))]
    page, following = cut_by_name(rows, limit, cursor, lambda one: one.id)
    duties = rosters_now(community, now)
    return Page(items=[person_out(community, names, one, now, duties) for one in page], next=following)


@router.get("/people/{person_id}")
def get_person(window: TheWindow, caller: Caller, person_id: Ref) -> PersonOut:
    allow(caller, Act.READ)
    community = window.directory.community()
    person = next((one for one in people_seen(community, caller) if one.id == person_id), None)
    if person is None:
        raise not_found("person", person_id)
    now = window.clock.now()
    return person_out(community, Names(community, caller), person, now, rosters_now(community, now))


@router.get("/posts")
def list_posts(
    window: TheWindow, caller: Caller, place: Within = None, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[PostOut]:
    """Who holds which post where."""
    allow(caller, Act.READ)
    community = window.directory.community()
    inside = subtrees(caller, place)
    rows = [one for one in community.posts if all(is_within(one.place, at) for at in inside)]
    page, following = cut_by_name(rows, limit, cursor, lambda one: f"{one.place}|{one.post}|{one.person}")
    names = Names(community, caller)
    now = window.clock.now()
    items = [
        PostOut(
            place=one.place,
            where=names.place(one.place),
            post=one.post,
            person=one.person,
            name=names.person(one.person),
            deputy=one.deputy,
            deputy_name=names.person(one.deputy) if one.deputy else None,
            away=is_away(community, one.person, now),
        )
        for one in page
    ]
    return Page(items=items, next=following)


@router.get("/zones")
def list_zones(window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None) -> Page[ZoneOut]:
    """责任区."""
    allow(caller, Act.READ)
    rows = zones_seen(window.directory.community(), caller)
    page, following = cut_by_name(rows, limit, cursor, lambda one: one.id)
    return Page(items=[_zone_out(one) for one in page], next=following)


@router.get("/zones/{zone_id}")
def get_zone(window: TheWindow, caller: Caller, zone_id: Ref) -> ZoneOut:
    allow(caller, Act.READ)
    zone = next((one for one in zones_seen(window.directory.community(), caller) if one.id == zone_id), None)
    if zone is None:
        raise not_found("zone", zone_id)
    return _zone_out(zone)


@router.get("/groups")
def list_groups(
    window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[GroupOut]:
    """小组: people who are told together wherever the alarm is."""
    allow(caller, Act.READ)
    community = window.directory.community()
    rows = groups_seen(community, caller)
    page, following = cut_by_name(rows, limit, cursor, lambda one: one.id)
    names = Names(community, caller)
    return Page(items=[_group_out(one, names) for one in page], next=following)


@router.get("/rosters")
def list_rosters(
    window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[RosterOut]:
    """值班表."""
    allow(caller, Act.READ)
    rows = rosters_seen(window.directory.community(), caller)
    page, following = cut_by_name(rows, limit, cursor, lambda one: one.id)
    return Page(items=[roster_out(one) for one in page], next=following)


@router.get("/overrides")
def list_overrides(
    window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[OverrideOut]:
    """替班 of all rosters, latest begin first."""
    allow(caller, Act.READ)
    rosters = rosters_seen(window.directory.community(), caller)
    rows = [(roster.id, one) for roster in rosters for one in roster.overrides]
    page, following = cut_by_mark(rows, limit, cursor, lambda row: (_begin(row[1]), msgspec.json.encode(row).decode()))
    return Page(items=[_override_out(roster, one) for roster, one in page], next=following)


@router.get("/policies")
def list_policies(window: TheWindow, caller: Caller) -> Page[PolicyOut]:
    """升级策略 in the order in which they are matched: the site's own, then the shipped ones. Always one page."""
    allow(caller, Act.READ)
    own = window.directory.community().policies
    return Page(items=[_policy_out(one) for one in (*own, *window.policies())])


def _spoken_of(person: Person, names: Names) -> str:
    """What a person is found by, for this caller."""
    known = f"{person.id} {person.name} {national(person.phone)} {person.phone}" if names.unmasked else person.id
    return known.casefold()


def _places_out(community: Community, caller: Principal, places: Iterable[Place]) -> list[PlaceOut]:
    counts: dict[str, int] = {}
    for device in community.devices.values():
        for at in ancestors(device.place):
            counts[at] = counts.get(at, 0) + 1
    names = Names(community, caller)
    return [
        PlaceOut(id=one.id, kind=one.kind, name=one.name, where=names.place(one.id), devices=counts.get(one.id, 0))
        for one in places
    ]


def person_out(
    community: Community, names: Names, person: Person, now: Instant, duties: Mapping[PersonId, Sequence[str]]
) -> PersonOut:
    """``duties``: rosters by who is on duty in them now."""
    return PersonOut(
        id=person.id,
        name=names.person(person.id),
        phone=person.phone if names.unmasked else masked_phone(person.phone),
        channels=[
            ContactOut(kind=one.kind, verified=one.verified, verified_at=one.verified_at) for one in person.channels
        ],
        posts=[f"{one.post}@{one.place}" for one in community.posts if one.person == person.id],
        language=person.language,
        certificates=[
            CertificateOut(kind=one.kind, expires=one.expires, expires_in_days=one.days, validity=one.validity)
            for one in papers(community, person, now)
        ],
        zones=[zone.id for zone in community.zones.values() if person.id in zone.members or person.id == zone.fallback],
        away=is_away(community, person.id, now),
        absences=[
            AbsenceOut(start=one.start, end=one.end)
            for one in person.absences
            if names.unmasked and not has_ended(one, now)
        ],
        on_duty=list(duties.get(person.id, ())),
    )


def _group_out(group: Group, names: Names) -> GroupOut:
    return GroupOut(
        id=group.id,
        name=group.name,
        members=list(group.members),
        names=[names.person(person) for person in group.members],
    )


def _zone_out(zone: Zone) -> ZoneOut:
    return ZoneOut(
        id=zone.id,
        name=zone.name,
        kind=zone.kind,
        places=list(zone.places),
        members=list(zone.members),
        fallback=zone.fallback,
    )


def roster_out(roster: Roster) -> RosterOut:
    return RosterOut(
        id=roster.id,
        name=roster.name,
        zone=roster.zone,
        post=roster.post,
        timezone=roster.timezone,
        shifts=[
            ShiftOut(
                start=one.start,
                end=one.end,
                people=list(one.people),
                days=one.days,
                layer=one.layer,
                rotation=RotationOut(
                    since=one.rotation.since,
                    days=one.rotation.days,
                    teams=[[str(person) for person in team] for team in one.rotation.teams],
                )
                if one.rotation
                else None,
            )
            for one in roster.shifts
        ],
        overrides=[_override_out(roster.id, one) for one in roster.overrides],
    )


def _override_out(roster: str, one: Override) -> OverrideOut:
    return OverrideOut(
        id=override_id(roster, one), roster=roster, start=one.start, end=one.end, remove=one.remove, add=one.add
    )


def _begin(override: Override) -> int:
    try:
        return parse_rfc3339(override.start)
    except ConfigError:
        return 0


def _policy_out(policy: Policy) -> PolicyOut:
    match = {key: value for key, value in msgspec.structs.asdict(policy.match).items() if value is not None}
    steps = [
        StepOut(after=one.after, tell=one.tell, unless=one.unless, when=one.when, channels=one.channels)
        for one in policy.steps
    ]
    return PolicyOut(id=policy.id, title=policy.title, match=match, steps=steps)
