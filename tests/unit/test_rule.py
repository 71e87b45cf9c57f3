"""Rule files as written: what they mean, and how a mistake is told."""

from pathlib import Path

import pytest

from harness.timelines import rule
from shouwang.domain.alert import AlertClass
from shouwang.domain.errors import ConfigError
from shouwang.domain.states import Above
from shouwang.domain.vocabulary import SECOND
from shouwang.registry.rules import check_rules, load_rules

GOOD = """\
rule: temperature-high
title: {zh: 温度过高, en: Temperature high}
severity: high                      # critical (life) | high | medium | low | info
latching: true
scope: {kinds: [heat], tags: [], places: [], devices: []}
when: {above: {metric: temperature, value: 57, clear_at: 50, for: 10s}}
examples:
  - readings: [{at: 0s, temperature: 58}, {at: 12s, temperature: 58}, {at: 60s, temperature: 49}]
    expect: [{at: 10s, raised: high}, {at: 60s, cleared: high}]
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "own.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def mistake(when: str) -> str:
    """What is said of a condition that cannot be meant."""
    with pytest.raises(ConfigError) as raised:
        rule(when)
    return str(raised.value)


def test_a_rule_file_is_read_as_written(tmp_path: Path) -> None:
    (found,) = load_rules(written(tmp_path, GOOD))
    assert found.when == Above(metric="temperature", value=57, clear_at=50, lasting=10 * SECOND)
    assert (found.id, found.pack, found.severity, found.latching) == ("temperature-high", "own", "high", True)
    assert found.where.endswith("own.yaml:1")
    assert check_rules(tmp_path) == []


def test_a_file_may_hold_several_documents_and_empty_ones(tmp_path: Path) -> None:
    assert len(load_rules(written(tmp_path, f"---\n{GOOD}---\n{GOOD}---\n"))) == 2


def test_an_example_that_turns_out_otherwise_is_told_with_its_line(tmp_path: Path) -> None:
    wrong = GOOD.replace("at: 10s, raised", "at: 11s, raised")
    (problem,) = check_rules(written(tmp_path, wrong))
    assert "own.yaml:8: rule temperature-high, example 1: expected raised high at 11s" in problem
    assert "but the rule says raised high at 10s, cleared high at 1m" in problem


@pytest.mark.parametrize(
    ("from_", "to", "says"),
    [
        ("severity: high ", "severity: dire ", "own.yaml:3: severity: Invalid enum value 'dire'"),
        ("clear_at", "clearat", "own.yaml:6: when.above: Object contains unknown field `clearat`"),
        ("value: 57", "value: hot", "own.yaml:6: when.above.value: Expected `float`, got `str`"),
        ("kinds: [heat]", "kinds: [heet]", "own.yaml:5: scope.kinds[0]: Invalid enum value 'heet'"),
        (
            "metric: temperature",
            "metric: temprature",
            "own.yaml:6: temprature is not a metric; did you mean temperature?",
        ),
        ("for: 10s", "for: 10", "own.yaml:6: when.above.for: Expected `str | null`, got `int`"),
        ("for: 10s", "for: ten", "own.yaml:6: when.above.for: 'ten' is not a duration"),
        ("clear_at: 50", "clear_at: 58", "own.yaml:6: when.above.clear_at: 58 is above value 57"),
        (", en: Temperature high", "", "own.yaml:2: rule temperature-high has no title.en"),
        ("severity: high", "source: {zh: 国标}\nseverity: high", "own.yaml:3: rule temperature-high has no source.en"),
        ("rule: temperature-high", "rule: [", "is not YAML"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_cause(tmp_path: Path, from_: str, to: str, says: str) -> None:
    assert from_ in GOOD
    problems = check_rules(written(tmp_path, GOOD.replace(from_, to)))
    assert any(says in problem for problem in problems), problems


def test_a_plain_source_is_meant_for_both_languages(tmp_path: Path) -> None:
    plain = written(tmp_path, GOOD.replace("severity: high", "source: GB 4716\nseverity: high"))
    assert check_rules(plain) == []
    (rule,) = load_rules(plain)
    assert rule.source == {"zh": "GB 4716", "en": "GB 4716"}


def test_every_problem_of_a_file_is_told(tmp_path: Path) -> None:
    bad = GOOD.replace("severity: high ", "severity: dire ")
    assert len(check_rules(written(tmp_path, f"{bad}---\n{GOOD}---\n{bad}"))) == 2


def test_exactly_one_condition_stands_at_one_place() -> None:
    assert "exactly one condition, found none" in mistake("{}")
    both = "{is: {metric: smoke, value: true}, event: {metric: action}}"
    assert "exactly one condition, found is, event; join several by all or any" in mistake(both)
    assert "at least one condition" in mistake("{all: []}")


def test_an_event_under_not_is_an_error_however_deep() -> None:
    assert "event action stands under not" in mistake("{not: {event: {metric: action}}}")
    deep = "{any: [{is: {metric: smoke, value: true}}, {not: {all: [{event: {metric: action}}]}}]}"
    assert "test.yaml:4: event action stands under not" in mistake(deep)


def test_absent_may_leave_its_length_to_the_profile() -> None:
    assert rule("{absent: {}}").when == rule("{absent: }").when


def test_limits_are_told() -> None:
    assert "expected 1 to" in mistake("{count: {metric: smoke, value: true, times: 0, within: 10s}}")
    assert "above 0" in mistake("{count: {metric: smoke, value: true, times: 2, within: 0s}}")
    assert "above 0" in mistake("{rate: {metric: temperature, rise: 0, within: 10s}}")
    assert "leave values out" in mistake("{event: {metric: action, values: []}}")
    assert "'25:00' is not a wall-clock time" in mistake("{between: {from: '25:00', to: '06:00'}}")
    assert "'someday' is not a day" in mistake("{between: {from: '22:00', to: '06:00', days: [someday]}}")
    assert "expected [from, to]" in mistake("{inactive: {metrics: [occupancy], longest: 4h, between: ['06:00']}}")


def test_places_and_devices_do_not_mix() -> None:
    confirm = "{confirm: {metric: smoke, devices: 2, within: 60s, in: unit}}"
    assert "about a place" in mistake(f"{{all: [{confirm}, {{is: {{metric: smoke, value: true}}}}]}}")
    assert "one level of places" in mistake(
        f"{{all: [{confirm}, {{inactive: {{metrics: [occupancy], longest: 4h}}}}]}}"
    )
    assert rule(f"{{all: [{confirm}, {{between: {{from: '22:00', to: '06:00'}}}}]}}").is_about_places


@pytest.mark.parametrize(
    ("when", "klass", "latches"),
    [
        ("{is: {metric: smoke, value: true}}", AlertClass.FIRE, True),
        ("{above: {metric: gas_concentration, value: 5}}", AlertClass.GAS, True),
        ("{above: {metric: co_ppm, value: 50}}", AlertClass.CO, True),
        ("{event: {metric: action}}", AlertClass.EMERGENCY, True),
        ("{is: {metric: water_leak, value: true}}", AlertClass.WATER, False),
        ("{absent: {longest: 1h}}", AlertClass.FAULT, False),
        ("{above: {metric: temperature, value: 57}}", AlertClass.WARNING, False),
        (
            "{all: [{is: {metric: battery_low, value: true}}, {is: {metric: smoke, value: true}}]}",
            AlertClass.FIRE,
            True,
        ),
    ],
)
def test_the_class_follows_the_metrics_where_a_rule_does_not_say(when: str, klass: AlertClass, latches: bool) -> None:
    assert (rule(when).klass, rule(when).latching) == (klass, latches)
    assert rule(when, more="class: warning").klass is AlertClass.WARNING
    assert not rule(when, more="latching: false").latching


def test_a_version_tells_a_changed_limit_from_a_changed_question() -> None:
    def version(when: str) -> tuple[str, str]:
        shape, content = rule(when).version.split("-")
        return shape, content

    first = version("{above: {metric: temperature, value: 57}}")
    assert first == version("{above: {metric: temperature, value: 57}}")
    limit = version("{above: {metric: temperature, value: 58}}")
    question = version("{above: {metric: humidity, value: 57}}")
    assert limit[0] == first[0] and limit[1] != first[1]
    assert question[0] != first[0]
