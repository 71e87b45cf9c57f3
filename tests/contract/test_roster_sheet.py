"""The sheet of a roster over HTTP, and changes of it: weighed, made all at once, taken back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.window import Site, site_on
from shouwang.api.server import build_app
from shouwang.domain.access import Role

pytestmark = pytest.mark.slow

URL = "/api/v1/rosters/desk"
GATE = "/api/v1/rosters/gate"
DESK = {
    "post": "desk_operator",
    "shifts": [
        {"from": "08:00", "to": "20:00", "people": ["zhang"]},
        {"from": "20:00", "to": "08:00", "people": ["zhao"]},
    ],
}
NIGHT = {"from": "2026-11-25T20:00:00+08:00", "to": "2026-11-26T08:00:00+08:00"}
NEXT = {"from": "2026-11-26T20:00:00+08:00", "to": "2026-11-27T08:00:00+08:00"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, {}) as site:
        yield site


def client(site: Site, role: Role = Role.OPERATOR) -> TestClient:
    headers = {"Authorization": f"Bearer {site.token(role, None, None)}"}
    return TestClient(build_app(site.window()), headers=headers, raise_server_exceptions=False)


@pytest.fixture
def desk(site: Site) -> TestClient:
    found = client(site)
    assert found.put(URL, json=DESK).status_code == 200
    return found


def ok(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def who(desk: TestClient, day: str, shift: int) -> list[str]:
    cells = ok(desk.get(f"{URL}/grid?from=2026-11-24T00:00:00Z"))["cells"]
    (cell,) = [one for one in cells if (one["day"], one["shift"]) == (day, shift)]
    return [one["person"] for one in cell["pieces"][0]["here"]]


def test_a_week_is_read_as_a_sheet(desk: TestClient, site: Site) -> None:
    grid = ok(desk.get(f"{URL}/grid?days=14"))
    assert (len(grid["days"]), len(grid["cells"]), grid["bare"]) == (14, 28, [])
    assert grid["days"][0]["from"] == "2026-11-23T16:00:00Z"
    assert grid["names"]["zhang"] and grid["roster"]["id"] == "desk"
    assert desk.get(f"{URL}/grid?days=43").status_code == 422
    assert desk.get("/api/v1/rosters/none/grid").status_code == 404
    assert ok(client(site, Role.VIEWER).get(f"{URL}/grid"))["names"]["zhang"] != grid["names"]["zhang"], "masked"


def test_a_change_is_weighed_made_and_taken_back_the_other_way_round(desk: TestClient, site: Site) -> None:
    move = {"add": [{**NIGHT, "remove": "zhao"}, {**NEXT, "add": "zhang"}]}
    weighed = ok(desk.post(f"{URL}/changes", json={**move, "dry_run": True}))
    assert (weighed["applied"], len(weighed["added"])) == (False, 2)
    assert "empty_shift" in {one["kind"] for one in weighed["opens"]}
    assert {one["from"] for one in weighed["opens"]} == {"2026-11-25T12:00:00Z"}
    assert who(desk, "2026-11-25", 1) == ["zhao"]
    made = ok(desk.post(f"{URL}/changes", json=move))
    assert made["applied"] and (who(desk, "2026-11-25", 1), who(desk, "2026-11-26", 1)) == ([], ["zhao", "zhang"])
    again = ok(desk.post(f"{URL}/changes", json=move))
    assert (again["applied"], again["added"]) == (False, []), "what is so already is not done twice"
    back = {"remove": [one["id"] for one in made["added"]]}
    undone = ok(desk.post(f"{URL}/changes", json=back))
    assert "empty_shift" in {one["kind"] for one in undone["closes"]}
    assert (who(desk, "2026-11-25", 1), who(desk, "2026-11-26", 1)) == (["zhao"], ["zhao"])
    kinds = [entry.kind for entry in site.journal.since(0, 100)]
    assert kinds[-4:] == ["roster.overridden"] * 2 + ["roster.override_removed"] * 2
    assert desk.post(f"{URL}/changes", json=back).status_code == 404


def test_one_fault_and_nothing_is_changed(desk: TestClient, site: Site) -> None:
    half = {"add": [{**NIGHT, "add": "zhang"}, {**NEXT, "add": "nobody"}]}
    refused = desk.post(f"{URL}/changes", json=half)
    assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == "body/add/1/add"
    assert who(desk, "2026-11-25", 1) == ["zhao"]
    assert client(site, Role.RESPONDER).post(f"{URL}/changes", json={}).status_code == 403


def test_the_shifts_themselves_are_weighed_kept_and_taken_back(site: Site) -> None:
    desk = client(site)
    always = {"post": "desk_operator", "shifts": [{"from": "00:00", "to": "24:00", "people": ["zhang"]}]}
    made = ok(desk.post(f"{GATE}/shifts", json=always))
    assert made["applied"] and made["before"] is None
    override = {"add": [{"from": "2026-11-25T08:00:00+08:00", "to": "2026-11-25T09:00:00+08:00", "add": "zhao"}]}
    ok(desk.post(f"{GATE}/changes", json=override))
    day = {**always, "shifts": [{"from": "08:00", "to": "20:00", "days": ["mon", "tue"], "people": ["zhao"]}]}
    weighed = ok(desk.post(f"{GATE}/shifts", json={**day, "dry_run": True}))
    assert not weighed["applied"] and "empty_shift" in {gap["kind"] for gap in weighed["opens"]}
    assert site.directory.community().rosters["gate"].shifts[0].people == ["zhang"]
    changed = ok(desk.post(f"{GATE}/shifts", json=day))
    kept = site.directory.community().rosters["gate"]
    assert changed["applied"] and (kept.shifts[0].days, len(kept.overrides)) == (["mon", "tue"], 1)
    shifts = changed["before"]["shifts"]
    back = ok(desk.post(f"{GATE}/shifts", json={**always, "shifts": shifts}))
    assert {gap["kind"] for gap in back["closes"]} >= {"empty_shift"} and back["opens"] == []
    assert not ok(desk.post(f"{GATE}/shifts", json={**always, "shifts": shifts}))["applied"]
    assert [one.kind for one in site.journal.since(0, 1000)][-2:] == ["roster.changed"] * 2
    refused = desk.post(f"{GATE}/shifts", json={"shifts": [{"from": "25:00", "to": "x", "people": ["no"]}]})
    assert refused.status_code == 422
    assert {one["pointer"] for one in refused.json()["errors"]} == {
        "body/shifts[0]/from",
        "body/shifts[0]/to",
        "body/shifts[0]/people",
    }
    assert client(site, Role.RESPONDER).post(f"{GATE}/shifts", json=always).status_code == 403
