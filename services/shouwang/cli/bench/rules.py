"""What deciding costs: loading a large site, judging readings on one core, finding and running timers among many."""

import gc
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

import click
import msgspec

from shouwang.app.clock import NoPoints, SystemClock
from shouwang.domain import evaluate
from shouwang.domain.community import Community
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.profile import Profile
from shouwang.domain.rule import Rule
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.standing import DeviceFacts, DeviceState, Newest
from shouwang.domain.vocabulary import DAY, HOUR, SECOND, DeviceId, Instant, Kind, PlaceId, Reading
from shouwang.flows.timers import Timers
from shouwang.flows.world import World
from shouwang.registry.documents import parse_documents
from shouwang.registry.rules import read_rule
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.inbox import SqlInbox
from shouwang.store.leases import INTAKE, Leases
from shouwang.store.tables import device_states

LOAD_SECONDS, LOAD_MEGABYTES = 10, 700
READINGS_A_SECOND = 100_000
TICK_MILLISECONDS = 20

HOMES_A_BUILDING = 60
HOT = 5_000
"""Devices whose states are in memory while readings are judged."""

DUE = 1_000
REPEATS = 5

CONDITIONS = (
    "{is: {metric: smoke, value: true}}",
    "{above: {metric: temperature, value: 57, clear_at: 50, for: 10s}}",
    "{above: {metric: temperature, value: 40, clear_at: 37, for: 5m}}",
    "{below: {metric: temperature, value: 4, clear_at: 6, for: 10m}}",
    "{below: {metric: battery, value: 15, clear_at: 25}}",
    "{is: {metric: battery_low, value: true}}",
    "{is: {metric: tamper, value: true}}",
    "{is: {metric: fault, value: true}}",
    "{event: {metric: action}}",
    "{above: {metric: humidity, value: 90, for: 30m}}",
    "{all: [{above: {metric: temperature, value: 50}}, {below: {metric: humidity, value: 20}}]}",
    "{absent: {}}",
)
"""Twelve ordinary ones, all in scope of every device."""


def measure_rules(devices: int, timers: int) -> None:
    """Prints each figure beside its bar."""
    with tempfile.TemporaryDirectory(prefix="shouwang-bench-") as folder:
        url = f"sqlite:///{folder}/state.sqlite"
        database = Database(url)
        database.create()
        click.echo(f"preparing {devices:,} devices and {timers:,} timers …", err=True)
        SqlDirectory(database, SystemClock().now).change(_site(devices))
        seconds, megabytes, scoped = _in_a_process(_load, url)
        click.echo(
            f"load: {devices:,} devices, {len(CONDITIONS)} rules in scope of each: {seconds:.1f} s "
            f"(bar {LOAD_SECONDS}), {megabytes:.0f} MB (bar {LOAD_MEGABYTES}), {scoped} sets of rules"
        )
        rate, _, _ = _in_a_process(_judge, url)
        click.echo(f"judge: {rate:,.0f} readings/s on one core (bar {READINGS_A_SECOND:,}), three a message")
        _pend(database, timers)
        database.close()
        found, whole, turn = _in_a_process(_tick, url)
        click.echo(
            f"timers: {timers:,} pending; 1,000 due found in {found:.1f} ms and run in {whole:.1f} ms "
            f"(bar {TICK_MILLISECONDS}); committed durably in turns of 50, each {turn:.1f} ms"
        )


def _site(devices: int) -> list[Place | Device]:
    compound = "bench/site/compound"
    buildings = range((devices + HOMES_A_BUILDING - 1) // HOMES_A_BUILDING)
    places = [Place(id=PlaceId(f"{compound}/b{number}"), kind=PlaceKind.BUILDING) for number in buildings]
    return places + [
        Device(
            id=_name(number),
            profile="bench",
            address=f"native:{number}",
            place=PlaceId(f"{compound}/b{number // HOMES_A_BUILDING}/u1/f1/{number % HOMES_A_BUILDING}"),
        )
        for number in range(devices)
    ]


def _rules() -> list[Rule]:
    rules = []
    for number, when in enumerate(CONDITIONS):
        (document,) = parse_documents(f"rule: bench-{number}\nseverity: high\nwhen: {when}\n", "bench.yaml")
        rules.append(read_rule(document, "bench"))
    return rules


def _world(community: Community) -> World:
    profile = Profile(id="bench", vendor="bench", model="bench", title={}, kind=Kind.SMOKE, longest_silence=26 * HOUR)
    return World(community, RuleBook(_rules(), minds_consent=True), (), {"bench": profile})


def _load(url: str) -> tuple[float, float, float]:
    """The directory from its rows, and the rules in scope of every device."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    gc.disable()
    database = Database(url)
    world = _world(SqlDirectory(database, SystemClock().now).community())
    scopes = {id(world.book.for_facts(world.facts(device))) for device in world.community.devices}
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, max(peak, before) / 1024, len(scopes)


def _judge(url: str) -> tuple[float, float, float]:
    """Messages of three readings, with values that move and raise nothing."""
    world = _world(Community())
    now = SystemClock().now()
    facts = [
        DeviceFacts(device=_name(number), kind=Kind.SMOKE, place=PlaceId("b"), longest_silence=26 * HOUR)
        for number in range(HOT)
    ]
    states = [DeviceState() for _ in facts]
    best = 0.0
    gc.disable()
    for turn in range(REPEATS):
        at = now + turn * 60 * SECOND
        messages = [
            [
                Reading(one.device, "temperature", 20.0 + number % 7 + turn / 10, at, at),
                Reading(one.device, "humidity", 40.0 + number % 9, at, at),
                Reading(one.device, "battery", 90.0, at, at),
            ]
            for number, one in enumerate(facts)
        ]
        began = time.perf_counter()
        for number, message in enumerate(messages):
            states[number] = evaluate.hear(world.book, facts[number], states[number], message, at, gaps=()).state
        best = max(best, 3 * HOT / (time.perf_counter() - began))
    return best, 0.0, 0.0


def _pend(database: Database, timers: int) -> None:
    """State rows whose timers lie ahead, and 1,000 that are due."""
    now = SystemClock().now()
    encoder = msgspec.msgpack.Encoder()
    for start in range(0, timers, 50_000):
        rows = []
        for number in range(start, min(start + 50_000, timers)):
            heard_at = now - (27 * HOUR if number % (timers // DUE) == 0 else number % HOUR)
            state = _quiet(heard_at)
            rows.append(
                {"device": _name(number), "heard_at": heard_at, "due_at": state.due_at, "state": encoder.encode(state)}
            )
        with database.write() as connection:
            connection.execute(device_states.insert(), rows)


def _quiet(heard_at: Instant) -> DeviceState:
    values = {name: Newest(20.0, heard_at, heard_at) for name in ("temperature", "humidity", "battery")}
    return DeviceState(heard_at=heard_at, values=values, due_at=heard_at + 26 * HOUR)


def _tick(url: str) -> tuple[float, float, float]:
    """The due ones found by their index, read, and judged; and one durable turn of the service."""
    database, clock = Database(url), SystemClock()
    lease = Leases(database, lambda holder: None).take(INTAKE, "bench", clock.now())
    if lease is None:
        raise RuntimeError("the lease of a new database is taken")
    inbox = SqlInbox(database, lease, lambda point: None)
    community = SqlDirectory(database, clock.now).community()
    registered_at = dict.fromkeys(community.devices, clock.now() - 30 * DAY)
    world = _world(msgspec.structs.replace(community, registered_at=registered_at))
    gc.disable()
    now = clock.now()
    with inbox.accept() as acceptance:
        states = acceptance.states(inbox.due(now, DUE))
    # The service made the facts of these devices when it heard them.
    facts = {device: world.facts(device) for device in states}

    def judge() -> None:
        for device, state in states.items():
            evaluate.run_due(world.book, facts[device], state, now)

    found = _best(lambda: inbox.due(now, DUE))
    run = _best(judge)
    turn = _best(Timers(inbox, lambda: world, lambda: (), clock, NoPoints()).run_due)
    return found, found + run, turn


def _best(work: Callable[[], object]) -> float:
    """Milliseconds of the quickest of a few times: what else the machine does is not measured."""
    spent = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return min(spent) * 1e3


def _in_a_process(work: Callable[[str], tuple[float, float, float]], url: str) -> Sequence[float]:
    """In one of its own, so that its memory is its own."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(work, url, sending), daemon=True)
    process.start()
    sending.close()
    figures: tuple[float, float, float] = receiving.recv()
    process.join()
    return figures


def _report(work: Callable[[str], tuple[float, float, float]], url: str, answer: Connection) -> None:
    answer.send(work(url))


def _name(number: int) -> DeviceId:
    return DeviceId(f"device-{number:07d}")
