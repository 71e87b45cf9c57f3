"""Tasmota: its own sensors, Zigbee devices by its own names, raw zone status, switches, radio codes."""

import pytest

from harness.decoding import Desk, values
from shouwang.domain.vocabulary import Kind

SENSOR = "tele/bridge/SENSOR"


def received(said: dict[str, object], name: str = "0x1A2B") -> dict[str, object]:
    return {"ZbReceived": {name: said}}


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (SENSOR, received({"Fire": 1}, "smoke-3")),
        ("tele/bridge/RESULT", received({"Fire": 1}, "smoke-3")),
        ("bridge/tele/SENSOR", received({"Fire": 1}, "smoke-3")),
        ("tele/bridge/1A2B/SENSOR", received({"Device": "0x1A2B", "Fire": 1}, "smoke-3")),
        ("tele/bridge/smoke-3/SENSOR", {"ZbReceived": {"Fire": 1}}),
        ("tele/bridge/ZbReceived", {"smoke-3": {"Device": "0x1A2B", "Fire": 1}}),
        ("tele/bridge/smoke-3/ZbReceived", {"Fire": 1}),
    ],
)
def test_a_zigbee_device_is_found_however_tasmota_was_set_up(topic: str, payload: dict[str, object]) -> None:
    decoded = Desk().reads(topic, payload)

    assert (decoded.identity, values(decoded)) == ("smoke-3", {"smoke": True})


def test_its_short_address_and_its_bridge_lead_to_it_too() -> None:
    decoded = Desk().reads(SENSOR, received({"Device": "0x1A2B", "Fire": 0}, "smoke-3"))

    assert decoded.aliases == ["tasmota:bridge/smoke-3", "tasmota:0x1A2B"]


def test_several_devices_in_one_message_are_each_heard() -> None:
    found = Desk().hears(SENSOR, {"ZbReceived": {"a": {"Fire": 1}, "b": {"Water": 1}}})

    assert [(one.identity, values(one)) for one in found.messages] == [
        ("a", {"smoke": True}),
        ("b", {"water_leak": True}),
    ]


def test_a_zone_status_as_it_came_means_what_the_registered_device_detects() -> None:
    desk = Desk({"tasmota:0x1A2B": "heiman-hs1sa"})
    decoded = desk.reads(SENSOR, received({"0500!00": "0D0100030000"}))

    expected = {"smoke": True, "tamper": True, "battery_low": True, "fault": False, "test": True}
    assert (decoded.kind, values(decoded)) == (Kind.SMOKE, expected)


def test_of_an_unknown_zone_it_is_an_alarm_without_a_cause() -> None:
    assert values(Desk().reads(SENSOR, received({"0500!00": "010000030000"})))["alarm"] is True
    assert "alarm" not in values(Desk().reads(SENSOR, received({"ZoneStatus": 1, "Fire": 1})))


def test_a_zone_status_that_is_none_harms_no_other_field() -> None:
    assert values(Desk().reads(SENSOR, received({"0500!00": "zz", "Fire": 1}))) == {"smoke": True}


def test_on_and_off_of_a_zigbee_device_are_no_watts() -> None:
    assert values(Desk().reads(SENSOR, received({"Power": 1, "LinkQuality": 9}))) == {"linkquality": 9}


def test_units_are_as_the_message_says_them() -> None:
    payload = {"DS18B20": {"Temperature": 212}, "BMP280": {"Pressure": 30}, "TempUnit": "F", "PressureUnit": "inHg"}

    assert values(Desk().reads(SENSOR, payload)) == {"temperature": 100, "pressure": 1015.91658}


def test_the_processor_is_no_thermometer() -> None:
    assert values(Desk().reads(SENSOR, {"ESP32": {"Temperature": 60}, "DHT11": {"Temperature": 20}})) == {
        "temperature": 20
    }


def test_signal_is_dbm_and_rssi_a_percentage() -> None:
    assert values(Desk().reads("tele/plug/STATE", {"Wifi": {"RSSI": 70, "Signal": -65}})) == {"rssi": -65}


def test_a_switch_means_something_by_its_profile_only() -> None:
    assert values(Desk().reads("tele/relay/SENSOR", {"Switch1": "ON"})) == {}
    desk = Desk({"tasmota:relay": "tasmota-dry-contact"})
    assert values(desk.reads("stat/relay/RESULT", {"Switch1": {"Action": "ON"}})) == {"smoke": True}


def test_the_sender_of_a_radio_code_is_the_code() -> None:
    decoded = Desk().reads("tele/radio/RESULT", {"RfReceived": {"Data": "0xA1", "Bits": 24}})

    assert (decoded.identity, values(decoded)) == ("0xA1", {})


@pytest.mark.parametrize(
    "topic",
    ["cmnd/plug/POWER", "tele/plug/INFO1", "stat/plug/STATUS5", "tasmota/discovery/A1/config", "plug/cmnd/POWER"],
)
def test_commands_and_descriptions_are_no_readings(topic: str) -> None:
    assert Desk().hears(topic, {"Fire": 1}).ignored


def test_joining_is_no_reading() -> None:
    assert Desk().hears(SENSOR, {"ZbState": {"Status": 30, "ShortAddr": "0x1A2B"}}).ignored


def test_bluetooth_sensors_that_it_hears_are_devices_of_their_own() -> None:
    payload = {
        "MJ_HT_V1-0a1b2c": {"mac": "582d340a1b2c", "Temperature": 21.5, "RSSI": -70},
        "DHT11": {"Temperature": 19},
    }
    found = {one.identity: values(one) for one in Desk().hears("tele/hall/SENSOR", payload).messages}

    assert found == {"MJ_HT_V1-0a1b2c": {"temperature": 21.5, "rssi": -70}, "hall": {"temperature": 19}}


def test_a_zone_may_say_itself_what_it_is() -> None:
    for type, said in ((40, "smoke"), (42, "water_leak"), (43, "alarm")):
        decoded = Desk().reads(SENSOR, received({"ZoneStatus": 1, "ZoneType": type}))
        assert values(decoded)[said] is True


def test_a_press_is_read_as_older_firmware_told_it() -> None:
    assert values(Desk().reads("stat/bell/BUTTON1", {"ACTION": "HOLD"})) == {"action": "hold"}
