"""What is asked of devices: once a minute of each, a few at a time, and nothing where we may only read."""

import json

from harness.decoding import Desk
from harness.station import MovedClock
from shouwang.domain.interpretation import Ask
from shouwang.domain.vocabulary import MINUTE, SECOND
from shouwang.flows.asking import ASKS_A_TURN, Asking
from shouwang.ports import Settled

NOON = 1_763_956_800 * SECOND
BASE = "zigbee2mqtt"


class Broker:
    """Takes what is published, as a broker that nobody acknowledges."""

    def __init__(self) -> None:
        self.connected = True
        self.published: list[tuple[str, bytes, bool, int]] = []

    def publish(self, topic: str, payload: bytes, *, retain: bool, done: Settled, qos: int = 1) -> None:
        if "+" in topic:
            raise ValueError("the topic contains +")
        self.published.append((topic, payload, retain, qos))

    def topics(self) -> list[str]:
        return [topic for topic, *_ in self.published]


def nobody() -> list[Ask]:
    return []


def ask(topic: str) -> Ask:
    return Ask("sparkplug-b", topic, b"?")


def test_each_is_asked_at_most_once_a_minute() -> None:
    broker, clock = Broker(), MovedClock(NOON)
    asking = Asking(broker, clock)
    for _ in range(3):
        asking.want([ask("a"), ask("b")])
        asking.publish(nobody)
    assert broker.published == [("a", b"?", False, 0), ("b", b"?", False, 0)]

    clock.set(NOON + MINUTE)
    asking.want([ask("a")])
    asking.publish(nobody)
    assert broker.topics() == ["a", "b", "a"]


def test_after_a_gap_all_who_would_answer_are_asked_a_few_at_a_turn() -> None:
    broker = Broker()
    asking = Asking(broker, MovedClock(NOON))
    everyone = [ask(f"node-{number}") for number in range(ASKS_A_TURN + 1)]

    assert asking.publish(lambda: everyone) == ASKS_A_TURN
    assert asking.publish(lambda: everyone) == 1
    assert asking.publish(lambda: everyone) == 0
    asking.was_deaf()
    assert asking.publish(lambda: [ask("late")]) == 1


def test_nobody_is_asked_without_a_connection_or_leave_to() -> None:
    broker = Broker()
    broker.connected = False
    asking = Asking(broker, MovedClock(NOON))
    assert asking.publish(lambda: [ask("a")]) == 0
    broker.connected = True
    assert asking.publish(lambda: [ask("a")]) == 1

    mute = Asking(broker, MovedClock(NOON), allowed=False)
    mute.want([ask("b")])
    assert mute.publish(lambda: [ask("c")]) == 0
    assert broker.topics() == ["a"]


def test_a_name_that_no_topic_can_bear_holds_up_no_other() -> None:
    broker = Broker()
    asking = Asking(broker, MovedClock(NOON))
    asking.want([ask("bad/+"), ask("good")])
    asking.publish(nobody)
    assert broker.topics() == ["good"]


def test_detectors_that_listen_are_asked_for_the_alarms_that_can_be_read() -> None:
    def device(name: str, *properties: tuple[str, int], **more: str) -> dict[str, object]:
        exposes = [
            {"type": "binary", "name": word, "property": word, "access": access, "value_on": True, "value_off": False}
            for word, access in properties
        ]
        definition = {"vendor": "V", "model": "M-1", "exposes": exposes}
        return {"ieee_address": f"0x{name}", "friendly_name": name, "definition": definition, **more}

    desk = Desk()
    desk.hears(
        f"{BASE}/bridge/devices",
        [
            device("kitchen/gas", ("gas", 5), ("tamper", 5), type="Router"),
            device("hall", ("smoke", 7), type="EndDevice", power_source="Mains (single phase)"),
            device("silent", ("smoke", 1), type="Router"),
            device("asleep", ("smoke", 5), type="EndDevice", power_source="Battery"),
            device("lamp", ("state", 7), type="Router"),
        ],
    )

    asks = desk.interpreter.asks(desk.state, NOON)
    assert {one.topic: json.loads(one.payload) for one in asks} == {
        f"{BASE}/kitchen/gas/get": {"gas": ""},
        f"{BASE}/hall/get": {"smoke": ""},
    }
    assert all(desk.hears(one.topic, one.payload).ignored for one in asks)
