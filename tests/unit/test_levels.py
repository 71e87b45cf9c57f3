"""Content by level: how to get in for the assigned responder, the room for those near, a summary from afar."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import COMPOUND, FLAT, compound, person
from shouwang.domain.alert import AlertClass
from shouwang.domain.casefile import CaseFile, Escalated
from shouwang.domain.community import Community
from shouwang.domain.directions import TEXT_LIMIT, Called, Entry, with_directions
from shouwang.domain.duty import Person, PostHolder, Zone
from shouwang.domain.escalation import Policy
from shouwang.domain.household import FamilyContact, Household, KeyHolder
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.levels import Level, level_of
from shouwang.domain.message import compose
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.notice import Delivery, DeliveryState, Message, Why
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.vocabulary import (
    AlertId,
    DeliveryKey,
    IncidentId,
    NoticeId,
    PersonId,
    PlaceId,
    Severity,
)

AT = parse_rfc3339("2026-01-14T02:14:00+08:00")
SECRETS = ("黄氏", "+8613900000001", "孙氏", "+8613900000002", "5501#", "卡箱8812", "行动不便")
"""A family contact, a key holder, the codes of gate and key box, a need."""

STREET = PlaceId("chengjiang")
AFAR = ("officer", "street", "watcher", "neighbour")


def site() -> Community:
    """The compound of the other tests with what a household must keep to itself, offices and observers, a patrol by
    roster, a town's own posts."""
    known = compound()
    ids = ("street", "watcher", "neighbour", "newcomer", "ours", "theirs", "asleep")
    people = {**known.people, **{PersonId(id): person(id) for id in ids}}
    people[PersonId("keys")] = Person(id=PersonId("keys"), name="孙氏", phone="+8613900000002")
    people[PersonId("leader")] = msgspec.structs.replace(people[PersonId("leader")], language="en")
    places = {
        **known.places,
        STREET: Place(id=STREET, kind=PlaceKind.SUB_DISTRICT, name="澄江街道"),
        COMPOUND: Place(id=COMPOUND, kind=PlaceKind.COMPOUND, name="锦苑"),
        FLAT: Place(id=FLAT, kind=PlaceKind.DWELLING, name="501"),
    }
    posts = [
        ("sub_district_officer", STREET, "street", None),
        ("branch_observer", COMPOUND, "watcher", None),
        ("neighbour_supervisor", COMPOUND, "neighbour", None),
        ("护楼队", COMPOUND, "ours", None),
        ("平安办", STREET, "theirs", None),
        ("engineer", COMPOUND, "asleep", "newcomer"),
    ]
    return msgspec.structs.replace(
        known,
        people=people,
        places=places,
        posts=(
            *known.posts,
            *(
                PostHolder(place=at, post=post, person=PersonId(who), deputy=PersonId(deputy) if deputy else None)
                for post, at, who, deputy in posts
            ),
        ),
        rosters={
            **known.rosters,
            "night": Roster(
                id="night",
                post="patrol",
                shifts=[Shift(start="20:00", end="08:00", people=[PersonId("fallback")])],
            ),
        },
        zones={**known.zones, "far": Zone(id="far", kind="grid", places=[STREET], members=[PersonId("theirs")])},
        households={
            FLAT: Household(
                place=FLAT,
                needs=["行动不便"],
                contacts=[FamilyContact(name="黄氏", phone="+8613900000001", relation="女儿")],
                keys=[KeyHolder(person=PersonId("keys")), KeyHolder(note="卡箱8812")],
                gate="5501#",
            ),
        },
    )


SITE = site()


def incident(**facts: object) -> Incident:
    made = Incident(
        id=IncidentId("i1"), group="g", klass=AlertClass.FIRE, state=IncidentState.OPEN, severity=Severity.CRITICAL,
        title={"zh": "烟雾报警", "en": "Smoke alarm"}, place=FLAT, places=[FLAT], opened_at=AT,
        alerts=[AlertId("a1")], policy=Policy(id="p", steps=[]),
    )  # fmt: skip
    return msgspec.structs.replace(made, **facts)


def delivery(who: str, why: Why = Why.FIRST, channel: str = "sms") -> Delivery:
    return Delivery(
        key=DeliveryKey("k"), notice=NoticeId("i1.1"), incident=IncidentId("i1"), person=PersonId(who),
        channel=channel, contact=0, why=why, state=DeliveryState.LEASED, created_at=AT, due_at=AT,
    )  # fmt: skip


def told(
    who: str, why: Why = Why.FIRST, *, channel: str = "sms", url: str = "", answer: bool = False, **facts: object
) -> Message:
    return compose(
        delivery(who, why, channel), incident(**facts), None, SITE, url=url, told=6, can_answer=answer, now=AT
    )


def test_the_assigned_responder_reads_room_gate_and_key_holder_in_words_where_no_link_leads() -> None:
    said = told("patrol", answer=True).text
    assert said == (
        "【火警】锦苑 b3 u2 f5 501，烟雾报警，02:14；门禁 501：5501#；钥匙 孙氏 +8613900000002；钥匙 卡箱8812；"
        "回复1接单，2去不了"
    )
    assert "行动不便" not in said


def test_in_english_too() -> None:
    assert told("leader", answer=True).text == (
        "[FIRE] 锦苑 b3 u2 f5 501, Smoke alarm, 02:14; entry 501：5501#; key 孙氏 +8613900000002; key 卡箱8812; "
        "reply 1 to take it, 2 if you cannot"
    )


def test_where_a_link_leads_the_message_says_nothing_of_it() -> None:
    assert told("patrol", url="https://w.example/a/t").text == "【火警】锦苑 b3 u2 f5 501，烟雾报警，02:14"


@pytest.mark.parametrize("channel", ["webhook", "wecom", "dingtalk", "voice", "email", "apprise", "console"])
def test_only_a_text_to_one_telephone_carries_it(channel: str) -> None:
    assert "5501#" not in told("patrol", channel=channel).text


def test_the_sub_district_reads_a_summary_and_no_room() -> None:
    assert told("street").text == "【火警】锦苑，烟雾报警，02:14 起，已通知 6 人，尚无人接警"
    assert told("street").body["place"] == {"path": FLAT, "name": "锦苑"}
    answered = told("officer", Why.NEXT_STEP, holder=PersonId("patrol"))
    assert "秩序维护员已接警" in answered.text
    over = told("street", Why.STOOD_DOWN, state=IncidentState.RESOLVED)
    assert over.text == "【火警】锦苑，烟雾报警，02:14 起，已通知 6 人，警情解除"


def test_in_english_the_summary_says_the_same() -> None:
    people = {**SITE.people, PersonId("street"): Person(id=PersonId("street"), name="x", language="en")}
    there = msgspec.structs.replace(SITE, people=people)
    said = compose(delivery("street"), incident(), None, there, url="", told=6, now=AT)
    assert said.text == "[FIRE] 锦苑, Smoke alarm, since 02:14, 6 told, nobody has answered yet"


def test_what_somebody_typed_is_not_in_a_summary() -> None:
    by_hand = told("street", title={"zh": "黄氏家冒烟"}, alerts=[])
    assert "黄氏" not in by_hand.text


@pytest.mark.parametrize(
    ("who", "level"),
    [
        ("patrol", Level.ASSIGNED),
        ("fighter", Level.ASSIGNED),
        ("manager", Level.ASSIGNED),
        ("newcomer", Level.ASSIGNED),  # a deputy
        ("ours", Level.ASSIGNED),  # a site's own post at the compound
        ("member", Level.ASSIGNED),  # answers for the duty zone
        ("fallback", Level.ASSIGNED),  # stands in a roster of the patrol
        ("guard", Level.NEAR),  # a desk by roster never leaves it
        ("secretary", Level.NEAR),
        ("keys", Level.NEAR),
        ("officer", Level.SUMMARY),
        ("street", Level.SUMMARY),
        ("watcher", Level.SUMMARY),
        ("neighbour", Level.SUMMARY),
        ("theirs", Level.SUMMARY),  # a site's own post above the compound
    ],
)
def test_who_is_at_which_level(who: str, level: Level) -> None:
    assert level_of(delivery(who), incident(), SITE) is level


def test_once_somebody_holds_it_only_the_holder_and_who_is_called_to_help_are_assigned() -> None:
    held = incident(holder=PersonId("secretary"))
    assert level_of(delivery("secretary", Why.WORSE), held, SITE) is Level.ASSIGNED
    assert level_of(delivery("patrol", Why.WORSE), held, SITE) is Level.NEAR
    assert level_of(delivery("manager", Why.NEXT_STEP), held, SITE) is Level.ASSIGNED
    assert level_of(delivery("street", Why.NEXT_STEP), held, SITE) is Level.SUMMARY


def test_whoever_said_they_cannot_go_reads_no_more_of_it() -> None:
    declined = incident(declined=[PersonId("patrol")])
    assert level_of(delivery("patrol", Why.NEXT_STEP), declined, SITE) is Level.NEAR


@given(
    who=st.sampled_from(sorted(SITE.people)),
    why=st.sampled_from(list(Why)),
    channel=st.sampled_from(["sms", "webhook", "wecom", "voice", "email"]),
    state=st.sampled_from(list(IncidentState)),
    holder=st.sampled_from([None, *sorted(SITE.people)]),
    drill=st.booleans(),
    linked=st.booleans(),
    answer=st.booleans(),
)
def test_no_message_to_somebody_afar_or_not_assigned_says_anything_of_a_household(
    who: str, why: Why, channel: str, state: IncidentState, holder: str | None, drill: bool, linked: bool, answer: bool
) -> None:
    facts = incident(state=state, holder=holder and PersonId(holder), drill=drill)
    said = compose(
        delivery(who, why, channel),
        facts,
        None,
        SITE,
        url="https://w.example/a/t" if linked else "",
        told=3,
        can_answer=answer,
        now=AT,
    )
    level = level_of(delivery(who, why, channel), facts, SITE)
    written = said.text + msgspec.json.encode(said.body).decode()
    if level is not Level.ASSIGNED or linked or channel != "sms" or drill:
        assert not [secret for secret in SECRETS if secret in written]
    assert "行动不便" not in written
    assert "黄氏" not in written
    if who in AFAR:
        assert level is Level.SUMMARY
        assert "501" not in said.text


@given(
    st.text(max_size=150),
    st.lists(st.text(min_size=1, max_size=60), max_size=5),
    st.lists(st.text(min_size=1, max_size=60), max_size=5),
    st.booleans(),
)
def test_directions_fit_a_text_message_and_never_cut_what_stands_before_them(
    text: str, gates: list[str], keys: list[str], can_answer: bool
) -> None:
    whole = with_directions(
        text,
        Entry(access=gates, key_holders=[Called(note=one) for one in keys]),
        in_chinese=True,
        can_answer=can_answer,
    )
    assert whole.startswith(text)
    assert whole == text or len(whole.encode("utf-16-be")) <= 2 * TEXT_LIMIT


def test_the_nearest_gate_and_key_go_before_all_others() -> None:
    long = "长" * 40
    entry = Entry(access=["近门", long, long, long], key_holders=[Called(note="近钥匙"), Called(note=long)])
    said = with_directions("火警" * 20, entry, in_chinese=True, can_answer=True)
    assert said.startswith("火警" * 20 + "；门禁 近门；钥匙 近钥匙；门禁 ")


def test_why_a_person_called_for_more_people_is_not_read_afar() -> None:
    """Words that people type may name somebody who lives there."""
    file = CaseFile(escalated=[Escalated(reason="501 黄氏 is inside", at=AT, by="guard", notice=NoticeId("i1.2"))])
    for who, reads in (("patrol", True), *((one, False) for one in AFAR)):
        called = msgspec.structs.replace(delivery(who, Why.NEXT_STEP), notice=NoticeId("i1.2"))
        said = compose(called, msgspec.structs.replace(incident(), file=file), None, SITE, url="", now=AT)
        assert ("黄氏" in said.text, "reason" in said.body) == (reads, reads)
