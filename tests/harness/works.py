"""The service's two processes on real servers, kept alive as the supervisor does, and killed as the world does."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness import mortal
from harness.phones import Exchange
from harness.proxy import Proxy
from harness.servers import free_port
from shouwang.app.clock import SystemClock
from shouwang.domain.alert import Alert
from shouwang.domain.board import CaseQuery, DeliveryQuery
from shouwang.domain.incident import Incident
from shouwang.domain.notice import Delivery, DeliveryState
from shouwang.domain.vocabulary import DeviceId
from shouwang.flows.canary import newest_proof
from shouwang.store.board import SqlBoard
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.facts import Facts
from shouwang.store.journal import SqlJournal
from shouwang.store.outbox import SqlOutbox
from shouwang.store.spool import SqlSpool
from shouwang.store.transactions import SqlCasebook
from shouwang.timeseries.open import open_readings

from .acting import Acting

INTAKE, SERVER = "intake", "server"
START_SECONDS = 40.0
_TURN = 0.02
_TESTS = Path(__file__).parent.parent
_UNDER_WAY = frozenset({DeliveryState.QUEUED.value, DeliveryState.LEASED.value, DeliveryState.UNREACHABLE.value})


class Works:
    """See the module. ``settings``: of the service, by name; ``data_dir`` may be elsewhere than ``folder``, where logs
    are. Its own broker connections lead through ``proxy``."""

    def __init__(
        self, folder: Path, broker_port: int, *, state: str = "", rules: str = "", settings: Mapping[str, str] = {}
    ) -> None:
        self.folder = folder
        self.broker_port = broker_port
        self.proxy = Proxy(broker_port)
        self.http_port = free_port()
        self.fuse = folder / "fuse"
        self.deaths: Counter[str] = Counter()
        """How often each process ended."""
        self.clock = SystemClock()
        self.data = Path(settings.get("data_dir", folder))
        self.database = Database(state or f"sqlite:///{self.data}/state.sqlite", checkpoints=False)
        self.database.create()
        self.board = SqlBoard(self.database)
        self.directory = SqlDirectory(self.database, self.clock.now)
        self.respond = Acting(SqlCasebook(self.database), self.directory, self.clock)
        self.facts = Facts(self.database)
        self.spool = SqlSpool(self.database)
        self.outbox = SqlOutbox(self.database)
        if rules:
            (folder / "rules").mkdir()
            (folder / "rules" / "tried.yaml").write_text(rules, encoding="utf-8")
            settings = {"rules_dir": str(folder / "rules"), **settings}
        given = {
            "data_dir": str(self.data),
            "broker": f"mqtt://127.0.0.1:{self.proxy.port}",
            "http": f"127.0.0.1:{self.http_port}",
            "log_level": "warning",
            "canary_seconds": "0.3",
            **({"state": state} if state else {}),
            **settings,
        }
        self._readings = given.get("readings", f"sqlite:///{self.data}/readings.sqlite")
        self._environment = {
            **os.environ,
            **{f"SHOUWANG_{name.upper()}": value for name, value in given.items()},
            mortal.FUSE: str(self.fuse),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(_TESTS), os.environ.get("PYTHONPATH", "")])),
            "SHOUWANG_PARENT_PID": str(os.getpid()),  # they end with the test run
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    # Processes -------------------------------------------------------------------------------------------------------

    def start(self, *roles: str) -> None:
        """Both without a name. Does not wait."""
        for role in roles or (INTAKE, SERVER):
            assert role not in self._processes, f"{role} runs"
            self._spawn(role)

    def kill(self, role: str) -> None:
        """SIGKILL, and it stays away until ``start``; returns once it is gone."""
        process = self._processes.pop(role)
        process.kill()
        process.wait()
        self.deaths[role] += 1

    def strike(self, role: str) -> None:
        """SIGKILL at this moment; ``tend`` starts it again."""
        self._processes[role].kill()

    def tend(self) -> None:
        """Starts again whatever ended."""
        for role, process in list(self._processes.items()):
            if process.poll() is not None:
                self.deaths[role] += 1
                assert process.returncode == -signal.SIGKILL, f"{role} ended with {process.returncode}:\n{self.log()}"
                self._spawn(role)

    def pause(self, seconds: float) -> None:
        """Time passes, and what ends is started again."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.tend()
            time.sleep(min(_TURN, left))

    def until(self, condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
        """Waits for it, and keeps the processes alive meanwhile; fails with ``what`` was expected."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"expected within {seconds:.0f} s: {what}\n{self.log()}"
            self.pause(_TURN)

    def dies_at(self, point: str, count: int = 1) -> None:
        """From now on whoever reaches the point dies at it; ``has_died`` tells."""
        mortal.light(self.fuse, point, count)

    @property
    def has_died(self) -> bool:
        return not self.fuse.exists()

    def journal_last(self) -> int:
        """Number of the newest fact."""
        return SqlJournal(self.database).last()

    def busy_seconds(self, role: str) -> float:
        """Processor time of a process since it was started: what it needs where nobody else wants the processor."""
        stat = Path(f"/proc/{self._processes[role].pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def queued_seconds(self, role: str) -> float:
        """How long its first thread could have run and others had the processors; 0 where the kernel does not tell."""
        told = Path(f"/proc/{self._processes[role].pid}/schedstat")
        return int(told.read_text(encoding="ascii").split()[1]) / 1e9 if told.exists() else 0.0

    def log(self) -> str:
        """The last words of both."""
        words = []
        for role in (INTAKE, SERVER):
            file = self.folder / f"{role}.log"
            lines = file.read_text(errors="replace").splitlines()[-25:] if file.exists() else []
            words.append(f"--- {role}\n" + "\n".join(lines))
        return "\n".join(words)

    # The service seen from outside -----------------------------------------------------------------------------------

    def is_proven_since(self, moment: int) -> bool:
        """A probe that was sent after the moment is committed, and so is all that the broker took before."""
        proof = newest_proof(self.facts)
        return proof is not None and proof.sent_at >= moment

    def takes_all(self, seconds: float = START_SECONDS) -> None:
        """Waits until everything that the broker took before this call is accepted. Needs both processes."""
        now = self.clock.now()
        self.until(lambda: self.is_proven_since(now), "all that was sent is accepted", seconds)

    def ships_all(self, seconds: float = START_SECONDS) -> None:
        """Waits until all readings are at rest."""
        self.until(lambda: self.spool.backlog()[0] == 0, "all readings in the reading store", seconds)

    def tells_all(self, seconds: float = START_SECONDS) -> None:
        """Waits until nobody is left to be told."""
        self.until(lambda: not self._left_to_tell(), "everybody told", seconds)

    def alerts(self) -> list[Alert]:
        return self.board.alerts(CaseQuery(), None, 100_000)

    def alerts_by(self, rule: str) -> list[Alert]:
        return self.board.alerts(CaseQuery(rule=rule), None, 100_000)

    def incidents(self) -> list[Incident]:
        return self.board.incidents(CaseQuery(), None, 100_000)

    def deliveries(self) -> list[Delivery]:
        return self.board.deliveries(DeliveryQuery(), None, 1_000_000)

    def readings(self, device: str, metric: str) -> list[object]:
        """All stored values, in order of time; to be asked when the server is stopped or all is shipped."""
        store = open_readings(self._readings)
        try:
            points = store.read(DeviceId(device), metric, 0, self.clock.now() + 10**9, limit=1_000_000)
            return [point.value for point in points]
        finally:
            store.close()

    def register(self, values: Sequence[object]) -> None:
        self.directory.change(values)

    def close(self) -> None:
        """Ends everything that was started here."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.proxy.__exit__(None, None, None)
        self.database.close()

    def _spawn(self, role: str) -> None:
        with (self.folder / f"{role}.log").open("ab") as log:
            self._processes[role] = subprocess.Popen(
                [sys.executable, "-m", "harness.mortal", role],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _left_to_tell(self) -> bool:
        if self.outbox.oldest_waiting() is not None:
            return True
        return bool(self.board.deliveries(DeliveryQuery(states=_UNDER_WAY), None, 1))


@contextmanager
def works_on(
    folder: Path,
    broker_port: int,
    registered: Sequence[object],
    *,
    state: str = "",
    rules: str = "",
    settings: Mapping[str, str] = {},
) -> Iterator[Works]:
    """Ready processes with these things registered; ended with the block."""
    works = Works(folder, broker_port, state=state, rules=rules, settings=settings)
    try:
        works.register(registered)
        works.start()
        works.takes_all()
        yield works
    finally:
        works.close()


def told(phones: Exchange, why: str = "first") -> Mapping[tuple[str, str], set[str]]:
    """Keys of the calls for this reason, by incident and person."""
    found: dict[tuple[str, str], set[str]] = {}
    for call in phones.calls:
        body = call.body
        if body["why"] == why:
            found.setdefault((body["incident"]["id"], body["person"]["id"]), set()).add(call.key)
    return found
