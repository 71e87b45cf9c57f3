"""Changes of rosters, and rosters read forwards: overrides, swaps with consent, who is on duty in the coming days."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.duty import Absence, Person, is_away, on_duty
from shouwang.domain.errors import ConfigError, Conflict, NotFound
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.roster import Override, Roster, Swap
from shouwang.domain.shift import edges, roster_problems, spans, team, timezone
from shouwang.domain.vocabulary import DAY, Instant, PersonId, Value

LONGEST: int = 92 * DAY
"""Of one override or absence; what lasts longer is a change of the roster itself."""


class Watch(Value, frozen=True, kw_only=True):
    """A span of a roster in which nobody comes or goes. ``why_nobody``: where ``people`` is empty."""

    roster: str
    start: Instant
    end: Instant
    people: list[PersonId]
    why_nobody: str = ""


class Duty(Value, frozen=True, kw_only=True):
    """A shift as one person has it. ``stands_in``: by an override."""

    roster: str
    post: str
    start: Instant
    end: Instant
    stands_in: bool = False


def override_id(roster: str, override: Override) -> str:
    """Names an override by its content: equal ones are one."""
    said = f"{roster}|{override.start}|{override.end}|{override.add}|{override.remove}"
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def roster_faults(roster: Roster, community: Community) -> Iterator[tuple[str, str]]:
    """What is wrong with a roster that somebody sends: (path below it, message)."""
    yield from roster_problems(roster)
    if roster.zone and roster.zone not in community.zones:
        yield "zone", f"there is no zone {roster.zone!r}"
    for index, shift in enumerate(roster.shifts):
        named = [*shift.people, *(one for group in (shift.rotation.teams if shift.rotation else []) for one in group)]
        for person in named:
            if person not in community.people:
                yield f"shifts[{index}].people", f"there is no person {person!r}"
        if shift.rotation is not None and shift.rotation.days < 1:
            yield f"shifts[{index}].rotation.days", "is less than one day"
    for index, override in enumerate(roster.overrides):
        yield from ((f"overrides[{index}].{path}", why) for path, why in override_faults(override, community))


def override_faults(override: Override, community: Community) -> Iterator[tuple[str, str]]:
    """What is wrong with an override: (field, message)."""
    if override.add is None and override.remove is None:
        yield "add", "changes nothing; expected add, remove or both"
    for field, person in (("add", override.add), ("remove", override.remove)):
        if person is not None and person not in community.people:
            yield field, f"there is no person {person!r}"
    yield from _span_faults(override.start, override.end)


def with_override(roster: Roster, override: Override) -> Roster:
    """The same where it is there already."""
    known = {override_id(roster.id, one) for one in roster.overrides}
    if override_id(roster.id, override) in known:
        return roster
    return msgspec.structs.replace(roster, overrides=[*roster.overrides, override])


def without_override(community: Community, id: str) -> Roster:
    """The roster that had it, without it. Raises NotFound."""
    for roster in community.rosters.values():
        kept = [one for one in roster.overrides if override_id(roster.id, one) != id]
        if len(kept) < len(roster.overrides):
            return msgspec.structs.replace(roster, overrides=kept)
    raise NotFound(f"there is no override {id}")


def swap_faults(swap: Swap, community: Community) -> Iterator[tuple[str, str]]:
    """What is wrong with a swap that somebody asks for: (field, message)."""
    if swap.roster not in community.rosters:
        yield "roster", f"there is no roster {swap.roster!r}"
    for field, person in (("asker", swap.asker), ("taker", swap.taker)):
        if person not in community.people:
            yield field, f"there is no person {person!r}"
    if swap.asker == swap.taker:
        yield "taker", "nobody swaps with themselves"
    yield from _span_faults(swap.start, swap.end)


def answer_swap(swap: Swap, answer: str, actor: str, community: Community) -> tuple[Swap, Roster | None]:
    """``agreed`` or ``refused`` by the taker, ``withdrawn`` by the asker; with an agreement the roster as it is then.
    The same answer again changes nothing. Raises Conflict."""
    if swap.state == answer:
        return swap, None
    if swap.state != "asked":
        raise Conflict(f"swap {swap.id} is {swap.state} already")
    whose = swap.asker if answer == "withdrawn" else swap.taker
    if actor != whose:
        raise Conflict(f"only {whose} can answer this swap with {answer}; it wants their consent")
    answered = msgspec.structs.replace(swap, state=answer)
    if answer != "agreed":
        return answered, None
    roster = community.rosters.get(swap.roster)
    if roster is None:
        raise Conflict(f"there is no roster {swap.roster} any more")
    change = Override(start=swap.start, end=swap.end, remove=swap.asker, add=swap.taker)
    return answered, with_override(roster, change)


def absence_faults(absence: Absence) -> Iterator[tuple[str, str]]:
    yield from _span_faults(absence.start, absence.end)


def with_absence(person: Person, absence: Absence) -> Person:
    if absence in person.absences:
        return person
    return msgspec.structs.replace(person, absences=[*person.absences, absence])


def watches(community: Community, roster: Roster, start: Instant, end: Instant) -> list[Watch]:
    """Who is on duty from ``start`` to ``end``, span by span, in order."""
    turns = edges(roster, start, end, community.site.timezone, community.calendar)
    for person in community.people.values():
        for absence in person.absences:
            turns.update(at for at in _instants(absence.start, absence.end) if start < at < end)
    found: list[Watch] = []
    for begin, over in pairwise([start, *sorted(turns), end]):
        people = on_duty(community, roster, begin)
        why = people if isinstance(people, str) else "" if people else "nobody is on duty"
        named = [] if isinstance(people, str) else [PersonId(person) for person in people]
        if found and (found[-1].people, found[-1].why_nobody) == (named, why):
            found[-1] = msgspec.structs.replace(found[-1], end=over)
        else:
            found.append(Watch(roster=roster.id, start=begin, end=over, people=named, why_nobody=why))
    return found


def duties_of(community: Community, person: PersonId, start: Instant, end: Instant) -> list[Duty]:
    """A person's own shifts, by all rosters, with overrides, swaps and leave; in order."""
    found = []
    for roster in sorted(community.rosters.values(), key=lambda roster: roster.id):
        planned = _planned(community, roster, person, start, end)
        for watch in watches(community, roster, start, end):
            if person in watch.people and not is_away(community, person, watch.start):
                regular = any(begin <= watch.start < over for begin, over in planned)
                found.append(
                    Duty(roster=roster.id, post=roster.post, start=watch.start, end=watch.end, stands_in=not regular)
                )
    return _joined(sorted(found, key=lambda duty: (duty.start, duty.roster)))


def _joined(duties: Sequence[Duty]) -> list[Duty]:
    """Spans that follow each other in one roster are one shift as its person sees it."""
    newest: dict[str, int] = {}
    found: list[Duty] = []
    for duty in duties:
        at = newest.get(duty.roster)
        if at is not None and found[at].end == duty.start and found[at].stands_in == duty.stands_in:
            found[at] = msgspec.structs.replace(found[at], end=duty.end)
        else:
            newest[duty.roster] = len(found)
            found.append(duty)
    return found


def _planned(
    community: Community, roster: Roster, person: PersonId, start: Instant, end: Instant
) -> list[tuple[Instant, Instant]]:
    found: list[tuple[Instant, Instant]] = []
    try:
        zone = timezone(roster.timezone or community.site.timezone)
        for shift in roster.shifts:
            for day, begin, over in spans(shift, start, end, zone, community.calendar):
                found += [(begin, over)] if person in team(shift, day) else []
    except ConfigError:
        return found
    return found


def _span_faults(start: str, end: str) -> Iterator[tuple[str, str]]:
    times: list[Instant] = []
    for field, text in (("from", start), ("to", end)):
        try:
            times.append(parse_rfc3339(text))
        except ConfigError as error:
            yield field, str(error)
    if len(times) == 2 and times[0] >= times[1]:
        yield "to", f"{end} does not come after {start}"
    elif len(times) == 2 and times[1] - times[0] > LONGEST:
        yield "to", "lasts longer than three months; change the roster itself"


def _instants(start: str, end: str) -> Iterator[Instant]:
    for text in (start, end):
        try:
            yield parse_rfc3339(text)
        except ConfigError:
            continue
