"""巡查 over HTTP: a tag scanned at its point, what was missed, in the hand-over and on paper."""

import msgspec
import pytest
from fastapi.testclient import TestClient

from harness.calls import As, ok
from harness.window import Site
from shouwang.domain.access import Role
from shouwang.domain.moment import rfc3339
from shouwang.domain.patrol import Patrol, Point
from shouwang.domain.roster import Shift
from shouwang.domain.vocabulary import HOUR, MINUTE, PlaceId

pytestmark = pytest.mark.slow

B3 = PlaceId("chengjiang/dongmen/jinyuan/b3")


@pytest.fixture
def walked(site: Site) -> Patrol:
    """A patrol whose round began ten minutes ago, by the site's clock."""
    zone_hour = (site.clock.now() // HOUR + 8) % 24
    patrol = Patrol(
        id="daily",
        name="日巡",
        points=[
            Point(tag="pump", place=B3, name="消防泵房", look="泵与阀门"),
            Point(tag="lane", place=PlaceId("chengjiang/dongmen/jinyuan"), name="消防通道"),
        ],
        rounds=[Shift(start=f"{zone_hour:02d}:00", end=f"{(zone_hour + 1) % 24:02d}:00")],
    )
    site.directory.change([patrol])
    return patrol


def test_a_scan_is_kept_and_what_nobody_scanned_is_missed(site: Site, operator: TestClient, walked: Patrol) -> None:
    assert [one["tag"] for one in ok(operator.get("/api/v1/patrols"))["items"][0]["points"]] == ["pump", "lane"]
    done = operator.post("/api/v1/patrols/scans", json={"tag": "pump"})
    assert done.status_code == 201
    assert (done.json()["name"], done.json()["finding"], done.json()["incident"]) == ("消防泵房", "ok", None)
    (going_on,) = ok(operator.get("/api/v1/patrols/rounds"))["items"]
    assert [one["state"] for one in going_on["points"]] == ["ok", "due"]
    site.clock.forward(3600)
    rounds = ok(operator.get("/api/v1/patrols/rounds"))["items"]
    over = next(one for one in rounds if one["from"] == going_on["from"])
    assert [one["state"] for one in over["points"]] == ["ok", "missed"]
    assert (over["missed"], over["problems"]) == (1, 0)
    line = next(one for one in ok(operator.get("/api/v1/reports/shift"))["patrols"] if one["from"] == over["from"])
    assert (line["points"], line["missed"]) == (2, 1)


def test_a_problem_opens_a_case_where_it_is_wanted(site: Site, operator: TestClient, walked: Patrol) -> None:
    found = operator.post(
        "/api/v1/patrols/scans", json={"tag": "pump", "finding": "problem", "note": "阀门渗漏", "opens": "fault"}
    )
    assert found.status_code == 201, found.text
    case = ok(operator.get(f"/api/v1/incidents/{found.json()['incident']}"))
    assert case["title"]["zh"] == "巡查发现：消防泵房"
    noted = operator.post("/api/v1/patrols/scans", json={"tag": "lane", "finding": "problem", "note": "堵塞"})
    assert noted.json()["incident"] is None
    (shift,) = ok(operator.get("/api/v1/reports/shift"))["patrols"]
    assert shift["problems"] == ["消防泵房：阀门渗漏", "消防通道：堵塞"]
    page = operator.get("/api/v1/reports/print/patrol").text
    assert "防火巡查记录" in page
    assert "阀门渗漏" in page
    assert "泵与阀门" in page


def test_a_scan_without_a_network_counts_when_it_was_made_and_is_marked(
    site: Site, operator: TestClient, walked: Patrol
) -> None:
    begun = site.clock.now()
    site.clock.forward(3 * 3600)
    sent = {"tag": "pump", "at": rfc3339(begun + MINUTE)}
    done = operator.post("/api/v1/patrols/scans", json=sent)
    assert done.status_code == 201 and done.json()["at"] == sent["at"]
    rounds = ok(operator.get("/api/v1/patrols/rounds", params={"from": rfc3339(begun - HOUR)}))["items"]
    seen = [point for one in rounds for point in one["points"] if point["state"] == "ok"]
    assert [(point["at"], point["late"]) for point in seen] == [(sent["at"], True)]
    for at in (begun - 12 * HOUR, site.clock.now() + HOUR):
        assert operator.post("/api/v1/patrols/scans", json={"tag": "pump", "at": rfc3339(at)}).status_code == 422


def test_the_journal_has_each_scan(site: Site, operator: TestClient, walked: Patrol) -> None:
    operator.post("/api/v1/patrols/scans", json={"tag": "pump"})
    (entry,) = ok(operator.get("/api/v1/audit", params={"kind": "patrol.scanned"}))["items"]
    assert entry["place"] == B3


@pytest.mark.parametrize(
    "body", [{"tag": "none"}, {}, {"tag": "pump", "finding": "fine"}, {"tag": "pump", "opens": "fault"}]
)
def test_what_is_no_scan_is_refused(operator: TestClient, walked: Patrol, body: dict[str, str]) -> None:
    assert operator.post("/api/v1/patrols/scans", json=body).status_code == 422


def test_only_those_who_respond_there_scan(client_as: As, walked: Patrol) -> None:
    assert client_as(Role.VIEWER).post("/api/v1/patrols/scans", json={"tag": "pump"}).status_code == 403
    there = client_as(Role.RESPONDER, place=B3)
    assert there.post("/api/v1/patrols/scans", json={"tag": "pump"}).status_code == 201
    assert there.post("/api/v1/patrols/scans", json={"tag": "lane"}).status_code in (403, 404)
    elsewhere = client_as(Role.VIEWER, place="chengjiang/dongmen/other")
    assert ok(elsewhere.get("/api/v1/patrols"))["items"] == []
    assert ok(elsewhere.get("/api/v1/patrols/rounds"))["items"] == []


def test_a_patrol_is_a_row_of_the_directory_as_any_other(site: Site, walked: Patrol) -> None:
    assert site.directory.community().patrols == {"daily": walked}
    site.directory.change([msgspec.structs.replace(walked, name="夜巡")])
    assert site.directory.community().patrols["daily"].name == "夜巡"


def test_a_span_is_asked_for(site: Site, operator: TestClient, walked: Patrol) -> None:
    now = site.clock.now()
    before = {"from": rfc3339(now - 3 * HOUR), "to": rfc3339(now - 2 * HOUR)}
    assert ok(operator.get("/api/v1/patrols/rounds", params=before))["items"] == []
    assert ok(operator.get("/api/v1/patrols/rounds", params={"from": rfc3339(now - 10 * MINUTE - HOUR)}))["items"]
