"""Our own messages on their way to the broker: handed in from any thread, settled by their PUBACKs."""

import logging
import threading
from collections import deque

from shouwang import metrics
from shouwang.domain.vocabulary import Value
from shouwang.mqtt.dialogue import Dialogue
from shouwang.ports import Settled

log = logging.getLogger(__name__)

REFUSALS = {
    0x80: "unspecified",
    0x83: "implementation_specific",
    0x87: "not_authorized",
    0x90: "topic_name_invalid",
    0x91: "packet_id_in_use",
    0x97: "quota_exceeded",
    0x99: "payload_format_invalid",
}
"""Reason codes of PUBACK (MQTT 5 section 3.4.2.1)."""

_MOST_IN_FLIGHT = 1000  # of ours, where the broker names no smaller number


class Outgoing:
    """``offer`` from any thread; everything else on the session's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._waiting: deque[_Message] = deque()
        self._in_flight: dict[int, _Message] = {}
        self._window = _MOST_IN_FLIGHT

    def offer(self, topic: str, payload: bytes, *, retain: bool, done: Settled, qos: int = 1) -> bool:
        """Puts it in line; False while there is no connection, and it is not sent then."""
        with self._lock:
            if self._open:
                self._waiting.append(_Message(topic, payload, retain, done, qos))
            return self._open

    def open(self, receive_maximum: int) -> None:
        """A connection stands; the broker takes that many unacknowledged messages."""
        with self._lock:
            self._open, self._window = True, min(receive_maximum, _MOST_IN_FLIGHT)

    def close(self) -> None:
        """The connection is gone, and with it all that was not settled: whoever offered it offers it again."""
        with self._lock:
            self._open = False
            self._waiting.clear()
            self._in_flight.clear()

    def send(self, dialogue: Dialogue) -> None:
        """As many as the broker's window takes now, in the order in which they were offered."""
        while self._waiting and len(self._in_flight) < self._window:
            message = self._waiting.popleft()
            packet_id = dialogue.publish(message.topic, message.payload, retain=message.retain, qos=message.qos)
            if message.qos:
                self._in_flight[packet_id] = message

    def settle(self, packet_id: int, code: int) -> None:
        """PUBACK. From 0x80 on it is a refusal (MQTT 5 section 3.4.2.1): the broker has thrown the message away and
        will do so again, so it is counted, said and done with; below, it is taken, also where nobody listens (0x10)."""
        message = self._in_flight.pop(packet_id, None)
        if message is None:
            return
        if code >= 0x80:
            metrics.PUBLISHES_REFUSED.labels(REFUSALS.get(code, f"0x{code:02x}")).inc()
            log.error("the broker refused a message to %s (code 0x%02x): check its access rules", message.topic, code)
        try:
            message.done()
        except Exception:  # the caller's fault must not end the connection that alarms come over
            log.exception("settling a message to %s failed", message.topic)

    @property
    def is_empty(self) -> bool:
        return not self._waiting and not self._in_flight


class _Message(Value, frozen=True):
    topic: str
    payload: bytes
    retain: bool
    done: Settled
    qos: int
