"""Which duty zone answers for a place, and who for the zone: changes as they would be made."""

from collections.abc import Sequence

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.duty import Zone, zone_of
from shouwang.domain.errors import NotFound
from shouwang.domain.vocabulary import PersonId, PlaceId, Value


class Move(Value, frozen=True, kw_only=True):
    """``zones``: those that change. ``named_by``: the zone of this kind that named the place itself; None where it
    belonged to ``around`` by what it stands in, or to none. Naming it there again takes the move back; where none named
    it, taking its name away does."""

    zones: list[Zone]
    named_by: str | None
    around: str | None


def plan_move(community: Community, zone_id: str, place: PlaceId) -> Move:
    """The place in this zone, and in no other of its kind. Places below it that a zone names themselves stay where they
    are: the nearest name counts. Raises NotFound."""
    zone = _known(community, zone_id)
    if place not in community.places:
        raise NotFound(f"there is no place {place!r}")
    around = zone_of(community, place, zone.kind)
    others = [one for one in community.zones.values() if one.kind == zone.kind and place in one.places]
    named_by = next((one.id for one in others if one.id != zone.id), None)
    if place in zone.places:
        return Move(zones=[], named_by=zone.id, around=zone.id)
    changed = [_without(one, place) for one in others]
    changed.append(msgspec.structs.replace(zone, places=[*zone.places, place]))
    return Move(zones=changed, named_by=named_by, around=around.id if around else None)


def plan_release(community: Community, zone_id: str, place: PlaceId) -> Move:
    """The place belongs to what it stands in again. Raises NotFound where this zone does not name it."""
    zone = _known(community, zone_id)
    if place not in zone.places:
        raise NotFound(f"zone {zone_id} does not name {place!r}")
    return Move(zones=[_without(zone, place)], named_by=zone.id, around=zone.id)


class PeopleChange(Value, frozen=True, kw_only=True):
    """``faults``: (field, what is wrong with it)."""

    before: Zone
    after: Zone
    faults: list[tuple[str, str]]


def plan_people(
    community: Community, zone_id: str, members: Sequence[PersonId], fallback: PersonId | None
) -> PeopleChange:
    """The zone with these people, each once. Nobody at all is a gap that coverage reports, and no fault. Raises
    NotFound."""
    zone = _known(community, zone_id)
    wanted = list(dict.fromkeys(members))
    named = [
        *((f"members[{at}]", one) for at, one in enumerate(wanted)),
        *([("fallback", fallback)] if fallback else []),
    ]
    faults = [(path, f"there is no person {one!r}") for path, one in named if one not in community.people]
    return PeopleChange(
        before=zone, after=msgspec.structs.replace(zone, members=wanted, fallback=fallback), faults=faults
    )


def _known(community: Community, id: str) -> Zone:
    zone = community.zones.get(id)
    if zone is None:
        raise NotFound(f"there is no zone {id!r}")
    return zone


def _without(zone: Zone, place: PlaceId) -> Zone:
    return msgspec.structs.replace(zone, places=[one for one in zone.places if one != place])
