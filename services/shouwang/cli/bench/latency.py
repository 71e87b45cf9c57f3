"""From a smoke alarm's publish to the guard's webhook, with and without trouble elsewhere."""

import json
import socket
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import click

from shouwang.app.clock import SystemClock
from shouwang.cli.bench import frames, load
from shouwang.cli.bench.site import (
    DEVICES,
    Site,
    climate_devices,
    climate_frames,
    fsync_p99,
    memory_megabytes,
    open_site,
    percentile,
    smoke_units,
)
from shouwang.domain.access import Role
from shouwang.store.tokens import SqlTokens

BETWEEN = 0.04
"""Seconds between two alarms."""

SETTLE = 3.0
P99_BAR, P50_BAR = 0.050, 0.010
FSYNC_TIMES = 5
HANG_SECONDS = 30.0


def measure_latency(alarms: int, rates: Sequence[int], *, bad_day: bool) -> None:
    """Prints p50 and p99 for each background rate; with ``bad_day`` once more while the reading store does not answer,
    a channel hangs and a stream is never read."""
    for rate in rates:
        with Guard() as guard, open_site() as site:
            site.register([*climate_devices(), *smoke_units(alarms, guard.url)])
            ready = site.start("all")
            took = _alarms(site, guard, alarms, rate)
            _say(f"{rate:,} msg/s", site, took, alarms, ready)
    if bad_day:
        calm, bad = _pair(alarms)
        limit = max(2 * percentile(calm, 99), percentile(calm, 99) + 0.010)
        verdict = "within" if percentile(bad, 99) <= limit else "OVER"
        click.echo(
            f"trouble elsewhere (reading store down, a channel hangs {HANG_SECONDS:.0f} s, a stream is never read), "
            f"1,000 msg/s: p99 {percentile(bad, 99) * 1e3:.1f} ms against {percentile(calm, 99) * 1e3:.1f} ms without; "
            f"{verdict} max(2x, +10 ms)"
        )


def _pair(alarms: int) -> tuple[list[float], list[float]]:
    """The same load without and with trouble, in turn."""
    with Guard() as guard, open_site() as site:
        site.register([*climate_devices(), *smoke_units(alarms, guard.url)])
        site.start("all")
        calm = _alarms(site, guard, alarms, 1000)
    with Guard() as guard, Guard(hang=True) as slow, open_site() as site:
        site.register([*climate_devices(), *smoke_units(alarms, guard.url, slow.url)])
        nobody = socket.create_server(("127.0.0.1", 0))
        site.start("all", readings=f"influxdb://127.0.0.1:{nobody.getsockname()[1]}/nothing")
        deaf = _stream_never_read(site)
        bad = _alarms(site, guard, alarms, 1000)
        deaf.close()
        nobody.close()
    return calm, bad


def _alarms(site: Site, guard: "Guard", count: int, rate: int) -> list[float]:
    """Seconds from publish to receipt of each alarm; one that does not come within 10 s counts as 10."""
    site.await_ready()
    background = load.Background(site.port, climate_frames(20_000), rate)
    time.sleep(SETTLE)
    sent: dict[str, float] = {}
    with load.connected(site.port, "bench-alarms") as link:
        threading.Thread(target=load.swallow, args=(link,), daemon=True).start()
        for number in range(count):
            payload = json.dumps({"smoke": True, "battery": 90, "linkquality": 100}).encode()
            sent[f"s{number}"] = time.perf_counter()
            link.sendall(frames.publish(f"zigbee2mqtt/smoke-{number}", payload, number + 1))
            time.sleep(BETWEEN)
        deadline = time.monotonic() + 10
        while len(guard.received) < count and time.monotonic() < deadline:
            time.sleep(0.05)
    background.stop()
    return [guard.received.get(name, at + 10) - at for name, at in sent.items()]


def _say(what: str, site: Site, took: Sequence[float], alarms: int, ready: float) -> None:
    fsync = fsync_p99(site.folder)
    p50, p99 = percentile(took, 50), percentile(took, 99)
    bar = max(P99_BAR, FSYNC_TIMES * fsync)
    lost = sum(one >= 10 for one in took)
    click.echo(
        f"alarm latency at {what}: p50 {p50 * 1e3:.1f} ms (bar {P50_BAR * 1e3:.0f}), p99 {p99 * 1e3:.1f} ms "
        f"(bar {bar * 1e3:.0f}; fsync p99 {fsync * 1e3:.1f} ms), worst {max(took) * 1e3:.0f} ms, {lost} of {alarms} "
        f"lost; all processes {memory_megabytes(site.pids()):.0f} MB with {DEVICES:,} devices; first probe "
        f"after {ready:.1f} s"
    )


def _stream_never_read(site: Site) -> socket.socket:
    token = SqlTokens(site.database).create(role=Role.ADMIN, name="bench", now=SystemClock().now())
    site.await_ready()
    link = socket.create_connection(("127.0.0.1", site.http))
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    head = ("GET /api/v1/events HTTP/1.1", "Host: bench", f"Authorization: Bearer {token}", "Accept: text/event-stream")
    link.sendall("\r\n".join([*head, "", ""]).encode())
    return link


class Guard:
    """The far side of a webhook: notes when each building's first message came, or hangs."""

    def __init__(self, *, hang: bool = False) -> None:
        self.received: dict[str, float] = {}
        self._hang = hang
        self._ended = threading.Event()
        guard = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                now = time.perf_counter()
                if guard._hang:
                    guard._ended.wait(HANG_SECONDS)
                building = json.loads(body)["place"]["path"].split("/")[3]
                guard.received.setdefault(building, now)
                self.send_response(204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> "Guard":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_given: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
