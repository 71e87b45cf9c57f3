"""A bell between the two processes of one machine: rung after a commit, heard by dispatch at once.

The announcement over the broker tells dispatch the same (and those on other machines), 2 to 3 ms later: two sessions
and a broker are on its way. Either may fail: truth is always a row, and dispatch looks by itself.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path

FILE = "doorbell"


class Bell:
    """The side that rings; any thread, never blocks, never raises."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._pipe: int | None = None

    def ring(self) -> None:
        """Wakes whoever listens now; nobody is no error."""
        try:
            if self._pipe is None:
                # Without a listener the opening fails (ENXIO), and is tried again at the next alarm.
                self._pipe = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.write(self._pipe, b"\n")
        except OSError as problem:
            if problem.errno != errno.EAGAIN:  # full: it was rung often enough
                self.close()

    def close(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None


class Door:
    """The side that listens: ``fileno`` becomes readable, ``answer`` takes what was rung."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where the folder's file system has no named pipes."""
        path = folder / FILE
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        # Open for writing as well, so that it does not end with the process that rings.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISFIFO(os.fstat(self._pipe).st_mode):
            os.close(self._pipe)
            raise OSError(errno.EEXIST, "is not a named pipe; remove it, and start again", str(path))

    def fileno(self) -> int:
        return self._pipe

    def answer(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._pipe, 4096)

    def close(self) -> None:
        os.close(self._pipe)
