"""Whom to ring, and where help comes in."""

from shouwang.domain.premises import Gate, ServiceNumber, gate_of, number_of_service
from shouwang.domain.vocabulary import PlaceId

JY, OTHER = PlaceId("s/c/jy"), PlaceId("s/c/other")
HOME = f"{JY}/b3/u2/f5/501"
NUMBERS = [
    ServiceNumber(service="gas-company", number="site"),
    ServiceNumber(service="gas-company", number="compound", place=JY),
    ServiceNumber(service="gas-company", number="second", place=JY),
    ServiceNumber(service="96333", number="town"),
    ServiceNumber(service="119", number="1"),
]


def test_the_nearest_number_is_dialled_then_the_sites_then_a_service_that_is_its_own_number() -> None:
    assert number_of_service(NUMBERS, "gas-company", HOME) == "compound"
    assert number_of_service(NUMBERS, "gas-company", f"{OTHER}/b1") == "site"
    assert number_of_service(NUMBERS, "96333", HOME) == "town"
    assert number_of_service([], "96333", HOME) == "96333"
    assert number_of_service([], "gas-company", HOME) == ""


def test_119_is_119_whatever_a_site_writes() -> None:
    assert number_of_service(NUMBERS, "119", HOME) == "119"


def test_help_comes_in_by_the_gate_of_the_building_else_by_one_for_the_whole_compound() -> None:
    south = Gate(name="南门", place=PlaceId(f"{JY}/gate"))
    west = Gate(name="西门", place=JY, serves=[PlaceId(f"{JY}/b3")])
    yard = Gate(name="后门", place=JY, serves=[PlaceId(f"{JY}/b3/u2")])
    assert gate_of([south, west, yard], HOME) == yard
    assert gate_of([south, west], HOME) == west
    assert gate_of([west, south], f"{JY}/b1/u1") == south
    assert gate_of([west], f"{JY}/b1/u1") is None
    assert gate_of([south, west], f"{OTHER}/b3") is None
