"""The incident's machine, and what an alert makes of the incident that it joins."""

from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import (
    B3,
    FLAT,
    NEXT_DOOR,
    NOW,
    OTHER_UNIT,
    PLAIN_POLICY,
    UPSTAIRS,
    alert,
    compound,
    joined,
    joining,
    opened,
    seconds,
    told_by,
)
from shouwang.domain.alert import Alert, AlertClass
from shouwang.domain.climbing import Changed, climb
from shouwang.domain.duty import SiteFacts
from shouwang.domain.errors import IllegalMove
from shouwang.domain.escalation import Milestone
from shouwang.domain.incident import (
    INCIDENT_MOVES,
    Finding,
    Incident,
    IncidentEvent,
    IncidentState,
    is_live,
    move_incident,
)
from shouwang.domain.notice import Why
from shouwang.domain.standing import Change
from shouwang.domain.vocabulary import UNASSIGNED, PersonId, Severity

S, E = IncidentState, IncidentEvent
FIRST_STEP = ["roster:desk", "post:patrol", "post:building_leader"]


@pytest.mark.parametrize(("state", "event"), [pair for pair in product(S, E) if pair not in INCIDENT_MOVES])
def test_an_illegal_move_raises(state: S, event: E) -> None:
    with pytest.raises(IllegalMove, match=f"{state} cannot {event}"):
        move_incident(state, event)


def test_help_comes_step_by_step_and_may_skip_steps() -> None:
    for path in ("acknowledge depart arrive resolve review close", "arrive resolve close", "depart resolve close"):
        state = S.OPEN
        for event in path.split():
            state = move_incident(state, E(event))
        assert state is S.CLOSED


def test_no_alarm_moves_an_incident_anywhere_but_back_to_open() -> None:
    for (state, event), becomes in INCIDENT_MOVES.items():
        if event in (E.WORSEN, E.REOPEN):
            assert becomes in (state, S.OPEN)


def test_a_closed_incident_can_only_be_noted_reviewed_and_followed_up() -> None:
    moves = {event: becomes for (state, event), becomes in INCIDENT_MOVES.items() if state is S.CLOSED}
    assert moves == dict.fromkeys((E.NOTE, E.REVIEW, E.FOLLOW_UP), S.CLOSED)


def of(one: Alert, change: Change = Change.RAISED, *, into: Incident | None = None, **more: Any) -> Changed:
    return joining(into, one, change, **more)


def taken(incident: Incident, *, at: float = 30, by: str = "guard") -> Incident:
    return msgspec.structs.replace(
        incident,
        state=S.ACKNOWLEDGED,
        holder=PersonId(by),
        acknowledged_at=seconds(at),
        acknowledged_by=by,
        reached={**incident.reached, Milestone.ACKNOWLEDGED: seconds(at)},
    )


def resolved(incident: Incident, *, at: float = 300) -> Incident:
    return msgspec.structs.replace(
        taken(incident), state=S.RESOLVED, resolved_at=seconds(at), resolved_by="guard", next_step_at=None
    )


# Opening -------------------------------------------------------------------------------------------------------------


def test_the_first_alarm_opens_freezes_the_policy_and_tells_the_first_step_at_once() -> None:
    incident, notices, entries = of(alert())
    assert (incident.state, incident.severity, incident.place, incident.zone) == (
        S.OPEN,
        Severity.CRITICAL,
        FLAT,
        "east",
    )
    assert (incident.policy.id, incident.armed_at, incident.next_step_at) == ("fire", NOW, seconds(60))
    assert told_by(notices) == [("first", FIRST_STEP)]
    assert (notices[0].step, notices[0].alert, notices[0].id) == (0, "alert-smoke-smoke-501", f"{incident.id}.1")
    assert [entry.kind for entry in entries] == ["incident.opened", "notice.made"]
    assert incident.revision == 1


def test_a_decision_repeated_makes_the_same_incident_and_the_same_notice() -> None:
    assert of(alert()) == of(alert())


def test_all_steps_that_are_due_at_the_opening_are_one_notice() -> None:
    policy = msgspec.structs.replace(
        PLAIN_POLICY,
        steps=[
            *PLAIN_POLICY.steps[:1],
            *PLAIN_POLICY.steps[:1],
            msgspec.structs.replace(PLAIN_POLICY.steps[0], tell=["zone:grid"]),
        ],
    )
    _, notices, _ = of(alert(), community=compound(policies=(policy,)))
    assert told_by(notices) == [("first", ["zone", "zone:grid"])]
    assert notices[0].step == 2


def test_a_place_in_no_zone_is_told_all_the_same_and_the_gap_is_on_record() -> None:
    incident, notices, entries = of(alert(), community=compound(zones={}))
    assert incident.zone is None
    assert notices[0].why is Why.FIRST
    assert "coverage.gap" in [entry.kind for entry in entries]


def test_late_news_opens_marked_and_tells_the_desk_only() -> None:
    incident, notices, _ = of(alert(late=True))
    assert (incident.late, incident.armed_at, incident.next_step_at) == (True, None, None)
    assert told_by(notices) == [("first", ["post:desk_operator"])]
    assert climb(incident, seconds(3600))[1] == []


def test_demo_and_test_are_marked() -> None:
    incident = opened(alert(test=True), community=compound(site=SiteFacts(demo=True)))
    assert (incident.test, incident.demo) == (True, True)


def test_an_alert_raised_again_after_its_incident_ended_opens_another() -> None:
    first = opened()
    again = opened(alert(incident=first.id, count=2))
    assert again.id != first.id


# Joining -------------------------------------------------------------------------------------------------------------


def test_the_same_alarm_again_tells_nobody_while_escalation_is_calling() -> None:
    incident, notices, _ = of(alert(), Change.REPEATED, into=opened(), now=seconds(5))
    assert notices == []
    assert incident.alerts == ["alert-smoke-smoke-501"]


def test_a_second_press_on_an_acknowledged_incident_tells_its_holder() -> None:
    pressed = alert("sos-501", klass=AlertClass.EMERGENCY, rule="emergency", event=True)
    held = taken(opened(pressed, pack="care"))
    _, notices, _ = of(pressed, Change.REPEATED, into=held, now=seconds(60), pack="care")
    assert told_by(notices) == [("repeat", ["holder"])]


def test_where_the_holder_cannot_be_reached_everybody_told_hears_the_second_press() -> None:
    pressed = alert("sos-501", klass=AlertClass.EMERGENCY, rule="emergency", event=True)
    held = taken(opened(pressed, pack="care"), by="desk-token")
    _, notices, _ = of(pressed, Change.REPEATED, into=held, now=seconds(60), pack="care")
    assert told_by(notices) == [("repeat", ["told"])]


def test_danger_that_ended_and_is_back_tells_the_holder_and_a_flapping_warning_does_not() -> None:
    for klass, expected in ((AlertClass.FIRE, [("repeat", ["holder"])]), (AlertClass.WARNING, [])):
        one = alert(klass=klass)
        cleared = joined(taken(opened(one)), one, Change.CLEARED, now=seconds(40))
        assert told_by(of(one, into=cleared, now=seconds(50))[1]) == expected


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (alert("heat-502", NEXT_DOOR, rule="heat", latching=False), "dwelling"),
        (alert("smoke-601", UPSTAIRS), "floor"),
        (alert("smoke-501b"), "confirmed"),
    ],
)
def test_what_gets_worse_tells_everybody_and_the_first_step_again_even_when_acknowledged(
    second: Alert, reason: str
) -> None:
    incident, notices, entries = of(second, into=taken(opened()), now=seconds(100))
    assert told_by(notices)[0] == ("worse", ["told", *FIRST_STEP])
    assert len(notices) == 1
    assert reason in notices[0].detail.split(", ")
    assert (incident.state, incident.holder) == (S.ACKNOWLEDGED, "guard")
    assert (incident.armed_at, incident.next_step_at) == (seconds(100), seconds(160))
    assert Milestone.ACKNOWLEDGED not in incident.reached
    worse = next(entry for entry in entries if entry.kind == "incident.worse")
    assert reason in worse.body["reasons"]  # type: ignore[operator]


def test_escalation_after_a_worsening_calls_the_next_level_unless_somebody_answers_again() -> None:
    worse = joined(taken(opened()), alert("smoke-601", UPSTAIRS), now=seconds(100))
    assert told_by(climb(worse, seconds(160))[1]) == [("next_step", ["post:property_manager"])]
    answered = taken(worse, at=120)
    assert climb(answered, seconds(160))[1] == []


def test_a_rise_of_severity_is_worse_and_renames_the_incident() -> None:
    warm = opened(alert("heat-501", severity=Severity.HIGH, rule="heat"), community=compound(policies=(PLAIN_POLICY,)))
    risen = alert("co-501", klass=AlertClass.CO, rule="co", title={"zh": "一氧化碳"})
    incident, notices, _ = of(risen, into=warm, now=seconds(10))
    assert notices[0].why is Why.WORSE
    assert (incident.severity, incident.klass, incident.title) == (Severity.CRITICAL, AlertClass.CO, {"zh": "一氧化碳"})
    assert incident.policy.id == "plain"  # frozen at opening


def test_two_detectors_that_agree_are_one_level_worse_once() -> None:
    warm = opened(alert("heat-501", severity=Severity.HIGH, rule="heat"))
    twice = joined(warm, alert("heat-501b", severity=Severity.HIGH, rule="heat"), now=seconds(5))
    assert (twice.confirmed, twice.severity) == (True, Severity.CRITICAL)
    assert Milestone.CONFIRMED in twice.reached
    third = joined(twice, alert("heat-501c", severity=Severity.HIGH, rule="heat"), now=seconds(6))
    assert (third.severity, third.armed_at) == (Severity.CRITICAL, seconds(5))


@pytest.mark.parametrize(
    "second",
    [
        alert(id="other-rule", rule="heat"),
        alert("gas-501", klass=AlertClass.GAS, rule="gas"),
        alert("smoke-501b", late=True),
        alert(None, FLAT, rule="place-rule"),
    ],
    ids=["one device", "another danger", "late news", "about the place"],
)
def test_what_is_no_second_detector_confirms_nothing(second: Alert) -> None:
    assert not joined(opened(), second, now=seconds(5)).confirmed


def test_order_of_ignition_is_kept_and_each_alert_stays() -> None:
    spread = joined(joined(opened(), alert("smoke-601", UPSTAIRS)), alert("smoke-502", NEXT_DOOR))
    assert spread.places == [FLAT, UPSTAIRS, NEXT_DOOR]
    assert len(spread.alerts) == 3


def test_late_news_that_joins_is_told_at_the_desk_and_re_arms_nothing() -> None:
    held = taken(opened())
    incident, notices, _ = of(alert("smoke-601", UPSTAIRS, late=True), into=held, now=seconds(100))
    assert told_by(notices) == [("worse", ["post:desk_operator"])]
    assert (incident.armed_at, incident.reached) == (held.armed_at, held.reached)


def test_a_fresh_alarm_on_late_news_is_a_whole_alarm() -> None:
    incident, notices, _ = of(alert(id="fresh"), into=opened(alert(late=True)), now=seconds(10))
    assert told_by(notices) == [("worse", ["told", *FIRST_STEP])]
    assert (incident.late, incident.armed_at) == (False, seconds(10))


def test_a_real_alarm_on_a_tested_incident_is_a_whole_alarm() -> None:
    incident, notices, _ = of(alert(id="real"), into=opened(alert(test=True)), now=seconds(10))
    assert told_by(notices) == [("worse", ["told", *FIRST_STEP])]
    assert not incident.test


def test_every_device_that_nobody_registered_is_news_of_its_own_and_confirms_nothing() -> None:
    strange = opened(alert("zigbee2mqtt:0x1", UNASSIGNED))
    incident, notices, _ = of(alert("zigbee2mqtt:0x2", UNASSIGNED), into=strange, now=seconds(5))
    assert (incident.confirmed, incident.zone) == (False, None)
    assert told_by(notices) == [("worse", ["told", *FIRST_STEP])]


def test_an_event_of_another_unit_is_no_news_of_this_place() -> None:
    assert of(alert("smoke-x", OTHER_UNIT))[0].group != opened().group
    assert opened(alert("smoke-x", B3)).group == f"danger:{B3}"


# Ending --------------------------------------------------------------------------------------------------------------


def test_a_condition_that_ended_closes_nothing_and_stops_no_escalation() -> None:
    incident, notices, _ = of(alert(active=False), Change.CLEARED, into=opened(), now=seconds(20))
    assert (incident.state, incident.active, incident.cleared_at) == (S.OPEN, [], seconds(20))
    assert notices == []  # smoke that a detector sees no more is no reason to walk slower
    assert told_by(climb(incident, seconds(60))[1]) == [("next_step", ["post:property_manager"])]


def leak(rule: str = "leak", severity: Severity = Severity.MEDIUM) -> Alert:
    return alert("leak-501", klass=AlertClass.WATER, rule=rule, severity=severity, latching=False)


def test_people_hear_once_that_the_last_condition_ended() -> None:
    both = joined(opened(leak()), leak("flow"))
    half, notices, _ = of(leak("flow"), Change.CLEARED, into=both, now=seconds(20))
    assert notices == []
    ended, notices, _ = of(leak(), Change.CLEARED, into=half, now=seconds(30))
    assert told_by(notices) == [("cleared", ["told"])]
    back = joined(ended, leak(), now=seconds(40))
    assert of(leak(), Change.CLEARED, into=back, now=seconds(50))[1] == []


def test_after_it_got_worse_the_end_of_all_conditions_is_news_again() -> None:
    ended = joined(opened(leak()), leak(), Change.CLEARED, now=seconds(20))
    flood = leak("flood", Severity.HIGH)
    spread = joined(ended, flood, now=seconds(30))
    assert spread.cleared_at is None
    assert told_by(of(flood, Change.CLEARED, into=spread)[1]) == [("cleared", ["told"])]


def test_an_alarm_within_moments_of_the_end_re_opens_the_incident_and_tells_everybody() -> None:
    done = resolved(opened())
    incident, notices, entries = of(alert(id="again"), into=done, now=seconds(310))
    assert (incident.state, incident.resolved_at, incident.holder, incident.outcome) == (S.OPEN, None, None, None)
    assert (incident.armed_at, incident.reached, incident.next_step_at) == (seconds(310), {}, seconds(370))
    assert told_by(notices) == [("worse", ["told", *FIRST_STEP])]
    assert "incident.reopened" in [entry.kind for entry in entries]


def test_late_news_re_opens_nothing() -> None:
    done = resolved(opened())
    incident, notices, _ = of(alert(id="again", late=True), into=done, now=seconds(310))
    assert incident.id != done.id
    assert told_by(notices) == [("first", ["post:desk_operator"])]


def test_a_closed_incident_never_comes_back() -> None:
    done = msgspec.structs.replace(resolved(opened()), state=S.CLOSED)
    assert of(alert(id="again"), into=done)[0].id != done.id


def test_a_clearing_after_the_end_changes_nothing() -> None:
    done = msgspec.structs.replace(resolved(opened()), active=[])
    assert of(alert(), Change.CLEARED, into=done, now=seconds(400)) == (done, [], [])


def test_a_finding_from_before_it_got_worse_counts_no_more_but_a_real_fire_stays_real() -> None:
    real = msgspec.structs.replace(
        taken(opened()),
        finding=Finding.REAL,
        reached={Milestone.ACKNOWLEDGED: NOW, Milestone.VERIFIED: NOW, Milestone.VERIFIED_REAL: NOW},
    )
    worse = joined(real, alert("smoke-601", UPSTAIRS), now=seconds(100))
    assert set(worse.reached) == {Milestone.VERIFIED_REAL, Milestone.CONFIRMED}


ALERTS = st.builds(
    lambda device, place, klass, severity, late, test: alert(
        device, place, id=f"{device}-{klass}", klass=klass, severity=severity, rule=klass, late=late, test=test
    ),
    st.sampled_from(["d1", "d2", "d3"]),
    st.sampled_from([FLAT, NEXT_DOOR, UPSTAIRS]),
    st.sampled_from([AlertClass.FIRE, AlertClass.GAS, AlertClass.CO]),
    st.sampled_from([Severity.CRITICAL, Severity.HIGH]),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(st.tuples(ALERTS, st.sampled_from(Change), st.integers(0, 30)), min_size=1, max_size=12))
def test_whatever_alarms_come_nothing_is_lost_and_somebody_is_always_waited_for(
    events: list[tuple[Alert, Change, int]],
) -> None:
    incident: Incident | None = None
    now, made = 0, []
    seen: list[str] = []
    for one, change, pause in events:
        now += pause
        if incident is None and change is Change.CLEARED:
            continue
        before = incident
        incident, notices, entries = of(one, change, into=incident, now=seconds(now))
        made += [notice.id for notice in notices]
        if change is not Change.CLEARED:
            seen.append(one.id)
        assert set(incident.alerts) == set(seen)
        assert set(incident.active) <= set(seen)
        assert is_live(incident.state)
        assert before is None or incident.severity.rank <= before.severity.rank
        assert before is None or set(before.places) <= set(incident.places)
        assert len([entry for entry in entries if entry.kind == "notice.made"]) == len(notices)
        assert incident.armed_at is None or incident.next_step_at is not None
    assert len(made) == len(set(made))
    assert incident is None or incident.notices == len(made)
