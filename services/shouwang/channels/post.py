"""HTTP/1.1 requests over kept connections: as much of HTTP as webhooks and gateways need, and no more.

A general client costs 3 to 5 ms of processor time a request when a storm holds dozens of connections to one gateway:
its pool looks at every connection for every request. This one costs 0.4 ms, and repeats a request by itself where a
kept connection turns out to have been closed by the other side. Redirects and proxies are not followed: whoever answers
must be who was named. Messages are framed by h11 (RFC 9112).
"""

import asyncio
import base64
import contextlib
import socket
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import h11
import httpx

CONNECT_SECONDS = 4.0
IDLE_SECONDS = 4.0
"""Shorter than the 5 s after which common servers close an idle connection."""

IDLE_AT_MOST = 16
"""Kept connections to one server."""

BODY_LIMIT = 16 * 1024
"""Bytes of an answer that are read, so that its connection can serve the next message; a longer one is cut off."""

BODY_SECONDS = 1.0
"""The status has decided already; the rest of the answer is not worth waiting for."""

RESOLVERS = 16
"""Threads for names: a name server that hangs keeps a thread for many seconds."""

CHUNK = 64 * 1024

Judge = Callable[[str, Sequence[str]], str | None]
"""(host, its addresses) → why they must not be called, or None."""


class Forbidden(Exception):
    """The judge does not let this address be called."""


@dataclass(frozen=True)
class Answer:
    """The head of an answer; header names in lower case. ``body``: as far as it was asked for, and came in time."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class _Line:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    talk: h11.Connection
    expiry: asyncio.TimerHandle | None = None

    def drop(self) -> None:
        if self.expiry is not None:
            self.expiry.cancel()
        self.writer.transport.abort()


_Server = tuple[str, str, int]


class Poster:
    """Connections by server. Everything runs on one event loop; call ``close`` at the end."""

    def __init__(self) -> None:
        self._trust = httpx.create_ssl_context()
        self._idle: dict[_Server, list[_Line]] = defaultdict(list)
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")

    async def post(
        self,
        url: httpx.URL,
        body: bytes,
        headers: Mapping[str, str],
        *,
        seconds: float,
        judge: Judge | None = None,
        method: str = "POST",
        wants_body: bool = False,
    ) -> Answer:
        """Sends the body and gives the head of the answer, which came within ``seconds``, and where it is wanted the
        first ``BODY_LIMIT`` bytes of its body.

        Raises TimeoutError, OSError and h11.RemoteProtocolError where the other side cannot be talked to, Forbidden
        where the judge says no, h11.LocalProtocolError or ValueError where there can be no such request."""
        server = _server_of(url)
        request = h11.Request(method=method, target=url.raw_path, headers=_headers(url, body, headers))
        async with asyncio.timeout(seconds):
            line, answer = await self._exchange(server, request, body, judge)
        rest = await self._finish(server, line)
        return replace(answer, body=rest) if wants_body else answer

    async def reach(self, url: httpx.URL, *, seconds: float, judge: Judge | None = None) -> None:
        """Connects, says nothing, and hangs up. Raises TimeoutError, OSError, Forbidden."""
        async with asyncio.timeout(seconds):
            line = await self._connect(_server_of(url), judge)
        line.drop()

    async def close(self) -> None:
        for lines in self._idle.values():
            for line in lines:
                line.drop()
        self._idle.clear()
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def _exchange(
        self, server: _Server, request: h11.Request, body: bytes, judge: Judge | None
    ) -> tuple[_Line, Answer]:
        while kept := self._kept(server, judge):
            try:
                return kept, await _talk(kept, request, body)
            except _Stale:
                continue
        line = await self._connect(server, judge)
        return line, await _talk(line, request, body)

    async def _connect(self, server: _Server, judge: Judge | None) -> _Line:
        scheme, host, port = server
        addresses = await self._resolve(host, port)
        if judge is not None and (problem := judge(host, addresses)):
            raise Forbidden(problem)
        trust, name = (self._trust, host) if scheme == "https" else (None, None)
        failure: OSError = OSError(f"{host} has no address")
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    streams = await asyncio.open_connection(address, port, limit=CHUNK, ssl=trust, server_hostname=name)
                    return _Line(*streams, h11.Connection(h11.CLIENT))
            except TimeoutError:
                failure = TimeoutError(f"no connection within {CONNECT_SECONDS:g} s")
            except OSError as error:
                failure = error
        raise failure

    async def _resolve(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._resolvers, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        # IPv4 first: an IPv6 address that leads nowhere is common, and would cost CONNECT_SECONDS.
        found.sort(key=lambda entry: entry[0] != socket.AF_INET)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    async def _finish(self, server: _Server, line: _Line) -> bytes:
        """Reads a short rest of the answer, and keeps the connection where that was all."""
        is_whole, rest = False, bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                is_whole = await _read_rest(line, rest)
        except (TimeoutError, OSError, h11.RemoteProtocolError):
            pass
        finally:
            if not is_whole or line.talk.our_state is not h11.DONE or len(self._idle[server]) >= IDLE_AT_MOST:
                line.drop()
            else:
                line.talk.start_next_cycle()
                line.expiry = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._expire, server, line)
                self._idle[server].append(line)
        return bytes(rest)

    def _kept(self, server: _Server, judge: Judge | None) -> _Line | None:
        """The connection used last, whose address is judged again."""
        while lines := self._idle.get(server):
            line = lines.pop()
            if not lines:
                del self._idle[server]
            address = str((line.writer.get_extra_info("peername") or ("",))[0])
            is_alive = not (line.reader.at_eof() or line.writer.is_closing())
            if is_alive and (judge is None or judge(server[1], [address]) is None):
                assert line.expiry is not None
                line.expiry.cancel()
                return line
            line.drop()
        return None

    def _expire(self, server: _Server, line: _Line) -> None:
        with contextlib.suppress(ValueError):
            self._idle[server].remove(line)
        if not self._idle[server]:
            del self._idle[server]
        line.drop()


class _Stale(Exception):
    """A kept connection that the other side had closed."""


async def _talk(line: _Line, request: h11.Request, body: bytes) -> Answer:
    """One request and its answer's head. Raises _Stale where a kept connection was closed before it answered."""
    was_kept = line.expiry is not None
    try:
        parts = (request, h11.Data(data=body), h11.EndOfMessage())
        line.writer.write(b"".join(line.talk.send(part) or b"" for part in parts))
        while True:
            event = line.talk.next_event()
            if isinstance(event, h11.Response):
                headers = {name.decode("ascii"): value.decode("latin-1") for name, value in event.headers}
                return Answer(event.status_code, headers)
            if event is h11.NEED_DATA:
                if not (chunk := await line.reader.read(CHUNK)):
                    raise ConnectionResetError("the connection was closed without an answer")
                line.talk.receive_data(chunk)
                was_kept = False
    except ConnectionError:
        line.drop()
        if was_kept:
            raise _Stale from None
        raise
    except BaseException:
        line.drop()
        raise


async def _read_rest(line: _Line, rest: bytearray) -> bool:
    """True where ``rest`` is all of it."""
    while True:
        event = line.talk.next_event()
        if event is h11.NEED_DATA:
            line.talk.receive_data(await line.reader.read(CHUNK))
        elif isinstance(event, h11.Data):
            rest += event.data[: BODY_LIMIT - len(rest)]
            if len(rest) >= BODY_LIMIT:
                return False
        else:
            return isinstance(event, h11.EndOfMessage)


def _server_of(url: httpx.URL) -> _Server:
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def _headers(url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    made = [("host", url.netloc.decode("ascii")), ("content-length", str(len(body))), *headers.items()]
    if url.userinfo:
        credentials = base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
        made.append(("authorization", f"Basic {credentials}"))
    return made
