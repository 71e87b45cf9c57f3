"""Why a rule did or did not fire: now, by what is remembered; at a past moment, by a memory that is rebuilt from stored
readings, with what of it can no longer be known."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from shouwang.domain.alert import Alert, AlertState
from shouwang.domain.backtest import replayed
from shouwang.domain.explanation import Explanation, Why, explain, row_for
from shouwang.domain.gathering import is_place, subject_for
from shouwang.domain.home import Confirm, Inactive
from shouwang.domain.journal import Entry
from shouwang.domain.judging import Condition, Member
from shouwang.domain.moment import rfc3339
from shouwang.domain.outage import MassAbsent
from shouwang.domain.rule import SITE_PACK
from shouwang.domain.rulebook import Compiled
from shouwang.domain.standing import DeviceFacts, DeviceState
from shouwang.domain.states import State
from shouwang.domain.timing import Absent
from shouwang.domain.vocabulary import DAY, DeviceId, Duration, Instant, Value
from shouwang.domain.windows import Count, Rate
from shouwang.domain.wording import Words, name_words
from shouwang.flows.backtest import Allowance, stored
from shouwang.flows.world import World
from shouwang.ports import ReadingStore

LOOK_BACK = (DAY, 7 * DAY, 30 * DAY)
"""So far back readings are played: less where all that the rule asks of was read, and never more."""

MOST_PLAYED = 100_000
"""Stored readings that are fetched and played at a time, some 3 s: what a building says in a week, not what a zone
does."""

TOLD_WITH = frozenset({"silenced", "test"})
"""Metrics that change what the word of a detector is worth."""


States: TypeAlias = Callable[[Collection[DeviceId]], Mapping[DeviceId, DeviceState]]
"""Rows of devices and places, as they stand; ``states`` of the board."""


class ThenAlert(Value, frozen=True, kw_only=True):
    """The alert as it stood at that moment, by the journal. ``held_by``: what kept it from being told."""

    id: str
    state: AlertState
    raised_at: Instant
    version: str
    held_by: str = ""


class Hindsight(Value, frozen=True, kw_only=True):
    """``unknown``: what the explanation rests on and nobody can know any more, in words."""

    explanation: Explanation
    unknown: list[Words]


def documents(world: World, rule: str, facts: DeviceFacts) -> list[Compiled]:
    """The documents of a rule id, that which decides for the device first."""
    return sorted(world.book.named(rule), key=lambda one: (one.rule.scope.nearness(facts), one.index), reverse=True)


def explained_now(world: World, rule: Compiled, facts: DeviceFacts, states: States, now: Instant) -> Explanation:
    row = row_for(rule, facts)
    members, state = None, DeviceState()
    if row is not None:
        known = DeviceId(row)
        devices = world.members(known) if is_place(row) else ()
        found = states([known, *devices])
        state = found.get(known, state)
        members = [Member(world.facts(one), found[one]) for one in devices if one in found]
    return explain(world.book, rule, facts, state, now, members)


def explained_then(world: World, rule: Compiled, facts: DeviceFacts, readings: ReadingStore, at: Instant) -> Hindsight:
    """Why the rule of a ``world`` of then did or did not fire. Plays what is stored of the device, or of all devices of
    the place that the rule is about, up to and with ``at``. Raises StoreUnavailable."""
    row = row_for(rule, facts)
    said = explain(world.book, rule, facts, DeviceState(), at)
    if row is None or said.why in (Why.OUT_OF_SCOPE, Why.NEARER, Why.NO_CONSENT, Why.NO_PLACE):
        return Hindsight(explanation=said, unknown=[])
    subjects = _spoke_for(world, rule, facts)
    played = _Played(at)
    for back in _distances(rule, facts):
        further = _play(world, rule, subjects, readings, at - back, at)
        if further.cut_at is not None and played.states:
            played.is_cut = True
            break
        while further.cut_at is not None and further.cut_at > further.start:
            # As many as may be played came so far: begun by so much nearer to the end, they come to the end.
            nearer = at - (further.cut_at - further.start) * 4 // 5
            further = _play(world, rule, subjects, readings, nearer, at)
            further.is_cut = True
        played = further
        if played.is_cut or not _unread(rule, facts, played.states):
            break
    states = played.states
    members = [Member(one, states.get(one.device, DeviceState())) for one in subjects]
    said = explain(world.book, rule, facts, states.get(DeviceId(row), DeviceState()), at, members)
    return Hindsight(explanation=said, unknown=list(_unknown(rule, facts, played, len(subjects), at)))


def alert_then(alert: Alert, entries: Sequence[Entry]) -> ThenAlert | None:
    """The alert as it stood after these ``entries`` of the journal, newest first; None where it was back to normal, or
    not raised yet."""
    own = [entry for entry in entries if entry.alert == alert.id and "state" in entry.body]
    if not own or (state := AlertState(str(own[0].body["state"]))) is AlertState.NORMAL:
        return None
    held = next((entry for entry in own if entry.kind in _HOLDING), None)
    is_held = held is not None and held.kind != "alert.released"
    return ThenAlert(
        id=alert.id,
        state=state,
        raised_at=alert.raised_at,
        version=alert.version,
        held_by=str(held.body.get("by", "")) if held is not None and is_held else "",
    )


def differing(rule: Compiled, said: Explanation, alert: ThenAlert | None) -> list[Words]:
    """Where the journal and what was rebuilt do not agree, or may not; the journal is what happened."""
    found: list[Words] = []
    is_known = alert is not None and alert.version == said.version
    if alert is not None and alert.version and not is_known:
        found.append(
            (
                f"当时触发的规则版本是 {alert.version}，其内容已无从得知；以上按版本 {said.version} 判断",
                f"version {alert.version} of the rule decided then, and its words are no longer known; "
                f"this is what version {said.version} says",
            )
        )
    elif not is_known and rule.rule.pack != SITE_PACK:
        found.append(
            (
                f"规则取自今天的文件（{rule.rule.where}）：当时的文件没有保存",
                f"the rule is that of today's file ({rule.rule.where}): files of then are not kept",
            )
        )
    if (alert is not None) != (said.why is Why.RAISED) and (alert is None or alert.state in _ACTIVE):
        is_raised = alert is not None
        found.append(
            (
                f"日志记载当时告警{'已触发' if is_raised else '未触发'}，与重演结果不同：以日志为准",
                f"the journal says that an alert was {'up' if is_raised else 'not up'} then, and what is stored does "
                "not lead there: the journal is what happened",
            )
        )
    return found


class _Played:
    """What is remembered after stored readings from ``start`` on were played. ``cut_at``: they were too many, and this
    is how far the play came; ``is_cut``: older ones were left out for that."""

    def __init__(self, start: Instant) -> None:
        self.start = start
        self.states: dict[DeviceId, DeviceState] = {}
        self.cut_at: Instant | None = None
        self.is_cut = False


def _play(
    world: World,
    rule: Compiled,
    subjects: Sequence[DeviceFacts],
    readings: ReadingStore,
    start: Instant,
    at: Instant,
) -> _Played:
    played, metrics, allowance = _Played(start), _metrics(rule), Allowance(MOST_PLAYED, len(subjects))
    heard = [(one, stored(readings, one.device, metrics, start, at + 1, allowance)) for one in subjects]
    for _ in replayed(world.book, heard, at, played.states):
        pass
    played.cut_at = allowance.cut_at
    return played


_HOLDING = frozenset({"alert.held", "alert.shelved", "alert.released"})
_ACTIVE = frozenset({AlertState.UNACKED, AlertState.ACKED})


def _spoke_for(world: World, rule: Compiled, facts: DeviceFacts) -> list[DeviceFacts]:
    """The device, or all devices of the place that the rule judges."""
    if not rule.rule.is_about_places:
        return [facts]
    subject = subject_for(rule, facts)
    return [one for one in map(world.facts, world.community.devices) if subject_for(rule, one) == subject]


def _metrics(rule: Compiled) -> frozenset[str] | None:
    """None is all: of silence any word counts."""
    if any(isinstance(leaf, Absent | MassAbsent) for leaf in rule.leaves):
        return None
    return frozenset(rule.metrics) | TOLD_WITH


def _distances(rule: Compiled, facts: DeviceFacts) -> list[Duration]:
    needed = max((2 * _memory(leaf, facts) for leaf in rule.leaves), default=0)
    return [max(back, needed) for back in LOOK_BACK if back >= needed] or [needed]


def _memory(leaf: Condition, facts: DeviceFacts) -> Duration:
    """How far back a condition may look."""
    match leaf:
        case State():
            return leaf.lasting
        case Count() | Rate() | Confirm():
            return leaf.within
        case Absent() | MassAbsent():
            longest = leaf.longest if leaf.longest is not None else facts.longest_silence
            return longest or 0
        case Inactive():
            # Only the hours of a day count: 4 h of 06:00 to 22:00 may begin on the day before.
            return leaf.longest if leaf.hours is None else leaf.longest + 2 * DAY
    return 0


def _unread(rule: Compiled, facts: DeviceFacts, states: dict[DeviceId, DeviceState]) -> list[str]:
    """Metrics of the rule that nothing stored says anything of. Of a place one device may have told."""
    spoke = [state for row, state in states.items() if not is_place(row)]
    if _metrics(rule) is None and spoke:
        return []
    known = {key.partition("@")[0] for state in spoke for key in state.values}
    return [metric for metric in rule.metrics if metric not in known]


def _unknown(rule: Compiled, facts: DeviceFacts, played: _Played, devices: int, at: Instant) -> Iterable[Words]:
    unread, start = _unread(rule, facts, played.states), played.start
    if played.is_cut:
        yield (
            f"{devices} 台设备存储的读数太多：只重演了 {rfc3339(start)} 以后的，更早说过的不在其中",
            f"too much is stored of {devices} device{'' if devices == 1 else 's'}: only what was said since "
            f"{rfc3339(start)} is played",
        )
    if unread or not played.states:
        zh, en = zip(*(name_words(metric) for metric in unread), strict=True) if unread else (["任何"], ["any"])
        yield (
            f"{rfc3339(start)} 至 {rfc3339(at)} 没有存储的读数（{'、'.join(zh)}）：当时没有上报，或已超过保存期限",
            f"nothing is stored of {', '.join(en)} from {rfc3339(start)} to {rfc3339(at)}: it was not read then, or it "
            "is past its retention",
        )
    yield (
        "由存储的读数按测量时间重演：各条消息实际收到的时间、没有读数的消息、人工复位和服务停机的时段不在其中",
        "rebuilt from stored readings, each as if heard when it was measured: when it really arrived, messages without "
        "readings, resets by people and times in which the service was down are not in them",
    )
