"""A storm over fifty buildings: nobody is rung empty, nobody waits for their first call, nothing is lost."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.phones import Call
from harness.station import HandedBatch, Station, open_station
from shouwang.domain.alert import Alert
from shouwang.domain.board import CaseQuery
from shouwang.domain.vocabulary import Arrival

pytestmark = pytest.mark.servers

BUILDINGS, UNITS = 50, 2
BATCH = 50


def compound(dwellings: int) -> str:
    """A guard for all, a leader for each building."""
    places, people, posts, devices = [], [], [], []
    for b in range(1, BUILDINGS + 1):
        places.append(f"  - {{id: cj/dm/jy/b{b}, kind: building, name: {b}号楼}}")
        people.append(
            f'  - {{id: leader{b}, name: 楼栋长{b}, channels: [{{kind: webhook, url: "{{phone:leader{b}}}"}}]}}'
        )
        posts.append(f"  - {{place: cj/dm/jy/b{b}, post: building_leader, person: leader{b}}}")
        for u in range(1, UNITS + 1):
            places.append(f"  - {{id: cj/dm/jy/b{b}/u{u}, kind: unit, name: {u}单元}}")
            for d in range(dwellings):
                path = f"cj/dm/jy/b{b}/u{u}/f{d // 4 + 1}/{d}"
                name = f"s-{b}-{u}-{d}"
                address = f"zigbee2mqtt:{name}"
                devices.append(f'  - {{id: {name}, profile: heiman-hs1sa, address: "{address}", place: {path}}}')
    return "\n".join(
        [
            "site: {fallback: guard}",
            "places:",
            "  - {id: cj, kind: sub_district, name: 演示街道}",
            "  - {id: cj/dm, kind: community, name: 演示社区}",
            "  - {id: cj/dm/jy, kind: compound, name: 锦苑}",
            *places,
            "people:",
            '  - {id: guard, name: 值班员, channels: [{kind: webhook, url: "{phone:guard}"}]}',
            *people,
            "posts:",
            "  - {place: cj/dm/jy, post: desk_operator, person: guard}",
            *posts,
            "policies:",
            '  - {id: here, steps: [{after: 0s, tell: ["post:desk_operator", "post:building_leader"]}]}',
            "devices:",
            *devices,
        ]
    )


@pytest.fixture(params=[20, pytest.param(100, marks=pytest.mark.soak)])
def storm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Station, int]]:
    doors = ExitStack()
    try:
        yield doors.enter_context(open_station(tmp_path, compound(request.param))), request.param
    finally:
        doors.pop_all()  # what everybody heard is counted, not asked for one by one


@pytest.mark.timeout(600)
async def test_a_storm_rings_everybody_once_for_each_fire_and_updates_what_they_have(
    storm: tuple[Station, int],
) -> None:
    station, dwellings = storm
    alerts = BUILDINGS * UNITS * dwellings
    arrivals = [
        Arrival(
            f"zigbee2mqtt/s-{b}-{u}-{d}",
            json.dumps({"smoke": True, "battery": 90}).encode(),
            station.clock.now(),
            session="storm",
            packet_id=number % 65535 + 1,
        )
        for number, (d, b, u) in enumerate(
            (d, b, u) for d in range(dwellings) for b in range(1, BUILDINGS + 1) for u in range(1, UNITS + 1)
        )
    ]
    stop = asyncio.Event()
    dispatch = asyncio.create_task(station.dispatch.run(stop))
    accepted: dict[str, float] = {}

    def take_in() -> None:
        for start in range(0, len(arrivals), BATCH):
            station.clock.set(station.clock.now() + 1000)
            batch = HandedBatch(tuple(arrivals[start : start + BATCH]))
            station.intake.accept(batch)
            assert batch.acknowledged
            station.dispatch.wake()
            for arrival in batch.arrivals:
                accepted.setdefault(arrival.topic, time.monotonic())

    began = time.monotonic()
    await asyncio.to_thread(take_in)
    taken = time.monotonic() - began
    await quiet(station)
    stop.set()
    await dispatch

    incidents = BUILDINGS * UNITS
    found = Counter(alert.incident for alert in every_alert(station, alerts))
    assert len(found) == incidents
    assert sum(found.values()) == alerts, "no alarm is lost"
    calls = station.phones.calls
    keys = Counter(call.key for call in calls)
    assert max(keys.values()) == 1, "one fact, one call"
    firsts = [call for call in calls if call.body["why"] == "first"]
    assert len(firsts) == 2 * incidents, "each fire rings its guard and its leader"
    waits = sorted(call.at - accepted[topic_of(call)] for call in firsts)
    by_person = Counter(call.path.strip("/") for call in calls)
    per_fire = {name: count / (incidents if name == "guard" else UNITS) for name, count in by_person.items()}
    print(
        f"{alerts} alerts taken in within {taken:.1f} s; first calls at most {waits[-1]:.2f} s after their commit; "
        f"messages for each fire: guard {per_fire['guard']:.1f}, leaders at most "
        f"{max(count for name, count in per_fire.items() if name != 'guard'):.1f} of {dwellings} alarms"
    )
    assert waits[-1] < 5.0
    assert max(per_fire.values()) <= 6, "each has one message that is brought up to date, not one for each alarm"
    newest: dict[tuple[str, str], Call] = {}
    for call in calls:
        newest[call.path, call.body["incident"]["id"]] = call
    assert len(newest) == 2 * incidents
    whole = [call for call in newest.values() if len(call.body["incident"]["places"]) == dwellings]
    assert len(whole) == len(newest), "the newest message that anybody has says all there is"


async def quiet(station: Station) -> None:
    """Until a second passes in which nobody is rung."""
    heard = -1
    while heard != (heard := len(station.phones.calls)) or station.outbox.notices(1):
        station.clock.set(station.clock.now() + 1000)
        await asyncio.sleep(1.0)


def topic_of(call: Call) -> str:
    return "zigbee2mqtt/" + str(call.body["alert"]["device"])


def every_alert(station: Station, most: int) -> list[Alert]:
    return station.board.alerts(CaseQuery(), None, most + 1)
