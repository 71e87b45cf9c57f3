"""How many messages a second are accepted durably: decoded, judged, committed with fsync, acknowledged."""

import time
from collections.abc import Sequence
from statistics import median

import click
import msgspec

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
ROUNDS = 3
"""Each client is held against a ceiling taken right before it, so often: a shared machine's speed wanders by a third
within minutes, and a ratio of two moments would say more about the machine than about us."""


class Taken(msgspec.Struct, frozen=True):
    """One round of one client."""

    rate: float
    """Durable messages a second."""
    ceiling: float
    """Messages a second."""
    cost: float
    """µs of processor time of intake a message."""
    memory: float
    """MB."""
    ready: float
    """Seconds."""

    @property
    def ratio(self) -> float:
        return self.rate / self.ceiling


def measure_intake(messages: int, clients: Sequence[str]) -> None:
    """Prints each client's rate and its ratio to the broker's own QoS 1 forwarding of the same minute; the middle of
    ``ROUNDS`` rounds, and all of their ratios."""
    reports = climate_frames(messages)
    rounds: dict[str, list[Taken]] = {client: [] for client in clients}
    for _ in range(ROUNDS):
        for client in clients:
            with open_site() as site:
                ceiling = messages / load.forwarded(site.port, reports)
            with open_site() as site:
                site.register(climate_devices())
                rounds[client].append(_taken(site, client, reports, ceiling))
    ceilings = sorted(taken.ceiling for found in rounds.values() for taken in found)
    click.echo(
        f"ceiling: Mosquitto forwards {median(ceilings):,.0f} QoS 1 messages/s to a subscriber that only acknowledges "
        f"({ceilings[0]:,.0f} to {ceilings[-1]:,.0f} in {len(ceilings)} takes)"
    )
    for client, found in rounds.items():
        _say(client, found)


def _say(client: str, found: Sequence[Taken]) -> None:
    middle = sorted(found, key=lambda taken: taken.ratio)[len(found) // 2]
    click.echo(
        f"{client}: {middle.rate:,.0f} durable messages/s = {middle.ratio:.2f} of the ceiling (bar {BARS[client]:.2f}; "
        f"rounds {', '.join(f'{taken.ratio:.2f}' for taken in found)}); intake {middle.cost:.0f} µs CPU a message, "
        f"{middle.memory:.0f} MB, ready after {middle.ready:.1f} s; "
        f"{DEVICES:,} registered devices, decode + rules + SQLite FULL + spool"
    )


def _taken(site: Site, client: str, reports: Sequence[bytes], ceiling: float) -> Taken:
    ready = site.start("intake", mqtt_client=client)
    pid, *beside = site.pids()  # itself, and the worker that runs codecs, which these messages do not need
    load.blast(site.port, reports[:DEVICES])
    site.drain()
    before = cpu_seconds(pid)
    began = time.time()
    load.blast(site.port, reports)
    rate = len(reports) / (site.drain() - began)
    cost = (cpu_seconds(pid) - before) / len(reports) * 1e6
    return Taken(rate, ceiling, cost, memory_megabytes([pid, *beside]), ready)
