"""A transaction open for deciding: alerts, incidents, notices, deliveries, orders, journal."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from sqlalchemy import Connection, bindparam, insert, literal, select

from shouwang.domain.alert import Alert, AlertState
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery, DeliveryState, Notice
from shouwang.domain.suppression import Hold
from shouwang.domain.vocabulary import AlertId, DeviceId, IncidentId, Instant, NoticeId, PlaceId
from shouwang.ports import Announcement, Holder, Order

from .database import Database
from .rows import as_text, entry_from, hold_row
from .statements import Row
from .tables import alerts, deliveries, holds, incidents, journal, links, notices, orders, rereads
from .unsent import EXPAND, Unsent

_ENDED = (IncidentState.RESOLVED.value, IncidentState.CLOSED.value)


class SqlTransaction:
    """``ports.Transaction`` on one connection. What is kept waits in memory (``Unsent``) until something is asked that
    it concerns, or until the end: an alarm's rows go out together, and not one by one."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection
        self._hand = database.statements.on(connection)
        self._unsent = Unsent(database, self._hand)
        self._open: dict[DeviceId, list[Alert]] = {}
        self._going_on: dict[tuple[str, Instant], Incident | None] = {}
        self._unexpanded: set[NoticeId] = set()
        self._holds: list[Hold] | None = None

    def alert(self, id: AlertId) -> Alert | None:
        return self.alerts([id]).get(id)

    def alerts(self, ids: Collection[AlertId]) -> Mapping[AlertId, Alert]:
        known = {id: self._unsent.alerts[id] for id in ids if id in self._unsent.alerts}
        asked = [{"id": id} for id in ids if id not in known]
        for found in self._hand.rows_of_each(_ALERT, asked):
            known.update((one.id, one) for one in _alerts(found))
        return known

    def open_alert(self, rule: str, subject: str) -> Alert | None:
        if (foreseen := self._open.get(DeviceId(subject))) is not None:
            return next((one for one in foreseen if (one.rule, one.subject) == (rule, subject)), None)
        if self._unsent.has_alerts(lambda one: one.rule == rule and one.subject == subject):
            self._unsent.send()
        body = self._hand.value(_OPEN_ALERT, {"rule": rule, "subject": subject})
        return msgspec.json.decode(body, type=Alert) if body else None

    def open_alerts_of(self, device: DeviceId) -> list[Alert]:
        if device not in self._open:
            self._look_for_alerts([device])
        return self._open[device]

    def foresee(self, devices: Collection[DeviceId], groups: Collection[str], resolved_after: Instant) -> None:
        self._look_for_alerts(devices)
        self._look_for_incidents(groups, resolved_after)

    def _look_for_alerts(self, devices: Collection[DeviceId]) -> None:
        if self._unsent.has_alerts(lambda one: one.device in devices):
            self._unsent.send()
        asked = list(dict.fromkeys(devices))
        for device, found in zip(
            asked, self._hand.rows_of_each(_OPEN_ALERTS_OF, [{"device": one} for one in asked]), strict=True
        ):
            self._open[device] = _alerts(found)

    def alerts_of(self, incident: IncidentId) -> list[Alert]:
        self._unsent.send()
        return _alerts(self._hand.rows(_ALERTS_OF, {"incident": incident}))

    def newest_alert(self, rule: str, subject: str) -> Alert | None:
        if self._unsent.has_alerts(lambda one: one.rule == rule and one.subject == subject):
            self._unsent.send()
        body = self._hand.value(_NEWEST_ALERT, {"rule": rule, "subject": subject})
        return msgspec.json.decode(body, type=Alert) if body else None

    def alerts_held_by(self, id: str, limit: int) -> list[Alert]:
        self._unsent.send()
        return _alerts(self._hand.rows(_HELD_BY, {"held": id, "most": limit}))

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

    def entries_of(self, incident: IncidentId, kind: str, actor: str) -> list[Entry]:
        asked = {"incident": incident, "kind": kind, "actor": actor}
        return [entry_from(row) for row in self._connection.execute(_ENTRIES_OF, asked).mappings()]

    def incident(self, id: IncidentId) -> Incident | None:
        return self.incidents([id]).get(id)

    def incidents(self, ids: Collection[IncidentId]) -> Mapping[IncidentId, Incident]:
        known = {id: self._unsent.incidents[id] for id in ids if id in self._unsent.incidents}
        asked = [{"id": id} for id in ids if id not in known]
        for found in self._hand.rows_of_each(_INCIDENT, asked):
            known.update((one.id, one) for one in (msgspec.json.decode(body, type=Incident) for (body,) in found))
        return known

    def open_incident(self, group: str, resolved_after: Instant) -> Incident | None:
        if (group, resolved_after) not in self._going_on:
            self._look_for_incidents([group], resolved_after)
        return self._going_on[group, resolved_after]

    def _look_for_incidents(self, groups: Collection[str], resolved_after: Instant) -> None:
        if any(one.group in groups for one in self._unsent.incidents.values()):
            self._unsent.send()
        asked = list(dict.fromkeys(groups))
        found = self._incidents_of_groups(asked, resolved_after)
        if any(one is not None and one.id in self._unsent.incidents for one in found):  # it was of this group before
            self._unsent.send()
            found = self._incidents_of_groups(asked, resolved_after)
        self._going_on.update(((group, resolved_after), one) for group, one in zip(asked, found, strict=True))

    def _incidents_of_groups(self, groups: Sequence[str], resolved_after: Instant) -> list[Incident | None]:
        asked = [{"group": group, "after": resolved_after} for group in groups]
        return [
            msgspec.json.decode(rows[0][0], type=Incident) if rows else None
            for rows in self._hand.rows_of_each(_OPEN_INCIDENT, asked)
        ]

    def told(self, incident: IncidentId) -> list[tuple[str, str]]:
        if any(one.incident == incident for one in self._unsent.deliveries.values()):
            self._unsent.send()
        return [(person, state) for person, state in self._hand.rows(_TOLD, {"incident": incident})]

    def deliveries_of(self, incident: IncidentId) -> list[Delivery]:
        return self.deliveries_of_each([incident])[incident]

    def deliveries_of_each(self, incidents: Collection[IncidentId]) -> Mapping[IncidentId, list[Delivery]]:
        if any(one.incident in incidents for one in self._unsent.deliveries.values()):
            self._unsent.send()
        asked = list(dict.fromkeys(incidents))
        answers = self._hand.rows_of_each(_DELIVERIES_OF, [{"incident": id} for id in asked])
        return {
            id: [msgspec.json.decode(body, type=Delivery) for (body,) in found]
            for id, found in zip(asked, answers, strict=True)
        }

    def keep_alert(self, alert: Alert) -> None:
        self._unsent.alerts[alert.id] = alert
        if alert.device is not None:
            self._open.pop(alert.device, None)

    def keep_incident(self, incident: Incident) -> None:
        self._unsent.incidents[incident.id] = incident
        self._going_on = {
            asked: one
            for asked, one in self._going_on.items()
            if asked[0] != incident.group and (one is None or one.id != incident.id)
        }

    def keep_delivery(self, delivery: Delivery) -> None:
        # A lease is the database's own business: a delivery that is leased when kept belongs to the caller's holder.
        self._unsent.deliveries[delivery.key] = delivery

    def make_notice(self, notice: Notice) -> None:
        self._unsent.notices.setdefault(notice.id, notice)

    def notices(self, limit: int) -> list[tuple[Notice, PlaceId | None]]:
        self._unsent.send()
        found = [
            (msgspec.json.decode(body, type=Notice), place)
            for body, place in self._hand.rows(_NOTICES, {"most": limit})
        ]
        self._unexpanded.update(notice.id for notice, _ in found)
        return found

    def expanded(self, notice: NoticeId, at: Instant) -> bool:
        if notice in self._unexpanded:  # it was seen waiting by this transaction, and whoever expands is alone
            self._unexpanded.discard(notice)
            self._unsent.expanded[notice] = at
            return True
        self._unsent.send()
        return self._hand.run(EXPAND, {"notice": notice, "at": at}) == 1

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
        self._unsent.announcements.append(announcement)

    def order(self, order: Order) -> None:
        self._hand.run(_ORDER, {"body": as_text(order)})

    def read_again(self, address: str, topic: str, at: Instant) -> None:
        self._connection.execute(insert(rereads), {"address": address, "topic": topic, "at": at})

    def record(self, entry: Entry) -> None:
        self._unsent.entries.append(entry)

    def flush(self) -> None:
        """Sends out what waits for the end of the transaction."""
        with self._hand.together():
            self._send_out()

    def _send_out(self) -> None:
        self._unsent.send_all()


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


def _alerts(found: Iterable[Row]) -> list[Alert]:
    return [msgspec.json.decode(body, type=Alert) for (body,) in found]


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
_ENTRIES_OF = (
    select(journal)
    .where(
        journal.c.incident == bindparam("incident"),
        journal.c.kind == bindparam("kind"),
        journal.c.actor == bindparam("actor"),
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
# Inline: a number that is given out is not asked for.
_ORDER = insert(orders).inline()
_NOTICES = (
    select(notices.c.body, incidents.c.place)
    .outerjoin(incidents, incidents.c.id == notices.c.incident)
    .where(notices.c.expanded_at.is_(None))
    .order_by(notices.c.rank, notices.c.created_at)
    .limit(bindparam("most"))
)
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
