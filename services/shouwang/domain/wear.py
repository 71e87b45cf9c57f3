"""How a battery wears: a robust trend over days, and when it should be replaced."""

from collections.abc import Sequence
from statistics import median

from shouwang.domain.vocabulary import DAY, Instant, Value

LEAST_DAYS = 5
"""Days with values before a trend is believed."""

POINTS_AT_MOST = 120
"""Daily values that are compared pair by pair."""

PERCENT_FLOOR = 15.0
"""Of a battery told in percent: replace it before this."""

VOLTAGE_FLOORS = ((1.65, 1.15), (3.35, 2.5), (3.75, 3.1))
"""(up to this when new, replace at): alkaline cell, lithium 3 V cell (or two alkaline), lithium thionyl chloride 3.6 V.
Lithium cells hold their voltage nearly to the end, so this is late news; percent, where it is told, is earlier."""

FURTHEST = 3_650 * DAY


class Trend(Value, frozen=True, kw_only=True):
    """``per_day``: change a day (Theil–Sen: the median of all slopes, which a cold night or a new battery does not
    bend). ``replace_by``: when it meets its floor; None where it does not fall."""

    per_day: float
    newest: float
    floor: float
    replace_by: Instant | None
    days: int


def trend_of(points: Sequence[tuple[Instant, float]], floor: float | None) -> Trend | None:
    """From daily values, oldest first. Only those since the battery was replaced count. None where they are too few, or
    no floor is known."""
    recent = _since_replaced(points)[-POINTS_AT_MOST:]
    if floor is None or len(recent) < LEAST_DAYS:
        return None
    slopes = [
        (later[1] - earlier[1]) * DAY / (later[0] - earlier[0])
        for index, earlier in enumerate(recent)
        for later in recent[index + 1 :]
        if later[0] > earlier[0]
    ]
    per_day = median(slopes) if slopes else 0.0
    level = median(value for _, value in recent[-LEAST_DAYS:])
    last = recent[-1][0]
    replace_by = None
    if level <= floor:
        replace_by = last
    elif per_day < 0:
        left = (level - floor) / -per_day * DAY
        replace_by = last + round(left) if left <= FURTHEST else None
    return Trend(per_day=round(per_day, 5), newest=recent[-1][1], floor=floor, replace_by=replace_by, days=len(recent))


def voltage_floor(highest: float) -> float | None:
    """From the highest voltage seen; None for what is no battery of a sensor."""
    return next((floor for new, floor in VOLTAGE_FLOORS if highest <= new), None)


def _since_replaced(points: Sequence[tuple[Instant, float]]) -> Sequence[tuple[Instant, float]]:
    """After the last leap upwards by half of the whole range: somebody put in a new battery."""
    values = [value for _, value in points]
    if len(values) < 2:
        return points
    leap = max((max(values) - min(values)) / 2, abs(max(values)) / 20)
    start = 0
    for index in range(1, len(values)):
        if values[index] - values[index - 1] > leap:
            start = index
    return points[start:]
