"""The default client: it fits itself to the broker, and hears the same on each."""

import pytest

from harness.servers import Mosquitto, free_port
from shouwang.app.clock import SystemClock
from shouwang.cli.bench import frames, load
from shouwang.mqtt.address import parse_address
from shouwang.mqtt.broker import Iotcore
from shouwang.mqtt.ear import open_session

pytestmark = pytest.mark.servers


class Facts:
    """``ports.FactStore`` in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self._kept.get(key)

    def put(self, key: str, value: bytes) -> None:
        self._kept[key] = value


def hears(port: int) -> None:
    ear = open_session(
        parse_address(f"mqtt://127.0.0.1:{port}"),
        client_id="auto",
        clock=SystemClock(),
        facts=Facts(),
        topics=["auto/#"],
    )
    ear.start()
    try:
        ear.wait_connected(20)
        with load.connected(port, "publisher") as link:
            link.sendall(frames.publish("auto/smoke", b"1", 1))
            assert link.recv(4)
        batch = ear.next_batch(5)
        assert batch is not None
        assert [arrival.topic for arrival in batch.arrivals] == ["auto/smoke"]
        batch.acknowledge()
    finally:
        ear.stop()


def test_it_hears_on_a_broker_that_speaks_mqtt_5(mosquitto_server: Mosquitto) -> None:
    hears(mosquitto_server.port)


def test_it_turns_to_3_1_1_on_a_broker_that_speaks_no_mqtt_5() -> None:
    port = free_port()
    broker = Iotcore("127.0.0.1", port)
    broker.start()
    try:
        hears(port)
    finally:
        broker.stop()
