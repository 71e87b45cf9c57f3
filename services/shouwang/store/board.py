"""The board: what the window shows, read beside the domain and never through a transaction that could wait.

Pages run from newest to oldest by (instant, id), which the ``*_newest`` indexes give in order; a mark is where the page
before ended, so that lists neither skip nor repeat while new rows arrive on top.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, Table, func, or_, select, tuple_

from shouwang.domain.alert import Alert, AlertClass, AlertState
from shouwang.domain.board import (
    CaseQuery,
    DeliveryQuery,
    EntryQuery,
    Mark,
    ReasonCount,
    StrayDevice,
    StrayMessage,
)
from shouwang.domain.incident import Incident
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery
from shouwang.domain.standing import DeviceState
from shouwang.domain.vocabulary import AlertId, DeliveryKey, DeviceId, IncidentId, Instant

from .database import Database
from .rows import entry_from
from .tables import alerts, deliveries, device_states, discovered, incidents, journal, links, quarantine

T = TypeVar("T")

STATES_A_QUERY = 500
"""Bound of one IN list: both databases plan it by index."""


class SqlBoard:
    """``api.doors.Board``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Cases ---------------------------------------------------------------------------------------------------------

    def alerts(self, query: CaseQuery, after: Mark | None, limit: int) -> list[Alert]:
        wanted = [*_case_conditions(alerts, query)]
        if query.device:
            wanted.append(alerts.c.device == query.device)
        if query.incident:
            wanted.append(alerts.c.incident == query.incident)
        if query.rule:
            wanted.append(alerts.c.rule == query.rule)
        if query.classes:
            wanted.append(alerts.c.klass.in_([klass.value for klass in query.classes]))
        return self._newest(Alert, alerts, alerts.c.raised_at, alerts.c.id, wanted, after, limit)

    def alert(self, id: AlertId) -> Alert | None:
        return self._one(Alert, select(alerts.c.body).where(alerts.c.id == id))

    def incidents(self, query: CaseQuery, after: Mark | None, limit: int) -> list[Incident]:
        wanted = _case_conditions(incidents, query)
        return self._newest(Incident, incidents, incidents.c.opened_at, incidents.c.id, wanted, after, limit)

    def incident(self, id: IncidentId) -> Incident | None:
        return self._one(Incident, select(incidents.c.body).where(incidents.c.id == id))

    def timelines(self, ids: Collection[IncidentId], newest: int | None) -> Mapping[IncidentId, list[Entry]]:
        """Journal entries of each incident, oldest first; only the ``newest`` of each unless None."""
        if not ids:
            return {}
        statement = select(journal).where(journal.c.incident.in_(ids)).order_by(journal.c.seq)
        if newest is not None:
            place = func.row_number().over(partition_by=journal.c.incident, order_by=journal.c.seq.desc())
            ranked = (
                select(journal.c.seq, place.label("back_from_newest")).where(journal.c.incident.in_(ids)).subquery()
            )
            statement = statement.join(ranked, ranked.c.seq == journal.c.seq).where(ranked.c.back_from_newest <= newest)
        found: dict[IncidentId, list[Entry]] = {id: [] for id in ids}
        with self._database.read() as connection:
            for row in connection.execute(statement).mappings():
                found[row["incident"]].append(entry_from(row))
        return found

    def deliveries_of(self, ids: Collection[IncidentId]) -> Mapping[IncidentId, list[Delivery]]:
        """Deliveries of each incident, oldest first."""
        found: dict[IncidentId, list[Delivery]] = {id: [] for id in ids}
        if not ids:
            return found
        statement = (
            select(deliveries.c.body)
            .where(deliveries.c.incident.in_(ids))
            .order_by(deliveries.c.created_at, deliveries.c.key)
        )
        with self._database.read() as connection:
            for body in connection.execute(statement).scalars():
                delivery = msgspec.json.decode(body, type=Delivery)
                found[delivery.incident].append(delivery)
        return found

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        return self._one(Delivery, select(deliveries.c.body).where(deliveries.c.key == key))

    def deliveries(self, query: DeliveryQuery, after: Mark | None, limit: int) -> list[Delivery]:
        wanted: list[ColumnElement[bool]] = []
        if query.states:
            wanted.append(deliveries.c.state.in_(query.states))
        if query.incident:
            wanted.append(deliveries.c.incident == query.incident)
        if query.person:
            wanted.append(deliveries.c.person == query.person)
        if query.places:
            inside = select(incidents.c.id).where(*[_within(incidents, place) for place in query.places])
            wanted.append(deliveries.c.incident.in_(inside))
        return self._newest(Delivery, deliveries, deliveries.c.created_at, deliveries.c.key, wanted, after, limit)

    def entries(self, query: EntryQuery, after: int | None, limit: int) -> list[Entry]:
        """Journal entries, newest first; ``after``: the sequence number where the page before ended."""
        statement = select(journal).where(*_entry_conditions(query, after)).order_by(journal.c.seq.desc()).limit(limit)
        with self._database.read() as connection:
            return [entry_from(row) for row in connection.execute(statement).mappings()]

    # Devices -------------------------------------------------------------------------------------------------------

    def states(self, devices: Collection[DeviceId]) -> Mapping[DeviceId, DeviceState]:
        """What is remembered of these devices; those never heard are absent."""
        found: dict[DeviceId, DeviceState] = {}
        names = list(devices)
        with self._database.read() as connection:
            for start in range(0, len(names), STATES_A_QUERY):
                part = names[start : start + STATES_A_QUERY]
                rows = connection.execute(
                    select(device_states.c.device, device_states.c.state).where(device_states.c.device.in_(part))
                )
                for row in rows:
                    found[DeviceId(row.device)] = msgspec.msgpack.decode(row.state, type=DeviceState)
        return found

    def heard(self) -> Mapping[DeviceId, Instant]:
        """When each device was heard last, without loading what it said."""
        statement = select(device_states.c.device, device_states.c.heard_at).where(
            device_states.c.heard_at.is_not(None)
        )
        with self._database.read() as connection:
            return {DeviceId(row.device): row.heard_at for row in connection.execute(statement)}

    def links(self) -> Mapping[DeviceId, str]:
        """Behind which gateway's address each device was heard, of those whose messages told."""
        with self._database.read() as connection:
            rows = connection.execute(select(links.c.device, links.c.gateway))
            return {DeviceId(row.device): row.gateway for row in rows}

    def open_classes(self) -> list[tuple[DeviceId, AlertClass]]:
        """(device, class) of every alert that is not back to normal."""
        statement = (
            select(alerts.c.device, alerts.c.klass)
            .where(alerts.c.state != AlertState.NORMAL.value, alerts.c.device.is_not(None))
            .distinct()
        )
        with self._database.read() as connection:
            return [(DeviceId(row.device), AlertClass(row.klass)) for row in connection.execute(statement)]

    # Strays --------------------------------------------------------------------------------------------------------

    def stray_messages(self, reason: str | None, after: int | None, limit: int) -> list[StrayMessage]:
        wanted: list[ColumnElement[bool]] = []
        if reason:
            wanted.append(quarantine.c.reason == reason)
        if after is not None:
            wanted.append(quarantine.c.seq < after)
        statement = select(quarantine).where(*wanted).order_by(quarantine.c.seq.desc()).limit(limit)
        return self._rows(StrayMessage, statement)

    def stray_message(self, seq: int) -> StrayMessage | None:
        return next(iter(self._rows(StrayMessage, select(quarantine).where(quarantine.c.seq == seq))), None)

    def stray_counts(self, since: Instant) -> list[ReasonCount]:
        """Quarantined messages since an instant by reason, most first."""
        count = func.count()
        statement = (
            select(quarantine.c.reason, count, func.max(quarantine.c.at))
            .where(quarantine.c.at >= since)
            .group_by(quarantine.c.reason)
            .order_by(count.desc(), quarantine.c.reason)
        )
        with self._database.read() as connection:
            return [ReasonCount(*row) for row in connection.execute(statement)]

    def stray_devices(self, after: Mark | None, limit: int) -> list[StrayDevice]:
        statement = _page(select(discovered), discovered.c.last_at, discovered.c.address, after, limit)
        return self._rows(StrayDevice, statement)

    def stray_device(self, address: str) -> StrayDevice | None:
        return next(iter(self._rows(StrayDevice, select(discovered).where(discovered.c.address == address))), None)

    def _newest(
        self,
        shape: type[T],
        table: Table,
        at: ColumnElement[int],
        id: ColumnElement[str],
        wanted: Iterable[ColumnElement[bool]],
        after: Mark | None,
        limit: int,
    ) -> list[T]:
        statement = _page(select(table.c.body).where(*wanted), at, id, after, limit)
        with self._database.read() as connection:
            return [msgspec.json.decode(body, type=shape) for body in connection.execute(statement).scalars()]

    def _one(self, shape: type[T], statement: Select[Any]) -> T | None:
        with self._database.read() as connection:
            body = connection.execute(statement).scalar()
        return msgspec.json.decode(body, type=shape) if body is not None else None

    def _rows(self, shape: type[T], statement: Select[Any]) -> list[T]:
        with self._database.read() as connection:
            return [shape(**row) for row in connection.execute(statement).mappings()]


def _page(
    statement: Select[Any], at: ColumnElement[int], id: ColumnElement[str], after: Mark | None, limit: int
) -> Select[Any]:
    if after is not None:
        statement = statement.where(tuple_(at, id) < tuple_(*after))
    return statement.order_by(at.desc(), id.desc()).limit(limit)


def _case_conditions(table: Table, query: CaseQuery) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.states:
        wanted.append(table.c.state.in_(query.states))
    if query.severities:
        wanted.append(table.c.severity.in_([severity.rank for severity in query.severities]))
    wanted.extend(_within(table, place) for place in query.places)
    return wanted


def _entry_conditions(query: EntryQuery, after: int | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if after is not None:
        wanted.append(journal.c.seq < after)
    if query.kind:
        named = journal.c.kind == query.kind
        wanted.append(journal.c.kind.startswith(query.kind, autoescape=True) if query.kind.endswith(".") else named)
    for column, value in (("actor", query.actor), ("incident", query.incident), ("device", query.device)):
        if value:
            wanted.append(journal.c[column] == value)
    if query.place is not None:
        there = select(incidents.c.id).where(_within(incidents, query.place))
        wanted.append(or_(_within(journal, query.place), journal.c.incident.in_(there)))
    if query.start is not None:
        wanted.append(journal.c.at >= query.start)
    if query.end is not None:
        wanted.append(journal.c.at < query.end)
    return wanted


def _within(table: Table, place: str) -> ColumnElement[bool]:
    return or_(table.c.place == place, table.c.place.startswith(f"{place}/", autoescape=True))
