"""The watchman's rounds: escalation that is due, leases that died, and whether either was forgotten. Truth is always a
row; a round only looks."""

from collections.abc import Callable

from shouwang import metrics
from shouwang.domain.climbing import climb, is_stuck
from shouwang.domain.duty import empty_duties
from shouwang.domain.incident import Incident
from shouwang.domain.journal import Entry
from shouwang.domain.vocabulary import IncidentId, Instant
from shouwang.flows.keeping import keep_changed
from shouwang.flows.respond import nobody
from shouwang.ports import Casebook, Clock, Directory, Outbox

AT_A_TIME = 100
"""Incidents looked at in one round; the next round is a moment away."""


class Rounds:
    """Called from one thread, a few times a second; each incident is a transaction of its own, so that no alarm waits
    for a long one. Several servers may make their rounds at once: the row decides. ``wake``: called when a round made
    work for dispatch."""

    def __init__(
        self,
        casebook: Casebook,
        outbox: Outbox,
        directory: Directory,
        clock: Clock,
        wake: Callable[[], None] = nobody,
        reach: Callable[[str], None] = lambda _point: None,
    ) -> None:
        self._casebook = casebook
        self._outbox = outbox
        self._directory = directory
        self._clock = clock
        self._wake = wake
        self._reach = reach
        self._audited: IncidentId | None = None

    def escalate_due(self) -> int:
        """Tells the steps that are due; how many incidents climbed."""
        now = self._clock.now()
        climbed = sum(self._climb(id, now) for id in self._casebook.incidents_due(now, AT_A_TIME))
        if climbed:
            self._reach("escalation.climbed")
            self._wake()
        return climbed

    def reclaim(self) -> int:
        """Deliveries whose sender died while sending are sent again, under their own key; how many."""
        count = self._outbox.reclaim(self._clock.now())
        if count:
            metrics.LEASES_RECLAIMED.inc(count)
            self._wake()
        return count

    def audit(self) -> int:
        """Looks at the next of the open incidents, a page at a time, and drives on what no round would have reached;
        how many were stuck. None ever should be: each is reported in the journal. Also counts the duties that are
        empty at this moment, before an alarm finds out."""
        now = self._clock.now()
        metrics.COVERAGE_GAPS.set(len(empty_duties(self._directory.community(), now)))
        page = self._casebook.live_incidents(self._audited, AT_A_TIME)
        self._audited = page[-1] if len(page) == AT_A_TIME else None
        stuck = sum(self._drive_on(id, now) for id in page)
        if stuck:
            self._wake()
        return stuck

    def _climb(self, id: IncidentId, now: Instant) -> bool:
        with self._casebook.change() as transaction:
            incident = transaction.incident(id)
            if incident is None or incident.next_step_at is None or incident.next_step_at > now:
                return False  # somebody else was here first
            keep_changed(transaction, climb(incident, now))
            self._reach("escalation.before_commit")
        return True

    def _drive_on(self, id: IncidentId, now: Instant) -> bool:
        with self._casebook.change() as transaction:
            incident = transaction.incident(id)
            if incident is None or not is_stuck(incident, now):
                return False
            transaction.record(_stuck(incident, now))
            keep_changed(transaction, climb(incident, now))
        return True


def _stuck(incident: Incident, now: Instant) -> Entry:
    return Entry(
        at=now,
        kind="escalation.stuck",
        incident=incident.id,
        place=incident.place,
        body={"next_step_at": incident.next_step_at},
    )
