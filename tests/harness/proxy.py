"""A stretch of network between two parties that tests cut, close for a while, or let go deaf."""

import contextlib
import select
import socket
import struct
import threading
import time
from types import TracebackType

from harness.servers import free_port

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() then ends the connection by RST, as a router that died would
_PIECE = 65_536
_TURN = 0.2


class Proxy:
    """``port`` leads to ``target`` on 127.0.0.1. All of it may be called from any thread."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.connections = 0
        """How many were taken so far."""
        self.cuts = 0
        """How many connections were ended by ``cut``."""
        self._target = target
        self._lock = threading.Lock()
        self._open: set[_Pair] = set()
        self._listener: socket.socket | None = None
        self._deaf = threading.Event()
        self.accept()

    @property
    def open(self) -> int:
        """How many connections stand."""
        with self._lock:
            return len(self._open)

    def cut(self) -> int:
        """Ends every connection at once, whatever is on its way; how many."""
        with self._lock:
            pairs, self._open = self._open, set()
        for pair in pairs:
            pair.end()
        self.cuts += len(pairs)
        return len(pairs)

    def refuse(self) -> None:
        """Ends every connection, and nobody listens any more."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            listener.close()
        self.cut()

    def accept(self) -> None:
        """Listens again."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        with self._lock:
            self._listener = listener
        threading.Thread(target=self._take, args=(listener,), name="proxy", daemon=True).start()

    def hold(self) -> None:
        """Carries nothing more until ``carry``; connections stay open, as over a line that lost its far end."""
        self._deaf.set()

    def carry(self) -> None:
        self._deaf.clear()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.carry()
        self.refuse()

    def _take(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=2)
            except OSError:
                _reset(near)
                continue
            pair = _Pair(near, far, self._deaf)
            with self._lock:
                if self._listener is not listener:
                    pair.end()
                    return
                self._open.add(pair)
                self.connections += 1
            threading.Thread(target=self._serve, args=(pair,), name="proxied", daemon=True).start()

    def _serve(self, pair: "_Pair") -> None:
        pair.carry()
        with self._lock:
            self._open.discard(pair)
        pair.end()


class _Pair:
    def __init__(self, near: socket.socket, far: socket.socket, deaf: threading.Event) -> None:
        self._ends = (near, far)
        self._deaf = deaf
        self._over = False
        for one in self._ends:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def carry(self) -> None:
        """Until either side ends, or ``end``."""
        near, far = self._ends
        with contextlib.suppress(OSError, ValueError):
            while not self._over:
                if self._deaf.is_set():
                    time.sleep(0.02)
                    continue
                for ready in select.select([near, far], [], [], _TURN)[0]:
                    data = ready.recv(_PIECE)
                    if not data:
                        return
                    (far if ready is near else near).sendall(data)

    def end(self) -> None:
        self._over = True
        for one in self._ends:
            _reset(one)


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.shutdown(socket.SHUT_RD)
    connection.close()
