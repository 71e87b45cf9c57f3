"""From the outbox to people: who answers now, on which contact, sent, settled by its outcome, tried again.

Rows first, sends second: a notice becomes deliveries in one transaction, which leases them to this process as well, so
that an alarm costs one write before it leaves. A process that dies leaves rows that the next one takes over; a delivery
keeps its key, so whoever heard it before the crash can tell.

Transactions (``Outgoing``) run in two threads of dispatch's own: what is to be sent in one, what became of it in the
other, so that a new alarm queues for the one writer at once. Sends run beside one another on the event loop
(``Lanes``). Nothing waits for a gateway but that gateway's send.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from shouwang import metrics
from shouwang.domain.delivery import outcome_word
from shouwang.domain.duty import Person
from shouwang.domain.notice import Message, Outcome, Refused, Sent, Unreachable, Why
from shouwang.domain.vocabulary import SECOND, DeliveryKey, Duration
from shouwang.flows.lanes import Job, Lanes
from shouwang.flows.outgoing import DELIVERIES_AT_ONCE, LEASE, Outgoing
from shouwang.ports import Casebook, Channel, Clock, Directory, Outbox, Points

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""Between two looks at the outbox when nobody wakes us: truth is always a row."""

SETTLE_SECONDS = 0.015
"""What was sent waits this long for company before it is written; a failure, which makes another send due, does not."""

SEND_SECONDS = 12.0
"""A channel bounds itself (10 s); this catches one that does not."""

WAITED: Duration = SECOND
"""What waited longer than this for its turn is looked at once more before it is sent: meanwhile its incident may have
ended, and nobody is called to a fire that is none."""

STOP_SECONDS = 3.0

T = TypeVar("T")


class Dispatch:
    """One a server process; several servers share the work by leases."""

    def __init__(
        self,
        casebook: Casebook,
        outbox: Outbox,
        directory: Directory,
        channels: Mapping[str, Channel],
        clock: Clock,
        points: Points | None = None,
        *,
        holder: str,
        is_alive: Callable[[str], bool | None] | None = None,
        link: Callable[[DeliveryKey], str] = lambda _delivery: "",
        code: Callable[[DeliveryKey], str] = lambda _delivery: "",
        answerable: Collection[str] = (),
        concurrency: int = 256,
        beside: Callable[[Message, Person], None] = lambda _message, _person: None,
    ) -> None:
        """``holder``: this process's name on leases. ``is_alive(holder)``: False where that process is certainly gone,
        so that its deliveries go out at once rather than when the lease ends. ``link``: where the person of a
        delivery answers it, empty where phones do not reach this service. ``code``: what a test message
        proves by. ``answerable``: channels on which what a person writes back is read. ``concurrency``: sends at
        a time, over all people."""
        self._channels = channels
        self._clock = clock
        self._points = points
        self._outgoing = Outgoing(
            casebook=casebook,
            outbox=outbox,
            directory=directory,
            channels=channels.keys(),
            clock=clock,
            holder=holder,
            is_alive=is_alive,
            link=link,
            code=code,
            answerable=answerable,
            reach=self._reach,
        )
        self._beside = beside
        self._lanes = Lanes(self._send, width=concurrency)
        self._desk = ThreadPoolExecutor(1, thread_name_prefix="dispatch")
        self._books = ThreadPoolExecutor(1, thread_name_prefix="settling")
        self._outcomes: list[tuple[Job, Outcome]] = []
        self._come = asyncio.Event()
        self._urgent = asyncio.Event()
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._trouble = ""

    def wake(self) -> None:
        """There may be work: look now. Any thread may call it; while ``run`` does not run it does nothing."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop closed meanwhile
                loop.call_soon_threadsafe(self._woken.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``: then sends under way get a moment, and what is left is given back. Once an instance."""
        self._loop = asyncio.get_running_loop()
        settling = asyncio.create_task(self._keep_settling())
        looking = asyncio.create_task(self._keep_looking(stop))
        try:
            await stop.wait()
            self._woken.set()
            await looking
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._lanes.rest()
        finally:
            self._loop = None
            looking.cancel()
            unsent = await self._lanes.stop()
            self._closing = True
            self._come.set()
            self._urgent.set()
            await settling
            await self._guarded(self._at_desk(self._outgoing.give_back, unsent))
            self._desk.shutdown(wait=False)
            self._books.shutdown(wait=False)

    async def cycle(self) -> None:
        """Everything that is due now, to its end: for tests, and for a caller without ``run``."""
        while await self._look() or len(self._lanes) or self._outcomes:
            await self._lanes.rest()
            while self._outcomes:
                await self._settle_some()

    async def _keep_looking(self, stop: asyncio.Event) -> None:
        await self._guarded(self._at_desk(self._outgoing.take_over))
        while not stop.is_set():
            self._woken.clear()
            began = time.perf_counter()
            while not stop.is_set() and await self._guarded(self._look()):
                pass
            metrics.DISPATCH_CYCLE_SECONDS.observe(time.perf_counter() - began)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()

    async def _look(self) -> bool:
        """One transaction of new notices, one of due deliveries. True where there may be more."""
        expanded = await self._at_desk(self._outgoing.expand, len(self._lanes))
        if expanded is not None:
            self._reach("dispatch.expanded")
            self._lanes.put(expanded)
            await asyncio.sleep(0)  # they leave before the next transaction competes for the interpreter
        due = await self._at_desk(self._outgoing.lease, len(self._lanes))
        if due:
            self._reach("dispatch.leased")
            self._lanes.put(due)
        return expanded is not None or bool(due)

    async def _send(self, job: Job) -> None:
        """One attempt, and its outcome to the settling; never raises."""
        now, until = self._clock.now(), job.delivery.lease_until or 0
        if now > until - round(SEND_SECONDS * SECOND):
            # Its turn came so late that the lease would end half-way. The outbox gives it out again.
            return
        if now > until - LEASE + WAITED and not await self._is_still_wanted(job):
            return
        self._reach("dispatch.before_send")
        if job.person is not None and job.delivery.attempts == 0:
            self._beside(job.message, job.person)
        began = time.perf_counter()
        outcome = await self._attempt(job)
        channel, why = job.delivery.channel, job.delivery.why
        metrics.CHANNEL_SECONDS.labels(channel).observe(time.perf_counter() - began)
        metrics.DELIVERIES.labels(channel, outcome_word(outcome), why).inc()
        if isinstance(outcome, Sent) and why is Why.FIRST and job.delivery.attempts == 0:
            metrics.TOLD_SECONDS.labels(channel).observe(max(0, self._clock.now() - job.heard_at) / SECOND)
        self._reach("dispatch.sent")
        self._outcomes.append((job, outcome))
        self._come.set()
        if not isinstance(outcome, Sent):
            self._urgent.set()

    async def _is_still_wanted(self, job: Job) -> bool:
        try:
            return await self._in_books(self._outgoing.is_still_wanted, job)
        except Exception:
            log.exception("delivery %s cannot be looked at once more; it is sent", job.delivery.key)
            return True

    async def _attempt(self, job: Job) -> Outcome:
        channel = self._channels.get(job.delivery.channel)
        if job.person is None or job.contact is None or channel is None:
            return Refused("the contact is not in the directory any more")
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await channel.send(job.message, job.person, job.contact)
        except TimeoutError:
            return Unreachable(f"no answer within {SEND_SECONDS:g} s")
        except Exception as error:
            log.exception("channel %s raised, which no channel may", job.delivery.channel)
            return Unreachable(f"the channel failed: {type(error).__name__}")

    async def _keep_settling(self) -> None:
        """Until ``run`` ends and every outcome is written."""
        while not (self._closing and not self._outcomes):
            await self._come.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_SECONDS):
                    await self._urgent.wait()
            if self._outcomes and not await self._guarded(self._settle_some()):
                if self._closing:
                    return  # The leases end by themselves, and the keys stay the same.
                await asyncio.sleep(LOOK_SECONDS)

    async def _settle_some(self) -> bool:
        """Writes the outcomes of the oldest attempts; True when that is done."""
        batch = self._outcomes[:DELIVERIES_AT_ONCE]
        jobs = await self._in_books(self._outgoing.settle, batch)
        self._reach("dispatch.settled")
        del self._outcomes[: len(batch)]
        if not self._outcomes:
            self._come.clear()
            self._urgent.clear()
        if jobs:
            self._reach("dispatch.failing_over")
        self._lanes.put(jobs)
        if any(isinstance(outcome, Refused) for _, outcome in batch):
            self._woken.set()  # The next step may be waiting as a notice.
        return True

    async def _at_desk(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._desk, work, *arguments)

    async def _in_books(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._books, work, *arguments)

    async def _guarded(self, work: Awaitable[T]) -> T | None:
        """None where it failed: whatever it was, it is tried again, and told to the log once."""
        try:
            done = await work
        except Exception as error:
            if (trouble := f"{type(error).__name__}: {error}") != self._trouble:
                self._trouble = trouble
                log.exception("dispatch was held up; it tries again")
            return None
        self._trouble = ""
        return done

    def _reach(self, point: str) -> None:
        if self._points is not None:
            self._points.reach(point)
