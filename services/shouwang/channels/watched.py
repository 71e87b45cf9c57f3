"""A channel as it fares: when it last reached somebody, what it last failed of, and how much it may say to one person.

The budget keeps a paid channel from ringing somebody empty in a storm: so many messages to one person in an hour. What
tells a person of an incident for the first time is never held back.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from shouwang import metrics
from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import Failure, Message, Outcome, Sent, Unreachable
from shouwang.domain.pulse import ChannelState, Pulse, failed, fare_of, looked, sent
from shouwang.domain.vocabulary import HOUR, SECOND, Instant
from shouwang.ports import Channel, Clock, Probing


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

    async def look(self, contacts: Sequence[Contact]) -> None:
        """A harmless look, where the channel has one; beside the alarms, never before one."""
        if not isinstance(self._channel, Probing):
            return
        found = await self._channel.probe(contacts)
        if found is not None:
            self.pulse = looked(self.pulse, found, self._clock.now())
            self._measure()

    def _note(self, outcome: Outcome) -> None:
        now = self._clock.now()
        if isinstance(outcome, Sent):
            self.pulse = sent(self.pulse, now)
            metrics.CHANNEL_SENT_TIMESTAMP.labels(self.name).set(now / SECOND)
        else:
            self.pulse = failed(self.pulse, outcome.failure, now)
            metrics.CHANNEL_FAILURES.labels(self.name, outcome.failure).inc()
        self._measure()

    def _measure(self) -> None:
        measure(self.name, fare_of(self.pulse, self._clock.now()).state)

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


def measure(channel: str, state: ChannelState) -> None:
    """The channel's state as figures: one of them is 1."""
    for each in ChannelState:
        metrics.CHANNEL_STATE.labels(channel, each.value).set(each is state)
    if state in (ChannelState.ALIVE, ChannelState.FAILING):
        metrics.CHANNEL_UP.labels(channel).set(state is ChannelState.ALIVE)
    else:
        with suppress(KeyError):
            metrics.CHANNEL_UP.remove(channel)


def _incident(message: Message) -> str:
    incident = message.body.get("incident")
    return str(incident.get("id")) if isinstance(incident, dict) else ""
