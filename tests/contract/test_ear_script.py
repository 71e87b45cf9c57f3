"""The ear against a broker that follows a script: refusals, silence, floods, garbage, on demand."""

import logging
import threading
import time

import mqtt5
import pytest

from harness.ears import Station
from harness.mqtt_peers import Peer, ScriptedBroker, until
from shouwang import metrics
from shouwang.domain.errors import BrokerUnavailable
from shouwang.mqtt import conversation, fast
from shouwang.mqtt.ear import ClientName

pytestmark = pytest.mark.servers

both = pytest.mark.parametrize("client", ["paho", "fast"])

QOS_1 = mqtt5.QoS.AT_LEAST_ONCE


def publish(packet_id: int, payload: bytes = b"x", topic: str = "t/a") -> mqtt5.PublishPacket:
    return mqtt5.PublishPacket(topic, payload, qos=QOS_1, packet_id=packet_id)


def stays(peer: Peer) -> None:
    """Answers pings until the client leaves."""
    while True:
        if isinstance(peer.reads(), mqtt5.PingReqPacket):
            peer.sends(mqtt5.PingRespPacket())


class On:
    """A station on a scripted broker, for the block."""

    def __init__(self, broker: ScriptedBroker, client: ClientName) -> None:
        self._broker, self._station = broker, Station(broker, client)  # type: ignore[arg-type]  # never restarted

    def __enter__(self) -> Station:
        self._broker.__enter__()
        return self._station

    def __exit__(self, *error: object) -> None:
        self._station.close()
        self._broker.__exit__(*error)  # type: ignore[arg-type]


@both
def test_a_flood_beyond_the_receive_maximum_is_left_in_the_socket(client: ClientName) -> None:
    def script(peer: Peer) -> None:
        peer.welcomes()
        for number in range(1, 121):
            peer.sends(publish(number, bytes([number]) * 1_000_000))
        stays(peer)

    broker = ScriptedBroker(script)
    with On(broker, client) as station:
        listener = station.listens()
        time.sleep(1.5)
        [peer] = broker.peers
        # 8 of them may wait here, the rest of these lie in the kernel's buffers.
        assert peer.sent < 60
        found = []
        while len(found) < 120:
            batch = listener.ear.next_batch(10)
            assert batch is not None
            assert sum(len(arrival.payload) for arrival in batch.arrivals) <= 4 * 1024 * 1024
            found += [arrival.payload[0] for arrival in batch.arrivals]
            batch.acknowledge()
        assert found == list(range(1, 121))


@both
def test_a_refused_filter_is_reported_and_the_others_are_heard(client: ClientName) -> None:
    def script(peer: Peer) -> None:
        peer.waits_for(mqtt5.ConnectPacket)
        peer.sends(mqtt5.ConnAckPacket())
        asked = peer.waits_for(mqtt5.SubscribePacket)
        assert [one.pattern for one in asked.topic_filters] == ["#", "$forbidden/#", "$lowered/#"]
        assert not any(one.retain_as_published for one in asked.topic_filters)
        codes = mqtt5.SubAckReasonCode
        granted = [codes.GRANTED_QOS_AT_LEAST_ONCE, codes.NOT_AUTHORIZED, codes.GRANTED_QOS_AT_MOST_ONCE]
        peer.sends(mqtt5.SubAckPacket(asked.packet_id, granted), publish(1))
        stays(peer)

    with On(ScriptedBroker(script), client) as station:
        listener = station.listens(topics=["#", "$forbidden/#", "$lowered/#"])
        listener.hears(1)
        assert r"refused to subscribe us to $forbidden/# (code 0x87)" in listener.ear.problem
        assert r"grants $lowered/# only at QoS 0" in listener.ear.problem
        assert listener.ear.connected


@both
@pytest.mark.parametrize("answers", [0, 1])
def test_a_broker_that_does_not_answer_is_given_up_and_tried_again(
    client: ClientName, answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "ANSWER_PATIENCE", 0.5)

    def script(peer: Peer) -> None:
        peer.waits_for(mqtt5.ConnectPacket)
        if answers:
            peer.sends(mqtt5.ConnAckPacket())
        peer.waits_for(mqtt5.DisconnectPacket)

    broker = ScriptedBroker(script)
    with On(broker, client) as station:
        listener = station.tries()
        asked = ["CONNECT", "SUBSCRIBE"][answers]
        assert until(lambda: f"did not answer {asked} within" in listener.ear.problem)
        assert until(lambda: len(broker.peers) >= 2)
        assert not listener.ear.connected


@both
def test_our_own_messages_keep_to_the_brokers_receive_maximum(client: ClientName) -> None:
    found: list[bytes] = []
    early: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.welcomes(receive_max=2)
        held: list[int] = []
        for _ in range(6):  # the birth message is the first
            packet = peer.waits_for(mqtt5.PublishPacket)
            found.append(packet.payload)
            held.append(packet.packet_id)
            if len(held) == 2:
                time.sleep(0.3)
                early.extend(found)
                peer.sends(*[mqtt5.PubAckPacket(one) for one in held])
                held.clear()
        stays(peer)

    settled: list[int] = []
    with On(ScriptedBroker(script), client) as station:
        listener = station.listens()
        for number in range(5):
            listener.ear.publish(
                "shouwang/v1/alerts/a",
                str(number).encode(),
                retain=False,
                done=lambda number=number: settled.append(number),
            )  # type: ignore[misc]
        assert until(lambda: settled == [0, 1, 2, 3, 4])
    assert found[1:] == [b"0", b"1", b"2", b"3", b"4"]
    assert len(early) == 2 + 4 + 6


@both
def test_a_message_that_the_broker_refuses_is_counted_and_done_with_as_the_next_one_is(
    client: ClientName, caplog: pytest.LogCaptureFixture
) -> None:
    def script(peer: Peer) -> None:
        peer.welcomes()
        codes = mqtt5.PubAckReasonCode
        answers = {b"refused": codes.NOT_AUTHORIZED, b"unheard": codes.NO_MATCHING_SUBSCRIBERS}
        while True:
            packet = peer.waits_for(mqtt5.PublishPacket)
            code = answers.get(packet.payload, codes.SUCCESS)
            peer.sends(mqtt5.PubAckPacket(packet.packet_id, reason_code=code))

    refused = metrics.PUBLISHES_REFUSED.labels("not_authorized")
    before, settled = refused._value.get(), list[bytes]()
    with On(ScriptedBroker(script), client) as station:
        listener = station.listens()
        for payload in (b"refused", b"unheard", b"taken"):
            listener.ear.publish(
                "shouwang/v1/alerts/a", payload, retain=False, done=lambda payload=payload: settled.append(payload)
            )  # type: ignore[misc]
        assert until(lambda: settled == [b"refused", b"unheard", b"taken"])
    assert refused._value.get() == before + 1
    assert "refused a message to shouwang/v1/alerts/a" in caplog.text


@both
def test_a_topic_that_is_no_utf8_arrives_and_is_acknowledged(client: ClientName) -> None:
    acknowledged = threading.Event()

    def script(peer: Peer) -> None:
        peer.welcomes()
        frame = bytearray(publish(7, b"smoke", "a/b/c").write())
        frame[frame.index(b"b")] = 0xFF
        peer.sends(bytes(frame))
        assert peer.waits_for(mqtt5.PubAckPacket).packet_id == 7
        acknowledged.set()
        stays(peer)

    with On(ScriptedBroker(script), client) as station:
        listener = station.listens()
        [arrival] = listener.hears(1)
        assert (arrival.topic, arrival.payload) == ("a/�/c", b"smoke")
        listener.acknowledges()
        assert acknowledged.wait(5)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the codec panics, as is handled
@both
@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x02ab",  # a kind of packet that does not exist
        b"\x32\x05\x00\x01a\x00\x01",  # a PUBLISH without its properties
        b"\x20\x08\x00\x00\x05\x1f\x00\x02\xff\xfe",  # a CONNACK whose reason string is no UTF-8
    ],
)
def test_garbage_ends_the_connection_and_not_the_ear(client: ClientName, garbage: bytes) -> None:
    healthy = threading.Event()

    def script(peer: Peer) -> None:
        peer.welcomes()
        if not healthy.is_set():
            peer.sends(garbage)
        else:
            peer.sends(publish(1))
        stays(peer)

    broker = ScriptedBroker(script)
    with On(broker, client) as station:
        listener = station.tries()
        assert until(lambda: len(broker.peers) >= 2)
        healthy.set()
        listener.hears(1, 20)


@both
def test_a_message_that_comes_byte_by_byte_is_one_message(client: ClientName) -> None:
    def script(peer: Peer) -> None:
        peer.welcomes()
        for byte in publish(1, b"a" * 200).write() + publish(2, b"b").write():
            peer.sends(bytes([byte]))
        stays(peer)

    with On(ScriptedBroker(script), client) as station:
        assert [one.payload for one in station.listens().hears(2)] == [b"a" * 200, b"b"]


@both
def test_the_brokers_keepalive_is_kept_and_its_silence_noticed(
    client: ClientName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "PING_PATIENCE", 1.0)
    pings: list[float] = []

    def script(peer: Peer) -> None:
        peer.welcomes(server_keep_alive=1)
        while True:
            packet = peer.reads()
            if isinstance(packet, mqtt5.PingReqPacket):
                pings.append(time.monotonic())
                if len(pings) <= 2:
                    peer.sends(mqtt5.PingRespPacket())
            elif isinstance(packet, mqtt5.PublishPacket):
                peer.sends(mqtt5.PubAckPacket(packet.packet_id))

    broker = ScriptedBroker(script)
    with On(broker, client) as station:
        listener = station.listens()
        assert until(lambda: len(pings) >= 3)
        assert len(broker.peers) == 1
        assert until(lambda: len(broker.peers) >= 2)
        assert listener.ear.problem or listener.ear.connected


@both
def test_a_reason_for_the_end_is_told(client: ClientName) -> None:
    def script(peer: Peer) -> None:
        peer.welcomes()
        peer.sends(mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER))

    broker = ScriptedBroker(script)
    with On(broker, client) as station:
        listener = station.tries()
        assert until(lambda: f"another client with the id ear-{station.root}" in listener.ear.problem)
        time.sleep(0.5)
        assert len(broker.peers) == 1  # it waits long, lest the two of them fight


@both
def test_a_broker_that_ends_every_connection_is_not_stormed(client: ClientName) -> None:
    broker = ScriptedBroker(lambda peer: peer.welcomes())
    with On(broker, client) as station:
        station.tries()
        time.sleep(3)
        assert 2 <= len(broker.peers) <= 25


def test_paho_turns_to_3_1_1_when_the_broker_says_that_it_knows_no_5() -> None:
    levels: list[int] = []

    def script(peer: Peer) -> None:
        connect = peer.reads_raw()
        levels.append(connect[8])
        if connect[8] == 5:
            peer.sends(mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION))
            return
        assert connect[9] & 0x02 == 0  # clean session off
        peer.sends(b"\x20\x02\x00\x00")
        subscribe = peer.reads_raw()
        assert subscribe[0] == 0x82
        peer.sends(b"\x90\x03" + subscribe[2:4] + b"\x01")
        peer.sends(b"\x32\x06\x00\x01t\x00\x05x")
        while True:
            peer.reads_raw()

    with On(ScriptedBroker(script), "paho") as station:
        [arrival] = station.listens(topics=["#"]).hears(1)
        assert (arrival.topic, arrival.payload, arrival.packet_id) == ("t", b"x", 5)
    assert levels == [5, 4]


def test_the_fast_client_knows_a_3_1_1_refusal_when_it_reads_one() -> None:
    def script(peer: Peer) -> None:
        peer.waits_for(mqtt5.ConnectPacket)
        peer.sends(b"\x20\x02\x00\x01")

    with (
        On(ScriptedBroker(script), "fast") as station,
        pytest.raises(BrokerUnavailable, match=r"does not speak MQTT 5.*set the client to paho"),
    ):
        station.tries().ear.wait_connected(1)


@both
def test_the_connect_says_what_the_service_needs(client: ClientName) -> None:
    seen: list[mqtt5.ConnectPacket] = []

    def script(peer: Peer) -> None:
        seen.append(peer.waits_for(mqtt5.ConnectPacket))
        peer.sends(mqtt5.ConnAckPacket(session_present=True, session_expiry_interval=60))
        stays(peer)

    with On(ScriptedBroker(script), client) as station:
        station.tries(receive_maximum=123, session_expiry=86_400, keepalive=17)
        assert until(lambda: bool(seen))
    [connect] = seen[:1]
    assert connect.client_id == f"ear-{station.root}"
    assert not connect.clean_start
    assert (connect.receive_max, connect.session_expiry_interval, connect.keep_alive) == (123, 86_400, 17)
    assert connect.will is not None
    assert (connect.will.topic, connect.will.retain, int(connect.will.qos)) == ("shouwang/v1/status", True, 1)


@both
def test_a_session_kept_shorter_than_wanted_is_said_aloud(client: ClientName, caplog: pytest.LogCaptureFixture) -> None:
    def script(peer: Peer) -> None:
        peer.welcomes(session_expiry_interval=60)
        stays(peer)

    with caplog.at_level(logging.WARNING), On(ScriptedBroker(script), client) as station:
        station.listens()
    assert "keeps our session for 60 s only" in caplog.text


@both
def test_the_id_of_a_session_is_that_of_before_only_where_the_broker_still_has_it(client: ClientName) -> None:
    present = [False, True, False]

    def script(peer: Peer) -> None:
        peer.welcomes(session_present=present.pop(0))
        peer.sends(publish(1))
        stays(peer)

    with On(ScriptedBroker(script), client) as station:
        listener = station.listens()
        sessions = [listener.hears(1)[0].session]
        for _ in range(2):
            listener.ear.reconnect("the test says so")
            sessions.append(listener.hears(1)[0].session)
    assert sessions[0] == sessions[1] != sessions[2]
