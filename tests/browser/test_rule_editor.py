"""A rule written in a real browser: a mistake seen at its line, mended, tried on a time axis, kept."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from harness.browser import AXE, Hall

pytestmark = [pytest.mark.servers, pytest.mark.timeout(200)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WRONG = (
    "rule: boiler-tried\nseverity: hig\ntitle: {zh: 锅炉过热, en: boiler too hot}\n"
    "when: {above: {metric: temperature, value: 80, for: 10s}}\n"
)
SLOW = 30_000
"""Milliseconds: the process that tries rules begins with the first letter."""


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: Any = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found["violations"]]


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
