"""Zigbee2MQTT: devices that announce themselves and what they expose, names that change."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.decoding import NOON, Desk, values
from harness.zigbee import IEEE, binary, device, numeric
from shouwang.domain.decode import FamilyState
from shouwang.domain.vocabulary import MINUTE, SECOND, Kind, Problem

# Announcements ------------------------------------------------------------------------------------------------------


def test_announced_devices_are_introduced_and_read_by_their_model() -> None:
    desk = Desk()
    found = desk.hears(
        "zigbee2mqtt/bridge/devices",
        [
            {"friendly_name": "Coordinator", "ieee_address": "0x00", "type": "Coordinator", "definition": None},
            device("hall", model="HS3SA/HS1SA", vendor="Heiman"),
            device("pool", "0x2", model="NeverHeardOf", vendor="Nobody", exposes=[binary("water_leak")]),
        ],
    )

    assert found.ignored
    assert not found.messages
    assert [(one.address, one.profile, one.model, one.kind) for one in found.introduced] == [
        ("zigbee2mqtt:hall", "heiman-hs1sa", "Heiman HS3SA/HS1SA", Kind.SMOKE),
        ("zigbee2mqtt:pool", "zigbee2mqtt-generic", "Nobody NeverHeardOf", Kind.LEAK),
    ]
    decoded = desk.reads("zigbee2mqtt/hall", {"battery": 60})
    assert (decoded.profile, decoded.kind, decoded.model) == ("heiman-hs1sa", Kind.SMOKE, "Heiman HS3SA/HS1SA")
    assert decoded.aliases == [IEEE]


def test_a_registered_device_is_not_introduced() -> None:
    for address in ("zigbee2mqtt:hall", f"zigbee2mqtt:{IEEE}"):
        found = Desk({address: "heiman-hs1sa"}).hears("zigbee2mqtt/bridge/devices", [device("hall")])
        assert found.introduced == []


def test_a_device_registered_by_its_ieee_address_is_known_by_its_name() -> None:
    desk = Desk({f"zigbee2mqtt:{IEEE}": "heiman-hs1cg"})
    desk.hears("zigbee2mqtt/bridge/devices", [device("kitchen")])

    decoded = desk.reads("zigbee2mqtt/kitchen", {"gas": True})

    assert decoded.device == f"id of zigbee2mqtt:{IEEE}"
    assert decoded.profile == "heiman-hs1cg"
    assert decoded.address == "zigbee2mqtt:kitchen"


def test_a_renamed_device_keeps_its_registration() -> None:
    desk = Desk({"zigbee2mqtt:old name": "heiman-hs1sa"})
    desk.hears("zigbee2mqtt/bridge/devices", [device("old name")])
    desk.hears("zigbee2mqtt/bridge/devices", [device("between")])
    desk.hears("zigbee2mqtt/bridge/devices", [device("new name")])

    decoded = desk.reads("zigbee2mqtt/new name", {"smoke": True})

    assert decoded.device == "id of zigbee2mqtt:old name"
    assert decoded.aliases == [IEEE, "old name", "between"]


def test_a_name_given_to_another_device_leads_to_that_one() -> None:
    desk = Desk({"zigbee2mqtt:hall": "heiman-hs1sa"})
    desk.hears("zigbee2mqtt/bridge/devices", [device("hall")])
    desk.hears("zigbee2mqtt/bridge/devices", [device("retired"), device("hall", "0x2")])

    assert desk.reads("zigbee2mqtt/hall", {"smoke": True}).device == "id of zigbee2mqtt:hall"
    assert desk.reads("zigbee2mqtt/retired", {"smoke": True}).device == "zigbee2mqtt:retired"


def test_what_was_announced_survives_a_restart() -> None:
    desk = Desk()
    desk.hears("zigbee2mqtt/bridge/groups", [{"id": 1, "friendly_name": "all"}])
    found = desk.hears("zigbee2mqtt/bridge/devices", [device("hall", model="SMSZB-120", vendor="Frient")])
    assert found.announced is not None

    restarted = Desk()
    restarted.state = FamilyState({"zigbee2mqtt": found.announced})

    assert restarted.reads("zigbee2mqtt/hall", {"smoke": False}).profile == "frient-smszb-120"
    assert restarted.hears("zigbee2mqtt/all", {"state": "ON"}).ignored


def test_kept_announcements_that_cannot_be_read_are_as_if_never_said() -> None:
    desk = Desk()
    desk.state = FamilyState({"zigbee2mqtt": {"zigbee2mqtt": b"\xff", "other": b""}})

    assert values(desk.reads("zigbee2mqtt/hall", {"smoke": True})) == {"smoke": True}


def test_an_announcement_read_twice_is_kept_twice_the_same() -> None:
    desk = Desk()
    said = [device("hall", model="TS0205", vendor="Tuya")]

    assert desk.hears("zigbee2mqtt/bridge/devices", said) == desk.hears("zigbee2mqtt/bridge/devices", said)


def test_groups_are_no_devices() -> None:
    desk = Desk()
    desk.hears("zigbee2mqtt/bridge/groups", [{"id": 2, "friendly_name": "corridor lights"}])

    assert desk.hears("zigbee2mqtt/corridor lights", {"state": "ON"}).ignored
    assert desk.hears("zigbee2mqtt/corridor lights/availability", b"online").ignored


def test_an_interviewed_device_is_known_before_the_next_list() -> None:
    desk = Desk()
    desk.hears("zigbee2mqtt/bridge/devices", [device("pool", "0x2", model="TS0207")])
    found = desk.hears(
        "zigbee2mqtt/bridge/event",
        {"type": "device_interview", "data": device("hall", model="SCA01ZB", vendor="Feibit", status="successful")},
    )

    assert [one.profile for one in found.introduced] == ["tuya-ts0207", "feibit-sca01zb"]
    assert desk.reads("zigbee2mqtt/hall", {"battery": 9}).kind is Kind.CO
    assert desk.reads("zigbee2mqtt/pool", {"battery": 9}).kind is Kind.LEAK


def test_a_device_without_a_definition_is_known_by_its_radio_module() -> None:
    desk = Desk()
    desk.hears("zigbee2mqtt/bridge/devices", [device("hall", model_id="SmokeSensor-EM")])

    assert desk.reads("zigbee2mqtt/hall", {"battery": 5}).profile == "heiman-hs1sa"


@pytest.mark.parametrize(
    "said",
    [
        [],
        [None, 3, "x", [], {}],
        [{"friendly_name": 7, "ieee_address": None}],
        [{"friendly_name": "hall", "definition": "x"}],
        [device("hall", model="X", exposes=[None, 3, {"type": "binary"}, {"type": "light", "features": 8}])],
        [device("hall", software_build_id="\0\0\0", model="X\0Y")],
    ],
)
def test_odd_announcements_harm_nothing(said: list[object]) -> None:
    desk = Desk()

    assert desk.hears("zigbee2mqtt/bridge/devices", said).ignored
    assert values(desk.reads("zigbee2mqtt/hall", {"smoke": True})) == {"smoke": True}


@pytest.mark.parametrize("topic", ["devices", "groups", "event"])
def test_an_announcement_of_another_form_is_refused_with_the_bridge(topic: str) -> None:
    found = Desk().hears(f"zigbee2mqtt/bridge/{topic}", 5)

    assert found.refusal is not None
    assert (found.refusal.code, found.device) == (Problem.WRONG_TYPE, "zigbee2mqtt")


def test_an_announcement_may_be_larger_than_a_message() -> None:
    said = [device(f"d{number}", f"0x{number}", model="TS0205", description="x" * 2000) for number in range(600)]

    assert len(Desk().hears("zigbee2mqtt/bridge/devices", said).introduced) == 600


# Exposes ------------------------------------------------------------------------------------------------------------


def exposing(*exposes: dict[str, Any]) -> Desk:
    desk = Desk()
    desk.hears("zigbee2mqtt/bridge/devices", [device("it", model="unheard-of", vendor="Nobody", exposes=list(exposes))])
    return desk


def test_exposed_words_say_what_is_on() -> None:
    desk = exposing(binary("smoke", "ALARM", "quiet"), binary("contact", "open", "shut"))

    assert values(desk.reads("zigbee2mqtt/it", {"smoke": "ALARM", "contact": "open"})) == {
        "smoke": True,
        "contact": False,
    }
    assert values(desk.reads("zigbee2mqtt/it", {"smoke": "quiet", "contact": "shut"})) == {
        "smoke": False,
        "contact": True,
    }


def test_an_exposed_contact_is_closed_when_true() -> None:
    desk = exposing(binary("contact", False, True))

    assert values(desk.reads("zigbee2mqtt/it", {"contact": False})) == {"contact": False}


def test_exposed_units_are_converted() -> None:
    desk = exposing(numeric("voltage", "mV"), numeric("temperature", "°F"), numeric("pressure", "kPa"))

    decoded = desk.reads("zigbee2mqtt/it", {"voltage": 300, "temperature": 212, "pressure": 101.3})

    assert values(decoded) == {"voltage": 0.3, "temperature": 100, "pressure": 1013}


def test_an_exposed_unit_that_is_no_unit_of_the_metric_gives_nothing() -> None:
    desk = exposing(numeric("humidity", "g/m³"), binary("smoke"))

    assert values(desk.reads("zigbee2mqtt/it", {"humidity": 12, "smoke": False})) == {"smoke": False}


def test_a_flag_that_a_device_counts_is_a_number() -> None:
    desk = exposing(numeric("gas", "%LEL"), numeric("carbon_monoxide", "ppm"))

    decoded = desk.reads("zigbee2mqtt/it", {"gas": 1, "carbon_monoxide": 40})

    assert values(decoded) == {"gas_concentration": 1, "co_ppm": 40}


def test_exposed_endpoints_are_parts() -> None:
    desk = exposing(
        {**numeric("temperature", "°C"), "property": "temperature_1", "endpoint": "1"},
        {**numeric("temperature", "°C"), "property": "temperature_2", "endpoint": "2"},
    )

    decoded = desk.reads("zigbee2mqtt/it", {"temperature_1": 4.5, "temperature_2": 21})

    assert values(decoded) == {"temperature@1": 4.5, "temperature@2": 21}


def test_what_is_only_set_is_not_exposed() -> None:
    desk = exposing(binary("smoke", "go", "stop", access=2), binary("gas"))

    assert desk.reads("zigbee2mqtt/it", {"battery": 5}).kind is Kind.GAS


@pytest.mark.parametrize(
    ("exposes", "kind"),
    [
        ([binary("smoke"), numeric("temperature", "°C")], Kind.SMOKE),
        ([binary("gas")], Kind.GAS),
        ([binary("carbon_monoxide")], Kind.CO),
        ([binary("water_leak"), binary("battery_low")], Kind.LEAK),
        ([{"type": "enum", "name": "action", "property": "action", "access": 1, "values": ["emergency"]}], Kind.BUTTON),
        ([{"type": "enum", "name": "action", "property": "action", "access": 1, "values": ["on", "off"]}], Kind.OTHER),
        ([binary("sos")], Kind.BUTTON),
        ([binary("contact", False, True)], Kind.DOOR),
        ([binary("presence")], Kind.MOTION),
        ([numeric("temperature", "°C"), numeric("humidity", "%")], Kind.CLIMATE),
        ([{"type": "climate", "features": [numeric("local_temperature", "°C")]}], Kind.CLIMATE),
        ([numeric("battery", "%")], Kind.OTHER),
    ],
)
def test_the_kind_is_guessed_from_what_is_exposed(exposes: list[dict[str, Any]], kind: Kind) -> None:
    assert exposing(*exposes).reads("zigbee2mqtt/it", {"linkquality": 1}).kind is kind


# output: attribute --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "payload", "expected"),
    [
        ("smoke", b"true", {"smoke": True}),
        ("smoke", b"ON", {"smoke": True}),
        ("battery", b"93.5", {"battery": 93.5}),
        ("action", b"emergency", {"action": "emergency", "emergency": True}),
        ("action", b'""', {}),
        ("action", b"null", {}),
        ("color", b'{"x":1}', {}),
        ("unheard_of", b"5", {}),
    ],
)
def test_an_attribute_of_an_announced_device_is_its_reading(key: str, payload: bytes, expected: dict[str, Any]) -> None:
    desk = Desk()
    desk.hears("zigbee2mqtt/bridge/devices", [device("kitchen/sensor")])

    decoded = desk.reads(f"zigbee2mqtt/kitchen/sensor/{key}", payload)

    assert values(decoded) == expected
    assert decoded.identity == "kitchen/sensor"


def test_a_bare_value_under_a_known_word_is_an_attribute_without_announcement() -> None:
    decoded = Desk().reads("zigbee2mqtt/hall/smoke", b"true")

    assert (decoded.identity, values(decoded)) == ("hall", {"smoke": True})


def test_an_object_under_a_known_word_is_a_device_of_that_name() -> None:
    decoded = Desk().reads("zigbee2mqtt/kitchen/smoke", {"smoke": True})

    assert (decoded.identity, values(decoded)) == ("kitchen/smoke", {"smoke": True})


def test_a_bare_value_under_an_unknown_word_is_refused() -> None:
    found = Desk().hears("zigbee2mqtt/hall/colour", b"5")

    assert found.refusal is not None
    assert (found.refusal.code, found.device) == (Problem.WRONG_TYPE, "hall/colour")


def test_a_press_told_in_both_forms_is_one_press() -> None:
    desk = Desk()
    desk.hears("zigbee2mqtt/bridge/devices", [device("pendant")])
    assert values(desk.reads("zigbee2mqtt/pendant", {"action": "emergency"})) != {}

    echo = desk.reads("zigbee2mqtt/pendant/action", b"emergency", at=NOON + SECOND)
    later = desk.reads("zigbee2mqtt/pendant/action", b"emergency", at=NOON + MINUTE)

    assert values(echo) == {}
    assert values(later) == {"action": "emergency", "emergency": True}


# Whatever is announced, messages are read ----------------------------------------------------------------------------

_WORDS = st.sampled_from(["smoke", "gas", "action", "contact", "voltage", "temperature", "carbon_monoxide", "", "\0x"])
_RAW = _WORDS | st.booleans() | st.none() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.just(["a"])
_EXPOSES = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["binary", "numeric", "enum", "text", "composite", "switch", 3]),
            "name": _WORDS,
            "property": _WORDS,
            "access": st.integers(0, 7) | st.none(),
        },
        optional={
            "value_on": _RAW,
            "value_off": _RAW,
            "unit": st.sampled_from(["mV", "°C", "%LEL", "ppm", "furlong"]) | _RAW,
            "values": st.lists(_RAW, max_size=3) | _RAW,
            "endpoint": _RAW,
            "features": st.lists(_RAW, max_size=2) | _RAW,
        },
    ),
    max_size=4,
)
_ANNOUNCED = st.lists(
    st.fixed_dictionaries(
        {"friendly_name": st.sampled_from(["hall", "hall/smoke", "楼道"]) | _RAW},
        optional={
            "ieee_address": st.sampled_from(["0x1", "0x2"]) | _RAW,
            "type": st.sampled_from(["EndDevice", "Coordinator"]) | _RAW,
            "model_id": st.sampled_from(["SmokeSensor-EM"]) | _RAW,
            "definition": _RAW
            | st.fixed_dictionaries({"model": st.sampled_from(["TS0205"]) | _RAW, "exposes": _EXPOSES | _RAW}),
        },
    ),
    max_size=3,
)


@given(_ANNOUNCED, st.dictionaries(_WORDS, _RAW, max_size=4), st.sampled_from(["hall", "hall/smoke", "楼道"]))
def test_whatever_is_announced_messages_are_read_and_a_restart_reads_them_alike(
    announced: list[dict[str, Any]], fields: dict[str, Any], name: str
) -> None:
    desk = Desk()
    kept = desk.hears("zigbee2mqtt/bridge/devices", announced).announced
    restarted = Desk()
    restarted.state = FamilyState({"zigbee2mqtt": kept or {}})

    found = desk.hears(f"zigbee2mqtt/{name}", fields)

    assert len(found.messages) == 1 or found.refusal is not None
    assert restarted.hears(f"zigbee2mqtt/{name}", fields) == found
