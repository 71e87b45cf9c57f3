"""The embedded store over months: rollups that stay true, retention, and a file that is full, broken or of tomorrow."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from shouwang import metrics
from shouwang.domain.errors import ConfigError, StoreUnavailable
from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, SECOND, DeviceId, Instant, Reading, Scalar
from shouwang.ports import Point
from shouwang.timeseries import sqlite as sqlite_module
from shouwang.timeseries.retention import Retention
from shouwang.timeseries.sqlite import SqliteReadings

DEVICE = DeviceId("b3-u2-501")
MIDNIGHT: Instant = 20_781 * DAY
RETENTION = Retention(raw=2 * DAY, hourly=10 * DAY, daily=30 * DAY)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "readings.sqlite"


@pytest.fixture
def store(file: Path) -> Iterator[SqliteReadings]:
    opened = SqliteReadings(file, RETENTION)
    yield opened
    opened.close()


def reading(value: Scalar, at: Instant, metric: str = "temperature") -> Reading:
    return Reading(DEVICE, metric, value, at, at)


def counts(store: SqliteReadings, every: int, start: Instant = 0, end: Instant = 2**62) -> dict[Instant, int]:
    return {p.at: p.count or 0 for p in store.read(DEVICE, None, start, end, every=every)}


def settled(store: SqliteReadings, now: Instant) -> None:
    """All that is to do at ``now``, done."""
    for _ in range(50):
        store.maintain(now)


def writer(store: SqliteReadings) -> sqlite3.Connection:
    assert store._file is not None
    return store._file.writer


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(file) as connection:
        return connection.execute(query).fetchall()


# Rollups -------------------------------------------------------------------------------------------------------------


def test_hours_and_days_remain_true_once_their_readings_are_removed(store: SqliteReadings, file: Path) -> None:
    told = [reading(n % 30 + 0.5, MIDNIGHT + n * 10 * MINUTE) for n in range(6 * 24)]
    told += [reading(n % 4 == 0, MIDNIGHT + n * HOUR, "occupancy") for n in range(24)]
    told += [reading("single", MIDNIGHT + HOUR, "action")]
    store.write(told)
    window = (DEVICE, None, MIDNIGHT, MIDNIGHT + DAY)
    by_hour, by_shift, by_day = (store.read(*window, every=every) for every in (HOUR, 8 * HOUR, DAY))
    settled(store, MIDNIGHT + 4 * DAY)
    assert rows(file, "SELECT count(*) FROM points") == [(0,)]
    assert store.read(*window) == []
    assert store.read(*window, every=HOUR) == by_hour
    assert store.read(*window, every=8 * HOUR) == by_shift
    assert store.read(*window, every=DAY) == by_day
    assert [p.count for p in by_day] == [1, 24, 144]
    settled(store, MIDNIGHT + 13 * DAY)
    assert store.read(*window, every=HOUR) == []
    assert store.read(*window, every=DAY) == by_day
    settled(store, MIDNIGHT + 40 * DAY)
    assert store.read(*window, every=DAY) == []


def test_a_latecomer_is_counted_in_its_hour_and_its_day(store: SqliteReadings) -> None:
    store.write([reading(1, MIDNIGHT + 5 * MINUTE), reading(2, MIDNIGHT + 2 * HOUR)])
    settled(store, MIDNIGHT + DAY + HOUR)
    assert counts(store, DAY) == {MIDNIGHT: 2}
    store.write([reading(9, MIDNIGHT + 6 * MINUTE)])
    assert counts(store, HOUR) == {MIDNIGHT: 2, MIDNIGHT + 2 * HOUR: 1}
    assert counts(store, DAY) == {MIDNIGHT: 3}
    settled(store, MIDNIGHT + DAY + HOUR)
    assert counts(store, HOUR) == {MIDNIGHT: 2, MIDNIGHT + 2 * HOUR: 1}
    (day,) = store.read(DEVICE, None, MIDNIGHT, MIDNIGHT + DAY, every=DAY)
    assert day == Point(at=MIDNIGHT, metric="temperature", count=3, min=1, max=9, mean=4, last=2)


def test_a_batch_written_again_after_its_hours_were_rolled_up_counts_once(store: SqliteReadings, file: Path) -> None:
    batch = [reading(n, MIDNIGHT + n * MINUTE) for n in range(180)]
    for _ in range(3):
        store.write(batch)
        settled(store, MIDNIGHT + DAY + HOUR)
        assert counts(store, HOUR) == {MIDNIGHT + hour * HOUR: 60 for hour in range(3)}
        assert counts(store, DAY) == {MIDNIGHT: 180}
    assert rows(file, "SELECT count(*) FROM touched") == [(0,)]


def test_an_hour_under_way_is_not_rolled_up(store: SqliteReadings, file: Path) -> None:
    store.write([reading(1, MIDNIGHT)])
    settled(store, MIDNIGHT + HOUR)
    assert rows(file, "SELECT count(*) FROM hourly") == [(0,)]
    settled(store, MIDNIGHT + HOUR + 5 * MINUTE)
    assert rows(file, "SELECT count(*) FROM hourly") == [(1,)]
    assert rows(file, "SELECT count(*) FROM daily") == [(0,)]
    settled(store, MIDNIGHT + DAY + 5 * MINUTE)
    assert rows(file, "SELECT count(*) FROM daily") == [(1,)]


def test_maintenance_goes_in_small_transactions_and_comes_to_an_end(
    store: SqliteReadings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([Reading(DeviceId(f"d{n % 400}"), "snr", 1, MIDNIGHT + n * MINUTE, 0) for n in range(4000)])
    monkeypatch.setattr(sqlite_module, "MAINTAIN_SECONDS", 0.0)
    store.maintain(MIDNIGHT + 9 * DAY)  # has no time, does nothing
    assert counts_in(store, "touched") > 0
    monkeypatch.setattr(sqlite_module, "MAINTAIN_SECONDS", 0.5)
    sizes = []
    writer(store).set_trace_callback(lambda sql: sizes.append(writer(store).total_changes) if "COMMIT" in sql else None)
    settled(store, MIDNIGHT + 9 * DAY)
    assert counts_in(store, "touched") == 0
    assert counts_in(store, "points") == 0
    assert max(later - earlier for earlier, later in pairwise(sizes)) <= 1001  # and the row that says from when


def counts_in(store: SqliteReadings, table: str) -> int:
    return int(writer(store).execute(f"SELECT count(*) FROM {table}").fetchone()[0])


# Retention -----------------------------------------------------------------------------------------------------------


def test_a_reading_older_than_what_is_kept_is_refused_and_counted_and_spoils_no_hour(store: SqliteReadings) -> None:
    store.write([reading(n, MIDNIGHT + n * MINUTE) for n in range(60)])
    settled(store, MIDNIGHT + 5 * DAY)
    before = metrics.UNSTORABLE_READINGS.labels("beyond_retention")._value.get()
    store.write([reading(1000, MIDNIGHT + 30 * SECOND), reading(7, MIDNIGHT + 5 * DAY)])
    assert metrics.UNSTORABLE_READINGS.labels("beyond_retention")._value.get() == before + 1
    settled(store, MIDNIGHT + 5 * DAY)
    assert counts(store, HOUR) == {MIDNIGHT: 60, MIDNIGHT + 5 * DAY: 1}


def test_what_is_not_rolled_up_yet_is_not_removed(store: SqliteReadings) -> None:
    """A clock that jumped, or a maintenance that was off for weeks: sums first, removal after."""
    random = Random(1)
    told = {MIDNIGHT + round(random.random() * 6 * DAY): n for n in range(3000)}
    store.write([reading(value, at) for at, value in told.items()])
    store.maintain(MIDNIGHT + 9 * DAY)
    settled(store, MIDNIGHT + 9 * DAY)
    assert sum(counts(store, HOUR).values()) == len(told)
    assert sum(counts(store, DAY).values()) == len(told)


def test_raw_readings_within_retention_stay(store: SqliteReadings) -> None:
    store.write([reading(n, MIDNIGHT + n * HOUR) for n in range(96)])
    settled(store, MIDNIGHT + 4 * DAY)
    kept = store.read(DEVICE, None, 0, 2**62)
    assert [point.at for point in kept] == [MIDNIGHT + n * HOUR for n in range(48, 96)]


def test_retention_that_keeps_sums_shorter_than_readings_is_refused() -> None:
    with pytest.raises(ConfigError, match="readings are kept for 90d, 30d, 1095d"):
        Retention(hourly=30 * DAY)
    assert Retention.of(500 * DAY) == Retention(raw=500 * DAY, hourly=500 * DAY)


# The file ------------------------------------------------------------------------------------------------------------


def test_what_was_written_is_there_after_opening_again(file: Path) -> None:
    for n in range(3):
        store = SqliteReadings(file)
        store.write([reading(n, MIDNIGHT + n)])
        store.close()
    store = SqliteReadings(file)
    assert [point.value for point in store.read(DEVICE, None, 0, 2**62)] == [0, 1, 2]
    store.close()


def test_after_close_everything_raises(store: SqliteReadings) -> None:
    store.close()
    for act in (
        lambda: store.write([reading(1, MIDNIGHT)]),
        lambda: store.read(DEVICE, None, 0, 1),
        lambda: store.maintain(MIDNIGHT),
    ):
        with pytest.raises(StoreUnavailable, match="closed"):
            act()


def test_two_processes_may_write_one_file(file: Path, store: SqliteReadings) -> None:
    """Not how it is run, but nothing is lost or counted twice if it happens."""
    other = SqliteReadings(file, RETENTION)
    for n in range(10):
        (store, other)[n % 2].write([reading(n, MIDNIGHT + n * 30 * MINUTE), reading(n, MIDNIGHT + n, f"m{n}")])
        (other, store)[n % 2].maintain(MIDNIGHT + (n + 1) * 30 * MINUTE)
    settled(other, MIDNIGHT + 2 * DAY)
    store.write([reading(10, MIDNIGHT + HOUR + 1)])
    settled(other, MIDNIGHT + 2 * DAY)
    assert sum(p.count or 0 for p in store.read(DEVICE, "temperature", 0, 2**62, every=HOUR)) == 11
    assert sum(p.count or 0 for p in other.read(DEVICE, None, 0, 2**62, every=DAY)) == 21
    other.close()


def test_a_full_disk_raises_and_writing_goes_on_once_there_is_room(store: SqliteReadings) -> None:
    store.write([reading(0, MIDNIGHT)])
    pages = writer(store).execute("PRAGMA page_count").fetchone()[0]
    writer(store).execute(f"PRAGMA max_page_count = {pages + 2}")
    batch = [Reading(DeviceId(f"new{n}"), "snr", n, MIDNIGHT, 0) for n in range(5000)]
    with pytest.raises(StoreUnavailable, match="full"):
        store.write(batch)
    writer(store).execute("PRAGMA max_page_count = 1000000")
    store.write(batch)
    assert [p.value for p in store.read(DeviceId("new4999"), None, 0, 2**62)] == [4999]
    assert [p.value for p in store.read(DEVICE, None, 0, 2**62)] == [0]


def test_a_file_that_is_no_database_is_named_when_it_is_needed_and_not_before(tmp_path: Path) -> None:
    file = tmp_path / "readings.sqlite"
    file.write_bytes(b"not a database at all" * 1000)
    store = SqliteReadings(file)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"readings\.sqlite: .*file is not a database; move it away"):
            store.write([reading(1, MIDNIGHT)])
    file.unlink()
    store.write([reading(1, MIDNIGHT)])
    assert [point.value for point in store.read(DEVICE, None, 0, 2**62)] == [1]
    store.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable, match="readings cannot be read"):
        SqliteReadings(tmp_path / "kept" / "readings.sqlite").read(DEVICE, None, 0, 1)


def test_a_file_of_a_newer_version_is_refused(file: Path, store: SqliteReadings) -> None:
    store.write([])
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreUnavailable, match="format 99"):
        SqliteReadings(file).write([])


WRITER = """
import sys
from pathlib import Path
from shouwang.domain.vocabulary import DeviceId, Reading
from shouwang.timeseries.sqlite import SqliteReadings
store = SqliteReadings(Path(sys.argv[1]))
n = int(sys.argv[2])
while True:
    store.write([Reading(DeviceId(f"d{k}"), "snr", n, n, n) for k in range(50)])
    print(n, flush=True)
    store.maintain(n)
    n += 1
"""


def test_killing_the_process_loses_nothing_that_was_written(file: Path) -> None:
    written = 0
    for round_ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), str(written)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        deadline = time.monotonic() + 20
        for line in process.stdout:
            written = int(line) + 1
            if written >= (round_ + 1) * 40 or time.monotonic() > deadline:
                break
        os.kill(process.pid, signal.SIGKILL)
        written = max([written, *(int(line) + 1 for line in process.stdout.read().splitlines() if line.strip())])
        process.wait(10)
    store = SqliteReadings(file)
    for device in ("d0", "d49"):
        points = store.read(DeviceId(device), "snr", 0, 2**62)
        assert [point.value for point in points][:written] == list(range(written))
        assert len(points) - written in (0, 1)  # one more was on disk, its line not yet out
    store.close()
