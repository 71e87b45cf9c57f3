"""The lasting session with the broker: one conversation after the other on a thread of its own, and never given up."""

import json
import logging
import random
import threading
from collections.abc import Callable, Sequence

import msgspec

from shouwang.domain.errors import BrokerUnavailable
from shouwang.domain.moment import rfc3339
from shouwang.mqtt.address import Address, Tls
from shouwang.mqtt.conversation import ANSWER_PATIENCE, LAST_WORDS_PATIENCE, STEADY, Conversation, Terms, Waker
from shouwang.mqtt.dialogue import Dialer, Hello, Refused, WrongVersion
from shouwang.mqtt.feed import Sink
from shouwang.mqtt.identity import SessionMemory
from shouwang.mqtt.link import LinkLost
from shouwang.mqtt.outgoing import Outgoing
from shouwang.mqtt.packets import topic_problem
from shouwang.ports import Clock, Settled

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between attempts: at random up to a bound that doubles from the first to the longest, so that many clients
don't come back in step."""

REFUSED_PAUSE = (10.0, 20.0)
"""Seconds between attempts, at random in this range, while the broker refuses us: a person must act."""


class Session:
    """See ``ports.Publisher``; what is heard goes to ``sink``.

    ``filters`` are subscribed at ``qos``, and verified at every connection. ``status_topic``, where given, says
    ``{"state": "online"}`` or ``offline`` for us, the latter also by the broker's hand when we are gone without a word.
    ``on_connected(session_present)`` is called on the session's thread once the subscriptions stand: the moment to
    publish again what was not settled.
    """

    def __init__(
        self,
        dialer: Dialer,
        address: Address,
        tls: Tls,
        hello: Hello,
        sink: Sink,
        *,
        filters: Sequence[str],
        qos: int,
        clock: Clock,
        memory: SessionMemory,
        status_topic: str = "",
        on_connected: Callable[[bool], None] | None = None,
    ) -> None:
        if status_topic:
            hello = msgspec.structs.replace(
                hello, will_topic=status_topic, will_payload=_status("offline", hello.client_id)
            )
        self._terms = Terms(
            dialer=dialer,
            address=address,
            tls=tls,
            hello=hello,
            filters=tuple(filters),
            qos=qos,
            sink=sink,
            clock=clock,
            memory=memory,
            birth=(lambda: _status("online", hello.client_id, rfc3339(clock.now()))) if status_topic else None,
        )
        self._on_connected = on_connected
        self._outgoing = Outgoing()
        self._waker = Waker()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._live, name=f"mqtt {hello.client_id}", daemon=True)
        self._changed = threading.Condition()
        self._conversation: Conversation | None = None
        self._problem = ""
        self._version = 0  # index into the dialer's versions
        self._version_proven = False

    def start(self) -> None:
        """Begins to connect; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Says good-bye (status offline, DISCONNECT) and ends the thread; the broker keeps a lasting session. Where
        there is nobody to say it to (the thread may hang in a connect), it is not waited for."""
        self._stopping.set()
        self._waker.wake()
        if self._thread.is_alive():
            self._thread.join(LAST_WORDS_PATIENCE + 1)

    def wait_connected(self, timeout: float = ANSWER_PATIENCE) -> None:
        """Returns once the subscriptions stand. Raises BrokerUnavailable with the problem after ``timeout`` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.connected, timeout):
                raise BrokerUnavailable(self._problem or f"broker {self._terms.address} has not answered yet")

    @property
    def connected(self) -> bool:
        conversation = self._conversation
        return conversation is not None and conversation.stands

    @property
    def problem(self) -> str:
        """What is wrong with the connection or its subscriptions, and what to do; empty when all is well."""
        return self._problem

    def publish(self, topic: str, payload: bytes, *, retain: bool, done: Settled, qos: int = 1) -> None:
        """See ``ports.Publisher``. Dropped while there is no connection: all that is not settled is to be offered again
        at ``on_connected``. Raises ValueError for a topic that nothing can be published to."""
        if problem := topic_problem(topic):
            raise ValueError(problem)
        if self._outgoing.offer(topic, payload, retain=retain, done=done, qos=qos):
            self._waker.wake()

    def reconnect(self, why: str) -> None:
        """Drops the connection on purpose: the only way to have handed over again what was not acknowledged
        (MQTT 5 section 4.4)."""
        if (conversation := self._conversation) is not None:
            conversation.drop(why)

    def wake(self) -> None:
        """The sink has room again."""
        self._waker.wake()

    def _live(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            conversation = Conversation(
                self._terms,
                self._terms.dialer.versions[self._version],
                self._outgoing,
                self._waker,
                self._stopping,
                self._stand,
            )
            self._conversation = conversation
            refused = self._converse(conversation)
            attempt = 1 if conversation.stood_for() >= STEADY else attempt + 1
            self._stopping.wait(pause(attempt, refused=refused))
        self._waker.close()

    def _converse(self, conversation: Conversation) -> bool:
        """To the end of the connection; whether the broker refuses us."""
        try:
            conversation.run()
        except Refused as refused:
            self._report(str(refused))
            return True
        except WrongVersion as wrong:
            self._report(self._other_version(wrong))
        except LinkLost as lost:
            self._report(str(lost))
        except Exception:  # ours; but alarms must come in all the same
            log.exception("the conversation with broker %s failed", self._terms.address)
            self._report(f"the conversation with broker {self._terms.address} failed, see the log; trying again")
        return False

    def _stand(self, session_present: bool, complaint: str) -> None:
        self._version_proven = True
        if not complaint:
            log.info("connected to broker %s", self._terms.address)
        with self._changed:
            self._report(complaint)
            self._changed.notify_all()
        if self._on_connected is None:
            return
        try:
            self._on_connected(session_present)
        except Exception:  # the caller's fault must not end the connection that alarms come over
            log.exception("what follows a connection failed")

    def _other_version(self, wrong: WrongVersion) -> str:
        """Turns to the next version that we speak, unless the present one worked before and may do so again (a broker
        that is going down looks like one that does not know the version). Gives the problem's text."""
        versions = self._terms.dialer.versions
        if len(versions) == 1:
            return f"{wrong}; this client speaks nothing else: for brokers of MQTT 3.1.1 set the client to paho"
        if wrong.certain or not self._version_proven:
            self._version = (self._version + 1) % len(versions)
            self._version_proven = False
        return str(wrong)

    def _report(self, problem: str) -> None:
        if problem and problem != self._problem:
            log.warning("%s", problem)
        self._problem = problem


def pause(attempt: int, *, refused: bool) -> float:
    """Seconds until the next attempt, after the ``attempt``-th in a row."""
    if refused:
        return random.uniform(*REFUSED_PAUSE)
    return random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt - 1, 20)))


def _status(state: str, client_id: str, since: str = "") -> bytes:
    """The Will bears no time: it is written long before it is true."""
    words = {"state": state, "client": client_id} | ({"since": since} if since else {})
    return json.dumps(words).encode()
