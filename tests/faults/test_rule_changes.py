"""A rule that a site writes while the service runs is in force within a second, and keeps what still makes sense."""

from pathlib import Path

import pytest

from harness.compound import CLIMATE, devices, people, reports
from harness.phones import exchange
from harness.publisher import says
from harness.servers import Mosquitto
from harness.works import Works, works_on
from shouwang.domain.board import EntryQuery
from shouwang.domain.rule import RuleText

HOT = """\
rule: hot
title: {zh: 过热, en: Hot}
severity: low
when: {above: {metric: temperature, value: LIMIT, for: LASTS}}
"""
DAMP = HOT.replace("temperature", "humidity")

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]


def keep(works: Works, text: str, limit: float, lasts: str) -> None:
    works.directory.change([RuleText(id="hot", text=text.replace("LIMIT", str(limit)).replace("LASTS", lasts))])


def test_a_rule_that_is_written_while_the_service_runs_is_followed(mosquitto_alone: Mosquitto, tmp_path: Path) -> None:
    registered = devices("room", CLIMATE, range(3))
    port = mosquitto_alone.port
    with exchange() as phones, works_on(tmp_path, port, [*people(phones), *registered]) as works:
        says(port, reports("room-0", temperature=45, humidity=40))
        works.takes_all()
        assert works.alerts_by("hot") == []
        keep(works, HOT, 40, "0s")
        works.pause(1)
        says(port, reports("room-0", temperature=46, humidity=40))
        works.until(
            lambda: [one.subject for one in works.alerts_by("hot")] == ["room-0"], "the new rule is in force", 5
        )
        version = works.alerts_by("hot")[0].version

        # A running `for` goes on with its new length.
        keep(works, HOT, 40, "1h")
        works.pause(1)
        says(port, reports("room-1", temperature=45, humidity=95))
        works.takes_all()
        keep(works, HOT, 40, "1s")
        works.until(lambda: "room-1" in {one.subject for one in works.alerts_by("hot")}, "what ran raises", 5)
        assert {one.version for one in works.alerts_by("hot")} > {version}

        # Another question forgets what ran, and says so.
        keep(works, HOT, 40, "1h")
        works.pause(1)
        assert [one.active for one in works.alerts_by("hot")] == [True, True]  # a longer one ends no alert
        says(port, reports("room-2", temperature=45, humidity=40))
        works.takes_all()
        keep(works, DAMP, 90, "1h")
        works.until(lambda: reset(works) == ["room-2"], "the journal says what was reset", 5)
        works.until(lambda: not any(one.active for one in works.alerts_by("hot")), "what it asks now is not so", 5)


def reset(works: Works) -> list[str | None]:
    return [entry.device for entry in works.board.entries(EntryQuery(kind="rule.reset"), None, 100)]
