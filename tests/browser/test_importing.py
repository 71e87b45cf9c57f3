"""A community brought as a workbook in a real browser: errors by row, mended, applied; left and found again; zones."""

import io
from collections.abc import Iterator

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from harness.axe import violations
from harness.browser import DESK, PATROL, Hall
from harness.compound import ROOT
from shouwang.domain.duty import Zone
from shouwang.domain.vocabulary import PersonId, PlaceId

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

TOWER = PlaceId(f"{ROOT}/b90")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLOW = 30_000
"""Milliseconds that a process of its own may take to begin, on a machine that runs all of this at once."""


def workbook(kind: str, post_holder: str) -> bytes:
    book = Workbook()
    places = book.create_sheet("位置")
    for row in (["编号", "类型", "名称"], [TOWER, kind, "90号楼"], [f"{TOWER}/u1", "单元", "1单元"]):
        places.append(row)
    posts = book.create_sheet("岗位")
    for row in (["位置", "岗位", "人员"], [TOWER, "building_leader", post_holder]):
        posts.append(row)
    del book["Sheet"]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def choose(page: Page, content: bytes) -> None:
    page.set_input_files("[name=community]", {"name": "小区.xlsx", "mimeType": XLSX, "buffer": content})


@pytest.fixture
def empty_hall(hall: Hall) -> Iterator[Hall]:
    yield hall
    gone = [("place", TOWER), ("place", f"{TOWER}/u1"), ("post", f"{TOWER}|building_leader|{DESK}")]
    hall.works.directory.change([], gone)


def test_errors_are_named_by_sheet_and_row_then_mended_and_applied(empty_hall: Hall) -> None:
    page = empty_hall.page("/import", user="chief", size="small")
    choose(page, workbook("大楼", "nobody"))
    errors = page.locator(".errors tbody tr")
    expect(errors).to_have_count(2, timeout=SLOW)
    expect(errors.filter(has_text="位置").filter(has_text="大楼").locator(".num")).to_have_text("2")
    expect(errors.filter(has_text="岗位").filter(has_text="nobody").locator(".num")).to_have_text("2")
    expect(page.get_by_role("button", name="应用", exact=True)).to_have_count(0)
    assert violations(page) == []
    choose(page, workbook("楼栋", DESK))
    page.goto(f"{empty_hall.url}/cases")  # left while it works, and found again
    page.goto(f"{empty_hall.url}/import")
    apply = page.get_by_role("button", name="应用", exact=True)
    expect(apply).to_be_visible(timeout=SLOW)
    expect(page.locator(".figure")).to_contain_text("位置 2")
    assert TOWER not in empty_hall.works.directory.community().places
    apply.click()
    expect(page.locator(".transfer .good")).to_contain_text("已应用", timeout=SLOW)
    assert TOWER in empty_hall.works.directory.community().places


def test_a_template_is_made_and_saved(empty_hall: Hall) -> None:
    page = empty_hall.page("/import", user="chief", size="small", theme="light")
    page.get_by_role("button", name="空白模板").click()
    save = page.locator(".taken button.go").first
    expect(save).to_be_visible(timeout=SLOW)
    assert violations(page) == []
    with page.expect_download() as saved:
        save.click()
    assert "位置" in load_workbook(io.BytesIO(saved.value.path().read_bytes())).sheetnames
    expect(empty_hall.page("/import", size="small").locator(".blank")).to_contain_text("管理员")


@pytest.fixture
def two_zones(hall: Hall) -> Iterator[Hall]:
    hall.works.register([Zone(id="second", name="二区", places=[], members=[PersonId(PATROL)])])
    yield hall
    hall.works.directory.change([], [("zone", "second")])


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_building_is_moved_to_another_zone_and_back(two_zones: Hall, theme: str) -> None:
    page = two_zones.page("/watch?tab=zones2", size="small", theme=theme)
    expect(page.locator("[data-zone=whole]")).to_contain_text("试验小区")
    assert violations(page) == []
    page.locator("[data-zone=whole]").get_by_role("button", name="现在会通知谁").click()
    expect(page.locator("dialog .told-line").first).to_contain_text(DESK)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="划到另一责任区").first.click()
    page.fill("dialog [name=zone-place]", "9号楼")
    page.wait_for_selector("[role=option].at")
    page.press("dialog [name=zone-place]", "Enter")
    page.select_option("dialog [name=zone]", "second")
    expect(page.locator("dialog .weighed")).to_contain_text("二区")
    expect(page.locator("dialog button.go")).to_be_enabled()
    assert violations(page) == []
    page.click("dialog button.go")
    expect(page.locator("[data-zone=second] .places")).to_contain_text("9号楼")
    page.locator(".undo").click()
    expect(page.locator("[data-zone=second] .places")).to_contain_text("没有位置")
