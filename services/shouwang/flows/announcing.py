"""Alerts and incidents out on MQTT, right after the commit that made them: sirens, other systems, and what wakes
dispatch. Rows first, publishing second: a row goes when its PUBACK came, and is published again after a lost link."""

import threading
from collections import deque
from functools import partial
from itertools import islice

from shouwang import metrics
from shouwang.ports import Announcements, Publisher

AT_A_TIME = 200


class Announcing:
    """Intake's thread calls it; acknowledgements come from the session's thread."""

    def __init__(self, announcements: Announcements, publisher: Publisher) -> None:
        self._announcements = announcements
        self._publisher = publisher
        self._published = 0
        self._settled: deque[int] = deque()
        self._link_lost = threading.Event()

    def publish(self) -> int:
        """Publishes what waits and was not yet published on this connection; how many."""
        if self._link_lost.is_set():
            self._link_lost.clear()
            self._published = 0
        if not self._publisher.connected:
            return 0
        waiting = self._announcements.waiting(self._published, AT_A_TIME)
        for one in waiting:
            self._publisher.publish(
                one.topic, one.payload, retain=one.retain, done=partial(self._settled.append, one.seq)
            )
            self._published = one.seq
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
