"""Rosters in a real browser: a shift is dragged with the mouse, the same is done by keyboard, both are taken back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from harness.axe import violations
from harness.browser import DESK, PATROL, Hall
from harness.servers import wait_until
from shouwang.domain.duty import Certificate, Contact, Group, Person
from shouwang.domain.escalation import Policy, Step
from shouwang.domain.journal import Entry
from shouwang.domain.patrol import Patrol, Point
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.vocabulary import PersonId
from shouwang.store.journal import SqlJournal

pytestmark = [pytest.mark.servers, pytest.mark.timeout(150)]

DAY, NIGHT = "8", "20"
LI = PersonId("li")


@pytest.fixture
def hall_with_roster(hall: Hall) -> Iterator[Hall]:
    hall.works.register(
        [
            Person(id=LI, name="李某", channels=[Contact(kind="console", verified=True)], certificates=[Certificate()]),
            Roster(
                id="gate",
                zone="whole",
                post="patrol",
                shifts=[
                    Shift(start="08:00", end="20:00", people=[PersonId(PATROL)]),
                    Shift(start="20:00", end="08:00", people=[LI]),
                ],
            ),
        ]
    )
    yield hall
    hall.works.directory.change([], [("roster", "gate"), ("person", LI)])


def next_week(hall: Hall, **how: str) -> Page:
    page = hall.page("/watch?tab=rosters&roster=gate", size="desk", **how)  # type: ignore[arg-type]
    expect(page.locator(".sheet tbody tr")).not_to_have_count(0)
    page.get_by_role("button", name="后一段" if how.get("language") != "en" else "Later").click()
    expect(page.locator(".sheet thead .is-today")).to_have_count(0)
    return page


def slot(page: Page, row: int, day: int) -> Locator:
    return page.locator(f'[data-at="{row}:{day}"]')


def drag(page: Page, chip: Locator, to: Locator) -> None:
    start, end = chip.bounding_box(), to.bounding_box()
    assert start and end
    page.mouse.move(start["x"] + 20, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 40, steps=4)
    expect(page.locator(".ghost")).to_be_visible()
    page.mouse.move(end["x"] + 20, end["y"] + 12, steps=6)
    page.mouse.up()


def test_a_shift_is_dragged_weighed_kept_and_taken_back(hall_with_roster: Hall) -> None:
    page = next_week(hall_with_roster)
    drag(page, slot(page, 1, 5).locator(".who"), slot(page, 0, 2).locator(".who"))
    expect(page.locator("dialog .arrow")).to_contain_text("20:00")
    page.locator("dialog label", has_text="移到那一班").click()
    expect(page.locator("dialog .opens")).to_contain_text("班次无人")
    page.click("dialog .go")
    expect(slot(page, 1, 5).locator(".hole")).to_contain_text("无人")
    expect(slot(page, 0, 2).locator(".who")).to_have_count(2)
    page.locator(".undo").click()
    expect(slot(page, 1, 5).locator(".who")).to_contain_text("李某")
    expect(slot(page, 0, 2).locator(".who")).to_have_count(1)


def test_the_same_is_done_by_keyboard_alone(hall_with_roster: Hall) -> None:
    page = next_week(hall_with_roster)
    slot(page, 1, 5).locator(".who").focus()
    page.keyboard.press("Space")
    expect(page.locator(".holding")).to_contain_text("李某")
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("dialog .arrow")).to_contain_text("08:00")
    page.keyboard.press("ArrowRight")  # from an exchange to standing in
    expect(page.locator("dialog .weighed")).to_contain_text(f"{PATROL} 走 → 李某 来")
    expect(page.locator("dialog .go")).to_be_enabled()
    page.keyboard.press("Enter")
    expect(slot(page, 0, 2).locator(".who.stands_in")).to_contain_text("李某")
    expect(slot(page, 0, 2).locator(".gone")).to_contain_text("已被替")
    page.keyboard.press("Control+z")
    expect(slot(page, 0, 2).locator(".who.planned")).to_contain_text(PATROL)


def test_one_press_opens_every_choice_and_leave_shows(hall_with_roster: Hall) -> None:
    page = next_week(hall_with_roster)
    slot(page, 1, 3).locator(".who").click()
    page.locator("dialog label", has_text="请假").click()
    page.click("dialog .go")
    expect(slot(page, 1, 3).locator(".gone.away")).to_contain_text("请假")
    expect(page.locator(".away-chip").first).to_contain_text("李某")
    slot(page, 1, 3).locator(".add").click()
    page.select_option("dialog [name=whom]", DESK)
    page.click("dialog .go")
    expect(slot(page, 1, 3).locator(".who.added")).to_contain_text(DESK)
    page.locator(".undo").click()
    expect(slot(page, 1, 3).locator(".who")).to_have_count(0)
    page.locator(".undo").click()
    expect(slot(page, 1, 3).locator(".who")).to_have_count(1)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_sheet_and_its_choices_shut_nobody_out(hall_with_roster: Hall, theme: str) -> None:
    page = next_week(hall_with_roster, theme=theme)
    assert violations(page) == []
    slot(page, 1, 5).locator(".who").click()
    page.locator("dialog label", has_text="撤下").click()
    expect(page.locator("dialog .opens")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_shifts_themselves_are_changed_weighed_and_taken_back(hall_with_roster: Hall, theme: str) -> None:
    page = next_week(hall_with_roster, theme=theme)
    page.get_by_role("button", name="改名与班次").click()
    page.get_by_role("button", name="删除这一班").last.click()
    expect(page.locator("dialog .opens")).to_contain_text("班次无人")
    page.get_by_role("button", name="＋ 加一班").click()
    page.fill("dialog [name=from-1]", "20:00")
    page.fill("dialog [name=to-1]", "08:00")
    page.select_option("dialog [name=people-1]", DESK)
    page.locator("dialog fieldset").last.get_by_role("button", name="周三").click()
    expect(page.locator("dialog .weighed .opens")).to_be_visible()
    page.locator("dialog fieldset").last.get_by_role("button", name="周三").click()
    expect(page.locator("dialog .go")).to_be_enabled()
    assert violations(page) == []
    page.click("dialog .go")
    expect(slot(page, 1, 5).locator(".who")).to_contain_text(DESK)
    page.locator(".undo").click()
    expect(slot(page, 1, 5).locator(".who")).to_contain_text("李某")


def test_a_roster_is_made_filled_renamed_and_deleted(hall_with_roster: Hall) -> None:
    page = hall_with_roster.page("/watch?tab=rosters&roster=gate", size="desk")
    page.get_by_role("button", name="新建值班表").click()
    expect(page.locator("dialog [name=roster-name]")).to_be_focused()
    page.keyboard.type("东门岗")
    page.select_option("dialog [name=post]", "patrol")
    page.select_option("dialog [name=zone]", "whole")
    expect(page.locator("dialog [name=roster-id]")).to_have_value("whole-patrol")
    page.fill("dialog [name=roster-id]", "gate")
    expect(page.locator("#wrong-id")).to_contain_text("已有这个编号")
    page.fill("dialog [name=roster-id]", "east")
    page.fill("dialog [name=timezone]", "Mars/Olympus")
    expect(page.locator("#wrong-timezone")).to_contain_text("没有这个时区")
    expect(page.locator("dialog .go")).to_be_disabled()
    assert violations(page) == []
    page.fill("dialog [name=timezone]", "")
    page.locator("dialog label", has_text="三班 8 小时").click()
    expect(page.locator("dialog .weighed .opens")).to_contain_text("班次无人")
    page.locator("dialog [name=roster-id]").press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("[name=roster]")).to_have_value("east")
    expect(page.locator(".sheet tbody th[scope=row]", has_text=":00–")).to_have_count(3)

    page.get_by_role("button", name="后一段").click()
    expect(page.locator(".sheet thead .is-today")).to_have_count(0)
    drag(page, page.locator('[data-bench="li"]'), slot(page, 1, 2))
    page.locator("dialog label", has_text="每次这一班").click()
    page.click("dialog .go")
    for day in (0, 2, 6):
        expect(slot(page, 1, day).locator(".who")).to_contain_text("李某")
    page.locator(f'[data-bench="{PATROL}"]').click()
    page.locator("dialog label", has_text="只加这一次").click()
    page.locator("dialog [name=cell] option", has_text="周六").nth(0).wait_for(state="attached")
    page.select_option("dialog [name=cell]", index=1)
    page.click("dialog .go")
    expect(page.locator(".sheet .who.added")).to_contain_text(PATROL)
    page.locator(".undo").click()
    expect(page.locator(".sheet .who.added")).to_have_count(0)

    page.get_by_role("button", name="改名与班次").click()
    page.fill("dialog [name=roster-name]", "北门岗")
    page.click("dialog .go")
    expect(page.locator("[name=roster] option:checked")).to_have_text("北门岗")
    expect(slot(page, 1, 2).locator(".who")).to_contain_text("李某")

    page.get_by_role("button", name="删除").click()
    expect(page.locator("dialog")).to_contain_text("不再经这张表通知： 李某")
    expect(page.locator("dialog .go")).to_be_enabled()
    assert violations(page) == []
    page.click("dialog .go")
    expect(page.locator("[name=roster] option")).to_have_count(1)
    assert "east" not in hall_with_roster.works.directory.community().rosters


def test_policies_name_rosters_groups_and_people_as_people_do(hall_with_roster: Hall) -> None:
    works = hall_with_roster.works
    told = ["roster:gate", "group:volunteers", f"person:{LI}", "any:post:engineer|trinity"]
    works.register([Group(id="volunteers", name="志愿者队", members=[LI]), Policy(id="named", steps=[Step(tell=told)])])
    page = hall_with_roster.page("/watch?tab=policies", size="desk")
    step = page.locator(".roster", has_text="named").locator(".ladder b").nth(1)
    expect(step).to_have_text(
        "值班表 秩序维护员 · 全小区、小组 志愿者队、李某、工程维修，无人则支部书记、业委会主任、物业经理"
    )
    works.directory.change([], [("policy", "named"), ("group", "volunteers")])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_answers_for_a_zone_is_changed_and_taken_back(hall_with_roster: Hall, language: str) -> None:
    page = hall_with_roster.page("/watch?tab=zones2", size="desk", language=language)
    zone = page.locator('[data-zone="whole"]')
    zone.get_by_role("button", name="修改人员" if language == "zh" else "Change people").click()
    page.select_option("dialog [name=members]", LI)
    expect(page.locator("dialog .go")).to_be_enabled()
    assert violations(page) == []
    page.click("dialog .go")
    expect(zone.locator(".people").first).to_contain_text("李某")
    page.locator(".undo").click()
    expect(zone.locator(".people").first).not_to_contain_text("李某")


def test_a_patrol_point_is_scanned_on_the_phone_by_its_code(hall_with_roster: Hall) -> None:
    works = hall_with_roster.works
    place = next(iter(works.directory.community().places))
    points = [Point(tag="XF-02", place=place, name="消防泵房", look="阀门常开，压力正常")]
    works.register([Patrol(id="daily", name="日巡", points=points, rounds=[Shift(start="00:00", end="24:00")])])
    journal = SqlJournal(works.database)
    before = journal.last()
    page = hall_with_roster.page("/duty", size="phone")
    page.get_by_role("button", name="巡查打卡").click()
    page.fill("dialog [name=tag]", "XF-02")
    expect(page.locator("dialog .know-point")).to_contain_text("阀门常开")
    page.locator("dialog label", has_text="发现问题").click()
    page.fill("dialog [name=note]", "阀门渗漏")
    assert violations(page) == []
    page.click("dialog .go")
    expect(page.locator("dialog")).to_have_count(0)

    def scans() -> list[Entry]:
        return [one for one in journal.since(before, 5000) if one.kind == "patrol.scanned"]

    wait_until(lambda: bool(scans()), "the patrol's scan")  # the dialog closes when the queue of the phone holds it
    (scanned,) = scans()
    assert (scanned.body["tag"], scanned.body["finding"], scanned.body["note"]) == ("XF-02", "problem", "阀门渗漏")
    works.directory.change([], [("patrol", "daily")])
