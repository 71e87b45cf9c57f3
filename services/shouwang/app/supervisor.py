"""The process that people start: it keeps the broker, intake and the server alive, and ends with them.

A dead child is started again within a second and never given up on. Children die with their supervisor, however it
dies: each asks the kernel for it (``die_with``), so that no orphan holds the lease or a port.
"""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

log = logging.getLogger(__name__)

PARENT = "SHOUWANG_PARENT_PID"
RESTART_SECONDS = 0.5
"""Between two starts of a child that dies at once, so that a broken machine is not also a busy one."""

STOP_SECONDS = 8.0
"""After SIGTERM a child has this long, then it is killed: the whole service ends within 10 s."""

_PR_SET_PDEATHSIG = 1


class Child:
    """One process of ours, started again whenever it ends."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self._command = list(command)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def tend(self) -> None:
        """Starts it where it does not run."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            log.error("%s ended (%s); starting it again", self.name, _how(code))
            self._process = None
        if time.monotonic() - self._started < RESTART_SECONDS:
            return
        self._started = time.monotonic()
        environment = {**os.environ, **self._environment, PARENT: str(os.getpid())}
        self._process = subprocess.Popen(self._command, env=environment, stdin=subprocess.DEVNULL)

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop_by(self, deadline: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("%s did not stop in %.0f s; killing it (nothing acknowledged is lost)", self.name, STOP_SECONDS)
            self._process.kill()
            self._process.wait()


def role_child(name: str, role: str, environment: Mapping[str, str]) -> Child:
    """A child that runs one role of this program."""
    return Child(name, [sys.executable, "-m", "shouwang", "run", "--role", role], environment)


def supervise(children: Sequence[Child], tend_broker: Callable[[], None], on_turn: Callable[[], None]) -> None:
    """Until SIGTERM or SIGINT. ``tend_broker`` keeps the embedded broker alive; ``on_turn`` is called each turn."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping:
        tend_broker()
        for child in children:
            child.tend()
        on_turn()
        time.sleep(0.1)
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop_by(deadline)


def is_child() -> bool:
    """Whether a supervisor of ours started this process, and prepared everything before."""
    return PARENT in os.environ


def die_with_parent() -> None:
    """Asks the kernel to end this process when its supervisor ends; a no-op for a process that people started."""
    parent = os.environ.get(PARENT)
    if parent is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        # It died between starting us and our asking.
        raise SystemExit(1)


def is_alive(holder: str) -> bool | None:
    """Whether the holder of a lease (``host:pid:start``) still runs; None where it is on another machine."""
    host, pid, started = holder.split(":")
    if host != os.uname().nodename:
        return None
    return process_start(int(pid)) == started


def holder_name() -> str:
    """This process as the holder of a lease: host, pid and start, so that a reused pid is not mistaken for it."""
    return f"{os.uname().nodename}:{os.getpid()}:{process_start(os.getpid())}"


def process_start(pid: int) -> str:
    """Start of a process in clock ticks since boot, empty when there is none (proc(5), stat field 22)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
