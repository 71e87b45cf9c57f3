"""A site with much under way comes back whole, and soon."""

from pathlib import Path

import pytest
from sqlalchemy import select

from harness.compound import CLIMATE, devices, people, reports
from harness.phones import exchange
from harness.publisher import says
from harness.servers import Mosquitto
from harness.works import INTAKE, Works, works_on
from shouwang.store.tables import device_states

PENDING, OPEN, MOST_SECONDS = 10_000, 500, 5.0
RULES = """\
rule: waits
title: {zh: 等待, en: Waits}
severity: low
scope: {kinds: [climate]}
when: {above: {metric: temperature, value: 40, for: 10h}}
---
rule: stands
title: {zh: 持续, en: Stands}
severity: low
scope: {kinds: [climate]}
when: {above: {metric: humidity, value: 90}}
"""

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]


def pending(works: Works) -> dict[str, int]:
    """When each device is to be looked at next; places, which have rows of their own, move theirs as time goes by."""
    statement = select(device_states.c.device, device_states.c.due_at).where(
        device_states.c.due_at.is_not(None), device_states.c.device.startswith("room-")
    )
    with works.database.read() as connection:
        return {row.device: row.due_at for row in connection.execute(statement)}


def test_ten_thousand_timers_and_five_hundred_alerts_survive_a_kill(mosquitto_alone: Mosquitto, tmp_path: Path) -> None:
    registered = devices("room", CLIMATE, range(PENDING))
    with (
        exchange() as phones,
        works_on(tmp_path, mosquitto_alone.port, [*people(phones), *registered], rules=RULES) as works,
    ):
        said = [
            reports(f"room-{number}", temperature=45, humidity=95 if number < OPEN else 40) for number in range(PENDING)
        ]
        for start in range(0, PENDING, 500):
            says(mosquitto_alone.port, *said[start : start + 500])
        works.takes_all()
        before, timers = works.alerts(), pending(works)
        assert len(before) == OPEN
        assert len(timers) == PENDING
        works.kill(INTAKE)
        works.start(INTAKE)
        works.takes_all()
        # Processor time: what is ready in 5 s on a machine of its own takes longer beside other tests.
        assert works.busy_seconds(INTAKE) < MOST_SECONDS
        assert works.alerts() == before
        assert pending(works) == timers
