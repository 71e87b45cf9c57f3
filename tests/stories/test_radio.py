"""Radio in a compound: one press broadcast many times, one detector that speaks only in alarm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.station import Station, open_station

COMPOUND = """
site: {fallback: guard}
places:
  - {id: cj, kind: sub_district, name: 演示街道}
  - {id: cj/jy, kind: compound, name: 锦苑}
  - {id: cj/jy/b3, kind: building, name: 3号楼}
  - {id: cj/jy/b3/501, kind: dwelling, name: "501"}
people:
  - {id: guard, name: 值班员, channels: [{kind: webhook, url: "{phone:guard}"}]}
posts:
  - {place: cj/jy, post: desk_operator, person: guard}
zones:
  - {id: east, kind: party, name: 东责任区, places: [cj/jy], members: [guard], fallback: guard}
policies:
  - id: all
    steps: [{after: 0s, tell: ["post:desk_operator"]}]
devices:
  - {id: sos-501, profile: shellyblu-call-button, address: "openmqttgateway:BC:02:6E:00:11:55", place: cj/jy/b3/501}
  - {id: smoke-501, profile: gs558, address: "rtl_433:Smoke-GS558/77", place: cj/jy/b3/501}
"""

TOPIC = "home/omg/BTtoMQTT/BC026E001155"
EVENTS = "rtl_433/attic/events"


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, COMPOUND) as opened:
        yield opened


def press(packet: int, rssi: int) -> dict[str, object]:
    return {"id": "BC:02:6E:00:11:55", "rssi": rssi, "model_id": "SBBT-002C", "packet": packet, "button": 1}


async def test_a_press_that_is_broadcast_three_times_is_one_and_the_next_is_another(station: Station) -> None:
    for rssi in (-64, -71, -69):
        await station.hears(TOPIC, press(7, rssi), at="02:14")
    station.phone("guard").receives("first", "501")
    assert station.alert("emergency-call").count == 1

    station.respond.acknowledge(station.incident().id, actor="guard")
    await station.hears(TOPIC, press(8, -64), at="02:15")
    station.phone("guard").receives("repeat", "501")
    assert station.alert("emergency-call").count == 2


async def test_a_detector_that_speaks_only_in_alarm_calls_and_stays_in_alarm(station: Station) -> None:
    sounding = {"model": "Smoke-GS558", "id": 77, "unit": 1, "learn": 0, "code": "0a0b0c"}
    for noise in (-30.1, -29.7, -30.4):
        await station.hears(EVENTS, {**sounding, "time": "2026-01-14 02:14:00", "noise": noise}, at="02:14")
    station.phone("guard").receives("first", "501")
    await station.hears(EVENTS, {**sounding, "learn": 1}, at="02:20")
    await station.forward(minutes=5)

    assert station.alert("smoke").cleared_at is None
    assert len(station.incidents()) == 1
