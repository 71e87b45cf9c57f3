"""The condition that an expression in a language from outside states: ``expression``."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from shouwang.domain.judging import Applied, Condition, Order, Truth, View, key_of, parts_of
from shouwang.domain.standing import Memory, Newest
from shouwang.domain.vocabulary import Scalar, same_value

_HELD = {"": True}
"""It was true of a reading that is not among the newest values: late news, or another one of the same instant."""


class Expressions(Protocol):
    """A language of expressions, given by whoever has one."""

    def names(self, source: str) -> tuple[str, ...]:
        """The names that the expression reads. Raises ConfigError where it is not one of the language."""
        ...

    def evaluate(self, source: str, values: Mapping[str, Scalar]) -> object:
        """Its value; None where it has none (a missing name, a wrong type)."""
        ...


class Expression(Condition, frozen=True, kw_only=True):
    """True or false as the expression says over the device's newest readings by metric name; an error, a missing metric
    or a value that is not a bool is unknown. ``names`` are the metrics that it reads. Late news that makes it true
    counts until the next newer reading; so does each of several readings of one instant."""

    source: str
    names: tuple[str, ...]

    @property
    def metrics(self) -> tuple[str, ...]:
        return self.names

    def take(self, memory: Memory, view: View) -> Memory:
        said = [one for one in view.applied if one.reading.metric in self.names and one.order is not Order.OLDER]
        if not said:
            return memory
        is_held = bool(memory.held) and (view.muted or not any(one.order is Order.NEWER for one in said))
        others = said if view.muted else [one for one in said if one.order is not Order.NEWER]
        is_held = is_held or self._is_true_of_any(others, view)
        return (
            memory if is_held == bool(memory.held) else msgspec.structs.replace(memory, held=_HELD if is_held else {})
        )

    def suppose(self, memory: Memory, view: View) -> Memory | None:
        late = [one for one in view.applied if one.reading.metric in self.names and one.order is Order.OLDER]
        return msgspec.structs.replace(memory, held=_HELD) if self._is_true_of_any(late, view) else None

    def truth(self, memory: Memory, view: View) -> Truth:
        return True if memory.held else self._says(view.values, view)

    def _is_true_of_any(self, said: Iterable[Applied], view: View) -> bool:
        """Whether it is true of one of these readings, or of what stood before it, beside the newest of all others."""
        for one in said:
            reading, key = one.reading, key_of(one.reading.metric, one.reading.part)
            itself = Newest(reading.value, reading.measured_at, reading.received_at)
            if one.order is Order.SAME and one.before is not None and same_value(one.before.value, itself.value):
                continue  # a repeat
            before = one.before if one.order is Order.SAME or view.muted else None
            if any(self._says({**view.values, key: value}, view) for value in (itself, before) if value is not None):
                return True
        return False

    def _says(self, values: Mapping[str, Newest], view: View) -> Truth:
        if view.expressions is None:
            return None
        read = {name: worst for name in self.names if (worst := _worst(name, values)) is not None}
        said = view.expressions.evaluate(self.source, read)
        return said if isinstance(said, bool) else None


def _worst(metric: str, values: Mapping[str, Newest]) -> Scalar | None:
    """The greatest value among the parts (true before false): what ``decode`` prints of a metric with parts."""
    found = [newest.value for _, newest in parts_of(metric, values)]
    return max(found, key=lambda value: (isinstance(value, str), value)) if found else None
