"""Where readings rest: one suite over SQLite, a real InfluxDB 1.6.7, and InfluxDB 2 where Docker answers."""

import math
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.influxdb2_face import influxdb2_face
from shouwang import metrics
from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, SECOND, DeviceId, Duration, Instant, Reading, Scalar
from shouwang.ports import Point, ReadingStore
from shouwang.timeseries.open import open_readings

T0: Instant = 1_795_500_000 * SECOND  # a quarter past no hour in particular
NOON: Instant = T0 // DAY * DAY + 12 * HOUR


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("influxdb1", marks=pytest.mark.servers),
        pytest.param("influxdb2_client", marks=pytest.mark.servers),
        pytest.param("influxdb2", marks=pytest.mark.servers),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadingStore]:
    """``influxdb2_client`` is the way of InfluxDB 2 (its API, InfluxData's client) to the real 1.6.7 behind a small
    translator; ``influxdb2`` the real one in a container."""
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{tmp_path}/readings.sqlite")
    elif request.param == "influxdb1":
        yield from _opened(request.getfixturevalue("influxdb1_url"))
    elif request.param == "influxdb2":
        yield from _opened(request.getfixturevalue("influxdb2_url"))
    else:
        with influxdb2_face(request.getfixturevalue("influxdb1_url")) as url:
            yield from _opened(url)


def _opened(url: str) -> Iterator[ReadingStore]:
    opened = open_readings(url)
    yield opened
    opened.close()


@pytest.fixture
def device() -> DeviceId:
    """A device of this test's own, since a container's bucket is shared."""
    return DeviceId(f"b3-u2-501-{uuid.uuid4().hex[:8]}")


def reading(
    device: DeviceId,
    value: Scalar = 21.5,
    at: Instant = T0,
    *,
    metric: str = "temperature",
    part: str = "",
    late: bool = False,
) -> Reading:
    return Reading(device, metric, value, at, at + SECOND, part, late)


def values(points: Sequence[Point]) -> list[tuple[Instant, object]]:
    return [(point.at, point.value) for point in points]


def everything(store: ReadingStore, device: DeviceId, metric: str | None = None) -> list[Point]:
    return store.read(device, metric, T0 - 400 * DAY, T0 + 400 * DAY)


# What is written is read ---------------------------------------------------------------------------------------------


def test_readings_come_back_oldest_first_whatever_the_order_they_were_written_in(
    store: ReadingStore, device: DeviceId
) -> None:
    store.write([reading(device, 3.0, T0 + 2), reading(device, 1.0, T0), reading(device, 2.0, T0 + 1)])
    store.write([reading(device, 0.5, T0 - 1)])
    assert values(everything(store, device)) == [(T0 - 1, 0.5), (T0, 1.0), (T0 + 1, 2.0), (T0 + 2, 3.0)]


def test_a_value_comes_back_as_the_type_it_was(store: ReadingStore, device: DeviceId) -> None:
    told: dict[str, Scalar] = {"smoke": True, "tamper": False, "battery": 1, "temperature": -0.125, "action": "1"}
    store.write([reading(device, value, metric=metric) for metric, value in told.items()])
    read = {point.metric: point.value for point in everything(store, device)}
    assert read == told
    assert {metric: type(value) for metric, value in read.items()} == {
        "smoke": bool,
        "tamper": bool,
        "battery": float,
        "temperature": float,
        "action": str,
    }


@pytest.mark.parametrize("value", [0.1 + 0.2, 1e300, -5e-324, 123456789.987654321, -0.0, 2**53 - 1])
def test_a_number_comes_back_exact(store: ReadingStore, device: DeviceId, value: float) -> None:
    store.write([reading(device, value)])
    assert [point.value for point in everything(store, device)] == [value]


def test_the_microsecond_tells_readings_apart(store: ReadingStore, device: DeviceId) -> None:
    store.write([reading(device, 1, T0 + 1), reading(device, 2, T0 + 2)])
    assert values(store.read(device, "temperature", T0 + 1, T0 + 2)) == [(T0 + 1, 1)]


def test_metrics_parts_and_devices_keep_to_themselves(store: ReadingStore, device: DeviceId) -> None:
    other = DeviceId(f"{device}0")
    store.write(
        [
            reading(device, 20, part="probe 1"),
            reading(device, 30, part="probe 2"),
            reading(device, 40),
            reading(device, 55, metric="humidity"),
            reading(other, 99),
        ]
    )
    assert [(point.metric, point.part, point.value) for point in everything(store, device)] == [
        ("humidity", "", 55),
        ("temperature", "", 40),
        ("temperature", "probe 1", 20),
        ("temperature", "probe 2", 30),
    ]
    assert {point.metric for point in everything(store, device, "temperature")} == {"temperature"}
    assert [point.value for point in everything(store, other)] == [99]


def test_nothing_is_known_of_a_device_that_never_spoke(store: ReadingStore, device: DeviceId) -> None:
    assert store.read(device, None, 0, T0) == []
    assert store.read(device, "smoke", 0, T0, every=HOUR) == []
    store.write([])


def test_the_window_holds_its_start_and_not_its_end(store: ReadingStore, device: DeviceId) -> None:
    store.write([reading(device, second, T0 + second * SECOND) for second in range(5)])
    read = store.read(device, "temperature", T0 + SECOND, T0 + 3 * SECOND)
    assert [point.value for point in read] == [1, 2]


def test_a_window_may_be_all_of_time(store: ReadingStore, device: DeviceId) -> None:
    store.write([reading(device, 1)])
    for every in (None, DAY):
        assert len(store.read(device, None, -(2**62), 2**62, every=every)) == 1


def test_a_limit_gives_the_oldest(store: ReadingStore, device: DeviceId) -> None:
    store.write(
        [reading(device, n, T0 + n * MINUTE, metric=metric) for n in range(50) for metric in ("smoke_density", "snr")]
    )
    assert [(point.at, point.metric) for point in store.read(device, None, T0, T0 + HOUR, limit=3)] == [
        (T0, "smoke_density"),
        (T0, "snr"),
        (T0 + MINUTE, "smoke_density"),
    ]
    assert [p.at for p in store.read(device, "snr", T0, T0 + HOUR, every=10 * MINUTE, limit=2)] == [
        T0 // (10 * MINUTE) * 10 * MINUTE,
        T0 // (10 * MINUTE) * 10 * MINUTE + 10 * MINUTE,
    ]


# Idempotence ---------------------------------------------------------------------------------------------------------


def test_what_is_written_twice_is_there_once(store: ReadingStore, device: DeviceId) -> None:
    batch = [reading(device, n, T0 + n * SECOND) for n in range(100)]
    for _ in range(3):
        store.write(batch)
    store.write(list(reversed(batch)))
    assert values(everything(store, device)) == [(T0 + n * SECOND, n) for n in range(100)]
    assert sum(point.count or 0 for point in store.read(device, None, T0, T0 + HOUR, every=HOUR)) == 100


def test_the_later_value_of_one_key_wins_within_a_write_and_across(store: ReadingStore, device: DeviceId) -> None:
    store.write([reading(device, 1), reading(device, 2)])
    assert values(everything(store, device)) == [(T0, 2)]
    store.write([reading(device, 3)])
    assert values(everything(store, device)) == [(T0, 3)]


def test_late_news_bears_its_mark_and_keeps_it(store: ReadingStore, device: DeviceId) -> None:
    store.write([reading(device, 1, late=True), reading(device, 2, T0 + 1)])
    assert [point.late for point in everything(store, device)] == [True, False]
    store.write([reading(device, 1)])
    assert [point.late for point in everything(store, device)] == [True, False]


# By interval ---------------------------------------------------------------------------------------------------------


def test_an_hour_of_numbers_is_counted_summed_and_ends_with_its_last(store: ReadingStore, device: DeviceId) -> None:
    store.write(
        [reading(device, value, NOON + minute * MINUTE) for minute, value in ((0, 20), (30, 30), (59, 25), (61, 7))]
    )
    first, second = store.read(device, "temperature", NOON, NOON + 3 * HOUR, every=HOUR)
    assert first == Point(at=NOON, metric="temperature", count=3, min=20, max=30, mean=25, last=25)
    assert second == Point(at=NOON + HOUR, metric="temperature", count=1, min=7, max=7, mean=7, last=7)


def test_an_hour_of_flags_tells_the_share_of_true(store: ReadingStore, device: DeviceId) -> None:
    store.write([reading(device, n == 2, NOON + n * MINUTE, metric="occupancy") for n in range(4)])
    store.write([reading(device, False, NOON + HOUR, metric="occupancy")])
    first, second = store.read(device, "occupancy", NOON, NOON + 2 * HOUR, every=HOUR)
    assert first == Point(at=NOON, metric="occupancy", count=4, min=0, max=1, mean=0.25, last=False)
    assert second == Point(at=NOON + HOUR, metric="occupancy", count=1, min=0, max=0, mean=0, last=False)
    assert first.last is False


def test_an_hour_of_words_has_a_count_and_a_last(store: ReadingStore, device: DeviceId) -> None:
    store.write(
        [reading(device, word, NOON + n, metric="action") for n, word in enumerate(("single", "hold", "release"))]
    )
    (hour,) = store.read(device, "action", NOON, NOON + HOUR, every=HOUR)
    assert hour == Point(at=NOON, metric="action", count=3, last="release")


def test_intervals_of_all_metrics_and_parts_come_in_order_of_time(store: ReadingStore, device: DeviceId) -> None:
    store.write(
        [
            reading(device, 1.5, at, metric=metric, part=part)
            for at in (NOON, NOON + HOUR)
            for metric, part in (("temperature", "b"), ("temperature", "a"), ("humidity", ""))
        ]
    )
    read = store.read(device, None, NOON, NOON + 2 * HOUR, every=HOUR)
    expected = [("humidity", ""), ("temperature", "a"), ("temperature", "b")]
    assert [(p.at, p.metric, p.part) for p in read] == [(at, *key) for at in (NOON, NOON + HOUR) for key in expected]


def test_an_interval_cut_by_the_window_holds_only_what_is_within(store: ReadingStore, device: DeviceId) -> None:
    store.write([reading(device, minute, NOON + minute * MINUTE) for minute in range(120)])
    read = store.read(device, "temperature", NOON + 30 * MINUTE, NOON + 90 * MINUTE, every=HOUR)
    assert [(p.at, p.count, p.min, p.max) for p in read] == [(NOON, 30, 30, 59), (NOON + HOUR, 30, 60, 89)]


@pytest.mark.parametrize("every", [0, -HOUR])
def test_an_interval_without_length_is_refused(store: ReadingStore, device: DeviceId, every: Duration) -> None:
    with pytest.raises(ValueError, match="expected a positive duration"):
        store.read(device, None, T0, T0 + HOUR, every=every)


EVERY = [SECOND, 7 * MINUTE, HOUR, 6 * HOUR, 25 * HOUR, DAY, 7 * DAY]


@pytest.mark.parametrize("seed", range(3))
def test_intervals_are_what_the_readings_say_before_during_and_after_maintenance(
    store: ReadingStore, device: DeviceId, seed: int
) -> None:
    """Random readings in random order with repeats; maintenance in between at moving times."""
    random = Random(seed)
    now, told = NOON, list[Reading]()
    for _ in range(4):
        at = [now - random.choice([MINUTE, HOUR, DAY, 9 * DAY]) * random.random() for _ in range(100)]
        told += [reading(device, random.randint(-40, 1000) / 8, round(instant)) for instant in at]
        batch = random.sample(told, 150) if len(told) > 150 else told
        store.write(batch + told)
        truth = {one.measured_at: float(one.value) for one in told}
        start, end = (round(now - DAY * random.random() * days) for days in (10, 1))
        for every in EVERY:
            read = store.read(device, "temperature", start, end, every=every)
            assert read == expected_intervals(truth, start, end, every)
        now += random.choice([HOUR, 5 * HOUR, 2 * DAY])
        store.maintain(now)


def expected_intervals(truth: dict[Instant, float], start: Instant, end: Instant, every: Duration) -> list[Point]:
    """By the definition. Values are eighths, so their sums are exact."""
    grouped: dict[Instant, list[float]] = {}
    for at in sorted(truth):
        if start <= at < end:
            grouped.setdefault(at // every * every, []).append(truth[at])
    return [
        Point(at=at, metric="temperature", count=len(v), min=min(v), max=max(v), mean=math.fsum(v) / len(v), last=v[-1])
        for at, v in grouped.items()
    ]


# Names and texts -----------------------------------------------------------------------------------------------------

AWKWARD = [
    "中文 设备 3号楼",
    "zigbee2mqtt:0x00158d0001a2b3c4",
    "comma, equals= and space ",
    " leading",
    "back\\slash\\",
    "\\",
    "\\,",
    "a\\ b\\=c",
    "new\nline\r\n",
    "quote \" and ' apostrophe",
    "percent %5C %",
    "100%",
    "tab\tnul\x00 bell\x07",
    "\N{IDEOGRAPHIC SPACE}wide",
    "\N{FIRE}\N{ZERO WIDTH JOINER}\N{VARIATION SELECTOR-16}",
    "\N{REPLACEMENT CHARACTER}",
    "# comment",
    "$b; DROP DATABASE x; --",
    "'; DROP SERIES FROM reading; --",
    "/.*/",
    "value=1",
]


@pytest.mark.parametrize("name", AWKWARD)
def test_any_name_and_any_text_comes_back_as_it_was(store: ReadingStore, device: DeviceId, name: str) -> None:
    whole = DeviceId(f"{device}{name}")
    store.write([reading(whole, name, metric="action", part=name), reading(device, 1)])
    assert [(p.metric, p.part, p.value) for p in everything(store, whole)] == [("action", name, name)]
    assert [p.last for p in store.read(whole, "action", T0, T0 + 1, every=HOUR)] == [name]
    assert [p.value for p in everything(store, device)] == [1]


def test_a_device_without_a_name_is_kept_too(store: ReadingStore) -> None:
    store.write([reading(DeviceId(""), 1), reading(DeviceId("%"), 2)])
    assert [p.value for p in everything(store, DeviceId(""))] == [1]
    assert [p.value for p in everything(store, DeviceId("%"))] == [2]


TEXT = st.text(max_size=12) | st.text(alphabet="\\,= \"'%\n\t\r\x00#5Cn{}", max_size=12)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5, unique_by=lambda names: names[:2]))
def test_all_that_unicode_can_say_makes_the_round_trip(
    store: ReadingStore, device: DeviceId, told: list[tuple[str, str, str]]
) -> None:
    prefix = f"{device}{time.monotonic_ns()}"  # each example finds the store empty of its devices
    store.write([reading(DeviceId(prefix + name), text, metric="action", part=part) for name, part, text in told])
    by_device: dict[str, list[tuple[str, str]]] = {}
    for name, part, text in told:
        by_device.setdefault(name, []).append((part, text))
    for name, expected in by_device.items():
        read = [(point.part, point.value) for point in everything(store, DeviceId(prefix + name))]
        assert sorted(read, key=repr) == sorted(expected, key=repr)


# What no store can hold ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_a_number_that_is_none_is_set_aside_and_counted_and_the_others_are_kept(
    store: ReadingStore, device: DeviceId, value: float
) -> None:
    before = unstorable("not_finite")
    store.write([reading(device, 1), reading(device, value, T0 + 1), reading(device, 3, T0 + 2)])
    assert values(everything(store, device)) == [(T0, 1), (T0 + 2, 3)]
    assert unstorable("not_finite") == before + 1


def test_a_time_beyond_all_calendars_is_set_aside_and_counted(store: ReadingStore, device: DeviceId) -> None:
    before = unstorable("time_range")
    store.write([reading(device, 1, 2**63), reading(device, 2, -(2**63)), reading(device, 3)])
    assert values(everything(store, device)) == [(T0, 3)]
    assert unstorable("time_range") == before + 2


def test_half_a_character_is_kept_as_a_question_mark(store: ReadingStore, device: DeviceId) -> None:
    store.write([reading(DeviceId(f"{device}\ud800"), "x\udfff", metric="action")])
    assert [point.value for point in everything(store, DeviceId(f"{device}\ud800"))] == ["x?"]


def unstorable(reason: str) -> float:
    return metrics.UNSTORABLE_READINGS.labels(reason)._value.get()


# Many at once --------------------------------------------------------------------------------------------------------


def test_ten_thousand_readings_are_written_and_read_in_seconds(store: ReadingStore, device: DeviceId) -> None:
    """Far above what a slow disk needs (a second or two): this finds a write that became one transaction a row."""
    batch = [reading(device, n % 7, T0 + n * SECOND) for n in range(10_001)]
    began = time.monotonic()
    store.write(batch)
    assert len(store.read(device, "temperature", T0, T0 + DAY)) == 10_000
    assert len(store.read(device, "temperature", T0, T0 + DAY, limit=20_000)) == 10_001
    assert sum(p.count or 0 for p in store.read(device, None, T0, T0 + DAY, every=HOUR)) == 10_001
    assert time.monotonic() - began < 15


def test_threads_may_write_read_and_maintain_at_once(store: ReadingStore, device: DeviceId) -> None:
    troubles: list[Exception] = []

    def attempt(work: Callable[..., None], *arguments: int) -> None:
        try:
            work(*arguments)
        except Exception as trouble:  # noqa: BLE001 - a thread cannot raise into the test; it hands over what it met
            troubles.append(trouble)

    def writes(writer: int) -> None:
        for n in range(20):
            at = T0 + (n * 4 + writer) * MINUTE
            store.write([reading(device, writer, at, part=str(part)) for part in range(10)])

    def reads() -> None:
        for _ in range(20):
            store.read(device, None, T0, T0 + DAY, every=HOUR)
            store.maintain(T0 + DAY)

    threads = [threading.Thread(target=attempt, args=(writes, writer)) for writer in range(4)]
    threads += [threading.Thread(target=attempt, args=(reads,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not troubles
    assert len(everything(store, device)) == 800
    assert sum(point.count or 0 for point in store.read(device, None, T0, T0 + DAY, every=HOUR)) == 800
