"""A rule over what was stored: what it would have raised, beside what was raised and what people found that to be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from heapq import merge

import msgspec

from shouwang.domain.alert import Alert
from shouwang.domain.evaluate import hear, run_due
from shouwang.domain.gathering import Notice, hear_place, is_place, notices
from shouwang.domain.incident import Outcome
from shouwang.domain.judging import Member
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.standing import Change, DeviceFacts, DeviceState, Transition
from shouwang.domain.vocabulary import MINUTE, AlertId, DeviceId, Duration, IncidentId, Instant, PlaceId, Reading, Value

NEAR: Duration = MINUTE
"""What would have been raised this close to an alert is that alert: clocks and transport differ by so much."""


class Past(Value, frozen=True, kw_only=True):
    """An alert that was raised, and what its incident turned out to be."""

    id: AlertId
    subject: str
    raised_at: Instant
    outcome: Outcome | None = None


class Episode(Value, frozen=True, kw_only=True):
    """One alert that would have been: from its raise to its end, None where it did not end."""

    subject: str
    raised_at: Instant
    cleared_at: Instant | None = None
    occurrences: list[Instant] = msgspec.field(default_factory=list)


class Comparison(Value, frozen=True, kw_only=True):
    """``missed``: alerts that it would not have raised, by what people found them to be (``""``: nobody said);
    ``new``: what nobody was told of."""

    would_raise: int
    raised: int
    missed: dict[str, int]
    missed_real: list[AlertId]
    new: list[Episode]

    def __str__(self) -> str:
        spared = sum(self.missed.get(kind, 0) for kind in ("false_alarm", "accidental", "device_fault"))
        return (
            f"it would have raised {self.would_raise} (raised were {self.raised}), {len(self.new)} of them new; "
            f"missed {len(self.missed_real)} real, spared {spared} false"
        )


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Job(Value, frozen=True, kw_only=True):
    """A backtest that runs beside the service. ``done`` of ``of`` devices; ``result``: as the command line writes it;
    ``problem``: why it failed."""

    id: str
    rule: str
    state: JobState
    done: int = 0
    of: int = 0
    result: Mapping[str, object] | None = None
    problem: str = ""


def replayed(
    book: RuleBook,
    devices: Sequence[tuple[DeviceFacts, Iterable[Reading]]],
    end: Instant,
    states: dict[DeviceId, DeviceState] | None = None,
) -> Iterator[Transition]:
    """What the book's rules would have said to readings in order of time, each heard when it was measured; their timers
    run up to ``end``. A device is registered by its first reading. ``states``: is filled with what devices and places
    are remembered by at the end."""
    facts = {one.device: one for one, _ in devices}
    states = {} if states is None else states
    streams = [_messages(readings) for _, readings in devices]
    for message in merge(*streams, key=lambda message: message[0].measured_at):
        device, now = message[0].device, message[0].measured_at
        own = facts[device]
        if device not in states:
            own = facts[device] = msgspec.structs.replace(own, registered_at=now)
        before = states.get(device, DeviceState())
        judged = hear(book, own, before, message, now, gaps=())
        states[device] = judged.state
        yield from judged.transitions
        for row, told in _by_row(notices(book, own, before, judged.state, message)).items():
            facts.setdefault(row, DeviceFacts(device=row, kind=None, place=PlaceId(""), tags=own.tags))
            members, was = _members(book, facts, states), Member(own, before)
            of_place = hear_place(book, row, states.get(row, DeviceState()), told, now, (), members, was)
            states[row] = of_place.state
            yield from of_place.transitions
    for row, state in list(states.items()):
        members = _members(book, facts, states) if is_place(row) else None
        judged = run_due(book, facts[row], state, end, members=members)
        states[row] = judged.state
        yield from judged.transitions


def episodes(transitions: Iterable[Transition], start: Instant, end: Instant) -> list[Episode]:
    """Those that would have been raised in [start, end), in order of time."""
    open_: dict[str, Episode] = {}
    found: list[Episode] = []
    for said in sorted(transitions, key=lambda one: one.at):
        episode = open_.get(said.subject)
        match said.change:
            case Change.RAISED:
                open_[said.subject] = Episode(subject=said.subject, raised_at=said.at)
            case Change.REPEATED if episode is not None:
                open_[said.subject] = msgspec.structs.replace(episode, occurrences=[*episode.occurrences, said.at])
            case Change.CLEARED if episode is not None:
                found.append(msgspec.structs.replace(episode, cleared_at=said.at))
                del open_[said.subject]
    found += open_.values()
    return sorted((one for one in found if start <= one.raised_at < end), key=lambda one: (one.raised_at, one.subject))


def compared(would: Sequence[Episode], was: Sequence[Past]) -> Comparison:
    """An alert is found again where an episode of its subject was up, or occurred, when it was raised."""
    missed: dict[str, int] = {}
    missed_real: list[AlertId] = []
    found: set[int] = set()
    for past in was:
        again = [index for index, one in enumerate(would) if _is_of(one, past)]
        found.update(again)
        if not again:
            outcome = past.outcome.value if past.outcome is not None else ""
            missed[outcome] = missed.get(outcome, 0) + 1
            if past.outcome is Outcome.REAL:
                missed_real.append(past.id)
    return Comparison(
        would_raise=len(would),
        raised=len(was),
        missed=missed,
        missed_real=missed_real,
        new=[one for index, one in enumerate(would) if index not in found],
    )


def past_of(alerts: Iterable[Alert], outcomes: Mapping[IncidentId, Outcome | None]) -> list[Past]:
    """Alerts with what their incidents turned out to be. ``outcomes`` by incident."""
    return [
        Past(
            id=alert.id,
            subject=alert.subject,
            raised_at=alert.raised_at,
            outcome=outcomes.get(alert.incident) if alert.incident is not None else None,
        )
        for alert in alerts
        if not alert.test
    ]


def _is_of(episode: Episode, past: Past) -> bool:
    if episode.subject != past.subject or episode.raised_at > past.raised_at + NEAR:
        return False
    if episode.occurrences:
        return any(abs(at - past.raised_at) <= NEAR for at in (episode.raised_at, *episode.occurrences))
    return episode.cleared_at is None or episode.cleared_at >= past.raised_at - NEAR


def _messages(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    """Readings of one device and instant are one message."""
    message: list[Reading] = []
    for reading in readings:
        if message and reading.measured_at != message[0].measured_at:
            yield message
            message = []
        message.append(reading)
    if message:
        yield message


def _members(
    book: RuleBook, facts: Mapping[DeviceId, DeviceFacts], states: Mapping[DeviceId, DeviceState]
) -> list[Member] | None:
    """All devices that spoke, where a rule asks who is silent."""
    if not book.minds_silence:
        return None
    return [Member(facts[row], state) for row, state in states.items() if not is_place(row)]


def _by_row(told: Iterable[Notice]) -> Mapping[DeviceId, list[Notice]]:
    rows: dict[DeviceId, list[Notice]] = {}
    for notice in told:
        rows.setdefault(notice.row, []).append(notice)
    return rows
