"""The response case over alerts of one place and time: its states, how alerts join it, and what people do to it."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shouwang.domain.alert import AlertClass
from shouwang.domain.escalation import Policy, StepMark
from shouwang.domain.vocabulary import AlertId, IncidentId, Instant, PersonId, PlaceId, Severity, Value


class IncidentState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Finding(StrEnum):
    """核警: what a person found."""

    REAL = "real"
    FALSE = "false"
    UNCLEAR = "unclear"


class Outcome(StrEnum):
    """真火警 real, 误报 false_alarm, 测试 test, 演练 drill, 误触 accidental, 故障 device_fault."""

    REAL = "real"
    FALSE_ALARM = "false_alarm"
    TEST = "test"
    DRILL = "drill"
    ACCIDENTAL = "accidental"
    DEVICE_FAULT = "device_fault"


class Incident(Value, frozen=True, kw_only=True):
    """``group``: the key by which alerts join (class group and place). ``policy`` is frozen at opening. ``notices``
    counts the notices made so far; with the id it makes each notice's id, so a decision repeated makes the same one.
    ``next_step_at``: when a step of the policy must be looked at, None when none is left; an index of the table."""

    id: IncidentId
    group: str
    klass: AlertClass
    state: IncidentState
    severity: Severity
    title: dict[str, str]
    place: PlaceId
    opened_at: Instant
    policy: Policy
    zone: str | None = None
    alerts: list[AlertId] = msgspec.field(default_factory=list)
    places: list[PlaceId] = msgspec.field(default_factory=list)
    """Every place that took part, in order of ignition."""
    devices: list[str] = msgspec.field(default_factory=list)
    rules: list[str] = msgspec.field(default_factory=list)
    confirmed: bool = False
    """双点报警: two independent detectors; handled as fire."""
    acknowledged_at: Instant | None = None
    acknowledged_by: str | None = None
    verified_at: Instant | None = None
    verified_by: str | None = None
    finding: Finding | None = None
    finding_how: str = ""
    en_route_at: Instant | None = None
    on_scene_at: Instant | None = None
    on_scene_by: str | None = None
    resolved_at: Instant | None = None
    resolved_by: str | None = None
    outcome: Outcome | None = None
    cause: str = ""
    reviewed_at: Instant | None = None
    reviewed_by: str | None = None
    closed_at: Instant | None = None
    holder: PersonId | None = None
    declined: list[PersonId] = msgspec.field(default_factory=list)
    steps: list[StepMark] = msgspec.field(default_factory=list)
    armed_at: Instant = 0
    """From when ``after`` counts: the opening, or the last time it got worse."""
    next_step_at: Instant | None = None
    notices: int = 0
    drill: bool = False
    test: bool = False
    late: bool = False
    demo: bool = False
    revision: int = 1


INCIDENT_MOVES: Mapping[tuple[IncidentState, str], IncidentState] = {}
