"""Readings in a SQLite file of their own: integer series, points by (series, time), rollups and retention.

The file is separate from the state database, so its one writer never holds up an acceptance; only the disk is shared,
which is why every transaction here is small. WAL with synchronous=FULL: what ``write`` returned for is on disk. One
connection writes, under a lock; reads take a connection of their own from a pool and see one consistent moment.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from shouwang.domain.errors import StoreUnavailable
from shouwang.domain.vocabulary import DeviceId, Duration, Instant, Reading
from shouwang.ports import Point
from shouwang.timeseries.intervals import Series, by_interval
from shouwang.timeseries.retention import RETENTION_TABLES, Removal, Retention
from shouwang.timeseries.rollups import FLAG, NUMBER, ROLLUP_TABLES, TEXT, Rollups
from shouwang.timeseries.storable import SetAside, named, storable, unicode

FORMAT = 1
"""``PRAGMA user_version`` of the file; a newer one is refused rather than guessed at."""
ROWS_PER_TRANSACTION = 1000
"""Measured on a quiet disk: 113,000 rows/s at 1,000, 159,000 at 5,000; the difference is not worth the longer fsync
beside an acceptance."""
MAINTAIN_SECONDS = 0.5
"""The longest that one ``maintain`` works before it leaves the rest to the next."""

_TABLES = f"""
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, metric TEXT NOT NULL, part TEXT NOT NULL,
    UNIQUE (device, metric, part)
);
CREATE TABLE IF NOT EXISTS points (  -- value: number, 0/1 or text, as kind says
    series INTEGER NOT NULL, at INTEGER NOT NULL, value NOT NULL, kind INTEGER NOT NULL, late INTEGER NOT NULL,
    PRIMARY KEY (series, at)
) WITHOUT ROWID;
{ROLLUP_TABLES}
{RETENTION_TABLES}
"""
# Once late, late for good: InfluxDB merges the fields of a point, and both stores shall answer the same.
_PUT = """INSERT INTO points (series, at, value, kind, late) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (series, at) DO UPDATE SET value = excluded.value, kind = excluded.kind, late = late | excluded.late"""

_Name: TypeAlias = tuple[str, str, str]  # device, metric, part
_Row: TypeAlias = tuple[int, Instant, float | str, int, bool]


class SqliteReadings:
    """A ReadingStore in one file. ``retention`` says how long points and rollups are kept."""

    def __init__(self, path: Path, retention: Retention | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._series: dict[_Name, int] = {}
        with self._failing("be opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            self._prepare()
            self._rollups = Rollups(self._writer)
            self._removal = Removal(self._writer, retention or Retention())
            self._version = self._data_version()

    def write(self, readings: Sequence[Reading]) -> None:
        aside = SetAside()
        kept = storable(readings, aside)
        for start in range(0, len(kept), ROWS_PER_TRANSACTION):
            with self._lock, self._failing("be written"), self._transaction():
                rows = self._rows(kept[start : start + ROWS_PER_TRANSACTION], aside)
                rows.sort(key=lambda row: row[:2])  # neighbours in the tree share pages, in memory and in the WAL
                self._writer.executemany(_PUT, rows)
                self._rollups.mark((row[0], row[1]) for row in rows)
        aside.report(str(self._path))

    def read(
        self,
        device: DeviceId,
        metric: str | None,
        start: Instant,
        end: Instant,
        *,
        every: Duration | None = None,
        limit: int = 10_000,
    ) -> list[Point]:
        if every is not None and every <= 0:
            raise ValueError(f"every is {every} µs; expected a positive duration")
        with self._failing("be read"), self._reading() as connection:
            streams = [
                _raw(connection, series, start, end, limit)
                if every is None
                else by_interval(connection, series, start, end, every, limit)
                for series in _series_of(connection, unicode(device), metric)
            ]
        return list(islice(merge(*streams, key=lambda point: (point.at, point.metric, point.part)), limit))

    def maintain(self, now: Instant) -> None:
        """Rolls up what was touched and removes what is past its retention, for at most ``MAINTAIN_SECONDS``: each step
        is a small transaction of its own, and writes come in between. The next call goes on from there."""
        deadline = time.monotonic() + MAINTAIN_SECONDS
        busy = True
        while busy and time.monotonic() < deadline:
            with self._lock, self._failing("be maintained"), self._transaction():
                busy = self._rollups.step(now) or self._removal.step(now, self._rollups.oldest_touched())

    def close(self) -> None:
        """Ends all connections; whatever is asked afterwards raises StoreUnavailable."""
        with self._lock:
            self._closed = True
            for connection in (self._writer, *self._idle):
                connection.close()
            self._idle.clear()

    def _rows(self, kept: Sequence[tuple[Reading, bool | float | str]], aside: SetAside) -> list[_Row]:
        rows: list[_Row] = []
        known, raw_from = self._series, self._removal.raw_from
        for reading, value in kept:
            at = reading.measured_at
            if at < raw_from:  # its points and their rollup are settled; recomputing from one latecomer would spoil it
                aside.add("beyond_retention", named(reading.device, reading.metric, at))
                continue
            name = (reading.device, reading.metric, reading.part)
            series = known.get(name) or self._new_series(name)
            kind = TEXT if isinstance(value, str) else FLAG if isinstance(value, bool) else NUMBER
            rows.append((series, at, value, kind, reading.late))
        return rows

    def _new_series(self, name: _Name) -> int:
        columns = tuple(map(unicode, name))
        find = "SELECT id FROM series WHERE device = ? AND metric = ? AND part = ?"
        row = self._writer.execute(find, columns).fetchone()
        if row is None:
            add = "INSERT INTO series (device, metric, part) VALUES (?, ?, ?) RETURNING id"
            row = self._writer.execute(add, columns).fetchone()
        self._series[name] = int(row[0])
        return int(row[0])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Of the writer. What is remembered of the file is forgotten when it may not be so: after a failure, and when
        another process wrote to it."""
        self._check_open()
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            if (version := self._data_version()) != self._version:
                self._forget()
                self._version = version
            yield
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            self._forget()
            raise

    def _forget(self) -> None:
        self._series.clear()
        self._rollups.forget()
        self._removal.refresh()

    def _data_version(self) -> int:
        return int(self._writer.execute("PRAGMA data_version").fetchone()[0])

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._check_open()
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            connection.execute("BEGIN")  # one snapshot for all queries of one read
            yield connection
        finally:
            connection.execute("ROLLBACK")
            with self._lock:
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)

    @contextlib.contextmanager
    def _failing(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"{self._path}: the readings cannot {verb}: {error}") from error

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable(f"{self._path}: the reading store is closed")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=5, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -8192")
        return connection

    def _prepare(self) -> None:
        (found,) = self._writer.execute("PRAGMA user_version").fetchone()
        if found > FORMAT:
            raise StoreUnavailable(
                f"{self._path}: readings of format {found}, but this version reads up to {FORMAT}; install a newer one"
            )
        if found == 0:
            self._writer.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {FORMAT}; COMMIT;")


def _series_of(connection: sqlite3.Connection, device: str, metric: str | None) -> list[Series]:
    """(id, metric, part) of a device's series."""
    query = "SELECT id, metric, part FROM series WHERE device = ? AND (?2 IS NULL OR metric = ?2)"
    return connection.execute(query, (device, metric)).fetchall()


def _raw(connection: sqlite3.Connection, series: Series, start: Instant, end: Instant, limit: int) -> list[Point]:
    id, metric, part = series
    query = "SELECT at, value, kind, late FROM points WHERE series = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?"
    return [
        Point(at=at, metric=metric, part=part, value=bool(value) if kind == FLAG else value, late=bool(late))
        for at, value, kind, late in connection.execute(query, (id, start, end, limit))
    ]
