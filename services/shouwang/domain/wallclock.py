"""Daily hours on the local wall clock: whether an instant is inside, when they begin or end, how much of them passed.

As with shifts (domain/shift.py) both ends become instants before anything is compared: a time that the clock skips
counts as that much after the gap began, a time that comes twice as its first coming (PEP 495, fold=0).
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo

from shouwang.domain.moment import instant, moment
from shouwang.domain.vocabulary import DAY, Duration, Instant, Value

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
            for begin, end in [self._span(day, zone)]
            if self._begins_on(day)
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
                begin, end = self._span(day, zone)
                if end > at and end > begin:
                    yield begin, end
            day += timedelta(days=1)

    def _begins_on(self, day: date) -> bool:
        return self.days is None or day.weekday() in self.days

    def _span(self, day: date, zone: tzinfo) -> tuple[Instant, Instant]:
        end = self.end if self.end > self.start else self.end + DAY
        return _local(day, self.start, zone), _local(day, end, zone)


def _local(day: date, since_midnight: Duration, zone: tzinfo) -> Instant:
    return instant((datetime.combine(day, time.min) + timedelta(microseconds=since_midnight)).replace(tzinfo=zone))
