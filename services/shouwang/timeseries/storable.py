"""What no reading store can hold is set aside before it is written: counted, named in the log, never in the way."""

import logging
import math
from collections.abc import Sequence

from shouwang.domain.vocabulary import Instant, Reading, Scalar
from shouwang.metrics import UNSTORABLE_READINGS

EARLIEST, LATEST = -9_223_372_036_854_774, 9_223_372_036_854_774
"""Instants that fit 64 bits as nanoseconds, which is how InfluxDB keeps time (the years 1677 to 2262)."""

_log = logging.getLogger(__name__)


class SetAside:
    """Readings given up in one write: how many for each reason, and the first of them as an example."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, str] = {}

    def add(self, reason: str, example: str, count: int = 1) -> None:
        self._counts[reason] = self._counts.get(reason, 0) + count
        self._examples.setdefault(reason, example)

    def report(self, store: str) -> None:
        """Counts them in the figures and logs one line for each reason."""
        for reason, count in self._counts.items():
            UNSTORABLE_READINGS.labels(reason).inc(count)
            _log.warning("%s: %d reading(s) not kept: %s; for example %s", store, count, reason, self._examples[reason])


def storable(readings: Sequence[Reading], aside: SetAside) -> list[tuple[Reading, bool | float | str]]:
    """Each reading that can be kept, with its value as it is kept: a number always as a finite float, text always as
    valid Unicode. The others go to ``aside`` as ``not_finite`` or ``time_range``."""
    kept: list[tuple[Reading, bool | float | str]] = []
    for reading in readings:
        value = _kept_as(reading.value)
        if value is None:
            aside.add("not_finite", named(reading.device, reading.metric, reading.measured_at))
        elif not EARLIEST <= reading.measured_at <= LATEST:
            aside.add("time_range", named(reading.device, reading.metric, reading.measured_at))
        else:
            kept.append((reading, value))
    return kept


def unicode(text: str) -> str:
    """The text with every lone surrogate, which no file or wire can carry, replaced by ``?``."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def named(device: str, metric: str, at: Instant) -> str:
    """How a message names a reading."""
    return f"{metric} of {device!r} measured at {at} µs"


def _kept_as(value: Scalar) -> bool | float | str | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return unicode(value)
    try:
        number = float(value)
    except OverflowError:  # an integer beyond 1e308
        return None
    return number if math.isfinite(number) else None
