"""Every condition on hand-made timelines, as docs/rules.md tells them."""

from harness.timelines import rule, says, told

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


# all, any, not -------------------------------------------------------------------------------------------------------


def test_all_begins_and_ends_with_any_of_its_conditions() -> None:
    open_at_night = f"{{all: [{{is: {{metric: contact, value: false}}}}, {NIGHT}]}}"
    assert says(open_at_night, "9h a contact=false", "48h tick") == [
        "10h a raised",
        "18h a cleared",
        "34h a raised",
        "42h a cleared",
    ]
    assert says(open_at_night, "11h a contact=false", "12h a contact=true", "48h tick") == [
        "11h a raised",
        "12h a cleared",
    ]
    assert says(open_at_night, "9h a contact=true", "48h tick") == []


def test_unknown_is_neither_true_nor_false() -> None:
    hot_and_smoky = f"{{all: [{SMOKE}, {HOT}]}}"
    hot_or_smoky = f"{{any: [{SMOKE}, {HOT}]}}"
    assert says(hot_and_smoky, "0s a smoke=true", "1s a temperature=58", "2s a smoke=false") == [
        "1s a raised",
        "2s a cleared",
    ]
    assert says(hot_or_smoky, "0s a smoke=true", "1s a smoke=false", "2s a temperature=20") == [
        "0s a raised",
        "2s a cleared",
    ]
    assert says(f"{{not: {SMOKE}}}", "0s a battery=5", "1s a smoke=false", "2s a smoke=true") == [
        "1s a raised",
        "2s a cleared",
    ]


def test_all_with_one_false_is_false_whatever_the_rest() -> None:
    not_both = f"{{not: {{all: [{SMOKE}, {HOT}]}}}}"
    assert says(not_both, "0s a smoke=false") == ["0s a raised"]
    assert says(not_both, "0s a smoke=true") == []


def test_the_readings_of_one_message_are_judged_together() -> None:
    apart = f"{{all: [{SMOKE}, {{not: {HOT}}}]}}"
    assert says(apart, "0s a smoke=true temperature=58") == []
    assert says(apart, "0s a smoke=true", "1s a temperature=20", "2s a smoke=false temperature=58") == [
        "1s a raised",
        "2s a cleared",
    ]


def test_an_event_inside_all_holds_at_its_instant_and_never_clears() -> None:
    press_at_night = f"{{all: [{PRESS}, {NIGHT}]}}"
    assert says(
        press_at_night,
        "0s a action=single",
        "11h a action=single",
        "12h a action=single",
        "20h a action=single",
        "48h tick",
    ) == ["11h a raised", "12h a repeated"]


def test_an_event_inside_any_repeats_on_what_is_raised_and_then_only_a_person_ends_it() -> None:
    either = f"{{any: [{PRESS}, {SMOKE}]}}"
    assert says(
        either, "0s a smoke=true", "1s a smoke=false", "2s a smoke=true", "3s a action=single", "4s a smoke=false"
    ) == [
        "0s a raised",
        "1s a cleared",
        "2s a raised",
        "3s a repeated",
    ]


def test_not_of_a_window_and_of_silence_are_conditions_on_time() -> None:
    quiet = "{not: {count: {metric: occupancy, value: true, times: 1, within: 1h}}}"
    assert says(quiet, "0s a occupancy=true", "30m a occupancy=true", "5h a occupancy=true", "5h tick") == [
        "90m a raised",
        "5h a cleared",
    ]
    awake = f"{{not: {SILENT}}}"
    assert says(awake, "0s a battery=5", "1h a battery=5") == ["0s a raised", "10m a cleared", "1h a raised"]


def test_absent_joins_with_what_was_last_read() -> None:
    silent_in_alarm = f"{{all: [{SMOKE}, {SILENT}]}}"
    assert says(silent_in_alarm, "0s a smoke=true", "20m a battery=5", "25m a smoke=false", "2h tick") == [
        "10m a raised",
        "20m a cleared",
    ]


def test_a_for_inside_all_runs_on_its_own() -> None:
    both = f"{{all: [{HOT_FOR}, {SMOKE}]}}"
    assert says(both, "0s a temperature=58", "20s a smoke=true", "30s a temperature=49") == [
        "20s a raised",
        "30s a cleared",
    ]
    assert says(both, "0s a smoke=true temperature=58", "1m tick") == ["10s a raised"]


# late news -----------------------------------------------------------------------------------------------------------


def test_late_news_never_clears() -> None:
    assert says(SMOKE, "10s a smoke=true", "5s a smoke=false", "20s tick") == ["10s a raised"]
    assert says(HOT, "10s a temperature=58", "5s a temperature=20", "20s tick") == ["10s a raised"]


def test_late_news_raises_what_was_missed_and_the_next_reading_ends_it() -> None:
    assert says(SMOKE, "10s a smoke=false", "5s a smoke=true", "20s a smoke=false") == ["10s a raised", "20s a cleared"]


def test_late_news_that_is_the_newest_of_its_metric_is_news_at_the_clock() -> None:
    assert says(SMOKE, "0s a smoke=true", "30s b smoke=false", "20s a smoke=false") == ["0s a raised", "30s a cleared"]


def test_late_news_of_a_lasting_condition_counts_if_it_had_lasted_when_it_ended() -> None:
    assert says(HOT_FOR, "0s a temperature=20", "60s a temperature=20", "30s a temperature=58") == ["1m a raised"]
    assert says(HOT_FOR, "0s a temperature=20", "60s a temperature=20", "55s a temperature=58", "5m tick") == []


def test_a_late_event_is_an_occurrence() -> None:
    assert says(PRESS, "10s a action=single", "5s a action=single") == ["10s a raised", "10s a repeated"]


def test_late_news_in_one_part_of_all_is_forgotten_where_it_raises_nothing() -> None:
    both = f"{{all: [{SMOKE}, {HOT}]}}"
    assert says(both, "10s a smoke=false temperature=20", "5s a smoke=true", "20s a temperature=58") == []


# one instant ---------------------------------------------------------------------------------------------------------


def test_at_one_instant_what_is_true_in_any_reading_is_true() -> None:
    assert says(SMOKE, "0s a smoke=true", "0s b smoke=true", "0s a smoke=false") == ["0s a raised", "0s b raised"]
    assert says(SMOKE, "0s a smoke=false", "0s b smoke=true", "0s a smoke=true") == ["0s b raised", "0s a raised"]


def test_hysteresis_at_one_instant_does_not_depend_on_the_order() -> None:
    before = "0s a temperature=58"
    assert says(HOT, before, "5s a temperature=55", "5s b battery=1", "5s a temperature=49") == ["0s a raised"]
    assert says(HOT, before, "5s a temperature=49", "5s b battery=1", "5s a temperature=55") == [
        "0s a raised",
        "5s a cleared",
        "5s a raised",
    ]


# scope ---------------------------------------------------------------------------------------------------------------


def test_a_device_of_unknown_kind_is_outside_a_scope_of_kinds() -> None:
    scoped = "scope: {kinds: [smoke]}"
    assert says(SMOKE, "0s a smoke=true", "1s b smoke=true kind=smoke", "2s c smoke=true kind=heat", more=scoped) == [
        "1s b raised"
    ]


def test_a_line_without_a_kind_is_outside_a_scope_of_kinds_whatever_was_said_before() -> None:
    scoped = "scope: {kinds: [heat]}"
    assert says(HOT, "0s a temperature=58 kind=heat", "5s a temperature=20", "9s tick", more=scoped) == ["0s a raised"]
    assert says(HOT, "0s a temperature=20 kind=heat", "5s a temperature=58", more=scoped) == []
    assert says(HOT_FOR, "0s a temperature=58 kind=heat", "5s a battery=5", "1m tick", more=scoped) == ["10s a raised"]


def test_a_scope_of_places_holds_for_all_below() -> None:
    scoped = "scope: {places: [town/east]}"
    assert says(
        SMOKE,
        "0s a smoke=true place=town/east/b1",
        "1s b smoke=true place=town/eastern",
        "2s c smoke=true",
        more=scoped,
    ) == ["0s a raised"]


def test_of_each_list_of_a_scope_one_must_fit_and_all_lists_must() -> None:
    scoped = "scope: {kinds: [smoke, heat], tags: [kitchen, hall]}"
    assert says(
        SMOKE,
        "0s a smoke=true kind=smoke tags=hall,x",
        "1s b smoke=true kind=smoke",
        "2s c smoke=true kind=gas tags=hall",
        more=scoped,
    ) == ["0s a raised"]


def test_among_documents_of_one_rule_the_nearest_scope_wins() -> None:
    documents = [
        rule("{above: {metric: temperature, value: 10}}", more="scope: {devices: [a]}"),
        rule("{above: {metric: temperature, value: 20}}", more="scope: {places: [t/e/b]}"),
        rule("{above: {metric: temperature, value: 30}}", more="scope: {places: [t/e]}"),
        rule("{above: {metric: temperature, value: 40}}", more="scope: {tags: [x]}"),
        rule("{above: {metric: temperature, value: 50}}", more="scope: {kinds: [heat]}"),
        rule("{above: {metric: temperature, value: 60}}"),
    ]
    whose = {
        "a": "place=t/e/b/u kind=heat tags=x",
        "b": "place=t/e/b/u kind=heat tags=x",
        "c": "place=t/e/c kind=heat tags=x",
        "d": "place=t/w kind=heat tags=x",
        "e": "place=t/w kind=heat",
        "f": "place=t/w",
    }
    for order in (documents, documents[::-1]):
        raised = {
            device: next(value for value in range(5, 66, 10) if told(order, f"0s {device} temperature={value} {about}"))
            for device, about in whose.items()
        }
        assert raised == {"a": 15, "b": 25, "c": 35, "d": 45, "e": 55, "f": 65}


def test_of_equally_near_documents_the_last_wins() -> None:
    shipped = rule("{above: {metric: temperature, value: 50}}")
    own = rule("{above: {metric: temperature, value: 60}}")
    assert told([shipped, own], "0s a temperature=55") == []
    assert told([own, shipped], "0s a temperature=55") == [("0s", "rule", "a", "raised")]
