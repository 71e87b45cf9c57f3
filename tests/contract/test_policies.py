"""Policies from files: the shipped ones hold the house's numbers, and a bad one is refused by file and line."""

import re
from pathlib import Path

import pytest

from harness.cases import FLAT
from shouwang.domain.alert import LIFE_SAFETY, AlertClass
from shouwang.domain.errors import ConfigError
from shouwang.domain.escalation import Milestone, Policy, choose_policy, is_catch_all
from shouwang.domain.moment import duration
from shouwang.domain.vocabulary import MINUTE, SECOND, Severity
from shouwang.registry.documents import parse_documents
from shouwang.registry.policies import check_policies, is_policy, load_policies
from shouwang.registry.rules import load_rules

SHIPPED = Path(__file__).resolve().parents[2] / "alert_rules/policies"
POLICIES = load_policies([SHIPPED])

GOOD = """
id: own
match: {severity: [critical]}
steps:
  - {after: 0s, tell: [zone]}
"""


@pytest.fixture(params=POLICIES, ids=lambda policy: policy.id)
def policy(request: pytest.FixtureRequest) -> Policy:
    found: Policy = request.param
    return found


def chosen(klass: AlertClass) -> Policy:
    return choose_policy(
        POLICIES, severity=Severity.CRITICAL, klass=klass, rule="r", kinds=("other", "dwelling"), place=FLAT
    )


def test_every_shipped_file_is_clean() -> None:
    assert [problem for file in SHIPPED.glob("*.yaml") for problem in check_policies(file)] == []


def test_one_shipped_policy_matches_everything_and_it_closes_the_list() -> None:
    assert [is_catch_all(one) for one in POLICIES] == [False] * (len(POLICIES) - 1) + [True]


def test_every_class_of_alert_has_the_policy_meant_for_it() -> None:
    assert {klass.value: chosen(klass).id for klass in AlertClass} == {
        "fire": "fire",
        "gas": "gas",
        "co": "gas",
        "emergency": "emergency-call",
        "water": "water",
        "supervisory": "device-fault",
        "fault": "device-fault",
        "warning": "default",
    }


def test_every_rule_of_home_care_has_its_policy_and_what_is_grave_waits_for_no_morning() -> None:
    """A person who does not move is told to those who know them, not to whoever fixes pumps."""
    rules = load_rules([SHIPPED.parent / "home-care.yaml"])
    found = {
        one.id: choose_policy(
            POLICIES, severity=one.severity, klass=one.klass, rule=one.id, kinds=("dwelling",), place=FLAT
        )
        for one in rules
    }
    urgent = {"care-inactive-long", "care-bathroom-long", "care-bed-vacated"}
    assert {id: policy.id for id, policy in found.items()} == {
        one.id: "home-care-urgent" if one.id in urgent else "home-care" for one in rules
    }
    for policy in found.values():
        told = [set(step.tell) for step in policy.steps]
        assert told[0] == {"post:desk_operator"} and policy.steps[0].quiet is None
        assert told[1] == {"post:care_partner", "post:family"}
        assert told[2] & {"any:post:grid_worker|zone:grid"}
        assert any("post:community_officer" in one for one in told[3:])
    assert not any(step.quiet for step in found["care-bathroom-long"].steps)
    assert all(step.quiet for step in found["care-inactive-day"].steps[1:])


def test_each_tells_somebody_at_once_and_is_named_in_chinese(policy: Policy) -> None:
    first = policy.steps[0]
    assert (duration(first.after), first.unless, first.when) == (0, None, None)
    assert policy.title["zh"]


@pytest.mark.parametrize("klass", sorted(LIFE_SAFETY))
def test_where_life_is_in_danger_each_minute_without_an_answer_calls_a_level_and_all_are_told_in_three(
    klass: AlertClass,
) -> None:
    """EN 50518: taken up within 60 s; ours: all levels within 3 minutes."""
    unanswered = [duration(one.after) for one in chosen(klass).steps if one.unless is Milestone.ACKNOWLEDGED]
    assert unanswered == [MINUTE, 2 * MINUTE, 3 * MINUTE]
    on_scene = [duration(one.after) for one in chosen(klass).steps if one.unless is Milestone.ON_SCENE]
    assert on_scene == [300 * SECOND]


@pytest.mark.parametrize("klass", [AlertClass.FIRE, AlertClass.GAS, AlertClass.CO])
def test_a_single_unconfirmed_alarm_wakes_nobody_of_the_branch_and_a_real_or_confirmed_one_does(
    klass: AlertClass,
) -> None:
    steps = chosen(klass).steps
    secretary = "post:branch_secretary"
    assert all(secretary not in one.tell for one in steps if duration(one.after) == 0 and one.when is None)
    for event in (Milestone.VERIFIED_REAL, Milestone.CONFIRMED):
        assert any(secretary in one.tell and duration(one.after) == 0 for one in steps if one.when is event)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (GOOD.replace("0s", "soon"), r"bad\.yaml:5: steps\[0\]\.after: 'soon' is not a duration"),
        (GOOD.replace("[zone]", "[patrol]"), r"bad\.yaml:5: steps\[0\]\.tell\[0\]: 'patrol' is not a target"),
        (GOOD.replace("[zone]", "[]"), r"bad\.yaml:5: steps\[0\]\.tell: tells nobody"),
        (GOOD.replace("after: 0s", "unless: asleep"), r"bad\.yaml:5: steps\[0\]\.unless: .*asleep"),
        (GOOD.replace("critical", "deadly"), r"bad\.yaml:3: match\.severity\[0\]: .*deadly"),
        (GOOD.replace("match:", "matches:"), r"bad\.yaml:2: .*matches"),
        (GOOD.split("steps")[0] + "steps: []", r"bad\.yaml:4: steps: tell nobody"),
        (GOOD + "---" + GOOD, r"bad\.yaml:7: id: policy 'own' stands in bad\.yaml:2 already"),
        ("id: [", r"bad\.yaml:2: is not YAML"),
        ("just text", r"bad\.yaml:1: "),
    ],
)
def test_what_is_wrong_is_refused_by_file_line_and_cause(tmp_path: Path, wrong: str, says: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(wrong)
    [problem] = check_policies(file, "bad.yaml")
    assert re.search(says, str(problem)), problem
    with pytest.raises(ConfigError):
        load_policies([tmp_path])


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in str(check_policies(tmp_path / "none.yaml")[0])


def test_a_sites_own_policies_come_before_the_shipped_ones_and_replace_those_of_their_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD + "---" + GOOD.replace("own", "water"))
    found = load_policies([tmp_path, SHIPPED])
    assert [one.id for one in found][:2] == ["own", "water"]
    assert len(found) == len(POLICIES) + 1
    assert [one.match.severity for one in found if one.id == "water"] == [[Severity.CRITICAL]]


def test_a_policy_is_told_from_other_documents_by_its_steps() -> None:
    documents = parse_documents(GOOD + "---\nrule: smoke\n---\n- steps", "f")
    assert [is_policy(one) for one in documents] == [True, False, False]
