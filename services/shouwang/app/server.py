"""The server, composed: the window, dispatch, shipping, the watchman's rounds, the canary."""

import asyncio
import contextlib
import logging
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import version

import httpx
import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler

from shouwang import metrics
from shouwang.api.doors import Window
from shouwang.api.fleet import fleet_of
from shouwang.api.server import build_app
from shouwang.api.stream import Tail
from shouwang.app.backtests import Backtests
from shouwang.app.clock import SystemClock
from shouwang.app.demo import Demonstration
from shouwang.app.doorbell import Door
from shouwang.app.equipment import CurrentWorld, load_equipment, profile_folders, tls_of
from shouwang.app.in_force import in_force
from shouwang.app.pace import hurry
from shouwang.app.paper import Paper
from shouwang.app.pulses import Pulses
from shouwang.app.reach import Reach
from shouwang.app.readiness import Chain
from shouwang.app.reload import Loaded, ProfileWatch
from shouwang.app.service import environment_of
from shouwang.app.shapes import ready_shapes
from shouwang.app.supervisor import die_with_parent, holder_name, is_alive
from shouwang.app.telling import Pushing, Ways
from shouwang.app.transfers import Transfers
from shouwang.app.trials import Trials
from shouwang.channels.sealing import new_key
from shouwang.domain.announcement import ALERTS_TOPIC
from shouwang.domain.duty import DESK_POST
from shouwang.domain.errors import Unavailable
from shouwang.domain.figures import alarm_figures
from shouwang.domain.vocabulary import DAY, MINUTE, SECOND
from shouwang.flows.answering import Answering
from shouwang.flows.canary import Canary
from shouwang.flows.discovery import Discovery
from shouwang.flows.dispatch import Dispatch
from shouwang.flows.exercises import Exercises
from shouwang.flows.filing import Filing
from shouwang.flows.holding import Holding
from shouwang.flows.installing import Installing
from shouwang.flows.respond import Respond
from shouwang.flows.rounds import Rounds
from shouwang.flows.shipping import Shipping
from shouwang.mqtt.address import parse_address
from shouwang.mqtt.wakeup import Wakeup
from shouwang.ports import Points, Wake
from shouwang.registry.checklists import load_checklists
from shouwang.registry.holidays import calendar_of
from shouwang.registry.spreadsheet import spreadsheet
from shouwang.settings import Settings, host_port, shipped
from shouwang.store.attachments import Attachments
from shouwang.store.board import SqlBoard
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.exercises import SqlExercises
from shouwang.store.facts import Facts
from shouwang.store.holds import SqlHolds
from shouwang.store.housekeeping import Housekeeping
from shouwang.store.journal import SqlJournal
from shouwang.store.outbox import SqlOutbox
from shouwang.store.photos import DevicePhotos
from shouwang.store.plans import SqlPlans
from shouwang.store.replies import SqlReplies
from shouwang.store.spool import SqlSpool
from shouwang.store.subscriptions import SqlSubscriptions
from shouwang.store.tokens import SqlTokens
from shouwang.store.transactions import SqlCasebook
from shouwang.store.users import SqlUsers
from shouwang.store.visits import SqlVisits
from shouwang.timeseries.open import open_readings

log = logging.getLogger(__name__)

PUSH_KEY = "push.key"
"""The private key by which push services know this site, in the state database like the seal of links."""

STOP_SECONDS = 3
"""What an open event stream or a long answer has, once the server was asked to stop."""

CHECKPOINT_SECONDS = 1.0
ROUNDS_SECONDS = 0.25
LEASES_SECONDS = 1.0
HOLDS_SECONDS = 0.5
ALARMS_SECONDS = 60.0
ALARMS_COUNTED = 10_000
"""Of a day, in the figures: beyond it they only grow, and counting takes time from dispatch."""

TESTS_SECONDS = 1.0
MAINTAIN_SECONDS = 10.0
FIGURES_SECONDS = 5.0
FLEET_SECONDS = 30.0
REACH_SECONDS = 1.0
EXERCISES_SECONDS = 1.0
HEARTBEAT_TIMEOUT = 10.0
STRANGERS_KEPT = 30 * DAY
"""A device that nobody registered and that is silent for so long is forgotten."""


def run_server(settings: Settings, points: Points) -> int:
    """Until SIGTERM. Exit 0."""
    die_with_parent()
    ready_shapes()
    return asyncio.run(_serve(settings, points))


async def _serve(settings: Settings, points: Points) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with ExitStack() as doors:
        await Server(settings, points, doors).run(stop)
    return 0


class Server:
    """Everything of the server process, built from settings; ``doors`` closes it in reverse."""

    def __init__(self, settings: Settings, points: Points, doors: ExitStack) -> None:
        clock = SystemClock()
        self._settings = settings
        self._database = Database(settings.state_url)
        doors.callback(self._database.close)
        readings = open_readings(settings.readings_url, keep_raw=settings.raw_days * DAY)
        doors.callback(readings.close)
        self._readings = readings
        self._clock = clock
        equipment = load_equipment(settings)
        directory = SqlDirectory(self._database, clock.now, fallback=settings.site_fallback, calendar=calendar_of)
        self._directory = directory
        journal = SqlJournal(self._database)
        casebook = SqlCasebook(self._database)
        outbox = SqlOutbox(self._database, points.reach)
        tail = Tail(journal)
        self._tail = tail
        self._reach = Reach(Facts(self._database), settings.public_url, clock)
        facts, self._subscriptions = Facts(self._database), SqlSubscriptions(self._database)
        self._ways = Ways(
            settings,
            clock,
            watching=lambda: tail.clients,
            secret=self._reach.secret,
            subscriptions=self._subscriptions,
            push_key=lambda: facts.get(PUSH_KEY) or facts.once(PUSH_KEY, new_key()),
        )
        channels = self._ways.channels
        self._dispatch = Dispatch(
            casebook=casebook,
            outbox=outbox,
            directory=directory,
            channels=channels,
            clock=clock,
            holder=holder_name(),
            points=points,
            is_alive=is_alive,
            link=self._reach.link,
            code=self._reach.code,
            answerable=self._ways.answerable,
            concurrency=settings.dispatch_concurrency,
            beside=self._ways.beside,
        )

        def wake(_why: Wake | None = None) -> None:
            self._dispatch.wake()
            tail.wake()

        self._link = Wakeup(
            parse_address(settings.broker_url),
            client_id=f"{settings.mqtt_client_id}-server-{holder_name()}",
            clock=clock,
            filters=[f"{ALERTS_TOPIC}/#"],
            on_message=lambda _topic, _payload: wake(),
            tls=tls_of(settings),
        )
        self._canary = Canary(self._link, Facts(self._database), clock)
        self._pulses = Pulses(
            self._ways.watched,
            self._ways.off,
            self._link,
            Facts(self._database),
            directory.community,
            clock,
            seconds=settings.channel_probe_seconds,
            beside=self._ways.beside,
        )
        self._shipping = Shipping(SqlSpool(self._database), readings, clock, points)
        self._housekeeping = Housekeeping(self._database)
        metrics.BUILD.labels(version("shouwang")).set(1)
        self._rounds = Rounds(casebook, outbox, directory, clock, wake=wake, reach=points.reach)
        self._installing = Installing(casebook, directory, clock, wake=wake)
        self._equipment = equipment
        self._profiles = ProfileWatch(profile_folders(settings), shipped("device_profiles"))
        doors.callback(lambda: equipment.codecs.close())
        figures = settings.data_dir / "figures"
        board = SqlBoard(self._database)
        self._board = board
        respond = Respond(casebook, directory, clock, wake=wake, reach=points.reach)
        world = CurrentWorld(directory, equipment)
        self._holding = Holding(casebook, world, clock, wake=wake)
        self._holds = SqlHolds(self._database)
        self._filing = Filing(
            casebook,
            board,
            Attachments(settings.data_dir / "files"),
            clock,
            kept_for=settings.files_days * DAY,
            elsewhere=DevicePhotos(self._database).contents,
        )
        self._exercises = Exercises(
            casebook,
            SqlExercises(self._database),
            board,
            directory,
            respond,
            clock,
            policies=lambda: equipment.policies,
            channels=channels.keys(),
            decisions=Facts(self._database),
            checks_a_day=settings.duty_checks_a_day,
            answer_within=settings.duty_check_minutes * MINUTE,
            chance=secrets.SystemRandom().random,
            wake=wake,
        )
        backtests = Backtests(environment_of(settings))
        doors.callback(backtests.close)
        trials = Trials()
        doors.callback(trials.close)
        transfers = Transfers(environment_of(settings), clock)
        doors.callback(transfers.close)
        demo = Demonstration(self._database, directory, equipment, self._link, clock) if settings.demo else None
        self._answers = Answering(
            casebook, board, directory, respond, clock, channels=channels, wake=wake, reach=points.reach
        )
        self._http = uvicorn.Config(
            build_app(
                Window(
                    board=board,
                    casebook=casebook,
                    holding=self._holding,
                    holds=self._holds,
                    respond=respond,
                    answers=self._answers,
                    directory=directory,
                    readings=readings,
                    journal=journal,
                    tail=tail,
                    tokens=SqlTokens(self._database),
                    users=SqlUsers(self._database),
                    replies=SqlReplies(self._database),
                    profiles=lambda: equipment.profiles,
                    rules=lambda: equipment.follow(directory.community()).rules,
                    examine=equipment.examine,
                    written=equipment.written,
                    world=world,
                    world_at=lambda at: equipment.world_at(directory.community_at(at)),
                    policies=lambda: equipment.policies,
                    readiness=Chain(
                        self._canary, self._link, clock, int(settings.canary_seconds * SECOND), self._pulses
                    ),
                    metrics_text=lambda: metrics.render(metrics.SERVER, figures).decode(),
                    clock=clock,
                    installing=self._installing,
                    visits=SqlVisits(self._database),
                    sheets=Paper(equipment),
                    checklists=load_checklists,
                    spreadsheet=spreadsheet,
                    attachments=Attachments(settings.data_dir / "files"),
                    photos=DevicePhotos(self._database),
                    push=Pushing(self._ways.push, self._subscriptions),
                    backtests=backtests,
                    transfers=transfers,
                    trials=trials,
                    suggest=Discovery(lambda: equipment.interpreter, lambda calls: equipment.codecs.run(calls)),
                    settings=in_force(settings),
                    demo=demo,
                    plans=SqlPlans(self._database),
                    callbacks=self._ways.callbacks,
                    exercises=self._exercises,
                    kinds=channels.keys(),
                    refuse_address=self._ways.webhook.refusal,
                    link_secret=self._reach.secret,
                    site_mark=self._reach.mark,
                ),
                version=version("shouwang"),
            ),
            *host_port(settings.http, 8000),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=STOP_SECONDS,
            server_header=False,
        )
        self._doors = doors

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``: first the window closes, then dispatch finishes what it sends."""
        ended = threading.Event()
        self._link.start()
        self._doors.callback(self._link.stop)
        scheduler = self._scheduler()
        scheduler.start()
        self._doors.callback(scheduler.shutdown, wait=False)
        shipping = threading.Thread(target=self._shipping.run, args=(ended,), name="shipping", daemon=True)
        shipping.start()
        threading.Thread(target=self._profiles.follow, args=(ended, self._put_on), name="profiles", daemon=True).start()
        http = _Quiet(self._http)
        self._directory.community()
        self._listen_at_the_door()
        hurry()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(http.serve(), name="http")
                tasks.create_task(self._dispatch.run(stop), name="dispatch")
                tasks.create_task(self._probe(stop), name="canary")
                tasks.create_task(self._pulses.run(stop), name="channels")
                tasks.create_task(self._ways.run(stop, self._answers.take), name="modem")
                await stop.wait()
                self._tail.close()
                http.should_exit = True
        finally:
            ended.set()
            await asyncio.to_thread(shipping.join, STOP_SECONDS)
            await self._ways.close()

    def _listen_at_the_door(self) -> None:
        """Intake on this machine wakes dispatch without the broker."""
        try:
            door = Door(self._settings.data_dir)
        except OSError as problem:
            log.warning("%s; alarms come by way of the broker, some milliseconds later", problem)
            return
        loop = asyncio.get_running_loop()

        def ring() -> None:
            door.answer()
            self._dispatch.wake()

        loop.add_reader(door.fileno(), ring)
        self._doors.callback(door.close)
        self._doors.callback(loop.remove_reader, door.fileno())

    def _scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None})
        rounds: list[tuple[str, float, Callable[[], object]]] = [
            ("escalation", ROUNDS_SECONDS, self._rounds.escalate_due),
            ("leases", LEASES_SECONDS, self._rounds.reclaim),
            ("holds", HOLDS_SECONDS, self._look_at_holds),
            ("tries", FIGURES_SECONDS, self._holding.note_tries),
            ("alarms", ALARMS_SECONDS, self._count_alarms),
            ("audit", 30.0, self._rounds.audit),
            ("tests", TESTS_SECONDS, self._installing.end_due_tests),
            ("checkpoint", CHECKPOINT_SECONDS, self._database.checkpoint),
            ("readings", MAINTAIN_SECONDS, lambda: self._readings.maintain(self._clock.now())),
            ("figures", FIGURES_SECONDS, self._count),
            ("fleet", FLEET_SECONDS, self._count_devices),
            ("exercises", EXERCISES_SECONDS, self._exercises.look),
            ("reach", REACH_SECONDS, self._reach.look),
            ("quarantine", MAINTAIN_SECONDS, self._sweep),
            ("files", MAINTAIN_SECONDS, self._filing.look),
        ]
        for name, seconds, work in rounds:
            scheduler.add_job(_round, "interval", seconds=seconds, args=(name, work), id=name, max_instances=1)
        return scheduler

    def _count_devices(self) -> None:
        fleet = fleet_of(self._board, self._directory.community(), self._equipment.profiles, self._clock.now())
        heard = self._board.heard()
        for state, count in fleet.count(heard).items():
            metrics.DEVICES.labels(state.value).set(count)
        metrics.DEVICES_PROTECTING.set(sum(fleet.protects(one, heard.get(one.id)) for one in fleet.devices))

    def _count(self) -> None:
        for severity, count in self._housekeeping.open_alerts().items():
            metrics.ALERTS_OPEN.labels(severity.value).set(count)
        for severity, count in self._housekeeping.open_incidents().items():
            metrics.INCIDENTS_OPEN.labels(severity.value).set(count)
        now = self._clock.now()
        waiting, oldest = self._housekeeping.deliveries_due(now)
        metrics.DELIVERIES_WAITING.set(waiting)
        metrics.DELIVERIES_OLDEST_SECONDS.set((now - oldest) / SECOND if oldest is not None else 0)

    def _look_at_holds(self) -> None:
        self._holding.end_due()
        self._holding.let_go()

    def _count_alarms(self) -> None:
        """Of the last day; the report of a month is asked for."""
        now = self._clock.now()
        posts = self._directory.community().posts
        found = alarm_figures(
            self._holds.raises(now - DAY, now, (), most=ALARMS_COUNTED),
            self._holds.true_since(()),
            now - DAY,
            now,
            max(1, len({one.place for one in posts if one.post == DESK_POST})),
        )
        metrics.ALARMS_PER_OPERATOR_HOUR.set(found.per_operator_hour)
        metrics.ALARM_FLOOD_SHARE.set(found.share_of_time_in_flood)
        metrics.ALARMS_CHATTERING.set(len(found.chattering))
        metrics.ALARMS_STALE.set(found.stale)
        metrics.ALARMS_TOP_TEN_SHARE.set(found.share_of_top_ten)
        metrics.ALARMS_HELD.set(found.held)

    def _put_on(self, loaded: Loaded) -> None:
        self._equipment.put_on(*loaded).close()

    def _sweep(self) -> None:
        now = self._clock.now()
        self._subscriptions.keep_only(self._directory.community().people)
        self._housekeeping.sweep_quarantine(now - self._settings.quarantine_days * DAY)
        self._housekeeping.sweep_strangers(self._directory.community().devices, now - STRANGERS_KEPT)

    async def _probe(self, stop: asyncio.Event) -> None:
        """The canary: every second until it first comes back, then at its own pace."""
        proven = False
        told = 0
        async with httpx.AsyncClient(timeout=HEARTBEAT_TIMEOUT) as outside:
            while not stop.is_set():
                self._canary.send()
                pause = self._settings.canary_seconds if proven else 0.25
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)
                try:
                    proof = await asyncio.to_thread(self._canary.proof)
                except Unavailable as error:
                    log.error("the canary cannot be looked for: %s", error)
                    continue
                if proof is None:
                    continue
                proven = True
                metrics.CANARY_AGE_SECONDS.set((self._clock.now() - proof.sent_at) / SECOND)
                if proof.sent_at != told:
                    told = proof.sent_at
                    metrics.CANARY_SECONDS.observe(proof.took / SECOND)
                    await self._tell_outside(outside)

    async def _tell_outside(self, outside: httpx.AsyncClient) -> None:
        if self._settings.heartbeat_url:
            try:
                await outside.get(self._settings.heartbeat_url)
            except httpx.HTTPError as error:
                log.warning("the outside dead-man's switch does not answer: %s", type(error).__name__)


class _Quiet(uvicorn.Server):
    """Leaves signals to us: dispatch must end after the last answer, not before."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _round(name: str, work: Callable[[], object]) -> None:
    """One of the watchman's rounds: a failure is counted and said, and the next one comes all the same."""
    with metrics.ROUND_SECONDS.labels(name).time():
        try:
            work()
        except Exception as error:
            metrics.ROUND_FAILURES.labels(name).inc()
            last, now = _said.get((name, str(error))), time.monotonic()
            if last is None or now - last >= SAID_EVERY:  # a full disk fails each second, and the log is on it too
                if len(_said) >= MOST_SAID:
                    _said.clear()
                _said[name, str(error)] = now
                log.exception("round %s failed; it comes again", name)


SAID_EVERY, MOST_SAID = 60.0, 200
"""Seconds between two lines of the log about one failure, and failures of which that is remembered."""

_said: dict[tuple[str, str], float] = {}
