"""The queue between the session and intake: batches out, acknowledgements back in the order of arrival.

Order matters twice. MQTT wants PUBACKs in the order of the PUBLISHes (MQTT 5 section 4.6), and brokers exist that end
the connection over it. And a packet id belongs to one connection: on a newer one it names another message, so an
acknowledgement that comes too late is dropped, and the broker's redelivery is acknowledged instead.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from shouwang.domain.vocabulary import Arrival
from shouwang.mqtt.packets import is_own

BATCH_COUNT = 500
BATCH_BYTES = 4 * 1024 * 1024


class Line(Protocol):
    """The connection over which an arrival came."""

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """From any thread. Sends PUBACKs in this order while the connection lives; else does nothing."""
        ...


class Sink(Protocol):
    """Takes what a session hears; ``put`` and ``has_room`` are called by the session's thread."""

    def put(self, line: Line, arrivals: Sequence[Arrival]) -> None: ...

    def has_room(self) -> bool:
        """False: the socket is left unread, so that the broker keeps the rest."""
        ...


class FeedQueue:
    """See ``ports.Feed``. One thread puts, one takes.

    ``capacity`` arrivals or twice ``batch_bytes`` may wait; beyond that the session stops reading. ``on_room`` is
    called by the taking thread when it may read again. Messages that only we publish are dropped here, uncounted.
    """

    def __init__(
        self,
        *,
        batch_count: int = BATCH_COUNT,
        batch_bytes: int = BATCH_BYTES,
        capacity: int = 2 * BATCH_COUNT,
        on_room: Callable[[], None] = lambda: None,
    ) -> None:
        self._batch_count, self._batch_bytes, self._capacity = batch_count, batch_bytes, capacity
        self._on_room = on_room
        self._changed = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._count = 0  # arrivals in the queue
        self._bytes = 0
        self._was_full = False
        self._line: Line | None = None
        self._stale: dict[tuple[str, int], _Waiting] = {}  # of older connections, not yet taken
        self._untold = 0  # batches taken since the present line began, and not acknowledged
        self._closed = False

    def put(self, line: Line, arrivals: Sequence[Arrival]) -> None:
        with self._changed:
            if line is not self._line:
                self._begin(line)
            alone: list[int] = []
            for arrival in arrivals:
                if is_own(arrival.topic):
                    self._drop(line, arrival, alone)
                    continue
                if arrival.duplicate and self._still_waits(arrival):
                    self._queue.append(_Waiting(line, arrival.packet_id, None))
                    continue
                self._queue.append(_Waiting(line, arrival.packet_id, arrival))
                self._count += 1
                self._bytes += _size(arrival)
            if self._count:
                self._changed.notify()
        if alone:
            line.acknowledge(alone)

    def has_room(self) -> bool:
        with self._changed:
            self._was_full = self._is_full()
            return not self._was_full

    def next_batch(self, timeout: float) -> "FeedBatch | None":
        with self._changed:
            if not self._count and not self._closed:
                self._await(timeout)
            if not self._count:
                return None
            batch = self._take()
            room = self._was_full and not self._is_full()
            self._was_full = self._was_full and not room
        if room:
            self._on_room()
        return batch

    def close(self) -> None:
        """Wakes whoever waits; what is queued can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _await(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not self._count and not self._closed:
            left = deadline - time.monotonic()
            if left <= 0 or not self._changed.wait(left):
                return

    def _take(self) -> "FeedBatch":
        """The head of the queue up to the bounds, at least one arrival, and all that is to be acknowledged before,
        between and right behind."""
        arrivals: list[Arrival] = []
        taken: list[_Waiting] = []
        size = 0
        while self._queue:
            waiting = self._queue[0]
            if (arrival := waiting.arrival) is not None:
                size += _size(arrival)
                if arrivals and (len(arrivals) == self._batch_count or size > self._batch_bytes):
                    break
                arrivals.append(arrival)
                self._count -= 1
                self._bytes -= _size(arrival)
            waiting.taken = True
            taken.append(waiting)
            self._queue.popleft()
        self._untold += 1
        line = self._line  # those of an older one cannot be acknowledged any more: the broker hands them over again
        return FeedBatch(self, line, arrivals, [one.packet_id for one in taken if one.packet_id and one.line is line])

    def _drop(self, line: Line, arrival: Arrival, alone: list[int]) -> None:
        """Nothing is unacknowledged before it: at once. Else in its turn, for the order."""
        if not arrival.packet_id:
            return
        if self._queue or self._untold:
            self._queue.append(_Waiting(line, arrival.packet_id, None))
        else:
            alone.append(arrival.packet_id)

    def _begin(self, line: Line) -> None:
        """Arrivals of older connections stay: a broker that was killed may have forgotten them. Nothing else does."""
        self._line, self._untold = line, 0
        self._queue = deque(waiting for waiting in self._queue if waiting.arrival is not None)
        self._stale = {
            (waiting.arrival.session, waiting.packet_id): waiting
            for waiting in self._queue
            if waiting.arrival is not None and waiting.packet_id
        }

    def _still_waits(self, arrival: Arrival) -> bool:
        """Whether a redelivery is of what still waits here: then it stays in its place, with the time of its first
        receipt, and only the acknowledgement is due to the newer connection."""
        old = self._stale.pop((arrival.session, arrival.packet_id), None)
        if old is None or old.taken or old.arrival is None:
            return False
        return (old.arrival.topic, old.arrival.payload) == (arrival.topic, arrival.payload)

    def told(self, line: Line) -> None:
        """A batch taken while this was the line is acknowledged; what was dropped behind the last one goes with it."""
        left: list[int] = []
        with self._changed:
            if line is not self._line:
                return
            self._untold -= 1
            if not self._untold and not self._count:
                left = [waiting.packet_id for waiting in self._queue if waiting.line is line]
                self._queue.clear()
        if left:
            line.acknowledge(left)

    def _is_full(self) -> bool:
        return self._count >= self._capacity or self._bytes >= 2 * self._batch_bytes


class FeedBatch:
    """See ``ports.Batch``."""

    def __init__(self, feed: FeedQueue, line: Line | None, arrivals: list[Arrival], packet_ids: list[int]) -> None:
        self.arrivals: Sequence[Arrival] = arrivals
        self._feed, self._line, self._packet_ids = feed, line, packet_ids

    def acknowledge(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        if self._packet_ids:
            line.acknowledge(self._packet_ids)
        self._feed.told(line)


class _Waiting:
    """One packet in line. Without an arrival it only wants its acknowledgement."""

    __slots__ = ("arrival", "line", "packet_id", "taken")

    def __init__(self, line: Line, packet_id: int, arrival: Arrival | None) -> None:
        self.line, self.packet_id, self.arrival = line, packet_id, arrival
        self.taken = False


def _size(arrival: Arrival) -> int:
    return len(arrival.payload) + len(arrival.topic)
