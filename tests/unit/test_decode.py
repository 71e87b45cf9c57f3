"""Any bytes on any topic give readings or a problem; a bad field harms no other."""

import json
import math
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.decoding import NOON, Desk, shipped_interpreter, shipped_profiles, values
from shouwang.domain.decode import FamilyState, Interpretation, Interpreter, payload_hash
from shouwang.domain.vocabulary import METRICS, Arrival, Kind, Problem

TOPICS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "zigbee2mqtt/hall",
            "zigbee2mqtt/hall/smoke",
            "zigbee2mqtt/楼道/烟感",
            "zigbee2mqtt/hall/availability",
            "zigbee2mqtt/bridge/state",
            "zigbee2mqtt/bridge/devices",
            "zigbee2mqtt/bridge/groups",
            "zigbee2mqtt/bridge/event",
            "zigbee2mqtt/bridge/logging",
            "zigbee2mqtt/hall/set",
            "shouwang/v1/devices/pump/readings",
        ]
    ),
)

KEYS = st.sampled_from(
    [
        "smoke", "gas", "action", "battery", "voltage", "temperature", "last_seen", "readings", "at", "seq", "value",
        "part", "definition", "exposes", "friendly_name", "ieee_address", "model", "vendor", "type", "data", "name",
        "property", "access", "value_on", "value_off", "unit", "endpoint", "features", "values", "fall_down_status",
    ]
) | st.text(max_size=8)  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from([10**400, 1e308]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)
PAYLOADS = st.binary(max_size=200) | JSON.map(lambda content: json.dumps(content).encode("utf-8", "surrogatepass"))


@given(TOPICS, PAYLOADS)
@example("zigbee2mqtt/hall", b'{"smoke":true,"last_seen":"0001-01-01T00:00:00+14:00"}')
@example("zigbee2mqtt/hall", b'{"smoke":true,"last_seen":"9999-12-31T23:59:59"}')
@example("zigbee2mqtt/bridge/devices", b'[{"friendly_name":"a","definition":{"exposes":[{"type":"light"}]}}]')
@example("shouwang/v1/devices/x/readings", b'{"readings":{"smoke":[{"value":true,"part":{}}]},"seq":[]}')
def test_any_bytes_on_any_topic_give_readings_or_a_problem(topic: str, payload: bytes) -> None:
    found = shipped_interpreter().read(Arrival(topic, payload, NOON), FamilyState(), lambda address: None)

    assert_is_one_thing(found)
    assert_is_storable(found)


@given(
    st.permutations(
        [("smoke", True), ("battery", 81), ("battery_low", False), ("temperature", 21.5), ("tamper", False)]
    ),
    st.integers(0, 4),
    JSON,
)
def test_one_corrupted_field_loses_no_other(fields: list[tuple[str, Any]], which: int, rubbish: object) -> None:
    good = values(Desk().reads("zigbee2mqtt/hall", dict(fields)))
    spoilt, _ = fields[which]
    said = json.dumps({**dict(fields), spoilt: rubbish}).encode("utf-8", "surrogatepass")
    found = Desk().hears("zigbee2mqtt/hall", said)
    if found.refusal is not None:  # nested too deep, which no field of a device is
        assert found.refusal.code is Problem.TOO_DEEP
        return

    left = values(found.messages[0])

    assert {name: value for name, value in left.items() if name != spoilt} == {
        name: value for name, value in good.items() if name != spoilt
    }


def test_a_nan_beside_an_alarm_hides_no_alarm() -> None:
    decoded = Desk().reads("zigbee2mqtt/hall", b'{"temperature":NaN,"smoke":true,"battery":-Infinity}')

    assert values(decoded) == {"smoke": True}
    assert decoded.problem is not None
    assert decoded.problem.code is Problem.INVALID_JSON
    assert [refusal.code for refusal in decoded.dropped] == [Problem.OUT_OF_RANGE, Problem.OUT_OF_RANGE]


def test_a_number_too_large_for_a_double_drops_its_field_only() -> None:
    decoded = Desk().reads("zigbee2mqtt/hall", b'{"temperature":1e999,"humidity":1e308,"smoke":true}')

    assert values(decoded) == {"smoke": True}
    assert decoded.problem is None
    assert {refusal.code for refusal in decoded.dropped} == {Problem.OUT_OF_RANGE}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b'{"smoke":tr', Problem.INVALID_JSON),
        (b"hello", Problem.INVALID_JSON),
        (b'{"smoke":true}{', Problem.INVALID_JSON),
        (b'{"name":"\xff\xfe"}', Problem.INVALID_UTF8),
        (b"\xff\xfe\x00", Problem.INVALID_UTF8),
        (b"[true]", Problem.WRONG_TYPE),
        (b"17", Problem.WRONG_TYPE),
        (b"null", Problem.WRONG_TYPE),
        (b'{"a":' * 40 + b"1" + b"}" * 40, Problem.TOO_DEEP),
        (b"[" * 100_000, Problem.TOO_DEEP),
        (b'{"a":' * 100_000, Problem.TOO_DEEP),
        (b'{"smoke":true,"x":"' + b"a" * (1 << 20) + b'"}', Problem.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason_and_the_device(payload: bytes, code: Problem) -> None:
    found = Desk().hears("zigbee2mqtt/hall", payload)

    assert found.refusal is not None
    assert found.refusal.code is code
    assert found.device == "hall"
    assert not found.messages


def test_a_payload_of_a_million_bytes_is_read_in_bounds() -> None:
    many = b"{" + b",".join(b'"key%d":%d' % (number, number) for number in range(55_000)) + b',"smoke":true}'
    assert 900_000 < len(many) < 1 << 20

    assert values(Desk().reads("zigbee2mqtt/hall", many)) == {"smoke": True}


def test_a_byte_order_mark_and_double_encoding_are_passed_over() -> None:
    assert values(Desk().reads("zigbee2mqtt/hall", b'\xef\xbb\xbf{"gas":false}')) == {"gas": False}
    assert values(Desk().reads("zigbee2mqtt/hall", '{"smoke":true}')) == {"smoke": True}


@pytest.mark.parametrize(
    "topic", ["", "/", "zigbee2mqtt", "other/hall", "/".join(["level"] * 100), "shouwang/v1/devices/readings"]
)
def test_a_topic_of_no_family_is_refused(topic: str) -> None:
    found = Desk().hears(topic, {"smoke": True})

    assert found.refusal is not None
    assert found.refusal.code is Problem.UNKNOWN_TOPIC


def test_a_topic_of_a_hundred_levels_is_a_name() -> None:
    name = "/".join(f"level-{number}" for number in range(99))

    assert Desk().reads(f"zigbee2mqtt/{name}", {"smoke": True}).identity == name


@pytest.mark.slow
def test_a_flood_of_long_topics_is_read_and_costs_no_memory() -> None:
    families, profiles = shipped_profiles()
    desk = Desk(interpreter=Interpreter(families, profiles.values()))
    desk.reads("zigbee2mqtt/first", {"gas": True})
    tracemalloc.start()
    for number in range(300):
        assert values(desk.reads(f"zigbee2mqtt/{'x' * 60_000}{number}", {"gas": True})) == {"gas": True}
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert grown < 4 << 20


def test_a_native_message_is_read_by_its_own_words() -> None:
    decoded = Desk().reads(
        "shouwang/v1/devices/u2-501/readings",
        {"at": "2026-03-01T11:59:30+08:00", "seq": 41, "readings": {"smoke": True, "battery": 70}},
    )

    assert values(decoded) == {"smoke": True, "battery": 70}
    assert decoded.address == "native:u2-501"
    assert decoded.counter == "41"
    assert decoded.kind is Kind.SMOKE
    assert decoded.profile == "native"
    assert decoded.measured_at == decoded.device_time == NOON - 30_000_000
    assert all(one.measured_at == decoded.measured_at for one in decoded.readings)


def test_a_native_message_has_parts() -> None:
    said = {"readings": {"temperature": [{"value": 20, "part": "1"}, {"value": 31.5, "part": 2}, {"part": "3"}]}}
    decoded = Desk().reads("shouwang/v1/devices/rack/readings", said)

    assert values(decoded) == {"temperature@1": 20, "temperature@2": 31.5}
    assert [refusal.code for refusal in decoded.dropped] == [Problem.WRONG_TYPE]


def test_a_native_word_that_is_no_metric_is_dropped_and_said() -> None:
    decoded = Desk().reads("shouwang/v1/devices/rack/readings", {"readings": {"smok": True, "gas": False}})

    assert values(decoded) == {"gas": False}
    assert "smok" in decoded.dropped[0].detail


def test_a_native_device_keeps_its_words_under_any_registered_profile() -> None:
    desk = Desk({"native:hall": "heiman-hs1sa"})

    decoded = desk.reads("shouwang/v1/devices/hall/readings", {"readings": {"smoke": True, "co_ppm": 4}})

    assert values(decoded) == {"smoke": True, "co_ppm": 4}
    assert (decoded.profile, decoded.kind, decoded.device) == ("heiman-hs1sa", Kind.SMOKE, "id of native:hall")


def test_a_native_message_of_which_nothing_could_be_read_is_refused() -> None:
    found = Desk().hears("shouwang/v1/devices/hall/readings", {"readings": {"smok": True}})

    assert found.refusal is not None
    assert found.refusal.code is Problem.WRONG_TYPE


def test_a_native_message_without_readings_is_refused_with_its_device() -> None:
    found = Desk().hears("shouwang/v1/devices/hall/readings", {"smoke": True})

    assert found.refusal is not None
    assert found.refusal.code is Problem.WRONG_TYPE
    assert found.device == "hall"


def test_reading_twice_says_the_same() -> None:
    desk = Desk()
    first = desk.hears("zigbee2mqtt/hall", {"action": "single", "battery": 4})

    assert desk.hears("zigbee2mqtt/hall", {"action": "single", "battery": 4}) == first


def test_payload_hashes_tell_payloads_apart() -> None:
    assert payload_hash(b"a") == payload_hash(b"a") != payload_hash(b"b")
    assert len(payload_hash(b"")) == 16


def assert_is_one_thing(found: Interpretation) -> None:
    assert [bool(found.messages), found.refusal is not None, found.ignored].count(True) == 1


def assert_is_storable(found: Interpretation) -> None:
    """Readings are of the vocabulary, in range, finite, and survive every database's text."""
    msgspec.json.encode(found)
    for decoded in found.messages:
        for reading in decoded.readings:
            metric = METRICS[reading.metric]
            value = reading.value
            if metric.type == "number":
                assert isinstance(value, (int, float))
                assert not isinstance(value, bool)
                assert math.isfinite(value)
                assert metric.low is None or value >= metric.low
                assert metric.high is None or value <= metric.high
            else:
                assert isinstance(value, bool if metric.type == "bool" else str)
            assert "\0" not in str(value) + reading.part


def test_events_of_a_pack_are_told_by_their_names_for_each_child() -> None:
    children = [
        {
            "identity": {"productKey": "a1", "deviceName": "sm2"},
            "properties": {},
            "events": {"SmokeAlarm": {"value": {"Concentration": 41}, "time": NOON // 1000}},
        },
        {"identity": {"productKey": "a1", "deviceName": "sm3"}, "properties": {"BatteryPercentage": {"value": 80}}},
    ]
    pack = {"id": "1", "params": {"properties": {}, "events": {}, "subDevices": children}}
    found = Desk().hears("/sys/a1/gw1/thing/event/property/pack/post", pack)
    said = {one.identity: {reading.metric: reading.value for reading in one.readings} for one in found.messages}

    assert said["sm2"] == {"smoke": True, "smoke_density": 41}
    assert said["sm3"] == {"battery": 80}


def test_a_gateways_children_are_named_by_key_and_one_that_says_nothing_harms_no_other() -> None:
    children = {"c1": {"properties": {"smoke_sensor_status": {"value": "alarm"}}}, "c2": {}}
    found = Desk().hears("tylink/gw1/thing/data/batch_report", {"msgId": "1", "data": {"subDevices": children}})

    assert [(one.identity, one.readings[0].metric) for one in found.messages] == [("c1", "smoke")]
