"""Judging one rule: what its conditions remember, what they say together, and what changes by it."""

from collections.abc import Mapping

import msgspec

from shouwang.domain.alert import LIFE_SAFETY
from shouwang.domain.condition import Verdict, weigh
from shouwang.domain.judging import IDLE, Condition, Order, View, is_muted
from shouwang.domain.rulebook import Compiled
from shouwang.domain.sentence import sentence
from shouwang.domain.standing import Change, Memory, Standing, Transition
from shouwang.domain.states import State
from shouwang.domain.timing import Absent, Between
from shouwang.domain.vocabulary import HOUR, Evidence, Instant, Severity

LATE_AFTER = HOUR
"""A transition decided by a reading older than this when it arrived is marked late."""

_IDLE = Standing()


def judge(
    rule: Compiled,
    subject: str,
    standings: dict[str, Standing],
    view: View,
    transitions: list[Transition],
    *,
    by_timer: bool = False,
) -> Instant | None:
    """Advances the rule's standing in ``standings``, adds what changed to ``transitions``, and gives its next timer."""
    id = rule.rule.id
    standing = standings.get(id, _IDLE)
    if standing is not _IDLE and standing.version != rule.rule.version:
        standing = carried_over(rule, standing)
    view.muted = (
        standing.raised_at is not None
        and rule.rule.klass in LIFE_SAFETY
        and is_muted(view.values, (one.reading for one in view.applied))
    )
    memories = _advanced(rule, standing.memories, view)
    verdict = weigh(rule.root, memories, view)
    is_news = _is_news(rule, view)
    if verdict.truth is not True and view.applied and (standing.raised_at is None or is_news):
        supposed = _supposed(rule, memories, view)
        if supposed is not None:
            memories, verdict = supposed, Verdict(True)
    change = None if standing.was_reset and by_timer else _change(standing, verdict, is_news)
    if change is Change.CLEARED and view.muted:
        change = None
    raised_at = standing.raised_at
    if change is not None:
        at = view.at if by_timer else _became_at(rule, memories, view, raised_at)
        transitions.append(_transition(rule, subject, change, at, memories, view, by_timer))
        if change is Change.RAISED:
            raised_at = at
        elif change is Change.CLEARED:
            raised_at = None
    occurred = raised_at is not None and (standing.occurred or verdict.by_event)
    was_reset = standing.was_reset and raised_at is None and verdict.truth is not False
    fresh = Standing(raised_at, occurred, was_reset, memories, rule.rule.version)
    if is_idle(fresh):
        standings.pop(id, None)
    elif fresh != standing:
        standings[id] = fresh
    return next_due(rule, memories, view)


def next_due(rule: Compiled, memories: Mapping[str, Memory], view: View) -> Instant | None:
    """The next moment after ``view.at`` at which time alone may change what the rule says.

    Where the other conditions decide it whatever the clock and silence say, only a reading can change that, and the
    rule needs no timer: a closed door is not looked at every evening.
    """
    is_decided = False
    if rule.is_timed and len(rule.leaves) > 1:
        view.blind = True
        is_decided = weigh(rule.root, memories, view).truth is not None
        view.blind = False
    dues = [
        due
        for leaf in rule.leaves
        if not (is_decided and isinstance(leaf, Absent | Between))
        and (due := leaf.due(memories.get(leaf.key, IDLE), view)) is not None
    ]
    return min(dues, default=None)


def carried_over(rule: Compiled, standing: Standing) -> Standing:
    """The standing under a changed rule: memory of conditions that ask the same of the same metrics, a running ``for``
    with its new length; of the rest only whether it is raised."""
    if standing.version == rule.rule.version:
        return standing
    memories: dict[str, Memory] = {}
    if _shape_of(standing.version) == _shape_of(rule.rule.version):
        memories = {
            leaf.key: _relimited(leaf, standing.memories.get(leaf.key, IDLE), standing.raised_at)
            for leaf in rule.leaves
        }
    memories = {key: memory for key, memory in memories.items() if memory != IDLE}
    return msgspec.structs.replace(standing, memories=memories, version=rule.rule.version)


def is_idle(standing: Standing) -> bool:
    """Nothing pending, nothing raised, nothing remembered."""
    return standing.raised_at is None and not standing.was_reset and not standing.memories


def _advanced(rule: Compiled, memories: Mapping[str, Memory], view: View) -> dict[str, Memory]:
    longest = view.facts.longest_silence
    lapses = longest is not None and view.silence > longest and rule.rule.severity.rank >= Severity.MEDIUM.rank
    advanced = {}
    for leaf in rule.leaves:
        memory = memories.get(leaf.key, IDLE)
        if lapses:
            memory = leaf.lapse(memory, view)
        memory = leaf.take(memory, view)
        if memory != IDLE:
            advanced[leaf.key] = memory
    return advanced


def _supposed(rule: Compiled, memories: Mapping[str, Memory], view: View) -> dict[str, Memory] | None:
    """Memories in which late news counts, where that makes the rule true: it raises what was missed."""
    supposed = dict(memories)
    for leaf in rule.leaves:
        memory = leaf.suppose(memories.get(leaf.key, IDLE), view)
        if memory is not None:
            supposed[leaf.key] = memory
    return supposed if supposed != memories and weigh(rule.root, supposed, view).truth else None


def _is_news(rule: Compiled, view: View) -> bool:
    """False where all that was read of the rule's metrics is late: that never clears."""
    orders = {one.order for one in view.applied if one.reading.metric in rule.metrics}
    return not orders or not orders <= {Order.OLDER, Order.RETAINED}


def _change(standing: Standing, verdict: Verdict, is_news: bool) -> Change | None:
    is_raised = standing.raised_at is not None
    if verdict.truth:
        if not is_raised:
            return Change.RAISED
        return Change.REPEATED if verdict.by_event else None
    if verdict.truth is False and is_raised and not standing.occurred and is_news:
        return Change.CLEARED
    return None


def _became_at(rule: Compiled, memories: Mapping[str, Memory], view: View, raised_at: Instant | None) -> Instant:
    """Device time of the deciding reading; not before its ``for`` had passed, nor before what it ends."""
    at = view.measured_at if raised_at is None else max(view.measured_at, raised_at)
    for leaf in rule.leaves:
        due_at = memories.get(leaf.key, IDLE).due_at
        if due_at is not None and at < due_at <= view.at:
            at = due_at
    return at


def _transition(
    rule: Compiled,
    subject: str,
    change: Change,
    at: Instant,
    memories: Mapping[str, Memory],
    view: View,
    by_timer: bool,
) -> Transition:
    lasted = [
        leaf for leaf in rule.leaves if isinstance(leaf, State) and leaf.lasting and _is_true(leaf, memories, view)
    ]
    return Transition(
        rule=rule.rule.id,
        subject=subject,
        change=change,
        severity=rule.rule.severity,
        at=at,
        version=rule.rule.version,
        evidence=_evidence(rule, change, memories, view),
        sentence=sentence(rule.root, change, memories, view),
        late=any(_waited(leaf, memories[leaf.key]) > LATE_AFTER for leaf in lasted),
        no_later_sample=by_timer
        and change is Change.RAISED
        and any(not leaf.has_later_sample(memories[leaf.key], view) for leaf in lasted),
        test=any(one.reading.metric == "test" and one.reading.value is True for one in view.applied),
    )


def _evidence(rule: Compiled, change: Change, memories: Mapping[str, Memory], view: View) -> list[Evidence]:
    """What the true conditions rest on; of a clearing, what all of them do."""
    found = [
        evidence
        for leaf in rule.leaves
        if change is Change.CLEARED or _is_true(leaf, memories, view)
        for evidence in leaf.evidence(memories.get(leaf.key, IDLE), view)
    ]
    return list(dict.fromkeys(found))


def _is_true(leaf: Condition, memories: Mapping[str, Memory], view: View) -> bool:
    return leaf.truth(memories.get(leaf.key, IDLE), view) is True


def _waited(leaf: State, memory: Memory) -> int:
    """How late we heard that the condition had become true."""
    return (memory.due_at or 0) - (memory.met_at or 0) - leaf.lasting


def _shape_of(version: str) -> str:
    """The part of a version that changes when a rule asks something else."""
    return version.partition("-")[0]


def _relimited(leaf: Condition, memory: Memory, raised_at: Instant | None) -> Memory:
    """A running ``for`` with the condition's present length. What is raised has lasted long enough, whatever the length
    is now: a longer one ends no alert, a reading does."""
    if not isinstance(leaf, State) or (memory.met_at is None and raised_at is None):
        return memory
    if not leaf.lasting:
        return msgspec.structs.replace(memory, met_at=None, due_at=None)
    if raised_at is not None:
        met_at = raised_at if memory.met_at is None else memory.met_at
        return msgspec.structs.replace(memory, met_at=met_at, due_at=max(met_at, raised_at))
    if memory.met_at is None:
        return memory
    return msgspec.structs.replace(memory, due_at=memory.met_at + leaf.lasting)
