"""Rosters through holidays, days worked instead (调休), rotations, layers, leave and deputies."""

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.duty import Absence, Contact, Group, Person, PostHolder, Resolution, SiteFacts, resolve
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.roster import Roster, Rotation, Shift
from shouwang.domain.shift import people_on_duty, roster_problems
from shouwang.domain.vocabulary import PersonId, PlaceId
from shouwang.registry.holidays import calendar_of, calendar_problem

CALENDAR = calendar_of(SiteFacts())
ZONE = "Asia/Shanghai"


def on_duty(roster: Roster, at: str) -> list[str] | str:
    return people_on_duty(roster, parse_rfc3339(at), ZONE, CALENDAR)


def test_the_week_of_national_day_is_a_holiday_with_its_weekend_and_the_saturday_after_is_worked() -> None:
    roster = Roster(
        id="r",
        shifts=[
            Shift(start="08:00", end="20:00", people=[PersonId("week")], days=["workday"]),
            Shift(start="08:00", end="20:00", people=[PersonId("rest")], days=["restday"]),
        ],
    )
    assert on_duty(roster, "2026-09-30T10:00:00+08:00") == ["week"]
    assert on_duty(roster, "2026-10-01T10:00:00+08:00") == ["rest"]
    assert on_duty(roster, "2026-10-04T10:00:00+08:00") == ["rest"]
    assert on_duty(roster, "2026-10-10T10:00:00+08:00") == ["week"]  # a Saturday, worked instead of the 7th
    assert on_duty(roster, "2026-10-11T10:00:00+08:00") == ["rest"]


def test_spring_festival_lasts_from_the_fifteenth_to_the_twenty_third_of_february() -> None:
    days = [day for day in sorted(CALENDAR.holidays) if day.year == 2026 and day.month == 2]
    assert (days[0].day, days[-1].day, len(days)) == (15, 23, 9)


def test_a_holidays_layer_stands_over_the_week_and_leaves_other_days_alone() -> None:
    roster = Roster(
        id="r",
        shifts=[
            Shift(start="00:00", end="24:00", people=[PersonId("always")]),
            Shift(start="20:00", end="08:00", people=[PersonId("festive")], days=["holiday"], layer=1),
        ],
    )
    assert on_duty(roster, "2026-10-01T19:59:00+08:00") == ["always"]
    assert on_duty(roster, "2026-10-01T20:00:00+08:00") == ["festive"]
    assert on_duty(roster, "2026-10-08T07:59:00+08:00") == ["festive"]  # began on the last day off
    assert on_duty(roster, "2026-10-08T20:00:00+08:00") == ["always"]


def test_the_sites_own_word_goes_before_the_calendars() -> None:
    own = calendar_of(SiteFacts(days={"2027-02-13": "workday", "2027-03-01": "holiday", "2026-10-10": "holiday"}))
    roster = Roster(id="r", shifts=[Shift(start="08:00", end="20:00", people=[PersonId("week")], days=["workday"])])

    def here(at: str) -> list[str] | str:
        return people_on_duty(roster, parse_rfc3339(at), ZONE, own)

    assert here("2027-02-13T10:00:00+08:00") == ["week"]
    assert here("2027-03-01T10:00:00+08:00") == []
    assert here("2026-10-10T10:00:00+08:00") == []
    assert calendar_problem("CN") is None
    assert "XX" in str(calendar_problem("XX"))


def test_teams_take_turns_from_the_day_on_which_the_rotation_began() -> None:
    rotation = Rotation(since="2026-11-01", days=2, teams=[[PersonId("a1"), PersonId("a2")], [PersonId("b")]])
    roster = Roster(id="r", shifts=[Shift(start="20:00", end="08:00", rotation=rotation)])
    assert on_duty(roster, "2026-11-02T23:00:00+08:00") == ["a1", "a2"]
    assert on_duty(roster, "2026-11-03T07:00:00+08:00") == ["a1", "a2"]  # the night that began on the 2nd
    assert on_duty(roster, "2026-11-03T23:00:00+08:00") == ["b"]
    assert on_duty(roster, "2026-11-05T23:00:00+08:00") == ["a1", "a2"]
    assert on_duty(roster, "2026-10-30T23:00:00+08:00") == ["b"]  # before it began, the turns go backwards
    wrong = Shift(start="20:00", end="08:00", rotation=Rotation(since="soon", teams=[]), days=["friday"])
    assert [path for path, _ in roster_problems(Roster(id="r", shifts=[wrong]))] == [
        "shifts[0].days[0]",
        "shifts[0].rotation.since",
    ]


def person(id: str, *absences: Absence) -> Person:
    return Person(id=PersonId(id), name=id, channels=[Contact(kind="webhook", url="http://x")], absences=list(absences))


def test_who_is_away_is_stood_in_for_by_the_deputy_then_by_the_next_place_up() -> None:
    away = Absence(start="2026-11-24T00:00:00+08:00", end="2026-11-25T00:00:00+08:00")
    community = Community(
        people={PersonId(one.id): one for one in (person("leader", away), person("deputy"), person("chief"))},
        posts=(
            PostHolder(place=PlaceId("c/b1"), post="patrol", person=PersonId("leader"), deputy=PersonId("deputy")),
            PostHolder(place=PlaceId("c/b2"), post="patrol", person=PersonId("leader")),
            PostHolder(place=PlaceId("c"), post="patrol", person=PersonId("chief")),
        ),
    )

    def told(place: str, at: str, target: str = "post:patrol") -> list[PersonId]:
        return resolve(community, place, [target], parse_rfc3339(at)).people

    assert told("c/b1", "2026-11-23T12:00:00+08:00") == ["leader"]
    assert told("c/b1", "2026-11-24T12:00:00+08:00") == ["deputy"]
    assert told("c/b2", "2026-11-24T12:00:00+08:00") == ["chief"]
    gaps = resolve(community, "c/b1", ["person:leader"], parse_rfc3339("2026-11-24T12:00:00+08:00")).gaps
    assert gaps == ["person:leader: leader is away"]


def test_a_group_is_told_whole_but_for_whoever_is_away() -> None:
    away = [Absence(start="2026-11-24T00:00:00+08:00", end="2026-11-25T00:00:00+08:00")]
    community = Community(
        people={
            PersonId("chen"): person("chen"),
            PersonId("bai"): person("bai"),
            PersonId("tang"): msgspec.structs.replace(person("tang"), absences=away),
        },
        groups={
            "volunteers": Group(id="volunteers", members=[PersonId("chen"), PersonId("tang"), PersonId("bai")]),
            "nobody": Group(id="nobody"),
        },
    )
    at = parse_rfc3339("2026-11-24T12:00:00+08:00")
    assert resolve(community, "c/b1", ["group:volunteers", "person:bai"], at).people == ["bai", "chen"]
    assert resolve(community, "c/b1", ["group:nobody"], at) == Resolution(
        [], ["group:nobody: group nobody has no members"]
    )
    assert resolve(community, "c/b1", ["group:gone"], at).gaps == ["group:gone: no such group"]
    assert resolve(community, "c/b1", ["any:group:nobody|group:volunteers"], at).people == ["bai", "chen"]


def test_the_trinity_is_three_posts_and_any_is_the_first_that_means_anybody() -> None:
    community = Community(
        people={PersonId(id): person(id) for id in ("secretary", "chair", "manager")},
        posts=(
            PostHolder(place=PlaceId("c"), post="branch_secretary", person=PersonId("secretary")),
            PostHolder(place=PlaceId("c"), post="committee_chair", person=PersonId("chair")),
            PostHolder(place=PlaceId("c"), post="property_manager", person=PersonId("manager")),
        ),
    )
    at = parse_rfc3339("2026-11-24T12:00:00+08:00")
    assert resolve(community, "c/b1", ["trinity"], at).people == ["chair", "manager", "secretary"]
    assert resolve(community, "c/b1", ["any:post:patrol|post:committee_chair|trinity"], at).people == ["chair"]
    assert resolve(community, "c/b1", ["any:post:patrol|roster:night"], at).gaps
