"""Who may be in danger above a fire, in every unit of the case, and what is said of them on the telephone."""

import msgspec
import pytest

from harness.cases import B3, COMPOUND, FLAT, NEXT_DOOR, NOW, OTHER_UNIT, UPSTAIRS, compound
from shouwang.domain.access import Principal, Role
from shouwang.domain.alert import AlertClass
from shouwang.domain.casefile import CaseFile, Counted, Counting
from shouwang.domain.checklist import facts_of
from shouwang.domain.community import Community
from shouwang.domain.duty import PostHolder
from shouwang.domain.escalation import Policy
from shouwang.domain.headcount import heads, level_of, sees_residents
from shouwang.domain.household import Household
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.levels import SUMMARY_POSTS, is_afar
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.vocabulary import IncidentId, PersonId, PlaceId, Severity

CELLAR, TOP = PlaceId(f"{B3}/u2/f-1/store"), PlaceId(f"{B3}/u2/f12/1201")
STAIRS = PlaceId(f"{B3}/u2/stairs")
ELSEWHERE = PlaceId(f"{COMPOUND}/b4/u1/f5/501")


def site(*households: Household) -> Community:
    known = compound()
    places = dict(known.places)
    for home in (CELLAR, TOP, ELSEWHERE, OTHER_UNIT):
        floor = PlaceId(home.rpartition("/")[0])
        places[floor] = Place(id=floor, kind=PlaceKind.FLOOR)
        places[home] = Place(id=home, kind=PlaceKind.DWELLING)
    places[STAIRS] = Place(id=STAIRS, kind=PlaceKind.AREA)
    for building in ("b4", "b4/u1"):
        id = PlaceId(f"{COMPOUND}/{building}")
        places[id] = Place(id=id, kind=PlaceKind.UNIT if "/" in building else PlaceKind.BUILDING)
    for floor, name in (("f5", "5层"), ("f6", "6层")):
        id = PlaceId(f"{B3}/u2/{floor}")
        places[id] = Place(id=id, kind=PlaceKind.FLOOR, name=name)
    return msgspec.structs.replace(known, places=places, households={one.place: one for one in households})


def fire(*places: PlaceId, **changes: object) -> Incident:
    incident = Incident(
        id=IncidentId("i1"),
        group="danger",
        klass=AlertClass.FIRE,
        state=IncidentState.OPEN,
        severity=Severity.CRITICAL,
        title={"zh": "烟雾报警", "en": "Smoke"},
        place=places[0],
        places=list(places),
        opened_at=NOW,
        policy=Policy(id="p", steps=[]),
    )
    return msgspec.structs.replace(incident, **changes)


def home(place: PlaceId, residents: int | None = None, *, helped: bool = False) -> Household:
    return Household(place=place, residents=residents, helped=helped, needs=["行动不便"] if helped else [])


def counted(incident: Incident, community: Community | None = None) -> list[PlaceId]:
    return [head.place for head in heads(incident, community or site())]


# Who is counted -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([FLAT], [FLAT, NEXT_DOOR, UPSTAIRS, TOP]),
        ([UPSTAIRS], [UPSTAIRS, TOP]),
        ([UPSTAIRS, FLAT], [FLAT, NEXT_DOOR, UPSTAIRS, TOP]),
        ([FLAT, OTHER_UNIT], [FLAT, NEXT_DOOR, UPSTAIRS, TOP, OTHER_UNIT]),
        ([OTHER_UNIT, TOP, ELSEWHERE], [OTHER_UNIT, TOP, ELSEWHERE]),
        ([STAIRS], [CELLAR, FLAT, NEXT_DOOR, UPSTAIRS, TOP]),
        ([TOP, STAIRS], [CELLAR, FLAT, NEXT_DOOR, UPSTAIRS, TOP]),
        ([PlaceId(f"{B3}/u2")], [CELLAR, FLAT, NEXT_DOOR, UPSTAIRS, TOP]),
        ([B3], [CELLAR, OTHER_UNIT, FLAT, NEXT_DOOR, UPSTAIRS, TOP]),
        ([COMPOUND], []),
    ],
)
def test_every_unit_of_the_case_is_counted_from_its_lowest_floor_and_whole_where_no_floor_is_known(
    places: list[PlaceId], expected: list[PlaceId]
) -> None:
    assert counted(fire(*places)) == expected


def test_on_each_floor_those_who_need_help_come_first() -> None:
    known = site(home(NEXT_DOOR, helped=True), home(TOP, helped=True))
    assert counted(fire(FLAT), known) == [NEXT_DOOR, FLAT, UPSTAIRS, TOP]


# What is said of them -------------------------------------------------------------------------------------------------


def said(incident: Incident, *households: Household, language: str = "zh") -> tuple[str, str, str]:
    facts = facts_of(incident, site(*households), caller="王", language=language)
    return facts["floor"], facts["people"], facts["helped"]


def test_a_fire_that_spread_over_two_floors_names_both_and_the_people_of_all_homes_that_it_hit() -> None:
    known = [home(FLAT, 2), home(UPSTAIRS, 3), home(NEXT_DOOR, 4), home(TOP, 1, helped=True)]
    assert said(fire(FLAT, UPSTAIRS), *known) == ("5层、6层", "5", "1户（f12 1户）")
    assert said(fire(FLAT, UPSTAIRS), *known, language="en") == ("5层, 6层", "5", "1 (1 on f12)")


def test_a_home_of_which_nobody_knows_is_never_counted_as_empty() -> None:
    assert said(fire(FLAT), home(NEXT_DOOR, 4))[1] == ""
    assert said(fire(FLAT, UPSTAIRS, NEXT_DOOR), home(FLAT, 2), home(UPSTAIRS))[1] == "2（另有2户人数不详）"
    english = said(fire(FLAT, UPSTAIRS, NEXT_DOOR), home(FLAT, 2), language="en")[1]
    assert english == "2, and 2 more homes unknown"


def test_who_needs_help_is_said_of_the_fire_floor_and_above_and_until_they_are_out() -> None:
    known = [home(place, 1, helped=True) for place in (CELLAR, NEXT_DOOR, UPSTAIRS, TOP, OTHER_UNIT)]
    assert said(fire(FLAT), *known)[2] == "3户（5层 1户、6层 1户、f12 1户）"
    out = [Counted(place=NEXT_DOOR, state=Counting.EVACUATED, at=NOW, by="leader")]
    assert said(fire(FLAT, file=CaseFile(headcount=out)), *known)[2] == "2户（6层 1户、f12 1户）"
    assert said(fire(FLAT), home(CELLAR, helped=True))[2] == "无登记"
    assert said(fire(FLAT), language="en")[2] == "none on record"


# Who learns it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("post", sorted(SUMMARY_POSTS))
def test_there_is_one_word_on_which_posts_watch_from_afar(post: str) -> None:
    watcher = PersonId("guard")
    known = compound()
    known = msgspec.structs.replace(
        known, rosters={}, posts=(*known.posts, PostHolder(place=COMPOUND, post=post, person=watcher))
    )
    caller = Principal(id="t", name="t", role=Role.RESPONDER, person=watcher)
    assert is_afar(watcher, known)
    assert level_of(caller, fire(FLAT), known, {"guard"}) == "summary"


def test_nobody_learns_who_lives_there_from_an_exercise_or_from_what_is_over() -> None:
    assert sees_residents("assigned", fire(FLAT)) and sees_residents("desk", fire(FLAT))
    assert not sees_residents("summary", fire(FLAT))
    for changes in ({"drill": True}, {"test": True}, {"state": IncidentState.RESOLVED}):
        assert not sees_residents("assigned", fire(FLAT, **changes))


@pytest.mark.parametrize("klass", AlertClass)
def test_only_what_spreads_endangers_other_homes(klass: AlertClass) -> None:
    found = heads(fire(FLAT, klass=klass), site(home(UPSTAIRS, 2, helped=True)))
    assert bool(found) is (klass in (AlertClass.FIRE, AlertClass.GAS, AlertClass.CO))


def test_a_call_for_help_that_smoke_became_part_of_counts_the_homes_above() -> None:
    call = fire(FLAT, klass=AlertClass.EMERGENCY, detectors={AlertClass.FIRE: ["smoke-501"]})
    assert counted(call) == [FLAT, NEXT_DOOR, UPSTAIRS, TOP]
