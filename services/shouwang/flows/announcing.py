"""Alerts and incidents out on MQTT, right after the commit that made them: sirens, other systems, and what wakes
dispatch. Rows first, publishing second: a row goes when its PUBACK came, and is published again after a lost link."""

import logging
import threading
from collections import deque
from functools import partial
from itertools import islice

from shouwang import metrics
from shouwang.domain.announcement import Announcement, alert_announcement, incident_announcement
from shouwang.ports import Announcements, Publisher, Settled

log = logging.getLogger(__name__)

AT_A_TIME = 200


class Announcing:
    """Intake's thread calls it; acknowledgements come from the session's thread."""

    def __init__(self, announcements: Announcements, publisher: Publisher) -> None:
        self._announcements = announcements
        self._publisher = publisher
        self._published = 0
        self._settled: deque[int] = deque()
        self._link_lost = threading.Event()
        self._alerts_after: str | None = None
        self._incidents_after: str | None = None

    def publish(self) -> int:
        """Publishes what waits and was not yet published on this connection; how many. Where nothing waits, some more
        of what is open: a broker that was killed may have forgotten what it retained."""
        if self._link_lost.is_set():
            self._link_lost.clear()
            self._published = 0
            self._alerts_after = self._incidents_after = ""
        if not self._publisher.connected:
            return 0
        waiting = self._announcements.waiting(self._published, AT_A_TIME)
        for one in waiting:
            self._offer(one, partial(self._settled.append, one.seq))
            self._published = one.seq
        if not waiting:
            self._publish_open()
        return len(waiting)

    def settle(self, *, at_least: int = 1) -> int:
        """Removes the rows that the broker has taken over, once there are ``at_least`` of them."""
        if len(self._settled) < at_least:
            return 0
        seqs = list(islice(self._settled, 500))
        self._announcements.settle(seqs)
        for _ in seqs:  # only now: one that stayed behind would be published again after newer ones of its topic
            self._settled.popleft()
        metrics.ANNOUNCEMENTS.inc(len(seqs))
        return len(seqs)

    def reconnected(self) -> None:
        """Called by the session's thread: what was not acknowledged on the old link goes out once more."""
        self._link_lost.set()

    def _publish_open(self) -> None:
        """A page of the open alerts, then of the live incidents, as they are now: whatever changes them afterwards has
        a row that is published later. They need no row: a link that is lost begins all of this anew."""
        if self._alerts_after is not None:
            alerts = self._announcements.open_alerts(self._alerts_after, AT_A_TIME)
            for alert in alerts:
                self._offer(alert_announcement(alert), _nothing)
            self._alerts_after = alerts[-1].id if alerts else None
        elif self._incidents_after is not None:
            incidents = self._announcements.live_incidents(self._incidents_after, AT_A_TIME)
            for incident in incidents:
                self._offer(incident_announcement(incident), _nothing)
            self._incidents_after = incidents[-1].id if incidents else None

    def _offer(self, one: Announcement, done: Settled) -> None:
        try:
            self._publisher.publish(one.topic, one.payload, retain=one.retain, done=done)
        except ValueError as problem:  # a device's name may be too long for a topic of ours; the alert stands without
            log.error("an announcement cannot be published: %s", problem)
            done()


def _nothing() -> None:
    """No row waits for it."""
