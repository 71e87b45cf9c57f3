"""What devices tell the places that they stand in, and judging rules about places (``confirm``, ``inactive``, a share
of ``absent`` devices).

A place has a state row of its own, ``place:<path>``, beside those of devices. Only what changes reaches it: after each
message ``notices`` says what, mostly nothing; whoever hears messages loads the rows that are named and calls
``hear_place`` for each, in the same transaction.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from shouwang.domain.alert import LIFE_SAFETY
from shouwang.domain.home import HOME, Confirm, Inactive, activities
from shouwang.domain.judgement import LATE_AFTER, carried_over, is_idle, judge
from shouwang.domain.judging import (
    IDLE,
    Condition,
    Gaps,
    Member,
    Note,
    View,
    is_muted,
    parts_of,
    was_said_muted,
)
from shouwang.domain.outage import SAID_BY, MassAbsent, counts, said_lost, was_silent
from shouwang.domain.rulebook import Compiled, RuleBook
from shouwang.domain.standing import DeviceFacts, DeviceState, Judged, Newest, Standing, Transition
from shouwang.domain.vocabulary import UNASSIGNED, DeviceId, Instant, PlaceId, Reading, Value

_ROW = "place:"
_DEPTHS = {"sub_district": 1, "community": 2, "compound": 3, "building": 4, "unit": 5, "floor": 6, "dwelling": 7}


class Notice(Value, frozen=True):
    """Something that a place should hear for one of its rules; ``row`` is the place's state row."""

    row: DeviceId
    rule: str
    version: str
    note: Note
    looks_at: Instant | None = None
    """The place has to look again by then, though nothing changes now."""


def is_place(row: str) -> bool:
    """The row is a place's, not a device's."""
    return row.startswith(_ROW)


def row_of(subject: str) -> DeviceId:
    """The state row of a place."""
    return DeviceId(_ROW + subject)


def subject_of(row: str) -> str:
    """The path of the place (or the id of a device that stands for itself) whose row it is."""
    return row.removeprefix(_ROW)


def notices(
    book: RuleBook,
    facts: DeviceFacts,
    before: DeviceState,
    after: DeviceState,
    readings: Sequence[Reading],
    *,
    retained: bool = False,
    gaps: Gaps = (),
) -> list[Notice]:
    """What a message of a device tells its places; ``before`` and ``after`` are the device's states around it, ``gaps``
    the intervals in which we were deaf."""
    scope = book.for_facts(facts)
    if not scope.of_places:
        return []
    of_places, minds_silence = scope.of_places, bool(scope.of_silence)
    concerned: dict[int, Compiled] = {}
    says_lost = False
    for reading in readings:  # asked of every message, nearly always in vain
        metric = reading.metric
        if metric in of_places:
            for rule in of_places[metric]:
                concerned[rule.index] = rule
        if minds_silence and metric in SAID_BY:
            says_lost = True
    told: list[Notice] = []
    if concerned:
        told = [
            Notice(DeviceId(_ROW + subject), rule.rule.id, rule.rule.version, note)
            for _, rule in sorted(concerned.items())
            for leaf in rule.leaves
            for subject, note in _told(rule, leaf, facts, before.values, after.values, readings, retained)
        ]
    for rule in scope.of_silence:
        told += _told_of_silence(rule, facts, before, after, readings, gaps, says_lost=says_lost)
    return told


def hear_place(
    book: RuleBook,
    row: DeviceId,
    state: DeviceState,
    told: Sequence[Notice],
    now: Instant,
    gaps: Gaps = (),
    members: Sequence[Member] | None = None,
    before: Member | None = None,
) -> Judged:
    """The place hears notices of one message at receive time ``now``; timers due up to ``now`` run first. ``members``:
    the devices that stand there as they are after the message, needed where ``asks_members`` says so; ``before``: the
    one that spoke, as it was."""
    if not asks_members(book, state, told, now):
        told, state = _looking_later(book, told, state)
        members = None
        if not told:
            return Judged(state, [])
    judged = _timers_run(book, row, state, now, gaps, _as_before(members, before))
    standings, transitions = dict(judged.state.standings), list(judged.transitions)
    due_at = judged.state.due_at
    for rule in _rules_of(book, {notice.rule: notice.version for notice in told}):
        notes = sorted((one.note for one in told if one.rule == rule.rule.id), key=lambda note: note.at)
        view = place_view(book, row, now, notes[-1].at, gaps, notes, of_rule(book, rule, row, members))
        fresh: list[Transition] = []
        due = judge(rule, subject_of(row), standings, view, fresh)
        transitions += [msgspec.structs.replace(one, late=True) if now - one.at > LATE_AFTER else one for one in fresh]
        due_at = due if due_at is None or (due is not None and due < due_at) else due_at
    return Judged(msgspec.structs.replace(judged.state, standings=standings, due_at=due_at), transitions)


def asks_members(book: RuleBook, state: DeviceState, told: Sequence[Notice], now: Instant) -> bool:
    """Whether the place has to know how all its devices stand to judge what it is told: not where a device is heard
    while nothing is raised or due (that can only move a timer), nor where one comes back and enough others are lost."""
    if not book.minds_silence:
        return False
    if state.due_at is not None and state.due_at <= now:
        return True
    return any(
        _is_of_silence(book, notice)
        and (notice.note.what in ("rise", "fall") or notice.rule in state.standings)
        and _less_one(book, state, notice) is None
        for notice in told
    )


def run_due_place(
    book: RuleBook,
    facts: DeviceFacts,
    state: DeviceState,
    now: Instant,
    gaps: Gaps = (),
    members: Sequence[Member] | None = None,
) -> Judged:
    """The place's timers due up to ``now``, each at its own time. Where consent was taken back, nothing is said."""
    return _timers_run(book, facts.device, _consented(book, facts, state), now, gaps, members)


def _timers_run(
    book: RuleBook, row: DeviceId, state: DeviceState, now: Instant, gaps: Gaps, members: Sequence[Member] | None
) -> Judged:
    transitions: list[Transition] = []
    of_silence = [] if members is None else _asked_of(book, row, members)
    while (at := state.due_at) is not None and at <= now:
        standings = dict(state.standings)
        rules = _rules_of(book, {id: standing.version for id, standing in standings.items()})
        rules += [rule for rule in of_silence if rule.rule.id not in standings]
        dues = [
            judge(
                rule,
                subject_of(row),
                standings,
                place_view(book, row, at, at, gaps, members=of_rule(book, rule, row, members)),
                transitions,
                by_timer=True,
            )
            for rule in sorted(rules, key=lambda rule: rule.index)
        ]
        due_at = min((due for due in dues if due is not None), default=None)
        state = msgspec.structs.replace(state, standings=standings, due_at=due_at)
    return Judged(state, transitions)


def reconcile_place(book: RuleBook, facts: DeviceFacts, state: DeviceState, now: Instant) -> DeviceState:
    """The place's state under a changed book, or with other devices in it: what the devices told stays known as far as
    a rule asks the same. It is looked at again now."""
    state = _consented(book, facts, state)
    standings = {
        id: carried
        for id, standing in state.standings.items()
        if (rule := book.compiled(id, standing.version)) is not None
        and rule.rule.is_about_places
        and not is_idle(carried := carried_over(rule, standing))
    }
    return msgspec.structs.replace(state, standings=standings, due_at=now)


def place_at(facts: DeviceFacts, level: str) -> str | None:
    """The ancestor of a device's place at a level, from the directory, else from a full path
    ``sub_district/community/compound/building/unit/floor/dwelling``; None where there is none."""
    if facts.levels:
        return facts.levels.get(level)
    segments, depth = facts.place.split("/"), _DEPTHS.get(level)
    return "/".join(segments[:depth]) if depth is not None and len(segments) >= depth else None


def home_of(facts: DeviceFacts) -> str:
    """The dwelling, else the device's place; a device without a place stands for itself."""
    return place_at(facts, HOME) or (facts.place if facts.place not in ("", UNASSIGNED) else facts.device)


def subject_for(rule: Compiled, facts: DeviceFacts) -> str | None:
    """Whom a rule judges where this device is heard: the device, or the place that it is about; None where the device
    stands in no such place."""
    for leaf in rule.leaves:
        match leaf:
            case Confirm() | MassAbsent():
                return place_at(facts, leaf.level)
            case Inactive():
                return home_of(facts)
    return facts.device


def _consented(book: RuleBook, facts: DeviceFacts, state: DeviceState) -> DeviceState:
    """Without what rules remember that are no longer allowed to."""
    if not book.minds_consent:
        return state
    standings = {
        id: standing
        for id, standing in state.standings.items()
        if (rule := book.rule(id, standing.version)) is None or book.is_armed(rule, facts)
    }
    return state if len(standings) == len(state.standings) else msgspec.structs.replace(state, standings=standings)


def _told(
    rule: Compiled,
    leaf: Condition,
    facts: DeviceFacts,
    before: Mapping[str, Newest],
    after: Mapping[str, Newest],
    readings: Sequence[Reading],
    retained: bool,
) -> Iterator[tuple[str, Note]]:
    match leaf:
        case Confirm():
            place = place_at(facts, leaf.level)
            was, is_now = _is_any_true(leaf.metric, before), _is_any_true(leaf.metric, after)
            falls = was and not is_now
            if rule.rule.klass in LIFE_SAFETY and not is_now and (was or was_said_muted(leaf.metric, before, after)):
                # A silenced detector falls by what it says when that is over.
                falls = _says_clear(leaf.metric, after, readings) and not is_muted(after, readings)
            if place is not None and (falls or (is_now and not was)):
                at = _turned_at(leaf.metric, is_now, readings)
                yield place, Note(facts.device, leaf.metric, "rise" if is_now else "fall", at)
            elif place is not None and not is_now and not retained:
                # Late news: it was true once, and the newer reading that says otherwise came first.
                for reading in readings:
                    if reading.metric == leaf.metric and reading.value is True:
                        yield place, Note(facts.device, leaf.metric, "rise", reading.measured_at, late=True)
        case Inactive():
            home = home_of(facts)
            for note in activities(leaf, facts.device, before, readings, retained):
                yield home, note


def _told_of_silence(
    rule: Compiled,
    facts: DeviceFacts,
    before: DeviceState,
    after: DeviceState,
    readings: Sequence[Reading],
    gaps: Gaps,
    *,
    says_lost: bool,
) -> Iterator[Notice]:
    """``seen``: it counts from now on; ``heard``: its silence is over; ``rise`` and ``fall``: it says that it or its
    power is gone, or is back."""
    for leaf in rule.leaves:
        if not isinstance(leaf, MassAbsent):
            continue
        now = after.heard_at if after.heard_at != before.heard_at else None
        what = ""
        if now is not None and before.heard_at is None:
            what = "seen"
        elif now is not None and was_silent(leaf, facts, before, now, gaps):
            what = "heard"
        longest = leaf.longest_of(facts)
        looks_at = now + longest if what and now is not None and longest is not None else None
        if says_lost:
            was, is_now = (said_lost(facts, values) for values in (before.values, after.values))
            if (was is None) != (is_now is None) or (leaf.within is not None and was != is_now):
                what = "fall" if is_now is None else "rise"
        if what and counts(facts) and (place := place_at(facts, leaf.level)) is not None:
            at = max((one.measured_at for one in readings), default=now or 0)
            note = Note(facts.device, "", what, at)
            yield Notice(DeviceId(_ROW + place), rule.rule.id, rule.rule.version, note, looks_at)


def _looking_later(book: RuleBook, told: Sequence[Notice], state: DeviceState) -> tuple[list[Notice], DeviceState]:
    """What else is told, and the state that looks again when the first of the devices may be silent; of what is raised,
    one fewer is lost."""
    rest, due_at = [], state.due_at
    for notice in told:
        if not _is_of_silence(book, notice):
            rest.append(notice)
        elif (less := _less_one(book, state, notice)) is not None:
            state = msgspec.structs.replace(state, standings={**state.standings, notice.rule: less})
        elif notice.looks_at is not None and (due_at is None or notice.looks_at < due_at):
            due_at = notice.looks_at
    return rest, state if due_at == state.due_at else msgspec.structs.replace(state, due_at=due_at)


def _less_one(book: RuleBook, state: DeviceState, notice: Notice) -> Standing | None:
    """What the rule remembers of the place after one of its lost devices came back, where that cannot end it."""
    standing, rule = state.standings.get(notice.rule), book.compiled(notice.rule, notice.version)
    if standing is None or rule is None or standing.raised_at is None or standing.version != rule.rule.version:
        return None
    if notice.note.what not in ("heard", "fall"):
        return None
    for leaf in rule.leaves:
        if isinstance(leaf, MassAbsent):
            less = leaf.without_one(standing.memories.get(leaf.key, IDLE))
            return msgspec.structs.replace(standing, memories={**standing.memories, leaf.key: less}) if less else None
    return None


def _is_of_silence(book: RuleBook, notice: Notice) -> bool:
    rule = book.compiled(notice.rule, notice.version)
    return rule is not None and rule.rule.is_about_mass_silence


def _as_before(members: Sequence[Member] | None, before: Member | None) -> Sequence[Member] | None:
    if members is None or before is None:
        return members
    return [before if one.facts.device == before.facts.device else one for one in members]


def _asked_of(book: RuleBook, row: str, members: Sequence[Member]) -> list[Compiled]:
    """The rules that ask for the silence of devices of this place."""
    found = {
        rule.index: rule
        for one in members
        for rule in book.for_facts(one.facts).of_silence
        if subject_for(rule, one.facts) == subject_of(row)
    }
    return list(found.values())


def of_rule(book: RuleBook, rule: Compiled, row: str, members: Sequence[Member] | None) -> Sequence[Member] | None:
    """Of the devices those that stand in the rule's scope, and in this place; None where it asks of none."""
    if members is None or not any(isinstance(leaf, MassAbsent) for leaf in rule.leaves):
        return None
    subject = subject_of(row)
    return [
        one
        for one in members
        if rule in book.for_facts(one.facts).of_silence and subject_for(rule, one.facts) == subject
    ]


def _is_any_true(metric: str, values: Mapping[str, Newest]) -> bool:
    return any(newest.value is True for _, newest in parts_of(metric, values))


def _says_clear(metric: str, after: Mapping[str, Newest], readings: Sequence[Reading]) -> bool:
    """One of the readings says so, and is the newest."""
    newest = max((one.measured_at for _, one in parts_of(metric, after)), default=0)
    return any(one.metric == metric and one.value is not True and one.measured_at >= newest for one in readings)


def _turned_at(metric: str, to: bool, readings: Sequence[Reading]) -> Instant:
    """Device time of the first true reading, or of the last one that is not."""
    times = [one.measured_at for one in readings if one.metric == metric and (one.value is True) is to]
    return (min if to else max)(times)


def _rules_of(book: RuleBook, versions: Mapping[str, str]) -> list[Compiled]:
    found = [book.compiled(id, version) for id, version in versions.items()]
    return sorted((rule for rule in found if rule is not None), key=lambda rule: rule.index)


def place_view(
    book: RuleBook,
    row: str,
    at: Instant,
    measured_at: Instant,
    gaps: Gaps,
    notes: Sequence[Note] = (),
    members: Sequence[Member] | None = None,
) -> View:
    """What conditions about the place of a row see at a moment."""
    facts = DeviceFacts(device=DeviceId(row), kind=None, place=PlaceId(subject_of(row)))
    return View(
        at=at,
        measured_at=measured_at,
        facts=facts,
        values={},
        heard_at=None,
        zone=book.zone,
        notes=notes,
        gaps=gaps,
        members=members,
    )
