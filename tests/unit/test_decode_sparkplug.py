"""Sparkplug B: names at birth, numbers afterwards, deaths, and bytes that are no message."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from harness.decoding import NOON, Desk, values
from shouwang.domain.sparkplug_payload import read_payload
from shouwang.domain.vocabulary import MILLISECOND, Problem

NOW = NOON // MILLISECOND
NODE = "spBv1.0/compound/{}/roof"
DEVICE = "spBv1.0/compound/{}/roof/smoke-7"


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def metric(name: str = "", alias: int | None = None, *rest: bytes) -> bytes:
    named = text(1, name.encode()) if name else b""
    return text(2, named + (b"" if alias is None else number(2, alias)) + b"".join(rest))


def payload(*metrics: bytes, seq: int | None = 0, time: int = NOW) -> bytes:
    return number(1, time) + b"".join(metrics) + (b"" if seq is None else number(3, seq))


def boolean(value: bool) -> bytes:
    return number(4, 11) + number(14, int(value))


def born() -> Desk:
    desk = Desk()
    desk.hears(NODE.format("NBIRTH"), payload(metric("bdSeq", None, number(4, 8), number(11, 3))))
    desk.hears(
        DEVICE.format("DBIRTH"),
        payload(
            metric("Smoke", 1, boolean(False)),
            metric("Radio/RSSI", 2, number(4, 3), number(10, 2**32 - 71)),
            metric("Temperature", 3, number(4, 9), varint(12 << 3 | 5) + struct.pack("<f", 21.5)),
        ),
    )
    return desk


def test_a_number_means_what_the_birth_named() -> None:
    decoded = born().reads(DEVICE.format("DDATA"), payload(metric("", 1, number(14, 1)), seq=2))

    assert values(decoded) == {"smoke": True}
    assert decoded.identity == "smoke-7"
    assert decoded.counter == "2"


def test_a_birth_says_that_the_device_is_there_and_signed_numbers_keep_their_sign() -> None:
    desk = Desk()
    decoded = desk.reads(DEVICE.format("DBIRTH"), payload(metric("RSSI", 1, number(4, 3), number(10, 2**32 - 71))))

    assert values(decoded) == {"online": True, "rssi": -71}


def test_names_survive_a_restart() -> None:
    desk = born()
    found = desk.hears(DEVICE.format("DBIRTH"), payload(metric("Smoke", 9, boolean(False))))
    assert found.announced is not None
    again = Desk()
    again.state = type(again.state)({"sparkplug-b": found.announced})

    assert values(again.reads(DEVICE.format("DDATA"), payload(metric("", 9, number(14, 1))))) == {"smoke": True}


def test_a_number_that_was_never_named_is_a_problem_and_harms_no_named_one() -> None:
    desk = born()
    alone = desk.hears(DEVICE.format("DDATA"), payload(metric("", 77, number(14, 1))))
    beside = desk.reads(DEVICE.format("DDATA"), payload(metric("", 77, number(14, 1)), metric("", 1, number(14, 1))))

    assert alone.refusal is not None
    assert alone.refusal.code is Problem.UNDECLARED_ALIAS
    assert values(beside) == {"smoke": True}
    assert beside.problem is not None


def test_the_death_of_a_node_takes_its_devices_along_unless_it_is_of_an_earlier_session() -> None:
    desk = born()
    earlier = desk.hears(NODE.format("NDEATH"), payload(metric("bdSeq", None, number(11, 2)), seq=None))
    now = desk.hears(NODE.format("NDEATH"), payload(metric("bdSeq", None, number(11, 3)), seq=None))

    assert earlier.ignored
    assert [(one.identity, values(one)) for one in now.messages] == [
        ("roof", {"online": False}),
        ("smoke-7", {"online": False}),
    ]


def test_what_was_held_back_is_as_old_as_it_says() -> None:
    found = born().hears(
        DEVICE.format("DDATA"),
        payload(
            metric("", 1, number(3, NOW - 60_000), number(5, 1), number(14, 1)),
            metric("", 1, number(3, NOW), number(14, 0)),
        ),
    )

    assert [(one.measured_at, values(one)) for one in found.messages] == [
        (NOON - 60_000 * MILLISECOND, {"smoke": True}),
        (NOON, {"smoke": False}),
    ]


def test_an_alarm_of_years_ago_that_was_held_back_is_no_news() -> None:
    years_ago = NOW - 7 * 365 * 86_400_000
    decoded = born().reads(
        DEVICE.format("DDATA"), payload(metric("", 1, number(3, years_ago), number(5, 1), number(14, 1)))
    )

    assert values(decoded) == {}


def test_null_is_not_false() -> None:
    decoded = born().reads(DEVICE.format("DDATA"), payload(metric("", 1, number(7, 1))))

    assert values(decoded) == {}


@given(st.binary(max_size=200), st.sampled_from(["NBIRTH", "DBIRTH", "DDATA", "NDEATH", "DDEATH", "NCMD", "x"]))
def test_any_bytes_give_readings_or_a_problem(data: bytes, verb: str) -> None:
    found = born().hears(DEVICE.format(verb), data)

    assert (found.refusal is not None) + found.ignored + bool(found.messages) == 1


def test_a_node_that_numbers_what_it_never_named_is_asked_for_a_rebirth() -> None:
    desk = born()
    found = desk.hears(DEVICE.format("DDATA"), payload(metric("", 77, number(14, 1)), seq=2))
    (ask,) = found.asks

    assert ask.topic == NODE.format("NCMD")
    said = read_payload(ask.payload)
    assert said.sequence is None and said.time == NOW
    assert [(one.name, one.type, one.value) for one in said.metrics] == [("Node Control/Rebirth", 11, True)]
    assert desk.hears(ask.topic, ask.payload).ignored  # our own command comes back to us
    assert not desk.hears(DEVICE.format("DDATA"), payload(metric("", 1, number(14, 1)), seq=3)).asks


def test_after_a_gap_every_node_that_was_ever_born_is_asked() -> None:
    desk = born()
    assert [ask.topic for ask in desk.interpreter.asks(desk.state, NOON)] == [NODE.format("NCMD")]


def test_two_rooms_of_one_device_are_two_parts_and_neither_hides_the_other() -> None:
    desk = Desk()
    rooms = payload(metric("Kitchen/Smoke", 1, boolean(False)), metric("Bedroom/Smoke", 2, boolean(True)))
    born = desk.reads(DEVICE.format("DBIRTH"), rooms)
    later = desk.reads(DEVICE.format("DDATA"), payload(metric("", 2, number(14, 0)), seq=1))

    assert {(reading.part, reading.value) for reading in born.readings if reading.metric == "smoke"} == {
        ("Kitchen", False),
        ("Bedroom", True),
    }
    assert [(reading.part, reading.value) for reading in later.readings] == [("Bedroom", False)]


def test_a_value_of_bad_or_stale_quality_is_unknown() -> None:
    for quality, read in ((192, {"smoke": False}), (0, {}), (500, {})):
        properties = text(9, text(1, b"Quality") + text(2, number(1, 3) + number(3, quality)))
        assert values(born().reads(DEVICE.format("DDATA"), payload(metric("", 1, number(14, 0), properties)))) == read


def test_the_members_of_a_template_are_read_and_its_definition_says_nothing() -> None:
    members = metric("Smoke", None, boolean(True)) + metric("Battery", None, number(4, 3), number(10, 55))
    instance = metric("Detector", None, number(4, 19), text(18, members + text(4, b"SmokeType")))
    definition = metric("_types_/SmokeType", None, number(4, 19), text(18, members + number(5, 1)))

    assert values(born().reads(DEVICE.format("DDATA"), payload(instance))) == {"smoke": True, "battery": 55}
    assert values(born().reads(DEVICE.format("DDATA"), payload(definition))) == {}


def test_a_lost_message_and_a_node_never_born_are_asked_about_and_a_wrapped_number_is_neither() -> None:
    def asks(desk: Desk, seq: int) -> int:
        return len(desk.hears(DEVICE.format("DDATA"), payload(metric("Smoke", None, boolean(True)), seq=seq)).asks)

    desk = born()
    assert [asks(desk, seq) for seq in (1, 2, 2, 4, 5)] == [0, 0, 0, 1, 0]
    assert asks(Desk(), 7) == 1
    wrapped = Desk()
    wrapped.hears(NODE.format("NBIRTH"), payload(seq=255))
    assert asks(wrapped, 0) == 0
