"""However what arrives is cut into batches, and however often intake begins anew, the board is the same."""

import json
from pathlib import Path
from random import Random

import pytest

from harness.rebuilding import rebuilt_alerts
from harness.station import HandedBatch, Station, open_station
from shouwang.domain.board import EntryQuery
from shouwang.domain.vocabulary import MINUTE, SECOND, Arrival, Duration

COMMUNITY = """
site: {fallback: chief}
places:
  - {id: cj/dm/jy, kind: compound, name: 锦园}
  - {id: cj/dm/jy/b3, kind: building, name: 3号楼}
  - {id: cj/dm/jy/b3/u2, kind: unit, name: 2单元}
people:
  - {id: chief, name: 值班长}
devices:
  - {id: d0, profile: native, address: "native:d0", place: cj/dm/jy/b3/u2}
  - {id: d1, profile: native, address: "native:d1", place: cj/dm/jy/b3/u2, tags: [electrical]}
  - {id: d2, profile: native, address: "native:d2", place: cj/dm/jy/b3/u2, tags: [frost]}
"""
BURSTS, LONGEST = 8, 12
VALUES: dict[str, list[object]] = {
    "smoke": [True, False],
    "gas": [True, False],
    "emergency": [True, False],
    "temperature": [3.0, 20.0, 71.0],
    "residual_current": [20, 320],
    "battery": [10, 90],
}


def bursts(seed: int) -> list[tuple[Duration, list[tuple[str, bytes]]]]:
    """What devices say, many at one moment: (since the moment before, (topic, payload) in order)."""
    chance = Random(seed)
    found = []
    for burst in range(BURSTS):
        said = []
        for number in range(chance.randint(1, LONGEST)):
            metrics = chance.sample(sorted(VALUES), chance.randint(1, 3))
            readings = {metric: chance.choice(VALUES[metric]) for metric in metrics}
            payload = {"seq": burst * LONGEST + number + 1, "readings": readings}
            said.append((f"shouwang/v1/devices/d{chance.randrange(4)}/readings", json.dumps(payload).encode()))
        found.append((chance.choice([SECOND, 15 * SECOND, MINUTE, 11 * MINUTE]), said))
    return found


def lives(station: Station, seed: int, cuts: Random | None) -> list[tuple[object, ...]]:
    """The board after it all. ``cuts``: batches and new beginnings at random; without, each burst is one batch."""
    packet_id = 0
    for pause, said in bursts(seed):
        station.clock.set(station.clock.now() + pause)
        while station.timers.run_due():
            pass
        arrivals = []
        for topic, payload in said:
            packet_id += 1
            arrivals.append(Arrival(topic, payload, station.clock.now(), session="s", packet_id=packet_id))
        while arrivals:
            size = len(arrivals) if cuts is None else cuts.randint(1, len(arrivals))
            batch, arrivals = arrivals[:size], arrivals[size:]
            station.intake.accept(HandedBatch(tuple(batch)))
            if cuts is not None and cuts.random() < 0.3:
                station.restart()
    return sorted(
        (alert.rule, alert.subject, alert.state, alert.active, alert.count, alert.raised_at, alert.cleared_at or 0)
        for alert in station.alerts()
    )


@pytest.mark.parametrize("seed", range(4))
def test_batches_cut_at_any_point_and_restarts_give_the_same_board(tmp_path: Path, seed: int) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    with open_station(tmp_path / "whole", COMMUNITY) as whole, open_station(tmp_path / "cut", COMMUNITY) as cut:
        board = lives(whole, seed, None)
        assert len(board) > 3
        assert lives(cut, seed, Random(seed)) == board


@pytest.mark.parametrize("seed", range(2))
def test_replaying_the_stored_journal_rebuilds_the_board(tmp_path: Path, seed: int) -> None:
    with open_station(tmp_path, COMMUNITY) as station:
        lives(station, seed, Random(seed))
        entries = station.board.entries(EntryQuery(), None, 100_000)
        rebuilt = rebuilt_alerts(reversed(entries))
        assert {(one.id, one.state, one.active, one.count, one.incident) for one in rebuilt.values()} == {
            (one.id, one.state, one.active, one.count, one.incident) for one in station.alerts()
        }
