"""Ears for tests: opened on a real broker, listened with, and closed again."""

import contextlib
import os
import time
from collections.abc import Iterator
from typing import Literal, Protocol, cast

import pytest

from harness.servers import free_port
from shouwang.domain.vocabulary import Arrival
from shouwang.mqtt.address import Address
from shouwang.mqtt.broker import Iotcore
from shouwang.mqtt.ear import ClientName, Ear, open_session
from shouwang.mqtt.feed import FeedBatch

NOW = 1_790_000_000_000_000


class StoppedClock:
    def now(self) -> int:
        return NOW


class Notebook:
    """Facts in memory: what survives a restart of ours."""

    def __init__(self) -> None:
        self.facts: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.facts.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.facts[key] = value


class Broker(Protocol):
    """What both real brokers of this suite can do."""

    port: int

    def start(self) -> None: ...

    def kill(self) -> None: ...


class TryOut:
    """The try-out broker with the face of a test server."""

    def __init__(self) -> None:
        self.port = free_port()
        self._broker = Iotcore("127.0.0.1", self.port)

    def start(self) -> None:
        self._broker.start()

    def kill(self) -> None:
        self._broker._broker._process.kill()
        self._broker._broker._process.wait()

    def stop(self) -> None:
        self._broker.stop()


class Listener:
    """An ear under test, with everything it was handed and what it still owes."""

    def __init__(self, ear: Ear) -> None:
        self.ear = ear
        self.owed: list[FeedBatch] = []

    def hears(self, count: int, seconds: float = 10) -> list[Arrival]:
        """The next ``count`` arrivals, not acknowledged."""
        arrivals: list[Arrival] = []
        deadline = time.monotonic() + seconds
        while len(arrivals) < count and time.monotonic() < deadline:
            if (batch := self.ear.next_batch(0.2)) is not None:
                self.owed.append(batch)
                arrivals.extend(batch.arrivals)
        assert len(arrivals) == count, (
            f"expected {count} arrivals, got {len(arrivals)}; {self.ear.problem or 'no problem'}"
        )
        return arrivals

    def hears_nothing_more(self, seconds: float = 0.5) -> None:
        batch = self.ear.next_batch(seconds)
        assert batch is None, [arrival.topic for arrival in batch.arrivals[:5]]

    def acknowledges(self) -> None:
        for batch in self.owed:
            batch.acknowledge()
        self.owed.clear()


class Station:
    """Opens ears on one broker and closes them all."""

    def __init__(self, broker: Broker, client: ClientName) -> None:
        self.broker, self.client = broker, client
        self.root = f"t{os.urandom(4).hex()}"
        self.facts = Notebook()
        self._ears: list[Ear] = []

    def listens(self, port: int | None = None, **options: object) -> Listener:
        """An ear that stands; again with the same client id, it takes over the session."""
        listener = self.tries(port, **options)
        listener.ear.wait_connected(10)
        return listener

    def tries(self, port: int | None = None, **options: object) -> Listener:
        settings: dict[str, object] = {"client_id": f"ear-{self.root}", "topics": [f"{self.root}/#"], **options}
        address = settings.pop("address", None) or Address(host="127.0.0.1", port=port or self.broker.port)
        ear = open_session(
            cast(Address, address),
            clock=StoppedClock(),
            facts=self.facts,
            client=self.client,
            **settings,  # type: ignore[arg-type]  # each test names what it varies
        )
        self._ears.append(ear)
        ear.start()
        return Listener(ear)

    def close(self) -> None:
        for ear in self._ears:
            ear.stop()


Part = tuple[ClientName, Literal["mosquitto", "iotcore"]]

EVERYWHERE = [
    pytest.param(("paho", "mosquitto"), marks=pytest.mark.servers, id="paho-mosquitto"),
    pytest.param(("fast", "mosquitto"), marks=pytest.mark.servers, id="fast-mosquitto"),
    pytest.param(("paho", "iotcore"), id="paho-iotcore"),
]
ON_MOSQUITTO = EVERYWHERE[:2]
everywhere = pytest.mark.parametrize("station", EVERYWHERE, indirect=True)
on_mosquitto = pytest.mark.parametrize("station", ON_MOSQUITTO, indirect=True)


@contextlib.contextmanager
def try_out() -> Iterator[TryOut]:
    """A running try-out broker."""
    broker = TryOut()
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@contextlib.contextmanager
def station_on(broker: Broker, client: ClientName) -> Iterator[Station]:
    """A station whose ears are closed at the end of the block."""
    station = Station(broker, client)
    try:
        yield station
    finally:
        station.close()
