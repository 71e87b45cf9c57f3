"""Rules tried over HTTP before they are kept: mistakes by line, timelines by hand, of examples and of a device."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.calls import As, ok, problem
from harness.window import START, Site
from shouwang.api.doors import Window
from shouwang.app import trials as room
from shouwang.app.trials import Trials
from shouwang.domain.access import Role
from shouwang.domain.moment import rfc3339
from shouwang.domain.tryout import Tryout
from shouwang.domain.vocabulary import HOUR, MINUTE, SECOND, DeviceId, Reading

pytestmark = pytest.mark.slow

HOT = """\
rule: boiler-hot
title: {zh: 锅炉房过热, en: Boiler room too hot}
severity: high
when: {above: {metric: temperature, value: 40, clear_at: 35, for: 10s}}
examples:
  - readings: [{at: 0s, temperature: 41}, {at: 1m, tick: true}]
    expect: [{at: 10s, raised: high}]
"""


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    trials = Trials()
    yield trials
    trials.close()


@pytest.fixture
def window(site: Site, trials: Trials) -> Window:
    return replace(site.window(), trials=trials)


@pytest.fixture
def admin(client_as: As) -> TestClient:
    return client_as(Role.ADMIN)


def tried(client: TestClient, **body: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = ok(client.post("/api/v1/rules/try", json={"text": HOT, **body}))
    return found


def line(seconds: float, value: object = None) -> dict[str, Any]:
    at = rfc3339(START + round(seconds * SECOND))
    return {"at": at, "tick": True} if value is None else {"at": at, "metric": "temperature", "value": value}


def said(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(one["at"], one["transition"]) for one in found["transitions"]]


def test_a_text_alone_is_examined_and_nothing_is_kept(admin: TestClient, site: Site) -> None:
    found = tried(admin)
    assert (found["faults"], found["rule"], found["examples"], found["transitions"]) == ([], "boiler-hot", 1, [])
    assert site.directory.community().rules == {}


def test_every_mistake_is_at_its_line(admin: TestClient) -> None:
    found = tried(admin, text=HOT.replace("severity: high", "severity: hig").replace("value: 40", "value: warm"))
    assert {one["line"] for one in found["faults"]} == {3, 4}
    broken = tried(admin, text="rule: [")
    assert broken["faults"] and broken["faults"][0]["line"] > 0
    other = tried(admin, rule="another")
    assert "another" in other["faults"][0]["detail"]


def test_a_timeline_by_hand_shows_when_it_would_raise_and_clear(admin: TestClient) -> None:
    found = tried(admin, lines=[line(0, 30), line(5, 41), line(60, 34)], until=rfc3339(START + 2 * MINUTE))
    assert said(found) == [(rfc3339(START + 15 * SECOND), "raised"), (rfc3339(START + MINUTE), "cleared")]
    assert [one["severity"] for one in found["transitions"]] == ["high", "high"]
    assert [one["value"] for one in found["lines"] if not one["tick"]] == [30, 41, 34]


def test_the_clock_goes_on_after_the_last_line(admin: TestClient) -> None:
    assert said(tried(admin, lines=[line(0, 41)])) == []
    assert len(said(tried(admin, lines=[line(0, 41)], until=rfc3339(START + MINUTE)))) == 1


def test_a_line_by_hand_stands_in_the_scope_of_the_rule(admin: TestClient) -> None:
    scoped = HOT.replace("severity: high", "severity: high\nscope: {kinds: [smoke]}")
    assert len(said(tried(admin, text=scoped, lines=[line(0, 41), line(20)]))) == 1


def test_an_example_of_the_text_is_played(admin: TestClient) -> None:
    assert tried(admin, text=f"{HOT}---\n{HOT}")["examples"] == 2
    found = tried(admin, example=0)
    assert [one["transition"] for one in found["transitions"]] == ["raised"]
    assert len(found["lines"]) == 2


def test_the_last_day_of_a_device_is_played(admin: TestClient, site: Site) -> None:
    device, now = DeviceId("smoke-501"), site.clock.now()
    times = [(30 * HOUR, 50), (3 * HOUR, 45), (2 * HOUR, 20)]
    site.readings.write([Reading(device, "temperature", value, now - ago, now - ago) for ago, value in times])
    found = tried(admin, device="smoke-501")
    assert [one["value"] for one in found["lines"] if not one["tick"]] == [45, 20], "of a day, not of before"
    assert [one["transition"] for one in found["transitions"]] == ["raised", "cleared"]
    assert {one["subject"] for one in found["transitions"]} == {"smoke-501"}
    assert tried(admin, device="smoke-202")["transitions"] == []


def test_what_cannot_be_asked_is_refused(admin: TestClient, client_as: As) -> None:
    url = "/api/v1/rules/try"
    problem(admin.post(url, json={"text": HOT, "device": "nobody"}), 404, "not_found")
    problem(admin.post(url, json={"text": HOT, "device": "smoke-501", "example": 0}), 422, "invalid")
    problem(admin.post(url, json={"text": HOT, "lines": [{"at": "2026-01-01T00:00:00Z"}]}), 422, "invalid")
    problem(admin.post(url, json={"text": HOT, "lines": [line(0, 1)] * 2_001}), 422, "invalid")
    problem(admin.post(url, json={"text": "x" * 100_001}), 422, "invalid")
    problem(client_as(Role.OPERATOR).post(url, json={"text": HOT}), 403, "forbidden")


def test_a_trial_that_is_slow_is_ended_and_the_next_one_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = Trials()
    try:
        assert trials.tried(Tryout(text=HOT)).rule == "boiler-hot"
        process = trials._process
        assert process is not None and os.getpriority(os.PRIO_PROCESS, process.pid) == room.NICENESS
        os.kill(process.pid, signal.SIGSTOP)
        monkeypatch.setattr(room, "SECONDS", 0.5)
        begun = time.monotonic()
        assert "took longer" in trials.tried(Tryout(text=HOT)).failure
        assert time.monotonic() - begun < 3 and process.poll() is not None
        monkeypatch.setattr(room, "SECONDS", 20.0)
        assert trials.tried(Tryout(text=HOT)).rule == "boiler-hot"
        monkeypatch.setattr(room, "IDLE_SECONDS", 0.1)
        trials.tried(Tryout(text=HOT))
        for _ in range(50):
            if trials._process is None:
                break
            time.sleep(0.1)
        assert trials._process is None, "when nobody writes, it rests"
    finally:
        trials.close()


def test_rules_of_a_device_come_as_they_matter_to_it(admin: TestClient) -> None:
    found = ok(admin.get("/api/v1/rules", params={"device": "smoke-501"}))
    assert [one["id"] for one in found["items"]] == ["smoke-alarm", "device-fault"]
    assert admin.get("/api/v1/rules", params={"device": "nobody"}).status_code == 404
