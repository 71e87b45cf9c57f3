"""rtl_433, OpenMQTTGateway, RFLink, MySensors and bare values: codes that only a profile or a presentation explains."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from harness.decoding import NOON, Desk, shipped_profiles, values
from shouwang.domain.decode import FamilyState, Interpreter
from shouwang.domain.profile import Profile, Spoken
from shouwang.domain.vocabulary import Kind, Problem

EVENTS = "rtl_433/attic/events"
OUT = "mygateway1-out"


def test_a_detector_that_only_transmits_in_alarm_alarms_by_being_heard() -> None:
    sounding = {"model": "Smoke-GS558", "id": 77, "unit": 2, "learn": 0, "code": "0a0b0c"}

    assert values(Desk().reads(EVENTS, sounding)) == {"smoke": True}
    assert values(Desk().reads(EVENTS, {**sounding, "learn": 1})) == {}


def test_one_model_is_told_from_another_by_its_subtype_in_old_and_new_words() -> None:
    for subtype in (
        {"model": "Interlogix-Security", "subtype": "smoke"},
        {"model": "Interlogix", "device_type": "smoke"},
    ):
        decoded = Desk().reads(EVENTS, {**subtype, "id": "a1", "switch2": "OPEN", "switch4": "CLOSED"})

        assert (decoded.profile, decoded.kind) == ("interlogix-smoke", Kind.SMOKE)
        assert values(decoded) == {"smoke": True, "tamper": False}


def test_a_subtype_alone_is_no_name_of_a_model() -> None:
    catalogue = Desk().interpreter.catalogue

    assert catalogue.named("X10 KR15A panic", "rtl_433") is None
    assert catalogue.named("Qingping contact", "openmqttgateway") is None
    assert catalogue.named("Interlogix panic pendant", "rtl_433") == "interlogix-panic"


def test_the_model_stands_in_the_topic_where_each_field_has_its_own() -> None:
    base = "rtl_433/attic/devices"

    assert values(Desk().reads(f"{base}/Smoke-GS558/77/learn", b"0")) == {"smoke": True}
    assert values(Desk().reads(f"{base}/Interlogix-Security/smoke/a1/switch2", b"OPEN")) == {"smoke": True}
    assert values(Desk().reads(f"{base}/Honeywell-Security/8/698/contact_open", b"1")) == {"contact": False}
    assert values(Desk().reads(f"{base}/Cavius-Security/9/time", b"2026-03-01 12:00:00")) == {}


def test_a_transmitter_may_be_registered_with_its_model_because_ids_are_short() -> None:
    desk = Desk({"rtl_433:Honeywell-Security/698": "honeywell-5808"})
    decoded = desk.reads(EVENTS, {"model": "Honeywell-Security", "id": 698, "state": "open", "contact_open": 1})

    assert values(decoded) == {"smoke": True}
    assert decoded.device == "id of rtl_433:Honeywell-Security/698"


def test_an_offset_into_a_recording_is_no_time_and_epoch_text_is_one() -> None:
    door = {"model": "Cavius-Door", "id": "aa", "state": "open"}

    assert Desk().reads(EVENTS, {**door, "time": "@0.133476s"}).device_time is None
    assert Desk().reads(EVENTS, {**door, "time": f"{NOON // 1_000_000}.250000"}).device_time == NOON + 250_000


def test_what_the_receiver_adds_does_not_tell_two_messages_apart() -> None:
    press = {"model": "KR15", "id": "a1", "event": "KR15 PANIC", "time": "2026-03-01T12:00:00+08:00"}
    near, far = (Desk().reads(EVENTS, {**press, "rssi": rssi, "snr": 20 + rssi}) for rssi in (-0.1, -9.5))
    other = Desk().reads(EVENTS, {**press, "event": "KR18 PANIC", "rssi": -0.1})

    assert near.digest == far.digest != ""
    assert other.digest != near.digest


def test_the_signal_of_rtl_433_is_no_dbm_and_that_of_openmqttgateway_is() -> None:
    message = {"model": "Kerui-Security", "id": "0x1", "opened": 0, "state": "close", "rssi": -12.5}

    assert values(Desk().reads(EVENTS, message)) == {"contact": True}
    assert values(Desk().reads("home/omg/RTL_433toMQTT/Kerui-Security/0x1", message)) == {
        "contact": True,
        "rssi": -12.5,
    }


def test_a_bare_code_means_what_its_registered_profile_says() -> None:
    code = {"value": 7340033, "protocol": 1, "length": 24}

    assert values(Desk().reads("home/omg/433toMQTT", code)) == {}
    assert values(Desk({"openmqttgateway:7340033": "ev1527-smoke"}).reads("home/omg/433toMQTT", code)) == {
        "smoke": True
    }


def test_commands_logs_and_passing_cars_are_no_readings() -> None:
    for topic in ("home/omg/commands/MQTTtoBT/config", "home/omg/IRtoMQTT", "home/presence/omg", "home/omg/version",
                  "rtl_433/attic/states", "mygateway1-in/1/1/1/0/2", "rflink/cmd", "rflink/debug"):  # fmt: skip
        assert Desk().hears(topic, {"id": 1, "state": "open"}).ignored, topic
    assert values(Desk().reads(EVENTS, {"type": "TPMS", "model": "Ford", "id": "1", "temperature_C": 70})) == {}


def test_lines_of_rflink_come_in_hexadecimal_tenths() -> None:
    decoded = Desk().reads("rflink/rx", b"20;2A;Xiron;ID=2801;TEMP=80dc;HUM=29;BARO=03f5;BAT=OK;\r\n")

    assert decoded.identity == "2801"
    assert decoded.aliases == ["rflink:Xiron-2801"]
    assert values(decoded) == {"temperature": -22, "humidity": 29, "pressure": 1013, "battery_low": False}


def test_what_a_bridge_of_rflink_decoded_stands() -> None:
    decoded = Desk().reads("rflink/Xiron-2801", {"TEMP": 6.7, "HUM": 29, "BAT": "LOW"})

    assert decoded.identity == "2801"
    assert values(decoded) == {"temperature": 6.7, "humidity": 29, "battery_low": True}
    assert values(Desk().reads("data/RFLINK/KD101/3f21b0/R/SMOKEALERT", b"ON")) == {"smoke": True}


def test_rflink_speaks_of_itself_and_hears_commands_without_a_reading() -> None:
    for line in (
        b"20;00;Nodo RadioFrequencyLink - RFLink Gateway V1.1 - R48;",
        b"20;01;PONG;",
        b"10;KD101;3f21b0;ON;",
        b"20;02;DEBUG;Pulses=50;Pulses(uSec)=300;",
        b"20;03;VER=1.1;REV=48;",
        b"11;20;05;X;ID=1;SMOKEALERT=ON;",
    ):
        assert Desk().hears("rflink/rx", line).ignored, line


def test_tripped_means_what_the_child_presented_itself_as() -> None:
    desk = Desk()
    for child, type in ((1, 2), (2, 0), (3, 1), (4, 32)):
        assert desk.hears(f"{OUT}/12/{child}/0/0/{type}", b"kitchen").ignored

    found = [values(desk.reads(f"{OUT}/12/{child}/1/0/16", b"1")) for child in (1, 2, 3, 4, 5)]

    assert found == [{"smoke": True}, {"contact": False}, {"occupancy": True}, {"water_leak": True}, {}]


def test_a_restart_remembers_what_was_presented() -> None:
    desk = Desk()
    said = desk.hears(f"{OUT}/12/1/0/0/2", b"kitchen")
    assert said.announced is not None
    assert [(one.address, one.kind) for one in said.introduced] == [("mysensors:12/1", Kind.SMOKE)]

    later = Desk()
    later.state = FamilyState({"mysensors": said.announced})

    assert values(later.reads(f"{OUT}/12/1/1/0/16", b"1")) == {"smoke": True}


def test_the_battery_of_a_node_is_that_of_each_of_its_children() -> None:
    desk = Desk()
    desk.hears(f"{OUT}/12/1/0/0/2", b"")
    found = desk.hears(f"{OUT}/12/255/3/0/0", b"71")

    assert {one.identity: values(one) for one in found.messages} == {"12": {"battery": 71}, "12/1": {"battery": 71}}


def test_echoes_requests_logs_and_nameless_nodes_of_mysensors_are_no_readings() -> None:
    for rest in (
        "12/1/1/1/16",
        "12/1/2/0/2",
        "0/255/3/0/9",
        "255/255/3/0/3",
        "12/255/3/0/11",
        "12/0/4/0/0",
        "12/255/0/0/17",
    ):
        assert Desk().hears(f"{OUT}/{rest}", b"1").ignored, rest
    assert Desk().hears(f"{OUT}/x/1/1/0/16", b"1").refusal is not None


def test_a_profile_names_topics_of_an_installations_own() -> None:
    families, profiles = shipped_profiles()
    topics = [Spoken(topic="compound/{building}/{device}/smoke", device="{building}-{device}", field="smoke")]
    own = msgspec.structs.replace(profiles["raw-smoke"], id="corridor-smoke", topics=topics)
    desk = Desk(interpreter=Interpreter(families, [*profiles.values(), own]))
    decoded = desk.reads("compound/3/1204/smoke", b"ALARM")

    assert (decoded.identity, decoded.profile, decoded.kind) == ("3-1204", "corridor-smoke", Kind.SMOKE)
    assert values(decoded) == {"smoke": True}
    assert isinstance(own, Profile)


def test_a_topic_that_nobody_named_is_not_guessed() -> None:
    refusal = Desk().hears("compound/3/1204/smoke", b"1").refusal

    assert refusal is not None
    assert refusal.code is Problem.UNKNOWN_TOPIC
    assert values(Desk().reads("compound/3/1204/smoke", b"1", family="raw")) == {"smoke": True}


def test_an_object_that_breaks_off_is_no_word() -> None:
    refusal = Desk().hears("compound/3/1204/smoke", b'{"smoke":true,"bat', family="raw").refusal

    assert refusal is not None
    assert refusal.code is Problem.INVALID_JSON
    twice = Desk().reads("compound/3/1204/smoke", b'"{\\"smoke\\":true}"', family="raw")
    assert values(twice) == {"smoke": True}


def test_a_number_under_a_word_of_place_is_named_by_both() -> None:
    for said in (4, "4"):
        assert Desk().reads("plant/2", {"zone": said, "smoke": False}, family="raw").identity == "zone 4"
    assert Desk().reads("plant/2", {"zone": "north", "smoke": False}, family="raw").identity == "north"


PAYLOADS = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"1", b"ON", b"{}", b"[]", b"null", b"NaN", b'"', b"20;;;", b"20;01;X;ID=;", b"\xff\xfe", b"\x00"]
    ),
    st.text(alphabet="0123456789abcdefABCDEF;=.,-\n", max_size=40).map(
        lambda text: b"20;01;X;ID=1;TEMP=" + text.encode()
    ),
    st.dictionaries(
        st.sampled_from(
            ["id", "model", "state", "event", "battery_ok", "temperature_C", "smoke", "zone", "value", "time"]
        ),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=False),
            st.text(max_size=8),
            st.just([1]),
        ),
    ).map(msgspec.json.encode),
)
TOPICS = st.one_of(
    st.sampled_from(
        [
            "rtl_433/a/events",
            "rtl_433/a/devices/X/1/y",
            "rtl_433/a/availability",
            "home/o/BTtoMQTT/AA",
            "home/o/433toMQTT",
            "home/o/RTL_433toMQTT/X/1",
            "home/o/SYStoMQTT",
            "home/o/LWT",
            "home/o/PilighttoMQTT",
            "rflink/x",
            "rflink/x-1",
            "rflink/X/1/R/TEMP",
            "rflink/online",
            "compound/1/smoke",
            "x",
        ]
    ),
    st.tuples(*[st.integers(-1, 300)] * 5).map(lambda levels: "/".join(["a-out", *map(str, levels)])),
)


@given(topic=TOPICS, payload=PAYLOADS, family=st.sampled_from(["", "raw"]))
def test_any_bytes_on_any_topic_of_these_families_give_readings_or_a_problem(
    topic: str, payload: bytes, family: str
) -> None:
    found = Desk().hears(topic, payload, family=family)

    assert (bool(found.messages) + (found.refusal is not None) + found.ignored) == 1
