"""Single facts that processes leave for one another: the canary's newest round, intake's pulse, its own figures."""

from collections.abc import Callable

from sqlalchemy import select

from .database import Database
from .tables import meta


class Facts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> bytes | None:
        with self._database.read() as connection:
            return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()

    def put(self, key: str, value: bytes) -> None:
        with self._database.write() as connection:
            connection.execute(self._database.upsert(meta, "key"), {"key": key, "value": value})

    def decide(self, key: str, decision: Callable[[bytes | None], bytes]) -> bytes:
        """What is kept under the key after this decision, which sees what was kept before. Decisions of several
        processes come one after the other."""
        with self._database.write(cases=True) as connection:
            kept = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
            value = decision(kept)
            if value != kept:
                connection.execute(self._database.upsert(meta, "key"), {"key": key, "value": value})
        return value

    def once(self, key: str, value: bytes) -> bytes:
        """What is kept under the key, from now on ``value`` where nothing was: the same for all who ask at once."""
        known = self.get(key)
        if known is not None:
            return known
        with self._database.write() as connection:
            connection.execute(self._database.insert_once(meta, "key"), {"key": key, "value": value})
            kept = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
        return kept if kept is not None else value
