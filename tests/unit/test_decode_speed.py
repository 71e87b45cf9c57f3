"""How many messages a second one core reads. The floor is a promise; a quiet machine does several times it."""

import time
from collections.abc import Sequence

import msgspec
import pytest

from harness.decoding import NOON, shipped_interpreter
from shouwang.domain.decode import FamilyState
from shouwang.domain.vocabulary import Arrival, DeviceId

FLOOR = 30_000
"""Messages a second of JSON families, decode to readings, on one core."""

MESSAGES = 5_000


def rate(arrivals: Sequence[Arrival], profile: str) -> float:
    """Messages a second of processor time, the best of five: others may be using this machine."""
    read, state = shipped_interpreter().read, FamilyState()
    known = {f"zigbee2mqtt:hall-{number}": (DeviceId(f"d{number}"), profile) for number in range(MESSAGES)}
    best = 0.0
    for _ in range(5):
        started = time.process_time()
        for arrival in arrivals:
            read(arrival, state, known.get)
        best = max(best, len(arrivals) / (time.process_time() - started))
    return best


def messages(topic: str, **fields: object) -> list[Arrival]:
    payloads = [msgspec.json.encode({**fields, "linkquality": 1 + number % 250}) for number in range(MESSAGES)]
    return [Arrival(topic.format(number), payload, NOON) for number, payload in enumerate(payloads)]


@pytest.mark.parametrize("profile", ["heiman-hs1sa", "zigbee2mqtt-generic"])
def test_zigbee2mqtt_is_read_faster_than_a_town_reports(profile: str) -> None:
    arrivals = messages(
        "zigbee2mqtt/hall-{}", smoke=False, battery=91, battery_low=False, tamper=False, test=False,
        last_seen="2026-03-01T12:00:00+08:00",
    )  # fmt: skip

    assert rate(arrivals, profile) > FLOOR
