"""What the ear says: its own messages, its status, its complaints; both clients, both brokers."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.ears import Station, StoppedClock, everywhere, on_mosquitto, station_on
from harness.mqtt_peers import Device, Wire, until
from harness.servers import mosquitto
from shouwang.domain.errors import BrokerUnavailable
from shouwang.mqtt.address import Address, parse_address
from shouwang.mqtt.ear import ClientName
from shouwang.mqtt.wakeup import Wakeup

pytestmark = pytest.mark.servers


@everywhere
def test_what_we_publish_is_settled_and_never_heard_by_ourselves(station: Station) -> None:
    listener = station.listens(topics=["#"])
    settled: list[int] = []
    with Device(station.broker.port, listens="shouwang/v1/alerts/#") as siren:
        for number in range(300):
            topic = f"shouwang/v1/alerts/b{number}/_/smoke"
            listener.ear.publish(topic, b"{}", retain=True, done=lambda number=number: settled.append(number))  # type: ignore[misc]
        assert until(lambda: len(settled) == 300 and len(siren.heard) == 300)
    assert settled == list(range(300))
    listener.hears_nothing_more()


@everywhere
def test_what_goes_out_at_qos_0_arrives_and_waits_for_no_acknowledgement(station: Station) -> None:
    listener = station.listens(topics=["#"])
    settled: list[int] = []
    with Device(station.broker.port, listens="zigbee2mqtt/#") as bridge:
        for number in range(3):
            listener.ear.publish(f"zigbee2mqtt/gas-{number}/get", b"{}", retain=False, done=lambda: None, qos=0)
        listener.ear.publish("zigbee2mqtt/last", b"{}", retain=False, done=lambda: settled.append(1))
        assert until(lambda: len(bridge.heard) == 4 and settled == [1])


@everywhere
def test_what_is_published_while_the_link_is_down_is_not_settled_and_goes_again_after_it(station: Station) -> None:
    settled: list[str] = []
    topic = "shouwang/v1/alerts/b3/_/smoke"

    def publish(mark: str) -> None:
        listener.ear.publish(topic, mark.encode(), retain=True, done=lambda: settled.append(mark))

    ready = threading.Event()

    def on_connected(session_present: bool) -> None:
        ready.wait(5)
        publish("again")

    listener = station.tries(on_connected=on_connected)
    ready.set()
    assert until(lambda: settled == ["again"])
    station.broker.kill()
    assert until(lambda: not listener.ear.connected)
    publish("lost")
    station.broker.start()
    assert until(lambda: settled == ["again", "again"], 20)
    time.sleep(0.2)
    assert settled == ["again", "again"]


@everywhere
def test_a_caller_that_fails_does_not_end_the_connection(station: Station) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the test says so")

    listener = station.listens(on_connected=fail)
    listener.ear.publish("shouwang/v1/alerts/a", b"", retain=False, done=fail)
    settled: list[int] = []
    listener.ear.publish("shouwang/v1/alerts/a", b"", retain=False, done=lambda: settled.append(1))
    assert until(lambda: settled == [1])
    assert listener.ear.connected


@everywhere
@pytest.mark.parametrize("topic", ["shouwang/v1/alerts/+", "", "a\0b"])
def test_a_topic_that_cannot_be_published_to_is_refused_to_the_caller(station: Station, topic: str) -> None:
    listener = station.listens()
    with pytest.raises(ValueError, match="topic"):
        listener.ear.publish(topic, b"", retain=False, done=lambda: None)
    assert listener.ear.connected


@everywhere
def test_the_status_topic_says_online_and_after_our_good_bye_offline(station: Station) -> None:
    with Device(station.broker.port, listens="shouwang/v1/status") as watcher:
        listener = station.listens()
        assert until(lambda: _states(watcher) == ["online"])
        listener.ear.stop()
        assert until(lambda: _states(watcher) == ["online", "offline"])
        time.sleep(0.3)
        assert _states(watcher) == ["online", "offline"]
    with Device(station.broker.port, listens="shouwang/v1/status") as later:
        assert until(lambda: _states(later) == ["offline"])
        assert later.heard[0].retain


@everywhere
def test_the_broker_says_offline_for_us_when_our_process_is_killed(station: Station) -> None:
    program = textwrap.dedent(f"""
        import time
        from shouwang.mqtt.address import Address
        from shouwang.mqtt.ear import open_session
        class Parts:
            now = staticmethod(lambda: 0)
            get = staticmethod(lambda key: None)
            put = staticmethod(lambda key, value: None)
        ear = open_session(Address(host="127.0.0.1", port={station.broker.port}), client_id="victim-{station.root}",
                           clock=Parts, facts=Parts, client="{station.client}", topics=["{station.root}/#"])
        ear.start()
        time.sleep(60)
    """)
    with Device(station.broker.port, listens="shouwang/v1/status") as watcher:
        victim = subprocess.Popen([sys.executable, "-c", program])
        try:
            assert until(lambda: _states(watcher) == ["online"])
        finally:
            victim.send_signal(signal.SIGKILL)
            victim.wait()
        assert until(lambda: _states(watcher) == ["online", "offline"])


def _states(watcher: Device) -> list[str]:
    return [json.loads(message.payload)["state"] for message in watcher.heard]


@everywhere
def test_small_packets_are_not_held_back(station: Station) -> None:
    station.listens()
    assert [one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for one in _sockets_to(station.broker.port)] == [1]


def _sockets_to(port: int) -> Iterator[socket.socket]:
    """Our own connections to this port, whoever holds them."""
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            if not str(descriptor.readlink()).startswith("socket:"):
                continue
            copy = socket.socket(fileno=os.dup(int(descriptor.name)))
        except OSError:
            continue
        with copy:
            try:
                if copy.getpeername()[1] == port:
                    yield copy
            except (OSError, IndexError):
                continue


@on_mosquitto
def test_a_subscription_hears_dollar_topics_only_when_they_are_named(station: Station) -> None:
    listener = station.listens(topics=["#", "$SYS/broker/version"])
    [arrival] = listener.hears(1)
    assert arrival.topic == "$SYS/broker/version"
    listener.hears_nothing_more()


@everywhere
def test_two_ears_with_one_name_say_what_it_may_be(station: Station) -> None:
    first = station.listens()
    station.listens()
    assert until(lambda: f"another client may use our client id ear-{station.root}" in first.ear.problem)


@pytest.mark.parametrize("client", ["paho", "fast"])
@pytest.mark.servers
def test_a_refused_login_is_named_with_what_to_do_and_without_the_password(
    client: ClientName, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "ear", "right"], check=True)
    passwords.chmod(0o644)
    guarded = mosquitto(tmp_path, extra_conf=f"password_file {passwords}")
    with guarded as server, station_on(server, client) as station:
        wrong = station.tries(address=parse_address(f"mqtt://ear:wr0ng@127.0.0.1:{server.port}"))
        with pytest.raises(BrokerUnavailable, match=r"refused the login of user 'ear'.*check user and password"):
            wrong.ear.wait_connected(2)
        assert "wr0ng" not in wrong.ear.problem + caplog.text
        right = station.listens(address=parse_address(f"mqtt://ear:right@127.0.0.1:{server.port}"), client_id="b")
        assert right.ear.problem == ""


@pytest.mark.parametrize("station", [pytest.param(("paho", "iotcore"))], indirect=True)
def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1_also_after_its_restart(station: Station) -> None:
    with Wire(station.broker.port) as wire:
        listener = station.listens(wire.port)
        levels = [bytes(stream[8:9]) for stream in wire.upstream if stream]
        assert levels == [b"\x05", b"\x04"]
        station.broker.kill()
        station.broker.start()
        listener.ear.wait_connected(20)
    with Device(station.broker.port) as device:
        assert until(lambda: listener.ear.connected)
        device.publishes(f"{station.root}/a", b"1")


@pytest.mark.parametrize("station", [pytest.param(("fast", "iotcore"))], indirect=True)
def test_the_fast_client_says_that_it_needs_mqtt_5(station: Station) -> None:
    with pytest.raises(BrokerUnavailable, match="set the client to paho"):
        station.tries().ear.wait_connected(1.5)


@everywhere
def test_a_wakeup_hears_and_publishes_and_leaves_nothing_behind(station: Station) -> None:
    woken: list[tuple[str, bytes]] = []

    def wake(topic: str, payload: bytes) -> None:
        woken.append((topic, payload))
        if payload == b"bad":
            raise RuntimeError("the test says so")

    def open_wakeup() -> Wakeup:
        wakeup = Wakeup(
            Address(host="127.0.0.1", port=station.broker.port),
            client_id=f"{station.root}-server",
            clock=StoppedClock(),
            filters=[f"{station.root}/#"],
            on_message=wake,
            qos=1,
        )
        wakeup.start()
        wakeup.wait_connected(10)
        return wakeup

    wakeup = open_wakeup()
    settled: list[int] = []
    with Device(station.broker.port) as device:
        device.publishes(f"{station.root}/a", b"bad", b"good")
        assert until(lambda: [payload for _, payload in woken] == [b"bad", b"good"])
        wakeup.publish(f"{station.root}/canary", b"1", retain=False, done=lambda: settled.append(1))
        assert until(lambda: woken[-1] == (f"{station.root}/canary", b"1") and settled == [1])
        wakeup.stop()
        device.publishes(f"{station.root}/a", b"missed")
        wakeup = open_wakeup()
        time.sleep(0.3)
        wakeup.stop()
    assert b"missed" not in [payload for _, payload in woken]
