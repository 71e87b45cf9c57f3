"""The embedded broker: starts, says who holds its port, comes back, and ends with whoever started it."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.mqtt_peers import Device, until
from harness.servers import free_port, port_is_open
from shouwang.domain.errors import BrokerUnavailable, ConfigError
from shouwang.mqtt import broker
from shouwang.mqtt.broker import (
    EmbeddedBroker,
    Iotcore,
    Mosquitto,
    embedded_broker,
    find_mosquitto,
    mosquitto_configuration,
)
from shouwang.mqtt.listening import is_loopback, port_owner, require_free

pytestmark = pytest.mark.servers

with_mosquitto = pytest.mark.servers


def _mosquitto(folder: Path, port: int, **options: Path) -> Mosquitto:
    binary = find_mosquitto()
    assert binary, "run `make setup`"
    return Mosquitto(binary, folder, "127.0.0.1", port, **options)


@pytest.fixture(params=[pytest.param("mosquitto", marks=with_mosquitto), "iotcore"])
def embedded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[EmbeddedBroker, int]]:
    port = free_port()
    one: EmbeddedBroker = _mosquitto(tmp_path, port) if request.param == "mosquitto" else Iotcore("127.0.0.1", port)
    try:
        yield one, port
    finally:
        one.stop()


def test_it_is_there_when_start_returns_and_gone_when_stop_does(embedded: tuple[EmbeddedBroker, int]) -> None:
    one, port = embedded
    one.start()
    with Device(port, listens="a") as device:
        device.publishes("a", b"1")
        assert until(lambda: len(device.heard) == 1)
    one.stop()
    assert not port_is_open(port)
    one.ensure_running()
    assert not port_is_open(port)


def test_it_comes_back_within_a_second_of_its_death(embedded: tuple[EmbeddedBroker, int]) -> None:
    one, port = embedded
    one.start()
    time.sleep(broker.RESTART_PAUSE)  # a broker that dies at once is started more slowly
    victim = _pid_on(port)
    os.kill(victim, signal.SIGKILL)
    assert until(lambda: not port_is_open(port))
    died = time.monotonic()
    while not port_is_open(port):
        one.ensure_running()
        time.sleep(0.05)
        assert time.monotonic() - died < 5
    assert time.monotonic() - died < 1.5
    assert _pid_on(port) != victim


def test_it_dies_with_a_parent_that_was_killed(embedded: tuple[EmbeddedBroker, int], tmp_path: Path) -> None:
    one, port = embedded
    program = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from shouwang.mqtt.broker import Iotcore, Mosquitto, find_mosquitto
        if {one.name!r} == "mosquitto":
            broker = Mosquitto(find_mosquitto(), Path({str(tmp_path)!r}), "127.0.0.1", {port})
        else:
            broker = Iotcore("127.0.0.1", {port})
        broker.start()
        print("started", flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    try:
        assert parent.stdout.readline() == b"started\n"
        assert port_is_open(port)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    assert until(lambda: not port_is_open(port), 5)
    one.start()  # and the next one finds its port free


def test_a_port_in_use_is_named_with_its_owner(embedded: tuple[EmbeddedBroker, int]) -> None:
    one, port = embedded
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ConfigError) as error:
        one.start()
    assert f"127.0.0.1:{port} is in use by process {os.getpid()} (" in str(error.value)
    assert "--mqtt-listen" in str(error.value)
    assert f"--broker mqtt://127.0.0.1:{port}" in str(error.value)


@with_mosquitto
def test_mosquitto_keeps_what_it_took_over_its_own_death(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "not there yet"
    one = _mosquitto(folder, port)
    one.start()
    try:
        with Device(port) as device:
            device.publishes("a", b"kept", retain=True)
        saved = folder / "mosquitto.db"
        assert until(lambda: saved.exists() and b"kept" in saved.read_bytes())  # about every second
        time.sleep(broker.RESTART_PAUSE)
        os.kill(_pid_on(port), signal.SIGKILL)
        assert until(lambda: not port_is_open(port))
        one.ensure_running()
        assert until(lambda: port_is_open(port))
        with Device(port, listens="a") as device:
            assert until(lambda: [message.payload for message in device.heard] == [b"kept"])
    finally:
        one.stop()


@with_mosquitto
def test_mosquitto_asks_for_the_password_where_there_is_a_file(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "ear", "right"], check=True)
    port = free_port()
    one = _mosquitto(tmp_path, port, password_file=passwords)
    one.start()
    try:
        with pytest.raises(AssertionError):
            Device(port, listens="a", patience=1)
        with Device(port, listens="a", login=("ear", "right")):
            pass
    finally:
        one.stop()


@with_mosquitto
def test_mosquitto_that_cannot_start_says_why(tmp_path: Path) -> None:
    one = _mosquitto(tmp_path, free_port(), password_file=tmp_path / "missing")
    with pytest.raises(BrokerUnavailable, match=r"does not start; the end of .*mosquitto\.log says: .*missing"):
        one.start()


@with_mosquitto
def test_mosquitto_is_found_where_a_plain_users_path_does_not_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_mosquitto()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::"])
def test_nobody_listens_to_the_world_without_passwords(host: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mosquitto_passwd -c FILE USER"):
        Mosquitto("/usr/sbin/mosquitto", tmp_path, host, 1883)
    with pytest.raises(ConfigError, match="knows no passwords"):
        Iotcore(host, 1883)
    assert not is_loopback(host)
    Mosquitto("/usr/sbin/mosquitto", tmp_path, host, 1883, password_file=tmp_path / "passwords")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)


def test_the_configuration_drops_nothing_and_saves_every_second(tmp_path: Path) -> None:
    lines = mosquitto_configuration(tmp_path, "127.0.0.1", 1884, None).splitlines()
    for line in (
        "listener 1884 127.0.0.1",
        "allow_anonymous true",
        "autosave_interval 1",
        "persistence true",
        "max_queued_messages 0",
        "queue_qos0_messages true",
        "max_inflight_messages 10000",
        "set_tcp_nodelay true",
    ):
        assert line in lines


def test_without_mosquitto_the_try_out_broker_serves_and_says_what_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "find_mosquitto", lambda: None)
    one = embedded_broker(tmp_path, "127.0.0.1", free_port())
    assert one.name == "iotcore"
    for word in ("3.1.1", "no access", "forgets", "apt install mosquitto"):
        assert word in one.warning


def test_without_any_broker_the_operator_is_told_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "find_mosquitto", lambda: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"apt install mosquitto.*shouwang\[broker\].*--broker"):
        embedded_broker(tmp_path, "127.0.0.1", 1883)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be listened on"):
        require_free("192.0.2.7", 1883)


def test_a_free_port_has_no_owner() -> None:
    assert port_owner(free_port()) is None


def _pid_on(port: int) -> int:
    owner = port_owner(port)
    assert owner is not None
    return int(owner.split()[1])
