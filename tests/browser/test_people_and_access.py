"""People, users, tokens, the journal and settings in a real browser: an administrator's morning."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.browser import AXE, DESK, PASSWORD, PATROL, Hall, choose_place, smoke
from harness.publisher import says

pytestmark = [pytest.mark.servers, pytest.mark.timeout(150)]

PAGES = (
    "/people",
    "/people?tab=posts",
    "/people?tab=groups",
    "/people?tab=verify",
    "/access",
    "/access?tab=tokens",
    "/access?tab=settings",
    "/records",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found["violations"]]


def test_a_user_is_made_signs_in_and_finds_only_what_is_for_them(hall: Hall) -> None:
    page = hall.page("/access", user="chief", size="small")
    page.get_by_role("button", name="添加用户").click()
    page.fill("dialog [name=user-name]", "night")
    page.locator("dialog [name=role][value=viewer]").check(force=True)
    choose_place(page, "dialog [name=place]", "9号楼")
    page.click("dialog button.go")
    made = page.input_value("dialog [name=made]")
    assert len(made) >= 16
    page.keyboard.press("Escape")
    row = page.locator("tr", has_text="night")
    expect(row).to_contain_text("9号楼")
    night = hall.page("/access", user="night", size="small", password=made)
    expect(night.locator(".blank h2")).to_have_text("你的角色看不到这一页")
    expect(night.locator(".rail a[href='/access']")).to_have_count(0)
    expect(night.get_by_role("button", name="添加用户")).to_have_count(0)
    page.reload()
    expect(row).to_contain_text("1 处登录")
    row.get_by_role("button", name="全部退出").click()
    expect(row).to_contain_text("未登录")
    night.reload()
    expect(night.locator("#secret")).to_be_visible()
    row.get_by_role("button", name="删除").click()
    page.click("dialog button.go")
    expect(row).to_have_count(0)
    page.goto(f"{hall.url}/records?kind=user.")
    expect(page.locator(".grid tbody")).to_contain_text("删除用户")
    expect(page.locator(".grid tbody")).to_contain_text("night")


def test_a_token_is_shown_once_with_what_it_may_do(hall: Hall) -> None:
    page = hall.page("/access?tab=tokens", user="chief", size="small")
    page.get_by_role("button", name="签发令牌").click()
    page.fill("dialog [name=token-name]", "wall-tv")
    page.click("dialog button.go")
    expect(page.locator("dialog [name=made]")).to_have_value(re.compile("^sw_"))
    expect(page.locator("dialog")).to_contain_text("查看")
    page.get_by_role("button", name="复制").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    page.keyboard.press("Escape")
    row = page.locator("tr", has_text="wall-tv")
    expect(row).to_contain_text("只读")
    row.get_by_role("button", name="吊销").click()
    page.click("dialog button.go")
    expect(row).to_have_count(0)


def test_the_last_administrator_cannot_be_removed(hall: Hall) -> None:
    page = hall.page("/access", user="chief", size="small")
    page.locator("tr", has_text="chief").get_by_role("button", name="删除").click()
    page.click("dialog button.go")
    expect(page.locator("#said")).to_contain_text("last administrator")


def test_the_journal_is_filtered_by_its_address_and_carried_away(hall: Hall, tmp_path: Path) -> None:
    says(hall.works.broker_port, smoke(8, 1, "101"))
    page = hall.page("/records", user="chief", size="small")
    page.select_option("[name=kind]", "alert.")
    expect(page).to_have_url(re.compile(r"kind=alert\."))
    choose_place(page, "[name=place]", "8-1-101")
    expect(page.locator(".grid tbody tr").last).to_contain_text("报警")
    with page.expect_download() as carried:
        page.get_by_role("button", name="导出 CSV").click()
    carried.value.save_as(tmp_path / "journal.csv")
    assert "alert.raised" in (tmp_path / "journal.csv").read_text(encoding="utf-8-sig")
    page.reload()
    expect(page.locator("[name=kind]")).to_have_value("alert.")


def test_people_are_counted_and_found(hall: Hall) -> None:
    page = hall.page("/people", size="small")
    expect(page.locator(".sums b").nth(2)).to_have_text("2")
    page.fill("[name=wanted]", DESK)
    expect(page.locator(".grid tbody tr")).to_have_count(1)
    expect(page.locator(".grid tbody tr")).to_contain_text("未核实")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_page_of_management_shuts_anybody_out(hall: Hall, theme: str) -> None:
    page = hall.page("/people", user="chief", size="small", theme=theme)
    found = {}
    for path in PAGES:
        page.goto(hall.url + path)
        page.wait_for_selector("main h1")
        expect(page.locator(".bone")).to_have_count(0)
        found.update({path: problems} if (problems := violations(page)) else {})
    for path, word in (("/access", "添加用户"), ("/access?tab=tokens", "签发令牌")):
        page.goto(hall.url + path)
        page.get_by_role("button", name=word).click()
        page.focus("dialog [name=place]")
        page.wait_for_selector("dialog [role=option]")
        found.update({word: problems} if (problems := violations(page)) else {})
    assert found == {}


def test_those_who_may_not_read_the_journal_are_told_so(hall: Hall) -> None:
    page = hall.page("/records", user="patrol", size="small")
    expect(page.locator(".blank h2")).to_have_text("你的角色看不到这一页")
    assert PASSWORD not in page.content()


def test_contacts_are_added_ordered_and_refused_beside_their_field(hall: Hall) -> None:
    page = hall.page("/people", user="chief", size="small")
    row = page.locator("tr", has_text=PATROL)
    row.get_by_role("button", name="联系方式").click()
    expect(page.locator("dialog li")).to_have_count(1)
    expect(page.locator("dialog button.go")).to_be_disabled()
    page.locator("dialog [name=kind]").select_option("webhook")
    page.get_by_role("button", name="添加").click()
    page.locator("dialog").get_by_label("地址", exact=True).fill("http://127.0.0.1:9/inside")
    assert violations(page) == []
    page.click("dialog button.go")
    expect(page.locator("dialog li [role=alert]")).to_contain_text("地址不能用")
    page.locator("dialog").get_by_label("地址", exact=True).fill("https://93.184.215.14/hook")
    page.get_by_role("button", name="上移 · 推送").click()
    page.click("dialog button.go")
    expect(page.locator("dialog li").first).to_have_attribute("data-kind", "webhook")
    expect(page.locator("dialog li").first).to_contain_text("未核实")
    expect(row.locator(".chip").first).to_contain_text("推送")
    page.get_by_role("button", name="删除 · 推送").click()
    page.click("dialog button.go")
    expect(page.locator("dialog li")).to_have_count(1)
    page.get_by_role("button", name="删除 · 控制台").click()
    page.click("dialog button.go")
    expect(page.locator("dialog")).to_contain_text("收不到任何通知。确定要删除全部？")
    page.keyboard.press("Escape")
    expect(row).to_contain_text("控制台")
    narrow = hall.page("/people", user="chief", size="phone", theme="light", language="en")
    narrow.locator("tr", has_text=PATROL).get_by_role("button", name="Contacts").click()
    expect(narrow.locator("dialog li")).to_contain_text("Console")
    assert narrow.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(narrow) == []
