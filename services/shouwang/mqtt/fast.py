"""The fast client: MQTT 5 only, one parse and one write for everything that came at once; codec: ``mqtt5``."""

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
from shouwang.mqtt.packets import pubacks, read_publishes

_OLD_CONNACK = b"\x20\x02"  # shorter than any of MQTT 5: from a broker that does not know it

PING_PATIENCE = 10.0
"""Seconds for an answer to PINGREQ, after which the link counts as dead."""


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
        self._last_id = 0
        self._open_ids: set[int] = set()
        self._keepalive: float = hello.keepalive
        self._heard = self._spoke = time.monotonic()
        self._pinged: float | None = None
        self.link.send(_connect(address, hello))

    def read(self, now: Instant) -> list[Arrival]:
        self._heard, self._pinged = time.monotonic(), None
        arrivals: list[Arrival] = []
        data, at = self.link.unread(), 0
        try:
            while at < len(data):
                behind = read_publishes(data, at, now, self._session, arrivals)
                if behind == at:
                    behind = self._read_other(data, at)
                if behind == at:
                    break
                at = behind
        except ValueError as error:
            raise LinkLost(f"broker {self._address} sent what is not MQTT 5: {error}") from error
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

    def publish(self, topic: str, payload: bytes, *, retain: bool, qos: int = 1) -> int:
        if not qos:
            self.link.send(mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_MOST_ONCE, retain=retain).write())
            return 0
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
            if now - self._pinged >= PING_PATIENCE:
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

    def _read_other(self, data: bytes, at: int) -> int:
        """One packet that is no PUBLISH; the position behind it, the same where it is not all there yet."""
        if data[at : at + 2] == _OLD_CONNACK:
            raise refusal(self._address, 0x84, "", Version.MQTT_5)
        try:
            packet, length = mqtt5.read(memoryview(data)[at:])
        except IndexError:
            return at
        except BaseException as panic:
            if type(panic).__name__ == "PanicException":  # the codec's way to refuse text that is no UTF-8
                raise ValueError(f"{panic}: {data[at : at + 24].hex(' ')}") from None
            raise
        self._hear(packet)
        return at + length

    def _hear(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.ConnAckPacket():
                if code := int(packet.reason_code):
                    raise refusal(self._address, code, _words(packet.reason_code), Version.MQTT_5)
                if packet.server_keep_alive is not None:
                    self._keepalive = packet.server_keep_alive
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
