"""Every condition on hand-made timelines, as docs/rules.md tells them."""

from harness.timelines import says

SMOKE = "{is: {metric: smoke, value: true}}"
HOT = "{above: {metric: temperature, value: 57, clear_at: 50}}"
HOT_FOR = "{above: {metric: temperature, value: 57, clear_at: 50, for: 10s}}"
PRESS = "{event: {metric: action, values: [single, emergency]}}"
SILENT = "{absent: {longest: 10m}}"
THRICE = "{count: {metric: vibration, value: true, times: 3, within: 60s}}"
RISING = "{rate: {metric: temperature, rise: 8, within: 60s}}"
NIGHT = '{between: {from: "22:00", to: "06:00"}}'


# is ------------------------------------------------------------------------------------------------------------------


def test_is_raises_at_the_equal_reading_and_clears_at_another() -> None:
    assert says(SMOKE, "0s a smoke=false", "5s a smoke=true", "9s a smoke=true", "12s a smoke=false") == [
        "5s a raised",
        "12s a cleared",
    ]


def test_is_raises_again_after_it_cleared() -> None:
    assert says(SMOKE, "0s a smoke=true", "1s a smoke=false", "2s a smoke=true") == [
        "0s a raised",
        "1s a cleared",
        "2s a raised",
    ]


def test_booleans_never_equal_numbers() -> None:
    assert says("{is: {metric: smoke, value: 1}}", "0s a smoke=true") == []
    assert says(SMOKE, "0s a smoke=1") == []
    assert says("{is: {metric: battery, value: 1}}", "0s a battery=1.0") == ["0s a raised"]


def test_a_value_of_another_kind_is_another_value() -> None:
    assert says(SMOKE, "0s a smoke=true", "1s a smoke=1") == ["0s a raised", "1s a cleared"]


def test_null_and_nan_change_nothing() -> None:
    assert says(SMOKE, "0s a smoke=true", "1s a smoke=null", "2s a smoke=.nan") == ["0s a raised"]
    assert says(HOT, "0s a temperature=58", "1s a temperature=.nan", "2s a temperature=-.inf") == ["0s a raised"]


def test_each_device_is_judged_alone() -> None:
    assert says(SMOKE, "0s a smoke=true", "1s b smoke=false", "2s b smoke=true", "3s a smoke=false") == [
        "0s a raised",
        "2s b raised",
        "3s a cleared",
    ]


def test_any_part_is_enough_and_all_must_clear() -> None:
    assert says(
        SMOKE, "0s a smoke=true part=1", "1s a smoke=true part=2", "2s a smoke=false part=1", "3s a smoke=false part=2"
    ) == [
        "0s a raised",
        "3s a cleared",
    ]


def test_other_metrics_change_nothing() -> None:
    assert says(SMOKE, "0s a smoke=true", "1s a battery=5") == ["0s a raised"]


# above, below --------------------------------------------------------------------------------------------------------


def test_above_is_true_beyond_its_value_until_at_or_below_clear_at() -> None:
    assert says(
        HOT,
        "0s a temperature=57",
        "1s a temperature=57.1",
        "2s a temperature=50.1",
        "3s a temperature=50",
        "4s a temperature=55",
    ) == ["1s a raised", "3s a cleared"]


def test_above_clears_at_its_value_where_nothing_else_is_said() -> None:
    above = "{above: {metric: temperature, value: 57}}"
    assert says(above, "0s a temperature=58", "1s a temperature=57") == ["0s a raised", "1s a cleared"]


def test_below_mirrors_above() -> None:
    below = "{below: {metric: battery, value: 15, clear_at: 20}}"
    assert says(
        below, "0s a battery=15", "1s a battery=14", "2s a battery=19.9", "3s a battery=20", "4s a battery=16"
    ) == [
        "1s a raised",
        "3s a cleared",
    ]
    assert says("{below: {metric: battery, value: 15}}", "0s a battery=14", "1s a battery=15") == [
        "0s a raised",
        "1s a cleared",
    ]


def test_a_flag_or_a_text_is_neither_above_nor_below() -> None:
    above = "{above: {metric: temperature, value: 0}}"
    assert says(above, "0s a temperature=true", "1s a temperature=hot") == []
    assert says(above, "0s a temperature=1", "1s a temperature=false", "2s a temperature=0") == [
        "0s a raised",
        "2s a cleared",
    ]


def test_hysteresis_outlives_a_value_of_another_kind() -> None:
    assert says(HOT, "0s a temperature=58", "1s a temperature=text", "2s a temperature=55", "3s a temperature=50") == [
        "0s a raised",
        "3s a cleared",
    ]


# for -----------------------------------------------------------------------------------------------------------------


def test_for_raises_by_timer_at_exactly_its_time() -> None:
    assert says(HOT_FOR, "0s a temperature=58", "12s a temperature=58", "60s a temperature=49") == [
        "10s a raised",
        "1m a cleared",
    ]
    assert says(HOT_FOR, "0s a temperature=58", "1h tick") == ["10s a raised"]


def test_for_is_ended_by_a_reading_before_its_time() -> None:
    assert says(HOT_FOR, "0s a temperature=58", "9s a temperature=50", "60s tick") == []


def test_for_counts_anew_after_it_ended() -> None:
    assert says(HOT_FOR, "0s a temperature=58", "5s a temperature=49", "8s a temperature=58", "60s tick") == [
        "18s a raised"
    ]


def test_for_goes_on_through_readings_that_do_not_end_it() -> None:
    assert says(HOT_FOR, "0s a temperature=58", "3s a temperature=51", "9s a temperature=57", "60s tick") == [
        "10s a raised"
    ]


def test_the_timer_runs_before_a_reading_of_its_very_moment() -> None:
    assert says(HOT_FOR, "0s a temperature=58", "10s a temperature=49") == ["10s a raised", "10s a cleared"]


def test_no_timer_runs_beyond_the_clock() -> None:
    assert says(HOT_FOR, "0s a temperature=58", "9s tick") == []


def test_is_may_last_too() -> None:
    open_long = "{is: {metric: contact, value: false, for: 5m}}"
    assert says(open_long, "0s a contact=false", "10m tick", "11m a contact=true") == ["5m a raised", "11m a cleared"]


def test_timers_of_all_devices_run_in_order_of_time() -> None:
    assert says(HOT_FOR, "0s a temperature=58", "4s b temperature=58", "60s tick") == ["10s a raised", "14s b raised"]


# event ---------------------------------------------------------------------------------------------------------------


def test_an_event_raises_then_repeats_and_never_clears() -> None:
    assert says(PRESS, "0s a action=single", "5s a action=release", "9s a action=single", "9h a action=emergency") == [
        "0s a raised",
        "9s a repeated",
        "9h a repeated",
    ]


def test_an_event_without_values_is_any_that_is_neither_empty_nor_false() -> None:
    event = "{event: {metric: action}}"
    assert says(event, "0s a action=''", "1s a action=null", "2s a action=false", "3s a action=hold") == ["3s a raised"]
    assert says("{event: {metric: emergency}}", "0s a emergency=false", "1s a emergency=true") == ["1s a raised"]


def test_an_identical_line_is_a_repeat_and_counts_nothing() -> None:
    assert says(PRESS, "0s a action=single", "0s a action=single", "5s b action=single", "0s a action=single") == [
        "0s a raised",
        "5s b raised",
    ]
    assert (
        says(THRICE, "0s a vibration=true", "0s a vibration=true", "1s a vibration=true", "1s a vibration=true") == []
    )


# absent --------------------------------------------------------------------------------------------------------------


def test_absent_raises_at_its_instant_and_any_reading_ends_it() -> None:
    assert says(SILENT, "0s a battery=5", "30m a smoke=false", "35m a battery=5", "1h tick") == [
        "10m a raised",
        "30m a cleared",
        "45m a raised",
    ]


def test_absent_is_pushed_on_by_every_message() -> None:
    assert says(SILENT, "0s a battery=5", "9m a battery=5", "18m a smoke=null", "27m a battery=5", "30m tick") == []


def test_absent_runs_on_the_time_of_receipt() -> None:
    assert says(SILENT, "0s a battery=5", "9m b battery=5", "1s a battery=4", "30m tick") == [
        "19m a raised",
        "19m b raised",
    ]


# count ---------------------------------------------------------------------------------------------------------------


def test_count_raises_at_the_last_needed_reading_and_ends_as_they_leave_the_window() -> None:
    assert says(THRICE, "0s a vibration=true", "20s a vibration=true", "40s a vibration=true", "5m tick") == [
        "40s a raised",
        "1m a cleared",
    ]


def test_the_window_of_count_is_open_on_the_left() -> None:
    assert says(THRICE, "0s a vibration=true", "30s a vibration=true", "60s a vibration=true", "5m tick") == []
    assert says(THRICE, "1s a vibration=true", "30s a vibration=true", "60s a vibration=true", "5m tick") == [
        "1m a raised",
        "61s a cleared",
    ]


def test_count_stays_while_the_window_stays_full() -> None:
    assert says(THRICE, *(f"{at}s a vibration=true" for at in range(0, 200, 15)), "10m tick") == [
        "30s a raised",
        "225s a cleared",
    ]


def test_count_counts_only_equal_readings_and_no_other_one_ends_it() -> None:
    assert (
        says(
            THRICE, "0s a vibration=true", "1s a vibration=1", "2s a vibration=true", "3s a vibration=false", "4s tick"
        )
        == []
    )
    assert says(
        THRICE, "0s a vibration=true", "2s a vibration=true", "3s a vibration=true", "4s a vibration=false", "5m tick"
    ) == ["3s a raised", "1m a cleared"]


def test_late_news_counts_in_its_own_time() -> None:
    assert says(
        THRICE, "0s a vibration=true", "20s a vibration=true", "30s tick", "10s a vibration=true", "5m tick"
    ) == [
        "30s a raised",
        "1m a cleared",
    ]
    assert (
        says(THRICE, "0s a vibration=true", "20s a vibration=true", "90s tick", "10s a vibration=true", "5m tick") == []
    )


# rate ----------------------------------------------------------------------------------------------------------------


def test_rate_is_judged_at_each_reading_against_the_least_of_its_window() -> None:
    assert says(
        RISING,
        "0s a temperature=20",
        "30s a temperature=27.9",
        "50s a temperature=28",
        "70s a temperature=30",
        "5m tick",
    ) == ["50s a raised", "70s a cleared"]


def test_the_window_of_rate_holds_both_its_ends() -> None:
    assert says(RISING, "0s a temperature=20", "60s a temperature=28") == ["1m a raised"]
    assert says(RISING, "0s a temperature=20", "61s a temperature=28") == []


def test_a_rise_is_reckoned_in_decimals() -> None:
    assert says(RISING, "0s a temperature=16.9", "10s a temperature=24.9") == ["10s a raised"]


def test_rate_compares_a_part_with_itself() -> None:
    assert says(RISING, "0s a temperature=20 part=1", "10s a temperature=40 part=2") == []


def test_rate_stays_until_a_reading_says_otherwise() -> None:
    assert says(RISING, "0s a temperature=20", "10s a temperature=30", "1h tick") == ["10s a raised"]


# between -------------------------------------------------------------------------------------------------------------


def test_between_begins_and_ends_by_timer_over_midnight() -> None:
    assert says(NIGHT, "0s a battery=5", "48h tick") == [
        "10h a raised",
        "18h a cleared",
        "34h a raised",
        "42h a cleared",
    ]


def test_a_device_first_heard_inside_the_hours_is_raised_at_once() -> None:
    assert says(NIGHT, "11h a battery=5", "24h tick") == ["11h a raised", "18h a cleared"]


def test_days_are_those_on_which_the_window_begins() -> None:
    friday = '{between: {from: "22:00", to: "06:00", days: [fri]}}'
    assert says(friday, "0s a battery=5", "168h tick") == ["106h a raised", "114h a cleared"]


def test_yaml_reads_unquoted_times_as_numbers_and_they_mean_the_same() -> None:
    assert says("{between: {from: 22:00, to: 06:00}}", "0s a battery=5", "20h tick") == [
        "10h a raised",
        "18h a cleared",
    ]
