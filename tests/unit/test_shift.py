"""Who is on duty: local wall clock, over midnight, through daylight saving, with overrides."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.errors import ConfigError
from shouwang.domain.moment import instant, moment, parse_rfc3339
from shouwang.domain.roster import Override, Roster, Shift
from shouwang.domain.shift import is_within_shift, people_on_duty, roster_problems, timezone, wall_clock
from shouwang.domain.vocabulary import MINUTE, PersonId

SHANGHAI = timezone("Asia/Shanghai")


def shift(start: str, end: str, *people: str, days: list[str] | None = None) -> Shift:
    return Shift(start=start, end=end, people=[PersonId(one) for one in people], days=days)


def on_duty(roster: Roster, at: str, site: str = "Asia/Shanghai") -> list[str] | str:
    return people_on_duty(roster, parse_rfc3339(at), site)


DAY_AND_NIGHT = Roster(
    id="desk", shifts=[shift("08:00", "20:00", "day"), shift("20:00", "08:00", "night")], timezone="Asia/Shanghai"
)


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-11-24T08:00:00+08:00", "day"),
        ("2026-11-24T19:59:59.999+08:00", "day"),
        ("2026-11-24T20:00:00+08:00", "night"),
        ("2026-11-24T23:59:59+08:00", "night"),
        ("2026-11-25T00:00:00+08:00", "night"),
        ("2026-11-25T07:59:59.999+08:00", "night"),
        ("2026-11-24T00:00:00Z", "day"),
    ],
)
def test_shifts_are_half_open_and_run_over_midnight(at: str, who: str) -> None:
    assert on_duty(DAY_AND_NIGHT, at) == [who]


def test_days_are_those_on_which_the_shift_begins() -> None:
    monday_night = Roster(id="r", shifts=[shift("20:00", "08:00", "night", days=["mon"])])
    assert on_duty(monday_night, "2026-11-24T02:14:00+08:00") == ["night"]  # Tuesday morning
    assert on_duty(monday_night, "2026-11-23T02:14:00+08:00") == []  # Monday morning: Sunday's shift
    assert on_duty(monday_night, "2026-11-23T20:00:00+08:00") == ["night"]
    assert on_duty(monday_night, "2026-11-24T20:00:00+08:00") == []


def test_no_days_at_all_is_nobody_and_no_word_on_days_is_every_day() -> None:
    assert on_duty(Roster(id="r", shifts=[shift("00:00", "24:00", "a", days=[])]), "2026-11-24T02:14:00+08:00") == []
    assert on_duty(Roster(id="r", shifts=[shift("00:00", "24:00", "a")]), "2026-11-24T02:14:00+08:00") == ["a"]


def test_the_sites_time_zone_holds_where_a_roster_names_none() -> None:
    roster = Roster(id="r", shifts=[shift("08:00", "20:00", "day")])
    assert on_duty(roster, "2026-11-24T09:00:00Z", "Europe/London") == ["day"]
    assert on_duty(roster, "2026-11-24T13:00:00Z", "Asia/Shanghai") == []


def test_the_night_that_the_clock_goes_forward_ends_an_hour_early() -> None:
    """Berlin, 2026-03-29: 02:00 becomes 03:00."""
    night = shift("22:00", "06:00", "a")
    berlin = timezone("Europe/Berlin")
    assert is_within_shift(night, parse_rfc3339("2026-03-29T03:59:59Z"), berlin)
    assert not is_within_shift(night, parse_rfc3339("2026-03-29T04:00:00Z"), berlin)


def test_a_hand_over_at_an_hour_that_does_not_exist_leaves_nobody_out_and_nobody_double() -> None:
    """02:30 does not exist in Berlin on 2026-03-29."""
    roster = Roster(id="r", shifts=[shift("20:00", "02:30", "a"), shift("02:30", "08:00", "b")])
    moments = range(parse_rfc3339("2026-03-28T20:00:00Z"), parse_rfc3339("2026-03-29T05:59:00Z"), MINUTE)
    found = [people_on_duty(roster, at, "Europe/Berlin") for at in moments]
    assert all(len(people) == 1 for people in found)
    assert sum(before != after for before, after in pairwise(found)) == 1


def test_a_hand_over_at_an_hour_that_comes_twice_happens_at_its_first_coming() -> None:
    """02:30 comes twice in Berlin on 2026-10-25, at 00:30 and 01:30 UTC."""
    roster = Roster(id="r", shifts=[shift("20:00", "02:30", "a"), shift("02:30", "08:00", "b")])
    assert on_duty(roster, "2026-10-25T00:29:59Z", "Europe/Berlin") == ["a"]
    assert on_duty(roster, "2026-10-25T00:30:00Z", "Europe/Berlin") == ["b"]
    assert on_duty(roster, "2026-10-25T01:30:00Z", "Europe/Berlin") == ["b"]


def override(start: str, end: str, *, remove: str | None = None, add: str | None = None) -> Override:
    return Override(
        start=start,
        end=end,
        remove=PersonId(remove) if remove else None,
        add=PersonId(add) if add else None,
    )


def with_overrides(*overrides: Override) -> Roster:
    return Roster(id="r", shifts=DAY_AND_NIGHT.shifts, overrides=list(overrides), timezone="Asia/Shanghai")


WEEK = ("2026-11-23T00:00:00+08:00", "2026-11-30T00:00:00+08:00")


def test_who_stands_in_for_another_does_so_in_the_others_shifts_only() -> None:
    roster = with_overrides(override(*WEEK, remove="night", add="deputy"))
    assert on_duty(roster, "2026-11-24T02:14:00+08:00") == ["deputy"]
    assert on_duty(roster, "2026-11-24T12:00:00+08:00") == ["day"]
    assert on_duty(roster, "2026-11-30T02:14:00+08:00") == ["night"]


def test_who_is_added_is_on_duty_beside_the_others_and_who_is_on_leave_is_not() -> None:
    assert on_duty(with_overrides(override(*WEEK, add="helper")), "2026-11-24T12:00:00+08:00") == ["day", "helper"]
    assert on_duty(with_overrides(override(*WEEK, remove="day")), "2026-11-24T12:00:00+08:00") == []


def test_a_deputy_on_leave_is_not_on_duty() -> None:
    roster = with_overrides(override(*WEEK, remove="night", add="deputy"), override(*WEEK, remove="deputy"))
    assert on_duty(roster, "2026-11-24T02:14:00+08:00") == []


def test_an_override_is_half_open() -> None:
    roster = with_overrides(override("2026-11-24T02:00:00+08:00", "2026-11-24T03:00:00+08:00", add="helper"))
    assert on_duty(roster, "2026-11-24T02:00:00+08:00") == ["helper", "night"]
    assert on_duty(roster, "2026-11-24T03:00:00+08:00") == ["night"]


def test_what_cannot_be_read_of_a_roster_takes_nobody_else_off_duty() -> None:
    broken = shift("soon", "08:00", "a")
    nonsense = override("yesterday", "tomorrow", remove="b")
    roster = Roster(id="r", shifts=[broken, shift("00:00", "24:00", "b")], overrides=[nonsense])
    assert on_duty(roster, "2026-11-24T02:14:00+08:00") == ["b"]
    assert "'soon' is not a wall-clock time" in on_duty(Roster(id="r", shifts=[broken]), "2026-11-24T02:14:00+08:00")


@pytest.mark.parametrize("text", ["8:00", "08:00", "00:00", "24:00", "23:59"])
def test_wall_clock_times_are_read(text: str) -> None:
    assert wall_clock(text) is not None


@pytest.mark.parametrize("text", ["", "8", "08.00", "24:01", "12:60", "-1:00", "８:00", "12:5", "aa:bb", "12:000"])
def test_what_is_no_wall_clock_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="HH:MM"):
        wall_clock(text)


def test_a_roster_is_refused_with_each_place_that_is_wrong() -> None:
    roster = Roster(
        id="r",
        timezone="Asia/Atlantis",
        shifts=[shift("8am", "20:00", "a", days=["mon", "monday"])],
        overrides=[override("2026-11-23", "2026-11-30T00:00:00+08:00", add="a")],
    )
    assert [path for path, _ in roster_problems(roster)] == [
        "timezone",
        "shifts[0].from",
        "shifts[0].days[1]",
        "overrides[0].from",
    ]
    assert list(roster_problems(DAY_AND_NIGHT)) == []


@given(
    st.integers(parse_rfc3339("2026-01-01T00:00:00Z"), parse_rfc3339("2027-01-01T00:00:00Z")),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia"]),
    st.lists(st.integers(0, 24 * 60 - 1), min_size=1, max_size=5, unique=True),
)
def test_shifts_that_hand_over_around_the_clock_leave_no_moment_without_anybody(
    now: int, zone: str, minutes: list[int]
) -> None:
    clocks = [f"{minute // 60:02}:{minute % 60:02}" for minute in sorted(minutes)]
    handed = [shift(start, end, f"p{start}") for start, end in zip(clocks, clocks[1:] + clocks[:1], strict=True)]
    assert people_on_duty(Roster(id="r", shifts=handed, timezone=zone), now, "")


@given(st.integers(0, 2**51))
def test_an_instant_survives_its_local_time(at: int) -> None:
    assert instant(moment(at).astimezone(SHANGHAI)) == at
