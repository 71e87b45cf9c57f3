"""Hourly and daily sums of readings, kept true whatever comes late or twice.

Writing a point marks its hour and its day as touched, in the same transaction. Once an hour is over, one statement
computes its row anew from its points and takes the mark away; a day likewise from its hours. A latecomer, or a batch
written twice, only marks again: rollups are always a function of the points. Reading (``intervals.py``) takes rollups
where nothing is touched and points elsewhere, so it never shows a half-counted hour.
"""

import sqlite3
from collections.abc import Iterable

from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, Duration, Instant

NUMBER, FLAG, TEXT = 0, 1, 2
"""How a point's value is to be read. Flags are kept as 0 and 1, so that their mean is the share of true readings."""

ROLLUP_TABLES = """
CREATE TABLE IF NOT EXISTS hourly (  -- at is the start of the hour; min, max and sum are NULL for text
    series INTEGER NOT NULL, at INTEGER NOT NULL, count INTEGER NOT NULL, min, max, sum,
    last NOT NULL, kind INTEGER NOT NULL, PRIMARY KEY (series, at)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS daily (
    series INTEGER NOT NULL, at INTEGER NOT NULL, count INTEGER NOT NULL, min, max, sum,
    last NOT NULL, kind INTEGER NOT NULL, PRIMARY KEY (series, at)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS touched (  -- hours and days (span, in microseconds) whose row is missing or no longer true
    series INTEGER NOT NULL, span INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (series, span, at)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS touched_oldest ON touched (span, at);
"""

GRACE: Duration = 5 * MINUTE
"""An hour is rolled up this long after its end: most of what comes late is no later, and is then counted only once."""
KEYS_PER_STEP = 200

_HOUR_OF_POINTS = """INSERT OR REPLACE INTO hourly (series, at, count, min, max, sum, last, kind)
    SELECT ?1, ?2, hour.count, hour.min, hour.max, hour.sum, newest.value, newest.kind
    FROM (
        SELECT count(*) AS count, max(at) AS at, min(value) FILTER (WHERE kind < 2) AS min,
            max(value) FILTER (WHERE kind < 2) AS max, sum(value) FILTER (WHERE kind < 2) AS sum
        FROM points WHERE series = ?1 AND at >= ?2 AND at < ?3
    ) hour JOIN points newest ON newest.series = ?1 AND newest.at = hour.at"""
_DAY_OF_HOURS = """INSERT OR REPLACE INTO daily (series, at, count, min, max, sum, last, kind)
    SELECT ?1, ?2, day.count, day.min, day.max, day.sum, newest.last, newest.kind
    FROM (
        SELECT sum(count) AS count, max(at) AS at, min(min) AS min, max(max) AS max, sum(sum) AS sum
        FROM hourly WHERE series = ?1 AND at >= ?2 AND at < ?3
    ) day JOIN hourly newest ON newest.series = ?1 AND newest.at = day.at"""


class Rollups:
    """Marks and rolls up, through the one connection that writes the file; every call is inside a transaction."""

    def __init__(self, writer: sqlite3.Connection) -> None:
        self._writer = writer
        self._marked: dict[Instant, set[int]] = {}  # series by hour: few hours, and every series in each

    def mark(self, points: Iterable[tuple[int, Instant]]) -> None:
        """The hours and days of these (series, at) are not true any more."""
        fresh: list[tuple[int, Instant]] = []
        for series, at in points:
            hour = at - at % HOUR
            marked = self._marked.setdefault(hour, set())
            if series not in marked:
                marked.add(series)
                fresh.append((series, hour))
        if fresh:
            marks = [(series, span, hour - hour % span) for series, hour in fresh for span in (HOUR, DAY)]
            self._writer.executemany("INSERT OR IGNORE INTO touched (series, span, at) VALUES (?, ?, ?)", marks)

    def forget(self) -> None:
        """The marks it remembers may not be in the file: a transaction failed, or somebody else wrote."""
        self._marked.clear()

    def step(self, now: Instant) -> bool:
        """Rolls up some hours or days that are over; False when none is left."""
        return self._roll_hours(now) or self._roll_days(now)

    def oldest_touched(self) -> Instant | None:
        """The earliest hour that is not rolled up."""
        row = self._writer.execute("SELECT min(at) FROM touched WHERE span = ?", (HOUR,)).fetchone()
        return None if row[0] is None else int(row[0])

    def _roll_hours(self, now: Instant) -> bool:
        due = "SELECT series, at FROM touched WHERE span = ? AND at <= ? ORDER BY at LIMIT ?"
        keys = self._writer.execute(due, (HOUR, now - HOUR - GRACE, KEYS_PER_STEP)).fetchall()
        self._roll(_HOUR_OF_POINTS, HOUR, keys)
        for series, hour in keys:
            if (marked := self._marked.get(hour)) is not None:
                marked.discard(series)
                if not marked:
                    del self._marked[hour]
        return bool(keys)

    def _roll_days(self, now: Instant) -> bool:
        due = """SELECT series, at FROM touched AS day WHERE span = ?1 AND at <= ?2 AND NOT EXISTS (
            SELECT 1 FROM touched WHERE series = day.series AND span = ?3 AND at >= day.at AND at < day.at + ?1
            ) ORDER BY at LIMIT ?4"""
        keys = self._writer.execute(due, (DAY, now - DAY - GRACE, HOUR, KEYS_PER_STEP)).fetchall()
        self._roll(_DAY_OF_HOURS, DAY, keys)
        return bool(keys)

    def _roll(self, statement: str, span: Duration, keys: list[tuple[int, Instant]]) -> None:
        self._writer.executemany(statement, [(series, at, at + span) for series, at in keys])
        done = [(series, span, at) for series, at in keys]
        self._writer.executemany("DELETE FROM touched WHERE series = ? AND span = ? AND at = ?", done)
