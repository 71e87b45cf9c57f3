"""Shapes of alerts and incidents on the wire, and of what people send about them. Times are RFC 3339 in UTC."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shouwang.domain.alert import AlertClass, AlertState
from shouwang.domain.casefile import Topic
from shouwang.domain.escalation import Milestone
from shouwang.domain.incident import Finding, IncidentState, Outcome
from shouwang.domain.notice import DeliveryState, Why
from shouwang.domain.owed import Owed
from shouwang.domain.vocabulary import Scalar, Severity

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-24T02:14:07.412Z"])]
Words = Annotated[dict[str, str], Field(description="By language.", examples=[{"zh": "烟雾报警", "en": "Smoke"}])]


class Sent(BaseModel):
    """What people send: unknown fields are refused, so that a typing error never passes for consent."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Done(Sent):
    """``at``: when it was done, from a phone that kept it while it had no network; absent is now."""

    at: str | None = Field(default=None, max_length=40, description="RFC 3339. Believed within the case and 12 h.")


class Acted(Done):
    """``{}`` is enough."""

    note: str | None = Field(default=None, max_length=2000, description="Why, in your own words.")


class Nothing(Sent):
    """``{}`` is enough."""

    note: str | None = Field(default=None, max_length=2000, description="Why, in your own words.")


class Verify(Done):
    """核警: what a person found, and how."""

    finding: Finding
    how: str | None = Field(
        default=None,
        pattern="^(on_scene|call_back|camera|second_detector)$",
        examples=["on_scene", "call_back", "camera", "second_detector"],
    )
    note: str | None = Field(default=None, max_length=2000)


class Resolve(Done):
    """办结: how it ended."""

    outcome: Outcome
    cause: str | None = Field(default=None, max_length=200, description="Of a false alarm: cooking, dust, steam …")
    note: str | None = Field(default=None, max_length=2000)


class Note(Done):
    note: str = Field(min_length=1, max_length=2000)


class Handover(Done):
    """``to``: the person who takes it from here."""

    to: str = Field(min_length=1, max_length=200)
    note: str | None = Field(default=None, max_length=2000)


class EvidenceOut(BaseModel):
    metric: str
    value: Scalar
    measured_at: Time
    part: str = ""


class PlaceNames(BaseModel):
    """A place as people say it: ``label`` from the building down, ``names`` from the root down."""

    label: str = Field(examples=["3号楼 2单元 501"])
    names: list[str]


class AlertOut(BaseModel):
    """告警: one occurrence of a rule at a device or place."""

    id: str
    rule: str
    title: Words
    klass: AlertClass = Field(serialization_alias="class")
    severity: Severity
    state: AlertState
    device: str | None = Field(description="Null for an alert of a place.")
    subject: str
    kind: str
    place: str
    where: PlaceNames
    incident: str | None
    raised_at: Time
    received_at: Time
    committed_at: Time
    cleared_at: Time | None = Field(description="When the condition ended, even while latched.")
    acknowledged_at: Time | None
    acknowledged_by: str | None
    count: int
    active: bool = Field(description="The condition is true now.")
    latching: bool
    late: bool
    test: bool
    evidence: list[EvidenceOut]
    sentence: Words
    held_by: str = Field(description="What keeps it from being told: a silence or another hold, or an alert; empty.")
    under: str = Field(description="The permit or maintenance under which danger to life was raised; empty.")
    chattering: bool = Field(description="Raised three times within a minute: one alert with a count.")
    version: str = Field(description="Of the rule that raised it.")
    no_later_sample: bool = Field(description="Raised by time alone: nothing was heard since it began.")
    revision: int


class DeliveryOut(BaseModel):
    """送达: one person on one channel, and how far it came."""

    key: str
    incident: str
    person: str
    name: str = Field(description="Masked, unless you may see names.")
    post: str = ""
    channel: str
    why: Why
    step: int | None
    state: DeliveryState
    attempts: int
    created_at: Time
    sent_at: Time | None
    delivered_at: Time | None
    seen_at: Time | None
    answered_at: Time | None
    due_at: Time | None = Field(description="When it is tried next; null when nothing more will be tried.")
    detail: str


class EntryOut(BaseModel):
    """One fact of the journal: what, when, who, and why (in ``body``)."""

    seq: int
    at: Time
    kind: str
    actor: str
    actor_name: str = Field(description="Masked, unless you may see names.")
    incident: str | None
    alert: str | None
    device: str | None
    place: str | None
    where: str | None = Field(description="The place as people say it.")
    body: dict[str, object]


class NextStepOut(BaseModel):
    """下一步: whom the policy tells next, and when, unless it is met before."""

    at: Time
    index: int
    tell: list[str]
    unless: str | None
    when: str | None


class NearPermit(BaseModel):
    """A permit or maintenance that holds now near a case: who responds should know of the work next door."""

    id: str
    kind: str
    work: str | None
    why: str
    where: list[PlaceNames]
    until: Time
    watcher: str | None
    watcher_name: str
    contact: str | None
    contact_name: str


class ClockOut(BaseModel):
    """A limit that we hold ourselves to: acknowledge 60 s, verify and on_scene 3 min where life is in danger."""

    name: str
    limit: int = Field(description="Seconds.")
    due_at: Time
    met_at: Time | None
    late: bool
    proven: bool | None = Field(description="Of an arrival: whether it was; false is 未核实到场.")
    said: bool = Field(description="`met_at` is when a phone says that it was done, which had no network then.")


class ArrivedOut(BaseModel):
    by: str
    at: Time
    proof: str | None
    reference: str


class DialledOut(BaseModel):
    """``answered`` null: nobody said; false: 无人接听."""

    service: str
    at: Time
    by: str
    note: str
    person: str | None
    answered: bool | None


class EnteredOut(BaseModel):
    how: str
    place: str
    reason: str
    authorised_by: str
    witnesses: list[str]
    witness_posts: dict[str, str] = Field(description="What they held there then, of those who held a post.")
    at: Time
    by: str


class FollowedUpOut(BaseModel):
    result: str
    at: Time
    by: str
    note: str


class FileOut(BaseModel):
    id: str
    name: str
    type: str
    size: int
    at: Time
    by: str


class CaseFileOut(BaseModel):
    """What people added to the case."""

    arrivals: list[ArrivedOut]
    calls: list[DialledOut]
    entries: list[EnteredOut]
    files: list[FileOut]
    follow_ups: list[FollowedUpOut]
    reported_by: str
    topic: Topic | None
    merged: list[str]
    merged_into: str | None
    split_from: str | None


class OwedOut(BaseModel):
    """``at``: when the policy tells people of it; null where it tells nobody, or has told them."""

    what: Owed
    at: Time | None


class OwedCountsOut(BaseModel):
    """How many ended cases owe each yet."""

    review: int
    follow_up: int


class IncidentOut(BaseModel):
    """警情 / 事件: the response case over alerts of one place and time."""

    id: str
    state: IncidentState
    severity: Severity
    klass: AlertClass = Field(serialization_alias="class")
    title: Words
    place: str
    where: PlaceNames
    places: list[str] = Field(description="Every place that took part, in order of ignition.")
    zone: str | None
    alerts: list[str]
    active: list[str] = Field(description="Those whose condition is true now.")
    devices: list[str]
    confirmed: bool = Field(description="双点报警: two independent detectors.")
    opened_at: Time
    acknowledged_at: Time | None
    acknowledged_by: str | None
    verified_at: Time | None
    verified_by: str | None
    finding: Finding | None
    finding_how: str
    en_route_at: Time | None
    en_route_by: str | None
    on_scene_at: Time | None
    on_scene_by: str | None
    resolved_at: Time | None
    resolved_by: str | None
    outcome: Outcome | None
    cause: str
    cleared_at: Time | None = Field(description="When all its conditions had ended.")
    reviewed_at: Time | None
    reviewed_by: str | None
    closed_at: Time | None
    closed_by: str | None
    holder: str | None
    declined: list[str]
    reached: dict[Milestone, Time] = Field(
        description="What escalation counts on now; what got worse wants to be acknowledged and verified anew."
    )
    under: str = Field(description="The permit or maintenance whose watcher and desk were told first; empty.")
    permits: list[NearPermit] = Field(default_factory=list, description="Of one incident alone.")
    drill: bool
    test: bool
    late: bool
    demo: bool
    policy: str
    clocks: list[ClockOut] = Field(default_factory=list)
    file: CaseFileOut | None = None
    next_step: NextStepOut | None
    owed: list[OwedOut] = Field(description="What is to be done yet after the end: 回访, 复核; also once it is closed.")
    deliveries: list[DeliveryOut]
    timeline: list[EntryOut] = Field(description="Oldest first; in lists only the newest hundred.")
    people: dict[str, str] = Field(
        description="Names of the persons and tokens in this case, masked as you may see them."
    )
    revision: int
