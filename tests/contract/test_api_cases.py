"""Alerts and incidents over HTTP: fields, acts, pages, keys of repeats, versions."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from harness.calls import As, problem
from harness.window import COMPOUND, START, Site
from shouwang.api.idempotency import REPLY_LIMIT, Idempotency
from shouwang.domain.access import Principal, Role
from shouwang.domain.moment import rfc3339
from shouwang.domain.notice import DeliveryState
from shouwang.domain.standing import Change
from shouwang.domain.vocabulary import DAY, MINUTE, SECOND, PlaceId
from shouwang.store.replies import SqlReplies

pytestmark = pytest.mark.slow


def test_an_alert_has_every_promised_field(site: Site, operator: TestClient) -> None:
    alert, incident = site.alarm("smoke-501")
    (seen,) = operator.get("/api/v1/alerts").json()["items"]
    promised = (
        "id rule title severity state device place incident raised_at cleared_at acknowledged_by count late test "
        "class evidence sentence"
    )
    assert set(promised.split()) <= set(seen)
    assert seen == operator.get(f"/api/v1/alerts/{alert.id}").json()
    assert (seen["rule"], seen["severity"], seen["state"], seen["class"]) == (
        "smoke-alarm",
        "critical",
        "unacked",
        "fire",
    )
    assert seen["title"] == {"zh": "烟雾报警", "en": "Smoke alarm"} and seen["incident"] == incident.id
    assert seen["raised_at"] == rfc3339(START - 200_000) and seen["where"]["label"] == "3号楼 2单元 501"


def test_an_incident_has_every_promised_field_and_accounts_for_every_second(site: Site, operator: TestClient) -> None:
    _, incident = site.alarm("smoke-501")
    site.told(incident, "zhang", DeliveryState.SENT)
    seen = operator.get(f"/api/v1/incidents/{incident.id}").json()
    promised = (
        "id state severity title place zone alerts opened_at acknowledged_at verified_at finding en_route_at "
        "on_scene_at resolved_at closed_at holder outcome drill timeline class deliveries next_step"
    )
    assert set(promised.split()) <= set(seen)
    assert seen["zone"] == "jinyuan-east" and seen["opened_at"] == rfc3339(START)
    raised = seen["timeline"][0]
    assert raised["kind"] == "alert.raised"
    assert raised["body"]["facts"]["received_at"] == rfc3339(START - 60_000), "instants inside are readable as well"
    assert [one["kind"] for one in seen["timeline"]][-1] == "delivery.sent"
    assert seen["deliveries"][0]["person"] == "zhang" and seen["deliveries"][0]["post"] == "patrol"
    step = seen["next_step"]
    assert (step["at"], step["unless"], step["index"]) == (rfc3339(START + MINUTE), "acknowledged", 1)


def test_a_list_shows_the_end_of_each_timeline_as_long_as_asked(site: Site, operator: TestClient) -> None:
    _, incident = site.alarm("smoke-501")
    whole = operator.get(f"/api/v1/incidents/{incident.id}").json()["timeline"]
    for asked, shown in ((0, []), (1, whole[-1:]), (100, whole)):
        assert operator.get(f"/api/v1/incidents?timeline={asked}").json()["items"][0]["timeline"] == shown
    problem(operator.get("/api/v1/incidents?timeline=501"), 422, "invalid")


def test_the_next_step_is_the_one_that_nothing_has_spared(site: Site, operator: TestClient) -> None:
    _, incident = site.alarm("smoke-501")
    seen = operator.post(f"/api/v1/incidents/{incident.id}/acknowledge", json={}).json()
    assert seen["next_step"]["unless"] == "verified" and seen["next_step"]["at"] == rfc3339(START + 3 * MINUTE)
    ended = operator.post(f"/api/v1/incidents/{incident.id}/resolve", json={"outcome": "real", "note": ""}).json()
    assert ended["next_step"] is None


def test_a_case_is_handled_from_first_call_to_archive(site: Site, operator: TestClient, client_as: As) -> None:
    alert, incident = site.alarm("smoke-501")
    path = f"/api/v1/incidents/{incident.id}"

    def act(name: str, body: Any = None, by: TestClient = operator) -> Any:
        site.clock.forward(10)
        answer = by.post(f"{path}/{name}", json={} if body is None else body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    patrol = client_as(Role.RESPONDER, place=PlaceId(f"{COMPOUND}/b3"), person="zhang")
    assert act("acknowledge")["state"] == "acknowledged"
    assert operator.get(f"/api/v1/alerts/{alert.id}").json()["acknowledged_by"] == "wang"
    assert act("verify", {"finding": "real", "how": "call_back", "note": "smoke is seen"})["finding"] == "real"
    assert act("en-route", by=patrol)["state"] == "en_route"
    assert act("arrive", by=patrol)["on_scene_by"] == "zhang"
    assert act("notes", {"note": "pan taken off the stove"}, by=patrol)["timeline"][-1]["kind"] == "incident.noted"
    resolved = act("resolve", {"outcome": "false_alarm", "cause": "cooking", "note": "aired"})
    assert (resolved["state"], resolved["outcome"], resolved["resolved_by"]) == ("resolved", "false_alarm", "wang")
    assert act("review", by=client_as(Role.ADMIN))["reviewed_by"] == "admin-desk"
    closed = act("close")
    assert closed["state"] == "closed" and closed["closed_at"] == rfc3339(site.clock.now())
    kinds = [one["kind"] for one in closed["timeline"]]
    for kind in ("acknowledged", "verified", "en_route", "on_scene", "noted", "resolved", "reviewed", "closed"):
        assert kinds.count(f"incident.{kind}") == 1
    assert {one["actor"] for one in closed["timeline"]} >= {"wang", "zhang", "admin-desk", "system"}


def test_an_act_wants_no_body_and_repeating_it_changes_nothing(site: Site, operator: TestClient, client_as: As) -> None:
    _, incident = site.alarm("smoke-501")
    path = f"/api/v1/incidents/{incident.id}/acknowledge"
    first = operator.post(path)
    assert first.status_code == 200
    again = operator.post(path, json={})
    assert again.status_code == 200 and again.json()["revision"] == first.json()["revision"]
    problem(client_as(Role.OPERATOR).post(path, json={}), 409, "conflict")


def test_a_case_is_declined_escalated_and_handed_over(site: Site, operator: TestClient, client_as: As) -> None:
    _, incident = site.alarm("smoke-501")
    path = f"/api/v1/incidents/{incident.id}"
    assert client_as(Role.RESPONDER, person="zhao").post(f"{path}/decline", json={}).json()["declined"] == ["zhao"]
    for unsaid in ({}, {"reason": "  "}, None):
        refused = problem(operator.post(f"{path}/escalate", json=unsaid), 422, "invalid")
        assert "why more people are needed" in refused["detail"]
    asked = operator.post(f"{path}/escalate", json={"reason": "two more"})
    assert asked.status_code == 200
    assert [one["body"]["note"] for one in asked.json()["timeline"] if one["kind"] == "incident.escalated"] == [
        "two more"
    ]
    assert operator.post(f"{path}/escalate", json={"note": "as of the other acts"}).status_code == 200
    operator.post(f"{path}/acknowledge", json={})
    problem(operator.post(f"{path}/handover", json={"to": "nobody"}), 422, "invalid")
    assert operator.post(f"{path}/handover", json={"to": "zhou"}).json()["holder"] == "zhou"


def test_a_latch_is_reset_by_a_person(site: Site, operator: TestClient) -> None:
    alert, _ = site.alarm("smoke-501")
    problem(operator.post(f"/api/v1/alerts/{alert.id}/reset", json={}), 409, "conflict")
    assert operator.post(f"/api/v1/alerts/{alert.id}/acknowledge", json={}).json()["state"] == "acked"
    problem(operator.post(f"/api/v1/alerts/{alert.id}/reset", json={}), 409, "conflict")
    site.alarm("smoke-501", change=Change.CLEARED)
    assert operator.get(f"/api/v1/alerts/{alert.id}").json()["state"] == "latched_acked"
    assert operator.post(f"/api/v1/alerts/{alert.id}/reset", json={}).json()["state"] == "normal"
    assert operator.get("/api/v1/alerts?state=open").json()["items"] == []
    assert len(operator.get("/api/v1/alerts?state=normal").json()["items"]) == 1


def test_pages_lead_to_the_end_and_hold_each_item_once(site: Site, operator: TestClient) -> None:
    for device in ("smoke-501", "smoke-601", "smoke-202"):
        for rule in ("smoke-alarm", "device-fault"):
            site.alarm(device, rule=rule)
            site.clock.forward(1)
    for path in ("alerts", "incidents", "audit", "devices", "places", "people", "posts"):
        whole = operator.get(f"/api/v1/{path}?limit=500").json()
        assert whole["next"] is None
        seen, cursor, turns = [], None, 0
        while turns == 0 or cursor:
            page = operator.get(f"/api/v1/{path}", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
            seen += page["items"]
            cursor, turns = page["next"], turns + 1
            assert cursor is None or re.fullmatch(r"[A-Za-z0-9_-]+", cursor)
        assert seen == whole["items"], path
        assert len(seen) > 2, path
    times = [one["raised_at"] for one in operator.get("/api/v1/alerts").json()["items"]]
    assert times == sorted(times, reverse=True)


def test_a_change_wants_the_version_that_was_read(site: Site, operator: TestClient) -> None:
    _, incident = site.alarm("smoke-501")
    path = f"/api/v1/incidents/{incident.id}"
    stale = operator.get(path).headers["etag"]
    assert operator.post(f"{path}/notes", json={"note": "x"}).status_code == 200
    problem(operator.post(f"{path}/acknowledge", json={}, headers={"If-Match": stale}), 412, "changed")
    fresh = operator.get(path).headers["etag"]
    assert operator.post(f"{path}/acknowledge", json={}, headers={"If-Match": fresh}).status_code == 200


def test_a_key_answers_its_request_once(site: Site, operator: TestClient, client_as: As) -> None:
    _, incident = site.alarm("smoke-501")
    path = f"/api/v1/incidents/{incident.id}/notes"
    key = {"Idempotency-Key": "k-1"}
    first = operator.post(path, json={"note": "once"}, headers=key)
    again = operator.post(path, json={"note": "once"}, headers=key)
    assert again.status_code == 200 and again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    seen = operator.get(f"/api/v1/incidents/{incident.id}").json()
    assert [one["kind"] for one in seen["timeline"]].count("incident.noted") == 1
    problem(operator.post(path, json={"note": "other"}, headers=key), 422, "key_reused")
    assert client_as(Role.OPERATOR).post(path, json={"note": "other"}, headers=key).status_code == 200, (
        "keys are a token's own"
    )
    site.clock.forward(DAY / SECOND)
    assert operator.post(path, json={"note": "once"}, headers=key).json()["revision"] > first.json()["revision"]
    problem(operator.post(path, json={"note": "x"}, headers={"Idempotency-Key": "k" * 201}), 422, "invalid")


def test_what_an_act_may_leave_out_it_may_also_say_is_null(site: Site, operator: TestClient) -> None:
    _, incident = site.alarm("smoke-501")
    path = f"/api/v1/incidents/{incident.id}"
    verified = operator.post(f"{path}/verify", json={"finding": "false", "how": None, "note": None})
    assert (verified.status_code, verified.json()["finding_how"]) == (200, "")
    resolved = operator.post(f"{path}/resolve", json={"outcome": "false_alarm", "cause": None, "note": None})
    assert (resolved.status_code, resolved.json()["cause"]) == (200, "")


async def test_a_request_repeated_while_its_answer_is_on_the_way_is_given_the_same(site: Site) -> None:
    asked, answers = 0, []

    async def act(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal asked
        asked += 1
        await JSONResponse({"asked": asked})(scope, receive, send)

    window = Idempotency(act, replies=SqlReplies(site.database), now=site.clock.now)
    caller = Principal(id="t-1", role=Role.OPERATOR, name="desk")
    scope = {
        "type": "http", "method": "POST", "path": "/x", "query_string": b"", "state": {"caller": caller},
        "headers": [(b"idempotency-key", b"k-1")],
    }  # fmt: skip

    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def impatient(message: Message) -> None:
        if message["type"] == "http.response.body":
            answers.append(message["body"])
            if len(answers) == 1:
                await window(scope, nothing, impatient)

    await window(scope, nothing, impatient)
    assert answers == [b'{"asked":1}', b'{"asked":1}']


def test_what_was_answered_at_length_is_not_done_again_either(site: Site, operator: TestClient) -> None:
    _, incident = site.alarm("smoke-501")
    path = f"/api/v1/incidents/{incident.id}/notes"
    for number in range(40):
        site.respond.note(incident.id, actor="desk", note=f"{number} " + "x" * 1900)
    key = {"Idempotency-Key": "k-1"}
    first = operator.post(path, json={"note": "once"}, headers=key)
    assert (first.status_code, len(first.content) > REPLY_LIMIT) == (200, True)
    problem(operator.post(path, json={"note": "once"}, headers=key), 409, "conflict")
    seen = operator.get(f"/api/v1/incidents/{incident.id}").json()
    assert [one["kind"] for one in seen["timeline"]].count("incident.noted") == 41
