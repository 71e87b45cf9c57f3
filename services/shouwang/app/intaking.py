"""Intake's one thread: what arrives, and between two batches timers, orders, changed rules, announcements."""

import gc
import hashlib
import logging
import threading
from collections.abc import Callable
from functools import partial
from itertools import count, islice
from pathlib import Path

import msgspec

from shouwang import metrics
from shouwang.app.clock import SystemClock
from shouwang.app.deaf_times import DeafTimes
from shouwang.app.equipment import Equipment
from shouwang.app.pace import hurry
from shouwang.app.reload import Loaded
from shouwang.domain.errors import StaleEpoch, Unavailable
from shouwang.domain.vocabulary import SECOND, DeviceId, Instant
from shouwang.flows.announcing import Announcing
from shouwang.flows.asking import Asking
from shouwang.flows.intake import Intake
from shouwang.flows.timers import DEVICES_A_TURN, Timers
from shouwang.flows.world import World
from shouwang.metrics import leave_snapshot
from shouwang.mqtt.ear import Ear
from shouwang.ports import Batch
from shouwang.store.directory import SqlDirectory
from shouwang.store.facts import Facts
from shouwang.store.inbox import SqlInbox
from shouwang.store.leases import RENEW_EVERY, Lease, Leases

log = logging.getLogger(__name__)

TURN_SECONDS = 0.2
"""At most this long between two looks at timers and orders; what arrives is taken at once."""

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


def fingerprint_of(world: World) -> bytes:
    """Changes with any rule, and with the directory."""
    seen = (world.community.revision, [(rule.id, rule.version) for rule in world.book.rules])
    return hashlib.sha256(repr(seen).encode()).hexdigest().encode()


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
