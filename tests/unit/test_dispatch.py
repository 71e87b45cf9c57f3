"""Dispatch on a real state database with real HTTP phones: who is told, on which contact, how often, until when."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from harness.phones import Call, Exchange, Reply, exchange
from shouwang.channels.webhook import Webhook
from shouwang.domain.alert import Alert, AlertClass, AlertState
from shouwang.domain.community import rows
from shouwang.domain.delivery import delivery_key
from shouwang.domain.duty import Contact, Person
from shouwang.domain.escalation import Policy, Step
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery, DeliveryState, Message, Notice, Outcome, Sent, Why
from shouwang.domain.vocabulary import (
    HOUR,
    MINUTE,
    SECOND,
    AlertId,
    DeviceId,
    Duration,
    IncidentId,
    Instant,
    NoticeId,
    PersonId,
    PlaceId,
    Severity,
)
from shouwang.flows import dispatch as flow
from shouwang.flows.dispatch import Dispatch
from shouwang.ports import Channel, Transaction
from shouwang.registry.community import parse_community
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.journal import SqlJournal
from shouwang.store.outbox import SqlOutbox
from shouwang.store.tables import incidents
from shouwang.store.transactions import SqlCasebook

pytestmark = pytest.mark.servers

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


@pytest.fixture
def phones() -> Iterator[Exchange]:
    with exchange() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A state database's URL."""
    return (
        f"sqlite:///{tmp_path}/state.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )


@pytest.fixture
async def office(state: str, phones: Exchange) -> AsyncIterator[Office]:
    made = Office(state, phones)
    yield made
    await made.webhook.close()
    made.database.close()


async def rings(office: Office, name: str, count: int = 1, *, within: float = 5.0) -> list[Call]:
    return await asyncio.to_thread(office.phones[name].rings, count, within=within)


async def test_a_first_notice_reaches_each_person_once_with_the_documented_body(office: Office) -> None:
    incident = office.opens()
    await office.dispatch.cycle()
    (call,) = office.calls("guard")
    assert call.is_signed_by(b"s3cret")
    assert set(call.body) == {
        "id", "why", "incident", "alert", "place", "person", "drill", "test", "url", "sent_at",
    }  # fmt: skip
    assert call.body["id"] == call.key == delivery_key(NoticeId("i1.1"), PersonId("guard"), 0) == "i1-1:guard:0"
    assert call.body["why"] == "first"
    assert call.body["place"] == {"path": HOME, "name": "锦苑 3号楼 2单元 f5 501室"}
    assert call.body["person"] == {"id": "guard"}
    assert call.body["drill"] is False
    assert call.body["test"] is False
    assert call.body["url"] == "https://watch.example.org/a/" + call.key
    assert call.body["sent_at"].endswith("Z")
    assert {
        "id", "state", "severity", "title", "place", "zone", "alerts", "opened_at", "acknowledged_at", "verified_at",
        "finding", "en_route_at", "on_scene_at", "resolved_at", "closed_at", "holder", "outcome", "drill", "timeline",
    } <= set(call.body["incident"])  # fmt: skip
    assert {
        "id", "rule", "title", "severity", "state", "device", "place", "incident", "raised_at", "cleared_at",
        "acknowledged_by", "count", "late", "test",
    } <= set(call.body["alert"])  # fmt: skip
    assert [one["kind"] for one in call.body["incident"]["timeline"]] == ["incident.opened"]
    assert call.body["incident"]["id"] == incident.id
    assert len(office.calls("patrol")) == 1
    assert office.calls("patrol-spare") == office.calls("secretary") == office.calls("chief") == []
    assert office.states() == {"guard:0:first": "sent", "patrol.2:0:first": "sent"}


async def test_neither_messages_nor_journal_hold_names_phones_or_addresses(office: Office) -> None:
    office.phones["guard"].answers(503)
    office.phones["patrol"].answers(404)
    office.opens("i1", "post:desk_operator", "post:patrol", "person:nobody")
    await office.dispatch.cycle()
    written = msgspec.json.encode(office.entries()).decode()
    sent = b"".join(call.raw for call in office.phones.calls).decode()
    for secret in ("某某", "+8610", "s3cret", "http://127", f":{office.phones.port}"):
        assert secret not in written
        assert secret not in sent


async def test_looking_again_tells_nobody_twice(office: Office) -> None:
    office.opens()
    for _ in range(3):
        await office.forward(MINUTE)
    assert len(office.calls("guard")) == len(office.calls("patrol")) == 1


async def test_an_unreachable_contact_is_tried_again_after_1_2_5_15_30_and_then_every_60_seconds(
    office: Office,
) -> None:
    office.phones["guard"].answers(503)
    office.opens("i1", "post:desk_operator")
    await office.dispatch.cycle()
    began, heard = office.clock.now(), [0]
    for _ in range(240):
        before = len(office.calls("guard"))
        await office.forward(SECOND)
        if len(office.calls("guard")) > before:
            heard.append((office.clock.now() - began) // SECOND)
    assert heard == [0, 1, 3, 8, 23, 53, 113, 173, 233]
    assert len({call.key for call in office.calls("guard")}) == 1
    assert office.states() == {"guard:0:first": "unreachable"}
    assert office.deliveries()["guard:0:first"].attempts == 9


async def test_a_gateway_that_asks_for_patience_gets_it(office: Office) -> None:
    office.phones["guard"].answers(Reply(429, {"retry-after": "20"}), 200)
    office.opens("i1", "post:desk_operator")
    await office.dispatch.cycle()
    await office.forward(19 * SECOND)
    assert len(office.calls("guard")) == 1
    await office.forward(2 * SECOND)
    assert len(office.calls("guard")) == 2
    assert office.states() == {"guard:0:first": "sent"}


async def test_retries_end_when_the_incident_is_resolved(office: Office) -> None:
    office.phones["guard"].answers(503)
    office.opens("i1", "post:desk_operator")
    await office.forward(SECOND)
    office.becomes("i1", state=IncidentState.RESOLVED)
    before = len(office.calls("guard"))
    for _ in range(10):
        await office.forward(MINUTE)
    assert len(office.calls("guard")) == before
    assert office.states() == {"guard:0:first": "cancelled"}


async def test_an_unreachable_contact_hands_over_to_the_next_at_once_and_is_still_tried(office: Office) -> None:
    office.phones["patrol"].answers(503, 503, 200)
    office.opens("i1", "post:patrol")
    await office.dispatch.cycle()
    assert len(office.calls("patrol-spare")) == 1
    assert office.states() == {"patrol.2:0:first": "unreachable", "patrol.2:1:first": "sent"}
    await office.forward(SECOND)
    await office.forward(2 * SECOND)
    assert office.states() == {"patrol.2:0:first": "sent", "patrol.2:1:first": "sent"}
    assert len(office.calls("patrol-spare")) == 1
    keys = {call.key for call in [*office.calls("patrol"), *office.calls("patrol-spare")]}
    assert keys == {"i1-1:patrol%2E2:0", "i1-1:patrol%2E2:1"}


async def test_a_refused_contact_hands_over_to_the_next_and_is_never_tried_again(office: Office) -> None:
    office.phones["patrol"].answers(410)
    office.opens("i1", "post:patrol")
    await office.dispatch.cycle()
    await office.forward(HOUR)
    assert len(office.calls("patrol")) == len(office.calls("patrol-spare")) == 1
    assert office.states() == {"patrol.2:0:first": "refused", "patrol.2:1:first": "sent"}


async def test_where_every_delivery_is_refused_the_next_step_comes_at_once_and_the_fallback_is_told(
    office: Office,
) -> None:
    for name in ("guard", "patrol", "patrol-spare"):
        office.phones[name].answers(404)
    office.opens()
    await office.dispatch.cycle()
    assert [call.body["why"] for call in office.calls("secretary")] == ["next_step"]
    assert [call.body["why"] for call in office.calls("chief")] == ["coverage_gap"]
    assert len(office.entries("coverage.gap")) == 1
    await office.forward(HOUR)
    assert len(office.calls("secretary")) == len(office.calls("chief")) == 1


async def test_the_next_step_does_not_wait_for_the_next_look(office: Office) -> None:
    office.phones["guard"].answers(404)
    office.opens("i1", "post:desk_operator")
    async with office.running() as dispatch:
        await rings(office, "secretary", within=2)
        for number in range(2, 6):
            office.opens(f"i{number}", "post:desk_operator")
            began = time.monotonic()
            dispatch.wake()
            await rings(office, "secretary", number, within=2)
            assert time.monotonic() - began < flow.LOOK_SECONDS * 0.8


async def test_one_person_who_can_be_told_is_enough_to_wait_for_the_next_step(office: Office) -> None:
    office.phones["guard"].answers(404)
    office.opens()
    await office.dispatch.cycle()
    assert office.calls("secretary") == office.calls("chief") == []
    assert office.entries("coverage.gap") == []


@pytest.mark.parametrize("target", ["post:engineer", "person:paper", "person:unknown", "roster:none"])
async def test_a_step_that_names_nobody_lets_the_next_one_come_at_once(office: Office, target: str) -> None:
    office.opens("i1", target)
    await office.dispatch.cycle()
    assert [call.body["why"] for call in office.calls("secretary")] == ["next_step"]
    assert [call.body["why"] for call in office.calls("chief")] == ["coverage_gap"]
    (gap,) = office.entries("coverage.gap")
    assert gap.incident == "i1"
    assert "paper" in str(gap.body) or target in str(gap.body)


async def test_those_told_before_are_no_answer_for_the_level_that_a_finding_calls(office: Office) -> None:
    incident = office.opens("i1", "post:desk_operator")
    await office.dispatch.cycle()
    office.becomes("i1", notices=2)
    office.tells(incident, Why.VERIFIED, "told", "post:engineer", step=1, number=2)
    await office.dispatch.cycle()
    assert [call.body["why"] for call in office.calls("guard")] == ["first", "verified"]
    assert [call.body["why"] for call in office.calls("chief")] == ["coverage_gap"]
    assert [entry.body["step"] for entry in office.entries("coverage.gap")] == [1]


async def test_everybody_told_hears_of_the_end_and_nobody_else(office: Office) -> None:
    incident = office.opens()
    await office.dispatch.cycle()
    office.becomes("i1", state=IncidentState.RESOLVED)
    office.tells(incident, Why.STOOD_DOWN, "told", number=2)
    await office.dispatch.cycle()
    for name in ("guard", "patrol"):
        assert [call.body["why"] for call in office.calls(name)] == ["first", "stood_down"]
        assert office.calls(name)[1].body["incident"]["state"] == "resolved"
    assert office.calls("secretary") == office.calls("chief") == []


async def test_a_farewell_is_tried_again_although_its_incident_is_over_but_not_for_ever(office: Office) -> None:
    incident = office.opens("i1", "post:desk_operator")
    await office.dispatch.cycle()
    office.becomes("i1", state=IncidentState.RESOLVED)
    office.phones["guard"].answers(503)
    office.tells(incident, Why.STOOD_DOWN, "told", number=2)
    await office.dispatch.cycle()
    await office.forward(SECOND)
    assert len(office.calls("guard")) == 3
    for _ in range(70):
        await office.forward(MINUTE)
    last = len(office.calls("guard"))
    await office.forward(HOUR)
    assert len(office.calls("guard")) == last
    assert office.states()["guard:0:stood_down"] == "cancelled"


async def test_the_holder_alone_hears_a_repeat(office: Office) -> None:
    incident = office.opens("i1", holder=PersonId("secretary"))
    await office.dispatch.cycle()
    office.tells(incident, Why.REPEAT, "holder", number=2)
    await office.dispatch.cycle()
    assert [call.body["why"] for call in office.calls("secretary")] == ["repeat"]
    assert len(office.calls("guard")) == 1


async def test_an_answer_given_while_the_message_was_under_way_stays_an_answer(office: Office) -> None:
    office.phones["guard"].answers(Reply(200, after=0.3))
    office.opens("i1", "post:desk_operator")
    async with office.running():
        await rings(office, "guard")
        with office.casebook.change() as change:
            (one,) = change.deliveries_of(IncidentId("i1"))
            change.keep_delivery(msgspec.structs.replace(one, state=DeliveryState.ANSWERED, answered_at=1))
        await asyncio.sleep(0.6)
    (one,) = office.deliveries().values()
    assert one.state is DeliveryState.ANSWERED
    assert one.sent_at is not None


async def test_a_gateway_that_hangs_delays_no_other_person(office: Office) -> None:
    office.phones["guard"].hangs()
    for number in range(30):
        office.opens(f"hang{number}", "post:desk_operator")
    async with office.running() as dispatch:
        await asyncio.sleep(0.2)
        office.opens("live", "post:branch_secretary")
        began = time.monotonic()
        dispatch.wake()
        await rings(office, "secretary", within=2)
        assert time.monotonic() - began < 0.5


async def test_a_gateway_that_hangs_does_not_hold_up_other_incidents_of_the_same_person(office: Office) -> None:
    office.phones["patrol"].hangs()
    for number in range(16):
        office.opens(f"i{number}", "post:patrol")
    async with office.running():
        began = time.monotonic()
        await rings(office, "patrol-spare", 16, within=5)
        assert time.monotonic() - began < 1.8, "they hang side by side, not one after the other"


async def test_a_wake_is_heard_at_once_and_without_one_dispatch_looks_by_itself(office: Office) -> None:
    async with office.running() as dispatch:
        await asyncio.sleep(0.1)
        office.opens("i1", "post:desk_operator")
        began = time.monotonic()
        await asyncio.to_thread(dispatch.wake)
        await rings(office, "guard", within=2)
        assert time.monotonic() - began < flow.LOOK_SECONDS / 2
        office.opens("i2", "post:desk_operator")
        await rings(office, "guard", 2, within=flow.LOOK_SECONDS + 1)


async def test_first_notices_leave_before_a_storms_updates(office: Office) -> None:
    incident = office.opens("storm", "post:desk_operator")
    await office.dispatch.cycle()
    for number in range(2, 80):
        office.tells(incident, Why.CLEARED, "post:desk_operator", "post:branch_secretary", number=number)
    office.opens("new", "post:desk_operator")
    await office.dispatch.cycle()
    order = [call.body["why"] for call in office.calls("guard")]
    assert order[0] == "first"
    assert "first" in order[1:10], "it leaves with the first handful, whatever the order of arrival"
    assert len(order) == 80


async def test_one_person_hears_of_one_incident_in_order(office: Office) -> None:
    incident = office.opens("i1", "post:desk_operator")
    office.phones["guard"].answers(*(Reply(200, after=0.05 if n % 2 else 0.0) for n in range(30)))
    for number in range(2, 20):
        office.clock.at += 1
        office.tells(incident, Why.CLEARED, "post:desk_operator", number=number)
    await office.dispatch.cycle()
    keys = [call.key for call in office.calls("guard")]
    assert keys == [f"i1-{number}:guard:0" for number in range(1, 20)]


async def test_a_storm_updates_the_message_that_people_have(office: Office) -> None:
    incident = office.opens("i1", "post:desk_operator")
    for number in range(2, 20):
        office.tells(incident, Why.WORSE, "post:desk_operator", number=number)
    office.clock.at += 1
    await office.dispatch.cycle()
    assert [call.body["why"] for call in office.calls("guard")] == ["first"], "it is written after all that was news"
    office.clock.at += 1
    for number in range(20, 40):
        office.tells(incident, Why.WORSE, "post:desk_operator", "post:branch_secretary", number=number)
    office.clock.at += 1
    await office.dispatch.cycle()
    assert [call.body["why"] for call in office.calls("guard")] == ["first", "worse"]
    assert [call.body["why"] for call in office.calls("secretary")] == ["worse"], "who was not told yet is told once"


async def test_what_a_dead_process_was_sending_is_sent_at_once_under_the_same_key(office: Office) -> None:
    office.opens("i1", "post:desk_operator")
    dying = office.process("host:1:1", points=Breaks("dispatch.expanded"))
    with pytest.raises(Broken):
        await dying.cycle()
    assert office.calls("guard") == []
    (one,) = office.deliveries().values()
    assert one.state is DeliveryState.LEASED
    async with office.running(office.process("host:2:2", is_alive=lambda holder: holder == "host:2:2")):
        (call,) = await rings(office, "guard", within=1)
    assert call.key == one.key


async def test_a_crash_after_the_send_repeats_the_key_and_never_makes_a_second_one(office: Office) -> None:
    office.opens("i1", "post:desk_operator")
    dying = office.process("host:1:1", points=Breaks("dispatch.settled"))
    with pytest.raises(Broken):
        await dying.cycle()
    assert office.states() == {"guard:0:first": "sent"}
    office.opens("i2", "post:desk_operator")
    dying = office.process("host:1:1", casebook=Failing(office.casebook, after=1))
    with pytest.raises(Broken):
        await dying.cycle()
    assert office.states("i2") == {"guard:0:first": "leased"}
    async with office.running(office.process("host:2:2", is_alive=lambda holder: holder != "host:1:1")):
        calls = await rings(office, "guard", 3, within=2)
    assert [call.key for call in calls] == ["i1-1:guard:0", "i2-1:guard:0", "i2-1:guard:0"]


async def test_two_servers_that_see_one_notice_tell_it_once(office: Office) -> None:
    office.opens("i1", "post:desk_operator")
    seen = office.outbox.notices(10)
    late = office.process("two", outbox=StaleOutbox(office.outbox, seen))
    await office.dispatch.cycle()
    await late.cycle()
    assert len(office.calls("guard")) == 1
    assert len(office.entries("notice.expanded")) == 1


async def test_stopping_gives_back_only_what_is_its_own(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "STOP_SECONDS", 0.1)
    office.phones["guard"].hangs()
    office.opens("i1", "post:desk_operator")
    async with office.running():
        await rings(office, "guard")
        with office.casebook.change() as change:
            (one,) = change.deliveries_of(IncidentId("i1"))
            change.keep_delivery(msgspec.structs.replace(one, lease_holder="two"))
    assert office.states() == {"guard:0:first": "leased"}


async def test_where_nobody_knows_the_holder_its_lease_ends_by_itself(office: Office) -> None:
    office.opens("i1", "post:desk_operator")
    with pytest.raises(Broken):
        await office.process("far:1:1", points=Breaks("dispatch.expanded")).cycle()
    await office.forward(29 * SECOND)
    assert office.calls("guard") == []
    office.clock.at += 2 * SECOND
    assert office.outbox.reclaim(office.clock.now()) == 1
    await office.dispatch.cycle()
    assert len(office.calls("guard")) == 1


async def test_outcomes_survive_a_state_database_that_is_away(office: Office) -> None:
    office.opens("i1", "post:desk_operator")
    away = Failing(office.casebook, after=1, times=3)
    async with office.running(office.process("one", casebook=away)):
        await rings(office, "guard")
        await asyncio.sleep(1.8)
    assert away.failed == 3
    assert office.states() == {"guard:0:first": "sent"}
    assert len(office.calls("guard")) == 1


async def test_a_channel_that_raises_or_never_ends_is_unreachable_and_stops_nobody(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "SEND_SECONDS", 0.5)
    channels: dict[str, Channel] = {"webhook": office.webhook, "pager": Rude()}
    office.opens("i1", "person:paper", "post:desk_operator")
    await office.process("one", channels=channels).cycle()
    assert office.states() == {"paper:0:first": "unreachable", "guard:0:first": "sent"}
    assert [entry.body["detail"] for entry in office.entries("delivery.unreachable")] == [
        "the channel failed: ZeroDivisionError"
    ]
    endless: dict[str, Channel] = {"pager": Endless()}
    office.opens("i2", "person:paper")
    await office.process("one", channels=endless).cycle()
    assert office.states("i2") == {"paper:0:first": "unreachable"}


async def test_a_notice_that_cannot_be_expanded_holds_up_no_other(office: Office) -> None:
    for number in range(12):
        office.opens(f"bad{number}")
    with office.database.write(cases=True) as connection:
        connection.execute(update(incidents).values(body="{}"))
    office.opens("good", "post:branch_secretary")
    await asyncio.wait_for(office.dispatch.cycle(), 20)
    assert len(office.calls("secretary")) == 1


async def test_stopping_gives_back_what_was_not_sent(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "STOP_SECONDS", 0.1)
    office.phones["guard"].hangs()
    for number in range(20):
        office.opens(f"i{number}", "post:desk_operator")
    stop = asyncio.Event()
    task = asyncio.create_task(office.dispatch.run(stop))
    await rings(office, "guard", 5)
    began = time.monotonic()
    stop.set()
    await asyncio.wait_for(task, 5)
    assert time.monotonic() - began < 1.5
    assert {state for number in range(20) for state in office.states(f"i{number}").values()} == {"queued"}
    office.phones["guard"].answers(200)
    await office.process("two").cycle()
    assert {state for number in range(20) for state in office.states(f"i{number}").values()} == {"sent"}


async def test_the_journal_says_who_was_told_and_what_became_of_it(office: Office) -> None:
    office.phones["guard"].answers(503, 503, 503, 200)
    office.opens()
    await office.dispatch.cycle()
    for _ in range(10):
        await office.forward(SECOND)
    (expanded,) = office.entries("notice.expanded")
    assert expanded.body["people"] == ["guard", "patrol.2"]
    assert [entry.kind for entry in office.entries("delivery.") if entry.body["person"] == "guard"] == [
        "delivery.unreachable",
        "delivery.sent",
    ], "the same trouble is not written down again"
    assert json.loads(msgspec.json.encode(office.entries("delivery.sent")[-1].body))["attempts"] == 4


async def test_a_storm_loses_and_doubles_nothing(office: Office) -> None:
    for number in range(200):
        office.opens(f"i{number}")
    patient = Webhook(office.clock, seconds=10.0)
    async with office.running(office.process("one", channels={"webhook": patient})) as dispatch:
        dispatch.wake()
        await rings(office, "guard", 200, within=30)
        await rings(office, "patrol", 200, within=30)
    await patient.close()
    assert len(office.phones.by_key()) == 400
    assert all(len(calls) == 1 for calls in office.phones.by_key().values())
    assert all(set(office.states(f"i{number}").values()) == {"sent"} for number in range(200))


class Broken(Exception):
    """The process ends here."""


class Breaks:
    """Points at one of which the process dies."""

    def __init__(self, at: str) -> None:
        self._at = at

    def reach(self, name: str) -> None:
        if name == self._at:
            raise Broken(name)


class Failing:
    """A casebook of which some transactions fail: ``times`` of them after the first ``after``."""

    def __init__(self, casebook: SqlCasebook, *, after: int, times: int = 1 << 30) -> None:
        self._casebook = casebook
        self._after = after
        self._times = times
        self.failed = 0

    @contextmanager
    def change(self) -> Iterator[Transaction]:
        if self._after > 0:
            self._after -= 1
        elif self.failed < self._times:
            self.failed += 1
            raise Broken("the database is away")
        with self._casebook.change() as change:
            yield change

    def incidents_due(self, now: Instant, limit: int) -> list[IncidentId]:
        return self._casebook.incidents_due(now, limit)


class StaleOutbox:
    """An outbox as another server saw it a moment ago."""

    def __init__(self, outbox: SqlOutbox, seen: list[Notice]) -> None:
        self._outbox = outbox
        self._seen = seen

    def notices(self, limit: int) -> list[Notice]:
        seen, self._seen = self._seen, []
        return seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outbox, name)


class Rude:
    name = "pager"

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        return Sent(str(1 // 0))


class Endless:
    name = "pager"

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        await asyncio.sleep(3600)
        return Sent()
