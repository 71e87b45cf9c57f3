"""What becomes of the open alerts of a device that is taken off the wall."""

import msgspec

from shouwang.domain.alert import UNSEEN, Alert, AlertEvent, AlertState, Order, is_suppressed, move_alert
from shouwang.domain.journal import Entry
from shouwang.domain.standing import Change, Transition
from shouwang.domain.vocabulary import Instant


def plan_farewell(alert: Alert, *, actor: str, now: Instant) -> tuple[Alert, list[Entry], Order, Transition] | None:
    """The alert back to normal by the act of whoever took its device away, with the order that makes the rule forget
    it, and what its incident hears. None for one that latches or that an event raised: what a detector of fire or a
    call for help said stays until a person acknowledges and resets it, whether or not the device still hangs there."""
    if alert.latching or alert.event:
        return None
    over = msgspec.structs.replace(
        alert,
        state=_at_rest(alert.state),
        active=False,
        cleared_at=now if alert.active else alert.cleared_at,
        acknowledged_at=alert.acknowledged_at or now,
        acknowledged_by=alert.acknowledged_by or actor,
        revision=alert.revision + 1,
    )
    entry = Entry(
        at=now,
        kind="alert.reset",
        actor=actor,
        incident=alert.incident,
        alert=alert.id,
        device=alert.device,
        place=alert.place,
        body={"rule": alert.rule, "state": over.state, "how": "retired"},
    )
    order = Order(kind="reset", rule=alert.rule, subject=alert.subject, alert=alert.id, actor=actor, at=now)
    cleared = Transition(rule=alert.rule, subject=alert.subject, change=Change.CLEARED, severity=alert.severity, at=now)
    return over, [entry], order, cleared


def _at_rest(state: AlertState) -> AlertState:
    """Back to normal by the machine's own moves."""
    if is_suppressed(state):
        return move_alert(state, AlertEvent.RETURN_FALSE)
    seen = move_alert(state, AlertEvent.ACKNOWLEDGE) if state in UNSEEN else state
    return move_alert(seen, AlertEvent.CLEAR) if seen is AlertState.ACKED else seen
