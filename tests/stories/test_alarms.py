"""What happens in a compound at night, told from the messages to the phones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.station import Station, open_station
from shouwang.domain.alert import AlertState
from shouwang.domain.incident import Finding, IncidentState, Outcome

COMPOUND = """
site: {fallback: manager}
places:
  - {id: cj, kind: sub_district, name: 演示街道}
  - {id: cj/dm, kind: community, name: 演示社区}
  - {id: cj/dm/jy, kind: compound, name: 锦苑}
  - {id: cj/dm/jy/b3, kind: building, name: 3号楼}
  - {id: cj/dm/jy/b3/u2, kind: unit, name: 2单元}
  - {id: cj/dm/jy/b3/u2/f5, kind: floor, name: 5层}
  - {id: cj/dm/jy/b3/u2/f5/501, kind: dwelling, name: "501"}
  - {id: cj/dm/jy/b3/u2/f6, kind: floor, name: 6层}
  - {id: cj/dm/jy/b3/u2/f6/601, kind: dwelling, name: "601"}
people:
  - {id: guard, name: 值班员, channels: [{kind: webhook, url: "{phone:guard}"}]}
  - {id: leader, name: 楼栋长, channels: [{kind: webhook, url: "{phone:leader}"}]}
  - {id: secretary, name: 支部书记, channels: [{kind: webhook, url: "{phone:secretary}"}]}
  - {id: manager, name: 物业经理, channels: [{kind: webhook, url: "{phone:manager}"}]}
posts:
  - {place: cj/dm/jy, post: desk_operator, person: guard}
  - {place: cj/dm/jy/b3, post: building_leader, person: leader}
  - {place: cj/dm/jy, post: branch_secretary, person: secretary}
zones:
  - {id: east, kind: party, name: 东责任区, places: [cj/dm/jy/b3], members: [leader], fallback: manager}
policies:
  - id: fire-here
    match: {severity: [critical]}
    steps:
      - {after: 0s, tell: ["post:desk_operator", "post:building_leader"]}
      - {after: 60s, unless: acknowledged, tell: ["person:manager"]}
      - {after: 180s, unless: verified, tell: ["post:branch_secretary"]}
  - id: rest
    steps: [{after: 0s, tell: ["post:desk_operator"]}]
devices:
  - {id: smoke-501, profile: heiman-hs1sa, address: "zigbee2mqtt:b3-2-501-smoke", place: cj/dm/jy/b3/u2/f5/501}
  - {id: smoke-601, profile: heiman-hs1sa, address: "zigbee2mqtt:b3-2-601-smoke", place: cj/dm/jy/b3/u2/f6/601}
  - {id: sos-501, profile: heiman-hs1eb, address: "zigbee2mqtt:b3-2-501-sos", place: cj/dm/jy/b3/u2/f5/501}
"""

KITCHEN, ABOVE, BUTTON = "zigbee2mqtt/b3-2-501-smoke", "zigbee2mqtt/b3-2-601-smoke", "zigbee2mqtt/b3-2-501-sos"
SMOKE = {"smoke": True, "battery": 90, "linkquality": 80}
CLEAR = {"smoke": False, "battery": 90, "linkquality": 80}


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, COMPOUND) as opened:
        yield opened


async def test_smoke_at_night_reaches_the_desk_and_the_building_leader_within_a_second(station: Station) -> None:
    await station.hears(KITCHEN, CLEAR, at="02:13")
    await station.hears(KITCHEN, SMOKE, at="02:14")
    station.phone("guard").receives("first", "3号楼", "501", "fire").within(seconds=1)
    station.phone("leader").receives("first", "3号楼", "501").within(seconds=1)
    assert station.incident().state is IncidentState.OPEN
    assert station.alert("smoke").state is AlertState.UNACKED


async def test_while_the_guard_sleeps_the_manager_and_then_the_branch_secretary_are_told(station: Station) -> None:
    await station.hears(KITCHEN, SMOKE, at="02:14")
    station.phone("guard").receives("first")
    station.phone("leader").receives("first")
    await station.forward(seconds=59)
    station.phone("manager").receives_nothing_else()
    await station.forward(seconds=2)
    station.phone("manager").receives("next_step", "501").within(seconds=61)
    await station.forward(minutes=2)
    station.phone("secretary").receives("next_step", "501").within(seconds=181)


async def test_acknowledging_without_verifying_mutes_nothing(station: Station) -> None:
    await station.hears(KITCHEN, SMOKE, at="02:14")
    station.phone("guard").receives("first")
    station.phone("leader").receives("first")
    station.respond.acknowledge(station.incident().id, actor="guard")
    await station.forward(minutes=4)
    station.phone("manager").receives_nothing_else()
    station.phone("secretary").receives("next_step", "501")


async def test_a_burnt_pan_does_not_wake_the_branch_secretary_and_all_who_were_told_hear_the_end(
    station: Station,
) -> None:
    await station.hears(KITCHEN, SMOKE, at="02:14")
    station.phone("guard").receives("first")
    station.phone("leader").receives("first")
    incident = station.incident().id
    station.respond.acknowledge(incident, actor="guard")
    await station.forward(minutes=1)
    station.respond.verify(incident, actor="guard", finding=Finding.FALSE, how="on_scene")
    await station.hears(KITCHEN, CLEAR)
    assert station.alert("smoke").state is AlertState.LATCHED_ACKED
    await station.forward(minutes=5)
    station.respond.resolve(incident, actor="guard", outcome=Outcome.FALSE_ALARM, cause="cooking", note="")
    await station.settles()
    station.phone("guard").receives("stood_down")
    station.phone("leader").receives("stood_down")
    assert station.alert("smoke").state is AlertState.NORMAL
    await station.forward(seconds=30)
    await station.hears(KITCHEN, SMOKE)
    station.phone("guard").receives("first")
    station.phone("leader").receives("first")
    assert len(station.incidents()) == 2


async def test_smoke_on_a_second_floor_is_told_again_as_worse_and_joins_the_incident(station: Station) -> None:
    await station.hears(KITCHEN, SMOKE, at="02:14")
    station.phone("guard").receives("first")
    station.phone("leader").receives("first")
    await station.forward(seconds=20)
    await station.hears(ABOVE, SMOKE)
    station.phone("guard").receives("worse", "601")
    station.phone("leader").receives("worse", "601")
    assert len(station.incident().alerts) == 2


async def test_a_button_pressed_twice_is_one_call_and_the_second_press_is_told_to_who_took_it(station: Station) -> None:
    await station.hears(BUTTON, {"action": "emergency", "battery": 100}, at="02:14")
    station.phone("guard").receives("first", "501")
    station.phone("leader").receives("first")
    await station.hears(BUTTON, {"action": "", "battery": 100})
    station.respond.acknowledge(station.incident().id, actor="guard")
    await station.forward(seconds=5)
    await station.hears(BUTTON, {"action": "emergency", "battery": 100})
    station.phone("guard").receives("repeat", "501")
    (alert,) = station.alerts()
    assert alert.count == 2
    assert len(station.incidents()) == 1


async def test_smoke_from_a_device_that_nobody_registered_raises_at_the_sites_fallback(station: Station) -> None:
    await station.hears("zigbee2mqtt/new-detector", SMOKE, at="02:14")
    station.phone("manager").receives("coverage_gap")
    incident = station.incident()
    assert incident.place == "unassigned"
    assert station.alert("smoke").device == "zigbee2mqtt:new-detector"
    assert [stray.address for stray in station.board.stray_devices(None, 10)] == ["zigbee2mqtt:new-detector"]


async def test_smoke_retained_at_start_raises_once_and_yesterdays_does_not_come_back(station: Station) -> None:
    await station.hears(KITCHEN, SMOKE, at="02:14", retained=True)
    station.phone("guard").receives("first")
    station.phone("leader").receives("first")
    incident = station.incident().id
    station.respond.acknowledge(incident, actor="guard")
    station.respond.verify(incident, actor="guard", finding=Finding.FALSE, how="on_scene")
    station.respond.resolve(incident, actor="guard", outcome=Outcome.DEVICE_FAULT, cause="dust", note="")
    await station.settles()
    station.phone("guard").receives("stood_down")
    station.phone("leader").receives("stood_down")
    await station.forward(minutes=1)
    station.restart()
    await station.hears(KITCHEN, SMOKE, retained=True)
    assert len(station.incidents()) == 1


async def test_a_retained_button_press_is_not_a_call(station: Station) -> None:
    await station.hears(BUTTON, {"action": "emergency"}, at="02:14", retained=True)
    assert station.alerts() == []


async def test_a_message_redelivered_after_a_restart_changes_nothing(station: Station) -> None:
    press = {"action": "emergency", "battery": 100}
    await station.hears(BUTTON, press, at="02:14", packet_id=77)
    station.phone("guard").receives("first")
    station.phone("leader").receives("first")
    station.restart()
    await station.hears(BUTTON, press, packet_id=77, duplicate=True)
    (alert,) = station.alerts()
    assert alert.count == 1
    await station.hears(BUTTON, press, packet_id=77)
    (alert,) = station.alerts()
    assert alert.count == 2


async def test_a_smoke_alarm_that_falls_silent_is_reported_and_any_message_ends_it(station: Station) -> None:
    await station.hears(KITCHEN, CLEAR, at="02:00")
    await station.hears(ABOVE, CLEAR)
    for _ in range(40):
        await station.forward(minutes=60)
        await station.hears(ABOVE, CLEAR)
        if station.alerts():
            break
    silent = station.alerts()[0]
    assert silent.device in ("smoke-501", "sos-501")
    station.phone("guard").receives("first")
