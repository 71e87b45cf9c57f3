"""Readings in InfluxDB, whatever its version: line protocol in, InfluxQL out.

Nothing is asked of the server before the first write or read, so a service starts while its InfluxDB is down. Retention
and downsampling are the server's own (a retention policy, a bucket's retention): ``maintain`` has nothing to do.
"""

import threading
import time
from collections.abc import Sequence

from shouwang.domain.errors import StoreUnavailable
from shouwang.domain.vocabulary import DeviceId, Duration, Instant, Reading
from shouwang.ports import Point
from shouwang.timeseries import influxql
from shouwang.timeseries.influx_servers import Address, Refusal, Server, connect
from shouwang.timeseries.line_protocol import Line, lines
from shouwang.timeseries.storable import SetAside, storable

LINES_PER_WRITE = 5000
"""InfluxData's own advice; measured on 1.6.7: 29,000 points/s at 100, 74,000 at 1,000, 115,000 at 5,000."""


QUESTIONS_AT_ONCE = 8
PATIENCE = 2.0
"""The API asks from the threads in which people also acknowledge alarms: a server that hangs may hold only so many of
them, and whoever finds it so waits this long, in seconds, before being told."""
REST = 1.0
"""After a failed connection, seconds in which nobody else spends the connection's timeout on finding the same."""


class InfluxReadings:
    """A ReadingStore on an InfluxDB server."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._server: Server | None = None
        self._questions = threading.BoundedSemaphore(QUESTIONS_AT_ONCE)
        self._away: tuple[float, str] = (0.0, "")

    def write(self, readings: Sequence[Reading]) -> None:
        """Durable when it returns, as far as the server's own write-ahead log is. Points that the server refuses for
        good (a field of another type, older than its retention, too many series) are found by halving, counted and
        left out; all others are written."""
        aside = SetAside()
        written = lines(storable(readings, aside))
        for start in range(0, len(written), LINES_PER_WRITE):
            self._deliver(written[start : start + LINES_PER_WRITE], aside)
        aside.report(str(self._address))

    def read(
        self,
        device: DeviceId,
        metric: str | None,
        start: Instant,
        end: Instant,
        *,
        every: Duration | None = None,
        limit: int = 10_000,
    ) -> list[Point]:
        if every is None:
            return influxql.raw_points(self._ask(influxql.raw_query(device, metric, start, end, limit)))[:limit]
        if every <= 0:
            raise ValueError(f"every is {every} µs; expected a positive duration")
        window = (device, metric, start, end, every, limit)
        result = self._ask(influxql.interval_query(*window))
        trues = self._ask(influxql.trues_query(*window)) if influxql.has_flags(result) else {}
        return influxql.interval_points(result, trues)[:limit]

    def maintain(self, now: Instant) -> None:
        """Nothing: the server keeps its own retention."""

    def close(self) -> None:
        with self._lock:
            if self._server is not None:
                self._server.close()
                self._server = None

    def _deliver(self, written: list[Line], aside: SetAside) -> None:
        pending = [written]
        while pending:
            part = pending.pop()
            refusal = self._put(part)
            if refusal is None:
                continue
            if len(part) == 1 or refusal.dropped >= len(part):
                aside.add(refusal.reason, f"{part[0].text[:200]!r}: {refusal.detail}", len(part))
            else:
                # The server may or may not have taken the rest (it stops at the first shard that fails), so both halves
                # are written again. Sorted, the refused ones are neighbours and leave in few requests.
                part.sort()
                pending += [part[len(part) // 2 :], part[: len(part) // 2]]

    def _put(self, part: Sequence[Line]) -> Refusal | None:
        server = self._connected()
        try:
            return server.write([line.text for line in part])
        except StoreUnavailable:
            self._disconnect(server)
            raise

    def _ask(self, query: str) -> influxql.Result:
        if not self._questions.acquire(timeout=PATIENCE):
            raise StoreUnavailable(f"{self._address} is still busy with {QUESTIONS_AT_ONCE} other questions; ask again")
        try:
            server = self._connected()
            try:
                return server.query(query)
            except StoreUnavailable:
                self._disconnect(server)
                raise
        finally:
            self._questions.release()

    def _connected(self) -> Server:
        with self._lock:
            if self._server is None:
                until, trouble = self._away
                if time.monotonic() < until:
                    raise StoreUnavailable(trouble)
                try:
                    self._server = connect(self._address)
                except StoreUnavailable as error:
                    self._away = time.monotonic() + REST, str(error)
                    raise
            return self._server

    def _disconnect(self, server: Server) -> None:
        """After a failure all is asked anew: the server may come back as another version, or without its database."""
        with self._lock:
            if self._server is server:
                self._server = None
        server.close()
