"""Tells people's browsers too, beside their contacts: started with a delivery, never waited for, never counted."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Coroutine, Sequence

from shouwang import metrics
from shouwang.channels.watched import Watched
from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import Message, Sent
from shouwang.domain.subscription import Subscription
from shouwang.domain.vocabulary import SECOND, Duration, Instant
from shouwang.ports import Clock, Subscriptions

log = logging.getLogger(__name__)

AT_ONCE = 8
MOST_WAITING = 500
"""Messages that may wait for their turn; in a storm that no push service can follow the rest is counted and left out,
since everybody is told by their contacts."""

REMEMBERED = 5_000
READ_EVERY: Duration = 2 * SECOND


class Beside:
    """Called by dispatch on the event loop for each first attempt; gives no outcome and raises nothing."""

    def __init__(self, channel: Watched, subscriptions: Subscriptions, clock: Clock) -> None:
        self.channel = channel
        self._subscriptions = subscriptions
        self._clock = clock
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: OrderedDict[str, None] = OrderedDict()
        self._known: Sequence[Subscription] = ()
        self._read_at: Instant | None = None

    def __call__(self, message: Message, person: Person) -> None:
        # A delivery's key ends with the contact: failing over to the next one is no news for the browser.
        notice = message.key.rpartition(":")[0] or message.key
        if notice in self._told:
            return
        self._told[notice] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        if len(self._tasks) >= MOST_WAITING:
            metrics.PUSHES.labels("left_out").inc()
            return
        self._begin(self._tell(message, person))

    def forget(self, endpoint: str) -> None:
        """A browser that has taken it back."""
        for one in self._known:
            if one.endpoint == endpoint:
                metrics.PUSHES.labels("gone").inc()
                self._known = [each for each in self._known if each.id != one.id]
                self._begin(asyncio.to_thread(self._subscriptions.remove, one.id))

    @property
    def is_used(self) -> bool:
        return bool(self._known)

    async def look(self) -> None:
        """A look at the push services that browsers here are served by."""
        await self.channel.look([contact_of(one) for one in await self._all()])

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell(self, message: Message, person: Person) -> None:
        async with self._turn:
            for one in await self._all():
                if one.person == person.id:
                    outcome = await self.channel.send(message, person, contact_of(one))
                    metrics.PUSHES.labels("sent" if isinstance(outcome, Sent) else "failed").inc()

    async def _all(self) -> Sequence[Subscription]:
        now = self._clock.now()
        if self._read_at is None or now - self._read_at > READ_EVERY:
            self._read_at = now
            self._known = await asyncio.to_thread(self._subscriptions.all)
        return self._known

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a browser could not be told: %s: %s", type(error).__name__, error)


def contact_of(one: Subscription) -> Contact:
    return Contact(kind="push", url=one.endpoint, secret=f"{one.p256dh}.{one.auth}", guarded=True)
