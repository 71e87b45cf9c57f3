"""Rounds of a patrol: each point seen, seen with a problem, due or missed, whatever the clock does."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.community import Community
from shouwang.domain.duty import SiteFacts
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.patrol import (
    Finding,
    Patrol,
    Point,
    PointState,
    Round,
    Scan,
    patrol_problems,
    point_of,
    rounds_of,
    scan_entry,
    scan_of,
)
from shouwang.domain.roster import Shift
from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, PlaceId

NOON = parse_rfc3339("2026-01-14T12:00:00+08:00")
PUMPS = Point(tag="pump-room", place=PlaceId("s/c/j/b1"), name="消防泵房", look="泵、阀门")
ROOF = Point(tag="roof", place=PlaceId("s/c/j/b3"))
DAILY = Patrol(
    id="daily", points=[PUMPS, ROOF], rounds=[Shift(start="08:00", end="10:00"), Shift(start="22:00", end="02:00")]
)


def site(*patrols: Patrol, zone: str = "Asia/Shanghai") -> Community:
    return Community(site=SiteFacts(timezone=zone), patrols={one.id: one for one in patrols})


def scan(at: str, tag: str = "pump-room", finding: Finding = Finding.OK, note: str = "") -> Scan:
    return Scan(at=parse_rfc3339(f"2026-01-{at}:00+08:00"), by="wang", tag=tag, finding=finding, note=note)


def rounds(*scans: Scan, now: int = NOON) -> list[Round]:
    return rounds_of(site(DAILY), scans, NOON - DAY, NOON, now)


def states(one: Round) -> list[PointState]:
    return [each.state for each in one.points]


def test_a_point_is_seen_by_a_scan_within_its_round_and_missed_without_one() -> None:
    morning, night = rounds(scan("14T09:59"), scan("13T23:30", "roof"), scan("14T01:59"))
    assert states(morning) == [PointState.OK, PointState.MISSED]
    assert states(night) == [PointState.OK, PointState.OK]
    assert morning.count(PointState.MISSED) == 1


def test_a_scan_between_two_rounds_is_of_neither() -> None:
    assert [states(one) for one in rounds(scan("14T10:00"), scan("14T02:00"))] == [[PointState.MISSED] * 2] * 2


def test_while_a_round_goes_on_its_points_are_due() -> None:
    now = parse_rfc3339("2026-01-14T09:00:00+08:00")
    assert states(rounds(scan("14T08:10"), now=now)[0]) == [PointState.OK, PointState.DUE]


def test_a_round_that_has_not_begun_is_none() -> None:
    now = parse_rfc3339("2026-01-14T07:59:00+08:00")
    assert [one.begins for one in rounds(now=now)] == [parse_rfc3339("2026-01-13T22:00:00+08:00")]


def test_a_problem_is_not_unseen_by_a_later_scan_of_the_same_round() -> None:
    problem = scan("14T08:20", finding=Finding.PROBLEM, note="阀门渗漏")
    (walked, _) = rounds(problem, scan("14T09:00"))[0].points
    assert (walked.state, walked.scan) == (PointState.PROBLEM, problem)


def test_tags_find_their_point_and_no_other_does() -> None:
    assert point_of(site(DAILY), "roof") == (DAILY, ROOF)
    assert point_of(site(DAILY), "Roof") is None


def test_a_scan_is_read_back_from_the_journal_as_it_was_written() -> None:
    done = scan("14T08:20", finding=Finding.PROBLEM, note="x")
    entry = scan_entry(done, DAILY, PUMPS)
    assert scan_of(entry) == done
    assert entry.place == PUMPS.place


def test_what_is_wrong_with_a_patrol_is_named_where_it_stands() -> None:
    wrong = Patrol(
        id="x",
        points=[PUMPS, PUMPS, msgspec.structs.replace(ROOF, tag=" ")],
        rounds=[Shift(start="8", end="10:00", days=["mo"])],
    )
    assert [path for path, _ in patrol_problems(wrong)] == [
        "points[1].tag",
        "points[2].tag",
        "rounds[0].from",
        "rounds[0].days[0]",
    ]
    assert [path for path, _ in patrol_problems(Patrol(id="x", points=[]))] == ["points"]
    assert list(patrol_problems(DAILY)) == []


def test_times_that_cannot_be_read_take_no_other_patrol_along() -> None:
    broken = msgspec.structs.replace(DAILY, id="broken", rounds=[Shift(start="late", end="later")])
    assert {one.patrol for one in rounds_of(site(broken, DAILY), [], NOON - DAY, NOON, NOON)} == {"daily"}


@given(
    st.lists(
        st.tuples(
            st.integers(-30 * 60, 60), st.sampled_from(["pump-room", "roof", "x"]), st.sampled_from(list(Finding))
        ),
        max_size=20,
    ),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "nowhere"]),
    st.integers(-26 * 60, 0),
)
def test_every_point_of_every_round_has_one_state_whatever_was_scanned(
    scans: list[tuple[int, str, Finding]], zone: str, ago: int
) -> None:
    now = NOON + ago * MINUTE
    made = [Scan(at=NOON + at * MINUTE, by="w", tag=tag, finding=finding) for at, tag, finding in scans]
    done = sorted((one for one in made if one.at <= now), key=lambda one: one.at)
    for one in rounds_of(site(DAILY, zone=zone), done, NOON - DAY, NOON, now):
        assert one.begins <= now
        assert one.ends - one.begins in (2 * HOUR, 4 * HOUR)
        assert [each.point for each in one.points] == DAILY.points
        for each in one.points:
            assert (each.scan is None) == (each.state in (PointState.DUE, PointState.MISSED))
            assert (each.state is PointState.DUE) <= (now < one.ends)
