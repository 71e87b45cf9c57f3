"""Single facts that processes leave for one another: the canary's newest round, intake's pulse, its own figures."""

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
