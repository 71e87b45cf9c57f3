"""Daily hours on the local wall clock: whether an instant is inside, when they begin or end, how much of them passed.

What counts is what a clock on the wall shows. Hours that begin or end within an hour that daylight saving skips begin
or end where the clock jumps; where an hour comes twice, so does what lies in it: 02:15-02:45 are held twice that night.
(Shifts, domain/shift.py, hold such an hour once: a person is on duty from one instant to another.)
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise

from shouwang.domain.moment import instant, moment
from shouwang.domain.vocabulary import DAY, MINUTE, Duration, Instant, Value

MAX_DAYS = 3660
"""Nobody waits longer than ten years for an hour to come."""


class Hours(Value, frozen=True):
    """From ``start`` to ``end`` (microseconds since local midnight), half-open, over midnight where end <= start.
    ``days``: weekdays (0 = Monday) on which they begin; None = every day."""

    start: Duration
    end: Duration
    days: tuple[int, ...] | None = None

    def holds(self, at: Instant, zone: tzinfo) -> bool:
        """True from the first microsecond up to, not including, the end."""
        today = moment(at).astimezone(zone).date()
        return any(
            begin <= at < end
            for day in (today - timedelta(days=1), today)
            if self._begins_on(day)
            for begin, end in _spans_of(self.start, self.end, day, zone)
        )

    def next_edge(self, at: Instant, zone: tzinfo) -> Instant | None:
        """The next moment after ``at`` at which they begin or end; None where they never do. Where one day's hours end
        as the next one's begin, nothing changes, and it is named all the same."""
        for begin, end in self._spans(at, zone):
            if begin > at:
                return begin
            if end > at:
                return end
        return None

    def when_passed(self, since: Instant, needed: Duration, zone: tzinfo) -> Instant | None:
        """When ``needed`` of time inside the hours has passed since ``since``; None where it never does."""
        covered = since
        for begin, end in self._spans(since, zone):
            begin = max(begin, covered)
            if end - begin >= needed:
                return begin + needed
            if end > begin:
                needed -= end - begin
                covered = end
        return None

    def _spans(self, at: Instant, zone: tzinfo) -> Iterator[tuple[Instant, Instant]]:
        """Spans that end after ``at``, in order."""
        day = moment(at).astimezone(zone).date() - timedelta(days=1)
        for _ in range(MAX_DAYS):
            if self._begins_on(day):
                yield from (span for span in _spans_of(self.start, self.end, day, zone) if span[1] > at)
            day += timedelta(days=1)

    def _begins_on(self, day: date) -> bool:
        return self.days is None or day.weekday() in self.days


@lru_cache(4096)
def _spans_of(start: Duration, end: Duration, day: date, zone: tzinfo) -> tuple[tuple[Instant, Instant], ...]:
    """The intervals in which the wall clock is within the hours that begin on ``day``: one, but for the nights on which
    the clock jumps."""
    if end <= start:
        end += DAY
    begins, ends = _instants(day, start, zone), _instants(day, end, zone)
    if begins[0] == begins[1] and ends[0] == ends[1]:
        return ((begins[0], ends[0]),)
    # Between these moments the clock runs evenly, so what holds at the first holds up to the next.
    moments = sorted({*begins, *ends, _jump(min(begins), max(ends), zone)})
    spans: list[tuple[Instant, Instant]] = []
    for one, other in pairwise(moments):
        if start <= _shown(one, day, zone) < end:
            if spans and spans[-1][1] == one:
                one = spans.pop()[0]
            spans.append((one, other))
    return tuple(spans)


def _instants(day: date, since_midnight: Duration, zone: tzinfo) -> tuple[Instant, Instant]:
    """Both readings of a time on the wall; they differ where it is skipped or comes twice (PEP 495)."""
    shown = datetime.combine(day, time.min, zone) + timedelta(microseconds=since_midnight)
    return instant(shown), instant(shown.replace(fold=1))


def _shown(at: Instant, day: date, zone: tzinfo) -> Duration:
    """What the wall clock shows, as time since the midnight that began ``day``."""
    since = moment(at).astimezone(zone).replace(tzinfo=None) - datetime.combine(day, time.min)
    return since // timedelta(microseconds=1)


def _jump(low: Instant, high: Instant, zone: tzinfo) -> Instant:
    """The first instant after ``low`` whose offset differs from it, to the minute; ``high`` where none does."""
    offset = moment(low).astimezone(zone).utcoffset()
    while high - low > MINUTE:
        middle = (low + high) // (2 * MINUTE) * MINUTE
        middle = middle if middle > low else low + MINUTE
        if moment(middle).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high
