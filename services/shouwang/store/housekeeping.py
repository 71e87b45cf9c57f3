"""What the watchman counts and sweeps in the state database: open work for the figures, old rows for the disk."""

from collections.abc import Mapping

from sqlalchemy import Select, bindparam, delete, func, select

from shouwang.domain.alert import AlertState
from shouwang.domain.incident import IncidentState
from shouwang.domain.vocabulary import Instant, Severity

from .database import Database
from .outbox import IS_WAITING
from .tables import alerts, deliveries, incidents, quarantine

SWEPT_AT_ONCE = 200
"""Rows of one sweep: no transaction but acceptance may hold the one writer for longer than 5 ms (docs/decisions)."""

_ENDED = (IncidentState.RESOLVED.value, IncidentState.CLOSED.value)


class Housekeeping:
    def __init__(self, database: Database) -> None:
        self._database = database

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
