"""Every error of the window is a problem document that says what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from harness.calls import problem
from harness.window import Site
from shouwang.api.problems import Code

pytestmark = pytest.mark.slow


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
