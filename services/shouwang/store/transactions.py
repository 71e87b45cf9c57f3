"""A transaction open for deciding: alerts, incidents, notices, deliveries, orders, journal."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import msgspec
from sqlalchemy import Connection, RowMapping, bindparam, insert, literal, select, update

from shouwang.domain.alert import Alert, AlertState
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery, DeliveryState, Notice, notice_rank
from shouwang.domain.suppression import Hold
from shouwang.domain.vocabulary import AlertId, DeviceId, IncidentId, Instant, NoticeId
from shouwang.ports import Announcement, Holder, Order

from .database import Database
from .tables import alerts, announcements, deliveries, holds, incidents, journal, links, notices, orders, rereads

_ENDED = (IncidentState.RESOLVED.value, IncidentState.CLOSED.value)


class SqlTransaction:
    """``ports.Transaction`` on one connection. Writes go out as they are made, so that later reads see them; journal
    entries and announcements, which nobody reads inside the transaction, go out together at its end."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection
        self._hand = database.statements.on(connection)
        self._entries: list[Entry] = []
        self._announcements: list[dict[str, object]] = []
        self._holds: list[Hold] | None = None

    def alert(self, id: AlertId) -> Alert | None:
        body = self._hand.value(_ALERT, {"id": id})
        return msgspec.json.decode(body, type=Alert) if body else None

    def open_alert(self, rule: str, subject: str) -> Alert | None:
        body = self._hand.value(_OPEN_ALERT, {"rule": rule, "subject": subject})
        return msgspec.json.decode(body, type=Alert) if body else None

    def open_alerts_of(self, device: DeviceId) -> list[Alert]:
        found = self._hand.rows(_OPEN_ALERTS_OF, {"device": device})
        return [msgspec.json.decode(body, type=Alert) for (body,) in found]

    def alerts_of(self, incident: IncidentId) -> list[Alert]:
        found = self._hand.rows(_ALERTS_OF, {"incident": incident})
        return [msgspec.json.decode(body, type=Alert) for (body,) in found]

    def newest_alert(self, rule: str, subject: str) -> Alert | None:
        body = self._hand.value(_NEWEST_ALERT, {"rule": rule, "subject": subject})
        return msgspec.json.decode(body, type=Alert) if body else None

    def alerts_held_by(self, id: str, limit: int) -> list[Alert]:
        found = self._hand.rows(_HELD_BY, {"held": id, "most": limit})
        return [msgspec.json.decode(body, type=Alert) for (body,) in found]

    def holds(self) -> list[Hold]:
        if self._holds is None:
            self._holds = [msgspec.json.decode(body, type=Hold) for (body,) in self._hand.rows(_HOLDS, {})]
        return self._holds

    def hold(self, id: str) -> Hold | None:
        body = self._hand.value(_HOLD, {"id": id})
        return msgspec.json.decode(body, type=Hold) if body else None

    def keep_hold(self, hold: Hold, due_at: Instant | None) -> None:
        self._holds = None
        self._hand.run(self._database.upsert(holds, "id"), hold_row(hold, due_at))

    def heard_behind(self, devices: Collection[DeviceId]) -> Mapping[DeviceId, str]:
        return links_of(self._connection, devices)

    def raised_since(self, device: DeviceId, since: Instant) -> list[Entry]:
        found = self._connection.execute(_RAISED_SINCE, {"device": device, "since": since}).mappings()
        return [entry_from(row) for row in found]

    def incident(self, id: IncidentId) -> Incident | None:
        body = self._hand.value(_INCIDENT, {"id": id})
        return msgspec.json.decode(body, type=Incident) if body else None

    def open_incident(self, group: str, resolved_after: Instant) -> Incident | None:
        body = self._hand.value(_OPEN_INCIDENT, {"group": group, "after": resolved_after})
        return msgspec.json.decode(body, type=Incident) if body else None

    def told(self, incident: IncidentId) -> list[tuple[str, str]]:
        return [(person, state) for person, state in self._hand.rows(_TOLD, {"incident": incident})]

    def deliveries_of(self, incident: IncidentId) -> list[Delivery]:
        found = self._hand.rows(_DELIVERIES_OF, {"incident": incident})
        return [msgspec.json.decode(body, type=Delivery) for (body,) in found]

    def keep_alert(self, alert: Alert) -> None:
        self._hand.run(self._database.upsert(alerts, "id"), alert_row(alert))

    def keep_incident(self, incident: Incident) -> None:
        self._hand.run(self._database.upsert(incidents, "id"), incident_row(incident))

    def keep_delivery(self, delivery: Delivery) -> None:
        # A lease is the database's own business: a delivery that is leased when kept belongs to the caller's holder.
        self._hand.run(self._database.upsert(deliveries, "key"), delivery_row(delivery))

    def make_notice(self, notice: Notice) -> None:
        row = {
            "id": notice.id,
            "incident": notice.incident,
            "rank": notice_rank(notice.why),
            "created_at": notice.created_at,
            "expanded_at": None,
            "body": _text(notice),
        }
        self._hand.run(self._database.insert_once(notices, "id"), row)

    def expanded(self, notice: NoticeId, at: Instant) -> bool:
        return self._hand.run(_EXPAND, {"notice": notice, "at": at}) == 1

    def cancel_deliveries(self, incident: IncidentId, at: Instant) -> int:
        waiting = (DeliveryState.QUEUED, DeliveryState.UNREACHABLE)
        cancelled = [
            msgspec.structs.replace(delivery, state=DeliveryState.CANCELLED)
            for delivery in self.deliveries_of(incident)
            if delivery.state in waiting
        ]
        for delivery in cancelled:
            self.keep_delivery(delivery)
        return len(cancelled)

    def announce(self, announcement: Announcement) -> None:
        self._announcements.append(
            {"topic": announcement.topic, "payload": announcement.payload, "retain": announcement.retain}
        )

    def order(self, order: Order) -> None:
        self._hand.run(_ORDER, {"body": _text(order)})

    def read_again(self, address: str, topic: str, at: Instant) -> None:
        self._connection.execute(insert(rereads), {"address": address, "topic": topic, "at": at})

    def record(self, entry: Entry) -> None:
        self._entries.append(entry)

    def flush(self) -> None:
        """Sends out what waits for the end of the transaction."""
        if self._entries:
            self._hand.run_all(_RECORD, [entry_row(entry) for entry in self._entries])
            self._entries = []
        if self._announcements:
            self._hand.run_all(_ANNOUNCE, self._announcements)
            self._announcements = []


def links_of(connection: Connection, devices: Collection[DeviceId]) -> dict[DeviceId, str]:
    """Behind which gateway's address each of these devices was heard."""
    found: dict[DeviceId, str] = {}
    names = list(devices)
    for start in range(0, len(names), 500):
        for device, gateway in connection.execute(_LINKS, {"devices": names[start : start + 500]}):
            found[DeviceId(device)] = gateway
    return found


class SqlCasebook:
    """``ports.Casebook``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def change(self) -> Iterator[SqlTransaction]:
        with self._database.write(cases=True) as connection:
            transaction = SqlTransaction(self._database, connection)
            yield transaction
            transaction.flush()

    def incidents_due(self, now: Instant, limit: int) -> list[IncidentId]:
        return [IncidentId(id) for (id,) in self._database.look(_INCIDENTS_DUE, {"now": now, "most": limit})]

    def live_incidents(self, after: IncidentId | None, limit: int) -> list[IncidentId]:
        with self._database.read() as connection:
            found = connection.execute(_LIVE.limit(limit), {"after": after or ""}).scalars()
            return [IncidentId(id) for id in found]

    def holds_due(self, now: Instant, limit: int) -> list[str]:
        return [id for (id,) in self._database.look(_HOLDS_DUE, {"now": now, "most": limit})]

    def untried(self, limit: int) -> list[str]:
        return [id for (id,) in self._database.look(_UNTRIED, {"most": limit})]

    def holders(self, after: str, limit: int) -> list[Holder]:
        return [
            Holder(
                id,
                msgspec.json.decode(hold, type=Hold) if hold else None,
                msgspec.json.decode(alert, type=Alert) if alert else None,
            )
            for id, hold, alert in self._database.look(_HOLDERS, {"after": after, "most": limit})
        ]


def alert_row(alert: Alert) -> Mapping[str, object]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "subject": alert.subject,
        "state": alert.state.value,
        "severity": alert.severity.rank,
        "klass": alert.klass.value,
        "device": alert.device,
        "place": alert.place,
        "incident": alert.incident,
        "raised_at": alert.raised_at,
        "held": alert.held_by or alert.under,
        "body": _text(alert),
    }


def hold_row(hold: Hold, due_at: Instant | None) -> Mapping[str, object]:
    return {
        "id": hold.id,
        "kind": hold.kind.value,
        "state": "on" if hold.ended_at is None else "untried" if hold.untried else "ended",
        "made_at": hold.made_at,
        "due_at": due_at,
        "body": _text(hold),
    }


def incident_row(incident: Incident) -> Mapping[str, object]:
    return {
        "id": incident.id,
        "group_key": incident.group,
        "state": incident.state.value,
        "severity": incident.severity.rank,
        "place": incident.place,
        "zone": incident.zone,
        "opened_at": incident.opened_at,
        "resolved_at": incident.resolved_at,
        "next_step_at": incident.next_step_at,
        "body": _text(incident),
    }


def delivery_row(delivery: Delivery) -> dict[str, object]:
    return {
        "key": delivery.key,
        "notice": delivery.notice,
        "incident": delivery.incident,
        "person": delivery.person,
        "state": delivery.state.value,
        "rank": notice_rank(delivery.why),
        "created_at": delivery.created_at,
        "due_at": delivery.due_at,
        "lease_holder": delivery.lease_holder,
        "lease_until": delivery.lease_until,
        "body": _text(delivery),
    }


def entry_row(entry: Entry) -> Mapping[str, object]:
    return {
        "at": entry.at,
        "kind": entry.kind,
        "actor": entry.actor,
        "incident": entry.incident,
        "alert": entry.alert,
        "device": entry.device,
        "place": entry.place,
        "body": _text(entry.body),
    }


def entry_from(row: RowMapping) -> Entry:
    return Entry(
        seq=row["seq"],
        at=row["at"],
        kind=row["kind"],
        actor=row["actor"],
        incident=row["incident"],
        alert=row["alert"],
        device=row["device"],
        place=row["place"],
        body=msgspec.json.decode(row["body"]),
    )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


_ALERT = select(alerts.c.body).where(alerts.c.id == bindparam("id"))
_OPEN_ALERT = select(alerts.c.body).where(
    alerts.c.rule == bindparam("rule"),
    alerts.c.subject == bindparam("subject"),
    # written out, as the index has it: with a parameter SQLite would plan the statement anew at every run
    alerts.c.state != literal(AlertState.NORMAL.value, literal_execute=True),
)
_OPEN_ALERTS_OF = (
    select(alerts.c.body)
    .where(
        alerts.c.device == bindparam("device"),
        alerts.c.state != literal(AlertState.NORMAL.value, literal_execute=True),
    )
    .order_by(alerts.c.raised_at)
)
_ALERTS_OF = select(alerts.c.body).where(alerts.c.incident == bindparam("incident")).order_by(alerts.c.raised_at)
_NEWEST_ALERT = (
    select(alerts.c.body)
    .where(alerts.c.rule == bindparam("rule"), alerts.c.subject == bindparam("subject"))
    .order_by(alerts.c.raised_at.desc())
    .limit(1)
)
_HELD_BY = select(alerts.c.body).where(alerts.c.held == bindparam("held")).limit(bindparam("most"))
# written out, as the partial indexes have it
_HOLDS = (
    select(holds.c.body)
    .where(
        holds.c.state == literal("on", literal_execute=True), holds.c.state != literal("ended", literal_execute=True)
    )
    .order_by(holds.c.made_at)
)
_LINKS = select(links.c.device, links.c.gateway).where(links.c.device.in_(bindparam("devices", expanding=True)))
_HOLD = select(holds.c.body).where(holds.c.id == bindparam("id"))
_HOLDS_DUE = (
    select(holds.c.id)
    .where(holds.c.due_at.is_not(None), holds.c.due_at <= bindparam("now"))
    .order_by(holds.c.due_at)
    .limit(bindparam("most"))
)
_UNTRIED = (
    select(holds.c.id)
    .where(
        holds.c.state == literal("untried", literal_execute=True),
        holds.c.state != literal("ended", literal_execute=True),
    )
    .limit(bindparam("most"))
)
_HELD = (
    select(alerts.c.held)
    .where(alerts.c.held != literal("", literal_execute=True), alerts.c.held > bindparam("after"))
    .distinct()
    .order_by(alerts.c.held)
    .limit(bindparam("most"))
    .subquery()
)
_HOLDER = alerts.alias("holder")
_HOLDERS = (
    select(_HELD.c.held, holds.c.body, _HOLDER.c.body)
    .select_from(_HELD)
    .outerjoin(holds, holds.c.id == _HELD.c.held)
    .outerjoin(_HOLDER, _HOLDER.c.id == _HELD.c.held)
    .order_by(_HELD.c.held)
)
_RAISED_SINCE = (
    select(journal)
    .where(
        journal.c.device == bindparam("device"),
        journal.c.at >= bindparam("since"),
        journal.c.kind.in_(("alert.raised", "alert.repeated")),
    )
    .order_by(journal.c.seq)
)
_INCIDENT = select(incidents.c.body).where(incidents.c.id == bindparam("id"))
_OPEN_INCIDENT = (
    select(incidents.c.body)
    .where(
        incidents.c.group_key == bindparam("group"),
        incidents.c.state.not_in(_ENDED) | (incidents.c.resolved_at > bindparam("after")),
        incidents.c.state != IncidentState.CLOSED.value,
    )
    .order_by(incidents.c.opened_at.desc())
    .limit(1)
)
_TOLD = (
    select(deliveries.c.person, deliveries.c.state)
    .where(deliveries.c.incident == bindparam("incident"))
    .order_by(deliveries.c.created_at)
)
_DELIVERIES_OF = (
    select(deliveries.c.body).where(deliveries.c.incident == bindparam("incident")).order_by(deliveries.c.created_at)
)
_EXPAND = (
    update(notices)
    .where(notices.c.id == bindparam("notice"), notices.c.expanded_at.is_(None))
    .values(expanded_at=bindparam("at"))
)
# Inline: a number that is given out is not asked for.
_RECORD = insert(journal).inline()
_ANNOUNCE = insert(announcements).inline()
_ORDER = insert(orders).inline()
_LIVE = (
    select(incidents.c.id)
    .where(incidents.c.state.not_in(_ENDED), incidents.c.id > bindparam("after"))
    .order_by(incidents.c.id)
)
_INCIDENTS_DUE = (
    select(incidents.c.id)
    .where(incidents.c.next_step_at <= bindparam("now"))
    .order_by(incidents.c.next_step_at)
    .limit(bindparam("most"))
)
