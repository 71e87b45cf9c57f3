"""Work for dispatch and for the broker: notices, deliveries under lease, announcements."""

from collections.abc import Callable, Collection

import msgspec
from sqlalchemy import bindparam, delete, func, literal, or_, select

from shouwang.domain.alert import Alert, AlertState
from shouwang.domain.delivery import given_back
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.notice import Delivery, DeliveryEvent, DeliveryState, Notice, move_delivery
from shouwang.domain.vocabulary import DeliveryKey, Instant
from shouwang.ports import Announcement

from .database import Database
from .rows import delivery_row
from .tables import alerts, announcements, deliveries, incidents, notices

_WAITING = [DeliveryState.QUEUED.value, DeliveryState.UNREACHABLE.value]
IS_WAITING = deliveries.c.state.in_(bindparam("waiting", _WAITING, expanding=True, literal_execute=True))
"""Written out, as the index ``deliveries_due`` has it: with parameters in the list SQLite would read every delivery
there ever was, for each alarm and twice a second."""


class SqlOutbox:
    """``ports.Outbox``."""

    def __init__(self, database: Database, reach: Callable[[str], None] = lambda _point: None) -> None:
        self._database = database
        self._reach = reach

    def notices(self, limit: int) -> list[Notice]:
        found = self._database.look(_NOTICES, {"most": limit})
        return [msgspec.json.decode(body, type=Notice) for (body,) in found]

    def lease(self, holder: str, now: Instant, until: Instant, limit: int) -> list[Delivery]:
        if not self._database.look(_DUE, {"now": now, "most": 1}):
            return []
        with self._database.write() as connection:
            hand = self._database.statements.on(connection)
            due = hand.rows(_DUE_TO_TAKE, {"now": now, "most": limit})
            leased = [
                msgspec.structs.replace(
                    delivery,
                    state=move_delivery(delivery.state, DeliveryEvent.LEASE),
                    lease_holder=holder,
                    lease_until=until,
                )
                for delivery in (msgspec.json.decode(body, type=Delivery) for (body,) in due)
            ]
            hand.run_all(self._database.upsert(deliveries, "key"), [delivery_row(one) for one in leased])
            self._reach("dispatch.lease.before_commit")
        self._reach("dispatch.lease.committed")
        return leased

    def reclaim(self, now: Instant, is_alive: Callable[[str], bool | None] | None = None) -> int:
        with self._database.read() as connection:
            holders = connection.execute(_HOLDERS).scalars().all() if is_alive else []
            gone = {"now": now, "gone": [holder for holder in holders if is_alive and is_alive(holder) is False]}
            if connection.execute(_DEAD.limit(1), gone).first() is None:
                return 0
        with self._database.write() as connection:
            dead = connection.execute(_DEAD.limit(200).with_for_update(skip_locked=True), gone).scalars()
            back = [given_back(msgspec.json.decode(body, type=Delivery)) for body in dead]
            if back:
                connection.execute(self._database.upsert(deliveries, "key"), [delivery_row(one) for one in back])
            self._reach("leases.before_commit")
        self._reach("leases.reclaimed")
        return len(back)

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        with self._database.read() as connection:
            body = connection.execute(select(deliveries.c.body).where(deliveries.c.key == key)).scalar()
        return msgspec.json.decode(body, type=Delivery) if body else None

    def standing(self, key: DeliveryKey) -> tuple[Delivery, Incident] | None:
        for delivery, incident in self._database.look(_STANDING, {"key": key}):
            return msgspec.json.decode(delivery, type=Delivery), msgspec.json.decode(incident, type=Incident)
        return None

    def oldest_waiting(self) -> Instant | None:
        with self._database.read() as connection:
            return connection.execute(
                select(func.min(notices.c.created_at)).where(notices.c.expanded_at.is_(None))
            ).scalar()


class SqlAnnouncements:
    """``ports.Announcements``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, after: int, limit: int) -> list[Announcement]:
        found = self._database.look(_ANNOUNCED, {"after": after, "most": limit})
        return [
            Announcement(seq=seq, topic=topic, payload=payload, retain=bool(retain))
            for seq, topic, payload, retain in found
        ]

    def settle(self, seqs: Collection[int]) -> None:
        with self._database.write() as connection:
            connection.execute(_SETTLED, {"seqs": list(seqs)})

    def open_alerts(self, after: str, limit: int) -> list[Alert]:
        with self._database.read() as connection:
            found = connection.execute(_OPEN_ALERTS.limit(limit), {"after": after}).scalars()
            return [msgspec.json.decode(body, type=Alert) for body in found]

    def live_incidents(self, after: str, limit: int) -> list[Incident]:
        with self._database.read() as connection:
            found = connection.execute(_LIVE_INCIDENTS.limit(limit), {"after": after}).scalars()
            return [msgspec.json.decode(body, type=Incident) for body in found]


_NOTICES = (
    select(notices.c.body)
    .where(notices.c.expanded_at.is_(None))
    .order_by(notices.c.rank, notices.c.created_at)
    .limit(bindparam("most"))
)
_DUE = (
    select(deliveries.c.body)
    .where(IS_WAITING, deliveries.c.due_at <= bindparam("now"))
    .order_by(deliveries.c.rank, deliveries.c.due_at)
    .limit(bindparam("most"))
)
_DUE_TO_TAKE = _DUE.with_for_update(skip_locked=True)
_STANDING = (
    select(deliveries.c.body, incidents.c.body)
    .join(incidents, incidents.c.id == deliveries.c.incident)
    .where(deliveries.c.key == bindparam("key"))
)
_ANNOUNCED = (
    select(announcements.c.seq, announcements.c.topic, announcements.c.payload, announcements.c.retain)
    .where(announcements.c.seq > bindparam("after"))
    .order_by(announcements.c.seq)
    .limit(bindparam("most"))
)
_LEASED = deliveries.c.state == literal(DeliveryState.LEASED.value, literal_execute=True)
_DEAD = select(deliveries.c.body).where(
    _LEASED,
    or_(deliveries.c.lease_until <= bindparam("now"), deliveries.c.lease_holder.in_(bindparam("gone", expanding=True))),
)
_HOLDERS = select(deliveries.c.lease_holder).where(_LEASED).distinct()
_SETTLED = delete(announcements).where(announcements.c.seq.in_(bindparam("seqs", expanding=True)))
_OPEN_ALERTS = (
    select(alerts.c.body)
    .where(alerts.c.state != AlertState.NORMAL.value, alerts.c.id > bindparam("after"))
    .order_by(alerts.c.id)
)
_LIVE_INCIDENTS = (
    select(incidents.c.body)
    .where(
        incidents.c.state.not_in((IncidentState.RESOLVED.value, IncidentState.CLOSED.value)),
        incidents.c.id > bindparam("after"),
    )
    .order_by(incidents.c.id)
)
