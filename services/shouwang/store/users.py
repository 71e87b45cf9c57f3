"""Users: a name, a slow hash of a password (argon2id, RFC 9106), and the sessions of browsers that proved it.

A session's text carries 256 bits of chance and is kept as one SHA-256, as tokens are. Sessions last a month and renew
themselves while they are used: a desk that is manned around the clock is never signed out at three in the morning.
"""

import hashlib
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from shouwang.domain.access import Account, Principal, Role, is_chief
from shouwang.domain.errors import Conflict, NotFound
from shouwang.domain.vocabulary import DAY, Duration, Instant, PersonId, PlaceId

from .database import Database
from .tables import sessions, users
from .told import tell

SESSION_FOR: Duration = 30 * DAY
RENEWED_BEFORE: Duration = 15 * DAY
"""A session with less left than this is made new by its next use: one write in a fortnight."""

_ONE_AT_A_TIME = threading.Semaphore(1)
"""Each hash takes 64 MiB and tens of milliseconds of every core: guesses queue here, alarms do not."""


class SqlUsers:
    """``api.doors.Users``, and what the ``user`` verb needs."""

    def __init__(self, database: Database, hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    def add(
        self,
        *,
        name: str,
        password: str,
        role: Role,
        now: Instant,
        place: PlaceId | None = None,
        person: PersonId | None = None,
        by: str | None = None,
    ) -> str:
        """The new user's id. Raises Conflict where the name is taken. ``by``, here and below: who does it, for the
        journal, whose line commits with the change."""
        row = {
            "id": "u-" + secrets.token_hex(6),
            "name": name,
            "password": self._hasher.hash(password),
            "role": role.value,
            "place": place,
            "person": person,
            "created_at": now,
        }
        with self._database.write() as connection:
            taken = connection.execute(select(users.c.removed_at).where(users.c.name == name)).first()
            if taken is not None and taken.removed_at is None:
                raise Conflict(f"there is a user {name} already; `shouwang user password {name}` changes its password")
            connection.execute(delete(users).where(users.c.name == name))
            connection.execute(insert(users), row)
            tell(connection, "user.added", now, by, user=name, role=role.value, place=place, person=person)
        return str(row["id"])

    def change(self, who: Principal, *, now: Instant, by: str) -> None:
        """Gives the user ``who.name`` the role, place and person of ``who``; its sessions go on with them. Raises
        NotFound, and Conflict where nobody would be left who may do this."""
        with self._database.write() as connection:
            before = _locked(connection, who.name)
            if is_chief(before) and not is_chief(who):
                _keep_a_chief(connection, who.name)
            values = {"role": who.role.value, "place": who.place, "person": who.person}
            connection.execute(update(users).where(users.c.id == before.id).values(values))
            tell(connection, "user.changed", now, by, user=who.name, **values)

    def set_password(
        self, name: str, password: str, *, now: Instant, by: str | None = None, spare: str | None = None
    ) -> None:
        """Also ends the user's sessions, but for the one whose text is ``spare``. Raises NotFound."""
        hashed = self._hasher.hash(password)
        with self._database.write() as connection:
            user = _locked(connection, name)
            connection.execute(update(users).where(users.c.id == user.id).values(password=hashed))
            others = sessions.c.hash != _hash(spare or "")
            connection.execute(delete(sessions).where(sessions.c.user == user.id, others))
            tell(connection, "user.password", now, by, user=name)

    def end_sessions(self, name: str, *, now: Instant, by: str) -> int:
        """Signs a user out everywhere; of how many browsers. Raises NotFound."""
        with self._database.write() as connection:
            user = _locked(connection, name)
            ended = connection.execute(delete(sessions).where(sessions.c.user == user.id)).rowcount
            tell(connection, "user.signed_out", now, by, user=name, sessions=ended)
        return ended

    def remove(self, name: str, now: Instant, *, by: str | None = None) -> None:
        """Ends a user and its sessions; its acts stay under its name. Raises NotFound, and Conflict for the last
        administrator of the whole site."""
        with self._database.write() as connection:
            user = _locked(connection, name)
            if is_chief(user):
                _keep_a_chief(connection, name)
            connection.execute(update(users).where(users.c.id == user.id).values(removed_at=now))
            connection.execute(delete(sessions).where(sessions.c.user == user.id))
            tell(connection, "user.removed", now, by, user=name)

    def live(self) -> list[Principal]:
        """Every user, by name."""
        statement = select(users).where(users.c.removed_at.is_(None)).order_by(users.c.name)
        with self._database.read() as connection:
            return [_principal(row._mapping) for row in connection.execute(statement)]

    def accounts(self, now: Instant) -> list[Account]:
        """Every user with its sessions, by name."""
        counted = (
            select(sessions.c.user, func.count().label("count"), func.max(sessions.c.created_at).label("newest"))
            .where(sessions.c.expires_at > now)
            .group_by(sessions.c.user)
            .subquery()
        )
        statement = (
            select(users, counted.c.count, counted.c.newest)
            .outerjoin(counted, counted.c.user == users.c.id)
            .where(users.c.removed_at.is_(None))
            .order_by(users.c.name)
        )
        with self._database.read() as connection:
            return [
                Account(
                    who=_principal(row),
                    created_at=row["created_at"],
                    sessions=row["count"] or 0,
                    signed_in_at=row["newest"],
                )
                for row in connection.execute(statement).mappings()
            ]

    def is_password(self, name: str, password: str) -> bool:
        """As slow as signing in, and the same where there is no such user."""
        statement = select(users.c.password).where(users.c.name == name, users.c.removed_at.is_(None))
        with self._database.read() as connection:
            kept = connection.execute(statement).scalar()
        with _ONE_AT_A_TIME:
            right = self._verify(kept or self._nobody, password)
        return right and kept is not None

    def sign_in(self, name: str, password: str, now: Instant) -> str | None:
        """A new session's text; None where name or password is wrong, after the same time either way."""
        statement = select(users.c.id, users.c.password).where(users.c.name == name, users.c.removed_at.is_(None))
        with self._database.read() as connection:
            found = connection.execute(statement).first()
        with _ONE_AT_A_TIME:
            right = self._verify(found.password if found else self._nobody, password)
        if found is None or not right:
            return None
        text = secrets.token_urlsafe(32)
        row = {"hash": _hash(text), "user": found.id, "created_at": now, "expires_at": now + SESSION_FOR}
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
            connection.execute(insert(sessions), row)
        return text

    def find(self, text: str, now: Instant) -> Principal | None:
        """Whose session this is, None for one unknown, ended or expired."""
        statement = (
            select(users, sessions.c.expires_at)
            .join(sessions, sessions.c.user == users.c.id)
            .where(sessions.c.hash == _hash(text), sessions.c.expires_at > now, users.c.removed_at.is_(None))
        )
        with self._database.read() as connection:
            found = connection.execute(statement).first()
        if found is None:
            return None
        if found.expires_at - now < RENEWED_BEFORE:
            renewed = update(sessions).where(sessions.c.hash == _hash(text)).values(expires_at=now + SESSION_FOR)
            with self._database.write() as connection:
                connection.execute(renewed)
        return _principal(found._mapping)

    def sign_out(self, text: str) -> None:
        """Ends one session; one that is not there is no error."""
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.hash == _hash(text)))

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def _locked(connection: Connection, name: str) -> Principal:
    """The user, kept from others until the end of the transaction. Raises NotFound."""
    statement = select(users).where(users.c.name == name, users.c.removed_at.is_(None)).with_for_update()
    row = connection.execute(statement).mappings().first()
    if row is None:
        raise NotFound(f"there is no user {name}")
    return _principal(row)


def _keep_a_chief(connection: Connection, name: str) -> None:
    """Raises Conflict where ``name`` is the last administrator of the whole site. Locks them all: two who end each
    other at once must not both succeed."""
    chiefs = select(users.c.name).where(
        users.c.role == Role.ADMIN.value, users.c.place.is_(None), users.c.removed_at.is_(None)
    )
    if all(one == name for one in connection.execute(chiefs.order_by(users.c.name).with_for_update()).scalars()):
        raise Conflict(f"{name} is the last administrator of the whole site; make another one first")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _principal(row: RowMapping) -> Principal:
    return Principal(id=row["id"], name=row["name"], role=Role(row["role"]), place=row["place"], person=row["person"])
