"""What people read: the place in the site's words, class and reason in their language, and nothing personal."""

from typing import Any

import msgspec
import pytest

from shouwang.domain.alert import Alert, AlertClass, AlertState
from shouwang.domain.casefile import CaseFile, Escalated
from shouwang.domain.community import Community
from shouwang.domain.duty import Person, SiteFacts
from shouwang.domain.escalation import Policy
from shouwang.domain.incident import Finding, Incident, IncidentState, Outcome
from shouwang.domain.message import ASKED_LIMIT, WHY, compose, place_words
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.notice import Delivery, DeliveryState, Message, Why
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.vocabulary import (
    UNASSIGNED,
    AlertId,
    DeliveryKey,
    DeviceId,
    IncidentId,
    NoticeId,
    PersonId,
    PlaceId,
    Severity,
)

HOME = PlaceId("street/estate/jinyuan/b3/u2/f5/501")
AT = parse_rfc3339("2026-01-14T02:14:00+08:00")
KINDS = [PlaceKind.SUB_DISTRICT, PlaceKind.COMMUNITY, PlaceKind.COMPOUND, PlaceKind.BUILDING, PlaceKind.UNIT,
         PlaceKind.FLOOR, PlaceKind.DWELLING]  # fmt: skip
NAMES = ["澄江街道", "东门社区", "锦苑", "3号楼", "2单元", "5层", "501"]


def described(*indexes: int) -> Community:
    """The home's ancestors of which these are described."""
    parts = HOME.split("/")
    paths = [PlaceId("/".join(parts[: index + 1])) for index in indexes]
    places = {
        path: Place(id=path, kind=KINDS[index], name=NAMES[index]) for path, index in zip(paths, indexes, strict=True)
    }
    return Community(
        site=SiteFacts(timezone="Asia/Shanghai"),
        places=places,
        people={
            PersonId("wang"): Person(id=PersonId("wang"), name="王某某", phone="+8610000000000"),
            PersonId("smith"): Person(id=PersonId("smith"), name="S. Mith", language="en"),
        },
    )


def alert(**facts: Any) -> Alert:
    made = Alert(
        id=AlertId("a1"), rule="smoke", title={"zh": "烟雾报警", "en": "Smoke alarm"}, klass=AlertClass.FIRE,
        severity=Severity.CRITICAL, state=AlertState.UNACKED, subject="d1", device=DeviceId("d1"), kind="smoke",
        place=HOME, raised_at=AT, received_at=AT, committed_at=AT, incident=IncidentId("i1"),
    )  # fmt: skip
    return msgspec.structs.replace(made, **facts)


def incident(**facts: Any) -> Incident:
    made = Incident(
        id=IncidentId("i1"), group="g", klass=AlertClass.FIRE, state=IncidentState.OPEN, severity=Severity.CRITICAL,
        title={"zh": "烟雾报警", "en": "Smoke alarm"}, place=PlaceId("street/estate/jinyuan/b3/u2"), opened_at=AT,
        policy=Policy(id="p", steps=[]),
    )  # fmt: skip
    return msgspec.structs.replace(made, **facts)


def told(why: Why = Why.FIRST, person: str = "wang", about: Alert | None = None, **facts: Any) -> Message:
    delivery = Delivery(
        key=DeliveryKey("k"), notice=NoticeId("i1.1"), incident=IncidentId("i1"), person=PersonId(person),
        channel="webhook", contact=0, why=why, state=DeliveryState.LEASED, created_at=AT, due_at=AT,
    )  # fmt: skip
    return compose(
        delivery, incident(**facts), about or alert(), described(*range(7)), url="https://w.example/a/t", now=AT
    )


@pytest.mark.parametrize(
    ("indexes", "words"),
    [
        (range(7), "锦苑 3号楼 2单元 5层 501"),
        ((3,), "jinyuan 3号楼 u2 f5 501"),
        ((0, 1), "jinyuan b3 u2 f5 501"),
        ((0, 1, 3, 4), "jinyuan 3号楼 2单元 f5 501"),
        ((2,), "锦苑 b3 u2 f5 501"),
        ((), "jinyuan b3 u2 f5 501"),
    ],
)
def test_a_place_is_named_from_its_compound_down(indexes: Any, words: str) -> None:
    assert place_words(described(*indexes), HOME) == words


def test_places_without_a_compound_around_them_have_a_name_too() -> None:
    assert place_words(described(0, 1), "street") == "澄江街道"
    assert place_words(described(0, 1), "street/estate") == "东门社区"
    assert place_words(described(), "shed") == "shed"
    assert place_words(described(), UNASSIGNED) == "未登记位置"


def test_one_line_says_class_place_what_when_and_why() -> None:
    assert told().text == "【火警】锦苑 3号楼 2单元 5层 501，烟雾报警，02:14"
    assert told(Why.NEXT_STEP).text.endswith("，02:14，尚未处置，请支援")
    assert told(person="smith").text == "[FIRE] 锦苑 3号楼 2单元 5层 501, Smoke alarm, 02:14"
    assert told(person="gone").text.startswith("【火警】"), "somebody who left the directory meanwhile"
    assert told(confirmed=True).text == "【火警】锦苑 3号楼 2单元 5层 501，烟雾报警，双点报警，02:14"


def test_an_end_says_how_it_ended_and_a_finding_what_was_found() -> None:
    assert told(Why.STOOD_DOWN, outcome=Outcome.FALSE_ALARM).text.endswith("警情解除：误报")
    assert told(Why.STOOD_DOWN, "smith", outcome=Outcome.FALSE_ALARM).text.endswith("stood down: false alarm")
    assert told(Why.VERIFIED, finding=Finding.REAL).text.endswith("已核实：属实")


def test_whoever_is_called_by_a_person_reads_why_and_nobody_else_does() -> None:
    asked = Escalated(reason="火势大，需要水带", at=AT, by="wang", notice=NoticeId("i1.1"))
    called = told(Why.NEXT_STEP, file=CaseFile(escalated=[asked]))
    assert called.text.endswith("尚未处置，请支援，上报原因：火势大，需要水带")
    assert called.body["reason"] == "火势大，需要水带"
    long = msgspec.structs.replace(asked, reason="heavy smoke " * 10)
    english = told(Why.NEXT_STEP, "smith", file=CaseFile(escalated=[long]))
    assert english.text.endswith("…") and len(english.text.rpartition("because: ")[2]) == ASKED_LIMIT
    other = told(Why.NEXT_STEP, file=CaseFile(escalated=[msgspec.structs.replace(asked, notice=NoticeId("i1.2"))]))
    assert "上报原因" not in other.text and "reason" not in other.body


def test_drill_test_and_demo_are_unmistakable() -> None:
    assert told(drill=True).text.startswith("【演练】【火警】")
    assert told(test=True).text.startswith("【测试】【火警】")
    assert told(demo=True).text.startswith("【演示】【火警】")
    assert told(drill=True, person="smith").text.startswith("[DRILL][FIRE] ")
    assert (told(drill=True).body["drill"], told().body["drill"]) == (True, False)
    assert (told(test=True).body["test"], told(Why.TEST).body["test"], told().body["test"]) == (True, True, False)
    assert told(demo=True).body["incident"]["demo"] is True  # type: ignore[index]


def test_a_real_alarm_of_a_device_that_also_says_test_is_no_test() -> None:
    body = told(about=alert(test=True)).body
    assert body["test"] is False
    assert body["alert"]["test"] is True  # type: ignore[index]


def test_the_link_is_given_only_where_people_can_reach_it() -> None:
    delivery = Delivery(
        key=DeliveryKey("k"), notice=NoticeId("n"), incident=IncidentId("i1"), person=PersonId("wang"), channel="x",
        contact=0, why=Why.FIRST, state=DeliveryState.LEASED, created_at=AT, due_at=AT,
    )  # fmt: skip
    assert told().body["url"] == "https://w.example/a/t"
    assert compose(delivery, incident(), None, described(), url="", now=AT).body["url"] == ""


def test_without_an_alert_the_incident_speaks() -> None:
    delivery = Delivery(
        key=DeliveryKey("k"), notice=NoticeId("n"), incident=IncidentId("i1"), person=PersonId("wang"), channel="x",
        contact=0, why=Why.COVERAGE_GAP, state=DeliveryState.LEASED, created_at=AT, due_at=AT,
    )  # fmt: skip
    message = compose(delivery, incident(), None, described(*range(7)), url="", now=AT)
    assert message.body["alert"] is None
    assert message.text == "【火警】锦苑 3号楼 2单元，烟雾报警，02:14，无人值守，由您处置"


def test_nothing_personal_is_told() -> None:
    for why in Why:
        message = told(why, holder=PersonId("wang"), acknowledged_by="wang")
        said = msgspec.json.encode(message.body).decode() + message.text
        assert "王某某" not in said
        assert "+86" not in said


def test_the_timeline_tells_what_happened_in_order() -> None:
    body = told(acknowledged_at=AT + 5, acknowledged_by="wang", en_route_at=AT + 5, on_scene_at=AT + 9).body
    timeline: Any = body["incident"]["timeline"]  # type: ignore[index]
    assert [one["kind"] for one in timeline] == [
        "incident.opened", "incident.acknowledged", "incident.en_route", "incident.on_scene",
    ]  # fmt: skip
    assert timeline[1]["actor"] == "wang"


def test_every_reason_has_words() -> None:
    assert set(WHY) == set(Why)
