"""How many messages a second are accepted durably: decoded, judged, committed with fsync, acknowledged."""

import time
from collections.abc import Sequence

import click

from shouwang.cli.bench import load
from shouwang.cli.bench.site import (
    DEVICES,
    Site,
    climate_devices,
    climate_frames,
    cpu_seconds,
    memory_megabytes,
    open_site,
)

BARS = {"paho": 0.20, "fast": 0.40}


def measure_intake(messages: int, clients: Sequence[str]) -> None:
    """Prints the broker's own QoS 1 forwarding, then each client's rate and its ratio to that ceiling."""
    reports = climate_frames(messages)
    with open_site() as site:
        ceiling = messages / load.forwarded(site.port, reports)
    click.echo(f"ceiling: Mosquitto forwards {ceiling:,.0f} QoS 1 messages/s to a subscriber that only acknowledges")
    for client in clients:
        with open_site() as site:
            site.register(climate_devices())
            _measure(site, client, reports, ceiling)


def _measure(site: Site, client: str, reports: Sequence[bytes], ceiling: float) -> None:
    ready = site.start("intake", mqtt_client=client)
    pid, *beside = site.pids()  # itself, and the worker that runs codecs, which these messages do not need
    load.blast(site.port, reports[:DEVICES])
    site.drain()
    before = cpu_seconds(pid)
    began = time.time()
    load.blast(site.port, reports)
    rate = len(reports) / (site.drain() - began)
    cost = (cpu_seconds(pid) - before) / len(reports) * 1e6
    memory = memory_megabytes([pid, *beside])
    ratio = rate / ceiling
    click.echo(
        f"{client}: {rate:,.0f} durable messages/s = {ratio:.2f} of the ceiling (bar {BARS[client]:.2f}); "
        f"intake {cost:.0f} µs CPU a message, {memory:.0f} MB, ready after {ready:.1f} s; "
        f"{DEVICES:,} registered devices, decode + rules + SQLite FULL + spool"
    )
