"""A compound with a case or two in a real state database, and the window onto it: for tests of the API and its page.

Cases are made by the product's own decisions (an alert is planned and folded into its incident as intake does), so that
the rows look as they do in service; only what the ear and dispatch would bring is written by hand.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from argon2 import PasswordHasher

from shouwang.api.doors import Demo, Readiness, Window
from shouwang.api.stream import Tail
from shouwang.app.equipment import CurrentWorld, Equipment
from shouwang.app.paper import Paper
from shouwang.codecs.expression import expressions
from shouwang.domain.access import Role
from shouwang.domain.alert import Alert, AlertClass
from shouwang.domain.alerting import plan_alert
from shouwang.domain.decode import Interpreter
from shouwang.domain.duty import Contact, Person, PostHolder, SiteFacts, Zone
from shouwang.domain.escalation import Match, Milestone, Policy, Step
from shouwang.domain.incident import Incident
from shouwang.domain.joining import fold
from shouwang.domain.journal import Entry
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.notice import Delivery, DeliveryState, Why
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.profile import Profile
from shouwang.domain.pulse import ChannelState, Fare
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.standing import Change, DeviceFacts, DeviceState, Evidence, Newest, Transition
from shouwang.domain.vocabulary import (
    SECOND,
    DeliveryKey,
    DeviceId,
    Instant,
    Kind,
    NoticeId,
    PersonId,
    PlaceId,
    Reading,
    Severity,
)
from shouwang.flows.answering import Answering
from shouwang.flows.discovery import Discovery
from shouwang.flows.holding import Holding
from shouwang.flows.installing import Installing
from shouwang.registry.checklists import load_checklists
from shouwang.registry.rules import load_rules
from shouwang.registry.spreadsheet import spreadsheet
from shouwang.store.attachments import Attachments
from shouwang.store.board import SqlBoard
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.holds import SqlHolds
from shouwang.store.journal import SqlJournal
from shouwang.store.photos import DevicePhotos
from shouwang.store.plans import SqlPlans
from shouwang.store.replies import SqlReplies
from shouwang.store.tables import device_states, discovered, links, quarantine
from shouwang.store.tokens import SqlTokens
from shouwang.store.transactions import SqlCasebook
from shouwang.store.users import SqlUsers
from shouwang.store.visits import SqlVisits
from shouwang.timeseries.sqlite import SqliteReadings

from .acting import Acting

LINK_SECRET = bytes(range(32))
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
START = parse_rfc3339("2026-11-24T02:14:07+08:00")
COMPOUND = PlaceId("chengjiang/dongmen/jinyuan")
ROOM = PlaceId(f"{COMPOUND}/b3/u2/f5/501")
ABOVE = PlaceId(f"{COMPOUND}/b3/u2/f6/601")
ELSEWHERE = PlaceId(f"{COMPOUND}/b7/u1/f2/202")

_RULES = """
rule: smoke-alarm
title: {zh: 烟雾报警, en: Smoke alarm}
severity: critical
when: {is: {metric: smoke, value: true}}
examples: [{readings: [{at: 0s, smoke: true}], expect: [{at: 0s, raised: critical}]}]
---
rule: device-fault
title: {zh: 设备故障, en: Device fault}
severity: medium
when: {is: {metric: fault, value: true}}
examples: [{readings: [{at: 0s, fault: true}], expect: [{at: 0s, raised: medium}]}]
"""


class StillClock:
    """Stands until a test moves it."""

    def __init__(self, at: Instant = START) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += round(seconds * SECOND)


class Site:
    """The compound, its state database, and the hands that make things happen in it."""

    def __init__(
        self, database: Database, data_dir: Path, profiles: Mapping[str, Profile], at: Instant = START
    ) -> None:
        self.clock = StillClock(at)
        self.data_dir = data_dir
        self.database = database
        self.profiles = profiles
        self.directory = SqlDirectory(database, self.clock.now)
        self.board = SqlBoard(database)
        self.casebook = SqlCasebook(database)
        self.journal = SqlJournal(database)
        self.tokens = SqlTokens(database)
        self.users = SqlUsers(database, CHEAP)
        self.readings = SqliteReadings(data_dir / "readings.sqlite")
        self.tail = Tail(self.journal, poll=0.05)
        (data_dir / "test.yaml").write_text(_RULES, encoding="utf-8")
        book = RuleBook(load_rules(data_dir / "test.yaml"), expressions=expressions(), minds_consent=True)
        self.equipment = Equipment(Interpreter([], []), profiles, book, (), rule_folders=[data_dir / "test.yaml"])
        self.ready = Readiness(
            ok=True,
            reasons=[],
            proven_at=at,
            took=400_000,
            channels={"webhook": Fare(state=ChannelState.ALIVE, used=True)},
        )
        self.respond = Acting(self.casebook, self.directory, self.clock, wake=self.tail.wake)
        self.suggest = Discovery(lambda: self.equipment.interpreter, self.equipment.codecs.run)
        self._seen = 0
        self.directory.change(_compound())

    def window(self, demo: Demo | None = None) -> Window:
        return Window(
            board=self.board,
            respond=self.respond,
            answers=Answering(self.casebook, self.board, self.directory, self.respond, self.clock),
            link_secret=LINK_SECRET,
            casebook=self.casebook,
            holding=Holding(self.casebook, CurrentWorld(self.directory, self.equipment), self.clock),
            holds=SqlHolds(self.database),
            directory=self.directory,
            readings=self.readings,
            journal=self.journal,
            tail=self.tail,
            tokens=self.tokens,
            users=self.users,
            replies=SqlReplies(self.database),
            profiles=lambda: self.profiles,
            rules=lambda: self.equipment.follow(self.directory.community()).rules,
            examine=self.equipment.examine,
            written=self.equipment.written,
            world=CurrentWorld(self.directory, self.equipment),
            world_at=lambda at: self.equipment.world_at(self.directory.community_at(at)),
            policies=list,
            readiness=lambda: self.ready,
            metrics_text=lambda: "# HELP shouwang_up 1\n",
            clock=self.clock,
            installing=Installing(self.casebook, self.directory, self.clock, wake=self.tail.wake),
            visits=SqlVisits(self.database),
            sheets=Paper(self.equipment),
            suggest=self.suggest,
            checklists=load_checklists,
            spreadsheet=spreadsheet,
            attachments=Attachments(self.data_dir / "files"),
            photos=DevicePhotos(self.database),
            plans=SqlPlans(self.database),
            demo=demo,
        )

    def token(self, role: Role, place: PlaceId | None = None, person: str | None = None) -> str:
        return self.tokens.create(
            role=role,
            name=f"{role}-desk",
            now=self.clock.now(),
            place=place,
            person=PersonId(person) if person else None,
        )

    def alarm(
        self, device: str, *, rule: str = "smoke-alarm", change: Change = Change.RAISED
    ) -> tuple[Alert, Incident]:
        """An alarm of a registered device, and the incident that it opens or joins."""
        now, community = self.clock.now(), self.directory.community()
        known = community.devices[DeviceId(device)]
        wanted = next(one for one in self.equipment.book.rules if one.id == rule)
        metric = wanted.metrics[0]
        transition = Transition(
            rule=rule,
            subject=device,
            change=change,
            severity=wanted.severity,
            at=now - 200_000,
            evidence=[Evidence(metric, change is Change.RAISED, now - 200_000)],
            sentence={"zh": f"{wanted.title['zh']}：{metric} = 真", "en": f"{metric} is true"},
        )
        facts = DeviceFacts(device=known.id, kind=Kind.SMOKE, place=known.place)
        with self.casebook.change() as transaction:
            planned = plan_alert(
                transaction.open_alert(rule, device), wanted, transition, facts, received_at=now - 60_000, now=now
            )
            assert planned is not None
            alert, entries = planned
            own = transaction.incident(alert.incident) if alert.incident else None
            group = (
                f"danger:{known.place.rpartition('/f')[0]}"
                if wanted.klass is AlertClass.FIRE
                else f"test:{known.place}"
            )
            found = own or transaction.open_incident(group, now - 20 * SECOND)
            incident, notices, more = fold(
                found, alert, transition, community=community, policies=community.policies, pack="test", now=now
            )
            alert = msgspec.structs.replace(alert, incident=incident.id)
            transaction.keep_alert(alert)
            transaction.keep_incident(incident)
            for notice in notices:
                transaction.make_notice(notice)
            for entry in [*entries, *more]:
                transaction.record(msgspec.structs.replace(entry, incident=incident.id))
        self.tail.wake()
        return alert, incident

    def told(self, incident: Incident, person: str, state: DeliveryState, *, after: float = 0.3) -> Delivery:
        """One person as dispatch would have told them, ``after`` seconds from now."""
        self._seen += 1
        now = self.clock.now()
        sent = now + round(after * SECOND) if state not in (DeliveryState.QUEUED, DeliveryState.REFUSED) else None
        delivery = Delivery(
            key=DeliveryKey(f"{incident.id}.1.{person}.{self._seen}"),
            notice=NoticeId(f"{incident.id}.1"),
            incident=incident.id,
            person=PersonId(person),
            channel="webhook",
            contact=0,
            why=Why.FIRST,
            state=state,
            created_at=now,
            due_at=now,
            attempts=1,
            step=0,
            sent_at=sent if state is not DeliveryState.UNREACHABLE else None,
            answered_at=sent if state is DeliveryState.ANSWERED else None,
            detail="connect timeout" if state is DeliveryState.UNREACHABLE else "",
        )
        with self.casebook.change() as transaction:
            transaction.keep_delivery(delivery)
            transaction.record(
                Entry(
                    at=sent or now,
                    kind=f"delivery.{state}",
                    incident=incident.id,
                    place=incident.place,
                    body={"person": person, "channel": "webhook"},
                )
            )
        return delivery

    def heard(self, device: str, ago: float = 60, **values: bool | float | str) -> None:
        """What a device said last."""
        at = self.clock.now() - round(ago * SECOND)
        state = DeviceState(heard_at=at, values={name: Newest(value, at, at) for name, value in values.items()})
        row = {"device": device, "heard_at": at, "due_at": None, "state": msgspec.msgpack.encode(state)}
        with self.database.write() as connection:
            connection.execute(self.database.upsert(device_states, "device"), row)
        self.readings.write([Reading(DeviceId(device), name, value, at, at) for name, value in values.items()])

    def link(self, behind: Mapping[str, str]) -> None:
        """Through which gateway's address devices were heard."""
        with self.database.write() as connection:
            rows = [{"device": device, "gateway": gateway} for device, gateway in behind.items()]
            connection.execute(self.database.upsert(links, "device"), rows)

    def remember(self, device: str, state: DeviceState) -> None:
        """A device's state row as intake leaves it."""
        body = msgspec.msgpack.encode(state)
        row = {"device": device, "heard_at": state.heard_at, "due_at": state.due_at, "state": body}
        with self.database.write() as connection:
            connection.execute(self.database.upsert(device_states, "device"), row)

    def stray(self, reason: str, payload: bytes = b"{") -> None:
        """A message in quarantine, and the device it came from."""
        now = self.clock.now()
        topic = f"zigbee2mqtt/0x{reason}"
        with self.database.write() as connection:
            row = {"at": now, "topic": topic, "payload": payload, "size": len(payload), "reason": reason}
            connection.execute(quarantine.insert(), {**row, "detail": "found {", "family": "zigbee2mqtt", "device": ""})
            found = {
                "address": f"zigbee2mqtt:0x{reason}",
                "first_at": now,
                "last_at": now,
                "profile": "",
                "model": "X1",
            }
            connection.execute(
                self.database.upsert(discovered, "address"), {**found, "kind": "", "topic": topic, "payload": payload}
            )


@contextmanager
def site_on(url: str, data_dir: Path, profiles: Mapping[str, Profile]) -> Iterator[Site]:
    """A fresh site on a state database URL."""
    database = Database(url)
    database.create()
    site = Site(database, data_dir, profiles)
    try:
        yield site
    finally:
        site.readings.close()
        database.close()


def _compound() -> Sequence[object]:
    places = [
        ("chengjiang", PlaceKind.SUB_DISTRICT, "城江街道"),
        ("chengjiang/dongmen", PlaceKind.COMMUNITY, "东门社区"),
        (COMPOUND, PlaceKind.COMPOUND, "金源小区"),
    ]
    for building, units in (("b3", ("u1", "u2")), ("b7", ("u1",))):
        places.append((f"{COMPOUND}/{building}", PlaceKind.BUILDING, f"{building[1:]}号楼"))
        for unit in units:
            places.append((f"{COMPOUND}/{building}/{unit}", PlaceKind.UNIT, f"{unit[1:]}单元"))
            for floor in range(1, 12):
                path = f"{COMPOUND}/{building}/{unit}/f{floor}"
                places.append((path, PlaceKind.FLOOR, f"{floor}层"))
                places.extend(
                    (f"{path}/{floor}0{room}", PlaceKind.DWELLING, f"{floor}0{room}") for room in (1, 2, 3, 4)
                )
    people = [
        Person(id=PersonId(id), name=name, phone="+8613800000000", channels=[Contact(kind="webhook", url="http://x")])
        for id, name in (("wang", "王测试"), ("zhang", "张测试"), ("zhao", "赵测试"), ("zhou", "周测试"))
    ]
    posts = [("wang", "desk_operator"), ("zhang", "patrol"), ("zhao", "building_leader"), ("zhou", "branch_secretary")]
    steps = [
        Step(tell=["post:desk_operator", "post:patrol", "post:building_leader"]),
        Step(after="60s", unless=Milestone.ACKNOWLEDGED, tell=["post:property_manager"]),
        Step(after="180s", unless=Milestone.VERIFIED, tell=["post:branch_secretary"]),
        Step(after="300s", unless=Milestone.ON_SCENE, tell=["post:community_officer"]),
    ]
    devices = [
        ("smoke-501", ROOM, "heiman-hs1sa", "厨房烟感"),
        ("smoke-601", ABOVE, "heiman-hs1sa", "客厅烟感"),
        ("smoke-202", ELSEWHERE, "heiman-hs1sa", ""),
    ]
    return [
        SiteFacts(fallback=PersonId("wang")),
        *(Place(id=PlaceId(id), kind=kind, name=name) for id, kind, name in places),
        *people,
        *(PostHolder(place=COMPOUND, post=post, person=PersonId(person)) for person, post in posts),
        Zone(
            id="jinyuan-east",
            name="东责任区",
            places=[PlaceId(f"{COMPOUND}/b3")],
            members=[PersonId("wang"), PersonId("zhao")],
            fallback=PersonId("wang"),
        ),
        Policy(id="fire", match=Match(severity=[Severity.CRITICAL]), steps=steps),
        *(
            Device(id=DeviceId(id), profile=profile, address=f"zigbee2mqtt:0x{id}", place=place, name=name)
            for id, place, profile, name in devices
        ),
    ]
