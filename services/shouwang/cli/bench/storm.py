"""One home's alarm while fifty buildings of another compound burn: how long it takes to its guard, and what each person
of the storm is told."""

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import click

from shouwang.cli.bench import frames, load
from shouwang.cli.bench.site import Site, fsync_p99, memory_megabytes, open_site, percentile
from shouwang.domain.alert import Alert
from shouwang.domain.board import CaseQuery
from shouwang.domain.duty import Contact, Person, PostHolder, SiteFacts
from shouwang.domain.escalation import Policy, Step
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.vocabulary import DeviceId, PersonId, PlaceId
from shouwang.store.board import SqlBoard

BUILDINGS, UNITS, DWELLINGS = 50, 2, 100
STORM_SECONDS = 10.0
SINGLES = 100
BETWEEN = STORM_SECONDS / SINGLES
PATIENCE = 300.0
BAR_SQLITE, BAR_POSTGRESQL = 0.250, 0.100
CALM = "calm"
STORMY, QUIET = PlaceId("bench/bench/storm"), PlaceId("bench/bench/quiet")


@dataclass(frozen=True)
class Single:
    """Wall-clock seconds of one alarm: published, at the ear, committed, at the guard; 0 where it never came."""

    published: float
    received: float
    committed: float
    told: float

    @property
    def took(self) -> float:
        return self.told - self.published if self.told else PATIENCE


def measure_storm(state: str = "", share: float = 1.0) -> None:
    """Prints the latencies of single alarms without and under the storm, stage by stage, memory, and each person's
    messages. ``state``: of the state database, a fresh SQLite file where it is empty. ``share``: of the 10,000."""
    with Town() as town, open_site(state) as site:
        dwellings = max(1, round(DWELLINGS * share))
        site.register(compounds(town.url, dwellings))
        site.start("all")
        site.await_ready()
        time.sleep(2.0)
        before = memory_megabytes(site.pids())
        calm = _singles(site, town, CALM)
        memory = Memory(site)
        storm = load.Background(site.port, storm_frames(dwellings), round(1000 * share), once=True)
        time.sleep(0.5)
        began = time.time()
        stormy = _singles(site, town, "busy")
        alerts = BUILDINGS * UNITS * dwellings
        taken = _await_all(site, alerts) - began
        told = _await_quiet(town) - began
        storm.stop()
        _say_singles("calm", calm, None, site)
        bar = BAR_SQLITE if site.database.is_sqlite else BAR_POSTGRESQL
        _say_singles("storm under way", stormy, bar, site)
        _say_storm(town, site, alerts, taken, told)
        click.echo(f"memory of all processes: {before:.0f} MB before, {memory.stop():.0f} MB at most under the storm")


def compounds(url: str, dwellings: int) -> list[object]:
    """The compound of the storm: a guard for all, a leader for each building; and the one of the single alarms."""
    found: list[object] = [SiteFacts(fallback=PersonId("guard"), demo=True)]
    for place, guard in ((STORMY, "guard"), (QUIET, "watch")):
        found += [
            Place(id=place, kind=PlaceKind.COMPOUND),
            _person(guard, url),
            PostHolder(place=place, post="desk_operator", person=PersonId(guard)),
        ]
    found.append(Policy(id="bench", steps=[Step(tell=["post:desk_operator", "post:building_leader"])]))
    for b in range(BUILDINGS):
        building = PlaceId(f"{STORMY}/b{b}")
        found += [
            Place(id=building, kind=PlaceKind.BUILDING),
            _person(f"leader-{b}", url),
            PostHolder(place=building, post="building_leader", person=PersonId(f"leader-{b}")),
        ]
        for u in range(UNITS):
            unit = PlaceId(f"{building}/u{u}")
            found.append(Place(id=unit, kind=PlaceKind.UNIT))
            found += [_smoke(f"storm-{b}-{u}-{d}", PlaceId(f"{unit}/f{d // 4}/{d}")) for d in range(dwellings)]
    for name in (CALM, "busy"):
        for number in range(SINGLES):
            building = PlaceId(f"{QUIET}/{name}{number}")
            unit = PlaceId(f"{building}/u1")
            found += [Place(id=building, kind=PlaceKind.BUILDING), Place(id=unit, kind=PlaceKind.UNIT)]
            found.append(_smoke(f"{name}-{number}", unit))
    return found


def storm_frames(dwellings: int) -> list[bytes]:
    """Every detector once, all buildings beside one another."""
    names = [f"storm-{b}-{u}-{d}" for d in range(dwellings) for b in range(BUILDINGS) for u in range(UNITS)]
    ids = frames.packet_ids(len(names))
    return [frames.publish(f"zigbee2mqtt/{name}", _SMOKE, id) for name, id in zip(names, ids, strict=True)]


_SMOKE = json.dumps({"smoke": True, "battery": 90, "linkquality": 100}).encode()


def _smoke(name: str, place: PlaceId) -> Device:
    return Device(id=DeviceId(name), profile="heiman-hs1sa", address=f"zigbee2mqtt:{name}", place=place)


def _person(name: str, url: str) -> Person:
    return Person(id=PersonId(name), name=name, channels=[Contact(kind="webhook", url=f"{url}{name}")])


def _singles(site: Site, town: "Town", name: str) -> list[Single]:
    """Raises them one after the other, whatever became of those before."""
    published: dict[str, float] = {}
    with load.connected(site.port, f"bench-{name}") as link:
        threading.Thread(target=load.swallow, args=(link,), daemon=True).start()
        began = time.monotonic()
        for number in range(SINGLES):
            time.sleep(max(0.0, began + number * BETWEEN - time.monotonic()))
            published[f"{name}-{number}"] = time.time()
            link.sendall(frames.publish(f"zigbee2mqtt/{name}-{number}", _SMOKE, number + 1))
        deadline = time.monotonic() + PATIENCE
        while len(published.keys() - town.first.keys()) and time.monotonic() < deadline:
            time.sleep(0.1)
    board = SqlBoard(site.database)
    alerts: dict[str, Alert] = {}
    for device in published:
        for alert in board.alerts(CaseQuery(device=DeviceId(device)), None, 1):
            alerts[device] = alert
    return [
        Single(
            at,
            alerts[device].received_at / 1e6 if device in alerts else 0,
            alerts[device].committed_at / 1e6 if device in alerts else 0,
            town.first.get(device, 0),
        )
        for device, at in published.items()
    ]


def _await_all(site: Site, alerts: int) -> float:
    """When the last alarm of the storm was committed."""
    site.drain(PATIENCE)
    newest = SqlBoard(site.database).alerts(CaseQuery(), None, alerts + 2 * SINGLES)
    found = [one for one in newest if str(one.device).startswith("storm-")]
    if len(found) != alerts:
        raise click.ClickException(f"{alerts} alarms were sent, {len(found)} alerts were raised")
    return max(one.committed_at for one in found) / 1e6


def _await_quiet(town: "Town") -> float:
    """When the last call came: none follows for two seconds."""
    deadline = time.time() + PATIENCE
    while time.time() < deadline and time.time() - town.newest < 2.0:
        time.sleep(0.2)
    return town.newest


def _say_singles(what: str, singles: Sequence[Single], bar: float | None, site: Site) -> None:
    took = [one.took for one in singles]
    lost = sum(not one.told for one in singles)
    heard = [one for one in singles if one.told]
    stages = {
        "to the ear": [one.received - one.published for one in heard],
        "committed": [one.committed - one.received for one in heard],
        "told": [one.told - one.committed for one in heard],
    }
    p99 = percentile(took, 99)
    verdict = "" if bar is None else f" (bar {bar * 1e3:.0f}: {'met' if p99 <= bar else 'MISSED'})"
    click.echo(
        f"another compound's alarm, {what}: p50 {percentile(took, 50) * 1e3:.1f} ms, "
        f"p95 {percentile(took, 95) * 1e3:.1f}, p99 {p99 * 1e3:.1f}{verdict}, "
        f"worst {max(took) * 1e3:.0f}; {lost} of {len(singles)} lost; "
        f"fsync p99 {fsync_p99(site.folder) * 1e3:.1f} ms; stages p50/p99: "
        + ", ".join(
            f"{name} {percentile(values, 50) * 1e3:.1f}/{percentile(values, 99) * 1e3:.1f}"
            for name, values in stages.items()
        )
    )


def _say_storm(town: "Town", site: Site, alerts: int, taken: float, told: float) -> None:
    fires = BUILDINGS * UNITS
    leaders = [count for name, count in town.messages.items() if name.startswith("leader-")]
    firsts = town.firsts["guard"] + sum(town.firsts[name] for name in town.firsts if name.startswith("leader-"))
    click.echo(
        f"storm of {alerts:,} alarms, {fires} fires: all committed after {taken:.1f} s, "
        f"the last call after {told:.1f} s; {firsts} first calls of {2 * fires}, "
        f"the last after {max(0.0, town.last_first - town.began):.1f} s; "
        f"messages for each fire: guard {town.messages['guard'] / fires:.1f}, "
        f"leaders at most {max(leaders, default=0) / UNITS:.1f} of {alerts // fires} alarms"
    )


class Memory:
    """The most that all processes took, looked at each second."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._ended = threading.Event()
        self._most = 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        self._ended.set()
        self._thread.join(10)
        return self._most

    def _watch(self) -> None:
        while not self._ended.wait(1.0):
            self._most = max(self._most, memory_megabytes(self._site.pids()))


class Town:
    """Everybody's phone on one server: when each device's first call came, and how many calls each person had."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.messages: Counter[str] = Counter()
        self.firsts: Counter[str] = Counter()
        self.began = time.time()
        self.newest = self.last_first = 0.0
        town = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                town.hear(self.path.strip("/"), body, time.time())
                self.send_response(204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def hear(self, person: str, body: Mapping[str, dict[str, str]], now: float) -> None:
        device = str((body["alert"] or {}).get("device"))
        self.newest = now
        if person == "watch":
            self.first.setdefault(device, now)
            return
        if not self.messages:
            self.began = now
        self.messages[person] += 1
        if str(body["why"]) == "first":
            self.firsts[person] += 1
            self.last_first = now

    def __enter__(self) -> "Town":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_given: object) -> None:
        self._server.shutdown()
        self._server.server_close()
