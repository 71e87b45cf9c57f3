"""What people do to incidents and alerts, each act one transaction: fetch, plan, keep, and tell whoever must know."""

from collections.abc import Callable, Sequence

from shouwang.domain.acts import (
    Acknowledge,
    Act,
    Arrive,
    Decline,
    Depart,
)
from shouwang.domain.alert import Alert, AlertClass, Order
from shouwang.domain.alerting import plan_acknowledge, plan_reset
from shouwang.domain.announcement import alert_announcement, incident_announcement, incident_withdrawal
from shouwang.domain.casefile import Topic
from shouwang.domain.errors import NotFound
from shouwang.domain.escalation import Policy
from shouwang.domain.handling import ActPlan, plan_act
from shouwang.domain.incident import Incident, is_live
from shouwang.domain.journal import Entry
from shouwang.domain.merging import merge
from shouwang.domain.notice import answered, hearers
from shouwang.domain.regrouping import note_again, open_by_hand, split
from shouwang.domain.reveal import REVEALED, Asked, plan_reveal
from shouwang.domain.vocabulary import AlertId, IncidentId, Instant, PlaceId, Severity
from shouwang.flows.keeping import keep_announced
from shouwang.ports import Casebook, Clock, Directory, Transaction


def nobody() -> None:
    """Wakes nobody: whoever waits looks by itself, a moment later."""


class Respond:
    """``actor`` of every act: the id of a person, or the name of a token. Each act gives the incident as it is then,
    and changes nothing where the same person did it before. Raises NotFound, and Conflict with a message for that
    person. ``wake``: called after each change was committed, as a hint that there is work.
    """

    def __init__(
        self,
        casebook: Casebook,
        directory: Directory,
        clock: Clock,
        wake: Callable[[], None] = nobody,
        reach: Callable[[str], None] = lambda _point: None,
    ) -> None:
        self._casebook = casebook
        self._directory = directory
        self._clock = clock
        self._wake = wake
        self._reach = reach

    def act(self, id: IncidentId, act: Act, *, actor: str) -> Incident:
        now, community = self._clock.now(), self._directory.community()
        with self._casebook.change() as transaction:
            incident = _incident(transaction, id)
            plan = plan_act(
                incident,
                act,
                actor=actor,
                alerts=transaction.alerts_of(id),
                told=hearers(transaction.told(id)),
                community=community,
                now=now,
            )
            if plan.incident is incident:
                return incident
            _keep(transaction, plan, now)
            if isinstance(act, (Acknowledge, Decline, Depart, Arrive)):
                _note_answers(transaction, id, actor, now)
            self._reach("act.before_commit")
        self._reach("act.committed")
        if plan.stands_down:
            self._reach("act.stood_down")
        self._wake()
        return plan.incident

    def report(
        self,
        klass: AlertClass,
        place: PlaceId,
        *,
        actor: str,
        policies: Sequence[Policy],
        reported_by: str = "",
        title: str = "",
        topic: Topic | None = None,
        severity: Severity | None = None,
        note: str = "",
    ) -> tuple[Incident, bool]:
        """An incident that a person reports, and whether it is new: what is going on already is one case."""
        now, community = self._clock.now(), self._directory.community()
        with self._casebook.change() as transaction:
            number = now
            while transaction.incident(IncidentId(f"ih{number}")) is not None:
                number += 1
            opened = open_by_hand(
                IncidentId(f"ih{number}"),
                klass,
                place,
                actor=actor,
                reported_by=reported_by,
                title=title,
                topic=topic,
                severity=severity,
                note=note,
                community=community,
                policies=policies,
                now=now,
            )
            going_on = transaction.open_incident(opened[0].group, now)
            if going_on is not None and is_live(going_on.state):
                changed = note_again(going_on, actor=actor, note=note or title, now=now)
            else:
                going_on, changed = None, opened
            keep_announced(transaction, changed)
        self._wake()
        return changed[0], going_on is None

    def merge(self, incident: IncidentId, *, actor: str, into: str, note: str = "") -> Incident:
        """``incident`` becomes part of ``into``, which is given as it is then."""
        now = self._clock.now()
        with self._casebook.change() as transaction:
            other, kept = _incident(transaction, incident), _incident(transaction, IncidentId(into))
            if other.file is not None and other.file.merged_into == kept.id:
                return kept
            changed, over, alerts = merge(
                kept,
                other,
                transaction.alerts_of(other.id),
                hearers(transaction.told(other.id)),
                actor=actor,
                note=note,
                now=now,
            )
            transaction.cancel_deliveries(other.id, now)
            for one in alerts:
                transaction.keep_alert(one)
            keep_announced(transaction, over)
            keep_announced(transaction, changed)
            transaction.announce(incident_withdrawal(over[0]))
        self._wake()
        return changed[0]

    def split(self, incident: IncidentId, *, actor: str, alerts: Sequence[str], note: str = "") -> Incident:
        """These alerts become a case of their own, which is given."""
        now, community = self._clock.now(), self._directory.community()
        with self._casebook.change() as transaction:
            found = _incident(transaction, incident)
            stays, goes, moved = split(
                found,
                [AlertId(alert) for alert in alerts],
                transaction.alerts_of(incident),
                actor=actor,
                note=note,
                community=community,
                now=now,
            )
            for one in moved:
                transaction.keep_alert(one)
            keep_announced(transaction, stays)
            keep_announced(transaction, goes)
        self._wake()
        return goes[0]

    def reveal(self, incident: IncidentId, asked: Asked, *, actor: str) -> int:
        """Keeps in the journal that this is shown to the actor, and why. Only when it has returned may it be shown. It
        is a look, and no act: the case stays as it is, and nobody has answered. How many more there may be."""
        now = self._clock.now()
        with self._casebook.change() as transaction:
            found = _incident(transaction, incident)
            before = transaction.entries_of(incident, REVEALED, actor)
            entry, left = plan_reveal(found, asked, before, actor=actor, now=now)
            transaction.record(entry)
        self._wake()
        return left

    def acknowledge_alert(self, alert: AlertId, *, actor: str) -> Alert:
        """One alert is seen; its incident stays as it is."""
        now = self._clock.now()
        with self._casebook.change() as transaction:
            found = _alert(transaction, alert)
            planned = plan_acknowledge(found, actor=actor, now=now)
            if planned is None:
                return found
            seen, entries = planned
            _keep_alerts(transaction, [seen], entries, [])
        self._wake()
        return seen

    def reset_alert(self, alert: AlertId, *, actor: str) -> Alert:
        """A latch whose condition is over, or an event's alert, ends; the rule may raise anew."""
        now = self._clock.now()
        with self._casebook.change() as transaction:
            found = _alert(transaction, alert)
            planned = plan_reset(found, actor=actor, now=now)
            if planned is None:
                return found
            over, entries, order = planned
            _keep_alerts(transaction, [over], entries, [order])
        self._wake()
        return over


def _incident(transaction: Transaction, id: IncidentId) -> Incident:
    found = transaction.incident(id)
    if found is None:
        raise NotFound(f"there is no incident {id}")
    return found


def _alert(transaction: Transaction, id: AlertId) -> Alert:
    found = transaction.alert(id)
    if found is None:
        raise NotFound(f"there is no alert {id}")
    return found


def _keep(transaction: Transaction, plan: ActPlan, now: Instant) -> None:
    incident = plan.incident
    transaction.keep_incident(incident)
    _keep_alerts(transaction, plan.alerts, plan.entries, plan.orders)
    if plan.stands_down:
        # Before the notice of the end is made, so that only what is obsolete is cancelled.
        transaction.cancel_deliveries(incident.id, now)
    for notice in plan.notices:
        transaction.make_notice(notice)
    transaction.announce(incident_announcement(incident))
    if not is_live(incident.state):
        transaction.announce(incident_withdrawal(incident))


def _keep_alerts(
    transaction: Transaction, alerts: Sequence[Alert], entries: Sequence[Entry], orders: Sequence[Order]
) -> None:
    for alert in alerts:
        transaction.keep_alert(alert)
        transaction.announce(alert_announcement(alert))
    for entry in entries:
        transaction.record(entry)
    for order in orders:
        transaction.order(order)


def _note_answers(transaction: Transaction, incident: IncidentId, person: str, now: Instant) -> None:
    """Whoever answers needs no further attempt, on any channel."""
    for delivery in transaction.deliveries_of(incident):
        if delivery.person == person and (answer := answered(delivery, now)) is not None:
            transaction.keep_delivery(answer)
