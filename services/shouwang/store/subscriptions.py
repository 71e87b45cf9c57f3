"""Browsers that people asked to be told by: a row each, gone with its person."""

from collections.abc import Collection

import msgspec
from sqlalchemy import delete, select

from shouwang.domain.subscription import PER_PERSON, Subscription
from shouwang.domain.vocabulary import PersonId

from .database import Database
from .tables import meta

_PREFIX = "push/"


class SqlSubscriptions:
    """``ports.Subscriptions``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Subscription]:
        with self._database.read() as connection:
            rows = connection.execute(_ALL).scalars().all()
        return sorted((msgspec.json.decode(row, type=Subscription) for row in rows), key=lambda one: (one.at, one.id))

    def add(self, subscription: Subscription) -> None:
        with self._database.write() as connection:
            row = {"key": _PREFIX + subscription.id, "value": msgspec.json.encode(subscription)}
            connection.execute(self._database.upsert(meta, "key"), row)
            known = [msgspec.json.decode(one, type=Subscription) for one in connection.execute(_ALL).scalars()]
            mine = sorted((one for one in known if one.person == subscription.person), key=lambda one: one.at)
            for old in mine[:-PER_PERSON]:
                connection.execute(delete(meta).where(meta.c.key == _PREFIX + old.id))

    def remove(self, id: str) -> None:
        with self._database.write() as connection:
            connection.execute(delete(meta).where(meta.c.key == _PREFIX + id))

    def keep_only(self, people: Collection[PersonId]) -> None:
        """Whoever left the directory is told nothing more, and nothing of them stays."""
        for one in self.all():
            if one.person not in people:
                self.remove(one.id)


_ALL = select(meta.c.value).where(meta.c.key.startswith(_PREFIX, autoescape=True))
