"""One connection from CONNECT to its end: subscribes, reads, acknowledges, publishes, says good-bye."""

import logging
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from shouwang.domain.vocabulary import SECOND, Instant, Value
from shouwang.mqtt.address import Address, Tls
from shouwang.mqtt.dialogue import Dialer, Dialogue, Hello, Version, Welcome, closed_early
from shouwang.mqtt.feed import Sink
from shouwang.mqtt.identity import SessionMemory
from shouwang.mqtt.link import Link, LinkClosed, LinkLost
from shouwang.mqtt.outgoing import Outgoing
from shouwang.ports import Clock

log = logging.getLogger(__name__)

ANSWER_PATIENCE = 10.0
"""Seconds for CONNACK, and then for SUBACK."""

LAST_WORDS_PATIENCE = 2.0
"""Seconds for the PUBACKs of what we still want to say when we are stopping."""

STEADY = 5.0
"""Seconds after which a connection counts as a good one."""

_TICK = 1.0


class Terms(Value, frozen=True, kw_only=True):
    """What all conversations of one session have in common."""

    dialer: Dialer
    address: Address
    tls: Tls
    hello: Hello
    filters: Sequence[str]
    qos: int
    sink: Sink
    clock: Clock
    memory: SessionMemory
    birth: Callable[[], bytes] | None = None
    """Payload for the Will's topic once the subscriptions stand."""


class Conversation:
    """Hears its dialogue (``Listener``) and is the line over which arrivals are acknowledged (``Line``).

    ``on_standing(session_present, complaint)`` is called once the subscriptions stand; the complaint names filters that
    were refused, or is empty.
    """

    def __init__(
        self,
        terms: Terms,
        version: Version,
        outgoing: Outgoing,
        waker: "Waker",
        stopping: threading.Event,
        on_standing: Callable[[bool, str], None],
    ) -> None:
        self._terms, self._version, self._outgoing = terms, version, outgoing
        self._waker, self._stopping, self._on_standing = waker, stopping, on_standing
        self._acks: deque[Sequence[int]] = deque()
        self._over = False
        self._dropped = ""
        self._welcome: Welcome | None = None
        self._subscribing: int | None = None
        self._stands_since: float | None = None
        self._last_words: float | None = None
        self._received: Instant = 0

    def run(self) -> None:
        """Returns when ``stopping`` was set and all is said. Raises LinkLost or one of its kinds otherwise."""
        terms = self._terms
        dialogue = terms.dialer.dial(terms.address, terms.tls, terms.hello, self._version, self)
        self._dialogue: Dialogue = dialogue
        try:
            self._answer_due = time.monotonic() + ANSWER_PATIENCE
            self._loop(dialogue, _Poll(self._waker, dialogue.link))
            dialogue.leave()
        except LinkClosed as closed:
            if self._welcome is None:
                raise closed_early(terms.address, self._version) from closed
            if self.stood_for() < STEADY:  # MQTT 3.1.1, and Mosquitto 2.0.11 in MQTT 5 too, give no reason
                doubt = f"if this repeats, another client may use our client id {terms.hello.client_id}"
                raise LinkClosed(f"{closed}; {doubt}") from closed
            raise
        finally:
            self._over = True
            self._outgoing.close()
            dialogue.link.close()

    @property
    def stands(self) -> bool:
        """The subscriptions were answered, and the connection has not ended yet."""
        return self._stands_since is not None and not self._over

    def stood_for(self) -> float:
        """Seconds since the subscriptions were answered; 0 where they never were."""
        return 0.0 if self._stands_since is None else time.monotonic() - self._stands_since

    def drop(self, why: str) -> None:
        """From any thread: ends the connection without a word."""
        self._dropped = why
        self._waker.wake()

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        if not self._over:
            self._acks.append(packet_ids)
            self._waker.wake()

    # What the dialogue hears ----------------------------------------------------------------------------------------

    def welcomed(self, welcome: Welcome) -> str:
        terms = self._terms
        session = terms.memory.session(present=welcome.session_present)
        self._welcome = welcome
        self._answer_due = time.monotonic() + ANSWER_PATIENCE
        if terms.filters:
            self._subscribing = self._dialogue.subscribe(terms.filters, terms.qos)
        else:
            self._stand("")
        wanted = terms.hello.session_expiry
        if not terms.hello.clean and welcome.session_expiry is not None and welcome.session_expiry < wanted:
            log.warning(
                "broker %s keeps our session for %d s only, %d s were wanted: away longer, we miss messages",
                terms.address,
                welcome.session_expiry,
                wanted,
            )
        return f"{terms.hello.client_id}/{session}"

    def granted(self, packet_id: int, codes: Sequence[int]) -> None:
        if packet_id == self._subscribing:
            self._stand(_complaint(self._terms, codes))

    def settled(self, packet_id: int, code: int) -> None:
        self._outgoing.settle(packet_id, code)

    def _stand(self, complaint: str) -> None:
        assert self._welcome is not None
        self._subscribing, self._stands_since = None, time.monotonic()
        self._outgoing.open(self._welcome.receive_maximum)
        if self._terms.birth is not None:
            self._say(self._terms.birth())
        self._on_standing(self._welcome.session_present, complaint)

    # The loop ---------------------------------------------------------------------------------------------------------

    def _loop(self, dialogue: Dialogue, poll: "_Poll") -> None:
        terms, link = self._terms, dialogue.link
        ticked = time.monotonic()
        while not self._is_done():
            self._send(dialogue)
            reading = not self.stands or terms.sink.has_room()
            if poll.wait(read=reading, write=link.wants_write):
                link.fill()
                if arrivals := dialogue.read(self._moment()):
                    self._received = arrivals[-1].received_at
                    terms.sink.put(self, arrivals)
            now = time.monotonic()
            if now - ticked >= _TICK:
                ticked = now
                dialogue.tick(reading=reading)
                self._judge_answers(now)

    def _moment(self) -> Instant:
        """Now, but later than all that was received: readings rest by device and time, so that two messages of one
        instant would be one. A clock that was set back for good is followed."""
        now = self._terms.clock.now()
        return self._received + 1 if 0 <= self._received - now < SECOND else now

    def _send(self, dialogue: Dialogue) -> None:
        """All that waits goes in one write: the acknowledgements first."""
        while self._acks:
            dialogue.acknowledge(self._acks.popleft())
        self._outgoing.send(dialogue)
        dialogue.write()
        dialogue.link.flush()

    def _judge_answers(self, now: float) -> None:
        if self._stands_since is None and now > self._answer_due:
            asked = "SUBSCRIBE" if self._welcome else "CONNECT"
            raise LinkLost(f"broker {self._terms.address} did not answer {asked} within {ANSWER_PATIENCE:.0f} s")

    def _is_done(self) -> bool:
        if self._dropped:
            raise LinkLost(f"the connection to broker {self._terms.address} was dropped: {self._dropped}")
        if not self._stopping.is_set():
            return False
        if self._last_words is None:
            self._last_words = time.monotonic()
            if self.stands:
                self._say(self._terms.hello.will_payload)
        patient = time.monotonic() - self._last_words < LAST_WORDS_PATIENCE
        return not self._acks and not (self.stands and patient and not self._outgoing.is_empty)

    def _say(self, status: bytes) -> None:
        if topic := self._terms.hello.will_topic:
            self._outgoing.offer(topic, status, retain=True, done=_nothing)


class Waker:
    """Ends a wait from another thread."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._is_set = False

    def fileno(self) -> int:
        return self._ours.fileno()

    def wake(self) -> None:
        if not self._is_set:
            self._is_set = True
            with suppress(OSError):  # closed: nobody waits any more
                self._theirs.send(b"\0")

    def clear(self) -> None:
        # In this order: a wake that comes in between writes nothing, and need not, since its cause is looked at next.
        with suppress(OSError):
            self._ours.recv(4096)
        self._is_set = False

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()


class _Poll:
    """Waits for the link or the waker."""

    def __init__(self, waker: Waker, link: Link) -> None:
        self._poll, self._waker, self._link = select.poll(), waker, link
        self._waker_number = waker.fileno()
        self._poll.register(waker, select.POLLIN)
        self._mask = -1

    def wait(self, *, read: bool, write: bool) -> bool:
        """Whether the link is to be read. False after a tick in which nothing came."""
        mask = (select.POLLIN if read else 0) | (select.POLLOUT if write else 0)
        if mask != self._mask:
            self._poll.register(self._link, mask)
            self._mask = mask
        readable = False
        for number, event in self._poll.poll(_TICK * 1000):
            if number == self._waker_number:
                self._waker.clear()
            elif read and event != select.POLLOUT:
                readable = True
            elif event & (select.POLLERR | select.POLLHUP):
                raise self._link.hung_up()
        return readable


def _complaint(terms: Terms, codes: Sequence[int]) -> str:
    """Which filters the broker does not serve as asked (MQTT 5 section 3.9.3), or empty."""
    refused = [f"{name} (code 0x{code:02x})" for name, code in zip(terms.filters, codes, strict=False) if code >= 0x80]
    lowered = [name for name, code in zip(terms.filters, codes, strict=False) if code < min(terms.qos, 0x80)]
    parts = []
    if refused:
        parts.append(f"refused to subscribe us to {', '.join(refused)}: allow it for this user, or narrow the topics")
    if lowered:
        parts.append(f"grants {', '.join(lowered)} only at QoS 0: messages there can be lost")
    return f"broker {terms.address} {'; it '.join(parts)}" if parts else ""


def _nothing() -> None:
    """Nobody waits for a status message to be settled."""
