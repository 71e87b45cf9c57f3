"""Topic templates of families: which topics a route covers, and the names that stand in them."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shouwang.domain.errors import ProfileError


class Names(NamedTuple):
    """What a topic told: the device's identity (empty where the template has none), the base topic, and every name of
    the template with the text that stands for it."""

    device: str
    base: str
    all: Mapping[str, str]


class Template:
    """A route's topic, ready for matching in time linear in the topic's length times the template's.

    Levels are text with at most one name in it (``{device}``, ``{gateway}-out``), ``+`` (any one), ``{device+}`` (one
    level or more, at most once) or a last ``#`` (the rest, which may be empty). ``{base}`` is one of the base topics of
    the installation, which may have several levels.
    """

    def __init__(self, topic: str, bases: Sequence[str]) -> None:
        """``bases``: what ``{base}`` may be. Raises ProfileError for a template that is none."""
        self.topic = topic
        self._bases = tuple(bases)
        levels = topic.split("/")
        self._check(levels)
        self._pattern = re.compile(_pattern(levels, "|".join(map(re.escape, bases)) or "[^/]+"), re.DOTALL)
        self._any_base = re.compile(_pattern(levels, "|".join([*map(re.escape, bases), "[^/]+"])), re.DOTALL)
        self.firsts = _firsts(levels[0], self._bases)
        """What the first level of a topic may be; empty where it may be anything. Does not concern ``any_base``."""
        of_base = sum("{base}" in level for level in levels)
        fixed = len(levels) - of_base - (levels[-1] == "#")
        own = [base.count("/") + 1 for base in bases] or [1]
        self._fewest = fixed + of_base * min(own)
        is_open = levels[-1] == "#" or "{device+}" in levels
        self._most = None if is_open else fixed + of_base * max(own)

    def match(self, topic: str, *, any_base: bool = False) -> Names | None:
        """Names in a topic. ``any_base``: somebody knows that the topic is of this family; one level is then the base
        topic where no configured one fits."""
        found = (self._any_base if any_base else self._pattern).fullmatch(topic)
        if found is None:
            return None
        names = found.groupdict()
        return Names(names.get("device", ""), names.get("base", ""), names)

    def may_have(self, levels: int) -> bool:
        """Whether a topic of so many levels may be covered. Does not concern ``any_base``."""
        return self._fewest <= levels and (self._most is None or levels <= self._most)

    def sample(self) -> str:
        """A topic that the template covers, to look who else does."""
        base = self._bases[0] if self._bases else "base"
        text = self.topic.replace("{base}", base).replace("{device+}", "d1/d2")
        levels = ["p" if level == "+" else "r" if level == "#" else level for level in text.split("/")]
        return re.sub(r"\{[a-z_]+\}", "n1", "/".join(levels))

    def _check(self, levels: Sequence[str]) -> None:
        if not self.topic or "" in levels[1:]:
            raise ProfileError(f"topic {self.topic!r} is no template: a level is empty")
        names = [name for level in levels for name in re.findall(r"\{(\w+)\+?\}", level)]
        many = sum("+}" in level for level in levels)
        if len(set(names)) < len(names) or many > 1 or (many and levels[-1] == "#"):
            raise ProfileError(f"topic {self.topic!r} is no template: a name stands twice, or {{device+}} beside #")
        for index, level in enumerate(levels):
            plain = re.sub(r"\{[a-z_]+\}", "", level, count=1)
            is_rest = level == "#" and index == len(levels) - 1
            if level not in {"+", "{device+}"} and not is_rest and set(plain) & set("+#{}"):
                raise ProfileError(
                    f"topic {self.topic!r} is no template: {level!r} is no level; expected text with at most one "
                    "{name}, +, {device+}, or # as the last level"
                )


def filled(text: str, names: Mapping[str, str]) -> str:
    """A text with the names of a template in braces, each replaced by what stands for it."""
    if "{" not in text:
        return text
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value or "")
    return text


def _firsts(level: str, bases: Sequence[str]) -> frozenset[str]:
    if level.startswith("{base}"):
        return frozenset(f"{base}{level[6:]}".partition("/")[0] for base in bases)
    return frozenset() if set(level) & set("+#{") else frozenset([level])


def _pattern(levels: Sequence[str], base: str) -> str:
    has_rest = levels[-1] == "#"
    inner = "/".join(_level(level, base) for level in (levels[:-1] if has_rest else levels))
    return inner + ("(?:/.*)?" if has_rest else "")


def _level(level: str, base: str) -> str:
    match level:
        case "+":
            return "[^/]*"
        case "{device+}":
            return "(?P<device>.+)"
    before, name, after = re.fullmatch(r"([^{]*)(?:\{(\w+)\})?(.*)", level, re.DOTALL).groups()  # type: ignore[union-attr]  # every text fits
    if name is None:
        return re.escape(level)
    return f"{re.escape(before)}(?P<{name}>{base if name == 'base' else '[^/]+'}){re.escape(after)}"
