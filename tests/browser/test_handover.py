"""A shift is handed over in a real browser: the sound is tested, the page is read, both sign."""

import pytest
from playwright.sync_api import expect

from harness.axe import violations
from harness.browser import PATROL, Hall
from harness.compound import reports
from harness.publisher import says
from harness.servers import wait_until
from shouwang.store.journal import SqlJournal

pytestmark = [pytest.mark.servers, pytest.mark.timeout(150)]


def faulty(hall: Hall) -> set[str]:
    return {str(one.device) for one in hall.works.alerts() if one.active and "faulty" in str(one.device)}


@pytest.mark.parametrize(("language", "theme"), [("zh", "dark"), ("en", "light")])
def test_a_shift_is_handed_over_on_one_page(hall: Hall, language: str, theme: str) -> None:
    journal = SqlJournal(hall.works.database)
    before = journal.last()
    for number in range(3):
        says(hall.works.broker_port, reports(f"faulty-{number}", trouble=True))
    hall.works.until(lambda: len(faulty(hall)) == 3, "faults")
    page = hall.page("/watch?tab=handover", size="desk", language=language, theme=theme)
    expect(page.locator(".parts")).to_contain_text("faulty-2")
    page.get_by_role("button", name="播放试音" if language == "zh" else "Play the test tone").click()
    page.check("[name=heard]")
    page.fill("[name=to]", PATROL)
    page.locator("[role=option]").first.click()
    note = f"2号楼探测器待修 {language}"
    page.fill("[name=note]", note)
    assert violations(page) == []
    page.locator("form.signing .go").click()
    expect(page.locator(".plain-list").last).to_contain_text(note)

    def handed() -> list[dict[str, object]]:
        return [one.body for one in journal.since(before, 5000) if one.kind == "shift.handed_over"]

    wait_until(lambda: bool(handed()), "the hand-over")
    (said,) = handed()
    assert (said["to"], said["sound_tested"], said["note"]) == (PATROL, True, note)
    other = hall.page("/watch?tab=handover", user=PATROL, size="phone", language=language, theme=theme)
    assert violations(other) == []
    mine = other.locator(".pending", has_text=note)
    mine.locator(".go").click()
    expect(mine).to_have_count(0)
    signed = "接班签收" if language == "zh" else "taken over"
    expect(other.locator(".plain-list li", has_text=note)).to_contain_text(signed)
    assert [one.actor for one in journal.since(before, 5000) if one.kind == "shift.signed"] == [PATROL]
