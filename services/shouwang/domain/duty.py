"""Who answers for a place at an instant: people, posts, duty zones, rosters.

Resolution is generous in one direction only. A person without any channel counts as nobody, a target that names nobody
is a gap with its reason, and neither ever raises: a misspelt time zone in one roster must not stop the others from
being told. What to do with an empty resolution is not decided here (domain/incident.py, ``nobody_answers``).
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from shouwang.domain.place import ancestors
from shouwang.domain.shift import people_on_duty
from shouwang.domain.vocabulary import UNASSIGNED, Instant, PersonId, PlaceId, Value

if TYPE_CHECKING:
    from shouwang.domain.community import Community

PARTY = "party"
"""The kind of duty zone that is meant where none is named."""

DESK = "post:desk_operator"
"""消控室值班员: the post that never leaves the desk, and hears what is no longer urgent."""

TOLD = "told"
HOLDER = "holder"


class Contact(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to reach a person, tried in the order written. ``kind`` is the channel's name."""

    kind: str
    url: str = ""
    secret: str = ""
    verified: bool = False
    guarded: bool = False
    """Set over HTTP: its address must be public, or within the setting ``webhook_allow``."""


class Person(Value, frozen=True, kw_only=True):
    """Personal fields live here and nowhere else; everything else holds the id."""

    id: PersonId
    name: str
    phone: str = ""
    channels: list[Contact] = msgspec.field(default_factory=list)
    language: str = "zh"


class PostHolder(Value, frozen=True, kw_only=True):
    """A post held at a place."""

    place: PlaceId
    post: str
    person: PersonId


class Zone(Value, frozen=True, kw_only=True):
    """A duty zone 责任区: places and the people answerable for them. No place in two zones of one kind."""

    id: str
    name: str = ""
    kind: str = PARTY
    places: list[PlaceId] = msgspec.field(default_factory=list)
    members: list[PersonId] = msgspec.field(default_factory=list)
    fallback: PersonId | None = None


class Shift(Value, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """``days`` are those on which the shift begins (absent = every day); ``start``/``end`` local ``HH:MM``, over
    midnight where end <= start; half-open."""

    start: str
    end: str
    people: list[PersonId]
    days: list[str] | None = None


class Override(Value, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """A change of a roster between two RFC 3339 instants. ``add`` alone: this person too. ``remove`` alone: not this
    person. Both: the one stands in for the other, in the other's shifts only."""

    start: str
    end: str
    remove: PersonId | None = None
    add: PersonId | None = None


class Roster(Value, frozen=True, kw_only=True):
    """值班表."""

    id: str
    shifts: list[Shift]
    zone: str = ""
    post: str = ""
    timezone: str = ""
    overrides: list[Override] = msgspec.field(default_factory=list)


class SiteFacts(Value, frozen=True, kw_only=True):
    """What holds for the whole site. ``fallback`` answers where nobody else does, and for ``unassigned``."""

    fallback: PersonId | None = None
    timezone: str = "Asia/Shanghai"
    demo: bool = False


class Resolution(Value, frozen=True):
    """Whom targets mean now. ``people`` without repeats: targets in the order given, the people of one target by id,
    so that the order in which a directory lists them changes nothing. ``gaps``: each target that names nobody, and
    why; never empty where ``people`` is."""

    people: list[PersonId]
    gaps: list[str]


def resolve(
    community: "Community",
    place: str,
    targets: Iterable[str],
    now: Instant,
    *,
    told: Collection[str] = (),
    holder: str | None = None,
) -> Resolution:
    """Whom ``targets`` mean at ``place`` at this moment.

    ``post:P``: whoever holds P at the place, else at the nearest ancestor where anyone does, else who is on duty in a
    roster that fills P around the place · ``roster:ID``: on duty now · ``zone``, ``zone:KIND``: members of the zone of
    that kind around the place · ``person:ID`` · ``told``: the people given as ``told`` · ``holder``. Never raises.
    """
    people: dict[PersonId, None] = {}
    gaps: dict[str, None] = {}
    for target in targets:
        named = _named(community, place, target, now, told, holder)
        reachable = [] if isinstance(named, str) else _reachable(community, named)
        people.update(dict.fromkeys(reachable))
        if isinstance(named, str):
            gaps[f"{target}: {named}"] = None
        elif not reachable:
            gaps[f"{target}: {_why_nobody(community, named)}"] = None
    if not people and not gaps:
        gaps["nothing to tell: no target was given"] = None
    return Resolution(list(people), list(gaps))


def zone_of(community: "Community", place: str, kind: str = PARTY) -> Zone | None:
    """The duty zone of this kind around a place: the one that names its nearest ancestor. None is a reported gap."""
    for around in ancestors(place):
        found = [zone for zone in community.zones.values() if zone.kind == kind and around in zone.places]
        if found:
            return min(found, key=lambda zone: zone.id)
    return None


def fallback_of(community: "Community", place: str) -> PersonId | None:
    """Who is told where a duty is empty: the fallback of the party zone around the place, else of another zone around
    it, else of the site. None where no reachable person was named anywhere; ``doctor`` fails then."""
    named = [*(zone.fallback for zone in _zones_around(community, place)), community.site.fallback]
    return next((person for person in named if person and is_reachable(community, person)), None)


def empty_duties(community: "Community", now: Instant) -> list[str]:
    """Rosters that put no reachable person on duty now, zones without a reachable member, and a site without a
    reachable fallback; each with its reason."""
    targets = [f"roster:{roster}" for roster in sorted(community.rosters)]
    empty = [gap for target in targets for gap in resolve(community, UNASSIGNED, [target], now).gaps]
    for zone in sorted(community.zones.values(), key=lambda zone: zone.id):
        if not _reachable(community, zone.members):
            empty.append(f"zone {zone.id}: no reachable member")
    if community.site.fallback is None or not is_reachable(community, community.site.fallback):
        empty.append("site: no reachable fallback")
    return empty


def is_reachable(community: "Community", person: str) -> bool:
    """A person with no channel counts as nobody."""
    known = community.people.get(PersonId(person))
    return known is not None and bool(known.channels)


def target_problem(target: str) -> str | None:
    """What is wrong with a target as written, for ``shouwang check``; whether the name exists is the directory's
    question."""
    kind, colon, name = target.partition(":")
    if kind == "zone" and (name or not colon):
        return None
    if kind in ("post", "roster", "person") and name:
        return None
    return f"{target!r} is not a target; expected post:P, roster:ID, zone, zone:KIND or person:ID"


def _named(
    community: "Community", place: str, target: str, now: Instant, told: Collection[str], holder: str | None
) -> Sequence[str] | str:
    """The people a target names, or why it cannot be read."""
    kind, _, name = target.partition(":")
    match kind:
        case "post":
            return _holders(community, place, name, now)
        case "roster":
            roster = community.rosters.get(name)
            return "no such roster" if roster is None else people_on_duty(roster, now, community.site.timezone)
        case "zone":
            return _members(community, place, name or PARTY)
        case "person":
            return [name]
        case "told":
            return list(told) or "nobody was told before"
        case "holder":
            return [holder] if holder else "nobody holds it"
    return target_problem(target) or "is not a target"


def _holders(community: "Community", place: str, post: str, now: Instant) -> Sequence[str] | str:
    held = [one for one in community.posts if one.post == post]
    for around in ancestors(place):
        people = [one.person for one in held if one.place == around]
        if _reachable(community, people):
            return people
    around_it = {zone.id for zone in _zones_around(community, place)}
    rosters = [one for one in community.rosters.values() if one.post == post and (one.zone or "") in {"", *around_it}]
    shifts = [people_on_duty(roster, now, community.site.timezone) for roster in rosters]
    on_duty = [person for shift in shifts if not isinstance(shift, str) for person in shift]
    return on_duty or f"nobody who can be reached holds it at {place} or around it"


def _members(community: "Community", place: str, kind: str) -> Sequence[str] | str:
    if place == UNASSIGNED:
        # Devices that nobody registered belong to the site's own zone, which is its fallback.
        return [community.site.fallback] if community.site.fallback else "the site has no fallback"
    zone = zone_of(community, place, kind)
    if zone is None:
        return f"{place} is in no {kind} zone"
    return zone.members or f"zone {zone.id} has no members"


def _reachable(community: "Community", people: Iterable[str]) -> list[PersonId]:
    return sorted({PersonId(person) for person in people if is_reachable(community, person)})


def _why_nobody(community: "Community", people: Sequence[str]) -> str:
    if not people:
        return "nobody is on duty now"
    return "; ".join(_why_unreachable(community, person) for person in sorted(set(people)))


def _why_unreachable(community: "Community", person: str) -> str:
    return f"{person} has no channel" if PersonId(person) in community.people else f"there is no person {person}"


def _zones_around(community: "Community", place: str) -> list[Zone]:
    """At most one of each kind, the party zone first."""
    kinds = sorted({zone.kind for zone in community.zones.values()}, key=lambda kind: (kind != PARTY, kind))
    return [zone for kind in kinds if (zone := zone_of(community, place, kind)) is not None]
