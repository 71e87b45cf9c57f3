"""The alert's machine (ISA-18.2), and how transitions and people move one alert."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import FLAT, NOW, alert, facts, seconds, transition
from shouwang.domain.alert import ALERT_MOVES, Alert, AlertClass, AlertEvent, AlertState, is_open, move_alert
from shouwang.domain.alerting import (
    Disposition,
    alert_id,
    disposition,
    ended,
    plan_acknowledge,
    plan_alert,
    plan_reset,
)
from shouwang.domain.condition import Node
from shouwang.domain.errors import Conflict, IllegalMove
from shouwang.domain.occurrence import Event
from shouwang.domain.rule import Rule
from shouwang.domain.standing import Change
from shouwang.domain.states import Is
from shouwang.domain.vocabulary import SECOND, DeviceId, Kind, Life, Severity

S, E = AlertState, AlertEvent

STANDARD = [
    (S.NORMAL, E.RAISE, S.UNACKED),
    (S.UNACKED, E.ACKNOWLEDGE, S.ACKED),
    (S.UNACKED, E.CLEAR, S.RTN_UNACKED),
    (S.UNACKED, E.CLEAR_LATCHING, S.LATCHED_UNACKED),
    (S.ACKED, E.CLEAR, S.NORMAL),
    (S.ACKED, E.CLEAR_LATCHING, S.LATCHED_ACKED),
    (S.RTN_UNACKED, E.ACKNOWLEDGE, S.NORMAL),
    (S.RTN_UNACKED, E.RAISE, S.UNACKED),
    (S.LATCHED_UNACKED, E.ACKNOWLEDGE, S.LATCHED_ACKED),
    (S.LATCHED_UNACKED, E.RAISE, S.UNACKED),
    (S.LATCHED_ACKED, E.RESET, S.NORMAL),
    (S.LATCHED_ACKED, E.RAISE, S.UNACKED),
    (S.SHELVED, E.RETURN_TRUE, S.UNACKED),
    (S.SUPPRESSED, E.RETURN_FALSE, S.NORMAL),
    (S.OUT_OF_SERVICE, E.RETURN_TRUE, S.UNACKED),
]
"""Rows of the transition table of ISA-18.2."""


def rule(when: Node | None = None, *, latching: bool = True) -> Rule:
    return Rule(
        id="smoke",
        title={"zh": "烟雾报警", "en": "Smoke"},
        severity=Severity.CRITICAL,
        klass=AlertClass.FIRE,
        when=when or Is(metric="smoke", value=True),
        latching=latching,
        pack="fire",
    )


PRESSED = rule(Event(metric="emergency"))


def after(
    found: Alert | None, change: Change = Change.RAISED, of: Rule | None = None, *, life: Life = Life.IN_SERVICE
) -> Alert | None:
    planned = plan_alert(
        found, of or rule(), transition(change), facts(life=life), received_at=NOW + SECOND, now=NOW + 2 * SECOND
    )
    return planned[0] if planned else None


def raised(of: Rule | None = None, *, life: Life = Life.IN_SERVICE) -> Alert:
    made = after(None, of=of, life=life)
    assert made is not None
    return made


@pytest.mark.parametrize(("state", "event", "becomes"), STANDARD)
def test_the_machine_moves_as_the_standard_says(state: S, event: E, becomes: S) -> None:
    assert move_alert(state, event) is becomes


@pytest.mark.parametrize(("state", "event"), [pair for pair in product(S, E) if pair not in ALERT_MOVES])
def test_an_illegal_move_raises(state: S, event: E) -> None:
    with pytest.raises(IllegalMove, match=f"{state} cannot {event}"):
        move_alert(state, event)


def test_every_state_can_be_reached_and_left() -> None:
    assert {state for state, _ in ALERT_MOVES} == set(S)
    assert set(ALERT_MOVES.values()) == set(S)


def test_a_raised_alert_keeps_when_it_was_so_when_it_was_heard_and_when_it_was_safe() -> None:
    made = raised()
    assert (made.state, made.active, made.count, made.revision) == (S.UNACKED, True, 1, 1)
    assert (made.raised_at, made.received_at, made.committed_at) == (NOW, NOW + SECOND, NOW + 2 * SECOND)
    assert (made.device, made.place, made.subject) == ("smoke-501", FLAT, "smoke-501")


def test_the_journal_entry_of_a_raise_holds_the_whole_alert() -> None:
    planned = plan_alert(None, rule(), transition(), facts(), received_at=NOW, now=NOW)
    assert planned is not None
    made, [entry] = planned
    assert entry.kind == "alert.raised"
    assert entry.body["facts"]["id"] == made.id  # type: ignore[index]


def test_an_alert_about_a_place_has_no_device() -> None:
    planned = plan_alert(None, rule(), transition(subject=FLAT), facts(), received_at=NOW, now=NOW)
    assert planned is not None
    assert (planned[0].device, planned[0].place) == (None, FLAT)


def test_ids_sort_by_time_and_tell_rules_and_subjects_apart() -> None:
    ids = [alert_id("smoke", "d1", at) for at in (0, 999, NOW, NOW + 1, NOW + SECOND * 86400)]
    assert ids == sorted(ids)
    assert len({alert_id(one, subject, NOW) for one in ("a", "b") for subject in ("c", "d")}) == 4
    assert alert_id("smoke", "d1", NOW) == alert_id("smoke", "d1", NOW)


def test_a_second_press_is_counted_on_the_open_alert() -> None:
    again = after(raised(PRESSED), Change.REPEATED, PRESSED)
    assert again is not None
    assert (again.count, again.state, again.event) == (2, S.UNACKED, True)


def test_a_press_after_the_alert_was_ended_raises_anew() -> None:
    again = after(None, Change.REPEATED, PRESSED)
    assert again is not None
    assert (again.state, again.count) == (S.UNACKED, 1)


def test_a_clearing_without_an_open_alert_is_nothing() -> None:
    assert after(None, Change.CLEARED) is None


def test_fire_that_ended_stays_latched_until_somebody_saw_and_reset_it() -> None:
    cleared = after(raised(), Change.CLEARED)
    assert cleared is not None
    assert (cleared.state, cleared.active, cleared.cleared_at) == (S.LATCHED_UNACKED, False, NOW)
    assert after(cleared, Change.CLEARED) is None
    seen = plan_acknowledge(cleared, actor="guard", now=NOW)
    assert seen is not None
    over = plan_reset(seen[0], actor="guard", now=seconds(9))
    assert over is not None
    reset, [entry], order = over
    assert (reset.state, reset.cleared_at) == (S.NORMAL, NOW)
    assert (entry.kind, entry.actor) == ("alert.reset", "guard")
    assert (order.kind, order.rule, order.subject, order.alert) == ("reset", "smoke", "smoke-501", reset.id)


def test_an_alert_that_comes_back_is_unacknowledged_again() -> None:
    latched = alert(state=S.LATCHED_ACKED, active=False, cleared_at=NOW, acknowledged_at=NOW, acknowledged_by="guard")
    again = after(latched)
    assert again is not None
    assert (again.state, again.active, again.count) == (S.UNACKED, True, 2)
    assert (again.cleared_at, again.acknowledged_at, again.acknowledged_by) == (None, None, None)


def test_what_is_not_latching_goes_back_to_normal_once_it_was_seen_and_ended() -> None:
    seen = plan_acknowledge(raised(rule(latching=False)), actor="guard", now=NOW)
    assert seen is not None
    cleared = after(seen[0], Change.CLEARED)
    assert cleared is not None
    assert cleared.state is S.NORMAL


def test_acknowledging_twice_keeps_the_first() -> None:
    seen = alert(state=S.ACKED, acknowledged_at=NOW, acknowledged_by="guard")
    assert plan_acknowledge(seen, actor="leader", now=seconds(5)) is None


def test_nobody_acknowledges_what_is_over_or_out_of_service() -> None:
    for state in (S.NORMAL, S.OUT_OF_SERVICE):
        with pytest.raises(Conflict, match=str(state)):
            plan_acknowledge(alert(state=state), actor="guard", now=NOW)


def test_a_latch_is_reset_only_after_its_condition_ended_and_somebody_saw_it() -> None:
    with pytest.raises(Conflict, match="still true"):
        plan_reset(alert(state=S.ACKED), actor="guard", now=NOW)
    for state in (S.UNACKED, S.LATCHED_UNACKED, S.RTN_UNACKED):
        with pytest.raises(Conflict, match="acknowledged"):
            plan_reset(alert(state=state), actor="guard", now=NOW)
    assert plan_reset(alert(state=S.NORMAL), actor="guard", now=NOW) is None


def test_an_event_ends_by_a_persons_word() -> None:
    over = plan_reset(alert(state=S.ACKED, event=True), actor="guard", now=seconds(30))
    assert over is not None
    assert (over[0].state, over[0].cleared_at, over[2].kind) == (S.NORMAL, seconds(30), "end")


@pytest.mark.parametrize("life", [Life.TEST, Life.COMMISSIONING])
def test_a_device_under_test_is_recorded_marked_and_ends_by_itself(life: Life) -> None:
    assert not disposition(facts(life=life)).opens_incident
    made = raised(life=life)
    assert (made.test, made.state) == (True, S.ACKED)
    cleared = after(made, Change.CLEARED, life=life)
    assert cleared is not None
    assert cleared.state is S.NORMAL
    assert raised(PRESSED, life=life).state is S.NORMAL


@pytest.mark.parametrize("life", [Life.IN_SERVICE, Life.DISCOVERED, Life.MAINTENANCE, Life.RETIRED])
def test_every_other_device_raises(life: Life) -> None:
    assert disposition(facts(life=life)) is Disposition.RAISE
    assert raised(life=life).state is S.UNACKED


def test_a_message_with_smoke_and_test_from_a_device_in_service_raises_and_shows_test() -> None:
    planned = plan_alert(None, rule(), transition(test=True), facts(), received_at=NOW, now=NOW)
    assert planned is not None
    assert (planned[0].state, planned[0].test) == (S.UNACKED, True)


def test_a_real_alarm_after_a_test_is_unacknowledged() -> None:
    tested = raised(life=Life.TEST)
    real = after(tested, life=Life.IN_SERVICE)
    assert real is not None
    assert (real.state, real.test, real.acknowledged_by) == (S.UNACKED, False, None)


def test_a_test_does_not_touch_a_real_alert_that_waits() -> None:
    for state in (S.UNACKED, S.ACKED, S.LATCHED_UNACKED, S.LATCHED_ACKED):
        waiting = alert(state=state, active=state in (S.UNACKED, S.ACKED))
        after_test = after(waiting, life=Life.TEST)
        assert after_test is not None
        assert (after_test.state, after_test.test, after_test.active) == (state, False, waiting.active)


def test_a_point_out_of_service_is_on_record_and_judged_by_its_condition_when_it_returns() -> None:
    held = raised(life=Life.OUT_OF_SERVICE)
    assert held.state is S.OUT_OF_SERVICE
    assert not disposition(facts(life=Life.OUT_OF_SERVICE)).opens_incident
    still_true = after(held, Change.RAISED, life=Life.IN_SERVICE)
    assert still_true is not None
    assert still_true.state is S.UNACKED
    ended_meanwhile = after(held, Change.CLEARED, life=Life.OUT_OF_SERVICE)
    assert ended_meanwhile is not None
    assert (ended_meanwhile.state, ended_meanwhile.active) == (S.OUT_OF_SERVICE, False)
    again = after(ended_meanwhile, Change.RAISED, life=Life.IN_SERVICE)
    assert again is not None
    assert again.state is S.UNACKED


DEEDS = st.sampled_from([*Change, "acknowledge", "reset"])


@given(
    st.lists(st.tuples(DEEDS, st.sampled_from([Life.IN_SERVICE, Life.TEST, Life.OUT_OF_SERVICE])), max_size=25),
    st.booleans(),
    st.booleans(),
)
def test_whatever_happens_a_latching_alert_ends_only_by_a_person(
    deeds: list[tuple[Change | str, Life]], latching: bool, is_event: bool
) -> None:
    """No order of transitions and acts asks the machine for a move that it lacks, and no machine ends a real latch."""
    of = rule(Event(metric="emergency") if is_event else None, latching=latching)
    found: Alert | None = None
    for deed, life in deeds:
        before = found
        if isinstance(deed, Change):
            if is_event and deed is Change.CLEARED:
                continue  # an event never clears by itself
            planned = plan_alert(found, of, transition(deed), facts(life=life), received_at=NOW, now=NOW)
            found = planned[0] if planned else found
            if before is not None and before.latching and not before.test and found is not None:
                assert is_open(found.state)
        elif found is not None:
            try:
                done = (plan_acknowledge if deed == "acknowledge" else plan_reset)(found, actor="guard", now=NOW)
                found = done[0] if done else found
            except Conflict:
                assert found is before
        if found is not None and not is_open(found.state):
            assert not found.active
            found = None


def test_a_device_of_no_known_kind_raises_all_the_same() -> None:
    nobody = facts().__class__(device=DeviceId("zigbee2mqtt:0x1"), kind=Kind.OTHER, place=FLAT)
    planned = plan_alert(None, rule(), transition(subject="zigbee2mqtt:0x1"), nobody, received_at=NOW, now=NOW)
    assert planned is not None
    assert planned[0].state is S.UNACKED


def test_ending_an_alert_whose_condition_is_still_true_ends_it_now() -> None:
    over, _, order = ended(alert(state=S.ACKED), actor="guard", now=seconds(60))
    assert (over.state, over.active, over.cleared_at, order.at) == (S.NORMAL, False, seconds(60), seconds(60))
