"""A masked name, phone or household is shown for a case, in a real browser: asked for with a reason, and gone again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from harness.axe import violations
from harness.browser import DESK, PATROL, Hall
from harness.compound import ROOT
from shouwang.domain.alert import AlertClass
from shouwang.domain.community import identity
from shouwang.domain.duty import Contact, Person, PostHolder
from shouwang.domain.household import FamilyContact, Household, KeyHolder
from shouwang.domain.incident import Incident, IncidentState, Outcome
from shouwang.domain.journal import Entry
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.reveal import REVEALED
from shouwang.domain.vocabulary import PersonId, PlaceId

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

NAME, PHONE, DAUGHTER = "何测试", "+8610000000001", "+8610000000002"
TOWER = PlaceId(f"{ROOT}/b20")
HOME = PlaceId(f"{TOWER}/u1/f2/201")
WORDS = {
    "zh": ("显示姓名和电话", "联系持钥匙人", "查看个人信息"),
    "en": ("Show name and phone", "call the key holder", "personal data shown"),
}


@pytest.fixture
def tower(hall: Hall) -> Iterator[Hall]:
    """A building with a known home, and a leader with a phone; whatever ended before is closed."""
    kinds = [PlaceKind.DWELLING, PlaceKind.FLOOR, PlaceKind.UNIT, PlaceKind.BUILDING]
    paths = [HOME, *(HOME.rsplit("/", depth)[0] for depth in (1, 2, 3))]
    new = [
        *(
            Place(id=PlaceId(path), kind=kind, name=path.rpartition("/")[2])
            for path, kind in zip(paths, kinds, strict=True)
        ),
        Person(id=PersonId("ho"), name=NAME, phone=PHONE, channels=[Contact(kind="console")]),
        PostHolder(place=TOWER, post="building_leader", person=PersonId("ho")),
        Household(
            place=HOME,
            residents=2,
            needs=["行动不便"],
            helped=True,
            contacts=[FamilyContact(name="女儿", phone=DAUGHTER, relation="女儿")],
            keys=[KeyHolder(note="保安室有备用")],
            gate="西门，密码问值班室",
        ),
    ]
    hall.works.directory.change(new)
    for incident in hall.works.incidents():
        if incident.state is IncidentState.RESOLVED:
            hall.works.respond.close(incident.id, actor=DESK)
    yield hall
    hall.end_all()
    hall.works.directory.change([], [identity(one) for one in new])


@pytest.fixture
def case(tower: Hall) -> Incident:
    policies = tower.works.directory.community().policies
    return tower.works.respond.report(AlertClass.FIRE, HOME, actor=DESK, policies=policies)[0]


def looks(hall: Hall, case: Incident) -> list[Entry]:
    return [one for one in hall.works.board.timelines([case.id], None)[case.id] if one.kind == REVEALED]


def kept(page: Page) -> str:
    """All that the page holds: its text, its addresses, its stores."""
    stores = "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), location.href])"
    return page.content() + str(page.evaluate(stores))


def fault_free(page: Page, *shown: Locator) -> None:
    """In both themes nothing shuts anybody out, and nothing is wider than the screen."""
    page.emulate_media(reduced_motion="reduce")  # colours are read as they are, and not on their way from one theme
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        assert violations(page) == [], theme
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for one in shown:
        assert (one.bounding_box() or {"height": 0})["height"] >= 24


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_responder_is_shown_a_colleague_for_a_case_and_nothing_stays(
    tower: Hall, case: Incident, language: str, tmp_path: Path
) -> None:
    button, reason, line = WORDS[language]
    page = tower.page("/", user=PATROL, language=language)
    known = page.locator(".know")
    expect(known).to_contain_text("何**")
    show = known.get_by_role("button", name=f"{button}{'：' if language == 'zh' else ': '}何**")
    tower.works.respond.note(case.id, actor="ho", note="水泵房已开")
    # Each masked person once a list, and never oneself: the desk was told, the leader wrote.
    expect(page.locator(".timeline .reveal")).to_have_count(1)
    expect(page.locator(".told .reveal")).to_have_count(1)
    expect(known.locator(".reveal")).to_have_count(1)  # the leader; the home itself is on the card
    fault_free(page, show)
    page.screenshot(path=tmp_path / f"case-{language}.png")
    show.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    expect(dialog.locator("h2")).to_contain_text(button)
    expect(dialog).to_contain_text("20" if language == "zh" else "b20")
    fault_free(page)
    page.screenshot(path=tmp_path / f"asks-{language}.png")
    page.keyboard.press("Enter")  # without a reason nothing is sent
    assert looks(tower, case) == []
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(dialog.locator(f"a[href='tel:{PHONE}']")).to_have_text(PHONE)
    expect(dialog).to_contain_text(NAME)
    fault_free(page)
    page.screenshot(path=tmp_path / f"shown-{language}.png")
    assert [(one.actor, one.body["person"], one.body["reason"]) for one in looks(tower, case)] == [
        (PATROL, "ho", reason)
    ]
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert PHONE not in kept(page) and NAME not in kept(page)
    expect(page.locator(".timeline")).to_contain_text(f"{line} · 何** · {reason}")


def test_what_is_shown_is_hidden_after_a_minute_and_by_hand(tower: Hall, case: Incident) -> None:
    page = tower.page(f"/cases/{case.id}", user=PATROL, size="small", theme="light")
    page.locator(".know").get_by_role("button", name="何**").click()
    page.clock.install()
    dialog = page.locator("dialog")
    for number, leave in enumerate(
        (lambda: page.clock.fast_forward("01:01"), lambda: dialog.get_by_role("button", name="现在隐藏").click())
    ):
        dialog.get_by_text("其他").click()
        dialog.locator("[name=words]").fill("不知道谁有水泵房钥匙")
        dialog.get_by_role("button", name="显示").click()
        expect(dialog.get_by_role("link", name=PHONE)).to_be_visible()
        leave()
        expect(dialog).to_contain_text("已隐藏")
        assert PHONE not in kept(page) and NAME not in kept(page)
        assert len(looks(tower, case)) == number + 1


def test_on_the_phone_a_colleague_for_the_case_and_the_household_for_the_visit(
    tower: Hall, case: Incident, tmp_path: Path
) -> None:
    page = tower.page("/duty", user=PATROL, size="phone", theme="light")
    show = page.locator(".case .know").get_by_role("button", name="显示姓名和电话：何**")
    fault_free(page, show)
    page.screenshot(path=tmp_path / "phone-case.png")
    show.tap()
    page.locator("dialog").get_by_text("联系已通知的人").tap()
    page.screenshot(path=tmp_path / "phone-asks.png")
    page.locator("dialog").get_by_role("button", name="显示").tap()
    expect(page.locator("dialog").get_by_role("link", name=PHONE)).to_be_visible()
    fault_free(page)
    page.locator("dialog .end .go").tap()
    tower.works.respond.resolve(case.id, actor=DESK, outcome=Outcome.REAL)
    home = page.locator(".past").get_by_role("button", name="显示住户信息").first
    expect(home).to_be_visible()
    fault_free(page, home)
    page.screenshot(path=tmp_path / "phone-past.png")
    home.tap()
    page.locator("dialog").get_by_text("回访").tap()
    page.locator("dialog").get_by_role("button", name="显示").tap()
    expect(page.locator("dialog").get_by_role("link", name=DAUGHTER)).to_be_visible()
    expect(page.locator("dialog")).to_contain_text("需协助疏散")
    fault_free(page)
    page.screenshot(path=tmp_path / "phone-home.png")
    page.locator("dialog .end .go").tap()
    assert DAUGHTER not in kept(page)
    assert [(one.body.get("place"), one.body["reason"]) for one in looks(tower, case)][1] == (HOME, "回访")


def test_the_page_of_people_asks_which_incident_justifies_it(tower: Hall, tmp_path: Path) -> None:
    page = tower.page("/people", user=PATROL, size="small")
    row = page.locator(".grid tbody tr", has_text="何**")
    row.get_by_role("button", name="显示姓名和电话：何**").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("只有这样的警情才能作为理由")
    fault_free(page)
    page.keyboard.press("Escape")
    expect(page.locator(".grid tbody tr", has_text=PATROL[0] + "***").locator(".reveal")).to_have_count(0)  # oneself
    policies = tower.works.directory.community().policies
    case = tower.works.respond.report(AlertClass.FIRE, HOME, actor=DESK, policies=policies)[0]
    row.get_by_role("button", name="显示姓名和电话：何**").click()
    option = dialog.locator("option", has_text="火警")
    expect(option).to_have_count(1)
    dialog.locator("[name=incident]").select_option(case.id)
    dialog.get_by_text("其他").click()
    fault_free(page)
    page.screenshot(path=tmp_path / "people-asks.png")
    dialog.locator("[name=words]").fill("  要人来开水泵房 ")
    dialog.get_by_role("button", name="显示").click()
    expect(dialog.get_by_role("link", name=PHONE)).to_be_visible()
    page.keyboard.press("Escape")
    expect(row).to_contain_text("何**")
    assert PHONE not in kept(page)
    assert [one.body["reason"] for one in looks(tower, case)] == ["要人来开水泵房"]


def test_whoever_reads_names_is_offered_the_household_alone_until_the_case_is_closed(
    tower: Hall, case: Incident, tmp_path: Path
) -> None:
    page = tower.page(f"/cases/{case.id}", size="small")
    offered = page.locator(".reveal")
    expect(page.locator(".know").get_by_role("link", name=DAUGHTER)).to_be_visible()  # of a live case, without a click
    expect(offered).to_have_count(0)
    assert looks(tower, case) == []
    tower.works.respond.resolve(case.id, actor=DESK, outcome=Outcome.REAL)
    expect(page.locator(".hero.over")).to_be_visible()
    expect(offered).to_have_text(["显示住户信息"])
    expect(page.locator(".know").get_by_role("link", name=DAUGHTER)).to_have_count(0)
    offered.click()
    expect(page.locator("dialog form")).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("dialog").get_by_role("link", name=DAUGHTER)).to_be_visible()
    fault_free(page)
    page.screenshot(path=tmp_path / "home.png")
    page.locator("dialog").get_by_role("button", name="现在隐藏").click()
    assert [(one.actor, one.body["reason"]) for one in looks(tower, case)] == [(DESK, "回访")]
    tower.works.respond.close(case.id, actor="second")
    page.locator("dialog").get_by_role("button", name="显示").click()
    expect(page.locator("dialog [role=alert]")).to_contain_text("已归档")
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator(".hero.over")).to_be_visible()
    expect(offered).to_have_count(0)


def test_whom_it_would_be_refused_is_not_offered_it(tower: Hall, case: Incident) -> None:
    page = tower.page(f"/cases/{case.id}", user="fitter", size="small")
    expect(page.locator(".know")).to_contain_text("何**")
    expect(page.locator(".told")).to_be_visible()
    expect(page.locator(".reveal")).to_have_count(0)
    page.goto(f"{tower.url}/people")
    expect(page.locator(".grid tbody tr", has_text="何**")).to_be_visible()
    expect(page.locator(".reveal")).to_have_count(0)
