"""Steps that repeat, that wait for a time of day or for the end of quiet hours, and answers that lapse."""

import pytest

from shouwang.domain.escalation import (
    Milestone,
    Policy,
    Step,
    lapses_at,
    plan_steps,
    policy_problems,
    step_due_at,
    unrolled,
)
from shouwang.domain.moment import parse_rfc3339, rfc3339
from shouwang.domain.vocabulary import MINUTE, SECOND, Instant

NIGHT = parse_rfc3339("2026-11-24T23:30:00+08:00")


def due(step: Step, since: Instant, *, heeds_quiet: bool = True) -> str:
    policy = Policy(id="p", steps=[step], timezone="Asia/Shanghai")
    at = step_due_at(policy, step, since, {}, heeds_quiet=heeds_quiet)
    assert at is not None
    return rfc3339(at)


def test_a_repeated_step_is_told_so_often_until_its_unless_holds_and_levels_keep_their_number() -> None:
    steps = [Step(tell=["post:a"], repeat="60s", times=3, unless=Milestone.ACKNOWLEDGED), Step(after="90s", tell=["b"])]
    policy = unrolled(Policy(id="p", steps=steps))
    assert [step.after for step in policy.steps] == ["0s", "90s", "1m", "2m"]
    assert policy.steps[1].tell == ["b"]
    first = plan_steps(policy, [], armed_at=0, reached={}, now=0)
    second = plan_steps(policy, first.marks, armed_at=0, reached={}, now=60 * SECOND)
    assert (first.due, second.due, first.next_at) == ([0], [2], 60 * SECOND)
    answered = {Milestone.ACKNOWLEDGED: 70 * SECOND}
    last = plan_steps(policy, second.marks, armed_at=0, reached=answered, now=120 * SECOND)
    assert last.due == [1] and last.next_at is None
    assert unrolled(Policy(id="p", steps=[Step(tell=["a"])])).steps == [Step(tell=["a"])]


def test_quiet_hours_put_a_step_off_to_the_morning_but_never_where_life_is_in_danger() -> None:
    step = Step(tell=["a"], after="60s", quiet=("22:00", "07:00"))
    assert due(step, NIGHT) == "2026-11-24T23:00:00Z"
    assert due(step, NIGHT, heeds_quiet=False) == "2026-11-24T15:31:00Z"
    assert due(step, NIGHT + 8 * 60 * MINUTE) == "2026-11-24T23:31:00Z"  # 07:31, quiet is over
    assert due(Step(tell=["a"], quiet=("12:00", "14:00")), NIGHT) == rfc3339(NIGHT)


def test_a_step_may_wait_for_the_next_time_that_the_clock_shows() -> None:
    step = Step(tell=["a"], after="6h", at="10:00")
    assert due(step, NIGHT) == "2026-11-25T02:00:00Z"
    assert due(step, parse_rfc3339("2026-11-24T03:00:00+08:00")) == "2026-11-24T02:00:00Z"
    assert due(step, parse_rfc3339("2026-11-24T05:00:00+08:00")) == "2026-11-25T02:00:00Z"


@pytest.mark.parametrize("then", [Milestone.VERIFIED, Milestone.EN_ROUTE, Milestone.ON_SCENE])
def test_an_answer_lapses_unless_something_was_done_after_it(then: Milestone) -> None:
    policy = Policy(id="p", steps=[Step(tell=["a"])], acknowledged_for="3m")
    answered = {Milestone.ACKNOWLEDGED: NIGHT}
    assert lapses_at(policy, answered) == NIGHT + 3 * MINUTE
    assert lapses_at(policy, {**answered, then: NIGHT + 1}) is None
    assert lapses_at(policy, {}) is None
    assert lapses_at(Policy(id="p", steps=[]), answered) is None


def test_what_is_wrong_with_times_of_steps_is_named() -> None:
    step = Step(tell=["zone"], repeat="often", times=99, at="25:00", quiet=("22:00", "7"))
    found = [path for path, _ in policy_problems(Policy(id="p", steps=[step], acknowledged_for="long"))]
    assert found == ["acknowledged_for", "steps[0].repeat", "steps[0].times", "steps[0].at", "steps[0].quiet"]
