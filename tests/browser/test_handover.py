"""A shift is handed over in a real browser: the sound is tested, the page is read, both sign."""

import pytest
from playwright.sync_api import expect

from harness.axe import violations
from harness.browser import PATROL, Hall
from harness.servers import wait_until
from shouwang.store.journal import SqlJournal

pytestmark = [pytest.mark.servers, pytest.mark.timeout(150)]


@pytest.mark.parametrize(("language", "theme"), [("zh", "dark"), ("en", "light")])
def test_a_shift_is_handed_over_on_one_page(hall: Hall, language: str, theme: str) -> None:
    journal = SqlJournal(hall.works.database)
    before = journal.last()
    page = hall.page("/watch?tab=handover", size="desk", language=language, theme=theme)
    page.get_by_role("button", name="播放试音" if language == "zh" else "Play the test tone").click()
    page.check("[name=heard]")
    page.fill("[name=to]", PATROL)
    page.locator("[role=option]").first.click()
    page.fill("[name=note]", "2号楼探测器待修")
    assert violations(page) == []
    page.locator("form.signing .go").click()
    expect(page.locator(".plain-list").last).to_contain_text("2号楼探测器待修")

    def handed() -> list[dict[str, object]]:
        return [one.body for one in journal.since(before, 5000) if one.kind == "shift.handed_over"]

    wait_until(lambda: bool(handed()), "the hand-over")
    (said,) = handed()
    assert (said["to"], said["sound_tested"], said["note"]) == (PATROL, True, "2号楼探测器待修")
    other = hall.page("/watch?tab=handover", user=PATROL, size="phone", language=language, theme=theme)
    assert violations(other) == []
    other.locator(".pending .go").click()
    expect(other.locator(".pending")).to_have_count(0)
    expect(other.locator(".plain-list .good").last).to_contain_text("接班签收" if language == "zh" else "taken over")
    assert [one.actor for one in journal.since(before, 5000) if one.kind == "shift.signed"] == [PATROL]
