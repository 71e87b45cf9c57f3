"""The sheet of a roster: it says of every cell what duty says of its moments."""

from datetime import date, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.community import Community
from shouwang.domain.coverage import GapKind
from shouwang.domain.duty import Absence, Contact, Person, PostHolder, SiteFacts
from shouwang.domain.duty import on_duty as duty_at
from shouwang.domain.escalation import Policy, Step
from shouwang.domain.moment import parse_rfc3339, rfc3339
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.roster import Override, Roster, Rotation, Shift
from shouwang.domain.roster_grid import Grid, How, Why, coverage_change, grid_of, spans_of
from shouwang.domain.shift import Calendar
from shouwang.domain.vocabulary import HOUR, PersonId, PlaceId

MONDAY = parse_rfc3339("2026-11-23T12:00:00+08:00")
NIGHT = ("2026-11-23T20:00:00+08:00", "2026-11-24T08:00:00+08:00")
PEOPLE = ("zhang", "zhao", "li", "wang")


def compound(
    *overrides: Override, shifts: list[Shift] | None = None, away: dict[str, list[Absence]] | None = None
) -> Community:
    """A desk with a day and a night shift; ``zhang`` has the day, ``zhao`` the night."""
    plan = [Shift(start="08:00", end="20:00", people=[PersonId("zhang")])] if shifts is None else shifts
    if shifts is None:
        plan.append(Shift(start="20:00", end="08:00", people=[PersonId("zhao")]))
    roster = Roster(id="desk", post="desk_operator", shifts=plan, overrides=list(overrides))
    people = {
        PersonId(id): Person(
            id=PersonId(id),
            name=id,
            channels=[Contact(kind="console", verified=id != "li")],
            absences=(away or {}).get(id, []),
        )
        for id in PEOPLE
    }
    home = PlaceId("s/c/jy")
    return Community(
        site=SiteFacts(fallback=PersonId("wang"), timezone="Asia/Shanghai", desk_certified=0),
        people=people,
        rosters={"desk": roster},
        places={home: Place(id=home, kind=PlaceKind.COMPOUND)},
        posts=(PostHolder(place=home, post="patrol", person=PersonId("wang")),),
        calendar=Calendar(frozenset({date(2026, 11, 25)}), frozenset({date(2026, 11, 28)}), date(2027, 12, 31)),
    )


def grid(community: Community, days: int = 7) -> Grid:
    return grid_of(community, community.rosters["desk"], MONDAY, days)


def change(start: str, end: str, add: str | None = None, remove: str | None = None) -> Override:
    return Override(
        start=start, end=end, add=PersonId(add) if add else None, remove=PersonId(remove) if remove else None
    )


def test_a_week_has_a_cell_for_each_shift_and_knows_its_days() -> None:
    found = grid(compound())
    assert [one.day.isoformat() for one in found.days][::6] == ["2026-11-23", "2026-11-29"]
    assert [(one.workday, one.holiday, one.worked) for one in found.days][2::3] == [
        (False, True, False),
        (True, False, True),
    ]
    assert len(found.cells) == 14 and found.bare == [] and found.unread == []
    last = found.cells[-1]
    assert (last.shift, rfc3339(last.end)) == (1, "2026-11-30T00:00:00Z"), "the night goes on after the sheet"


def test_a_cell_says_who_stands_in_for_whom_and_who_is_off_and_why() -> None:
    away = {"zhang": [Absence(start="2026-11-24T08:00:00+08:00", end="2026-11-24T12:00:00+08:00")]}
    found = grid(compound(change(*NIGHT, add="li", remove="zhao"), change(*NIGHT, add="wang"), away=away))
    night = next(one for one in found.cells if one.shift == 1 and one.day == date(2026, 11, 23))
    (piece,) = night.pieces
    assert [(one.person, one.how, one.other) for one in piece.here] == [
        ("li", How.STANDS_IN, "zhao"),
        ("wang", How.ADDED, None),
    ]
    assert [(one.person, one.why, one.other) for one in piece.off] == [("zhao", Why.REPLACED, "li")]
    day = next(one for one in found.cells if one.shift == 0 and one.day == date(2026, 11, 24))
    morning, afternoon = day.pieces
    assert (morning.here, morning.off[0].why) == ([], Why.AWAY)
    assert [one.person for one in afternoon.here] == ["zhang"]
    assert [one.person for one in found.leaves] == ["zhang"]


def test_hours_without_a_shift_are_bare_and_a_higher_layer_overrules() -> None:
    shifts = [
        Shift(start="08:00", end="20:00", people=[PersonId("zhang")], days=["mon", "tue"]),
        Shift(start="10:00", end="12:00", people=[PersonId("li")], days=["tue"], layer=1),
        Shift(start="08:00", end="10:00", days=["someday"]),
    ]
    found = grid(compound(shifts=shifts), days=2)
    assert [one.overruled for one in found.cells[1].pieces] == [False, True, False]
    assert [(rfc3339(a)[11:13], rfc3339(b)[11:13]) for a, b in found.bare] == [("16", "00"), ("12", "00"), ("12", "16")]
    assert found.unread == ["shifts[2]: 'someday' is not a day; expected one of " + found.unread[0].partition("of ")[2]]


def test_a_change_names_the_gaps_that_it_opens_and_those_that_it_closes() -> None:
    policies = [Policy(id="fire", steps=[Step(tell=["roster:desk"])])]
    before = compound()
    off = change(*NIGHT, remove="zhao")
    opened, closed = coverage_change(before, compound(off), "desk", policies, spans_of([off]))
    kinds = {gap.kind for gap in opened}
    assert kinds == {GapKind.NOBODY, GapKind.NOBODY_AT_NIGHT, GapKind.EMPTY_SHIFT} and closed == []
    assert {rfc3339(gap.start or 0) for gap in opened} == {"2026-11-23T12:00:00Z"}
    swapped = change(*NIGHT, add="li", remove="zhao")
    opened, closed = coverage_change(compound(swapped), compound(off), "desk", policies, spans_of([off]))
    assert GapKind.EMPTY_SHIFT in {gap.kind for gap in opened}
    assert closed == [], "an unverified contact is no better for being nobody"
    back_opened, back_closed = coverage_change(compound(off), before, "desk", policies, spans_of([off]))
    assert (back_opened, {gap.kind for gap in back_closed}) == ([], kinds)
    instead = change(*NIGHT, add="li", remove="zhao")
    opened, _ = coverage_change(before, compound(instead), "desk", policies, spans_of([instead]))
    assert [(gap.kind, gap.person) for gap in opened] == [(GapKind.UNVERIFIED_CONTACT, "li")]


_hours = st.integers(0, 23).map(lambda hour: f"{hour:02}:00")
_people = st.lists(st.sampled_from(PEOPLE).map(PersonId), max_size=2, unique=True)
_shifts = st.builds(
    Shift,
    start=_hours,
    end=_hours,
    people=_people,
    layer=st.integers(0, 1),
    days=st.none() | st.just(["mon", "wed", "sun"]),
    rotation=st.none()
    | st.builds(
        Rotation,
        since=st.just("2026-11-02"),
        days=st.integers(1, 3),
        teams=st.lists(_people, min_size=1, max_size=3),
    ),
)
_changes = st.tuples(st.integers(0, 60), st.integers(1, 40), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)).flatmap(
    lambda one: st.sampled_from(
        [
            change(*_span(one[0], one[1]), add=one[2]),
            change(*_span(one[0], one[1]), remove=one[3]),
            change(*_span(one[0], one[1]), add=one[2], remove=one[3]),
        ]
    )
)


def _span(start: int, hours: int) -> tuple[str, str]:
    begin = parse_rfc3339("2026-11-23T00:00:00+08:00") + start * HOUR
    return rfc3339(begin), rfc3339(begin + hours * HOUR)


@given(st.lists(_shifts, min_size=1, max_size=4), st.lists(_changes, max_size=4))
def test_whoever_a_cell_shows_is_on_duty_and_whoever_is_on_duty_in_a_shift_is_shown(
    shifts: list[Shift], changes: list[Override]
) -> None:
    community = compound(*changes, shifts=shifts)
    found = grid(community, days=4)
    assert all(len(found.cells) >= 1 for shift in shifts if shift.days is None)
    shown: dict[int, set[str]] = {}
    for cell in found.cells:
        assert cell.pieces[0].start == cell.start and cell.pieces[-1].end == cell.end
        for piece in cell.pieces:
            for at in range(piece.start, piece.end, HOUR):
                shown.setdefault(at, set())
                if not piece.overruled:
                    shown[at].update(one.person for one in piece.here)
    first = found.days[0].start
    for at, people in shown.items():
        if at < first + 24 * HOUR or at >= found.days[-1].end:
            continue  # of shifts that began before the sheet
        assert people == set(duty_at(community, community.rosters["desk"], at)), rfc3339(at)
    for begin, over in found.bare:
        assert all(not duty_at(community, community.rosters["desk"], at) for at in range(begin, over, HOUR))


def test_the_days_of_a_sheet_follow_each_other_through_daylight_saving() -> None:
    community = compound()
    site = msgspec.structs.replace(community.site, timezone="Europe/Berlin")
    moved = msgspec.structs.replace(community, site=site)
    found = grid_of(moved, moved.rosters["desk"], parse_rfc3339("2026-10-23T12:00:00Z"), 4)
    assert [timedelta(microseconds=one.end - one.start) / timedelta(hours=1) for one in found.days] == [24, 24, 25, 24]
    assert all(a.end == b.start for a, b in zip(found.days, found.days[1:], strict=False))
