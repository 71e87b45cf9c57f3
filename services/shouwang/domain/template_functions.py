"""What the templates of a discovery may compute: comparisons, arithmetic, tests, filters and methods, all bounded."""

import math
from collections.abc import Callable, Mapping
from typing import Any

LONGEST_RESULT = 8_192
"""Characters of any text in between: chained concatenation doubles."""


class TemplateError(Exception):
    """A template that is not understood, or that this message does not fit."""


class _Missing:
    """What is not there: empty as a text, false as a condition, an error in arithmetic."""


MISSING = _Missing()


def truth(value: object) -> bool:
    return value is not MISSING and bool(value)


def text_of_value(value: object) -> str:
    """As Jinja prints it: ``True``, ``None``, nothing for what is missing."""
    return "" if value is MISSING else bounded(str(value)) if not isinstance(value, float) else repr(value)


def bounded(text: str) -> str:
    if len(text) > LONGEST_RESULT:
        raise TemplateError(f"a text has {len(text)} characters; at most {LONGEST_RESULT} are read")
    return text


def number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TemplateError(f"{text_of_value(value)[:40]!r} is no number")
    if abs(value) > 1e15:
        raise TemplateError("a number is too large")
    return value


def getter(name: str) -> Callable[[Any], Any]:
    return lambda value: value.get(name, MISSING) if isinstance(value, dict) else MISSING


def item(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return value.get(key, MISSING) if isinstance(key, str) else MISSING
    if isinstance(value, (list, str)) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return MISSING


def key_of(value: object) -> object:
    return value if isinstance(value, (str, int, float, bool, type(None))) else text_of_value(value)


def contained(left: Any, right: Any) -> bool:
    if isinstance(right, str):
        return isinstance(left, str) and left in right
    return isinstance(right, (list, dict)) and (isinstance(left, (str, int, float, bool, type(None))) and left in right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def ordered(left: Any, right: Any) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return compare(left, right)
        return compare(number(left), number(right))

    return ordered


def _joined(left: object, right: object) -> str:
    return bounded(text_of_value(left) + text_of_value(right))


def _added(left: object, right: object) -> object:
    return _joined(left, right) if isinstance(left, str) and isinstance(right, str) else number(left) + number(right)


def _converted(convert: Callable[[Any], Any]) -> Callable[..., Any]:
    """``int`` and ``float``: a number, the default, or an error where there is none."""

    def converting(value: Any, *default: Any) -> Any:
        try:
            return convert(float(value)) if isinstance(value, (str, int, float)) else convert(float(str(value)))
        except (ValueError, OverflowError):
            if default:
                return default[0]
            raise TemplateError(f"{text_of_value(value)[:40]!r} is no number") from None

    return converting


def _rounded(value: Any, digits: Any = 0, *_: Any) -> float:
    places = digits if isinstance(digits, int) and abs(digits) <= 15 else 0
    return round(float(number(value)), places)


def _defaulted(value: Any, default: Any = "", also_false: Any = False) -> Any:
    return default if value is MISSING or (truth(also_false) and not truth(value)) else value


def _chosen(value: Any, yes: Any = True, no: Any = False, *_: Any) -> Any:
    return yes if truth(value) else no


def _defined(value: Any, *_: Any) -> Any:
    if value is MISSING:
        raise TemplateError("what the template needs is not in the message")
    return value


def _flagged(value: Any, *default: Any) -> Any:
    if isinstance(value, (bool, int, float)):
        return bool(value)
    word = text_of_value(value).casefold()
    if word in {"true", "yes", "on", "enable", "1"}:
        return True
    if word in {"false", "no", "off", "disable", "0"}:
        return False
    return default[0] if default else False


def _replaced(value: Any, old: Any, new: Any) -> str:
    text, sought, put = text_of_value(value), text_of_value(old), text_of_value(new)
    if not sought:
        return text
    if text.count(sought) * len(put) > LONGEST_RESULT:
        raise TemplateError("a replacement makes a text too long")
    return text.replace(sought, put)


COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
}
ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": _added,
    "-": lambda left, right: number(left) - number(right),
    "*": lambda left, right: number(left) * number(right),
    "/": lambda left, right: number(left) / number(right),
    "//": lambda left, right: number(left) // number(right),
    "%": lambda left, right: number(left) % number(right),
    "~": _joined,
}
TESTS: Mapping[str, Callable[[Any], bool]] = {
    "defined": lambda value: value is not MISSING,
    "undefined": lambda value: value is MISSING,
    "none": lambda value: value is None,
    "number": lambda value: isinstance(value, (int, float)),
    "string": lambda value: isinstance(value, str),
    "mapping": lambda value: isinstance(value, dict),
    "true": lambda value: value is True,
    "false": lambda value: value is False,
}
FILTERS: Mapping[str, Callable[..., Any]] = {
    "int": _converted(math.trunc),
    "float": _converted(float),
    "round": _rounded,
    "abs": lambda value: abs(number(value)),
    "default": _defaulted,
    "d": _defaulted,
    "is_defined": _defined,
    "iif": _chosen,
    "bool": _flagged,
    "string": text_of_value,
    "lower": lambda value: text_of_value(value).lower(),
    "upper": lambda value: text_of_value(value).upper(),
    "title": lambda value: text_of_value(value).title(),
    "trim": lambda value: text_of_value(value).strip(),
    "replace": _replaced,
    "length": lambda value: len(value) if isinstance(value, (str, list, dict)) else 0,
    "first": lambda value: item(value, 0),
    "last": lambda value: item(value, -1),
}
METHODS: Mapping[str, Callable[..., Any]] = {
    "get": lambda value, key, default=None: value.get(key, default) if isinstance(value, dict) else default,
    "lower": FILTERS["lower"],
    "upper": FILTERS["upper"],
    "strip": FILTERS["trim"],
    "replace": FILTERS["replace"],
    "startswith": lambda value, start: text_of_value(value).startswith(text_of_value(start)),
    "endswith": lambda value, end: text_of_value(value).endswith(text_of_value(end)),
    "split": lambda value, by=None: text_of_value(value).split(text_of_value(by) if by else None),
}
