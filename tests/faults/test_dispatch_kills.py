"""Killed at any named point of telling people, the server tells each of them once, and nobody when it is over.

Real processes on a real Mosquitto: smoke alarms without pause, three levels of escalation, people with several contacts
over webhooks and a telephone gateway that fail, refuse, hang and report back; a desk that acknowledges, verifies, calls
for more and stands down. The server is killed (SIGKILL) at each point in turn. Then it is counted where the messages
arrive. The seed is printed, and taken from ``SHOUWANG_STORM_SEED`` where that is set.
"""

import json
import os
import re
from collections.abc import Iterator
from itertools import chain, count, cycle, islice
from pathlib import Path
from random import Random, SystemRandom

import pytest

import shouwang
from harness.compound import CLIMATE, ROOT, SMOKE, devices, reports
from harness.desk import Desk
from harness.phones import Exchange, exchange
from harness.publisher import Publisher, Spoken
from harness.receivers import GATEWAY, GATEWAY_SECRET, HANDS_ON, Receivers
from harness.servers import Mosquitto
from harness.telling import count_at_the_receivers
from harness.works import INTAKE, SERVER, Works, works_on
from shouwang.domain.duty import Contact, Person, PostHolder, SiteFacts
from shouwang.domain.escalation import Milestone, Policy, Step
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.vocabulary import PersonId

pytestmark = pytest.mark.servers

POINTS = [
    "dispatch.expand.before_commit",
    "dispatch.expanded",
    "dispatch.lease.before_commit",
    "dispatch.lease.committed",
    "dispatch.leased",
    "dispatch.before_send",
    "dispatch.sent",
    "dispatch.settle.before_commit",
    "dispatch.settled",
    "dispatch.failing_over",
    "escalation.before_commit",
    "escalation.climbed",
    "act.before_commit",
    "act.committed",
    "act.stood_down",
    "callback.before_commit",
    "callback.committed",
    "leases.before_commit",
    "leases.reclaimed",
]
AT_START = {"leases.before_commit", "leases.reclaimed"}
"""Reached by a server that finds what another one was sending when it died."""

OF_OTHERS = {"shipping.written", "shipping.trimmed"}
"""Points of the server that are killed elsewhere: they tell nobody."""

ALARMS_A_SECOND = 2


def test_every_point_of_the_server_is_one_at_which_it_is_killed() -> None:
    reached: set[str] = set()
    for folder in ("app", "flows", "store"):
        for file in (Path(shouwang.__file__).parent / folder).glob("*.py"):
            reached |= set(re.findall(r'reach\("([a-z_.]+)"\)', file.read_text(encoding="utf-8")))
    of_intake = {one for one in reached if one.split(".")[0] in ("batch", "acceptance", "timers", "orders", "reread")}
    assert reached - of_intake - OF_OTHERS == set(POINTS)


@pytest.mark.timeout(400)
def test_ten_kills_tell_everybody_once(mosquitto_alone: Mosquitto, tmp_path: Path) -> None:
    killed_at(10, mosquitto_alone, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_two_hundred_kills_tell_everybody_once(mosquitto_alone: Mosquitto, tmp_path: Path) -> None:
    killed_at(200, mosquitto_alone, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_two_hundred_kills_tell_everybody_once_on_postgresql(
    mosquitto_alone: Mosquitto, tmp_path: Path, postgres_url: str
) -> None:
    killed_at(200, mosquitto_alone, tmp_path, state=postgres_url)


def killed_at(kills: int, broker: Mosquitto, folder: Path, *, state: str = "") -> None:
    """So many kills, each point as often as any other, in an order by chance; then everything is counted."""
    seed = int(os.environ.get("SHOUWANG_STORM_SEED") or SystemRandom().randrange(10**6))
    chance = Random(seed)
    alarms = Alarms(kills * 40 + 100)  # a slow machine needs half a minute for a kill
    print(f"\nseed {seed}, {kills} kills")
    with (
        exchange() as phones,
        works_on(folder, broker.port, compound(phones, alarms.most), state=state, settings=settings(phones)) as works,
    ):
        receivers = Receivers(phones, seed)
        with Desk(works, receivers, chance) as desk, Publisher(broker.port, alarms, ALARMS_A_SECOND) as publisher:
            works.pause(1.5)
            for point in islice(cycle(chance.sample(POINTS, len(POINTS))), kills):
                kill(works, desk, point, chance)
            publisher.stop()
            works.takes_all(seconds=90)
            receivers.heal()
            works.until(lambda: not receivers.owes_reports, "the gateway has reported all", 30)
            works.tells_all(seconds=150)
            desk.stands_everybody_down()
            works.tells_all(seconds=150)
        assert works.deaths[INTAKE] == 0
        assert works.deaths[SERVER] >= kills
        count_at_the_receivers(works, receivers, desk, alarms=alarms.said, people=PEOPLE_OF_STEP)


def kill(works: Works, desk: Desk, point: str, chance: Random) -> None:
    if point in AT_START:
        works.dies_at("dispatch.before_send", chance.randint(1, 3))
        works.until(lambda: works.has_died, "something is sent")
        works.dies_at(point)
    else:
        works.dies_at(point, chance.randint(1, 2 if point.startswith(("callback", "act")) else 4))
    works.until(lambda: desk.is_well() and works.has_died, f"{point} is reached", 90)
    works.pause(chance.uniform(0.0, 0.8))


class Alarms:
    """Each detector alarms once, then a thermometer speaks."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.said = 0
        self._numbers = count()

    def __call__(self) -> Spoken:
        number = next(self._numbers)
        if number < self.most:
            self.said += 1
            return reports(f"smoke-{number}", smoke=True, battery=90)
        return reports("climate-0", temperature=number % 30)


PEOPLE_OF_STEP = [["guard", "second", "leader"], ["manager"], ["secretary"], ["station"]]
POLICY = Policy(
    id="ladder",
    steps=[
        Step(tell=["post:desk_operator", "post:building_leader"]),
        Step(after="2s", unless=Milestone.ACKNOWLEDGED, tell=["post:property_manager"]),
        Step(after="4s", unless=Milestone.ACKNOWLEDGED, tell=["post:branch_secretary"]),
        Step(when=Milestone.VERIFIED_REAL, tell=["post:micro_fire_station"]),
    ],
)
_CONTACTS = {
    "guard": ["webhook"],
    "second": ["sms", "webhook"],
    "leader": ["voice", "sms", "webhook"],
    "manager": ["sms", "webhook"],
    "secretary": ["webhook", "webhook"],
    "station": ["voice", "webhook"],
    "chief": ["webhook"],
}
_POSTS = {
    "guard": "desk_operator",
    "second": "desk_operator",
    "leader": "building_leader",
    "manager": "property_manager",
    "secretary": "branch_secretary",
    "station": "micro_fire_station",
}


def compound(phones: Exchange, alarms: int) -> list[object]:
    """Nobody but these people; each alarm is a case of its own."""
    return [
        SiteFacts(fallback=PersonId("chief")),
        Place(id=ROOT, kind=PlaceKind.COMPOUND),
        *(_person(name, number, kinds, phones) for number, (name, kinds) in enumerate(_CONTACTS.items())),
        *(PostHolder(place=ROOT, post=post, person=PersonId(name)) for name, post in _POSTS.items()),
        POLICY,
        *devices("smoke", SMOKE, range(alarms)),
        *devices("climate", CLIMATE, range(1)),
    ]


def _person(name: str, number: int, kinds: list[str], phones: Exchange) -> Person:
    ways: Iterator[str] = chain((name, f"{name}-spare"))
    contacts = [
        Contact(kind=kind, url=phones.url(next(ways)) if kind == "webhook" else f"+86 1380000{number:04}")
        for kind in kinds
    ]
    return Person(id=PersonId(name), name=name, phone=f"+86 1380000{number:04}", channels=contacts)


def settings(phones: Exchange) -> dict[str, str]:
    return {
        "gateways": "http",
        "gateway_values": json.dumps({"http_url": phones.url(GATEWAY), "http_secret": GATEWAY_SECRET}),
        "webhook_seconds": str(HANDS_ON),
        "person_hourly": "100000",
    }
