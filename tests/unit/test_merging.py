"""Two cases that are one: the graver one goes on, nobody's step is lost, and an exercise never meets what is real."""

from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import FLAT, UPSTAIRS, alert, compound, opened, seconds, told_by
from shouwang.domain.acts import Acknowledge, Act, Arrive, Dial, Resolve, Verify
from shouwang.domain.alert import Alert, AlertClass
from shouwang.domain.casefile import Counted, Counting
from shouwang.domain.climbing import climb
from shouwang.domain.errors import Conflict
from shouwang.domain.escalation import Match, Milestone, Policy, Step
from shouwang.domain.handling import plan_act
from shouwang.domain.incident import Finding, Incident, IncidentState, Outcome
from shouwang.domain.merging import graver_of, merge
from shouwang.domain.owed import Owed, owes
from shouwang.domain.vocabulary import Severity

C, M = AlertClass, Milestone


def policy(klass: AlertClass) -> Policy:
    """Each class calls people of its own, so that a step that is lost is missed."""
    return Policy(
        id=klass,
        match=Match(classes=[klass]),
        steps=[
            Step(tell=[f"person:{klass}-first"]),
            Step(after="60s", unless=M.ACKNOWLEDGED, tell=[f"person:{klass}-second"]),
            Step(when=M.VERIFIED_REAL, tell=[f"person:{klass}-real"]),
            Step(after="300s", unless=M.ON_SCENE, tell=[f"person:{klass}-third"]),
            Step(after="6h", when=M.RESOLVED, unless=M.FOLLOWED_UP, tell=[f"person:{klass}-visit"]),
        ],
    )


SITE = compound(policies=tuple(policy(klass) for klass in C))


def case(klass: AlertClass, severity: Severity = Severity.CRITICAL, *, at: float = 0, place: str = FLAT) -> Incident:
    one = alert(f"{klass}-{severity}-{place[-3:]}", place, klass=klass, severity=severity, rule=klass, at=seconds(at))
    return opened(one, now=seconds(at), community=SITE, pack=klass)


def did(incident: Incident, *acts: Act, by: str = "guard", at: float = 30) -> Incident:
    for act in acts:
        plan = plan_act(incident, act, actor=by, alerts=[], told=(), community=SITE, now=seconds(at))
        incident = plan.incident
    return incident


def united(
    kept: Incident, other: Incident, *, told: tuple[str, ...] = (), alerts: tuple[Alert, ...] = (), at: float = 40
) -> Incident:
    return merge(kept, other, alerts, told, actor="guard", now=seconds(at))[0][0]


def called(incident: Incident, until: float) -> set[str]:
    """Whom escalation calls from now on when nobody does anything."""
    found: set[str] = set()
    while incident.next_step_at is not None and incident.next_step_at <= seconds(until):
        incident, notices, _ = climb(incident, incident.next_step_at)
        found |= {target for notice in notices for target in notice.tell}
    return found


cases = st.builds(
    case, st.sampled_from(C), st.sampled_from(list(Severity)[:3]), at=st.integers(0, 30), place=st.just(FLAT)
)
acts = st.lists(
    st.sampled_from([Acknowledge(), Arrive(), Verify(finding=Finding.REAL, how="camera")]), max_size=3, unique=True
)


@given(cases, cases, acts, acts)
def test_whichever_stays_it_is_as_grave_as_the_graver_and_nobodys_step_is_lost(
    one: Incident, two: Incident, mine: list[Act], theirs: list[Act]
) -> None:
    one = did(one, *mine)
    two = msgspec.structs.replace(did(two, *theirs), id="two")
    for kept, other in ((one, two), (two, one)):
        after, graver = united(kept, other), graver_of(kept, other)
        assert after.id == kept.id
        assert (after.klass, after.title, after.place, after.group) == (
            graver.klass,
            graver.title,
            graver.place,
            graver.group,
        )
        assert after.severity == min(kept.severity, other.severity, key=lambda severity: severity.rank)
        assert after.policy.id == graver.policy.id
        assert called(graver, 3600) <= called(after, 3600)
        lighter = other if graver is kept else kept
        spared = set(graver.reached) - set(lighter.reached)
        if not spared:
            assert called(lighter, 3600) <= called(after, 3600)


@pytest.mark.parametrize(("klass", "lighter"), [(C.FIRE, C.FAULT), (C.GAS, C.WATER), (C.FIRE, C.EMERGENCY)])
def test_what_was_answered_in_a_lighter_case_calls_off_nothing(klass: AlertClass, lighter: AlertClass) -> None:
    held = did(case(lighter, Severity.HIGH), Acknowledge(), Arrive())
    after = united(held, case(klass, at=20))
    assert (after.state, after.holder) == (IncidentState.ON_SCENE, "guard")
    assert M.ACKNOWLEDGED not in after.reached
    assert called(after, 79) == set() and called(after, 80) == {f"person:{klass}-second"}


def test_steps_of_the_lighter_case_come_when_they_would_have_come_and_once() -> None:
    fault, fire = case(C.FAULT, Severity.HIGH), case(C.FIRE, at=20)
    for after in (united(fault, fire), united(fire, fault)):
        assert called(after, 59) == set()
        assert called(after, 60) == {"person:fault-second"}
        assert called(after, 80) == {"person:fault-second", "person:fire-second"}
        again = united(after, msgspec.structs.replace(case(C.FIRE, at=20), id="third"))
        assert len(again.policy.steps) == len(after.policy.steps)


def test_a_visit_that_a_call_asks_for_is_owed_by_the_fire_that_it_became_part_of() -> None:
    after = did(united(case(C.FIRE), case(C.EMERGENCY)), Resolve(outcome=Outcome.REAL))
    assert owes(after, Owed.FOLLOW_UP)
    assert "person:emergency-visit" in called(after, 7 * 3600)


def test_what_calls_more_people_is_taken_from_either_danger_to_life_and_never_from_a_fault() -> None:
    real = Verify(finding=Finding.REAL, how="camera")
    after = united(case(C.FIRE), did(case(C.GAS), real))
    assert M.VERIFIED_REAL in after.reached and M.VERIFIED not in after.reached
    assert M.VERIFIED_REAL not in united(case(C.FIRE), did(case(C.FAULT), real)).reached


def test_detectors_of_two_cases_confirm_each_other() -> None:
    after = united(case(C.FIRE), case(C.FIRE, place=UPSTAIRS))
    assert after.confirmed and M.CONFIRMED in after.reached
    assert not united(case(C.FIRE), case(C.GAS)).confirmed


def test_everybody_hears_once_of_the_one_that_stays() -> None:
    fault, fire = case(C.FAULT, Severity.HIGH), case(C.FIRE)
    changed, over, _ = merge(fault, fire, [], ["guard", "patrol", "guard"], actor="guard", now=seconds(40))
    assert told_by(changed[1]) == [("worse", ["told", "person:guard", "person:patrol"])]
    assert (over[0].state, over[0].next_step_at, over[1]) == (IncidentState.CLOSED, None, [])
    assert over[0].file is not None and over[0].file.merged_into == fault.id
    nobody = merge(fire, fault, [], [], actor="guard", now=seconds(40))[0]
    assert nobody[1] == []


def test_who_came_who_was_called_and_who_is_out_goes_on_with_the_case() -> None:
    count = [
        Counted(place=FLAT, state=state, at=seconds(at), by="patrol")
        for state, at in zip(Counting, (9, 5), strict=False)
    ]
    fire, gas = did(case(C.FIRE), Dial(service="119"), at=31), did(case(C.GAS), Dial(service="gas-company"), Arrive())
    assert fire.file is not None and gas.file is not None
    fire = msgspec.structs.replace(fire, file=msgspec.structs.replace(fire.file, headcount=count[:1]))
    gas = msgspec.structs.replace(gas, file=msgspec.structs.replace(gas.file, headcount=count[1:]))
    file = united(fire, gas).file
    assert file is not None
    assert [call.service for call in file.calls] == ["gas-company", "119"]
    assert ([one.by for one in file.arrivals], file.headcount, file.merged) == (["guard"], count[:1], [gas.id])


@pytest.mark.parametrize(("flag", "klass", "other"), list(product(("drill", "test"), C, C)))
def test_an_exercise_is_never_one_with_what_is_real(flag: str, klass: AlertClass, other: AlertClass) -> None:
    real = case(klass)
    marked = msgspec.structs.replace(case(other, Severity.HIGH), id="marked", **{flag: True})
    for kept, gone in ((real, marked), (marked, real)):
        with pytest.raises(Conflict, match=f"marked is a {flag} and {real.id} is real.*go on with {real.id}"):
            united(kept, gone)
    both = united(marked, msgspec.structs.replace(real, **{flag: True}))
    assert getattr(both, flag) is True
