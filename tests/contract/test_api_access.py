"""Who may ask the window, and how much each sees."""

import re

import pytest
from fastapi.testclient import TestClient

from harness.calls import As, problem
from harness.window import COMPOUND, ELSEWHERE, ROOM, START, Site
from shouwang.domain.access import Role
from shouwang.domain.moment import rfc3339
from shouwang.domain.notice import DeliveryState
from shouwang.domain.vocabulary import PlaceId

pytestmark = pytest.mark.slow


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
