"""Recorded phones: a real HTTP server whose every path is one person's phone, and which can misbehave as gateways do.

`with exchange() as phones:` starts it on a free port of 127.0.0.1. `phones.url("guard")` is where the guard's webhook
points, `phones["guard"].calls` is all that came, in order of arrival. A phone answers 200 until it is told otherwise:
`answers(503, 503, 200)`, `hangs()`, `resets()`, or a `Reply` of any status, headers and body.
"""

import contextlib
import json
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Call:
    """One request as it arrived. `at`: seconds of the monotonic clock; header names in lower case."""

    at: float
    path: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def key(self) -> str:
        return self.headers["webhook-id"]

    def is_signed_by(self, secret: str | bytes) -> bool:
        """Whether a receiver that holds the secret accepts it (Standard Webhooks)."""
        try:
            Webhook(secret).verify(self.raw, dict(self.headers), json_parse=False)
        except Exception:  # noqa: BLE001 - the library raises its own kinds and whatever base64 raises
            return False
        return True


@dataclass(frozen=True)
class Reply:
    """How one call is answered. `after`: seconds of waiting before the status; `hang`: never answers; `reset`: the
    connection ends by RST; `trickle`: the body comes a byte at a time until the caller leaves."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: float = 0.0
    hang: bool = False
    reset: bool = False
    trickle: bool = False


class Phone:
    """One person's phone: what it heard, and how it answers."""

    def __init__(self, name: str, url: str, news: threading.Condition) -> None:
        self.name = name
        self.url = url
        self.calls: list[Call] = []
        self._news = news
        self._next: deque[Reply] = deque()
        self._always = Reply()

    def answers(self, *replies: int | Reply) -> None:
        """These replies in order; the last one for ever."""
        made = [reply if isinstance(reply, Reply) else Reply(reply) for reply in replies]
        with self._news:
            self._next = deque(made[:-1])
            self._always = made[-1]

    def hangs(self) -> None:
        self.answers(Reply(hang=True))

    def resets(self) -> None:
        self.answers(Reply(reset=True))

    def rings(self, count: int = 1, *, within: float = 5.0) -> list[Call]:
        """Waits until it was called `count` times in all; fails with what it heard instead."""
        return self.rings_until(lambda calls: len(calls) >= count, f"{count} calls", within=within)

    def rings_until(self, heard: Callable[[list[Call]], bool], what: str, *, within: float = 5.0) -> list[Call]:
        """Waits until what was heard so far satisfies `heard`. Blocks: call it in a thread from async tests."""
        with self._news:
            if not self._news.wait_for(lambda: heard(self.calls), timeout=within):
                last = [f"{call.at:.3f} {call.raw[:120]!r}" for call in self.calls[-5:]]
                raise AssertionError(
                    f"phone {self.name}: expected {what} within {within} s, heard {len(self.calls)}, the last: {last}"
                )
            return list(self.calls)

    def hears(self, call: Call) -> Reply:
        """Called by the exchange: keeps the call and says how it is answered."""
        with self._news:
            self.calls.append(call)
            self._news.notify_all()
            return self._next.popleft() if self._next else self._always


class Exchange:
    """All phones of a test, by name; a phone exists from the first time it is named or called."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.port = int(self._server.server_address[1])
        self._phones: dict[str, Phone] = {}
        self._rule: Callable[[Call], Reply] | None = None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="phones", daemon=True)

    def __getitem__(self, name: str) -> Phone:
        with self._news:
            return self._phones.setdefault(name, Phone(name, self.url(name), self._news))

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    @property
    def calls(self) -> list[Call]:
        """Everything that any phone heard, in order of arrival."""
        with self._news:
            return sorted((call for phone in self._phones.values() for call in phone.calls), key=lambda call: call.at)

    def by_key(self) -> dict[str, list[Call]]:
        """Calls by the key of their delivery: more than one is a retry."""
        found: dict[str, list[Call]] = defaultdict(list)
        for call in self.calls:
            found[call.key].append(call)
        return dict(found)

    def answered_by(self, rule: Callable[[Call], Reply]) -> None:
        """Whatever is called, this says how; it is called by many threads."""
        self._rule = rule

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else the second segment of a reply waits 40 ms for the caller's ACK
            timeout = 60

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                phone = exchange[self.path.strip("/").partition("?")[0]]
                call = Call(time.monotonic(), self.path, headers, raw)
                usual = phone.hears(call)
                self._reply(usual if exchange._rule is None else exchange._rule(call))

            def _reply(self, reply: Reply) -> None:
                if reply.reset:
                    linger = struct.pack("ii", 1, 0)  # close() then sends RST at once
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                    self.close_connection = True
                    return
                if exchange._closing.wait(3600 if reply.hang else reply.after):
                    self.close_connection = True
                    return
                with contextlib.suppress(OSError):  # the caller's time limit was shorter
                    self.send_response(reply.status)
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    length = 1 << 30 if reply.trickle else len(reply.body)
                    self.send_header("content-length", str(length))
                    self.end_headers()
                    self.wfile.write(reply.body)
                    while reply.trickle and not exchange._closing.wait(0.05):
                        self.wfile.write(b".")

            def log_message(self, format: str, *args: object) -> None:
                """The calls are the log."""

        return Handler


@contextlib.contextmanager
def exchange() -> Iterator[Exchange]:
    """A running exchange; hanging calls end with the block."""
    phones = Exchange()
    phones.start()
    try:
        yield phones
    finally:
        phones.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that gave up is no event."""
