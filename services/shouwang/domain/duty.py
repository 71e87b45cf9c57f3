"""Who answers for a place at an instant: people, posts, duty zones, rosters.

Resolution is generous in one direction only. A person without any channel counts as nobody, a target that names nobody
is a gap with its reason, and neither ever raises: a misspelt time zone in one roster must not stop the others from
being told. What to do with an empty resolution is not decided here (domain/incident.py, ``nobody_answers``).
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from shouwang.domain.errors import ConfigError
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.place import ancestors
from shouwang.domain.premises import Gate, ServiceNumber
from shouwang.domain.roster import Roster
from shouwang.domain.shift import people_on_duty
from shouwang.domain.vocabulary import UNASSIGNED, Instant, PersonId, PlaceId, Value

if TYPE_CHECKING:
    from shouwang.domain.community import Community

PARTY = "party"
"""The kind of duty zone that is meant where none is named."""

DESK_POST = "desk_operator"
DESK = f"post:{DESK_POST}"
"""消控室值班员: the post that never leaves the desk, and hears what is no longer urgent."""

TRINITY = "trinity"
"""三位一体, as a target: branch secretary, owners' committee chair, property manager."""

TRINITY_POSTS = ("branch_secretary", "committee_chair", "property_manager")

FAMILY = "family"
"""家属: the post that the contacts of a household hold at their dwelling, beside whoever is given it by name."""

TOLD = "told"
HOLDER = "holder"


EXTRAS = frozenset({"push"})
"""Kinds that reach some people some of the time: told beside a person's contacts, never in place of one, and never
counted as a way to reach anybody."""


class Contact(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to reach a person, tried in the order written. ``kind`` is the channel's name."""

    kind: str
    url: str = ""
    number: str = ""
    """A telephone, for channels that need one; the person's own where it is empty."""
    secret: str = ""
    verified: bool = False
    verified_at: str | None = None
    """RFC 3339: when its person proved it; None where a file only says so."""
    guarded: bool = False
    """Set over HTTP: its address must be public, or within the setting ``webhook_allow``."""


class Absence(Value, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """请假: a person is away between two RFC 3339 instants, whatever rosters and posts say."""

    start: str
    end: str


class Certificate(Value, frozen=True, kw_only=True):
    """上岗证. ``kind`` is a site's word; ``desk`` is the operator's certificate of a fire control room (GB 25506).
    ``expires``: the last local day on which it holds, None for good."""

    kind: str = "desk"
    expires: str | None = None


class Person(Value, frozen=True, kw_only=True):
    """Personal fields live here and in ``Household`` and nowhere else; everything else holds the id."""

    id: PersonId
    name: str
    phone: str = ""
    channels: list[Contact] = msgspec.field(default_factory=list)
    language: str = "zh"
    absences: list[Absence] = msgspec.field(default_factory=list)
    certificates: list[Certificate] = msgspec.field(default_factory=list)


class PostHolder(Value, frozen=True, kw_only=True):
    """A post held at a place. ``deputy``: who holds it while the person is away."""

    place: PlaceId
    post: str
    person: PersonId
    deputy: PersonId | None = None


class Zone(Value, frozen=True, kw_only=True):
    """A duty zone 责任区: places and the people answerable for them. No place in two zones of one kind."""

    id: str
    name: str = ""
    kind: str = PARTY
    places: list[PlaceId] = msgspec.field(default_factory=list)
    members: list[PersonId] = msgspec.field(default_factory=list)
    fallback: PersonId | None = None


class Group(Value, frozen=True, kw_only=True):
    """小组: people who are told together wherever the alarm is (a volunteer team, a tenants' committee), as a target
    ``group:ID``. It answers for no place: that is a duty zone's."""

    id: str
    name: str = ""
    members: list[PersonId] = msgspec.field(default_factory=list)


class SiteFacts(Value, frozen=True, kw_only=True):
    """What holds for the whole site. ``fallback`` answers where nobody else does, and for ``unassigned``. ``calendar``:
    whose public holidays hold (ISO 3166 code); ``days``: the site's own word on single days, ``holiday`` or
    ``workday``, by date, before the calendar's. ``desk_certified``: how many certified people a fire control room needs
    at a time (GB 25506: two; one where the province allows it). ``numbers``, ``gates``: whom to ring, where help comes
    in (domain/premises.py)."""

    fallback: PersonId | None = None
    timezone: str = "Asia/Shanghai"
    demo: bool = False
    calendar: str = "CN"
    days: dict[str, str] = msgspec.field(default_factory=dict)
    desk_certified: int = 2
    numbers: list[ServiceNumber] = msgspec.field(default_factory=list)
    gates: list[Gate] = msgspec.field(default_factory=list)


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
    roster that fills P around the place; ``post:family`` also means contacts of the household · ``roster:ID``: on duty
    now · ``zone``, ``zone:KIND``: members of the zone of that kind around the place · ``person:ID`` · ``group:ID``: its
    members · ``trinity`` · ``any:T|T``: the first of these targets that means anybody · ``told``: the people given as
    ``told`` · ``holder``. Whoever is away counts as nobody, but for ``told`` and ``holder``, who act already. Never
    raises.
    """
    people: dict[PersonId, None] = {}
    gaps: dict[str, None] = {}
    for target in targets:
        named = _named(community, place, target, now, told, holder)
        reachable = [] if isinstance(named, str) else _reachable(community, named)
        if target not in (TOLD, HOLDER):
            reachable = [person for person in reachable if not is_away(community, person, now)]
        people.update(dict.fromkeys(reachable))
        if isinstance(named, str):
            gaps[f"{target}: {named}"] = None
        elif not reachable:
            gaps[f"{target}: {_why_nobody(community, named, now)}"] = None
    if not people and not gaps:
        gaps["nothing to tell: no target was given"] = None
    return Resolution(list(people), list(gaps))


def zone_of(community: "Community", place: str, kind: str = PARTY) -> Zone | None:
    """The duty zone of this kind around a place: the one that names its nearest ancestor. None is a reported gap."""
    named = community.zones_by_place.get(kind, {})
    return next((named[around] for around in ancestors(place) if around in named), None)


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
    return known is not None and bool(usable(known))


def usable(person: Person, channels: Collection[str] = ()) -> list[Contact]:
    """The contacts that count, in the person's order. ``channels``: names of those that this installation has; empty
    means that all count."""
    return [one for one in person.channels if one.kind not in EXTRAS and (not channels or one.kind in channels)]


def no_contact(person: Person) -> str:
    """What is said of one without a contact that this installation has a channel for."""
    kinds = ", ".join(sorted({one.kind for one in person.channels}))
    return f"{person.id} has no contact that can be used here" + (f" (only {kinds})" if kinds else "")


def is_proven(person: Person, channels: Collection[str] = ()) -> bool:
    """Some contact that counts was proven to reach them."""
    return any(contact.verified for contact in usable(person, channels))


def is_away(community: "Community", person: str, now: Instant) -> bool:
    """请假. An absence that cannot be read (files are checked when they are applied) takes nobody off duty."""
    known = community.people.get(PersonId(person))
    return known is not None and any(_covers(absence, now) for absence in known.absences)


def has_ended(absence: Absence, now: Instant) -> bool:
    """One whose end cannot be read has not: somebody has to see it."""
    try:
        return parse_rfc3339(absence.end) <= now
    except ConfigError:
        return False


def target_problem(target: str) -> str | None:
    """What is wrong with a target as written, for ``shouwang check``; whether the name exists is the directory's
    question."""
    kind, colon, name = target.partition(":")
    if target == TRINITY:
        return None
    if kind == "any" and name:
        parts = [target_problem(part) for part in name.split("|")]
        return next((f"in {target!r}: {problem}" for problem in parts if problem), None)
    if kind == "zone" and (name or not colon):
        return None
    if kind in ("post", "roster", "person", "group") and name:
        return None
    expected = "post:P, roster:ID, zone, zone:KIND, person:ID, group:ID, trinity or any:T|T"
    return f"{target!r} is not a target; expected {expected}"


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
            return "no such roster" if roster is None else on_duty(community, roster, now)
        case "zone":
            return _members(community, place, name or PARTY)
        case "person":
            return [name]
        case "group":
            group = community.groups.get(name)
            return "no such group" if group is None else group.members or f"group {name} has no members"
        case "trinity":
            return _together(community, place, [f"post:{post}" for post in TRINITY_POSTS], now)
        case "any":
            return _first(community, place, name.split("|"), now)
        case "told":
            return list(told) or "nobody was told before"
        case "holder":
            return [holder] if holder else "nobody holds it"
    return target_problem(target) or "is not a target"


def on_duty(community: "Community", roster: Roster, now: Instant) -> list[str] | str:
    """People of a roster at this moment, without those who are away, or why there are none."""
    scheduled = people_on_duty(roster, now, community.site.timezone, community.calendar)
    if isinstance(scheduled, str):
        return scheduled
    return [person for person in scheduled if not is_away(community, person, now)]


def rosters_around(community: "Community", place: str, post: str) -> list[Roster]:
    """Rosters that fill a post for a place: those of its zones, and those of no zone."""
    around = {"", *(zone.id for zone in _zones_around(community, place))}
    return [one for one in community.rosters.values() if one.post == post and (one.zone or "") in around]


def rosters_filling(community: "Community", place: str, targets: Iterable[str], now: Instant) -> list[str]:
    """Rosters in which one person more would be one more whom these targets mean at a place: not those of a post that
    somebody holds by name, who goes before any roster."""
    found: dict[str, None] = {}
    for target in targets:
        kind, _, name = target.partition(":")
        match kind:
            case "roster" if name in community.rosters:
                found[name] = None
            case "post" if not _named_holders(community, place, name, now):
                found.update(dict.fromkeys(sorted(one.id for one in rosters_around(community, place, name))))
            case "trinity":
                posts = [f"post:{post}" for post in TRINITY_POSTS]
                found.update(dict.fromkeys(rosters_filling(community, place, posts, now)))
            case "any":
                found.update(dict.fromkeys(rosters_filling(community, place, name.split("|"), now)))
    return list(found)


def _holders(community: "Community", place: str, post: str, now: Instant) -> Sequence[str] | str:
    named = _named_holders(community, place, post, now)
    if named:
        return named
    shifts = [on_duty(community, roster, now) for roster in rosters_around(community, place, post)]
    filled = [person for shift in shifts if not isinstance(shift, str) for person in shift]
    return filled or f"nobody who can be reached holds it at {place} or around it"


def _named_holders(community: "Community", place: str, post: str, now: Instant) -> list[PersonId]:
    """Whoever holds it by name at the nearest place around where any of them can be told now."""
    held = community.holders.get(post, {})
    for around in ancestors(place):
        people = [_present(community, one, now) for one in held.get(around, ())]
        if post == FAMILY:
            people += kin_of(community, around)
        if any(not is_away(community, person, now) for person in _reachable(community, people)):
            return people
    return []


def kin_of(community: "Community", place: PlaceId) -> list[PersonId]:
    """Contacts of the household at a place who are people of the directory."""
    household = community.households.get(place)
    return [one.person for one in household.contacts if one.person is not None] if household else []


def _present(community: "Community", holder: PostHolder, now: Instant) -> PersonId:
    """The deputy while the holder is away, else the holder."""
    is_deputed = holder.deputy is not None and is_away(community, holder.person, now)
    return holder.deputy if is_deputed and holder.deputy is not None else holder.person


def _together(community: "Community", place: str, targets: Iterable[str], now: Instant) -> Sequence[str] | str:
    found = resolve(community, place, targets, now)
    return found.people or "; ".join(found.gaps)


def _first(community: "Community", place: str, targets: Sequence[str], now: Instant) -> Sequence[str] | str:
    tried = [resolve(community, place, [target], now) for target in targets]
    people = next((one.people for one in tried if one.people), None)
    return people or "; ".join(gap for one in tried for gap in one.gaps)


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


def _why_nobody(community: "Community", people: Sequence[str], now: Instant) -> str:
    if not people:
        return "nobody is on duty now"
    return "; ".join(_why_unreachable(community, person, now) for person in sorted(set(people)))


def _why_unreachable(community: "Community", person: str, now: Instant) -> str:
    if is_reachable(community, person) and is_away(community, person, now):
        return f"{person} is away"
    return f"{person} has no channel" if PersonId(person) in community.people else f"there is no person {person}"


def _covers(absence: Absence, now: Instant) -> bool:
    try:
        return parse_rfc3339(absence.start) <= now < parse_rfc3339(absence.end)
    except ConfigError:
        return False


def _zones_around(community: "Community", place: str) -> list[Zone]:
    """At most one of each kind, the party zone first."""
    kinds = sorted(community.zones_by_place, key=lambda kind: (kind != PARTY, kind))
    return [zone for kind in kinds if (zone := zone_of(community, place, kind)) is not None]
