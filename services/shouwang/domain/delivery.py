"""From a notice to attempts: who gets it on which contact first, what an outcome leads to, when it is tried again."""

from collections.abc import Collection, Iterable, Sequence
from typing import assert_never
from urllib.parse import quote

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.duty import EXTRAS, Person, Resolution, no_contact
from shouwang.domain.escalation import Milestone
from shouwang.domain.incident import Incident, IncidentState, is_live
from shouwang.domain.notice import (
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Notice,
    Outcome,
    Refused,
    Sent,
    Unreachable,
    Why,
    move_delivery,
)
from shouwang.domain.vocabulary import HOUR, SECOND, DeliveryKey, Duration, Instant, NoticeId, PersonId, Value

BACKOFF: Sequence[Duration] = (1 * SECOND, 2 * SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND)
EVERY: Duration = 60 * SECOND
"""Of an unreachable contact: retried after these, then every minute until the incident is resolved."""

FAREWELL: Duration = 1 * HOUR
"""A stand-down is told after its incident was resolved, so that cannot end its retries: this does."""

DETAIL_LIMIT = 200
"""Characters of a gateway's words that are kept."""


class Settled(Value, frozen=True):
    """A delivery after an attempt. ``tries_next_contact``: the person is to be told on another one, if there is any.
    ``is_news``: worth a line in the journal."""

    delivery: Delivery
    tries_next_contact: bool
    is_news: bool


class Expansion(Value, frozen=True):
    """A notice as deliveries, one for each person; ``gaps``: targets and people that cannot be told, and why."""

    deliveries: list[Delivery]
    gaps: list[str]


def plan_deliveries(
    notice: Notice,
    incident: Incident,
    resolution: Resolution,
    community: Community,
    *,
    channels: Collection[str],
    now: Instant,
) -> Expansion:
    """One delivery for each person, on the first contact that this installation has a channel for; further contacts
    are for failover (``plan_failover``). ``channels``: names of those there are."""
    deliveries: list[Delivery] = []
    gaps = list(resolution.gaps)
    for id in resolution.people:
        person = community.people.get(id)
        contact = next(iter(contacts(person, notice.step, incident, channels)), None) if person else None
        if person is None or contact is None:
            gaps.append(no_contact(person) if person else f"there is no person {id}")
            continue
        deliveries.append(_delivery(notice, person, contact, now))
    return Expansion(deliveries, gaps)


def plan_failover(
    failed: Delivery,
    siblings: Sequence[Delivery],
    incident: Incident,
    community: Community,
    *,
    channels: Collection[str],
    now: Instant,
) -> Delivery | None:
    """The delivery on the person's next contact, None where every one was tried. ``siblings``: deliveries of the
    incident."""
    person = community.people.get(failed.person)
    if person is None:
        return None
    tried = {one.contact for one in siblings if one.notice == failed.notice and one.person == failed.person}
    contact = next((index for index in contacts(person, failed.step, incident, channels) if index not in tried), None)
    if contact is None:
        return None
    return Delivery(
        key=delivery_key(failed.notice, failed.person, contact),
        notice=failed.notice,
        incident=failed.incident,
        person=failed.person,
        channel=person.channels[contact].kind,
        contact=contact,
        why=failed.why,
        state=DeliveryState.QUEUED,
        created_at=now,
        due_at=now,
        step=failed.step,
        alert=failed.alert,
    )


def who_knows(notice: Notice, before: Iterable[Delivery]) -> set[PersonId]:
    """The people to whom an update would say nothing new: a message about the incident is still to be written for them,
    or was written after what the update is about. So a storm updates the message that people have, and each of them
    reads one that says how things stand. A first notice, an order and a farewell are always told.

    ``before``: deliveries of the incident so far."""
    if notice.why not in _UPDATES:
        return set()
    return {
        one.person
        for one in before
        if one.why in _CARRIERS
        and (one.state is DeliveryState.QUEUED or (one.created_at > notice.created_at and one.state not in _UNSAID))
    }


_UPDATES = frozenset({Why.WORSE, Why.REPEAT})
_CARRIERS = frozenset({Why.FIRST, Why.WORSE, Why.NEXT_STEP, Why.COVERAGE_GAP})
"""What calls people, and says all there is to say: an update after one of these, of what was before, is no news."""

_UNSAID = (DeliveryState.UNREACHABLE, DeliveryState.REFUSED, DeliveryState.CANCELLED)


def contacts(person: Person, step: int | None, incident: Incident, channels: Collection[str]) -> list[int]:
    """Indexes of the person's contacts in the order in which they are tried: those of the channels that the step
    prefers, then the others, each in the person's own order."""
    steps = incident.policy.steps
    wanted = steps[step].channels if step is not None and step < len(steps) else None
    usable = [
        index
        for index, contact in enumerate(person.channels)
        if contact.kind in channels and contact.kind not in EXTRAS
    ]
    return sorted(usable, key=lambda index: wanted is not None and person.channels[index].kind not in wanted)


def delivery_key(notice: NoticeId, person: PersonId, contact: int) -> DeliveryKey:
    """The key for life. Printable ASCII without a full stop, because it travels as ``webhook-id``, whose signature is
    made over ``id.timestamp.body``."""
    by_number = quote(notice, safe="").replace(".", "-")
    return DeliveryKey(f"{by_number}:{quote(person, safe='').replace('.', '%2E')}:{contact}")


def leased(delivery: Delivery, holder: str, until: Instant) -> Delivery:
    """Ours to send until then. Raises IllegalMove for one that is not waiting."""
    state = move_delivery(delivery.state, DeliveryEvent.LEASE)
    return msgspec.structs.replace(delivery, state=state, lease_holder=holder, lease_until=until)


def given_back(delivery: Delivery) -> Delivery:
    """Queued again, for whoever comes next. It counts as an attempt, since nobody knows how far its sender came. Raises
    IllegalMove for one that is not leased."""
    state = move_delivery(delivery.state, DeliveryEvent.GIVE_BACK)
    return msgspec.structs.replace(
        delivery, state=state, attempts=delivery.attempts + 1, lease_holder="", lease_until=None
    )


def cancelled(delivery: Delivery) -> Delivery:
    """Nobody needs it any more. Raises IllegalMove for one that is over."""
    state = move_delivery(delivery.state, DeliveryEvent.CANCEL)
    return msgspec.structs.replace(delivery, state=state, lease_holder="", lease_until=None)


def is_worth_sending(delivery: Delivery, incident: Incident, now: Instant) -> bool:
    """False for what came too late: a retry whose incident is over, or a farewell that nobody takes."""
    if delivery.why is Why.STOOD_DOWN or incident.is_of_trial:
        return now < delivery.created_at + FAREWELL
    if _follows_the_end(delivery.step, incident):
        return incident.state is not IncidentState.OPEN and now < delivery.created_at + FAREWELL
    return is_live(incident.state)


def may_have_heard(delivery: Delivery) -> bool:
    """Whether its person is to hear how it ends: a message that was taken back after an attempt may have arrived, late
    or unnoticed by us."""
    return delivery.state is not DeliveryState.CANCELLED or delivery.attempts > 0


def is_worth_telling(notice: Notice, incident: Incident) -> bool:
    """False for a notice that was still to be turned into deliveries when somebody ended its incident: nobody is called
    to what is over. What became part of another incident is told: its people may hear of it in no other way."""
    if is_live(incident.state) or notice.why is Why.STOOD_DOWN or _follows_the_end(notice.step, incident):
        return True
    if incident.is_of_trial:
        return True
    return incident.file is not None and bool(incident.file.merged_into)


def settle(kept: Delivery, outcome: Outcome, incident: Incident, now: Instant) -> Settled:
    """The delivery as kept in the database, after this outcome of an attempt.

    Meanwhile its person may have answered or somebody may have ended the incident: then only the fact of the attempt is
    added. Where the lease ran out while the gateway was slow, what it accepted is accepted.
    """
    attempts = kept.attempts + 1
    if isinstance(outcome, Sent) and kept.state in (DeliveryState.QUEUED, DeliveryState.UNREACHABLE):
        kept = leased(kept, "", now)
    if kept.state is not DeliveryState.LEASED:
        sent_at = now if isinstance(outcome, Sent) and kept.sent_at is None else kept.sent_at
        changed = msgspec.structs.replace(kept, attempts=attempts, sent_at=sent_at)
        return Settled(changed, False, sent_at != kept.sent_at)
    free = msgspec.structs.replace(kept, attempts=attempts, lease_holder="", lease_until=None)
    match outcome:
        case Sent():
            state = move_delivery(kept.state, DeliveryEvent.ACCEPT)
            sent = msgspec.structs.replace(
                free, state=state, sent_at=now, detail="", failure=None, reference=outcome.reference
            )
            return Settled(sent, False, True)
        case Unreachable():
            detail = outcome.detail[:DETAIL_LIMIT]
            is_news = attempts == 1 or detail != kept.detail
            if not is_worth_sending(kept, incident, now):
                return Settled(cancelled(msgspec.structs.replace(free, detail=detail)), False, is_news)
            failed = msgspec.structs.replace(
                free,
                state=move_delivery(kept.state, DeliveryEvent.FAIL),
                due_at=retry_at(attempts, outcome.retry_after, now),
                detail=detail,
                failure=outcome.failure,
            )
            return Settled(failed, True, is_news)
        case Refused():
            refused = msgspec.structs.replace(
                free,
                state=move_delivery(kept.state, DeliveryEvent.REFUSE),
                detail=outcome.detail[:DETAIL_LIMIT],
                failure=outcome.failure,
            )
            return Settled(refused, True, True)
        case _:
            assert_never(outcome)


def outcome_word(outcome: Outcome) -> str:
    """``sent``, ``unreachable`` or ``refused``, for journal and metrics."""
    return type(outcome).__name__.lower()


def retry_at(attempts: int, retry_after: Duration | None, now: Instant) -> Instant:
    """When to try again after the ``attempts``-th attempt failed; later where the gateway asks for it."""
    wait = BACKOFF[attempts - 1] if attempts <= len(BACKOFF) else EVERY
    return now + max(wait, retry_after or 0)


def notice_of(delivery: Delivery) -> Notice:
    """The notice of a delivery, as far as its deliveries know it: without its targets."""
    return Notice(
        id=delivery.notice,
        incident=delivery.incident,
        why=delivery.why,
        tell=[],
        created_at=delivery.created_at,
        step=delivery.step,
        alert=delivery.alert,
    )


def reaches_nobody(notice: NoticeId, deliveries: Sequence[Delivery]) -> bool:
    """Every delivery of the notice was refused, and there were some: it counts as told to nobody."""
    states = {one.state for one in deliveries if one.notice == notice}
    return states == {DeliveryState.REFUSED}


def _follows_the_end(step: int | None, incident: Incident) -> bool:
    """A visit on the day after is asked of people when all else is over."""
    steps = incident.policy.steps
    return step is not None and step < len(steps) and steps[step].when is Milestone.RESOLVED


def _delivery(notice: Notice, person: Person, contact: int, now: Instant) -> Delivery:
    return Delivery(
        key=delivery_key(notice.id, person.id, contact),
        notice=notice.id,
        incident=notice.incident,
        person=person.id,
        channel=person.channels[contact].kind,
        contact=contact,
        why=notice.why,
        state=DeliveryState.QUEUED,
        created_at=now,
        due_at=now,
        step=notice.step,
        alert=notice.alert,
    )
