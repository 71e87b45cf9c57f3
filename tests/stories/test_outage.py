"""A building that falls silent: one case for what has one cause, and a fire in it is a fire."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.station import Station, open_station
from shouwang.domain.alert import AlertState
from shouwang.domain.vocabulary import HOUR

DETECTORS = "".join(
    f"""
  - {{id: s{n}, profile: heiman-hs1sa, address: "zigbee2mqtt:s{n}", place: cj/dm/jy/b3/u1/f{n}/{n}01}}"""
    for n in range(1, 6)
)
COMPOUND = f"""
site: {{fallback: manager}}
places:
  - {{id: cj/dm/jy, kind: compound, name: 锦苑}}
  - {{id: cj/dm/jy/b3, kind: building, name: 3号楼}}
people:
  - {{id: guard, name: 值班员, channels: [{{kind: webhook, url: "{{phone:guard}}"}}]}}
  - {{id: manager, name: 物业经理, channels: [{{kind: webhook, url: "{{phone:manager}}"}}]}}
posts:
  - {{place: cj/dm/jy, post: desk_operator, person: guard}}
zones:
  - {{id: east, kind: party, name: 东责任区, places: [cj/dm/jy/b3], members: [guard], fallback: manager}}
policies:
  - id: all
    steps: [{{after: 0s, tell: ["post:desk_operator"]}}]
devices: {DETECTORS}
"""
CLEAR = {"smoke": False, "battery": 90}


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, COMPOUND) as opened:
        yield opened


async def all_are_heard(station: Station) -> None:
    for n in (1, 2, 3):
        await station.hears(f"zigbee2mqtt/s{n}", CLEAR)
    await station.forward(minutes=60)
    for n in (4, 5):
        await station.hears(f"zigbee2mqtt/s{n}", CLEAR)


def told(station: Station) -> list[str]:
    found = []
    while station.phone("guard").waiting:
        why = station.phone("guard").waiting[0].body["why"]
        station.phone("guard").receives(why)
        found.append(why)
    return found


def silent(station: Station) -> dict[str, AlertState]:
    return {alert.device or "": alert.state for alert in station.alerts() if alert.rule == "device-silent"}


async def test_a_silent_building_is_said_once_and_what_is_silent_later_stands_under_it(station: Station) -> None:
    await all_are_heard(station)
    longest = station.world.profiles["heiman-hs1sa"].longest_silence or 0
    await station.forward(seconds=(longest - HOUR) / 1e6 + 1)
    assert station.alert("mass-silence").place == "cj/dm/jy/b3"
    assert len(station.incidents()) == 1
    assert station.incident().severity == "high"
    before = told(station)
    await station.forward(minutes=61)
    assert silent(station)["s4"] == silent(station)["s5"] == AlertState.SUPPRESSED
    assert before.count("first") == 1
    assert told(station) == []
    await station.hears("zigbee2mqtt/s4", {"smoke": True, "battery": 90})
    station.phone("guard").receives("first", "401").within(seconds=1)
    await station.hears("zigbee2mqtt/s1", CLEAR)
    assert station.alert("mass-silence").active, "three of five are silent still"
    await station.hears("zigbee2mqtt/s2", CLEAR)
    assert not station.alert("mass-silence").active
    assert silent(station)["s5"] is AlertState.SUPPRESSED, "it has an hour to be heard"
    told(station)
    await station.forward(minutes=61)
    assert silent(station)["s5"] is AlertState.UNACKED
    told(station)


async def test_devices_taken_out_of_service_and_a_restart_change_who_counts(station: Station, tmp_path: Path) -> None:
    await all_are_heard(station)
    station.restart()
    file = tmp_path / "change.yaml"
    lines = DETECTORS.splitlines()
    # Three of the five are left, of which two were heard an hour later.
    file.write_text("devices:" + "\n".join(line.replace("}", ", life: out_of_service}") for line in lines[:3]) + "\n")
    station.apply(file)
    before = station.world
    station.see_directory()
    station.timers.reconcile(station.world.differing(before))
    await station.forward(minutes=20 * 60 - 59)
    assert [alert for alert in station.alerts() if alert.rule == "mass-silence"] == []
    await station.forward(minutes=60)
    assert station.alert("mass-silence").state is AlertState.UNACKED
    told(station)
