"""The whole service on one machine: broker, state database, then intake and server under one supervisor."""

import fcntl
import json
import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from enum import Enum
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from shouwang.app.supervisor import Child, role_child, supervise
from shouwang.domain.errors import ConfigError
from shouwang.mqtt.broker import EmbeddedBroker, embedded_broker
from shouwang.mqtt.listening import require_free
from shouwang.settings import Settings, host_port

log = logging.getLogger(__name__)


def run_service(settings: Settings) -> int:
    """Until SIGTERM. Raises ConfigError where an address is taken or a file is wrong: before anything runs."""
    http = host_port(settings.http, 8000)
    require_free(*http, "--http")
    with ExitStack() as doors:
        _be_alone(settings.data_dir, doors)
        _prepare_elsewhere(settings)
        broker = _broker(settings, doors)
        environment = environment_of(settings)
        children = [role_child("intake", "intake", environment), role_child("server", "server", environment)]
        if settings.demo:
            children.append(Child("demo devices", _simulate(settings), environment))
        supervise(children, broker.ensure_running if broker else _nothing, Greeting(settings))
    return 0


class Greeting:
    """Says once that the service is ready, and where; and after a while what it waits for."""

    PATIENCE = 15.0

    def __init__(self, settings: Settings) -> None:
        host, port = host_port(settings.http, 8000)
        self._host, self._port = "127.0.0.1" if host in ("0.0.0.0", "::") else host, port
        self._began = time.monotonic()
        self._asked = 0.0
        self._done = False
        self._complained = False

    def __call__(self) -> None:
        if self._done or time.monotonic() - self._asked < 0.25:
            return
        self._asked = time.monotonic()
        waited = self._asked - self._began
        connection = HTTPConnection(self._host, self._port, timeout=2.0)
        try:
            connection.request("GET", "/health/ready")
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException):
            return
        finally:
            connection.close()
        if answer.status == 200:
            self._done = True
            sys.stderr.write(f"\nShouwang 守望 is ready after {waited:.1f} s: http://{self._host}:{self._port}\n\n")
        elif waited > self.PATIENCE and not self._complained:
            self._complained = True
            log.warning("not ready after %.0f s: %s", waited, "; ".join(json.loads(body).get("reasons", [])))


def environment_of(settings: Settings) -> Mapping[str, str]:
    """The settings as the environment of a child, so that it reads the same whatever its command line."""
    given = settings.model_dump(exclude={"role"}, exclude_none=True)
    return {f"SHOUWANG_{name.upper()}": _written(value) for name, value in given.items()}


def _written(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return ",".join(map(str, value))
        case dict():
            return json.dumps(value)
        case Enum():
            return str(value.value)
        case Path():
            return str(value.resolve())
        case _:
            return str(value)


def _be_alone(data_dir: Path, doors: ExitStack) -> None:
    """Two services on one data directory would share a broker's files and break them. The lock ends with its process,
    however that ends. Raises ConfigError naming the holder."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = os.open(data_dir / "service.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    doors.callback(os.close, lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 32).decode(errors="replace").strip() or "unknown"
        raise ConfigError(
            f"data directory {data_dir} is in use by the service with pid {holder}: "
            "stop that one, or give this one another --data-dir"
        ) from None
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())


def _prepare_elsewhere(settings: Settings) -> None:
    """In a process that ends: the supervisor stays, and needs none of the 40 MB that this loads."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as elsewhere:
        elsewhere.submit(_prepare, settings).result()


def _prepare(settings: Settings) -> None:
    from shouwang.app.preparation import prepare

    prepare(settings)


def _broker(settings: Settings, doors: ExitStack) -> EmbeddedBroker | None:
    if settings.broker:
        return None
    broker = embedded_broker(settings.data_dir / "mosquitto", *host_port(settings.mqtt_listen, 1883))
    if broker.warning:
        log.warning("%s", broker.warning)
    broker.start()
    doors.callback(broker.stop)
    return broker


def _simulate(settings: Settings) -> list[str]:
    return [sys.executable, "-m", "shouwang", "simulate", "--data-dir", str(settings.data_dir)]


def _nothing() -> None:
    pass
