"""Servers for every suite: one process a session (a worker, under xdist), a fresh database for each test."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from harness import containers, servers

# Speed is measured by `make bench`; on a busy machine a time limit would fail a test that says nothing of time.
settings.register_profile("untimed", deadline=None)
settings.register_profile("brief", deadline=None, max_examples=25)  # of `make check`; `make test` takes all examples
settings.load_profile("untimed")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Where Docker answers, all that asks for a PostgreSQL meets the one in a container too."""
    if "postgres_url" in metafunc.fixturenames:
        homes = ["wheel"] if containers.docker_problem() else ["wheel", "container"]
        metafunc.parametrize("postgres_home", homes, indirect=True, scope="session")


@pytest.fixture(scope="session")
def mosquitto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Mosquitto]:
    """The session's Mosquitto. Sessions and retained messages of other tests are on it: use topics of your own."""
    with servers.mosquitto(tmp_path_factory.mktemp("broker")) as server:
        yield server


@pytest.fixture
def mosquitto_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Mosquitto]:
    """A Mosquitto of this test's own, empty, to be stopped and killed at will."""
    with servers.mosquitto(tmp_path_factory.mktemp("broker")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_home(request: pytest.FixtureRequest) -> str:
    """Where PostgreSQL comes from: `wheel`, or `container` where Docker answers."""
    return str(getattr(request, "param", "wheel"))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, postgres_home: str) -> Iterator[servers.Databases]:
    """The session's PostgreSQL; tests ask for `postgres_url` instead."""
    if postgres_home == "container":
        with containers.postgres_container() as server:
            yield server
    else:
        with servers.postgres(tmp_path_factory.mktemp("postgres")) as server:
            yield server


@pytest.fixture
def postgres_url(postgres_server: servers.Databases) -> Iterator[str]:
    """A fresh, empty PostgreSQL database: `postgresql+psycopg://…`."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def influxdb1_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Influxdb1]:
    """The session's InfluxDB 1; tests ask for `influxdb1_url` instead, unless they stop it."""
    with servers.influxdb1(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


@pytest.fixture
def influxdb1_url(influxdb1_server: servers.Influxdb1) -> Iterator[str]:
    """A fresh database on InfluxDB 1: `influxdb://127.0.0.1:PORT/NAME`."""
    with influxdb1_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def influxdb2_url() -> Iterator[str]:
    """A bucket on InfluxDB 2 in a container: `influxdb://TOKEN@127.0.0.1:PORT/NAME?org=…`; skips without Docker."""
    with containers.influxdb2_container() as url:
        yield url


@pytest.fixture(scope="session")
def mosquitto_container_port() -> Iterator[int]:
    """The port of a Mosquitto 2 in a container; skips without Docker."""
    with containers.mosquitto_container() as port:
        yield port
