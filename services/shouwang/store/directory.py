"""The directory: everything that people configure, as versioned rows under one revision number.

A change writes its rows in small transactions under the next revision, where no reader looks yet, then switches the
revision by one row. Readers at the old revision see the old rows to the end; a change that died half-way is swept away
by the next one. Large or small, a change is all or nothing, and never holds the writer for long.
"""

import threading
from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from shouwang.domain.community import Community, identity
from shouwang.domain.duty import Group, Person, PostHolder, SiteFacts, Zone
from shouwang.domain.errors import Conflict
from shouwang.domain.escalation import Policy
from shouwang.domain.household import Household
from shouwang.domain.patrol import Patrol
from shouwang.domain.place import Device, Place
from shouwang.domain.roster import Roster, Swap
from shouwang.domain.rule import RuleText
from shouwang.domain.shift import Calendar
from shouwang.domain.vocabulary import MINUTE, DeviceId, Instant, PersonId, Value

from .database import Database
from .tables import directory, meta

REVISION = "directory.revision"
STAGING = "directory.staging"
STAGING_TERM = 2 * MINUTE
"""After this long without a step a staged change counts as dead, and another may begin."""

ROWS_A_STEP = 200
"""Rows of one staging transaction: at most 5 ms of the one writer (docs/decisions)."""


class _Ordered(Value, frozen=True):
    """A policy with its place in the order of matching."""

    position: int
    policy: Policy


class SqlDirectory:
    """``ports.Directory``."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], Instant],
        *,
        fallback: str | None = None,
        calendar: Callable[[SiteFacts], Calendar] | None = None,
    ) -> None:
        """``fallback``: the person who answers where the directory's own site names nobody. ``calendar``: public
        holidays as a site observes them. Neither is kept in it."""
        self._database = database
        self._now = now
        self._fallback = PersonId(fallback) if fallback else None
        self._calendar = calendar
        self._mutex = threading.Lock()
        self._known: Community | None = None

    def revision(self) -> int:
        found = self._database.look(_META, {"wanted": REVISION})
        return int(found[0][0]) if found else 0

    def community(self) -> Community:
        known = self._known
        if known is not None and known.revision == self.revision():
            return known
        with self._mutex:
            with self._database.read() as connection:
                revision = _number(connection, REVISION)
                if self._known is None or self._known.revision != revision:
                    self._known = self._completed(_load(connection, revision))
            return self._known

    def community_at(self, at: Instant) -> Community:
        with self._database.read() as connection:
            present = _number(connection, REVISION)
            found = connection.execute(_REVISION_AT, {"present": present, "moment": at}).scalar()
            return self._completed(_load(connection, found or 0))

    def change(
        self,
        put: Sequence[object],
        remove: Sequence[tuple[str, str]] = (),
        order: Sequence[str] | None = None,
        *,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> int:
        """``progress``: rows staged, of how many."""
        revision = self._begin()
        policies = {policy.id: policy for policy in self.community().policies}
        positions = {id: place for place, id in enumerate(policies if order is None else order)}
        if order is not None:
            # A position is part of a policy's row, so every row that stays is written under its new one.
            named = {identity(value) for value in put} | set(remove)
            put = [*put, *(policy for id, policy in policies.items() if ("policy", id) not in named)]
        rows = [_row(value, revision, self._now(), positions) for value in put]
        if remove and not rows:
            rows = [_moment_of(revision, self._now())]
        for start in range(0, len(rows), ROWS_A_STEP):
            step = rows[start : start + ROWS_A_STEP]
            self._stage([(str(row["kind"]), str(row["id"])) for row in step], step, revision)
            progress(start + len(step), len(rows) + len(remove))
        for start in range(0, len(remove), ROWS_A_STEP):
            self._stage(remove[start : start + ROWS_A_STEP], [], revision)
            progress(len(rows) + min(start + ROWS_A_STEP, len(remove)), len(rows) + len(remove))
        with self._database.write() as connection:
            _keep(self._database, connection, REVISION, str(revision))
            connection.execute(delete(meta).where(meta.c.key == STAGING))
        return revision

    def _completed(self, community: Community) -> Community:
        if self._calendar is not None:
            community = msgspec.structs.replace(community, calendar=self._calendar(community.site))
        if self._fallback is None or community.site.fallback is not None:
            return community
        site = msgspec.structs.replace(community.site, fallback=self._fallback)
        return msgspec.structs.replace(community, site=site)

    def _begin(self) -> int:
        with self._database.write() as connection:
            staged = connection.execute(select(meta.c.value).where(meta.c.key == STAGING).with_for_update()).scalar()
            if staged is not None and int(staged) + STAGING_TERM > self._now():
                raise Conflict(
                    "another change of the directory is being applied; nothing was changed, try again shortly"
                )
            _keep(self._database, connection, STAGING, str(self._now()))
            revision = _number(connection, REVISION)
            connection.execute(delete(directory).where(directory.c.since > revision))
            connection.execute(update(directory).where(directory.c.until > revision).values(until=None))
            return revision + 1

    def _stage(self, ended: Sequence[tuple[str, str]], rows: Sequence[dict[str, object]], revision: int) -> None:
        with self._database.write() as connection:
            connection.execute(
                _END, [{"ended_kind": kind, "ended_id": id, "at_revision": revision} for kind, id in ended]
            )
            if rows:
                connection.execute(insert(directory), rows)
            _keep(self._database, connection, STAGING, str(self._now()))


def _row(value: object, revision: int, at: Instant, positions: dict[str, int]) -> dict[str, object]:
    kind, id = identity(value)
    kept = value
    if isinstance(value, Policy):
        kept = _Ordered(positions.setdefault(value.id, len(positions)), value)
    body = msgspec.json.encode(kept).decode()
    return {"kind": kind, "id": id, "since": revision, "until": None, "at": at, "body": body}


def _moment_of(revision: int, at: Instant) -> dict[str, object]:
    """A row that nothing ever reads but ``_REVISION_AT``: when a change was that only ended things, and so has no row
    of its own to say it."""
    return {"kind": "moment", "id": str(revision), "since": revision, "until": revision, "at": at, "body": "{}"}


def _load(connection: Connection, revision: int) -> Community:
    places, people, zones, rosters, devices, rules = {}, {}, {}, {}, {}, {}
    households, swaps, patrols, groups = {}, {}, {}, {}
    posts: list[PostHolder] = []
    policies: list[_Ordered] = []
    site = SiteFacts()
    for row in connection.execute(_AT_REVISION, {"revision": revision}):
        body = row.body
        match row.kind:
            case "place":
                place = msgspec.json.decode(body, type=Place)
                places[place.id] = place
            case "person":
                person = msgspec.json.decode(body, type=Person)
                people[PersonId(person.id)] = person
            case "post":
                posts.append(msgspec.json.decode(body, type=PostHolder))
            case "zone":
                zones[row.id] = msgspec.json.decode(body, type=Zone)
            case "roster":
                rosters[row.id] = msgspec.json.decode(body, type=Roster)
            case "group":
                groups[row.id] = msgspec.json.decode(body, type=Group)
            case "policy":
                policies.append(msgspec.json.decode(body, type=_Ordered))
            case "device":
                device = msgspec.json.decode(body, type=Device)
                devices[device.id] = device
            case "household":
                household = msgspec.json.decode(body, type=Household)
                households[household.place] = household
            case "patrol":
                patrols[row.id] = msgspec.json.decode(body, type=Patrol)
            case "swap":
                swaps[row.id] = msgspec.json.decode(body, type=Swap)
            case "rule":
                rules[row.id] = msgspec.json.decode(body, type=RuleText)
            case "site":
                site = msgspec.json.decode(body, type=SiteFacts)
    first = {DeviceId(row.id): row.at for row in connection.execute(_FIRST_SEEN)}
    registered = {device: first[device] for device in devices}
    return Community(
        revision=revision,
        site=site,
        places=places,
        people=people,
        posts=tuple(posts),
        zones=zones,
        rosters=rosters,
        groups=groups,
        policies=tuple(one.policy for one in sorted(policies, key=lambda one: one.position)),
        devices=devices,
        rules=rules,
        registered_at=registered,
        households=households,
        patrols=patrols,
        swaps=swaps,
    )


def _number(connection: Connection, key: str) -> int:
    value = connection.execute(_META, {"wanted": key}).scalar()
    return int(value) if value is not None else 0


def _keep(database: Database, connection: Connection, key: str, value: str) -> None:
    connection.execute(database.upsert(meta, "key"), {"key": key, "value": value.encode()})


_META = select(meta.c.value).where(meta.c.key == bindparam("wanted"))
_AT_REVISION = (
    select(directory.c.kind, directory.c.id, directory.c.body)
    .where(
        directory.c.since <= bindparam("revision"),
        or_(directory.c.until.is_(None), directory.c.until > bindparam("revision")),
    )
    .order_by(directory.c.seq)
)
_REVISION_AT = select(func.max(directory.c.since)).where(
    directory.c.since <= bindparam("present"), directory.c.at <= bindparam("moment")
)
_FIRST_SEEN = (
    select(directory.c.id, directory.c.at).where(directory.c.kind == "device").order_by(directory.c.seq.desc())
)
_END = (
    update(directory)
    .where(
        directory.c.kind == bindparam("ended_kind"),
        directory.c.id == bindparam("ended_id"),
        directory.c.until.is_(None),
        directory.c.since < bindparam("at_revision"),
    )
    .values(until=bindparam("at_revision"))
)
