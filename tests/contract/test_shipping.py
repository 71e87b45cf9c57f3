"""From the spool to where readings rest: real state database, real stores, outages and crashes in between."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import servers
from shouwang import metrics
from shouwang.domain.errors import StoreUnavailable
from shouwang.domain.vocabulary import HOUR, SECOND, DeviceId, Instant, Reading
from shouwang.flows.shipping import (
    BATCHES_AT_A_TIME,
    FIRST_PAUSE,
    IDLE_SECONDS,
    LONGEST_PAUSE,
    Shipping,
    pause_after,
    plan_shipment,
)
from shouwang.ports import ReadingStore, SpooledBatch
from shouwang.store.database import Database
from shouwang.store.inbox import SqlInbox
from shouwang.store.leases import INTAKE, Leases
from shouwang.store.spool import SqlSpool
from shouwang.timeseries.open import open_readings

NOW: Instant = 1_795_500_000 * SECOND
DEVICE = DeviceId("b3-u2-501")


class Clock:
    def now(self) -> Instant:
        return NOW + HOUR


class Passing:
    def reach(self, name: str) -> None:
        """Goes on."""


class Killed(BaseException):
    """The process ends here."""


class KilledAt:
    def __init__(self, name: str) -> None:
        self._name = name

    def reach(self, name: str) -> None:
        if name == self._name:
            raise Killed(name)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/state.sqlite")
    opened.create()
    yield opened
    opened.close()


@pytest.fixture
def inbox(database: Database) -> SqlInbox:
    lease = Leases(database, lambda _holder: False).take(INTAKE, "one:1:1", NOW)
    assert lease is not None
    return SqlInbox(database, lease, lambda _point: None)


@pytest.fixture
def spool(database: Database) -> SqlSpool:
    return SqlSpool(database)


@pytest.fixture(params=["sqlite", pytest.param("influxdb1", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadingStore]:
    url = f"sqlite:///{tmp_path}/readings.sqlite"
    opened = open_readings(url if request.param == "sqlite" else request.getfixturevalue("influxdb1_url"))
    yield opened
    opened.close()


def accept(inbox: SqlInbox, *batches: list[Reading]) -> None:
    for batch in batches:
        with inbox.accept() as acceptance:
            acceptance.spool(batch)


def batch(number: int, size: int = 3) -> list[Reading]:
    at = NOW + number * 1000 * SECOND
    return [Reading(DEVICE, "snr", number, at + n * SECOND, NOW) for n in range(size)]


def shipped(store: ReadingStore) -> list[tuple[Instant, object]]:
    return [(point.at, point.value) for point in store.read(DEVICE, None, 0, 2**60, limit=1_000_000)]


def expected(*batches: list[Reading]) -> list[tuple[Instant, object]]:
    return [(one.measured_at, one.value) for one_batch in batches for one in one_batch]


def test_what_was_accepted_comes_to_rest_and_leaves_the_spool(
    inbox: SqlInbox, spool: SqlSpool, store: ReadingStore
) -> None:
    accept(inbox, *(batch(n) for n in range(5)))
    shipping = Shipping(spool, store, Clock(), Passing())
    assert shipping.ship_once() == 15
    assert shipped(store) == expected(*(batch(n) for n in range(5)))
    assert spool.backlog() == (0, None)
    assert shipping.ship_once() == 0
    assert shipping.pause == IDLE_SECONDS


def test_a_backlog_drains_without_a_pause_and_in_order(inbox: SqlInbox, spool: SqlSpool, store: ReadingStore) -> None:
    batches = [batch(n, 10) for n in range(500)]
    accept(inbox, *batches)
    shipping = Shipping(spool, store, Clock(), Passing())
    seen = 0
    while spool.backlog()[0]:
        seen += shipping.ship_once()
        assert shipped(store) == expected(*batches)[:seen]
        assert shipping.pause in (0.0, IDLE_SECONDS)
    assert seen == 5000


@pytest.mark.parametrize("point", ["shipping.written", "shipping.trimmed"])
def test_a_crash_between_write_and_trim_writes_again_and_stores_once(
    inbox: SqlInbox, spool: SqlSpool, store: ReadingStore, point: str
) -> None:
    accept(inbox, *(batch(n) for n in range(4)))
    with pytest.raises(Killed):
        Shipping(spool, store, Clock(), KilledAt(point)).ship_once()
    assert shipped(store) == expected(*(batch(n) for n in range(4)))
    accept(inbox, batch(4))
    again = Shipping(spool, store, Clock(), Passing())
    assert again.ship_once() == (15 if point == "shipping.written" else 3)
    assert shipped(store) == expected(*(batch(n) for n in range(5)))
    assert spool.backlog() == (0, None)


@pytest.mark.servers
def test_an_outage_only_grows_the_spool_and_is_filled_in_afterwards(
    inbox: SqlInbox, spool: SqlSpool, tmp_path: Path
) -> None:
    with servers.influxdb1(tmp_path) as server:
        store = open_readings(f"influxdb://127.0.0.1:{server.port}/readings")
        shipping = Shipping(spool, store, Clock(), Passing(), jitter=lambda: 0.0)
        accept(inbox, batch(0))
        assert shipping.ship_once() == 3
        assert metrics.STORE_UP._value.get() == 1
        server.kill()
        pauses = []
        for n in range(1, 9):
            accept(inbox, batch(n))
            assert shipping.ship_once() == 0
            pauses.append(shipping.pause)
        assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
        assert metrics.STORE_UP._value.get() == 0
        assert spool.backlog() == (8, NOW)
        server.start()
        deadline = time.monotonic() + 10
        while spool.backlog()[0] and time.monotonic() < deadline:
            shipping.ship_once()
        assert shipped(store) == expected(*(batch(n) for n in range(9)))
        assert metrics.STORE_UP._value.get() == 1
        assert shipping.pause == IDLE_SECONDS
        store.close()


def test_the_loop_goes_on_after_any_error_and_ends_when_told(inbox: SqlInbox, spool: SqlSpool, tmp_path: Path) -> None:
    store = open_readings(f"sqlite:///{tmp_path}/readings.sqlite")
    troubles = iter([StoreUnavailable("the state database is locked"), RuntimeError("a bug")])

    class Moody(SqlSpool):
        def waiting(self, limit: int) -> list[SpooledBatch]:
            for trouble in troubles:
                raise trouble
            return super().waiting(limit)

    accept(inbox, batch(0))
    stop = threading.Event()
    shipping = Shipping(Moody(spool._database), store, Clock(), Passing(), jitter=lambda: 0.999)
    thread = threading.Thread(target=shipping.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 10
    while not shipped(store) and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert shipped(store) == expected(batch(0))
    store.close()


def test_the_backlog_is_a_figure(inbox: SqlInbox, spool: SqlSpool, tmp_path: Path) -> None:
    store = open_readings(f"sqlite:///{tmp_path}/readings.sqlite")
    accept(inbox, batch(0), batch(1))
    Shipping(spool, store, Clock(), Passing()).ship_once()
    assert metrics.SPOOL_BACKLOG_BATCHES._value.get() == 2
    assert metrics.SPOOL_OLDEST_SECONDS._value.get() == pytest.approx(3600)
    store.close()


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 60))
def test_a_shipment_is_the_oldest_batches_that_fit_and_always_moves(sizes: list[int], most: int) -> None:
    waiting = [SpooledBatch(seq, batch(seq, size)) for seq, size in enumerate(sizes)]
    shipment = plan_shipment(waiting, most)
    taken = len(shipment.seqs)
    assert shipment.seqs == list(range(taken))
    assert shipment.readings == [one for each in waiting[:taken] for one in each.readings]
    assert taken >= min(1, len(sizes))
    assert len(shipment.readings) <= most or taken == 1
    assert shipment.full == (taken < len(sizes))
    if shipment.full:
        assert len(shipment.readings) + sizes[taken] > most


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_from_a_second_to_a_minute_and_never_beyond(failures: int, jitter: float) -> None:
    assert FIRST_PAUSE / 2 < pause_after(failures, jitter) <= LONGEST_PAUSE
    assert pause_after(failures + 1, jitter) >= pause_after(failures, jitter)


def test_one_trim_is_a_small_transaction() -> None:
    assert BATCHES_AT_A_TIME <= 200
