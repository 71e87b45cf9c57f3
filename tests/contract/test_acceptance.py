"""The acceptance from batch to commit, where something fails in between: nothing lost, nothing twice."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from harness.station import HandedBatch, Station, open_station
from shouwang.domain.errors import StoreUnavailable
from shouwang.domain.vocabulary import SECOND, Arrival

COMMUNITY = """
site: {fallback: chief}
places:
  - {id: cj/dm/jy, kind: compound, name: 锦园}
  - {id: cj/dm/jy/b3, kind: building, name: 3号楼}
  - {id: cj/dm/jy/b3/u2, kind: unit, name: 2单元}
  - {id: cj/dm/jy/b3/u2/f5, kind: floor, name: 5层}
  - {id: cj/dm/jy/b3/u2/f5/501, kind: dwelling, name: "501"}
people:
  - {id: chief, name: 值班长, channels: [{kind: webhook, url: "{phone:chief}"}]}
devices:
  - {id: smoke-501, profile: native, address: "native:smoke-501", place: cj/dm/jy/b3/u2/f5/501}
  - {id: button-501, profile: native, address: "native:button-501", place: cj/dm/jy/b3/u2/f5/501}
"""


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, COMMUNITY) as opened:
        yield opened


def says(station: Station, device: str, packet_id: int = 1, *, duplicate: bool = False, **readings: object) -> Arrival:
    """A message, a second after the one before."""
    station.clock.set(station.clock.now() + SECOND)
    return Arrival(
        f"shouwang/v1/devices/{device}/readings",
        json.dumps({"readings": readings}).encode(),
        station.clock.now(),
        session="s",
        packet_id=packet_id,
        duplicate=duplicate,
    )


@contextmanager
def commits(station: Station, instead: Callable[[Connection], None]) -> Iterator[None]:
    """Every commit goes wrong."""
    event.listen(station.database.engine, "commit", instead)
    try:
        yield
    finally:
        event.remove(station.database.engine, "commit", instead)


def fails(_connection: Connection) -> None:
    raise OperationalError("COMMIT", None, Exception("disk I/O error"))


def is_lost_after_it_was_done(connection: Connection) -> None:
    connection.connection.cursor().execute("COMMIT")
    raise OperationalError("COMMIT", None, Exception("server closed the connection unexpectedly"))


def test_an_alarm_whose_commit_fails_is_raised_when_the_batch_is_tried_again(station: Station) -> None:
    batch = HandedBatch((says(station, "smoke-501", smoke=True),))
    with commits(station, fails), pytest.raises(StoreUnavailable):
        station.intake.accept(batch)
    assert not batch.acknowledged
    assert station.alerts() == []
    station.intake.accept(batch)
    assert [alert.count for alert in station.alerts()] == [1]


def test_a_batch_whose_commit_was_done_though_it_seemed_to_fail_is_not_taken_in_twice(station: Station) -> None:
    batch = HandedBatch((says(station, "button-501", emergency=True),))
    with commits(station, is_lost_after_it_was_done), pytest.raises(StoreUnavailable):
        station.intake.accept(batch)
    station.intake.accept(batch)
    assert batch.acknowledged
    assert [alert.count for alert in station.alerts()] == [1]
    again = says(station, "button-501", emergency=True, duplicate=True)
    station.intake.accept(HandedBatch((again,)))
    assert [alert.count for alert in station.alerts()] == [1], "the broker's own redelivery of it is known too"
    station.intake.accept(HandedBatch((says(station, "button-501", 2, emergency=True),)))
    assert [alert.count for alert in station.alerts()] == [2]


def test_a_packet_id_names_its_newest_message_only(station: Station) -> None:
    """Brokers that give the lowest free id use one id for message after message."""
    for smoke in (True, False):
        station.intake.accept(HandedBatch((says(station, "smoke-501", smoke=smoke),)))
    # Sent under the same id again, lost with the link before it was taken in, and now handed over once more.
    station.intake.accept(HandedBatch((says(station, "smoke-501", smoke=True, duplicate=True),)))
    assert station.alert("smoke").count == 2


def test_a_state_row_that_cannot_be_read_holds_up_neither_its_device_nor_the_timers(station: Station) -> None:
    with station.database.write() as connection:
        connection.execute(
            text("UPDATE device_states SET state = x'c1', due_at = :due WHERE device = 'smoke-501'"),
            {"due": station.clock.now() - 1},
        )
    station.restart()
    assert station.timers.run_due() == 1
    assert station.timers.run_due() == 0
    station.intake.accept(HandedBatch((says(station, "smoke-501", smoke=True),)))
    assert station.alert("smoke").count == 1
