"""A backtest over HTTP: a job beside the service, that can be looked at and ended."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.window import Site, site_on
from shouwang.api.server import build_app
from shouwang.app.backtests import Backtests
from shouwang.domain.access import Role
from shouwang.domain.backtest import JobState
from shouwang.domain.errors import Conflict
from shouwang.domain.vocabulary import HOUR, SECOND, DeviceId, Reading
from shouwang.timeseries.sqlite import SqliteReadings

pytestmark = pytest.mark.slow

HOT = "rule: boiler-hot\ntitle: {zh: 热, en: Hot}\nseverity: high\nwhen: {above: {metric: temperature, value: 40}}\n"
URL = "/api/v1/rules/boiler-hot/backtest"
FROM = {"from": "2020-01-01T00:00:00Z"}
PATIENCE = 60


@pytest.fixture
def doors() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def site(tmp_path: Path, doors: ExitStack) -> Site:
    return doors.enter_context(site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, {}))


@pytest.fixture
def jobs(tmp_path: Path, doors: ExitStack) -> Backtests:
    urls = {
        "SHOUWANG_STATE": f"sqlite:///{tmp_path}/state.sqlite",
        "SHOUWANG_READINGS": f"sqlite:///{tmp_path}/r.sqlite",
    }
    made = Backtests(urls | {"SHOUWANG_DATA_DIR": str(tmp_path)})
    doors.callback(made.close)
    return made


def caller(site: Site, jobs: Backtests | None, role: Role = Role.ADMIN) -> TestClient:
    window = replace(site.window(), backtests=jobs)
    headers = {"Authorization": f"Bearer {site.token(role)}"}
    return TestClient(build_app(window), headers=headers, raise_server_exceptions=False)


def ended(client: TestClient, where: str) -> Any:
    until = time.monotonic() + PATIENCE
    while (job := client.get(where).json())["state"] == "running":
        assert time.monotonic() < until, job
        time.sleep(0.2)
    return job


def test_a_changed_rule_is_played_over_what_was_stored(site: Site, jobs: Backtests, tmp_path: Path) -> None:
    device = next(iter(site.directory.community().devices))
    store = SqliteReadings(tmp_path / "r.sqlite")
    begin = site.clock.now() - HOUR
    values = [20.0, 45.0, 30.0, 41.0, 30.0]
    times = [begin + number * 60 * SECOND for number in range(len(values))]
    store.write(
        [Reading(DeviceId(device), "temperature", value, at, at) for value, at in zip(values, times, strict=True)]
    )
    store.close()
    admin = caller(site, jobs)
    begun = admin.post(URL, json={**FROM, "text": HOT})
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    job = ended(admin, begun.headers["Location"])
    assert (job["state"], job["problem"]) == ("done", "")
    assert (job["done"], job["of"]) == (len(site.directory.community().devices),) * 2
    found = job["result"]
    assert (found["would_raise"], found["raised"], found["new"], len(found["episodes"])) == (2, 0, 2, 2)
    assert admin.get(URL.replace("boiler-hot", "smoke-alarm") + "/" + job["id"]).status_code == 404


def test_one_runs_at_a_time_and_can_be_ended(site: Site, jobs: Backtests) -> None:
    now = site.clock.now()
    first = jobs.start("boiler-hot", HOT, now - HOUR, now)
    with pytest.raises(Conflict, match="is running"):
        jobs.start("boiler-hot", HOT, now - HOUR, now)
    client = caller(site, jobs)
    assert client.delete(f"{URL}/{first.id}").json()["state"] == "stopped"
    second = jobs.start("boiler-hot", "", now - HOUR, now)
    failed = ended(client, f"{URL}/{second.id}")
    assert failed["state"] == JobState.FAILED
    assert "there is no rule 'boiler-hot'" in failed["problem"]


def test_what_cannot_be_meant_is_refused(site: Site, jobs: Backtests) -> None:
    admin = caller(site, jobs)
    assert admin.post(URL, json=FROM).status_code == 404
    assert admin.post(URL, json={"from": "2020-01-01T00:00:00", "text": HOT}).status_code == 422
    assert admin.post(URL, json={**FROM, "to": "2019-01-01T00:00:00Z", "text": HOT}).status_code == 422
    assert admin.post(URL, json={**FROM, "text": HOT.replace("above", "abvoe")}).status_code == 422
    assert admin.get(f"{URL}/0123456789abcdef").status_code == 404
    assert caller(site, jobs, Role.OPERATOR).post(URL, json={**FROM, "text": HOT}).status_code == 403
    assert caller(site, None).post(URL, json={**FROM, "text": HOT}).status_code == 503
