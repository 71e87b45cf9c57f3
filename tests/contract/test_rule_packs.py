"""Every shipped rule: it reads, says where its figures come from, and its examples turn out as written."""

import re
from pathlib import Path

import pytest

from shouwang.domain.alert import LIFE_SAFETY
from shouwang.domain.rule import Rule
from shouwang.domain.vocabulary import METRICS, Severity
from shouwang.registry.rules import check_rules, load_rules, play_examples

FOLDER = Path(__file__).resolve().parents[2] / "alert_rules"
RULES = load_rules(FOLDER)

every_rule = pytest.mark.parametrize(
    "rule", RULES, ids=lambda rule: f"{rule.pack}:{rule.id}:{rule.where.rpartition(':')[2]}"
)


def test_all_packs_are_well() -> None:
    assert check_rules(FOLDER) == []
    assert {rule.pack for rule in RULES} >= {
        "fire",
        "gas",
        "co",
        "emergency-call",
        "water",
        "device-health",
        "supervisory",
        "electrical",
        "environment",
        "home-care",
    }


@every_rule
def test_examples_turn_out_as_written(rule: Rule) -> None:
    assert rule.examples
    assert list(play_examples(rule)) == []


@every_rule
def test_an_example_shows_it_raised(rule: Rule) -> None:
    assert any(outcome.change == "raised" for example in rule.examples for outcome in example.expect)


@every_rule
def test_a_rule_says_what_it_is_in_two_languages_and_whence_its_figures(rule: Rule) -> None:
    assert rule.title["zh"] and rule.title["en"]
    assert re.search("[一-鿿]", rule.source["zh"]) and not re.search("[一-鿿]", rule.source["en"])


@every_rule
def test_danger_to_life_latches_and_waits_for_nothing_but_what_a_standard_allows(rule: Rule) -> None:
    if rule.klass in LIFE_SAFETY:
        assert rule.latching
        assert rule.severity in (Severity.CRITICAL, Severity.HIGH)


def test_every_metric_of_life_safety_raises_something_critical() -> None:
    watched = {metric for rule in RULES if rule.severity is Severity.CRITICAL for metric in rule.metrics}
    assert {name for name, metric in METRICS.items() if metric.life_safety} <= watched


def test_home_care_asks_for_consent_and_says_where_and_never_that_a_figure_is_national() -> None:
    care = [rule for rule in RULES if rule.pack == "home-care"]
    assert {rule.id for rule in RULES if rule.asks_consent} == {rule.id for rule in care}
    for rule in care:
        assert rule.scope.tags and all(tag.startswith("care:") for tag in rule.scope.tags)
        assert rule.source["en"].startswith(("practice value", "a preset of Shanghai"))


def test_no_two_packs_share_an_id() -> None:
    packs: dict[str, set[str]] = {}
    for rule in RULES:
        packs.setdefault(rule.id, set()).add(rule.pack)
    assert all(len(of) == 1 for of in packs.values())
