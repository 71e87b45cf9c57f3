"""The live stream: journal entries as server-sent events, resumed by number without a gap.

One tailer reads the journal for everybody and keeps the newest entries in a ring. A client is only a number: the entry
it had last. It takes what is newer from the ring or, where it fell behind, from the database, so that a slow client
costs no memory and waits for nobody but itself; one that takes nothing for ``SEND_TIMEOUT`` is dropped, and resumes
later.
Source: WHATWG HTML 9.2, server-sent events.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shouwang.domain.journal import Entry
from shouwang.domain.moment import rfc3339
from shouwang.metrics import SSE_CLIENTS
from shouwang.ports import Journal

from .journals import readable
from .problems import Code, Problem

log = logging.getLogger(__name__)

POLL = 0.25
"""Seconds between two looks at the journal while anybody listens; a wake makes it sooner."""
HEARTBEAT = 10.0
"""Seconds of silence after which a comment tells the client that the line is alive."""
SEND_TIMEOUT = 30.0
"""Seconds that a client may take none of what is sent."""
RING = 2_000
PAGE = 200
CLIENTS = 500
"""Streams at one time; more are refused (429) rather than all made slow."""


class Tail:
    """The one reader of the journal. ``run`` holds it alive; everything else is called on the same event loop, but
    ``wake``, which any thread may call after a commit."""

    def __init__(self, journal: Journal, *, poll: float = POLL, ring: int = RING) -> None:
        self._journal = journal
        self._poll = poll
        self._ring: deque[Entry] = deque()
        self._size = ring
        self._floor = 0
        self._last = 0
        self._clients = 0
        self._healthy = True
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._news = asyncio.Event()
        # Its own threads: a storm of requests may fill the pool of the endpoints, and never delays this.
        self._threads = CapacityLimiter(8)

    @property
    def healthy(self) -> bool:
        """False while the journal cannot be read."""
        return self._healthy

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Ends all streams: a server that stops waits for nobody who only listens. Call it on the event loop."""
        self._closed = True
        self._news.set()

    @property
    def clients(self) -> int:
        """Streams that are open now."""
        return self._clients

    def wake(self) -> None:
        """Something was committed: look now."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop closed meanwhile: nobody listens any more
                loop.call_soon_threadsafe(self._woken.set)

    async def run(self) -> None:
        """Reads for as long as it is not cancelled. A journal that does not answer is asked again."""
        self._loop = asyncio.get_running_loop()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll if self._clients else None):
                    await self._woken.wait()
            self._woken.clear()
            if self._clients:
                await self._look()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Counts one client. Raises Problem where too many listen."""
        if self._clients >= CLIENTS:
            raise Problem(Code.TOO_MANY, f"{CLIENTS} streams are open already", headers={"Retry-After": "5"})
        if not self._clients:
            # Nobody listened: what the ring holds may be hours old, and the gap since then may be long.
            self._last = await self.last()
            self._floor = self._last
            self._ring.clear()
        self._clients += 1
        SSE_CLIENTS.set(self._clients)
        self._woken.set()
        try:
            yield
        finally:
            self._clients -= 1
            SSE_CLIENTS.set(self._clients)

    async def last(self) -> int:
        """The newest entry's number."""
        return await run_sync(self._journal.last, limiter=self._threads)

    async def newer(self, after: int) -> Sequence[Entry]:
        """At most a page of entries after a number, oldest first; empty when there is nothing newer."""
        if after >= self._floor:
            return _beyond(self._ring, after)
        return await run_sync(self._journal.since, after, PAGE, limiter=self._threads)

    @property
    def news(self) -> asyncio.Event:
        """Set when something comes that is not there now. Take it before looking, then nothing slips between."""
        return self._news

    async def _look(self) -> None:
        try:
            entries = await run_sync(self._journal.since, self._last, PAGE, limiter=self._threads)
        except Exception:
            # Whatever it is: a reader that ended would leave every picture standing still, looking alive.
            if self._healthy:
                log.exception("the journal cannot be read; live pictures stand still until it can")
            self._healthy = False
            return
        self._healthy = True
        if not entries:
            return
        for entry in entries:
            if len(self._ring) >= self._size:
                self._floor = self._ring.popleft().seq
            self._ring.append(entry)
        self._last = entries[-1].seq
        if len(entries) == PAGE:
            self._woken.set()
        self._news.set()
        self._news = asyncio.Event()


class EventStream(Response):
    """One client's stream. ``after``: the number it had last, None for whatever happens from now on. ``sees`` says
    which entries it may have (called in a thread, may ask the database); None for one that may have all."""

    media_type = "text/event-stream"

    def __init__(
        self,
        tail: Tail,
        after: int | None,
        *,
        sees: Callable[[Entry], bool] | None = None,
        heartbeat: float = HEARTBEAT,
        send_timeout: float = SEND_TIMEOUT,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._tail = tail
        self._after = after
        self._sees = sees
        self._heartbeat = heartbeat
        self._send_timeout = send_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self._tail.listening():
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                gone = asyncio.ensure_future(_gone(receive))
                try:
                    await self._serve(send, gone)
                finally:
                    gone.cancel()
        except Problem as problem:
            await problem.response(scope["path"])(scope, receive, send)

    async def _serve(self, send: Send, gone: "asyncio.Future[None]") -> None:
        last = await self._tail.last()
        after = last if self._after is None else min(self._after, last)
        # An id without data sets the number to resume from, and no event: a line that breaks before the first event
        # resumes here.
        chunk = b"retry: 1000\nid: %d\n\n" % after
        while not gone.done() and not self._tail.closed:
            try:
                async with asyncio.timeout(self._send_timeout):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            except TimeoutError:
                log.warning("a stream was dropped: its client takes nothing", extra={"after": after})
                return
            news = self._tail.news
            entries = await self._tail.newer(after)
            if not entries:
                await _either(news, gone, self._heartbeat)
                entries = await self._tail.newer(after)
            chunk = await self._chunk(entries)
            after = entries[-1].seq if entries else after
        if not gone.done():
            await send({"type": "http.response.body", "body": b""})

    async def _chunk(self, entries: Sequence[Entry]) -> bytes:
        if not entries:
            # While the journal cannot be read the line must not look alive.
            return b": beat\n\n" if self._tail.healthy else b""
        seen = entries
        if self._sees is not None:
            sees = self._sees
            seen = await run_sync(lambda: [entry for entry in entries if sees(entry)])
        events = [event_bytes(entry) for entry in seen]
        if not seen or seen[-1].seq != entries[-1].seq:
            events.append(b"id: %d\n\n" % entries[-1].seq)
        return b"".join(events)


def event_bytes(entry: Entry) -> bytes:
    """An entry as one server-sent event: its kind the type, its number the id."""
    facts = {
        "seq": entry.seq,
        "at": rfc3339(entry.at),
        "kind": entry.kind,
        "actor": entry.actor,
        "incident": entry.incident,
        "alert": entry.alert,
        "device": entry.device,
        "place": entry.place,
        "body": readable(entry.body),
    }
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (entry.seq, entry.kind.encode(), msgspec.json.encode(facts))


async def _either(news: asyncio.Event, gone: "asyncio.Future[None]", seconds: float) -> None:
    told = asyncio.ensure_future(news.wait())
    either: set[asyncio.Future[Any]] = {told, gone}
    await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _beyond(ring: Sequence[Entry], after: int) -> list[Entry]:
    found: list[Entry] = []
    for entry in reversed(ring):
        if entry.seq <= after or len(found) >= RING:
            break
        found.append(entry)
    found.reverse()
    return found
