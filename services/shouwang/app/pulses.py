"""How the ways to people stand: looked at one after another, slowly, beside the alarms and never before one.

A look takes the event loop for a connection and nothing else; its result is kept in memory for the bar of the console,
and in the state database for ``doctor``, which runs elsewhere.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial

import msgspec

from shouwang.channels.beside import Beside
from shouwang.channels.watched import Watched, measure
from shouwang.domain.community import Community
from shouwang.domain.duty import Contact
from shouwang.domain.errors import Unavailable
from shouwang.domain.notice import Failure
from shouwang.domain.pulse import ChannelState, Fare, Look, Pulse, fare_of, looked, users_of
from shouwang.domain.vocabulary import MINUTE, SECOND, Instant, Value
from shouwang.ports import Clock, FactStore, Publisher

log = logging.getLogger(__name__)

FACT = "channels"
SIREN = "mqtt"
"""What alerts are published on: sirens and other systems on the site hear it there."""

SOON_SECONDS = 5.0
"""Between two looks at what fails: whoever watches the wall sees it come back."""

KEPT_AT_LEAST = 5 * MINUTE
"""Between two notes for ``doctor`` while nothing changes."""


class Noted(Value, frozen=True):
    """How the channels stood, for another process."""

    at: Instant
    fares: dict[str, Fare]


class Pulses:
    """Call it for how every channel stands; ``run`` it beside dispatch."""

    def __init__(
        self,
        watched: Sequence[Watched],
        off: Collection[str],
        publisher: Publisher,
        facts: FactStore,
        community: Callable[[], Community],
        clock: Clock,
        *,
        seconds: float,
        beside: Beside | None = None,
    ) -> None:
        """``off``: kinds of contact that are not set up here. ``beside``: what is no contact of anybody's. ``seconds``:
        between two looks."""
        self._watched = watched
        self._off = off
        self._publisher = publisher
        self._facts = facts
        self._community = community
        self._clock = clock
        self._seconds = seconds
        self._beside = beside
        self._siren = Pulse()
        self._noted = Noted(0, {})

    def __call__(self) -> Mapping[str, Fare]:
        """Of every kind that the product knows or that somebody's contact names."""
        now, users = self._clock.now(), users_of(self._community())
        fares = {one.name: fare_of(one.pulse, now, used=one.name in users) for one in self._watched}
        if self._beside is not None:
            push = self._beside.channel
            fares[push.name] = fare_of(push.pulse, now, used=self._beside.is_used)
        fares[SIREN] = fare_of(self._at_the_broker(now), now, used=True)
        for kind in sorted({*self._off, *users} - fares.keys()):
            fares[kind] = Fare(state=ChannelState.OFF, used=kind in users)
        return fares

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``."""
        due = 0
        while not stop.is_set():
            is_turn = self._clock.now() >= due
            if is_turn:
                due = self._clock.now() + round(self._seconds * SECOND)
            await self._look_around(stop, only_failing=not is_turn)
            fares = self()
            for name, fare in fares.items():
                measure(name, fare.state)
            await self._note(fares)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), min(SOON_SECONDS, self._seconds))

    async def _look_around(self, stop: asyncio.Event, *, only_failing: bool) -> None:
        contacts, now = _by_kind(self._community()), self._clock.now()
        looks: list[tuple[Watched, Callable[[], Awaitable[None]]]] = [
            (one, partial(one.look, contacts.get(one.name, ()))) for one in self._watched
        ]
        if self._beside is not None:
            looks.append((self._beside.channel, self._beside.look))
        for one, look in looks:
            if stop.is_set():
                return
            if only_failing and fare_of(one.pulse, now).state is not ChannelState.FAILING:
                continue
            try:
                await look()
            except Exception:
                log.exception("a look at channel %s failed; it comes again", one.name)

    def _at_the_broker(self, now: Instant) -> Pulse:
        failure = None if self._publisher.connected else Failure.UNREACHABLE
        self._siren = looked(self._siren, Look(failure=failure, is_whole=True), now)
        return self._siren

    async def _note(self, fares: Mapping[str, Fare]) -> None:
        now, before = self._clock.now(), self._noted
        changed = [name for name, fare in fares.items() if before.fares.get(name, _NEW).state is not fare.state]
        for name in changed:
            _say(name, fares[name])
        if not changed and now - before.at < KEPT_AT_LEAST:
            return
        self._noted = Noted(now, dict(fares))
        try:
            await asyncio.to_thread(self._facts.put, FACT, msgspec.json.encode(self._noted))
        except Unavailable as error:
            log.warning("how the channels stand could not be kept: %s", error)


def noted(facts: FactStore) -> Noted | None:
    """How the channels stood when the service last noted it."""
    kept = facts.get(FACT)
    return msgspec.json.decode(kept, type=Noted) if kept else None


_NEW = Fare(state=ChannelState.OFF)


def _by_kind(community: Community) -> dict[str, list[Contact]]:
    found: dict[str, list[Contact]] = {}
    for person in community.people.values():
        for contact in person.channels:
            found.setdefault(contact.kind, []).append(contact)
    return found


def _say(name: str, fare: Fare) -> None:
    if fare.state is ChannelState.FAILING:
        log.warning("channel %s fails (%s): %s", name, fare.reason, fare.detail or "messages do not go through")
    elif fare.used:
        log.info("channel %s is %s", name, fare.state)
