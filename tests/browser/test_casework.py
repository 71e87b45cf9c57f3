"""What is done for a case in the control room: the card of its homes, its checklist, calls in order, the headcount."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.axe import violations
from harness.browser import PATROL, Hall, smoke
from harness.compound import ROOT
from harness.publisher import says
from shouwang.domain.community import identity
from shouwang.domain.duty import Person
from shouwang.domain.household import FamilyContact, Household, KeyHolder
from shouwang.domain.incident import Incident, Outcome
from shouwang.domain.vocabulary import PersonId, PlaceId

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

DAUGHTER, SON, KEEPER = "+8610000000011", "+8610000000012", "+8610000000013"


def homes(building: int) -> list[object]:
    unit = f"{ROOT}/b{building}/u1"
    return [
        Person(id=PersonId("keeper"), name="楼下邻居", phone=KEEPER),
        Household(
            place=PlaceId(f"{unit}/f5/501"),
            residents=1,
            needs=["听障"],
            helped=True,
            contacts=[
                FamilyContact(name="家属甲", phone=DAUGHTER, relation="女儿"),
                FamilyContact(name="家属乙", phone=SON, relation="儿子"),
            ],
            keys=[KeyHolder(person=PersonId("keeper"), note="备用钥匙")],
            gate="西门",
            note="燃气阀在门外左侧",
        ),
        Household(
            place=PlaceId(f"{unit}/f5/502"),
            contacts=[
                FamilyContact(name="家属甲", phone=DAUGHTER, relation="女儿"),
                FamilyContact(name="家属乙", phone=SON, relation="儿子"),
            ],
        ),
        Household(place=PlaceId(f"{unit}/f6/601"), residents=2, needs=["轮椅"], helped=True),
    ]


@pytest.fixture
def lived(hall: Hall, request: pytest.FixtureRequest) -> Iterator[Hall]:
    """The hall with people in the first unit of the building that the test is about."""
    known = homes(request.param)
    hall.works.directory.change(known)
    yield hall
    hall.end_all()
    hall.works.directory.change([], [identity(one) for one in known])


def hears(hall: Hall, *said: tuple[str, bytes]) -> None:
    says(hall.works.broker_port, *said)


def the_case(hall: Hall, tower: str) -> Incident:
    (found,) = [one for one in hall.works.incidents() if f"/{tower}/" in one.place]
    return found


def fault_free(page: Page) -> None:
    """In both themes nothing shuts anybody out, and nothing is wider than the screen."""
    page.emulate_media(reduced_motion="reduce")
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        assert violations(page) == [], theme
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("lived", "size"), [(12, "desk"), (13, "small")], indirect=["lived"])
def test_the_card_shows_without_a_click_who_has_the_key_and_who_must_be_helped(
    lived: Hall, size: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    building = request.node.callspec.params["lived"]
    page = lived.page(size=size)
    hears(lived, smoke(building, 1, "501"))
    known = page.locator(".know")
    for words in (
        "不进入烟雾区",
        "501 · 1 人",
        "需协助疏散",
        "听障",
        "楼下邻居",
        "备用钥匙",
        "西门",
        "家属 1 女儿",
        "燃气阀在门外左侧",
    ):
        expect(known).to_contain_text(words)
    expect(known.locator(f"a[href='tel:{KEEPER}']")).to_be_visible()
    expect(known.locator(".out")).to_contain_text("需协助疏散 2")
    expect(known.locator(".out")).to_contain_text("601 轮椅")
    expect(page.locator(".stack .cell.helped")).to_have_count(2)
    fault_free(page)
    page.screenshot(path=tmp_path / f"card-{size}.png")
    hears(lived, smoke(building, 1, "601"))  # it grew: the home above is on the card too
    expect(known.locator(".home")).to_have_count(2)
    one = the_case(lived, f"b{building}")
    page.goto(f"{lived.url}/cases/{one.id}")
    expect(known.locator(".home")).to_have_count(2)
    lived.works.respond.resolve(one.id, actor=PATROL, outcome=Outcome.REAL)
    expect(page.locator(".hero.over")).to_be_visible()
    expect(known.locator(".home")).to_have_count(0)  # nobody needs to know any more
