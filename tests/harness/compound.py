"""A compound for tests of real processes: registered devices, people with webhooks, and what the devices say."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from random import Random

from harness.phones import Exchange
from harness.publisher import Spoken
from shouwang.domain.duty import Contact, Person, PostHolder, SiteFacts
from shouwang.domain.escalation import Policy, Step
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.vocabulary import DeviceId, PersonId, PlaceId

ROOT = PlaceId("cj/dm/jy")
DESK, LEADER = "desk", "leader"
CLIMATE, SMOKE, BUTTON = "aqara-wsdcgq11lm", "heiman-hs1sa", "tuya-ts0215a-sos"

HOT_TAG = "boiler"
HOT_RULE = "boiler-room-hot"
HOT_ABOVE = 40
HOT_RULE_TEXT = f"""\
rule: {HOT_RULE}
title: {{zh: 锅炉房过热, en: Boiler room too hot}}
severity: high
scope: {{tags: [{HOT_TAG}]}}
when: {{above: {{metric: temperature, value: {HOT_ABOVE}, for: 2s}}}}
"""
"""Raised by a timer: nothing more is said when its time is up."""


def people(phones: Exchange) -> list[object]:
    """A desk and a building leader, both told of everything at once, and nobody else."""
    return [
        SiteFacts(fallback=PersonId(DESK)),
        Place(id=ROOT, kind=PlaceKind.COMPOUND),
        *(person(id, phones.url(id)) for id in (DESK, LEADER)),
        PostHolder(place=ROOT, post="desk_operator", person=PersonId(DESK)),
        PostHolder(place=ROOT, post="building_leader", person=PersonId(LEADER)),
        Policy(id="both", steps=[Step(tell=["post:desk_operator", "post:building_leader"])]),
    ]


def person(id: str, *urls: str) -> Person:
    return Person(id=PersonId(id), name=id, channels=[Contact(kind="webhook", url=url) for url in urls])


def devices(name: str, profile: str, numbers: Iterable[int], tags: Iterable[str] = ()) -> list[object]:
    """Each in a building and unit of its own, so that each alarm is a case of its own: ``smoke-7``."""
    found: list[object] = []
    for number in numbers:
        building = PlaceId(f"{ROOT}/{name}{number}")
        unit = PlaceId(f"{building}/u1")
        found.append(Place(id=building, kind=PlaceKind.BUILDING))
        found.append(Place(id=unit, kind=PlaceKind.UNIT))
        id = f"{name}-{number}"
        device = Device(id=DeviceId(id), profile=profile, address=f"zigbee2mqtt:{id}", place=unit, tags=list(tags))
        found.append(device)
    return found


def reports(device: str, **values: object) -> Spoken:
    """What Zigbee2MQTT publishes of a device; without a time of its own."""
    return f"zigbee2mqtt/{device}", json.dumps({**values, "linkquality": 80}).encode()


class Traffic:
    """What the devices of a storm say, message by message, and what must come of it.

    Most are temperatures, each different from all others of its device, so that one taken twice is two rows and one
    lost is missing. Every third smoke alarm is said once more later, as detectors do.
    """

    CLIMATES = 60
    BUTTONS = 12

    def __init__(self, seed: int, *, alarms: int) -> None:
        """``alarms``: at most so many detectors of each kind alarm."""
        self.temperatures: dict[str, list[float]] = defaultdict(list)
        self.smoking: list[str] = []
        self.hot: list[str] = []
        self.presses: Counter[str] = Counter()
        self._alarms = alarms
        self._random = Random(seed)
        self._count = 0

    def registered(self) -> list[object]:
        return [
            *devices("climate", CLIMATE, range(self.CLIMATES)),
            *devices("button", BUTTON, range(self.BUTTONS)),
            *devices("smoke", SMOKE, range(self._alarms)),
            *devices("boiler", CLIMATE, range(self._alarms), tags=[HOT_TAG]),
        ]

    def __call__(self) -> Spoken:
        """The next message."""
        self._count += 1
        number = self._count
        if number % 97 == 0 and len(self.smoking) < self._alarms:
            self.smoking.append(f"smoke-{len(self.smoking)}")
            return self._smoke(self.smoking[-1])
        if number % 97 == 48 and len(self.smoking) > 3 and len(self.smoking) % 3 == 0:
            return self._smoke(self.smoking[-3])
        if number % 131 == 0 and len(self.hot) < self._alarms:
            device = f"boiler-{len(self.hot)}"
            self.hot.append(device)
            return reports(device, temperature=HOT_ABOVE + 5)
        if number % 53 == 0:
            device = f"button-{self._random.randrange(self.BUTTONS)}"
            self.presses[device] += 1
            return reports(device, action="emergency")
        device = f"climate-{self._random.randrange(self.CLIMATES)}"
        said = self.temperatures[device]
        said.append(round(len(said) * 0.01, 2))
        assert said[-1] < HOT_ABOVE, "a longer storm needs more devices"
        return reports(device, temperature=said[-1])

    def said_once(self) -> list[str]:
        """Detectors whose smoke is not said again: a person may reset them."""
        return [device for index, device in enumerate(self.smoking[:-6]) if index % 3 != 0]

    @staticmethod
    def _smoke(device: str) -> Spoken:
        return reports(device, smoke=True, battery=90)
