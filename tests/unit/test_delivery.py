"""From notices to attempts, decided purely: who is told on which contact, and what an outcome leads to."""

import string
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.alert import AlertClass
from shouwang.domain.casefile import CaseFile
from shouwang.domain.community import Community
from shouwang.domain.delivery import (
    BACKOFF,
    EVERY,
    cancelled,
    delivery_key,
    given_back,
    is_worth_sending,
    is_worth_telling,
    leased,
    may_have_heard,
    plan_deliveries,
    plan_failover,
    reaches_nobody,
    retry_at,
    settle,
)
from shouwang.domain.duty import Contact, Person, Resolution
from shouwang.domain.errors import IllegalMove
from shouwang.domain.escalation import Milestone, Policy, Step
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.notice import (
    DELIVERY_MOVES,
    Delivery,
    DeliveryState,
    Notice,
    Outcome,
    Refused,
    Sent,
    Unreachable,
    Why,
)
from shouwang.domain.vocabulary import (
    HOUR,
    MINUTE,
    SECOND,
    IncidentId,
    Instant,
    NoticeId,
    PersonId,
    PlaceId,
    Severity,
)

NOW: Instant = 1_764_000_000 * SECOND
CHANNELS = ("webhook", "sms", "console")


def person(id: str, *kinds: str) -> Person:
    return Person(id=PersonId(id), name=id, channels=[Contact(kind=kind, url="x") for kind in kinds])


def community(*people: Person) -> Community:
    return Community(people={one.id: one for one in people})


def incident(state: IncidentState = IncidentState.OPEN, *steps: Step) -> Incident:
    return Incident(
        id=IncidentId("i1"),
        group="g",
        klass=AlertClass.FIRE,
        state=state,
        severity=Severity.CRITICAL,
        title={"zh": "烟雾"},
        place=PlaceId("a/b"),
        opened_at=NOW,
        policy=Policy(id="p", steps=list(steps)),
    )


def notice(why: Why = Why.FIRST, step: int | None = None) -> Notice:
    return Notice(id=NoticeId("i1.1"), incident=IncidentId("i1"), why=why, tell=["zone"], created_at=NOW, step=step)


def delivery(**facts: Any) -> Delivery:
    (made,) = plan_deliveries(
        notice(), incident(), Resolution([PersonId("wang")], []), community(person("wang", *CHANNELS)),
        channels=CHANNELS, now=NOW,
    ).deliveries  # fmt: skip
    return msgspec.structs.replace(made, **facts)


def held(**facts: Any) -> Delivery:
    return msgspec.structs.replace(leased(delivery(), "me", NOW + 30 * SECOND), **facts)


def test_each_person_is_told_on_the_first_contact_that_can_be_used_here() -> None:
    people = community(person("a", "pager", "sms", "webhook"), person("b", "webhook"), person("c", "pager"))
    resolution = Resolution([PersonId("b"), PersonId("a"), PersonId("c"), PersonId("gone")], ["post:x: nobody"])
    expansion = plan_deliveries(notice(), incident(), resolution, people, channels=CHANNELS, now=NOW)
    assert [(one.person, one.contact, one.channel) for one in expansion.deliveries] == [
        ("b", 0, "webhook"),
        ("a", 1, "sms"),
    ]
    assert expansion.gaps == [
        "post:x: nobody",
        "c has no contact that can be used here (only pager)",
        "there is no person gone",
    ]


def test_a_step_may_prefer_channels_and_the_others_are_still_there_for_failover() -> None:
    people = community(person("a", "webhook", "sms"), person("b", "webhook"))
    case = incident(IncidentState.OPEN, Step(tell=["zone"], channels=["sms"]))
    resolution = Resolution([PersonId("a"), PersonId("b")], [])
    first = plan_deliveries(notice(step=0), case, resolution, people, channels=CHANNELS, now=NOW).deliveries
    assert [one.channel for one in first] == ["sms", "webhook"]
    second = plan_failover(first[0], first, case, people, channels=CHANNELS, now=NOW)
    assert second is not None and (second.channel, second.contact) == ("webhook", 0)
    assert plan_failover(second, [*first, second], case, people, channels=CHANNELS, now=NOW) is None


def test_failover_goes_through_a_persons_contacts_once_each() -> None:
    people = community(person("wang", "webhook", "sms", "pager", "console"))
    tried = [delivery()]
    while following := plan_failover(tried[-1], tried, incident(), people, channels=CHANNELS, now=NOW + SECOND):
        tried.append(following)
    assert [one.contact for one in tried] == [0, 1, 3]
    assert len({one.key for one in tried}) == 3
    assert all(one.state is DeliveryState.QUEUED and one.due_at == NOW + SECOND for one in tried[1:])
    assert plan_failover(tried[0], tried[:1], incident(), community(), channels=CHANNELS, now=NOW) is None


ids = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(ids, ids, st.integers(0, 9), st.integers(1, 99))
def test_a_key_is_plain_ascii_without_a_full_stop_and_names_one_contact_of_one_person(
    one: str, other: str, contact: int, number: int
) -> None:
    key = delivery_key(NoticeId(f"i.{number}"), PersonId(one), contact)
    assert set(key) <= set(string.ascii_letters + string.digits + "-_~%:")
    assert (key == delivery_key(NoticeId(f"i.{number}"), PersonId(other), contact)) == (one == other)
    assert key != delivery_key(NoticeId(f"i.{number}"), PersonId(one), contact + 1)
    assert key != delivery_key(NoticeId(f"i.{number + 1}"), PersonId(one), contact)


def test_retries_come_after_1_2_5_15_30_and_then_every_60_seconds() -> None:
    waits = [(retry_at(attempts, None, NOW) - NOW) // SECOND for attempts in range(1, 9)]
    assert waits == [1, 2, 5, 15, 30, 60, 60, 60]
    assert retry_at(1, 20 * SECOND, NOW) == NOW + 20 * SECOND, "the gateway asked for it"
    assert retry_at(6, 20 * SECOND, NOW) == NOW + EVERY
    assert len(BACKOFF) == 5


def test_what_was_accepted_is_sent() -> None:
    done = settle(held(), Sent("200"), incident(), NOW + SECOND)
    assert (done.delivery.state, done.delivery.sent_at, done.delivery.attempts) == (
        DeliveryState.SENT,
        NOW + SECOND,
        1,
    )
    assert (done.delivery.lease_holder, done.delivery.lease_until) == ("", None)
    assert (done.tries_next_contact, done.is_news) == (False, True)


def test_what_was_not_reached_is_due_again_and_the_next_contact_tried() -> None:
    done = settle(held(), Unreachable("HTTP 503"), incident(), NOW)
    assert (done.delivery.state, done.delivery.due_at) == (DeliveryState.UNREACHABLE, NOW + SECOND)
    assert (done.tries_next_contact, done.is_news) == (True, True)
    again = leased(done.delivery, "me", NOW + MINUTE)
    assert not settle(again, Unreachable("HTTP 503"), incident(), NOW + SECOND).is_news
    assert settle(again, Unreachable("reset"), incident(), NOW + SECOND).is_news


def test_what_was_refused_is_over_and_the_next_contact_tried() -> None:
    done = settle(held(), Refused("HTTP 404"), incident(), NOW)
    assert (done.delivery.state, done.delivery.detail) == (DeliveryState.REFUSED, "HTTP 404")
    assert (done.tries_next_contact, done.is_news) == (True, True)


@pytest.mark.parametrize("state", [IncidentState.RESOLVED, IncidentState.CLOSED])
def test_nobody_is_chased_for_an_incident_that_is_over(state: IncidentState) -> None:
    done = settle(held(), Unreachable("HTTP 503"), incident(state), NOW)
    assert (done.delivery.state, done.tries_next_contact) == (DeliveryState.CANCELLED, False)
    assert not is_worth_sending(delivery(), incident(state), NOW)
    farewell = delivery(why=Why.STOOD_DOWN)
    assert is_worth_sending(farewell, incident(state), NOW + HOUR - 1)
    assert not is_worth_sending(farewell, incident(state), NOW + HOUR)


@pytest.mark.parametrize("state", [IncidentState.RESOLVED, IncidentState.CLOSED])
def test_nobody_is_called_to_what_ended_before_they_were_told(state: IncidentState) -> None:
    visit = incident(state, Step(when=Milestone.RESOLVED, tell=["person:guard"]))
    for why in Why:
        told = notice(why)
        assert is_worth_telling(told, incident(IncidentState.OPEN))
        assert is_worth_telling(told, incident(state)) == (why is Why.STOOD_DOWN)
        assert is_worth_telling(msgspec.structs.replace(told, step=0), visit)
        merged = msgspec.structs.replace(incident(state), file=CaseFile(merged_into=IncidentId("i2")))
        assert is_worth_telling(told, merged), "its people may hear of the other case in no other way"


def test_whoever_may_have_heard_hears_the_end_also_where_the_message_was_taken_back() -> None:
    assert may_have_heard(delivery())
    assert not may_have_heard(cancelled(delivery()))
    assert may_have_heard(cancelled(given_back(held()))), "nobody knows how far its sender came"
    failed = settle(held(), Unreachable("no answer within 10 s"), incident(), NOW).delivery
    assert may_have_heard(cancelled(failed))


def test_an_answer_outlives_the_outcome_of_its_sending() -> None:
    answered = held(state=DeliveryState.ANSWERED, answered_at=NOW)
    for outcome in (Sent(), Unreachable("x"), Refused("x")):
        done = settle(answered, outcome, incident(), NOW + 5)
        assert done.delivery.state is DeliveryState.ANSWERED
        assert not done.tries_next_contact
        assert done.delivery.sent_at == (NOW + 5 if isinstance(outcome, Sent) else None)


def test_what_arrived_after_its_lease_ran_out_has_arrived() -> None:
    assert settle(delivery(), Sent(), incident(), NOW).delivery.state is DeliveryState.SENT
    assert settle(delivery(), Unreachable("x"), incident(), NOW).delivery.state is DeliveryState.QUEUED


outcomes = st.one_of(
    st.builds(Sent),
    st.builds(Unreachable, st.text(max_size=500), st.none() | st.integers(0, HOUR)),
    st.builds(Refused, st.text(max_size=500)),
)


@given(st.sampled_from(DeliveryState), outcomes, st.sampled_from(IncidentState), st.integers(0, 40))
def test_settling_never_raises_never_unsays_and_moves_only_as_the_table_allows(
    state: DeliveryState, outcome: Outcome, case: IncidentState, attempts: int
) -> None:
    before = held(state=state, attempts=attempts, sent_at=NOW if state is DeliveryState.SENT else None)
    after = settle(before, outcome, incident(case), NOW + SECOND).delivery
    moves = {to for (frm, _), to in DELIVERY_MOVES.items() if frm is state}
    via_lease = {to for (frm, _), to in DELIVERY_MOVES.items() if frm is DeliveryState.LEASED}
    assert after.state is state or after.state in moves or (state in _WAITING and after.state in via_lease)
    assert after.attempts == attempts + 1
    assert before.sent_at is None or after.sent_at == before.sent_at
    assert after.key == before.key
    assert len(after.detail) <= 200
    if after.state is DeliveryState.UNREACHABLE and state is DeliveryState.LEASED:
        assert after.due_at > NOW


_WAITING = (DeliveryState.QUEUED, DeliveryState.UNREACHABLE)


def test_a_notice_reaches_nobody_only_when_every_delivery_of_it_was_refused() -> None:
    refused, sent = delivery(state=DeliveryState.REFUSED), delivery(state=DeliveryState.SENT)
    other = delivery(state=DeliveryState.REFUSED, notice=NoticeId("i1.2"))
    assert reaches_nobody(NoticeId("i1.1"), [refused, refused])
    assert not reaches_nobody(NoticeId("i1.1"), [refused, sent])
    assert not reaches_nobody(NoticeId("i1.1"), [other])
    assert not reaches_nobody(NoticeId("i1.1"), [])


def test_a_lease_is_taken_given_back_and_cancelled_but_not_of_what_is_over() -> None:
    assert given_back(held()).state is DeliveryState.QUEUED
    assert given_back(held()).lease_until is None
    assert cancelled(held()).state is DeliveryState.CANCELLED
    for move in (lambda one: leased(one, "me", NOW), given_back, cancelled):
        with pytest.raises(IllegalMove):
            move(delivery(state=DeliveryState.REFUSED))
