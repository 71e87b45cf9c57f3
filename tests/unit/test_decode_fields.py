"""Field maps: raw values to values of metrics, by words, units, conditions and parts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.errors import ProfileError
from shouwang.domain.mapping import FieldMap, worse
from shouwang.domain.profile import Source
from shouwang.domain.unit import CONVERSIONS
from shouwang.domain.vocabulary import METRICS, Refusal, Scalar


def read(metric: str, said: dict[str, Any], *sources: Source) -> Scalar | None:
    """The value of the metric without part, or None; a refusal raises."""
    dropped: list[Refusal] = []
    found = FieldMap({metric: list(sources) or [Source(path=metric)]}).read(said, dropped)
    assert dropped == []
    return found.get((metric, ""))


def refusal(metric: str, said: dict[str, Any], *sources: Source) -> str:
    """``code: detail`` of the one refusal."""
    dropped: list[Refusal] = []
    found = FieldMap({metric: list(sources) or [Source(path=metric)]}).read(said, dropped)
    assert found == {}
    (only,) = dropped
    return f"{only.code}: {only.detail}"


@pytest.mark.parametrize(
    ("raw", "flag"),
    [(True, True), (False, False), (1, True), (0, False), (1.0, True), ("ON", True), ("off", False), (" True ", True),
     ("1", True), ("0", False), ("no", False), (None, None), ("", None), ("  ", None)],
)  # fmt: skip
def test_flags_come_in_many_words(raw: object, flag: bool | None) -> None:
    assert read("smoke", {"smoke": raw}) is flag


@pytest.mark.parametrize("raw", [2, -1, 0.5, "alarm", [], {}, ["true"]])
def test_a_flag_in_a_strange_word_is_refused(raw: object) -> None:
    assert refusal("smoke", {"smoke": raw}).startswith("wrong_type: smoke is ")


@pytest.mark.parametrize(
    ("raw", "number"),
    [(7, 7), (7.5, 7.5), ("7", 7), ("94.00", 94.0), (" 7 ", 7), ("1e1", 10), ("", None), (None, None)],
)
def test_numbers_come_as_text_too(raw: object, number: float | None) -> None:
    assert read("battery", {"battery": raw}) == number


@pytest.mark.parametrize("raw", [True, False, "hot", [], {}, "undefined", "12 %"])
def test_what_is_no_number_is_refused(raw: object) -> None:
    assert refusal("battery", {"battery": raw}) == (f"wrong_type: battery is {_shown(raw)}; expected a number")


@pytest.mark.parametrize("raw", [-1, 101, 255, "nan", "inf", float("nan"), float("-inf"), 10**400, -(10**400)])
def test_what_no_metric_can_be_is_out_of_range(raw: object) -> None:
    assert refusal("battery", {"battery": raw}).startswith("out_of_range: battery is ")


@pytest.mark.parametrize("raw", [True, 5, "a\0b", "a\nb", "x" * 129, []])
def test_a_text_is_a_short_printable_word(raw: object) -> None:
    assert refusal("action", {"action": raw}).startswith("wrong_type: action is ")


def test_units_are_converted_without_noise() -> None:
    assert read("voltage", {"voltage": 3025}, Source(path="voltage", unit="mV")) == 3.025
    assert read("temperature", {"t": 98.6}, Source(path="t", unit="°F")) == 37
    assert read("co_ppm", {"co": 12}, Source(path="co", scale=0.1)) == 1.2


@pytest.mark.parametrize(("metric", "unit"), [(m, u) for m in METRICS for u in CONVERSIONS.get(METRICS[m].unit, {})])
def test_every_unit_of_the_table_compiles(metric: str, unit: str) -> None:
    if METRICS[metric].type == "number":
        assert read(metric, {"x": None}, Source(path="x", unit=unit)) is None


@pytest.mark.parametrize(("metric", "source"), [("smok", Source(path="x")), ("voltage", Source(path="x", unit="bar"))])
def test_a_metric_or_unit_that_there_is_not_is_the_authors_error(metric: str, source: Source) -> None:
    with pytest.raises(ProfileError):
        FieldMap({metric: [source]})


def test_words_of_a_profile_replace_the_usual_ones() -> None:
    source = Source(path="state", values={"alarm": True, "Normal": False, "3": None})

    assert read("gas", {"state": "ALARM"}, source) is True
    assert read("gas", {"state": "normal"}, source) is False
    assert read("gas", {"state": 3}, source) is None
    assert refusal("gas", {"state": True}, source) == "wrong_type: state is true; expected one of alarm, normal, 3"


def test_another_press_is_passed_over_in_silence() -> None:
    assert read("emergency", {"action": "single"}, Source(path="action", values={"sos": True})) is None


def test_numbers_and_texts_have_words_too() -> None:
    assert read("battery", {"b": "full"}, Source(path="b", values={"full": 100})) == 100
    assert read("supply_status", {"p": 1}, Source(path="p", values={"1": "mains"})) == "mains"
    assert refusal("supply_status", {"p": 2}, Source(path="p", values={"1": "mains"})).startswith("wrong_type")


def test_values_that_stand_for_not_measured_are_unknown() -> None:
    source = Source(path="t", unknown=[327.67, 999, "undefined"])

    for raw in (327.67, 999, 999.0, "Undefined"):
        assert read("temperature", {"t": raw}, source) is None
    assert read("temperature", {"t": 21}, source) == 21


def test_a_pattern_picks_the_part_of_a_text_that_counts() -> None:
    volts = Source(path="Volt", pattern="^[0-9.]+")
    assert read("voltage", {"Volt": "2.3(low battery)"}, volts) == 2.3
    assert read("voltage", {"Volt": 3}, volts) == 3
    assert read("voltage", {"Volt": "unknown"}, volts) is None
    assert read("voltage", {"Volt": "supply 3.6 V"}, Source(path="Volt", pattern="([0-9.]+) V")) == 3.6
    assert read("battery_low", {"Volt": "2.3(Low battery)"}, Source(path="Volt", pattern="low battery")) is True
    assert read("battery_low", {"Volt": 3}, Source(path="Volt", pattern="low battery")) is False
    counted = Source(path="motion", pattern="[1-9]")
    assert [read("occupancy", {"motion": count}, counted) for count in (0, 3, 10)] == [False, True, True]
    with pytest.raises(ProfileError, match=r"pattern '\(' is no regular expression"):
        FieldMap({"battery_low": [Source(path="Volt", pattern="(")]})


def test_a_path_goes_into_objects() -> None:
    source = Source(path="battery.soc")

    assert read("battery", {"battery": {"soc": 81}}, source) == 81
    for said in ({"battery": 81}, {"battery": None}, {}, {"battery": {"soc": None}}):
        assert read("battery", said, source) is None


def test_a_condition_tells_one_word_from_another() -> None:
    source = Source(path="alarm", beside=["melody"])

    assert read("alarm", {"alarm": True, "melody": 1}, source) is True
    assert read("alarm", {"alarm": True}, source) is None


def test_of_alternative_numbers_the_first_that_fits_counts() -> None:
    sources = (Source(path="v", unit="mV", low=400), Source(path="v", unit="V", high=400), Source(path="w"))

    assert read("voltage", {"v": 3000}, *sources) == 3
    assert read("voltage", {"v": 230, "w": 1}, *sources) == 230
    assert read("voltage", {"w": 12}, *sources) == 12
    assert refusal("voltage", {"v": "x"}, *sources).startswith("wrong_type")


def test_of_alternative_flags_the_worse_counts() -> None:
    sources = (Source(path="a"), Source(path="b"))

    assert read("occupancy", {"a": False, "b": True}, *sources) is True
    assert read("occupancy", {"b": False}, *sources) is False
    assert read("contact", {"a": True, "b": False}, *sources) is False


def test_parts_are_read_apart() -> None:
    fields = FieldMap({"fault": [Source(path="trouble", part="t"), Source(path="defect", part="d")]})

    assert fields.read({"trouble": False, "defect": True}, []) == {("fault", "t"): False, ("fault", "d"): True}
    assert fields.read({"trouble": False}, []) == {("fault", "t"): False}


def test_own_names_read_the_whole_vocabulary() -> None:
    fields = FieldMap({"voltage": [Source(path="mv", unit="mV")]}, own_names=True)

    assert fields.metrics == frozenset(METRICS)
    assert fields.read({"smoke": 1, "mv": 3000, "voltage": 9, "other": 1}, []) == {
        ("smoke", ""): True,
        ("voltage", ""): 3,
    }


@given(st.sampled_from(sorted(METRICS)), st.booleans(), st.booleans())
def test_the_worse_of_two_flags_does_not_depend_on_their_order(metric: str, left: bool, right: bool) -> None:
    assert worse(metric, left, right) == worse(metric, right, left)
    assert worse(metric, left, left) is left


def test_the_worse_of_two_numbers_is_the_emptier_battery_and_the_hotter_probe() -> None:
    assert worse("battery", 80, 20) == 20
    assert worse("temperature", 21, 58.5) == 58.5
    assert worse("action", "single", "double") == "single"


def _shown(raw: object) -> str:
    words = {True: "true", False: "false"}
    if isinstance(raw, bool):
        return words[raw]
    return {list: "a list", dict: "an object"}.get(type(raw), repr(raw))


def test_a_spare_source_counts_where_the_metrics_own_is_not_in_the_message() -> None:
    fields = FieldMap(
        {"water_leak": [Source(path="detect_wet")]},
        spare={"water_leak": [Source(path="leak"), Source(path="state", values={"wet": True})]},
    )
    dropped: list[Refusal] = []

    assert fields.read({"leak": 0, "state": "wet"}, dropped) == {("water_leak", ""): True}
    assert fields.read({"detect_wet": 0, "leak": 1}, dropped) == {("water_leak", ""): False}
    assert fields.read({"state": "asleep"}, dropped) == {}
    assert dropped == [], "another family's word is no field of this model's that could not be read"
    assert fields.looks_at("leak")
