"""Intake, composed: the ear's session, the acceptance, timers, announcements; one thread decides."""

import gc
import hashlib
import logging
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import count, islice
from pathlib import Path
from types import FrameType

import msgspec

from shouwang import metrics
from shouwang.app.clock import SystemClock
from shouwang.app.doorbell import Bell
from shouwang.app.equipment import Equipment, load_equipment, profile_folders, tls_of
from shouwang.app.pace import hurry
from shouwang.app.precaution import InHand
from shouwang.app.reload import Loaded, ProfileWatch
from shouwang.app.supervisor import die_with_parent, holder_name, is_alive
from shouwang.domain.errors import StaleEpoch, Unavailable
from shouwang.domain.vocabulary import DAY, SECOND, DeviceId, Instant
from shouwang.flows.announcing import Announcing
from shouwang.flows.asking import Asking
from shouwang.flows.intake import Intake
from shouwang.flows.timers import DEVICES_A_TURN, Timers
from shouwang.flows.world import World
from shouwang.metrics import leave_snapshot
from shouwang.mqtt.address import parse_address
from shouwang.mqtt.ear import Ear, open_session
from shouwang.ports import Batch, Points
from shouwang.settings import Settings, shipped
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.facts import Facts
from shouwang.store.inbox import WINDOW_ARRIVALS, SqlInbox
from shouwang.store.leases import INTAKE, TERM, Lease, Leases
from shouwang.store.outbox import SqlAnnouncements

log = logging.getLogger(__name__)

TURN_SECONDS = 0.2
"""At most this long between two looks at timers and orders; what arrives is taken at once."""

STANDBY_SECONDS = 1.0
RENEW_EVERY = TERM // 5
CATCH_UP = 10 * SECOND
"""Timers wait at start until the broker's queue was taken in, at most this long: what ended while we were away must
not be raised by a clock that ran on."""

TIDY_WHEN_IDLE = 60 * SECOND
TIDY_AT_LEAST = 1800 * SECOND

RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Between two attempts at a commit while the state database does not answer. The broker keeps the rest meanwhile."""

RECONCILED_A_TURN = 400
"""Devices that are brought to changed rules between two looks at what arrives: about 30 ms."""

BEGIN_WITHIN = SECOND
"""Of arming and reconciling at start, before the first batch. A hundred thousand devices take 5 s in all (measured)."""

BOOK_FACT = "intake.rules"
GAPS_FACT = "intake.gaps"
GAPS_KEPT = 40 * DAY
"""Deaf times older than any longest silence are forgotten."""

GAPS_AT_MOST = 200
"""A link that flaps makes thousands a day, and every silence is measured against all of them."""

Gap = tuple[Instant, Instant]


def run_intake(settings: Settings, points: Points) -> int:
    """Until SIGTERM. Exit 0; 1 when the lease was lost (the supervisor starts a standby)."""
    die_with_parent()
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    clock = SystemClock()
    database = Database(settings.state_url, checkpoints=False)
    try:
        leases = Leases(database, is_alive)
        taken = _take_lease(leases, clock, stop)
        if taken is None:
            return 0
        lease, heard_until = taken
        with ExitStack() as doors:
            _compose(settings, database, leases, lease, heard_until, clock, points, doors).listen(stop)
    except StaleEpoch as error:
        log.error("%s; this one stops", error)
        return 1
    finally:
        database.close()
    return 0


def _compose(
    settings: Settings,
    database: Database,
    leases: Leases,
    lease: Lease,
    heard_until: Instant | None,
    clock: SystemClock,
    points: Points,
    doors: ExitStack,
) -> "Intaking":
    equipment = load_equipment(settings)
    equipment.codecs.start()
    doors.callback(lambda: equipment.codecs.close())
    facts = Facts(database)
    world = WatchedWorld(SqlDirectory(database, clock.now, fallback=settings.site_fallback), equipment)
    bell = Bell(settings.data_dir)
    doors.callback(bell.close)
    window = max(WINDOW_ARRIVALS, 2 * settings.receive_maximum)
    inbox = SqlInbox(database, lease, points.reach, window=window, tell=bell.ring)
    deaf = DeafTimes(facts, heard_until, clock.now())
    family_state = equipment.family_state(inbox)

    def connected(session_present: bool) -> None:
        metrics.BROKER_CONNECTS.inc()
        announcing.reconnected()
        if not session_present:
            asking.was_deaf()

    ear = open_session(
        parse_address(settings.broker_url),
        client_id=settings.mqtt_client_id,
        clock=clock,
        facts=facts,
        client=settings.mqtt_client.value,
        tls=tls_of(settings),
        topics=settings.topics,
        session_expiry=settings.session_expiry,
        receive_maximum=settings.receive_maximum,
        on_connected=connected,
    )
    announcing = Announcing(SqlAnnouncements(database), ear)
    asking = Asking(ear, clock, allowed=settings.ask_devices)
    doors.callback(ear.stop)
    ear.start()
    fitting = Fitting(equipment, inbox)
    ended = threading.Event()
    watch = ProfileWatch(profile_folders(settings), shipped("device_profiles"))
    threading.Thread(target=watch.follow, args=(ended, fitting.offer), name="profiles", daemon=True).start()
    doors.callback(ended.set)
    return Intaking(
        ear,
        inbox,
        facts,
        Intake(
            inbox,
            equipment.interpreter,
            family_state,
            world,
            deaf,
            clock,
            points,
            equipment.codecs.run,
            InHand(settings.data_dir / "in-hand"),
            asking.want,
        ),
        Timers(inbox, world, deaf, clock, points),
        announcing,
        asking,
        world,
        deaf,
        leases,
        lease,
        clock,
        settings.data_dir / "figures",
        fitting,
    )


def fingerprint_of(world: World) -> bytes:
    """Changes with any rule, and with the directory."""
    seen = (world.community.revision, [(rule.id, rule.version) for rule in world.book.rules])
    return hashlib.sha256(repr(seen).encode()).hexdigest().encode()


def thinned(gaps: Sequence[Gap], most: int = GAPS_AT_MOST) -> list[Gap]:
    """At most that many: the shortest are moved up to the next one, so that no deaf time is lost, and a silence is
    measured too short at most by what was moved."""
    thin = list(gaps)
    while len(thin) > most:
        index = min(range(len(thin) - 1), key=lambda at: thin[at][1] - thin[at][0])
        (start, stop), (following, end) = thin[index : index + 2]
        thin[index : index + 2] = [(following - (stop - start), end)]
    return thin


class WatchedWorld:
    """The world at the newest revision; looks for a new one when asked to."""

    def __init__(self, directory: SqlDirectory, equipment: Equipment) -> None:
        self._directory = directory
        self._equipment = equipment
        self._world = equipment.world(directory.community())

    def __call__(self) -> World:
        return self._world

    def refresh(self) -> list[DeviceId] | None:
        """Devices that are seen otherwise since the directory or the profiles changed; None where neither did."""
        is_same = self._world.profiles is self._equipment.profiles
        if is_same and self._directory.revision() == self._world.community.revision:
            return None
        before, self._world = self._world, self._equipment.world(self._directory.community())
        now, then = self._world.community, before.community
        if msgspec.structs.replace(now, revision=then.revision, rules=then.rules) == then:
            return []  # rules alone: asking every device of a large site what it is takes seconds
        return self._world.differing(before)


class Fitting:
    """Profiles that were loaded beside, put on between two batches."""

    def __init__(self, equipment: Equipment, inbox: SqlInbox) -> None:
        self._equipment = equipment
        self._inbox = inbox
        self._offered: Loaded | None = None

    def offer(self, loaded: Loaded) -> None:
        """Any thread may call it."""
        self._offered = loaded

    def suit(self, intake: Intake) -> None:
        """The site may be in another time zone now."""
        intake.read_by(self._equipment.interpreter)

    def put_on(self, intake: Intake) -> None:
        """Raises Unavailable; then it is tried again."""
        offered = self._offered
        if offered is None:
            return
        before = self._equipment.put_on(*offered)
        state = self._equipment.family_state(self._inbox)
        intake.equip(self._equipment.interpreter, state, self._equipment.codecs.run)
        self._equipment.codecs.start()
        before.close()
        if self._offered is offered:
            self._offered = None


class DeafTimes:
    """When this service heard nothing: down, or without the broker. Kept, because silence is counted over days; of an
    interval that goes on, as often as the lease is renewed, so that a kill loses none of it."""

    def __init__(self, facts: Facts, heard_until: Instant | None, now: Instant) -> None:
        """Deaf at first: since ``heard_until``, where an intake ran before."""
        self._facts = facts
        kept = facts.get(GAPS_FACT)
        self._gaps: list[Gap] = msgspec.json.decode(kept, type=list[Gap]) if kept else []
        since = now if heard_until is None else min(heard_until, now)
        while self._gaps and self._gaps[-1][1] >= since:
            since = min(since, self._gaps.pop()[0])
        self._present: Gap | None = (since, now)
        self._kept_at = 0

    def __call__(self) -> list[Gap]:
        """Oldest first, apart from each other; the last one ends at the newest ``look`` where it goes on."""
        return [*self._gaps, self._present] if self._present else self._gaps

    def missed(self, since: Instant, now: Instant) -> None:
        """What was said in this time is not taken in yet, though the broker has it. To be followed by a look."""
        since = min(since, self._present[0]) if self._present else since
        self._present = (max(since, self._gaps[-1][1]) if self._gaps else since, now)

    def look(self, connected: bool, now: Instant) -> None:
        """To be told at every turn."""
        if connected and self._present is None:
            return
        self._present = (self._present[0] if self._present else now, now)
        if connected or now - self._kept_at >= RENEW_EVERY:
            recent = thinned([gap for gap in self() if gap[1] > now - GAPS_KEPT])
            self._facts.put(GAPS_FACT, msgspec.json.encode(recent))
            self._kept_at = now
            if connected:
                self._gaps, self._present = recent, None


class Intaking:
    """The loop: a batch, or a turn of timers, orders, announcements and the lease."""

    def __init__(
        self,
        ear: Ear,
        inbox: SqlInbox,
        facts: Facts,
        intake: Intake,
        timers: Timers,
        announcing: Announcing,
        asking: Asking,
        world: WatchedWorld,
        deaf: DeafTimes,
        leases: Leases,
        lease: Lease,
        clock: SystemClock,
        figures: Path,
        fitting: Fitting,
    ) -> None:
        self._fitting = fitting
        self._figures = figures
        self._ear = ear
        self._inbox = inbox
        self._facts = facts
        self._deaf = deaf
        self._intake = intake
        self._timers = timers
        self._announcing = announcing
        self._asking = asking
        self._world = world
        self._leases = leases
        self._lease = lease
        self._clock = clock
        self._waits_since = clock.now()
        self._caught_up = False
        self._changed: set[DeviceId] = set()
        self._is_settled = True
        self._unarmed: list[DeviceId] | None = None
        self._troubles: dict[str, str] = {}
        self._renewed = 0
        self._tidied = clock.now()
        self._turned = 0

    def listen(self, stop: threading.Event) -> None:
        """Until ``stop``. Raises StaleEpoch."""
        self._with_patience(self._begin, stop)
        hurry()
        gc.disable()
        more_due = False
        while not stop.is_set():
            connected = self._ear.connected
            batch = self._ear.next_batch(0 if more_due else TURN_SECONDS)
            self._tidy(idle=batch is None)
            if batch is not None:
                accept = partial(self._intake.accept, batch, self._what_came_since, partial(self._breathe, stop))
                self._with_patience(accept, stop)
                if self._inbox.take_news():
                    self._with_patience(partial(self._guarded, self._announcing.publish), stop)
            elif connected:
                self._caught_up = True
            now = self._clock.now()
            if batch is None or now - self._turned >= TURN_SECONDS * SECOND:
                self._turned = now
                more_due = self._with_patience(self._turn, stop) == DEVICES_A_TURN

    def _what_came_since(self) -> Batch | None:
        return self._ear.next_batch(0)

    def _breathe(self, stop: threading.Event) -> bool:
        """Between two portions of a storm: what is committed is announced, and the rest has its turns."""
        if self._inbox.take_news():
            self._with_patience(partial(self._guarded, self._announcing.publish), stop)
        if self._clock.now() - self._turned >= TURN_SECONDS * SECOND:
            self._turned = self._clock.now()
            self._with_patience(self._turn, stop)
        return not stop.is_set()

    def _begin(self) -> None:
        """Registered devices are armed; where rules or directory are other than last time, all are looked at anew. The
        site of a compound is done before the first batch; of a town, what is left does not keep an alarm waiting."""
        if self._facts.get(BOOK_FACT) != fingerprint_of(self._world()):
            self._changed.update(self._inbox.known())
            self._is_settled = False
        until = self._clock.now() + BEGIN_WITHIN
        while self._guarded(self._bring_on) and self._clock.now() < until:
            pass

    def _follow_directory(self) -> bool:
        """What changed is kept in mind until it is done: the database may not answer half-way."""
        book = self._world().book
        if (changed := self._world.refresh()) is not None:
            self._fitting.suit(self._intake)
            # Other rules concern every device, and are brought to a few at a turn: what arrives does not wait for it.
            self._changed.update(changed if self._world().book is book else self._inbox.known())
            self._is_settled, self._unarmed = False, None
        return self._bring_on()

    def _bring_on(self) -> bool:
        """Some of the devices to be armed, and of those to be brought to changed rules or facts; whether more are
        left."""
        if self._unarmed is None:
            self._unarmed = self._timers.unarmed()
        if self._unarmed:
            self._timers.arm(self._unarmed[-RECONCILED_A_TURN:])
            del self._unarmed[-RECONCILED_A_TURN:]
        if not self._is_settled:
            some = list(islice(self._changed, RECONCILED_A_TURN))
            self._timers.reconcile(some)
            self._changed.difference_update(some)
            self._is_settled = not self._changed
            if self._is_settled:
                self._facts.put(BOOK_FACT, fingerprint_of(self._world()))
        return bool(self._unarmed or not self._is_settled)

    def _follow_profiles(self) -> None:
        self._fitting.put_on(self._intake)

    def _turn(self) -> int:
        """One look at everything that is not an arrival; how many devices' timers ran."""
        now = self._clock.now()
        if now - self._renewed >= RENEW_EVERY:
            if not self._leases.renew(self._lease, now):
                raise StaleEpoch(f"intake epoch {self._lease.epoch} was taken over")
            self._renewed = now
            leave_snapshot(metrics.INTAKE, self._figures)
        connected = self._ear.connected
        metrics.BROKER_CONNECTED.set(connected)
        self._deaf.look(connected, now)
        self._guarded(self._follow_profiles)
        is_more_left = self._guarded(self._follow_directory)
        self._guarded(self._timers.carry_out_orders)
        self._guarded(self._intake.rereading.carry_out)
        self._guarded(self._announcing.publish)
        self._guarded(self._announcing.settle)
        ran = 0
        if self._caught_up or now - self._waits_since > CATCH_UP:
            self._guarded(self._ask)
            ran = self._guarded(self._timers.run_due) or 0
        return DEVICES_A_TURN if is_more_left else ran

    def _ask(self) -> int:
        return self._asking.publish(self._intake.asks)

    def _guarded(self, work: Callable[[], int | None]) -> int | None:
        """An error of ours in what is not an arrival must not end the process: it would come again at every start, and
        stand before every alarm. Told to the log once. Raises Unavailable."""
        name = work.__name__
        try:
            done = work()
        except Unavailable:
            raise
        except Exception as error:
            metrics.ACCEPTANCE_FAILURES.labels(type(error).__name__).inc()
            if self._troubles.get(name) != str(error):
                self._troubles[name] = str(error)
                log.exception("%s failed; it is tried again, and what arrives is taken in all the same", name)
            return None
        self._troubles.pop(name, None)
        return done

    def _tidy(self, *, idle: bool) -> None:
        """Python's search for garbage in cycles visits every value of every device: 20 ms with 10,000 devices, and a
        third of all time under load (measured). Almost nothing here is cyclic, so it waits for an idle moment."""
        since = self._clock.now() - self._tidied
        if since > (TIDY_WHEN_IDLE if idle else TIDY_AT_LEAST):
            gc.collect()
            self._tidied = self._clock.now()

    def _with_patience(self, work: Callable[[], int | None], stop: threading.Event) -> int | None:
        """Does it, again and again while the state database does not answer; nothing is acknowledged meanwhile."""
        failing_since: Instant | None = None
        for attempt in count():
            try:
                done = work()
                if failing_since is not None:
                    # Meanwhile the broker kept what devices said: no silence of theirs, and timers wait for it again.
                    self._waits_since, self._caught_up = self._clock.now(), False
                    self._deaf.missed(failing_since, self._waits_since)
                return done
            except StaleEpoch:
                raise
            except Unavailable as error:
                failing_since = failing_since or self._clock.now()
                metrics.ACCEPTANCE_FAILURES.labels(type(error).__name__).inc()
                log.error("%s; nothing is acknowledged until it answers, trying again", error)
                if stop.wait(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]):
                    return None
        return None


def _take_lease(leases: Leases, clock: SystemClock, stop: threading.Event) -> tuple[Lease, Instant | None] | None:
    """The lease, and until when its last holder listened. Waits while another intake holds it, and while the state
    database does not answer. None: ``stop``."""
    said = ""
    while not stop.is_set():
        try:
            heard_until = leases.pulse(INTAKE)
            lease = leases.take(INTAKE, holder_name(), clock.now())
        except Unavailable as error:
            waits_for = f"{error}; intake cannot begin, trying again"
        else:
            if lease is not None:
                metrics.LEASE_EPOCH.set(lease.epoch)
                return lease, heard_until
            waits_for = "another intake holds the lease; standing by"
        if waits_for != said:
            log.warning("%s", waits_for)
            said = waits_for
        stop.wait(STANDBY_SECONDS)
    return None
