"""Expressions of rules in the Common Expression Language, by ``common-expression-language`` (module ``cel``).

What an expression may cost is bounded before it runs, not while: the language has no loops but its macros over lists,
and those are refused here (readings are no lists), its regular expressions take time linear in the text, and its length
is limited, so that what is left costs microseconds. Nesting beyond what the parser takes is refused by the parser.

Numbers are doubles throughout: CEL would refuse ``temperature - 20``, a double less an integer. What only integers can
do (``count % 2``) is evaluated as written, over the readings as they came.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from shouwang.domain.errors import ConfigError
from shouwang.domain.vocabulary import Scalar

if TYPE_CHECKING:
    from cel import Program

LONGEST = 1000
"""Characters of one expression."""

_MACRO = re.compile(r"\.\s*(all|exists|exists_one|map|filter)\s*\(")
_TEXT_OR_INTEGER = re.compile(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(?<![\w.])(\d+)(?![\w.])""")


_FAILS = (RuntimeError, TypeError, ValueError, ArithmeticError)


class CelExpressions:
    """Programs are compiled once. Implements ``Expressions`` (domain/expression.py)."""

    def __init__(self) -> None:
        self._programs: dict[str, Program] = {}

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
            return self._program(_in_doubles(source)).execute(doubles)
        except TypeError:
            pass
        except _FAILS:
            return None
        try:
            return self._program(source).execute(dict(values))
        except _FAILS:
            return None

    def _program(self, source: str) -> "Program":
        if source not in self._programs:
            try:
                # Imported with the first expression: it takes 0.2 s, and most sites have none.
                from cel import compile as compiled

                self._programs[source] = compiled(source)
            except ValueError as error:
                raise ConfigError(f"{source!r} is no expression: {error}") from None
        return self._programs[source]


def expressions() -> CelExpressions:
    """The language of rules."""
    return CelExpressions()


@cache
def _in_doubles(source: str) -> str:
    return _TEXT_OR_INTEGER.sub(_double, source)


def _double(match: re.Match[str]) -> str:
    return match[1] or f"{match[2]}.0"
