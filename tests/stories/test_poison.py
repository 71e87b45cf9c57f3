"""A message that ends the process which reads it, told from the messages to the phones."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.station import HandedBatch, Station, open_station
from shouwang.app.precaution import InHand
from shouwang.domain.decode import Interpreter
from shouwang.domain.interpretation import Interpretation
from shouwang.domain.vocabulary import Arrival, Problem
from shouwang.registry.profiles import load_profiles
from shouwang.settings import shipped

COMPOUND = """
site: {fallback: manager}
places: [{id: jy, kind: compound, name: 锦苑}]
people: [{id: manager, name: 物业经理, channels: [{kind: webhook, url: "{phone:manager}"}]}]
"""
POISON = b'{"battery": "poison"}'


class Fragile(Interpreter):
    """Reading one payload ends the process, as an error in machine code does."""

    def read(self, arrival: Arrival, *others: Any, **more: Any) -> Interpretation:
        if arrival.payload == POISON:
            os.kill(os.getpid(), signal.SIGTRAP)
        return super().read(arrival, *others, **more)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    families, profiles = load_profiles([shipped("device_profiles")])
    with open_station(tmp_path, COMPOUND) as station:
        station.interpreter = Fragile(families, profiles.values())
        station.restart()
        yield station


def dies_with(station: Station, *arrivals: Arrival) -> None:
    """Intake takes them in hand, in a process of its own that ends of it."""
    child = os.fork()
    if child == 0:
        try:
            station.intake.accept(HandedBatch(arrivals))
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGTRAP
    station.restart()


def rules_told(station: Station) -> set[str]:
    """Of all that the manager was told."""
    rules = set()
    phone = station.phone("manager")
    while phone.waiting:
        rules.add(phone.waiting[0].body["alert"]["rule"])
        phone.receives(phone.waiting[0].body["why"])
    return rules


async def test_an_alarm_beside_poison_is_told_and_the_poison_too(station: Station) -> None:
    smoke = Arrival("zigbee2mqtt/hall", b'{"smoke": true}', station.clock.now())
    poison = Arrival("zigbee2mqtt/dark", POISON, station.clock.now())
    dies_with(station, poison, smoke)

    await station.takes(poison, smoke)

    (kept,) = station.board.stray_messages(None, None, 10)
    assert (kept.reason, kept.payload) == (Problem.CODEC_ERROR, POISON)
    assert "SIGTRAP" in kept.detail
    assert {alert.rule for alert in station.alerts()} == {"smoke", "message-unreadable"}
    assert rules_told(station) == {"smoke", "message-unreadable"}


async def test_an_intake_killed_from_outside_reads_all_that_it_had_in_hand(station: Station) -> None:
    smoke = Arrival("zigbee2mqtt/hall", b'{"smoke": true}', station.clock.now())
    InHand(station.in_hand).take([smoke])
    station.restart()

    await station.takes(smoke)

    assert [alert.rule for alert in station.alerts()] == ["smoke"]
    assert rules_told(station) == {"smoke"}
