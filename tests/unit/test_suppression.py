"""What holds an alert, whom a permit tells first, and how an alert is let go: laws that hold for any hold and alert."""

from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import B3, COMPOUND, FIRE_POLICY, FLAT, NEXT_DOOR, NOW, PLAIN_POLICY, UPSTAIRS
from shouwang.domain.alert import LIFE_SAFETY, Alert, AlertClass, AlertState, is_suppressed
from shouwang.domain.duty import DESK
from shouwang.domain.errors import Conflict
from shouwang.domain.escalation import Milestone, plan_steps, targets_of
from shouwang.domain.holding import (
    REJOIN,
    counted,
    explains_silence,
    hold_back,
    is_told_again,
    release,
    shelve,
    still_holds,
)
from shouwang.domain.place import PlaceKind
from shouwang.domain.suppression import (
    COVERED_FOR,
    Cover,
    Effect,
    Held,
    Hold,
    HoldKind,
    Work,
    cover_of,
    covered,
    due_at,
    is_on,
    next_begin,
    refuse_impossible,
    what_holds,
)
from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, SECOND, AlertId, DeviceId, Kind, PersonId, Severity
from shouwang.domain.wallclock import Hours

ZONE = ZoneInfo("Asia/Shanghai")
PLACES = [FLAT, NEXT_DOOR, UPSTAIRS, B3, COMPOUND]

alerts = st.builds(
    lambda klass, severity, kind, place, state, active: Alert(
        id=AlertId("a1"),
        rule="r",
        title={},
        klass=klass,
        severity=severity,
        state=state,
        subject="d1",
        device=DeviceId("d1"),
        kind=kind,
        place=place,
        raised_at=NOW,
        received_at=NOW,
        committed_at=NOW,
        active=active,
    ),
    st.sampled_from(AlertClass),
    st.sampled_from(Severity),
    st.sampled_from([Kind.SMOKE, Kind.GAS, Kind.BUTTON, Kind.CLIMATE]),
    st.sampled_from(PLACES),
    st.sampled_from([AlertState.UNACKED, AlertState.ACKED, AlertState.RTN_UNACKED]),
    st.booleans(),
)
holds = st.builds(
    lambda kind, rules, places, devices, hours, lasts, watcher: Hold(
        id=f"{kind}-1",
        kind=kind,
        by="desk",
        why="w",
        made_at=NOW - HOUR,
        starts_at=NOW - HOUR,
        ends_at=NOW - HOUR + lasts,
        rules=rules,
        places=places,
        devices=devices,
        hours=hours,
        watcher=watcher,
    ),
    st.sampled_from([HoldKind.SILENCE, HoldKind.MAINTENANCE, HoldKind.PERMIT]),
    st.lists(st.just("r"), max_size=1),
    st.lists(st.sampled_from(PLACES), max_size=2),
    st.lists(st.just(DeviceId("d1")), max_size=1),
    st.one_of(st.none(), st.builds(Hours, st.integers(0, DAY - 1), st.integers(0, DAY))),
    st.integers(1, 3 * DAY),
    st.one_of(st.none(), st.just(PersonId("watcher"))),
)


@given(alerts, st.lists(holds, max_size=5))
def test_nothing_holds_danger_to_life_and_a_cover_tells_the_desk_at_once(alert: Alert, given_holds: list[Hold]) -> None:
    held, cover = what_holds(alert, given_holds, NOW, ZONE), cover_of(alert, given_holds, NOW, ZONE)
    if alert.klass in LIFE_SAFETY or alert.severity is Severity.CRITICAL:
        assert held is None
    if alert.klass is AlertClass.EMERGENCY:
        assert cover is None
    if alert.klass in (AlertClass.GAS, AlertClass.CO):
        assert cover is None or cover.by == "maintenance-1"
    if cover is not None:
        assert alert.klass in LIFE_SAFETY
        under = covered(FIRE_POLICY, cover)
        first = plan_steps(under, [], armed_at=NOW, reached={}, now=NOW)
        assert DESK in targets_of(under, first.due)
        assert set(targets_of(under, first.due)) >= {f"person:{one}" for one in cover.watchers}


@pytest.mark.parametrize("policy", [FIRE_POLICY, PLAIN_POLICY])
@given(st.integers(0, 20 * MINUTE))
def test_under_a_cover_where_nobody_answers_everybody_is_told_at_most_a_minute_later(
    policy: object, after: int
) -> None:
    assert isinstance(policy, type(FIRE_POLICY))
    under = covered(policy, Cover("p", (PersonId("watcher"),)))
    bare = plan_steps(policy, [], armed_at=NOW, reached={}, now=NOW + after)
    late = plan_steps(under, [], armed_at=NOW, reached={}, now=NOW + after + COVERED_FOR)
    assert set(targets_of(under, late.due)) >= set(targets_of(policy, bare.due))


def test_under_a_cover_whoever_was_spared_hears_when_it_is_real() -> None:
    under = covered(FIRE_POLICY, Cover("p", (PersonId("watcher"),)))
    reached = {Milestone.ACKNOWLEDGED: NOW, Milestone.VERIFIED: NOW, Milestone.VERIFIED_REAL: NOW}
    found = plan_steps(under, [], armed_at=NOW - SECOND, reached=reached, now=NOW)
    assert set(targets_of(under, found.due)) >= {"post:patrol", "post:building_leader", "post:micro_fire_station"}


@given(alerts, st.sampled_from(Effect))
def test_whatever_held_it_an_alert_is_let_go_by_its_present_condition(alert: Alert, effect: Effect) -> None:
    held, entries = hold_back(alert, Held(effect, "h"), NOW)
    assert held.held_by == "h"
    assert (held.active, held.count, held.raised_at) == (alert.active, alert.count, alert.raised_at)
    assert entries[0].kind == "alert.held"
    free, _ = release(held, NOW)
    assert free.held_by == ""
    assert not is_suppressed(free.state)
    if effect is Effect.MUTE:
        assert free.state is alert.state
    else:
        assert free.state is (AlertState.UNACKED if alert.active else AlertState.NORMAL)
    if alert.active and alert.severity.opens_incident:
        assert is_told_again(free)


@given(holds, st.lists(st.integers(-2 * DAY, 4 * DAY), min_size=2, max_size=30))
def test_a_hold_is_on_only_up_to_the_moment_at_which_it_is_looked_at(hold: Hold, moments: list[int]) -> None:
    """The watchman comes at ``due_at``; between two of his looks nothing ends by itself."""
    for at, later in pairwise(sorted(NOW + one for one in moments)):
        due = due_at(hold, at, ZONE)
        assert due is not None
        assert due <= hold.ends_at or at >= hold.ends_at
        if is_on(hold, at, ZONE) and not is_on(hold, later, ZONE):
            assert due <= later


@given(holds, st.integers(0, 3 * DAY))
def test_after_its_hours_it_waits_for_the_next_ones_whatever_another_clock_shows(hold: Hold, after: int) -> None:
    now = NOW + after
    later = msgspec.structs.replace(hold, resumes_at=next_begin(hold, now, ZONE))
    if not is_on(hold, now, ZONE) and hold.hours is not None:
        assert not is_on(later, now - SECOND, ZONE)


def hold(kind: HoldKind, **how: object) -> Hold:
    given_ = {"starts_at": NOW, "ends_at": NOW + HOUR, "watcher": PersonId("w"), "work": Work.HOT_WORK, **how}
    return Hold(id="h", kind=kind, by="desk", why="w", made_at=NOW, **given_)  # type: ignore[arg-type]


def test_a_permit_covers_the_rooms_of_the_work_and_no_building() -> None:
    refuse_impossible(hold(HoldKind.PERMIT, places=[FLAT]), [(FLAT, PlaceKind.DWELLING)], NOW)
    with pytest.raises(Conflict, match="no wider"):
        refuse_impossible(hold(HoldKind.PERMIT, places=[B3]), [(B3, PlaceKind.BUILDING)], NOW)
    with pytest.raises(Conflict, match="watcher"):
        refuse_impossible(hold(HoldKind.PERMIT, places=[FLAT], watcher=None), [], NOW)


@pytest.mark.parametrize("kind", HoldKind)
def test_nothing_is_held_for_good(kind: HoldKind) -> None:
    with pytest.raises(Conflict, match="at most"):
        refuse_impossible(hold(kind, places=[FLAT], ends_at=NOW + 365 * DAY), [], NOW)


@given(alerts)
def test_an_operator_shelves_no_danger_to_life(alert: Alert) -> None:
    shelf = hold(HoldKind.SHELF)
    if alert.klass in LIFE_SAFETY or alert.severity is Severity.CRITICAL:
        with pytest.raises(Conflict, match="matter of life"):
            shelve(alert, shelf, NOW)
    else:
        assert shelve(alert, shelf, NOW)[0].state is AlertState.SHELVED


@given(alerts, st.lists(st.integers(0, 3 * MINUTE), min_size=1, max_size=12))
def test_chatter_is_three_raises_within_a_minute_and_never_danger_to_life(alert: Alert, gaps: list[int]) -> None:
    at, times = NOW, []
    for gap in gaps:
        at += gap
        times.append(at)
        alert, _ = counted(alert, at, at)
    is_chatter = any(later - first <= MINUTE for first, _, later in zip(times, times[1:], times[2:], strict=False))
    is_life = alert.klass in LIFE_SAFETY or alert.severity is Severity.CRITICAL
    assert alert.chattering is (is_chatter and not is_life)


def test_a_gateway_explains_silence_while_it_is_lost_and_a_while_after() -> None:
    lost = Alert(
        id=AlertId("g"),
        rule="gateway-offline",
        title={},
        klass=AlertClass.FAULT,
        severity=Severity.HIGH,
        state=AlertState.ACKED,
        subject="g",
        device=DeviceId("g"),
        kind="gateway",
        place=COMPOUND,
        raised_at=NOW,
        received_at=NOW,
        committed_at=NOW,
    )
    assert still_holds(lost, NOW + 30 * DAY)
    back = msgspec.structs.replace(lost, state=AlertState.NORMAL, active=False, cleared_at=NOW)
    assert explains_silence(back, NOW + REJOIN - 1)
    assert not explains_silence(back, NOW + REJOIN)
    fire = msgspec.structs.replace(lost, klass=AlertClass.FIRE, state=AlertState.LATCHED_ACKED, active=False)
    assert still_holds(fire, NOW + DAY)
