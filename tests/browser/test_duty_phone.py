"""The phone of whoever is on duty: the card of a home, what to do by post, ticks and headcount without a network."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from harness.axe import violations
from harness.browser import DESK, PASSWORD, PATROL, Hall, smoke
from harness.compound import ROOT
from harness.publisher import says
from shouwang.domain.access import Role
from shouwang.domain.casefile import CaseFile, Proof
from shouwang.domain.duty import Contact, Person, PostHolder
from shouwang.domain.escalation import Policy, Step
from shouwang.domain.hearsay import AT_ONCE
from shouwang.domain.household import FamilyContact, Household, KeyHolder
from shouwang.domain.incident import Incident
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.vocabulary import PersonId, PlaceId
from shouwang.store.users import SqlUsers

pytestmark = [pytest.mark.servers, pytest.mark.timeout(150)]

LEADER = "leader"
STEPS = [Step(tell=["post:desk_operator", "post:patrol"]), Step(after="300s", tell=["zone"])]
BUILDINGS = (3, 4, 5, 6, 9)
"""One for each test: what burns in a unit again soon is the same case."""


def home(building: int) -> PlaceId:
    return PlaceId(f"{ROOT}/b{building}/u2/f3/301")


def upstairs(building: int) -> PlaceId:
    return PlaceId(f"{ROOT}/b{building}/u2/f5/502")


@pytest.fixture(scope="module")
def homes(house: Hall) -> Iterator[Hall]:
    """Homes with a key holder, one upstairs that needs help, and a volunteer who is told of them."""
    works, known = house.works, PersonId(LEADER)
    SqlUsers(works.database).add(
        name=LEADER, password=PASSWORD, role=Role.RESPONDER, now=works.clock.now(), person=known
    )
    told = Step(tell=["post:desk_operator", "post:patrol", "post:building_leader"])
    works.register(
        [
            Person(id=known, name="楼长某", channels=[Contact(kind="console")]),
            Person(id=PersonId("key"), name="钥匙某", phone="+8613800001111", channels=[Contact(kind="console")]),
            PostHolder(place=ROOT, post="building_leader", person=known),
            Policy(id="both", steps=[told, STEPS[1]]),
            *(_household(building) for building in BUILDINGS),
            *(Household(place=upstairs(building), needs=["听障"], helped=True) for building in BUILDINGS),
        ]
    )
    works.pause(3)  # the ear looks at the directory from time to time
    yield house
    house.end_all()
    places = [at(building) for building in BUILDINGS for at in (home, upstairs)]
    people = [("post", f"{ROOT}|building_leader|{LEADER}"), ("person", LEADER), ("person", "key")]
    works.directory.change([Policy(id="both", steps=STEPS)], [*(("household", at) for at in places), *people])


def _household(building: int) -> Household:
    return Household(
        place=home(building),
        residents=2,
        needs=["行动不便"],
        helped=True,
        keys=[KeyHolder(person=PersonId("key"))],
        contacts=[FamilyContact(name="家人某", phone="+86 139 0000 2222", relation="女儿")],
        gate="西门",
    )


@pytest.fixture
def block(homes: Hall, hall: Hall) -> Hall:
    return hall


def burning(hall: Hall, building: int) -> Incident:
    """In its home; everybody is being told."""
    says(hall.works.broker_port, smoke(building, 2, "301"))
    found: list[Incident] = []

    def has_begun() -> bool:
        found[:] = [one for one in hall.works.incidents() if one.place == home(building)]
        told = [each for each in hall.works.deliveries() if found and each.incident == found[0].id]
        return len(told) >= 3

    hall.works.until(has_begun, "the case, and everybody told")
    return found[0]


def file_of(hall: Hall, one: Incident) -> CaseFile:
    found = hall.works.board.incident(one.id)
    assert found is not None
    return found.file or CaseFile()


def phone_of(hall: Hall, user: str, **how: str) -> Page:
    page = hall.page("/duty", user=user, size="phone", **how)  # type: ignore[arg-type]
    expect(page.locator("#card")).to_be_visible()
    return page


def test_the_card_says_how_to_get_in_and_calls_the_key_holder(block: Hall) -> None:
    burning(block, 4)
    phone = phone_of(block, PATROL)
    card = phone.locator("#card")
    expect(card).to_contain_text("4号楼 → 2单元 → 3层 → 301")
    expect(card).to_contain_text("西门")
    expect(card).to_contain_text("行动不便")
    expect(card.locator("a[href='tel:+8613800001111']")).to_contain_text("钥匙某")
    expect(card.locator("a[href='tel:+8613900002222']")).to_contain_text("家人某")
    expect(card.locator(".helped")).to_contain_text("4号楼 2单元 502")
    assert violations(phone) == []
    english = phone_of(block, PATROL, language="en", theme="light")
    expect(english.locator("#card")).to_contain_text("Call 钥匙某")
    assert violations(english) == []
    block.end_all()
    # The context is closed with it: what was on the card is nowhere in the phone.
    later = block.page("/duty", user=PATROL, size="phone")
    expect(later.locator(".idle")).to_be_visible()
    assert "13800001111" not in later.content()


def test_each_post_is_told_its_own_and_no_volunteer_to_go_into_smoke(block: Hall) -> None:
    burning(block, 5)
    volunteer = phone_of(block, LEADER).locator("#tasks")
    expect(volunteer.locator(".never")).to_contain_text("志愿者不进入烟雾区")
    expect(volunteer.locator(".todo")).to_have_text("敲门、引导、清点，不进入烟雾")
    expect(volunteer.locator("[data-item=knock]")).to_be_visible()
    expect(volunteer.locator("[data-item=auto]")).to_have_count(0)
    assert "灭火器" not in volunteer.inner_text()
    desk = phone_of(block, DESK).locator("#tasks")
    expect(desk.locator(".todo")).to_contain_text("置自动")
    expect(desk.locator("a[href='tel:119']")).to_be_visible()
    expect(desk.locator("[data-item=knock]")).to_have_count(0)


def test_ticks_and_the_headcount_wait_for_a_network_and_are_delivered_once(block: Hall) -> None:
    one = burning(block, 6)
    phone = phone_of(block, LEADER)
    phone.locator("#headcount summary").click()
    expect(phone.locator("#headcount li").first).to_contain_text("301")
    phone.context.set_offline(True)
    phone.click("[data-item=knock]")
    expect(phone.locator("[data-item=knock]")).to_have_attribute("aria-checked", "true")
    expect(phone.locator("[data-item=knock]")).to_contain_text("待发送")
    phone.click(f"[data-home='{home(6)}'] [data-count=not_reached]")
    phone.click(f"[data-home='{upstairs(6)}'] [data-count=nobody_home]")
    phone.click(f"[data-home='{home(6)}'] [data-count=evacuated]")
    expect(phone.locator("#headcount summary")).to_contain_text("已疏散 1 · 家中无人 1 · 未联系上 0")
    expect(phone.locator(".strip.outbox b")).to_have_text("4")
    assert (file_of(block, one).checks, file_of(block, one).headcount) == ([], [])
    phone.wait_for_timeout(AT_ONCE // 1000 + 500)
    phone.context.set_offline(False)
    expect(phone.locator(".strip.outbox")).to_have_count(0, timeout=30_000)
    expect(phone.locator("[data-item=knock] .warn")).to_have_count(0)
    kept = file_of(block, one)
    assert [(each.item, each.by) for each in kept.checks] == [("knock", LEADER)]
    timeline = block.works.board.timelines([one.id], None)[one.id]
    (line,) = [each for each in timeline if each.kind == "incident.checked"]
    assert line.body["said_at"] == kept.checks[0].at < line.at - AT_ONCE, "when it was ticked, and when it came"
    assert {each.place: str(each.state) for each in kept.headcount} == {
        home(6): "evacuated",
        upstairs(6): "nobody_home",
    }
    expect(phone.locator("#headcount summary")).to_contain_text("已疏散 1 · 家中无人 1 · 未联系上 0")
    assert violations(phone) == []


@pytest.fixture
def walk(homes: Hall, hall: Hall) -> Iterator[Hall]:
    """The patrol by day, the volunteer by night."""
    turns = [("08:00", "20:00", PATROL), ("20:00", "08:00", LEADER)]
    shifts = [Shift(start=start, end=end, people=[PersonId(person)]) for start, end, person in turns]
    hall.works.register([Roster(id="round", name="夜巡", zone="whole", post="grid_worker", shifts=shifts)])
    yield hall
    hall.works.directory.change([], [("roster", "round")])


def test_a_shift_is_swapped_by_asking_and_agreeing_on_two_phones(walk: Hall) -> None:
    phone = walk.page("/duty", user=PATROL, size="phone")
    rows = phone.locator("#shifts .rows").first.locator("li")
    expect(rows.first).to_contain_text("夜巡")
    expect(rows.first).to_contain_text("08:00–20:00")
    when = rows.nth(1).locator("b").first.inner_text()
    rows.nth(1).locator("[data-ask]").click()
    phone.select_option("dialog [name=taker]", LEADER)
    assert violations(phone) == []
    phone.click("dialog .go")
    asked = phone.locator("[data-swap=asked]")
    expect(asked).to_contain_text(when)
    expect(asked.get_by_role("button", name="收回")).to_be_visible()
    other = walk.page("/duty", user=LEADER, size="phone", theme="light", language="en")
    expect(other.locator("[data-swap=asked]")).to_contain_text("waiting")
    other.get_by_role("button", name="Agree").click()
    expect(other.locator("[data-swap=agreed]")).to_be_visible()
    assert violations(other) == []
    phone.reload()
    expect(phone.locator("[data-swap=agreed]")).to_contain_text(when)
    expect(phone.locator("#shifts .rows").first).not_to_contain_text(when)
    phone.get_by_role("button", name="订阅到手机日历").click()
    address = phone.locator(".address input").input_value()
    answer = phone.context.request.get(address)
    assert answer.ok and answer.text().startswith("BEGIN:VCALENDAR")


def test_shifts_are_a_tab_beside_a_case_and_a_new_case_comes_first(walk: Hall) -> None:
    burning(walk, 9)
    phone = phone_of(walk, PATROL)
    phone.get_by_role("tab", name="我的班次").click()
    expect(phone.locator("#shifts")).to_contain_text("夜巡")
    expect(phone.locator("#tasks")).to_have_count(0)
    expect(phone.locator(".case h1")).to_have_text("9号楼 2单元 301")
    assert violations(phone) == []
    phone.click("[data-act=acknowledge]")
    expect(phone.locator("[data-act=en-route]")).to_be_visible()
    phone.get_by_role("tab", name="警情").click()
    expect(phone.locator("#tasks")).to_be_visible()


def test_an_arrival_is_proven_by_a_code_that_is_typed_and_by_no_code_of_elsewhere(block: Hall) -> None:
    one = burning(block, 3)
    phone = phone_of(block, PATROL)
    for name in ("acknowledge", "en-route", "arrive"):
        phone.click(f"[data-act={name}]")
    expect(phone.locator("#arrival")).to_have_text("未核实到场")
    phone.click("[data-prove]")
    assert violations(phone) == []
    phone.fill("dialog [name=tag]", "shouwang:device:smoke-9-1-101")
    phone.click("dialog .scan:has([name=tag]) .go")
    expect(phone.locator("#said.bad")).not_to_have_text("")
    assert file_of(block, one).arrivals[0].proof is None
    phone.fill("dialog [name=tag]", "shouwang:device:smoke-3-2-301")
    phone.click("dialog .scan:has([name=tag]) .go")
    expect(phone.locator("#arrival")).to_contain_text("到场已证实")
    (arrival,) = file_of(block, one).arrivals
    assert (arrival.proof, arrival.reference) == (Proof.TAG, "smoke-3-2-301")
