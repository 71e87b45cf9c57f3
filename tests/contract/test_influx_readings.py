"""InfluxDB as it is on a bad day: away, refusing some points, refusing us, or something else altogether."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType

import httpx
import pytest

from harness import servers
from harness.influxdb2_face import TOKEN, influxdb2_face
from shouwang import metrics
from shouwang.domain.errors import StoreUnavailable
from shouwang.domain.vocabulary import DAY, HOUR, SECOND, DeviceId, Instant, Reading, Scalar
from shouwang.ports import ReadingStore
from shouwang.timeseries import influx, influx_servers
from shouwang.timeseries.open import open_readings

pytestmark = pytest.mark.servers

T0: Instant = 1_795_500_000 * SECOND
DEVICE = DeviceId("b3-u2-501")


def reading(value: Scalar, at: Instant = T0, *, metric: str = "temperature", device: DeviceId = DEVICE) -> Reading:
    return Reading(device, metric, value, at, at)


def read_values(store: ReadingStore, metric: str | None = None) -> list[object]:
    return [point.value for point in store.read(DEVICE, metric, T0 - 30 * DAY, T0 + 30 * DAY)]


def refused(reason: str) -> float:
    return float(metrics.UNSTORABLE_READINGS.labels(reason)._value.get())


@contextlib.contextmanager
def influxdb(tmp_path: Path, change: Callable[[str], str] = str) -> Iterator[servers.Influxdb1]:
    """An InfluxDB of the test's own, its configuration changed."""
    server = servers.Influxdb1(tmp_path)
    conf = tmp_path / "influxdb.conf"
    conf.write_text(change(conf.read_text()))
    server.start()
    try:
        yield server
    finally:
        server.stop()


# Away ----------------------------------------------------------------------------------------------------------------


def test_it_opens_while_the_server_is_down_and_works_once_it_is_up(tmp_path: Path) -> None:
    server = servers.Influxdb1(tmp_path)
    store = open_readings(f"influxdb://127.0.0.1:{server.port}/new")
    with pytest.raises(StoreUnavailable, match=rf"InfluxDB http://127.0.0.1:{server.port}/new does not answer"):
        store.write([reading(1)])
    with pytest.raises(StoreUnavailable, match="does not answer"):
        store.read(DEVICE, None, T0, T0 + 1)
    server.start()
    try:
        eventually(lambda: store.write([reading(1)]))
        assert read_values(store) == [1]
    finally:
        store.close()
        server.stop()


def test_an_outage_raises_and_what_was_kept_meanwhile_is_filled_in_afterwards(tmp_path: Path) -> None:
    with influxdb(tmp_path) as server:
        store = open_readings(f"influxdb://127.0.0.1:{server.port}/readings")
        store.write([reading(1, T0)])
        server.kill()
        kept = [reading(n, T0 + n * SECOND) for n in range(2, 5)]
        with pytest.raises(StoreUnavailable):
            store.write(kept)
        server.start()
        eventually(lambda: store.write(kept))
        assert read_values(store) == [1, 2, 3, 4]
        store.close()


def test_a_database_that_was_dropped_is_created_again(influxdb1_server: servers.Influxdb1, influxdb1_url: str) -> None:
    store = open_readings(influxdb1_url)
    store.write([reading(1)])
    influxdb1_server.query(f'DROP DATABASE "{influxdb1_url.rpartition("/")[2]}"')
    assert store.read(DEVICE, None, T0, T0 + 1) == []
    assert store.read(DEVICE, None, T0, T0 + 1, every=HOUR) == []
    with pytest.raises(StoreUnavailable, match="database not found"):
        store.write([reading(2)])
    store.write([reading(2)])
    assert read_values(store) == [2]
    store.close()


def test_a_server_that_hangs_holds_only_so_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influx, "PATIENCE", 0.1)
    release = threading.Event()

    def hang(_path: str) -> tuple[int, object]:
        release.wait(10)
        return 200, {"results": [{}]}

    with pretender(on_query=hang) as url:
        store = open_readings(url)
        threads = [
            threading.Thread(target=store.read, args=(DEVICE, None, 0, 1)) for _ in range(influx.QUESTIONS_AT_ONCE)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="still busy"):
            store.read(DEVICE, None, 0, 1)
        assert time.monotonic() - began < 2
        release.set()
        for thread in threads:
            thread.join(10)
        assert store.read(DEVICE, None, 0, 1) == []
        store.close()


# Refusing some points ------------------------------------------------------------------------------------------------


def test_a_field_of_another_type_costs_those_readings_only(influxdb1_url: str) -> None:
    """Somebody wrote text where our numbers go; flags and words still find their way, and nothing blocks."""
    base, _, name = influxdb1_url.replace("influxdb://", "http://").rpartition("/")
    assert httpx.post(f"{base}/write?db={name}", content='reading,device=x,metric=y value="text" 1').status_code == 204
    before = refused("field_type")
    store = open_readings(influxdb1_url)
    # The type is a shard's, so only what falls into the shard of 1970 is refused.
    written = [reading(n, n * SECOND) for n in range(40)] + [
        reading(n % 2 == 0, n * SECOND, metric="smoke") for n in range(40)
    ]
    store.write([*written, reading(7.5, T0)])
    assert refused("field_type") == before + 40
    assert [point.value for point in store.read(DEVICE, "smoke", 0, 100 * SECOND)] == [n % 2 == 0 for n in range(40)]
    assert read_values(store, "temperature") == [7.5]
    store.close()


def test_readings_older_than_the_servers_retention_are_counted_and_the_rest_is_kept(
    influxdb1_server: servers.Influxdb1, influxdb1_url: str
) -> None:
    name = influxdb1_url.rpartition("/")[2]
    influxdb1_server.query(f'ALTER RETENTION POLICY "autogen" ON "{name}" DURATION 24h SHARD DURATION 1h')
    now = time.time_ns() // 1000
    before = refused("beyond_retention")
    store = open_readings(influxdb1_url)
    store.write([reading(n, now - n * HOUR) for n in range(48)])
    kept = [point.value for point in store.read(DEVICE, None, now - 7 * DAY, now + 1)]
    assert refused("beyond_retention") == before + 48 - len(kept)
    assert kept == list(range(len(kept) - 1, -1, -1))
    assert 23 <= len(kept) <= 26
    store.close()


@pytest.mark.parametrize("version", [1, 2])
def test_too_many_devices_for_the_server_cost_the_new_ones_only(tmp_path: Path, version: int) -> None:
    """Refused ones lie anywhere among the others, which no sorting brings together."""
    with contextlib.ExitStack() as stack:
        limit = "[data]\nmax-values-per-tag = 20"
        server = stack.enter_context(influxdb(tmp_path, lambda conf: conf.replace("[data]", limit)))
        url = f"influxdb://127.0.0.1:{server.port}/readings"
        if version == 2:
            server.query('CREATE DATABASE "readings"')
            url = stack.enter_context(influxdb2_face(url, bucket_exists=True))
        store = open_readings(url)
        store.write([reading(1, device=DeviceId(f"known{n}")) for n in range(20)])
        before = refused("cardinality")
        mixed = [reading(2, T0 + 1, device=DeviceId(f"{'new' if n % 3 else 'known'}{n % 20}")) for n in range(60)]
        store.write(mixed)
        lost = {one.device for one in mixed if one.device.startswith("new")}
        assert refused("cardinality") == before + len(lost)
        for device in {one.device for one in mixed} - lost:
            assert [p.value for p in store.read(device, None, T0 + 1, T0 + 2)] == [2]
        store.close()


def test_a_write_that_is_too_large_goes_in_halves_and_a_text_that_is_too_large_is_counted(tmp_path: Path) -> None:
    with influxdb(tmp_path, lambda conf: conf.replace("[http]", "[http]\nmax-body-size = 20000")) as server:
        store = open_readings(f"influxdb://127.0.0.1:{server.port}/readings")
        before = refused("too_large")
        store.write([*(reading(n, T0 + n) for n in range(2000)), reading("x" * 30_000, metric="action")])
        assert read_values(store, "temperature") == list(range(2000))
        assert refused("too_large") == before + 1
        store.close()


def test_a_name_longer_than_a_key_may_be_is_counted_and_the_rest_is_kept(influxdb1_url: str) -> None:
    store = open_readings(influxdb1_url)
    before = refused("too_large")
    store.write([reading(1), reading(2, device=DeviceId("x" * 70_000)), reading(3, T0 + 1)])
    assert read_values(store) == [1, 3]
    assert refused("too_large") == before + 1
    store.close()


# Refusing us, or something else --------------------------------------------------------------------------------------


def test_a_user_and_password_are_used_and_never_shown(tmp_path: Path) -> None:
    with influxdb(tmp_path, lambda conf: conf.replace("[http]", "[http]\nauth-enabled = true")) as server:
        server.query("CREATE USER \"guard\" WITH PASSWORD 'pass/word:@' WITH ALL PRIVILEGES")
        good = open_readings(f"influxdb://guard:pass%2Fword%3A%40@127.0.0.1:{server.port}/readings")
        good.write([reading(1)])
        assert read_values(good) == [1]
        bad = open_readings(f"influxdb://guard:secret-guess@127.0.0.1:{server.port}/readings")
        for act in (lambda: bad.write([reading(2)]), lambda: bad.read(DEVICE, None, T0, T0 + 1)):
            with pytest.raises(StoreUnavailable, match="refuses our credentials") as caught:
                act()
            assert "secret" not in f"{caught.value!r} {caught.value.__cause__!r}"
        good.close()
        bad.close()


def test_a_token_is_used_and_never_shown(influxdb1_url: str) -> None:
    with influxdb2_face(influxdb1_url) as url:
        wrong = url.replace(url.partition("//")[2].partition("@")[0], "secret-guess")
        store = open_readings(wrong)
        for act in (lambda: store.write([reading(2)]), lambda: store.read(DEVICE, None, T0, T0 + 1)):
            with pytest.raises(StoreUnavailable, match="unauthorized") as caught:
                act()
            assert "secret" not in f"{caught.value!r} {caught.value.__cause__!r}"
        store.close()
        right = open_readings(url)
        right.write([reading(1)])
        assert read_values(right) == [1]
        assert TOKEN not in repr(right._address)  # type: ignore[attr-defined]
        right.close()


def test_compressed_writes_are_understood(influxdb1_url: str) -> None:
    with influxdb2_face(influxdb1_url) as face:
        for url in (f"{influxdb1_url}?gzip=1", f"{face}&gzip=1"):
            store = open_readings(url)
            store.write([reading(n, T0 + n) for n in range(100)])
            assert read_values(store) == list(range(100))
            store.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": "database is required"}),
        (400, "<html>Bad Request</html>"),
        (422, {"code": "unprocessable entity", "message": "organization name is not right"}),
        (404, {"error": "retention policy not found: autogen"}),
        (413, {"error": "Request Entity Too Large"}),
        (500, {"error": "timeout"}),
        (503, {"error": "engine: cache-max-memory-size exceeded: (1074767264/1073741824)"}),
        (200, None),
    ],
)
def test_a_refusal_that_is_not_about_points_keeps_every_reading_waiting(status: int, body: object) -> None:
    counts = {reason: refused(reason) for _, reason in influx_servers._REASONS}
    with pretender(on_write=lambda _path: (status, body)) as url:
        store = open_readings(url)
        act = lambda: store.write([reading(1), reading(2, T0 + 1)])  # noqa: E731
        if status == 200:
            act()
        else:
            with pytest.raises(StoreUnavailable, match=r"refuses|answers"):
                act()
        store.close()
    assert counts == {reason: refused(reason) for reason in counts}


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0.13.0", "names version '0.13.0'"), ("v4.0.0", "names version '4.0.0'"), ("", "names no version")],
)
def test_a_server_that_is_no_influxdb_we_know_is_named(version: str, expected: str) -> None:
    with pretender(version=version) as url:
        store = open_readings(url)
        with pytest.raises(StoreUnavailable, match=expected):
            store.write([reading(1)])
        store.close()


def test_the_version_is_found_at_health_where_a_proxy_drops_headers() -> None:
    with pretender(version="", health="v3.1.0") as url:
        store = open_readings(url)
        store.write([reading(1)])
        store.close()


def eventually(act: Callable[[], None]) -> None:
    """Once the rest after a failed connection is over."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return act()
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@contextlib.contextmanager
def pretender(
    *,
    version: str = "1.8.10",
    health: str = "",
    on_write: Callable[[str], tuple[int, object]] = lambda _path: (204, None),
    on_query: Callable[[str], tuple[int, object]] = lambda _path: (200, {"results": [{}]}),
) -> Iterator[str]:
    """Something that answers like an InfluxDB, as far as it is asked to."""

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/ping":
                self.reply(204, None, {"X-Influxdb-Version": version} if version else {})
            else:
                self.reply(200, {"name": "influxdb", "status": "pass", "version": health} if health else {"ok": True})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            creates = b"CREATE" in body
            answer = on_write if self.path.startswith("/write") else on_query
            self.reply(*((200, {"results": [{}]}) if creates else answer(self.path)))

        def reply(self, status: int, content: object, headers: Mapping[str, str] = MappingProxyType({})) -> None:
            body = content if isinstance(content, str) else json.dumps(content)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"influxdb://127.0.0.1:{server.server_port}/readings"
    finally:
        server.shutdown()
        server.server_close()
