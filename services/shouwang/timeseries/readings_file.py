"""The SQLite file in which readings rest: its tables, its one writing connection, and a few that read.

WAL with synchronous=FULL: a committed transaction is on disk. What is remembered of the file (ids of series, marks,
``raw_from``) is forgotten whenever it may not be so: after a failed transaction, and when another process wrote.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from shouwang.domain.errors import StoreUnavailable
from shouwang.timeseries.retention import RETENTION_TABLES, Removal, Retention
from shouwang.timeseries.rollups import ROLLUP_TABLES, Rollups
from shouwang.timeseries.storable import unicode

FORMAT = 1
"""``PRAGMA user_version`` of the file; a newer one is refused rather than guessed at."""
IDLE_READERS = 4
"""Connections kept for the next read; each may hold 2 MB of cache."""

SeriesName: TypeAlias = tuple[str, str, str]
"""Device, metric, part."""

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


class ReadingsFile:
    """An open file. Errors of SQLite pass through it as they are."""

    def __init__(self, path: Path, retention: Retention) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._series: dict[str, dict[tuple[str, str], int]] = {}  # by device, then by its (metric, part)
        self._streams: dict[tuple[str, str], tuple[str, str]] = {}  # one (metric, part) for all devices that have it
        self._readers: list[sqlite3.Connection] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self.writer = self._connect()
        try:
            self.writer.execute("PRAGMA cache_size = -16384")
            self._prepare()
            self.rollups = Rollups(self.writer)
            self.removal = Removal(self.writer, retention)
            self._version = self._data_version()
        except BaseException:
            self.writer.close()
            raise

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The writer, in a transaction that leaving commits; one thread at a time."""
        with self._lock:
            self.writer.execute("BEGIN IMMEDIATE")
            try:
                if (version := self._data_version()) != self._version:
                    self._forget()
                    self._version = version
                yield self.writer
                self.writer.execute("COMMIT")
            except BaseException:
                if self.writer.in_transaction:
                    self.writer.execute("ROLLBACK")
                self._forget()
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of the caller's own, all of whose queries see one moment; never waits for the writer."""
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._connect()
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")
        except BaseException:
            connection.close()
            raise
        if len(self._readers) < IDLE_READERS:
            self._readers.append(connection)
        else:
            connection.close()

    def series(self, name: SeriesName) -> int:
        """The id of a series, new or not. Only within ``writing``."""
        device, metric, part = name
        of_device = self._series.get(device)
        if of_device is not None and (known := of_device.get((metric, part))) is not None:
            return known
        columns = tuple(map(unicode, name))
        find = "SELECT id FROM series WHERE device = ? AND metric = ? AND part = ?"
        row = self.writer.execute(find, columns).fetchone()
        if row is None:
            add = "INSERT INTO series (device, metric, part) VALUES (?, ?, ?) RETURNING id"
            row = self.writer.execute(add, columns).fetchone()
        stream = self._streams.setdefault((metric, part), (metric, part))
        self._series.setdefault(device, {})[stream] = int(row[0])
        return int(row[0])

    def close(self) -> None:
        """Waits for the write under way; reads under way end by themselves."""
        with self._lock:
            self.writer.close()
        while self._readers:
            self._readers.pop().close()

    def _forget(self) -> None:
        self._series.clear()
        self._streams.clear()
        self.rollups.forget()
        self.removal.refresh()

    def _data_version(self) -> int:
        return int(self.writer.execute("PRAGMA data_version").fetchone()[0])

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self) -> None:
        (found,) = self.writer.execute("PRAGMA user_version").fetchone()
        if found > FORMAT:
            raise StoreUnavailable(
                f"{self._path}: readings of format {found}, but this version reads up to {FORMAT}; install a newer one"
            )
        if found == 0:
            self.writer.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {FORMAT}; COMMIT;")
