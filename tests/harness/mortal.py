"""A process of the service that dies by its own hand: SIGKILL at a named point, as if the power went out just there.

``python -m harness.mortal intake|server`` runs a role with the settings of its environment. The file that
``MORTAL_FUSE`` names, when it exists, holds a point and a count: the process that reaches the point for the count-th
time from then on removes the file and kills itself. So a test lights the fuse of a process that runs already.
"""

import os
import signal
import sys
import threading
from pathlib import Path

FUSE = "MORTAL_FUSE"


class Fuse:
    """``ports.Points`` that kill."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._lit = ""
        self._left = 0

    def reach(self, name: str) -> None:
        if not self._file.exists():
            return
        with self._lock:
            try:
                lit = self._file.read_text()
            except FileNotFoundError:
                return
            if lit != self._lit:
                self._lit, self._left = lit, int(lit.split()[1])
            if lit.split()[0] != name:
                return
            self._left -= 1
            if self._left <= 0:
                self._file.unlink()
                os.kill(os.getpid(), signal.SIGKILL)


def light(file: Path, point: str, count: int = 1) -> None:
    """Whoever reaches the point for the count-th time from now on dies."""
    half = file.with_suffix(".half")
    half.write_text(f"{point} {count}")
    half.rename(file)


def main(role: str) -> int:
    from shouwang.app.logs import write_logs
    from shouwang.app.pace import load
    from shouwang.settings import read_settings

    settings = read_settings()
    write_logs(settings.log_level)
    fuse = Fuse(Path(os.environ[FUSE]))
    load()
    # Neither loads what only the other needs, as in service.
    if role == "intake":
        from shouwang.app.intake import run_intake

        return run_intake(settings, fuse)
    from shouwang.app.server import run_server

    return run_server(settings, fuse)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
