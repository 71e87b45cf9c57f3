"""An installer's story on a real broker: an unknown smoke alarm joins, is claimed, pressed, signed for, and counts."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.compound import people
from harness.phones import exchange
from harness.publisher import says
from harness.servers import Mosquitto
from harness.works import Works, works_on
from shouwang.domain.access import Role
from shouwang.domain.board import EntryQuery
from shouwang.domain.duty import PersonId, Zone
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.vocabulary import DeviceId, PlaceId
from shouwang.store.tokens import SqlTokens

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

HOME = PlaceId("cj/dm/jy/b3/u1/f5/501")
IEEE = "0x00158d0001a2b3c4"
FOLLOWS = 0.6
"""Seconds in which intake follows the directory; it looks five times a second."""

QUIET = {"battery": 96, "battery_low": False, "linkquality": 110, "smoke": False, "tamper": False, "test": False}


@pytest.fixture
def works(mosquitto_alone: Mosquitto, tmp_path: Path) -> Iterator[Works]:
    home = [
        Place(id=PlaceId("cj/dm/jy/b3"), kind=PlaceKind.BUILDING),
        Place(id=HOME, kind=PlaceKind.DWELLING, name="501"),
        Zone(id="east", name="东责任区", places=[PlaceId("cj/dm/jy/b3")], members=[PersonId("desk")]),
    ]
    with exchange() as phones, works_on(tmp_path, mosquitto_alone.port, [*people(phones), *home]) as works:
        yield works
        assert [call.body["why"] for call in phones.calls] == [], "a test or a stranger's quiet message called somebody"


@pytest.fixture
def installer(works: Works) -> Iterator[httpx.Client]:
    token = SqlTokens(works.database).create(role=Role.INSTALLER, name="installer-1", now=works.clock.now())
    with httpx.Client(
        base_url=f"http://127.0.0.1:{works.http_port}/api/v1", headers={"Authorization": f"Bearer {token}"}
    ) as client:
        yield client


def within(seconds: float, look: Callable[[], Any]) -> Any:
    """What it gives once that is anything; fails after the seconds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"expected within {seconds} s"
        time.sleep(0.05)
    return found


def joins(works: Works) -> None:
    """What Zigbee2MQTT publishes of a new device."""
    definition = {"model": "HS1SA", "vendor": "HEIMAN", "description": "Smoke detector", "exposes": []}
    card = {
        "ieee_address": IEEE,
        "friendly_name": IEEE,
        "type": "EndDevice",
        "model_id": "SmokeSensor-N-3.0",
        "interview_completed": True,
        "supported": True,
        "definition": definition,
    }
    says(works.broker_port, ("zigbee2mqtt/bridge/devices", json.dumps([card]).encode()))


def speaks(works: Works, **values: object) -> None:
    says(works.broker_port, (f"zigbee2mqtt/{IEEE}", json.dumps({**QUIET, **values}).encode()))


def test_an_unknown_smoke_alarm_is_found_claimed_pressed_signed_for_and_counts(
    works: Works, installer: httpx.Client
) -> None:
    joins(works)
    speaks(works)
    (found,) = within(2.0, lambda: [one for one in installer.get("/discovered").json()["items"] if one["payload"]])
    assert found["address"] == f"zigbee2mqtt:{IEEE}" and json.loads(found["payload"])["battery"] == 96
    best = found["suggestions"][0]
    assert (best["profile"], best["why"]) == ("heiman-hs1sa", "model") and "HS1SA" in best["reason"]["en"]
    before = installer.get("/coverage/zones").json()["items"]
    assert [(zone["id"], zone["devices"], zone["protecting"]) for zone in before] == [("east", 0, 0)]

    claim = {"place": HOME, "id": "501-smoke"}
    claimed = installer.post(f"/discovered/{found['address']}/claim", json=claim, headers={"Idempotency-Key": "k1"})
    again = installer.post(f"/discovered/{found['address']}/claim", json=claim, headers={"Idempotency-Key": "k1"})
    assert (claimed.status_code, claimed.json()["life"]) == (201, "commissioning")
    assert claimed.json()["profile"] == "heiman-hs1sa" and again.headers["Idempotency-Replayed"] == "true"
    assert installer.get("/discovered").json()["items"] == []
    refused = installer.post("/devices/501-smoke/sign-off", json={"signed_by": "installer-1"})
    assert refused.status_code == 409 and "not heard" in refused.json()["detail"]

    begun = installer.post("/devices/501-smoke/commission", json={"anew": True}).json()
    assert begun["heard_at"] is None and begun["can_sign_off"] is False and begun["started_by"] == "installer-1"
    works.pause(FOLLOWS)
    speaks(works, smoke=True, test=True)
    seen = within(5.0, lambda: _if(installer.get("/devices/501-smoke/commissioning").json(), "pressed_at"))
    assert 0 <= seen["heard_after"] < 30 and seen["pressed"] == {"smoke": True, "test": True}
    assert (seen["signal"]["level"], seen["zone"]["id"], seen["expected_wait"]["seconds"]) == ("good", "east", 72_000)
    assert seen["would_call"]["policy"] == "both" and seen["would_call"]["steps"][0]["people"] == ["desk", "leader"]
    assert seen["can_sign_off"] and seen["missing"] == [] and len(seen["alerts"]) == 1
    zones = installer.get("/coverage/zones").json()["items"]
    assert (zones[0]["devices"], zones[0]["protecting"], zones[0]["dwellings_protected"]) == (1, 0, 0)

    speaks(works)
    signed = installer.post("/devices/501-smoke/sign-off", json={"signed_by": "installer-1"})
    assert (signed.status_code, signed.json()["life"], signed.json()["trial"]) == (200, "in_service", None)
    (zone,) = installer.get("/coverage/zones").json()["items"]
    assert (zone["devices"], zone["protecting"], zone["dwellings"], zone["dwellings_protected"]) == (1, 1, 1, 1)


def test_what_nobody_could_read_is_read_once_its_device_is_claimed(works: Works, installer: httpx.Client) -> None:
    uplink = {
        "deviceInfo": {"devEui": "24e124535b316056", "deviceName": "unknown"},
        "fPort": 85,
        "fCnt": 7,
        "data": "BY4ABgEBCJDoAwAA",  # a Milesight GS101: no gas, its valve open
        "rxInfo": [{"rssi": -70, "snr": 9}],
    }
    topic = "application/1/device/24e124535b316056/event/up"
    says(works.broker_port, (topic, json.dumps(uplink).encode()))
    address = "chirpstack-v4:24e124535b316056"
    found = within(2.0, lambda: installer.get(f"/discovered/{address}").json().get("refusal"))
    assert found["reason"] in ("unknown_model", "codec_error")
    assert installer.get("/quarantine").json()["items"][0]["device"] == "24e124535b316056"
    claim = {"place": HOME, "id": "501-gas", "profile": "milesight-gs101"}
    assert installer.post(f"/discovered/{address}/claim", json=claim).status_code == 201
    within(10.0, lambda: installer.get("/quarantine").json()["items"] == [])
    device = within(10.0, lambda: _if(installer.get("/devices/501-gas").json(), "values"))
    assert device["values"]["gas"]["value"] is False
    assert device["read_by"]["profile"] == "milesight-gs101" and device["read_by"]["version"]
    standing = installer.get("/devices/501-gas/commissioning").json()
    assert standing["heard_at"] is None and standing["can_sign_off"] is False, "old news is no proof of life"
    works.ships_all()
    assert works.readings("501-gas", "gas") == [False]


def test_a_test_ends_by_itself_and_says_so(works: Works, installer: httpx.Client) -> None:
    joins(works)
    speaks(works)
    address = f"zigbee2mqtt:{IEEE}"
    within(2.0, lambda: installer.get(f"/discovered/{address}").status_code == 200)
    installer.post(f"/discovered/{address}/claim", json={"place": HOME, "id": "501-smoke"})
    within(10.0, lambda: speaks(works) or installer.get("/devices/501-smoke/commissioning").json()["heard_at"])
    assert installer.post("/devices/501-smoke/sign-off").status_code == 200
    tested = installer.post("/devices/501-smoke/test", json={"minutes": 1}).json()
    assert (tested["life"], tested["started_by"]) == ("test", "installer-1") and tested["until"]
    ended = installer.post("/devices/501-smoke/test/end").json()
    assert (ended["life"], ended["trial"]) == ("in_service", None)


def _if(document: Any, key: str) -> Any:
    return document if document.get(key) else None


def test_a_changed_profile_is_read_by_within_seconds_and_a_broken_one_changes_nothing(
    mosquitto_alone: Mosquitto, tmp_path: Path
) -> None:
    own = tmp_path / "profiles"
    own.mkdir()
    sheet = own / "acme-t1.yaml"
    sheet.write_text(THERMOMETER.format(key="degrees"), encoding="utf-8")
    home = [
        Place(id=HOME, kind=PlaceKind.DWELLING),
        Device(id=DeviceId("t"), profile="acme-t1", address="zigbee2mqtt:t", place=HOME),
    ]
    with (
        exchange() as phones,
        works_on(
            tmp_path, mosquitto_alone.port, [*people(phones), *home], settings={"profiles_dir": str(own)}
        ) as works,
    ):
        said = 20.0

        def reads() -> bool:
            """Whether a new temperature arrives; each is another."""
            nonlocal said
            said += 0.5
            payload = json.dumps({"celsius": said, "degrees": 1.0}).encode()
            says(works.broker_port, ("zigbee2mqtt/t", payload))
            works.takes_all()
            return works.board.states([DeviceId("t")])[DeviceId("t")].values["temperature"].value == said

        assert not reads()
        before = works.board.states([DeviceId("t")])[DeviceId("t")].profile_version
        sheet.write_text("vendor: [", encoding="utf-8")
        works.until(lambda: "acme-t1.yaml:2" in works.log(), "the log names file and line", 30)
        assert not reads()
        sheet.write_text(THERMOMETER.format(key="celsius"), encoding="utf-8")
        works.until(lambda: reads(), "read by the changed profile", 30)
        after = works.board.states([DeviceId("t")])[DeviceId("t")].profile_version
        assert before and after and before != after
        entries = works.board.entries(EntryQuery(device="t", kind="device.read_otherwise"), None, 5)
        assert [entry.body["version"] for entry in entries] == [after]


THERMOMETER = """\
vendor: Acme
model: T1
title: {{zh: 温度计, en: Thermometer}}
kind: climate
power: battery
longest_silence: 6h
families: {{zigbee2mqtt: {{models: [T1]}}}}
readings: {{temperature: {key}}}
ignores: [other]
examples:
  - {{topic: zigbee2mqtt/t, payload: {{{key}: 21.5}}, readings: {{temperature: 21.5}}}}
"""
