"""Intake, composed: the ear's session, the acceptance, timers, announcements; one thread decides."""

import logging
import signal
import threading
from contextlib import ExitStack
from types import FrameType

from shouwang import metrics
from shouwang.app.clock import SystemClock
from shouwang.app.deaf_times import DeafTimes
from shouwang.app.doorbell import Bell
from shouwang.app.equipment import load_equipment, profile_folders, tls_of
from shouwang.app.intaking import Fitting, Intaking, WatchedWorld
from shouwang.app.precaution import InHand
from shouwang.app.reload import ProfileWatch
from shouwang.app.shapes import ready_shapes
from shouwang.app.supervisor import die_with_parent, holder_name, is_alive
from shouwang.domain.errors import StaleEpoch, Unavailable
from shouwang.domain.vocabulary import Instant
from shouwang.flows.announcing import Announcing
from shouwang.flows.asking import Asking
from shouwang.flows.intake import Intake
from shouwang.flows.timers import Timers
from shouwang.mqtt.address import parse_address
from shouwang.mqtt.ear import open_session
from shouwang.ports import Points
from shouwang.settings import Settings, shipped
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.facts import Facts
from shouwang.store.inbox import WINDOW_ARRIVALS, SqlInbox
from shouwang.store.leases import INTAKE, Lease, Leases
from shouwang.store.outbox import SqlAnnouncements

log = logging.getLogger(__name__)

STANDBY_SECONDS = 1.0


def run_intake(settings: Settings, points: Points) -> int:
    """Until SIGTERM. Exit 0; 1 when the lease was lost (the supervisor starts a standby)."""
    die_with_parent()
    ready_shapes()
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
