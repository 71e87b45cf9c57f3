"""How much the alarms ask of whoever sits at the desk: the measures of ISA-18.2 and EEMUA 191, from what was raised.

An alarm counts here where it asks somebody to act: critical, high and medium, in earnest (no test), and told (a raise
that something held is counted beside). What is low is a work item and rings nowhere. Each raise counts, also of an
alert that was open already.

The limits are those of ISA-18.2-2016 and EEMUA 191 for one operator over at least 30 days; of a shorter time they say
little, and ``hours`` says of how long a time these are.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence

from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, SECOND, Duration, Instant, Severity, Value

TEN_MINUTES: Duration = 10 * MINUTE
FLOOD_STARTS = 10
"""Alarms in ten minutes at which a flood begins; it ends in the first ten minutes with fewer than ``FLOOD_ENDS``."""
FLOOD_ENDS = 5
STALE_AFTER: Duration = DAY
CHATTER_TIMES = 3
CHATTER_WITHIN: Duration = 60 * SECOND
BUSY_HOUR = 30
TOP = 10

LIMITS: Mapping[str, float] = {
    "per_operator_hour": 12,
    "per_operator_hour_target": 6,
    "per_operator_day": 300,
    "most_in_ten_minutes": 10,
    "share_of_time_in_flood": 0.01,
    "share_of_busy_hours": 0.01,
    "share_of_top_ten": 0.05,
    "chattering": 0,
    "stale": 5,
}
"""The upper limit of each measure, and where there is one its target."""


class Raise(Value, frozen=True, gc=False):
    """One raise, as the journal has it."""

    at: Instant
    rule: str
    subject: str
    severity: Severity
    held: bool = False
    test: bool = False


class Frequent(Value, frozen=True):
    """One of the most frequent alarms; ``share`` of all."""

    rule: str
    subject: str
    count: int
    share: float


class AlarmFigures(Value, frozen=True, kw_only=True):
    """Of ``start`` ≤ raised < ``end``. ``stale``, ``standing``: of the end."""

    start: Instant
    end: Instant
    hours: float
    operators: int
    count: int
    held: int
    per_operator_hour: float
    per_operator_day: float
    most_in_ten_minutes: int
    share_of_busy_hours: float
    floods: int
    share_of_time_in_flood: float
    top: list[Frequent]
    share_of_top_ten: float
    chattering: list[Frequent]
    """Alarms raised three times within a minute; ``count``: how often such a run began."""
    stale: int
    standing: int
    priorities: dict[Severity, float]
    """Shares of the severities among the alarms."""


def alarm_figures(
    raises: Iterable[Raise], open_since: Sequence[Instant], start: Instant, end: Instant, operators: int = 1
) -> AlarmFigures:
    """``raises``: oldest first. ``open_since``: when each alarm that is true at the end was raised. ``operators``:
    positions at which somebody sits."""
    counted: list[Raise] = []
    held = 0
    for one in raises:
        if start <= one.at < end and one.severity.opens_incident and not one.test:
            held += one.held
            if not one.held:
                counted.append(one)
    hours = max(end - start, 1) / HOUR
    kinds = Counter((one.rule, one.subject) for one in counted)
    count = len(counted)
    top = [Frequent(rule, subject, n, n / count) for (rule, subject), n in kinds.most_common(TOP)]
    slots = Counter((one.at - start) // TEN_MINUTES for one in counted)
    busy = Counter((one.at - start) // HOUR for one in counted)
    floods, flooded = _floods(slots)
    severities = Counter(one.severity for one in counted)
    return AlarmFigures(
        start=start,
        end=end,
        hours=hours,
        operators=operators,
        count=count,
        held=held,
        per_operator_hour=count / hours / operators,
        per_operator_day=count / hours / operators * 24,
        most_in_ten_minutes=_most_within(counted, TEN_MINUTES),
        share_of_busy_hours=sum(n > BUSY_HOUR * operators for n in busy.values()) / max(1.0, hours),
        floods=floods,
        share_of_time_in_flood=min(1.0, flooded * TEN_MINUTES / max(end - start, 1)),
        top=top,
        share_of_top_ten=sum(one.share for one in top),
        chattering=_chattering(counted),
        stale=sum(end - since > STALE_AFTER for since in open_since),
        standing=len(open_since),
        priorities={severity: n / count for severity, n in severities.items()},
    )


def _floods(slots: Mapping[int, int]) -> tuple[int, int]:
    """(how many floods, how many slots of ten minutes they took)."""
    floods = flooded = 0
    flooding_until = -1
    for slot in sorted(slots):
        if slot == flooding_until:
            if slots[slot] >= FLOOD_ENDS:
                flooded, flooding_until = flooded + 1, slot + 1
        elif slots[slot] >= FLOOD_STARTS:
            floods, flooded, flooding_until = floods + 1, flooded + 1, slot + 1
    return floods, flooded


def _most_within(raises: Sequence[Raise], within: Duration) -> int:
    window: deque[Instant] = deque()
    most = 0
    for one in raises:
        window.append(one.at)
        while window[0] <= one.at - within:
            window.popleft()
        most = max(most, len(window))
    return most


def _chattering(raises: Sequence[Raise]) -> list[Frequent]:
    recent: dict[tuple[str, str], deque[Instant]] = {}
    runs: Counter[tuple[str, str]] = Counter()
    in_run: set[tuple[str, str]] = set()
    for one in raises:
        key = one.rule, one.subject
        times = recent.setdefault(key, deque(maxlen=CHATTER_TIMES))
        times.append(one.at)
        is_chatter = len(times) == CHATTER_TIMES and one.at - times[0] <= CHATTER_WITHIN
        if is_chatter and key not in in_run:
            runs[key] += 1
            in_run.add(key)
        elif not is_chatter:
            in_run.discard(key)
    total = max(1, len(raises))
    return [Frequent(rule, subject, n, n / total) for (rule, subject), n in runs.most_common()]
