"""Conditions about a place rather than a device: ``confirm`` (several detectors agree) and ``inactive`` (a quiet home).

Their subject is a place. Devices tell it only what changes (a rise, a fall, an activity), so that quiet messages touch
no place; what they told is all that a place remembers.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from shouwang.domain.judging import Condition, Note, Truth, View, key_of, number
from shouwang.domain.standing import Ended, Memory, Newest
from shouwang.domain.vocabulary import DeviceId, Duration, Evidence, Instant, Reading, Scalar
from shouwang.domain.wallclock import Hours
from shouwang.domain.windows import DIGITS

HOME = "dwelling"
"""The level of place that ``inactive`` is about."""

_WHOLE = ""
_CHANGES = frozenset({"contact", "valve_open"})
"""Of these a change is an activity, whichever way; of other flags being true."""
METERS = frozenset({"water_volume", "energy"})
"""Of these growth is an activity; of other numbers being above zero."""


class Confirm(Condition, frozen=True, kw_only=True):
    """``devices`` different devices of one place of the ``level`` are true, their rises at most ``within`` apart. Ends
    when fewer are true."""

    metric: str
    devices: int
    within: Duration
    level: str

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def take(self, memory: Memory, view: View) -> Memory:
        on, ended = bool(memory.held), memory.ended
        rises, fallen = dict(memory.rises), dict(memory.fallen)
        for note in view.notes:
            if note.metric != self.metric or note.what not in ("rise", "fall"):
                continue
            if note.late:
                # It raises what was missed; whether that goes on, the next of the devices says.
                missed = [note.at, *(at for device, at in rises.items() if device != note.device)]
                on = on or (len(missed) >= self.devices and self._agree(missed))
                continue
            ended = ended if ended is not None and ended.at == note.at else None
            fallen = {device: fall for device, fall in fallen.items() if fall[1] == note.at}
            if note.what == "fall":
                if note.device in rises:
                    fallen[note.device] = (rises.pop(note.device), note.at)
            elif note.device not in rises:
                rises[note.device] = fallen.pop(note.device, (note.at, note.at))[0]
            was, enough = on, len(rises) >= self.devices
            on = enough and (was or ended is not None or self._agree(list(rises.values())))
            if was and not on:
                ended = Ended(note.at, None, None, [])
        return msgspec.structs.replace(
            memory, held={_WHOLE: True} if on else {}, ended=ended, rises=rises, fallen=fallen
        )

    def _agree(self, rises: list[Instant]) -> bool:
        rises.sort()
        return any(last - first <= self.within for first, last in zip(rises, rises[self.devices - 1 :], strict=False))

    def truth(self, memory: Memory, view: View) -> Truth:
        return bool(memory.held)

    def evidence(self, memory: Memory, view: View) -> list[Evidence]:
        """One for each device that is true; the part is the device."""
        return [
            Evidence(self.metric, True, at, device)
            for device, at in sorted(memory.rises.items(), key=lambda rise: rise[1])
        ]


class Inactive(Condition, frozen=True, kw_only=True):
    """No activity in the home for ``longest`` of time counted only within the local hours. Any activity ends it.
    Counted from when the first of its devices was heard. Time in which we were deaf is not counted."""

    over: tuple[str, ...]
    longest: Duration
    hours: Hours | None = None
    rise: float = 0
    """A meter is active when it has grown by at least so much since it was so last; 0: by whatever."""

    @property
    def metrics(self) -> tuple[str, ...]:
        return self.over

    def take(self, memory: Memory, view: View) -> Memory:
        for note in view.notes:
            if note.metric not in self.over or note.what not in ("active", "seen", "reads"):
                continue
            is_active = note.what == "active"
            if note.what == "reads":
                memory, is_active = self._metered(memory, note)
            active_at = memory.active_at
            is_news = active_at is None or (is_active and note.at > active_at)
            if is_news and not (note.late and self.truth(memory, view)):
                memory = msgspec.structs.replace(memory, active_at=note.at)
        return memory

    def _metered(self, memory: Memory, note: Note) -> tuple[Memory, bool]:
        """What the meter showed at its last activity, and whether this is one. A smaller value is of another meter."""
        key = f"{note.device} {note.metric} {note.part}"
        base = memory.meters.get(key)
        grown = 0.0 if base is None else round(note.value - base, DIGITS)
        if base is not None and 0 <= grown < self.rise:
            return memory, False
        return msgspec.structs.replace(memory, meters={**memory.meters, key: note.value}), grown > 0

    def truth(self, memory: Memory, view: View) -> Truth:
        if memory.active_at is None or view.blind:
            return None
        end = self._end(memory.active_at, view)
        return end is not None and view.at >= end

    def due(self, memory: Memory, view: View) -> Instant | None:
        end = self._end(memory.active_at, view) if memory.active_at is not None else None
        return end if end is not None and end > view.at else None

    def _end(self, since: Instant, view: View) -> Instant | None:
        end, needed = self._when_passed(since, self.longest, view), self.longest
        for start, stop in view.gaps:
            begin = max(start, since)
            if end is not None and begin < end and stop > begin:
                needed += stop - begin
                end = self._when_passed(since, needed, view)
        return end

    def _when_passed(self, since: Instant, needed: Duration, view: View) -> Instant | None:
        return since + needed if self.hours is None else self.hours.when_passed(since, needed, view.zone)


def activities(
    leaf: Inactive, device: DeviceId, before: Mapping[str, Newest], readings: Sequence[Reading], retained: bool
) -> Iterator[Note]:
    """What readings of a device mean to its home: somebody did something, a meter shows a value, it was first read.
    ``before``: the newest values before them."""
    known: dict[str, tuple[Scalar, Instant]] = {key: (one.value, one.measured_at) for key, one in before.items()}
    for reading in sorted(readings, key=lambda reading: reading.measured_at):
        if reading.metric not in leaf.over:
            continue
        key, at = key_of(reading.metric, reading.part), reading.measured_at
        earlier = known.get(key)
        is_late = earlier is not None and at < earlier[1]
        shown = number(reading.value)
        if leaf.rise and reading.metric in METERS and shown is not None:
            if not is_late and (earlier is None or earlier[0] != shown):
                yield Note(device, reading.metric, "reads", at, value=shown, part=reading.part)
        elif not retained and _is_activity(reading, None if earlier is None else earlier[0], is_late):
            yield Note(device, reading.metric, "active", at, is_late)
        elif earlier is None:
            yield Note(device, reading.metric, "seen", at)
        if not is_late:
            known[key] = (reading.value, at)


def _is_activity(reading: Reading, earlier: Scalar | None, is_late: bool) -> bool:
    """A change of a door, growth of a meter, anything else that is true, above zero or not empty."""
    metric, value = reading.metric, reading.value
    if metric in _CHANGES:
        return earlier is not None and not is_late and earlier != value
    if isinstance(value, bool):
        return value
    found = number(value)
    if found is None:
        return isinstance(value, str) and value != ""
    if metric in METERS:
        previous = number(earlier)
        return previous is not None and not is_late and found > previous
    return found > 0
