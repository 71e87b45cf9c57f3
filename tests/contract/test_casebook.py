"""Cases kept: one suite over the state database, on SQLite and PostgreSQL, and over its stand-in in memory."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from harness.acting import Acting
from harness.cases import FLAT, NOW, alert, compound, opening, seconds
from harness.memory import Hand, MemoryCasebook, MemoryDirectory, MemoryOutbox
from shouwang.domain.alert import Alert, AlertState, Order
from shouwang.domain.announcement import Announcement
from shouwang.domain.climbing import Changed
from shouwang.domain.errors import Conflict
from shouwang.domain.incident import Finding, Incident, IncidentState, Outcome
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery, DeliveryState, Notice, Why
from shouwang.domain.vocabulary import AlertId, DeliveryKey, IncidentId, NoticeId, PersonId
from shouwang.flows.rounds import Rounds
from shouwang.ports import Casebook, Outbox, Transaction
from shouwang.store.database import Database
from shouwang.store.journal import SqlJournal
from shouwang.store.outbox import SqlAnnouncements, SqlOutbox
from shouwang.store.tables import orders
from shouwang.store.transactions import SqlCasebook


@dataclass
class Kept:
    """One implementation, and what a test may look at beside its ports."""

    casebook: Casebook
    outbox: Outbox
    journal: Callable[[], list[Entry]]
    announced: Callable[[], list[Announcement]]
    ordered: Callable[[], list[Order]]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    if request.param == "memory":
        casebook = MemoryCasebook()
        rows = casebook.rows
        yield Kept(
            casebook,
            MemoryOutbox(casebook),
            lambda: list(rows.journal),
            lambda: list(rows.announcements),
            lambda: list(rows.orders),
        )
        return
    url = (
        request.getfixturevalue("postgres_url") if request.param == "postgres" else f"sqlite:///{tmp_path}/state.sqlite"
    )
    database = Database(url)
    database.create()

    def ordered() -> list[Order]:
        with database.read() as connection:
            bodies = connection.execute(orders.select().order_by(orders.c.seq)).all()
            return [msgspec.json.decode(row.body, type=Order) for row in bodies]

    yield Kept(
        SqlCasebook(database),
        SqlOutbox(database),
        lambda: SqlJournal(database).since(0, 1000),
        lambda: SqlAnnouncements(database).waiting(0, 1000),
        ordered,
    )
    database.close()


def incident(id: str, state: IncidentState = IncidentState.OPEN, **more: object) -> Incident:
    made = msgspec.structs.replace(opening()[0], id=IncidentId(id), state=state)
    return msgspec.structs.replace(made, **more)


def delivery(key: str, who: str = "guard", state: DeliveryState = DeliveryState.QUEUED, *, at: int = NOW) -> Delivery:
    return Delivery(
        key=DeliveryKey(key),
        notice=NoticeId("i1.1"),
        incident=IncidentId("i1"),
        person=PersonId(who),
        channel="webhook",
        contact=0,
        why=Why.FIRST,
        state=state,
        created_at=at,
        due_at=at,
    )


def notice(id: str, why: Why = Why.FIRST, *, at: int = NOW) -> Notice:
    return Notice(id=NoticeId(id), incident=IncidentId("i1"), why=why, tell=["zone"], created_at=at)


def keep(casebook: Casebook, changed: Changed, *alerts: Alert) -> Incident:
    case, notices, entries = changed
    with casebook.change() as transaction:
        transaction.keep_incident(case)
        for one in alerts:
            transaction.keep_alert(msgspec.structs.replace(one, incident=case.id))
        for one in notices:
            transaction.make_notice(one)
        for entry in entries:
            transaction.record(entry)
    return case


def test_what_was_kept_is_given_back_whole(kept: Kept) -> None:
    case, one = opening()[0], alert(title={"zh": "烟雾报警"}, sentence={"zh": "烟雾"})
    with kept.casebook.change() as transaction:
        transaction.keep_incident(case)
        transaction.keep_alert(one)
        transaction.keep_delivery(delivery("k1"))
    with kept.casebook.change() as transaction:
        assert transaction.incident(case.id) == case
        assert transaction.alert(one.id) == one
        assert transaction.deliveries_of(IncidentId("i1")) == [delivery("k1")]
        assert transaction.incident(IncidentId("none")) is None
        assert transaction.alert(AlertId("none")) is None


def test_what_is_written_is_read_in_the_same_transaction(kept: Kept) -> None:
    with kept.casebook.change() as transaction:
        transaction.keep_alert(alert(incident=IncidentId("i1")))
        assert transaction.open_alert("smoke", "smoke-501") is not None
        assert len(transaction.alerts_of(IncidentId("i1"))) == 1
        transaction.keep_alert(alert(incident=IncidentId("i1"), state=AlertState.NORMAL))
        assert transaction.open_alert("smoke", "smoke-501") is None
        assert len(transaction.alerts_of(IncidentId("i1"))) == 1


def test_an_exception_rolls_everything_back(kept: Kept) -> None:
    def everything(transaction: Transaction) -> None:
        transaction.keep_alert(alert())
        transaction.keep_incident(incident("i1"))
        transaction.keep_delivery(delivery("k1"))
        transaction.make_notice(notice("i1.1"))
        transaction.announce(Announcement(topic="t", payload=b"p"))
        transaction.order(Order(kind="reset", rule="r", subject="s", alert=AlertId("a"), actor="guard", at=NOW))
        transaction.record(Entry(at=NOW, kind="alert.raised"))

    with pytest.raises(ZeroDivisionError), kept.casebook.change() as transaction:
        everything(transaction)
        raise ZeroDivisionError
    with kept.casebook.change() as transaction:
        assert transaction.alert(alert().id) is None
        assert transaction.incident(IncidentId("i1")) is None
        assert transaction.deliveries_of(IncidentId("i1")) == []
    assert kept.outbox.notices(10) == []
    assert (kept.announced(), kept.ordered(), kept.journal()) == ([], [], [])


def test_an_incident_is_joined_while_it_is_live_or_ended_a_moment_ago(kept: Kept) -> None:
    group = incident("x").group

    def offered(*cases: Incident, after: int) -> str | None:
        with kept.casebook.change() as transaction:
            for one in cases:
                transaction.keep_incident(one)
            found = transaction.open_incident(group, after)
        return found.id if found else None

    resolved = incident("i1", IncidentState.RESOLVED, resolved_at=seconds(100))
    assert offered(after=NOW) is None
    assert offered(resolved, after=seconds(80)) == "i1"
    assert offered(after=seconds(100)) is None
    closed = incident("i1", IncidentState.CLOSED, resolved_at=seconds(100))
    assert offered(closed, after=seconds(80)) is None
    assert offered(incident("i2", opened_at=seconds(1)), incident("i3", opened_at=seconds(2)), after=NOW) == "i3"
    for state in (IncidentState.ACKNOWLEDGED, IncidentState.EN_ROUTE, IncidentState.ON_SCENE):
        assert offered(incident("i3", state, opened_at=seconds(2)), after=NOW) == "i3"


def test_an_incident_of_another_group_is_not_offered(kept: Kept) -> None:
    with kept.casebook.change() as transaction:
        transaction.keep_incident(incident("i1"))
        assert transaction.open_incident("danger:elsewhere", NOW) is None


def test_who_was_told_comes_oldest_first(kept: Kept) -> None:
    with kept.casebook.change() as transaction:
        transaction.keep_delivery(delivery("k2", "patrol", DeliveryState.SENT, at=seconds(2)))
        transaction.keep_delivery(delivery("k1", "guard", at=seconds(1)))
        assert transaction.told(IncidentId("i1")) == [("guard", "queued"), ("patrol", "sent")]
        assert transaction.told(IncidentId("i2")) == []


def test_a_notice_is_made_once_and_expanded_once(kept: Kept) -> None:
    with kept.casebook.change() as transaction:
        transaction.make_notice(notice("i1.1"))
        transaction.make_notice(notice("i1.1", Why.WORSE))
    assert kept.outbox.notices(10) == [notice("i1.1")]
    assert kept.outbox.oldest_waiting() == NOW
    with kept.casebook.change() as transaction:
        assert transaction.expanded(NoticeId("i1.1"), NOW)
        assert not transaction.expanded(NoticeId("i1.1"), NOW)
        assert not transaction.expanded(NoticeId("none"), NOW)
    assert kept.outbox.notices(10) == []
    assert kept.outbox.oldest_waiting() is None


def test_first_notices_come_before_all_others_and_else_the_oldest(kept: Kept) -> None:
    with kept.casebook.change() as transaction:
        transaction.make_notice(notice("i1.1", Why.CLEARED, at=seconds(1)))
        transaction.make_notice(notice("i1.2", Why.NEXT_STEP, at=seconds(3)))
        transaction.make_notice(notice("i1.3", Why.WORSE, at=seconds(2)))
        transaction.make_notice(notice("i1.4", Why.FIRST, at=seconds(4)))
    assert [one.id for one in kept.outbox.notices(3)] == ["i1.4", "i1.3", "i1.2"]


def test_only_what_waits_is_cancelled(kept: Kept) -> None:
    with kept.casebook.change() as transaction:
        for state in DeliveryState:
            transaction.keep_delivery(delivery(state, state=state))
        assert transaction.cancel_deliveries(IncidentId("i1"), NOW) == 2
        states = {one.key: one.state for one in transaction.deliveries_of(IncidentId("i1"))}
    changed = {key for key, state in states.items() if state != key}
    assert changed == {"queued", "unreachable"}
    assert states[DeliveryKey("queued")] is DeliveryState.CANCELLED


def test_incidents_are_due_at_their_next_step_earliest_first(kept: Kept) -> None:
    with kept.casebook.change() as transaction:
        for id, at in (("i1", 60), ("i2", 30), ("i3", None), ("i4", 90)):
            transaction.keep_incident(incident(id, next_step_at=None if at is None else seconds(at)))
    assert kept.casebook.incidents_due(seconds(29.999999), 10) == []
    assert kept.casebook.incidents_due(seconds(60), 10) == ["i2", "i1"]
    assert kept.casebook.incidents_due(seconds(9999), 2) == ["i2", "i1"]


def test_live_incidents_are_paged_by_id(kept: Kept) -> None:
    with kept.casebook.change() as transaction:
        for id, state in zip(("i1", "i2", "i3", "i4"), IncidentState, strict=False):
            transaction.keep_incident(incident(id, state))
        transaction.keep_incident(incident("i5", IncidentState.RESOLVED))
        transaction.keep_incident(incident("i6", IncidentState.CLOSED))
    assert kept.casebook.live_incidents(None, 3) == ["i1", "i2", "i3"]
    assert kept.casebook.live_incidents(IncidentId("i3"), 3) == ["i4"]


def test_a_dead_lease_is_given_back(kept: Kept) -> None:
    with kept.casebook.change() as transaction:
        transaction.keep_delivery(delivery("k1"))
    [leased] = kept.outbox.lease("one", NOW, seconds(30), 10)
    assert (leased.state, leased.lease_holder) == (DeliveryState.LEASED, "one")
    assert kept.outbox.lease("two", NOW, seconds(30), 10) == []
    assert kept.outbox.reclaim(seconds(29)) == 0
    assert kept.outbox.reclaim(seconds(30)) == 1
    assert [one.key for one in kept.outbox.lease("two", seconds(30), seconds(60), 10)] == ["k1"]
    assert kept.outbox.reclaim(seconds(31), lambda holder: False if holder == "two" else None) == 1


def test_a_delivery_stands_with_its_incident_as_both_are_now(kept: Kept) -> None:
    assert kept.outbox.standing(DeliveryKey("k1")) is None
    with kept.casebook.change() as transaction:
        transaction.keep_incident(incident("i1"))
        transaction.keep_delivery(delivery("k1"))
        transaction.keep_incident(incident("i2"))
    found = kept.outbox.standing(DeliveryKey("k1"))
    assert found is not None and (found[0].state, found[1].state) == (DeliveryState.QUEUED, IncidentState.OPEN)
    kept.outbox.lease("one", NOW, seconds(30), 10)
    with kept.casebook.change() as transaction:
        transaction.keep_incident(incident("i1", IncidentState.RESOLVED))
    found = kept.outbox.standing(DeliveryKey("k1"))
    assert found is not None and (found[0].lease_holder, found[1].state) == ("one", IncidentState.RESOLVED)


def test_the_journal_numbers_entries_in_their_order(kept: Kept) -> None:
    for kind in ("alert.raised", "incident.opened"):
        with kept.casebook.change() as transaction:
            transaction.record(Entry(at=NOW, kind=kind, body={"note": "烟"}))
    found = kept.journal()
    assert [entry.kind for entry in found] == ["alert.raised", "incident.opened"]
    assert found[0].seq < found[1].seq
    assert found[0].body == {"note": "烟"}


# The flows over it ---------------------------------------------------------------------------------------------------


def test_of_two_people_who_acknowledge_at_the_same_moment_exactly_one_has_it(kept: Kept) -> None:
    case = keep(kept.casebook, opening(), alert())
    respond = Acting(kept.casebook, MemoryDirectory(compound()), Hand(seconds(10)))
    ready, won, lost = threading.Barrier(4), [], []

    def acknowledge(who: str) -> None:
        ready.wait()
        try:
            won.append(respond.acknowledge(case.id, actor=who).holder)
        except Conflict as conflict:
            lost.append(str(conflict))

    threads = [threading.Thread(target=acknowledge, args=(who,)) for who in ("guard", "patrol", "leader", "manager")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(won) == 1
    assert lost == [f"{won[0].title()} has it already"] * 3
    assert [entry.actor for entry in kept.journal() if entry.kind == "incident.acknowledged"] == won


def test_a_case_from_the_alarm_to_the_archive(kept: Kept) -> None:
    clock = Hand(NOW)
    case = keep(kept.casebook, opening(), alert())
    respond = Acting(kept.casebook, MemoryDirectory(compound()), clock)
    rounds = Rounds(kept.casebook, kept.outbox, MemoryDirectory(compound()), clock)
    assert rounds.escalate_due() == 0
    clock.at = seconds(60)
    assert rounds.escalate_due() == 1
    assert rounds.escalate_due() == 0
    respond.acknowledge(case.id, actor="manager")
    respond.verify(case.id, actor="manager", finding=Finding.FALSE, how="on_scene")
    respond.en_route(case.id, actor="guard")
    respond.arrive(case.id, actor="guard")
    clock.at = seconds(400)
    assert rounds.escalate_due() == 1  # every later step is spared
    respond.resolve(case.id, actor="guard", outcome=Outcome.FALSE_ALARM, cause="cooking")
    respond.review(case.id, actor="secretary")
    over = respond.close(case.id, actor="secretary")
    assert over.state is IncidentState.CLOSED
    assert [one.why for one in kept.outbox.notices(10)] == [Why.FIRST, Why.NEXT_STEP, Why.STOOD_DOWN]
    with kept.casebook.change() as transaction:
        [seen] = transaction.alerts_of(case.id)
        assert transaction.incident(case.id) == over
    assert seen.state is AlertState.NORMAL
    assert [(one.kind, one.subject) for one in kept.ordered()] == [("reset", "smoke-501")]
    kinds = [entry.kind for entry in kept.journal()]
    assert [kind for kind in kinds if kind.startswith("incident.")] == [
        "incident.opened",
        "incident.acknowledged",
        "incident.verified",
        "incident.en_route",
        "incident.on_scene",
        "incident.resolved",
        "incident.reviewed",
        "incident.closed",
    ]
    last = {one.topic: one for one in kept.announced()}
    assert {topic: one.payload for topic, one in last.items()} == {
        f"shouwang/v1/incidents/{case.id}": b"",
        f"shouwang/v1/alerts/{FLAT}/smoke-501/smoke": b"",
    }
    assert kept.casebook.live_incidents(None, 10) == []
