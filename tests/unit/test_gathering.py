"""Rules about places on hand-made timelines: several detectors that agree, homes in which nobody stirs."""

import msgspec
import pytest

from harness.timelines import rule, says
from shouwang.domain.errors import ConfigError
from shouwang.domain.evaluate import RuleBook, hear, reset, run_due
from shouwang.domain.gathering import hear_place, notices, place_at
from shouwang.domain.standing import Change, DeviceFacts, DeviceState, Transition
from shouwang.domain.vocabulary import HOUR, SECOND, UNASSIGNED, DeviceId, Instant, Kind, PlaceId, Reading, Scalar

FLOOR = "town/east/park/b3/u2/f5"
UNIT = "town/east/park/b3/u2"
BUILDING = "town/east/park/b3"


def confirm(level: str, devices: int = 2, within: str = "60s") -> str:
    return f"{{confirm: {{metric: smoke, devices: {devices}, within: {within}, in: {level}}}}}"


# confirm --------------------------------------------------------------------------------------------------------------


def test_two_detectors_of_one_unit_confirm_and_fewer_end_it() -> None:
    assert says(
        confirm("unit"),
        f"0s a smoke=true place={UNIT}/f5/501",
        f"60s b smoke=true place={UNIT}/f6/602",
        f"90s c smoke=true place={UNIT}/f7/701",
        f"100s a smoke=false place={UNIT}/f5/501",
        f"110s b smoke=false place={UNIT}/f6/602",
    ) == [f"1m {UNIT} raised", f"110s {UNIT} cleared"]


def test_rises_too_far_apart_do_not_confirm_until_others_do() -> None:
    assert says(
        confirm("unit"),
        f"0s a smoke=true place={UNIT}/f5",
        f"61s b smoke=true place={UNIT}/f6",
        f"100s c smoke=true place={UNIT}/f7",
    ) == [f"100s {UNIT} raised"]


def test_a_detector_that_repeats_itself_is_one_and_rose_when_it_first_did() -> None:
    assert says(confirm("unit"), *(f"{at}s a smoke=true place={UNIT}/f5" for at in (0, 30, 60))) == []
    assert (
        says(
            confirm("unit"),
            f"0s a smoke=true place={UNIT}/f5",
            f"50s a smoke=true place={UNIT}/f5",
            f"100s b smoke=true place={UNIT}/f5",
        )
        == []
    )


def test_a_detector_that_cleared_between_rises_anew() -> None:
    assert says(
        confirm("unit"),
        f"0s a smoke=true place={UNIT}/f5",
        f"40s a smoke=false place={UNIT}/f5",
        f"50s a smoke=true place={UNIT}/f5",
        f"100s b smoke=true place={UNIT}/f5",
    ) == [f"100s {UNIT} raised"]


def test_each_level_is_read_from_a_full_path() -> None:
    for level, place in (("floor", FLOOR), ("unit", UNIT), ("building", BUILDING)):
        assert says(confirm(level), f"0s a smoke=true place={FLOOR}/501", f"1s b smoke=true place={FLOOR}/502") == [
            f"1s {place} raised"
        ]
    apart = (f"0s a smoke=true place={UNIT}/f5/501", f"1s b smoke=true place={UNIT}/f6/601")
    assert says(confirm("floor"), *apart) == []


def test_a_device_above_the_level_or_without_a_place_confirms_nothing() -> None:
    assert says(confirm("unit"), f"0s a smoke=true place={BUILDING}", f"1s b smoke=true place={BUILDING}") == []
    assert says(confirm("unit"), "0s a smoke=true", "1s b smoke=true") == []


def test_confirm_asks_only_devices_in_scope() -> None:
    assert says(
        confirm("unit"),
        f"0s a smoke=true place={UNIT}/f5 kind=smoke",
        f"1s b smoke=true place={UNIT}/f5 kind=siren",
        f"2s c smoke=true place={UNIT}/f5 kind=smoke",
        more="scope: {kinds: [smoke]}",
    ) == [f"2s {UNIT} raised"]


def test_confirm_joins_with_the_hours() -> None:
    at_night = f"{{all: [{confirm('unit')}, {{between: {{from: '22:00', to: '06:00'}}}}]}}"
    both = (f"9h a smoke=true place={UNIT}/f5", f"9h b smoke=true place={UNIT}/f5")
    assert says(at_night, *both, "20h tick") == [f"10h {UNIT} raised", f"18h {UNIT} cleared"]


def test_at_one_instant_the_order_of_a_detectors_readings_changes_nothing() -> None:
    before = (f"0s a smoke=true place={UNIT}/f5", f"5s b smoke=true place={UNIT}/f5")
    clears_first = (f"99s a smoke=false place={UNIT}/f5", "99s z battery=1", f"99s a smoke=true place={UNIT}/f5")
    assert says(confirm("unit"), *before, *clears_first, "2h tick") == [
        f"5s {UNIT} raised",
        f"99s {UNIT} cleared",
        f"99s {UNIT} raised",
    ]
    assert says(confirm("unit"), *before, *clears_first[::-1], "2h tick") == [f"5s {UNIT} raised"]


def test_late_news_of_a_detector_that_was_true_confirms_what_was_missed() -> None:
    two = "{confirm: {metric: smoke, devices: 2, within: 60s, in: unit}}"
    at = "place=s/c/p/b3/u2/f5/501"
    heard = [f"10s a smoke=false {at}", f"12s b smoke=true {at}", f"8s a smoke=true {at}"]
    assert says(two, *heard) == ["12s s/c/p/b3/u2 raised"]
    assert says(two, *heard, f"20s b smoke=false {at}") == ["12s s/c/p/b3/u2 raised", "20s s/c/p/b3/u2 cleared"]
    assert says(two, *heard[:2], f"90s b smoke=true {at}", f"8s a smoke=false {at}") == []
    assert says(two, f"10s a smoke=false {at}", f"90s b smoke=true {at}", f"8s a smoke=true {at}") == []


def test_late_all_clear_of_one_detector_ends_nothing() -> None:
    assert says(
        confirm("unit"),
        f"10s a smoke=true place={UNIT}/f5",
        f"20s b smoke=true place={UNIT}/f5",
        f"5s a smoke=false place={UNIT}/f5",
        "1m tick",
    ) == [f"20s {UNIT} raised"]


# inactive -------------------------------------------------------------------------------------------------------------

HOME = f"{FLOOR}/501"
QUIET = '{inactive: {metrics: [occupancy, contact, water_volume], longest: 4h, between: ["06:00", "22:00"]}}'


def test_a_home_is_inactive_after_its_time_and_any_activity_ends_it() -> None:
    assert says(
        QUIET,
        f"0s a occupancy=true place={HOME}",
        f"5h b contact=false place={HOME}",
        f"6h b contact=true place={HOME}",
        "8h tick",
    ) == [f"4h {HOME} raised", f"6h {HOME} cleared"]


def test_only_the_hours_count() -> None:
    assert says(QUIET, f"8h a occupancy=true place={HOME}", "24h tick") == [f"20h {HOME} raised"]


def test_what_is_no_activity() -> None:
    assert says(
        QUIET,
        f"0s a occupancy=true place={HOME}",
        f"1h a occupancy=false place={HOME}",
        f"1h b contact=true place={HOME}",
        f"2h b contact=true place={HOME}",
        f"2h w water_volume=12.5 place={HOME}",
        f"3h w water_volume=12.5 place={HOME}",
        f"3h a temperature=21 place={HOME}",
        "5h tick",
    ) == [f"4h {HOME} raised"]


def test_water_used_and_a_door_moved_are_activities() -> None:
    assert says(
        QUIET,
        f"0s w water_volume=12.5 place={HOME}",
        f"3h w water_volume=12.6 place={HOME}",
        f"6h b contact=true place={HOME}",
        f"390m b contact=false place={HOME}",
        "20h tick",
    ) == [f"1110m {HOME} raised"]


def test_the_time_counts_from_the_first_of_its_devices() -> None:
    assert says(QUIET, f"1h a occupancy=false place={HOME}", f"2h b contact=true place={HOME}", "6h tick") == [
        f"5h {HOME} raised"
    ]


def test_a_device_without_a_place_stands_for_itself() -> None:
    assert says(QUIET, "0s a occupancy=true", "2h b occupancy=true", "5h tick") == ["4h a raised"]


def test_late_activity_puts_off_but_never_clears() -> None:
    late = f"2h a occupancy=true place={HOME}"
    assert says(QUIET, f"0s a occupancy=true place={HOME}", f"3h a occupancy=false place={HOME}", late, "7h tick") == [
        f"6h {HOME} raised"
    ]
    assert says(QUIET, f"0s a occupancy=true place={HOME}", f"5h a occupancy=false place={HOME}", late, "7h tick") == [
        f"4h {HOME} raised"
    ]


# in the service -------------------------------------------------------------------------------------------------------

NOON: Instant = 1_772_424_000 * SECOND


class Unit:
    """A unit of two detectors whose rows are kept as the service keeps them."""

    def __init__(self, when: str) -> None:
        self.book = RuleBook([rule(when)])
        self.states: dict[str, bytes] = {}
        self.said: list[str] = []

    def hears(self, at: Instant, device: str, **values: Scalar) -> int:
        """How many places were told."""
        now = NOON + at
        facts = DeviceFacts(
            device=DeviceId(device), kind=Kind.SMOKE, place=PlaceId("p/x"), levels={"unit": "p", "dwelling": "p/x"}
        )
        readings = [Reading(DeviceId(device), metric, value, now, now) for metric, value in values.items()]
        before = self.state(device)
        after = hear(self.book, facts, before, readings, now).state
        self.keep(device, after)
        told = notices(self.book, facts, before, after, readings)
        for row in {notice.row for notice in told}:
            judged = hear_place(self.book, row, self.state(row), [one for one in told if one.row == row], now)
            self.keep(row, judged.state)
            self.note(judged.transitions)
        return len(told)

    def waits(self, until: Instant, row: str, gaps: tuple[tuple[Instant, Instant], ...] = ()) -> None:
        facts = DeviceFacts(device=DeviceId(row), kind=None, place=UNASSIGNED, registered=False)
        judged = run_due(self.book, facts, self.state(row), NOON + until, gaps)
        self.keep(row, judged.state)
        self.note(judged.transitions)

    def resets(self, row: str) -> None:
        facts = DeviceFacts(device=DeviceId(row), kind=None, place=UNASSIGNED, registered=False)
        self.keep(row, reset(self.book, facts, self.state(row), "rule", NOON).state)

    def state(self, row: str) -> DeviceState:
        return msgspec.msgpack.decode(self.states[row], type=DeviceState) if row in self.states else DeviceState()

    def keep(self, row: str, state: DeviceState) -> None:
        self.states[row] = msgspec.msgpack.encode(state)

    def note(self, transitions: list[Transition]) -> None:
        self.said += [f"{(one.at - NOON) // SECOND}s {one.subject} {one.change.value}" for one in transitions]


def test_quiet_messages_touch_no_place() -> None:
    unit = Unit(confirm("unit"))
    assert [unit.hears(at * SECOND, "a", smoke=False, battery=90) for at in range(3)] == [0, 0, 0]
    assert [unit.hears(at * SECOND, "a", smoke=True) for at in range(3, 6)] == [1, 0, 0]
    assert set(unit.states) == {"a", "place:p"}


def test_places_are_known_from_the_directory_and_survive_a_restart() -> None:
    unit = Unit(confirm("unit"))
    unit.hears(0, "a", smoke=True)
    unit.hears(SECOND, "b", smoke=True)
    unit.hears(2 * SECOND, "b", smoke=False)
    assert unit.said == ["1s p raised", "2s p cleared"]


def test_a_reset_place_is_raised_anew_by_the_next_that_confirms() -> None:
    unit = Unit(confirm("unit"))
    unit.hears(0, "a", smoke=True)
    unit.hears(SECOND, "b", smoke=True)
    unit.resets("place:p")
    unit.hears(2 * SECOND, "c", smoke=True)
    assert unit.said == ["1s p raised", "2s p raised"]


def test_inactivity_is_timed_on_the_places_row_and_our_gaps_do_not_count() -> None:
    unit = Unit("{inactive: {metrics: [occupancy], longest: 4h}}")
    unit.hears(0, "a", occupancy=True)
    assert unit.state("place:p/x").due_at == NOON + 4 * HOUR
    unit.waits(4 * HOUR, "place:p/x", gaps=((NOON + HOUR, NOON + 2 * HOUR),))
    assert unit.said == []
    unit.waits(9 * HOUR, "place:p/x", gaps=((NOON + HOUR, NOON + 2 * HOUR),))
    assert unit.said == [f"{5 * 3600}s p/x raised"]


def test_levels_come_from_the_directory_first() -> None:
    facts = DeviceFacts(device=DeviceId("a"), kind=None, place=PlaceId(f"{HOME}/room"), levels={"unit": "elsewhere"})
    assert place_at(facts, "unit") == "elsewhere"
    assert place_at(facts, "floor") is None
    assert place_at(msgspec.structs.replace(facts, levels={}), "floor") == FLOOR


def test_evidence_names_the_devices() -> None:
    unit = Unit(confirm("unit"))
    unit.hears(0, "a", smoke=True)
    facts = DeviceFacts(device=DeviceId("b"), kind=None, place=PlaceId("p/x"), levels={"unit": "p"})
    readings = [Reading(DeviceId("b"), "smoke", True, NOON, NOON)]
    after = hear(unit.book, facts, DeviceState(), readings, NOON).state
    told = notices(unit.book, facts, DeviceState(), after, readings)
    (said,) = hear_place(unit.book, DeviceId("place:p"), unit.state("place:p"), told, NOON).transitions
    assert said.change is Change.RAISED
    assert [one.part for one in said.evidence] == ["a", "b"]
    assert said.sentence["zh"] == "同一单元 2 个设备报：烟雾"


METERED = "{inactive: {metrics: [water_volume, contact], rise: 0.01, longest: 10h}}"


def test_a_meter_counts_once_it_has_grown_by_the_rise_since_its_last_activity() -> None:
    drips = [f"{hour}h m water_volume={81.2 + hour * 0.003:.3f} place={FLOOR}/501" for hour in range(13)]
    assert says(METERED, *drips, "13h tick") == [], "0.012 in four hours"
    slow = [f"{hour}h m water_volume={81.2 + hour * 0.0005:.4f} place={FLOOR}/501" for hour in range(13)]
    assert says(METERED, *slow, "13h tick") == [f"10h {FLOOR}/501 raised"]


def test_a_smaller_value_is_another_meters_and_no_activity() -> None:
    read = [f"{at}h m water_volume={value} place={FLOOR}/501" for at, value in ((0, 81.2), (5, 0.0), (6, 0.02))]
    assert says(METERED, *read, "20h tick") == [f"16h {FLOOR}/501 raised"]
    assert says(METERED, *read[:2], "20h tick") == [f"10h {FLOOR}/501 raised"]


def test_two_meters_and_other_signs_of_life_are_apart() -> None:
    lines = [
        f"0h m water_volume=10 place={FLOOR}/501",
        f"1h n water_volume=20.5 place={FLOOR}/501",
        f"2h m water_volume=10.005 place={FLOOR}/501",
        f"3h d contact=true place={FLOOR}/501",
        f"4h d contact=false place={FLOOR}/501",
        f"5h n water_volume=20.505 place={FLOOR}/501",
    ]
    assert says(METERED, *lines, "20h tick") == [f"14h {FLOOR}/501 raised"]


def test_a_rise_without_a_meter_is_refused() -> None:
    for when in ("{inactive: {metrics: [contact], rise: 1, longest: 1h}}", METERED.replace("0.01", "0")):
        with pytest.raises(ConfigError, match="expected above 0, and beside it one of the meters energy, water_volume"):
            rule(when)
