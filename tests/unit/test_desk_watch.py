"""Who held the desk, shift by shift: rosters of one zone together, with overrides, swaps and leave."""

from datetime import timedelta

from shouwang.domain.community import Community
from shouwang.domain.desk_watch import as_recorded, desk_watches
from shouwang.domain.duty import Absence, Person, Zone
from shouwang.domain.moment import moment, parse_rfc3339
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.roster import Override, Roster, Shift
from shouwang.domain.vocabulary import Instant, PersonId, PlaceId

EAST, WEST = PlaceId("town/east"), PlaceId("town/west")
START = parse_rfc3339("2026-11-24T08:00:00+08:00")
END = parse_rfc3339("2026-11-26T08:00:00+08:00")


def shift(start: str, end: str, *people: str, layer: int = 0, days: list[str] | None = None) -> Shift:
    return Shift(start=start, end=end, people=[PersonId(one) for one in people], layer=layer, days=days)


def desk(id: str, zone: str, *shifts: Shift, overrides: list[Override] | None = None) -> Roster:
    return Roster(id=id, zone=zone, post="desk_operator", shifts=list(shifts), overrides=overrides or [])


def town(*rosters: Roster, away: dict[str, Absence] | None = None) -> Community:
    people = [
        Person(id=PersonId(id), name=id, absences=[away[id]] if away and id in away else [])
        for id in ("a", "b", "c", "d")
    ]
    return Community(
        places={at: Place(id=at, kind=PlaceKind.COMPOUND, name=at) for at in (EAST, WEST)},
        people={one.id: one for one in people},
        zones={zone: Zone(id=zone, places=[at]) for zone, at in (("e", EAST), ("w", WEST))},
        rosters={one.id: one for one in rosters},
    )


def said(community: Community, place: str | None = None, start: Instant = START, end: Instant = END) -> list[str]:
    """``zone day-hour–hour people``, on the wall clock."""

    def wall(at: Instant) -> str:
        return f"{moment(at) + timedelta(hours=8):%d.%H}"

    return [
        f"{one.zone} {wall(one.start)}-{wall(one.end)} {','.join(one.people) or 'nobody'}"
        for one in desk_watches(community, place, start, end)
    ]


def test_each_shift_is_named_and_one_that_nobody_held_says_so() -> None:
    rota = desk("r", "e", shift("08:00", "20:00", "a", "b"), shift("20:00", "08:00", "c", days=["tue"]))
    assert said(town(rota)) == [
        "e 24.08-24.20 a,b",
        "e 24.20-25.08 c",
        "e 25.08-25.20 a,b",
        "e 25.20-26.08 nobody",
    ]


def test_two_shifts_of_the_same_people_are_two_and_leave_of_others_parts_none() -> None:
    holiday = Absence(start="2026-11-24T12:00:00+08:00", end="2026-11-24T18:00:00+08:00")
    rota = desk("r", "e", shift("08:00", "20:00", "a"), shift("20:00", "08:00", "a"))
    assert said(town(rota, away={"d": holiday}), end=START + (END - START) // 2) == [
        "e 24.08-24.20 a",
        "e 24.20-25.08 a",
    ]


def test_rosters_of_one_zone_fill_one_desk_and_of_two_zones_two() -> None:
    day = desk("day", "e", shift("08:00", "20:00", "a"))
    night = desk("night", "e", shift("20:00", "08:00", "b"))
    other = desk("other", "w", shift("08:00", "08:00", "c"))
    one_day = START + (END - START) // 2
    assert said(town(day, night), end=one_day) == ["e 24.08-24.20 a", "e 24.20-25.08 b"]
    assert said(town(day, night, other), end=one_day) == ["e 24.08-24.20 a", "w 24.08-25.08 c", "e 24.20-25.08 b"]


def test_a_place_is_served_by_the_desks_around_it_and_within_it_and_by_the_sites() -> None:
    rosters = [desk(id, zone, shift("08:00", "08:00", id)) for id, zone in (("a", "e"), ("b", "w"), ("c", ""))]
    one_day = START + (END - START) // 2
    for place, zones in (
        (None, ["", "e", "w"]),
        ("town", ["", "e", "w"]),
        (EAST, ["", "e"]),
        (f"{WEST}/b1/u1", ["", "w"]),
    ):
        assert [one.split(" ")[0] for one in said(town(*rosters), place, end=one_day)] == zones


def test_who_stood_in_held_it_and_who_was_away_did_not() -> None:
    swap = Override(
        start="2026-11-24T20:00:00+08:00",
        end="2026-11-25T08:00:00+08:00",
        remove=PersonId("b"),
        add=PersonId("c"),
    )
    leave = Absence(start="2026-11-25T12:00:00+08:00", end="2026-11-25T16:00:00+08:00")
    rota = desk("r", "e", shift("08:00", "20:00", "a"), shift("20:00", "08:00", "b"), overrides=[swap])
    assert said(town(rota, away={"a": leave})) == [
        "e 24.08-24.20 a",
        "e 24.20-25.08 c",
        "e 25.08-25.12 a",
        "e 25.12-25.16 nobody",
        "e 25.16-25.20 a",
        "e 25.20-26.08 b",
    ]


def test_a_shift_that_a_holidays_overrules_parts_nothing() -> None:
    rota = desk(
        "r", "e", shift("08:00", "20:00", "a"), shift("20:00", "08:00", "b"), shift("08:00", "08:00", "c", layer=1)
    )
    assert said(town(rota)) == ["e 24.08-25.08 c", "e 25.08-26.08 c"]


def test_another_post_holds_no_desk_and_a_span_that_is_none_has_no_shift() -> None:
    patrol = Roster(id="p", zone="e", post="patrol", shifts=[shift("08:00", "08:00", "a")])
    assert said(town(patrol)) == []
    assert said(town(desk("r", "e", shift("08:00", "08:00", "a"))), start=END, end=START) == []


def test_shifts_are_as_they_were_then_and_who_stood_in_as_is_known_now() -> None:
    then = town(desk("r", "e", shift("08:00", "20:00", "a"), shift("20:00", "08:00", "b")))
    known_since = Override(
        start="2026-11-24T20:00:00+08:00", end="2026-11-25T08:00:00+08:00", remove=PersonId("b"), add=PersonId("d")
    )
    leave = Absence(start="2026-11-24T08:00:00+08:00", end="2026-11-24T20:00:00+08:00")
    now = town(desk("r", "e", shift("08:00", "08:00", "c"), overrides=[known_since]), away={"a": leave})
    one_day = START + (END - START) // 2
    assert said(as_recorded(then, now), end=one_day) == ["e 24.08-24.20 nobody", "e 24.20-25.08 d"]
    assert said(as_recorded(then, town()), end=one_day) == ["e 24.08-24.20 a", "e 24.20-25.08 b"]
