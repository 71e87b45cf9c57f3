"""Dispatch where something hangs, dies, fails or comes in masses: nothing is lost, nobody waits or is told twice."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from harness.office import Office, rings
from harness.phones import Reply
from shouwang.channels.webhook import Webhook
from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import DeliveryState, Message, Notice, Outcome, Sent, Why
from shouwang.domain.vocabulary import (
    SECOND,
    IncidentId,
    Instant,
)
from shouwang.flows import dispatch as flow
from shouwang.ports import Channel, Transaction
from shouwang.store.outbox import SqlOutbox
from shouwang.store.tables import incidents
from shouwang.store.transactions import SqlCasebook

pytestmark = pytest.mark.servers


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


async def test_a_first_notice_that_comes_while_the_writers_lock_is_waited_for_goes_before_the_updates(
    office: Office,
) -> None:
    incident = office.opens("storm", "post:desk_operator")
    await office.dispatch.cycle()
    for number in range(2, 40):
        office.tells(incident, Why.CLEARED, "post:desk_operator", number=number)
    before = {call.key for call in office.calls("guard")}
    waits = Waits(office.casebook, lambda: office.opens("new", "post:desk_operator"))
    await office.process("two", casebook=waits).cycle()
    told = [call.body["why"] for call in office.calls("guard") if call.key not in before]
    assert (told[0], len(told)) == ("first", 39)


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


class Waits:
    """A casebook whose first transaction waits for another writer, who does something meanwhile."""

    def __init__(self, casebook: SqlCasebook, meanwhile: Callable[[], object]) -> None:
        self._casebook = casebook
        self._meanwhile: Callable[[], object] | None = meanwhile

    @contextmanager
    def change(self) -> Iterator[Transaction]:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
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
