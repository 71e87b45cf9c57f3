"""What began, ended or ran on while the service was away is put right at its start, exactly once."""

from collections import Counter
from pathlib import Path

import pytest

from harness.compound import BUTTON, CLIMATE, HOT_ABOVE, HOT_RULE, HOT_TAG, SMOKE, devices, people, reports
from harness.phones import Exchange, exchange
from harness.publisher import Publisher, says
from harness.servers import Mosquitto
from harness.works import INTAKE, Works, told, works_on
from shouwang.domain.alert import Alert, AlertState
from shouwang.domain.board import EntryQuery
from shouwang.domain.vocabulary import SECOND, Instant

LEAK = "aqara-sjcgq11lm"
LASTS, SILENCE = 5, 5
RULES = f"""\
rule: {HOT_RULE}
title: {{zh: 锅炉房过热, en: Boiler room too hot}}
severity: high
scope: {{tags: [{HOT_TAG}]}}
when: {{above: {{metric: temperature, value: {HOT_ABOVE}, for: {LASTS}s}}}}
---
rule: chatty-silent
title: {{zh: 设备安静, en: Chatty device silent}}
severity: high
scope: {{tags: [chatty]}}
when: {{absent: {{longest: {SILENCE}s}}}}
"""
AWAY = SILENCE + 1.0
"""Seconds, longer than any of the devices may be silent."""

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]


def test_what_began_and_ended_while_intake_was_down_does_so_exactly_once(
    mosquitto_alone: Mosquitto, tmp_path: Path
) -> None:
    registered = [*devices("leak", LEAK, range(4)), *devices("smoke", SMOKE, [1]), *devices("button", BUTTON, [1])]
    with exchange() as phones, works_on(tmp_path, mosquitto_alone.port, [*people(phones), *registered]) as works:
        port = mosquitto_alone.port
        wet, dry = ({"water_leak": True}, {"water_leak": False})
        says(port, reports("leak-0", **wet), reports("leak-1", **wet), reports("leak-2", **dry))
        works.takes_all()
        assert subjects(works) == {"leak-0": 1, "leak-1": 1}
        works.kill(INTAKE)
        says(port, reports("leak-0", **dry))  # ends
        says(port, reports("leak-1", **dry), reports("leak-1", **wet))  # ends and begins again
        says(port, reports("leak-2", **wet), reports("leak-2", **dry))  # begins and ends
        says(port, reports("leak-3", **wet), reports("leak-3", **wet))  # begins
        says(port, reports("smoke-1", smoke=True), reports("smoke-1", smoke=False))
        says(port, *[reports("button-1", action="emergency")] * 3)
        works.start(INTAKE)
        works.takes_all()
        works.tells_all()
        found = {alert.subject: alert for alert in works.alerts()}
        assert subjects(works) == dict.fromkeys(found, 1)
        assert {device: alert.active for device, alert in found.items()} == {
            "leak-0": False,
            "leak-1": True,
            "leak-2": False,
            "leak-3": True,
            "smoke-1": False,
            "button-1": True,
        }
        assert found["smoke-1"].state is AlertState.LATCHED_UNACKED
        assert found["button-1"].count == 3
        assert entries(works, "leak-0") == ["alert.raised", "alert.cleared"]
        assert entries(works, "leak-2") == ["alert.raised", "alert.cleared"]
        assert entries(works, "leak-3") == ["alert.raised"]
        everybody_was_told_once(works, phones)


def test_a_condition_that_must_last_survives_a_kill_and_is_raised_at_its_own_time(
    mosquitto_alone: Mosquitto, tmp_path: Path
) -> None:
    registered = devices("boiler", CLIMATE, range(3), tags=[HOT_TAG])
    with (
        exchange() as phones,
        works_on(tmp_path, mosquitto_alone.port, [*people(phones), *registered], rules=RULES) as works,
    ):
        hot, cool = {"temperature": HOT_ABOVE + 1}, {"temperature": HOT_ABOVE - 1}
        says(mosquitto_alone.port, reports("boiler-0", **hot), reports("boiler-2", **hot))
        works.takes_all()
        works.strike(INTAKE)
        works.pause(LASTS / 2)
        says(mosquitto_alone.port, reports("boiler-1", **hot), reports("boiler-2", **cool))
        works.takes_all()
        works.kill(INTAKE)  # it is down when the second one's time comes
        works.pause(LASTS + 1)
        works.start(INTAKE)
        works.until(lambda: len(works.alerts()) >= 2, "both boilers are raised")
        works.takes_all()
        works.tells_all()
        assert subjects(works) == {"boiler-0": 1, "boiler-1": 1}
        for alert in works.alerts():
            (measured,) = [one.measured_at for one in alert.evidence]
            assert alert.raised_at - measured == LASTS * SECOND
        everybody_was_told_once(works, phones)


@pytest.mark.parametrize("trouble", ["intake is down", "the broker is away"])
def test_our_own_deafness_is_no_devices_silence(trouble: str, mosquitto_alone: Mosquitto, tmp_path: Path) -> None:
    registered = devices("chatty", CLIMATE, range(2), tags=["chatty"])
    with (
        exchange() as phones,
        works_on(tmp_path, mosquitto_alone.port, [*people(phones), *registered], rules=RULES) as works,
    ):
        port = mosquitto_alone.port
        for device in ("chatty-0", "chatty-1"):
            says(port, reports(device, temperature=20))
        heard = works.clock.now()
        works.takes_all()
        if trouble == "intake is down":
            works.kill(INTAKE)
            works.pause(AWAY)
            works.start(INTAKE)
        else:
            works.proxy.refuse()
            works.pause(AWAY)
            works.proxy.accept()
        with Publisher(port, lambda: reports("chatty-0", temperature=21), rate=2):
            works.until(lambda: bool(raised_since(works, heard)), "the silence of the other device is raised")
            works.pause(1)
        (alert,) = raised_since(works, heard)
        assert (alert.subject, alert.rule) == ("chatty-1", "chatty-silent")
        assert alert.raised_at - heard > (AWAY + SILENCE - 1) * SECOND


def raised_since(works: Works, at: Instant) -> list[Alert]:
    """Without those of a slow start, before any device spoke."""
    return [alert for alert in works.alerts() if alert.raised_at > at]


def subjects(works: Works) -> Counter[str]:
    return Counter(alert.subject for alert in works.alerts())


def entries(works: Works, device: str) -> list[str]:
    """What the journal says of the device's alerts, oldest first."""
    found = works.board.entries(EntryQuery(kind="alert.", device=device), None, 100)
    return [entry.kind for entry in reversed(found)]


def everybody_was_told_once(works: Works, phones: Exchange) -> None:
    keys = told(phones)
    assert {incident for incident, _ in keys} == {incident.id for incident in works.incidents()}
    assert [len(found) for found in keys.values()] == [1] * 2 * len(works.incidents())
    alerts: list[Alert] = works.alerts()
    assert all(alert.incident for alert in alerts)
