"""Devices of one place that fall silent together: ``absent`` of a share of them. Their gateway is lost, or their power.

A place remembers only whether it is raised, and how many may come back before that can end: who is silent is told by
the devices' own rows, which are looked at when a timer of the place is due, or when so many were heard again. So a
building that comes back after a power cut is not counted anew at each of its devices. The timer is the moment at which
enough would be silent if nobody spoke; what they say moves it only when it fires, so that a chatty building writes
nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil

import msgspec

from shouwang.domain.judging import Condition, Gaps, Member, Truth, View, parts_of, silence_between, silent_until
from shouwang.domain.reception import behind
from shouwang.domain.standing import DeviceFacts, DeviceState, Memory, Newest
from shouwang.domain.vocabulary import Duration, Evidence, Instant, Kind, Life

AT_LEAST = 3
"""Fewer silent devices are each a fault of their own."""

SAID_BY = ("online", "supply_status", "mains")
"""Metrics by which a device, or its bridge for it, says that it or its power is gone."""

SHOWN = 50
"""So many of the lost devices stand in the evidence of an alert."""

_WHOLE = ""
_SHARES = 1e-9
"""0.1 of 30 devices are 3, whatever binary fractions make of it."""


class Tally(msgspec.Struct, frozen=True):
    """The devices of a place that count, at a moment: when each was or will be silent for too long, and who is lost."""

    ends: Sequence[Instant]
    lost: Sequence[tuple[str, Instant]]
    """(device, since when: its last word, or its last word that it is gone)."""
    mains_ends: Sequence[Instant]
    mains_lost: Sequence[tuple[str, Instant]]


class MassAbsent(Condition, frozen=True, kw_only=True):
    """At least ``share`` of the devices of a place, and at least ``devices`` of them, are lost; or all those on mains
    are, of which there are as many. Lost is who has been silent for ``longest`` (None: its own longest silence), and
    who says that it is offline or without mains. Only registered devices in service count that were ever heard and
    whose longest silence is known. With ``within``, their losses began at most so far apart. Ends when fewer are lost.
    Time in which we were deaf is not silence."""

    share: float
    level: str
    devices: int = AT_LEAST
    longest: Duration | None = None
    within: Duration | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        return SAID_BY

    def take(self, memory: Memory, view: View) -> Memory:
        if view.members is None:
            return memory
        tally, was = self.tally(view.members, view.at, view.gaps), bool(memory.held)
        on_mains, needed = len(tally.mains_ends), self.needed(len(tally.ends))
        on = self._are_lost(tally.lost, needed, was) or (
            on_mains >= self.devices and self._are_lost(tally.mains_lost, on_mains, was)
        )
        spare = max(0, len(tally.lost) - needed) if on else 0
        return msgspec.structs.replace(memory, held={_WHOLE: True} if on else {}, spare=spare)

    def without_one(self, memory: Memory) -> Memory | None:
        """What is raised after one of the lost came back; None where all have to be looked at to know."""
        return msgspec.structs.replace(memory, spare=memory.spare - 1) if memory.held and memory.spare else None

    def truth(self, memory: Memory, view: View) -> Truth:
        return bool(memory.held) if memory.held or view.members is not None else None

    def due(self, memory: Memory, view: View) -> Instant | None:
        if view.members is None or memory.held:
            return None
        tally = self.tally(view.members, view.at, view.gaps)
        # Those beyond what is needed, too: with ``within``, the first that are silent may be too far apart.
        nexts = sorted(tally.ends)[self.needed(len(tally.ends)) - 1 :]
        if len(tally.mains_ends) >= self.devices:
            nexts.append(max(tally.mains_ends))
        return min((end for end in nexts if end > view.at), default=None)

    def evidence(self, memory: Memory, view: View) -> list[Evidence]:
        """One for each device that is lost, since when; the part is the device."""
        lost = sorted(self.tally(view.members or (), view.at, view.gaps).lost, key=lambda one: one[1])
        return [Evidence("online", False, since, device) for device, since in lost[:SHOWN]]

    def tally(self, members: Iterable[Member], at: Instant, gaps: Gaps) -> Tally:
        ends: list[Instant] = []
        lost: list[tuple[str, Instant]] = []
        mains_ends: list[Instant] = []
        mains_lost: list[tuple[str, Instant]] = []
        for one in members:
            heard_at, longest = one.state.heard_at, self.longest_of(one.facts)
            if heard_at is None or longest is None or not counts(one.facts):
                continue
            on_mains = _is_on_mains(one)
            end, said_at = silent_until(heard_at, longest, gaps), said_lost(one.facts, one.state.values)
            since = said_at if said_at is not None else heard_at if end <= at else None
            ends.append(at if said_at is not None and end > at else end)
            if on_mains:
                mains_ends.append(ends[-1])
            if since is not None:
                lost.append((one.facts.device, since))
                if on_mains:
                    mains_lost.append(lost[-1])
        return Tally(ends, lost, mains_ends, mains_lost)

    def behind_all(self, tally: Tally, members: Iterable[Member]) -> str:
        """The name of the one receiver through which all that are lost were heard last, as far as their messages told;
        empty where several were, or of one of them nobody knows. A weak fact: it is said, and nothing follows."""
        lost = {device for device, _ in tally.lost}
        through = {behind(one.state.heard_by) for one in members if one.facts.device in lost}
        return through.pop().partition(":")[2] if len(through) == 1 else ""

    def longest_of(self, facts: DeviceFacts) -> Duration | None:
        return self.longest if self.longest is not None else facts.longest_silence

    def needed(self, counted: int) -> int:
        """So many must be lost where so many count."""
        return max(self.devices, ceil(self.share * counted - _SHARES))

    def _are_lost(self, lost: Sequence[tuple[str, Instant]], needed: int, was: bool) -> bool:
        if len(lost) < needed:
            return False
        if was or self.within is None:
            return True
        since = sorted(at for _, at in lost)
        return any(last - first <= self.within for first, last in zip(since, since[needed - 1 :], strict=False))


def counts(facts: DeviceFacts) -> bool:
    """Whether a device is one of those of which a share is meant."""
    return facts.registered and facts.life is Life.IN_SERVICE


def was_silent(leaf: MassAbsent, facts: DeviceFacts, before: DeviceState, now: Instant, gaps: Gaps) -> bool:
    """The device, heard now, had been silent for too long."""
    longest = leaf.longest_of(facts)
    if before.heard_at is None or longest is None or now - before.heard_at < longest:
        return False
    return silence_between(before.heard_at, now, gaps) >= longest


def said_lost(facts: DeviceFacts, values: Mapping[str, Newest]) -> Instant | None:
    """When the device said last that it is offline or without mains; None where it does not say so."""
    gone = ("lost", "battery") if _lives_on_mains(facts) else ("lost",)
    found = [
        newest.measured_at
        for metric, words in (("online", (False,)), ("mains", (False,)), ("supply_status", gone))
        for _, newest in parts_of(metric, values)
        if any(newest.value is word or (isinstance(word, str) and newest.value == word) for word in words)
    ]
    return min(found, default=None)


def _is_on_mains(member: Member) -> bool:
    """By its profile or kind, or by its own word."""
    values = member.state.values
    if _lives_on_mains(member.facts) or any(parts_of("mains", values)):
        return True
    return any(newest.value in ("mains", "lost", "external") for _, newest in parts_of("supply_status", values))


def _lives_on_mains(facts: DeviceFacts) -> bool:
    return facts.on_mains or facts.kind is Kind.GATEWAY
