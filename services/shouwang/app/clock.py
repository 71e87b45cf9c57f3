"""The machine's clock."""

import time

from shouwang.domain.vocabulary import Instant


class SystemClock:
    """``ports.Clock``."""

    def now(self) -> Instant:
        return time.time_ns() // 1_000


class NoPoints:
    """``ports.Points`` of the product: nothing happens at them."""

    def reach(self, name: str) -> None:
        pass
