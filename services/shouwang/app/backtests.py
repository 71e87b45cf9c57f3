"""Backtests that people ask for over HTTP: each a process of its own, at the lowest priority, that can be ended."""

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
from shouwang.domain.backtest import Job, JobState
from shouwang.domain.errors import Conflict
from shouwang.domain.moment import rfc3339
from shouwang.domain.vocabulary import Instant

KEPT = 20
"""Jobs whose outcome is kept; the oldest is forgotten for a new one."""

NICENESS = 19


class Backtests:
    """One runs at a time: it reads as fast as it may, and alarms come first. Jobs are forgotten when the process ends.
    ``environment``: the settings, as a child reads them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._running: dict[str, _Running] = {}
        self._door = threading.Lock()

    def start(self, rule: str, text: str, start: Instant, end: Instant) -> Job:
        """Of the documents in force, or those of ``text``, which has been examined. Raises Conflict where one runs."""
        with self._door:
            busy = next((one for one in self._running.values() if one.process.poll() is None), None)
            if busy is not None:
                raise Conflict(f"backtest {busy.id} of {busy.rule!r} is running; wait for it, or end it")
            for id in list(self._running)[: max(0, len(self._running) - KEPT + 1)]:
                self._running.pop(id).remove()
            if self._folder is None:  # made for the first job: a server that is killed without one leaves nothing
                self._folder = tempfile.TemporaryDirectory(prefix="shouwang-backtests-")
            one = _Running(Path(self._folder.name), self._environment, rule, text, start, end)
            self._running[one.id] = one
        return one.job()

    def job(self, rule: str, id: str) -> Job | None:
        found = self._running.get(id)
        return found.job() if found is not None and found.rule == rule else None

    def stop(self, rule: str, id: str) -> Job | None:
        """Ends it where it runs; None where there is none."""
        found = self._running.get(id)
        if found is None or found.rule != rule:
            return None
        found.end()
        return found.job()

    def close(self) -> None:
        for one in self._running.values():
            one.end()
        if self._folder is not None:
            self._folder.cleanup()


class _Running:
    """One job and its files: what it says (``.json``), how far it is (``.err``)."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], rule: str, text: str, start: Instant, end: Instant
    ) -> None:
        self.id = secrets.token_hex(8)
        self.rule = rule
        self._stopped = False
        self._said, self._told = folder / f"{self.id}.json", folder / f"{self.id}.err"
        self._file = folder / f"{self.id}.yaml"
        if text:
            self._file.write_text(text, encoding="utf-8")
        asked = str(self._file) if text else rule
        command = [sys.executable, "-m", "shouwang", "rules", "backtest", "--json", "--progress"]
        command += ["--from", rfc3339(start), "--to", rfc3339(end), "--", asked]
        with self._said.open("wb") as said, self._told.open("wb") as told:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, **environment, PARENT: str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=told,
            )
        os.setpriority(os.PRIO_PROCESS, self.process.pid, NICENESS)

    def job(self) -> Job:
        code = self.process.poll()
        lines = self._told.read_text(encoding="utf-8", errors="replace").splitlines()
        steps = [line.split()[1:] for line in lines if line.startswith("progress ")]
        done, of = map(int, steps[-1]) if steps else (0, 0)
        job = Job(id=self.id, rule=self.rule, state=JobState.RUNNING, done=done, of=of)
        if code is None:
            return job
        if code == 0:
            result = msgspec.json.decode(self._said.read_bytes(), type=dict[str, object])
            return msgspec.structs.replace(job, state=JobState.DONE, result=result)
        if self._stopped:
            return msgspec.structs.replace(job, state=JobState.STOPPED)
        why = next((line for line in reversed(lines) if line.strip()), f"it ended with {code}")
        return msgspec.structs.replace(job, state=JobState.FAILED, problem=why)

    def end(self) -> None:
        if self.process.poll() is None:
            self._stopped = True
            self.process.kill()
            self.process.wait()

    def remove(self) -> None:
        for file in (self._said, self._told, self._file):
            file.unlink(missing_ok=True)
