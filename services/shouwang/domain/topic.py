"""Topic templates of families: which topics a route covers, and the names that stand in them."""

from collections.abc import Sequence
from typing import NamedTuple

from shouwang.domain.errors import ProfileError


class Names(NamedTuple):
    """What a topic told: the device's identity (empty where the template has none) and the base topic."""

    device: str
    base: str


class Template:
    """A route's topic, ready for matching in time linear in the topic."""

    def __init__(self, topic: str, bases: Sequence[str]) -> None:
        """``bases``: what ``{base}`` may be. Raises ProfileError for a template that is none."""
        self.topic = topic
        parts = topic.split("/")
        self._rest = parts[-1] == "#"
        if self._rest:
            parts = parts[:-1]
        self._has_base = bool(parts) and parts[0] == "{base}"
        if self._has_base:
            parts = parts[1:]
        self._bases = [tuple(base.split("/")) for base in bases]
        self._parts = tuple(parts)
        self._many = parts.index("{device+}") if "{device+}" in parts else -1
        self._check(parts)

    def match(self, levels: Sequence[str], *, any_base: bool = False) -> Names | None:
        """Names in a topic, given as its levels. ``any_base``: somebody knows that the topic is of this family; its
        first level is then the base topic."""
        if not self._has_base:
            device = self._match_parts(levels)
            return None if device is None else Names(device, "")
        for base in [*self._bases, tuple(levels[:1])] if any_base else self._bases:
            if tuple(levels[: len(base)]) == base:
                device = self._match_parts(levels[len(base) :])
                if device is not None:
                    return Names(device, "/".join(base))
        return None

    def _match_parts(self, levels: Sequence[str]) -> str | None:
        parts, many = self._parts, self._many
        if many < 0:
            if len(levels) < len(parts) or (len(levels) > len(parts) and not self._rest):
                return None
            return _fit(parts, levels)
        after = len(parts) - many - 1
        if len(levels) < len(parts) or _fit(parts[:many], levels) is None:
            return None
        end = len(levels) - after
        if _fit(parts[many + 1 :], levels[end:]) is None:
            return None
        return "/".join(levels[many:end]) or None

    def _check(self, parts: Sequence[str]) -> None:
        if not self.topic or "" in self.topic.split("/")[1:]:
            raise ProfileError(f"topic {self.topic!r} is no template: a level is empty")
        if parts.count("{device+}") + parts.count("{device}") > 1 or ("{device+}" in parts and self._rest):
            raise ProfileError(f"topic {self.topic!r} is no template: {{device}} stands twice, or {{device+}} beside #")
        for part in parts:
            if part not in {"+", "{device}", "{device+}"} and set(part) & set("+#{}"):
                raise ProfileError(
                    f"topic {self.topic!r} is no template: {part!r} is no level; expected text, +, "
                    "{device}, {device+}, {base} as the first or # as the last level"
                )


def _fit(parts: Sequence[str], levels: Sequence[str]) -> str | None:
    """The device that stands in levels that fit the parts, empty where the parts name none."""
    device = ""
    for part, level in zip(parts, levels, strict=False):
        if part == "{device}":
            if not level:
                return None
            device = level
        elif part not in {"+", level}:
            return None
    return device
