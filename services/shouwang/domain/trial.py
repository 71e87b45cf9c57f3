"""Rules played over recorded readings, as ``rules try`` and the examples of rule files do."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from shouwang.domain.evaluate import hear, run_due
from shouwang.domain.gathering import hear_place, is_place, notices
from shouwang.domain.judging import Member
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.rule import Example, ExampleOutcome, Scope
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.standing import DeviceFacts, DeviceState, Judged, Transition
from shouwang.domain.vocabulary import DeviceId, Instant, Kind, PlaceId, Reading, Scalar, Value


class Line(Value, frozen=True, kw_only=True):
    """One reading, or a ``tick`` that only moves the clock. ``at`` is when it was measured; a ``value`` of None is
    unknown: the device was heard, nothing more. Place and tags hold for the device from here on; a line without a kind
    is outside every scope of kinds, whatever was said before."""

    at: Instant
    device: str = ""
    metric: str = ""
    value: Scalar | None = None
    part: str = ""
    kind: str | None = None
    place: str | None = None
    tags: Sequence[str] | None = None
    tick: bool = False


def play(book: RuleBook, lines: Iterable[Line], longest_silence: int | None = None) -> Iterator[Transition]:
    """What the rules say, in order of time.

    Lines come in order of arrival; consecutive ones of one device and ``at`` are one message. The clock is the largest
    ``at`` so far: a late line arrives at that clock, and its transition bears it. Before a line, timers due up to the
    clock run at their own times. An identical (device, metric, part, at, value) is a repeat and counts nothing.
    """
    stage = _Stage(book, longest_silence)
    for message in _messages(lines):
        stage.clock = max(stage.clock, message[0].at)
        yield from stage.run_timers()
        if not message[0].tick:
            yield from stage.hear(message)


def play_example(book: RuleBook, example: Example, scope: Scope) -> list[ExampleOutcome]:
    """What the book's rules say to an example, in the example's own times. A reading that does not say whose it is
    comes from a device in the rule's ``scope``."""
    start = parse_rfc3339(example.start)
    lines = [
        Line(
            at=start + one.at,
            device=one.device or next(iter(scope.devices), "device"),
            metric=metric,
            value=value,
            part=one.part,
            kind=one.kind or next(iter(scope.kinds), None),
            place=one.place or next(iter(scope.places), None),
            tags=one.tags or scope.tags,
            tick=one.tick,
        )
        for one in example.readings
        for metric, value in (one.values.items() if one.values else [("", None)])
    ]
    return [
        ExampleOutcome(at=said.at - start, change=said.change.value, severity=said.severity.value, subject=said.subject)
        for said in play(book, lines, example.longest_silence)
    ]


def is_as_expected(said: Sequence[ExampleOutcome], expected: Sequence[ExampleOutcome]) -> bool:
    """Exactly what was expected, in this order; an expectation without a subject fits any."""
    return len(said) == len(expected) and all(
        (one.at, one.change, one.severity) == (other.at, other.change, other.severity)
        and other.subject in ("", one.subject)
        for one, other in zip(said, expected, strict=True)
    )


class _Stage:
    """Devices and places as they are at the clock."""

    def __init__(self, book: RuleBook, longest_silence: int | None) -> None:
        self.clock: Instant = 0
        self._book = book
        self._longest_silence = longest_silence
        self._facts: dict[DeviceId, DeviceFacts] = {}
        self._states: dict[DeviceId, DeviceState] = {}
        self._ranks: dict[DeviceId, int] = {}
        self._timers: list[tuple[Instant, int, DeviceId]] = []
        self._seen: set[tuple[str, str, str, Instant, bool, Scalar | None]] = set()

    def run_timers(self) -> Iterator[Transition]:
        while self._timers and self._timers[0][0] <= self.clock:
            at, _, row = heapq.heappop(self._timers)
            if self._states[row].due_at == at:
                yield from self._kept(row, self._run_due(row, at))

    def hear(self, message: Sequence[Line]) -> Iterator[Transition]:
        fresh = [line for line in message if self._is_new(line)]
        if not fresh:
            return
        device = DeviceId(message[0].device)
        facts = self._facts[device] = self._described(device, message)
        if not any(line.kind for line in message):
            facts = msgspec.structs.replace(facts, kind=None)
        readings = [
            Reading(device, line.metric, line.value, line.at, self.clock, line.part)
            for line in fresh
            if line.value is not None
        ]
        before = self._states.get(device, DeviceState())
        judged = hear(self._book, facts, before, readings, self.clock, gaps=())
        yield from self._at_clock(device, judged)
        told = notices(self._book, facts, before, judged.state, readings)
        for row in dict.fromkeys(notice.row for notice in told):
            self._facts.setdefault(row, DeviceFacts(device=row, kind=None, place=PlaceId("")))
            state = self._states.get(row, DeviceState())
            own = [notice for notice in told if notice.row == row]
            was = Member(facts, before)
            heard = hear_place(self._book, row, state, own, self.clock, (), self._members(), was)
            yield from self._at_clock(row, heard)

    def _run_due(self, row: DeviceId, at: Instant) -> Judged:
        members = self._members() if is_place(row) else None
        return run_due(self._book, self._facts[row], self._states[row], at, members=members)

    def _members(self) -> list[Member] | None:
        """All devices that spoke, where a rule asks who is silent: nobody says which stand where."""
        if not self._book.minds_silence:
            return None
        return [Member(self._facts[row], state) for row, state in self._states.items() if not is_place(row)]

    def _is_new(self, line: Line) -> bool:
        if line.value is None:
            return True
        key = (line.device, line.metric, line.part, line.at, isinstance(line.value, bool), line.value)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _described(self, device: DeviceId, message: Sequence[Line]) -> DeviceFacts:
        facts = self._facts.get(device) or DeviceFacts(
            device=device,
            kind=None,
            place=PlaceId(""),
            longest_silence=self._longest_silence,
            registered_at=self.clock,
        )
        for line in message:
            if line.kind:
                facts = msgspec.structs.replace(facts, kind=_KINDS.get(line.kind))
            if line.place is not None:
                facts = msgspec.structs.replace(facts, place=PlaceId(line.place))
            if line.tags is not None:
                facts = msgspec.structs.replace(facts, tags=list(line.tags))
        return facts

    def _at_clock(self, row: DeviceId, judged: Judged) -> Iterator[Transition]:
        for transition in self._kept(row, judged):
            yield msgspec.structs.replace(transition, at=self.clock)

    def _kept(self, row: DeviceId, judged: Judged) -> list[Transition]:
        before, self._states[row] = self._states.get(row), judged.state
        if judged.state.due_at is not None and (before is None or before.due_at != judged.state.due_at):
            rank = self._ranks.setdefault(row, len(self._ranks))
            heapq.heappush(self._timers, (judged.state.due_at, rank, row))
        return judged.transitions


_KINDS: Mapping[str, Kind] = {kind.value: kind for kind in Kind}


def _messages(lines: Iterable[Line]) -> Iterator[list[Line]]:
    message: list[Line] = []
    for line in lines:
        if message and (line.tick or message[0].tick or (line.device, line.at) != (message[0].device, message[0].at)):
            yield message
            message = []
        message.append(line)
    if message:
        yield message
