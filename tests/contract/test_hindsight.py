"""A past moment of a rule about many devices: what is stored of them may be more than one answer may play."""

from pathlib import Path

import pytest

from harness.decoding import shipped_profiles
from harness.timelines import CEL, rule
from shouwang.domain.community import Community
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.vocabulary import DAY, HOUR, DeviceId, PlaceId, Reading
from shouwang.flows import hindsight
from shouwang.flows.hindsight import Hindsight, explained_then
from shouwang.flows.world import World
from shouwang.timeseries.sqlite import SqliteReadings

NOW = 1_795_579_200_000_000
"""2026-11-25T04:00:00Z."""

DEVICES = [DeviceId(f"d{number}") for number in range(10)]
WEEK = 7 * 24 * len(DEVICES)
"""Readings: each device says something every hour."""


def explained(folder: Path) -> Hindsight:
    unit = Place(id=PlaceId("s/c/p/b3/u1"), kind=PlaceKind.UNIT)
    building = Place(id=PlaceId("s/c/p/b3"), kind=PlaceKind.BUILDING)
    devices = {id: Device(id=id, profile="heiman-hs1sa", address=f"zigbee2mqtt:{id}", place=unit.id) for id in DEVICES}
    book = RuleBook([rule("{absent: {share: 0.5, in: building, longest: 26h}}")], "Asia/Shanghai", CEL)
    world = World(
        Community(places={unit.id: unit, building.id: building}, devices=devices), book, (), shipped_profiles()[1]
    )
    store = SqliteReadings(folder / "readings.sqlite")
    hours = range(NOW - 7 * DAY, NOW, HOUR)
    store.write([Reading(id, "battery", 90.0, at, at) for id in DEVICES for at in hours])
    (found,) = book.named("rule")
    answer = explained_then(world, found, world.facts(DEVICES[0]), store, NOW)
    store.close()
    return answer


def test_a_place_of_which_too_much_is_stored_is_played_from_nearer_by_and_the_answer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hindsight, "MOST_PLAYED", WEEK // 2)
    answer = explained(tmp_path)

    (counted,) = [one.counted for one in answer.explanation.conditions if one.counted is not None]
    assert (counted.devices, counted.lost) == (10, 0), "played up to the moment, not up to where it was cut"
    assert answer.unknown[0][1].startswith("too much is stored of 10 devices: only what was said since 2026-11-2")


def test_a_place_of_usual_size_is_played_whole(tmp_path: Path) -> None:
    assert [en[:12] for _, en in explained(tmp_path).unknown] == ["rebuilt from"]
