"""消控室值守: who held the desk of each control room, shift by shift, as the record of duty names them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.duty import DESK_POST
from shouwang.domain.errors import ConfigError
from shouwang.domain.place import touches
from shouwang.domain.roster import Roster
from shouwang.domain.rostering import Watch, watches
from shouwang.domain.shift import spans, timezone
from shouwang.domain.vocabulary import Instant, PersonId, Value


class DeskWatch(Value, frozen=True, kw_only=True):
    """A shift, or a part of one in which nobody comes or goes. ``zone``: whose control room; empty: the site's. Nobody
    held it where ``people`` is empty."""

    zone: str
    start: Instant
    end: Instant
    people: list[PersonId]


def desk_watches(community: Community, place: str | None, start: Instant, end: Instant) -> list[DeskWatch]:
    """Of every control room that serves the place, or something in it (None: of all), in order of time. Rosters of one
    zone fill one desk together: a night roster leaves no day empty that another fills."""
    desks: dict[str, list[Roster]] = {}
    for roster in community.rosters.values():
        if roster.post == DESK_POST and _serves(community, roster, place):
            desks.setdefault(roster.zone, []).append(roster)
    found = [
        one
        for zone, rosters in (desks.items() if start < end else ())
        for one in _of_desk(community, zone, rosters, start, end)
    ]
    return sorted(found, key=lambda one: (one.start, one.zone))


def as_recorded(then: Community, now: Community) -> Community:
    """The directory of a past moment, with overrides, swaps and leave as they are known now: who stood in for somebody
    is often written down the next morning, and shifts that were planned anew since say nothing about the past."""
    rosters = {
        id: msgspec.structs.replace(roster, overrides=now.rosters[id].overrides) if id in now.rosters else roster
        for id, roster in then.rosters.items()
    }
    return msgspec.structs.replace(then, rosters=rosters, people={**then.people, **now.people})


def _serves(community: Community, roster: Roster, place: str | None) -> bool:
    zone = community.zones.get(roster.zone)
    if place is None or zone is None:
        return True
    return any(touches(place, at) for at in zone.places)


def _of_desk(
    community: Community, zone: str, rosters: Sequence[Roster], start: Instant, end: Instant
) -> Iterator[DeskWatch]:
    lines = [watches(community, roster, start, end) for roster in rosters]
    begins = {at for roster in rosters for at in _begins(community, roster, start, end)}
    turns = {watch.start for line in lines for watch in line} | begins
    held: DeskWatch | None = None
    for begin, over in pairwise([*sorted(turns), end]):
        people = sorted({person for line in lines for person in _at(line, begin)})
        if held is not None and held.people == people and begin not in begins:
            held = msgspec.structs.replace(held, end=over)
            continue
        if held is not None:
            yield held
        held = DeskWatch(zone=zone, start=begin, end=over, people=people)
    if held is not None:
        yield held


def _at(line: Sequence[Watch], at: Instant) -> list[PersonId]:
    return next((watch.people for watch in line if watch.start <= at < watch.end), [])


def _begins(community: Community, roster: Roster, start: Instant, end: Instant) -> Iterator[Instant]:
    """When its shifts begin, but for those that a shift of a higher layer overrules then."""
    planned: list[tuple[int, Instant, Instant]] = []
    try:
        zone = timezone(roster.timezone or community.site.timezone)
        for shift in roster.shifts:
            found = spans(shift, start, end, zone, community.calendar)
            planned += [(shift.layer, begin, over) for _, begin, over in found]
    except ConfigError:
        return
    for layer, begin, _ in planned:
        overruled = any(other > layer and since <= begin < until for other, since, until in planned)
        if start <= begin < end and not overruled:
            yield begin
