"""Answers kept under their Idempotency-Key, so that a POST repeated over a bad line is answered, not done again."""

from sqlalchemy import bindparam, delete, select

from shouwang.domain.board import KeptReply
from shouwang.domain.vocabulary import DAY, Instant

from .database import Database
from .tables import replies

KEPT_FOR = DAY
SWEPT_AT_ONCE = 100
"""Old answers removed beside each new one: keeps the table small without a large transaction."""


class SqlReplies:
    """``api.doors.Replies``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, token: str, key: str, now: Instant) -> KeptReply | None:
        with self._database.read() as connection:
            row = connection.execute(_FIND, {"token": token, "key": key, "oldest": now - KEPT_FOR}).mappings().first()
        return KeptReply(**row) if row is not None else None

    def keep(self, token: str, key: str, reply: KeptReply, now: Instant) -> None:
        """The first answer of a key stays; one older than a day gives way."""
        row = {
            "token": token,
            "key": key,
            "at": now,
            "request": reply.request,
            "status": reply.status,
            "body": reply.body,
        }
        with self._database.write() as connection:
            old = connection.execute(_OLD, {"oldest": now - KEPT_FOR}).all()
            if old:
                connection.execute(_REMOVE, [{"old_token": one.token, "old_key": one.key} for one in old])
            connection.execute(
                delete(replies).where(_THIS, replies.c.at <= now - KEPT_FOR), {"token": token, "key": key}
            )
            connection.execute(self._database.insert_once(replies, "token", "key"), row)


_THIS = (replies.c.token == bindparam("token")) & (replies.c.key == bindparam("key"))
_FIND = select(replies.c.request, replies.c.status, replies.c.body).where(_THIS, replies.c.at > bindparam("oldest"))
_OLD = select(replies.c.token, replies.c.key).where(replies.c.at <= bindparam("oldest")).limit(SWEPT_AT_ONCE)
_REMOVE = delete(replies).where(replies.c.token == bindparam("old_token"), replies.c.key == bindparam("old_key"))
