"""Sends under way: whose turn it is, so that nobody waits for another person's gateway.

Each contact of a person is a lane. A lane carries a few sends at a time, and one at a time for each incident, so that a
person hears of it in order. Over all lanes first notices go before all else and have room of their own: a storm's
updates, or gateways that hang by the dozen, never take the last free place from a new alarm.
"""

import asyncio
import heapq
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field

import msgspec

from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import Delivery, Message, notice_rank
from shouwang.domain.vocabulary import IncidentId, Instant, PersonId

LANE_WIDTH = 8
"""Sends at a time to one contact; twice that while the next one is a first notice."""

Turn = tuple[int, Instant, int]
"""Rank, creation, number: the order of sending."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery under our lease, and all that its channel needs."""

    delivery: Delivery
    message: Message
    person: Person | None
    contact: Contact | None
    """None where the directory has lost them since the delivery was made."""
    heard_at: Instant
    """When the alarm reached us that this is about."""


@dataclass
class _Lane:
    busy: set[IncidentId] = field(default_factory=set)
    waiting: list[tuple[Turn, Job]] = field(default_factory=list)


class Lanes:
    """Starts ``send(job)`` for each job in its turn. Everything runs on one event loop; ``send`` never raises."""

    def __init__(self, send: Callable[[Job], Coroutine[object, object, None]], *, width: int) -> None:
        """``width``: sends at a time over all lanes; half as many again for first notices alone."""
        self._send = send
        self._width = width
        self._ready: list[tuple[Turn, Job]] = []
        self._lanes: dict[tuple[PersonId, int], _Lane] = {}
        self._under_way: dict[asyncio.Task[None], Job] = {}
        self._waiting = 0
        self._count = 0
        self._resting = asyncio.Event()
        self._resting.set()

    def __len__(self) -> int:
        """Jobs held: under way and waiting."""
        return self._waiting + len(self._under_way)

    def put(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._count += 1
            turn = (notice_rank(job.delivery.why), job.delivery.created_at, self._count)
            heapq.heappush(self._ready, (turn, job))
            self._waiting += 1
        self._start()

    async def rest(self) -> None:
        """Returns once nothing is held."""
        await self._resting.wait()

    async def stop(self) -> list[Job]:
        """Cancels what is under way and gives back every job that did not come to its end."""
        held = [job for _, job in self._ready]
        held += [job for lane in self._lanes.values() for _, job in lane.waiting]
        for lane in self._lanes.values():
            lane.waiting = []
        self._ready, self._waiting = [], 0
        under_way = dict(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        return held + [job for task, job in under_way.items() if task.cancelled()]

    def _start(self) -> None:
        while self._ready:
            turn, job = self._ready[0]
            is_first = turn[0] == 0
            if len(self._under_way) >= self._width + (self._width // 2 if is_first else 0):
                break
            heapq.heappop(self._ready)
            lane = self._lanes.setdefault(_lane_of(job), _Lane())
            if job.delivery.incident in lane.busy or len(lane.busy) >= LANE_WIDTH * (2 if is_first else 1):
                heapq.heappush(lane.waiting, (turn, job))
                continue
            lane.busy.add(job.delivery.incident)
            self._waiting -= 1
            task = asyncio.create_task(self._send(job), name=job.delivery.key)
            self._under_way[task] = job
            task.add_done_callback(self._left)
        if len(self):
            self._resting.clear()
        else:
            self._resting.set()

    def _left(self, task: asyncio.Task[None]) -> None:
        job = self._under_way.pop(task)
        lane = self._lanes[_lane_of(job)]
        lane.busy.discard(job.delivery.incident)
        # Enough of them that those of busy incidents cannot keep the others waiting for long; taking all of them each
        # time would cost a storm its square.
        for _ in range(min(len(lane.waiting), LANE_WIDTH + 1)):
            heapq.heappush(self._ready, heapq.heappop(lane.waiting))
        if not lane.busy and not lane.waiting:
            del self._lanes[_lane_of(job)]
        self._start()


def _lane_of(job: Job) -> tuple[PersonId, int]:
    return job.delivery.person, job.delivery.contact
