"""The written form of a rule document, and its conditions as the domain has them."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

import msgspec

from shouwang.domain.alert import AlertClass
from shouwang.domain.condition import AllOf, AnyOf, Node, Not, is_about_places, leaves, negated
from shouwang.domain.errors import ConfigError
from shouwang.domain.expression import Expression, Expressions
from shouwang.domain.home import HOME, METERS, Confirm, Inactive
from shouwang.domain.moment import duration
from shouwang.domain.occurrence import Event
from shouwang.domain.outage import AT_LEAST, MassAbsent
from shouwang.domain.shift import wall_clock, weekday
from shouwang.domain.states import Above, Below, Is
from shouwang.domain.timing import Absent, Between
from shouwang.domain.vocabulary import DAY, METRICS, SECOND, Duration, Kind, Scalar, Severity
from shouwang.domain.wallclock import Hours
from shouwang.domain.windows import Count, Rate
from shouwang.registry.documents import Document

T = TypeVar("T")

MAX_TIMES = 10_000
"""A ``count`` remembers as many instants as it counts."""


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of a rule file."""


class IsWritten(Written, frozen=True):
    metric: str
    value: Scalar
    lasting: str | None = msgspec.field(default=None, name="for")


class LimitWritten(Written, frozen=True):
    metric: str
    value: float
    clear_at: float | None = None
    lasting: str | None = msgspec.field(default=None, name="for")


class RateWritten(Written, frozen=True):
    metric: str
    rise: float
    within: str


class CountWritten(Written, frozen=True):
    metric: str
    value: Scalar
    times: int
    within: str


class EventWritten(Written, frozen=True):
    metric: str
    values: list[Scalar] | None = None


class Level(StrEnum):
    FLOOR = "floor"
    UNIT = "unit"
    BUILDING = "building"
    ZONE = "zone"


class AbsentWritten(Written, frozen=True):
    """With a share it is about a place."""

    longest: str | None = None
    share: float | None = None
    level: Level | None = msgspec.field(default=None, name="in")
    devices: int | None = None
    within: str | None = None


class InactiveWritten(Written, frozen=True):
    metrics: list[str]
    longest: str
    between: list[str | int] | None = None
    rise: float | None = None


class ConfirmWritten(Written, frozen=True):
    metric: str
    devices: int
    within: str
    level: Level = msgspec.field(name="in")


class BetweenWritten(Written, frozen=True):
    start: str | int = msgspec.field(name="from")
    end: str | int = msgspec.field(name="to")
    days: list[str] | None = None


class ConditionWritten(Written, frozen=True):
    """Exactly one of these."""

    is_: IsWritten | None = msgspec.field(default=None, name="is")
    above: LimitWritten | None = None
    below: LimitWritten | None = None
    rate: RateWritten | None = None
    count: CountWritten | None = None
    event: EventWritten | None = None
    absent: AbsentWritten | msgspec.UnsetType | None = msgspec.UNSET
    inactive: InactiveWritten | None = None
    confirm: ConfirmWritten | None = None
    between: BetweenWritten | None = None
    all_: "list[ConditionWritten] | None" = msgspec.field(default=None, name="all")
    any_: "list[ConditionWritten] | None" = msgspec.field(default=None, name="any")
    not_: "ConditionWritten | None" = msgspec.field(default=None, name="not")
    expression: str | None = None


class ScopeWritten(Written, frozen=True):
    kinds: list[Kind] | None = None
    tags: list[str] | None = None
    places: list[str] | None = None
    devices: list[str] | None = None


class OutcomeWritten(Written, frozen=True):
    at: str
    raised: Severity | None = None
    repeated: Severity | None = None
    cleared: Severity | None = None
    subject: str = ""


class ExampleWritten(Written, frozen=True):
    readings: list[dict[str, Scalar | list[str] | None]]
    expect: list[OutcomeWritten]
    start: str | None = None
    longest_silence: str | None = None


class RuleWritten(Written, frozen=True):
    """One document of a rule file."""

    rule: str
    severity: Severity
    when: ConditionWritten
    title: dict[str, str] | None = None
    klass: AlertClass | None = msgspec.field(default=None, name="class")
    latching: bool | None = None
    scope: ScopeWritten | None = None
    consent: bool = False
    yields_to: list[AlertClass] | None = None
    source: str | dict[str, str] | None = None
    examples: list[ExampleWritten] | None = None


def condition(document: Document, written: ConditionWritten, expressions: Expressions | None) -> Node:
    """The condition of a rule. Raises ConfigError with ``file:line`` where it cannot be meant."""
    node = _Reader(document, expressions).node(written, "$.when")
    for leaf in negated(node):
        if isinstance(leaf, Event):
            raise ConfigError(
                f"event {leaf.metric} stands under not: an event that did not happen has no instant; "
                "expected a condition that lasts, for example is or count",
                document.where("$.when"),
            )
    if is_about_places(node) and not all(
        isinstance(leaf, Confirm | Inactive | MassAbsent | Between) for leaf in leaves(node)
    ):
        raise ConfigError(
            "confirm, inactive and absent with a share are about a place, the other conditions about one device; "
            "expected beside them only between",
            document.where("$.when"),
        )
    levels = {leaf.level if isinstance(leaf, Confirm | MassAbsent) else HOME for leaf in leaves(node) if leaf.metrics}
    if is_about_places(node) and len(levels) > 1:
        raise ConfigError(
            f"one rule is about one level of places, found {', '.join(sorted(levels))}", document.where("$.when")
        )
    return node


class _Reader:
    """Reads the conditions of one document."""

    def __init__(self, document: Document, expressions: Expressions | None) -> None:
        self._document = document
        self._expressions = expressions

    def node(self, written: ConditionWritten, path: str) -> Node:
        given = [(name, value) for name, value in _fields(written) if value is not None]
        if len(given) != 1:
            found = ", ".join(name for name, _ in given) or "none"
            raise self._error(path, f"expected exactly one condition, found {found}; join several by all or any")
        name, value = given[0]
        here = f"{path}.{name}"
        match value:
            case IsWritten():
                return Is(metric=value.metric, value=value.value, lasting=self._lasting(here, value.lasting))
            case LimitWritten():
                return self._limit(here, name, value)
            case RateWritten():
                if value.rise <= 0:
                    raise self._error(f"{here}.rise", f"a rise is above 0, found {value.rise:g}")
                return Rate(metric=value.metric, rise=value.rise, within=self._span(f"{here}.within", value.within))
            case CountWritten():
                times = self._from_one(f"{here}.times", value.times)
                within = self._span(f"{here}.within", value.within)
                return Count(metric=value.metric, value=value.value, times=times, within=within)
            case EventWritten():
                if value.values == []:
                    raise self._error(f"{here}.values", "no value is an occurrence; leave values out to mean any")
                return Event(metric=value.metric, values=None if value.values is None else tuple(value.values))
            case AbsentWritten():
                return self._absent(here, value)
            case BetweenWritten():
                days = None if value.days is None else self._days(f"{here}.days", value.days)
                return Between(hours=Hours(self._clock(here, value.start), self._clock(here, value.end, True), days))
            case ConfirmWritten():
                devices = self._from_one(f"{here}.devices", value.devices)
                within = self._read(f"{here}.within", duration, value.within)
                return Confirm(metric=value.metric, devices=devices, within=within, level=value.level.value)
            case InactiveWritten():
                return self._inactive(here, value)
            case str():
                return self._expression(here, value)
            case ConditionWritten():
                return Not(self.node(value, here))
            case list():
                if not value:
                    raise self._error(here, "expected at least one condition, found none")
                joined = tuple(self.node(each, f"{here}[{index}]") for index, each in enumerate(value))
                return AllOf(joined) if name == "all" else AnyOf(joined)
        raise self._error(here, f"{name} is not a condition")

    def _limit(self, path: str, name: str, written: LimitWritten) -> Node:
        clear_at = written.value if written.clear_at is None else written.clear_at
        lasting = self._lasting(path, written.lasting)
        if name == "above":
            if clear_at > written.value:
                raise self._error(
                    f"{path}.clear_at", f"{clear_at:g} is above value {written.value:g}; expected at most that"
                )
            return Above(metric=written.metric, value=written.value, clear_at=clear_at, lasting=lasting)
        if clear_at < written.value:
            raise self._error(
                f"{path}.clear_at", f"{clear_at:g} is below value {written.value:g}; expected at least that"
            )
        return Below(metric=written.metric, value=written.value, clear_at=clear_at, lasting=lasting)

    def _absent(self, path: str, written: AbsentWritten) -> Node:
        longest = None if written.longest is None else self._span(f"{path}.longest", written.longest)
        if written.share is None:
            for name, value in (("in", written.level), ("devices", written.devices), ("within", written.within)):
                if value is not None:
                    raise self._error(f"{path}.{name}", "it is about several devices; expected share beside it")
            return Absent(longest=longest)
        if not 0 < written.share <= 1:
            raise self._error(f"{path}.share", f"expected above 0, at most 1, found {written.share:g}")
        if written.level is None:
            levels = ", ".join(Level)
            raise self._error(path, f"in: a share is of the devices of one place; expected one of {levels}")
        return MassAbsent(
            share=written.share,
            level=written.level.value,
            devices=AT_LEAST if written.devices is None else self._from_one(f"{path}.devices", written.devices),
            longest=longest,
            within=None if written.within is None else self._span(f"{path}.within", written.within),
        )

    def _inactive(self, path: str, written: InactiveWritten) -> Node:
        hours = None
        if written.between is not None:
            if len(written.between) != 2:
                raise self._error(f"{path}.between", f"expected [from, to], found {len(written.between)} times")
            start, end = written.between
            hours = Hours(self._clock(f"{path}.between", start), self._clock(f"{path}.between", end, True))
        if not written.metrics:
            raise self._error(f"{path}.metrics", "expected at least one metric, found none")
        longest = self._span(f"{path}.longest", written.longest)
        if written.rise is not None and (written.rise <= 0 or METERS.isdisjoint(written.metrics)):
            meters = ", ".join(sorted(METERS))
            raise self._error(f"{path}.rise", f"expected above 0, and beside it one of the meters {meters}")
        return Inactive(over=tuple(written.metrics), longest=longest, hours=hours, rise=written.rise or 0)

    def _expression(self, path: str, source: str) -> Node:
        if self._expressions is None:
            raise self._error(path, "expressions are not available here; expected one of the other conditions")
        return Expression(source=source, names=self._read(path, self._expressions.names, source))

    def _lasting(self, path: str, text: str | None) -> Duration:
        return 0 if text is None else self._read(f"{path}.for", duration, text)

    def _span(self, path: str, text: str) -> Duration:
        found = self._read(path, duration, text)
        if found <= 0:
            raise self._error(path, f"a length of time is above 0, found {text}")
        return found

    def _from_one(self, path: str, number: int) -> int:
        if not 1 <= number <= MAX_TIMES:
            raise self._error(path, f"expected 1 to {MAX_TIMES}, found {number}")
        return number

    def _clock(self, path: str, written: str | int, is_end: bool = False) -> Duration:
        """``HH:MM``; without quotes YAML 1.1 reads 22:00 as the number 1320."""
        text = f"{written // 60:02d}:{written % 60:02d}" if isinstance(written, int) else written
        since_midnight = round(self._read(path, wall_clock, text).total_seconds()) * SECOND
        if since_midnight == DAY and not is_end:
            raise self._error(path, "24:00 ends a day; expected for its beginning 00:00")
        return since_midnight

    def _days(self, path: str, names: Sequence[str]) -> tuple[int, ...]:
        if not names:
            raise self._error(path, "no day; leave days out to mean every day")
        return tuple(self._read(path, weekday, name) for name in names)

    def _read(self, path: str, read: Callable[[str], T], text: str) -> T:
        try:
            return read(text)
        except ConfigError as error:
            raise self._error(path, str(error)) from None

    def _error(self, path: str, message: str) -> ConfigError:
        return ConfigError(f"{path.removeprefix('$.')}: {message}", self._document.where(path))


def unknown_metrics(node: Node) -> list[str]:
    """A sentence for each metric that is not of the vocabulary, with the nearest word that is."""
    named = dict.fromkeys(metric for leaf in leaves(node) for metric in leaf.metrics)
    sentences = []
    for metric in named:
        if metric not in METRICS:
            near = get_close_matches(metric, METRICS, 1)
            sentences.append(f"{metric} is not a metric" + (f"; did you mean {near[0]}?" if near else ""))
    return sentences


def _fields(written: ConditionWritten) -> list[tuple[str, object]]:
    """(name in the file, value); ``absent`` without anything is one, too."""
    pairs: list[tuple[str, object]] = []
    for field in msgspec.structs.fields(written):
        value = getattr(written, field.name)
        if field.name == "absent":
            value = None if value is msgspec.UNSET else value or AbsentWritten()
        pairs.append((field.encode_name, value))
    return pairs
