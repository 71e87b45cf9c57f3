"""Opening the state database, and the two kinds of transaction: one that reads, one that writes.

SQLite has one writer at a time, and its own waiting is a poll with sleeps. Writers therefore queue on an advisory lock
of the operating system first (``flock`` beside the file, a mutex among threads), which wakes them at once. On
PostgreSQL a writer of cases takes one advisory lock, so that journal numbers become visible in their own order and
readers that tail them miss nothing.
"""

import fcntl
import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.expression import ClauseElement

from shouwang.domain.errors import ConfigError, StoreUnavailable

from .statements import Driver, Hand, Row, Statements, Values

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

CASES_LOCK = 0x5348_4F55
"""Key of PostgreSQL's advisory lock for writers of alerts, incidents and the journal ("SHOU")."""

SCHEMA_LOCK = CASES_LOCK + 1
"""The same, for bringing the schema up to date."""

WAL_LIMIT_PAGES = 25_000
"""Intake leaves checkpoints to the server (they cost its commits tens of milliseconds), unless the log grew past about
100 MB because no server runs."""


class Database:
    """One state database. Thread-safe; each transaction uses a connection of its own."""

    def __init__(self, url: str, *, checkpoints: bool = True) -> None:
        self._url = _parse(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._mutex = threading.Lock()
        self._statements: dict[tuple[str, str], Insert] = {}
        self._lock_file: int | None = None
        if self.is_sqlite:
            if not self._url.database:
                raise ConfigError(f"state database {url!r} names no file; expected sqlite:///PATH")
            path = Path(self._url.database)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = os.open(f"{path}-writer", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.engine = self._engine(checkpoints)
        self._looking = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.statements = Statements(self.engine.dialect)
        self._spare: list[Driver] = []
        driver: Any = self.engine.dialect.dbapi
        self._silence = (OperationalError, InterfaceError, PoolTimeout, driver.OperationalError, driver.InterfaceError)

    def create(self) -> None:
        """Makes missing tables and brings old ones up to date. Raises StoreUnavailable where nothing answers."""
        from .migrations import upgrade

        try:
            with self._write_lock(), self.engine.connect() as guard:
                if not self.is_sqlite:
                    # Intake and server of several machines may start at once; the lock ends with the guard.
                    guard.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")
                upgrade(self.engine)
        except DBAPIError as error:
            raise StoreUnavailable(f"state database {self}: {error.orig}") from None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; never waits for a writer."""
        with self._answering(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, cases: bool = False) -> Iterator[Connection]:
        """One transaction that may write; commits when the block ends, rolls back on an exception. ``cases``: it may
        write alerts, incidents or the journal."""
        with self._write_lock(), self._answering(), self.engine.connect() as bare:
            connection = bare.execution_options(shouwang_write=True)
            with connection.begin():
                if cases and not self.is_sqlite:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({CASES_LOCK})")
                yield connection

    def look(self, statement: ClauseElement, values: Values) -> list[Row]:
        """One SELECT by itself, on the latest that is committed: of what is looked at again and again."""
        if not self.is_sqlite:
            # One way there and back: a transaction for it would be two more.
            with self._answering(), self._looking.connect() as connection:
                return self.statements.on(connection).rows(statement, values)
        with self._answering():
            # A statement of SQLite is a transaction of its own, so these connections are never left inside one.
            try:
                driver = self._spare.pop()
            except IndexError:
                driver = self._open()
            try:
                found = Hand(self.statements, driver).rows(statement, values)
            except BaseException:
                driver.close()
                raise
            self._spare.append(driver)
            return found

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """INSERT that can say what to do on a conflict."""
        if self.is_sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # 3 MB, in each process, that a site on SQLite need not hold

        return postgresql.insert(table)

    def upsert(self, table: Table, *keys: str) -> Insert:
        """INSERT that replaces the row with the same keys. Made once: building one takes as long as running it."""
        known = self._statements.get((table.name, "upsert"))
        if known is None:
            statement = self.insert(table)
            given = {
                column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys
            }
            known = statement.on_conflict_do_update(index_elements=list(keys), set_=given)
            self._statements[table.name, "upsert"] = known
        return known

    def insert_once(self, table: Table, *keys: str) -> Insert:
        """INSERT that leaves an existing row with the same keys alone."""
        known = self._statements.get((table.name, "once"))
        if known is None:
            known = self.insert(table).on_conflict_do_nothing(index_elements=list(keys))
            self._statements[table.name, "once"] = known
        return known

    def checkpoint(self) -> None:
        """Moves the write-ahead log into the file (SQLite); called by the server, never by intake."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        while self._spare:
            self._spare.pop().close()
        self.engine.dispose()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def __str__(self) -> str:
        return self._url.render_as_string(hide_password=True)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """What the world did (disk full, server gone) as StoreUnavailable; what we did wrong stays as it is."""
        try:
            yield
        except self._silence as error:
            raise StoreUnavailable(f"state database {self}: {getattr(error, 'orig', None) or error}") from error

    def _open(self) -> Driver:
        """A connection that the pool does not know."""
        found = self.engine.raw_connection()
        driver: Any = found.dbapi_connection
        found.detach()
        return cast("Driver", driver)

    @contextmanager
    def _write_lock(self) -> Iterator[None]:
        if self._lock_file is None:
            yield
            return
        with self._mutex:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def _engine(self, checkpoints: bool) -> Engine:
        if not self.is_sqlite:
            # A stricter level, where the server's default says so, would fix the view before the advisory lock is had.
            engine = create_engine(self._url, pool_size=8, max_overflow=8, isolation_level="READ COMMITTED")
            event.listen(engine, "checkout", _refuse_ended)
            return engine
        engine = create_engine(self._url, pool_size=8, max_overflow=24, connect_args={"timeout": 30})
        limit = 0 if checkpoints else WAL_LIMIT_PAGES
        event.listen(engine, "connect", _prepare(limit))
        event.listen(engine, "begin", _begin)
        return engine


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            f"state database {url!r} is not a URL: {error}; expected sqlite:///PATH or postgresql://…"
        ) from None
    match parsed.get_backend_name():
        case "sqlite":
            return parsed
        case "postgresql":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise ConfigError(f"state database {other!r} is not supported; expected sqlite or postgresql")


def _refuse_ended(driver: Any, _record: object, _proxy: object) -> None:
    """A connection that its server has ended is not given out again: what an idle one has to read is its farewell. It
    costs a microsecond; a question to the server (SQLAlchemy's ``pool_pre_ping``) costs every look a second way."""
    poll = select.poll()
    poll.register(driver.fileno(), select.POLLIN)
    if driver.closed or poll.poll(0):
        raise DisconnectionError("the server has ended this connection")


def _prepare(autocheckpoint: int) -> Callable[[object, object], None]:
    def prepare(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # we begin ourselves, see _begin
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=30000",
            f"wal_autocheckpoint={autocheckpoint}",
            "temp_store=MEMORY",
            "cache_size=-16000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return prepare


def _begin(connection: Connection) -> None:
    # A transaction that will write must say so at once: upgrading a read lock half-way can only fail.
    write = connection.get_execution_options().get("shouwang_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
