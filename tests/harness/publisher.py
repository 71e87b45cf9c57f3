"""Devices that speak at a steady rate over one raw MQTT connection, and count what the broker took."""

import select
import threading
import time
from collections.abc import Callable
from types import TracebackType

from shouwang.cli.bench import frames, load

Spoken = tuple[str, bytes]
"""Topic and payload."""

_TURN = 0.01
_WINDOW = 5_000  # not acknowledged; far fewer than there are packet ids
_PATIENCE = 30.0


class Publisher:
    """Says what ``next_message`` gives, ``rate`` a second at QoS 1, in a thread of its own, between ``with`` and
    ``stop``."""

    def __init__(self, port: int, next_message: Callable[[], Spoken], rate: int, *, name: str = "devices") -> None:
        self.sent = 0
        self.acknowledged = 0
        self._next = next_message
        self._rate = rate
        self._paused = threading.Event()
        self._quiet = threading.Event()
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._link = load.connected(port, name)
        self._open: set[bytes] = set()
        self._rest = b""
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def pause(self) -> None:
        """Returns once nothing more is said and all was acknowledged."""
        self._quiet.clear()
        self._paused.set()
        assert self._quiet.wait(_PATIENCE), self._failure or "the broker does not acknowledge"

    def go_on(self) -> None:
        self._paused.clear()

    def stop(self) -> None:
        """Returns once all that was sent is acknowledged; fails where it is not."""
        self._stopping.set()
        self._thread.join(_PATIENCE + 5)
        if self._failure is not None:
            raise self._failure
        assert self.acknowledged == self.sent, f"{self.sent - self.acknowledged} of {self.sent} not acknowledged"

    def __enter__(self) -> "Publisher":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join(_PATIENCE + 5)
        self._link.close()

    def _run(self) -> None:
        try:
            self._speak()
            self._await_all()
        except Exception as failure:  # noqa: BLE001  (handed to the test by ``stop``)
            self._failure = failure

    def _speak(self) -> None:
        due = 0.0
        last = time.monotonic()
        while not self._stopping.is_set():
            now = time.monotonic()
            due, last = due + (now - last) * self._rate, now
            if self._paused.is_set():
                due = 0.0
                if not self._open:
                    self._quiet.set()
            count = min(int(due), _WINDOW - len(self._open))
            due -= count
            if count > 0:
                self._say(count)
            self._hear(_TURN)

    def _say(self, count: int) -> None:
        out = []
        for _ in range(count):
            topic, payload = self._next()
            packet_id = self.sent % 65_535 + 1
            self._open.add(packet_id.to_bytes(2, "big"))
            out.append(frames.publish(topic, payload, packet_id))
            self.sent += 1
        self._link.sendall(b"".join(out))

    def _hear(self, seconds: float) -> None:
        if not select.select([self._link], [], [], seconds)[0]:
            return
        piece = self._link.recv(65_536)
        if not piece:
            raise ConnectionError("the broker closed the publisher's connection")
        data = self._rest + piece
        whole = len(data) // frames.ACK_SIZE * frames.ACK_SIZE
        for at in range(0, whole, frames.ACK_SIZE):
            assert data[at : at + 2] == b"\x40\x02", data[at : at + 4]
            self._open.remove(data[at + 2 : at + 4])
            self.acknowledged += 1
        self._rest = data[whole:]

    def _await_all(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while self._open and time.monotonic() < deadline:
            self._hear(0.1)


def says(port: int, *messages: Spoken) -> None:
    """These messages, acknowledged by the broker when it returns."""
    waiting = iter(messages)
    publisher = Publisher(port, lambda: next(waiting), 0, name=f"one-{time.monotonic_ns()}")
    with publisher:
        publisher._say(len(messages))
        publisher.stop()
