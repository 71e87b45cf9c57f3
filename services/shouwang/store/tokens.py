"""Bearer tokens: made once, shown once, kept only as a hash.

A token carries 256 bits of chance, so one SHA-256 is enough: there is no dictionary to try (a slow hash is for words
that people choose).
"""

import hashlib
import secrets

from sqlalchemy import RowMapping, bindparam, insert, or_, select, update

from shouwang.domain.access import Bearer, Principal, Role
from shouwang.domain.vocabulary import Instant, PersonId, PlaceId

from .database import Database
from .tables import tokens
from .told import tell

PREFIX = "sw_"
"""Lets a leaked token be found by those who search for such things."""


class SqlTokens:
    """``api.doors.Tokens``, and what the ``token`` verb needs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        *,
        role: Role,
        name: str,
        now: Instant,
        place: PlaceId | None = None,
        person: PersonId | None = None,
        expires_at: Instant | None = None,
        by: str | None = None,
    ) -> str:
        """The new token's text. It is not stored and cannot be shown again. ``by``: who makes it, for the journal."""
        text = PREFIX + secrets.token_urlsafe(32)
        row = {
            "hash": _hash(text),
            "id": "t-" + secrets.token_hex(6),
            "name": name,
            "role": role.value,
            "place": place,
            "person": person,
            "created_at": now,
            "expires_at": expires_at,
        }
        with self._database.write() as connection:
            connection.execute(insert(tokens), row)
            said = {"name": name, "role": role.value, "place": place, "person": person}
            tell(connection, "token.created", now, by, token=row["id"], **said)
        return text

    def find(self, text: str, now: Instant) -> Principal | None:
        """Who bears this token, None for one unknown, revoked or expired."""
        with self._database.read() as connection:
            row = connection.execute(_LIVE, {"hash": _hash(text), "now": now}).mappings().first()
        return _principal(row) if row is not None else None

    def live(self, now: Instant) -> list[Principal]:
        """Whoever bears a token now, oldest token first."""
        statement = select(tokens).where(_ALIVE).order_by(tokens.c.created_at, tokens.c.id)
        with self._database.read() as connection:
            return [_principal(row) for row in connection.execute(statement, {"now": now}).mappings()]

    def bearers(self, now: Instant) -> list[Bearer]:
        """Live tokens with their dates, oldest first."""
        statement = select(tokens).where(_ALIVE).order_by(tokens.c.created_at, tokens.c.id)
        with self._database.read() as connection:
            rows = connection.execute(statement, {"now": now}).mappings().all()
        return [Bearer(who=_principal(row), created_at=row["created_at"], expires_at=row["expires_at"]) for row in rows]

    def revoke(self, id: str, now: Instant, *, by: str | None = None) -> bool:
        """Ends a token by its id; False where there is no such live token."""
        statement = update(tokens).where(tokens.c.id == id, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
        with self._database.write() as connection:
            if connection.execute(statement).rowcount != 1:
                return False
            tell(connection, "token.revoked", now, by, token=id)
        return True


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _principal(row: RowMapping) -> Principal:
    return Principal(id=row["id"], name=row["name"], role=Role(row["role"]), place=row["place"], person=row["person"])


_ALIVE = tokens.c.revoked_at.is_(None) & or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > bindparam("now"))
_LIVE = select(tokens).where(tokens.c.hash == bindparam("hash"), _ALIVE)
