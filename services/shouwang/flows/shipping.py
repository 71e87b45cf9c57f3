"""Readings from the spool to where they rest: oldest first, several batches in one write, then the spool is trimmed.

A crash between the write and the trim only writes again: a reading store is idempotent by (device, part, metric,
measured_at). While the store is away the spool grows on disk and nothing else notices; afterwards it drains in order.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence

import msgspec

from shouwang import metrics
from shouwang.domain.errors import StoreUnavailable, Unavailable
from shouwang.domain.vocabulary import SECOND, Reading
from shouwang.ports import Clock, Points, ReadingStore, Spool, SpooledBatch

READINGS_AT_A_TIME = 5000
BATCHES_AT_A_TIME = 200
"""Trimming is a transaction of the state database, beside acceptances: 200 rows are the most that it may hold."""
IDLE_SECONDS = 0.5
"""How long readings gather when few come: at most two trims a second beside the commits of alarms."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
MEASURE_SECONDS = 5.0

log = logging.getLogger(__name__)


class Shipment(msgspec.Struct, frozen=True):
    """What goes in one write, and the spooled batches that are done with it. ``full``: more was waiting."""

    seqs: list[int]
    readings: list[Reading]
    full: bool


def plan_shipment(waiting: Sequence[SpooledBatch], most: int = READINGS_AT_A_TIME) -> Shipment:
    """As many of the oldest batches as fit ``most`` readings; at least one, however large it is."""
    seqs: list[int] = []
    readings: list[Reading] = []
    for batch in waiting:
        if seqs and len(readings) + len(batch.readings) > most:
            return Shipment(seqs, readings, full=True)
        seqs.append(batch.seq)
        readings += batch.readings
    return Shipment(seqs, readings, full=False)


def pause_after(failures: int, jitter: float) -> float:
    """Seconds to wait after the n-th failure in a row: 1, 2, 4 … 60, each less up to a half by ``jitter`` in [0, 1), so
    that several servers do not come back to the store at the same moment."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 10)) * (1 - jitter / 2))


class Shipping:
    """One thread calls it, in the server."""

    def __init__(
        self,
        spool: Spool,
        store: ReadingStore,
        clock: Clock,
        points: Points,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._spool = spool
        self._store = store
        self._clock = clock
        self._points = points
        self._jitter = jitter
        self._failures = 0
        self._said = ""
        self._take = 16  # batches asked for: follows how many fit one write, so that none is decoded in vain
        self._measured = -MEASURE_SECONDS
        self.pause = 0.0
        """Seconds to wait before the next ``ship_once``."""
        metrics.STORE_UP.set(1)

    def run(self, stop: threading.Event) -> None:
        """Ships until ``stop`` is set; never ends by an error."""
        while not stop.is_set():
            try:
                self.ship_once()
            except Unavailable as error:  # of the state database: it is the whole service's trouble, and said elsewhere
                self._back_off(f"the spool does not answer: {error}")
            except Exception:
                log.exception("shipping failed; trying again")
                self._back_off("")
            stop.wait(self.pause)

    def ship_once(self) -> int:
        """Writes the oldest readings that fit one write and trims them from the spool; how many. 0 where none waited or
        the store is away; ``pause`` says when to call again. Raises Unavailable of the spool."""
        waiting = self._spool.waiting(self._take)
        shipment = plan_shipment(waiting)
        self._measure()
        if shipment.seqs:
            if not self._write(shipment):
                return 0
            self._points.reach("shipping.written")
            self._spool.trim(shipment.seqs)
            self._points.reach("shipping.trimmed")
        more = shipment.full or len(waiting) == self._take
        self._take = max(1, min(BATCHES_AT_A_TIME, len(shipment.seqs) if shipment.full else self._take * 2))
        self.pause = 0.0 if more else IDLE_SECONDS
        metrics.SHIPPED_READINGS.inc(len(shipment.readings))
        return len(shipment.readings)

    def _write(self, shipment: Shipment) -> bool:
        try:
            with metrics.SHIPPING_SECONDS.time():
                self._store.write(shipment.readings)
        except StoreUnavailable as error:
            metrics.STORE_UP.set(0)
            self._back_off(f"readings wait in the spool: {error}")
            return False
        if self._failures:
            log.info("the reading store takes readings again, after %d failed writes", self._failures)
        self._failures, self._said = 0, ""
        metrics.STORE_UP.set(1)
        return True

    def _back_off(self, reason: str) -> None:
        self._failures += 1
        self.pause = pause_after(self._failures, self._jitter())
        metrics.SHIPPING_FAILURES.inc()
        if reason and reason != self._said:  # once for each reason, not once for each try of a day
            log.warning("%s", reason)
            self._said = reason

    def _measure(self) -> None:
        """The backlog, every few seconds: counting a backlog of days is not free."""
        if time.monotonic() - self._measured >= MEASURE_SECONDS:
            self._measured = time.monotonic()
            batches, oldest = self._spool.backlog()
            metrics.SPOOL_BACKLOG_BATCHES.set(batches)
            age = 0 if oldest is None else max(0, self._clock.now() - oldest)
            metrics.SPOOL_OLDEST_SECONDS.set(age / SECOND)
