"""People's acts as transactions: what is kept, announced, ordered and cancelled."""

import msgspec
import pytest

from harness.acting import Acting
from harness.cases import FLAT, alert, compound, opening, seconds
from harness.memory import Hand, MemoryCasebook, MemoryDirectory
from shouwang.domain.alert import Alert, AlertState
from shouwang.domain.errors import Conflict, NotFound
from shouwang.domain.incident import Finding, Incident, IncidentState, Outcome
from shouwang.domain.notice import Delivery, DeliveryState, Why
from shouwang.domain.vocabulary import AlertId, DeliveryKey, IncidentId, NoticeId, PersonId


class Desk:
    """A desk with one open incident, its alert, and who was told so far."""

    def __init__(self, *alerts: Alert) -> None:
        self.casebook = MemoryCasebook()
        self.clock = Hand(seconds(10))
        self.woken = 0
        self.respond = Acting(self.casebook, MemoryDirectory(compound()), self.clock, wake=self._wake)
        incident, notices, _ = opening()
        self.id = incident.id
        with self.casebook.change() as transaction:
            transaction.keep_incident(incident)
            for one in alerts or (alert(),):
                transaction.keep_alert(msgspec.structs.replace(one, incident=self.id))
            for one in notices:
                transaction.make_notice(one)

    def _wake(self) -> None:
        self.woken += 1

    def told(self, who: str, state: DeliveryState = DeliveryState.SENT) -> DeliveryKey:
        key = DeliveryKey(f"{self.id}.1:{who}:{state}")
        made = Delivery(
            key=key,
            notice=NoticeId(f"{self.id}.1"),
            incident=self.id,
            person=PersonId(who),
            channel="webhook",
            contact=0,
            why=Why.FIRST,
            state=state,
            created_at=seconds(1),
            due_at=seconds(1),
        )
        with self.casebook.change() as transaction:
            transaction.keep_delivery(made)
        return key

    @property
    def incident(self) -> Incident:
        return self.casebook.rows.incidents[self.id]

    def delivery(self, key: DeliveryKey) -> DeliveryState:
        return self.casebook.rows.deliveries[key].state

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.casebook.rows.journal]


def test_an_act_is_kept_recorded_announced_and_wakes_whoever_waits() -> None:
    desk = Desk()
    done = desk.respond.acknowledge(desk.id, actor="guard", note="on my way down")
    assert desk.incident == done
    assert desk.kinds() == ["incident.acknowledged", "alert.acknowledged"]
    assert desk.casebook.rows.journal[0].body["note"] == "on my way down"
    assert [one.topic for one in desk.casebook.rows.announcements] == [
        f"shouwang/v1/alerts/{FLAT}/smoke-501/smoke",
        f"shouwang/v1/incidents/{desk.id}",
    ]
    assert all(one.retain and one.payload for one in desk.casebook.rows.announcements)
    assert desk.woken == 1


def test_repeating_an_act_writes_nothing_and_wakes_nobody() -> None:
    desk = Desk()
    first = desk.respond.acknowledge(desk.id, actor="guard")
    before = len(desk.casebook.rows.journal), len(desk.casebook.rows.announcements)
    desk.clock.forward(5_000_000)
    assert desk.respond.acknowledge(desk.id, actor="guard") == first
    assert (len(desk.casebook.rows.journal), len(desk.casebook.rows.announcements)) == before
    assert desk.woken == 1


def test_a_refused_act_writes_nothing() -> None:
    desk = Desk()
    desk.respond.acknowledge(desk.id, actor="guard")
    before = len(desk.casebook.rows.journal)
    with pytest.raises(Conflict, match="Guard has it already"):
        desk.respond.acknowledge(desk.id, actor="patrol")
    assert len(desk.casebook.rows.journal) == before
    assert desk.incident.holder == "guard"


def test_what_is_not_there_is_not_found() -> None:
    desk = Desk()
    with pytest.raises(NotFound, match="no incident nowhere"):
        desk.respond.acknowledge(IncidentId("nowhere"), actor="guard")
    with pytest.raises(NotFound, match="no alert nothing"):
        desk.respond.reset_alert(AlertId("nothing"), actor="guard")


def test_whoever_answers_needs_no_further_attempt() -> None:
    desk = Desk()
    mine = [desk.told("guard", state) for state in (DeliveryState.SENT, DeliveryState.SEEN, DeliveryState.UNREACHABLE)]
    sending = desk.told("guard", DeliveryState.LEASED)
    others = desk.told("patrol", DeliveryState.UNREACHABLE)
    desk.respond.acknowledge(desk.id, actor="guard")
    assert [desk.delivery(key) for key in mine] == [DeliveryState.ANSWERED] * 3
    assert desk.delivery(sending) is DeliveryState.LEASED  # its sender settles it
    assert desk.delivery(others) is DeliveryState.UNREACHABLE


def test_resolving_cancels_what_waits_and_tells_the_end() -> None:
    desk = Desk(alert(state=AlertState.LATCHED_UNACKED, active=False))
    sent, waiting = desk.told("guard"), desk.told("patrol", DeliveryState.QUEUED)
    desk.respond.resolve(desk.id, actor="guard", outcome=Outcome.REAL, note="put out")
    assert (desk.delivery(sent), desk.delivery(waiting)) == (DeliveryState.SENT, DeliveryState.CANCELLED)
    assert [one.why for one in desk.casebook.rows.notices.values()] == [Why.FIRST, Why.STOOD_DOWN]
    [order] = desk.casebook.rows.orders
    assert (order.kind, order.rule, order.subject, order.actor) == ("reset", "smoke", "smoke-501", "guard")
    last = desk.casebook.rows.announcements[-2:]
    assert [(one.retain, bool(one.payload)) for one in last] == [(False, True), (True, False)]


def test_everybody_told_having_declined_calls_the_next_level() -> None:
    desk = Desk()
    desk.told("guard")
    desk.told("patrol")
    desk.told("leader", DeliveryState.REFUSED)  # never heard of it
    desk.respond.decline(desk.id, actor="guard", note="at the gate")
    assert len(desk.casebook.rows.notices) == 1
    desk.respond.decline(desk.id, actor="patrol")
    assert [one.why for one in desk.casebook.rows.notices.values()] == [Why.FIRST, Why.NEXT_STEP]


def test_an_alert_is_acknowledged_alone() -> None:
    desk = Desk()
    seen = desk.respond.acknowledge_alert(alert().id, actor="guard")
    assert (seen.state, seen.acknowledged_by) == (AlertState.ACKED, "guard")
    assert desk.incident.state is IncidentState.OPEN
    assert desk.respond.acknowledge_alert(alert().id, actor="patrol") == seen
    assert desk.woken == 1


def test_a_latch_is_reset_by_hand_and_the_rule_is_made_to_forget() -> None:
    desk = Desk(alert(state=AlertState.LATCHED_ACKED, active=False, acknowledged_at=seconds(1)))
    over = desk.respond.reset_alert(alert().id, actor="guard")
    assert over.state is AlertState.NORMAL
    assert len(desk.casebook.rows.orders) == 1
    assert desk.casebook.rows.announcements[-1].payload == b""
    assert desk.respond.reset_alert(alert().id, actor="guard") == over
    assert len(desk.casebook.rows.orders) == 1


def test_every_act_has_its_name() -> None:
    desk = Desk()
    act = desk.respond
    act.verify(desk.id, actor="guard", finding=Finding.UNCLEAR, how="camera", note="smoke or steam")
    act.en_route(desk.id, actor="guard")
    act.arrive(desk.id, actor="guard")
    act.handover(desk.id, actor="guard", to="leader")
    act.escalate(desk.id, actor="leader", reason="two more")
    act.note(desk.id, actor="leader", note="fire lane is free")
    act.resolve(desk.id, actor="leader", outcome=Outcome.REAL, cause=None)
    act.review(desk.id, actor="secretary")
    assert act.close(desk.id, actor="secretary").state is IncidentState.CLOSED
    assert [kind for kind in desk.kinds() if kind.startswith("incident.")] == [
        "incident.verified",
        "incident.acknowledged",
        "incident.en_route",
        "incident.on_scene",
        "incident.handed_over",
        "incident.escalated",
        "incident.noted",
        "incident.resolved",
        "incident.reviewed",
        "incident.closed",
    ]
