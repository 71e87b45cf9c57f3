"""What intake had in hand when it died, and a process of its own for reading that again.

A message that ends the process which reads it (an error in a library's machine code, memory without end) would come
again after every restart, and stand before every alarm. So intake notes what it has in hand where a killed process
leaves it, and after a death those arrivals are first read by a fork of this process. A death that somebody else
caused says nothing about them: they read well, and go on.
"""

import mmap
import os
import resource
import signal
import time
from array import array
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from shouwang.domain.errors import Unavailable
from shouwang.domain.vocabulary import Arrival

MOST = 1 << 15
"""Marks of the newest arrivals in hand. More than a storm's backlog holds."""

DEATHS = 2
"""An arrival is held to be deadly when so many processes ended that did nothing but read it."""

KILLS_FROM_OUTSIDE = 10
TRIAL_SECONDS = 5.0
"""Reading takes microseconds, and what was in hand is read in one go: a fork for each of hundreds of arrivals would
keep an alarm among them waiting for seconds. Only where that one ends does halving look for who is to blame."""

TRIAL_MEMORY = 1 << 30
_COUNT = 4
_FOREIGN = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT})


class InHand:
    """Implements ``Precaution`` (ports.py). The file is mapped into memory: noting costs a copy, and what a killed
    process wrote is there all the same. A power cut may lose it, and is nobody's poison."""

    def __init__(self, file: Path, *, trial_seconds: float = TRIAL_SECONDS) -> None:
        self._trial_seconds = trial_seconds
        kept = file.read_bytes() if file.exists() else b""
        count = min(int.from_bytes(kept[:_COUNT], "little"), MOST)
        self._suspects = set(array("I", kept[_COUNT : _COUNT + 4 * count].ljust(4 * count, b"\0")))
        with file.open("wb+") as opened:
            opened.truncate(_COUNT + 4 * MOST)
            self._map = mmap.mmap(opened.fileno(), 0)
        self._held: set[int] = set()
        self._noted = 0
        self._note(self._suspects)
        self._noted = 0  # what is taken next stands in their place

    def take(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        marks = [_mark(arrival) for arrival in arrivals]
        if len(self._held) > MOST:
            self._held = set()
        self._note([mark for mark in marks if mark not in self._held])
        self._held.update(marks)
        if not self._suspects:
            return []
        found = [arrival for arrival, mark in zip(arrivals, marks, strict=True) if mark in self._suspects]
        self._suspects.difference_update(marks)
        return found

    def put_down(self) -> None:
        self._map[:_COUNT] = bytes(_COUNT)
        self._noted, self._held = 0, set()

    def _note(self, marks: Collection[int]) -> None:
        """Behind those before; the newest over the oldest where there is no more room."""
        left = array("I", marks)
        while left:
            at = self._noted % MOST
            some = left[: MOST - at]
            self._map[_COUNT + 4 * at : _COUNT + 4 * (at + len(some))] = some.tobytes()
            self._noted += len(some)
            left = left[len(some) :]
        self._map[:_COUNT] = min(self._noted, MOST).to_bytes(_COUNT, "little")

    def deadly(self, reads: Sequence[Callable[[], object]]) -> list[str]:
        if not reads:
            return []
        how = self._end_of(reads)
        if how and len(reads) > 1:
            half = len(reads) // 2
            return self.deadly(reads[:half]) + self.deadly(reads[half:])
        return [how] if len(reads) == 1 else [""] * len(reads)

    def _end_of(self, reads: Sequence[Callable[[], object]]) -> str:
        """How it ends whoever does all of these, empty where he lives. One alone must end ``DEATHS`` processes."""
        deaths = killed = 0
        while True:
            how, is_ours = _tried(reads, self._trial_seconds)
            if not how:
                return ""
            if is_ours:
                deaths += 1
                if deaths == DEATHS or len(reads) > 1:
                    return how
            else:
                killed += 1
                if killed == KILLS_FROM_OUTSIDE:
                    raise Unavailable(f"the process that reads what was in hand is killed from outside ({how})")


def _mark(arrival: Arrival) -> int:
    return crc32(arrival.payload, crc32(arrival.topic.encode("utf-8", "surrogatepass")))


def _tried(reads: Sequence[Callable[[], object]], seconds: float) -> tuple[str, bool]:
    """How a fork that reads ended, empty where it lived; and whether what it read may be to blame."""
    child = os.fork()
    if child == 0:
        _read_and_leave(reads, seconds)
    began = time.monotonic()
    pause = 0.0005
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() - began > seconds:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return f"it was not read in {seconds:g} s", True
        time.sleep(pause)
        pause = min(0.02, 2 * pause)
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return "", False
    if code < 0:
        return signal.Signals(-code).name, -code not in _FOREIGN
    return f"exit {code}", True


def _read_and_leave(reads: Sequence[Callable[[], object]], seconds: float) -> None:
    """In the fork. An exception of ours harms nobody: intake sets such an arrival aside by itself."""
    code = 1
    try:
        with suppress(OSError, ValueError):
            _limit_this_process(seconds)
        for read in reads:
            with suppress(Exception):
                try:
                    read()
                except MemoryError:
                    os._exit(code)
        code = 0
    finally:
        os._exit(code)


def _limit_this_process(seconds: float) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 2 * seconds)  # should its parent be gone
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + TRIAL_MEMORY,) * 2)
