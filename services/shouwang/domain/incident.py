"""The response case over alerts of one place and time: its states, how alerts join it, and how its escalation climbs.

Machines move alerts, people move incidents: a rule opens an incident, adds alerts to it and makes it worse, but only a
person takes it, goes, arrives, and ends it. The states say how far help has come (open → acknowledged → en_route →
on_scene → resolved → closed), and help may skip states: whoever arrives has also taken the case, whoever ends it from
the desk never went. Verifying 核警 moves no state: what was found is a fact beside the answer, so that a sleepy
acknowledgement mutes nothing and a finding from the desk does not pretend that somebody is on the way. Declining 拒单
moves nothing either, unless the holder does it: then nobody holds the case and it is open again. A case that is over
can come back for as long as its alarm may be the same event (``reopen``); a closed one never does. Closing 归档 ends
the handling, not what is owed after it: review and follow-up may come later (domain/owed.py). Of two cases that prove
to be one, the other one is closed by its merger: what was asked of its people goes on in the one that stays.

How alerts join is planned in domain/joining.py, what people do in domain/acts.py, whom to tell next in
domain/climbing.py.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shouwang.domain.alert import AlertClass
from shouwang.domain.casefile import CaseFile
from shouwang.domain.errors import IllegalMove
from shouwang.domain.escalation import Milestone, Policy, StepMark
from shouwang.domain.vocabulary import AlertId, IncidentId, Instant, PersonId, PlaceId, Severity, Value


class IncidentState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    RESOLVED = "resolved"
    CLOSED = "closed"


class IncidentEvent(StrEnum):
    """What happens to an incident. ``worsen`` and ``reopen`` are done by alarms, all else by people."""

    ACKNOWLEDGE = "acknowledge"
    VERIFY = "verify"
    DECLINE = "decline"
    RELEASE = "release"
    DEPART = "depart"
    ARRIVE = "arrive"
    HAND_OVER = "hand_over"
    ESCALATE = "escalate"
    NOTE = "note"
    WORSEN = "worsen"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    REVIEW = "review"
    FOLLOW_UP = "follow_up"
    CLOSE = "close"
    MERGE = "merge"
    SPLIT = "split"


TRIAL = "trial"
"""The policy of an incident that only carries the message to whoever tests a device: over from its beginning."""


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
    active: list[AlertId] = msgspec.field(default_factory=list)
    """Those of its alerts whose condition is true now."""
    places: list[PlaceId] = msgspec.field(default_factory=list)
    """Every place that took part, in order of ignition."""
    devices: list[str] = msgspec.field(default_factory=list)
    detectors: dict[AlertClass, list[str]] = msgspec.field(default_factory=dict)
    """Devices that detected fire, gas or CO, by what they detected: two of one class confirm each other."""
    rules: list[str] = msgspec.field(default_factory=list)
    confirmed: bool = False
    """双点报警: two independent detectors; handled as fire."""
    cleared_at: Instant | None = None
    """When the conditions of all its alerts had ended, for the first time since it opened or got worse."""
    acknowledged_at: Instant | None = None
    acknowledged_by: str | None = None
    verified_at: Instant | None = None
    verified_by: str | None = None
    finding: Finding | None = None
    finding_how: str = ""
    en_route_at: Instant | None = None
    en_route_by: str | None = None
    on_scene_at: Instant | None = None
    on_scene_by: str | None = None
    resolved_at: Instant | None = None
    resolved_by: str | None = None
    outcome: Outcome | None = None
    cause: str = ""
    reviewed_at: Instant | None = None
    reviewed_by: str | None = None
    closed_at: Instant | None = None
    closed_by: str | None = None
    holder: PersonId | None = None
    declined: list[PersonId] = msgspec.field(default_factory=list)
    steps: list[StepMark] = msgspec.field(default_factory=list)
    reached: dict[Milestone, Instant] = msgspec.field(default_factory=dict)
    """What escalation may count on now. An acknowledgement or a finding from before it got worse is not among them."""
    armed_at: Instant | None = None
    """From when ``after`` counts: the opening, or the last time it got worse. None: late news, which only the desk
    hears; steps wait for events alone."""
    next_step_at: Instant | None = None
    notices: int = 0
    file: CaseFile | None = None
    """What people added to the case."""
    under: str = ""
    """The permit or maintenance whose watcher and desk were told first; empty once everybody is."""
    drill: bool = False
    test: bool = False
    late: bool = False
    demo: bool = False
    revision: int = 1

    @property
    def is_of_trial(self) -> bool:
        return self.policy.id == TRIAL


_S, _E = IncidentState, IncidentEvent
_LIVE = (_S.OPEN, _S.ACKNOWLEDGED, _S.EN_ROUTE, _S.ON_SCENE)
_HELD = (_S.ACKNOWLEDGED, _S.EN_ROUTE, _S.ON_SCENE)
INCIDENT_MOVES: Mapping[tuple[IncidentState, IncidentEvent], IncidentState] = {
    (_S.OPEN, _E.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.OPEN, _E.DEPART): _S.EN_ROUTE,
    (_S.OPEN, _E.ARRIVE): _S.ON_SCENE,
    (_S.ACKNOWLEDGED, _E.RELEASE): _S.OPEN,
    (_S.ACKNOWLEDGED, _E.DEPART): _S.EN_ROUTE,
    (_S.ACKNOWLEDGED, _E.ARRIVE): _S.ON_SCENE,
    (_S.EN_ROUTE, _E.RELEASE): _S.OPEN,
    (_S.EN_ROUTE, _E.DEPART): _S.EN_ROUTE,
    (_S.EN_ROUTE, _E.ARRIVE): _S.ON_SCENE,
    (_S.ON_SCENE, _E.DEPART): _S.ON_SCENE,
    (_S.ON_SCENE, _E.ARRIVE): _S.ON_SCENE,
    **{(state, _E.RESOLVE): _S.RESOLVED for state in _LIVE},
    (_S.RESOLVED, _E.REOPEN): _S.OPEN,
    (_S.RESOLVED, _E.REVIEW): _S.RESOLVED,
    (_S.RESOLVED, _E.CLOSE): _S.CLOSED,
    (_S.RESOLVED, _E.FOLLOW_UP): _S.RESOLVED,
    (_S.CLOSED, _E.REVIEW): _S.CLOSED,
    (_S.CLOSED, _E.FOLLOW_UP): _S.CLOSED,
    **{(state, _E.MERGE): _S.CLOSED for state in _LIVE},
    **{(state, _E.SPLIT): state for state in _LIVE},
    **{(state, event): state for state in _HELD for event in (_E.ACKNOWLEDGE, _E.HAND_OVER)},
    **{(state, event): state for state in _LIVE for event in (_E.VERIFY, _E.DECLINE, _E.ESCALATE, _E.WORSEN)},
    **{(state, _E.NOTE): state for state in _S},
}
"""The whole machine: (state, event) → state. An absent pair is an IllegalMove."""


def move_incident(state: IncidentState, event: IncidentEvent) -> IncidentState:
    """The next state. Raises IllegalMove and changes nothing where the table has none."""
    try:
        return INCIDENT_MOVES[state, event]
    except KeyError:
        raise IllegalMove(f"an incident that is {state} cannot {event}") from None


def is_live(state: IncidentState) -> bool:
    """Somebody must still act: neither resolved nor closed."""
    return state in _LIVE


def people_in(incident: Incident) -> list[str]:
    """Who acted on it or holds it, each once."""
    acted = (
        incident.acknowledged_by,
        incident.verified_by,
        incident.en_route_by,
        incident.on_scene_by,
        incident.resolved_by,
        incident.reviewed_by,
        incident.closed_by,
        incident.holder,
        *incident.declined,
    )
    return [id for id in dict.fromkeys(acted) if id]
