"""The state database: one suite over SQLite and a real PostgreSQL."""

import threading
import time
from collections.abc import Iterator

import msgspec
import pytest

from shouwang.domain.alert import Alert, AlertClass, AlertState
from shouwang.domain.duty import Person, SiteFacts
from shouwang.domain.errors import Conflict, StaleEpoch
from shouwang.domain.escalation import Policy, Step
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery, DeliveryState, Notice, Why
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.standing import DeviceState, Newest, Standing
from shouwang.domain.vocabulary import (
    HOUR,
    SECOND,
    AlertId,
    Arrival,
    DeliveryKey,
    DeviceId,
    IncidentId,
    NoticeId,
    PersonId,
    PlaceId,
    Problem,
    Reading,
    Refusal,
    Severity,
)
from shouwang.ports import Announcement, Heard, Order, Quarantined
from shouwang.store.board import SqlBoard
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.inbox import SqlInbox
from shouwang.store.journal import SqlJournal
from shouwang.store.leases import INTAKE, TERM, Leases
from shouwang.store.outbox import SqlAnnouncements, SqlOutbox
from shouwang.store.spool import SqlSpool
from shouwang.store.transactions import SqlCasebook

NOW = 1_764_000_000 * SECOND


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def database(request: pytest.FixtureRequest, tmp_path: object) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/state.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    opened.create()
    yield opened
    opened.close()


def inbox_of(database: Database, holder: str = "one:1:1") -> SqlInbox:
    lease = Leases(database, lambda _holder: False).take(INTAKE, holder, NOW)
    assert lease is not None
    return SqlInbox(database, lease, lambda _point: None)


def test_behind_whom_devices_are_heard_is_kept_and_changes(database: Database) -> None:
    inbox, casebook = inbox_of(database), SqlCasebook(database)
    smoke, leak, never = DeviceId("smoke-501"), DeviceId("leak-502"), DeviceId("never")
    with inbox.accept() as acceptance:
        acceptance.keep_links({smoke: "zigbee2mqtt:roof\0", leak: "chirpstack-v4:a840"})
        acceptance.keep_links({})
        assert acceptance.heard_behind([smoke, never]) == {smoke: "zigbee2mqtt:roof"}, "seen in the same transaction"
    with inbox.accept() as acceptance:
        acceptance.keep_links({smoke: "zigbee2mqtt:hall"})
    with casebook.change() as transaction:
        many = [smoke, leak, never, *(DeviceId(f"d{n}") for n in range(1200))]
        assert transaction.heard_behind(many) == {smoke: "zigbee2mqtt:hall", leak: "chirpstack-v4:a840"}
        assert transaction.heard_behind([]) == {}
    assert SqlBoard(database).links() == {smoke: "zigbee2mqtt:hall", leak: "chirpstack-v4:a840"}


def arrival(packet_id: int, payload: bytes = b"{}", *, duplicate: bool = False, session: str = "s") -> Arrival:
    return Arrival("zigbee2mqtt/x", payload, NOW, duplicate=duplicate, packet_id=packet_id, session=session)


def alert(id: str = "a1", state: AlertState = AlertState.UNACKED, subject: str = "d1") -> Alert:
    return Alert(
        id=AlertId(id),
        rule="smoke",
        title={"zh": "烟雾"},
        klass=AlertClass.FIRE,
        severity=Severity.CRITICAL,
        state=state,
        subject=subject,
        device=DeviceId(subject),
        kind="smoke",
        place=PlaceId("a/b"),
        raised_at=NOW,
        received_at=NOW,
        committed_at=NOW,
    )


def delivery(key: str, why: Why = Why.FIRST, due_at: int = NOW) -> Delivery:
    return Delivery(
        key=DeliveryKey(key),
        notice=NoticeId("n1"),
        incident=IncidentId("i1"),
        person=PersonId("p1"),
        channel="webhook",
        contact=0,
        why=why,
        state=DeliveryState.QUEUED,
        created_at=NOW,
        due_at=due_at,
    )


def test_creating_twice_changes_nothing(database: Database) -> None:
    database.create()
    assert SqlDirectory(database, lambda: NOW).revision() == 0


def test_a_committed_state_is_read_back_by_a_new_process(database: Database) -> None:
    state = DeviceState(
        heard_at=NOW,
        values={"smoke": Newest(True, NOW, NOW), "temperature": Newest(21.5, NOW, NOW)},
        standings={"smoke": Standing(raised_at=NOW)},
        due_at=NOW + SECOND,
    )
    with inbox_of(database).accept() as acceptance:
        acceptance.keep_states({DeviceId("d1"): state})
    again = inbox_of(database, "two:2:2")
    with again.accept() as acceptance:
        found = acceptance.states([DeviceId("d1"), DeviceId("unknown")])
    assert found == {"d1": state}
    assert found[DeviceId("d1")].values["smoke"].value is True
    assert again.due(NOW, 10) == []
    assert again.due(NOW + SECOND, 10) == ["d1"]


def test_an_exception_rolls_back_everything_and_the_cache_forgets_it(database: Database) -> None:
    inbox = inbox_of(database)
    with pytest.raises(ZeroDivisionError), inbox.accept() as acceptance:
        acceptance.fresh([arrival(1)])
        acceptance.keep_states({DeviceId("d1"): DeviceState(heard_at=NOW)})
        acceptance.spool([Reading(DeviceId("d1"), "smoke", True, NOW, NOW)])
        acceptance.keep_alert(alert())
        acceptance.record(Entry(at=NOW, kind="alert.raised"))
        raise ZeroDivisionError
    with inbox.accept() as acceptance:
        assert acceptance.states([DeviceId("d1")]) == {}
        assert acceptance.alert(AlertId("a1")) is None
        assert acceptance.fresh([arrival(1, duplicate=True)]) == [arrival(1, duplicate=True)]
    assert SqlSpool(database).waiting(10) == []
    assert SqlJournal(database).last() == 0


def test_only_the_brokers_own_redelivery_is_left_out(database: Database) -> None:
    inbox = inbox_of(database)
    with inbox.accept() as acceptance:
        assert len(acceptance.fresh([arrival(1), arrival(2)])) == 2
    restarted = inbox_of(database, "two:2:2")
    pressed_again = arrival(3)
    other_payload = arrival(1, b"other", duplicate=True)
    other_session = arrival(1, duplicate=True, session="t")
    with restarted.accept() as acceptance:
        fresh = acceptance.fresh([arrival(1, duplicate=True), pressed_again, other_payload, other_session])
    assert fresh == [pressed_again, other_payload, other_session]


def test_a_redelivery_in_the_same_batch_as_its_original_is_left_out(database: Database) -> None:
    with inbox_of(database).accept() as acceptance:
        assert acceptance.fresh([arrival(7), arrival(7, duplicate=True)]) == [arrival(7)]


def test_the_redelivery_window_stays_bounded(database: Database) -> None:
    inbox = inbox_of(database)
    for turn in range(300):
        with inbox.accept() as acceptance:
            acceptance.fresh([arrival(turn * 10 + step) for step in range(10)])
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM redeliveries").scalar()
    assert rows is not None and rows <= 300
    with inbox.accept() as acceptance:
        assert acceptance.fresh([arrival(2999, duplicate=True)]) == []


def test_a_stale_intake_cannot_commit(database: Database) -> None:
    stale = inbox_of(database, "one:1:1")
    inbox_of(database, "two:2:2")
    with pytest.raises(StaleEpoch, match="another intake"), stale.accept() as acceptance:
        acceptance.keep_alert(alert())


def test_a_lease_is_not_taken_from_a_holder_that_lives(database: Database) -> None:
    leases = Leases(database, lambda _holder: None)
    first = leases.take(INTAKE, "one:1:1", NOW)
    assert first is not None
    assert leases.take(INTAKE, "two:2:2", NOW + TERM - 1) is None
    assert leases.renew(first, NOW + TERM)
    assert leases.take(INTAKE, "two:2:2", NOW + TERM + 1) is None
    second = leases.take(INTAKE, "two:2:2", NOW + 2 * TERM + 1)
    assert second is not None and second.epoch == first.epoch + 1
    assert not leases.renew(first, NOW)


def test_a_lease_of_a_dead_process_is_taken_at_once(database: Database) -> None:
    assert Leases(database, lambda _holder: None).take(INTAKE, "one:1:1", NOW) is not None
    assert Leases(database, lambda _holder: False).take(INTAKE, "two:2:2", NOW + 1) is not None


def test_at_most_one_alert_of_a_rule_and_subject_is_open(database: Database) -> None:
    casebook = SqlCasebook(database)
    with casebook.change() as change:
        change.keep_alert(alert("a1"))
    with pytest.raises(Exception, match=r"(?i)unique"), casebook.change() as change:
        change.keep_alert(alert("a2"))
    with casebook.change() as change:
        change.keep_alert(alert("a1", AlertState.NORMAL))
        change.keep_alert(alert("a2"))
        found = change.open_alert("smoke", "d1")
    assert found is not None and found.id == "a2"


def test_a_notice_is_made_and_expanded_once(database: Database) -> None:
    casebook, outbox = SqlCasebook(database), SqlOutbox(database)
    later = Notice(id=NoticeId("n2"), incident=IncidentId("i1"), why=Why.STOOD_DOWN, tell=["told"], created_at=NOW)
    first = Notice(id=NoticeId("n1"), incident=IncidentId("i1"), why=Why.FIRST, tell=["zone"], created_at=NOW + 5)
    with casebook.change() as change:
        for notice in (later, first, first):
            change.make_notice(notice)
    assert outbox.notices(10) == [first, later]
    with casebook.change() as change:
        assert change.expanded(NoticeId("n1"), NOW)
        assert not change.expanded(NoticeId("n1"), NOW)
    assert outbox.notices(10) == [later]


def test_a_delivery_is_leased_by_one_and_given_back_when_its_lease_runs_out(database: Database) -> None:
    outbox = SqlOutbox(database)
    with SqlCasebook(database).change() as change:
        for one in (delivery("late", due_at=NOW + SECOND), delivery("update", Why.CLEARED), delivery("first")):
            change.keep_delivery(one)
    leased = outbox.lease("me", NOW, NOW + 30 * SECOND, 10)
    assert [one.key for one in leased] == ["first", "update"]
    assert {one.state for one in leased} == {DeliveryState.LEASED}
    assert outbox.lease("you", NOW, NOW + 30 * SECOND, 10) == []
    assert outbox.reclaim(NOW + 29 * SECOND) == 0
    assert outbox.reclaim(NOW + 30 * SECOND) == 2
    back = outbox.delivery(DeliveryKey("first"))
    assert back is not None and back.state is DeliveryState.QUEUED and back.lease_holder == ""


def test_what_a_dead_process_was_sending_is_due_at_once(database: Database) -> None:
    outbox = SqlOutbox(database)
    with SqlCasebook(database).change() as change:
        change.keep_delivery(delivery("one"))
        change.keep_delivery(delivery("two"))
    outbox.lease("dead", NOW, NOW + 30 * SECOND, 1)
    outbox.lease("alive", NOW, NOW + 30 * SECOND, 1)
    known = {"dead": False, "alive": None}
    assert outbox.reclaim(NOW, known.get) == 1
    assert len(outbox.lease("me", NOW, NOW + 30 * SECOND, 10)) == 1


def test_cancelling_spares_what_was_sent(database: Database) -> None:
    sent = delivery("sent")
    with SqlCasebook(database).change() as change:
        change.keep_delivery(Delivery(**{**_fields(sent), "state": DeliveryState.SENT}))
        change.keep_delivery(delivery("waiting"))
        assert change.cancel_deliveries(IncidentId("i1"), NOW) == 1
        states = {one.key: one.state for one in change.deliveries_of(IncidentId("i1"))}
    assert states == {"sent": DeliveryState.SENT, "waiting": DeliveryState.CANCELLED}


def test_journal_numbers_appear_in_order_while_many_write(database: Database) -> None:
    casebook, journal = SqlCasebook(database), SqlJournal(database)
    seen: list[int] = []
    done = threading.Event()

    def write(writer: int) -> None:
        for turn in range(20):
            with casebook.change() as change:
                change.record(Entry(at=NOW, kind="test.first", actor=f"{writer}", body={"turn": turn}))
                change.record(Entry(at=NOW, kind="test.second", actor=f"{writer}"))

    def tail() -> None:
        while True:
            last = done.is_set()
            seen.extend(entry.seq for entry in journal.since(seen[-1] if seen else 0, 50))
            if last and (not seen or not journal.since(seen[-1], 1)):
                return
            time.sleep(0.001)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    tailer = threading.Thread(target=tail)
    for thread in (tailer, *writers):
        thread.start()
    for thread in writers:
        thread.join(30)
    done.set()
    tailer.join(30)
    assert len(seen) == 160 == len(set(seen))
    assert seen == sorted(seen)


def test_readings_wait_in_the_spool_with_their_types_until_trimmed(database: Database) -> None:
    readings = [
        Reading(DeviceId("d1"), "smoke", True, NOW, NOW + 1),
        Reading(DeviceId("d1"), "battery", 93, NOW, NOW + 1, part="a", late=True),
        Reading(DeviceId("d1"), "action", "single", NOW, NOW + 1),
    ]
    inbox, spool = inbox_of(database), SqlSpool(database)
    with inbox.accept() as acceptance:
        acceptance.spool(readings)
    assert spool.backlog() == (1, NOW + 1)
    waiting = spool.waiting(10)
    assert waiting[0].readings == readings
    assert waiting[0].readings[0].value is True
    spool.trim([waiting[0].seq])
    assert spool.backlog() == (0, None)


def test_orders_are_carried_out_once(database: Database) -> None:
    inbox = inbox_of(database)
    order = Order(kind="reset", rule="smoke", subject="d1", alert=AlertId("a1"), actor="p1", at=NOW)
    with SqlCasebook(database).change() as change:
        change.order(order)
    assert inbox.has_orders()
    with inbox.accept() as acceptance:
        assert [one.subject for one in acceptance.orders()] == ["d1"]
    assert not inbox.has_orders()


def test_announcements_wait_in_order_until_settled(database: Database) -> None:
    with SqlCasebook(database).change() as change:
        change.announce(Announcement(topic="t/1", payload=b"1"))
        change.announce(Announcement(topic="t/2", payload=b"", retain=False))
    announcements = SqlAnnouncements(database)
    waiting = announcements.waiting(0, 10)
    assert [(one.topic, one.payload, one.retain) for one in waiting] == [("t/1", b"1", True), ("t/2", b"", False)]
    assert [one.topic for one in announcements.waiting(waiting[0].seq, 10)] == ["t/2"]
    announcements.settle([waiting[0].seq])
    assert [one.topic for one in announcements.waiting(0, 10)] == ["t/2"]


def test_quarantine_keeps_any_bytes(database: Database) -> None:
    bad = Arrival("bad\0topic/\N{SNOWMAN}", bytes(range(256)) * 400, NOW)
    with inbox_of(database).accept() as acceptance:
        acceptance.quarantine([Quarantined(arrival=bad, refusal=Refusal(Problem.INVALID_UTF8, "byte\0 0x80"))])
    with database.read() as connection:
        row = connection.exec_driver_sql("SELECT size, reason, length(payload) FROM quarantine").one()
    assert tuple(row) == (102_400, "invalid_utf8", 65_536)


def test_a_discovered_device_keeps_its_first_moment(database: Database) -> None:
    inbox = inbox_of(database)
    for at in (NOW, NOW + 9):
        with inbox.accept() as acceptance:
            acceptance.discover(
                [Heard(address="z:x", at=at, profile="p", model="m", kind="smoke", topic="t", payload=b"")]
            )
    with database.read() as connection:
        assert tuple(connection.exec_driver_sql("SELECT first_at, last_at FROM discovered").one()) == (NOW, NOW + 9)


def test_the_directory_gives_back_what_was_put_and_keeps_the_order_of_policies(database: Database) -> None:
    directory = SqlDirectory(database, lambda: NOW)
    policies = [Policy(id=id, steps=[Step(tell=["zone"])]) for id in ("z", "a", "m")]
    place = Place(id=PlaceId("a/b"), kind=PlaceKind.BUILDING, name="3号楼")
    device = Device(id=DeviceId("d"), profile="p", address="zigbee2mqtt:x", place=PlaceId("a/b"))
    revision = directory.change([place, device, Person(id=PersonId("w"), name="演示"), SiteFacts(demo=True), *policies])
    community = SqlDirectory(database, lambda: NOW).community()
    assert community.revision == revision == directory.revision()
    assert community.places == {"a/b": place}
    assert community.by_address["zigbee2mqtt:x"] == device
    assert community.registered_at == {"d": NOW}
    assert [policy.id for policy in community.policies] == ["z", "a", "m"]
    directory.change([Policy(id="z", steps=[Step(tell=["zone:grid"])])], remove=[("device", "d")])
    changed = directory.community()
    assert [policy.id for policy in changed.policies] == ["z", "a", "m"]
    assert changed.policies[0].steps[0].tell == ["zone:grid"]
    assert changed.devices == {}


def test_a_large_change_is_all_or_nothing_though_it_commits_in_steps(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = SqlDirectory(database, lambda: NOW)
    directory.change([Place(id=PlaceId("old"), kind=PlaceKind.COMPOUND)])
    steps = 0
    stage = SqlDirectory._stage

    def dies_in_the_second_step(self: SqlDirectory, *given: object) -> None:
        nonlocal steps
        steps += 1
        if steps == 2:
            raise KeyboardInterrupt
        stage(self, *given)  # type: ignore[arg-type]

    places = [Place(id=PlaceId(f"p{number}"), kind=PlaceKind.BUILDING) for number in range(450)]
    with monkeypatch.context() as patched:
        patched.setattr(SqlDirectory, "_stage", dies_in_the_second_step)
        with pytest.raises(KeyboardInterrupt):
            directory.change(places, remove=[("place", "old")])
    assert set(directory.community().places) == {"old"}
    with pytest.raises(Conflict, match="being applied"):
        directory.change(places)
    later = SqlDirectory(database, lambda: NOW + 10 * 60 * SECOND)
    later.change(places, remove=[("place", "old")])
    assert len(directory.community().places) == 450


def _fields(value: Delivery) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def test_the_sites_own_fallback_goes_before_that_of_the_settings(database: Database) -> None:
    directory = SqlDirectory(database, lambda: NOW, fallback="chief")
    assert directory.community().site.fallback == "chief"
    assert SqlDirectory(database, lambda: NOW).community().site.fallback is None, "it is not kept"
    directory.change([SiteFacts(fallback=PersonId("wang"))])
    assert directory.community().site.fallback == "wang"


def test_the_directory_of_a_past_moment_ends_what_was_only_removed_when_it_was_removed(database: Database) -> None:
    clock = [NOW]
    directory = SqlDirectory(database, lambda: clock[0])
    directory.change([wang := Person(id=PersonId("wang"), name="王某"), Person(id=PersonId("li"), name="李某")])
    clock[0] += HOUR
    directory.change([], [("person", "li")])
    clock[0] += HOUR
    directory.change([msgspec.structs.replace(wang, phone="1")])
    seen = {hours: sorted(directory.community_at(NOW + hours * HOUR // 2).people) for hours in (-1, 0, 1, 2, 3, 4, 5)}
    both, one = ["li", "wang"], ["wang"]
    assert seen == {-1: [], 0: both, 1: both, 2: one, 3: one, 4: one, 5: one}
    assert sorted(directory.community().people) == one


def test_what_one_person_did_to_one_incident_is_found_in_order(database: Database) -> None:
    casebook = SqlCasebook(database)
    with casebook.change() as transaction:
        for number, (kind, actor, incident) in enumerate(
            [("a.seen", "wang", "i1"), ("a.seen", "zhang", "i1"), ("a.done", "wang", "i1"), ("a.seen", "wang", "i2")]
        ):
            transaction.record(Entry(at=NOW + number, kind=kind, actor=actor, incident=IncidentId(incident)))
        transaction.record(Entry(at=NOW, kind="a.seen", actor="wang", incident=IncidentId("i1")))
    with casebook.change() as transaction:
        found = transaction.entries_of(IncidentId("i1"), "a.seen", "wang")
    assert [one.at for one in found] == [NOW, NOW]
    assert [one.seq for one in found] == sorted(one.seq for one in found)
