"""Files that people bring or take over HTTP: each the work of a process of its own, which delays no alarm.

A process, not a thread: a workbook of 6,000 devices is seconds of Python, and a server that reads it itself would tell
nobody of a fire meanwhile.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec

from shouwang.app.supervisor import PARENT
from shouwang.domain.backtest import JobState
from shouwang.domain.errors import Conflict
from shouwang.domain.transfer import Transfer, What
from shouwang.domain.vocabulary import HOUR, Instant
from shouwang.ports import Clock

KEPT = 20
KEPT_FOR = 24 * HOUR
"""Files hold personal data: they are gone a day after they came."""

NICENESS = 10
SUFFIXES = (".xlsx", ".yaml", ".yml", ".csv")


class Transfers:
    """``api.doors.Transfers``. One runs at a time. They are forgotten, and their files removed, when the process ends.
    ``environment``: the settings, as a child reads them."""

    def __init__(self, environment: Mapping[str, str], clock: Clock) -> None:
        self._environment = dict(environment)
        self._clock = clock
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._running: dict[str, _Running] = {}
        self._door = threading.Lock()

    def bring(self, content: bytes, name: str, *, prune: bool, by: str) -> Transfer:
        """A trial. Raises Conflict where another transfer runs, ValueError for a name that ends like no such file."""
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES:
            raise ValueError(f"{name!r} is no such file; expected {', '.join(SUFFIXES)}")
        with self._door:
            folder = self._ready()
            id = secrets.token_hex(8)
            file = folder / f"{id}{suffix}"
            file.write_bytes(content)
            return self._begin(id, What.TRIAL, name, file, by, ["community", "apply", "--dry-run"], prune=prune)

    def apply(self, trial: str, *, by: str) -> Transfer | None:
        """What a trial found; None where there is no such trial. Raises Conflict where it found problems, or where
        another transfer runs."""
        found = self._running.get(trial)
        if found is None or found.what is not What.TRIAL:
            return None
        tried = found.transfer()
        if tried.state is not JobState.DONE or tried.result is None or tried.result.get("problems"):
            raise Conflict(f"trial {trial} is not without problems; nothing can be applied of it")
        with self._door:
            self._ready()
            command = ["community", "apply", "--only-at", str(tried.result["revision"])]
            return self._begin(
                secrets.token_hex(8), What.IMPORT, found.name, found.file, by, command, prune=found.prune, trial=trial
            )

    def take(self, what: What, suffix: str, *, by: str) -> Transfer:
        """An export, a template or an example as a file. Raises Conflict where another transfer runs."""
        with self._door:
            folder = self._ready()
            id = secrets.token_hex(8)
            name = f"{'community' if what is What.EXPORT else what.value}{suffix}"
            verb = ["community", "export"] if what is What.EXPORT else ["community", "template"]
            more = ["--empty"] if what is What.TEMPLATE else []
            return self._begin(id, what, name, folder / f"{id}{suffix}", by, [*verb, *more])

    def all(self) -> list[Transfer]:
        """The newest first."""
        return [one.transfer() for one in reversed(list(self._running.values()))]

    def find(self, id: str) -> Transfer | None:
        found = self._running.get(id)
        return found.transfer() if found is not None else None

    def content(self, id: str) -> bytes | None:
        """The file that was made; None where there is none (yet)."""
        found = self._running.get(id)
        if found is None or found.what in (What.TRIAL, What.IMPORT) or found.transfer().state is not JobState.DONE:
            return None
        return found.file.read_bytes()

    def stop(self, id: str) -> Transfer | None:
        """Asks it to end; what is being written by then is written."""
        found = self._running.get(id)
        if found is None:
            return None
        found.end()
        return found.transfer()

    def close(self) -> None:
        for one in self._running.values():
            one.end()
        if self._folder is not None:
            self._folder.cleanup()

    def _ready(self) -> Path:
        """The folder, with room for one more. Raises Conflict."""
        busy = next((one for one in self._running.values() if one.process.poll() is None), None)
        if busy is not None:
            raise Conflict(f"{busy.what} of {busy.name!r} is running; wait for it, or end it")
        now = self._clock.now()
        held = {one.trial for one in self._running.values()}
        for id, one in list(self._running.items()):
            is_old = one.begun_at + KEPT_FOR < now
            if is_old or (len(self._running) >= KEPT and id not in held):
                self._running.pop(id).remove()
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="shouwang-transfers-")
        return Path(self._folder.name)

    def _begin(
        self,
        id: str,
        what: What,
        name: str,
        file: Path,
        by: str,
        command: list[str],
        *,
        prune: bool = False,
        trial: str | None = None,
    ) -> Transfer:
        if what in (What.TRIAL, What.IMPORT):
            command = [*command, "--json", "--progress", "--guarded", "--by", by, "--name", name]
            command += ["--prune"] if prune else []
        one = _Running(id, what, name, file, by, self._clock.now(), prune, trial)
        one.start([*command, "--", str(file)], {**os.environ, **self._environment, PARENT: str(os.getpid())})
        self._running[id] = one
        return one.transfer()


class _Running:
    """One transfer and its files."""

    def __init__(
        self, id: str, what: What, name: str, file: Path, by: str, begun_at: Instant, prune: bool, trial: str | None
    ) -> None:
        self.id = id
        self.what = what
        self.name = name
        self.file = file
        self.prune = prune
        self.trial = trial
        self.begun_at = begun_at
        self._by = by
        self._stopped = False
        self._said = file.with_name(f"{id}.said")
        self._told = file.with_name(f"{id}.told")
        self.process: subprocess.Popen[bytes]

    def start(self, command: list[str], environment: Mapping[str, str]) -> None:
        with self._said.open("wb") as said, self._told.open("wb") as told:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "shouwang", *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=told,
            )
        os.setpriority(os.PRIO_PROCESS, self.process.pid, NICENESS)

    def transfer(self) -> Transfer:
        code = self.process.poll()
        lines = self._told.read_text(encoding="utf-8", errors="replace").splitlines()
        steps = [line.split()[1:] for line in lines if line.startswith("progress ")]
        phase, done, of = steps[-1] if steps else ("", "0", "0")
        found = Transfer(
            id=self.id,
            what=self.what,
            name=self.name,
            by=self._by,
            begun_at=self.begun_at,
            state=JobState.RUNNING,
            prune=self.prune,
            phase=phase,
            done=int(done),
            of=int(of),
            trial=self.trial,
        )
        if code is None:
            return found
        said = self._said.read_bytes()
        if said.strip().startswith(b"{"):  # with problems too: a trial that finds some has done its work
            result = msgspec.json.decode(said, type=dict[str, object])
            return msgspec.structs.replace(found, state=JobState.DONE, result=result)
        if code == 0:
            return msgspec.structs.replace(found, state=JobState.DONE)
        if self._stopped:
            return msgspec.structs.replace(found, state=JobState.STOPPED)
        words = [line for line in lines if line.strip() and not line.startswith("progress ")]
        why = words[-1] if words else f"it ended with {code}"
        return msgspec.structs.replace(found, state=JobState.FAILED, problem=why)

    def end(self) -> None:
        """Not by force: what writes, ends its writing."""
        if self.process.poll() is None:
            self._stopped = True
            self.process.terminate()
            self.process.wait()

    def remove(self) -> None:
        for file in (self._said, self._told, self.file):
            file.unlink(missing_ok=True)
