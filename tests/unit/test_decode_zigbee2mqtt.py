"""Zigbee2MQTT: partial updates, presses that are none, times, availability, attributes, base topics."""

import pytest

from harness.decoding import NOON, Desk, shipped_interpreter, shipped_profiles, values
from harness.zigbee import device
from shouwang.domain.decode import FamilyState, Interpretation, Interpreter
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.vocabulary import MINUTE, SECOND, Arrival, Kind, Problem

# Device messages ----------------------------------------------------------------------------------------------------


def test_a_device_nobody_knows_is_read_by_the_generic_profile() -> None:
    decoded = Desk().reads("zigbee2mqtt/hall", {"smoke": True, "battery": 80, "linkquality": 50})

    assert values(decoded) == {"smoke": True, "battery": 80, "linkquality": 50}
    assert (decoded.identity, decoded.address, decoded.device) == ("hall", "zigbee2mqtt:hall", "zigbee2mqtt:hall")
    assert (decoded.profile, decoded.kind, decoded.counter) == ("zigbee2mqtt-generic", Kind.SMOKE, "")


def test_a_registered_profile_decides() -> None:
    desk = Desk({"zigbee2mqtt:kitchen": "frient-heszb-120"})

    decoded = desk.reads("zigbee2mqtt/kitchen", {"smoke": True, "temperature": 60})

    assert values(decoded) == {"heat_alarm": True, "temperature": 60}
    assert (decoded.kind, decoded.device) == (Kind.HEAT, "id of zigbee2mqtt:kitchen")
    assert all(one.device == decoded.device for one in decoded.readings)


def test_what_a_profile_does_not_name_is_read_as_on_other_devices() -> None:
    desk = Desk({"zigbee2mqtt:kitchen": "frient-heszb-120"})

    decoded = desk.reads("zigbee2mqtt/kitchen", {"smoke": False, "carbon_monoxide": True, "tamper": False})

    assert values(decoded) == {"heat_alarm": False, "carbon_monoxide": True, "tamper": False}


def test_a_key_that_a_profile_ignores_is_not_read() -> None:
    desk = Desk({"zigbee2mqtt:hall": "tuya-ts0601-smoke"})

    assert values(desk.reads("zigbee2mqtt/hall", {"smoke": False, "alarm": True, "volume": 1})) == {"smoke": False}


def test_a_message_of_which_nothing_could_be_read_is_refused() -> None:
    found = Desk().hears("zigbee2mqtt/hall", {"smoke": "perhaps", "state": "ON"})

    assert found.refusal is not None
    assert (found.refusal.code, found.device) == (Problem.WRONG_TYPE, "hall")


def test_a_device_interviewed_anew_stays_what_it_is() -> None:
    desk = Desk()
    desk.hears("zigbee2mqtt/bridge/devices", [device("hall", model="TS0205", vendor="Tuya")])
    desk.hears("zigbee2mqtt/bridge/devices", [device("hall now")])

    assert desk.reads("zigbee2mqtt/hall now", {"battery": 5}).profile == "tuya-ts0205"


def test_a_registered_profile_that_is_gone_reads_as_the_generic_one() -> None:
    desk = Desk({"zigbee2mqtt:kitchen": "removed-model"})

    assert values(desk.reads("zigbee2mqtt/kitchen", {"gas": True})) == {"gas": True}


@pytest.mark.parametrize("name", ["厨房/烟感", "kitchen/ceiling/smoke detector", "3号楼", "a.b-c_d"])
def test_a_name_may_have_slashes_and_chinese(name: str) -> None:
    assert Desk().reads(f"zigbee2mqtt/{name}", {"smoke": False}).identity == name


def test_a_missing_or_null_field_says_nothing() -> None:
    decoded = Desk().reads("zigbee2mqtt/hall", {"smoke": None, "co": None, "battery": "", "linkquality": 7})

    assert values(decoded) == {"linkquality": 7}
    assert decoded.dropped == []


@pytest.mark.parametrize("action", ["", None])
def test_an_empty_action_is_no_press(action: object) -> None:
    decoded = Desk().reads("zigbee2mqtt/pendant", {"action": action, "battery": 99})

    assert values(decoded) == {"battery": 99}


def test_an_emergency_is_a_press_and_a_call() -> None:
    decoded = Desk().reads("zigbee2mqtt/pendant", {"action": "emergency"})

    assert values(decoded) == {"action": "emergency", "emergency": True}
    assert decoded.kind is Kind.BUTTON


def test_the_press_of_an_unknown_remote_is_no_call_button() -> None:
    assert Desk().reads("zigbee2mqtt/remote", {"action": "single"}).kind is Kind.OTHER


def test_heiman_names_the_faults_and_what_is_muted_and_only_a_muted_alarm_is_a_silence() -> None:
    burning = Desk().reads("zigbee2mqtt/hall", {"smoke": True, "muted": "alarm_muted | fault_muted"})
    chirping = Desk().reads("zigbee2mqtt/hall", {"muted": "low_battery_muted", "fault_state": "pollution_fault"})

    assert values(burning) == {"smoke": True, "silenced": True}
    assert values(chirping) == {"silenced": False, "fault@state": True}


def test_an_empty_payload_is_ignored() -> None:
    for topic in ("zigbee2mqtt/hall", "zigbee2mqtt/hall/availability", "zigbee2mqtt/bridge/devices"):
        found = Desk().hears(topic, b"")
        assert found.ignored
        assert not found.messages


def test_a_message_without_any_known_field_was_heard() -> None:
    decoded = Desk().reads("zigbee2mqtt/all_sirens", {"state": "ON", "update": {"state": "idle"}, "device": {"x": 1}})

    assert decoded.readings == []
    assert decoded.identity == "all_sirens"


def test_a_field_of_the_wrong_type_is_dropped_and_said() -> None:
    decoded = Desk().reads("zigbee2mqtt/hall", {"smoke": {"a": 1}, "battery": True, "humidity": 140, "gas": False})

    assert values(decoded) == {"gas": False}
    assert sorted(refusal.code for refusal in decoded.dropped) == ["out_of_range", "wrong_type", "wrong_type"]
    assert all(" is " in refusal.detail and "expected" in refusal.detail for refusal in decoded.dropped)


# last_seen ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "2026-03-01T04:00:00.000Z",
        "2026-03-01T12:00:00+08:00",
        NOON // 1000,
        str(NOON // 1000),
        NOON / 1_000_000,
    ],
)
def test_last_seen_is_the_time_of_measuring(said: object) -> None:
    decoded = Desk().reads("zigbee2mqtt/hall", {"smoke": True, "last_seen": said}, at=NOON + 40 * SECOND)

    assert decoded.measured_at == decoded.device_time == NOON
    assert decoded.time_note == ""


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (None, "none"),
        ("yesterday", "none"),
        (True, "none"),
        ({}, "none"),
        (0, "none"),
        ("1970-01-01T00:00:12Z", "too_old"),
        ("2026-01-29T12:00:00+08:00", "too_old"),
        ("2099-01-01T00:00:00Z", "ahead"),
        ("2026-03-01T12:05:01+08:00", "ahead"),
        ("2026-03-01T04:00:00", "no_zone"),
    ],
)
def test_a_time_that_cannot_be_believed_gives_receive_time_and_a_note(said: object, note: str) -> None:
    decoded = Desk().reads("zigbee2mqtt/hall", {"smoke": True, "last_seen": said})

    assert (decoded.measured_at, decoded.device_time, decoded.time_note) == (NOON, None, note)
    assert values(decoded) == {"smoke": True}


def test_a_time_within_its_bounds_is_kept() -> None:
    for said in ("2026-01-30T12:00:00+08:00", "2026-03-01T12:05:00+08:00"):
        assert Desk().reads("zigbee2mqtt/hall", {"last_seen": said}).device_time == parse_rfc3339(said)


def test_a_time_without_zone_counts_in_site_time_when_it_is_near() -> None:
    decoded = Desk().reads("zigbee2mqtt/hall", {"smoke": True, "last_seen": "2026-03-01T11:56:00"})

    assert decoded.device_time == NOON - 4 * MINUTE


# Availability and the bridge ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "online"),
    [(b"online", True), (b"offline", False), (b'{"state":"online"}', True), ({"state": "offline"}, False)],
)
def test_availability_comes_in_two_forms(payload: object, online: bool) -> None:
    decoded = Desk().reads("zigbee2mqtt/kitchen/smoke/availability", payload)

    assert values(decoded) == {"online": online}
    assert decoded.identity == "kitchen/smoke"


def test_availability_that_says_neither_is_refused() -> None:
    found = Desk().hears("zigbee2mqtt/hall/availability", {"state": "maybe"})

    assert found.refusal is not None
    assert (found.refusal.code, found.device) == (Problem.WRONG_TYPE, "hall")


@pytest.mark.parametrize("payload", [b"offline", b'{"state":"offline"}'])
def test_the_bridge_is_a_gateway_named_by_its_base_topic(payload: bytes) -> None:
    decoded = Desk().reads("zigbee2mqtt/bridge/state", payload)

    assert values(decoded) == {"online": False}
    assert (decoded.identity, decoded.address, decoded.kind) == ("zigbee2mqtt", "zigbee2mqtt:zigbee2mqtt", Kind.GATEWAY)
    assert decoded.profile == "zigbee2mqtt-bridge"


@pytest.mark.parametrize(
    "topic",
    [
        "zigbee2mqtt/bridge/info",
        "zigbee2mqtt/bridge/logging",
        "zigbee2mqtt/bridge/health",
        "zigbee2mqtt/bridge/response/device/rename",
        "zigbee2mqtt/bridge/request/permit_join",
        "zigbee2mqtt/hall/set",
        "zigbee2mqtt/hall/set/state",
        "zigbee2mqtt/hall/get",
        "zigbee2mqtt/kitchen/smoke/get/battery",
    ],
)
def test_talk_and_commands_are_ignored(topic: str) -> None:
    found = Desk().hears(topic, {"smoke": True, "message": "smoke!"})

    assert found.ignored
    assert found.device in {"zigbee2mqtt", "hall", "kitchen/smoke"}
    assert found.announced is None


@pytest.mark.parametrize("kind", ["device_joined", "device_announce", "device_leave"])
def test_events_that_tell_no_model_are_ignored(kind: str) -> None:
    found = Desk().hears("zigbee2mqtt/bridge/event", {"type": kind, "data": device("hall")})

    assert found.ignored
    assert found.announced is None


# Base topics --------------------------------------------------------------------------------------------------------


def two_bases() -> Interpreter:
    families, profiles = shipped_profiles()
    return Interpreter(families, profiles.values(), bases={"zigbee2mqtt": ["zigbee2mqtt", "east/zigbee"]})


def test_several_base_topics_are_heard() -> None:
    desk = Desk(interpreter=two_bases())

    assert desk.reads("east/zigbee/hall", {"smoke": True}).identity == "hall"
    assert desk.reads("east/zigbee/bridge/state", b"online").identity == "east/zigbee"
    assert desk.reads("zigbee2mqtt/hall", {"smoke": True}).identity == "hall"


def test_a_name_that_two_bases_use_names_neither() -> None:
    desk = Desk({"zigbee2mqtt:hall": "heiman-hs1sa"}, two_bases())
    desk.hears("zigbee2mqtt/bridge/devices", [device("hall", "0x1")])
    desk.hears("east/zigbee/bridge/devices", [device("hall", "0x2")])

    assert desk.reads("zigbee2mqtt/hall", {"smoke": True}).device == "zigbee2mqtt:0x1"
    assert desk.reads("east/zigbee/hall", {"smoke": True}).device == "zigbee2mqtt:0x2"


def test_a_topic_that_only_the_installation_could_tell_is_read_by_its_family() -> None:
    assert Desk().hears("home/hall", {"smoke": True}).refusal is not None

    decoded = Desk().reads("home/kitchen/hall", {"smoke": True}, family="zigbee2mqtt")

    assert (decoded.identity, values(decoded)) == ("kitchen/hall", {"smoke": True})


def test_a_family_that_there_is_not_has_no_topics() -> None:
    found: Interpretation = shipped_interpreter().read(
        Arrival("home/hall", b"{}", NOON), FamilyState(), lambda address: None, family="nobody"
    )

    assert found.refusal is not None
    assert found.refusal.code is Problem.UNKNOWN_TOPIC
