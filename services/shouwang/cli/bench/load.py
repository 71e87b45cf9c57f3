"""The load generator: a process of its own that sends ready-made frames and counts PUBACKs.

It takes little of the machine that is measured: no client library, no JSON, one ``send`` for hundreds of frames.
"""

import multiprocessing
import socket
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Event as ProcessEvent

from shouwang.cli.bench import frames

WINDOW = 2_000
"""Frames sent and not acknowledged at a time."""

TICK_SECONDS = 0.01


def blast(port: int, messages: Sequence[bytes]) -> float:
    """Sends ready-made PUBLISH frames as fast as the broker acknowledges them; seconds until the last PUBACK."""
    with connected(port, "bench-blast") as link:
        link.settimeout(30)
        began = time.perf_counter()
        sent = acknowledged = rest = 0
        while acknowledged < len(messages):
            room = min(WINDOW - (sent - acknowledged), len(messages) - sent)
            if room > WINDOW // 4 or (room and sent + room == len(messages)):
                link.sendall(b"".join(messages[sent : sent + room]))
                sent += room
            whole, rest = divmod(rest + len(link.recv(65_536)), frames.ACK_SIZE)
            acknowledged += whole
        return time.perf_counter() - began


class Background:
    """A steady rate of messages from another process, until ``stop``: over and over, or ``once`` all of them."""

    def __init__(self, port: int, messages: Sequence[bytes], rate: int, *, once: bool = False) -> None:
        context = multiprocessing.get_context("spawn")
        self._stop = context.Event()
        self._process = context.Process(
            target=_steady, args=(port, list(messages), rate, self._stop, once), daemon=True
        )
        if rate:
            self._process.start()

    def stop(self) -> None:
        if self._process.pid is not None:
            self._stop.set()
            self._process.join(10)


def _steady(port: int, messages: list[bytes], rate: int, stop: ProcessEvent, once: bool) -> None:
    with connected(port, "bench-background") as link:
        link.setblocking(False)
        began, sent = time.perf_counter(), 0
        while not stop.is_set():
            due = int((time.perf_counter() - began) * rate)
            due = min(due, len(messages)) if once else due
            if due > sent:
                chunk = b"".join(messages[number % len(messages)] for number in range(sent, due))
                link.setblocking(True)
                link.sendall(chunk)
                link.setblocking(False)
                sent = due
            try:
                while link.recv(65_536):
                    pass
            except BlockingIOError:
                pass
            time.sleep(TICK_SECONDS)


def swallow(link: socket.socket) -> None:
    """Reads what the broker says, and forgets it, until the link ends: for a thread."""
    try:
        while link.recv(4096):
            pass
    except OSError:
        pass


def connected(port: int, client_id: str) -> socket.socket:
    """A connected MQTT 3.1.1 link to the broker on 127.0.0.1. Raises OSError."""
    link = socket.create_connection(("127.0.0.1", port), timeout=10)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.sendall(frames.connect(client_id))
    answer = link.recv(4)
    if answer[3:4] != b"\x00":
        raise ConnectionError(f"the broker refused {client_id!r}: {answer!r}")
    return link


def forwarded(port: int, messages: Sequence[bytes]) -> float:
    """The ceiling: seconds for the broker to forward these messages at QoS 1 to a subscriber that only acknowledges."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    results = context.Queue()
    subscriber = context.Process(target=_subscriber, args=(port, len(messages), ready, results), daemon=True)
    subscriber.start()
    ready.wait(20)
    began = time.time()
    blast(port, messages)
    ended = float(results.get(timeout=120))
    subscriber.join(10)
    return ended - began


def _subscriber(port: int, count: int, ready: ProcessEvent, results: "multiprocessing.Queue[float]") -> None:
    with connected(port, "bench-ceiling") as link:
        link.sendall(frames.subscribe("#"))
        link.settimeout(60)
        ready.set()
        received, rest = 0, b""
        while received < count:
            data = rest + link.recv(262_144)
            packets, used = frames.complete_packets(data)
            rest = data[used:]
            if packets:
                link.sendall(frames.acknowledgements(packets))
                received += len(packets)
        results.put(time.time())
