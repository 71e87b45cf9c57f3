"""A state database, HTTP phones and the dispatch of one process after another, with a clock that is moved."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from harness.phones import Call, Exchange
from shouwang.channels.webhook import Webhook
from shouwang.domain.alert import Alert, AlertClass, AlertState
from shouwang.domain.community import rows
from shouwang.domain.escalation import Policy, Step
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery, Notice, Why
from shouwang.domain.vocabulary import (
    AlertId,
    DeviceId,
    Duration,
    IncidentId,
    Instant,
    NoticeId,
    PlaceId,
    Severity,
)
from shouwang.flows.dispatch import Dispatch
from shouwang.registry.community import parse_community
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.journal import SqlJournal
from shouwang.store.outbox import SqlOutbox
from shouwang.store.transactions import SqlCasebook

HOME = "street/estate/jinyuan/b3/u2/f5/501"
COMMUNITY = """
site: {fallback: chief, timezone: Asia/Shanghai}
places:
  - {id: street/estate/jinyuan, kind: compound, name: 锦苑}
  - {id: street/estate/jinyuan/b3, kind: building, name: 3号楼}
  - {id: street/estate/jinyuan/b3/u2, kind: unit, name: 2单元}
  - {id: street/estate/jinyuan/b3/u2/f5/501, kind: dwelling, name: 501室}
people:
  - {id: guard, name: 甲某某, phone: "+8610000000001", channels: [{kind: webhook, url: "{guard}", secret: s3cret}]}
  - {id: patrol.2, name: 乙某某, phone: "+8610000000002", channels: [{kind: webhook, url: "{patrol}"}, {kind: webhook, url: "{patrol-spare}"}]}
  - {id: secretary, name: 丙某某, language: en, channels: [{kind: webhook, url: "{secretary}"}]}
  - {id: chief, name: 丁某某, channels: [{kind: webhook, url: "{chief}"}]}
  - {id: paper, name: 戊某某, channels: [{kind: pager, url: "123"}]}
posts:
  - {place: street/estate/jinyuan, post: desk_operator, person: guard}
  - {place: street/estate/jinyuan, post: patrol, person: patrol.2}
  - {place: street/estate/jinyuan, post: branch_secretary, person: secretary}
zones:
  - {id: east, kind: party, places: [street/estate/jinyuan/b3], members: [secretary], fallback: chief}
"""  # noqa: E501
POLICY = Policy(
    id="fire",
    steps=[
        Step(tell=["post:desk_operator", "post:patrol"]),
        Step(after="60s", unless="acknowledged", tell=["post:branch_secretary"]),  # type: ignore[arg-type]
    ],
)


class MovedClock:
    def __init__(self) -> None:
        self.at: Instant = time.time_ns() // 1000

    def now(self) -> Instant:
        return self.at


class Office:
    """A state database, phones, and the dispatch of one process after another."""

    def __init__(self, state: str, phones: Exchange) -> None:
        self.phones = phones
        self.clock = MovedClock()
        self.database = Database(state)
        self.database.create()
        self.casebook = SqlCasebook(self.database)
        self.outbox = SqlOutbox(self.database)
        self.directory = SqlDirectory(self.database, self.clock.now)
        self.journal = SqlJournal(self.database)
        text = COMMUNITY
        for name in ("guard", "patrol", "patrol-spare", "secretary", "chief"):
            text = text.replace(f"{{{name}}}", phones.url(name))
        reading = parse_community(text, "community.yaml")
        assert reading.problems == []
        self.directory.change([reading.community.site, *rows(reading.community)])
        self.webhook = Webhook(self.clock, seconds=1.0)
        self.dispatch = self.process("one")

    def process(self, holder: str, **given: Any) -> Dispatch:
        settings: dict[str, Any] = {
            "casebook": self.casebook,
            "outbox": self.outbox,
            "channels": {"webhook": self.webhook},
            "link": lambda key: f"https://watch.example.org/a/{key}",
            **given,
        }
        return Dispatch(directory=self.directory, clock=self.clock, holder=holder, **settings)

    def opens(self, id: str = "i1", *tell: str, why: Why = Why.FIRST, **facts: Any) -> Incident:
        """An incident with one alert and one notice, as intake leaves them."""
        now = self.clock.now()
        alert = Alert(
            id=AlertId(f"{id}-a"),
            rule="smoke",
            title={"zh": "烟雾报警", "en": "Smoke alarm"},
            klass=AlertClass.FIRE,
            severity=Severity.CRITICAL,
            state=AlertState.UNACKED,
            subject=f"{id}-d",
            device=DeviceId(f"{id}-d"),
            kind="smoke",
            place=PlaceId(HOME),
            raised_at=now,
            received_at=now,
            committed_at=now,
            incident=IncidentId(id),
        )
        given: dict[str, Any] = {
            "id": IncidentId(id),
            "group": id,
            "klass": AlertClass.FIRE,
            "state": IncidentState.OPEN,
            "severity": Severity.CRITICAL,
            "title": alert.title,
            "place": PlaceId("street/estate/jinyuan/b3/u2"),
            "opened_at": now,
            "armed_at": now,
            "policy": POLICY,
            "zone": "east",
            "alerts": [alert.id],
            "notices": 1,
            **facts,
        }
        incident = Incident(**given)
        with self.casebook.change() as change:
            change.keep_alert(alert)
            change.keep_incident(incident)
        self.tells(incident, why, *(tell or POLICY.steps[0].tell), step=0, alert=alert.id, number=1)
        return incident

    def tells(self, incident: Incident, why: Why, *tell: str, number: int, **more: Any) -> Notice:
        notice = Notice(
            id=NoticeId(f"{incident.id}.{number}"),
            incident=incident.id,
            why=why,
            tell=list(tell),
            created_at=self.clock.now(),
            **more,
        )
        with self.casebook.change() as change:
            change.make_notice(notice)
        return notice

    def becomes(self, id: str, **facts: Any) -> None:
        with self.casebook.change() as change:
            incident = change.incident(IncidentId(id))
            assert incident is not None
            change.keep_incident(msgspec.structs.replace(incident, **facts))

    def deliveries(self, id: str = "i1") -> dict[str, Delivery]:
        with self.casebook.change() as change:
            return {f"{one.person}:{one.contact}:{one.why}": one for one in change.deliveries_of(IncidentId(id))}

    def states(self, id: str = "i1") -> dict[str, str]:
        return {name: one.state.value for name, one in self.deliveries(id).items()}

    def entries(self, kind: str = "") -> list[Entry]:
        return [entry for entry in self.journal.since(0, 10_000) if entry.kind.startswith(kind)]

    async def forward(self, by: Duration) -> None:
        self.clock.at += by
        await self.dispatch.cycle()

    def calls(self, name: str) -> list[Call]:
        return self.phones[name].calls

    @asynccontextmanager
    async def running(self, dispatch: Dispatch | None = None) -> AsyncIterator[Dispatch]:
        dispatch = dispatch or self.dispatch
        stop = asyncio.Event()
        task = asyncio.create_task(dispatch.run(stop))
        await asyncio.sleep(0.05)
        try:
            yield dispatch
        finally:
            stop.set()
            await asyncio.wait_for(task, 10)


async def rings(office: Office, name: str, count: int = 1, *, within: float = 5.0) -> list[Call]:
    return await asyncio.to_thread(office.phones[name].rings, count, within=within)
