"""How a way to people fares, as far as anybody can know: proven, not proven, failing, or not set up.

Two kinds of evidence. A message that went through proves the whole way; a *look* (a connection, an SMTP greeting)
harms nobody and proves as much of it as it walks. A channel of which neither was seen is unproven, never alive: silence
is not safety. What a message failed of weighs more than a look that succeeds, since a gateway may be reached and refuse
us.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.notice import Failure
from shouwang.domain.vocabulary import HOUR, MINUTE, Duration, Instant, PersonId, Value

DEAD_AFTER = 3
"""Failures in a row, over all people: one telephone that is off kills no gateway."""

MISSED_AFTER = 2
"""Looks in a row that failed; one alone is a hiccup of the line."""

PROVEN_FOR: Duration = 24 * HOUR
"""How long a message that went through speaks for its channel."""

LOOK_HOLDS: Duration = 15 * MINUTE
"""How long a look does: it comes again every few minutes (setting ``channel_probe_seconds``)."""

BLAMELESS = frozenset({Failure.REFUSED, Failure.NO_ANSWER})
"""Failures that say nothing of the channel: the gateway spoke, the address is wrong or nobody answers."""


class ChannelState(StrEnum):
    ALIVE = "alive"
    UNPROVEN = "unproven"
    FAILING = "failing"
    OFF = "off"


class Look(Value, frozen=True, kw_only=True):
    """What a harmless look at a channel found. ``is_whole``: it goes as far as a message does, so that it also takes
    back what messages failed of. ``detail``: for whoever administers, with no secret in it."""

    failure: Failure | None = None
    detail: str = ""
    is_whole: bool = False


class Pulse(Value, frozen=True, kw_only=True):
    """``failed_in_a_row``: attempts since one succeeded, those that only an address is to blame for left out;
    ``failing_since``: the first of them. ``seen_at``: the newest look that succeeded; ``missed_in_a_row``: those since.
    """

    sent_at: Instant | None = None
    failed_at: Instant | None = None
    failure: Failure | None = None
    failed_in_a_row: int = 0
    failing_since: Instant | None = None
    seen_at: Instant | None = None
    seen_whole: bool = False
    missed_in_a_row: int = 0
    missing_since: Instant | None = None
    look: Look | None = None


class Fare(Value, frozen=True, kw_only=True):
    """How a channel stands. ``reason``: what it fails of, or failed of last where nothing went through since.
    ``since``: from when it fails. ``proven_at``: when it was last proven. ``used``: somebody is to be told by it."""

    state: ChannelState
    reason: Failure | None = None
    since: Instant | None = None
    proven_at: Instant | None = None
    used: bool = False
    detail: str = ""


def sent(pulse: Pulse, now: Instant) -> Pulse:
    """After a message that went through."""
    return msgspec.structs.replace(pulse, sent_at=now, failed_in_a_row=0, failing_since=None)


def failed(pulse: Pulse, failure: Failure, now: Instant) -> Pulse:
    """After one that did not."""
    if failure in BLAMELESS:
        return msgspec.structs.replace(pulse, failed_at=now, failure=failure)
    return msgspec.structs.replace(
        pulse,
        failed_at=now,
        failure=failure,
        failed_in_a_row=pulse.failed_in_a_row + 1,
        failing_since=pulse.failing_since if pulse.failing_since is not None else now,
    )


def looked(pulse: Pulse, look: Look, now: Instant) -> Pulse:
    """After a look."""
    if look.failure is None:
        return msgspec.structs.replace(
            pulse, seen_at=now, seen_whole=look.is_whole, missed_in_a_row=0, missing_since=None, look=look
        )
    return msgspec.structs.replace(
        pulse,
        missed_in_a_row=pulse.missed_in_a_row + 1,
        missing_since=pulse.missing_since if pulse.missing_since is not None else now,
        look=look,
    )


def fare_of(pulse: Pulse, now: Instant, *, used: bool = False) -> Fare:
    """How the channel stands now."""
    proven_at = max((at for at in (pulse.sent_at, pulse.seen_at) if at is not None), default=None)
    detail = pulse.look.detail if pulse.look is not None else ""
    is_dead, is_reached = pulse.failed_in_a_row >= DEAD_AFTER, _is_reached_since(pulse)
    if is_dead and not is_reached:
        state, reason, since = ChannelState.FAILING, pulse.failure, pulse.failing_since
    elif _is_missing(pulse):
        state, since = ChannelState.FAILING, pulse.missing_since
        reason = pulse.look.failure if pulse.look is not None else None
    elif is_dead and not pulse.seen_whole:
        # The server is back; whether it takes a message again, only a message can tell.
        state, reason, since = ChannelState.UNPROVEN, pulse.failure, None
    elif _holds(pulse.sent_at, now, PROVEN_FOR) or _holds(pulse.seen_at, now, LOOK_HOLDS):
        state, reason, since = ChannelState.ALIVE, None, None
    else:
        state, since = ChannelState.UNPROVEN, None
        reason = pulse.failure if pulse.failed_in_a_row else None
    return Fare(state=state, reason=reason, since=since, proven_at=proven_at, used=used, detail=detail)


def users_of(community: Community) -> Mapping[str, Collection[PersonId]]:
    """Who is to be told by each kind of channel."""
    found: dict[str, set[PersonId]] = {}
    for person in community.people.values():
        for contact in person.channels:
            found.setdefault(contact.kind, set()).add(person.id)
    return found


def cut_off(community: Community, fares: Mapping[str, Fare], people: Iterable[PersonId]) -> list[PersonId]:
    """Those all of whose contacts are on channels that fail or are off: nothing would reach them now."""
    away = {kind for kind, fare in fares.items() if fare.state in (ChannelState.FAILING, ChannelState.OFF)}
    return sorted(
        id
        for id in people
        if (person := community.people.get(id))
        and person.channels
        and all(contact.kind in away or contact.kind not in fares for contact in person.channels)
    )


def _is_reached_since(pulse: Pulse) -> bool:
    """A look came through after messages found the channel unreachable: that at least is over."""
    return (
        pulse.failure is Failure.UNREACHABLE
        and pulse.seen_at is not None
        and pulse.failed_at is not None
        and pulse.seen_at > pulse.failed_at
    )


def _is_missing(pulse: Pulse) -> bool:
    """Looks fail, and no message went through since they do."""
    if pulse.look is None or pulse.missing_since is None:
        return False
    enough = 1 if pulse.look.is_whole else MISSED_AFTER
    return pulse.missed_in_a_row >= enough and (pulse.sent_at or 0) <= pulse.missing_since


def _holds(at: Instant | None, now: Instant, span: Duration) -> bool:
    return at is not None and now - at <= span
