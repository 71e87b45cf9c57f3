"""Rules tried while somebody writes them: in a process of its own, at the lowest priority, ended when it is slow or
when nobody writes any more. An alarm meets nothing of it but the time of an idle core.
"""

import os
import selectors
import subprocess
import sys
import threading
import time
from typing import IO

import msgspec

from shouwang.domain.errors import Unavailable
from shouwang.domain.tryout import Tried, Tryout

SECONDS = 8.0
"""For one trial, and for the process to begin (0.5 s on an idle machine)."""

WAIT_SECONDS = 4.0
"""For the trial of somebody else."""

IDLE_SECONDS = 60.0
"""After the last trial its 40 MB are given back."""

NICENESS = 19
LONGEST_ANSWER = 16 << 20


class Trials:
    """``api.doors.Trials``. Thread-safe; one trial at a time."""

    def __init__(self) -> None:
        self._door = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: threading.Timer | None = None

    def tried(self, asked: Tryout) -> Tried:
        """Raises Unavailable where others keep it busy."""
        if not self._door.acquire(timeout=WAIT_SECONDS):
            raise Unavailable("another rule is being tried; try again in a moment")
        try:
            if self._idle is not None:
                self._idle.cancel()
            return self._asked(asked)
        finally:
            self._idle = threading.Timer(IDLE_SECONDS, self._rest)
            self._idle.daemon = True
            self._idle.start()
            self._door.release()

    def close(self) -> None:
        with self._door:
            if self._idle is not None:
                self._idle.cancel()
            self._end()

    def _asked(self, asked: Tryout) -> Tried:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(asked) + b"\n")
            process.stdin.flush()
            line = _line(process.stdout, SECONDS)
        except OSError:
            line = None
        if line is None:
            was_alive = process.poll() is None
            self._end()
            why = f"took longer than {SECONDS:.0f} s" if was_alive else "needed more memory than it may have"
            return Tried(failure=f"this trial {why}; try a shorter timeline or a simpler rule")
        return msgspec.json.decode(line, type=Tried)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "shouwang.app.trying"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICENESS)
        return self._process

    def _rest(self) -> None:
        if self._door.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._door.release()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for end in (process.stdin, process.stdout):
            if end is not None:
                try:
                    end.close()
                except OSError:
                    continue  # what was not yet written has nobody to read it
        process.wait()


def _line(stream: IO[bytes], seconds: float) -> bytes | None:
    """One line, or None where it does not come whole in time."""
    until, read = time.monotonic() + seconds, bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while (left := until - time.monotonic()) > 0 and selector.select(left):
            part = os.read(stream.fileno(), 1 << 16)
            read += part
            if read.endswith(b"\n"):
                return bytes(read)
            if not part or len(read) > LONGEST_ANSWER:
                return None
    return None
