"""A throw-away site to measure: a real Mosquitto, a state database with registered devices, the service's processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from shouwang.app.clock import SystemClock
from shouwang.cli.bench import frames, load
from shouwang.domain.duty import Contact, Person, PostHolder, SiteFacts
from shouwang.domain.escalation import Policy, Step
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.vocabulary import DeviceId, PersonId, PlaceId
from shouwang.flows.canary import newest_proof
from shouwang.flows.intake import CANARY_TOPIC
from shouwang.mqtt.broker import Mosquitto, find_mosquitto
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.facts import Facts

DEVICES = 10_000
START_SECONDS = 60.0
DRAIN_SECONDS = 300.0
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Site:
    """Its processes are started and ended here, and only these."""

    def __init__(self, folder: Path, state: str = "") -> None:
        binary = find_mosquitto()
        if binary is None:
            raise FileNotFoundError("Mosquitto is not installed: make setup")
        self.folder = folder
        self.port = free_port()
        self.http = free_port()
        self.broker = Mosquitto(binary, folder / "mosquitto", "127.0.0.1", self.port)
        self.broker.start()
        self._state = state or f"sqlite:///{folder}/state.sqlite"
        self.database = Database(self._state)
        self.database.create()
        self.facts = Facts(self.database)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def register(self, values: Sequence[object]) -> None:
        SqlDirectory(self.database, SystemClock().now).change(values)

    def start(self, role: str, **settings: str) -> float:
        """Starts one role, or all of the service under its supervisor for ``all``; seconds until a probe that was sent
        afterwards is committed."""
        began = time.perf_counter()
        environment = {
            **os.environ,
            "SHOUWANG_DATA_DIR": str(self.folder),
            "SHOUWANG_BROKER": f"mqtt://127.0.0.1:{self.port}",
            "SHOUWANG_HTTP": f"127.0.0.1:{self.http}",
            "SHOUWANG_LOG_LEVEL": "warning",
            "SHOUWANG_STATE": self._state,
            **{f"SHOUWANG_{name.upper()}": value for name, value in settings.items()},
        }
        command = [sys.executable, "-m", "shouwang", "run", *([] if role == "all" else ["--role", role])]
        self._processes[role] = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        if role != "server":
            self.drain(START_SECONDS)
        return time.perf_counter() - began

    def await_ready(self, seconds: float = 30.0) -> None:
        """Until the service says that it is ready. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/health/ready", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError(f"the service is not ready after {seconds:.0f} s")

    def drain(self, seconds: float = DRAIN_SECONDS) -> float:
        """Sends a probe behind all that was sent, and waits for its commit: the wall-clock time of that commit."""
        deadline = time.monotonic() + seconds
        with load.connected(self.port, "bench-probe") as link:
            link.settimeout(5)
            number = 0
            while time.monotonic() < deadline:
                sent = SystemClock().now()
                number += 1
                payload = json.dumps({"at": sent}).encode()
                link.sendall(frames.publish(CANARY_TOPIC, payload, number % 60_000 + 1))
                link.recv(64)
                turn = time.monotonic() + (2.0 if seconds <= START_SECONDS else seconds)
                while time.monotonic() < min(turn, deadline):
                    proof = newest_proof(self.facts)
                    if proof is not None and proof.sent_at >= sent:
                        return (proof.sent_at + proof.took) / 1e6
                    time.sleep(0.002)
        raise TimeoutError(f"the service took more than {seconds:.0f} s to accept what was sent; see its words above")

    def pids(self) -> list[int]:
        """All processes of the service, children included; the broker is not one of them."""
        found = [process.pid for process in self._processes.values()]
        for pid in list(found):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
            found += [int(child) for child in children]
        return found

    def close(self) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.database.close()
        self.broker.stop()


@contextmanager
def open_site(state: str = "") -> Iterator[Site]:
    """A site in a temporary folder, ended and removed afterwards. ``state``: of a fresh state database elsewhere."""
    with tempfile.TemporaryDirectory(prefix="shouwang-bench-") as folder:
        site = Site(Path(folder), state)
        try:
            yield site
        finally:
            site.close()


def climate_devices(count: int = DEVICES) -> list[object]:
    """Registered climate sensors, ten to a building, as background."""
    compound = PlaceId("bench/bench/compound")
    places = [
        Place(id=PlaceId(f"{compound}/b{number}"), kind=PlaceKind.BUILDING) for number in range((count + 9) // 10)
    ]
    devices = [
        Device(
            id=DeviceId(f"climate-{number}"),
            profile="aqara-wsdcgq11lm",
            address=f"zigbee2mqtt:climate-{number}",
            place=places[number // 10].id,
        )
        for number in range(count)
    ]
    return [Place(id=compound, kind=PlaceKind.COMPOUND), *places, *devices]


def climate_frames(count: int, devices: int = DEVICES) -> list[bytes]:
    """Reports of the climate sensors in turn, about 115 bytes of JSON each, as ready-made frames."""
    return [
        frames.publish(
            f"zigbee2mqtt/climate-{number % devices}",
            json.dumps(
                {
                    "battery": 97 - number % 7,
                    "humidity": 40 + number % 200 / 10,
                    "linkquality": 60 + number % 120,
                    "temperature": 18 + number % 900 / 100,
                    "voltage": 2900 + number % 150,
                    "pressure": 1000 + number % 20,
                }
            ).encode(),
            packet_id,
        )
        for number, packet_id in enumerate(frames.packet_ids(count))
    ]


def smoke_units(count: int, url: str, hanging_url: str = "") -> list[object]:
    """Smoke detectors, one to a unit of a building of its own, and a guard told of each by webhook."""
    compound = PlaceId("bench/bench/alarms")
    found: list[object] = [
        Place(id=compound, kind=PlaceKind.COMPOUND),
        SiteFacts(fallback=PersonId("guard"), demo=True),
        Person(id=PersonId("guard"), name="guard", channels=[Contact(kind="webhook", url=url)]),
        PostHolder(place=compound, post="desk_operator", person=PersonId("guard")),
        Policy(id="bench", steps=[Step(tell=["post:desk_operator", *(["person:slow"] if hanging_url else [])])]),
    ]
    if hanging_url:
        slow = Person(id=PersonId("slow"), name="slow", channels=[Contact(kind="webhook", url=hanging_url)])
        found.append(slow)
    for number in range(count):
        place = PlaceId(f"{compound}/s{number}/u1")
        found.append(Place(id=PlaceId(f"{compound}/s{number}"), kind=PlaceKind.BUILDING))
        found.append(Place(id=place, kind=PlaceKind.UNIT))
        found.append(
            Device(
                id=DeviceId(f"smoke-{number}"),
                profile="heiman-hs1sa",
                address=f"zigbee2mqtt:smoke-{number}",
                place=place,
            )
        )
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (proc(5), stat fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def memory_megabytes(pids: Sequence[int]) -> float:
    """Proportional set size of all of them together: shared pages count once."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def fsync_p99(folder: Path, rounds: int = 300) -> float:
    """Seconds: 4 KiB appended and fsynced, 99th percentile, on the disk that is measured."""
    took = []
    with (folder / "fsync-probe").open("ab", buffering=0) as file:
        for _ in range(rounds):
            began = time.perf_counter()
            file.write(b"\0" * 4096)
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return percentile(took, 99)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Figures = Mapping[str, float | str]
