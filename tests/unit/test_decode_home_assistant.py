"""Home Assistant discovery: devices that announce their entities and then report where they said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.decoding import NOON, Desk, shipped_interpreter, values
from shouwang.domain.decode import FamilyState
from shouwang.domain.vocabulary import Arrival, Kind, Problem

FAMILY = "home-assistant-discovery"


def entity(**more: Any) -> dict[str, Any]:
    return {"state_topic": "flat/501", "device": {"identifiers": ["flat-501"], "name": "Flat 501"}, **more}


def desk_with(**entities: dict[str, Any]) -> Desk:
    """``component__object``: config."""
    desk = Desk()
    for name, config in entities.items():
        component, object_id = name.split("__")
        assert desk.hears(f"homeassistant/{component}/flat/{object_id}/config", config).ignored
    return desk


@pytest.mark.parametrize(
    ("device_class", "metric", "value"),
    [
        ("smoke", "smoke", True),
        ("gas", "gas", True),
        ("carbon_monoxide", "carbon_monoxide", True),
        ("heat", "heat_alarm", True),
        ("moisture", "water_leak", True),
        ("door", "contact", False),
        ("window", "contact", False),
        ("motion", "occupancy", True),
        ("tamper", "tamper", True),
        ("problem", "fault", True),
        ("battery", "battery_low", True),
        ("connectivity", "online", True),
        ("safety", "alarm", True),
    ],
)
def test_the_class_of_a_binary_sensor_says_what_it_detects(device_class: str, metric: str, value: bool) -> None:
    desk = desk_with(binary_sensor__point=entity(device_class=device_class))

    assert values(desk.reads("flat/501", b"ON")) == {f"{metric}@point": value}
    assert values(desk.reads("flat/501", b"OFF")) == {f"{metric}@point": not value}


def test_without_a_class_the_name_says_it_or_nobody() -> None:
    named = desk_with(binary_sensor__a1=entity(name="Kitchen smoke"))
    unnamed = desk_with(binary_sensor__a1=entity(name="Relay"))

    assert values(named.reads("flat/501", b"ON")) == {"smoke@a1": True}
    assert unnamed.hears("flat/501", b"ON").refusal is not None


def test_declared_payloads_count_and_no_others() -> None:
    desk = desk_with(binary_sensor__gas=entity(device_class="gas", payload_on="ALARM", payload_off="NORMAL"))

    assert values(desk.reads("flat/501", b"ALARM")) == {"gas": True}
    assert values(desk.reads("flat/501", b"NORMAL")) == {"gas": False}
    assert values(desk.reads("flat/501", b"WARMING")) == {}


def test_abbreviated_keys_and_the_base_topic_mean_the_same() -> None:
    config = {"~": "flat/501", "stat_t": "~/s", "dev_cla": "smoke", "val_tpl": "{{ value_json.x }}", "pl_on": True,
              "pl_off": False, "avty": [{"t": "~/lwt"}], "dev": {"ids": "d1", "mf": "Acme", "mdl": "S"}}  # fmt: skip
    desk = desk_with(binary_sensor__smoke=config)

    assert values(desk.reads("flat/501/s", {"x": True})) == {"smoke": True}
    assert values(desk.reads("flat/501/lwt", b"offline")) == {"online": False}
    assert desk.reads("flat/501/s", {"x": False}).model == "Acme S"


def test_the_entities_of_a_topic_are_one_report_in_the_metrics_units() -> None:
    desk = desk_with(
        sensor__temperature=entity(
            device_class="temperature", unit_of_measurement="°F", value_template="{{ value_json.t }}"
        ),
        sensor__co=entity(
            device_class="carbon_monoxide", unit_of_measurement="ppm", value_template="{{ value_json.c }}"
        ),
        sensor__meter=entity(device_class="gas", unit_of_measurement="m³", value_template="{{ value_json.m }}"),
    )

    assert values(desk.reads("flat/501", {"t": 68, "c": 3, "m": 51})) == {"temperature": 20, "co_ppm@co": 3}
    assert values(desk.reads("flat/501", {"t": 50})) == {"temperature": 10}


def test_attributes_say_what_no_entity_did() -> None:
    desk = desk_with(
        binary_sensor__smoke=entity(
            device_class="smoke",
            value_template="{{ 'ON' if value_json.smoke else 'OFF' }}",
            json_attributes_topic="flat/501",
        )
    )

    assert values(desk.reads("flat/501", {"smoke": True, "tamper": False, "battery": 80})) == {
        "smoke": True,
        "tamper": False,
        "battery": 80,
    }


def test_device_discovery_announces_many_entities_at_once() -> None:
    desk = Desk()
    found = desk.hears(
        "homeassistant/device/pendant/config",
        {
            "dev": {"ids": "pendant-7", "name": "SOS pendant"},
            "o": {"name": "bridge"},
            "state_topic": "pendant/7",
            "cmps": {
                "press": {"p": "device_automation", "automation_type": "trigger", "topic": "pendant/7/press",
                          "payload": "short", "type": "button_short_press", "subtype": "sos"},
                "level": {"p": "sensor", "device_class": "battery", "value_template": "{{ value_json.b }}"},
                "gone": {"p": "sensor"},
            },
        },
    )  # fmt: skip

    (introduced,) = found.introduced
    assert (introduced.address, introduced.kind) == (f"{FAMILY}:pendant-7", Kind.BUTTON)
    assert values(desk.reads("pendant/7/press", b"short")) == {"action@press": "single", "emergency@press": True}
    assert values(desk.reads("pendant/7/press", b"long")) == {}
    assert values(desk.reads("pendant/7", {"b": 55})) == {"battery@level": 55}


def test_only_a_button_that_is_called_so_calls_for_help() -> None:
    light = desk_with(event__switch=entity(name="Lamp"))
    cord = desk_with(event__cord=entity(name="Pull cord"))

    assert values(light.reads("flat/501", {"event_type": "press"})) == {"action@switch": "press"}
    assert values(cord.reads("flat/501", {"event_type": "press"})) == {"action@cord": "press", "emergency@cord": True}


def test_availability_of_all_topics_wants_each_of_them() -> None:
    both = [{"topic": "bridge/lwt"}, {"topic": "flat/501/lwt"}]
    desk = desk_with(binary_sensor__smoke=entity(device_class="smoke", availability=both, availability_mode="all"))

    assert values(desk.reads("flat/501/lwt", b"online")) == {"online": True}
    assert values(desk.reads("bridge/lwt", b"offline")) == {"online": False}
    assert values(desk.reads("flat/501/lwt", b"online")) == {"online": False}
    assert values(desk.reads("bridge/lwt", b"online")) == {"online": True}


def test_a_template_that_is_not_understood_is_said() -> None:
    desk = desk_with(binary_sensor__smoke=entity(device_class="smoke", value_template="{{ states('x') }}"))
    found = desk.hears("flat/501", b"ON")

    assert found.refusal is not None
    assert found.refusal.code is Problem.WRONG_TYPE
    assert "states" in found.refusal.detail


def test_an_empty_announcement_takes_the_entity_away() -> None:
    desk = desk_with(binary_sensor__smoke=entity(device_class="smoke"))
    desk.hears("homeassistant/binary_sensor/flat/smoke/config", b"")
    found = desk.hears("flat/501", b"ON")

    assert found.refusal is not None
    assert found.refusal.code is Problem.UNKNOWN_TOPIC


def test_after_a_restart_announced_devices_are_still_read() -> None:
    first = Desk()
    announced = first.hears("homeassistant/binary_sensor/flat/smoke/config", entity(device_class="smoke")).announced
    assert announced is not None
    again = Desk()
    again.state = FamilyState({FAMILY: announced})

    assert values(again.reads("flat/501", b"ON")) == {"smoke": True}


def test_a_device_that_another_family_reads_is_neither_introduced_nor_read_twice() -> None:
    desk = Desk()
    config = entity(device_class="smoke", state_topic="zigbee2mqtt/hall", value_template="{{ value_json.smoke }}")

    assert desk.hears("homeassistant/binary_sensor/0x01/smoke/config", config).introduced == []
    assert desk.hears("zigbee2mqtt/hall", {"smoke": True}).family == "zigbee2mqtt"


def test_an_announced_topic_goes_before_one_that_looks_like_a_familys_unless_a_person_said_it_is() -> None:
    topic = "node-7/binary_sensor/smoke/state"
    stranger, registered = Desk(), Desk({"esphome:node-7": "points-generic"})
    for desk in (stranger, registered):
        desk.hears("homeassistant/binary_sensor/node-7/smoke/config", entity(device_class="smoke", state_topic=topic))

    assert stranger.hears(topic, b"ON").family == FAMILY
    assert registered.hears(topic, b"ON").family == "esphome"


def test_a_registered_device_is_not_introduced() -> None:
    desk = Desk({f"{FAMILY}:flat-501": "points-generic"})

    found = desk.hears("homeassistant/binary_sensor/flat/smoke/config", entity(device_class="smoke"))
    assert found.introduced == []
    assert desk.reads("flat/501", b"ON").device == f"id of {FAMILY}:flat-501"


def test_home_assistant_itself_is_no_device() -> None:
    assert Desk().hears("homeassistant/status", b"online").ignored


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["~", "device", "cmps", "p", "stat_t", "dev_cla", "avty", "val_tpl", "ids"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON, st.binary(max_size=60))
def test_any_announcement_is_taken_or_refused_and_any_report_read(config: Any, payload: bytes) -> None:
    desk = Desk()
    for topic in ("homeassistant/binary_sensor/x/config", "homeassistant/device/x/config"):
        desk.hears(topic, {"state_topic": "any", **config} if isinstance(config, dict) else config)
        found = shipped_interpreter().read(Arrival("any", payload, NOON), desk.state, lambda address: None)
        assert found.messages or found.refusal or found.ignored
