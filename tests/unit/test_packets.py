"""Packets and arrivals: what is ours, what is acknowledged, and what a strict parser refuses."""

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.vocabulary import Arrival
from shouwang.mqtt.packets import is_own, pubacks, read_publishes, topic_problem, topic_text

NOW = 1_790_000_000_000_000

topics = st.text(st.characters(exclude_characters="+#\0", exclude_categories=["Cs"]), min_size=1, max_size=60)


@pytest.mark.parametrize(
    "topic",
    [
        "shouwang/v1/alerts/chengjiang/dongmen/jinyuan/b3/_/smoke",
        "shouwang/v1/incidents/01j",
        "shouwang/v1/status",
    ],
)
def test_what_we_publish_is_ours(topic: str) -> None:
    assert is_own(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "shouwang/v1/devices/jy-3-2-501/readings",
        "shouwang/v1/status/more",
        "shouwang/v1/alertsx",
        "shouwang/v2/alerts/x",
        "x/shouwang/v1/status",
        "zigbee2mqtt/kitchen",
    ],
)
def test_what_devices_publish_is_not_ours(topic: str) -> None:
    assert not is_own(topic)


@given(st.lists(st.integers(1, 0xFFFF), max_size=600))
def test_acknowledgements_are_pubacks_in_the_given_order(packet_ids: list[int]) -> None:
    data, found = pubacks(packet_ids), []
    while data:
        packet, length = mqtt5.read(memoryview(data))
        assert isinstance(packet, mqtt5.PubAckPacket)
        assert int(packet.reason_code) == 0
        found.append(packet.packet_id)
        data = data[length:]
    assert found == packet_ids


@st.composite
def publishes(draw: st.DrawFn) -> mqtt5.PublishPacket:
    qos = draw(st.sampled_from([0, 1]))
    return mqtt5.PublishPacket(
        draw(topics),
        draw(st.binary(max_size=300)),
        qos=mqtt5.QoS(qos),
        retain=draw(st.booleans()),
        duplicate=draw(st.booleans()) if qos else False,
        packet_id=draw(st.integers(1, 0xFFFF)) if qos else None,
        content_type=draw(st.sampled_from([None, "application/json"])),
        user_properties=draw(st.lists(st.just(("trace", "1" * 40)), max_size=5)),
    )


@given(st.lists(publishes(), max_size=6), st.data())
def test_publishes_are_read_as_the_codec_wrote_them_however_they_are_cut(
    packets: list[mqtt5.PublishPacket], data: st.DataObject
) -> None:
    stream = b"".join(packet.write() for packet in packets) + mqtt5.PingRespPacket().write()
    cut = data.draw(st.integers(0, len(stream)))
    found: list[Arrival] = []
    at = read_publishes(stream[:cut], 0, NOW, "us/1", found)
    assert at <= cut
    at = read_publishes(stream, at, NOW, "us/1", found)
    assert stream[at:] == mqtt5.PingRespPacket().write()
    assert [(one.topic, one.payload, one.qos, one.packet_id) for one in found] == [
        (packet.topic, packet.payload, int(packet.qos), packet.packet_id or 0) for packet in packets
    ]
    assert [(one.retained, one.duplicate) for one in found] == [(one.retain, one.duplicate) for one in packets]
    assert [one.received_at for one in found] == [NOW + place for place in range(len(found))]
    assert {one.session for one in found} <= {"us/1"}


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 16_000, 16_384, 2_100_000])
def test_payloads_on_either_side_of_every_length_are_read_whole(size: int) -> None:
    frame = mqtt5.PublishPacket("t", b"x" * size, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=9).write()
    found: list[Arrival] = []
    assert read_publishes(frame[:-1], 0, NOW, "", found) == 0
    assert read_publishes(frame, 0, NOW, "", found) == len(frame)
    assert [len(one.payload) for one in found] == [size]


def test_a_topic_that_is_no_utf8_is_still_an_arrival() -> None:
    frame = bytearray(mqtt5.PublishPacket("a/b/c", b"x", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=7).write())
    frame[frame.index(b"b")] = 0xFF
    found: list[Arrival] = []
    assert read_publishes(bytes(frame), 0, NOW, "", found) == len(frame)
    assert [(one.topic, one.payload, one.packet_id) for one in found] == [("a/\ufffd/c", b"x", 7)]
    assert topic_text(b"a/\xff/c") == "a/\ufffd/c"


@given(st.binary(max_size=60).map(lambda tail: b"\x32" + tail))
def test_bytes_that_only_begin_like_a_publish_are_awaited_or_refused_and_nothing_else(data: bytes) -> None:
    found: list[Arrival] = []
    try:
        at = read_publishes(data, 0, NOW, "", found)
    except ValueError as refused:
        assert "PUBLISH" in str(refused) or "length" in str(refused)
    else:
        assert 0 <= at <= len(data)
        assert bool(at) == bool(found)


@pytest.mark.parametrize(
    "frame",
    [
        "32 03 00 09 61",  # the topic is longer than the packet
        "32 04 00 01 61 00",  # no room for the packet id
        "32 05 00 01 61 00 01",  # none for the properties
        "32 06 00 01 61 00 01 05",  # properties longer than the packet
        "34 06 00 01 61 00 01 00",  # QoS 2
        "32 ff ff ff ff 01",  # a length of five bytes
    ],
)
def test_a_publish_whose_parts_do_not_fit_is_refused(frame: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be read|four bytes"):
        read_publishes(bytes.fromhex(frame), 0, NOW, "", [])


@pytest.mark.parametrize("topic", ["", "a/+/b", "a/#", "a\0b", "x" * 65536, "\ud800"])
def test_a_topic_that_cannot_be_published_to_is_named_with_its_reason(topic: str) -> None:
    assert topic_problem(topic)


def test_a_topic_of_a_hundred_levels_can_be_published_to() -> None:
    assert topic_problem("/".join(["x"] * 100)) is None
