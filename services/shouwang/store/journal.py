"""Reading the journal by sequence number, for those who tail it."""

from sqlalchemy import func, select

from shouwang.domain.journal import Entry

from .database import Database
from .rows import entry_from
from .tables import journal


class SqlJournal:
    """``ports.Journal``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, seq: int, limit: int) -> list[Entry]:
        statement = select(journal).where(journal.c.seq > seq).order_by(journal.c.seq).limit(limit)
        with self._database.read() as connection:
            return [entry_from(row) for row in connection.execute(statement).mappings()]

    def last(self) -> int:
        with self._database.read() as connection:
            return connection.execute(select(func.max(journal.c.seq))).scalar() or 0
