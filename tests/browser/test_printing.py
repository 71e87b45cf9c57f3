"""What the printer gets: a form of several sheets, made a PDF by the browser, and read back sheet by sheet."""

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from harness.servers import unavailable
from shouwang.api.forms import Form, Table, page_of

pytestmark = [pytest.mark.servers, pytest.mark.timeout(60)]

FACTS = [("单位", "试验小区"), ("时段", "2026-11-24 00:00 — 2026-11-25 00:00"), ("打印时间", "2026-11-25 08:00")]


def sheets_of(browser: Browser, html: str, pdf: Path) -> list[str]:
    """The words on each printed sheet, without blanks."""
    reader = shutil.which("pdftotext")
    if reader is None:
        unavailable("pdftotext is not installed (scripts/debian poppler-utils:pdftotext)")
    page = browser.new_page()
    try:
        page.set_content(html)
        page.pdf(path=pdf, prefer_css_page_size=True)
    finally:
        page.close()
    words = subprocess.run([reader, "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    return ["".join(sheet.split()) for sheet in words.split("\f")[:-1]]


def test_every_sheet_says_what_it_is_whose_and_of_when(browser: Browser, tmp_path: Path) -> None:
    head = ["时间", "事项", "位置"]
    tables = [
        Table(f"第{number}表", head, [[f"11-24 02:14:{row:02}", f"事项{number}之{row}", "3号楼"] for row in range(30)])
        for number in range(3)
    ]
    form = Form("消防控制室值班记录", tables, ["值班人", "接班人"], FACTS)
    sheets = sheets_of(browser, page_of(form), tmp_path / "form.pdf")
    assert len(sheets) > 3
    for number, sheet in enumerate(sheets, start=1):
        for said in ("消防控制室值班记录", "单位：试验小区", "时段：2026-11-24", "时间事项位置"):
            assert said in sheet, (number, said)
        assert f"第{number}页共{len(sheets)}页" in sheet
    whole = "".join(sheets)
    assert [whole.count(f"事项{number}之{row}3号楼") for number in range(3) for row in range(30)] == [1] * 90
    assert "值班人：" in sheets[-1]


def test_the_longest_head_that_a_form_may_have_is_repeated_too(browser: Browser, tmp_path: Path) -> None:
    compounds = "、".join(f"很长的名字的第{number}个试验小区" for number in range(6)) + " 等 40 个小区"
    facts = [("单位", compounds), ("范围", "3号楼 2单元 501"), *FACTS[1:]]
    rows = [["11-24 02:14:07", "一" * 2000, "3号楼"] for _ in range(6)]
    form = Form("建筑消防设施故障维修记录", [Table("", ["时间", "现象", "位置"], rows)], ["维修人"], facts)
    sheets = sheets_of(browser, page_of(form), tmp_path / "form.pdf")
    assert len(sheets) > 2
    assert all("建筑消防设施故障维修记录" in sheet and "等40个小区" in sheet for sheet in sheets)
