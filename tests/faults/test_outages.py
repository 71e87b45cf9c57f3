"""Whatever else is broken, an alarm is told, and what could not be done is done afterwards."""

import contextlib
import fcntl
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest
from msgspec.structs import replace

from harness.compound import CLIMATE, DESK, LEADER, SMOKE, devices, people, person, reports
from harness.phones import Exchange, exchange
from harness.publisher import Publisher, says
from harness.servers import Mosquitto, influxdb1
from harness.works import INTAKE, SERVER, Works, told, works_on
from shouwang.domain.access import Role
from shouwang.domain.vocabulary import SECOND
from shouwang.flows.outgoing import Outgoing
from shouwang.store.tokens import SqlTokens
from shouwang.store.transactions import SqlCasebook

ALARMS = 12

pytestmark = [pytest.mark.servers, pytest.mark.timeout(150)]


def test_no_alarm_waits_for_history_a_hanging_gateway_or_a_deaf_browser_and_history_is_made_good(
    mosquitto_alone: Mosquitto, tmp_path: Path
) -> None:
    registered = [*devices("smoke", SMOKE, range(ALARMS)), *devices("climate", CLIMATE, [1])]
    with (
        exchange() as phones,
        influxdb1(tmp_path) as influx,
        influx.database() as url,
        works_on(tmp_path, mosquitto_alone.port, [*people(phones), *registered], settings={"readings": url}) as works,
    ):
        says(mosquitto_alone.port, reports("climate-1", temperature=1))
        works.takes_all()
        works.ships_all()
        influx.stop()
        phones[LEADER].hangs()
        with stream_never_read(works):
            for degrees in (2, 3, 4):
                says(mosquitto_alone.port, reports("climate-1", temperature=degrees))
            took = [seconds_to_desk(works, phones, number) for number in range(ALARMS)]
        assert median(took) < 1, took
        assert max(took) < 5, took  # the hanging gateway is given up after 10 s
        assert {len(keys) for (_, who), keys in told(phones).items() if who == DESK} == {1}
        assert works.spool.backlog()[0] > 0
        assert len(works.alerts()) == ALARMS
        influx.start()
        works.ships_all(seconds=60)  # shipping looks again after at most a minute
        assert works.readings("climate-1", "temperature") == [1, 2, 3, 4]
        phones[LEADER].answers(200)
        works.tells_all(seconds=60)
        assert {len(keys) for keys in told(phones).values()} == {1}


def test_a_broker_that_is_killed_comes_back_with_what_it_had_taken(mosquitto_alone: Mosquitto, tmp_path: Path) -> None:
    registered = [*devices("smoke", SMOKE, range(3)), *devices("climate", CLIMATE, [1])]
    with exchange() as phones, works_on(tmp_path, mosquitto_alone.port, [*people(phones), *registered]) as works:
        works.kill(INTAKE)
        says(mosquitto_alone.port, reports("smoke-0", smoke=True), reports("climate-1", temperature=20))
        works.pause(3)  # it writes to disk once a second
        mosquitto_alone.kill()
        mosquitto_alone.start()
        works.start(INTAKE)
        works.until(lambda: len(works.alerts()) == 1, "the alarm from before is raised")
        works.pause(3)  # so that it remembers our acknowledgement, too: what it forgot of it, it would hand over as new
        mosquitto_alone.kill()
        works.pause(0.5)
        mosquitto_alone.start()
        says(mosquitto_alone.port, reports("smoke-1", smoke=True))
        works.until(lambda: len(works.alerts()) == 2, "the alarm after it is raised")
        works.ships_all()
        works.tells_all()
        assert works.readings("climate-1", "temperature") == [20]
        assert [len(keys) for keys in told(phones).values()] == [1] * 4
        assert works.deaths[INTAKE] == 1


def test_while_the_state_database_is_locked_nothing_is_acknowledged(mosquitto_alone: Mosquitto, tmp_path: Path) -> None:
    registered = [*devices("smoke", SMOKE, range(2)), *devices("climate", CLIMATE, [1])]
    with exchange() as phones, works_on(tmp_path, mosquitto_alone.port, [*people(phones), *registered]) as works:
        with writer_held(tmp_path / "state.sqlite-writer"):
            said = [float(number) for number in range(40)]
            says(mosquitto_alone.port, *[reports("climate-1", temperature=degrees) for degrees in said[:20]])
            says(mosquitto_alone.port, reports("smoke-0", smoke=True))
            works.pause(2)
            works.kill(INTAKE)  # what it had acknowledged would now be lost
            works.start(INTAKE)
            says(mosquitto_alone.port, *[reports("climate-1", temperature=degrees) for degrees in said[20:]])
            says(mosquitto_alone.port, reports("smoke-1", smoke=True))
            works.pause(3)
            assert works.alerts() == []
        works.until(lambda: len(works.alerts()) == 2, "both alarms are raised")
        works.takes_all()
        works.ships_all()
        works.tells_all()
        assert works.readings("climate-1", "temperature") == said
        assert [len(keys) for keys in told(phones).values()] == [1] * 4


def test_on_a_full_disk_nothing_is_acknowledged_and_all_is_accepted_once_there_is_room(
    mosquitto_alone: Mosquitto, tmp_path: Path
) -> None:
    registered = [*devices("smoke", SMOKE, range(3)), *devices("climate", CLIMATE, range(20))]
    with (
        small_disk(tmp_path / "disk") as disk,
        exchange() as phones,
        works_on(
            tmp_path, mosquitto_alone.port, [*people(phones), *registered], settings={"data_dir": str(disk)}
        ) as works,
    ):
        said: list[float] = []

        def next_message() -> tuple[str, bytes]:
            said.append(len(said) // 20)
            return reports(f"climate-{(len(said) - 1) % 20}", temperature=said[-1], filler="x" * 400)

        fill(disk / "filler")
        with Publisher(mosquitto_alone.port, next_message, rate=400) as publisher:
            works.until(lambda: "full" in (tmp_path / "intake.log").read_text(), "the disk is full")
            says(mosquitto_alone.port, reports("smoke-0", smoke=True))
            works.pause(1)
            publisher.stop()
        assert works.alerts() == []
        works.strike(INTAKE)
        works.pause(1)
        (disk / "filler").unlink()
        says(mosquitto_alone.port, reports("smoke-1", smoke=True))
        works.until(lambda: len(works.alerts()) == 2, "both alarms are raised")
        works.takes_all()
        works.ships_all()
        works.tells_all()
        for number in range(20):
            expected = said[number::20]
            assert works.readings(f"climate-{number}", "temperature") == expected
        assert [len(keys) for keys in told(phones).values()] == [1] * 4


def test_a_person_without_an_answering_gateway_is_reached_on_the_next_one_at_once(
    mosquitto_alone: Mosquitto, tmp_path: Path
) -> None:
    registered = [*devices("smoke", SMOKE, [0])]
    with exchange() as phones:
        desk = person(DESK, phones.url("broken"), phones.url(DESK))
        phones["broken"].resets()
        with works_on(tmp_path, mosquitto_alone.port, [*people(phones), *registered, desk]) as works:
            assert seconds_to_desk(works, phones, 0) < 5


def test_what_a_server_on_another_machine_left_half_done_is_told_when_its_lease_ends(
    mosquitto_alone: Mosquitto, tmp_path: Path
) -> None:
    registered = devices("smoke", SMOKE, [0])
    with exchange() as phones, works_on(tmp_path, mosquitto_alone.port, [*people(phones), *registered]) as works:
        works.kill(SERVER)
        says(mosquitto_alone.port, reports("smoke-0", smoke=True))
        works.until(lambda: bool(works.alerts()), "the alarm is raised")
        keys = leased_elsewhere(works, seconds=8)
        works.start(SERVER)
        works.until(lambda: len(told(phones)) == 2, "both are told")
        assert set().union(*told(phones).values()) == keys
        assert works.clock.now() >= max(one.created_at for one in works.deliveries()) + 8 * SECOND


def leased_elsewhere(works: Works, seconds: float) -> set[str]:
    """A server on another machine took all new notices, was to send them within ``seconds``, and is heard of no
    more; the keys of what it left."""
    casebook = SqlCasebook(works.database)
    absent = Outgoing(
        casebook=casebook,
        outbox=works.outbox,
        directory=works.directory,
        channels=["webhook"],
        clock=works.clock,
        holder="elsewhere:1:1",
        is_alive=None,
        link=lambda _delivery: "",
    )
    jobs = absent.expand(0) or []
    with casebook.change() as change:
        for job in jobs:
            change.keep_delivery(replace(job.delivery, lease_until=works.clock.now() + round(seconds * SECOND)))
    return {job.delivery.key for job in jobs}


def seconds_to_desk(works: Works, phones: Exchange, number: int) -> float:
    """From a smoke alarm's publishing to the desk's webhook."""
    known = len(phones[DESK].calls)
    began = time.monotonic()
    says(works.broker_port, reports(f"smoke-{number}", smoke=True))
    works.until(lambda: len(phones[DESK].calls) > known, "the desk is told", seconds=15)
    return phones[DESK].calls[known].at - began


@contextmanager
def stream_never_read(works: Works) -> Iterator[None]:
    """A browser that opened the event stream and fell asleep."""
    token = SqlTokens(works.database).create(role=Role.ADMIN, name="deaf", now=works.clock.now())
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        link.connect(("127.0.0.1", works.http_port))
        head = ["GET /api/v1/events HTTP/1.1", "Host: here", f"Authorization: Bearer {token}"]
        link.sendall("\r\n".join([*head, "Accept: text/event-stream", "", ""]).encode())
        assert link.recv(12) == b"HTTP/1.1 200"
        yield


@contextmanager
def writer_held(file: Path) -> Iterator[None]:
    """Another process is writing, and does not come to an end."""
    handle = os.open(file, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 24 MB; skips where we may not mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "shouwang-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small file system cannot be mounted here (needs root, and leave to mount)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """Takes what is left of the file system."""
    with file.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            out.write(b"\0" * 65_536)
