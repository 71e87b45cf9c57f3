"""Compounds take turns at the one door: a storm in one keeps no alarm of another waiting, and loses nothing by it."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.station import HandedBatch, Station, open_station
from shouwang.domain.board import CaseQuery
from shouwang.domain.errors import StoreUnavailable
from shouwang.domain.vocabulary import Arrival
from shouwang.flows.backlog import PORTION
from shouwang.store.inbox import SqlAcceptance

pytestmark = pytest.mark.servers

STORM = 240
COMPOUND = "\n".join(
    [
        "site: {fallback: guard}",
        "places:",
        "  - {id: cj/dm/jy, kind: compound, name: 锦苑}",
        "  - {id: cj/dm/jy/b1, kind: building, name: 1号楼}",
        "  - {id: cj/dm/hy, kind: compound, name: 和园}",
        "  - {id: cj/dm/hy/b1, kind: building, name: 1号楼}",
        'people: [{id: guard, name: 值班员, channels: [{kind: webhook, url: "{phone:guard}"}]}]',
        "policies:",
        '  - {id: nobody, steps: [{after: 900s, tell: ["person:guard"]}]}',
        "devices:",
        *(
            f'  - {{id: s-{n}, profile: heiman-hs1sa, address: "zigbee2mqtt:s-{n}", place: cj/dm/jy/b1}}'
            for n in range(STORM)
        ),
        '  - {id: home, profile: heiman-hs1sa, address: "zigbee2mqtt:home", place: cj/dm/hy/b1}',
    ]
)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, COMPOUND) as opened:
        yield opened


def smoke(station: Station, name: str, number: int) -> Arrival:
    payload = json.dumps({"smoke": True, "battery": 90}).encode()
    return Arrival(f"zigbee2mqtt/{name}", payload, station.clock.now(), qos=1, session="s", packet_id=number + 1)


def storm(station: Station) -> tuple[HandedBatch, list[HandedBatch]]:
    """A batch of the storm, and those that come while it is committed: the home's alarm is the last of all."""
    arrivals = [smoke(station, f"s-{n}", n) for n in range(STORM)]
    batches = [HandedBatch(tuple(arrivals[start : start + 80])) for start in range(0, STORM, 80)]
    return batches[0], [*batches[1:], HandedBatch((smoke(station, "home", STORM),))]


def test_an_alarm_of_another_compound_is_committed_with_the_first_portion(station: Station) -> None:
    first, more = storm(station)
    waiting = iter(more)
    committed: list[Counter[str]] = []

    def between() -> bool:
        places = Counter(str(one.place) for one in station.board.alerts(CaseQuery(), None, 1000))
        committed.append(places)
        return True

    station.intake.accept(first, lambda: next(waiting, None), between)
    assert committed[0]["cj/dm/hy/b1"] == 1
    sizes = [after.total() - before.total() for before, after in zip([Counter(), *committed], committed, strict=False)]
    assert max(sizes) == PORTION
    assert committed[-1] == {"cj/dm/jy/b1": STORM, "cj/dm/hy/b1": 1}
    assert all(batch.acknowledged for batch in (first, *more))


def test_nothing_is_acknowledged_before_all_that_came_before_it_is_committed(station: Station) -> None:
    first, more = storm(station)
    waiting = iter(more)
    batches = [first, *more]
    seen: list[list[bool]] = []

    def between() -> bool:
        alerts = {str(one.device) for one in station.board.alerts(CaseQuery(), None, 1000)}
        for batch in batches:
            names = {arrival.topic.rpartition("/")[2] for arrival in batch.arrivals}
            assert not batch.acknowledged or names <= alerts
        seen.append([batch.acknowledged for batch in batches])
        return True

    station.intake.accept(first, lambda: next(waiting, None), between)
    assert all(told == sorted(told, reverse=True) for told in seen), "in the order of arrival"


def test_a_database_that_fails_now_and_then_loses_and_repeats_nothing(station: Station) -> None:
    first, more = storm(station)
    waiting = iter(more)
    calls = 0
    whole = station.inbox.accept

    @contextmanager
    def accept() -> Iterator[SqlAcceptance]:
        nonlocal calls
        calls += 1
        if calls % 3 == 1:
            raise StoreUnavailable("it does not answer")
        with whole() as acceptance:
            yield acceptance
            if calls % 3 == 2 and calls < 12:
                raise StoreUnavailable("it was lost half-way")

    station.inbox.accept = accept  # type: ignore[method-assign]
    failures = 0
    while not first.acknowledged or not more[-1].acknowledged:
        try:
            station.intake.accept(first, lambda: next(waiting, None))
        except StoreUnavailable:
            failures += 1
            assert failures < 50
    assert failures > 5
    alerts = station.board.alerts(CaseQuery(), None, 1000)
    assert Counter(one.device for one in alerts).most_common(1)[0][1] == 1
    assert len(alerts) == STORM + 1
    assert all(one.count == 1 for one in alerts)
    assert all(batch.acknowledged for batch in more)


def test_stopped_half_way_it_acknowledges_what_is_committed_and_no_more(station: Station) -> None:
    first, more = storm(station)
    turns = iter([True, False])
    station.intake.accept(first, lambda: None, lambda: next(turns))
    assert first.acknowledged == (len(station.board.alerts(CaseQuery(), None, 1000)) == len(first.arrivals))
    assert not any(batch.acknowledged for batch in more)
