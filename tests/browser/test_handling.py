"""What people make of cases: reported by hand, looked after when they are over, merged, split, entered, filed."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from harness.axe import violations
from harness.browser import DESK, PATROL, Hall, choose_place, smoke
from harness.compound import ROOT
from harness.publisher import says
from shouwang.domain.duty import PostHolder
from shouwang.domain.escalation import Milestone, Step
from shouwang.domain.incident import Incident, Outcome, is_live
from shouwang.domain.vocabulary import PersonId

from .test_photos import photo

pytestmark = [pytest.mark.servers, pytest.mark.timeout(150)]

TOWER = f"{ROOT}/b5"
VISIT = Step(after="6h", when=Milestone.RESOLVED, unless=Milestone.FOLLOWED_UP, tell=["post:patrol"])


@pytest.fixture
def visited(hall: Hall) -> Iterator[Hall]:
    """A hall whose policy asks for a visit after the end."""
    before = next(one for one in hall.works.directory.community().policies if one.id == "both")
    hall.works.directory.change([msgspec.structs.replace(before, steps=[*before.steps, VISIT])])
    yield hall
    hall.works.directory.change([before])


def going_on(hall: Hall, tower: str) -> list[Incident]:
    return [one for one in hall.works.incidents() if is_live(one.state) and f"{one.place}/".startswith(f"{tower}/")]


def reported(page: Page, kind: str, where: str, note: str = "") -> None:
    page.check(f"dialog [name=kind][value={kind}]", force=True)
    choose_place(page, "dialog [name=place]", where)
    page.fill("dialog [name=note]", note)
    page.click("dialog button[type=submit]")


def test_a_report_by_hand_tells_people_and_is_visited_and_reviewed_before_it_is_closed(visited: Hall) -> None:
    hall = visited
    desk, phone = hall.page(), hall.page("/duty", user=PATROL, size="phone", theme="light")
    expect(desk.locator(".calm")).to_be_visible()
    desk.keyboard.press("p")
    desk.wait_for_selector("dialog[open]")
    assert violations(desk) == []
    reported(desk, "emergency", "5-1-201", "跌倒在厨房")
    expect(desk.locator("#said")).to_contain_text("已报警")
    expect(desk.locator("h1.where")).to_have_text("5号楼 1单元 201")
    expect(phone.locator(".case h1")).to_have_text("5号楼 1单元 201")

    desk.click("[data-act=more]")
    desk.click("[data-act=report]")
    choose_place(desk, "dialog [name=place]", "5-1-201")
    expect(desk.locator(".going li")).to_contain_text("5号楼 1单元 201")
    reported(desk, "emergency", "5-1-201", "又打来一次")
    expect(desk.locator("#said")).to_contain_text("已并入")
    (one,) = going_on(hall, TOWER)

    for key in ("a", "v", "1", "Enter", "r", "Enter"):
        desk.keyboard.press(key)
        desk.wait_for_timeout(250)
    expect(desk.locator(".hero.over .band")).to_contain_text("真警")
    desk.keyboard.press("x")
    expect(desk.locator("dialog[open]")).to_contain_text("待回访")
    expect(desk.locator("dialog[open]")).to_contain_text("待复核")
    desk.click("dialog [data-act=follow-up]")
    desk.check("dialog [name=result][value=not_reached]", force=True)
    desk.click("dialog button[type=submit]")
    expect(desk.locator("#said")).to_contain_text("仍待回访")

    desk.goto(f"{hall.url}/cases?owed=follow_up")
    row = desk.locator("tr", has_text="5号楼 1单元 201")
    expect(row).to_contain_text("待回访")
    assert violations(desk) == []
    row.locator("a").click()
    expect(desk.locator(".owed")).to_contain_text("你自己办结的")
    expect(desk.locator(".owed [data-act=review]")).to_be_disabled()
    desk.click(".owed [data-act=follow-up]")
    desk.check("dialog [name=result][value=well]", force=True)
    desk.fill("dialog [name=note]", "在家，平安")
    desk.click("dialog button[type=submit]")
    expect(desk.locator(".record")).to_contain_text("平安")

    chief = hall.page(f"/cases/{one.id}", user="chief", language="en")
    chief.click(".owed [data-act=review]")
    chief.fill("dialog [name=note]", "quick, and the family was called")
    assert violations(chief) == []
    chief.click("dialog button[type=submit]")
    expect(chief.locator(".owed")).to_contain_text("Nothing is owed")
    chief.click("[data-act=close]")
    expect(chief.locator(".record")).to_contain_text("Review")
    hall.works.until(lambda: str(hall.works.board.incident(one.id).state) == "closed", "the case is closed")  # type: ignore[union-attr]
    desk.goto(f"{hall.url}/cases?owed=review")
    expect(desk.locator("tr", has_text="5号楼 1单元 201")).to_have_count(0)


def test_two_cases_are_merged_and_one_is_split_with_a_word_on_who_hears_of_it(hall: Hall) -> None:
    desk = hall.page(size="small", theme="light")
    says(hall.works.broker_port, smoke(6, 1, "101"), smoke(6, 2, "602"))
    hall.works.until(lambda: len(going_on(hall, f"{ROOT}/b6")) == 2, "two cases")
    kept, other = sorted(going_on(hall, f"{ROOT}/b6"), key=lambda one: one.place)
    desk.goto(f"{hall.url}/cases/{other.id}")
    desk.click(".owed [data-act=merge]")
    expect(desk.locator(".picks label").first).to_contain_text("同一楼栋")
    expect(desk.locator(".tells")).to_contain_text("2 人")
    assert violations(desk) == []
    desk.check(f".picks [value='{kept.id}']")
    desk.click("dialog button[type=submit]")
    desk.wait_for_url(f"**/cases/{kept.id}")
    expect(desk.locator(".record")).to_contain_text("并入了")

    desk.click(".owed [data-act=split]")
    desk.locator(".picks label", has_text="602").locator("input").check()
    assert violations(desk) == []
    desk.click("dialog button[type=submit]")
    expect(desk.locator("h1.where")).to_have_text("6号楼 2单元 602")
    expect(desk.locator(".record")).to_contain_text("拆分自")
    assert len(going_on(hall, f"{ROOT}/b6")) == 2


def test_a_home_is_entered_before_two_witnesses_and_its_photos_are_looked_at(hall: Hall, tmp_path: Path) -> None:
    says(hall.works.broker_port, smoke(7, 1, "301"))
    hall.works.until(lambda: bool(going_on(hall, f"{ROOT}/b7")), "the case")
    (one,) = going_on(hall, f"{ROOT}/b7")
    hall.works.directory.change([PostHolder(place=ROOT, post="property_manager", person=PersonId(PATROL))])
    desk = hall.page(f"/cases/{one.id}")
    desk.click(".owed [data-act=entry]")
    desk.check("dialog [name=how][value=force]", force=True)
    desk.fill("dialog [name=reason]", "浓烟，无人应答")
    desk.click("[data-turn=authorised]")
    desk.fill("dialog [name=authorised]", "值班长 张某（示例）")
    choose_place(desk, "dialog [name=witness-1]", PATROL)
    desk.click("[data-turn='witness-2']")
    desk.fill("dialog [name='witness-2']", "楼栋长（示例）")
    assert violations(desk) == []
    desk.click("dialog button[type=submit]")
    expect(desk.locator(".record")).to_contain_text("破门")
    expect(desk.locator(".record")).to_contain_text("楼栋长（示例）")

    desk.set_input_files(".files input[type=file]", photo(tmp_path / "kitchen.png", 40))
    expect(desk.locator(".files li")).to_contain_text("kitchen.png")
    desk.click(".files .small-photo")
    expect(desk.locator("dialog img.shot")).to_be_visible()
    assert desk.evaluate("document.querySelector('dialog img.shot').naturalWidth") == 1600
    assert violations(desk) == []
    desk.keyboard.press("Escape")
    pdf = tmp_path / "report.pdf"
    pdf.write_bytes(b"%PDF-1.4\n%%EOF\n")
    desk.set_input_files(".files input[type=file]", pdf)
    expect(desk.locator(".files li")).to_have_count(2)
    with desk.expect_download() as saved:
        desk.locator(".files li", has_text="report.pdf").locator("button.small").click()
    assert saved.value.suggested_filename == "report.pdf"
    assert Path(saved.value.path()).read_bytes() == pdf.read_bytes()
    assert DESK in desk.locator(".files li").first.inner_text()


def test_a_guard_reports_from_the_phone_and_a_report_that_reached_nobody_says_so(hall: Hall) -> None:
    phone = hall.page("/duty", user=PATROL, size="phone", theme="light", language="en")
    phone.click("[data-act=report]")
    phone.check("dialog [name=kind][value=lift]", force=True)
    choose_place(phone, "dialog [name=place]", "8-1")
    assert violations(phone) == []
    phone.context.set_offline(True)
    phone.click("dialog button[type=submit]")
    expect(phone.locator("dialog [role=alert]")).to_contain_text("nobody has heard of it")
    phone.context.set_offline(False)
    phone.click("dialog button[type=submit]")
    expect(phone.locator(".case h1")).to_contain_text("8号楼 1单元")
    expect(phone.locator(".case .top")).to_contain_text("People trapped in a lift")


def test_the_report_of_responses_is_of_all_cases_by_what_one_asks_and_saved_as_a_sheet(hall: Hall) -> None:
    says(hall.works.broker_port, smoke(4, 2, "401"))
    hall.works.until(lambda: bool(going_on(hall, f"{ROOT}/b4")), "the case")
    (one,) = going_on(hall, f"{ROOT}/b4")
    hall.works.respond.acknowledge(one.id, actor=DESK)
    hall.works.respond.resolve(one.id, actor=DESK, outcome=Outcome.FALSE_ALARM, cause="cooking", note="")
    page = hall.page("/reports", size="small", theme="light")
    expect(page.locator(".response tbody tr").first).to_contain_text("全小区")
    page.click("[data-by=post]")
    expect(page.locator(".response tbody tr", has_text="消控室值班员")).to_have_count(1)
    page.click("[data-by=class]")
    row = page.locator(".response tbody tr", has_text="火警")
    expect(row.locator("td").nth(8)).not_to_have_text("")
    assert violations(page) == []
    with page.expect_download() as saved:
        page.click("[data-save=csv]")
    assert saved.value.suggested_filename.endswith(".csv")
    assert "class,fire," in Path(saved.value.path()).read_text(encoding="utf-8-sig")
