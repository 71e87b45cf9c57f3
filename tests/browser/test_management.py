"""Management in a real browser: rules written and asked, coverage, who is told, silences and drills."""

import re

import pytest
from playwright.sync_api import expect

from harness.browser import DESK, Hall, choose_place, smoke
from harness.publisher import says

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

WRONG = "rule: boiler-hot\nseverity: hig\nwhen: {above: {metric: temperature, value: 80}}\n"


def test_a_rule_with_a_mistake_is_refused_at_its_line(hall: Hall) -> None:
    page = hall.page("/rules/new", user="chief", size="small")
    page.fill("[name=rule]", WRONG)
    page.click(".editor .go")
    expect(page.locator(".mistakes")).to_contain_text("severity")
    expect(page.locator(".gutter .wrong")).to_have_text("2")
    page.click(".mistakes button")
    assert page.evaluate("document.activeElement.name") == "rule"


def test_a_device_says_why_it_does_not_fire(hall: Hall) -> None:
    page = hall.page("/devices/smoke-9-1-602", size="small")
    says(hall.works.broker_port, (smoke(9, 1, "602")[0], b'{"smoke": false, "battery": 90, "linkquality": 80}'))
    page.locator("[name=explain]").select_option("smoke")
    page.click(".explain button")
    expect(page.locator(".explain article")).to_contain_text("烟雾")
    expect(page.locator(".explain article")).to_contain_text(DESK)
    page.fill("[name=explain-at]", page.evaluate("new Date(Date.now() - 6e4).toISOString().slice(0, 19)"))
    expect(page.locator(".explain")).to_contain_text(re.compile("由存储的读数按测量时间重演|当时没有这条规则"))


def test_coverage_shows_30_days_and_who_is_told_at_a_place(hall: Hall) -> None:
    page = hall.page("/watch?tab=coverage", size="small")
    expect(page.locator(".days li")).to_have_count(30)
    page.locator(".days button").nth(7).click()
    expect(page.locator(".days [aria-pressed=true]")).to_have_count(1)
    page.click("#tab-told")
    expect(page.locator(".called").first).to_contain_text(DESK)


def test_a_place_is_found_by_typing_and_chosen_with_the_keyboard(hall: Hall) -> None:
    page = hall.page("/watch?tab=told", size="small")
    field = page.locator("[name=told-place]")
    expect(field).to_have_attribute("data-place", re.compile("/b10/u1/f1/101$"))
    field.focus()
    page.keyboard.type("9-2-60")
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("9号楼 2单元 602")
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("no such place")
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option")).to_have_text("没有这样的位置")
    page.keyboard.press("Escape")
    expect(field).to_have_value("9号楼 2单元 602")


def test_a_silence_is_begun_with_a_reason_and_ended(hall: Hall) -> None:
    page = hall.page("/watch?tab=holds", size="small")
    page.click("button.go")
    choose_place(page, "dialog [name=place]", "9号楼")
    page.fill("dialog [name=why]", "更换电池")
    page.click("dialog button.go")
    expect(page.locator(".grid tbody")).to_contain_text("更换电池")
    page.click(".grid tbody button")
    expect(page.locator(".grid tbody")).to_have_count(0)


def test_a_drill_has_a_scorecard_and_can_be_ended(hall: Hall) -> None:
    page = hall.page("/watch?tab=drills", size="small")
    page.locator("[name=zone]").select_option("whole")
    page.click("form .go")
    expect(page.locator(".score .facts")).to_contain_text("未应答")
    page.click(".score h2 button")
    expect(page.locator(".score h2 small")).to_contain_text("已结束")
