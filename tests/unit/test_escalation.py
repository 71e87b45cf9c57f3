"""Which steps are due, and which policy is meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import FIRE_POLICY, FLAT, NOW, PLAIN_POLICY, seconds
from shouwang.domain.alert import AlertClass
from shouwang.domain.escalation import (
    LAST_RESORT,
    NOBODY,
    Climb,
    Match,
    Milestone,
    Policy,
    Step,
    StepMark,
    choose_policy,
    next_level,
    plan_steps,
    policy_problems,
    rearmed,
    targets_of,
)
from shouwang.domain.vocabulary import SECOND, Severity

FIRST, MANAGER, REAL, SECRETARY, OFFICER = range(5)
"""Steps of ``FIRE_POLICY``."""


def look(at: float, marks: list[StepMark] | None = None, policy: Policy = FIRE_POLICY, **reached: float) -> Climb:
    return plan_steps(
        policy,
        marks or [],
        armed_at=NOW,
        reached={Milestone(name): seconds(since) for name, since in reached.items()},
        now=seconds(at),
    )


def test_at_the_opening_only_what_comes_at_once_is_told() -> None:
    climb = look(0)
    assert (climb.due, climb.next_at) == ([FIRST], seconds(60))


def test_a_step_comes_at_its_time_and_not_a_moment_before() -> None:
    marks = look(0).marks
    assert look(59.999999, marks).due == []
    assert look(60, marks).due == [MANAGER]


def test_a_step_whose_unless_holds_is_skipped_and_moves_nothing() -> None:
    climb = look(60, look(0).marks, acknowledged=30)
    assert climb.due == []
    assert climb.marks[-1] == StepMark(index=MANAGER, done_at=seconds(60), skipped="acknowledged")
    assert climb.next_at == seconds(180)


def test_an_acknowledgement_does_not_stand_for_a_finding() -> None:
    marks = look(60, look(0).marks, acknowledged=30).marks
    assert look(180, marks, acknowledged=30).due == [SECRETARY]
    assert look(180, marks, acknowledged=30, verified=90).due == []


def test_a_step_that_waits_for_an_event_comes_with_it() -> None:
    marks = look(0).marks
    assert look(30, marks).due == []
    assert look(30, marks, verified=30, verified_real=30).due == [REAL]


def test_with_when_the_time_counts_from_the_event() -> None:
    policy = Policy(id="p", steps=[Step(tell=["zone"]), Step(when=Milestone.VERIFIED, after="30s", tell=["zone:grid"])])
    marks = look(0, policy=policy).marks
    climb = look(100, marks, policy, verified=100)
    assert (climb.due, climb.next_at) == ([], seconds(130))
    assert look(130, marks, policy, verified=100).due == [1]


def test_after_a_long_sleep_all_that_is_due_comes_together() -> None:
    climb = look(1000, look(0).marks)
    assert climb.due == [MANAGER, SECRETARY, OFFICER]
    assert climb.next_at is None
    assert targets_of(FIRE_POLICY, climb.due) == [
        "post:property_manager",
        "post:branch_secretary",
        "post:community_officer",
    ]


def test_late_news_waits_for_events_alone() -> None:
    climb = plan_steps(FIRE_POLICY, [], armed_at=None, reached={Milestone.VERIFIED_REAL: NOW}, now=seconds(1000))
    assert climb.due == [REAL]


def test_once_resolved_only_what_waits_for_that_is_left() -> None:
    policy = Policy(id="p", steps=[Step(tell=["zone"]), Step(when=Milestone.RESOLVED, after="1h", tell=["post:care"])])
    climb = look(10, policy=policy, resolved=10)
    assert (climb.due, climb.next_at) == ([], seconds(3610))
    assert look(3610, policy=policy, resolved=10).due == [1]


def test_the_level_after_one_that_reached_nobody_is_the_next_that_is_not_over() -> None:
    def after(step: int, *over: int, **reached: float) -> int | None:
        marks = [StepMark(index=index, done_at=NOW, skipped=NOBODY) for index in over]
        held = {Milestone(name): seconds(at) for name, at in reached.items()}
        return next_level(FIRE_POLICY, marks, step, reached=held)

    assert after(FIRST, FIRST) == MANAGER
    assert after(MANAGER, FIRST, MANAGER) == SECRETARY  # nothing was verified yet
    assert after(MANAGER, FIRST, MANAGER, verified_real=1) == REAL
    assert after(REAL, FIRST, REAL, verified_real=1) == SECRETARY  # the manager's minute is still to come
    assert after(OFFICER, *range(5)) is None


def test_a_worsening_forgets_all_steps_but_those_of_an_event_that_still_holds() -> None:
    marks = [StepMark(index=index, done_at=NOW) for index in range(5)]
    assert [mark.index for mark in rearmed(FIRE_POLICY, marks, {Milestone.VERIFIED_REAL: NOW})] == [REAL]
    assert rearmed(FIRE_POLICY, marks, {}) == []


def test_a_delay_that_cannot_be_read_is_no_delay() -> None:
    assert look(0, policy=Policy(id="p", steps=[Step(tell=["zone"], after="soon")])).due == [0]


def choose(
    *policies: Policy, severity: Severity = Severity.CRITICAL, kinds: tuple[str | None, ...] = ("smoke", None)
) -> str:
    return choose_policy(policies, severity=severity, klass=AlertClass.FIRE, rule="smoke", kinds=kinds, place=FLAT).id


def matching(id: str = "m", **keys: object) -> Policy:
    return Policy(id=id, steps=PLAIN_POLICY.steps, match=Match(**keys))  # type: ignore[arg-type]


def test_the_first_policy_that_matches_is_meant() -> None:
    assert choose(matching("a", severity=[Severity.HIGH]), matching("b"), matching("c")) == "b"


@pytest.mark.parametrize(
    ("keys", "fits"),
    [
        ({"severity": [Severity.CRITICAL]}, True),
        ({"severity": [Severity.HIGH, Severity.MEDIUM]}, False),
        ({"classes": [AlertClass.FIRE]}, True),
        ({"classes": [AlertClass.GAS]}, False),
        ({"rules": ["smoke", "heat"]}, True),
        ({"rules": ["heat"]}, False),
        ({"kinds": ["smoke"]}, True),
        ({"kinds": ["dwelling"]}, True),
        ({"kinds": ["gas"]}, False),
        ({"places": ["chengjiang/dongmen"]}, True),
        ({"places": [FLAT]}, True),
        ({"places": ["chengjiang/dong"]}, False),
        ({"severity": [Severity.CRITICAL], "rules": ["heat"]}, False),
        ({"severity": []}, False),
        ({}, True),
    ],
)
def test_every_key_that_is_given_must_fit(keys: dict[str, object], fits: bool) -> None:
    chosen = choose(matching(**keys), kinds=("smoke", "dwelling"))
    assert chosen == ("m" if fits else LAST_RESORT.id)


def test_where_no_policy_matches_somebody_is_told_all_the_same() -> None:
    assert choose() == LAST_RESORT.id
    assert LAST_RESORT.steps[0].tell == ["zone"]
    assert list(policy_problems(LAST_RESORT)) == []


def test_a_policy_is_refused_with_each_place_that_is_wrong() -> None:
    policy = Policy(id="p", steps=[Step(tell=[]), Step(tell=["zone", "patrol"], after="soon")])
    assert [path for path, _ in policy_problems(policy)] == ["steps[0].tell", "steps[1].after", "steps[1].tell[1]"]
    assert [path for path, _ in policy_problems(Policy(id="p", steps=[]))] == ["steps"]
    assert list(policy_problems(FIRE_POLICY)) == []


MILESTONES = st.sampled_from(Milestone)
STEPS = st.lists(
    st.builds(
        Step,
        tell=st.just(["zone"]),
        after=st.integers(0, 300).map(lambda count: f"{count}s"),
        unless=st.none() | MILESTONES,
        when=st.none() | MILESTONES.filter(lambda one: one is not Milestone.RESOLVED),
    ),
    min_size=1,
    max_size=6,
)
HAPPENINGS = st.dictionaries(MILESTONES.filter(lambda one: one is not Milestone.RESOLVED), st.integers(0, 400))


@given(STEPS, HAPPENINGS, st.lists(st.integers(0, 900), max_size=12).map(sorted))
def test_no_step_is_told_twice_and_none_is_forgotten(
    steps: list[Step], happenings: dict[Milestone, int], looks: list[int]
) -> None:
    """Whenever the rounds look, each step is told once, at the first look that is not before its time, or skipped."""
    policy = Policy(id="p", steps=steps)
    marks: list[StepMark] = []
    told: list[int] = []
    wanted = None
    for at in [*looks, 1000]:
        reached = {one: seconds(since) for one, since in happenings.items() if since <= at}
        climb = plan_steps(policy, marks, armed_at=NOW, reached=reached, now=seconds(at))
        if climb.due and wanted is not None and not any(steps[index].when for index in climb.due):
            assert wanted <= seconds(at)
        told += climb.due
        marks, wanted = climb.marks, climb.next_at
    assert len(told) == len(set(told))
    assert len({mark.index for mark in marks}) == len(marks)
    over = {mark.index for mark in marks}
    for index, step in enumerate(steps):
        assert index in over or step.when not in (None, *happenings)
        assert (
            index not in told
            or step.unless is None
            or step.unless not in happenings
            or ((marks[[mark.index for mark in marks].index(index)].done_at - NOW) // SECOND < happenings[step.unless])
        )


@given(STEPS, HAPPENINGS, st.integers(0, 900))
def test_looking_again_at_the_same_moment_changes_nothing(
    steps: list[Step], happenings: dict[Milestone, int], at: int
) -> None:
    policy = Policy(id="p", steps=steps)
    reached = {one: seconds(since) for one, since in happenings.items()}
    first = plan_steps(policy, [], armed_at=NOW, reached=reached, now=seconds(at))
    again = plan_steps(policy, first.marks, armed_at=NOW, reached=reached, now=seconds(at))
    assert (again.due, again.marks, again.next_at) == ([], first.marks, first.next_at)
