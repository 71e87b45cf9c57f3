"""A site with much under way comes back whole, and soon."""

import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from harness.compound import CLIMATE, devices, people, reports
from harness.phones import exchange
from harness.publisher import says
from harness.servers import Mosquitto
from harness.works import INTAKE, SERVER, Works, works_on
from shouwang.store.tables import device_states

PENDING, OPEN, MOST_SECONDS = 10_000, 500, 5.0
CROWDED = 1.4
"""The allowance where it shares the processors half of the time or more: others cool the caches, too."""

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

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]


def pending(works: Works) -> dict[str, int]:
    """When each device is to be looked at next; places, which have rows of their own, move theirs as time goes by."""
    statement = select(device_states.c.device, device_states.c.due_at).where(
        device_states.c.due_at.is_not(None), device_states.c.device.startswith("room-")
    )
    with works.database.read() as connection:
        return {row.device: row.due_at for row in connection.execute(statement)}


def is_ready(works: Works) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{works.http_port}/health/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_ten_thousand_timers_and_five_hundred_alerts_survive_a_kill(
    mosquitto_alone: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ready is what the service calls so: it answers, and a probe went round through the broker and is committed."""
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
        works.kill(SERVER)
        began = time.monotonic()
        works.start()
        works.until(lambda: is_ready(works), "ready again", seconds=MOST_SECONDS * 40)
        took = time.monotonic() - began
        queued = max(works.queued_seconds(INTAKE), works.queued_seconds(SERVER))
        with capsys.disabled():
            print(
                f"\nready {took:.1f} s after a start with {PENDING:,} timers and {OPEN} alerts; "
                f"{queued:.1f} s of it others had the processors "
                f"(its own time: intake {works.busy_seconds(INTAKE):.1f} s, server {works.busy_seconds(SERVER):.1f} s)"
            )
        # On a machine of its own nothing stands before it. Where others do, they also cool its caches.
        assert took - queued <= MOST_SECONDS * (CROWDED if queued > took / 2 else 1)
        works.takes_all()
        assert works.alerts() == before
        assert pending(works) == timers
