"""A shift is handed over in a real browser: the sound is tested, the page is read, both sign."""

from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import expect

from harness.axe import violations
from harness.browser import DESK, PATROL, Hall
from harness.compound import ROOT, reports
from harness.publisher import says
from harness.servers import wait_until
from shouwang.domain.community import identity
from shouwang.domain.duty import Certificate, Contact, Person, PostHolder
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.vocabulary import PersonId
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


@pytest.fixture
def hall_with_short_desk(hall: Hall) -> Iterator[Hall]:
    """A roster has the desk, with one operator and no certificate; two others have theirs and are free."""
    held = PostHolder(place=ROOT, post="desk_operator", person=PersonId(DESK))
    people = [
        Person(
            id=PersonId(id), name=name, channels=[Contact(kind="console", verified=True)], certificates=[Certificate()]
        )
        for id, name in (("li", "李某"), ("sun", "孙某"))
    ]
    all_day = Shift(start="00:00", end="24:00", people=[PersonId(DESK)])
    roster = Roster(id="desk-roster", name="消控室值班", zone="whole", post="desk_operator", shifts=[all_day])
    hall.works.directory.change([*people, roster], [("post", identity(held)[1])])
    yield hall
    gone = [("roster", roster.id), *(("person", one.id) for one in people)]
    hall.works.directory.change([held], gone)


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_a_gap_of_the_next_shift_gets_a_stand_in_with_one_press(
    hall_with_short_desk: Hall, language: str, theme: str
) -> None:
    page = hall_with_short_desk.page("/watch?tab=handover", size="small", language=language, theme=theme)
    word = "持证值班员不足" if language == "zh" else "certified"
    gap = page.locator(".opens li", has_text=word)
    expect(gap).to_have_count(1)
    for name in ("李某", "孙某"):
        gap.locator(".stand-in button").first.click()
        expect(gap.locator(".offer").first).to_contain_text(name)
        assert violations(page) == []
        gap.locator(".offer").first.click()
        expect(page.locator("li", has_text=f"{name} → 消控室值班")).to_have_count(1)
    expect(gap).to_have_count(0)
    rosters = hall_with_short_desk.works.directory.community().rosters
    assert [one.add for one in rosters["desk-roster"].overrides] == ["li", "sun"]
    page.locator("li", has_text="孙某 →").locator("button").click()
    expect(gap).to_have_count(1)
    assert hall_with_short_desk.complaints == []


def test_the_calm_page_says_who_is_on_duty_and_who_comes_next(hall_with_short_desk: Hall) -> None:
    page = hall_with_short_desk.page("/", size="desk")
    row = page.locator("tr", has_text="消控室值班")
    expect(row).to_contain_text(DESK)
    assert violations(page) == []
    everybody = [PersonId(DESK), PersonId("li")]
    roster = hall_with_short_desk.works.directory.community().rosters["desk-roster"]
    hall_with_short_desk.works.directory.change(
        [msgspec.structs.replace(roster, shifts=[Shift(start="00:00", end="24:00", people=everybody)])]
    )
    page.reload()
    expect(row).to_contain_text("李某")
