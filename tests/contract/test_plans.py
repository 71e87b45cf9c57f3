"""Plans of places over HTTP, on every state database: pictures kept and given back, devices placed one by one."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.calls import SMOKE_DETECTOR, As
from harness.window import COMPOUND, ROOM, Site, StillClock, site_on
from shouwang.app.demo import lay_out_demo
from shouwang.domain.access import Role
from shouwang.domain.board import EntryQuery
from shouwang.domain.vocabulary import PlaceId
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.plans import PART, SqlPlans

pytestmark = pytest.mark.slow

BUILDING = f"{COMPOUND}/b3"
PLAN = f"/api/v1/places/{BUILDING}/plan"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300"><rect width="400" height="300"/></svg>'


def png(width: int = 640, height: int = 480, weight: int = 0) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0" + bytes(weight)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    is_server = request.param == "postgres"
    url = request.getfixturevalue("postgres_url") if is_server else f"sqlite:///{tmp_path}/state.sqlite"
    with site_on(url, tmp_path, {SMOKE_DETECTOR.id: SMOKE_DETECTOR}) as site:
        yield site


@pytest.fixture
def admin(client_as: As) -> TestClient:
    return client_as(Role.ADMIN)


def drawn(client: TestClient, content: bytes = SVG, path: str = PLAN) -> dict[str, Any]:
    answer = client.put(path, content=content)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def kinds(site: Site) -> list[str]:
    found = [entry.kind for entry in site.board.entries(EntryQuery(), None, 100)]
    return [kind for kind in reversed(found) if kind.startswith("plan.")]


def test_a_picture_comes_back_as_it_was_sent_also_after_a_restart(admin: TestClient, site: Site) -> None:
    content = png(weight=3 * PART + 17)
    made = drawn(admin, content)
    assert (made["type"], made["width"], made["height"], made["size"]) == ("image/png", 640, 480, len(content))
    anew = SqlPlans(Database(site.database.engine.url.render_as_string(hide_password=False)))
    assert anew.picture(made["picture"]) == content
    answer = admin.get(f"{PLAN}/picture", params={"picture": made["picture"]})
    assert answer.content == content
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert admin.get(f"{PLAN}/picture").headers["cache-control"] == "private, no-cache"


def test_a_drawing_is_made_safe_and_its_answer_runs_nothing(admin: TestClient) -> None:
    made = drawn(admin, SVG.replace(b"<rect", b"<script>alert(1)</script><rect"))
    assert made["type"] == "image/svg+xml" and made["left_out"] == 1
    answer = admin.get(f"{PLAN}/picture")
    assert b"alert" not in answer.content and b"<rect" in answer.content
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("content", [b"", b"GIF89a....", b"%PDF-1.7", b"<svg/>", png(60_000, 2)])
def test_what_is_no_picture_is_refused_and_changes_nothing(admin: TestClient, content: bytes) -> None:
    answer = admin.put(PLAN, content=content)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == "body"
    assert admin.get(PLAN).status_code == 404


def test_a_picture_may_have_8_mib_and_no_more(admin: TestClient) -> None:
    assert admin.put(PLAN, content=png(weight=(8 << 20) + 1)).status_code == 413
    assert drawn(admin, png(weight=(2 << 20)))["size"] > 2 << 20
    assert admin.put("/api/v1/places", content=png(weight=2 << 20)).status_code == 413


def test_each_device_is_placed_moved_and_taken_off_alone_with_a_line_of_the_journal(
    admin: TestClient, site: Site
) -> None:
    assert drawn(admin)["unplaced"] == 2
    put = admin.put(f"{PLAN}/devices/smoke-501", json={"x": 0.25, "y": 1})
    assert put.status_code == 200, put.text
    assert (put.json()["x"], put.json()["kind"], put.json()["where"]["label"]) == (0.25, "smoke", "3号楼 2单元 501")
    admin.put(f"{PLAN}/devices/smoke-501", json={"x": 0.25, "y": 1})
    admin.put(f"{PLAN}/devices/smoke-601", json={"x": 0, "y": 0.5})
    admin.put(f"{PLAN}/devices/smoke-501", json={"x": 0.5, "y": 0.5})
    seen = admin.get(PLAN).json()
    assert {one["device"]: (one["x"], one["y"]) for one in seen["spots"]} == {
        "smoke-501": (0.5, 0.5),
        "smoke-601": (0, 0.5),
    }
    assert (seen["placed"], seen["unplaced"]) == (2, 0)
    assert admin.delete(f"{PLAN}/devices/smoke-601").status_code == 204
    assert admin.delete(f"{PLAN}/devices/smoke-601").status_code == 404
    assert kinds(site) == ["plan.drawn", "plan.placed", "plan.placed", "plan.placed", "plan.lifted"]


@pytest.mark.parametrize("spot", [{"x": 1.01, "y": 0}, {"x": -0.01, "y": 0}, {"x": 0.5}, {"x": "NaN", "y": 0}])
def test_a_spot_outside_the_picture_is_refused(admin: TestClient, spot: dict[str, Any]) -> None:
    drawn(admin)
    assert admin.put(f"{PLAN}/devices/smoke-501", json=spot).status_code == 422


def test_a_device_of_another_place_has_no_spot(admin: TestClient) -> None:
    drawn(admin)
    assert admin.put(f"{PLAN}/devices/smoke-202", json={"x": 0, "y": 0}).status_code == 404
    admin.put(f"{PLAN}/devices/smoke-501", json={"x": 0, "y": 0})
    admin.patch("/api/v1/devices/smoke-501", json={"place": f"{COMPOUND}/b7/u1/f2/202"})
    assert admin.get(PLAN).json()["spots"] == [], "moved elsewhere, it is not shown where it is not"


def test_a_new_picture_keeps_the_spots_and_the_old_one_is_forgotten(admin: TestClient, site: Site) -> None:
    first = drawn(admin, png())
    admin.put(f"{PLAN}/devices/smoke-501", json={"x": 0.1, "y": 0.2})
    etag = admin.get(PLAN).headers["ETag"]
    second = admin.put(PLAN, content=png(800, 600), headers={"If-Match": etag})
    assert second.status_code == 200 and [one["x"] for one in second.json()["spots"]] == [0.1]
    assert admin.put(PLAN, content=png(), headers={"If-Match": etag}).status_code == 412
    plans = SqlPlans(site.database)
    assert plans.picture(first["picture"]) is None
    assert plans.picture(second.json()["picture"]) == png(800, 600)


def test_removing_a_plan_removes_its_spots_and_its_picture(admin: TestClient, site: Site) -> None:
    made = drawn(admin)
    admin.put(f"{PLAN}/devices/smoke-501", json={"x": 0.1, "y": 0.2})
    assert admin.delete(PLAN).status_code == 204
    assert admin.get(PLAN).status_code == 404
    assert SqlPlans(site.database).picture(made["picture"]) is None
    assert drawn(admin)["spots"] == []
    assert kinds(site) == ["plan.drawn", "plan.placed", "plan.removed", "plan.drawn"]


def test_the_nearest_plan_of_a_room_is_that_of_what_it_lies_in(admin: TestClient) -> None:
    drawn(admin, path=f"/api/v1/places/{COMPOUND}/plan")
    room = f"/api/v1/places/{ROOM}/plan"
    assert admin.get(room).status_code == 404
    assert admin.get(room, params={"nearest": True}).json()["place"] == COMPOUND
    drawn(admin)
    assert admin.get(room, params={"nearest": True}).json()["place"] == BUILDING
    assert [one["place"] for one in admin.get("/api/v1/plans").json()["items"]] == [COMPOUND, BUILDING]


def test_plans_are_for_those_of_the_place(admin: TestClient, client_as: As) -> None:
    drawn(admin)
    drawn(admin, path=f"/api/v1/places/{COMPOUND}/plan")
    there, elsewhere = client_as(Role.VIEWER, PlaceId(BUILDING)), client_as(Role.ADMIN, PlaceId(f"{COMPOUND}/b7"))
    assert there.get(PLAN).status_code == 200
    assert there.put(PLAN, content=SVG).status_code == 403
    assert there.put(f"{PLAN}/devices/smoke-501", json={"x": 0, "y": 0}).status_code == 403
    assert [one["place"] for one in there.get("/api/v1/plans").json()["items"]] == [BUILDING]
    assert there.get(f"/api/v1/places/{COMPOUND}/plan").status_code == 404
    for answer in (
        elsewhere.get(PLAN),
        elsewhere.get(f"{PLAN}/picture"),
        elsewhere.put(PLAN, content=SVG),
        elsewhere.delete(PLAN),
        elsewhere.get(f"/api/v1/places/{COMPOUND}/b7/plan", params={"nearest": True}),
    ):
        assert answer.status_code == 404, "what lies outside is not even known"
    assert client_as(Role.INSTALLER).put(PLAN, content=SVG).status_code == 200
    assert client_as(Role.OPERATOR).put(PLAN, content=SVG).status_code == 403


def test_a_place_that_nobody_knows_has_no_plan(admin: TestClient) -> None:
    assert admin.put("/api/v1/places/nowhere/plan", content=SVG).status_code == 404
    assert admin.get("/api/v1/places/nowhere/plan", params={"nearest": True}).status_code == 404


def test_the_demo_shows_its_compound_and_where_its_scenes_burn(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/demo.sqlite")
    database.create()
    lay_out_demo(database, StillClock())
    plans, community = SqlPlans(database), SqlDirectory(database, StillClock().now).community()
    compound = next(iter(plans.plans()))
    spots = plans.spots(compound)
    assert {one.device for one in spots} == set(community.devices), "every device stands on the ground of the compound"
    assert len({(one.x, one.y) for one in spots}) == len(spots), "and none on another"
    burning = plans.spots(f"{compound}/b3/u2/f6")
    assert {one.device for one in burning} == {"demo-3-2-601-smoke", "demo-3-2-602-smoke"}
    database.close()
