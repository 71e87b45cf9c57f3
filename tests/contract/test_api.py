"""The window, by its contract: who may ask, what is answered, every error a problem, pages, acts."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from harness.window import COMPOUND, ELSEWHERE, ROOM, START, Site, site_on
from shouwang.api import site as pages
from shouwang.api.doors import Readiness, Scene
from shouwang.api.fleet import FleetState
from shouwang.api.idempotency import REPLY_LIMIT, Idempotency
from shouwang.api.problems import Code
from shouwang.api.server import build_app
from shouwang.domain.access import Principal, Role
from shouwang.domain.alert import AlertClass
from shouwang.domain.errors import NotFound
from shouwang.domain.incident import Finding, Outcome
from shouwang.domain.moment import rfc3339
from shouwang.domain.notice import DeliveryState, Why
from shouwang.domain.profile import Profile
from shouwang.domain.standing import Change
from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, SECOND, DeviceId, Kind, PlaceId, Reading
from shouwang.store.replies import SqlReplies

pytestmark = pytest.mark.slow

PROFILES = {
    "heiman-hs1sa": Profile(
        id="heiman-hs1sa",
        vendor="HEIMAN",
        model="HS1SA",
        title={"zh": "独立烟感", "en": "Smoke"},
        kind=Kind.SMOKE,
        longest_silence=26 * HOUR,
    )
}
Json = Any
As = Callable[..., TestClient]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, PROFILES) as site:
        yield site


@pytest.fixture
def client_as(site: Site) -> As:
    """A client that bears a token of a role."""
    app = build_app(site.window())

    def client(role: Role, place: PlaceId | None = None, person: str | None = None) -> TestClient:
        text = site.token(role, place, person)
        return TestClient(app, headers={"Authorization": f"Bearer {text}"}, raise_server_exceptions=False)

    return client


@pytest.fixture
def operator(client_as: As) -> TestClient:
    return client_as(Role.OPERATOR, person="wang")


@pytest.fixture
def stranger(site: Site) -> TestClient:
    return TestClient(build_app(site.window()), raise_server_exceptions=False)


def problem(answer: Any, status: int, code: str) -> Json:
    """The problem document of an answer, as RFC 9457 wants it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status and document["code"] == code, document
    assert document["type"] == f"urn:shouwang:problem:{code}" and document["detail"]
    return document


# Who may ask ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/alerts"),
        ("GET", "/api/v1/nothing/here"),
        ("POST", "/api/v1/incidents/x/resolve"),
        ("DELETE", "/api/v1/alerts"),
        ("GET", "/api/v1/session/demo"),
        ("POST", "/api/v1/demo/press"),
        ("GET", "/api/v1/events"),
        ("GET", "/api/v1"),
    ],
)
def test_an_unknown_bearer_is_refused_before_path_and_body_are_looked_at(
    stranger: TestClient, method: str, path: str
) -> None:
    for headers in ({}, {"Authorization": "Bearer sw_unknown"}, {"Authorization": "Basic eDp5"}):
        answer = stranger.request(method, path, headers=headers, content=b"{not json" * 500_000)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_reference_needs_no_token_and_takes_nothing_from_outside(stranger: TestClient) -> None:
    document = stranger.get("/api/v1/openapi.json").json()
    assert "/api/v1/incidents/{incident_id}/acknowledge" in document["paths"]
    assert document["components"]["schemas"]["ProblemOut"] and document["components"]["securitySchemes"]
    docs = stranger.get("/api/v1/docs").text
    assert "/api/v1/alerts/{alert_id}" in docs and not re.findall(r"(?:src|href)=\"https?://", docs)
    assert stranger.get("/api/v1/docs", headers={"Authorization": "Bearer sw_unknown"}).status_code == 200


def test_a_revoked_token_ends_within_a_second(site: Site, client_as: As) -> None:
    client = client_as(Role.VIEWER)
    assert client.get("/api/v1/session").status_code == 200
    (bearer,) = site.tokens.live(START)
    site.tokens.revoke(bearer.id, START)
    site.clock.forward(1)
    problem(client.get("/api/v1/session"), 401, "unauthenticated")


def test_a_session_says_who_bears_the_token_and_what_it_may(client_as: As) -> None:
    seen = client_as(Role.RESPONDER, place=ROOM, person="zhao").get("/api/v1/session").json()
    assert (seen["role"], seen["place"], seen["person"]) == ("responder", ROOM, "zhao")
    assert seen["acts"] == ["read", "respond"] and seen["demo"] is False and seen["now"] == rfc3339(START)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.INSTALLER])
def test_who_only_reads_acts_on_nothing(site: Site, client_as: As, role: Role) -> None:
    alert, incident = site.alarm("smoke-501")
    client = client_as(role)
    assert client.get(f"/api/v1/incidents/{incident.id}").status_code == 200
    for path in (f"incidents/{incident.id}/acknowledge", f"alerts/{alert.id}/acknowledge", f"alerts/{alert.id}/reset"):
        problem(client.post(f"/api/v1/{path}", json={}), 403, "forbidden")


def test_a_token_of_a_place_sees_that_subtree_and_nothing_outside(site: Site, client_as: As) -> None:
    here, incident = site.alarm("smoke-501")
    there, other = site.alarm("smoke-202")
    site.told(other, "wang", DeliveryState.SENT)
    client = client_as(Role.RESPONDER, place=PlaceId(f"{COMPOUND}/b3"))
    assert [one["id"] for one in client.get("/api/v1/alerts").json()["items"]] == [here.id]
    assert [one["id"] for one in client.get("/api/v1/incidents").json()["items"]] == [incident.id]
    assert {one["id"] for one in client.get("/api/v1/devices").json()["items"]} == {"smoke-501", "smoke-601"}
    assert client.get("/api/v1/deliveries").json()["items"] == []
    assert client.get(f"/api/v1/alerts?place={COMPOUND}").json()["items"] != [], "above its place it still sees its own"
    for path in (
        f"alerts/{there.id}",
        f"incidents/{other.id}",
        "devices/smoke-202",
        "devices/smoke-202/readings",
        f"places/{ELSEWHERE}",
        f"alerts?place={ELSEWHERE}",
    ):
        problem(client.get(f"/api/v1/{path}"), 404, "not_found")
    problem(client.post(f"/api/v1/incidents/{other.id}/acknowledge", json={}), 404, "not_found")
    assert client.post(f"/api/v1/incidents/{incident.id}/acknowledge", json={}).status_code == 200


def test_names_and_phones_are_for_those_who_work_with_them(site: Site, client_as: As) -> None:
    _, incident = site.alarm("smoke-501")
    site.told(incident, "wang", DeliveryState.SENT)
    for role, name, phone in (
        (Role.OPERATOR, "王测试", "+8613800000000"),
        (Role.ADMIN, "王测试", "+8613800000000"),
        (Role.RESPONDER, "王**", "************00"),
        (Role.VIEWER, "王**", "************00"),
    ):
        client = client_as(role)
        person = client.get("/api/v1/people/wang").json()
        assert (person["name"], person["phone"]) == (name, phone)
        assert "url" not in str(person) and "secret" not in str(person)
        seen = client.get(f"/api/v1/incidents/{incident.id}").json()
        assert seen["deliveries"][0]["name"] == name and seen["people"]["wang"] == name


# Errors ---------------------------------------------------------------------------------------------------------------


def test_every_error_is_a_problem(site: Site, operator: TestClient) -> None:
    _, incident = site.alarm("smoke-501")
    act = f"/api/v1/incidents/{incident.id}"
    problem(operator.get("/api/v1/nothing"), 404, "not_found")
    problem(operator.get("/api/v1/alerts/nothing"), 404, "not_found")
    problem(operator.get("/api/other"), 404, "not_found")
    wrong = operator.delete("/api/v1/alerts")
    problem(wrong, 405, "method_not_allowed")
    assert "GET" in wrong.headers["allow"]
    problem(operator.post(f"{act}/verify", json={"finding": "maybe"}), 422, "invalid")
    problem(operator.post(f"{act}/verify", content=b"{", headers={"Content-Type": "application/json"}), 422, "invalid")
    problem(operator.post(f"{act}/acknowledge", json={"nota": "x"}), 422, "invalid")
    problem(operator.get("/api/v1/alerts?state=burning"), 422, "invalid")
    problem(operator.get("/api/v1/alerts?limit=0"), 422, "invalid")
    problem(operator.get("/api/v1/alerts?limit=501"), 422, "invalid")
    problem(operator.get("/api/v1/alerts?cursor=!!"), 422, "invalid")
    problem(operator.get("/api/v1/devices/smoke-501/readings?from=yesterday"), 422, "invalid")
    problem(operator.post(f"{act}/close", json={}), 409, "conflict")
    problem(operator.post(f"{act}/notes", content=b"x" * (1 << 20) + b"x"), 413, "too_large")


def test_a_refused_field_is_pointed_at(site: Site, operator: TestClient) -> None:
    _, incident = site.alarm("smoke-501")
    answer = operator.post(f"/api/v1/incidents/{incident.id}/resolve", json={"outcome": "fine", "extra": 1})
    pointers = {one["pointer"] for one in problem(answer, 422, "invalid")["errors"]}
    assert pointers == {"body/outcome", "body/extra"}


def test_our_own_fault_is_a_problem_without_its_inside(site: Site, operator: TestClient) -> None:
    site.database.engine.dispose()
    site.readings.close()
    answer = operator.get("/api/v1/devices/smoke-501/readings")
    assert answer.status_code in (500, 503)
    assert answer.headers["content-type"] == "application/problem+json" and "Traceback" not in answer.text


def test_a_body_without_length_is_bounded_too(operator: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 100_000

    problem(operator.post("/api/v1/devices", content=endless()), 413, "too_large")


def test_a_head_is_answered_where_a_get_is(operator: TestClient, stranger: TestClient) -> None:
    for path in ("/api/v1/alerts", "/health/live", "/", "/api/v1/openapi.json"):
        asked, told = operator.head(path), operator.get(path)
        assert (asked.status_code, asked.content) == (told.status_code, b""), path
        assert asked.headers["content-type"] == told.headers["content-type"]
    assert stranger.head("/api/v1/alerts").status_code == 401


def test_a_query_parameter_that_no_path_knows_is_refused_with_what_may_be_meant(operator: TestClient) -> None:
    refused = problem(operator.get("/api/v1/alerts?stat=open&limit=5"), 422, "invalid")
    assert refused["errors"] == [{"pointer": "query/stat", "detail": "is not known here; did you mean state?"}]
    assert "known: " in problem(operator.get("/api/v1/places?zzz=1"), 422, "invalid")["detail"]
    assert operator.get("/api/v1/alerts?state=open&limit=5").status_code == 200


def test_how_a_finding_was_made_is_one_of_four(site: Site, operator: TestClient) -> None:
    _, incident = site.alarm("smoke-501")
    path = f"/api/v1/incidents/{incident.id}"
    operator.post(f"{path}/acknowledge", json={})
    refused = problem(operator.post(f"{path}/verify", json={"finding": "real", "how": "guess"}), 422, "invalid")
    assert "second_detector" in refused["detail"]
    assert operator.post(f"{path}/verify", json={"finding": "real", "how": "camera"}).status_code == 200


def test_each_code_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    assert [code for code in Code if f"`{code}`" not in text] == []


# Alerts and incidents -------------------------------------------------------------------------------------------------


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

    def act(name: str, body: Json = None, by: TestClient = operator) -> Json:
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
    assert operator.post(f"{path}/escalate", json={"note": "two more"}).status_code == 200
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


# Devices, readings, directory -----------------------------------------------------------------------------------------


def test_a_device_shows_its_newest_values_and_how_it_stands(site: Site, operator: TestClient) -> None:
    site.heard("smoke-501", ago=60, smoke=False, battery=94)
    site.heard("smoke-601", ago=27 * 3600, smoke=False)
    site.alarm("smoke-202")
    states = {one["id"]: one["state"] for one in operator.get("/api/v1/devices").json()["items"]}
    assert states == {"smoke-501": "ok", "smoke-601": "silent", "smoke-202": "alarm"}
    seen = operator.get("/api/v1/devices/smoke-501").json()
    assert seen["kind"] == "smoke" and seen["longest_silence"] == 26 * 3600
    assert seen["values"]["battery"] == {
        "value": 94,
        "unit": "%",
        "measured_at": rfc3339(START - MINUTE),
        "received_at": rfc3339(START - MINUTE),
    }
    assert [one["id"] for one in operator.get("/api/v1/devices?state=silent").json()["items"]] == ["smoke-601"]
    report = operator.get("/api/v1/reports/fleet").json()
    assert (report["total"], report["states"]["silent"]) == (3, 1)
    assert [one["id"] for one in report["quiet"]] == ["smoke-601"]


def test_an_installer_registers_changes_and_removes_a_device(site: Site, client_as: As) -> None:
    installer = client_as(Role.INSTALLER)
    new = {"profile": "heiman-hs1sa", "address": "zigbee2mqtt:0xnew", "place": ROOM, "name": "卧室烟感"}
    made = installer.post("/api/v1/devices", json=new)
    assert made.status_code == 201 and made.json()["id"] == "zigbee2mqtt-0xnew"
    assert installer.post("/api/v1/devices", json=new).status_code == 200
    for change, status, code in (
        ({"address": "zigbee2mqtt:0xsmoke-501", "id": "x"}, 409, "conflict"),
        ({"name": "other"}, 409, "conflict"),
        ({"id": "y", "profile": "nothing"}, 422, "invalid"),
        ({"id": "y", "address": "0xnew"}, 422, "invalid"),
        ({"id": "y", "address": "zigbee2mqtt:y", "place": "nowhere"}, 422, "invalid"),
        ({"id": "a/b"}, 422, "invalid"),
    ):
        problem(installer.post("/api/v1/devices", json={**new, **change}), status, code)
    path = "/api/v1/devices/zigbee2mqtt-0xnew"
    stale = made.headers["etag"]
    assert installer.patch(path, json={"life": "maintenance"}).json()["state"] == "off"
    problem(installer.patch(path, json={"name": "x"}, headers={"If-Match": stale}), 412, "changed")
    assert installer.delete(path).status_code == 204
    problem(installer.get(path), 404, "not_found")
    seen = client_as(Role.AUDITOR).get("/api/v1/audit?kind=device.").json()["items"]
    assert [one["kind"] for one in seen] == ["device.removed", "device.changed", "device.registered"]
    assert {one["actor"] for one in seen} == {"installer-desk"}
    problem(client_as(Role.OPERATOR).post("/api/v1/devices", json=new), 403, "forbidden")


def test_an_installer_of_one_building_registers_in_that_building(client_as: As) -> None:
    installer = client_as(Role.INSTALLER, place=PlaceId(f"{COMPOUND}/b3"))
    new = {"profile": "heiman-hs1sa", "address": "zigbee2mqtt:0xn", "place": ELSEWHERE}
    problem(installer.post("/api/v1/devices", json=new), 404, "not_found")
    assert installer.post("/api/v1/devices", json={**new, "place": ROOM}).status_code == 201
    problem(installer.patch("/api/v1/devices/zigbee2mqtt-0xn", json={"place": ELSEWHERE}), 404, "not_found")


def test_readings_are_newest_first_in_pages_or_by_interval(site: Site, operator: TestClient) -> None:
    device = DeviceId("smoke-501")
    times = [START - minute * MINUTE for minute in range(0, 300, 7)]
    site.readings.write(
        [
            Reading(device, metric, 20.0 + n, at, at)
            for n, at in enumerate(times)
            for metric in ("temperature", "battery")
        ]
    )
    path = "/api/v1/devices/smoke-501/readings"
    whole = operator.get(path, params={"metric": "temperature", "limit": 500}).json()["items"]
    assert [one["at"] for one in whole] == [rfc3339(at) for at in times] and set(whole[0]) >= {"at", "metric", "value"}
    seen, cursor = [], None
    for _ in range(100):
        page = operator.get(path, params={"limit": 7, **({"cursor": cursor} if cursor else {})}).json()
        seen += [(one["at"], one["metric"]) for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 2 * len(times), "two metrics of one instant are split by no page"
    span = {"from": rfc3339(START - HOUR), "to": rfc3339(START)}
    assert len(operator.get(path, params={**span, "metric": "battery"}).json()["items"]) == 8, "from is in, to is not"
    hours = operator.get(path, params={"metric": "temperature", "every": "1h"}).json()["items"]
    assert sum(one["count"] for one in hours) == len(times) and [one["at"] for one in hours] == sorted(
        (one["at"] for one in hours), reverse=True
    )
    assert set(hours[0]) >= {"at", "count", "min", "max", "mean", "last"}
    unescaped = operator.get(f"{path}?from=2026-11-24T01:00:00+08:00&metric=battery")
    assert unescaped.status_code == 200 and unescaped.json()["items"]
    problem(operator.get(path, params={"every": "often"}), 422, "invalid")
    problem(operator.get("/api/v1/devices/nothing/readings"), 404, "not_found")


def test_the_directory_is_readable_and_its_gaps_are_named(operator: TestClient) -> None:
    place = operator.get(f"/api/v1/places/{ROOM}").json()
    assert place["kind"] == "dwelling" and place["devices"] == 1 and place["where"]["label"] == "3号楼 2单元 501"
    assert operator.get("/api/v1/zones/jinyuan-east").json()["members"] == ["wang", "zhao"]
    assert operator.get("/api/v1/policies").json()["items"][0]["id"] == "fire"
    assert [one["person"] for one in operator.get(f"/api/v1/posts?place={COMPOUND}").json()["items"]] != []
    gaps = operator.get("/api/v1/coverage").json()["items"]
    configured = [(gap["kind"], gap["place"]) for gap in gaps if gap["kind"] == "place_without_zone"]
    assert configured == [("place_without_zone", f"{COMPOUND}/b7")]
    for path in ("rosters", "overrides"):
        assert operator.get(f"/api/v1/{path}").json() == {"items": [], "next": None}
    assert operator.get("/api/v1/profiles/heiman-hs1sa").json()["vendor"] == "HEIMAN"
    rules = {rule["id"]: rule for rule in operator.get("/api/v1/rules").json()["items"]}
    assert rules["smoke-alarm"]["class"] == "fire" and rules["smoke-alarm"]["metrics"] == ["smoke"]


def test_what_has_no_place_is_shown_to_those_whose_work_it_is(site: Site, client_as: As) -> None:
    site.stray("invalid_json", b"\xff{")
    installer = client_as(Role.INSTALLER, place=ROOM)
    (message,) = installer.get("/api/v1/quarantine").json()["items"]
    assert (message["reason"], message["payload"], message["payload_base64"]) == ("invalid_json", None, "/3s=")
    assert installer.get(f"/api/v1/quarantine/{message['id']}").json() == message
    assert installer.get("/api/v1/quarantine/counts").json()["items"][0]["count"] == 1
    assert installer.get("/api/v1/discovered").json()["items"][0]["address"] == "zigbee2mqtt:0xinvalid_json"
    problem(client_as(Role.VIEWER).get("/api/v1/quarantine"), 403, "forbidden")
    problem(client_as(Role.OPERATOR, place=ROOM).get("/api/v1/quarantine"), 403, "forbidden")
    problem(client_as(Role.VIEWER).get("/api/v1/audit"), 403, "forbidden")


# Health, page, demonstration ------------------------------------------------------------------------------------------


def test_health_needs_no_token_and_says_what_is_missing(site: Site, stranger: TestClient) -> None:
    assert stranger.get("/health/live").json() == {"status": "ok"}
    ready = stranger.get("/health/ready")
    assert ready.status_code == 200 and ready.json()["proven_at"] == rfc3339(START) and ready.json()["took"] == 0.4
    site.ready = Readiness(ok=False, reasons=["the broker does not answer"])
    waiting = stranger.get("/health/ready")
    assert waiting.status_code == 503 and waiting.json()["reasons"] == ["the broker does not answer"]
    metrics = stranger.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4") and "shouwang_up" in metrics.text


@pytest.mark.parametrize("path", ["/", "/duty", "/install", "/anything/else"])
def test_any_unknown_path_outside_the_api_is_the_page(stranger: TestClient, path: str) -> None:
    page = stranger.get(path)
    assert page.status_code == 200 and '<html lang="zh-CN">' in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert stranger.get(path, headers={"If-None-Match": page.headers["etag"]}).status_code == 304
    problem(stranger.post(path), 405, "method_not_allowed")


def test_the_console_has_words_for_every_kind_of_entry_and_every_class_state_and_post() -> None:
    folder = Path(__file__).parents[2] / "dashboards" / "console" / "src" / "words"
    words = "".join((folder / name).read_text(encoding="utf-8") for name in ("zh.ts", "en.ts"))
    source = "".join(path.read_text(encoding="utf-8") for path in pages.CONSOLE.parent.rglob("*.py"))
    rooms = "alert|incident|notice|device|coverage|escalation|rule"
    kinds = set(
        re.findall(rf'(?:record|_entry|_line)\(\s*"((?:{rooms})\.[a-z_]+)"|kind="((?:{rooms})\.[a-z_]+)"', source)
    )
    named = {one or other for one, other in kinds} | {
        f"delivery.{state}" for state in ("sent", "unreachable", "refused")
    }
    assert len(named) > 20
    for word in sorted(named):
        assert words.count(f'"{word}": ') == 2, f"{word} has no words"
    for enum in (AlertClass, DeliveryState, Finding, Outcome, Why, FleetState, Kind):
        for member in enum:
            assert len(re.findall(rf"[ {{]{member.value}: ", words)) >= 2, f"{enum.__name__} {member} has no words"


def test_the_built_console_is_served_packed_and_kept(tmp_path: Path) -> None:
    console = tmp_path / "console"
    (console / "assets").mkdir(parents=True)
    (console / "index.html").write_text('<html lang="zh-CN">built</html>', encoding="utf-8")
    script = "// 守望\n" * 400
    (console / "assets" / "app-1a2b.js").write_text(script, encoding="utf-8")
    router = pages.site_router([], console=console)
    app = FastAPI()
    app.include_router(router)
    client = TestClient(app)
    page, found = client.get("/duty"), client.get("/assets/app-1a2b.js")
    assert "built" in page.text and page.headers["cache-control"] == "no-cache"
    assert found.text == script and found.headers["content-encoding"] == "gzip"
    assert found.headers["content-type"].startswith("text/javascript") and "immutable" in found.headers["cache-control"]
    plain = client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == script and "content-encoding" not in plain.headers
    with pytest.raises(pages.Problem):
        client.get("/assets/app-of-yesterday.js")
    assert "make setup" in TestClient(_bare(tmp_path / "none")).get("/").text


def _bare(console: Path) -> FastAPI:
    app = FastAPI()
    app.include_router(pages.site_router([], console=console))
    return app


def test_no_other_origin_is_answered_to(operator: TestClient) -> None:
    answer = operator.get("/api/v1/session", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers and answer.headers["cache-control"] == "no-store"
    asked = operator.options(
        "/api/v1/session", headers={"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}
    )
    assert "access-control-allow-origin" not in asked.headers


class Playground:
    """A demonstration that notes what was pressed."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.scenes = [Scene(id="smoke", title={"zh": "3-2-501 烟雾", "en": "3-2-501 smoke"})]
        self.pressed: list[str] = []

    def press(self, scene: str) -> None:
        if scene != "smoke":
            raise NotFound(scene)
        self.pressed.append(scene)


def test_a_demonstration_lets_a_visitor_in_and_press_its_scenes(site: Site) -> None:
    demo = Playground(site.token(Role.OPERATOR))
    client = TestClient(build_app(site.window(demo)))
    token = client.get("/api/v1/session/demo").json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    session = client.get("/api/v1/session", headers=headers).json()
    assert session["demo"] is True and session["scenes"][0]["id"] == "smoke"
    assert client.post("/api/v1/demo/press", json={"scene": "smoke"}, headers=headers).status_code == 202
    assert demo.pressed == ["smoke"]
    problem(client.post("/api/v1/demo/press", json={"scene": "x"}, headers=headers), 404, "not_found")
    problem(client.post("/api/v1/demo/press", json={"scene": "smoke"}), 401, "unauthenticated")
