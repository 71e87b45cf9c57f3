"""What people do to an incident: each act changes what it should, once, or says why it cannot be."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import NOW, UPSTAIRS, alert, compound, joined, joining, opened, seconds, told_by
from shouwang.domain.acts import (
    Acknowledge,
    Act,
    Arrive,
    Close,
    Count,
    Decline,
    Depart,
    Escalate,
    HandOver,
    Remark,
    Resolve,
    Review,
    Verify,
)
from shouwang.domain.alert import Alert, AlertClass, AlertState
from shouwang.domain.casefile import Counting
from shouwang.domain.climbing import climb, is_stuck
from shouwang.domain.clocks import clocks
from shouwang.domain.community import Community
from shouwang.domain.duty import SiteFacts
from shouwang.domain.errors import Conflict
from shouwang.domain.escalation import Milestone, Policy, Step
from shouwang.domain.handling import ActPlan, plan_act
from shouwang.domain.incident import Finding, Incident, IncidentState, Outcome
from shouwang.domain.notice import Why
from shouwang.domain.vocabulary import PersonId, PlaceId, Severity

S = IncidentState
REAL = Verify(finding=Finding.REAL, how="on_scene")
FALSE = Verify(finding=Finding.FALSE, how="call_back")
UNCLEAR = Verify(finding=Finding.UNCLEAR, how="camera")
RESOLVE = Resolve(outcome=Outcome.FALSE_ALARM, cause="cooking", note="a pan")


def act(
    incident: Incident,
    what: Act,
    by: str = "guard",
    *,
    at: float = 30,
    alerts: list[Alert] | None = None,
    told: tuple[str, ...] = ("guard", "patrol"),
    community: Community | None = None,
) -> ActPlan:
    return plan_act(
        incident,
        what,
        actor=by,
        alerts=[alert()] if alerts is None else alerts,
        told=told,
        community=community or compound(),
        now=seconds(at),
    )


def done(*acts: tuple[Act, str] | Act, start: Incident | None = None) -> Incident:
    """An incident after these acts, ten seconds apart, by the guard unless another is named."""
    incident = start or opened()
    for number, one in enumerate(acts):
        what, by = one if isinstance(one, tuple) else (one, "guard")
        incident = act(incident, what, by, at=10 * (number + 1), alerts=[]).incident
    return incident


# Taking it -----------------------------------------------------------------------------------------------------------


def test_acknowledging_takes_the_incident_with_the_alerts_that_are_there() -> None:
    plan = act(opened(), Acknowledge())
    incident = plan.incident
    assert (incident.state, incident.holder, incident.acknowledged_at) == (S.ACKNOWLEDGED, "guard", seconds(30))
    assert [one.state for one in plan.alerts] == [AlertState.ACKED]
    assert [(entry.kind, entry.actor) for entry in plan.entries] == [
        ("incident.acknowledged", "guard"),
        ("alert.acknowledged", "guard"),
    ]
    assert plan.notices == []


def test_an_acknowledgement_spares_the_next_level_but_not_the_one_that_waits_for_a_finding() -> None:
    held = done(Acknowledge())
    incident, notices, _ = climb(held, seconds(60))
    assert notices == []
    assert told_by(climb(incident, seconds(180))[1]) == [("next_step", ["post:branch_secretary"])]


def test_of_two_who_acknowledge_one_has_it_and_the_other_hears_who() -> None:
    with pytest.raises(Conflict, match="Guard has it already"):
        act(done(Acknowledge()), Acknowledge(), "patrol")


def test_a_later_alert_is_acknowledged_by_acknowledging_again() -> None:
    later = alert(id="later", rule="heat")
    held = joined(done(Acknowledge()), later, now=seconds(40))
    plan = act(held, Acknowledge(), at=50, alerts=[alert(state=AlertState.ACKED), later])
    assert [one.id for one in plan.alerts] == ["later"]
    assert plan.incident.acknowledged_at == seconds(10)  # the first answer stands for the case


def test_after_it_got_worse_anybody_may_answer() -> None:
    worse = joined(done(Acknowledge()), alert("smoke-601", UPSTAIRS), now=seconds(100))
    plan = act(worse, Acknowledge(), "patrol", at=110)
    assert plan.incident.holder == "patrol"
    assert Milestone.ACKNOWLEDGED in plan.incident.reached
    assert climb(plan.incident, seconds(160))[1] == []


def test_going_and_arriving_take_what_nobody_has() -> None:
    for what, state in ((Depart(), S.EN_ROUTE), (Arrive(), S.ON_SCENE)):
        plan = act(opened(), what, "patrol")
        assert (plan.incident.state, plan.incident.holder, plan.incident.acknowledged_by) == (state, "patrol", "patrol")
        assert [one.state for one in plan.alerts] == [AlertState.ACKED]


def test_others_may_go_and_arrive_beside_the_holder() -> None:
    incident = done(Acknowledge(), (Depart(), "patrol"), (Arrive(), "leader"), (Arrive(), "patrol"))
    assert (incident.state, incident.holder) == (S.ON_SCENE, "guard")
    assert (incident.en_route_by, incident.on_scene_by) == ("patrol", "leader")
    assert incident.on_scene_at == seconds(30)


def test_going_back_to_go_is_no_step_back() -> None:
    assert done(Arrive(), (Depart(), "patrol")).state is S.ON_SCENE


# Verifying -----------------------------------------------------------------------------------------------------------


def test_a_real_fire_climbs_at_once_and_everybody_told_hears_it() -> None:
    plan = act(opened(), REAL)
    assert told_by(plan.notices) == [("verified", ["told", "post:branch_secretary", "post:micro_fire_station"])]
    assert (plan.incident.finding, plan.incident.verified_by) == (Finding.REAL, "guard")


def test_verifying_moves_no_state_and_acknowledges_nothing() -> None:
    plan = act(opened(), REAL)
    assert (plan.incident.state, plan.incident.acknowledged_at, plan.alerts) == (S.OPEN, None, [])
    assert told_by(climb(plan.incident, seconds(60))[1]) == [("next_step", ["post:property_manager"])]


def test_a_burnt_pan_does_not_wake_the_branch_secretary() -> None:
    incident = done(Acknowledge(), FALSE)
    for at in (60, 180):
        incident, notices, _ = climb(incident, seconds(at))
        assert notices == []


def test_an_unclear_finding_is_on_record_and_spares_nobody() -> None:
    incident = done(Acknowledge(), UNCLEAR)
    assert (incident.finding, incident.verified_at) == (Finding.UNCLEAR, seconds(20))
    incident, _, _ = climb(incident, seconds(60))
    assert told_by(climb(incident, seconds(180))[1]) == [("next_step", ["post:branch_secretary"])]


def test_a_second_person_who_finds_the_same_fire_tells_nobody_twice() -> None:
    plan = act(done(REAL), REAL, "patrol", at=50)
    assert plan.notices == []


def test_a_finding_may_be_corrected_both_ways() -> None:
    real = act(done(FALSE), REAL, "patrol", at=60)
    assert told_by(real.notices)[0][0] == "verified"
    pan = act(real.incident, FALSE, at=90)
    assert (pan.incident.finding, Milestone.VERIFIED_REAL in pan.incident.reached) == (Finding.FALSE, False)


def test_a_real_fire_in_late_news_climbs_too() -> None:
    plan = act(opened(alert(late=True)), REAL)
    assert told_by(plan.notices) == [("verified", ["told", "post:branch_secretary", "post:micro_fire_station"])]


# Giving it back ------------------------------------------------------------------------------------------------------


def test_a_holder_who_declines_gives_it_back_and_the_spared_level_comes_at_once() -> None:
    held = climb(done(Acknowledge()), seconds(60))[0]
    plan = act(held, Decline(note="stuck in the lift"), at=90)
    incident = plan.incident
    assert (incident.state, incident.holder, incident.acknowledged_at) == (S.OPEN, None, None)
    assert incident.declined == ["guard"]
    assert told_by(plan.notices) == [("next_step", ["post:property_manager"])]


def test_declining_by_others_moves_nothing() -> None:
    plan = act(done(Acknowledge()), Decline(), "patrol")
    assert (plan.incident.state, plan.incident.holder, plan.incident.declined) == (S.ACKNOWLEDGED, "guard", ["patrol"])
    assert plan.notices == []


def test_when_everyone_told_has_declined_the_next_level_comes_at_once() -> None:
    one = act(opened(), Decline(), "guard")
    assert one.notices == []
    both = act(one.incident, Decline(), "patrol", at=35)
    assert told_by(both.notices) == [("next_step", ["post:property_manager"])]
    assert both.incident.next_step_at == seconds(180)


def test_declining_before_anybody_was_told_calls_nobody() -> None:
    assert act(opened(), Decline(), told=()).notices == []


def test_when_no_level_is_left_the_fallback_is_called() -> None:
    only = compound(policies=(Policy(id="p", steps=[Step(tell=["post:patrol"])]),))
    plan = act(opened(community=only), Decline(), "patrol", told=("patrol",), community=only)
    assert told_by(plan.notices) == [("coverage_gap", ["person:fallback"])]


def test_who_declined_may_come_all_the_same() -> None:
    assert done(Decline(), Acknowledge()).declined == []


def test_who_holds_it_on_the_scene_hands_over() -> None:
    there = done(Arrive())
    with pytest.raises(Conflict, match="hands it over"):
        act(there, Decline())
    plan = act(there, HandOver(to=PersonId("leader")))
    assert (plan.incident.holder, plan.incident.state) == ("leader", S.ON_SCENE)
    assert told_by(plan.notices) == [("next_step", ["person:leader"])]


def test_only_what_is_held_can_be_handed_over_and_only_to_somebody_known() -> None:
    with pytest.raises(Conflict, match="somebody holds"):
        act(opened(), HandOver(to=PersonId("leader")))
    with pytest.raises(Conflict, match="no person ghost"):
        act(done(Acknowledge()), HandOver(to=PersonId("ghost")))


def test_asking_for_more_people_tells_the_next_level_whatever_it_waits_for() -> None:
    plan = act(done(Acknowledge()), Escalate(reason="heavy smoke"), at=40)
    assert told_by(plan.notices) == [("next_step", ["post:property_manager"])]
    assert plan.notices[0].detail == "heavy smoke"
    again = act(plan.incident, Escalate(reason="more people"), at=41)
    assert told_by(again.notices) == [("next_step", ["post:branch_secretary"])]


def test_whoever_asks_for_more_people_says_why_and_it_is_kept_with_the_call() -> None:
    plan = act(done(Acknowledge()), Escalate(reason="heavy smoke"), at=40)
    assert [entry.body["note"] for entry in plan.entries if entry.kind == "incident.escalated"] == ["heavy smoke"]
    file = plan.incident.file
    assert file is not None
    kept = [(one.reason, one.by, one.notice) for one in file.escalated]
    assert kept == [("heavy smoke", "guard", plan.notices[0].id)]
    for blank in ("", "  "):
        with pytest.raises(Conflict, match="must know why"):
            act(done(Acknowledge()), Escalate(reason=blank))


def test_asking_for_more_people_when_all_are_told_calls_the_fallback_or_says_that_there_is_nobody() -> None:
    last = climb(opened(), seconds(1000))[0]
    assert told_by(act(last, Escalate(reason="more people"), at=1001).notices) == [("next_step", ["person:fallback"])]
    bare = compound(zones={}, site=SiteFacts())
    with pytest.raises(Conflict, match="no further level"):
        act(last, Escalate(reason="more people"), at=1001, community=bare)


# The end -------------------------------------------------------------------------------------------------------------


def test_resolving_resets_latches_ends_events_and_tells_everybody_who_was_told() -> None:
    alerts = [
        alert(id="latched", state=AlertState.LATCHED_ACKED, active=False, cleared_at=NOW),
        alert(id="burning", state=AlertState.ACKED),
        alert(id="unseen", state=AlertState.UNACKED),
        alert(id="press", state=AlertState.UNACKED, klass=AlertClass.EMERGENCY, event=True, latching=False),
    ]
    plan = act(done(Acknowledge()), RESOLVE, at=300, alerts=alerts)
    incident = plan.incident
    assert (incident.state, incident.outcome, incident.cause) == (S.RESOLVED, Outcome.FALSE_ALARM, "cooking")
    assert (incident.resolved_by, incident.resolved_at, incident.next_step_at) == ("guard", seconds(300), None)
    assert {one.id: one.state for one in plan.alerts} == {one.id: AlertState.NORMAL for one in alerts}
    assert {(order.alert, order.kind) for order in plan.orders} == {
        ("latched", "reset"),
        ("burning", "reset"),
        ("unseen", "reset"),
        ("press", "end"),
    }
    assert told_by(plan.notices) == [("stood_down", ["told"])]
    assert plan.stands_down


def test_what_merely_lasts_is_seen_and_ends_by_itself() -> None:
    warm = alert(id="warm", latching=False, severity=Severity.MEDIUM)
    gone = alert(id="gone", latching=False, state=AlertState.RTN_UNACKED, active=False)
    plan = act(opened(warm), RESOLVE, alerts=[warm, gone])
    assert {one.id: one.state for one in plan.alerts} == {"warm": AlertState.ACKED, "gone": AlertState.NORMAL}
    assert plan.orders == []


def test_a_point_out_of_service_stays_so() -> None:
    held = alert(state=AlertState.OUT_OF_SERVICE)
    assert act(opened(), RESOLVE, alerts=[held]).alerts == []


def test_a_step_that_waits_for_the_end_is_told_with_it() -> None:
    site = compound(
        policies=(
            Policy(id="p", steps=[Step(tell=["zone"]), Step(when=Milestone.RESOLVED, tell=["post:care_partner"])]),
        )
    )
    plan = act(opened(community=site), RESOLVE, community=site)
    assert told_by(plan.notices) == [("stood_down", ["told", "post:care_partner"])]


def test_nobody_reviews_what_they_resolved() -> None:
    over = done(Acknowledge(), RESOLVE)
    with pytest.raises(Conflict, match="another person"):
        act(over, Review())
    plan = act(over, Review(note="handled well"), "secretary")
    assert (plan.incident.reviewed_by, plan.incident.state) == ("secretary", S.RESOLVED)
    assert act(plan.incident, Review(), "secretary").incident is plan.incident


def test_a_case_is_closed_once_it_is_resolved() -> None:
    with pytest.raises(Conflict, match="only a resolved"):
        act(done(Acknowledge()), Close())
    closed = act(done(Acknowledge(), RESOLVE), Close(), "secretary").incident
    assert (closed.state, closed.closed_by, closed.next_step_at) == (S.CLOSED, "secretary", None)


@pytest.mark.parametrize("what", [Acknowledge(), REAL, Decline(), Depart(), Arrive(), Escalate(reason="more people")])
def test_what_comes_after_the_end_hears_who_ended_it(what: Act) -> None:
    over = done(Acknowledge(), RESOLVE)
    for by in ("guard", "patrol"):
        with pytest.raises(Conflict, match=r"resolved by Guard; what comes now is a new incident"):
            act(over, what, by)


def test_resolving_by_another_person_or_with_another_outcome_is_a_conflict() -> None:
    over = done(Acknowledge(), RESOLVE)
    with pytest.raises(Conflict):
        act(over, RESOLVE, "patrol")
    with pytest.raises(Conflict):
        act(over, Resolve(outcome=Outcome.REAL))


def test_a_remark_is_only_a_line_of_the_timeline_and_may_come_at_any_time() -> None:
    for incident in (opened(), done(Acknowledge(), RESOLVE, (Close(), "secretary"))):
        plan = act(incident, Remark(note="the fire lane is free"))
        assert [(entry.kind, entry.body["note"]) for entry in plan.entries] == [
            ("incident.noted", "the fire lane is free")
        ]
        assert plan.incident.state is incident.state


# Repeating -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "acts",
    [
        [Acknowledge()],
        [REAL],
        [UNCLEAR],
        [Decline()],
        [Depart()],
        [Arrive()],
        [Acknowledge(), RESOLVE],
        [Acknowledge(), RESOLVE, Close()],
        [Acknowledge(), HandOver(to=PersonId("leader"))],
    ],
    ids=lambda acts: type(acts[-1]).__name__,
)
def test_repeating_an_act_changes_nothing(acts: list[Act]) -> None:
    incident = done(*acts)
    again = act(incident, acts[-1], at=100, alerts=[])
    assert again.incident is incident
    assert (again.notices, again.entries, again.alerts, again.orders, again.stands_down) == ([], [], [], [], False)


ACTS = st.sampled_from(
    [
        Acknowledge(),
        REAL,
        FALSE,
        UNCLEAR,
        Decline(),
        Depart(),
        Arrive(),
        RESOLVE,
        Review(),
        Close(),
        Escalate(reason="more people"),
        Remark(),
        HandOver(to=PersonId("leader")),
    ]
)
DEEDS = st.one_of(
    st.tuples(ACTS, st.sampled_from(["guard", "patrol", "leader"])),
    st.sampled_from(["alarm", "rounds"]),
)


@given(st.lists(st.tuples(DEEDS, st.integers(0, 90)), max_size=20))
def test_whatever_people_do_nobody_is_told_twice_of_one_thing_and_no_case_is_stuck(
    deeds: list[tuple[tuple[Act, str] | str, int]],
) -> None:
    """A refused act changes nothing; a live case is never without an answer or a level to come; ids never repeat."""
    incident, now = opened(), 0
    alerts = {alert().id: alert()}
    ids = {f"{incident.id}.1"}
    for number, (deed, pause) in enumerate(deeds):
        now += pause
        notices = []
        if deed == "rounds":
            incident, notices, _ = climb(incident, seconds(now))
        elif deed == "alarm":
            if incident.state is S.CLOSED:
                continue
            one = alert(f"smoke-{number}", UPSTAIRS)
            alerts[one.id] = one
            incident, notices, _ = joining(incident, one, now=seconds(now))
        else:
            what, by = deed  # type: ignore[misc]
            before = msgspec.json.encode(incident)
            try:
                plan = act(incident, what, by, at=now, alerts=list(alerts.values()))
            except Conflict:
                assert msgspec.json.encode(incident) == before
                continue
            incident, notices = plan.incident, plan.notices
            alerts |= {one.id: one for one in plan.alerts}
            for order in plan.orders:
                assert alerts[order.alert].state is AlertState.NORMAL
        for one in notices:
            assert one.id not in ids
            ids.add(one.id)
            assert one.tell
        assert not is_stuck(incident, seconds(now))
        held = incident.state in (S.ACKNOWLEDGED, S.EN_ROUTE, S.ON_SCENE)
        assert held == (incident.holder is not None) or incident.state in (S.RESOLVED, S.CLOSED)
        if incident.state is S.RESOLVED:
            assert not any(one.state in (AlertState.UNACKED, AlertState.LATCHED_UNACKED) for one in alerts.values())
            assert all(one.why is not Why.NEXT_STEP for one in notices) or deed != "rounds"


# Kept by a phone -----------------------------------------------------------------------------------------------------


def test_an_arrival_that_a_phone_kept_counts_from_when_it_was_and_its_line_says_both_times() -> None:
    plan = act(opened(), Arrive(said_at=seconds(150)), at=900)
    incident = plan.incident
    assert incident.on_scene_at == seconds(150)
    assert (incident.acknowledged_at, incident.reached[Milestone.ON_SCENE]) == (seconds(900), seconds(900))
    assert incident.file is not None and incident.file.arrivals[0].at == seconds(150)
    (line,) = [one for one in plan.entries if one.kind == "incident.on_scene"]
    assert (line.at, line.body["said_at"]) == (seconds(900), seconds(150))
    assert "doubted" not in line.body
    assert not [one for one in plan.entries if "said_at" in one.body and not one.kind.startswith("incident.")]
    (clock,) = [one for one in clocks(incident, seconds(900)) if one.name == "on_scene"]
    assert (clock.met_at, clock.late, clock.said, clock.proven) == (seconds(150), False, True, False)
    at_once = act(opened(), Arrive(said_at=seconds(895)), at=900)
    assert at_once.incident.on_scene_at == seconds(900)
    assert not [one for one in at_once.entries if "said_at" in one.body]


@pytest.mark.parametrize("said", [-1, 900 + 61, 900 - 12 * 3600 - 1])
def test_a_time_that_cannot_be_is_not_believed_and_the_act_is_taken_all_the_same(said: float) -> None:
    plan = act(opened(), Arrive(said_at=seconds(said)), at=900)
    assert plan.incident.state is S.ON_SCENE
    assert plan.incident.on_scene_at == seconds(900)
    (line,) = [one for one in plan.entries if one.kind == "incident.on_scene"]
    assert (line.body["said_at"], line.body["doubted"]) == (seconds(said), True)
    assert not any(one.said for one in clocks(plan.incident, seconds(900)))


@pytest.mark.parametrize("what", [Acknowledge(), REAL, RESOLVE])
def test_what_had_to_be_heard_to_count_has_the_time_at_which_it_was_heard(what: Act) -> None:
    incident = act(opened(), msgspec.structs.replace(what, said_at=seconds(40)), at=900).incident
    heard = [incident.acknowledged_at, incident.verified_at, incident.resolved_at]
    assert [one for one in heard if one is not None] == [seconds(900)]


def test_a_count_that_a_phone_kept_does_not_undo_a_later_one() -> None:
    home = PlaceId(UPSTAIRS)
    out = Count(place=home, state=Counting.EVACUATED)
    counted = act(opened(), out, "guard", at=600).incident
    plan = act(counted, Count(place=home, state=Counting.NOT_REACHED, said_at=seconds(200)), "patrol", at=700)
    assert plan.incident.file is not None
    assert [(one.state, one.at) for one in plan.incident.file.headcount] == [(Counting.EVACUATED, seconds(600))]
    assert [one.body["count"] for one in plan.entries] == [Counting.NOT_REACHED]
    newer = act(counted, Count(place=home, state=Counting.NOT_REACHED, said_at=seconds(650)), "patrol", at=700)
    assert newer.incident.file is not None
    assert [(one.state, one.at) for one in newer.incident.file.headcount] == [(Counting.NOT_REACHED, seconds(650))]
