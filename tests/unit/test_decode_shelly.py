"""Shelly: bare values and whole statuses of the first generation; components, events and Bluetooth of the later."""

from harness.decoding import Desk, values
from shouwang.domain.vocabulary import Kind, Problem

SMOKE = "shellyplussmoke-0a1b2c3d4e5f"
GATEWAY = "shellyblugwg3-0a1b2c3d4e5f"


def notify(method: str, **params: object) -> dict[str, object]:
    return {"src": SMOKE, "dst": f"{SMOKE}/events", "method": method, "params": params}


def test_the_model_stands_in_the_name_a_device_was_made_with() -> None:
    decoded = Desk().reads("shellies/shellysmoke-0A1B2C/sensor/smoke", b"true")

    assert (decoded.profile, decoded.kind) == ("shelly-smoke", Kind.SMOKE)
    assert values(decoded) == {"smoke": True}


def test_the_text_false_is_false() -> None:
    assert values(Desk().reads("shellies/shellysmoke-0A1B2C/sensor/smoke", b"false")) == {"smoke": False}


def test_a_press_is_told_from_its_repeat_by_the_count() -> None:
    topic = "shellies/shellybutton1-0A1B2C/input_event/0"
    first, second = (Desk().reads(topic, {"event": "S", "event_cnt": count}) for count in (4, 5))

    assert values(first) == {"emergency": True, "action": "single"}
    assert (first.counter, second.counter) == ("4", "5")


def test_commands_and_announcements_of_the_first_generation_are_no_readings() -> None:
    for topic in ("shellies/command", "shellies/x/relay/0/command", "shellies/x/announce"):
        assert Desk().hears(topic, b"on").ignored, topic
    announced = Desk().reads("shellies/announce", {"id": "shellyflood-0A1B2C", "model": "SHWT-1", "ip": "10.0.0.9"})
    assert (announced.identity, announced.readings) == ("shellyflood-0A1B2C", [])


def test_a_status_that_leaves_alarm_out_is_no_all_clear() -> None:
    decoded = Desk().reads(
        f"{SMOKE}/events/rpc", notify("NotifyStatus", ts=1.5, **{"smoke:0": {"id": 0, "mute": True}})
    )

    assert values(decoded) == {"silenced": True}
    assert decoded.device_time is None


def test_the_battery_of_a_device_on_usb_is_not_low() -> None:
    power = {"id": 0, "battery": {"V": 0.4, "percent": 0}, "external": {"present": True}}

    assert values(Desk().reads("shellyplusht-0a1b2c3d4e5f/status/devicepower:0", power)) == {
        "supply_status": "external"
    }


def test_two_probes_of_one_device_are_parts() -> None:
    params = {"temperature:100": {"id": 100, "tC": 20.5}, "temperature:101": {"id": 101, "tC": 30.5}}
    decoded = Desk().reads(f"{SMOKE}/events/rpc", notify("NotifyStatus", **params))

    assert values(decoded) == {"temperature@100": 20.5, "temperature@101": 30.5}


def test_a_bluetooth_device_is_named_by_its_gateway() -> None:
    event = {"component": "bthomedevice:200", "id": 200, "event": "double_push", "ts": 1.5}
    message = {"src": GATEWAY, "method": "NotifyEvent", "params": {"ts": 1.5, "events": [event]}}
    desk = Desk({f"shelly-gen2:{GATEWAY}/bthomedevice:200": "shelly-blu-button"})
    found = {one.identity: values(one) for one in desk.hears(f"{GATEWAY}/events/rpc", message).messages}

    assert found == {f"{GATEWAY}/bthomedevice:200": {"emergency": True, "action": "double"}, GATEWAY: {}}


def test_the_packet_counter_of_an_advertisement_tells_repeats() -> None:
    data = {"pid": 7, "button": 1, "rssi": -60, "address": "0a:1b:2c:3d:4e:60"}
    event = {"component": "script:1", "event": "shelly-blu", "data": data, "ts": 1.5}
    message = {"src": GATEWAY, "method": "NotifyEvent", "params": {"events": [event]}}
    found = {one.identity: one for one in Desk().hears(f"{GATEWAY}/events/rpc", message).messages}

    beacon = found["0a:1b:2c:3d:4e:60"]
    assert beacon.counter == "7"
    assert values(beacon) == {"action": "single", "rssi": -60}


def test_a_question_to_a_device_is_no_reading() -> None:
    assert Desk().hears(f"{SMOKE}/rpc", {"id": 1, "src": "me", "method": "Smoke.GetStatus"}).ignored


def test_an_answer_is_of_the_device_that_gave_it() -> None:
    answer = {"id": 1, "src": SMOKE, "dst": "desk", "result": {"id": 0, "alarm": True, "mute": False}}
    decoded = Desk().reads("desk/rpc", answer, family="shelly-gen2")

    assert (decoded.identity, values(decoded)) == (SMOKE, {"smoke": True, "silenced": False})


def test_a_changed_topic_prefix_names_the_device() -> None:
    message = notify("NotifyStatus", **{"smoke:0": {"id": 0, "alarm": True}})
    decoded = Desk().reads("b3/u2/hall/events/rpc", message)

    assert (decoded.identity, decoded.aliases, decoded.kind) == ("b3/u2/hall", [f"shelly-gen2:{SMOKE}"], Kind.SMOKE)


def test_what_is_no_object_is_refused() -> None:
    found = Desk().hears(f"{SMOKE}/events/rpc", b"[1]")

    assert found.refusal is not None
    assert found.refusal.code is Problem.WRONG_TYPE
