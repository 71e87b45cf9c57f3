"""Devices, readings and the directory over HTTP."""

import pytest
from fastapi.testclient import TestClient

from harness.calls import As, problem
from harness.window import COMPOUND, ELSEWHERE, ROOM, START, Site
from shouwang.domain.access import Role
from shouwang.domain.moment import rfc3339
from shouwang.domain.vocabulary import HOUR, MINUTE, DeviceId, PlaceId, Reading

pytestmark = pytest.mark.slow


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
