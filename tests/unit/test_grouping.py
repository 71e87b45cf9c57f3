"""What is one event."""

import pytest

from harness.cases import B3, FLAT, NEXT_DOOR, OTHER_UNIT, UPSTAIRS, compound
from shouwang.domain.alert import AlertClass
from shouwang.domain.grouping import group_key, kind_of, news_of_place
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.vocabulary import UNASSIGNED, PlaceId

PLACES = compound().places


def key(klass: AlertClass, place: str, pack: str = "p") -> str:
    return group_key(klass, PlaceId(place), pack, PLACES)


@pytest.mark.parametrize("klass", [AlertClass.FIRE, AlertClass.GAS, AlertClass.CO])
def test_danger_that_spreads_is_one_event_by_unit(klass: AlertClass) -> None:
    assert key(klass, FLAT) == key(AlertClass.FIRE, UPSTAIRS)
    assert key(klass, FLAT) != key(AlertClass.FIRE, OTHER_UNIT)


def test_without_a_unit_danger_is_one_event_by_floor_and_else_by_place() -> None:
    hall = {
        PlaceId(path): Place(id=PlaceId(path), kind=kind)
        for path, kind in [
            ("m", PlaceKind.BUILDING),
            ("m/1", PlaceKind.FLOOR),
            ("m/1/a", PlaceKind.SHOP),
            ("m/1/b", PlaceKind.SHOP),
            ("g", PlaceKind.GARAGE),
        ]
    }
    fire = AlertClass.FIRE
    assert group_key(fire, PlaceId("m/1/a"), "p", hall) == group_key(fire, PlaceId("m/1/b"), "p", hall)
    assert group_key(fire, PlaceId("g"), "p", hall) == "danger:g"


def test_a_call_for_help_is_one_by_dwelling() -> None:
    assert key(AlertClass.EMERGENCY, f"{FLAT}/bathroom") == key(AlertClass.EMERGENCY, FLAT)
    assert key(AlertClass.EMERGENCY, FLAT) != key(AlertClass.EMERGENCY, NEXT_DOOR)


def test_all_else_is_one_by_place_and_rule_pack() -> None:
    assert key(AlertClass.WATER, FLAT, "water") == "water:" + FLAT
    assert key(AlertClass.FAULT, FLAT, "device-health") != key(AlertClass.WATER, FLAT, "water")
    assert key(AlertClass.FAULT, FLAT) != key(AlertClass.FAULT, NEXT_DOOR)


def test_danger_water_and_calls_in_one_home_are_events_of_their_own() -> None:
    assert len({key(klass, FLAT) for klass in (AlertClass.FIRE, AlertClass.WATER, AlertClass.EMERGENCY)}) == 3


def test_a_place_that_nobody_registered_is_read_from_where_it_stands() -> None:
    assert kind_of(f"{B3}/u9", PLACES) is PlaceKind.UNIT
    assert kind_of(f"{B3}/u9/f1/101", PLACES) is PlaceKind.DWELLING
    assert kind_of(f"{FLAT}/bathroom", PLACES) is None
    assert kind_of("a/b/c/d/e/f/g", {}) is PlaceKind.DWELLING
    assert kind_of("a/b/c/d/e/f/g/h", {}) is None
    assert kind_of(UNASSIGNED, PLACES) is PlaceKind.SUB_DISTRICT
    assert group_key(AlertClass.FIRE, UNASSIGNED, "p", PLACES) == "danger:unassigned"


def test_a_new_floor_or_a_new_home_is_news_and_the_same_home_is_not() -> None:
    assert news_of_place([FLAT], UPSTAIRS, PLACES) == ["floor"]
    assert news_of_place([FLAT], NEXT_DOOR, PLACES) == ["dwelling"]
    assert news_of_place([FLAT, UPSTAIRS], NEXT_DOOR, PLACES) == ["dwelling"]
    assert news_of_place([FLAT], FLAT, PLACES) == []
    assert news_of_place([FLAT], PlaceId(f"{FLAT}/kitchen"), PLACES) == []
    assert news_of_place([FLAT], B3, PLACES) == []
