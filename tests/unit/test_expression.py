"""The ``expression`` condition, in the language that is installed."""

import pytest

from harness.timelines import CEL, rule, transitions
from shouwang.domain.errors import ConfigError
from shouwang.registry.documents import parse_documents
from shouwang.registry.rules import read_rule


def says(source: str, *timeline: str) -> list[str]:
    said = transitions([rule(f"{{expression: {source!r}}}")], *timeline)
    return [f"{one.subject} {one.change.value}" for one in said]


def test_it_is_judged_over_the_newest_readings_by_metric_name() -> None:
    assert says(
        "temperature > 57 || smoke", "0s a smoke=false temperature=20", "1s a temperature=58", "2s a temperature=57"
    ) == [
        "a raised",
        "a cleared",
    ]


def test_an_error_is_unknown() -> None:
    assert says("temperature > 57 && humidity < 20", "0s a temperature=58", "1s a humidity=10") == ["a raised"]
    assert says("temperature > 57", "0s a temperature=hot", "1s a temperature=58", "2s a temperature=hot") == [
        "a raised"
    ]
    assert says("temperature", "0s a temperature=58") == []


def test_numbers_are_doubles() -> None:
    assert says("temperature - 20 > humidity / 2", "0s a temperature=58 humidity=60") == ["a raised"]
    assert says("smoke == 1", "0s a smoke=true") == []
    assert says("action == '20'", "0s a action='20'") == ["a raised"]


def test_of_several_parts_the_greatest_counts() -> None:
    assert says("smoke", "0s a smoke=true part=1", "1s a smoke=false part=2", "2s a smoke=false part=1") == [
        "a raised",
        "a cleared",
    ]


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


def test_and_and_or_forgive_an_error_where_the_other_side_decides() -> None:
    assert says("!(humidity < 20 && temperature > 57)", "0s a temperature=40") == ["a raised"]
    assert says("humidity < 20 || temperature > 57", "0s a temperature=58") == ["a raised"]
    assert says("!(humidity < 20 || temperature > 57)", "0s a temperature=40") == []


def test_what_only_integers_can_do_is_done_with_the_readings_as_they_came() -> None:
    assert says("battery % 2 == 0", "0s a battery=4", "1s a battery=5") == ["a raised", "a cleared"]
    assert says("battery % 2 == 0", "0s a battery=4.5") == []


def test_texts_and_lists_of_them() -> None:
    assert says("action in ['single', 'hold']", "0s a action=release", "1s a action=hold") == ["a raised"]
    assert says("action.startsWith('s')", "0s a action=single", "1s a action=1") == ["a raised"]


def test_a_raised_rule_stays_while_it_is_unknown() -> None:
    assert says("temperature > 57", "0s a temperature=58", "1s a temperature=text", "2s a temperature=57") == [
        "a raised",
        "a cleared",
    ]


def test_the_sentence_names_the_readings() -> None:
    (said,) = transitions([rule("{expression: temperature > 57}")], "0s a temperature=58")
    assert said.sentence == {
        "zh": "条件成立：temperature > 57（温度 58 °C）",
        "en": "true: temperature > 57 (temperature 58 °C)",
    }


def test_without_a_language_an_expression_is_refused() -> None:
    (document,) = parse_documents("rule: r\nseverity: low\nwhen: {expression: smoke}", "test.yaml")
    with pytest.raises(ConfigError, match="not available"):
        read_rule(document, "test")
