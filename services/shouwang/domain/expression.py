"""The condition that an expression in a language from outside states: ``expression``."""

from collections.abc import Mapping
from typing import Protocol

from shouwang.domain.judging import Condition, Truth, View, parts_of
from shouwang.domain.standing import Memory
from shouwang.domain.vocabulary import Scalar


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
    or a value that is not a bool is unknown. ``names`` are the metrics that it reads."""

    source: str
    names: tuple[str, ...]

    @property
    def metrics(self) -> tuple[str, ...]:
        return self.names

    def truth(self, memory: Memory, view: View) -> Truth:
        if view.expressions is None:
            return None
        values = {name: worst for name in self.names if (worst := _worst(name, view)) is not None}
        said = view.expressions.evaluate(self.source, values)
        return said if isinstance(said, bool) else None


def _worst(metric: str, view: View) -> Scalar | None:
    """The greatest value among the parts (true before false): what ``decode`` prints of a metric with parts."""
    values = [newest.value for _, newest in parts_of(metric, view.values)]
    return max(values, key=lambda value: (isinstance(value, str), value)) if values else None
