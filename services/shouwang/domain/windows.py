"""Conditions on the readings of a sliding window: ``count`` and ``rate``."""

from bisect import insort

import msgspec

from shouwang.domain.judging import Condition, Order, Truth, View, number, parts_of
from shouwang.domain.standing import Memory
from shouwang.domain.vocabulary import Duration, Evidence, Instant, Scalar, same_value

DIGITS = 9
"""A rise is rounded to this many decimals: 24.9 - 16.9 is 8, not 7.999999999999998."""

SAMPLES = 512
"""Beyond this many samples of one window, those that can never again be the least are let go."""


class Count(Condition, frozen=True, kw_only=True):
    """At least ``times`` readings equal to ``value`` in (t - within, t]. Ends by timer as they leave the window. Two
    readings of one part and instant count once, so that a repeat counts nothing."""

    metric: str
    value: Scalar
    times: int
    within: Duration

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def is_quiet(self, value: Scalar) -> bool:
        return not same_value(value, self.value)

    def take(self, memory: Memory, view: View) -> Memory:
        if view.retained:
            return memory
        fresh = [
            (one.reading.measured_at, one.reading.part)
            for one in view.applied
            if one.reading.metric == self.metric and same_value(one.reading.value, self.value)
        ]
        if not fresh:
            return memory
        window = sorted({(at, part) for at, part in memory.window} | set(fresh))
        newest = max(window[-1][0], view.at)
        window = [entry for entry in window if entry[0] > newest - self.within]
        return msgspec.structs.replace(memory, window=window[-self.times :])

    def truth(self, memory: Memory, view: View) -> Truth:
        return len(memory.window) >= self.times and memory.window[-self.times][0] > view.at - self.within

    def due(self, memory: Memory, view: View) -> Instant | None:
        if len(memory.window) < self.times:
            return None
        leaves_at = memory.window[-self.times][0] + self.within
        return leaves_at if leaves_at > view.at else None

    def evidence(self, memory: Memory, view: View) -> list[Evidence]:
        return [Evidence(self.metric, self.value, at, part) for at, part in memory.window]


class Rate(Condition, frozen=True, kw_only=True):
    """Judged at each reading: it minus the least reading of the same part in [t - within, t] is at least ``rise``."""

    metric: str
    rise: float
    within: Duration

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def take(self, memory: Memory, view: View) -> Memory:
        if view.retained:
            return memory
        samples, held, spoke = list(memory.samples), dict(memory.held), False
        for one in view.applied:
            found = number(one.reading.value)
            if one.reading.metric != self.metric or found is None:
                continue
            spoke = True
            sample = (one.reading.measured_at, found, one.reading.part)
            if sample not in samples:
                insort(samples, sample)
            if one.order is not Order.OLDER:
                if self._rises(samples, one.reading.measured_at, one.reading.part):
                    held[one.reading.part] = True
                elif not view.muted:
                    held.pop(one.reading.part, None)
        if not spoke:
            return memory
        return msgspec.structs.replace(memory, samples=self._kept(samples), held=held)

    def suppose(self, memory: Memory, view: View) -> Memory | None:
        held = dict(memory.held)
        for one in view.applied:
            found, part = number(one.reading.value), one.reading.part
            if one.reading.metric != self.metric or one.order is not Order.OLDER or found is None:
                continue
            # ``take`` may have let its own sample go.
            samples = [*memory.samples, (one.reading.measured_at, found, part)]
            if self._rises(samples, one.reading.measured_at, part):
                held[part] = True
        return msgspec.structs.replace(memory, held=held) if held != memory.held else None

    def _kept(self, samples: list[tuple[Instant, float, str]]) -> list[tuple[Instant, float, str]]:
        """The window of the newest sample, and of the ``within`` before it what may yet be the least of the window of a
        late one."""
        start = samples[-1][0] - self.within
        if samples[0][0] < start:
            older = [sample for sample in samples if start - self.within <= sample[0] < start]
            samples = _undercut_by_none(older) + [sample for sample in samples if sample[0] >= start]
        return samples if len(samples) <= SAMPLES else _undercut_by_none(samples)

    def _rises(self, samples: list[tuple[Instant, float, str]], at: Instant, part: str) -> bool:
        greatest = max(value for when, value, where in samples if where == part and when == at)
        least = min(value for when, value, where in samples if where == part and at - self.within <= when <= at)
        return round(greatest - least, DIGITS) >= self.rise

    def truth(self, memory: Memory, view: View) -> Truth:
        if memory.held:
            return True
        return False if any(True for _ in parts_of(self.metric, view.values)) else None

    def evidence(self, memory: Memory, view: View) -> list[Evidence]:
        """The least and the newest sample."""
        if not memory.samples:
            return []
        newest = memory.samples[-1]
        window = [sample for sample in memory.samples if sample[0] >= newest[0] - self.within]
        least = min(window, key=lambda sample: (sample[1], sample[0]))
        return [Evidence(self.metric, value, at, part) for at, value, part in dict.fromkeys((least, newest))]


def _undercut_by_none(samples: list[tuple[Instant, float, str]]) -> list[tuple[Instant, float, str]]:
    """Without samples that a later one of their part undercuts: they are never again the least of a window."""
    kept: list[tuple[Instant, float, str]] = []
    least: dict[str, float] = {}
    for sample in reversed(samples):
        _, value, part = sample
        if value < least.get(part, float("inf")):
            least[part] = value
            kept.append(sample)
    return kept[::-1]
