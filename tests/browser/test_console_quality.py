"""What the console promises on every page: nothing that shuts anybody out, little to load, quick in a storm."""

import gzip
import json
import re

import pytest
from playwright.sync_api import Page, expect

from harness.axe import AXE, violations
from harness.browser import CONSOLE, PATROL, Hall, smoke
from harness.compound import ROOT
from harness.publisher import says

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

FIRST_LOAD = 350_000
"""Bytes of gzipped script for the control room."""

ROUTES = AXE.parents[2] / "src/routes.ts"

EXAMPLES = {
    "/cases/:id": "",  # the first case of the list
    "/plans/:place(.*)": f"/plans/{ROOT}",
    "/devices/:id(.*)": "/devices/smoke-3-1-101",
    "/rules/:id": "/rules/smoke",
    "/:rest(.*)*": "/nowhere",
}
"""A page of each route that wants to know which one."""

ON_PHONES = {"/duty": PATROL, "/install": "fitter"}
"""Pages that are made for a phone, and who opens them."""

ALSO_NARROW = ("/", "/cases", "/devices", "/fleet", "/people", "/rules", "/records", "/access", "/watch")
"""Pages of the desk that people open on a phone too."""

CLOSED_TO_OPERATORS = ("/access", "/access?tab=settings", "/import", "/rules/new", "/rules/smoke")
"""What they see instead has to be readable as well."""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_page_shuts_anybody_out(hall: Hall, theme: str) -> None:
    building = 10 if theme == "dark" else 11
    page = hall.page(theme=theme, size="small")
    expect(page.locator(".calm")).to_be_visible()
    assert violations(page) == [], "calm"
    says(hall.works.broker_port, smoke(building, 1, "101"), smoke(building, 2, "602"), ("shouwang/v1/devices/x", b"{"))
    expect(page.locator(".queue")).to_contain_text("号楼")
    found: dict[str, list[str]] = {}
    page.goto(hall.url)
    page.wait_for_selector(".hero")
    page.keyboard.press("a")  # nobody hands over what nobody has taken
    expect(page.locator("[data-act=handover]")).to_be_visible()
    for key in ("v", "r", "t", "l", "o", "c", "h", "?"):
        page.keyboard.press(key)
        page.wait_for_selector("dialog[open]")
        found.update({key: problems} if (problems := violations(page)) else {})
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
    assert found == {}


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.timeout(900)
def test_no_page_of_the_router_shuts_anybody_out(hall: Hall, theme: str) -> None:
    building = 8 if theme == "dark" else 9
    page = hall.page(user="chief", theme=theme, size="small")
    says(hall.works.broker_port, smoke(building, 1, "101"), ("shouwang/v1/devices/x", b"{"))
    expect(page.locator(".hero")).to_contain_text(f"{building}号楼")
    case = hall.works.incidents()[0].id
    paths = routes()
    assert {path for path in paths if ":" in path} == EXAMPLES.keys(), "each route that names something has an example"
    found: dict[str, list[str]] = {}
    for path in paths:
        if path in ON_PHONES:
            continue
        found |= _visited(hall, page, f"/cases/{case}" if path == "/cases/:id" else EXAMPLES.get(path, path))
    operator = hall.page(theme=theme, size="small")
    for path in CLOSED_TO_OPERATORS:
        found |= _visited(hall, operator, path, "operator ", tabs=False)
    for path, user in ON_PHONES.items():
        found |= _visited(hall, hall.page(path, user=user, size="phone", theme=theme), path, "phone ")
    narrow = hall.page(user="chief", size="phone", theme=theme)
    for path in ALSO_NARROW:
        found |= _visited(hall, narrow, path, "narrow ", tabs=False)
        assert narrow.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
    assert found == {}


def routes() -> list[str]:
    """The path of every page of the console's router, as it is written there."""
    found = re.findall(r'\{ path: "([^"]+)", component', ROUTES.read_text(encoding="utf-8"))
    assert len(found) > 15, "the router is read"
    return found


def _visited(hall: Hall, page: Page, path: str, who: str = "", *, tabs: bool = True) -> dict[str, list[str]]:
    """What is wrong with a page, and with each of its tabs."""
    page.goto(hall.url + path)
    page.wait_for_selector("main h1, main.page, .hero")
    expect(page.locator(".bone")).to_have_count(0)
    found = {f"{who}{path}": problems} if (problems := violations(page)) else {}
    names = [
        each.removeprefix("tab-") for each in page.eval_on_selector_all("[role=tab]", "all => all.map(one => one.id)")
    ]
    for name in names[1:] if tabs and "?" not in path else ():
        found |= _visited(hall, page, f"{path}?tab={name}", who)
    return found


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
