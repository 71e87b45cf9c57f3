"""The embedded broker, a child of ours: Mosquitto where it is installed, else the try-out broker iotcore.

Both end with the process that started them, however that one dies. ``start`` and ``ensure_running`` are for one thread
that lives as long as the broker shall: the kernel ties the child to the thread that made it.
"""

import ctypes
import importlib.util
import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Protocol

from shouwang.domain.errors import BrokerUnavailable, ConfigError
from shouwang.mqtt.listening import is_loopback, require_free

log = logging.getLogger(__name__)

TRY_OUT_WARNING = (
    "Mosquitto is not installed, so the try-out broker runs: it speaks MQTT 3.1.1 only, knows no users and no access "
    "rules, forgets sessions and retained messages when it restarts, repeats messages without marking them, and does "
    "not limit what it hands over unacknowledged. Alarms that wait in it are lost with it. For anything real, install "
    "Mosquitto (apt install mosquitto) or name your broker with --broker."
)

START_PATIENCE = 10.0
"""Seconds until a started broker that accepts no connection counts as broken."""

STOP_PATIENCE = 5.0
"""Seconds between SIGTERM, on which Mosquitto saves what it holds, and SIGKILL."""

RESTART_PAUSE = 0.5
"""Seconds between two starts of a broker that dies at once."""

_LARGEST_LOG = 1024 * 1024
_LARGEST_PAYLOAD = 16 * 1024 * 1024
_SYSTEM_PATH = "/usr/sbin:/usr/local/sbin:/sbin"  # where Debian puts daemons, outside a plain user's PATH
_PR_SET_PDEATHSIG = 1


class EmbeddedBroker(Protocol):
    name: str
    warning: str
    """What people must know before they rely on it; empty where there is nothing."""

    def start(self) -> None:
        """Returns when it accepts connections. Raises ConfigError where the address is taken or unsafe, naming the
        holder; BrokerUnavailable where it ends at once or stays mute."""
        ...

    def ensure_running(self) -> None:
        """Starts it again where it has died; to be called several times a second. Never raises for a broker that will
        not start: it is tried again."""
        ...

    def stop(self) -> None:
        """Lets it save what it holds, and waits for its end."""
        ...


def embedded_broker(directory: Path, host: str, port: int, *, password_file: Path | None = None) -> EmbeddedBroker:
    """The best broker that is installed, not yet started, with its files in ``directory``.

    Raises ConfigError where none is installed, or where it would listen to the world without passwords.
    """
    if binary := find_mosquitto():
        return Mosquitto(binary, directory, host, port, password_file=password_file)
    if importlib.util.find_spec("iotcore") is not None:
        return Iotcore(host, port)
    raise ConfigError(
        "no MQTT broker is installed: apt install mosquitto, or for a try-out pip install 'shouwang[broker]', "
        "or name a broker of yours with --broker mqtt://HOST:PORT"
    )


def find_mosquitto() -> str | None:
    """The path of Mosquitto's command, also where PATH does not lead."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:{_SYSTEM_PATH}")


class Mosquitto:
    """Mosquitto with a configuration of ours: saved every second, nothing dropped from its queues."""

    name = "mosquitto"
    warning = ""

    def __init__(
        self, binary: str, directory: Path, host: str, port: int, *, password_file: Path | None = None
    ) -> None:
        if password_file is None and not is_loopback(host):
            raise ConfigError(
                f"a broker on {host}:{port} would let everybody in, and anybody could forge or silence alarms: "
                f"make a password file (mosquitto_passwd -c FILE USER) and name it, or listen on 127.0.0.1"
            )
        directory = directory.resolve()  # it runs in /
        self._command = [binary, "-c", str(directory / "mosquitto.conf")]
        self._directory, self._host, self._port = directory, host, port
        passwords = None if password_file is None else password_file.resolve()
        self._configuration = mosquitto_configuration(directory, host, port, passwords)
        self._log = directory / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    def start(self) -> None:
        require_free(self._host, self._port)
        self._directory.mkdir(parents=True, exist_ok=True)
        (self._directory / "mosquitto.conf").write_text(self._configuration, encoding="utf-8")
        process = self._spawn()
        deadline = time.monotonic() + START_PATIENCE
        while not _answers(self._host, self._port):
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise BrokerUnavailable(f"Mosquitto does not start; the end of {self._log} says: {self._last_words()}")
            time.sleep(0.01)

    def ensure_running(self) -> None:
        if self._process is None or self._process.poll() is None:
            return
        if time.monotonic() - self._started < RESTART_PAUSE:
            return
        log.error("Mosquitto ended (%s), starting it again: %s", self._process.returncode, self._last_words())
        self._spawn()

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            log.error("Mosquitto did not end within %.0f s; killing it", STOP_PATIENCE)
            process.kill()
            process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        if self._log.exists() and self._log.stat().st_size > _LARGEST_LOG:
            self._log.replace(self._log.with_suffix(".log.1"))
        self._started = time.monotonic()
        with self._log.open("ab") as log_file:
            self._process = _child(self._command, log_file)
        return self._process

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text("utf-8", "replace").splitlines()
        except OSError:
            lines = []
        return " / ".join(lines[-3:]) or "nothing"


def mosquitto_configuration(directory: Path, host: str, port: int, password_file: Path | None) -> str:
    """The text of ``mosquitto.conf``; each line that is not Mosquitto's default says why."""
    lines = [
        "# Written by shouwang at every start; changes here are lost.",
        f"listener {port} {host}",
        *(
            ["allow_anonymous true"]
            if password_file is None
            else ["allow_anonymous false", f"password_file {password_file}"]
        ),
        "# What devices were told is taken must survive a crash: by default it is saved every 30 minutes.",
        "persistence true",
        f"persistence_location {directory}/",
        "autosave_interval 1",
        "# By default Mosquitto drops what exceeds 1000 messages, after telling the sender that it has them.",
        "max_queued_messages 0",
        "queue_qos0_messages true",
        "# So many are seen at once: an alarm behind them in the broker's queue would wait for a whole storm.",
        "max_inflight_messages 10000",
        "# So that those who never come back don't fill the disk.",
        "persistent_client_expiration 14d",
        "# Without it, small packets wait 40 ms for each other.",
        "set_tcp_nodelay true",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "connection_messages false",
        "log_timestamp_format %Y-%m-%dT%H:%M:%S",
    ]
    if os.geteuid() == 0:  # else it turns into a user who cannot read this folder
        lines.append(f"user {pwd.getpwuid(0).pw_name}")
    return "\n".join(lines) + "\n"


class Iotcore:
    """The try-out broker. It ends by itself when its standard input closes, which its library sees to."""

    name = "iotcore"
    warning = TRY_OUT_WARNING

    def __init__(self, host: str, port: int) -> None:
        if not is_loopback(host):
            raise ConfigError(
                f"the try-out broker knows no passwords, so it listens on 127.0.0.1 only, not on {host}: "
                f"install Mosquitto (apt install mosquitto), or name a broker of yours with --broker"
            )
        from iotcore import Broker

        self._host, self._port = host, port
        self._broker: Any = Broker(
            port=port,
            listen="127.0.0.1" if host == "localhost" else host,
            max_payload_size=_LARGEST_PAYLOAD,
            max_inflight_count=1000,
        )
        self._wanted = False
        self._started = 0.0

    def start(self) -> None:
        require_free(self._host, self._port)
        try:
            self._wanted, self._started = True, time.monotonic()
            self._broker.start(timeout=START_PATIENCE)
        except (OSError, RuntimeError) as error:
            raise BrokerUnavailable(f"the try-out broker does not start: {error}") from error

    def ensure_running(self) -> None:
        if not self._wanted or self._broker.is_running or time.monotonic() - self._started < RESTART_PAUSE:
            return
        log.error("the try-out broker ended, starting it again; what it held is lost")
        try:
            self._started = time.monotonic()
            self._broker.start(timeout=START_PATIENCE)
        except (OSError, RuntimeError) as error:
            log.error("the try-out broker does not start: %s", error)

    def stop(self) -> None:
        self._wanted = False
        self._broker.stop(STOP_PATIENCE)


def _answers(host: str, port: int) -> bool:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with socket.create_connection((reachable, port), timeout=1):
            return True
    except OSError:
        return False


def _child(command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    """A child that gets SIGTERM when we die, by SIGKILL too."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd="/",
        start_new_session=True,  # Ctrl-C is for us: the broker goes last
        preexec_fn=_tied_to(os.getpid()),
    )


def _tied_to(parent: int) -> Callable[[], None] | None:
    """What the child does between fork and exec. Loaded before the fork: after it, only one thread of us exists."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return tie
