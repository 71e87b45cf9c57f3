"""Readings in a SQLite file of their own: integer series, points by (series, time), rollups and retention.

The file is separate from the state database, so that its one writer never holds up an acceptance; only the disk is
shared, which is why every transaction here is small. It is opened by the first write or read: a service whose history
is broken still starts, and still tells people of alarms.
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
from shouwang.timeseries.readings_file import ReadingsFile
from shouwang.timeseries.retention import Retention
from shouwang.timeseries.rollups import FLAG, NUMBER, TEXT
from shouwang.timeseries.storable import SetAside, named, storable, unicode

ROWS_PER_TRANSACTION = 1000
"""Measured on a quiet disk: 113,000 rows/s at 1,000, 159,000 at 5,000; the difference is not worth the longer fsync
beside an acceptance."""
MAINTAIN_SECONDS = 0.5
"""The longest that one ``maintain`` works before it leaves the rest to the next."""

# Once late, late for good: InfluxDB merges the fields of a point, and both stores shall answer the same.
_PUT = """INSERT INTO points (series, at, value, kind, late) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (series, at) DO UPDATE SET value = excluded.value, kind = excluded.kind, late = late | excluded.late"""

_Row: TypeAlias = tuple[int, Instant, float | str, int, bool]


class SqliteReadings:
    """A ReadingStore in one file. ``retention`` says how long points and rollups are kept."""

    def __init__(self, path: Path, retention: Retention | None = None) -> None:
        self._path = path
        self._retention = retention or Retention()
        self._lock = threading.Lock()
        self._file: ReadingsFile | None = None
        self._closed = False

    def write(self, readings: Sequence[Reading]) -> None:
        aside = SetAside()
        kept = storable(readings, aside)
        with self._opened("written") as file:
            for start in range(0, len(kept), ROWS_PER_TRANSACTION):
                with file.writing() as writer:
                    rows = _rows(file, kept[start : start + ROWS_PER_TRANSACTION], aside)
                    writer.executemany(_PUT, rows)
                    file.rollups.mark((series, at) for series, at, *_ in rows)
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
        with self._opened("read") as file, file.reading() as connection:
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
        with self._opened("maintained") as file:
            while busy and time.monotonic() < deadline:
                with file.writing():
                    busy = file.rollups.step(now) or file.removal.step(now, file.rollups.oldest_touched())

    def close(self) -> None:
        """Ends all connections; whatever is asked afterwards raises StoreUnavailable."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()

    @contextlib.contextmanager
    def _opened(self, purpose: str) -> Iterator[ReadingsFile]:
        """The file; whatever SQLite or the disk says against it becomes StoreUnavailable."""
        try:
            with self._lock:
                if self._closed:
                    raise StoreUnavailable(f"{self._path}: the reading store is closed")
                file = self._file = self._file or ReadingsFile(self._path, self._retention)
            yield file
        except (sqlite3.Error, OSError) as error:
            broken = "malformed" in str(error) or "not a database" in str(error)
            advice = "; move it away to begin a new one: nothing that waits in the spool is lost" if broken else ""
            raise StoreUnavailable(f"{self._path}: readings cannot be {purpose}: {error}{advice}") from error


def _rows(file: ReadingsFile, kept: Sequence[tuple[Reading, bool | float | str]], aside: SetAside) -> list[_Row]:
    """In the order of the tree, where neighbours share pages, in memory and in the log."""
    rows: list[_Row] = []
    series, raw_from = file.series, file.removal.raw_from
    for reading, value in kept:
        at = reading.measured_at
        if at < raw_from:  # its hour is settled; computed anew from one latecomer, it would forget all the others
            aside.add("beyond_retention", named(reading.device, reading.metric, at))
            continue
        kind = TEXT if isinstance(value, str) else FLAG if isinstance(value, bool) else NUMBER
        rows.append((series((reading.device, reading.metric, reading.part)), at, value, kind, reading.late))
    rows.sort(key=lambda row: row[:2])
    return rows


def _series_of(connection: sqlite3.Connection, device: str, metric: str | None) -> list[Series]:
    """(id, metric, part) of a device's series."""
    query = "SELECT id, metric, part FROM series WHERE device = ?1 AND (?2 IS NULL OR metric = ?2)"
    return connection.execute(query, (device, metric)).fetchall()


def _raw(connection: sqlite3.Connection, series: Series, start: Instant, end: Instant, limit: int) -> list[Point]:
    id, metric, part = series
    query = "SELECT at, value, kind, late FROM points WHERE series = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?"
    return [
        Point(at=at, metric=metric, part=part, value=bool(value) if kind == FLAG else value, late=bool(late))
        for at, value, kind, late in connection.execute(query, (id, start, end, limit))
    ]
