"""What the watchman counts and sweeps in the state database: open work for the figures, old rows for the disk."""

from collections.abc import Collection, Mapping

from sqlalchemy import Select, bindparam, delete, exists, func, select

from shouwang.domain.alert import AlertState
from shouwang.domain.gathering import is_place
from shouwang.domain.incident import IncidentState
from shouwang.domain.vocabulary import Instant, Severity

from .database import Database
from .outbox import IS_WAITING
from .tables import alerts, deliveries, device_states, discovered, incidents, quarantine

SWEPT_AT_ONCE = 200
"""Rows of one sweep: no transaction but acceptance may hold the one writer for longer than 5 ms (docs/decisions)."""

LOOKED_AT_ONCE = 2_000
"""State rows of one look for strangers; reading hinders nobody."""

_ENDED = (IncidentState.RESOLVED.value, IncidentState.CLOSED.value)


class Housekeeping:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._looked_until = ""

    def open_alerts(self) -> Mapping[Severity, int]:
        """Alerts not back to normal, by severity; every severity is named."""
        return self._counted(_OPEN_ALERTS)

    def open_incidents(self) -> Mapping[Severity, int]:
        """Incidents neither resolved nor closed, by severity; every severity is named."""
        return self._counted(_OPEN_INCIDENTS)

    def deliveries_due(self, now: Instant) -> tuple[int, Instant | None]:
        """(how many wait to be sent now, since when the oldest of them)."""
        with self._database.read() as connection:
            row = connection.execute(_DUE, {"now": now}).one()
        return row[0], row[1]

    def sweep_quarantine(self, before: Instant) -> int:
        """Removes some of the quarantined messages that came before; how many."""
        with self._database.read() as connection:
            old = connection.execute(_OLD.limit(SWEPT_AT_ONCE), {"before": before}).scalars().all()
        if old:
            with self._database.write() as connection:
                connection.execute(_SWEEP, {"seqs": list(old)})
        return len(old)

    def sweep_strangers(self, registered: Collection[str], before: Instant) -> int:
        """Removes what is known of some devices that nobody registered, that were not heard since, and of which no
        alert is open; how many. Each call looks at the next of all; one that speaks again is a new one."""
        with self._database.read() as connection:
            rows = connection.execute(_STATES, {"after": self._looked_until, "most": LOOKED_AT_ONCE}).all()
            silent = [
                row.device
                for row in rows
                if row.heard_at < before and row.device not in registered and not is_place(row.device)
            ][:SWEPT_AT_ONCE]
            held = set(connection.execute(_HELD, {"devices": silent}).scalars()) if silent else set()
            listed = connection.execute(_LISTED.limit(SWEPT_AT_ONCE), {"before": before}).scalars().all()
        if len(silent) == SWEPT_AT_ONCE:
            self._looked_until = silent[-1]
        else:
            self._looked_until = rows[-1].device if len(rows) == LOOKED_AT_ONCE else ""
        states = [device for device in silent if device not in held]
        if states or listed:
            with self._database.write() as connection:
                connection.execute(_FORGET, {"devices": states, "before": before})
                connection.execute(_UNLIST, {"addresses": list(listed), "before": before})
        return len(set(states) | set(listed))

    def _counted(self, statement: Select[int, int]) -> Mapping[Severity, int]:
        with self._database.read() as connection:
            found = dict(connection.execute(statement).all())
        return {severity: found.get(severity.rank, 0) for severity in Severity}


_OPEN_ALERTS = (
    select(alerts.c.severity, func.count()).where(alerts.c.state != AlertState.NORMAL.value).group_by(alerts.c.severity)
)
_OPEN_INCIDENTS = (
    select(incidents.c.severity, func.count()).where(incidents.c.state.not_in(_ENDED)).group_by(incidents.c.severity)
)
_DUE = select(func.count(), func.min(deliveries.c.due_at)).where(IS_WAITING, deliveries.c.due_at <= bindparam("now"))
_OLD = select(quarantine.c.seq).where(quarantine.c.at < bindparam("before"))
_SWEEP = delete(quarantine).where(quarantine.c.seq.in_(bindparam("seqs", expanding=True)))
_STATES = (
    select(device_states.c.device, device_states.c.heard_at)
    .where(device_states.c.device > bindparam("after"), device_states.c.heard_at.is_not(None))
    .order_by(device_states.c.device)
    .limit(bindparam("most"))
)
_HELD = select(alerts.c.device).where(
    alerts.c.device.in_(bindparam("devices", expanding=True)), alerts.c.state != AlertState.NORMAL.value
)
_LISTED = select(discovered.c.address).where(
    discovered.c.last_at < bindparam("before"),
    ~exists().where(alerts.c.device == discovered.c.address, alerts.c.state != AlertState.NORMAL.value),
)
_FORGET = delete(device_states).where(
    device_states.c.device.in_(bindparam("devices", expanding=True)),
    device_states.c.heard_at < bindparam("before"),
)
_UNLIST = delete(discovered).where(
    discovered.c.address.in_(bindparam("addresses", expanding=True)), discovered.c.last_at < bindparam("before")
)
