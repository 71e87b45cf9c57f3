"""What was taken from the ear in a storm and is not committed: whose turn it is.

Compounds take turns, so that the first alarm of one waits for a portion and not for the thousands of another; and what
little waits of a compound beside a storm is a portion of its own, which is committed in a few milliseconds. What one
compound says stays in its order. A message of no device (the canary's proof, that all before it is committed) waits
until nothing older is left.
"""

from collections import deque
from collections.abc import Sequence
from itertools import count

import msgspec

from shouwang.domain.interpretation import Interpretation
from shouwang.domain.vocabulary import Arrival
from shouwang.ports import Batch

PORTION = 25
"""Messages that may raise something, of one transaction: some 25 ms of the one writer."""

PORTION_ARRIVALS = 500

FEW = 5
"""Messages that wait of a compound at most for it to go before a storm."""

AHEAD, AHEAD_BYTES = 20_000, 32 * 1024 * 1024
"""Held at most, and one batch more. The session's receive maximum is reached before, unless messages are large."""


class Item(msgspec.Struct, frozen=True, eq=False):
    """An arrival and what it says, None where that could not be read together with others. ``lane``: its compound,
    None for what waits for all before it; ``weighs``: it may raise something."""

    arrival: Arrival
    found: Interpretation | None
    lane: str | None
    weighs: bool


class Backlog:
    def __init__(self) -> None:
        self._numbers = count()
        self._lanes: dict[str | None, deque[tuple[int, Item]]] = {}
        self._batches: deque[tuple[Batch, set[int]]] = deque()
        self._portion: list[Item] = []
        self._went_before = False
        self._bytes = 0

    @property
    def has_room(self) -> bool:
        return len(self) < AHEAD and self._bytes < AHEAD_BYTES

    def __len__(self) -> int:
        """Arrivals that are not committed."""
        return len(self._portion) + sum(map(len, self._lanes.values()))

    def __bool__(self) -> bool:
        return bool(self._batches)

    def add(self, batch: Batch, items: Sequence[Item]) -> None:
        """Batches in the order in which they were taken."""
        self._batches.append((batch, {id(item.arrival) for item in items}))
        self._bytes += sum(len(item.arrival.payload) for item in items)
        for item in items:
            self._lanes.setdefault(item.lane, deque()).append((next(self._numbers), item))

    def portion(self) -> Sequence[Item]:
        """What to commit now; the same again until it is ``committed``."""
        if not self._portion:
            self._portion = self._choose()
        return self._portion

    def committed(self) -> list[Batch]:
        """The portion is; those batches of which nothing is left, in their order, to be acknowledged."""
        done = {id(item.arrival) for item in self._portion}
        self._bytes -= sum(len(item.arrival.payload) for item in self._portion)
        self._portion = []
        for _, left in self._batches:
            left.difference_update(done)
        whole: list[Batch] = []
        while self._batches and not self._batches[0][1]:
            whole.append(self._batches.popleft()[0])
        return whole

    def _choose(self) -> list[Item]:
        chosen: list[Item] = []
        weight = 0
        turns = deque(self._whose_turn())
        while turns and weight < PORTION and len(chosen) < PORTION_ARRIVALS:
            name = turns.popleft()
            lane = self._lanes[name]
            _, item = lane.popleft()
            chosen.append(item)
            weight += item.weighs
            if lane:
                turns.append(name)
            else:
                del self._lanes[name]
        # Whoever has waited longest for a turn has the next one.
        order = [*turns, *(name for name in self._lanes if name not in turns)]
        self._lanes = {name: self._lanes[name] for name in order}
        return chosen + self._those_behind()

    def _whose_turn(self) -> list[str]:
        """Every second time at most those of whom little waits go before the others: a storm goes on, too."""
        lanes = [lane for lane in self._lanes if lane is not None]
        few = [lane for lane in lanes if len(self._lanes[lane]) <= FEW]
        self._went_before = not self._went_before and 0 < len(few) < len(lanes)
        return few if self._went_before else lanes

    def _those_behind(self) -> list[Item]:
        """What waited for all that was before it."""
        waiting = self._lanes.get(None)
        chosen: list[Item] = []
        oldest = min((lane[0][0] for name, lane in self._lanes.items() if name is not None), default=None)
        while waiting and (oldest is None or waiting[0][0] < oldest):
            chosen.append(waiting.popleft()[1])
        if waiting is not None and not waiting:
            del self._lanes[None]
        return chosen
