"""The one-tap page: whoever holds a link sees what they must know, and only a POST acts."""

import msgspec
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from harness.window import ABOVE, COMPOUND, LINK_SECRET, ROOM, Site
from shouwang.api.server import build_app
from shouwang.domain.duty import PostHolder
from shouwang.domain.household import Household, KeyHolder
from shouwang.domain.incident import IncidentState, Outcome
from shouwang.domain.link import delivery_in, link_of, token_of
from shouwang.domain.notice import Delivery, DeliveryState, Why
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.vocabulary import DeliveryKey, PersonId

pytestmark = pytest.mark.slow


@pytest.fixture
def phone(site: Site) -> TestClient:
    return TestClient(build_app(site.window()), follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def told(site: Site) -> Delivery:
    """Wang was told of smoke in room 501, whose neighbour has a key."""
    site.directory.change(
        [Household(place=ROOM, gate="门禁 2468#", keys=[KeyHolder(person=PersonId("zhao"))], needs=["老人行动不便"])]
    )
    _, incident = site.alarm("smoke-501")
    site.told(incident, "zhang", DeliveryState.SENT)
    return site.told(incident, "wang", DeliveryState.SENT)


def path(delivery: Delivery) -> str:
    return "/a/" + token_of(delivery.key, LINK_SECRET)


def state(site: Site, delivery: Delivery) -> IncidentState:
    incident = site.board.incident(delivery.incident)
    assert incident is not None
    return incident.state


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=120), st.binary(min_size=1))
def test_a_token_gives_its_delivery_back_and_no_other_site_believes_it(key: str, secret: bytes) -> None:
    token = token_of(DeliveryKey(key), secret)
    assert delivery_in(token, secret) == key
    assert delivery_in(token, secret + b"x") is None
    assert delivery_in(token[:-1], secret) is None
    assert delivery_in("A" + token[1:], secret) == (key if token.startswith("A") else None)
    assert delivery_in(token + "A", secret) is None


@given(st.text(max_size=60))
def test_any_other_text_is_no_token(text: str) -> None:
    assert delivery_in(text, LINK_SECRET) is None


def test_a_link_exists_only_where_there_is_an_address_for_it() -> None:
    assert link_of("", DeliveryKey("k"), LINK_SECRET) == ""
    assert link_of("https://w.example/", DeliveryKey("k"), LINK_SECRET).startswith("https://w.example/a/")


def test_the_page_says_what_the_responder_must_know(phone: TestClient, told: Delivery) -> None:
    answer = phone.get(path(told))
    assert answer.status_code == 200
    for words in (
        "火警",
        "金源小区 3号楼 2单元 5层 501",
        "张测试",
        "门禁 2468#",
        "赵测试 +8613800000000",
        "老人行动不便",
    ):
        assert words in answer.text
    assert "<script" not in answer.text
    assert "http" not in answer.text, "nothing is loaded from elsewhere"
    assert len(answer.content) < 20_000
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_page_says_what_this_post_does_what_nobody_may_and_calls_the_key_holder(
    phone: TestClient, site: Site, told: Delivery
) -> None:
    site.directory.change([Household(place=ABOVE, helped=True, needs=["听障"])])
    incident = site.board.incident(told.incident)
    assert incident is not None
    patrol, leader = (phone.get(path(site.told(incident, who, DeliveryState.SENT))).text for who in ("zhang", "zhao"))
    for page in (patrol, leader):
        assert '<a class=call href="tel:+8613800000000">拨打</a>' in page
        assert "不许：志愿者不进入烟雾区" in page
        assert "<b>金源小区 3号楼 2单元 6层 601</b> 听障" in page
        assert page.index("不许") < page.index("<button") < page.index("您要做的"), (
            "the answer is not below a long list"
        )
    assert "开消防车通道" in patrol and "敲门、引导、清点" not in patrol
    assert "敲门、引导、清点，不进入烟雾" in leader and "开消防车通道" not in leader
    desk = phone.get(path(told)).text
    assert "报119" in desk and "601" not in desk, "who stays at the desk has the console"
    site.respond.resolve(told.incident, actor="wang", outcome=Outcome.FALSE_ALARM)
    over = phone.get(path(told)).text
    assert "tel:" not in over and "2468" not in over


@pytest.mark.parametrize("kind", ["drill", "test"])
def test_a_drill_or_a_test_shows_no_residents_data(phone: TestClient, site: Site, told: Delivery, kind: str) -> None:
    site.directory.change([Household(place=ABOVE, helped=True, needs=["听障"])])
    incident = site.board.incident(told.incident)
    assert incident is not None
    with site.casebook.change() as transaction:
        transaction.keep_incident(msgspec.structs.replace(incident, **{kind: True}))
    patrol = site.told(incident, "zhang", DeliveryState.SENT)
    for delivery in (told, patrol):
        page = phone.get(path(delivery)).text
        assert "3号楼 2单元 5层 501" in page and "您要做的" in page
        for secret in ("2468", "赵测试 +86", "tel:", "行动不便", "听障", "601"):
            assert secret not in page


def test_looking_changes_nothing(phone: TestClient, site: Site, told: Delivery) -> None:
    last = site.journal.last()
    for _ in range(3):
        phone.get(path(told))
        phone.head(path(told))
        phone.get(path(told) + "?act=acknowledge")
    assert state(site, told) is IncidentState.OPEN
    assert site.board.delivery(told.key) == told
    assert site.journal.last() == last


@pytest.mark.parametrize(
    ("act", "becomes"),
    [
        ("acknowledge", IncidentState.ACKNOWLEDGED),
        ("en-route", IncidentState.EN_ROUTE),
        ("arrive", IncidentState.ON_SCENE),
        ("decline", IncidentState.OPEN),
    ],
)
def test_a_post_acts_as_the_person_of_the_delivery(
    phone: TestClient, site: Site, told: Delivery, act: str, becomes: IncidentState
) -> None:
    answer = phone.post(path(told), data={"act": act})
    assert (answer.status_code, answer.headers["location"]) == (303, path(told))
    assert phone.post(path(told), data={"act": act}).status_code == 303, "a second tap changes nothing"
    incident = site.board.incident(told.incident)
    assert incident is not None
    assert incident.state is becomes
    assert "wang" in (incident.holder, *incident.declined)
    kept = site.board.delivery(told.key)
    assert kept is not None
    assert kept.state is DeliveryState.ANSWERED
    assert phone.get(path(told)).status_code == 200


def test_whoever_comes_second_reads_who_was_faster(phone: TestClient, site: Site, told: Delivery) -> None:
    site.respond.acknowledge(told.incident, actor="zhang")
    answer = phone.post(path(told), data={"act": "acknowledge"})
    assert answer.status_code == 409
    assert "张测试 has it already" in answer.text


def test_nothing_but_the_four_acts_is_done(phone: TestClient, site: Site, told: Delivery) -> None:
    for data in ({}, {"act": "resolve"}, {"act": "close"}, {"act": "confirm"}):
        assert phone.post(path(told), data=data).status_code == 422
    assert state(site, told) is IncidentState.OPEN


def test_a_link_of_nobody_is_not_found_and_an_old_one_is_gone(phone: TestClient, site: Site, told: Delivery) -> None:
    stranger = "/a/" + token_of(told.key, b"another site")
    unknown = "/a/" + token_of(DeliveryKey("nobody"), LINK_SECRET)
    for one in (stranger, unknown, "/a/x", path(told)[:-2]):
        assert phone.get(one).status_code == 404
        assert phone.post(one, data={"act": "acknowledge"}).status_code == 404
    site.clock.forward(24 * 3600)
    assert phone.get(path(told)).status_code == 410
    assert phone.post(path(told), data={"act": "acknowledge"}).status_code == 410
    assert state(site, told) is IncidentState.OPEN


def test_after_the_end_nothing_of_the_home_is_shown_and_nothing_can_be_pressed(
    phone: TestClient, site: Site, told: Delivery
) -> None:
    site.respond.resolve(told.incident, actor="zhang", outcome=Outcome.FALSE_ALARM, cause="cooking")
    text = phone.get(path(told)).text
    assert "此警情已结束" in text
    assert "<form" not in text
    for words in ("2468", "行动不便", "+86"):
        assert words not in text


def test_an_office_above_gets_the_summary_without_the_homes_data(phone: TestClient, site: Site, told: Delivery) -> None:
    site.directory.change([PostHolder(place=COMPOUND, post="sub_district_officer", person=PersonId("officer"))])
    officer = msgspec.structs.replace(told, key=DeliveryKey("officer.1"), person=PersonId("officer"))
    with site.casebook.change() as change:
        change.keep_delivery(officer)
    text = phone.get(path(officer)).text
    assert "火警" in text
    for words in ("2468", "行动不便", "+86"):
        assert words not in text


def test_what_people_are_called_never_becomes_markup(phone: TestClient, site: Site, told: Delivery) -> None:
    site.directory.change(
        [Place(id=ROOM, kind=PlaceKind.DWELLING, name="<b>501"), Household(place=ROOM, gate="<script>x</script>")]
    )
    text = phone.get(path(told)).text
    assert "<script" not in text
    assert "<b>501" not in text


def test_a_test_message_is_confirmed_with_one_button_and_proves_its_contact(
    phone: TestClient, site: Site, told: Delivery
) -> None:
    test = msgspec.structs.replace(told, key=DeliveryKey("t.1"), why=Why.TEST)
    with site.casebook.change() as change:
        change.keep_delivery(test)
    assert "我收到了" in phone.get(path(test)).text
    assert not site.directory.community().people[PersonId("wang")].channels[0].verified
    assert phone.post(path(test), data={"act": "acknowledge"}).status_code == 422
    assert phone.post(path(test), data={"act": "confirm"}).status_code == 303
    assert site.directory.community().people[PersonId("wang")].channels[0].verified
    assert "已确认" in phone.get(path(test)).text
    assert state(site, told) is IncidentState.OPEN
