"""What comes back from people and gateways for a delivery: receipts, answers by key or text, confirmations of tests."""

import logging
from collections.abc import Callable, Collection, Iterable
from typing import Protocol

import msgspec

from shouwang.domain import delivery as deliver
from shouwang.domain.acts import Acknowledge, Act, Arrive, Decline, Depart
from shouwang.domain.board import DeliveryQuery, Mark
from shouwang.domain.climbing import nobody_answers
from shouwang.domain.community import Community
from shouwang.domain.contact import number_of
from shouwang.domain.errors import Conflict, NotFound
from shouwang.domain.incident import Incident
from shouwang.domain.journal import Entry
from shouwang.domain.moment import rfc3339
from shouwang.domain.notice import Delivery, DeliveryState, Why, answered
from shouwang.domain.receipt import Answer, Receipt, receive, same_number
from shouwang.domain.vocabulary import HOUR, DeliveryKey, Duration, Instant
from shouwang.flows.respond import Respond, nobody
from shouwang.ports import Casebook, Clock, Directory, Transaction

log = logging.getLogger(__name__)

NEWEST = 50
"""Deliveries of a person among which a gateway's own reference is looked for."""

ANSWERABLE: Duration = 12 * HOUR
"""A text that comes back later than this answers no alarm."""


class Deliveries(Protocol):
    def delivery(self, key: DeliveryKey) -> Delivery | None: ...

    def deliveries(self, query: DeliveryQuery, after: Mark | None, limit: int) -> list[Delivery]: ...


class Answering:
    """Safe to call again with the same news: a delivery moves only forward, and an act repeated changes nothing."""

    def __init__(
        self,
        casebook: Casebook,
        deliveries: Deliveries,
        directory: Directory,
        respond: Respond,
        clock: Clock,
        *,
        channels: Collection[str] = (),
        wake: Callable[[], None] = nobody,
        reach: Callable[[str], None] = lambda _point: None,
    ) -> None:
        """``channels``: names of those there are, for the person's next contact where a message did not arrive."""
        self._casebook = casebook
        self._deliveries = deliveries
        self._directory = directory
        self._respond = respond
        self._clock = clock
        self._channels = channels
        self._wake = wake
        self._reach = reach

    def take(self, channels: Collection[str], receipt: Receipt) -> bool:
        """News of a delivery on one of these channels (all that a gateway carries); False where no such delivery is
        known."""
        found = self._find(channels, receipt)
        if found is None:
            return False
        if receipt.arrived is not None or receipt.failure is not None:
            self._receive(found, receipt)
        if receipt.answer is not None:
            self._answer(found, receipt.answer)
        return True

    def confirm(self, delivery: Delivery) -> None:
        """Its person has read a test message: the contact is proven."""
        self._settle(delivery, lambda kept, now: answered(kept, now), "delivery.confirmed")
        person = self._directory.community().people.get(delivery.person)
        if person is None or delivery.contact >= len(person.channels) or person.channels[delivery.contact].verified:
            return
        at = rfc3339(self._clock.now())
        proven = [
            msgspec.structs.replace(contact, verified=True, verified_at=at) if index == delivery.contact else contact
            for index, contact in enumerate(person.channels)
        ]
        self._directory.change([msgspec.structs.replace(person, channels=proven)])

    def _find(self, channels: Collection[str], receipt: Receipt) -> Delivery | None:
        if receipt.key:
            found = self._deliveries.delivery(DeliveryKey(receipt.key))
            return found if found is not None and found.channel in channels else None
        community, now = self._directory.community(), self._clock.now()
        for person in community.people.values():
            numbers = {number_of(person, contact) for contact in person.channels if contact.kind in channels}
            if not any(same_number(receipt.number, number) for number in numbers):
                continue
            newest = self._deliveries.deliveries(DeliveryQuery(person=person.id), None, NEWEST)
            theirs = [one for one in newest if one.channel in channels and one.created_at > now - ANSWERABLE]
            if receipt.reference:
                found = next((one for one in theirs if one.reference == receipt.reference), None)
            else:
                found = next((one for one in theirs if one.sent_at is not None), None)
            if found is not None:
                return found
        return None

    def _receive(self, delivery: Delivery, receipt: Receipt) -> None:
        kind = f"delivery.{receipt.failure or receipt.arrived}"
        self._settle(delivery, lambda kept, now: receive(kept, receipt, now), kind)

    def _answer(self, delivery: Delivery, answer: Answer) -> None:
        if delivery.why is Why.TEST:
            self.confirm(delivery)
            return
        try:
            self._respond.act(delivery.incident, _ACTS[answer], actor=delivery.person)
        except (Conflict, NotFound) as refusal:
            # Somebody was faster, or it is over: the person has answered all the same.
            log.info("the answer %s to %s came too late: %s", answer, delivery.key, refusal)
            self._settle(delivery, lambda kept, now: answered(kept, now), "delivery.answered")

    def _settle(self, delivery: Delivery, move: Callable[[Delivery, Instant], Delivery | None], kind: str) -> None:
        now, community = self._clock.now(), self._directory.community()
        with self._casebook.change() as change:
            siblings = change.deliveries_of(delivery.incident)
            incident = change.incident(delivery.incident)
            kept = next((one for one in siblings if one.key == delivery.key), None)
            moved = move(kept, now) if kept is not None and incident is not None else None
            if moved is None or incident is None:
                return
            change.keep_delivery(moved)
            change.record(_entry(kind, moved, incident, now))
            if moved.state in (DeliveryState.UNREACHABLE, DeliveryState.REFUSED):
                self._fail_over(change, moved, siblings, incident, community, now)
            self._reach("callback.before_commit")
        self._reach("callback.committed")
        self._wake()

    def _fail_over(
        self,
        change: Transaction,
        failed: Delivery,
        before: Iterable[Delivery],
        incident: Incident,
        community: Community,
        now: Instant,
    ) -> None:
        siblings = [failed if one.key == failed.key else one for one in before]
        following = deliver.plan_failover(failed, siblings, incident, community, channels=self._channels, now=now)
        if following is not None:
            change.keep_delivery(following)
        elif deliver.reaches_nobody(failed.notice, siblings):
            gaps = [f"{one.person} refused by {one.channel}" for one in siblings if one.notice == failed.notice]
            changed, notices, entries = nobody_answers(
                incident, deliver.notice_of(failed), gaps, community=community, now=now
            )
            change.keep_incident(changed)
            for notice in notices:
                change.make_notice(notice)
            for entry in entries:
                change.record(entry)


_ACTS: dict[Answer, Act] = {
    Answer.ACKNOWLEDGE: Acknowledge(),
    Answer.DECLINE: Decline(),
    Answer.EN_ROUTE: Depart(),
    Answer.ARRIVE: Arrive(),
}


def _entry(kind: str, one: Delivery, incident: Incident, now: Instant) -> Entry:
    return Entry(
        at=now,
        kind=kind,
        actor=one.person if kind in ("delivery.answered", "delivery.confirmed") else "system",
        incident=incident.id,
        alert=one.alert,
        place=incident.place,
        body={"key": one.key, "person": one.person, "channel": one.channel, "why": one.why, "detail": one.detail},
    )
