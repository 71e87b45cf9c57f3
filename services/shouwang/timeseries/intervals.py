"""Readings by interval: from hourly and daily rollups where they are true, from points elsewhere."""

import sqlite3
from collections.abc import Callable
from typing import TypeAlias

from shouwang.domain.vocabulary import DAY, HOUR, Duration, Instant
from shouwang.ports import Point
from shouwang.timeseries.rollups import FLAG

Series: TypeAlias = tuple[int, str, str]
"""Id, metric, part."""

_Row: TypeAlias = tuple[Instant, int, float | None, float | None, float | None, float | str, int]
"""Start of the interval, count, min, max, sum, last value and its kind."""

_TABLE = {HOUR: "hourly", DAY: "daily"}
_POINTS = """SELECT part.start, part.count, part.min, part.max, part.sum, newest.value, newest.kind
    FROM (
        SELECT at / ?4 * ?4 AS start, count(*) AS count, max(at) AS at, min(value) FILTER (WHERE kind < 2) AS min,
            max(value) FILTER (WHERE kind < 2) AS max, sum(value) FILTER (WHERE kind < 2) AS sum
        FROM points WHERE series = ?1 AND at >= ?2 AND at < ?3 GROUP BY start ORDER BY start LIMIT ?5
    ) part JOIN points newest ON newest.series = ?1 AND newest.at = part.at ORDER BY part.start"""


def by_interval(
    connection: sqlite3.Connection, series: Series, start: Instant, end: Instant, every: Duration, limit: int
) -> list[Point]:
    """One Point for each interval of ``every`` that has readings, aligned to the epoch: the first ``limit`` of them.

    Whole hours and days come from rollups, and are there for as long as those are kept; other lengths only for as long
    as each reading is. An interval that ``start`` or ``end`` cuts holds only what lies within.
    """
    id, metric, part = series
    if every % HOUR:
        rows = connection.execute(_POINTS, (id, start, end, every, limit)).fetchall()
    else:
        rows = _folded(_spans(connection, id, start, end, HOUR if every % DAY else DAY), every)
    return [_point(metric, part, row) for row in rows[:limit]]


def _spans(connection: sqlite3.Connection, id: int, start: Instant, end: Instant, span: Duration) -> list[_Row]:
    """Rows of hours, or of days, oldest first."""
    first, last = -(-start // span) * span, end // span * span
    if first >= last:
        return _finer(connection, id, start, end, span)
    touched_of = "SELECT at FROM touched WHERE series = ? AND span = ? AND at >= ? AND at < ?"
    touched = {at for (at,) in connection.execute(touched_of, (id, span, first, last))}
    rolled = f"SELECT at, count, min, max, sum, last, kind FROM {_TABLE[span]} WHERE series = ? AND at >= ? AND at < ?"
    rows = [row for row in connection.execute(rolled, (id, first, last)) if row[0] not in touched]
    for part in ((start, first), (last, end), *((at, at + span) for at in touched)):
        rows += _finer(connection, id, *part, span)
    return sorted(rows, key=lambda row: row[0])


def _finer(connection: sqlite3.Connection, id: int, start: Instant, end: Instant, span: Duration) -> list[_Row]:
    """Part of a day from its hours, part of an hour from its points."""
    if start >= end:
        return []
    if span == DAY:
        return _spans(connection, id, start, end, HOUR)
    return connection.execute(_POINTS, (id, start, end, span, -1)).fetchall()


def _folded(rows: list[_Row], every: Duration) -> list[_Row]:
    """Rows of hours and days, oldest first, as rows of whole intervals."""
    folded: list[_Row] = []
    for at, count, low, high, total, last, kind in rows:
        start = at // every * every
        if folded and folded[-1][0] == start:
            _, before, lowest, highest, sum_before, _, _ = folded.pop()
            count, total = before + count, _of(sum, sum_before, total)
            low, high = _of(min, lowest, low), _of(max, highest, high)
        folded.append((start, count, low, high, total, last, kind))
    return folded


def _of(fold: Callable[[list[float]], float], left: float | None, right: float | None) -> float | None:
    values = [value for value in (left, right) if value is not None]
    return fold(values) if values else None


def _point(metric: str, part: str, row: _Row) -> Point:
    at, count, low, high, total, last, kind = row
    return Point(
        at=at,
        metric=metric,
        part=part,
        count=count,
        min=None if low is None else float(low),
        max=None if high is None else float(high),
        mean=None if total is None else total / count,
        last=bool(last) if kind == FLAG else last,
    )
