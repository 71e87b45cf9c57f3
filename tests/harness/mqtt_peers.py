"""The ear's counterparts: devices on a broker, a broker that follows a script, a wire that can be read and cut."""

import contextlib
import itertools
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import mqtt5
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from harness.servers import free_port

_PATIENCE = 10.0


def until(condition: Callable[[], bool], seconds: float = _PATIENCE) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


class Device:
    """A device as its vendor would write it, over MQTT 3.1.1: publishes, and hears what it subscribed to."""

    _numbers = itertools.count(1)

    def __init__(
        self, port: int, *, listens: str = "", login: tuple[str, str] | None = None, patience: float = _PATIENCE
    ) -> None:
        self.heard: list[MQTTMessage] = []
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"device-{os.getpid()}-{next(self._numbers)}",
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        self._client.max_queued_messages_set(0)
        self._client.max_inflight_messages_set(500)
        listening = threading.Event()
        self._client.on_message = lambda client, userdata, message: self.heard.append(message)
        self._client.on_subscribe = lambda *_: listening.set()
        if login:
            self._client.username_pw_set(*login)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if listens:
            assert until(self._client.is_connected, patience)
            self._client.subscribe(listens, qos=1)
            assert listening.wait(_PATIENCE)

    def publishes(self, topic: str, *payloads: bytes | str, qos: int = 1, retain: bool = False) -> None:
        """Returns when the broker has acknowledged all of them."""
        sent = [self._client.publish(topic, payload, qos=qos, retain=retain) for payload in payloads]
        for one in sent:
            one.wait_for_publish(_PATIENCE)
            assert one.is_published(), f"the broker did not take a message to {topic}"

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Wire:
    """A port that leads to another one, and notes what the client sent through it."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.upstream: list[bytearray] = []
        """One a connection, in order."""
        self.downstream: list[bytearray] = []
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends every connection at once, without a word (RST towards both sides)."""
        for pair in self._pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    one.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed = True
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                continue
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs.append((near, far))
            self.upstream.append(bytearray())
            self.downstream.append(bytearray())
            threading.Thread(target=self._carry, args=(near, far, self.upstream[-1], self.downstream[-1])).start()

    def _carry(self, near: socket.socket, far: socket.socket, up: bytearray, down: bytearray) -> None:
        with contextlib.suppress(OSError, ValueError), near, far:
            while True:
                for ready in select.select([near, far], [], [], _PATIENCE)[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    (up if ready is near else down).extend(data)
                    (far if ready is near else near).sendall(data)


def packets(stream: bytes | bytearray) -> Iterator[Any]:
    """The MQTT 5 packets of one direction of a connection; an unfinished one at the end is left out."""
    data = bytes(stream)
    with contextlib.suppress(IndexError):
        while data:
            packet, length = mqtt5.read(memoryview(data))
            yield packet
            data = data[length:]


class ScriptedBroker:
    """Does exactly what ``script(peer)`` says, for each connection anew; for what no real broker does on demand."""

    def __init__(self, script: Callable[["Peer"], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.peers: list[Peer] = []
        self.failures: list[BaseException] = []
        self._script = script
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "ScriptedBroker":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.close()
        for peer in self.peers:
            peer.close()
        if error is None and self.failures:
            raise self.failures[0]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            peer = Peer(connection)
            self.peers.append(peer)
            threading.Thread(target=self._follow, args=(peer,), daemon=True).start()

    def _follow(self, peer: "Peer") -> None:
        try:
            self._script(peer)
        except (OSError, EOFError):  # the client left, or the test is over
            pass
        except BaseException as failure:  # noqa: BLE001  (handed to the test at its end)
            self.failures.append(failure)
        finally:
            peer.close()


class Peer:
    """A client of ours as the scripted broker sees it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._data = b""
        self.sent = 0

    def reads(self) -> Any:
        """The next packet. Raises EOFError where the client has left."""
        while True:
            with contextlib.suppress(IndexError):
                packet, length = mqtt5.read(memoryview(self._data))
                self._data = self._data[length:]
                return packet
            piece = self._connection.recv(65536)
            if not piece:
                raise EOFError
            self._data += piece

    def reads_raw(self) -> bytes:
        """The next packet of either version, shorter than 128 bytes, as it is."""
        while len(self._data) < 2 or len(self._data) < 2 + self._data[1]:
            piece = self._connection.recv(65536)
            if not piece:
                raise EOFError
            self._data += piece
        packet, self._data = self._data[: 2 + self._data[1]], self._data[2 + self._data[1] :]
        return packet

    def waits_for(self, kind: type) -> Any:
        """The next packet of this kind; those before it are dropped."""
        while True:
            packet = self.reads()
            if isinstance(packet, kind):
                return packet

    def sends(self, *packets: Any) -> None:
        for packet in packets:
            self._connection.sendall(packet if isinstance(packet, bytes) else packet.write())
            self.sent += 1

    def welcomes(self, *, session_present: bool = False, **granted: Any) -> None:
        """CONNECT, CONNACK, SUBSCRIBE, SUBACK at QoS 1."""
        self.waits_for(mqtt5.ConnectPacket)
        self.sends(mqtt5.ConnAckPacket(session_present=session_present, **granted))
        asked = self.waits_for(mqtt5.SubscribePacket)
        granted_qos = [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE for _ in asked.topic_filters]
        self.sends(mqtt5.SubAckPacket(asked.packet_id, granted_qos))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
