"""Who would be told of what, where and when; and every gap in it, before an alarm finds out.

People change at few moments (shifts, overrides, leave), so a month is looked at only there, and each combination of
duties only once. Places that no post, zone or policy tells apart are one *stand*: 2,000 dwellings are some dozens.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.duty import (
    DESK,
    DESK_POST,
    Resolution,
    fallback_of,
    is_away,
    is_proven,
    kin_of,
    on_duty,
    resolve,
    rosters_filling,
    zone_of,
)
from shouwang.domain.errors import ConfigError
from shouwang.domain.escalation import Policy
from shouwang.domain.grouping import kind_of
from shouwang.domain.moment import moment, parse_rfc3339
from shouwang.domain.place import PlaceKind, ancestors
from shouwang.domain.reaching import HOME_CARE, SCENARIOS, Scenario, homes_watched_over, people_off, policy_for
from shouwang.domain.shift import KINDS_OF_DAY, edges, timezone
from shouwang.domain.staff import is_certified
from shouwang.domain.vocabulary import DAY, Instant, PersonId, PlaceId, Value

AHEAD = 30 * DAY
"""How far coverage looks."""

ROLES_TOO_MANY = 3
"""One person in as many roles at a time answers none of them when it burns."""

NIGHT = (22, 6)
"""Local hours between which somebody must be on duty by a roster, not merely hold a post and sleep."""


class GapKind(StrEnum):
    NOBODY = "nobody"
    """The first step of a policy means nobody."""
    EMPTY_STEP = "empty_step"
    """A later step means nobody; the one after it comes at once."""
    NO_FALLBACK = "no_fallback"
    CHANNEL_OFF = "channel_off"
    """Somebody whom a step means has only contacts that this installation has no channel for."""
    UNVERIFIED_CONTACT = "unverified_contact"
    THREE_ROLES = "three_roles"
    NOBODY_AT_NIGHT = "nobody_at_night"
    DESK_UNCERTIFIED = "desk_uncertified"
    CALENDAR_ENDS = "calendar_ends"
    EMPTY_SHIFT = "empty_shift"
    """A roster means nobody; whether a policy asks for it or not. Only said of a change of that roster."""


class Gap(Value, frozen=True, kw_only=True):
    """``start`` to ``end``: its first span within what was asked; ``times``: how many spans it has; None: always.
    ``rosters``: those that a stand-in could be put into to close it."""

    kind: GapKind
    detail: str
    place: PlaceId | None = None
    zone: str | None = None
    person: PersonId | None = None
    policy: str | None = None
    step: int | None = None
    start: Instant | None = None
    end: Instant | None = None
    times: int = 1
    rosters: list[str] = msgspec.field(default_factory=list)


def coverage_gaps(
    community: Community,
    policies: Sequence[Policy],
    start: Instant,
    end: Instant,
    places: Iterable[PlaceId] | None = None,
    *,
    channels: Collection[str] = (),
) -> list[Gap]:
    """Every gap of these places (all that stand in the directory) in [start, end), worst kinds first. ``channels``:
    names of those that this installation has; empty means that every contact counts."""
    wanted = {*community.places, *(one.place for one in community.devices.values())} if places is None else places
    looking = _Looking(community, policies, start, end, channels)
    stands = looking.stands(wanted)
    found = [
        *looking.empty_steps(stands, wanted),
        *looking.no_fallback(stands),
        *looking.desks(stands),
        *looking.nights(stands),
        *looking.roles(),
        *looking.channels_off(),
        *looking.unverified(),
        *looking.calendar(),
    ]
    order = list(GapKind)
    return sorted(found, key=lambda gap: (order.index(gap.kind), gap.place or "", gap.start or 0, gap.detail))


def duty_changes(community: Community, start: Instant, end: Instant) -> list[Instant]:
    """``start``, and every moment before ``end`` at which whom a target means may change, in order."""
    found = {start}
    for roster in community.rosters.values():
        found |= edges(roster, start, end, community.site.timezone, community.calendar)
    for person in community.people.values():
        for absence in person.absences:
            found.update(at for at in _both(absence.start, absence.end) if start < at < end)
    return sorted(found)


class _Looking:
    """One look at a span: moments, and what was found of a combination of duties before."""

    def __init__(
        self,
        community: Community,
        policies: Sequence[Policy],
        start: Instant,
        end: Instant,
        channels: Collection[str],
    ) -> None:
        self._community = community
        self._policies = policies
        moments = duty_changes(community, start, end)
        self._spans = list(pairwise([*moments, end]))
        self._end = end
        self._zone = _zone(community.site.timezone)
        self._rosters = dict(sorted(community.rosters.items()))
        self._duties: list[Mapping[str, tuple[str, ...]]] = []
        self._away: list[frozenset[str]] = []
        leaving = [id for id, person in community.people.items() if person.absences]
        for at in moments:
            duty = {id: on_duty(community, roster, at) for id, roster in self._rosters.items()}
            self._duties.append({id: () if isinstance(who, str) else tuple(who) for id, who in duty.items()})
            self._away.append(frozenset(id for id in leaving if is_away(community, id, at)))
        self._known: dict[tuple[object, ...], Resolution] = {}
        self._alike: dict[tuple[str, ...], list[int]] = {}
        self._named = {one.place for one in community.posts}
        self._named.update(place for zone in community.zones.values() for place in zone.places)
        self._named.update(PlaceId(place) for policy in policies for place in policy.match.places or ())
        self._channels = channels
        self._off = people_off(community, [id for id, one in community.people.items() if one.channels], channels)
        self._relied_on: set[PersonId] = set()

    def stands(self, places: Iterable[PlaceId]) -> dict[tuple[str, PlaceKind | None], PlaceId]:
        """One place for each that posts, zones and policies tell apart: the one nearest to the root."""
        community = self._community
        minds_kind = any(policy.match.kinds for policy in self._policies)
        found: dict[tuple[str, PlaceKind | None], PlaceId] = {}
        standing = {one.place for one in community.devices.values()}
        for place in sorted(places, key=lambda place: (place.count("/"), place)):
            if place not in standing and kind_of(place, community.places) in _ABOVE_HOMES:
                continue  # nothing alarms in a whole community; its compounds are looked at themselves
            anchor = self._anchor(place)
            kind = kind_of(place, community.places) if minds_kind else None
            found.setdefault((anchor, kind), place)
        # What stands above every post and zone is only the way to places that are covered.
        below = list(found.values())
        return {
            key: place
            for key, place in found.items()
            if key[0] or not any(other.startswith(f"{place}/") for other in below)
        }

    def homes(self, places: Iterable[PlaceId]) -> dict[PlaceId, tuple[PlaceId, int]]:
        """One home for each group of those watched over that posts, zones, policies and their families do not tell
        apart; with the place to name for all of them, and how many they are."""
        alike: dict[tuple[str, tuple[str, ...]], list[PlaceId]] = {}
        for home in sorted(homes_watched_over(self._community) & set(places)):
            alike.setdefault((self._anchor(home), tuple(kin_of(self._community, home))), []).append(home)
        return {
            group[0]: (PlaceId(anchor) if anchor and len(group) > 1 else group[0], len(group))
            for (anchor, _), group in alike.items()
        }

    def empty_steps(
        self, stands: Mapping[tuple[str, PlaceKind | None], PlaceId], places: Iterable[PlaceId]
    ) -> Iterator[Gap]:
        seen: set[tuple[str, str]] = set()
        for place in stands.values():
            yield from self._empty_of(place, SCENARIOS, place, seen)
        for home, (shown, count) in self.homes(places).items():
            yield from self._empty_of(home, HOME_CARE, shown, set(seen), f" ({count} homes)" if count > 1 else "")

    def _empty_of(
        self, place: PlaceId, asked: Iterable[Scenario], shown: PlaceId, seen: set[tuple[str, str]], which: str = ""
    ) -> Iterator[Gap]:
        """``seen``: policies that were looked at where the same posts and zones answer; added to."""
        for one in asked:
            policy = policy_for(self._policies, self._community, place, one)
            mark = (self._anchor(place), policy.id)
            if mark in seen:
                continue
            seen.add(mark)
            for index, step in enumerate(policy.steps):
                empty = self._empty(place, step.tell)
                if not empty:
                    continue
                found = resolve(self._community, place, step.tell, self._spans[empty[0]][0])
                why = "; ".join([*found.gaps, *(self._off[person] for person in found.people)])
                kind = GapKind.NOBODY if index == 0 else GapKind.EMPTY_STEP
                detail = f"step {index} of policy {policy.id} ({', '.join(step.tell)}) means nobody{which}: {why}"
                fills = rosters_filling(self._community, place, step.tell, self._spans[empty[0]][0])
                yield self._gap(kind, detail, empty, place=shown, policy=policy.id, step=index, rosters=fills)

    def no_fallback(self, stands: Mapping[tuple[str, PlaceKind | None], PlaceId]) -> Iterator[Gap]:
        for place in stands.values():
            fallback = fallback_of(self._community, place)
            if fallback is None or fallback in self._off:
                detail = f"{place} has no reachable fallback: where a step means nobody, nobody hears of it"
                yield Gap(kind=GapKind.NO_FALLBACK, detail=detail, place=place)

    def desks(self, stands: Mapping[tuple[str, PlaceKind | None], PlaceId]) -> Iterator[Gap]:
        """Fewer certified operators at the desk than the site needs (GB 25506, GB 25201)."""
        needed = self._community.site.desk_certified
        seen: set[tuple[PersonId, ...]] = set()
        for place in stands.values():
            people = [tuple(self._people(place, [DESK], number)) for number in range(len(self._spans))]
            if not any(people) or people[0] in seen:
                continue
            seen.add(people[0])
            short = [
                number for number, there in enumerate(people) if self._certified(there, self._spans[number][0]) < needed
            ]
            if short:
                count = self._certified(people[short[0]], self._spans[short[0]][0])
                detail = f"{count} certified at the desk ({DESK_POST}) of {place}; expected {needed}"
                fills = rosters_filling(self._community, place, [DESK], self._spans[short[0]][0])
                yield self._gap(GapKind.DESK_UNCERTIFIED, detail, short, place=place, rosters=fills)

    def nights(self, stands: Mapping[tuple[str, PlaceKind | None], PlaceId]) -> Iterator[Gap]:
        """Nights in which no roster around a place puts anybody on duty."""
        seen: set[tuple[str, ...]] = set()
        for place in stands.values():
            zones = {
                zone.id for kind in self._community.zones_by_place if (zone := zone_of(self._community, place, kind))
            }
            rosters = tuple(id for id, roster in self._rosters.items() if roster.zone in {"", *zones})
            if rosters in seen:
                continue
            seen.add(rosters)
            bare = [
                number
                for number, duties in enumerate(self._duties)
                if not any(duties[id] for id in rosters) and self._meets_night(*self._spans[number])
            ]
            if bare:
                detail = f"no roster around {place} puts anybody on duty at night ({NIGHT[0]}:00 to {NIGHT[1]:02}:00)"
                yield self._gap(GapKind.NOBODY_AT_NIGHT, detail, bare, place=place, rosters=list(rosters))

    def roles(self) -> Iterator[Gap]:
        """One person in three roles at a time."""
        held: dict[PersonId, set[str]] = {}
        for one in self._community.posts:
            held.setdefault(one.person, set()).add(one.post)
        crowded: dict[tuple[PersonId, tuple[str, ...]], list[int]] = {}
        for number, duties in enumerate(self._duties):
            filled: dict[PersonId, set[str]] = {person: set(posts) for person, posts in held.items()}
            for id, people in duties.items():
                for person in people:
                    filled.setdefault(PersonId(person), set()).add(self._rosters[id].post or f"roster {id}")
            for who, roles in filled.items():
                if len(roles) >= ROLES_TOO_MANY:
                    crowded.setdefault((who, tuple(sorted(roles))), []).append(number)
        for (who, together), numbers in sorted(crowded.items()):
            detail = f"{who} is in {len(together)} roles at a time: {', '.join(together)}"
            yield self._gap(GapKind.THREE_ROLES, detail, numbers, person=who)

    def channels_off(self) -> Iterator[Gap]:
        """People on whom a step relies and who cannot be told here at all; called after ``empty_steps``."""
        for person in sorted(self._relied_on & set(self._off)):
            detail = f"{self._off[person]}: no such channel is installed, and {person} hears of no alarm"
            yield Gap(kind=GapKind.CHANNEL_OFF, detail=detail, person=person)

    def unverified(self) -> Iterator[Gap]:
        """People on whom a step relies and none of whose contacts was proven; called after ``empty_steps``."""
        for person in sorted(self._relied_on):
            known = self._community.people[person]
            if person not in self._off and not is_proven(known, self._channels):
                detail = f"no contact of {person} is verified; {person} is told all the same"
                yield Gap(kind=GapKind.UNVERIFIED_CONTACT, detail=detail, person=person)

    def calendar(self) -> Iterator[Gap]:
        """Rosters lean on public holidays that are not decreed yet."""
        known_to = self._community.calendar.known_to
        last = moment(self._end - 1).date()
        leaning = [
            id
            for id, roster in self._rosters.items()
            if any(day in KINDS_OF_DAY for shift in roster.shifts for day in shift.days or ())
        ]
        if leaning and (known_to is None or last > known_to):
            said = f"public holidays are known up to {known_to}" if known_to else "no public holidays are known"
            detail = f"{said}; beyond it {', '.join(leaning)} follow the week alone: name single days in site.days"
            yield Gap(kind=GapKind.CALENDAR_ENDS, detail=detail)

    def _anchor(self, place: str) -> str:
        """What posts, zones or policies name around a place, or nothing."""
        return next((around for around in ancestors(place) if around in self._named), "")

    def _empty(self, place: PlaceId, targets: Sequence[str]) -> list[int]:
        """The spans in which targets mean nobody who can be told here."""
        alike = self._spans_alike(targets)
        bare = {first for first in set(alike) if set(self._people(place, targets, first)) <= set(self._off)}
        return [number for number, first in enumerate(alike) if first in bare] if bare else []

    def _people(self, place: PlaceId, targets: Sequence[str], number: int) -> list[PersonId]:
        """Whom targets mean in a span; looked up once for each combination of the duties that they depend on."""
        key = (place, tuple(targets), self._spans_alike(targets)[number])
        if key not in self._known:
            self._known[key] = resolve(self._community, place, targets, self._spans[number][0])
            self._relied_on.update(self._known[key].people)
        return self._known[key].people

    def _spans_alike(self, targets: Sequence[str]) -> list[int]:
        """For each span, the first in which these targets depend on the same duties and the same people are away."""
        wanted = tuple(targets)
        if wanted not in self._alike:
            mattering = [id for id in self._rosters if self._matters(id, targets)]
            first: dict[object, int] = {}
            self._alike[wanted] = [
                first.setdefault((tuple(duties[id] for id in mattering), away), number)
                for number, (duties, away) in enumerate(zip(self._duties, self._away, strict=True))
            ]
        return self._alike[wanted]

    def _matters(self, roster: str, targets: Sequence[str]) -> bool:
        post = self._rosters[roster].post
        return any(
            target == f"roster:{roster}"
            or target.startswith(("any:", "trinity"))
            or (post and target == f"post:{post}")
            for target in targets
        )

    def _certified(self, people: Iterable[PersonId], at: Instant) -> int:
        known = (self._community.people.get(person) for person in people)
        return sum(one is not None and is_certified(self._community, one, at) for one in known)

    def _meets_night(self, start: Instant, end: Instant) -> bool:
        """The span holds a moment of local night."""
        local = moment(start).astimezone(self._zone)
        if local.hour >= NIGHT[0] or local.hour < NIGHT[1]:
            return True
        evening = local.replace(hour=NIGHT[0], minute=0, second=0, microsecond=0)
        return moment(end).astimezone(self._zone) - evening > timedelta(0)

    def _gap(self, kind: GapKind, detail: str, numbers: Sequence[int], **where: object) -> Gap:
        """Spans that follow each other are one; a gap of all spans has no time."""
        if len(numbers) == len(self._spans):
            return Gap(kind=kind, detail=detail, **where)  # type: ignore[arg-type]  # fields by name
        runs: list[tuple[int, int]] = []
        for number in numbers:
            if runs and runs[-1][1] == number - 1:
                runs[-1] = (runs[-1][0], number)
            else:
                runs.append((number, number))
        first, last = runs[0]
        start, end = self._spans[first][0], self._spans[last][1]
        return Gap(kind=kind, detail=detail, start=start, end=end, times=len(runs), **where)  # type: ignore[arg-type]


_ABOVE_HOMES = frozenset({PlaceKind.SUB_DISTRICT, PlaceKind.COMMUNITY})


def _zone(name: str) -> tzinfo:
    try:
        return timezone(name)
    except ConfigError:
        return UTC


def _both(start: str, end: str) -> Iterator[Instant]:
    for text in (start, end):
        try:
            yield parse_rfc3339(text)
        except ConfigError:
            continue
