"""Installers' acts through the window: commissioning, tests that end, replacing, moving, retiring, visits, health."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from fastapi.testclient import TestClient

from harness.decoding import shipped_interpreter, shipped_profiles
from harness.window import ABOVE, ELSEWHERE, ROOM, Site, site_on
from shouwang.api.server import build_app
from shouwang.domain.access import Role
from shouwang.domain.alert import AlertState
from shouwang.domain.board import CaseQuery, EntryQuery
from shouwang.domain.incident import Outcome
from shouwang.domain.place import Device
from shouwang.domain.vocabulary import DAY, DeviceId, Life, Reading
from shouwang.flows.installing import Installing

pytestmark = pytest.mark.slow

DEVICE = "/api/v1/devices/smoke-501"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    _, profiles = shipped_profiles()
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, profiles) as site:
        site.equipment.interpreter = shipped_interpreter()
        yield site


@pytest.fixture
def installer(site: Site) -> TestClient:
    return TestClient(build_app(site.window()), headers={"Authorization": f"Bearer {site.token(Role.INSTALLER)}"})


def life_of(site: Site, device: str) -> Life:
    return site.directory.community().devices[DeviceId(device)].life


def test_nobody_but_installers_and_admins_commissions(site: Site) -> None:
    app = build_app(site.window())
    for role in (Role.VIEWER, Role.OPERATOR, Role.RESPONDER):
        client = TestClient(app, headers={"Authorization": f"Bearer {site.token(role)}"})
        for act in ("commission", "sign-off", "retire", "test/end"):
            assert client.post(f"{DEVICE}/{act}", json={}).status_code == 403, (role, act)


def test_a_device_that_was_never_heard_cannot_be_put_into_service_by_any_way(site: Site, installer: TestClient) -> None:
    assert installer.post(f"{DEVICE}/commission").json()["life"] == "commissioning"
    assert installer.post(f"{DEVICE}/sign-off").status_code == 409
    assert installer.patch(DEVICE, json={"life": "in_service"}).status_code == 409
    site.clock.forward(5)
    site.heard("smoke-501", ago=1, smoke=False, linkquality=20)
    seen = installer.get(f"{DEVICE}/commissioning").json()
    assert seen["can_sign_off"] and seen["signal"]["level"] == "weak" and len(seen["missing"]) == 1
    assert installer.post(f"{DEVICE}/sign-off", json={"signed_by": "wang"}).json()["life"] == "in_service"
    (entry,) = site.board.entries(EntryQuery(device="smoke-501", kind="device.signed_off"), None, 5)
    assert entry.body["signed_by"] == "wang"


def test_a_test_ends_when_its_time_is_up_and_the_journal_says_so(site: Site, installer: TestClient) -> None:
    assert installer.post(f"{DEVICE}/test", json={"minutes": 0}).status_code == 422
    assert installer.post(f"{DEVICE}/test", json={"minutes": 10}).json()["life"] == "test"
    rounds = Installing(site.casebook, site.directory, site.clock)
    site.clock.forward(9 * 60)
    assert rounds.end_due_tests() == 0 and life_of(site, "smoke-501") is Life.TEST
    site.clock.forward(61)
    assert rounds.end_due_tests() == 1 and life_of(site, "smoke-501") is Life.IN_SERVICE
    (entry,) = site.board.entries(EntryQuery(device="smoke-501", kind="device.test_ended"), None, 5)
    assert entry.body["how"] == "in time" and entry.body["for"] == "installer-desk"
    assert rounds.end_due_tests() == 0


def test_another_device_takes_the_place_and_the_old_one_keeps_its_history(site: Site, installer: TestClient) -> None:
    site.alarm("smoke-501", rule="device-fault")
    site.alarm("smoke-501")
    asked = {"address": "zigbee2mqtt:0xnew", "id": "smoke-501-2", "reason": "end of life"}
    done = installer.post(f"{DEVICE}/replace", json=asked)
    assert done.status_code == 201, done.text
    new = done.json()["device"]
    assert (new["id"], new["replaces"], new["place"], new["life"]) == (
        "smoke-501-2",
        "smoke-501",
        ROOM,
        "commissioning",
    )
    assert new["profile"] == "heiman-hs1sa" and life_of(site, "smoke-501") is Life.RETIRED
    states = {alert.rule: alert.state for alert in site.board.alerts(CaseQuery(device="smoke-501"), None, 10)}
    assert states["device-fault"] is AlertState.NORMAL and states["smoke-alarm"] is AlertState.UNACKED
    assert len(done.json()["left_open"]) == 1, "fire wants a person, whether or not the detector hangs there"
    assert (
        installer.post(f"{DEVICE}/replace", json={**asked, "address": "zigbee2mqtt:0xn", "id": "n"}).status_code == 409
    )


def test_a_moved_device_stands_elsewhere_and_the_journal_says_from_where(site: Site, installer: TestClient) -> None:
    assert installer.post(f"{DEVICE}/move", json={"place": ELSEWHERE}).json()["place"] == ELSEWHERE
    assert installer.post(f"{DEVICE}/move", json={"place": "nowhere"}).status_code == 422
    (entry,) = site.board.entries(EntryQuery(device="smoke-501", kind="device.moved"), None, 5)
    assert (entry.body["from"], entry.body["to"]) == (ROOM, ELSEWHERE)


def test_visits_count_how_often_nobody_was_home(installer: TestClient) -> None:
    for _ in range(2):
        said = installer.post("/api/v1/visits", json={"place": ROOM, "result": "nobody_home"})
        assert said.status_code == 201
    installer.post("/api/v1/visits", json={"place": ABOVE, "result": "refused", "note": "later perhaps"})
    assert installer.post("/api/v1/visits", json={"place": "nowhere", "result": "vacant"}).status_code == 422
    items = installer.get("/api/v1/visits").json()["items"]
    assert [(one["place"], one["result"], one["nobody_home"]) for one in items] == [
        (ROOM, "nobody_home", 2),
        (ABOVE, "refused", 0),
    ]
    installer.post("/api/v1/visits", json={"place": ROOM, "result": "installed"})
    (one,) = installer.get("/api/v1/visits?result=installed").json()["items"]
    assert one["nobody_home"] == 2


def test_health_tells_when_a_battery_should_be_replaced(site: Site, installer: TestClient) -> None:
    now = site.clock.now()
    readings = [
        Reading(DeviceId("smoke-501"), "battery", 90.0 - day, now - (40 - day) * DAY, now - (40 - day) * DAY)
        for day in range(40)
    ]
    site.readings.write(readings)
    site.heard("smoke-501", ago=60, battery=50.0, linkquality=110)
    said = installer.get(f"{DEVICE}/health").json()
    assert said["battery"]["metric"] == "battery" and -1.1 < said["battery"]["per_day"] < -0.9
    assert said["battery"]["replace_by"] > said["heard_at"] and said["signal"]["level"] == "good"
    assert said["counts_as_coverage"] is True and said["flapping"] is False
    page = installer.get("/api/v1/fleet/health?kind=smoke&limit=2").json()
    assert len(page["items"]) == 2 and page["next"]


def test_a_gateway_is_shown_with_the_devices_that_were_heard_through_it(site: Site, installer: TestClient) -> None:
    bridges = [
        Device(id=DeviceId(id), profile="zigbee2mqtt-bridge", address=f"zigbee2mqtt:{id}", place=ROOM)
        for id in ("hall", "roof")
    ]
    site.directory.change(bridges, [])
    site.link({"smoke-501": "zigbee2mqtt:roof", "smoke-202": "zigbee2mqtt:nobody-knows"})
    assert installer.get("/api/v1/devices/roof/health").json()["children"] == ["smoke-501"]
    assert installer.get("/api/v1/devices/hall/health").json()["children"] == []
    shown = {one["device"]: one["gateway"] for one in installer.get("/api/v1/fleet/health").json()["items"]}
    assert shown == {"smoke-501": "roof", "smoke-202": None, "smoke-601": None, "hall": None, "roof": None}


def test_models_are_told_by_their_false_alarms(site: Site, installer: TestClient) -> None:
    for device, outcome in (("smoke-501", Outcome.FALSE_ALARM), ("smoke-202", Outcome.REAL)):
        _, incident = site.alarm(device)
        with site.casebook.change() as transaction:
            transaction.keep_incident(msgspec.structs.replace(incident, outcome=outcome))
    (model,) = installer.get("/api/v1/fleet/models").json()["items"]
    assert (model["profile"], model["devices"], model["false_alarm_rate"]) == ("heiman-hs1sa", 3, 0.5)
