"""The same servers in containers, where Docker answers: what people deploy, beside what this machine installs."""

import contextlib
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.servers import Databases, free_port, http_answers, mqtt_answers, port_is_open, wait_until


@contextlib.contextmanager
def postgres_container() -> Iterator[Databases]:
    """PostgreSQL in a container, open to this machine only."""
    with container("postgres:17", 5432, env={"POSTGRES_HOST_AUTH_METHOD": "trust"}) as (_, port):
        server = Databases()
        server.port = port
        wait_until(server.answers, "the PostgreSQL container")
        yield server


@contextlib.contextmanager
def influxdb2_container() -> Iterator[str]:
    """InfluxDB 2 in a container, as the service's `--readings` takes it."""
    token = os.urandom(16).hex()
    setup = {
        "DOCKER_INFLUXDB_INIT_MODE": "setup",
        "DOCKER_INFLUXDB_INIT_USERNAME": "tests",
        "DOCKER_INFLUXDB_INIT_PASSWORD": os.urandom(16).hex(),
        "DOCKER_INFLUXDB_INIT_ORG": "tests",
        "DOCKER_INFLUXDB_INIT_BUCKET": "readings",
        "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN": token,
    }
    with container("influxdb:2.7", 8086, env=setup) as (_, port):
        wait_until(lambda: http_answers(f"http://127.0.0.1:{port}/health"), "the InfluxDB container")
        yield f"influxdb://{token}@127.0.0.1:{port}/readings?org=tests"


@contextlib.contextmanager
def mosquitto_container() -> Iterator[int]:
    """Mosquitto in a container with its stock configuration for no authentication; gives its port."""
    command = "mosquitto -c /mosquitto-no-auth.conf"
    with container("eclipse-mosquitto:2", 1883, command=command) as (_, port):
        wait_until(lambda: mqtt_answers(port), "the Mosquitto container")
        yield port


@contextlib.contextmanager
def container(image: str, port: int, **options: Any) -> Iterator[tuple[Any, int]]:
    """A container and the port of 127.0.0.1 that leads to its `port`; skips with the reason where it cannot start.

    The reason is never a failure: only a machine with Docker promises containers. The host port is chosen here, not by
    Docker, so that it stays the same when a test restarts the container.
    """
    if (problem := docker_problem()) is not None:
        pytest.skip(problem)
    from testcontainers.core.container import DockerContainer

    host_port = free_port()
    box = DockerContainer(image, **options)
    box.ports[f"{port}/tcp"] = ("127.0.0.1", host_port)  # type: ignore[assignment]  # open to this machine only
    try:
        box.start()
    except Exception as refused:  # noqa: BLE001 - no image and no way to fetch one, no space, an engine of another platform
        pytest.skip(f"{image} does not start: {refused}")
    try:
        wait_until(lambda: port_is_open(host_port), image)
        yield box, host_port
    finally:
        box.stop()


@functools.cache
def docker_problem() -> str | None:
    """Why containers cannot be used here, or None where Docker answers."""
    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        return "Docker is not running here (no /var/run/docker.sock, no DOCKER_HOST)"
    try:
        import docker

        docker.from_env(timeout=5).ping()
    except Exception as problem:  # noqa: BLE001 - the client has a dozen error types of three libraries for "not there"
        return f"Docker does not answer: {problem}"
    return None
