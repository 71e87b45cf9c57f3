"""A light ear for whoever only wants to be woken: a callback a message, nothing kept, nothing to acknowledge."""

import logging
from collections.abc import Callable, Sequence

from shouwang.domain.vocabulary import Arrival
from shouwang.mqtt.address import Address, Tls
from shouwang.mqtt.classic import PahoDialer
from shouwang.mqtt.dialogue import Hello
from shouwang.mqtt.feed import Line
from shouwang.mqtt.identity import BriefMemory, SessionMemory
from shouwang.mqtt.session import Session
from shouwang.ports import Clock, Settled

log = logging.getLogger(__name__)


class Wakeup:
    """``on_message(topic, payload)`` is called on the session's thread, so it must be quick; what it raises is logged.
    What is published while we are away is missed: the truth is a row. See ``ports.Publisher`` for the rest.

    ``client_id`` must differ from intake's and from every other server's: a broker ends the elder of two namesakes.
    """

    def __init__(
        self,
        address: Address,
        *,
        client_id: str,
        clock: Clock,
        filters: Sequence[str],
        on_message: Callable[[str, bytes], None],
        tls: Tls | None = None,
        qos: int = 0,
        keepalive: int = 30,
        on_connected: Callable[[bool], None] | None = None,
    ) -> None:
        self._session = Session(
            PahoDialer(),
            address,
            tls or Tls(),
            Hello(client_id=client_id, clean=True, keepalive=keepalive),
            _Caller(on_message),
            filters=filters,
            qos=qos,
            clock=clock,
            memory=SessionMemory(BriefMemory(), client_id),
            on_connected=on_connected,
        )

    def start(self) -> None:
        self._session.start()

    def stop(self) -> None:
        self._session.stop()

    def wait_connected(self, timeout: float) -> None:
        """See ``Ear.wait_connected``."""
        self._session.wait_connected(timeout)

    def publish(self, topic: str, payload: bytes, *, retain: bool, done: Settled, qos: int = 1) -> None:
        self._session.publish(topic, payload, retain=retain, done=done, qos=qos)

    @property
    def connected(self) -> bool:
        return self._session.connected

    @property
    def problem(self) -> str:
        return self._session.problem


class _Caller:
    """The sink that calls."""

    def __init__(self, on_message: Callable[[str, bytes], None]) -> None:
        self._on_message = on_message

    def put(self, line: Line, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            try:
                self._on_message(arrival.topic, arrival.payload)
            except Exception:  # the caller's fault must not end the connection
                log.exception("a message on %s woke nobody", arrival.topic)
        if acknowledged := [arrival.packet_id for arrival in arrivals if arrival.packet_id]:
            line.acknowledge(acknowledged)

    def has_room(self) -> bool:
        return True
