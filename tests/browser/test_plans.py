"""平面图 in a real browser: a picture uploaded, devices put on it by drag, click and keyboard, an alarm seen there."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from harness.browser import AXE, Hall, smoke
from harness.compound import ROOT
from harness.publisher import says
from shouwang.store.plans import SqlPlans

pytestmark = [pytest.mark.servers, pytest.mark.timeout(150)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLOOR = Path(__file__).parents[2] / "services/shouwang/registry/demo-floor.svg"


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: Any = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found["violations"]]


def spot(hall: Hall, place: str, device: str) -> tuple[float, float] | None:
    found = next((one for one in SqlPlans(hall.works.database).spots(place) if one.device == device), None)
    return (found.x, found.y) if found is not None else None


def drawn(hall: Hall, place: str, *, theme: str = "dark") -> Page:
    """The page of a place's plan, its picture just uploaded."""
    page = hall.page(f"/plans/{place}", user="chief", size="small", theme=theme)
    page.set_input_files("input[type=file]", FLOOR)
    expect(page.locator(".plan-sheet img")).to_be_visible()
    return page


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_device_is_dragged_onto_the_plan_and_its_alarm_shows_there(hall: Hall) -> None:
    place = f"{ROOT}/b4/u1/f3"
    page = drawn(hall, place)
    page.mouse.move(*middle(page, "[data-device='smoke-4-1-301']"))
    page.mouse.down()
    page.mouse.move(*middle(page, ".plan-sheet"), steps=6)
    with page.expect_response("**/plan/devices/smoke-4-1-301"):
        page.mouse.up()
    at = spot(hall, place, "smoke-4-1-301")
    assert at is not None and abs(at[0] - 0.5) < 0.02 and abs(at[1] - 0.5) < 0.02
    page.locator("#spot-smoke-4-1-301").drag_to(page.locator(".plan-sheet"), target_position={"x": 60, "y": 60})
    expect(page.locator("aside")).to_contain_text("距左")
    page.reload()
    expect(page.locator(".spot")).to_have_count(1)
    moved = spot(hall, place, "smoke-4-1-301")
    assert moved is not None and moved[0] < 0.2 and moved[1] < 0.2

    room = hall.page()
    says(hall.works.broker_port, smoke(4, 1, "301"), smoke(4, 1, "302"))
    mark = room.locator(".plan-panel .spot-alarm[data-device='smoke-4-1-301']")
    expect(mark).to_contain_text("火警")
    expect(mark.locator("b")).to_have_text("1")
    expect(room.locator(".plan-panel .legend")).to_contain_text("302")
    expect(room.locator(".hero")).to_be_visible()
    for name in (".hero", ".building", ".plan-panel"):
        assert room.locator(name).evaluate("e => e.getBoundingClientRect().bottom <= innerHeight"), name


def test_a_device_is_placed_by_keyboard_and_by_click_alone(hall: Hall) -> None:
    place = f"{ROOT}/b5/u1/f2"
    page = drawn(hall, place)
    page.locator("[data-device='smoke-5-1-201']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#spot-smoke-5-1-201")).to_be_focused()
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowDown"):
        page.keyboard.press(key)
    with page.expect_response("**/plan/devices/smoke-5-1-201"):
        pass
    assert spot(hall, place, "smoke-5-1-201") == (0.48, 0.55)

    page.click("[data-device='smoke-5-1-202']")
    with page.expect_response("**/plan/devices/smoke-5-1-202"):
        page.locator(".plan-sheet").click(position={"x": 40, "y": 200})
    placed = spot(hall, place, "smoke-5-1-202")
    assert placed is not None and placed[0] < 0.15

    page.locator("#spot-smoke-5-1-201").focus()
    with page.expect_response("**/plan/devices/smoke-5-1-201"):
        page.keyboard.press("Delete")
    expect(page.locator(".spot")).to_have_count(1)
    assert spot(hall, place, "smoke-5-1-201") is None


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_pages_of_plans_shut_nobody_out(hall: Hall, theme: str) -> None:
    building = 6 if theme == "dark" else 7
    page = drawn(hall, f"{ROOT}/b{building}", theme=theme)
    page.locator(f"[data-device='smoke-{building}-1-101']").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".spot")).to_have_count(1)
    assert violations(page) == []
    page.goto(f"{hall.url}/plans")
    expect(page.locator(".grid tbody tr").first).to_be_visible()
    assert violations(page) == []
    page.click("header button.grow")
    page.wait_for_selector("dialog[open]")
    assert violations(page) == []
    page.goto(f"{hall.url}/plans/{ROOT}/b8")
    expect(page.locator(".blank h2")).to_be_visible()
    assert violations(page) == []
    says(hall.works.broker_port, smoke(building, 1, "101"))
    page.goto(hall.url)
    page.click(".plan-panel .fold[aria-expanded=false]")
    expect(page.locator(".spot-alarm")).to_be_visible()
    assert violations(page) == []
