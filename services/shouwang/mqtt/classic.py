"""The compatible client: the dialogue spoken by paho-mqtt, MQTT 5 and 3.1.1, with acknowledgements in our hands.

paho is driven from outside (``loop_read``, ``loop_write``, ``loop_misc``: its interface for foreign event loops), one
client object a connection. Its one public door to the socket is the TLS context, whose ``wrap_socket`` gives back what
paho then reads and writes: we give it our buffered ``Link``, with TLS or without.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, cast

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from shouwang.domain.vocabulary import Arrival, Instant
from shouwang.mqtt.address import Address, Tls
from shouwang.mqtt.dialogue import UNLIMITED_WINDOW, Dialogue, Hello, Listener, Version, Welcome, farewell, refusal
from shouwang.mqtt.link import CONNECT_TIMEOUT, Link, LinkLost, reason, secure
from shouwang.mqtt.packets import topic_text

_properties: Callable[[int], Any] = Properties  # which paho leaves untyped


class PahoDialer:
    """Dials for the default client."""

    versions: Sequence[Version] = (Version.MQTT_5, Version.MQTT_3_1_1)

    def dial(self, address: Address, tls: Tls, hello: Hello, version: Version, listener: Listener) -> Dialogue:
        return PahoDialogue(address, tls, hello, version, listener)


class PahoDialogue:
    """See ``Dialogue``."""

    link: Link

    def __init__(self, address: Address, tls: Tls, hello: Hello, version: Version, listener: Listener) -> None:
        self._address, self._hello, self._version, self._listener = address, hello, version, listener
        self._session = ""
        self._now: Instant = 0
        self._arrivals: list[Arrival] = []
        self._ended: LinkLost | None = None
        self._client = self._configured_client(tls)
        try:
            self._connect()
        except LinkLost:
            raise
        except OSError as error:
            raise LinkLost(
                f"broker {address} does not answer ({reason(error)}): is it running, is the address right?"
            ) from error

    def read(self, now: Instant) -> list[Arrival]:
        self._now, self._arrivals = now, []
        while self.link.has_unread:
            self._check(self._client.loop_read())
        return self._arrivals

    def write(self) -> None:
        if self._client.want_write():
            self._check(self._client.loop_write())

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        for packet_id in packet_ids:
            self._client.ack(packet_id, 1)

    def subscribe(self, filters: Sequence[str], qos: int) -> int:
        wanted: list[tuple[str, Any]]
        if self._version is Version.MQTT_5:
            wanted = [(topic_filter, SubscribeOptions(qos=qos)) for topic_filter in filters]
        else:
            wanted = [(topic_filter, qos) for topic_filter in filters]
        code, packet_id = self._client.subscribe(wanted)
        self._check(code)
        assert packet_id is not None  # paho gives none only beside an error
        return packet_id

    def publish(self, topic: str, payload: bytes, *, retain: bool, qos: int = 1) -> int:
        sent = self._client.publish(topic, payload, qos=qos, retain=retain)
        self._check(sent.rc)
        return sent.mid

    def tick(self, *, reading: bool) -> None:
        if reading:  # paho cannot ping without judging the answer: so a pause of 1.5 keepalives costs the connection
            self._check(self._client.loop_misc())

    def leave(self) -> None:
        self._client.on_disconnect = None
        self._client.disconnect()
        self._client.loop_write()

    def _configured_client(self, tls: Tls) -> Client:
        address, hello = self._address, self._hello
        modern = self._version is Version.MQTT_5
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=hello.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if modern else MQTTProtocolVersion.MQTTv311,
            clean_session=None if modern else hello.clean,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_TIMEOUT
        client.max_inflight_messages = UNLIMITED_WINDOW  # the session counts by itself
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        client.on_socket_register_write = _written_elsewhere
        client.tls_set_context(cast(ssl.SSLContext, _Door(self, address, tls)))
        if address.user is not None:
            client.username_pw_set(address.user, address.password)
        if hello.will_topic:
            client.will_set(hello.will_topic, hello.will_payload, qos=1, retain=True)
        return client

    def _connect(self) -> None:
        hello, address = self._hello, self._address
        if self._version is not Version.MQTT_5:
            self._client.connect(address.host, address.port, hello.keepalive)
            return
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0 if hello.clean else hello.session_expiry
        properties.ReceiveMaximum = hello.receive_maximum
        self._client.connect(
            address.host, address.port, hello.keepalive, clean_start=hello.clean, properties=properties
        )

    def _check(self, code: MQTTErrorCode) -> None:
        if self._ended is not None:
            raise self._ended
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise LinkLost(f"broker {self._address} ended the connection ({code.name})")

    def _on_connect(
        self, client: Client, userdata: object, flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._ended = refusal(self._address, code.value, str(code).lower(), self._version)
            return
        self._session = self._listener.welcomed(
            Welcome(
                session_present=flags.session_present,
                receive_maximum=getattr(properties, "ReceiveMaximum", UNLIMITED_WINDOW),
                session_expiry=getattr(properties, "SessionExpiryInterval", None),
            )
        )

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError as error:
            topic = topic_text(error.object)
        self._arrivals.append(
            Arrival(
                topic,
                bytes(message.payload),
                self._now + len(self._arrivals),
                message.retain,
                message.dup,
                message.qos,
                message.mid,
                self._session,
            )
        )

    def _on_subscribe(
        self, client: Client, userdata: object, packet_id: int, codes: list[ReasonCode], properties: Properties | None
    ) -> None:
        self._listener.granted(packet_id, [code.value for code in codes])

    def _on_publish(
        self, client: Client, userdata: object, packet_id: int, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._listener.settled(packet_id, code.value)

    def _on_disconnect(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        code: ReasonCode | None,
        properties: Properties | None,
    ) -> None:
        if self._ended is not None or code is None:
            return
        if flags.is_disconnect_packet_from_server:
            self._ended = farewell(self._address, self._hello.client_id, code.value, str(code).lower())
        else:
            self._ended = LinkLost(f"the connection to broker {self._address} ended ({str(code).lower()})")


class _Door:
    """The face of an ``ssl.SSLContext`` that paho looks at."""

    check_hostname = True  # the real context sees to it

    def __init__(self, dialogue: PahoDialogue, address: Address, tls: Tls) -> None:
        self._dialogue, self._address, self._tls = dialogue, address, tls

    def wrap_socket(self, sock: socket.socket, **options: object) -> Link:
        self._dialogue.link = secure(sock, self._address, self._tls)
        return self._dialogue.link


def _written_elsewhere(client: Client, userdata: object, sock: object) -> None:
    """Tells paho, by being set, that its ``loop_write`` is called by the session's loop."""
