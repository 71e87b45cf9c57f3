"""Conditions joined, late news, one instant and scopes, each on a timeline by hand (docs/rules.md)."""

from harness.timelines import rule, says, told

SMOKE = "{is: {metric: smoke, value: true}}"
HOT = "{above: {metric: temperature, value: 57, clear_at: 50}}"
HOT_FOR = "{above: {metric: temperature, value: 57, clear_at: 50, for: 10s}}"
PRESS = "{event: {metric: action, values: [single, emergency]}}"
SILENT = "{absent: {longest: 10m}}"
NIGHT = '{between: {from: "22:00", to: "06:00"}}'


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
