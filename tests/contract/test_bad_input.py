"""Whatever devices and strangers say: it ends as readings or in quarantine under its reason, and alarms go on.

The whole acceptance in one process: shipped profiles and rules, intake, the state database on SQLite.
"""

import json
import logging
import resource
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.station import HandedBatch, Station, open_station
from shouwang.domain.board import StrayMessage
from shouwang.domain.vocabulary import Arrival, Problem, Reading

pytestmark = pytest.mark.slow

SITE = """
places:
  - {id: cj/dm/jy, kind: compound, name: 锦苑}
  - {id: cj/dm/jy/b3, kind: building, name: 3号楼}
devices:
  - {id: smoke-1, profile: heiman-hs1sa, address: "zigbee2mqtt:hall", place: cj/dm/jy/b3}
  - {id: native-1, profile: native, address: "native:pump", place: cj/dm/jy/b3}
"""
HALL, PUMP = "zigbee2mqtt/hall", "shouwang/v1/devices/pump/readings"
DEEP = 10_000
OURS = "our own error"
"""How quarantine says that not the message but we were wrong."""

UNREADABLE = {
    "bytes that are no UTF-8": (HALL, b'{"smoke":"\xff\xfe"}', Problem.INVALID_UTF8),
    "no JSON": (HALL, b"{smoke:true}", Problem.INVALID_JSON),
    "half a message": (HALL, b'{"smoke":true,"battery":', Problem.INVALID_JSON),
    "lists in lists": (HALL, b"[" * DEEP + b"]" * DEEP, Problem.TOO_DEEP),
    "objects in objects": (HALL, b'{"a":' * DEEP + b"1" + b"}" * DEEP, Problem.TOO_DEEP),
    "nothing but opening brackets": (HALL, b"[" * 500_000, Problem.TOO_DEEP),
    "two megabytes of JSON": (HALL, json.dumps({"filler": "x" * 2_000_000}).encode(), Problem.TOO_LARGE),
    "a list": (HALL, b"[1, 2]", Problem.WRONG_TYPE),
    "a number": (PUMP, b"17", Problem.WRONG_TYPE),
    "no readings": (PUMP, b'{"readings": 5}', Problem.WRONG_TYPE),
    "an unknown metric": (PUMP, b'{"readings": {"smok": true}}', Problem.WRONG_TYPE),
    "nothing that fits": (HALL, b'{"smoke":"banana"}', Problem.WRONG_TYPE),
    "a topic of nobody": ("stranger/17/state", b'{"smoke":true}', Problem.UNKNOWN_TOPIC),
    "a topic of 100 levels": ("/".join(["level"] * 100), b'{"smoke":true}', Problem.UNKNOWN_TOPIC),
    "a topic of 60,000 characters": ("x" * 60_000, b"{}", Problem.UNKNOWN_TOPIC),
    "a megabyte for nobody": ("stranger/17/state", b"\0" * 1_000_000, Problem.UNKNOWN_TOPIC),
    "availability in no words": (f"{HALL}/availability", b"\xff\xff", Problem.WRONG_TYPE),
    "announced devices that are none": ("zigbee2mqtt/bridge/devices", b'{"devices": 3}', Problem.WRONG_TYPE),
}

READABLE = {
    "NaN beside an alarm": (HALL, b'{"smoke":true,"battery":NaN}', {"smoke": True}),
    "wrong types beside an alarm": (HALL, b'{"smoke":true,"battery":"full","tamper":[]}', {"smoke": True}),
    "numbers beyond all bounds": (HALL, b'{"smoke":true,"battery":1e400,"linkquality":-5}', {"smoke": True}),
    "an integer of 5,000 digits": (HALL, b'{"smoke":true,"battery":' + b"9" * 5000 + b"}", {"smoke": True}),
    "half a surrogate pair": (HALL, b'{"smoke":true,"\\ud800":"\\udfff","x":NaN}', {"smoke": True}),
    "a byte order mark": (HALL, b'\xef\xbb\xbf{"smoke":true}', {"smoke": True}),
    "a megabyte": (HALL, json.dumps({"filler": "x" * 1_000_000, "smoke": True}).encode(), {"smoke": True}),
    "a name of 100 levels": ("zigbee2mqtt/" + "/".join(["a"] * 100), b'{"smoke":true}', {"smoke": True}),
    "an empty message": (HALL, b"", {}),
    "a NaN of our own format": (PUMP, b'{"readings":{"smoke":true,"temperature":NaN}}', {"smoke": True}),
    "a counter that is a list": (PUMP, b'{"seq":[1],"readings":{"smoke":true}}', {"smoke": True}),
    "a probe that is none": ("shouwang/v1/canary", b"\xff" * 100, {}),
    "a deep probe": ("shouwang/v1/canary", b"[" * DEEP + b"]" * DEEP, {}),
}


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, SITE) as opened:
        yield opened


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """One station for all examples: what earlier ones left behind is part of the test."""
    logging.getLogger("shouwang").setLevel(logging.CRITICAL)
    with open_station(tmp_path_factory.mktemp("fuzzed"), SITE) as opened:
        yield opened
    logging.getLogger("shouwang").setLevel(logging.NOTSET)


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_in_quarantine_under_its_reason(what: str, station: Station) -> None:
    topic, payload, reason = UNREADABLE[what]
    takes(station, topic, payload)
    (stray,) = strays(station)
    assert stray.reason == reason
    assert (stray.topic, stray.size) == (topic, len(payload))
    assert payload.startswith(stray.payload)
    assert readings(station) == []
    takes(station, HALL, b'{"smoke":true}')
    assert [alert.rule for alert in station.alerts()] == ["smoke"]


@pytest.mark.parametrize("what", READABLE)
def test_what_can_be_read_of_a_flawed_message_is_read(what: str, station: Station) -> None:
    topic, payload, values = READABLE[what]
    takes(station, topic, payload)
    assert strays(station) == []
    assert {reading.metric: reading.value for reading in readings(station)} == values
    assert [alert.rule for alert in station.alerts()] == ["smoke"] * ("smoke" in values)


@pytest.mark.parametrize(
    "said",
    [0, 1, -5, "1970-01-01T00:00:00Z", "2099-06-01T00:00:00Z", 4_000_000_000, 4_000_000_000_000, 10**30, "yesterday"],
    ids=str,
)
def test_a_clock_that_was_never_set_moves_no_reading(said: object, station: Station) -> None:
    takes(station, HALL, json.dumps({"smoke": True, "last_seen": said}).encode())
    takes(station, PUMP, json.dumps({"at": said, "readings": {"smoke": True}}).encode())
    assert strays(station) == []
    assert [reading.measured_at for reading in readings(station)] == [station.clock.now()] * 2
    assert [(alert.rule, alert.late) for alert in station.alerts()] == [("smoke", False)] * 2


def test_a_device_that_changes_its_model_goes_on_being_read(station: Station) -> None:
    def announced(vendor: str, model: str, **expose: str) -> bytes:
        exposes = [{"type": "binary", "value_on": True, "value_off": False, "access": 1, **expose}]
        definition = {"vendor": vendor, "model": model, "exposes": exposes}
        device = {"ieee_address": "0x01", "friendly_name": "attic", "type": "EndDevice", "definition": definition}
        return json.dumps([device]).encode()

    takes(station, "zigbee2mqtt/bridge/devices", announced("Heiman", "HS1SA", property="smoke", name="smoke"))
    takes(station, "zigbee2mqtt/attic", b'{"smoke":true}')
    takes(station, "zigbee2mqtt/bridge/devices", announced("Any", "Leaky-2", property="water_leak", name="water_leak"))
    takes(station, "zigbee2mqtt/attic", b'{"water_leak":true}')
    takes(station, "zigbee2mqtt/bridge/devices", b"[null, 7, {}]")
    takes(station, "zigbee2mqtt/attic", b'{"smoke":false}')
    assert strays(station) == []
    assert [(one.metric, one.value) for one in readings(station)] == [
        ("smoke", True),
        ("water_leak", True),
        ("smoke", False),
    ]
    assert Counter(alert.rule for alert in station.alerts()) == {"smoke": 1, "water-leak": 1}


def test_thousands_of_bad_messages_leave_memory_as_it_was(station: Station) -> None:
    bad = [(topic, payload) for topic, payload, _ in UNREADABLE.values() if len(payload) < 100_000]
    bad += [(topic, payload) for topic, payload, _ in READABLE.values() if len(payload) < 100_000]

    def storm(count: int) -> None:
        for start in range(0, count, 100):
            arrivals = [
                Arrival(*bad[number % len(bad)], station.clock.now() + number, packet_id=number % 60_000 + 1)
                for number in range(start, start + 100)
            ]
            accept(station, *arrivals)

    storm(1000)
    before = megabytes()
    storm(4000)
    assert megabytes() - before < 20
    assert len(strays(station)) > 2000


TOPICS = st.one_of(
    st.sampled_from([HALL, f"{HALL}/smoke", f"{HALL}/availability", f"{HALL}/set", PUMP, "zigbee2mqtt/attic"]),
    st.sampled_from(
        [f"zigbee2mqtt/bridge/{name}" for name in ("devices", "groups", "event", "state", "info", "logging")]
    ),
    st.sampled_from(["shouwang/v1/canary", "shouwang/v1/devices//readings", "zigbee2mqtt/", "", "/", "$SYS/x"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.text("ab/", max_size=30).map("zigbee2mqtt/{}".format),
)
WORDS = st.sampled_from(
    [
        "smoke", "gas", "action", "battery", "temperature", "last_seen", "readings", "at", "seq",
        "value", "part", "state", "definition", "exposes", "features", "friendly_name", "ieee_address", "model",
        "vendor", "type", "data", "name", "property", "access", "value_on", "value_off", "unit",
        "test",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["single", "emergency", "ON", "online", "EndDevice", "binary", "\ud800", "\0", 10**400, 1e308]),
)
CONTENT = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=6),
    max_leaves=25,
)
PAYLOADS = st.one_of(
    st.binary(max_size=120),
    CONTENT.map(lambda content: json.dumps(content).encode()),
    st.dictionaries(WORDS, SCALARS, max_size=6).map(lambda content: json.dumps(content).encode()),
    st.tuples(CONTENT.map(lambda content: json.dumps(content).encode()), st.integers(0, 40)).map(
        lambda cut: cut[0][: -cut[1]] if cut[1] else cut[0]
    ),
)
FLAGS = st.fixed_dictionaries({"retained": st.booleans(), "duplicate": st.booleans(), "qos": st.integers(0, 1)})
BATCHES = st.lists(st.tuples(TOPICS, PAYLOADS, FLAGS), min_size=1, max_size=5)
ANY_TIME = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=120, **ANY_TIME)
@given(batch=BATCHES)
def test_any_batch_is_accepted_and_nothing_in_it_is_our_own_error(
    batch: list[tuple[str, bytes, dict[str, object]]], fuzzed: Station
) -> None:
    takes_any(fuzzed, batch)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=20_000, **ANY_TIME)
@given(batch=BATCHES)
def test_any_batch_of_very_many_is_accepted(batch: list[tuple[str, bytes, dict[str, object]]], fuzzed: Station) -> None:
    takes_any(fuzzed, batch)


def takes_any(station: Station, batch: list[tuple[str, bytes, dict[str, object]]]) -> None:
    """Accepted as a whole; every arrival is in quarantine at most once, and never for a reason of ours."""
    station.clock.set(station.clock.now() + 1000)
    before = newest_stray(station)
    arrivals = [
        Arrival(topic, payload, station.clock.now() + place, packet_id=place + 1, session=str(before), **flags)  # type: ignore[arg-type]
        for place, (topic, payload, flags) in enumerate(batch)
    ]
    accept(station, *arrivals)
    fresh = [stray for stray in station.board.stray_messages(None, None, 10) if stray.seq > before]
    assert not [stray for stray in fresh if OURS in stray.detail], fresh
    said = Counter((arrival.topic.replace("\0", "\N{REPLACEMENT CHARACTER}"), arrival.payload) for arrival in arrivals)
    assert not Counter((stray.topic, stray.payload) for stray in fresh) - said


def takes(station: Station, topic: str, payload: bytes) -> None:
    accept(station, Arrival(topic, payload, station.clock.now(), packet_id=1, session="bad"))


def accept(station: Station, *arrivals: Arrival) -> None:
    batch = HandedBatch(arrivals)
    station.intake.accept(batch)
    assert batch.acknowledged


def strays(station: Station) -> list[StrayMessage]:
    return station.board.stray_messages(None, None, 100_000)


def newest_stray(station: Station) -> int:
    return max((stray.seq for stray in station.board.stray_messages(None, None, 1)), default=0)


def readings(station: Station) -> list[Reading]:
    return [reading for batch in station.spool.waiting(10_000) for reading in batch.readings]


def megabytes() -> float:
    """Of memory in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
