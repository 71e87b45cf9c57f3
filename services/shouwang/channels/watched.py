"""A channel as it fares: when it last reached somebody, what it last failed of, and how much it may say to one person.

The budget keeps a paid channel from ringing somebody empty in a storm: so many messages to one person in an hour. What
tells a person of an incident for the first time is never held back.
"""

from collections import deque

from shouwang import metrics
from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import Failure, Message, Outcome, Sent, Unreachable
from shouwang.domain.vocabulary import HOUR, SECOND, Instant, Value
from shouwang.ports import Channel, Clock

DEAD_AFTER = 3
"""Failures in a row, over all people: one telephone that is off kills no gateway."""

_BLAMELESS = frozenset({Failure.REFUSED, Failure.NO_ANSWER})
"""Failures that say nothing of the channel: the gateway spoke, the address is wrong or nobody answers."""


class Pulse(Value, frozen=True, kw_only=True):
    """``failed_in_a_row``: attempts since one succeeded, those that only an address is to blame for left out."""

    sent_at: Instant | None = None
    failed_at: Instant | None = None
    failure: Failure | None = None
    failed_in_a_row: int = 0

    @property
    def is_alive(self) -> bool:
        return self.failed_in_a_row < DEAD_AFTER


class Watched:
    """``ports.Channel`` around another one."""

    def __init__(self, channel: Channel, clock: Clock, *, hourly: int | None = None) -> None:
        """``hourly``: messages to one person in an hour, None for as many as there are."""
        self.name = channel.name
        self.pulse = Pulse()
        self._channel = channel
        self._clock = clock
        self._hourly = hourly
        self._said: dict[str, deque[Instant]] = {}
        self._heard_of: dict[tuple[str, str], Instant] = {}

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        wait = self._wait(message, person)
        if wait is not None:
            return Unreachable(
                f"{self.name}: {self._hourly} messages to one person in an hour are enough", wait, Failure.RATE
            )
        outcome = await self._channel.send(message, person, contact)
        self._note(outcome)
        if isinstance(outcome, Sent):
            self._count(message, person)
        return outcome

    def _note(self, outcome: Outcome) -> None:
        now, before = self._clock.now(), self.pulse
        if isinstance(outcome, Sent):
            self.pulse = Pulse(sent_at=now, failed_at=before.failed_at, failure=before.failure)
            metrics.CHANNEL_SENT_TIMESTAMP.labels(self.name).set(now / SECOND)
        else:
            row = before.failed_in_a_row + (outcome.failure not in _BLAMELESS)
            self.pulse = Pulse(sent_at=before.sent_at, failed_at=now, failure=outcome.failure, failed_in_a_row=row)
            metrics.CHANNEL_FAILURES.labels(self.name, outcome.failure).inc()
        metrics.CHANNEL_UP.labels(self.name).set(self.pulse.is_alive)

    def _wait(self, message: Message, person: Person) -> int | None:
        """How long this message has to wait, None for not at all."""
        if self._hourly is None or (person.id, _incident(message)) not in self._heard_of:
            return None
        said, hour_ago = self._said.get(person.id, deque()), self._clock.now() - HOUR
        while said and said[0] <= hour_ago:
            said.popleft()
        return None if len(said) < self._hourly else max(SECOND, said[0] - hour_ago)

    def _count(self, message: Message, person: Person) -> None:
        if self._hourly is None:
            return
        now = self._clock.now()
        self._said.setdefault(person.id, deque()).append(now)
        if len(self._heard_of) > 20_000:
            self._heard_of = {key: at for key, at in self._heard_of.items() if at > now - HOUR}
        self._heard_of[person.id, _incident(message)] = now


def _incident(message: Message) -> str:
    incident = message.body.get("incident")
    return str(incident.get("id")) if isinstance(incident, dict) else ""
