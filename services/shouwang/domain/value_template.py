"""The templates by which Home Assistant's MQTT discovery says where a value stands: a small, bounded part of Jinja.

Expressions over ``value`` and ``value_json``: paths, literals, arithmetic, comparisons, ``and or not``, ``in``,
``a if b else c``, ``is defined`` and ``is none``, filters for numbers, defaults and texts; ``{% if %}`` and
``{% set %}``. Whatever else a template asks for is not understood, and its entity gives no reading.

Source: Home Assistant's documentation of templating and of processing incoming MQTT data; Jinja's template designer
documentation.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from shouwang.domain.template_functions import (
    ARITHMETIC,
    COMPARE,
    FILTERS,
    METHODS,
    MISSING,
    TESTS,
    TemplateError,
    bounded,
    contained,
    getter,
    item,
    key_of,
    number,
    text_of_value,
    truth,
)

LONGEST_TEMPLATE = 4_096
"""Characters."""
MAX_DEPTH = 24
"""Of brackets and blocks."""

Names: TypeAlias = Mapping[str, object]
Evaluate: TypeAlias = Callable[[dict[str, Any]], Any]


_TOKEN = re.compile(
    r"\s*(?:(\d+(?:\.\d+)?)|('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|([A-Za-z_]\w*)|(==|!=|<=|>=|//|[-+*/%~<>()\[\].,|:{}]))"
)
_BLOCK = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)
_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "none": None, "None": None}


class Template:
    """Compiled once for an entity. Raises TemplateError for what is not understood."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST_TEMPLATE:
            raise TemplateError(f"the template has {len(text)} characters; at most {LONGEST_TEMPLATE} are read")
        self.text = text
        parts = [part for part in _BLOCK.split(text) if part and not part.startswith("{#")]
        self._body, rest = _blocks(parts, 0, (), 0)
        if rest != len(parts):
            raise TemplateError("a block ends that did not begin")

    def render(self, names: Names) -> str:
        """The text that comes out; ``names``: ``value``, ``value_json`` and the like. Raises TemplateError."""
        try:
            return bounded("".join(map(text_of_value, self._body(dict(names))))).strip()
        except (TypeError, ValueError, ZeroDivisionError, OverflowError, KeyError, IndexError, RecursionError) as error:
            raise TemplateError(str(error)) from None


def _blocks(parts: Sequence[str], at: int, until: Sequence[str], depth: int) -> tuple[Evaluate, int]:
    """Texts, outputs and statements up to a statement of ``until``, which is left to the caller."""
    if depth > MAX_DEPTH:
        raise TemplateError("blocks are nested too deep")
    steps: list[Evaluate] = []
    while at < len(parts):
        part = parts[at]
        if part.startswith("{{") and part.endswith("}}"):
            steps.append(_output(_expression(_inside(part))))
        elif part.startswith("{%") and part.endswith("%}"):
            word, _, rest = _inside(part).strip().partition(" ")
            if word in until:
                break
            if word == "set":
                name, equals, said = rest.partition("=")
                if not equals or not name.strip().isidentifier():
                    raise TemplateError(f"set {rest!r} is not understood")
                steps.append(_setting(name.strip(), _expression(said)))
            elif word == "if":
                step, at = _branches(parts, at, depth)
                steps.append(step)
            else:
                raise TemplateError(f"the statement {word!r} is not understood")
        elif "{{" in part or "{%" in part:
            raise TemplateError("a block does not end")
        else:
            steps.append(_literal([part]))
        at += 1
    return (lambda names: [text for step in steps for text in step(names)]), at


def _branches(parts: Sequence[str], at: int, depth: int) -> tuple[Evaluate, int]:
    branches: list[tuple[Evaluate | None, Evaluate]] = []
    while True:
        word, _, rest = _inside(parts[at]).strip().partition(" ")
        if word == "endif":
            break
        condition = None if word == "else" else _expression(rest)
        body, at = _blocks(parts, at + 1, ("elif", "else", "endif"), depth + 1)
        branches.append((condition, body))
        if at >= len(parts):
            raise TemplateError("an if has no endif")

    def branching(names: dict[str, Any]) -> Any:
        for condition, body in branches:
            if condition is None or truth(condition(names)):
                return body(names)
        return []

    return branching, at


def _inside(block: str) -> str:
    """Without its braces, and without the sign beside them that takes away white space."""
    inner = block[2:-2]
    return inner[inner.startswith(("-", "+")) : len(inner) - inner.endswith(("-", "+"))]


def _output(expression: Evaluate) -> Evaluate:
    return lambda names: [expression(names)]


def _literal(value: object) -> Evaluate:
    return lambda names: value


def _setting(name: str, expression: Evaluate) -> Evaluate:
    def setting(names: dict[str, Any]) -> Any:
        names[name] = expression(names)
        return []

    return setting


def _expression(text: str) -> Evaluate:
    tokens: list[tuple[str, str]] = []
    at, text = 0, text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            if not text[at:].strip():
                break
            raise TemplateError(f"{text[at : at + 20]!r} is not understood")
        kind = ("number", "text", "name", "sign")[found.lastindex - 1]  # type: ignore[operator]  # one group matched
        tokens.append((kind, found[found.lastindex]))  # type: ignore[index]
        at = found.end()
    parser = _Parser(tokens)
    parsed = parser.conditional()
    if parser.at != len(tokens):
        raise TemplateError(f"{tokens[parser.at][1]!r} is not understood here")
    return parsed


class _Parser:
    """Recursive descent, one method a level of precedence."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self.at = 0
        self._depth = 0

    def conditional(self) -> Evaluate:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TemplateError("an expression is nested too deep")
        value = self._either()
        if self._takes("if"):
            condition = self._either()
            other = self.conditional() if self._takes("else") else _literal("")
            value = _either_way(condition, value, other)
        self._depth -= 1
        return value

    def _either(self) -> Evaluate:
        left = self._both()
        while self._takes("or"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Evaluate:
        left = self._negated()
        while self._takes("and"):
            left = _and(left, self._negated())
        return left

    def _negated(self) -> Evaluate:
        is_not = False
        while self._takes("not"):
            is_not = not is_not
        inner = self._compared()
        return _not(inner) if is_not else inner

    def _compared(self) -> Evaluate:
        left = self._sum()
        while True:
            sign = self._peek()
            if sign in COMPARE:
                self.at += 1
                left = _binary(COMPARE[sign], left, self._sum())
            elif sign == "in":
                self.at += 1
                left = _binary(contained, left, self._sum())
            elif sign == "not" and self._peek(1) == "in":
                self.at += 2
                left = _not(_binary(contained, left, self._sum()))
            elif sign == "is":
                self.at += 1
                is_not = self._takes("not")
                test = self._peek()
                if test not in TESTS:
                    raise TemplateError(f"the test {test!r} is not understood")
                self.at += 1
                left = _unary(TESTS[test], left)
                left = _not(left) if is_not else left
            else:
                return left

    def _sum(self) -> Evaluate:
        left = self._product()
        while self._peek() in {"+", "-", "~"}:
            sign = self._next()
            left = _binary(ARITHMETIC[sign], left, self._product())
        return left

    def _product(self) -> Evaluate:
        left = self._signed()
        while self._peek() in {"*", "/", "//", "%"}:
            sign = self._next()
            left = _binary(ARITHMETIC[sign], left, self._signed())
        return left

    def _signed(self) -> Evaluate:
        negative = False
        while self._peek() in {"-", "+"}:
            negative ^= self._next() == "-"
        value = self._filtered()
        return _unary(lambda raw: -number(raw), value) if negative else value

    def _filtered(self) -> Evaluate:
        value = self._atom()
        while True:
            if self._takes("|"):
                name = self._next()
                arguments = self._arguments() if self._peek() == "(" else []
                if name not in FILTERS:
                    raise TemplateError(f"the filter {name!r} is not understood")
                value = _applied(FILTERS[name], value, arguments)
            elif self._takes("."):
                name = self._next()
                if self._peek() == "(":
                    if name not in METHODS:
                        raise TemplateError(f"{name}() is not understood")
                    value = _applied(METHODS[name], value, self._arguments())
                else:
                    value = _unary(getter(name), value)
            elif self._takes("["):
                key = self.conditional()
                self._expect("]")
                value = _binary(item, value, key)
            else:
                return value

    def _atom(self) -> Evaluate:
        if self.at >= len(self._tokens):
            raise TemplateError("an expression ends too early")
        kind, text = self._tokens[self.at]
        self.at += 1
        if kind == "number":
            return _literal(float(text) if "." in text else int(text[:18]))
        if kind == "text":
            return _literal(re.sub(r"\\(.)", r"\1", text[1:-1]))
        if kind == "name" and text in _CONSTANTS:
            return _literal(_CONSTANTS[text])
        if kind == "name":
            if self._peek() == "(":
                if text not in FILTERS:
                    raise TemplateError(f"{text}() is not understood")
                first, *rest = self._arguments() or [_literal(MISSING)]
                return _applied(FILTERS[text], first, rest)
            return lambda names: names.get(text, MISSING)
        if text == "(":
            inner = self.conditional()
            self._expect(")")
            return inner
        if text == "[":
            items = self._listed("]")
            return lambda names: [item(names) for item in items]
        if text == "{":
            return self._mapping()
        raise TemplateError(f"{text!r} is not understood here")

    def _mapping(self) -> Evaluate:
        pairs: list[tuple[Evaluate, Evaluate]] = []
        while not self._takes("}"):
            key = self.conditional()
            self._expect(":")
            pairs.append((key, self.conditional()))
            if self._peek() != "}":
                self._expect(",")
        return lambda names: {key_of(key(names)): value(names) for key, value in pairs}

    def _arguments(self) -> list[Evaluate]:
        self._expect("(")
        return self._listed(")")

    def _listed(self, end: str) -> list[Evaluate]:
        items: list[Evaluate] = []
        while not self._takes(end):
            items.append(self.conditional())
            if self._peek() != end:
                self._expect(",")
        return items

    def _peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self._tokens[at][1] if at < len(self._tokens) and self._tokens[at][0] != "text" else ""

    def _next(self) -> str:
        if self.at >= len(self._tokens):
            raise TemplateError("an expression ends too early")
        word = self._peek()
        self.at += 1
        return word

    def _takes(self, word: str) -> bool:
        if self._peek() == word:
            self.at += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise TemplateError(f"expected {word!r}, found {self._peek()!r}")


def _unary(act: Callable[[Any], Any], inner: Evaluate) -> Evaluate:
    return lambda names: act(inner(names))


def _binary(act: Callable[[Any, Any], Any], left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda names: act(left(names), right(names))


def _applied(act: Callable[..., Any], value: Evaluate, arguments: Sequence[Evaluate]) -> Evaluate:
    return lambda names: act(value(names), *[argument(names) for argument in arguments])


def _either_way(condition: Evaluate, value: Evaluate, other: Evaluate) -> Evaluate:
    return lambda names: value(names) if truth(condition(names)) else other(names)


def _or(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda names: first if truth(first := left(names)) else right(names)


def _and(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda names: right(names) if truth(first := left(names)) else first


def _not(inner: Evaluate) -> Evaluate:
    return lambda names: not truth(inner(names))
