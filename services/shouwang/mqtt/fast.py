"""The fast client: MQTT 5 over the ``mqtt5`` codec, one parse and one write for everything that came at once."""

import time
from collections.abc import Sequence

import mqtt5

from shouwang.domain.vocabulary import Arrival, Instant
from shouwang.mqtt.address import Address, Tls
from shouwang.mqtt.dialogue import (
    Dialogue,
    Hello,
    Listener,
    Version,
    Welcome,
    farewell,
    refusal,
)
from shouwang.mqtt.link import LinkLost, open_link
from shouwang.mqtt.packets import frame_length, lenient_arrival, pubacks

_OLD_CONNACK = b"\x20\x02"  # with a code below 6: how a broker without MQTT 5 answers a version that it does not know
_PING_PATIENCE = 10.0  # seconds for an answer to PINGREQ before the link counts as dead


class FastDialer:
    """Dials for the fast client."""

    versions: Sequence[Version] = (Version.MQTT_5,)

    def dial(self, address: Address, tls: Tls, hello: Hello, version: Version, listener: Listener) -> Dialogue:
        return FastDialogue(address, tls, hello, listener)


class FastDialogue:
    """See ``Dialogue``."""

    def __init__(self, address: Address, tls: Tls, hello: Hello, listener: Listener) -> None:
        self.link = open_link(address, tls)
        self._address, self._hello, self._listener = address, hello, listener
        self._session = ""
        self._welcomed = False
        self._last_id = 0
        self._open_ids: set[int] = set()
        self._keepalive: float = hello.keepalive
        self._heard = self._spoke = time.monotonic()
        self._pinged: float | None = None
        self.link.send(_connect(address, hello))

    def read(self, now: Instant) -> list[Arrival]:
        self._heard, self._pinged = time.monotonic(), None
        arrivals: list[Arrival] = []
        data = self.link.unread()
        size, at = len(data), 0
        read, publish, keep = mqtt5.read, mqtt5.PublishPacket, arrivals.append
        with memoryview(data) as view:
            while at < size:
                try:
                    packet, length = read(view[at:] if at else view)
                except IndexError:  # the rest of the packet is still on its way
                    break
                except ValueError as error:
                    length = self._malformed(view[at:], now, arrivals, error)
                    if not length:
                        break
                else:
                    if isinstance(packet, publish):
                        keep(
                            Arrival(
                                packet.topic,
                                packet.payload,
                                now,
                                packet.retain,
                                packet.duplicate,
                                int(packet.qos),
                                packet.packet_id or 0,
                                self._session,
                            )
                        )
                    else:
                        self._hear(packet)
                at += length
        self.link.consume(at)
        return arrivals

    def write(self) -> None:
        if self.link.wants_write:
            self._spoke = time.monotonic()

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        self.link.send(pubacks(packet_ids))

    def subscribe(self, filters: Sequence[str], qos: int) -> int:
        wanted = [
            mqtt5.TopicFilter(topic_filter, max_qos=mqtt5.QoS(qos), retain_as_published=False)  # retained: from store
            for topic_filter in filters
        ]
        packet_id = self._next_id()
        self.link.send(mqtt5.SubscribePacket(packet_id, wanted).write())
        return packet_id

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> int:
        packet_id = self._next_id()
        packet = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, retain=retain, packet_id=packet_id)
        self.link.send(packet.write())
        return packet_id

    def tick(self, *, reading: bool) -> None:
        now = time.monotonic()
        if not reading:
            self._heard, self._pinged = now, None
        if not self._keepalive:
            return
        if self._pinged is not None:
            if now - self._pinged >= _PING_PATIENCE:
                raise LinkLost(f"broker {self._address} has not answered for {now - self._heard:.0f} s")
        elif now - min(self._spoke, self._heard) >= self._keepalive:
            self._pinged = now
            self.link.send(mqtt5.PingReqPacket().write())

    def leave(self) -> None:
        self.link.send(mqtt5.DisconnectPacket().write())

    def _next_id(self) -> int:
        """The next packet id that no unanswered packet of ours bears. There are far fewer of them than ids."""
        while True:
            self._last_id = self._last_id % 0xFFFF + 1
            if self._last_id not in self._open_ids:
                self._open_ids.add(self._last_id)
                return self._last_id

    def _hear(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.ConnAckPacket():
                if code := int(packet.reason_code):
                    raise refusal(self._address, code, _words(packet.reason_code), Version.MQTT_5)
                if packet.server_keep_alive is not None:
                    self._keepalive = packet.server_keep_alive
                self._welcomed = True
                self._session = self._listener.welcomed(
                    Welcome(
                        session_present=packet.session_present,
                        receive_maximum=packet.receive_max,
                        session_expiry=packet.session_expiry_interval,
                    )
                )
            case mqtt5.PubAckPacket():
                self._open_ids.discard(packet.packet_id)
                self._listener.settled(packet.packet_id, int(packet.reason_code))
            case mqtt5.SubAckPacket():
                self._open_ids.discard(packet.packet_id)
                self._listener.granted(packet.packet_id, [int(code) for code in packet.reason_codes])
            case mqtt5.DisconnectPacket():
                code = int(packet.reason_code)
                raise farewell(self._address, self._hello.client_id, code, _words(packet.reason_code))
            case _:  # PINGRESP has done its work by arriving; the others answer what we never say
                pass

    def _malformed(self, data: memoryview, now: Instant, arrivals: list[Arrival], error: ValueError) -> int:
        """Length of a packet that the codec refuses, after making the best of it; 0 while it is incomplete."""
        length = frame_length(data)
        if length is None or length > len(data):
            return 0
        frame = bytes(data[:length])
        if not self._welcomed and frame[:2] == _OLD_CONNACK:
            raise refusal(self._address, 0x84, "", Version.MQTT_5)
        arrival = lenient_arrival(frame, now, self._session)
        if arrival is None:
            raise LinkLost(f"broker {self._address} sent a packet that is not MQTT 5 ({error}): {frame[:32].hex(' ')}")
        arrivals.append(arrival)
        return length


def _connect(address: Address, hello: Hello) -> bytes:
    will = None
    if hello.will_topic:
        will = mqtt5.Will(hello.will_topic, payload=hello.will_payload, qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True)
    return mqtt5.ConnectPacket(
        hello.client_id,
        username=address.user,
        password=None if address.password is None else address.password.encode(),
        clean_start=hello.clean,
        will=will,
        keep_alive=hello.keepalive,
        session_expiry_interval=0 if hello.clean else hello.session_expiry,
        receive_max=hello.receive_maximum,
    ).write()


def _words(code: mqtt5.ConnAckReasonCode | mqtt5.DisconnectReasonCode) -> str:
    return code.name.replace("_", " ").lower()
