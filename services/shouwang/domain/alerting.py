"""How transitions and people move one alert: raised, repeated, cleared; acknowledged, reset."""

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from shouwang.domain.alert import (
    ALERT_MOVES,
    UNSEEN,
    Alert,
    AlertEvent,
    AlertState,
    Order,
    is_open,
    is_suppressed,
    move_alert,
)
from shouwang.domain.errors import Conflict
from shouwang.domain.journal import Entry
from shouwang.domain.standing import Change, DeviceFacts, Transition
from shouwang.domain.vocabulary import AlertId, Instant, Life, PlaceId

if TYPE_CHECKING:
    from shouwang.domain.rule import Rule

Moved = tuple[Alert, list[Entry]]
"""An alert after a move, and what the journal says of it."""


class Disposition(StrEnum):
    """What is done with an alarm of a device, by where the device stands in its life."""

    RAISE = "raise"
    """As usual; also for a device that nobody registered, and for one that should have been gone."""
    DIVERT = "divert"
    """Marked as a test and ended by itself: the device is being commissioned or tested."""
    HOLD = "hold"
    """On record as out of service: a named person took the point out."""

    @property
    def opens_incident(self) -> bool:
        return self is Disposition.RAISE


def disposition(facts: DeviceFacts) -> Disposition:
    match facts.life:
        case Life.COMMISSIONING | Life.TEST:
            return Disposition.DIVERT
        case Life.OUT_OF_SERVICE:
            return Disposition.HOLD
        case _:
            return Disposition.RAISE


def alert_id(rule: str, subject: str, at: Instant) -> AlertId:
    """Deterministic, unique for (rule, subject, at), and sorting by ``at``: when what raised it was received. Device
    time would not do: a sensor whose clock stands still would overwrite its last alert."""
    digest = hashlib.blake2b(f"{rule}\0{subject}".encode(), digest_size=6).hexdigest()
    return AlertId(f"{max(at, 0):014x}-{digest}")


def plan_alert(
    open: Alert | None,
    rule: "Rule",
    transition: Transition,
    facts: DeviceFacts,
    *,
    received_at: Instant,
    now: Instant,
) -> Moved | None:
    """The alert after this transition, or None where it changes nothing.

    ``open``: the alert of (rule, subject) that is not back to normal. Raised without one begins a new alert, and so
    does repeated: what was open has been ended by a person meanwhile. Raised again, an alert that had ended and waited
    for an acknowledgement or a reset is unacknowledged once more. Cleared without one is nothing.
    """
    alert = _returned(open, disposition(facts)) if open is not None and not open.held_by else open
    match transition.change:
        case Change.CLEARED:
            return _cleared(alert, transition, now) if alert is not None and alert.active else None
        case Change.RAISED | Change.REPEATED:
            if alert is None:
                return _begun(rule, transition, facts, received_at, now)
            return _again(alert, rule, transition, facts, now)


def plan_acknowledge(alert: Alert, *, actor: str, now: Instant) -> Moved | None:
    """A person has seen it. None where somebody had before. Raises Conflict where nothing waits for it."""
    if alert.state in UNSEEN:
        seen = _moved(alert, AlertEvent.ACKNOWLEDGE, acknowledged_at=now, acknowledged_by=actor)
        return seen, [alert_entry("alert.acknowledged", seen, now, actor)]
    if alert.acknowledged_at is None:
        raise Conflict(f"alert {alert.id} is {alert.state}; only an unacknowledged alert can be acknowledged")
    return None


def plan_reset(alert: Alert, *, actor: str, now: Instant) -> tuple[Alert, list[Entry], Order] | None:
    """A person ends an alert by hand: a latch whose condition is over, or an event's. None where it is over already.
    Raises Conflict where it must be acknowledged first, or where its condition is still true."""
    if not is_open(alert.state):
        return None
    if alert.state is AlertState.ACKED and not alert.event:
        raise Conflict(f"alert {alert.id}: its condition is still true; it can be reset when that has ended")
    if (alert.state, AlertEvent.RESET) not in ALERT_MOVES:
        raise Conflict(f"alert {alert.id} is {alert.state}; it can be reset once it is acknowledged")
    return ended(alert, actor=actor, now=now)


def ended(alert: Alert, *, actor: str, now: Instant) -> tuple[Alert, list[Entry], Order]:
    """An acknowledged alert goes back to normal by a person's word, whether or not its condition has ended; the order
    makes the rule forget that it is raised."""
    kind = "end" if alert.event else "reset"
    over = _moved(alert, AlertEvent.RESET, active=False, cleared_at=now if alert.active else alert.cleared_at)
    order = Order(kind=kind, rule=alert.rule, subject=alert.subject, alert=alert.id, actor=actor, at=now)
    return over, [alert_entry("alert.reset", over, now, actor, how=kind)], order


def _begun(rule: "Rule", transition: Transition, facts: DeviceFacts, received_at: Instant, now: Instant) -> Moved:
    is_of_device = transition.subject == facts.device
    way = disposition(facts)
    alert = Alert(
        id=alert_id(rule.id, transition.subject, received_at),
        rule=rule.id,
        title=dict(rule.title),
        klass=rule.klass,
        severity=transition.severity,
        state=AlertState.NORMAL,
        subject=transition.subject,
        device=facts.device if is_of_device else None,
        kind=facts.kind or "",
        place=facts.place if is_of_device else PlaceId(transition.subject),
        raised_at=transition.at,
        received_at=received_at,
        committed_at=now,
        latching=rule.latching and way is not Disposition.DIVERT,
        event=rule.is_event,
        late=transition.late,
        test=transition.test or way is Disposition.DIVERT,
        evidence=list(transition.evidence),
        sentence=dict(transition.sentence),
        version=transition.version,
        no_later_sample=transition.no_later_sample,
    )
    match way:
        case Disposition.RAISE:
            begun = _moved(alert, AlertEvent.RAISE)
        case Disposition.HOLD:
            begun = _moved(alert, AlertEvent.TAKE_OUT)
        case Disposition.DIVERT:
            begun = _moved(_moved(alert, AlertEvent.RAISE), AlertEvent.ACKNOWLEDGE)
            if alert.event:
                begun = _moved(begun, AlertEvent.CLEAR, active=False, cleared_at=transition.at)
    begun = msgspec.structs.replace(begun, revision=1)
    return begun, [_raised(begun, transition, now)]


def _again(alert: Alert, rule: "Rule", transition: Transition, facts: DeviceFacts, now: Instant) -> Moved:
    is_test = transition.test or disposition(facts) is Disposition.DIVERT
    if is_test and not alert.test:
        # A test proves nothing about a real alert that still waits for somebody.
        counted = _changed(alert, count=alert.count + 1)
        return counted, [alert_entry("alert.repeated", counted, now, at=transition.at, count=counted.count, test=True)]
    if not is_test and alert.test and alert.state is AlertState.ACKED:
        # The test acknowledged itself; nobody has seen the real thing.
        alert = _moved(alert, AlertEvent.CLEAR)
    news = {"count": alert.count + 1, "active": True, "cleared_at": None, "test": is_test}
    if not is_test:
        news["latching"] = rule.latching
    if (alert.state, AlertEvent.RAISE) not in ALERT_MOVES:
        counted = _changed(alert, **news)
        return counted, [alert_entry("alert.repeated", counted, now, at=transition.at, count=counted.count)]
    raised = _moved(
        alert,
        AlertEvent.RAISE,
        **news,
        severity=transition.severity,
        acknowledged_at=None,
        acknowledged_by=None,
        late=transition.late,
        evidence=list(transition.evidence),
        sentence=dict(transition.sentence),
        version=transition.version,
        no_later_sample=transition.no_later_sample,
    )
    return raised, [_raised(raised, transition, now)]


def _cleared(alert: Alert, transition: Transition, now: Instant) -> Moved:
    over = {"active": False, "cleared_at": transition.at}
    if is_suppressed(alert.state):
        cleared = _changed(alert, **over)
    else:
        cleared = _moved(alert, AlertEvent.CLEAR_LATCHING if alert.latching else AlertEvent.CLEAR, **over)
    evidence = msgspec.to_builtins(transition.evidence)
    return cleared, [alert_entry("alert.cleared", cleared, now, at=transition.at, evidence=evidence)]


def _returned(alert: Alert, way: Disposition) -> Alert:
    """Back in service, an alert is judged by its present condition (ISA-18.2)."""
    if alert.state is not AlertState.OUT_OF_SERVICE or way is not Disposition.RAISE:
        return alert
    return _moved(alert, AlertEvent.RETURN_TRUE if alert.active else AlertEvent.RETURN_FALSE)


def _raised(alert: Alert, transition: Transition, now: Instant) -> Entry:
    """With the whole alert, so that the journal alone can rebuild the board."""
    return alert_entry(
        "alert.raised",
        alert,
        now,
        at=transition.at,
        no_later_sample=transition.no_later_sample,
        facts=msgspec.to_builtins(alert),
    )


def alert_entry(kind: str, alert: Alert, now: Instant, actor: str = "system", **body: object) -> Entry:
    """A journal entry about an alert, with its rule and state."""
    return Entry(
        at=now,
        kind=kind,
        actor=actor,
        incident=alert.incident,
        alert=alert.id,
        device=alert.device,
        place=alert.place,
        body={"rule": alert.rule, "state": alert.state, **body},
    )


def _moved(alert: Alert, event: AlertEvent, **changes: Any) -> Alert:
    return _changed(alert, state=move_alert(alert.state, event), **changes)


def _changed(alert: Alert, **changes: Any) -> Alert:
    return msgspec.structs.replace(alert, revision=alert.revision + 1, **changes)
