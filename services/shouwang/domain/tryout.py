"""A rule that somebody is writing, tried before it is kept: what is asked, and what it came to."""

import msgspec

from shouwang.domain.rule import Example, Scope
from shouwang.domain.trial import Line
from shouwang.domain.vocabulary import Instant, Value


class Tryout(Value, frozen=True, kw_only=True):
    """``text``: documents of one rule, of ``id`` if given. Played are ``lines``, else the example of that number, else
    nothing: then the text is only examined. ``until``: the clock goes on to then. ``longest_silence``: of the device
    that said the lines."""

    text: str
    id: str = ""
    timezone: str = "Asia/Shanghai"
    lines: list[Line] = msgspec.field(default_factory=list)
    example: int | None = None
    until: Instant | None = None
    longest_silence: int | None = None


class Fault(Value, frozen=True, kw_only=True):
    """A mistake; ``line`` 0 is the whole text."""

    line: int
    detail: str


class Told(Value, frozen=True, kw_only=True):
    """One transition."""

    at: Instant
    rule: str
    subject: str
    change: str
    severity: str


class Tried(Value, frozen=True, kw_only=True):
    """``examples``: how many the text has. ``lines``: what was played, with what was filled in. ``cut``: more was said
    than is told. ``notes``: what a trial cannot know. ``failure``: why there is no result, where there is none."""

    faults: list[Fault] = msgspec.field(default_factory=list)
    rule: str = ""
    examples: int = 0
    lines: list[Line] = msgspec.field(default_factory=list)
    told: list[Told] = msgspec.field(default_factory=list)
    cut: bool = False
    notes: list[str] = msgspec.field(default_factory=list)
    failure: str = ""


def within_scope(line: Line, scope: Scope) -> Line:
    """A line that does not say whose it is comes from a device in the rule's scope, as in the examples of files."""
    if line.tick:
        return line
    return msgspec.structs.replace(
        line,
        device=line.device or next(iter(scope.devices), "device"),
        kind=line.kind or next((kind.value for kind in scope.kinds), None),
        place=line.place if line.place is not None else next(iter(scope.places), None),
        tags=line.tags if line.tags is not None else list(scope.tags),
    )


def of_example(example: Example, start: Instant) -> list[Line]:
    """The timeline of an example, as lines."""
    return [
        Line(
            at=start + one.at,
            device=one.device,
            metric=metric,
            value=value,
            part=one.part,
            kind=one.kind or None,
            place=one.place or None,
            tags=list(one.tags) or None,
            tick=one.tick,
        )
        for one in example.readings
        for metric, value in (one.values.items() if one.values else [("", None)])
    ]
