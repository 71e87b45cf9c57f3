"""Questions to devices: for what is missing in a message that was just committed, and, after a time in which nobody
listened, for how things stand."""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from shouwang import metrics
from shouwang.domain.interpretation import Ask
from shouwang.domain.vocabulary import MINUTE, Duration, Instant
from shouwang.ports import Clock, Publisher

ASKED_EVERY: Duration = MINUTE
"""Nobody is asked more often: who cannot answer would be asked with every message."""

ASKS_A_TURN = 2
"""About ten a second: a Zigbee network of hundreds must not hear all of them at once."""

WAITING_AT_MOST = 10_000
"""Questions not yet put, and those who were asked; a flood of strangers costs no memory."""


class Asking:
    """Intake's thread calls it. Nothing of it is kept: a question that is lost is asked again at the next occasion."""

    def __init__(self, publisher: Publisher, clock: Clock, *, allowed: bool = True) -> None:
        """``allowed``: False where the account at the broker may only read."""
        self._publisher, self._clock, self._allowed = publisher, clock, allowed
        self._waiting: deque[Ask] = deque()
        self._asked: dict[str, Instant] = {}
        self._was_deaf = threading.Event()
        self._was_deaf.set()

    def want(self, asks: Sequence[Ask]) -> None:
        """To be told of what a commit left open, after it."""
        if not self._allowed:
            return
        now = self._clock.now()
        for ask in asks:
            last = self._asked.get(ask.topic)
            if (last is not None and 0 <= now - last < ASKED_EVERY) or len(self._waiting) >= WAITING_AT_MOST:
                continue
            if len(self._asked) >= WAITING_AT_MOST:
                self._asked = {topic: at for topic, at in self._asked.items() if 0 <= now - at < ASKED_EVERY}
                if len(self._asked) >= WAITING_AT_MOST:
                    return
            self._asked[ask.topic] = now
            self._waiting.append(ask)

    def was_deaf(self) -> None:
        """Called by the session's thread: what was said while we were away was not kept for us."""
        self._was_deaf.set()

    def publish(self, everyone: Callable[[], Sequence[Ask]]) -> int:
        """Puts some of what waits; how many. ``everyone``: what asks all who would answer, looked at after we were
        deaf."""
        if not self._allowed or not self._publisher.connected:
            return 0
        if self._was_deaf.is_set():
            self._was_deaf.clear()
            self.want(everyone())
        put = [self._waiting.popleft() for _ in range(min(ASKS_A_TURN, len(self._waiting)))]
        for ask in put:
            try:
                self._publisher.publish(ask.topic, ask.payload, retain=False, done=_nothing, qos=0)
            except ValueError:  # a name that no topic can bear: nobody was there to answer
                continue
            metrics.ASKS.labels(ask.family).inc()
        return len(put)


def _nothing() -> None:
    """No row waits for it."""
