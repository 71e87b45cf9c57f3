"""The alert and its states (ISA-18.2-2016, IEC 62682; shared vocabulary of PyAutomation and OPC UA Part 9).

Machines move alerts: the condition becomes true or ends. A person acknowledges, resets a latch, shelves; design logic
suppresses; maintenance takes a point out of service. Acknowledge, silence and reset are three different acts. Fire,
gas and emergency latch: after the condition ended they still want an acknowledgement and a reset. Leaving shelved,
suppressed or out_of_service is judged by the present condition. Life-safety classes are never shelved by an operator
(ISA-18.2: shelving is for nuisance alarms; danger to life is taken out of service by a named authoriser instead).

Two moves go beyond the standard's table. A person's reset ends an acknowledged alert that is still true (``acked`` →
``normal``), because an event has no end of its own and some senders never say that all is clear; the next true reading
then raises anew. And an alert of a device under test is acknowledged by the test itself, so that it ends by itself.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shouwang.domain.errors import IllegalMove
from shouwang.domain.vocabulary import (
    AlertId,
    DeviceId,
    Evidence,
    IncidentId,
    Instant,
    PlaceId,
    Severity,
    Value,
)


class AlertState(StrEnum):
    NORMAL = "normal"
    UNACKED = "unacked"
    ACKED = "acked"
    RTN_UNACKED = "rtn_unacked"
    LATCHED_UNACKED = "latched_unacked"
    LATCHED_ACKED = "latched_acked"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"


class AlertEvent(StrEnum):
    RAISE = "raise"
    CLEAR = "clear"
    CLEAR_LATCHING = "clear_latching"
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    SUPPRESS = "suppress"
    TAKE_OUT = "take_out"
    RETURN_TRUE = "return_true"
    RETURN_FALSE = "return_false"


class AlertClass(StrEnum):
    """What the console calls it: 火警, 燃气报警, 一氧化碳报警, 紧急呼叫, 漏水, 监管, 故障, 预警."""

    FIRE = "fire"
    GAS = "gas"
    CO = "co"
    EMERGENCY = "emergency"
    WATER = "water"
    SUPERVISORY = "supervisory"
    FAULT = "fault"
    WARNING = "warning"


CLASS_ZH: Mapping[AlertClass, str] = {
    AlertClass.FIRE: "火警",
    AlertClass.GAS: "燃气报警",
    AlertClass.CO: "一氧化碳报警",
    AlertClass.EMERGENCY: "紧急呼叫",
    AlertClass.WATER: "漏水报警",
    AlertClass.SUPERVISORY: "监管",
    AlertClass.FAULT: "故障",
    AlertClass.WARNING: "预警",
}

LIFE_SAFETY = frozenset({AlertClass.FIRE, AlertClass.GAS, AlertClass.CO, AlertClass.EMERGENCY})
"""Latch, want an outcome, and are never shelved."""


class Alert(Value, frozen=True, kw_only=True):
    """One (rule, subject) occurrence, from raised to normal again. ``cleared_at`` is when the condition ended, even
    while latched."""

    id: AlertId
    rule: str
    title: dict[str, str]
    klass: AlertClass
    severity: Severity
    state: AlertState
    subject: str
    device: DeviceId | None
    kind: str
    place: PlaceId
    raised_at: Instant
    received_at: Instant
    """When the message that raised it reached us (not the device's own time)."""
    committed_at: Instant
    latching: bool = False
    event: bool = False
    """Raised by an ``event`` condition: ends by a person only."""
    active: bool = True
    """The condition is true now."""
    incident: IncidentId | None = None
    cleared_at: Instant | None = None
    acknowledged_at: Instant | None = None
    acknowledged_by: str | None = None
    count: int = 1
    late: bool = False
    test: bool = False
    evidence: list[Evidence] = msgspec.field(default_factory=list)
    sentence: dict[str, str] = msgspec.field(default_factory=dict)
    version: str = ""
    """Of the rule that raised it."""
    no_later_sample: bool = False
    """Raised by time alone: nothing was heard since the condition became true, as of a detector that burns."""
    """The trigger in words by language."""
    held_by: str = ""
    """What keeps it from being told: a hold (domain/suppression.py), or the alert that says more; empty where nothing
    does."""
    under: str = ""
    """The permit or maintenance under which danger to life was raised; it is told all the same."""
    raises: list[Instant] = msgspec.field(default_factory=list)
    """The newest raises, at most three: so many within a minute are chatter."""
    chattering: bool = False
    revision: int = 1


class Order(Value, frozen=True, kw_only=True):
    """A person's act that intake must follow, because it alone advances standings: forget that (rule, subject) is
    raised, so that the next true reading raises anew. ``kind``: ``reset`` of a latch, ``end`` of an event's alert. The
    alert itself went back to normal with the person's act; intake carries out orders before it judges arrivals."""

    kind: str
    rule: str
    subject: str
    alert: AlertId
    actor: str
    at: Instant
    seq: int = 0


_S, _E = AlertState, AlertEvent
_SUPPRESSED = {_E.SHELVE: _S.SHELVED, _E.SUPPRESS: _S.SUPPRESSED, _E.TAKE_OUT: _S.OUT_OF_SERVICE}
ALERT_MOVES: Mapping[tuple[AlertState, AlertEvent], AlertState] = {
    (_S.NORMAL, _E.RAISE): _S.UNACKED,
    (_S.UNACKED, _E.ACKNOWLEDGE): _S.ACKED,
    (_S.UNACKED, _E.CLEAR): _S.RTN_UNACKED,
    (_S.UNACKED, _E.CLEAR_LATCHING): _S.LATCHED_UNACKED,
    (_S.ACKED, _E.CLEAR): _S.NORMAL,
    (_S.ACKED, _E.CLEAR_LATCHING): _S.LATCHED_ACKED,
    (_S.ACKED, _E.RESET): _S.NORMAL,
    (_S.RTN_UNACKED, _E.ACKNOWLEDGE): _S.NORMAL,
    (_S.RTN_UNACKED, _E.RAISE): _S.UNACKED,
    (_S.LATCHED_UNACKED, _E.ACKNOWLEDGE): _S.LATCHED_ACKED,
    (_S.LATCHED_UNACKED, _E.RAISE): _S.UNACKED,
    (_S.LATCHED_ACKED, _E.RESET): _S.NORMAL,
    (_S.LATCHED_ACKED, _E.RAISE): _S.UNACKED,
    **{
        (state, event): became
        for state in _S
        for event, became in _SUPPRESSED.items()
        if state not in _SUPPRESSED.values()
    },
    **{(state, _E.RETURN_TRUE): _S.UNACKED for state in _SUPPRESSED.values()},
    **{(state, _E.RETURN_FALSE): _S.NORMAL for state in _SUPPRESSED.values()},
}
"""The whole machine: (state, event) → state. An absent pair is an IllegalMove."""


def move_alert(state: AlertState, event: AlertEvent) -> AlertState:
    """The next state. Raises IllegalMove and changes nothing where the table has none."""
    try:
        return ALERT_MOVES[state, event]
    except KeyError:
        raise IllegalMove(f"an alert that is {state} cannot {event}") from None


def is_open(state: AlertState) -> bool:
    return state is not AlertState.NORMAL


UNSEEN = frozenset(state for state, event in ALERT_MOVES if event is AlertEvent.ACKNOWLEDGE)
"""States that wait for a person's acknowledgement."""


def is_suppressed(state: AlertState) -> bool:
    return state in _SUPPRESSED.values()
