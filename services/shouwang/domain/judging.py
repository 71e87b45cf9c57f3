"""What a condition sees when it is judged: the newest values, what has just been read, and the moment."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from shouwang.domain.standing import DeviceFacts, DeviceState, Memory, Newest
from shouwang.domain.vocabulary import DeviceId, Duration, Evidence, Instant, Reading, Scalar, Value

if TYPE_CHECKING:
    from shouwang.domain.expression import Expressions

Truth: TypeAlias = bool | None
"""Three-valued: None is unknown, neither true nor false. Unknown changes nothing."""

IDLE = Memory()
"""Nothing remembered."""

Gaps: TypeAlias = Sequence[tuple[Instant, Instant]]
"""Intervals in which we were deaf, oldest first, apart from each other. They are never a device's silence."""


class Order(Enum):
    """How a reading stands to the newest one of its metric and part."""

    NEWER = "newer"
    SAME = "same"
    """Of the same instant: what is true in any reading of an instant is true in it, whatever their order."""
    OLDER = "older"
    """Late news: may raise, never clears."""
    RETAINED = "retained"
    """The broker's copy of an unknown time, beside a value that was heard: may raise, never clears."""


class Applied(msgspec.Struct, frozen=True, gc=False):
    """A reading as it was laid onto the newest values."""

    reading: Reading
    order: Order
    before: Newest | None
    after: Newest


class Note(Value, frozen=True):
    """What a device tells its place. ``rise``/``fall``: its metric became true or false; ``active``: somebody did
    something; ``seen``: it was heard for the first time; ``reads``: its meter, or its part, shows ``value``."""

    device: DeviceId
    metric: str
    what: str
    at: Instant
    late: bool = False
    value: float = 0
    part: str = ""


class Member(Value, frozen=True):
    """A device that stands in a place, as it is when the place is judged."""

    facts: DeviceFacts
    state: DeviceState


class View(msgspec.Struct):
    """One judging of one device: ``at`` is its moment (receive time, or a timer's own time), ``measured_at`` the
    device time of the readings just applied."""

    at: Instant
    measured_at: Instant
    facts: DeviceFacts
    values: Mapping[str, Newest]
    heard_at: Instant | None
    zone: tzinfo
    applied: Sequence[Applied] = ()
    notes: Sequence[Note] = ()
    gaps: Gaps = ()
    knows_silence: bool = True
    """False: nobody said whether we were deaf, so a silence that is long enough may be ours."""
    silence: Duration = 0
    """How long the device had been silent before this moment, our own gaps not counted."""
    retained: bool = False
    expressions: "Expressions | None" = None
    members: Sequence[Member] | None = None
    """Of a place: the devices that a rule about silence asks of. None: nobody looked."""
    muted: bool = False
    """What is raised is a danger to life, and the detector looks for nothing meanwhile: no word that all is well
    counts. What it says when that is over does."""
    blind: bool = False
    """Conditions on the clock and on silence say unknown: is the rest decided without them?"""


class Condition(Value, frozen=True, kw_only=True):
    """A leaf of a rule: what is asked of the device's readings or of time. Remembers nothing unless it says so."""

    key: str = ""
    """Its place in the rule, for its memory."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics whose readings can change it."""
        return ()

    def is_quiet(self, value: Scalar) -> bool:
        """True where a reading of this value cannot make the condition true by itself."""
        return False

    def take(self, memory: Memory, view: View) -> Memory:
        """The memory after the readings just applied."""
        return memory

    def suppose(self, memory: Memory, view: View) -> Memory | None:
        """The memory if late news counted; None where it would not matter. Kept only if it raises."""
        return None

    def lapse(self, memory: Memory, view: View) -> Memory:
        """The memory after a silence longer than the device's longest: a pending ``for`` ends."""
        return memory

    def truth(self, memory: Memory, view: View) -> Truth:
        """Whether it is true at ``view.at``."""
        raise NotImplementedError

    def occurs(self, view: View) -> bool:
        """True where the readings just applied are an occurrence (``event`` alone)."""
        return False

    def due(self, memory: Memory, view: View) -> Instant | None:
        """The next moment after ``view.at`` at which it may change without a reading."""
        return None

    def evidence(self, memory: Memory, view: View) -> list[Evidence]:
        """The readings that it rests on."""
        return [found for metric in self.metrics for found in newest_evidence(metric, view)]


def key_of(metric: str, part: str) -> str:
    """The key of a newest value."""
    return f"{metric}@{part}" if part else metric


def parts_of(metric: str, values: Mapping[str, Newest]) -> Iterator[tuple[str, Newest]]:
    """(part, newest value) of all parts of a metric."""
    start = len(metric) + 1
    prefix = metric + "@"
    for key, newest in values.items():
        if key == metric:
            yield "", newest
        elif key.startswith(prefix):
            yield key[start:], newest


def newest_evidence(metric: str, view: View) -> list[Evidence]:
    """The newest reading of each part, and before them those just applied that are not the newest."""
    said = [
        Evidence(metric, one.reading.value, one.reading.measured_at, one.reading.part)
        for one in view.applied
        if one.reading.metric == metric and one.order in (Order.OLDER, Order.RETAINED)
    ]
    return said + [
        Evidence(metric, newest.value, newest.measured_at, part) for part, newest in parts_of(metric, view.values)
    ]


def is_muted(values: Mapping[str, Newest], readings: Iterable[Reading]) -> bool:
    """The detector is silenced, or says in this message that it tests itself: it looks for nothing meanwhile, and that
    it finds nothing is no all-clear."""
    if any(newest.value is True for _, newest in parts_of("silenced", values)):
        return True
    return any(one.metric == "test" and one.value is True for one in readings)


def was_said_muted(metric: str, before: Mapping[str, Newest], after: Mapping[str, Newest]) -> bool:
    """Whether the newest word on a metric ``before`` a message may have been said while the detector was muted."""
    said_at = max((newest.measured_at for _, newest in parts_of(metric, before)), default=0)
    silences = (*parts_of("silenced", before), *parts_of("silenced", after))
    return any(newest.value is True or newest.measured_at > said_at for _, newest in silences) or any(
        newest.value is True and newest.measured_at >= said_at for _, newest in parts_of("test", before)
    )


def number(value: object) -> float | None:
    """The value where it is a number; a bool is none, nor is a text."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def silent_until(since: Instant, longest: Duration, gaps: Gaps) -> Instant:
    """When a silence that began at ``since`` has lasted ``longest``, not counting the time in which we were deaf."""
    end = since + longest
    for start, stop in gaps:
        begin = max(start, since)
        if begin < end and stop > begin:
            end += stop - begin
    return end


def silence_between(since: Instant, until: Instant, gaps: Gaps) -> Duration:
    """How long a silence lasted, not counting the time in which we were deaf."""
    deaf = sum(max(0, min(stop, until) - max(start, since)) for start, stop in gaps)
    return max(0, until - since - deaf)
