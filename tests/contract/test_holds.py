"""Silences, maintenance, permits and shelves over HTTP; and the alarm figures."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.calls import As
from harness.window import COMPOUND, ELSEWHERE, ROOM, Site
from shouwang.domain.access import Role
from shouwang.domain.vocabulary import DAY, PlaceId

pytestmark = pytest.mark.slow

WHY = {"lasts": "2h", "why": "换电池"}
PERMIT = {
    "work": "hot_work",
    "places": [ROOM],
    "watcher": "zhang",
    "contact": "zhao",
    "days": ["mon", "tue"],
    "hours": {"from": "08:00", "to": "18:00"},
    "lasts": "3d",
    "why": "厨房焊接",
}


def test_a_silence_says_by_whom_until_when_and_why(operator: TestClient, site: Site) -> None:
    answer = operator.post("/api/v1/silences", json={"rules": ["device-fault"], "places": [ROOM], **WHY})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["by"], made["why"], made["state"], made["kind"]) == ("wang", "换电池", "on", "silence")
    assert made["people"]["wang"] == "王测试"
    assert operator.get(f"/api/v1/silences/{made['id']}").json() == made
    assert operator.get("/api/v1/silences").json()["items"] == [made]
    assert operator.delete(f"/api/v1/silences/{made['id']}").status_code == 204
    assert operator.delete(f"/api/v1/silences/{made['id']}").status_code == 204
    assert operator.get(f"/api/v1/silences/{made['id']}").json()["state"] == "ended"
    assert operator.get("/api/v1/silences?ended=false").json()["items"] == []
    kinds = [entry["kind"] for entry in operator.get("/api/v1/audit").json()["items"]]
    assert kinds[:2] == ["silence.ended", "silence.begun"]


@pytest.mark.parametrize(
    ("wanted", "status", "words"),
    [
        ({**WHY}, 409, "names none"),
        ({"rules": ["x"], "why": "…"}, 422, "until"),
        ({"rules": ["x"], "lasts": "8d", "why": "…"}, 409, "at most 7d"),
        ({"rules": ["x"], "lasts": "2h"}, 422, "why"),
        ({"places": ["nowhere"], **WHY}, 409, "no place"),
        ({"devices": ["nothing"], **WHY}, 409, "no device"),
        ({"rules": ["x"], "until": "2020-01-01T00:00:00Z", "why": "…"}, 409, "not in the past"),
        ({"rules": ["x"], "lasts": "forever", "why": "…"}, 422, "not a duration"),
        ({"rules": ["x"], "mute_fire": True, **WHY}, 422, "mute_fire"),
    ],
)
def test_a_silence_that_cannot_be_is_refused_with_the_reason(
    operator: TestClient, wanted: dict[str, Any], status: int, words: str
) -> None:
    answer = operator.post("/api/v1/silences", json=wanted)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_who_may_only_look_or_respond_holds_nothing(client_as: As) -> None:
    for role in (Role.VIEWER, Role.RESPONDER, Role.AUDITOR, Role.INSTALLER):
        client = client_as(role)
        assert client.post("/api/v1/silences", json={"places": [ROOM], **WHY}).status_code == 403
        assert client.get("/api/v1/silences").status_code == 200


def test_a_token_of_one_place_holds_only_within_it(client_as: As) -> None:
    local = client_as(Role.OPERATOR, PlaceId(f"{COMPOUND}/b3"))
    assert local.post("/api/v1/silences", json={"places": [ROOM], **WHY}).status_code == 201
    assert local.post("/api/v1/silences", json={"places": [ELSEWHERE], **WHY}).status_code == 404
    assert local.post("/api/v1/silences", json={"rules": ["device-fault"], **WHY}).status_code == 403
    far = client_as(Role.OPERATOR, PlaceId(f"{COMPOUND}/b7"))
    assert far.get("/api/v1/silences").json()["items"] == []


def test_a_permit_has_its_rooms_days_hours_contact_and_watcher(operator: TestClient) -> None:
    answer = operator.post("/api/v1/permits", json=PERMIT)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["work"], made["watcher"], made["contact"]) == ("hot_work", "zhang", "zhao")
    assert (made["days"], made["hours"]) == (["mon", "tue"], {"from": "08:00", "to": "18:00"})
    assert made["state"] == "paused"  # it is night
    assert operator.get("/api/v1/permits").json()["items"] == [made]
    assert operator.get(f"/api/v1/silences/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"places": [f"{COMPOUND}/b3"]}, "no wider"),
        ({"places": []}, "names none"),
        ({"watcher": "nobody"}, "no person"),
        ({"hours": {"from": "8", "to": "18:00"}}, "wall-clock"),
        ({"work": "party"}, "work"),
    ],
)
def test_a_permit_that_would_cover_neighbours_or_has_no_watcher_is_refused(
    operator: TestClient, change: dict[str, Any], words: str
) -> None:
    answer = operator.post("/api/v1/permits", json={**PERMIT, **change})
    assert answer.status_code in (409, 422)
    assert words in answer.text


def test_the_card_of_a_fire_shows_the_permit_next_door(operator: TestClient, site: Site) -> None:
    whole_day = {key: value for key, value in PERMIT.items() if key not in ("days", "hours")}
    permit = operator.post("/api/v1/permits", json=whole_day).json()
    _, incident = site.alarm("smoke-601")
    card = operator.get(f"/api/v1/incidents/{incident.id}").json()
    assert [(one["id"], one["watcher_name"]) for one in card["permits"]] == [(permit["id"], "张测试")]
    _, elsewhere = site.alarm("smoke-202")
    assert operator.get(f"/api/v1/incidents/{elsewhere.id}").json()["permits"] == []


def test_after_the_work_each_detector_waits_for_its_try(operator: TestClient, site: Site) -> None:
    permit = operator.post("/api/v1/permits", json={**PERMIT, "days": None, "hours": None}).json()
    assert operator.delete(f"/api/v1/permits/{permit['id']}").status_code == 204
    ended = operator.get(f"/api/v1/permits/{permit['id']}").json()
    assert (ended["state"], ended["untried"]) == ("untried", ["smoke-501"])
    assert [one["rule"] for one in operator.get("/api/v1/alerts?state=open").json()["items"]] == ["permit-untried"]
    tried = operator.post(f"/api/v1/permits/{permit['id']}/tried", json={"device": "smoke-501", "note": "响了"})
    assert tried.json()["state"] == "ended"
    assert tried.json()["tried"][0]["by"] == "wang"
    assert operator.post(f"/api/v1/permits/{permit['id']}/tried", json={"device": "smoke-601"}).status_code == 409


def test_maintenance_names_devices_or_places(operator: TestClient) -> None:
    made = operator.post("/api/v1/maintenance", json={"devices": ["smoke-501"], "watcher": "zhang", **WHY})
    assert made.status_code == 201
    assert operator.post("/api/v1/maintenance", json={"rules": ["device-fault"], **WHY}).status_code == 409
    assert operator.get("/api/v1/maintenance").json()["items"][0]["devices"] == ["smoke-501"]


def test_a_nuisance_is_shelved_for_a_shift_and_fire_never(operator: TestClient, site: Site) -> None:
    fault, _ = site.alarm("smoke-501", rule="device-fault")
    shelved = operator.post(f"/api/v1/alerts/{fault.id}/shelve", json={"lasts": "8h", "why": "等配件"})
    assert shelved.json()["state"] == "shelved", shelved.text
    assert operator.post(f"/api/v1/alerts/{fault.id}/shelve", json={"lasts": "8h", "why": "x"}).status_code == 409
    assert operator.post(f"/api/v1/alerts/{fault.id}/unshelve").json()["state"] == "unacked"
    assert operator.post(f"/api/v1/alerts/{fault.id}/unshelve").status_code == 409
    assert operator.post(f"/api/v1/alerts/{fault.id}/shelve", json={"lasts": "13h", "why": "x"}).status_code == 409
    fire, _ = site.alarm("smoke-601")
    refused = operator.post(f"/api/v1/alerts/{fire.id}/shelve", json={"lasts": "1m", "why": "x"})
    assert refused.status_code == 409
    assert "matter of life" in refused.json()["detail"]


def test_the_alarm_report_counts_what_asks_somebody_to_act(operator: TestClient, site: Site) -> None:
    site.alarm("smoke-501")
    site.clock.forward(5)
    site.alarm("smoke-601", rule="device-fault")
    site.clock.forward(DAY / 1e6 + 60)
    found = operator.get("/api/v1/reports/alarms").json()
    assert (found["count"], found["operators"], found["stale"], found["standing"]) == (2, 1, 2, 2)
    assert found["limits"]["per_operator_hour"] == 12
    assert {one["subject"] for one in found["top"]} == {"smoke-501", "smoke-601"}
    assert operator.get(f"/api/v1/reports/alarms?place={ELSEWHERE}").json()["count"] == 0
    assert operator.get("/api/v1/reports/alarms?from=2020-01-01T00:00:00Z").status_code == 422


def test_an_explanation_names_what_would_change_the_telling(operator: TestClient, site: Site) -> None:
    silence = operator.post("/api/v1/silences", json={"places": [ROOM], **WHY}).json()
    permit = operator.post("/api/v1/permits", json={**PERMIT, "days": None, "hours": None}).json()

    def named(rule: str) -> set[str]:
        (said,) = operator.get(f"/api/v1/rules/{rule}/explain?device=smoke-501").json()["documents"]
        return {one["id"] for one in said["holds"]}

    assert named("device-fault") == {silence["id"], permit["id"]}
    assert named("smoke-alarm") == {permit["id"]}
