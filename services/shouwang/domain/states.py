"""Conditions on what a device's newest reading is: ``is``, ``above``, ``below``, each with an optional ``for``.

Each part (probe, channel, loop) is judged alone; the condition is true while it is true for any part, and false when it
is false for every part that has spoken. What the newest values tell by themselves is not remembered; remembered are
hysteresis between two limits, a running ``for``, and truths brought by late news.
"""

from collections.abc import Mapping

import msgspec

from shouwang.domain.judging import Condition, Order, Truth, View, number, parts_of
from shouwang.domain.standing import Ended, Memory, Newest
from shouwang.domain.vocabulary import Duration, Instant, Scalar, same_value


class State(Condition, frozen=True, kw_only=True):
    """A condition on the newest reading of one metric. ``lasting`` is its ``for``, 0 without."""

    metric: str
    lasting: Duration = 0

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    @property
    def has_memory(self) -> bool:
        """Readings of one instant need what was before it."""
        return self.lasting > 0

    def reads(self, value: Scalar) -> Truth:
        """What a value says by itself; None where it is of another kind."""
        return self.step(False, value)

    def step(self, before: bool, value: Scalar) -> Truth:
        """What a value says to a condition that was ``before``; None where it says nothing."""
        raise NotImplementedError

    def is_quiet(self, value: Scalar) -> bool:
        return not self.step(False, value)

    def take(self, memory: Memory, view: View) -> Memory:
        held, ended, spoke = dict(memory.held), memory.ended, False
        for one in view.applied:
            reading = one.reading
            if reading.metric != self.metric or one.order is Order.OLDER:
                continue
            spoke = True
            if ended is not None and reading.measured_at > ended.at:
                ended = None
            part = reading.part
            was = held.get(part)
            if was is None and one.before is not None:
                was = self.reads(one.before.value)
            now = True if was and view.muted else self._becomes(was, reading.value, one.order, ended, part)
            if was and now is False and self.has_memory:
                ended = _ended(ended, view.measured_at, part)
            if now is None or now == self.reads(one.after.value):
                held.pop(part, None)
            else:
                held[part] = now
        if not spoke:
            return memory
        return self._lasted(msgspec.structs.replace(memory, held=held, ended=ended), view)

    def _becomes(self, was: Truth, value: Scalar, order: Order, ended: Ended | None, part: str) -> Truth:
        if order is Order.NEWER:
            said = self.step(bool(was), value)
            return was if said is None else said
        if was:
            return True
        said = self.step(ended is not None and part in ended.parts, value)
        if order is Order.RETAINED:
            return True if said else was
        return was if said is None else said

    def _lasted(self, memory: Memory, view: View) -> Memory:
        """Starts, keeps or ends the running ``for``."""
        if not self.lasting:
            return memory
        on = self.is_met(memory.held, view.values)
        ended = memory.ended
        if on and memory.met_at is None:
            if ended is not None and ended.met_at is not None:
                return msgspec.structs.replace(memory, met_at=ended.met_at, due_at=ended.due_at)
            met_at = view.measured_at
            return msgspec.structs.replace(memory, met_at=met_at, due_at=max(met_at + self.lasting, view.at))
        if on is False and memory.met_at is not None:
            parts = ended.parts if ended is not None else []
            ended = Ended(view.measured_at, memory.met_at, memory.due_at, parts)
            return msgspec.structs.replace(memory, met_at=None, due_at=None, ended=ended)
        return memory

    def suppose(self, memory: Memory, view: View) -> Memory | None:
        held, differs = dict(memory.held), False
        for one in view.applied:
            reading = one.reading
            if reading.metric != self.metric or one.order is not Order.OLDER:
                continue
            said = self.step(False, reading.value)
            if said is None or said == self.is_met(held, view.values):
                continue
            # The newer reading ended it; it counts only if it had lasted long enough by then.
            if said and one.before is not None and one.before.measured_at - reading.measured_at < self.lasting:
                continue
            held[reading.part] = said
            differs = True
        if not differs:
            return None
        if self.lasting and self.is_met(held, view.values):
            return msgspec.structs.replace(memory, held=held, met_at=view.measured_at, due_at=view.at)
        return msgspec.structs.replace(memory, held=held)

    def lapse(self, memory: Memory, view: View) -> Memory:
        if memory.due_at is not None and memory.due_at >= view.at:
            return msgspec.structs.replace(memory, met_at=None, due_at=None)
        return memory

    def truth(self, memory: Memory, view: View) -> Truth:
        on = self.is_met(memory.held, view.values)
        if on and self.lasting:
            return memory.due_at is not None and memory.due_at <= view.at
        return on

    def due(self, memory: Memory, view: View) -> Instant | None:
        return memory.due_at if memory.due_at is not None and memory.due_at > view.at else None

    def is_met(self, held: Mapping[str, bool], values: Mapping[str, Newest]) -> Truth:
        """Whether it is true now, its ``for`` aside."""
        is_known = False
        for part, newest in parts_of(self.metric, values):
            on = held.get(part)
            if on is None:
                on = self.reads(newest.value)
            if on:
                return True
            is_known = is_known or on is False
        return False if is_known else None

    def has_later_sample(self, memory: Memory, view: View) -> bool:
        """The metric was read again after the condition became true."""
        return memory.met_at is not None and any(
            newest.measured_at > memory.met_at for _, newest in parts_of(self.metric, view.values)
        )


class Is(State, frozen=True, kw_only=True):
    """The newest reading equals ``value``."""

    value: Scalar

    def step(self, before: bool, value: Scalar) -> Truth:
        return same_value(value, self.value)


class Above(State, frozen=True, kw_only=True):
    """True from a reading > ``value`` until one <= ``clear_at``."""

    value: float
    clear_at: float

    @property
    def has_memory(self) -> bool:
        return self.lasting > 0 or self.clear_at != self.value

    def step(self, before: bool, value: Scalar) -> Truth:
        found = number(value)
        return None if found is None else found > self.value or (before and found > self.clear_at)


class Below(State, frozen=True, kw_only=True):
    """True from a reading < ``value`` until one >= ``clear_at``."""

    value: float
    clear_at: float

    @property
    def has_memory(self) -> bool:
        return self.lasting > 0 or self.clear_at != self.value

    def step(self, before: bool, value: Scalar) -> Truth:
        found = number(value)
        return None if found is None else found < self.value or (before and found < self.clear_at)


def _ended(ended: Ended | None, at: Instant, part: str) -> Ended:
    if ended is None:
        return Ended(at, None, None, [part])
    return Ended(ended.at, ended.met_at, ended.due_at, [*ended.parts, part])
