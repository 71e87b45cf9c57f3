"""A device under test: its alarm reaches whoever tests it, by message, once a test, and nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.station import Station, open_station
from shouwang.domain.incident import IncidentState, Outcome
from shouwang.domain.vocabulary import MINUTE, DeviceId, Life
from shouwang.flows.installing import Installing

COMPOUND = """
site: {fallback: guard}
places:
  - {id: cj/dm/jy, kind: compound, name: 锦园}
  - {id: cj/dm/jy/b3, kind: building, name: 3号楼}
  - {id: cj/dm/jy/b3/501, kind: dwelling, name: "501"}
people:
  - {id: guard, name: 值班员, channels: [{kind: webhook, url: "{phone:guard}"}]}
  - {id: installer, name: 安装员, channels: [{kind: console}, {kind: webhook, url: "{phone:installer}"}]}
  - {id: helper, name: 帮手, channels: [{kind: console}]}
posts: [{place: cj/dm/jy, post: desk_operator, person: guard}]
devices:
  - {id: smoke-501, profile: heiman-hs1sa, address: "zigbee2mqtt:s501", place: cj/dm/jy/b3/501}
"""
S501 = "zigbee2mqtt/s501"
SMOKE, CLEAR = {"smoke": True, "test": True}, {"smoke": False, "test": False}


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, COMPOUND) as opened:
        yield opened


def begins_test(station: Station, by: str, device: str = "smoke-501") -> None:
    """Somebody begins a test of half an hour."""
    known = station.directory.community().devices[DeviceId(device)]
    Installing(station.casebook, station.directory, station.clock).test(known, 30 * MINUTE, actor=by)
    station.see_directory()


async def ends(station: Station, device: str = "smoke-501") -> None:
    Installing(station.casebook, station.directory, station.clock).end_due_tests()
    station.see_directory()
    assert station.world.community.devices[DeviceId(device)].life is Life.IN_SERVICE


async def test_the_first_alarm_of_a_test_is_told_to_its_installer_and_nothing_of_it_goes_on(station: Station) -> None:
    await station.hears(S501, CLEAR)
    begins_test(station, "installer")
    await station.hears(S501, SMOKE)
    told = station.phone("installer").receives("test", "501", "fire").within(seconds=1)
    assert told.call.body["test"] is True
    assert "code" not in told.call.body, "it proves no contact"
    for _ in range(3):
        await station.forward(seconds=20)
        await station.hears(S501, CLEAR)
        await station.forward(seconds=1)
        await station.hears(S501, SMOKE)
    station.restart()
    await station.forward(seconds=1)
    await station.hears(S501, CLEAR)
    await station.forward(seconds=1)
    await station.hears(S501, SMOKE)
    await station.forward(minutes=20)
    carried = station.incident()
    assert (carried.state, carried.outcome, carried.test) == (IncidentState.CLOSED, Outcome.TEST, True)
    raised = [alert for alert in station.alerts() if alert.rule == "smoke"]
    assert len(raised) > 1, "several alarms, one message"
    assert all(alert.test and alert.incident is None for alert in raised)


async def test_each_test_has_its_own_message_and_service_has_everybodys(station: Station) -> None:
    for _ in range(2):
        begins_test(station, "installer")
        await station.hears(S501, SMOKE)
        station.phone("installer").receives("test")
        await station.forward(seconds=5)
        await station.hears(S501, CLEAR)
        await station.forward(minutes=31)
        await ends(station)
    await station.hears(S501, {"smoke": True, "test": False})
    station.phone("guard").receives("first", "501").within(seconds=1)


async def test_who_has_no_channel_or_is_nobody_of_the_directory_looks_at_the_page(station: Station) -> None:
    for by in ("helper", "installer-token-1"):
        begins_test(station, by)
        await station.hears(S501, SMOKE)
        await station.forward(seconds=5)
        await station.hears(S501, CLEAR)
        await station.forward(minutes=31)
        await ends(station)
    assert station.incidents() == []


async def test_a_work_item_calls_no_installer_either(station: Station) -> None:
    begins_test(station, "installer")
    await station.hears(S501, {**CLEAR, "battery_low": True, "battery": 4})
    assert station.incidents() == []


async def test_an_installer_whose_phone_is_out_of_reach_leaves_no_gap_behind(station: Station) -> None:
    station.phones["installer"].answers(404)
    begins_test(station, "installer")
    await station.hears(S501, SMOKE)
    station.phone("installer").receives("test")
    await station.forward(minutes=5)
