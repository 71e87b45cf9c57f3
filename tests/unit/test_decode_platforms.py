"""Forms of the thinly heard families, from their documentation: what each says, and of whom."""

from base64 import b64encode

import pytest

from harness.decoding import Desk

AT = 1_772_424_000_000


def said(topic: str, payload: object) -> dict[str, dict[str, object]]:
    """Newest values by device and metric."""
    found = Desk().hears(topic, payload)
    assert found.refusal is None, found.refusal
    devices: dict[str, dict[str, object]] = {}
    for message in found.messages:
        devices.setdefault(message.identity, {}).update({one.metric: one.value for one in message.readings})
    return devices


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        (
            "/sys/p/d/thing/event/property/batch/post",
            {
                "params": {
                    "properties": {"SmokeSensorState": [{"value": 0, "time": AT}, {"value": 1, "time": AT + 1000}]},
                    "events": {"SOS": [{"value": {}, "time": AT}]},
                }
            },
            {"d": {"smoke": True, "emergency": True}},
        ),
        ("/p/d/user/update", {"smoke": 1}, {"d": {"smoke": True}}),
        ("/p/d/properties/report", {"properties": {"temperature": {"value": 21.5}}}, {"d": {"temperature": 21.5}}),
        ("/p/d/time-sync", {"messageId": "1"}, {}),
        (
            "nbiot/onenet/push",
            {"msg": [{"type": 1, "ds_id": "smoke", "value": 1, "dev_id": 42}]},
            {"42": {"smoke": True}},
        ),
        (
            "nbiot/onenet/push",
            {"msg": {"messageType": "lifecycle", "notifyType": "offline", "deviceName": "d"}},
            {"d": {"online": False}},
        ),
        ("$sys/p/d/thing/property/post", {"params": {"smokeAlarm": {"value": True}}}, {"d": {"smoke": True}}),
        ("$sys/p/d/thing/event/post", {"params": {"sos": {"value": {}}}}, {"d": {"emergency": True}}),
        ("$sys/p/d/thing/property/set", {"params": {"smokeAlarm": True}}, {}),
        ("tylink/d/thing/property/report", {"data": {"va_temperature": {"value": 215}}}, {"d": {"temperature": 21.5}}),
        ("milesight/uplink", {"devEUI": "24e1", "water_leak": "leak"}, {"24e1": {"water_leak": True}}),
        (
            "v3/a/devices/d/up",
            {
                "end_device_ids": {"device_id": "d"},
                "uplink_message": {"frm_payload": "AXVk", "decoded_payload": {"data": {"battery": 90}}},
            },
            {"d": {"battery": 90}},
        ),
        ("rflink", b"20;08;GS558;ID=00fd;SMOKEALERT=ON;", {"00fd": {"smoke": True}}),
        ("rflink/NewKaku-cac142-3", b"ON", {}),
        ("homie/d/$implementation/ota/enabled", b"true", {}),
        ("node/climate/hall/current_temperature/state", b"20", {"node": {"temperature": 20}}),
        ("node/climate/hall/target_temperature/state", b"20", {}),
        ("home/OMG/BTtoMQTT/1", {"id": "11:22:33:44:55:66", "presence": "absent"}, {"11:22:33:44:55:66": {}}),
        (
            "tele/zb/SENSOR",
            {"ZbReceived": {"0x12": {"Device": "0x12", "ModelId": "SmokeSensor-EM", "ZoneStatusChange": 1}}},
            {"0x12": {"smoke": True, "tamper": False, "battery_low": False, "fault": False, "test": False}},
        ),
        (
            "$sys/p1/dev1/dp/post/json",
            {"id": 1, "dp": {"smoke": [{"v": 1, "t": 1772337540000}], "temperature": [{"v": 26.5}]}},
            {"dev1": {"smoke": True, "temperature": 26.5}},
        ),
        (
            "nbiot/ctwing/push",
            {"IMEI": "86", "messageType": "dataReport", "payload": {"APPdata": b64encode(b'{"smoke":1}').decode()}},
            {"86": {"smoke": True}},
        ),
        ("v2/t", {"smoke": True}, {"": {"smoke": True}}),
        ("gateway/a840/state/conn", {"gatewayId": "a840", "state": "ONLINE"}, {"a840": {"online": True}}),
        ("eu868/gateway/a840/state/conn", {"gatewayId": "a840"}, {"a840": {"online": False}}),
        ("eu868/gateway/a840/state/conn", b"\x10\x01\x1a\x04a840", {"a840": {"online": True}}),
        ("eu868/gateway/a840/state/conn", b"\x1a\x04a840", {"a840": {"online": False}}),
        ("eu868/gateway/a840/event/stats", b"\x0a\x04\xff\xfe\x00\x01", {"a840": {}}),
        ("eu868/gateway/a840/event/up", b"\x0a\x04\xff\xfe\x00\x01", {}),
    ],
)  # fmt: skip
def test_each_form_says_this(topic: str, payload: object, expected: dict[str, dict[str, object]]) -> None:
    assert said(topic, payload) == expected


def test_what_is_no_state_of_a_gateway_is_refused_with_its_name() -> None:
    found = Desk().hears("eu868/gateway/a840/state/conn", b"\xff\xff\xff")
    assert found.refusal is not None and found.device == "a840"
