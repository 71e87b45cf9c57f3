"""Hand-made timelines: what is heard in order of arrival, and what rules say, both as short lines of text.

    says("{is: {metric: smoke, value: true}}", "0s a smoke=true", "5s a smoke=false") == ["0s a raised", "5s a cleared"]

A line is ``<at> <device> <metric>=<value> … [kind=K] [place=P] [tags=T,U] [part=P]`` or ``<at> tick``; ``at`` counts
from ``start``; values are YAML.
"""

import yaml

from shouwang.codecs.expression import expressions
from shouwang.domain.moment import duration, duration_text, parse_rfc3339
from shouwang.domain.rule import Rule
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.standing import Transition
from shouwang.domain.trial import Line, play
from shouwang.registry.documents import parse_documents
from shouwang.registry.rules import read_rule

START = "2026-03-02T12:00:00+08:00"
"""A Monday noon in Shanghai."""

CEL = expressions()

_ABOUT = ("kind", "place", "tags", "part")


def rule(when: str, id: str = "rule", severity: str = "high", more: str = "") -> Rule:
    """A rule of one document; ``more`` are further lines of YAML."""
    text = f"rule: {id}\ntitle: {{zh: 规则, en: Rule}}\nseverity: {severity}\nwhen: {when}\n{more}"
    (document,) = parse_documents(text, "test.yaml")
    return read_rule(document, "test", CEL, strict=False)


def says(when: str, *timeline: str, start: str = START, severity: str = "high", more: str = "") -> list[str]:
    """``<at> <subject> <change>`` of one rule."""
    return [
        f"{at} {subject} {change}"
        for at, _, subject, change in told([rule(when, severity=severity, more=more)], *timeline, start=start)
    ]


def told(rules: list[Rule], *timeline: str, start: str = START) -> list[tuple[str, str, str, str]]:
    """(at, rule, subject, change) of several rules, in order of time."""
    begin = parse_rfc3339(start)
    return [
        (duration_text(said.at - begin), said.rule, said.subject, said.change.value)
        for said in transitions(rules, *timeline, start=start)
    ]


def transitions(rules: list[Rule], *timeline: str, start: str = START) -> list[Transition]:
    return list(play(RuleBook(rules, expressions=CEL), [line for text in timeline for line in lines(text, start)]))


def lines(text: str, start: str = START) -> list[Line]:
    at, *words = text.split()
    instant = parse_rfc3339(start) + (-duration(at[1:]) if at.startswith("-") else duration(at))
    if words == ["tick"]:
        return [Line(at=instant, tick=True)]
    device, *pairs = words
    told = dict(pair.split("=", 1) for pair in pairs)
    about = {name: told.pop(name) for name in _ABOUT if name in told}
    return [
        Line(
            at=instant,
            device=device,
            metric=metric,
            value=yaml.safe_load(value),
            part=about.get("part", ""),
            kind=about.get("kind"),
            place=about.get("place"),
            tags=about["tags"].split(",") if "tags" in about else None,
        )
        for metric, value in told.items()
    ]
