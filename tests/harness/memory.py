"""The state database's ports for cases, kept in memory: the same contract, no file, no server."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field

import msgspec

from shouwang.domain.alert import Alert, AlertState, Order
from shouwang.domain.announcement import Announcement
from shouwang.domain.community import Community
from shouwang.domain.delivery import given_back
from shouwang.domain.incident import Incident, IncidentState, is_live
from shouwang.domain.journal import Entry
from shouwang.domain.notice import (
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Notice,
    move_delivery,
    notice_rank,
)
from shouwang.domain.vocabulary import AlertId, DeliveryKey, IncidentId, Instant, NoticeId, PlaceId


@dataclass
class Rows:
    """Everything kept. Values are frozen, so a copy of the tables is a snapshot."""

    alerts: dict[AlertId, Alert] = field(default_factory=dict)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    notices: dict[NoticeId, Notice] = field(default_factory=dict)
    expanded: dict[NoticeId, Instant] = field(default_factory=dict)
    deliveries: dict[DeliveryKey, Delivery] = field(default_factory=dict)
    announcements: list[Announcement] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)

    def snapshot(self) -> "Rows":
        return Rows(**{name: copy(table) for name, table in vars(self).items()})


def waiting_in(rows: Rows) -> list[Notice]:
    waiting = [one for id, one in rows.notices.items() if id not in rows.expanded]
    return sorted(waiting, key=lambda one: (notice_rank(one.why), one.created_at))


class MemoryTransaction:
    """``ports.Transaction``."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def alert(self, id: AlertId) -> Alert | None:
        return self._rows.alerts.get(id)

    def alerts(self, ids: Collection[AlertId]) -> Mapping[AlertId, Alert]:
        return {id: self._rows.alerts[id] for id in ids if id in self._rows.alerts}

    def open_alert(self, rule: str, subject: str) -> Alert | None:
        found = [
            one
            for one in self._rows.alerts.values()
            if (one.rule, one.subject) == (rule, subject) and one.state is not AlertState.NORMAL
        ]
        return found[0] if found else None

    def alerts_of(self, incident: IncidentId) -> list[Alert]:
        found = [one for one in self._rows.alerts.values() if one.incident == incident]
        return sorted(found, key=lambda one: one.raised_at)

    def incident(self, id: IncidentId) -> Incident | None:
        return self._rows.incidents.get(id)

    def incidents(self, ids: Collection[IncidentId]) -> Mapping[IncidentId, Incident]:
        return {id: self._rows.incidents[id] for id in ids if id in self._rows.incidents}

    def entries_of(self, incident: IncidentId, kind: str, actor: str) -> list[Entry]:
        wanted = (incident, kind, actor)
        return [one for one in self._rows.journal if (one.incident, one.kind, one.actor) == wanted]

    def open_incident(self, group: str, resolved_after: Instant) -> Incident | None:
        found = [
            one
            for one in self._rows.incidents.values()
            if one.group == group
            and (is_live(one.state) or (one.resolved_at or 0) > resolved_after)
            and one.state is not IncidentState.CLOSED
        ]
        return max(found, key=lambda one: one.opened_at, default=None)

    def told(self, incident: IncidentId) -> list[tuple[str, str]]:
        return [(one.person, one.state) for one in self.deliveries_of(incident)]

    def deliveries_of(self, incident: IncidentId) -> list[Delivery]:
        found = [one for one in self._rows.deliveries.values() if one.incident == incident]
        return sorted(found, key=lambda one: one.created_at)

    def deliveries_of_each(self, incidents: Collection[IncidentId]) -> Mapping[IncidentId, list[Delivery]]:
        return {id: self.deliveries_of(id) for id in incidents}

    def keep_alert(self, alert: Alert) -> None:
        other = self.open_alert(alert.rule, alert.subject)
        assert alert.state is AlertState.NORMAL or other is None or other.id == alert.id, "one open alert each"
        self._rows.alerts[alert.id] = alert

    def keep_incident(self, incident: Incident) -> None:
        self._rows.incidents[incident.id] = incident

    def keep_delivery(self, delivery: Delivery) -> None:
        self._rows.deliveries[delivery.key] = delivery

    def make_notice(self, notice: Notice) -> None:
        self._rows.notices.setdefault(notice.id, notice)

    def notices(self, limit: int) -> list[tuple[Notice, PlaceId | None]]:
        found = [(one, self.incident(one.incident)) for one in waiting_in(self._rows)[:limit]]
        return [(one, incident.place if incident else None) for one, incident in found]

    def expanded(self, notice: NoticeId, at: Instant) -> bool:
        if notice not in self._rows.notices or notice in self._rows.expanded:
            return False
        self._rows.expanded[notice] = at
        return True

    def cancel_deliveries(self, incident: IncidentId, at: Instant) -> int:
        waiting = (DeliveryState.QUEUED, DeliveryState.UNREACHABLE)
        found = [one for one in self.deliveries_of(incident) if one.state in waiting]
        for one in found:
            self.keep_delivery(msgspec.structs.replace(one, state=DeliveryState.CANCELLED))
        return len(found)

    def announce(self, announcement: Announcement) -> None:
        seq = len(self._rows.announcements) + 1
        self._rows.announcements.append(msgspec.structs.replace(announcement, seq=seq))

    def order(self, order: Order) -> None:
        self._rows.orders.append(msgspec.structs.replace(order, seq=len(self._rows.orders) + 1))

    def record(self, entry: Entry) -> None:
        self._rows.journal.append(msgspec.structs.replace(entry, seq=len(self._rows.journal) + 1))


class MemoryCasebook:
    """``ports.Casebook``: one writer at a time; an exception brings the tables back."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.lock = threading.RLock()

    @contextmanager
    def change(self) -> Iterator[MemoryTransaction]:
        with self.lock:
            before = self.rows.snapshot()
            try:
                yield MemoryTransaction(self.rows)
            except BaseException:
                vars(self.rows).update(vars(before))
                raise

    def incidents_due(self, now: Instant, limit: int) -> list[IncidentId]:
        due = [one for one in self.rows.incidents.values() if one.next_step_at is not None and one.next_step_at <= now]
        return [one.id for one in sorted(due, key=lambda one: one.next_step_at or 0)][:limit]

    def live_incidents(self, after: IncidentId | None, limit: int) -> list[IncidentId]:
        live = sorted(one.id for one in self.rows.incidents.values() if is_live(one.state))
        return [id for id in live if id > (after or "")][:limit]


class MemoryOutbox:
    """``ports.Outbox`` over a casebook."""

    def __init__(self, casebook: MemoryCasebook) -> None:
        self._casebook = casebook

    def notices(self, limit: int) -> list[Notice]:
        return waiting_in(self._casebook.rows)[:limit]

    def lease(self, holder: str, now: Instant, until: Instant, limit: int) -> list[Delivery]:
        with self._casebook.lock:
            ready = (DeliveryState.QUEUED, DeliveryState.UNREACHABLE)
            due = [one for one in self._casebook.rows.deliveries.values() if one.state in ready and one.due_at <= now]
            first = sorted(due, key=lambda one: (notice_rank(one.why), one.due_at))[:limit]
            return [self._keep(one, DeliveryEvent.LEASE, holder, until) for one in first]

    def reclaim(self, now: Instant, is_alive: Callable[[str], bool | None] | None = None) -> int:
        with self._casebook.lock:
            dead = [
                one
                for one in self._casebook.rows.deliveries.values()
                if one.state is DeliveryState.LEASED
                and ((one.lease_until or 0) <= now or (is_alive is not None and is_alive(one.lease_holder) is False))
            ]
            self._casebook.rows.deliveries.update({one.key: given_back(one) for one in dead})
            return len(dead)

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        return self._casebook.rows.deliveries.get(key)

    def standing(self, key: DeliveryKey) -> tuple[Delivery, Incident] | None:
        found = self.delivery(key)
        return (found, self._casebook.rows.incidents[found.incident]) if found else None

    def oldest_waiting(self) -> Instant | None:
        return min((one.created_at for one in self.notices(1_000_000)), default=None)

    def _keep(self, one: Delivery, event: DeliveryEvent, holder: str, until: Instant | None) -> Delivery:
        state = move_delivery(one.state, event)
        kept = msgspec.structs.replace(one, state=state, lease_holder=holder, lease_until=until)
        self._casebook.rows.deliveries[one.key] = kept
        return kept


class MemoryDirectory:
    """``ports.Directory`` of one community that tests set."""

    def __init__(self, community: Community) -> None:
        self.current = community

    def revision(self) -> int:
        return self.current.revision

    def community(self) -> Community:
        return self.current

    def community_at(self, at: Instant) -> Community:
        return self.current

    def change(
        self, put: Sequence[object], remove: Sequence[tuple[str, str]] = (), order: Sequence[str] | None = None
    ) -> int:
        raise NotImplementedError("tests set the community whole")


class Hand:
    """A clock that a test moves by hand."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at

    def forward(self, duration: int) -> None:
        self.at += duration
