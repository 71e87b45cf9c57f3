"""The ear as intake holds it: batches in, our own messages out, over one lasting session."""

from collections.abc import Callable, Sequence
from typing import Literal, assert_never

from shouwang.mqtt.address import Address, Tls
from shouwang.mqtt.dialogue import Dialer, Hello
from shouwang.mqtt.feed import BATCH_BYTES, BATCH_COUNT, FeedBatch, FeedQueue
from shouwang.mqtt.identity import SessionMemory
from shouwang.mqtt.session import Session
from shouwang.ports import Clock, FactStore, Settled

STATUS_TOPIC = "shouwang/v1/status"

ClientName = Literal["auto", "paho", "fast"]
"""``auto``: fast where the broker speaks MQTT 5, else paho."""


class Ear:
    """See ``ports.Feed`` and ``ports.Publisher``."""

    def __init__(self, session: Session, feed: FeedQueue) -> None:
        self._session, self._feed = session, feed

    def start(self) -> None:
        """Begins to connect; returns at once, whether there is a broker or not."""
        self._session.start()

    def stop(self) -> None:
        """Says good-bye. What was not acknowledged is handed over again at the next start."""
        self._session.stop()
        self._feed.close()

    def wait_connected(self, timeout: float) -> None:
        """Returns once the subscriptions stand. Raises BrokerUnavailable with what to do after ``timeout`` seconds."""
        self._session.wait_connected(timeout)

    def next_batch(self, timeout: float) -> FeedBatch | None:
        return self._feed.next_batch(timeout)

    def publish(self, topic: str, payload: bytes, *, retain: bool, done: Settled, qos: int = 1) -> None:
        self._session.publish(topic, payload, retain=retain, done=done, qos=qos)

    @property
    def connected(self) -> bool:
        return self._session.connected

    @property
    def problem(self) -> str:
        """What is wrong with the connection or its subscriptions, and what to do; empty when all is well."""
        return self._session.problem

    def reconnect(self, why: str) -> None:
        """Drops the connection, so that the broker hands over again what was not acknowledged. For an intake that gave
        up a batch; one that tries the batch again needs none of it."""
        self._session.reconnect(why)


def open_session(
    address: Address,
    *,
    client_id: str,
    clock: Clock,
    facts: FactStore,
    client: ClientName = "auto",
    tls: Tls | None = None,
    topics: Sequence[str] = ("#",),
    session_expiry: int = 7 * 24 * 3600,
    receive_maximum: int = 1000,
    keepalive: int = 30,
    batch_count: int = BATCH_COUNT,
    batch_bytes: int = BATCH_BYTES,
    on_connected: Callable[[bool], None] | None = None,
) -> Ear:
    """The ear, not yet started.

    ``topics`` are filters, subscribed at QoS 1; those that begin with ``$`` are to be named, ``#`` leaves them out
    (MQTT 5 section 4.7.2). ``facts`` remembers the session's id over restarts. Seconds for expiry and keepalive.
    """
    feed = FeedQueue(
        batch_count=batch_count,
        batch_bytes=batch_bytes,
        capacity=max(receive_maximum, batch_count),
        on_room=lambda: session.wake(),
    )
    hello = Hello(
        client_id=client_id, session_expiry=session_expiry, receive_maximum=receive_maximum, keepalive=keepalive
    )
    session = Session(
        _dialer(client),
        address,
        tls or Tls(),
        hello,
        feed,
        filters=topics,
        qos=1,
        clock=clock,
        memory=SessionMemory(facts, client_id),
        status_topic=STATUS_TOPIC,
        on_connected=on_connected,
    )
    return Ear(session, feed)


def _dialer(client: ClientName) -> Dialer:
    """Each client's library is loaded only where it is used."""
    match client:
        case "auto":
            from shouwang.mqtt.either import EitherDialer

            return EitherDialer()
        case "paho":
            from shouwang.mqtt.classic import PahoDialer

            return PahoDialer()
        case "fast":
            from shouwang.mqtt.fast import FastDialer

            return FastDialer()
        case _:
            assert_never(client)
