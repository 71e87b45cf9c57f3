"""Z-Wave JS UI and IoTDA: who speaks, as their documentation says, and what an event without a value means."""

import pytest

from harness.decoding import Desk

AT = 1_772_424_000_000


@pytest.mark.parametrize(
    ("topic", "said", "device", "address"),
    [
        ("zwave/Living_Room/Smoke/battery/endpoint_0/level", {}, "Smoke", "zwavejs:Living_Room/Smoke"),
        ("zwave/b3/u2/501/hall_smoke/128/0/level", {"nodeName": "501/hall smoke"}, "501/hall_smoke", None),
        ("zwave/battery/battery/endpoint_0/level", {}, "battery", None),
        ("zwave/nodeID_12/128/0/level", {"nodeId": 12}, "nodeID_12", None),
        ("zwave/Smoke/128/0/level", {"nodeId": 12}, "Smoke", "zwavejs:nodeID_12"),
    ],
)
def test_a_node_is_its_name_wherever_it_stands_and_whatever_it_is_called(
    topic: str, said: dict[str, object], device: str, address: str | None
) -> None:
    read = Desk().reads(topic, {"time": AT, "value": 45, **said})
    assert (read.identity, [one.value for one in read.readings]) == (device, [45])
    assert address is None or address in read.aliases


def test_the_bridge_is_named_by_its_base_topic_and_its_clients_name_leads_to_it() -> None:
    read = Desk().reads("zwave/_CLIENTS/ZWAVE_GATEWAY-hall/status", {"value": False, "time": AT})
    assert (read.identity, read.profile, read.readings[0].value) == ("zwave", "zwave-gateway", False)
    assert read.aliases == ["zwavejs:ZWAVE_GATEWAY-hall"]


def test_a_node_that_describes_itself_is_read_by_its_model_from_then_on() -> None:
    desk = Desk()
    assert desk.reads("zwave/f5/door/113/0/CO_Alarm/Sensor_status", b"0").profile == "zwave-generic"
    node = {"id": 4, "name": "door", "loc": "f5", "productLabel": "ZW120", "status": "Asleep"}
    found = desk.hears("zwave/f5/door/nodeinfo", node)
    assert (found.messages[0].profile, found.messages[0].readings) == ("aeotec-zw120", [])
    assert found.announced == {"f5/door": b"ZW120"}
    assert desk.reads("zwave/f5/door/status", b"true").readings[0].metric == "online"
    assert desk.reads("zwave/f5/door/113/0/Access_Control/Door_state", b"22").profile == "aeotec-zw120"
    assert desk.reads("zwave/door/113/0/Access_Control/Door_state", b"22").profile == "zwave-generic", "another place"


@pytest.mark.parametrize("payload", [b"", b"null", b"{}", b'{"time": 1772424000000, "value": {"location": "hall"}}'])
def test_an_event_is_true_whatever_its_payload_tells_of_it(payload: bytes) -> None:
    read = Desk().reads("zwave/cord/notification/endpoint_0/Emergency_Alarm/Panic_alert", payload)
    assert [(one.metric, one.value) for one in read.readings] == [("emergency", True)]


def test_a_variable_without_a_value_says_nothing() -> None:
    for payload in (b"null", b'{"value": null}'):
        assert not Desk().reads("zwave/hall/113/0/Smoke_Alarm/Sensor_status", payload).readings


def test_a_status_that_nobody_knows_yet_is_no_farewell_and_activity_is_a_sign_of_life() -> None:
    unknown = {"value": False, "status": "Unknown", "nodeId": 4, "time": AT}
    assert Desk().reads("zwave/hall/status", unknown).readings == []
    assert Desk().reads("zwave/hall/lastActive", {"time": AT, "value": AT}).readings == []


def test_a_named_event_of_iotda_is_what_its_name_says_and_belongs_to_the_child() -> None:
    event = {"service_id": "Alarm", "event_type": "smokeAlarm", "paras": {"level": 80}}
    read = Desk().reads("$oc/devices/gw/sys/events/up", {"object_device_id": "c1", "services": [event]})
    assert (read.identity, [(one.metric, one.value) for one in read.readings]) == ("c1", [("smoke", True)])


def test_what_fits_no_product_model_is_read_all_the_same() -> None:
    read = Desk().reads("$oc/devices/d9/sys/messages/up", {"name": "n", "content": {"sos": 1}})
    assert [(one.metric, one.value) for one in read.readings] == [("emergency", True)]
    header = {"device_id": "p_d9", "node_id": "d9"}
    notice = {"resource": "device.message", "notify_data": {"header": header, "body": {"content": {"smoke": 1}}}}
    read = Desk().reads("iotda/message", notice)
    assert (read.identity, [(one.metric, one.value) for one in read.readings]) == ("d9", [("smoke", True)])
