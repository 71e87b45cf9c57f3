"""What the console promises on every page: nothing that shuts anybody out, little to load, quick in a storm."""

import gzip
import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from harness.browser import AXE, CONSOLE, Hall, smoke
from harness.publisher import says

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

FIRST_LOAD = 350_000
"""Bytes of gzipped script for the control room."""

DESK_PAGES = (
    "/",
    "/wall",
    "/cases",
    "/devices",
    "/devices?tab=discovered",
    "/devices?tab=quarantine",
    "/devices?tab=import",
    "/fleet",
    "/fleet?tab=battery",
    "/fleet?tab=gateway",
    "/fleet?tab=models",
    "/watch",
    "/watch?tab=told",
    "/watch?tab=zones2",
    "/watch?tab=rosters",
    "/watch?tab=people",
    "/watch?tab=policies",
    "/watch?tab=holds",
    "/watch?tab=drills",
    "/people",
    "/people?tab=posts",
    "/people?tab=verify",
    "/access",
    "/rules",
    "/rules/new",
    "/rules/smoke",
    "/reports",
    "/records",
    "/nowhere",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: Any = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found["violations"]]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_page_shuts_anybody_out(hall: Hall, theme: str) -> None:
    building = 10 if theme == "dark" else 11
    page = hall.page(theme=theme, size="small")
    expect(page.locator(".calm")).to_be_visible()
    assert violations(page) == [], "calm"
    says(hall.works.broker_port, smoke(building, 1, "101"), smoke(building, 2, "602"), ("shouwang/v1/devices/x", b"{"))
    expect(page.locator(".queue")).to_contain_text("号楼")
    found = {path: problems for path in DESK_PAGES if (problems := _visit(hall, page, path))}
    page.goto(hall.url)
    page.wait_for_selector(".hero")
    for key in ("v", "r", "t", "c", "h", "?"):
        page.keyboard.press(key)
        page.wait_for_selector("dialog[open]")
        found.update({key: problems} if (problems := violations(page)) else {})
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
    page.goto(f"{hall.url}/cases")
    page.click(".grid a")
    page.wait_for_selector(".timeline li")
    found.update({"case": problems} if (problems := violations(page)) else {})
    page.goto(f"{hall.url}/devices")
    page.click(".grid a")
    page.wait_for_selector(".facts div")
    found.update({"device": problems} if (problems := violations(page)) else {})
    phones = (
        ("/duty", "patrol"),
        ("/install", "fitter"),
        ("/install?tab=today", "fitter"),
        ("/install?tab=building", "fitter"),
    )
    for path, user in phones:
        phone = hall.page(path, user=user, size="phone", theme=theme)
        phone.wait_for_selector("main h1")
        found.update({path: problems} if (problems := violations(phone)) else {})
    assert found == {}


def _visit(hall: Hall, page: Page, path: str) -> list[str]:
    page.goto(hall.url + path)
    page.wait_for_selector("main h1, main.page, .hero")
    expect(page.locator(".bone")).to_have_count(0)
    return violations(page)


def test_the_control_room_loads_little() -> None:
    if not (CONSOLE / "manifest.json").is_file():
        pytest.skip("the console was not built (scripts/console build)")
    manifest = json.loads((CONSOLE / "manifest.json").read_text(encoding="utf-8"))
    wanted, scripts = ["index.html"], set()
    while wanted:
        chunk = manifest[wanted.pop()]
        if chunk["file"] not in scripts:
            scripts.add(chunk["file"])
            wanted += chunk.get("imports", [])
    size = sum(len(gzip.compress((CONSOLE / file).read_bytes())) for file in scripts)
    print(f"first load of the control room: {size / 1000:.0f} kB of gzipped script in {len(scripts)} files")
    assert size <= FIRST_LOAD
    assert not any("echarts" in file for file in scripts), "charts come with the pages that draw them"
