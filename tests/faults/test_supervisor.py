"""``shouwang run``: what dies comes back, and nothing outlives it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.servers import free_port, http_answers, port_is_open

pytestmark = [pytest.mark.servers, pytest.mark.timeout(150)]


class Service:
    """A running ``shouwang run`` on ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.http = free_port()
        self.mqtt = free_port()
        self.log = folder / "log"
        self._folder = folder
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*self.command(), "--mqtt-listen", f"127.0.0.1:{self.mqtt}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def command(self) -> list[str]:
        address = f"127.0.0.1:{self.http}"
        return [sys.executable, "-m", "shouwang", "run", "--data-dir", str(self._folder / "var"), "--http", address]

    def children(self) -> dict[str, int]:
        """Pids by what they are: ``intake``, ``server``, ``mosquitto``."""
        found: dict[str, int] = {}
        with contextlib.suppress(OSError):
            for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
                command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if is_running(int(pid)) and any(command):
                    name = command[command.index(b"--role") + 1] if b"--role" in command else command[0]
                    found[Path(name.decode()).name] = int(pid)
        return found

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return http_answers(f"http://127.0.0.1:{self.http}/health/ready")

    def becomes_ready(self) -> None:
        assert within(40, self.is_ready), f"not ready:\n{self.log.read_text()}"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path)
    try:
        running.becomes_ready()
        yield running
    finally:
        left = running.children()
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        for pid in left.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_what_dies_is_started_again_within_a_second_and_sigterm_ends_all_within_ten(service: Service) -> None:
    before = service.children()
    assert before.keys() == {"intake", "server", "mosquitto"}
    for name in ("intake", "server", "mosquitto"):
        os.kill(service.children()[name], signal.SIGKILL)
        assert within(1.0, lambda name=name: service.children().get(name, before[name]) != before[name]), (
            f"{name} is not started again:\n{service.log.read_text()}"
        )
    service.becomes_ready()
    after = service.children()
    assert after.keys() == before.keys()
    began = time.monotonic()
    service.process.terminate()
    assert service.process.wait(15) == 0, service.log.read_text()
    assert time.monotonic() - began < 10
    assert not any(map(is_running, after.values()))
    assert not port_is_open(service.http)
    assert not port_is_open(service.mqtt)


def test_no_child_outlives_a_supervisor_that_is_killed(service: Service) -> None:
    children = service.children()
    service.process.kill()
    service.process.wait()
    assert within(2.0, lambda: not any(map(is_running, children.values()))), {
        name: pid for name, pid in children.items() if is_running(pid)
    }


def test_a_second_service_on_one_data_directory_is_refused_and_names_the_first(service: Service) -> None:
    second = subprocess.run(
        [*service.command()[:-1], f"127.0.0.1:{free_port()}", "--mqtt-listen", f"127.0.0.1:{free_port()}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 2
    assert f"pid {service.process.pid}" in second.stderr


@pytest.mark.parametrize("taken", ["http", "mqtt"])
def test_a_port_in_use_is_named_with_its_owner(taken: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as owner:
        held = f"127.0.0.1:{owner.getsockname()[1]}"
        free = f"127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "shouwang", "run", "--data-dir", str(tmp_path)]
        command += ["--http", held if taken == "http" else free, "--mqtt-listen", held if taken == "mqtt" else free]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode not in (0, None)
    assert held in done.stderr
    assert f"process {os.getpid()}" in done.stderr
    assert ("--http" if taken == "http" else "--mqtt-listen") in done.stderr
    assert "Traceback" not in done.stderr


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    """Not ended, nor a zombie that nobody has looked for."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
