"""Expressions of rules in the Common Expression Language, by ``common-expression-language`` (module ``cel``).

The language has no loops but its macros over lists, and those are refused here: readings are no lists, and what is left
costs no more than its length. Numbers are doubles throughout: CEL would refuse ``temperature - 20``, a double less an
integer.
"""

import importlib
import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from shouwang.domain.errors import ConfigError
from shouwang.domain.vocabulary import Scalar

LONGEST = 1000
"""Characters of one expression."""

_MACRO = re.compile(r"\.\s*(all|exists|exists_one|map|filter)\s*\(")
_TEXT_OR_INTEGER = re.compile(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(?<![\w.])(\d+)(?![\w.])""")


class CelExpressions:
    """Programs are compiled once. Implements ``Expressions`` (domain/expression.py)."""

    def __init__(self) -> None:
        self._programs: dict[str, Any] = {}

    def names(self, source: str) -> tuple[str, ...]:
        """The metrics that it reads. Raises ConfigError where it is no expression."""
        if len(source) > LONGEST:
            raise ConfigError(f"an expression of {len(source)} characters; expected at most {LONGEST}")
        if _MACRO.search(source):
            raise ConfigError("macros over lists (all, exists, map, filter) are not for rules: readings are no lists")
        names = tuple(self._program(source).variables())
        if not names:
            raise ConfigError(f"{source!r} names no metric, so no reading would ever have it judged")
        return names

    def evaluate(self, source: str, values: Mapping[str, Scalar]) -> object:
        """Its value; None where it has none."""
        doubles = {
            name: float(value) if isinstance(value, int) and not isinstance(value, bool) else value
            for name, value in values.items()
        }
        try:
            return self._program(source).execute(doubles)
        except (RuntimeError, TypeError, ValueError, ArithmeticError):
            return None

    def _program(self, source: str) -> Any:
        if source not in self._programs:
            try:
                # Imported with the first expression: it takes 0.2 s, and most sites have none.
                engine = importlib.import_module("cel")
                self._programs[source] = engine.compile(_TEXT_OR_INTEGER.sub(_double, source))
            except ValueError as error:
                raise ConfigError(f"{source!r} is no expression: {error}") from None
        return self._programs[source]


def expressions() -> CelExpressions | None:
    """The language, or None where its library is not installed."""
    return CelExpressions() if find_spec("cel") is not None else None


def _double(match: re.Match[str]) -> str:
    return match[1] or f"{match[2]}.0"
