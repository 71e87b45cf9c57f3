"""Behind which gateway a device stands, as its messages tell: what each family says, and which of several counts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.decoding import Desk
from shouwang.domain.reception import CLEARLY, FRESH, MOST, PACE, HeardBy, Sighting, behind, learn
from shouwang.domain.vocabulary import HOUR, MINUTE, SECOND, Instant

NOON: Instant = 1_772_424_000 * SECOND

LORA = {"deviceInfo": {"devEui": "24e124136d151234", "deviceName": "flat-501"}, "object": {"battery": 90}}


def heard_by(topic: str, payload: object, *, family: str = "") -> list[list[tuple[str, float | None]]]:
    found = Desk().hears(topic, payload, family=family)
    return [[(one.gateway, one.strength) for one in message.heard_by] for message in found.messages]


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        (
            "application/1/device/24e124136d151234/event/up",
            {**LORA, "rxInfo": [{"gatewayId": "a840411d11dd4150", "rssi": -81}, {"gatewayId": "b2", "rssi": -90}]},
            [("chirpstack-v4:a840411d11dd4150", -81.0), ("chirpstack-v4:b2", -90.0)],
        ),
        (
            "application/1/device/24e124136d151234/rx",
            {
                "deviceName": "flat-501",
                "object": {"battery": 90},
                "rxInfo": [{"gatewayID": "qEBBHRHdQVA=", "rssi": -5}],
            },
            [("chirpstack-v3:a840411d11dd4150", -5.0)],
        ),
        (
            "v3/app@ttn/devices/flat-501/up",
            {
                "end_device_ids": {"device_id": "flat-501"},
                "uplink_message": {
                    "decoded_payload": {"battery": 90},
                    "rx_metadata": [{"gateway_ids": {"gateway_id": "roof", "eui": "58A0CBFFFE800001"}, "rssi": -45}],
                },
            },
            [("the-things-stack-v3:58A0CBFFFE800001", -45.0)],
        ),
        (
            "AS/1/24E124136D151234/UL",
            {
                "DevEUI_uplink": {
                    "DevEUI": "24E124136D151234",
                    "payload": {"battery": 90},
                    "Lrrid": "08040059",
                    "LrrRSSI": "-60.000000",
                    "Lrrs": {"Lrr": [{"Lrrid": "08040059", "LrrRSSI": "-60.000000"}, {"Lrrid": "33d13a41"}]},
                }
            },
            [("thingpark:08040059", -60.0), ("thingpark:33d13a41", None)],
        ),
        (
            "/milesight/uplink",
            {
                "devEUI": "24e124136d151234",
                "object": {"battery": 90},
                "rxInfo": [{"mac": "24e124fffef54092", "rssi": -71}],
            },
            [("milesight-gateway:24e124fffef54092", -71.0)],
        ),
        ("zigbee2mqtt/flat-501", {"battery": 90}, [("zigbee2mqtt:zigbee2mqtt", None)]),
        (
            "rtl_433/attic/events",
            {"model": "Smoke-GS558", "id": 9, "battery_ok": 1},
            [("rtl_433:attic", None)],
        ),
        ("rtl_433/attic/devices/Smoke-GS558/9/battery_ok", b"1", [("rtl_433:attic", None)]),
        (
            "home/OMG_hall/BTtoMQTT/A4C138000001",
            {"id": "A4:C1:38:00:00:01", "model_id": "LYWSD03MMC", "batt": 90},
            [("openmqttgateway:OMG_hall", None)],
        ),
        ("rflink/GS558/00fd/R/SMOKEALERT", b"ON", [("rflink:rflink", None)]),
        (
            "tele/zbbridge/SENSOR",
            {"ZbReceived": {"0x1234": {"Device": "0x1234", "BatteryPercentage": 90}}},
            [("tasmota:zbbridge", None)],
        ),
        ("zwave/hall/battery/endpoint_0/level", {"value": 90}, [("zwavejs:zwave", None)]),
        (
            "/sys/a1/gw-1/thing/event/property/pack/post",
            {"params": {"subDevices": [{"identity": {"deviceName": "d9"}, "properties": {"battery": {"value": 90}}}]}},
            [("aliyun-iot:gw-1", None)],
        ),
        (
            "$oc/devices/gw-1/sys/gateway/sub_devices/properties/report",
            {"devices": [{"device_id": "d9", "services": [{"properties": {"battery": 90}}]}]},
            [("huawei-iotda:gw-1", None)],
        ),
        ("/p/gw-1/child/d9/properties/report", {"properties": {"battery": 90}}, [("jetlinks:gw-1", None)]),
        ("mysensors-out/7/1/1/0/2", b"1", [("mysensors:mysensors-out", None)]),
    ],
)
def test_each_family_tells_who_heard_a_device(topic: str, payload: object, expected: object) -> None:
    assert expected in heard_by(topic, payload)


def test_bluetooth_devices_are_behind_the_shelly_that_heard_them_and_it_is_behind_nobody() -> None:
    said = {"bthomedevice:200": {"rssi": -60, "battery": 90}, "wifi": {"rssi": -50}}
    message = {"src": "shellyplus1-aabbcc", "method": "NotifyStatus", "params": {"ts": 1.0, **said}}
    assert heard_by("shellyplus1-aabbcc/events/rpc", message) == [[("shelly-gen2:shellyplus1-aabbcc", None)], []]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("zigbee2mqtt/bridge/state", {"state": "online"}),
        ("rtl_433/attic/availability", b"online"),
        ("home/OMG_hall/LWT", b"online"),
        ("tele/hall/SENSOR", {"AM2301": {"Temperature": 20.5}}),
        ("/sys/a1/gw-1/thing/event/property/pack/post", {"params": {"properties": {"battery": {"value": 90}}}}),
    ],
)
def test_a_gateway_is_behind_nobody(topic: str, payload: object) -> None:
    assert heard_by(topic, payload) == [[]]


def through(*said: tuple[str, float | None, int]) -> list[str]:
    """Behind whom a device stands after each message of (receiver, strength, minute)."""
    known: list[Sighting] = []
    told = []
    for gateway, strength, minute in said:
        known = learn(known, [HeardBy(gateway, strength)], NOON + minute * MINUTE)
        told.append(behind(known))
    return told


def test_the_strongest_of_the_last_hour_counts_and_two_of_like_strength_do_not_take_turns() -> None:
    assert through(("a", -90, 0), ("b", -88, 1), ("a", -90, 2), ("b", -80, 3)) == ["a", "a", "a", "b"]
    assert through(("a", None, 0), ("b", None, 1), ("a", None, 2)) == ["a", "a", "a"]
    assert through(("a", -50, 0), ("b", -90, 59), ("b", -90, 61)) == ["a", "a", "b"], "a has been deaf for an hour"


def test_of_one_message_the_strongest_receiver_counts() -> None:
    heard = [HeardBy("a", -110.0), HeardBy("b", -70.0), HeardBy("c")]
    assert behind(learn([], heard, NOON)) == "b"


sightings = st.tuples(
    st.lists(st.tuples(st.sampled_from("abcdefg"), st.none() | st.integers(-120, -30)), max_size=5),
    st.integers(0, 3 * HOUR // SECOND),
)


@given(st.lists(sightings, max_size=40))
def test_what_is_remembered_is_bounded_and_news_are_rare(said: list[tuple[list[tuple[str, int | None]], int]]) -> None:
    """The same object comes back where nothing is to be kept, and never more than a few receivers are."""
    known: list[Sighting] = []
    for heard, seconds in sorted(said, key=lambda one: one[1]):
        now = NOON + seconds * SECOND
        receivers = [HeardBy(name, strength) for name, strength in heard]
        after = learn(known, receivers, now)
        assert learn(after, receivers, now) is after, "the same again is no news"
        assert len(after) <= MOST
        assert len({one.gateway for one in after}) == len(after)
        if not receivers:
            assert after is known
        if after is not known:
            loudest = max(-200.0 if one.strength is None else one.strength for one in after)
            first = -200.0 if after[0].strength is None else after[0].strength
            assert first > loudest - CLEARLY
            assert all(now - one.at < FRESH for one in after)
        known = after


def test_a_chatty_device_behind_one_gateway_costs_a_note_in_ten_minutes() -> None:
    known: list[Sighting] = []
    notes = 0
    for second in range(3600):
        after = learn(known, [HeardBy("a", None)], NOON + second * SECOND)
        notes += after is not known
        known = after
    assert notes == HOUR // PACE
    assert all(a.gateway != b.gateway for a, b in itertools.combinations(known, 2))
