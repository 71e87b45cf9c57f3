"""Advancing a device's standings: by a message, by a timer, by a person's reset. Pure: (state, input, now) → state.

The readings of one message are applied together and judged once. Judging is idempotent: judged twice at one moment, or
at a moment at which nothing changes, a rule says nothing new; so timers may be run in any portions, and a timer that
was missed is made good by the next one.
"""

from collections.abc import Collection, Mapping, Sequence
from math import isfinite

import msgspec

from shouwang.domain.gathering import is_place, reconcile_place, run_due_place
from shouwang.domain.judgement import LATE_AFTER, carried_over, is_idle, judge
from shouwang.domain.judging import Applied, Gaps, Member, Order, View, silence_between
from shouwang.domain.rulebook import Compiled, InScope, RuleBook
from shouwang.domain.standing import DeviceFacts, DeviceState, Judged, Newest, Standing, Transition
from shouwang.domain.vocabulary import Duration, Instant, Reading, Scalar

__all__ = ["RuleBook", "arm", "hear", "reconcile", "reset", "run_due", "what_was_reset"]


def hear(
    book: RuleBook,
    facts: DeviceFacts,
    state: DeviceState,
    readings: Sequence[Reading],
    now: Instant,
    *,
    retained: bool = False,
    gaps: Gaps | None = None,
) -> Judged:
    """One message of a device at receive time ``now``; ``readings`` may be empty (it was heard all the same).

    Timers due up to ``now`` run first, each at its own time. Several device times in one message are applied in order,
    as if each had come by itself. A ``retained`` message is no proof of life and never an occurrence; where it bears no
    time of its own (measured when received) beside a value that was heard, it may raise but never clears. ``gaps``:
    intervals in which we were deaf, as for ``run_due``; None where the caller does not know: then a silence that this
    message ends may have been ours, and nothing is made of it.
    """
    desk = _Desk(book, book.for_facts(facts), facts, now, gaps or (), gaps is not None, retained)
    earlier: list[Transition] = []
    if state.due_at is not None and state.due_at <= now:
        state = _run_timers(desk, state, now, earlier)
    transitions: list[Transition] = []
    groups = _by_time(readings)
    if len(groups) > 1:
        for group in groups[:-1]:
            at = min(group[0].measured_at, now)
            state = _take_in(desk, _run_timers(desk, state, at, transitions), group, at, transitions)
        state = _run_timers(desk, state, min(groups[-1][0].measured_at, now), transitions)
    state = _take_in(desk, state, groups[-1], now, transitions)
    if transitions:
        earlier += [_dated(transition, now) for transition in transitions]
    return Judged(state, earlier)


def run_due(
    book: RuleBook,
    facts: DeviceFacts,
    state: DeviceState,
    now: Instant,
    gaps: Gaps = (),
    members: Sequence[Member] | None = None,
) -> Judged:
    """Timers due up to ``now``, each at its own time, in order. ``gaps``: all intervals since the device was last heard
    in which we were deaf, oldest first; silence does not count them. Works for the row of a place too, with the
    ``members`` that stand there, where a rule asks for their silence."""
    if is_place(facts.device):
        return run_due_place(book, facts, state, now, gaps, members)
    transitions: list[Transition] = []
    if state.due_at is not None and state.due_at <= now:
        state = _run_timers(_Desk(book, book.for_facts(facts), facts, now, gaps), state, now, transitions)
    return Judged(state, transitions)


def reset(book: RuleBook, facts: DeviceFacts, state: DeviceState, rule_id: str, now: Instant) -> Judged:
    """A person reset a latch or ended an event's alert: what was raised returns to unknown, and the next true reading
    raises anew. What is only pending goes on. Says nothing itself."""
    standing = state.standings.get(rule_id)
    if standing is None or standing.raised_at is None:
        return Judged(state, [])
    standings = {id: other for id, other in state.standings.items() if id != rule_id}
    if is_place(facts.device):
        # What the devices told stays known, and the place is raised again by the next of them.
        standings[rule_id] = msgspec.structs.replace(standing, raised_at=None, was_reset=True)
    elif rule_id in book.for_facts(facts).rules and not standing.occurred:
        standings[rule_id] = Standing(was_reset=True, version=standing.version)
    return Judged(msgspec.structs.replace(state, standings=standings), [])


def arm(book: RuleBook, facts: DeviceFacts, state: DeviceState, now: Instant, gaps: Gaps = ()) -> DeviceState:
    """The state with its timers set anew. Of a registered device that was never heard, silence counts from its
    registration; what is overdue is due now. A place looks at its devices now."""
    if is_place(facts.device):
        return reconcile_place(book, facts, state, now)
    desk = _Desk(book, book.for_facts(facts), facts, now, gaps)
    return msgspec.structs.replace(state, due_at=_first_due(desk, state, now))


def reconcile(book: RuleBook, facts: DeviceFacts, state: DeviceState, now: Instant, gaps: Gaps = ()) -> DeviceState:
    """The state under a changed book, its timers set anew. A rule that asks the same of the same metrics keeps its
    memory, with its new durations; one that asks something else keeps only whether it is raised; one that is gone or
    out of scope is dropped. Works for the row of a place too."""
    if is_place(facts.device):
        return reconcile_place(book, facts, state, now)
    rules = book.for_facts(facts).rules
    standings = {
        id: carried
        for id, standing in state.standings.items()
        if (rule := rules.get(id)) is not None and not is_idle(carried := carried_over(rule, standing))
    }
    kept = arm(book, facts, msgspec.structs.replace(state, standings=standings), now, gaps)
    # A timer that came due while we were down still runs at its own time.
    return msgspec.structs.replace(kept, due_at=_earlier(state.due_at, kept.due_at))


def what_was_reset(before: DeviceState, after: DeviceState) -> dict[str, str]:
    """What a changed book made of standings that mattered (raised, or a ``for`` that ran), by rule: ``standing`` where
    all is forgotten, ``for`` where what ran begins anew."""
    lost: dict[str, str] = {}
    for id, standing in before.standings.items():
        runs = any(memory.met_at is not None for memory in standing.memories.values())
        kept = after.standings.get(id)
        if kept is None and (runs or standing.raised_at is not None):
            lost[id] = "standing"
        elif kept is not None and runs and standing.raised_at is None and kept.memories == {}:
            lost[id] = "for"
    return lost


UNMUTED = frozenset({"silenced", "test"})
"""Metrics whose end lets a detector be believed again."""


class _Desk(msgspec.Struct, frozen=True):
    """What stays the same while one message, or one turn of timers, of one device is judged."""

    book: RuleBook
    scope: InScope
    facts: DeviceFacts
    now: Instant
    gaps: Gaps
    knows_silence: bool = True
    retained: bool = False

    def silence(self, since: Instant, until: Instant) -> Duration:
        """How long the device was silent; 0 where that may have been our own deafness."""
        return silence_between(since, until, self.gaps) if self.knows_silence else 0

    def view(
        self,
        at: Instant,
        measured_at: Instant,
        values: Mapping[str, Newest],
        heard_at: Instant | None,
        silence: Duration = 0,
        applied: Sequence[Applied] = (),
    ) -> View:
        return View(
            at=at,
            measured_at=measured_at,
            facts=self.facts,
            values=values,
            heard_at=heard_at,
            zone=self.book.zone,
            applied=applied,
            gaps=self.gaps,
            knows_silence=self.knows_silence,
            silence=silence,
            retained=self.retained,
            expressions=self.book.expressions,
        )


def _by_time(readings: Sequence[Reading]) -> Sequence[Sequence[Reading]]:
    """Readings grouped by device time, oldest first. One empty group for a message without readings."""
    at = readings[0].measured_at if readings else 0
    for reading in readings:
        if reading.measured_at != at:
            break
    else:
        return (readings,)
    groups: dict[Instant, list[Reading]] = {}
    for reading in readings:
        groups.setdefault(reading.measured_at, []).append(reading)
    return [groups[at] for at in sorted(groups)]


def _dated(transition: Transition, now: Instant) -> Transition:
    """Marked late where it became so long before we heard of it."""
    return msgspec.structs.replace(transition, late=True) if now - transition.at > LATE_AFTER else transition


def _take_in(
    desk: _Desk, state: DeviceState, group: Sequence[Reading], at: Instant, transitions: list[Transition]
) -> DeviceState:
    """Lays readings of one device time onto the state and judges the rules that they concern, at ``at``."""
    scope, values, standings, due_at = desk.scope, dict(state.values), state.standings, state.due_at
    concerned: dict[int, Compiled] = {}
    applied: list[Applied] = []
    is_unmuted = False
    by_metric, retained = scope.by_metric, desk.retained
    for reading in group:
        value, metric = reading.value, reading.metric
        if type(value) is float and not isfinite(value):
            continue  # NaN and infinity are unknown, and unknown changes nothing
        applied.append(_laid(values, reading, retained))
        if value is False and metric in UNMUTED:
            is_unmuted = True
        for rule in by_metric.get(metric, ()):
            if rule.is_quiet is None or rule.rule.id in standings or not rule.is_quiet(value):
                concerned[rule.index] = rule
    if is_unmuted:
        # What a silenced detector could not say is judged now.
        concerned.update({found.index: found for id in standings if (found := scope.rules.get(id)) is not None})
    before, heard_at = state.heard_at, state.heard_at if desk.retained else desk.now
    longest, silence = desk.facts.longest_silence, 0
    if before is not None and longest is not None and not desk.retained and desk.now - before > longest:
        silence = desk.silence(before, desk.now)
    for id in standings:
        found = scope.rules.get(id)
        if found is not None and (found.minds_silence or (longest is not None and silence > longest)):
            concerned[found.index] = found
    for rule in scope.always if before is not None else scope.timed:
        concerned[rule.index] = rule
    if concerned:
        view = desk.view(at, group[0].measured_at if group else at, values, heard_at, silence, applied)
        standings = dict(standings)
        for index in sorted(concerned):
            due_at = _earlier(due_at, judge(concerned[index], desk.facts.device, standings, view, transitions))
    fresh = msgspec.structs.replace(state, heard_at=heard_at, values=values, standings=standings, due_at=due_at)
    if due_at is None and scope.timed:
        return msgspec.structs.replace(fresh, due_at=_first_due(desk, fresh, at))
    return fresh


def _laid(values: dict[str, Newest], reading: Reading, retained: bool) -> Applied:
    """The reading in its order to the newest one of its metric and part, which it becomes where it is newer."""
    key = f"{reading.metric}@{reading.part}" if reading.part else reading.metric
    before, measured_at = values.get(key), reading.measured_at
    if before is None or (measured_at > before.measured_at and not (retained and measured_at == reading.received_at)):
        after = values[key] = Newest(reading.value, measured_at, reading.received_at)
        return Applied(reading, Order.NEWER, before, after)
    if retained and measured_at == reading.received_at:
        return Applied(reading, Order.RETAINED, before, before)
    if measured_at < before.measured_at:
        return Applied(reading, Order.OLDER, before, before)
    if _rank(reading.value) <= _rank(before.value):
        return Applied(reading, Order.SAME, before, before)
    after = values[key] = Newest(reading.value, measured_at, reading.received_at)
    return Applied(reading, Order.SAME, before, after)


def _rank(value: Scalar) -> tuple[int, float, str]:
    """A total order of values: false, true, numbers, texts."""
    if isinstance(value, str):
        return 2, 0, value
    return (0 if isinstance(value, bool) else 1), value, ""


def _run_timers(desk: _Desk, state: DeviceState, until: Instant, transitions: list[Transition]) -> DeviceState:
    """All timers of the device up to ``until``. Rules without a timer at a moment are judged with the others: it
    changes nothing, and makes good what a crash or a step of the clock left behind."""
    while (at := state.due_at) is not None and at <= until:
        silence = desk.silence(state.heard_at, at) if state.heard_at is not None else 0
        view = desk.view(at, at, state.values, state.heard_at, silence)
        standings = dict(state.standings)
        due_at: Instant | None = None
        for rule in _timed(desk.scope, standings):
            due_at = _earlier(due_at, judge(rule, desk.facts.device, standings, view, transitions, by_timer=True))
        state = msgspec.structs.replace(state, standings=standings, due_at=due_at)
    return state


def _first_due(desk: _Desk, state: DeviceState, at: Instant) -> Instant | None:
    """The earliest timer of all rules that time may change, nothing decided. What is overdue is due at ``at``."""
    view = desk.view(at, at, state.values, state.heard_at)
    due_at: Instant | None = None
    for rule in _timed(desk.scope, state.standings):
        overdue: list[Transition] = []
        due = judge(rule, desk.facts.device, dict(state.standings), view, overdue, by_timer=True)
        due_at = _earlier(due_at, at if overdue else due)
    return due_at


def _timed(scope: InScope, standings: Collection[str]) -> Sequence[Compiled]:
    """Rules that time alone may change."""
    if not standings:
        return scope.timed
    rules = {rule.index: rule for rule in scope.timed}
    for id in standings:
        found = scope.rules.get(id)
        if found is not None:
            rules[found.index] = found
    return [rules[index] for index in sorted(rules)]


def _earlier(one: Instant | None, other: Instant | None) -> Instant | None:
    return other if one is None or (other is not None and other < one) else one
