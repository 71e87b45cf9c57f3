"""The ``expression`` condition, in the language that is installed."""

import pytest

from harness.timelines import START, lines, rule
from shouwang.codecs.expression import expressions
from shouwang.domain.errors import ConfigError
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.trial import play
from shouwang.registry.documents import parse_documents
from shouwang.registry.rules import read_rule

CEL = expressions()
needs_cel = pytest.mark.skipif(CEL is None, reason="common-expression-language is not installed")


def says(source: str, *timeline: str) -> list[str]:
    (document,) = parse_documents(f"rule: r\nseverity: low\nwhen: {{expression: {source!r}}}", "test.yaml")
    book = RuleBook([read_rule(document, "test", CEL)], expressions=CEL)
    said = play(book, [line for text in timeline for line in lines(text, START)])
    return [f"{one.subject} {one.change.value}" for one in said]


@needs_cel
def test_it_is_judged_over_the_newest_readings_by_metric_name() -> None:
    assert says(
        "temperature > 57 || smoke", "0s a smoke=false temperature=20", "1s a temperature=58", "2s a temperature=57"
    ) == [
        "a raised",
        "a cleared",
    ]


@needs_cel
def test_an_error_is_unknown() -> None:
    assert says("temperature > 57 && humidity < 20", "0s a temperature=58", "1s a humidity=10") == ["a raised"]
    assert says("temperature > 57", "0s a temperature=hot", "1s a temperature=58", "2s a temperature=hot") == [
        "a raised"
    ]
    assert says("temperature", "0s a temperature=58") == []


@needs_cel
def test_numbers_are_doubles() -> None:
    assert says("temperature - 20 > humidity / 2", "0s a temperature=58 humidity=60") == ["a raised"]
    assert says("smoke == 1", "0s a smoke=true") == []
    assert says("action == '20'", "0s a action='20'") == ["a raised"]


@needs_cel
def test_of_several_parts_the_greatest_counts() -> None:
    assert says("smoke", "0s a smoke=true part=1", "1s a smoke=false part=2", "2s a smoke=false part=1") == [
        "a raised",
        "a cleared",
    ]


@needs_cel
@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("temperature >", "is no expression"),
        ("[1, 2].all(x, x > temperature)", "macros over lists"),
        ("true", "names no metric"),
        ("smoke || " * 200 + "smoke", "at most 1000"),
        ("smok", "did you mean smoke"),
    ],
)
def test_what_is_no_expression_is_told(source: str, says: str) -> None:
    (document,) = parse_documents(f"rule: r\nseverity: low\nwhen: {{expression: {source!r}}}", "test.yaml")
    with pytest.raises(ConfigError, match=says):
        read_rule(document, "test", CEL)


def test_without_a_language_an_expression_is_refused() -> None:
    with pytest.raises(ConfigError, match="not available"):
        rule("{expression: smoke}")
