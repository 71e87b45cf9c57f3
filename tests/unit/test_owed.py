"""What a resolved case still owes, and that closing it takes nothing away."""

from itertools import product

import msgspec
import pytest

from harness.cases import NOW, alert, compound, opened, seconds, told_by
from shouwang.domain.acts import Act, Close, FollowUp, Resolve, Review
from shouwang.domain.alert import LIFE_SAFETY, AlertClass
from shouwang.domain.casefile import Visit
from shouwang.domain.climbing import climb, nobody_answers
from shouwang.domain.delivery import is_worth_telling
from shouwang.domain.errors import Conflict
from shouwang.domain.escalation import Milestone, Policy, Step
from shouwang.domain.handling import ActPlan, plan_act
from shouwang.domain.incident import Incident, IncidentState, Outcome
from shouwang.domain.merging import merge
from shouwang.domain.owed import Debt, Owed, is_of_exercise, owed
from shouwang.domain.vocabulary import DAY, HOUR, Instant

CALL_POLICY = Policy(
    id="emergency-call",
    steps=[
        Step(tell=["post:patrol"]),
        Step(after="6h", when=Milestone.RESOLVED, unless=Milestone.FOLLOWED_UP, tell=["post:building_leader"]),
    ],
)
SITE = compound(policies=(CALL_POLICY,))
VISITED = FollowUp(result=Visit.WELL)


def act(incident: Incident, what: Act, by: str = "guard", *, at: Instant = NOW) -> ActPlan:
    return plan_act(incident, what, actor=by, alerts=[], told=("guard",), community=SITE, now=at)


def call(klass: AlertClass = AlertClass.EMERGENCY) -> Incident:
    return opened(alert("sos-501", klass=klass, rule="emergency"), community=SITE)


def over(
    outcome: Outcome = Outcome.REAL, klass: AlertClass = AlertClass.EMERGENCY, *, policy: Policy = CALL_POLICY
) -> Incident:
    incident = msgspec.structs.replace(call(klass), policy=policy)
    return act(incident, Resolve(outcome=outcome)).incident


def test_a_call_for_help_owes_a_visit_and_a_review_until_they_are_done() -> None:
    incident = over()
    assert owed(call()) == []
    assert owed(incident) == [Debt(what=Owed.FOLLOW_UP, at=NOW + 6 * HOUR), Debt(what=Owed.REVIEW)]
    visited = act(incident, VISITED, at=NOW + HOUR).incident
    assert owed(visited) == [Debt(what=Owed.REVIEW)]
    assert owed(act(visited, Review(), "secretary").incident) == []


def test_closing_keeps_the_visit_and_the_review_due_and_says_so_in_the_journal() -> None:
    plan = act(over(), Close())
    closed = plan.incident
    assert (closed.state, closed.next_step_at, owed(closed)) == (IncidentState.CLOSED, NOW + 6 * HOUR, owed(over()))
    assert [entry.body.get("owed") for entry in plan.entries] == [["follow_up", "review"]]
    told, notices, _ = climb(closed, NOW + 6 * HOUR)
    assert told_by(notices) == [("next_step", ["post:building_leader"])]
    assert owed(told) == [Debt(what=Owed.FOLLOW_UP), Debt(what=Owed.REVIEW)]
    done = act(act(told, VISITED, at=NOW + DAY).incident, Review(), "secretary", at=NOW + DAY).incident
    assert (done.state, done.reviewed_by, owed(done)) == (IncidentState.CLOSED, "secretary", [])


def test_a_visit_that_nobody_is_there_to_make_is_the_fallbacks_once() -> None:
    closed = act(over(), Close()).incident
    told, (asked,), _ = climb(closed, NOW + 6 * HOUR)
    gap, notices, entries = nobody_answers(told, asked, ["nobody"], community=SITE, now=NOW + 6 * HOUR)
    assert told_by(notices) == [("coverage_gap", ["person:fallback"])]
    assert is_worth_telling(notices[0], gap)
    assert [entry.kind for entry in entries] == ["coverage.gap", "notice.made"]
    for again in (asked, notices[0]):
        assert nobody_answers(gap, again, ["nobody"], community=SITE, now=NOW + DAY) == (gap, [], [])
    visited = act(told, VISITED, at=NOW + 6 * HOUR).incident
    assert nobody_answers(visited, asked, ["nobody"], community=SITE, now=NOW + DAY)[1] == []


def test_whoever_was_visited_before_is_not_asked_for_again() -> None:
    incident = act(act(over(), VISITED).incident, Close()).incident
    assert climb(incident, NOW + DAY)[1] == []


def test_a_visit_that_reached_nobody_is_on_record_and_still_owed() -> None:
    incident = act(over(), FollowUp(result=Visit.NOT_REACHED)).incident
    assert incident.file is not None and len(incident.file.follow_ups) == 1
    assert [debt.what for debt in owed(incident)] == [Owed.FOLLOW_UP, Owed.REVIEW]
    assert len(climb(incident, NOW + 6 * HOUR)[1]) == 1


@pytest.mark.parametrize(("klass", "outcome"), list(product(AlertClass, Outcome)))
def test_only_what_was_real_and_to_life_is_reviewed_so_that_faults_and_false_alarms_are_quick(
    klass: AlertClass, outcome: Outcome
) -> None:
    plain = Policy(id="plain", steps=[Step(tell=["zone"])])
    expected = [Owed.REVIEW] if klass in LIFE_SAFETY and outcome is Outcome.REAL else []
    incident = over(outcome, klass, policy=plain)
    assert [debt.what for debt in owed(incident)] == expected
    assert act(incident, Close()).incident.state is IncidentState.CLOSED


@pytest.mark.parametrize("outcome", [Outcome.TEST, Outcome.DRILL])
def test_nobody_is_sent_to_visit_after_a_test_or_drill(outcome: Outcome) -> None:
    plan = act(call(), Resolve(outcome=outcome))
    assert is_of_exercise(plan.incident) and plan.incident.next_step_at is None
    assert told_by(plan.notices) == [("stood_down", ["told"])]
    drill = msgspec.structs.replace(call(), drill=True)
    assert act(drill, Resolve(outcome=Outcome.REAL)).incident.next_step_at is None


def test_a_case_that_became_part_of_another_owes_nothing_and_the_other_says_so() -> None:
    other = msgspec.structs.replace(call(), id="other")
    gone = merge(call(), other, [], [], actor="guard", now=seconds(5))[1][0]
    assert owed(gone) == [] and climb(gone, NOW + DAY)[1] == []
    for what in (Review(), VISITED):
        with pytest.raises(Conflict, match=str(call().id)):
            act(gone, what, "secretary")
