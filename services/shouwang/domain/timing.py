"""Conditions on time itself: ``absent`` (the device is silent) and ``between`` (the local wall clock)."""

from shouwang.domain.judging import Condition, Truth, View, silent_until
from shouwang.domain.standing import Memory
from shouwang.domain.vocabulary import Duration, Instant
from shouwang.domain.wallclock import Hours


class Absent(Condition, frozen=True, kw_only=True):
    """Nothing heard from the device for ``longest`` (None: its profile's longest silence), on received time, counted
    from its registration until it is first heard. Unknown for devices that nobody registered or whose longest silence
    nobody knows. Time in which we were deaf is not silence."""

    longest: Duration | None = None

    def truth(self, memory: Memory, view: View) -> Truth:
        if view.blind:
            return None
        end = self._end(view)
        if end is None or view.at < end:
            return None if end is None else False
        return True if view.knows_silence else None

    def due(self, memory: Memory, view: View) -> Instant | None:
        end = self._end(view)
        return end if end is not None and end > view.at else None

    def _end(self, view: View) -> Instant | None:
        facts = view.facts
        longest = self.longest if self.longest is not None else facts.longest_silence
        since = view.heard_at if view.heard_at is not None else facts.registered_at or None
        if longest is None or since is None or not facts.registered:
            return None
        return silent_until(since, longest, view.gaps)


class Between(Condition, frozen=True, kw_only=True):
    """The local wall clock is within the hours. Begins and ends by timer."""

    hours: Hours

    def truth(self, memory: Memory, view: View) -> Truth:
        return None if view.blind else self.hours.holds(view.at, view.zone)

    def due(self, memory: Memory, view: View) -> Instant | None:
        return self.hours.next_edge(view.at, view.zone)
