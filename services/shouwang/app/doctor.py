"""Looks at everything on an alarm's way, for ``diagnose`` to judge."""

import shutil
from contextlib import ExitStack

from shouwang.app.clock import SystemClock
from shouwang.app.equipment import load_equipment, tls_of
from shouwang.app.pulses import noted
from shouwang.app.reach import prove
from shouwang.domain.errors import BrokerUnavailable
from shouwang.flows.canary import newest_proof
from shouwang.flows.diagnosis import Examination
from shouwang.mqtt.address import parse_address
from shouwang.mqtt.broker import find_mosquitto
from shouwang.mqtt.wakeup import Wakeup
from shouwang.settings import Settings
from shouwang.store.board import SqlBoard
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.facts import Facts
from shouwang.store.spool import SqlSpool

ANSWER_SECONDS = 5.0


def examine(settings: Settings) -> Examination:
    """Works while the service runs, and while it does not. Raises StoreUnavailable where the state database does not
    answer: then nothing else can be said."""
    clock = SystemClock()
    with ExitStack() as doors:
        database = Database(settings.state_url, checkpoints=False)
        doors.callback(database.close)
        community = SqlDirectory(database, clock.now).community()
        proof = newest_proof(Facts(database))
        channels = noted(Facts(database))
        return Examination(
            community=community,
            profiles=load_equipment(settings).profiles,
            states=SqlBoard(database).states(list(community.devices)),
            now=clock.now(),
            broker_problem=_broker_problem(settings, clock),
            broker_warning=_broker_warning(settings),
            proven_at=proof.sent_at if proof else None,
            spool_oldest=SqlSpool(database).backlog()[1],
            free_bytes=shutil.disk_usage(settings.data_dir).free,
            site_fallback=settings.site_fallback,
            public_url=settings.public_url,
            channels=channels.fares if channels else {},
            channels_at=channels.at if channels else None,
            link_problem=prove(settings.public_url, Facts(database), clock.now()) if settings.public_url else "",
        )


def _broker_problem(settings: Settings, clock: SystemClock) -> str:
    link = Wakeup(
        parse_address(settings.broker_url),
        client_id=f"{settings.mqtt_client_id}-doctor",
        clock=clock,
        filters=[],
        on_message=lambda _topic, _payload: None,
        tls=tls_of(settings),
    )
    link.start()
    try:
        link.wait_connected(ANSWER_SECONDS)
    except BrokerUnavailable as error:
        return str(error)
    finally:
        link.stop()
    return ""


def _broker_warning(settings: Settings) -> str:
    if settings.broker is None and find_mosquitto() is None:
        return "the try-out broker forgets everything on restart, and has no access control"
    return ""
