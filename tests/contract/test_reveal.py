"""Reveal over HTTP: masked names, phones and households shown for a case, on record before they are."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from harness.calls import As, ok, problem
from harness.window import ABOVE, COMPOUND, ELSEWHERE, ROOM, Site
from shouwang.domain.access import Role
from shouwang.domain.board import EntryQuery
from shouwang.domain.duty import Person, PostHolder
from shouwang.domain.errors import Exhausted
from shouwang.domain.household import FamilyContact, Household, KeyHolder
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.journal import Entry
from shouwang.domain.notice import DeliveryState
from shouwang.domain.reveal import JUSTIFIES_FOR, REVEALED, REVEALS_AT_MOST, Asked
from shouwang.domain.vocabulary import DAY, SECOND, PersonId, PlaceId
from shouwang.store.tables import replies

pytestmark = pytest.mark.slow

NAME, PHONE, DAUGHTER = "赵测试", "+8613800000000", "+8613911112222"


@pytest.fixture(autouse=True)
def homes(site: Site) -> None:
    site.directory.change(
        [
            Household(
                place=ROOM,
                residents=2,
                needs=["行动不便"],
                helped=True,
                contacts=[FamilyContact(name="女儿", phone=DAUGHTER, relation="女儿")],
                keys=[KeyHolder(person=PersonId("zhao"))],
                gate="西门",
            ),
            Household(place=ABOVE, needs=["听障"]),
            Household(place=ELSEWHERE, needs=["视障"]),
        ]
    )


@pytest.fixture
def case(site: Site) -> Incident:
    return site.alarm("smoke-501")[1]


@pytest.fixture
def patrol(client_as: As) -> TestClient:
    return client_as(Role.RESPONDER, person="zhang")


def reveal(client: TestClient, case: Incident, **asked: object) -> Any:
    return client.post(f"/api/v1/incidents/{case.id}/reveal", json={"reason": "call the key holder", **asked})


def written(site: Site) -> list[Entry]:
    return site.board.entries(EntryQuery(kind=REVEALED), None, 100)


def test_a_responder_sees_one_name_and_phone_and_it_is_on_record(
    site: Site, case: Incident, patrol: TestClient, client_as: As
) -> None:
    masked = ok(patrol.get("/api/v1/people/zhao"))
    assert (masked["name"], masked["phone"]) == ("赵**", "************00")
    answer = reveal(patrol, case, person="zhao", reason="  call the key holder \n")
    shown = ok(answer)
    assert shown["person"] == {"id": "zhao", "name": NAME, "phone": PHONE, "posts": [f"building_leader@{COMPOUND}"]}
    assert (shown["household"], shown["left"], shown["incident"]) == (None, REVEALS_AT_MOST - 1, case.id)
    assert answer.headers["cache-control"] == "no-store"
    (entry,) = written(site)
    assert (entry.actor, entry.incident, entry.place) == ("zhang", case.id, case.place)
    assert entry.body == {"state": "open", "person": "zhao", "reason": "call the key holder"}
    seen = ok(patrol.get(f"/api/v1/incidents/{case.id}"))
    assert seen["timeline"][-1]["kind"] == REVEALED and seen["people"]["zhao"] == "赵**"
    listed = ok(client_as(Role.AUDITOR).get(f"/api/v1/audit?kind={REVEALED}&incident={case.id}"))["items"]
    assert [(one["actor"], one["body"]["person"]) for one in listed] == [("zhang", "zhao")]
    assert ok(patrol.get("/api/v1/people/zhao")) == masked


def test_a_look_is_no_act(site: Site, case: Incident, patrol: TestClient, operator: TestClient) -> None:
    before = operator.get(f"/api/v1/incidents/{case.id}")
    ok(reveal(patrol, case, person="zhao"))
    assert site.board.incident(case.id) == case
    after = operator.get(f"/api/v1/incidents/{case.id}")
    assert after.headers["etag"] == before.headers["etag"]
    assert [after.json()[key] for key in ("state", "reached", "holder", "clocks", "next_step")] == [
        before.json()[key] for key in ("state", "reached", "holder", "clocks", "next_step")
    ]
    match = {"If-Match": before.headers["etag"]}
    assert operator.post(f"/api/v1/incidents/{case.id}/acknowledge", json={}, headers=match).status_code == 200


def test_the_household_of_a_case_is_shown_and_never_kept(site: Site, case: Incident, patrol: TestClient) -> None:
    key = {"Idempotency-Key": "once"}
    path, body = f"/api/v1/incidents/{case.id}/reveal", {"place": f"{ROOM}/", "reason": "visit"}
    household = ok(patrol.post(path, json=body, headers=key))["household"]
    assert (household["residents"], household["needs"], household["gate"]) == (2, ["行动不便"], "西门")
    assert household["contacts"][0]["phone"] == DAUGHTER and household["keys"][0]["name"] == NAME
    assert ok(reveal(patrol, case, place=ABOVE))["household"]["needs"] == ["听障"]
    again = patrol.post(path, json=body, headers=key)
    assert ok(again) and "idempotency-replayed" not in again.headers
    with site.database.read() as connection:
        assert connection.execute(select(replies)).all() == []
    assert [one.body.get("place") for one in written(site)] == [ROOM, ABOVE, ROOM]
    told = json.dumps([one.body for one in written(site)], ensure_ascii=False)
    assert all(value not in told for value in (DAUGHTER, PHONE, NAME, "女儿", "行动不便", "听障", "西门"))


def test_a_resolved_case_still_shows_the_household_for_the_visit_until_it_is_closed(
    site: Site, case: Incident, patrol: TestClient, operator: TestClient
) -> None:
    site.told(case, "zhang", DeliveryState.SENT)
    ok(operator.post(f"/api/v1/incidents/{case.id}/resolve", json={"outcome": "real"}))
    assert ok(patrol.get(f"/api/v1/incidents/{case.id}/card"))["households"] == []
    shown = ok(reveal(patrol, case, place=ROOM, reason="回访"))
    assert shown["household"]["contacts"][0]["phone"] == DAUGHTER
    assert ok(reveal(operator, case, place=ROOM, reason="回访"))["household"]["residents"] == 2
    ok(operator.post(f"/api/v1/incidents/{case.id}/close", json={}))
    for asked in ({"place": ROOM}, {"person": "zhao"}):
        refused = reveal(patrol, case, **asked)
        detail = problem(refused, 409, "conflict")["detail"]
        assert "closed and owes no visit" in detail and "report that as an incident of its own" in detail
        assert PHONE not in refused.text and DAUGHTER not in refused.text
    assert [one.body["state"] for one in written(site)] == [IncidentState.RESOLVED] * 2


def test_a_case_that_nobody_closed_is_no_key_for_good(
    site: Site, case: Incident, patrol: TestClient, operator: TestClient
) -> None:
    ok(operator.post(f"/api/v1/incidents/{case.id}/resolve", json={"outcome": "real"}))
    site.clock.forward(JUSTIFIES_FOR / SECOND)
    ok(reveal(patrol, case, place=ROOM))
    site.clock.forward(1)
    assert "more than 30 days ago" in problem(reveal(patrol, case, place=ROOM), 409, "conflict")["detail"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.INSTALLER, Role.AUDITOR])
def test_who_may_not_respond_is_shown_nothing_and_told_why(
    site: Site, case: Incident, client_as: As, role: Role
) -> None:
    refused = reveal(client_as(role), case, person="zhao")
    assert "only who may respond" in problem(refused, 403, "forbidden")["detail"]
    assert PHONE not in refused.text and written(site) == []


def test_a_case_elsewhere_is_not_there_and_justifies_nothing(site: Site, case: Incident, client_as: As) -> None:
    confined = client_as(Role.RESPONDER, place=PlaceId(f"{COMPOUND}/b7"), person="zhang")
    problem(reveal(confined, case, person="zhao"), 404, "not_found")
    problem(reveal(confined, case, place=ROOM), 404, "not_found")
    assert written(site) == []


def test_whom_a_confined_caller_does_not_see_is_revealed_only_where_the_case_names_them(
    site: Site, case: Incident, client_as: As
) -> None:
    far = Person(id=PersonId("li"), name="李测试", phone="+8613800000009")
    site.directory.change([far, PostHolder(place=PlaceId("elsewhere/compound"), post="patrol", person=far.id)])
    confined = client_as(Role.RESPONDER, place=PlaceId(f"{COMPOUND}/b3"), person="zhang")
    details = {problem(reveal(confined, case, person=one), 422, "invalid")["detail"] for one in ("li", "no")}
    assert {one.replace("'li'", "'no'") for one in details} == {one for one in details if "'no'" in one}
    site.told(case, "li", DeliveryState.SENT)
    assert ok(reveal(confined, case, person="li"))["person"]["name"] == "李测试"
    assert ok(reveal(confined, case, person="zhao"))["person"]["name"] == NAME


def test_a_home_that_is_not_of_the_case_is_refused_and_an_unrecorded_one_is_not_there(
    site: Site, case: Incident, patrol: TestClient
) -> None:
    for place in (ELSEWHERE, "nowhere", str(COMPOUND)):
        refused = problem(reveal(patrol, case, place=place), 422, "invalid")
        assert refused["errors"][0]["pointer"] == "body/place"
    problem(reveal(patrol, case, place=f"{COMPOUND}/b3/u2/f6/602"), 404, "not_found")
    assert written(site) == []


@pytest.mark.parametrize(
    "body",
    [
        {"person": "zhao"},
        {"person": "zhao", "reason": "   "},
        {"person": "zhao", "reason": "x" * 501},
        {"reason": "both", "person": "zhao", "place": ROOM},
        {"reason": "neither"},
        {"reason": "many", "person": ["zhao", "wang"]},
        {"reason": "unknown", "person": "zhao", "people": []},
    ],
)
def test_one_at_a_time_and_never_without_a_reason(
    site: Site, case: Incident, patrol: TestClient, body: dict[str, object]
) -> None:
    problem(patrol.post(f"/api/v1/incidents/{case.id}/reveal", json=body), 422, "invalid")
    assert written(site) == []


def test_whoever_only_oversees_is_shown_colleagues_and_no_resident(site: Site, case: Incident, client_as: As) -> None:
    site.directory.change([PostHolder(place=COMPOUND, post="community_officer", person=PersonId("zhang2"))])
    officer = client_as(Role.RESPONDER, person="zhang2")
    assert "resident" in problem(reveal(officer, case, place=ROOM), 403, "forbidden")["detail"]
    assert ok(reveal(officer, case, person="zhao"))["person"]["phone"] == PHONE


def test_who_reads_names_goes_the_same_way_and_is_on_record_too(
    site: Site, case: Incident, operator: TestClient
) -> None:
    assert ok(reveal(operator, case, person="zhao"))["person"]["name"] == NAME
    assert [one.actor for one in written(site)] == ["wang"]


def test_a_list_is_no_reveal(site: Site, case: Incident, patrol: TestClient, client_as: As) -> None:
    crowd = [Person(id=PersonId(f"p{number}"), name=f"人{number}测试", phone=PHONE) for number in range(30)]
    site.directory.change(crowd)
    for number in range(REVEALS_AT_MOST):
        left = ok(reveal(patrol, case, person=f"p{number}"))["left"]
        assert left == REVEALS_AT_MOST - number - 1
    refused = reveal(patrol, case, person="p20")
    assert "more is a list" in problem(refused, 429, "too_many")["detail"] and PHONE not in refused.text
    problem(reveal(patrol, case, place=ROOM), 429, "too_many")
    assert ok(reveal(patrol, case, person="p3"))["left"] == 0  # looking again is free
    assert len(written(site)) == REVEALS_AT_MOST + 1
    ok(reveal(client_as(Role.RESPONDER, person="zhou"), case, person="p20"))
    other = site.alarm("smoke-202")[1]
    ok(reveal(patrol, other, person="p20"))


def test_two_who_ask_at_once_do_not_pass_the_limit_together(site: Site, case: Incident) -> None:
    def ask(person: str) -> bool:
        try:
            site.respond.reveal(case.id, Asked(reason="call", person=PersonId(person)), actor="zhang")
        except Exhausted:
            return False
        return True

    assert all(ask(f"p{number}") for number in range(REVEALS_AT_MOST - 1))
    with ThreadPoolExecutor(8) as at_once:
        assert sorted(at_once.map(ask, [f"q{number}" for number in range(8)])) == [False] * 7 + [True]
    assert len(written(site)) == REVEALS_AT_MOST


def test_where_the_journal_cannot_be_written_nothing_is_shown(site: Site, case: Incident, patrol: TestClient) -> None:
    with site.database.write() as connection:
        connection.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        )
    for asked in ({"person": "zhao"}, {"place": ROOM}):
        refused = reveal(patrol, case, **asked)
        assert refused.status_code >= 500
        assert all(value not in refused.text for value in (NAME, PHONE, DAUGHTER))
    with site.database.write() as connection:
        connection.execute(text("DROP TRIGGER full"))
    assert written(site) == []
    ok(reveal(patrol, case, person="zhao"))
    assert len(written(site)) == 1


def test_the_console_has_words_for_it_and_offers_it_for_as_long() -> None:
    source = Path(__file__).parents[2] / "dashboards" / "console" / "src"
    justifying = (source / "state" / "justifying.ts").read_text(encoding="utf-8")
    assert f"JUSTIFIES_FOR = {JUSTIFIES_FOR // DAY} * 86_400_000;" in justifying
    folder = source / "words"
    assert all(f'"{REVEALED}": "' in (folder / name).read_text(encoding="utf-8") for name in ("zh.ts", "en.ts"))
