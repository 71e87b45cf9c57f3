"""A rule written in a real browser: a mistake seen at its line, mended, tried on a time axis, kept."""

import re

import pytest
from playwright.sync_api import expect

from harness.axe import violations
from harness.browser import Hall

pytestmark = [pytest.mark.servers, pytest.mark.timeout(200)]

WRONG = (
    "rule: boiler-tried\nseverity: hig\ntitle: {zh: 锅炉过热, en: boiler too hot}\n"
    "when: {above: {metric: temperature, value: 80, for: 10s}}\n"
)
SLOW = 30_000
"""Milliseconds: the process that tries rules begins with the first letter."""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_rule_is_written_mended_tried_and_kept(hall: Hall, theme: str) -> None:
    id = f"boiler-{theme}"
    wrong = WRONG.replace("boiler-tried", id)
    page = hall.page("/rules/new", user="chief", size="small", theme=theme)
    page.fill("[name=rule]", wrong)
    expect(page.locator(".gutter .wrong")).to_have_text("2", timeout=SLOW)
    expect(page.locator(".trial .run")).to_be_disabled()
    assert violations(page) == []
    page.fill("[name=rule]", wrong.replace("hig\n", "high\n"))
    expect(page.locator(".checked.good")).to_be_visible(timeout=SLOW)
    page.fill("[name=timeline]", "0s temperature=70\n20s temperature=85\n3m temperature=60\n")
    page.click(".trial .run")
    rows = page.locator(".transitions tbody tr")
    expect(rows).to_have_count(2, timeout=SLOW)
    expect(rows.nth(0)).to_contain_text("30s")
    expect(rows.nth(1)).to_contain_text("3m")
    expect(page.locator(".lane.alarms i")).to_have_count(1)
    assert violations(page) == []
    page.click(".editor .go")
    expect(page).to_have_url(f"{hall.url}/rules", timeout=SLOW)
    page.goto(f"{hall.url}/rules/{id}")
    expect(page.locator(".backtest .run")).to_be_enabled(timeout=SLOW)
    assert violations(page) == []


def test_a_shipped_rule_is_read_by_an_operator_and_is_its_own_first_draft_for_an_administrator(hall: Hall) -> None:
    reader = hall.page("/rules/temperature-fire")
    expect(reader.locator(".code.still pre")).to_contain_text("rule: temperature-fire")
    expect(reader.locator(".rule-facts")).to_contain_text("57 °C")
    expect(reader.locator("textarea[name=rule]")).to_have_count(0)
    writer = hall.page("/rules/temperature-fire", user="chief")
    expect(writer.locator("[name=rule]")).to_have_value(re.compile("rule: temperature-fire"))
    expect(writer.locator(".editor .go")).to_be_disabled()
    writer.locator("[name=rule]").press_sequentially(" ")
    expect(writer.locator(".editor .go")).to_be_enabled()


def test_a_backtest_runs_while_one_leaves_and_says_what_it_found(hall: Hall) -> None:
    page = hall.page("/rules/smoke", user="chief", size="small")
    expect(page.locator(".backtest .run")).to_be_enabled(timeout=SLOW)
    page.select_option(".backtest select", "7")
    page.click(".backtest .run")
    expect(page.locator(".backtest [role=status] b").first).to_be_visible()
    page.goto(f"{hall.url}/rules")
    page.wait_for_selector(".grid a")
    page.goto(f"{hall.url}/rules/smoke")
    expect(page.locator(".backtest .verdict")).to_be_visible(timeout=SLOW)
    expect(page.locator(".backtest [role=status]")).to_contain_text("回测完成")
    assert violations(page) == []
