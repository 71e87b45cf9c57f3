"""How one alert is held and let go: shelved, muted, taken out, suppressed by logic; and back by its present condition.

Leaving any of these is judged by what is true then (ISA-18.2): a condition that is still true is an unacknowledged
alert and is told, whatever was acknowledged before; one that is over is back to normal. An alert that somebody else
holds too only changes hands.
"""

from typing import Any

import msgspec

from shouwang.domain.alert import Alert, AlertEvent, is_open, is_suppressed, move_alert
from shouwang.domain.alerting import alert_entry
from shouwang.domain.errors import Conflict
from shouwang.domain.journal import Entry
from shouwang.domain.suppression import Effect, Held, Hold, is_protected
from shouwang.domain.vocabulary import HOUR, MINUTE, SECOND, Duration, Instant

Moved = tuple[Alert, list[Entry]]

REJOIN: Duration = HOUR
"""After a gateway came back its devices have this long to be heard; who is still silent then is told."""

CHATTER_TIMES = 3
CHATTER_WITHIN: Duration = MINUTE
"""An alert raised so often within this time chatters (ISA-18.2, EEMUA 191: three in 60 s)."""

_MOVES = {Effect.TAKE_OUT: AlertEvent.TAKE_OUT, Effect.SUPPRESS: AlertEvent.SUPPRESS}


def hold_back(alert: Alert, held: Held, now: Instant) -> Moved:
    """The alert is not told while ``held``; the journal says by what."""
    changes: dict[str, Any] = {"held_by": held.by}
    if (event := _MOVES.get(held.effect)) is not None:
        changes["state"] = move_alert(alert.state, event)
    back = _changed(alert, **changes)
    return back, [alert_entry("alert.held", back, now, by=held.by, effect=held.effect)]


def shelve(alert: Alert, shelf: Hold, now: Instant) -> Moved:
    """暂缓, by an operator, for a time. Raises Conflict for danger to life, and for what is over or held already."""
    if is_protected(alert):
        raise Conflict(
            f"alert {alert.id} is a matter of life ({alert.klass}, {alert.severity}) and cannot be shelved; "
            "its device can be put under maintenance, with somebody who watches"
        )
    if not is_open(alert.state) or is_suppressed(alert.state):
        raise Conflict(f"alert {alert.id} is {alert.state}; only what is open can be shelved")
    shelved = _changed(alert, state=move_alert(alert.state, AlertEvent.SHELVE), held_by=shelf.id)
    return shelved, [
        alert_entry("alert.shelved", shelved, now, shelf.by, by=shelf.id, why=shelf.why, until=shelf.ends_at)
    ]


def release(alert: Alert, now: Instant, actor: str = "system", because: str = "") -> Moved:
    """What held it is over: it is judged by its present condition."""
    changes: dict[str, Any] = {"held_by": ""}
    returned = is_suppressed(alert.state)
    if returned:
        event = AlertEvent.RETURN_TRUE if alert.active else AlertEvent.RETURN_FALSE
        changes["state"] = move_alert(alert.state, event)
        if alert.active:
            changes |= {"acknowledged_at": None, "acknowledged_by": None}
    free = _changed(alert, **changes)
    body = {"by": alert.held_by, "because": because, "returned": returned}
    return free, [alert_entry("alert.released", free, now, actor, **body)]


def is_told_again(alert: Alert) -> bool:
    """It is still true after it was let go, and bad enough that people are told."""
    return is_open(alert.state) and alert.active and alert.severity.opens_incident and not alert.test


def chatters(alert: Alert, at: Instant) -> bool:
    """One more raise at ``at`` makes it the third within a minute. Never danger to life: each of its raises stands."""
    if is_protected(alert) or alert.event or alert.test or len(alert.raises) < CHATTER_TIMES - 1:
        return False
    return at - alert.raises[-(CHATTER_TIMES - 1)] <= CHATTER_WITHIN


def counted(alert: Alert, at: Instant, now: Instant, before: Alert | None = None) -> Moved:
    """Remembers a raise; the third within a minute marks the alert, once. ``before``: the alert of the same that was
    over just now, whose raises count too."""
    if before is not None and not alert.raises:
        recent = [one for one in before.raises if at - one <= CHATTER_WITHIN]
        alert = msgspec.structs.replace(alert, raises=recent)
    chattering = chatters(alert, at)
    raised = msgspec.structs.replace(
        alert,
        raises=[*alert.raises[-(CHATTER_TIMES - 1) :], at],
        chattering=alert.chattering or chattering,
    )
    if not chattering or alert.chattering:
        return raised, []
    return raised, [alert_entry("alert.chattering", raised, now, count=raised.count, within=CHATTER_WITHIN // SECOND)]


def explains_silence(gateway_lost: Alert, now: Instant) -> bool:
    """The alert of a gateway that is lost, or was until less than ``REJOIN`` ago: its devices could not be heard."""
    if is_open(gateway_lost.state) and gateway_lost.active:
        return True
    return gateway_lost.cleared_at is not None and now < gateway_lost.cleared_at + REJOIN


def still_holds(by: Alert, now: Instant) -> bool:
    """Whether an alert goes on holding others: danger to life while it is open, a lost gateway as ``explains_silence``
    says."""
    return is_open(by.state) if is_protected(by) else explains_silence(by, now)


def _changed(alert: Alert, **changes: Any) -> Alert:
    return msgspec.structs.replace(alert, revision=alert.revision + 1, **changes)
