"""What is done for a case in the control room: the card of its homes, its checklist, calls in order, the headcount."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.axe import violations
from harness.browser import DESK, PATROL, Hall, smoke
from harness.compound import ROOT, reports
from harness.publisher import says
from shouwang.domain.acts import Check, Count
from shouwang.domain.casefile import Counting
from shouwang.domain.community import identity
from shouwang.domain.duty import Person
from shouwang.domain.household import FamilyContact, Household, KeyHolder
from shouwang.domain.incident import Incident, Outcome, is_live
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
    (found,) = [one for one in hall.works.incidents() if f"/{tower}/" in one.place and is_live(one.state)]
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


@pytest.mark.parametrize(("lived", "size"), [(14, "small")], indirect=["lived"])
def test_the_checklist_is_ticked_by_key_and_a_call_to_119_is_kept(lived: Hall, size: str, tmp_path: Path) -> None:
    page = lived.page(size=size)
    hears(lived, smoke(14, 1, "501"))
    line = page.locator(".nextitem")
    expect(line).to_contain_text("0/10")
    expect(line).to_contain_text("以最快方式核实")
    page.keyboard.press("l")
    expect(page.locator("dialog .never")).to_contain_text("不进入烟雾区")
    page.keyboard.press("1")
    expect(page.locator("dialog [data-item=verify]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("dialog [data-item=verify]")).to_contain_text(DESK)
    fault_free(page)
    page.screenshot(path=tmp_path / "list.png")
    page.locator("dialog [name=list]").select_option("gas")
    expect(page.locator("dialog")).to_contain_text("不能勾选")
    expect(page.locator("dialog [data-item=knock]")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(line).to_contain_text("1/10")
    expect(line).to_contain_text("置于自动")
    page.keyboard.press("t")
    words = page.locator("dialog .words").first
    expect(words).to_contain_text("14号楼 1单元 5层 501")
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('dialog .words')).fontSize)") >= 20
    page.click("dialog [data-call='119']")
    expect(page.locator("dialog [data-service='119'] .good")).to_contain_text("已拨打")
    fault_free(page)
    page.screenshot(path=tmp_path / "words.png")
    page.keyboard.press("Escape")
    timeline = page.locator(".timeline")
    expect(timeline).to_contain_text("核对清单 · 以最快方式核实")
    expect(timeline).to_contain_text("拨打电话 · 119 火警")
    one = the_case(lived, "b14")
    lived.works.respond.act(one.id, Check(item="auto"), actor=PATROL)  # somebody else: seen without a reload
    expect(line).to_contain_text("2/10")


@pytest.mark.parametrize(("lived", "size"), [(10, "small"), (11, "desk")], indirect=["lived"])
def test_a_home_with_gas_is_never_called(
    lived: Hall, size: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    building = request.node.callspec.params["lived"]
    page = lived.page(size=size)
    hears(lived, reports(f"gas-{building}", gas=True))
    expect(page.locator(".hero.gas")).to_be_visible()
    expect(page.locator(".noring")).to_contain_text("不打屋内电话")
    expect(page.locator(".know .never")).to_contain_text("不按门铃")
    expect(page.locator("[data-act=script]")).to_be_visible()
    expect(page.locator("[data-act=call]")).to_have_count(0)
    page.keyboard.press("c")
    expect(page.locator("#said.on.bad")).to_contain_text("不打屋内电话")
    expect(page.locator("dialog")).to_have_count(0)
    page.screenshot(path=tmp_path / f"gas-{size}.png")
    page.keyboard.press("a")
    page.keyboard.press("v")
    ways = page.locator("dialog [data-group=how] label")
    expect(ways).to_have_count(3)
    expect(ways.first).to_contain_text("现场查看")
    expect(page.locator("dialog")).not_to_contain_text("电话回呼")
    fault_free(page)


@pytest.mark.parametrize("lived", [12], indirect=True)
def test_a_call_for_help_is_called_back_in_order_and_two_without_an_answer_send_somebody(
    lived: Hall, tmp_path: Path
) -> None:
    page = lived.page(size="small")
    hears(lived, reports("call-12", action="emergency"))
    expect(page.locator(".hero.emergency")).to_be_visible()
    expect(page.locator(".know .home")).to_contain_text("家属甲")
    page.keyboard.press("c")
    rows = page.locator("dialog .callees li")
    expect(rows.nth(0)).to_contain_text("女儿")
    expect(rows.nth(0).locator("a")).to_have_attribute("href", f"tel:{DAUGHTER}")
    expect(rows.nth(1)).to_contain_text("儿子")
    expect(rows.nth(2)).to_contain_text(DESK)
    rows.nth(0).locator("[data-answered=false]").click()
    expect(rows.nth(0).locator(".made .bad")).to_contain_text("无人接听")
    expect(page.locator("dialog .send")).to_have_count(0)
    rows.nth(1).locator("[data-answered=false]").click()
    expect(page.locator("dialog .send")).to_contain_text("立即派人上门")
    fault_free(page)
    page.screenshot(path=tmp_path / "calls.png")
    page.click("dialog .send [data-act=en-route]")
    expect(page.locator(".steps li").nth(3)).to_contain_text(DESK)
    page.keyboard.press("Escape")
    expect(page.locator(".timeline")).to_contain_text("家属 2 · 502 儿子 · 无人接听")
    one = the_case(lived, "b12")
    assert [(call.service, call.answered) for call in (one.file.calls if one.file else [])] == [
        ("family:1", False),
        ("family:2", False),
    ]


@pytest.mark.parametrize("lived", [15], indirect=True)
def test_homes_are_counted_by_key_who_needs_help_first(lived: Hall, tmp_path: Path) -> None:
    page = lived.page(language="en")
    hears(lived, smoke(15, 1, "501"))
    expect(page.locator("[data-act=count]")).to_be_visible()
    page.keyboard.press("o")
    rows = page.locator("dialog .heads li")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("501")
    expect(rows.nth(1)).to_contain_text("601")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("1")
    expect(rows.nth(0).locator("[data-state=evacuated]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("3")
    expect(page.locator("[data-count=not_reached]")).to_have_text("1")
    expect(page.locator("[data-count=needs_help]")).to_have_text("1")
    fault_free(page)
    page.screenshot(path=tmp_path / "count.png")
    page.keyboard.press("Escape")
    expect(page.locator(".know .out")).to_contain_text("Not reached")
    expect(page.locator(".stack .cell.helped")).to_have_count(1)  # who is out needs no help to leave
    one = the_case(lived, "b15")
    other = PlaceId(f"{ROOT}/b15/u1/f6/602")
    lived.works.respond.act(one.id, Count(place=other, state=Counting.NOBODY_HOME), actor=PATROL)
    expect(page.locator(".know")).to_contain_text("Out 2")
    page.screenshot(path=tmp_path / "counted.png")
