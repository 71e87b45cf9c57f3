"""The watchman's rounds."""

import msgspec

from harness.cases import NOW, compound, opening, seconds
from harness.memory import Hand, MemoryCasebook, MemoryDirectory, MemoryOutbox
from shouwang.domain.notice import Delivery, DeliveryState, Why
from shouwang.domain.vocabulary import DeliveryKey, IncidentId, NoticeId, PersonId
from shouwang.flows.rounds import AT_A_TIME, Rounds


class Watch:
    def __init__(self, incidents: int = 1) -> None:
        self.casebook = MemoryCasebook()
        self.clock = Hand(NOW)
        self.woken = 0
        self.rounds = Rounds(
            self.casebook, MemoryOutbox(self.casebook), MemoryDirectory(compound()), self.clock, wake=self._wake
        )
        for number in range(incidents):
            self.put(f"i{number:03}")

    def _wake(self) -> None:
        self.woken += 1

    def put(self, id: str, **changes: object) -> None:
        incident = msgspec.structs.replace(opening()[0], id=IncidentId(id), **changes)
        with self.casebook.change() as transaction:
            transaction.keep_incident(incident)

    def told(self) -> list[tuple[str, list[str]]]:
        return [(one.why.value, one.tell) for one in self.casebook.rows.notices.values()]


def test_a_step_is_told_when_it_is_due_and_once() -> None:
    watch = Watch()
    watch.clock.at = seconds(59)
    assert (watch.rounds.escalate_due(), watch.woken) == (0, 0)
    watch.clock.at = seconds(60)
    assert watch.rounds.escalate_due() == 1
    assert watch.rounds.escalate_due() == 0
    assert watch.told() == [("next_step", ["post:property_manager"])]
    assert watch.woken == 1


def test_a_round_takes_as_many_as_it_may_and_the_next_one_the_rest() -> None:
    watch = Watch(AT_A_TIME + 5)
    watch.clock.at = seconds(60)
    assert watch.rounds.escalate_due() == AT_A_TIME
    assert watch.rounds.escalate_due() == 5
    assert len(watch.casebook.rows.notices) == AT_A_TIME + 5


def test_two_watchmen_tell_a_step_once() -> None:
    watch = Watch()
    other = Rounds(watch.casebook, MemoryOutbox(watch.casebook), MemoryDirectory(compound()), watch.clock)
    watch.clock.at = seconds(60)
    assert watch.rounds.escalate_due() + other.escalate_due() == 1
    assert len(watch.casebook.rows.notices) == 1


def test_a_watchman_who_comes_second_to_an_incident_leaves_it_as_it_is() -> None:
    watch = Watch()
    watch.clock.at = seconds(60)
    due = watch.casebook.incidents_due(watch.clock.now(), 10)
    watch.rounds.escalate_due()
    before = watch.casebook.rows.incidents[due[0]]
    watch.casebook.incidents_due = lambda now, limit: due  # type: ignore[method-assign]  # as read a moment ago
    assert watch.rounds.escalate_due() == 0
    assert watch.casebook.rows.incidents[due[0]] is before


def test_after_the_watchman_slept_everything_due_comes_in_one_notice() -> None:
    watch = Watch()
    watch.clock.at = seconds(3600)
    assert watch.rounds.escalate_due() == 1
    assert watch.told() == [("next_step", ["post:property_manager", "post:branch_secretary", "post:community_officer"])]


def test_the_leases_of_a_dead_sender_are_given_back() -> None:
    watch = Watch(0)
    leased = Delivery(
        key=DeliveryKey("k"),
        notice=NoticeId("n"),
        incident=IncidentId("i"),
        person=PersonId("guard"),
        channel="webhook",
        contact=0,
        why=Why.FIRST,
        state=DeliveryState.LEASED,
        created_at=NOW,
        due_at=NOW,
        lease_holder="dead",
        lease_until=seconds(30),
    )
    with watch.casebook.change() as transaction:
        transaction.keep_delivery(leased)
    watch.clock.at = seconds(30)
    assert watch.rounds.reclaim() == 1
    assert watch.rounds.reclaim() == 0
    assert watch.casebook.rows.deliveries[DeliveryKey("k")].state is DeliveryState.QUEUED
    assert watch.woken == 1


def test_the_audit_drives_on_what_no_round_would_reach_and_says_so() -> None:
    watch = Watch()
    watch.put("stuck", next_step_at=None)
    watch.clock.at = seconds(60)
    assert watch.rounds.escalate_due() == 1
    assert watch.rounds.audit() == 1
    assert watch.rounds.audit() == 0
    assert [entry.incident for entry in watch.casebook.rows.journal if entry.kind == "escalation.stuck"] == ["stuck"]
    assert len(watch.told()) == 2


def test_the_audit_goes_through_all_open_incidents_page_by_page() -> None:
    watch = Watch(AT_A_TIME)
    watch.put("z-stuck", next_step_at=None)
    assert [watch.rounds.audit() for _ in range(3)] == [0, 1, 0]
