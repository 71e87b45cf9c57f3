"""A town of a hundred thousand devices begins: alarms come first, the lease is held, all are armed."""

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from harness.station import HandedBatch, shipped_equipment
from shouwang.app.clock import NoPoints, SystemClock
from shouwang.app.deaf_times import DeafTimes
from shouwang.app.intaking import BOOK_FACT, Fitting, Intaking, WatchedWorld
from shouwang.domain.board import CaseQuery
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.vocabulary import SECOND, Arrival, DeviceId, Instant, PlaceId
from shouwang.flows.announcing import Announcing
from shouwang.flows.asking import Asking
from shouwang.flows.intake import Intake
from shouwang.flows.timers import Timers
from shouwang.mqtt.ear import Ear
from shouwang.mqtt.feed import FeedBatch
from shouwang.ports import Settled
from shouwang.store.board import SqlBoard
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.facts import Facts
from shouwang.store.inbox import SqlInbox
from shouwang.store.leases import INTAKE, TERM, Lease, Leases
from shouwang.store.outbox import SqlAnnouncements

DEVICES = 100_000
WITHIN = 120
"""Seconds for each start, on a machine that others use too; 5 on a quiet one."""


class OneAlarm(Ear):
    """Hands over one alarm, and then nothing."""

    def __init__(self, look: Callable[[], bool]) -> None:
        self._look = look
        self.batch = HandedBatch((Arrival("shouwang/v1/devices/d7/readings", b'{"readings": {"smoke": true}}', 0),))
        self.was_done: bool | None = None
        """Whether all was done before anybody asked for what arrived."""

    @property
    def connected(self) -> bool:
        return True

    def publish(self, topic: str, payload: bytes, *, retain: bool, done: Settled, qos: int = 1) -> None:
        done()

    def next_batch(self, timeout: float) -> FeedBatch | None:
        if self.was_done is not None:
            return None
        self.was_done = self._look()
        return self.batch  # type: ignore[return-value]  # it has what intake looks at


class Renewals(Leases):
    """Notes when."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, lambda _holder: False)
        self.at: list[float] = []

    def renew(self, lease: Lease, now: Instant) -> bool:
        self.at.append(time.monotonic())
        return super().renew(lease, now)


class Town:
    """Its intake, begun anew at each ``begins``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(f"sqlite:///{folder}/state.sqlite")
        self.database.create()
        self.clock = SystemClock()
        self.directory = SqlDirectory(self.database, self.clock.now)
        self.directory.change([Place(id=PlaceId("town"), kind=PlaceKind.COMMUNITY), *map(_device, range(DEVICES))])
        self.facts = Facts(self.database)
        self.inbox: SqlInbox | None = None

    def begins(self, is_done: Callable[[], bool]) -> tuple[OneAlarm, float, float]:
        """Until ``is_done``: the ear, seconds that it took, the longest time between two renewals of the lease."""
        clock, equipment, points, database = self.clock, shipped_equipment(), NoPoints(), self.database
        leases, ear = Renewals(database), OneAlarm(is_done)
        lease = leases.take(INTAKE, f"town:1:{clock.now()}", clock.now())
        assert lease is not None
        inbox = self.inbox = SqlInbox(database, lease, points.reach)
        world, deaf = WatchedWorld(self.directory, equipment), DeafTimes(self.facts, None, clock.now())
        intaking = Intaking(
            ear,
            inbox,
            self.facts,
            Intake(inbox, equipment.interpreter, equipment.family_state(inbox), world, deaf, clock, points),
            Timers(inbox, world, deaf, clock, points),
            Announcing(SqlAnnouncements(database), ear),
            Asking(ear, clock, allowed=False),
            world,
            deaf,
            leases,
            lease,
            clock,
            self.folder / "figures",
            Fitting(equipment, inbox),
        )
        stop, began = threading.Event(), time.monotonic()
        listening = threading.Thread(target=intaking.listen, args=(stop,))
        listening.start()
        try:
            while not is_done():
                assert time.monotonic() - began < WITHIN
                time.sleep(1)
        finally:
            stop.set()
            listening.join()
        ended = time.monotonic()
        return ear, ended - began, max(after - before for before, after in pairwise([began, *leases.at, ended]))


@pytest.mark.timeout(2 * WITHIN + 60)
def test_a_hundred_thousand_devices_are_armed_and_brought_to_new_rules_beside_alarms(tmp_path: Path) -> None:
    town = Town(tmp_path)

    def are_armed() -> bool:
        return town.inbox is not None and len(town.inbox.known()) >= DEVICES

    ear, took, longest = town.begins(are_armed)
    assert ear.batch.acknowledged
    assert not ear.was_done, f"the alarm waited until all were armed, {took:.1f} s"
    assert longest < TERM / SECOND
    assert "d7" in {alert.device for alert in SqlBoard(town.database).alerts(CaseQuery(), None, 10)}

    town.facts.put(BOOK_FACT, b"other rules")
    ear, took, longest = town.begins(lambda: town.facts.get(BOOK_FACT) != b"other rules")
    assert ear.batch.acknowledged
    assert not ear.was_done, f"the alarm waited until all were brought to the rules, {took:.1f} s"
    assert longest < TERM / SECOND
    town.database.close()


def _device(number: int) -> Device:
    return Device(id=DeviceId(f"d{number}"), profile="native", address=f"native:d{number}", place=PlaceId("town"))
