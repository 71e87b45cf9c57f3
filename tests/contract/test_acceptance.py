"""The acceptance from batch to commit, where something fails in between: nothing lost, nothing twice."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from harness.station import HandedBatch, Station, open_station
from shouwang.app.deaf_times import DeafTimes, thinned
from shouwang.domain.acts import Resolve
from shouwang.domain.alert import AlertState
from shouwang.domain.errors import StoreUnavailable
from shouwang.domain.incident import Outcome
from shouwang.domain.standing import DeviceFacts
from shouwang.domain.vocabulary import MINUTE, SECOND, Arrival, DeviceId, Kind
from shouwang.flows.announcing import Announcing
from shouwang.flows.world import World
from shouwang.mqtt.packets import topic_problem
from shouwang.ports import Settled
from shouwang.registry.rules import load_rules
from shouwang.store.facts import Facts
from shouwang.store.outbox import SqlAnnouncements

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
  - {id: smoke-502, profile: native, address: "native:smoke-502", place: cj/dm/jy/b3/u2/f5/501}
  - {id: button-501, profile: native, address: "native:button-501", place: cj/dm/jy/b3/u2/f5/501}
"""

CONFIRM = """
rule: two-smokes
title: {zh: 双点报警, en: Two detectors}
severity: critical
latching: true
when: {confirm: {metric: smoke, devices: 2, within: 60s, in: unit}}
examples:
  - readings: [{at: 0s, smoke: true}]
    expect: []
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
    assert station.timers.run_due() == 2, "the device and its building"
    assert station.timers.run_due() == 0
    station.intake.accept(HandedBatch((says(station, "smoke-501", smoke=True),)))
    assert station.alert("smoke").count == 1


def test_people_are_told_when_a_device_returns_to_service_while_its_alarm_is_true(
    station: Station, tmp_path: Path
) -> None:
    lives = ("test", "in_service"), ("out_of_service", "in_service")
    for packet_id, (life, back) in enumerate(lives, 1):
        enters(station, tmp_path, f"smoke-{packet_id}", life)
        station.intake.accept(HandedBatch((says(station, f"smoke-{packet_id}", packet_id, smoke=True),)))
        assert len(station.incidents()) == packet_id - 1
        enters(station, tmp_path, f"smoke-{packet_id}", back)
        assert len(station.incidents()) == packet_id
    assert [alert.test for alert in station.alerts()] == [False, False]
    assert [alert.state for alert in station.alerts()] == [AlertState.UNACKED] * 2
    enters(station, tmp_path, "smoke-1", "in_service")
    assert len(station.outbox.notices(10)) == 2, "once"


def test_an_alarm_that_began_as_a_test_latches_once_it_is_real(station: Station, tmp_path: Path) -> None:
    enters(station, tmp_path, "smoke-1", "test")
    station.intake.accept(HandedBatch((says(station, "smoke-1", 1, smoke=True),)))
    enters(station, tmp_path, "smoke-1", "in_service")
    station.intake.accept(HandedBatch((says(station, "smoke-1", 2, smoke=False),)))
    assert station.alert("smoke").state is AlertState.LATCHED_UNACKED


def enters(station: Station, tmp_path: Path, device: str, life: str, profile: str = "native") -> None:
    """A device is in this stage of its life from now on, at a place of its own."""
    file = tmp_path / "change.yaml"
    place = f"cj/dm/jy/b{device[-1]}9"
    file.write_text(
        f"places: [{{id: {place}, kind: building}}]\n"
        f"devices: [{{id: {device}, profile: {profile}, address: 'native:{device}', place: {place}, life: {life}}}]\n"
    )
    station.apply(file)
    before = station.world
    station.see_directory()
    station.timers.reconcile(station.world.differing(before))


def test_a_confirmation_that_people_reset_is_raised_anew_and_outlives_a_change_of_rules(
    station: Station, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(CONFIRM)
    station.keep_rules(load_rules([rules]))
    first, second = says(station, "smoke-501", 1, smoke=True), says(station, "smoke-502", 2, smoke=True)
    station.intake.accept(HandedBatch((first,)))
    station.timers.reconcile(station.inbox.known())
    station.intake.accept(HandedBatch((second,)))
    (alert,) = station.alerts()
    assert (alert.subject, alert.device) == ("cj/dm/jy/b3/u2", None)
    station.respond.act(station.incident().id, Resolve(outcome=Outcome.FALSE_ALARM, cause="steam"), actor="chief")
    assert station.alert("two-smokes").state is AlertState.NORMAL
    station.timers.carry_out_orders()
    for packet_id, (device, smoke) in enumerate([("smoke-501", False), ("smoke-501", True)], 3):
        station.intake.accept(HandedBatch((says(station, device, packet_id, smoke=smoke),)))
    assert len([alert for alert in station.alerts() if alert.state is AlertState.UNACKED]) == 1


class Stumbling(World):
    """Fails over one device, as an error of ours would."""

    def facts(self, device: DeviceId, kind: Kind | None = None, profile: str = "", remembered: str = "") -> DeviceFacts:
        if device == "smoke-502":
            raise ZeroDivisionError("an error of ours")
        return super().facts(device, kind, profile, remembered)


def test_an_error_over_one_device_holds_up_the_timers_of_no_other(station: Station) -> None:
    stumbles(station)
    with station.database.write() as connection:
        connection.execute(text("UPDATE device_states SET due_at = :due"), {"due": station.clock.now() - 1})
    assert station.timers.run_due() == len(station.inbox.known())
    assert station.timers.run_due() == 0
    assert station.inbox.due(station.clock.now(), 10) == ["smoke-502"]
    station.clock.set(station.clock.now() + 2 * MINUTE)
    assert station.timers.run_due() == 1, "it is tried again"


def test_a_batch_that_was_half_committed_one_by_one_is_not_taken_in_twice(station: Station) -> None:
    stumbles(station)
    press = says(station, "button-501", 1, emergency=True)
    batch = HandedBatch((press, says(station, "smoke-502", 2, smoke=True), says(station, "smoke-501", 3, smoke=True)))
    done: list[int] = []

    def fails_from_the_second_on(connection: Connection) -> None:
        if connection.get_execution_options().get("shouwang_write"):
            done.append(1)
            if len(done) > 1:
                fails(connection)

    with commits(station, fails_from_the_second_on), pytest.raises(StoreUnavailable):
        station.intake.accept(batch)
    assert [alert.count for alert in station.alerts()] == [1]
    station.intake.accept(batch)
    assert batch.acknowledged
    assert station.alert("emergency-call").count == 1
    assert station.alert("smoke").count == 1


def stumbles(station: Station) -> None:
    world = station.world
    station.see(Stumbling(world.community, world.book, (), world.profiles))


class Link:
    """Publishes like the ear's session; ``told`` is what was published on the present connection."""

    connected = True

    def __init__(self) -> None:
        self.told: list[tuple[str, bytes]] = []
        self.settles = True

    def publish(self, topic: str, payload: bytes, *, retain: bool, done: Settled) -> None:
        if problem := topic_problem(topic):
            raise ValueError(problem)
        self.told.append((topic, payload))
        if self.settles:
            done()


def test_a_device_whose_name_is_too_long_for_a_topic_holds_up_no_announcement(station: Station) -> None:
    link = Link()
    announcing = Announcing(SqlAnnouncements(station.database), link)
    for packet_id, device in enumerate(["%" * 30_000, "smoke-501"], 1):
        station.intake.accept(HandedBatch((says(station, device, packet_id, smoke=True),)))
    while announcing.publish() or announcing.settle():
        pass
    assert [topic for topic, _ in link.told if topic.startswith("shouwang/v1/alerts/")] == [
        "shouwang/v1/alerts/cj/dm/jy/b3/u2/f5/501/smoke-501/smoke"
    ]
    assert SqlAnnouncements(station.database).waiting(0, 10) == []


def test_what_is_open_is_published_again_after_a_reconnect(station: Station) -> None:
    link = Link()
    announcing = Announcing(SqlAnnouncements(station.database), link)
    station.intake.accept(HandedBatch((says(station, "smoke-501", smoke=True),)))
    while announcing.publish() or announcing.settle():
        pass
    said, link.told = set(link.told), []
    announcing.publish()
    assert link.told == []
    announcing.reconnected()
    for _ in range(6):
        announcing.publish()
    assert len(link.told) == 2, "the alert and its incident, once"
    assert set(link.told) == said


def test_an_announcement_stays_known_as_taken_over_until_its_row_is_gone(station: Station) -> None:
    """Else it would be published again at the next reconnect, after newer ones of its topic."""
    announcing = Announcing(SqlAnnouncements(station.database), Link())
    station.intake.accept(HandedBatch((says(station, "smoke-501", smoke=True),)))
    announcing.publish()
    with commits(station, fails), pytest.raises(StoreUnavailable):
        announcing.settle()
    announcing.settle()
    assert SqlAnnouncements(station.database).waiting(0, 10) == []


def test_a_device_registered_again_is_missed_when_it_stays_silent(station: Station, tmp_path: Path) -> None:
    """It was heard before anybody registered it, so it has a state; its silence counts all the same."""
    station.intake.accept(HandedBatch((says(station, "smoke-9", smoke=False),)))
    with station.database.write() as connection:
        connection.execute(text("UPDATE device_states SET device = 'smoke-9' WHERE device = 'native:smoke-9'"))
    station.restart()
    enters(station, tmp_path, "smoke-9", "in_service", "heiman-hs1sa")
    with station.database.read() as connection:
        assert connection.execute(text("SELECT due_at FROM device_states WHERE device = 'smoke-9'")).scalar()


def test_a_counter_that_begins_anew_with_each_alarm_hides_none(station: Station) -> None:
    """A sensor that sleeps between alarms wakes at the same number with the same words."""
    payload = b'{"seq": 1, "readings": {"emergency": true}}'
    for minutes, count in ((0, 1), (1, 1), (60, 2)):
        station.clock.set(station.clock.now() + minutes * MINUTE)
        pressed = says(station, "button-501", minutes + 1)
        station.intake.accept(HandedBatch((msgspec.structs.replace(pressed, payload=payload),)))
        assert station.alert("emergency-call").count == count


def test_a_stranger_is_listed_though_the_first_commit_failed(station: Station) -> None:
    batch = HandedBatch((says(station, "stranger", smoke=False),))
    with commits(station, fails), pytest.raises(StoreUnavailable):
        station.intake.accept(batch)
    station.intake.accept(batch)
    assert station.board.stray_device("native:stranger") is not None


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), max_size=40), st.integers(1, 8))
def test_deaf_times_stay_few_and_lose_nothing(steps: list[tuple[int, int]], most: int) -> None:
    gaps, at = [], 0
    for apart, long in steps:
        gaps.append((at + apart, at + apart + long))
        at += apart + long
    thin = thinned(gaps, most)
    assert len(thin) <= most
    assert sum(stop - start for start, stop in thin) == sum(stop - start for start, stop in gaps)
    assert all(before[1] <= after[0] for before, after in pairwise(thin))


def test_time_in_which_nothing_could_be_committed_is_no_silence_of_devices(station: Station) -> None:
    deaf = DeafTimes(Facts(station.database), 100, 200)
    deaf.look(True, 210)
    deaf.missed(500, 900)
    deaf.look(True, 910)
    assert deaf() == [(100, 210), (500, 910)]
    assert DeafTimes(Facts(station.database), 905, 2000)() == [(100, 210), (500, 2000)]
