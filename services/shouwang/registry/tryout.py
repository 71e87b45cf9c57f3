"""A text of a rule, read and played: the engine of ``rules try`` over what somebody is still writing."""

from collections.abc import Iterator
from itertools import islice

from shouwang.domain.condition import leaves
from shouwang.domain.errors import ConfigError
from shouwang.domain.expression import Expressions
from shouwang.domain.home import Confirm
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.outage import MassAbsent
from shouwang.domain.rule import Rule
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.timing import Absent
from shouwang.domain.trial import Line, play
from shouwang.domain.tryout import Fault, Told, Tried, Tryout, of_example, within_scope
from shouwang.registry.rules import read_rule_text

MOST_TOLD = 1_000
"""Transitions that are told of one trial."""


def tried(asked: Tryout, expressions: Expressions | None) -> Tried:
    """What is wrong with the text, else what it says to the timeline. Takes as long as it takes: who asks sets an end
    to the process that this runs in."""
    rules, problems = read_rule_text(asked.text, asked.id or "rule", expressions, asked.id)
    examples = [(rule, example) for rule in rules for example in rule.examples]
    if problems or not rules:
        return Tried(
            faults=[_fault(one) for one in problems], rule=rules[0].id if rules else "", examples=len(examples)
        )
    longest, lines = asked.longest_silence, list(asked.lines)
    scope = rules[0].scope
    if not lines and asked.example is not None and asked.example < len(examples):
        rule, example = examples[asked.example]
        lines, scope = of_example(example, parse_rfc3339(example.start)), rule.scope
        longest = example.longest_silence
    lines = [within_scope(line, scope) for line in lines]
    if asked.until is not None and lines:
        lines.append(Line(at=max(asked.until, *(line.at for line in lines)), tick=True))
    book = RuleBook(rules, timezone=asked.timezone, expressions=expressions)
    said = sorted(islice(play(book, lines, longest), MOST_TOLD + 1), key=lambda one: one.at)
    return Tried(
        rule=rules[0].id,
        examples=len(examples),
        lines=lines,
        told=[
            Told(
                at=one.at,
                rule=one.rule,
                subject=one.subject,
                change=one.change.value,
                severity=one.severity.value,
            )
            for one in said[:MOST_TOLD]
        ],
        cut=len(said) > MOST_TOLD,
        notes=list(_notes(rules, longest)) if lines else [],
    )


def _notes(rules: list[Rule], longest: int | None) -> Iterator[str]:
    """What a trial cannot know of what the rules ask."""
    found = [leaf for rule in rules for leaf in leaves(rule.when)]
    if longest is None and any(isinstance(one, Absent | MassAbsent) and one.longest is None for one in found):
        yield "absent: without `longest` it waits for the profile's, and this timeline is of no registered device"
    if any(isinstance(one, Confirm | MassAbsent) and one.level == "zone" for one in found):
        yield "in: zone needs the directory, and a trial has none"


def _fault(error: ConfigError) -> Fault:
    line = error.where.rpartition(":")[2]
    return Fault(line=int(line) if line.isdigit() else 0, detail=str(error).removeprefix(f"{error.where}: "))
