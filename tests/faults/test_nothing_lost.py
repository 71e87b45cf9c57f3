"""Killed at any instruction, the service loses nothing that was acknowledged and shows nothing twice.

Real processes on a real Mosquitto, while devices speak without pause: intake, server and the connection to the broker
are killed at random moments and at every named point. Then it is counted. The seed is printed, and taken from
``SHOUWANG_STORM_SEED`` where that is set.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.compound import DESK, HOT_RULE, HOT_RULE_TEXT, LEADER, Traffic, people
from harness.phones import Exchange, exchange
from harness.publisher import Publisher
from harness.servers import Mosquitto
from harness.works import INTAKE, SERVER, Works, told, works_on
from shouwang.domain.alert import AlertClass
from shouwang.domain.errors import Rejected
from shouwang.domain.incident import Outcome
from shouwang.domain.notice import Why

RATE = 300
"""Messages a second."""

POINTS = {
    INTAKE: [
        "batch.received",
        "batch.decoded",
        "acceptance.opened",
        "acceptance.deciding.done",
        "acceptance.before_commit",
        "acceptance.committed",
        "batch.before_acknowledge",
        "batch.acknowledged",
        "timers.before_commit",
        "orders.before_commit",
    ],
    SERVER: [
        "dispatch.expanded",
        "dispatch.leased",
        "dispatch.sent",
        "dispatch.settled",
        "shipping.written",
        "shipping.trimmed",
    ],
}
EVERY_POINT = [point for points in POINTS.values() for point in points]

pytestmark = pytest.mark.servers


@pytest.mark.timeout(300)
def test_a_kill_at_every_named_point_loses_nothing(mosquitto_alone: Mosquitto, tmp_path: Path) -> None:
    weather(mosquitto_alone, tmp_path, EVERY_POINT, alarms=200)


@pytest.mark.timeout(300)
def test_ten_kills_at_random_moments_lose_nothing_with_the_fast_client(
    mosquitto_alone: Mosquitto, tmp_path: Path
) -> None:
    moves = ["kill intake", "kill server", "kill both", "cut", "refuse", "hold", "kill intake", "cut"]
    moves += ["acceptance.before_commit", "batch.before_acknowledge"]
    chosen = random.Random(seed()).sample(moves, len(moves))
    weather(mosquitto_alone, tmp_path, chosen, alarms=150, mqtt_client="fast")


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("client", ["paho", "fast"])
def test_a_hundred_kills_lose_nothing(client: str, mosquitto_alone: Mosquitto, tmp_path: Path) -> None:
    weather(mosquitto_alone, tmp_path, long_storm(), alarms=1500, mqtt_client=client)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_kills_lose_nothing_on_postgresql(
    mosquitto_alone: Mosquitto, tmp_path: Path, postgres_url: str
) -> None:
    weather(mosquitto_alone, tmp_path, long_storm(), alarms=1500, state=postgres_url)


def seed() -> int:
    return int(os.environ.get("SHOUWANG_STORM_SEED") or random.SystemRandom().randrange(10**6))


def long_storm() -> list[str]:
    """104 moves: every named point four times, and 40 at random moments."""
    moves = EVERY_POINT * 4 + ["kill intake", "kill server", "kill both", "cut", "cut", "refuse", "hold", "cut"] * 5
    return random.Random(seed()).sample(moves, len(moves))


def weather(
    broker: Mosquitto, folder: Path, moves: list[str], *, alarms: int, state: str = "", **settings: str
) -> None:
    """Goes through a storm of these moves, and counts."""
    begin = seed()
    traffic = Traffic(begin, alarms=alarms)
    with (
        exchange() as phones,
        works_on(
            folder,
            broker.port,
            [*people(phones), *traffic.registered()],
            state=state,
            rules=HOT_RULE_TEXT,
            settings=settings,
        ) as works,
    ):
        storm = Storm(works, phones, traffic, random.Random(begin))
        print(f"\nseed {begin}, {len(moves)} moves")
        with Publisher(broker.port, traffic, RATE) as publisher:
            works.pause(0.5)
            for move in moves:
                storm.make(move, publisher)
            publisher.stop()
        works.takes_all(seconds=90)
        works.pause(2.5)  # the timers of the last hot boilers
        works.ships_all(seconds=90)
        works.tells_all(seconds=90)
        count(works, phones, traffic, publisher)


class Storm:
    """Each move is one misfortune; the next comes a random moment later, whether the service has recovered or not."""

    def __init__(self, works: Works, phones: Exchange, traffic: Traffic, chance: random.Random) -> None:
        self._works = works
        self._phones = phones
        self._traffic = traffic
        self._chance = chance
        self._moves: dict[str, Callable[[], object]] = {
            "kill intake": lambda: works.strike(INTAKE),
            "kill server": lambda: works.strike(SERVER),
            "kill both": lambda: (works.strike(INTAKE), works.strike(SERVER)),
            "cut": works.proxy.cut,
            "refuse": self._refuse,
            "hold": self._hold,
        }

    def make(self, move: str, publisher: Publisher) -> None:
        if move == "orders.before_commit":
            self._order(publisher)
        elif move in EVERY_POINT:
            self._reach(move)
        else:
            self._recover(move)
            self._moves[move]()
        self._works.pause(self._chance.uniform(0.2, 1.8))

    def _recover(self, move: str) -> None:
        """A line can only be cut where there is one; a process is killed while it starts, too."""
        if not move.startswith("kill"):
            self._works.until(lambda: self._works.proxy.open == 2, "both are connected")
            self._works.pause(self._chance.uniform(0, 0.5))
        elif self._chance.random() < 0.6:
            self._works.takes_all()

    def _reach(self, point: str) -> None:
        if point == "dispatch.leased":  # only what has to be tried again is leased by itself
            self._phones[DESK].answers(503, 200)
        self._works.dies_at(point, self._chance.randint(1, 3) if point not in ("dispatch.leased",) else 1)
        self._works.until(lambda: self._works.has_died, f"{point} is reached")

    def _order(self, publisher: Publisher) -> None:
        """A person resolves a case while all is quiet: else the next batch carries out the order, as a probe that comes
        at the wrong moment still may."""
        works = self._works
        publisher.pause()
        works.takes_all()
        works.dies_at("orders.before_commit")
        for _ in range(20):
            resolve_one(works, self._traffic)
            works.pause(0.7)
            if works.has_died:
                break
        assert works.has_died, "orders.before_commit is never reached"
        publisher.go_on()

    def _refuse(self) -> None:
        self._works.proxy.refuse()
        self._works.pause(self._chance.uniform(0.2, 1.5))
        self._works.proxy.accept()

    def _hold(self) -> None:
        self._works.proxy.hold()
        self._works.pause(self._chance.uniform(0.2, 1.0))
        self._works.proxy.cut()
        self._works.proxy.carry()


def resolve_one(works: Works, traffic: Traffic) -> None:
    """A person finds a case to be none, so that its latch is reset. One of which both have heard: who has not been
    called yet is not called any more to what is over."""
    wanted = set(traffic.said_once())
    heard = Counter(one.incident for one in works.deliveries() if one.why is Why.FIRST and one.sent_at is not None)
    for alert in works.alerts_by("smoke"):
        if alert.subject in wanted and alert.incident and heard[alert.incident] >= 2 and alert.state != "normal":
            try:
                works.respond.acknowledge(alert.incident, actor=DESK)
                works.respond.resolve(alert.incident, actor=DESK, outcome=Outcome.FALSE_ALARM, cause="dust", note="")
            except Rejected:
                continue
            return
    raise AssertionError("there is no case to resolve")


def count(works: Works, phones: Exchange, traffic: Traffic, publisher: Publisher) -> None:
    """Everything exactly once."""
    stored = 0
    faults: list[str] = []
    for device, said in sorted(traffic.temperatures.items()):
        found = works.readings(device, "temperature")
        stored += len(found)
        if sorted(found) != said:
            lost, double = Counter(said) - Counter(found), Counter(found) - Counter(said)
            faults.append(f"{device}: lost {sorted(lost)}, double {sorted(double)}")
    alerts = works.alerts()
    by_case = Counter((alert.klass, alert.subject) for alert in alerts)
    expected = {
        **{(AlertClass.FIRE, device): 1 for device in traffic.smoking},
        **{(AlertClass.EMERGENCY, device): 1 for device in traffic.presses},
        **{(alert.klass, alert.subject): 1 for alert in alerts if alert.rule == HOT_RULE},
    }
    assert {alert.subject for alert in alerts if alert.rule == HOT_RULE} == set(traffic.hot)
    if by_case != expected:
        faults.append(f"alerts lost {Counter(expected) - by_case}, too many {by_case - Counter(expected)}")
    pressed = {alert.subject: alert.count for alert in alerts if alert.klass is AlertClass.EMERGENCY}
    if pressed != traffic.presses:
        faults.append(f"presses counted {pressed}, made {dict(traffic.presses)}")
    keys = told(phones)
    wanted = {(incident.id, person) for incident in works.incidents() for person in (DESK, LEADER)}
    faults += [f"never told: {case}" for case in sorted(wanted - keys.keys())]
    faults += [f"told under {len(found)} keys: {case}" for case, found in keys.items() if len(found) > 1]
    again = sum(len(calls) - 1 for calls in phones.by_key().values())
    print(
        f"{publisher.acknowledged} messages acknowledged by the broker, {stored} temperatures of "
        f"{sum(map(len, traffic.temperatures.values()))} stored; "
        f"{len(alerts)} alerts of {len(traffic.smoking)} fires, {len(traffic.hot)} hot boilers and "
        f"{len(traffic.presses)} buttons pressed {sum(traffic.presses.values())} times; "
        f"{sum(map(len, keys.values()))} first messages of {len(wanted)}, {again} calls repeated under their key; "
        f"intake died {works.deaths[INTAKE]} times, the server {works.deaths[SERVER]} times, "
        f"{works.proxy.cuts} of {works.proxy.connections} connections were cut"
    )
    assert not faults, "\n".join(faults[:20])
    assert stored > 1000
    assert len(keys) > 50
