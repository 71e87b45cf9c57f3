"""The measures of ISA-18.2 and EEMUA 191, on hand-made months."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.figures import Raise, alarm_figures
from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, SECOND, Severity

START = 1_764_000_000 * SECOND


def raised(*at: int, rule: str = "smoke", severity: Severity = Severity.HIGH, **how: bool) -> list[Raise]:
    return [Raise(START + one, rule, "d1", severity, **how) for one in at]


def test_six_alarms_an_hour_at_two_desks_are_three_each() -> None:
    found = alarm_figures(raised(*(n * 10 * MINUTE for n in range(6))), [], START, START + HOUR, operators=2)
    assert (found.count, found.per_operator_hour, found.per_operator_day) == (6, 3, 72)


def test_work_items_tests_and_what_was_held_ring_nowhere() -> None:
    raises = [
        *raised(0, severity=Severity.LOW),
        *raised(1, test=True),
        *raised(2, held=True),
        *raised(3, severity=Severity.MEDIUM),
    ]
    found = alarm_figures(raises, [], START, START + HOUR)
    assert (found.count, found.held, found.priorities) == (1, 1, {Severity.MEDIUM: 1.0})


def test_a_flood_begins_with_ten_in_ten_minutes_and_ends_below_five() -> None:
    first = [n * MINUTE for n in range(10)]
    second = [10 * MINUTE + n * MINUTE for n in range(5)]
    third = [20 * MINUTE + n * MINUTE for n in range(4)]
    found = alarm_figures(raised(*first, *second, *third), [], START, START + HOUR)
    assert found.floods == 1
    assert found.share_of_time_in_flood == pytest.approx(20 / 60)
    assert found.most_in_ten_minutes == 10


def test_three_in_a_minute_chatter_and_three_in_two_do_not() -> None:
    chatter = raised(0, 20 * SECOND, 40 * SECOND, 50 * SECOND, rule="tamper")
    calm = raised(0, 60 * SECOND, 120 * SECOND, rule="fault")
    found = alarm_figures(sorted(chatter + calm, key=lambda one: one.at), [], START, START + HOUR)
    assert [(one.rule, one.count) for one in found.chattering] == [("tamper", 1)]
    assert found.top[0].rule == "tamper"


def test_what_is_true_for_more_than_a_day_is_stale() -> None:
    found = alarm_figures([], [START - DAY - 1, START - DAY, START], START - DAY, START)
    assert (found.stale, found.standing) == (1, 3)


@given(st.lists(st.integers(0, 6 * HOUR), max_size=200))
def test_shares_stay_shares_and_nothing_is_counted_twice(times: list[int]) -> None:
    found = alarm_figures(raised(*sorted(times)), [], START, START + 5 * HOUR)
    assert found.count == sum(one < 5 * HOUR for one in times)
    assert 0 <= found.share_of_time_in_flood <= 1
    assert 0 <= found.share_of_busy_hours <= 1
    assert found.share_of_top_ten == pytest.approx(1.0 if found.count else 0.0)
    assert found.most_in_ten_minutes <= found.count
