"""Plays registered devices on the broker: what a quiet compound says, or one alarm."""

import logging
import os
import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack

from shouwang.app.clock import SystemClock
from shouwang.app.equipment import Equipment, load_equipment, tls_of
from shouwang.app.supervisor import die_with_parent
from shouwang.domain.community import Community
from shouwang.domain.errors import NotFound
from shouwang.domain.place import Device
from shouwang.domain.vocabulary import DeviceId, Kind
from shouwang.flows.rehearse import Spoken, alarm_message, calm_message
from shouwang.mqtt.address import parse_address
from shouwang.mqtt.wakeup import Wakeup
from shouwang.ports import Settled
from shouwang.settings import Settings
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory

log = logging.getLogger(__name__)

CONNECT_SECONDS = 30.0
FIRST_TURN_SECONDS = 2.0


def play_calm(settings: Settings, every: float) -> None:
    """Each device reports once in ``every`` seconds, spread evenly, until SIGTERM."""
    die_with_parent()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with ExitStack() as doors:
        stage = Stage(settings, doors)
        turn = 0
        while not stop.is_set():
            devices = list(stage.community().devices.values())
            for device in devices:
                stage.say(calm_message(device, stage.kind(device), turn))
                # Everybody is heard once at the start, so that a demo does not begin with unheard devices.
                if stop.wait((every if turn else FIRST_TURN_SECONDS) / len(devices)):
                    return
            turn += 1
            if not devices:
                stop.wait(1.0)


def play_alarms(settings: Settings, devices: Sequence[str]) -> None:
    """Each named device alarms once. Raises NotFound for one that is not registered or has no alarm."""
    with ExitStack() as doors:
        stage = Stage(settings, doors)
        known = stage.community().devices
        settled = threading.Semaphore(0)
        for id in devices:
            device = known.get(DeviceId(id))
            message = alarm_message(device, stage.kind(device)) if device else None
            if message is None:
                raise NotFound(f"device {id!r} is not registered here, or a device of its kind has no alarm to play")
            stage.say(message, settled.release)
        for _ in devices:
            settled.acquire(timeout=CONNECT_SECONDS)


class Stage:
    """The devices of the directory, and a connection to the broker on which they speak."""

    def __init__(self, settings: Settings, doors: ExitStack) -> None:
        clock = SystemClock()
        database = Database(settings.state_url, checkpoints=False)
        doors.callback(database.close)
        self._directory = SqlDirectory(database, clock.now)
        self._equipment: Equipment = load_equipment(settings)
        self._link = Wakeup(
            parse_address(settings.broker_url),
            client_id=f"{settings.mqtt_client_id}-simulated-devices-{os.getpid()}",
            clock=clock,
            filters=[],
            on_message=lambda _topic, _payload: None,
            tls=tls_of(settings),
        )
        self._link.start()
        doors.callback(self._link.stop)
        self._link.wait_connected(CONNECT_SECONDS)

    def community(self) -> Community:
        return self._directory.community()

    def kind(self, device: Device) -> Kind:
        profile = self._equipment.profiles.get(device.profile)
        return profile.kind if profile else Kind.OTHER

    def say(self, message: Spoken, done: Settled = lambda: None) -> None:
        self._link.publish(message.topic, message.payload, retain=message.retain, done=done)
