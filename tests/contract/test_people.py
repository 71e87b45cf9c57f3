"""People over HTTP: reached how, proven when, certified until, away, on duty now; and who stands in for whom."""

from typing import Any

import pytest

from harness.calls import As, ok
from harness.window import COMPOUND, START, Site
from shouwang.domain.access import Role
from shouwang.domain.duty import Absence, Certificate, Contact, Group, Person, PostHolder, Zone
from shouwang.domain.moment import rfc3339
from shouwang.domain.notice import DeliveryState
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.vocabulary import DAY, SECOND, PersonId

pytestmark = pytest.mark.slow

WANG, LIU = PersonId("wang"), PersonId("liu")
PROVEN = "2026-10-01T08:00:00Z"


@pytest.fixture(autouse=True)
def staff(site: Site) -> None:
    leave = [
        Absence(start=rfc3339(START - DAY), end=rfc3339(START + DAY)),
        Absence(start=rfc3339(START - 9 * DAY), end=rfc3339(START - 8 * DAY)),
    ]
    papers = [Certificate(expires="2026-12-24"), Certificate(kind="first-aid", expires="2026-11-01"), Certificate()]
    contacts = [Contact(kind="webhook", url="http://x", verified=True, verified_at=PROVEN), Contact(kind="sms")]
    site.directory.change(
        [
            Person(id=WANG, name="王测试", phone="+8613800000000", channels=contacts, absences=leave, language="en"),
            Person(id=LIU, name="刘测试", channels=[Contact(kind="console")], certificates=papers),
            PostHolder(place=COMPOUND, post="desk_operator", person=WANG, deputy=LIU),
            Zone(id="whole", kind="property", places=[COMPOUND], members=[LIU]),
            Roster(id="desk", post="desk_operator", shifts=[Shift(start="00:00", end="00:00", people=[WANG, LIU])]),
        ]
    )


def person(as_role: As, role: Role, id: str) -> Any:
    return ok(as_role(role).get(f"/api/v1/people/{id}"))


def test_certificates_say_in_how_many_days_they_end(client_as: As) -> None:
    found = person(client_as, Role.OPERATOR, "liu")["certificates"]
    assert [(one["kind"], one["expires_in_days"], one["validity"]) for one in found] == [
        ("desk", 30, "expiring"),
        ("first-aid", -23, "expired"),
        ("desk", None, "valid"),
    ]


@pytest.mark.parametrize(
    ("role", "words", "found"),
    [
        (Role.OPERATOR, "王", ["wang"]),
        (Role.OPERATOR, "WANG", ["wang"]),
        (Role.OPERATOR, "测试 138", ["wang"]),
        (Role.OPERATOR, "测试", ["liu", "wang"]),
        (Role.OPERATOR, "赵", []),
        (Role.VIEWER, "王", []),
        (Role.VIEWER, "liu", ["liu"]),
    ],
)
def test_people_are_found_by_what_a_caller_may_read(client_as: As, role: Role, words: str, found: list[str]) -> None:
    page = ok(client_as(role).get("/api/v1/people", params={"q": words}))
    assert [one["id"] for one in page["items"] if one["id"] in {"wang", "liu"}] == found


def test_contacts_say_when_they_were_proven(client_as: As) -> None:
    found = person(client_as, Role.OPERATOR, "wang")["channels"]
    assert [(one["kind"], one["verified"], one["verified_at"]) for one in found] == [
        ("webhook", True, PROVEN),
        ("sms", False, None),
    ]


def test_who_is_away_is_not_on_duty_and_their_deputy_is_named(client_as: As) -> None:
    wang, liu = person(client_as, Role.OPERATOR, "wang"), person(client_as, Role.OPERATOR, "liu")
    assert (wang["away"], wang["on_duty"]) == (True, []) and (liu["away"], liu["on_duty"]) == (False, ["desk"])
    assert len(wang["absences"]) == 1, "leave that is over is of no interest"
    assert "whole" in liu["zones"] and wang["language"] == "en"
    posts = ok(client_as(Role.OPERATOR).get("/api/v1/posts"))["items"]
    assert [(one["deputy"], one["deputy_name"], one["away"]) for one in posts if one["post"] == "desk_operator"] == [
        ("liu", "刘测试", True)
    ]


def test_leave_and_names_are_for_those_who_work_with_them(client_as: As) -> None:
    wang = person(client_as, Role.VIEWER, "wang")
    assert (wang["absences"], wang["away"], wang["name"]) == ([], True, "王**")
    posts = ok(client_as(Role.VIEWER).get("/api/v1/posts"))["items"]
    assert "刘**" in {one["deputy_name"] for one in posts}


def test_a_group_names_its_members_to_those_who_may_read_names(client_as: As, site: Site) -> None:
    site.directory.change([Group(id="volunteers", name="志愿者队", members=[LIU, WANG])])
    expected = {"id": "volunteers", "name": "志愿者队", "members": ["liu", "wang"], "names": ["刘测试", "王测试"]}
    assert ok(client_as(Role.OPERATOR).get("/api/v1/groups"))["items"] == [expected]
    assert ok(client_as(Role.VIEWER).get("/api/v1/groups"))["items"][0]["names"] == ["刘**", "王**"]


def test_a_contact_that_is_proven_says_when(client_as: As, site: Site) -> None:
    _, incident = site.alarm("smoke-501")
    site.clock.forward(5)
    site.window().answers.confirm(site.told(incident, "liu", DeliveryState.SENT))
    (shown,) = person(client_as, Role.OPERATOR, "liu")["channels"]
    assert (shown["verified"], shown["verified_at"]) == (True, rfc3339(START + 5 * SECOND))
