"""Trends of batteries: what they say, and what does not bend them."""

from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.vocabulary import DAY
from shouwang.domain.wear import PERCENT_FLOOR, trend_of, voltage_floor

START = 20_000 * DAY


def days(*values: float) -> list[tuple[int, float]]:
    return [(START + index * DAY, value) for index, value in enumerate(values)]


def test_a_battery_that_loses_a_percent_a_day_is_to_be_replaced_when_it_meets_the_floor() -> None:
    trend = trend_of(days(*(100 - n for n in range(30))), PERCENT_FLOOR)

    assert trend is not None and trend.per_day == -1 and trend.replace_by is not None
    assert abs(trend.replace_by - (START + 85 * DAY)) <= 3 * DAY


def test_a_cold_night_does_not_bend_the_trend() -> None:
    calm = [100 - 0.1 * n for n in range(40)]
    cold = [value - (20 if n % 13 == 7 else 0) for n, value in enumerate(calm)]
    trend = trend_of(days(*cold), PERCENT_FLOOR)

    assert trend is not None and abs(trend.per_day + 0.1) < 0.02


def test_only_the_days_since_the_battery_was_replaced_count() -> None:
    trend = trend_of(days(*(50 - n for n in range(30)), *(100 - 0.5 * n for n in range(20))), PERCENT_FLOOR)

    assert trend is not None and trend.days == 20 and abs(trend.per_day + 0.5) < 0.01


def test_what_does_not_fall_has_no_date_and_few_days_have_no_trend() -> None:
    steady = trend_of(days(*([90.0] * 20)), PERCENT_FLOOR)

    assert steady is not None and steady.replace_by is None
    assert trend_of(days(90, 80, 70), PERCENT_FLOOR) is None and trend_of(days(*range(20)), None) is None


def test_the_floor_of_a_voltage_is_that_of_its_cell() -> None:
    assert (voltage_floor(1.6), voltage_floor(3.0), voltage_floor(3.6), voltage_floor(230)) == (1.15, 2.5, 3.1, None)


@given(st.lists(st.floats(0, 100, allow_nan=False), max_size=200))
def test_any_days_give_a_trend_or_none(values: list[float]) -> None:
    trend = trend_of(days(*values), PERCENT_FLOOR)

    assert trend is None or trend.replace_by is None or trend.replace_by >= START
