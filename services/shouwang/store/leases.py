"""Who is the ear now: a lease with an epoch, so that a stale intake cannot commit."""

from collections.abc import Callable

from sqlalchemy import insert, select, update

from shouwang.domain.vocabulary import SECOND, Duration, Instant, Value

from .database import Database
from .tables import leases

INTAKE = "intake"
TERM: Duration = 10 * SECOND
"""A standby takes over this long after the last renewal; a holder on the same machine that is dead, at once."""

RENEW_EVERY = TERM // 5


class Lease(Value, frozen=True):
    name: str
    holder: str
    epoch: int


class Leases:
    def __init__(self, database: Database, is_alive: Callable[[str], bool | None]) -> None:
        """``is_alive(holder)``: False when that process is certainly gone, None when nobody here can know."""
        self._database = database
        self._is_alive = is_alive

    def take(self, name: str, holder: str, now: Instant) -> Lease | None:
        """The lease under a new epoch, or None while another holder has it."""
        # As a writer of cases: on PostgreSQL an acceptance under way ends first, so that its redelivery window is seen.
        with self._database.write(cases=True) as connection:
            row = connection.execute(select(leases).where(leases.c.name == name).with_for_update()).first()
            if row is None:
                connection.execute(insert(leases), {"name": name, "holder": holder, "epoch": 1, "until": now + TERM})
                return Lease(name, holder, 1)
            if row.holder != holder and row.until > now and self._is_alive(row.holder) is not False:
                return None
            values = {"holder": holder, "epoch": row.epoch + 1, "until": now + TERM}
            connection.execute(update(leases).where(leases.c.name == name).values(values))
            return Lease(name, holder, row.epoch + 1)

    def renew(self, lease: Lease, now: Instant) -> bool:
        """Holds it for another term; False when it was taken over."""
        mine = (leases.c.name == lease.name) & (leases.c.epoch == lease.epoch)
        with self._database.write() as connection:
            return connection.execute(update(leases).where(mine).values(until=now + TERM)).rowcount == 1

    def pulse(self, name: str) -> Instant | None:
        """When its holder last renewed it: until then somebody listened."""
        with self._database.read() as connection:
            until = connection.execute(select(leases.c.until).where(leases.c.name == name)).scalar()
        return None if until is None else until - TERM
