"""How long readings and their sums are kept, and the slow hand that removes what is older."""

import sqlite3

import msgspec

from shouwang.domain.errors import ConfigError
from shouwang.domain.moment import duration_text
from shouwang.domain.vocabulary import DAY, Duration, Instant, Value

RETENTION_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
ROWS_PER_STEP = 1000
SERIES_PER_STEP = 500

_NEVER = -(2**63)


class Retention(Value, frozen=True, kw_only=True):
    """How long each reading is kept, and its hourly and daily sums. Ends fall on whole UTC days. With ``raw`` below 31
    days, news that a device held back for longer is refused as ``beyond_retention``."""

    raw: Duration = 90 * DAY
    hourly: Duration = 400 * DAY
    """A year and a month: this month beside the same month of last year."""
    daily: Duration = 3 * 365 * DAY

    @classmethod
    def of(cls, raw: Duration) -> "Retention":
        """With single readings kept for ``raw``; sums at least as long."""
        return cls(raw=raw, hourly=max(raw, cls().hourly), daily=max(raw, cls().daily))

    def __post_init__(self) -> None:
        if not DAY <= self.raw <= self.hourly <= self.daily:
            found = ", ".join(map(duration_text, (self.raw, self.hourly, self.daily)))
            raise ConfigError(
                f"readings are kept for {found} (each, hourly, daily); expected at least 1d, and none shorter than "
                "the one before"
            )


class Removal:
    """Removes what is past its retention, a thousand rows at a time, series after series (the order of the tables).

    Before the first point goes, ``raw_from`` is written: points measured before it have gone or will go. The store
    refuses such readings from then on, because an hour computed anew from one latecomer would forget all the others.
    """

    def __init__(self, writer: sqlite3.Connection, retention: Retention) -> None:
        self._writer = writer
        self._retention = retention
        self._walk: _Walk | None = None
        self._done: dict[str, Instant] = {}
        self.raw_from: Instant = _NEVER
        self.refresh()

    def refresh(self) -> None:
        """Reads ``raw_from`` from the file again."""
        row = self._writer.execute("SELECT value FROM facts WHERE name = 'raw_from'").fetchone()
        self.raw_from = int(row[0]) if row else _NEVER

    def step(self, now: Instant, oldest_touched: Instant | None) -> bool:
        """Removes some rows; False when nothing is left to remove. Points of an hour that is not rolled up stay."""
        walk = self._walk or self._next_walk(now, oldest_touched)
        if walk is None:
            return False
        ids = self._writer.execute(
            "SELECT id FROM series WHERE id > ? ORDER BY id LIMIT ?", (walk.series, SERIES_PER_STEP)
        ).fetchall()
        self._walk = self._remove(walk, [id for (id,) in ids])
        if self._walk is None:
            self._done[walk.table] = walk.before
        return True

    def _next_walk(self, now: Instant, oldest_touched: Instant | None) -> "_Walk | None":
        kept = {"points": self._retention.raw, "hourly": self._retention.hourly, "daily": self._retention.daily}
        for table, keep in kept.items():
            before = (now - keep) // DAY * DAY
            if table == "points":
                before = self._settle_before(before if oldest_touched is None else min(before, oldest_touched))
            if self._done.get(table, _NEVER) < before:
                return _Walk(table, before)
        return None

    def _settle_before(self, before: Instant) -> Instant:
        if before > self.raw_from:
            self._writer.execute("INSERT OR REPLACE INTO facts (name, value) VALUES ('raw_from', ?)", (before,))
            self.raw_from = before
        return self.raw_from

    def _remove(self, walk: "_Walk", ids: list[int]) -> "_Walk | None":
        """One step of the walk; where it goes on, or None at its end."""
        remove = f"""DELETE FROM {walk.table} WHERE series = ?1 AND at IN (
            SELECT at FROM {walk.table} WHERE series = ?1 AND at < ?2 ORDER BY at LIMIT ?3)"""
        room = ROWS_PER_STEP
        for id in ids:
            room -= self._writer.execute(remove, (id, walk.before, room)).rowcount
            if room == 0:  # perhaps more of this series: the next step begins with it
                return _Walk(walk.table, walk.before, id - 1)
        return _Walk(walk.table, walk.before, ids[-1]) if ids else None


class _Walk(msgspec.Struct, frozen=True):
    """Through the series of one table, removing what is before an instant; ``series`` is the last one done."""

    table: str
    before: Instant
    series: int = 0
