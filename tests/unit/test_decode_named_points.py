"""ESPHome and Homie, whose points people name; Z-Wave JS UI; and any bytes on the topics of all these families."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.decoding import NOON, Desk, shipped_interpreter, values
from shouwang.domain.decode import FamilyState
from shouwang.domain.naming import Say, meaning
from shouwang.domain.vocabulary import Arrival


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("smoke_relay", "smoke"),
        ("Kitchen smoke battery low", "battery_low"),
        ("smoke_test", "test"),
        ("hall_smoke_fault", "fault"),
        ("烟感1", "smoke"),
        ("mq2_gas", "gas"),
        ("bedSosButton", "emergency"),
        ("front_door", "contact"),
        ("coAlarm", "carbon_monoxide"),
        ("co2", ""),
        ("alarm", ""),
        ("smoke_sensitivity", ""),
        ("door_led", ""),
        ("freeze", ""),
        ("kitchen_heat", ""),
        ("heat_alarm", "heat_alarm"),
        ("coolant", ""),
    ],
)
def test_a_flag_means_what_its_name_says_for_certain(name: str, metric: str) -> None:
    found = meaning(name, Say.FLAG)
    assert (found.metric if found else "") == metric


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("kitchen_temperature", "temperature"),
        ("esp32_temperature", ""),
        ("wifi_signal", "rssi"),
        ("battery_voltage", "voltage"),
        ("mq2_gas", ""),
        ("methane_lel", "gas_concentration"),
        ("mq4_ppm", "gas_ppm"),
        ("co2_ppm", ""),
        ("co_ppm", "co_ppm"),
    ],
)
def test_a_number_means_what_its_name_and_unit_say(name: str, metric: str) -> None:
    found = meaning(name, Say.NUMBER)
    assert (found.metric if found else "") == metric


def test_the_entities_of_a_node_are_parts_of_it() -> None:
    desk = Desk()

    assert values(desk.reads("node-7/binary_sensor/attic_smoke/state", b"ON")) == {"smoke@attic_smoke": True}
    assert values(desk.reads("node-7/binary_sensor/smoke/state", b"OFF")) == {"smoke": False}
    assert values(desk.reads("site/b3/node-7/sensor/humidity/state", b"44.5")) == {"humidity": 44.5}


def test_a_bare_alarm_means_what_its_device_is_called() -> None:
    assert values(Desk().reads("smoke-7/binary_sensor/alarm/state", b"ON")) == {"smoke@alarm": True}
    assert values(Desk().reads("homie/smoke-7/sensor/alarm", b"true")) == {"smoke": True}
    assert values(Desk().reads("node-7/binary_sensor/alarm/state", b"ON")) == {}


def test_of_what_a_node_switches_only_a_siren_is_read() -> None:
    assert values(Desk().reads("node-7/switch/siren/state", b"ON")) == {"alarm@siren": True}
    assert values(Desk().reads("node-7/switch/smoke_fan/state", b"ON")) == {}


def test_an_entity_without_a_value_says_nothing() -> None:
    for payload in (b"nan", b"", b"unknown"):
        found = Desk().hears("node-7/sensor/kitchen_temperature/state", payload)
        assert [values(one) for one in found.messages] in ([{}], [])
        assert found.refusal is None


def test_a_node_that_says_goodbye_is_offline() -> None:
    assert values(Desk().reads("node-7/status", b"offline")) == {"online": False}


def test_a_log_line_is_no_reading() -> None:
    assert Desk().hears("node-7/debug", b"[D][binary_sensor] 'Smoke': Sending state ON").ignored


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("homie/dev-1/smoke/alarm", b"true", {"smoke": True}),
        ("homie/dev-1/kitchen/smoke", b"false", {"smoke@kitchen": False}),
        ("homie/5/dev-1/kitchen/smoke", b"true", {"smoke@kitchen": True}),
        ("homie/dev-1/sensor/temperature", b"21.5", {"temperature": 21.5}),
        ("homie/dev-1/door/open", b"true", {"contact@door/open": False}),
        ("homie/dev-1/door/contact", b"open", {"contact@door": False}),
        ("homie/dev-1/battery/level", b"80", {"battery": 80}),
        ("homie/dev-1/gas/ppm", b"350", {"gas_ppm@gas": 350}),
        ("homie/dev-1/gas/level", b"350", {}),
        ("homie/dev-1/sos/button", b"true", {"emergency@sos/button": True, "action@sos/button": "single"}),
        ("homie/dev-1/hall/button", b"false", {}),
        ("homie/dev-1/$stats/battery", b"70", {"battery": 70}),
        ("homie/dev-1/$state", b"lost", {"online": False}),
        ("homie/dev-1/$state", b"sleeping", {"online": True}),
    ],
)
def test_a_homie_property_is_read_by_its_name_or_its_nodes(
    topic: str, payload: bytes, expected: dict[str, object]
) -> None:
    decoded = Desk().reads(topic, payload)

    assert (decoded.identity, values(decoded)) == ("dev-1", expected)


def test_homie_says_units_beside_the_values() -> None:
    old, new = Desk(), Desk()
    assert old.hears("homie/d/air/temperature/$unit", "°F".encode()).ignored
    assert new.hears(
        "homie/5/d/$description", {"nodes": {"air": {"properties": {"temperature": {"unit": "°F"}}}}}
    ).ignored

    assert values(old.reads("homie/d/air/temperature", b"68")) == {"temperature@air": 20}
    assert values(new.reads("homie/5/d/air/temperature", b"68")) == {"temperature@air": 20}


@pytest.mark.parametrize(
    "topic",
    [
        "homie/d/$name",
        "homie/d/air/$properties",
        "homie/d/siren/sound/set",
        "homie/$broadcast/alert",
        "homie/d/$fw/name",
    ],
)
def test_homie_attributes_and_commands_are_no_readings(topic: str) -> None:
    assert Desk().hears(topic, b"true").ignored


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("zwave/hall/n/notification/endpoint_0/Smoke_Alarm/Sensor_status", {"time": 0, "value": 2}, {"smoke": True}),
        ("zwave/n/113/0/Smoke_Alarm/Sensor_status", b"0", {"smoke": False}),
        ("zwave/n/113/0/Smoke_Alarm/Alarm_status", b"6", {"silenced": True}),
        ("zwave/n/113/2/Water_Alarm/Sensor_status", b"2", {"water_leak@2": True}),
        ("zwave/n/113/0/Access_Control/Door_state_(simple)", b"23", {"contact": True}),
        ("zwave/n/48/0/Any", b"true", {}),
        ("zwave/n/91/0/scene/002", {"value": 2}, {"action@2": "hold"}),
        ("zwave/n/91/0/scene/002", {"value": None}, {}),
        ("zwave/n/status", {"value": False, "status": "Dead", "nodeId": 3}, {"online": False}),
        ("zwave/n/status", b"true", {"online": True}),
    ],
)
def test_a_zwave_value_is_found_by_its_class(topic: str, payload: object, expected: dict[str, object]) -> None:
    decoded = Desk().reads(topic, payload)

    assert (decoded.identity, values(decoded)) == ("n", expected)


def test_zwave_events_and_commands_are_no_readings() -> None:
    topics = (
        "zwave/_EVENTS_/ZWAVE_GATEWAY-a/node/node_ready",
        "zwave/n/37/0/targetValue/set",
        "zwave/n/statistics",
        "zwave/_CLIENTS/ZWAVE_GATEWAY-a/api/getNodes",
    )
    for topic in topics:
        assert Desk().hears(topic, {"value": True}).ignored, topic


LEVELS = st.sampled_from(
    ["tele", "stat", "SENSOR", "RESULT", "STATE", "shellies", "info", "sensor", "smoke", "shellyx-1", "events", "rpc",
     "status", "smoke:0", "binary_sensor", "state", "homie", "$state", "$unit", "zwave", "113", "Smoke_Alarm",
     "homeassistant", "config", "online", "LWT", "烟感", ""]
)  # fmt: skip
WORDS = st.sampled_from(
    ["ZbReceived", "0500!00", "Fire", "method", "NotifyStatus", "NotifyEvent", "params", "events", "component", "event",
     "smoke:0", "alarm", "result", "src", "value", "time", "Temperature", "TempUnit", "Switch1", "Action", "unit"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=15,
)


@given(st.lists(LEVELS, min_size=1, max_size=7).map("/".join), st.binary(max_size=40))
def test_any_bytes_on_any_topic_give_readings_or_a_problem(topic: str, payload: bytes) -> None:
    found = shipped_interpreter().read(Arrival(topic, payload, NOON), FamilyState(), lambda address: None)

    assert found.messages or found.refusal or found.ignored or found.pending


@given(st.lists(LEVELS, min_size=2, max_size=6).map("/".join), VALUES)
def test_any_object_on_any_topic_gives_readings_or_a_problem(topic: str, content: object) -> None:
    found = Desk().hears(topic, content)

    assert found.messages or found.refusal or found.ignored or found.pending
