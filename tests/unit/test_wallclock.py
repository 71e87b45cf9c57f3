"""Hours on the local wall clock, over midnight and through daylight saving."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.moment import moment, parse_rfc3339, rfc3339
from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, Instant
from shouwang.domain.wallclock import Hours

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NIGHT = Hours(22 * HOUR, 6 * HOUR)


def at(text: str) -> Instant:
    return parse_rfc3339(f"2026-{text}+08:00")


@pytest.mark.parametrize(
    ("when", "inside"),
    [
        ("03-02T21:59:59", False),
        ("03-02T22:00:00", True),
        ("03-03T00:00:00", True),
        ("03-03T05:59:59", True),
        ("03-03T06:00:00", False),
    ],
)
def test_hours_are_half_open_and_pass_midnight(when: str, inside: bool) -> None:
    assert NIGHT.holds(at(when), SHANGHAI) is inside


def test_days_are_those_on_which_the_hours_begin() -> None:
    friday = Hours(22 * HOUR, 6 * HOUR, (4,))
    assert friday.holds(at("03-07T05:00:00"), SHANGHAI)
    assert not friday.holds(at("03-06T05:00:00"), SHANGHAI)
    assert friday.next_edge(at("03-02T12:00:00"), SHANGHAI) == at("03-06T22:00:00")
    assert friday.next_edge(at("03-06T22:00:00"), SHANGHAI) == at("03-07T06:00:00")


def test_equal_ends_are_a_whole_day_and_24_00_ends_one() -> None:
    assert all(Hours(8 * HOUR, 8 * HOUR).holds(at(f"03-02T{hour:02d}:30:00"), SHANGHAI) for hour in range(24))
    evening = Hours(20 * HOUR, DAY)
    assert evening.holds(at("03-02T23:59:59"), SHANGHAI)
    assert not evening.holds(at("03-03T00:00:00"), SHANGHAI)


def test_a_skipped_hour_shortens_the_night_and_a_repeated_one_lengthens_it() -> None:
    spring = parse_rfc3339("2026-03-28T22:00:00+01:00")
    assert NIGHT.next_edge(spring, BERLIN) == spring + 7 * HOUR
    autumn = parse_rfc3339("2026-10-24T22:00:00+02:00")
    assert NIGHT.next_edge(autumn, BERLIN) == autumn + 9 * HOUR


def edges(hours: Hours, since: str, count: int) -> list[str]:
    found, now = [], parse_rfc3339(since)
    for _ in range(count):
        edge = hours.next_edge(now, BERLIN)
        assert edge is not None
        found.append(rfc3339(edge))
        now = edge
    return found


def test_hours_that_begin_or_end_in_a_skipped_hour_do_so_where_the_clock_jumps() -> None:
    evening = "2026-03-28T12:00:00+01:00"
    assert edges(Hours(2 * HOUR + 30 * MINUTE, 5 * HOUR), evening, 2) == [
        "2026-03-29T01:00:00Z",
        "2026-03-29T03:00:00Z",
    ]
    assert edges(Hours(22 * HOUR, 2 * HOUR + 30 * MINUTE), evening, 2) == [
        "2026-03-28T21:00:00Z",
        "2026-03-29T01:00:00Z",
    ]


def test_hours_within_a_skipped_hour_do_not_come_that_night() -> None:
    skipped = Hours(2 * HOUR + 15 * MINUTE, 2 * HOUR + 45 * MINUTE)
    assert edges(skipped, "2026-03-28T12:00:00+01:00", 1) == ["2026-03-30T00:15:00Z"]


def test_hours_within_a_repeated_hour_come_twice() -> None:
    twice = Hours(2 * HOUR + 15 * MINUTE, 2 * HOUR + 45 * MINUTE)
    assert edges(twice, "2026-10-24T12:00:00+02:00", 4) == [
        "2026-10-25T00:15:00Z",
        "2026-10-25T00:45:00Z",
        "2026-10-25T01:15:00Z",
        "2026-10-25T01:45:00Z",
    ]


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 2 * 366 * 24 * 60))
def test_inside_is_what_the_wall_clock_shows(start: int, end: int, minutes: int) -> None:
    now = parse_rfc3339("2026-01-01T00:00:00Z") + minutes * MINUTE
    for zone in (SHANGHAI, BERLIN, ZoneInfo("America/Santiago"), ZoneInfo("Australia/Lord_Howe")):
        wall = moment(now).astimezone(zone)
        shown = wall.hour * 60 + wall.minute
        inside = start <= shown < end if start < end else shown >= start or shown < end
        assert Hours(start * MINUTE, end * MINUTE).holds(now, zone) is inside


def test_time_inside_the_hours_is_counted_over_days() -> None:
    day = Hours(6 * HOUR, 22 * HOUR)
    assert rfc3339(day.when_passed(at("03-02T12:00:00"), 24 * HOUR, SHANGHAI) or 0) == "2026-03-03T12:00:00Z"
    assert day.when_passed(at("03-02T23:00:00"), MINUTE, SHANGHAI) == at("03-03T06:01:00")


def test_hours_that_never_come_have_no_edge() -> None:
    assert Hours(0, HOUR, ()).next_edge(at("03-02T12:00:00"), SHANGHAI) is None
    assert Hours(0, HOUR, ()).when_passed(at("03-02T12:00:00"), HOUR, SHANGHAI) is None


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 2 * 366 * 24 * 60))
def test_nothing_changes_between_edges(start: int, end: int, minutes: int) -> None:
    hours = Hours(start * MINUTE, end * MINUTE)
    now = parse_rfc3339("2026-01-01T00:00:00Z") + minutes * MINUTE
    for zone in (SHANGHAI, BERLIN):
        edge = hours.next_edge(now, zone)
        assert edge is not None and edge > now
        inside = {hours.holds(one, zone) for one in range(now, edge, 7 * MINUTE)} | {hours.holds(edge - 1, zone)}
        assert len(inside) == 1
