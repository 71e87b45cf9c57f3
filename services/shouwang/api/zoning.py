"""责任区: each with its places in words, its people and its gaps; a place moved from one to another, weighed first."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Principal
from shouwang.domain.belonging import places_of
from shouwang.domain.community import Community
from shouwang.domain.coverage import AHEAD, coverage_gaps
from shouwang.domain.duty import Zone, zone_of
from shouwang.domain.journal import Entry
from shouwang.domain.place import PlaceKind
from shouwang.domain.vocabulary import DAY, PersonId, PlaceId
from shouwang.domain.zoning import Move, plan_move, plan_people, plan_release

from .access import Caller, allow, allow_over
from .coverage import gap_out, named, plan_gaps
from .doors import TheWindow, Window
from .names import Names, place_names
from .problems import Code, FieldError, Problem
from .schemas import PlaceNames, Sent
from .seen import zones_seen
from .sheets import GapOut

router = APIRouter(tags=["directory"])

Ref = Annotated[str, Path(max_length=200)]
PlaceRef = Annotated[str, Path(max_length=500)]
LOOKED_AHEAD = 7 * DAY
"""In which a change of people is weighed."""

Days = Annotated[int, Query(ge=1, le=AHEAD // DAY, description="How far ahead to look for gaps.")]


class ZonePlaceOut(BaseModel):
    id: str
    kind: str
    where: PlaceNames


class MemberOut(BaseModel):
    person: str
    name: str
    posts: list[str]
    verified: bool = Field(description="At least one contact is proven.")


class DutyZoneOut(BaseModel):
    """``dwellings`` and ``devices``: those for which this zone is the nearest of its kind. ``gaps``: of the zone, of
    its places, and of its members."""

    id: str
    name: str
    kind: str
    places: list[ZonePlaceOut]
    members: list[MemberOut]
    fallback: MemberOut | None
    dwellings: int
    devices: int
    gaps: list[GapOut]


class PlaceIn(Sent):
    place: str = Field(min_length=1, max_length=500)
    dry_run: bool = Field(default=False, description="Only say what it would do to coverage.")


class MovedOut(BaseModel):
    """``named_by``: the zone of this kind that named the place itself before; naming it there again takes this back,
    and where it is null, `DELETE /zones/{zone}/places/{place}` does. ``around``: the zone that answered for it before.
    """

    applied: bool
    zone: str
    place: str
    named_by: str | None
    around: str | None
    opens: list[GapOut]
    closes: list[GapOut]


class PeopleIn(Sent):
    """All members, and the fallback: who is not named is taken off."""

    members: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=500)]
    fallback: str | None = Field(default=None, max_length=200)
    dry_run: bool = Field(default=False, description="Only say what it would do to coverage.")


class PeopleOut(BaseModel):
    """``before``: sent again, it takes the change back."""

    applied: bool
    zone: str
    members: list[str]
    fallback: str | None
    before: PeopleIn
    opens: list[GapOut]
    closes: list[GapOut]


@router.get("/coverage/duty-zones")
def zones_covered(window: TheWindow, caller: Caller, days: Days = 7) -> list[DutyZoneOut]:
    """Every duty zone with what it answers for, who answers, and what is missing in the next days."""
    allow(caller, Act.READ)
    community = window.directory.community()
    names = Names(community, caller)
    gaps = _gaps(window, community, days * DAY)
    homes, devices = _answered_for(community)
    zones = sorted(zones_seen(community, caller), key=lambda zone: (zone.kind, zone.id))
    return [
        DutyZoneOut(
            id=zone.id,
            name=zone.name,
            kind=zone.kind,
            places=[_place_out(community, place) for place in zone.places],
            members=[_member_out(community, names, person) for person in zone.members],
            fallback=_member_out(community, names, zone.fallback) if zone.fallback else None,
            dwellings=homes[zone.id],
            devices=devices[zone.id],
            gaps=[gap for gap in gaps if _is_of(community, zone, gap)],
        )
        for zone in zones
    ]


@router.post("/zones/{zone_id}/places")
def move_place(window: TheWindow, caller: Caller, zone_id: Ref, body: PlaceIn) -> MovedOut:
    """This zone answers for the place, and no other of its kind; `dry_run` only says what that does to coverage."""
    place = PlaceId(body.place.strip("/"))
    return _moved(window, caller, zone_id, place, plan_move, "zone.place_added", is_trial=body.dry_run)


@router.post("/zones/{zone_id}/people")
def change_people(window: TheWindow, caller: Caller, zone_id: Ref, body: PeopleIn) -> PeopleOut:
    """Who is answerable for the zone, and who is told where nobody else answers; with what that does to coverage in the
    next 7 days. `dry_run` only says it."""
    allow(caller, Act.CHANGE_DUTIES)
    community = window.directory.community()
    change = plan_people(community, zone_id, [PersonId(one) for one in body.members], _person(body.fallback))
    allow_over(caller, Act.CHANGE_DUTIES, places_of(community, change.before))
    if change.faults:
        errors = [FieldError(f"body/{path}", why) for path, why in change.faults]
        raise Problem(Code.INVALID, "; ".join(f"{one.pointer}: {one.detail}" for one in errors), errors=errors)
    opens, closes = _weighed(window, community, [change.after], LOOKED_AHEAD)
    is_applied = not body.dry_run and change.after != change.before
    if is_applied:
        window.directory.change([change.after])
        said: dict[str, object] = {
            "zone": zone_id,
            "members": list(change.after.members),
            "fallback": change.after.fallback,
        }
        with window.casebook.change() as transaction:
            kind = "zone.people_changed"
            transaction.record(Entry(at=window.clock.now(), kind=kind, actor=caller.actor, body=said))
    return PeopleOut(
        applied=is_applied,
        zone=zone_id,
        members=list(change.after.members),
        fallback=change.after.fallback,
        before=PeopleIn(members=list(change.before.members), fallback=change.before.fallback),
        opens=opens,
        closes=closes,
    )


@router.delete("/zones/{zone_id}/places/{place:path}")
def release_place(window: TheWindow, caller: Caller, zone_id: Ref, place: PlaceRef) -> MovedOut:
    """The zone names the place no more: whoever answers for what it stands in, answers for it."""
    wanted = PlaceId(place.strip("/"))
    return _moved(window, caller, zone_id, wanted, plan_release, "zone.place_removed", is_trial=False)


def _moved(
    window: Window,
    caller: Principal,
    zone_id: str,
    place: PlaceId,
    plan: Callable[[Community, str, PlaceId], Move],
    kind: str,
    *,
    is_trial: bool,
) -> MovedOut:
    allow(caller, Act.CHANGE_DUTIES)
    community = window.directory.community()
    move = plan(community, zone_id, place)
    for zone in (community.zones[zone_id], *move.zones):
        allow_over(caller, Act.CHANGE_DUTIES, places_of(community, zone))
    opens, closes = _weighed(window, community, move.zones, DAY)
    is_applied = bool(move.zones) and not is_trial
    if is_applied:
        window.directory.change(move.zones)
        body: dict[str, object] = {"zone": zone_id, "named_by": move.named_by, "around": move.around}
        with window.casebook.change() as transaction:
            entry = Entry(at=window.clock.now(), kind=kind, actor=caller.actor, place=place, body=body)
            transaction.record(entry)
    return MovedOut(
        applied=is_applied,
        zone=zone_id,
        place=place,
        named_by=move.named_by,
        around=move.around,
        opens=opens,
        closes=closes,
    )


def _person(id: str | None) -> PersonId | None:
    return PersonId(id) if id else None


def _weighed(
    window: Window, community: Community, zones: Sequence[Zone], ahead: int
) -> tuple[list[GapOut], list[GapOut]]:
    """Gaps that a change of zones opens, and those that it closes."""
    changed = {**community.zones, **{zone.id: zone for zone in zones}}
    before = {_name(gap): gap for gap in _gaps(window, community, ahead)}
    after = {_name(gap): gap for gap in _gaps(window, msgspec.structs.replace(community, zones=changed), ahead)}
    return (
        [gap for name, gap in after.items() if name not in before],
        [gap for name, gap in before.items() if name not in after],
    )


def _gaps(window: Window, community: Community, ahead: int) -> list[GapOut]:
    now = window.clock.now()
    policies = (*community.policies, *window.policies())
    found = [gap_out(gap) for gap in coverage_gaps(community, policies, now, now + ahead, channels=window.kinds)]
    return [named(community, gap) for gap in (*plan_gaps(community), *found)]


def _name(gap: GapOut) -> tuple[object, ...]:
    return gap.kind, gap.place, gap.zone, gap.person, gap.policy, gap.step, gap.start


def _is_of(community: Community, zone: Zone, gap: GapOut) -> bool:
    if gap.zone is not None:
        return gap.zone == zone.id
    if gap.place is not None:
        around = zone_of(community, gap.place, zone.kind)
        return around is not None and around.id == zone.id
    return gap.person in zone.members


def _answered_for(community: Community) -> tuple[Counter[str], Counter[str]]:
    """Dwellings and devices by zone, for each kind of zone."""
    homes: Counter[str] = Counter()
    devices: Counter[str] = Counter()
    for kind in community.zones_by_place:
        owners = {place.id: zone_of(community, place.id, kind) for place in community.places.values()}
        for place in community.places.values():
            if place.kind is PlaceKind.DWELLING and (owner := owners[place.id]) is not None:
                homes[owner.id] += 1
        for device in community.devices.values():
            if (owner := owners.get(device.place)) is not None:
                devices[owner.id] += 1
    return homes, devices


def _place_out(community: Community, place: PlaceId) -> ZonePlaceOut:
    known = community.places.get(place)
    return ZonePlaceOut(id=place, kind=known.kind if known else "", where=place_names(community, place))


def _member_out(community: Community, names: Names, person: str) -> MemberOut:
    known = next((one for one in community.people.values() if one.id == person), None)
    posts = sorted({one.post for one in community.posts if one.person == person})
    is_verified = known is not None and any(contact.verified for contact in known.channels)
    return MemberOut(person=person, name=names.person(person), posts=posts, verified=is_verified)
