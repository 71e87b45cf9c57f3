"""Shapes of the directory, devices, strays and history on the wire, and of what installers send."""

from typing import Annotated

from pydantic import BaseModel, Field

from shouwang.domain.place import PlaceKind
from shouwang.domain.staff import Validity
from shouwang.domain.vocabulary import Kind, Life, Problem, Scalar, Severity

from .fleet import FleetState
from .schemas import PlaceNames, Sent, Time, Words

Name = Annotated[str, Field(min_length=1, max_length=300)]
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=60)]], Field(max_length=30)]


class DeviceIn(Sent):
    """A device to register. Without ``id``, one is made from the address."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,119}$")] | None = None
    profile: Name
    address: Name = Field(
        description="FAMILY:IDENTITY as `decode` prints it.", examples=["zigbee2mqtt:0x00158d0001a2b3c4"]
    )
    place: Name
    life: Life = Life.IN_SERVICE
    tags: Tags = Field(default_factory=list)
    name: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=2000)


class DeviceChange(Sent):
    """What is absent or null stays."""

    profile: Name | None = None
    address: Name | None = None
    place: Name | None = None
    life: Life | None = None
    tags: Tags | None = None
    name: str | None = Field(default=None, max_length=200)
    note: str | None = Field(default=None, max_length=2000)


class ValueOut(BaseModel):
    value: Scalar
    unit: str
    measured_at: Time
    received_at: Time


class TrialOut(BaseModel):
    """Who commissions or tests it, since when, and until when where it ends by itself."""

    by: str
    at: Time
    until: Time | None


class ReadByOut(BaseModel):
    """The profile that read its newest message, in which version."""

    profile: str
    version: str


class DeviceOut(BaseModel):
    """设备. ``values``: the newest of each metric, ``metric@part`` where a device has parts."""

    id: str
    profile: str
    kind: Kind
    address: str
    place: str
    where: PlaceNames
    life: Life
    state: FleetState
    tags: list[str]
    name: str
    note: str
    registered_at: Time | None
    heard_at: Time | None
    longest_silence: int | None = Field(description="Seconds, from its profile.")
    qos0: bool = Field(description="Heard at QoS 0: lost while we are away.")
    values: dict[str, ValueOut]
    trial: TrialOut | None = None
    replaces: str | None = None
    read_by: ReadByOut | None = None


class PlaceOut(BaseModel):
    id: str
    kind: PlaceKind
    name: str
    where: PlaceNames
    devices: int = Field(description="Registered here and below.")


class ContactOut(BaseModel):
    """One way to reach a person; never its address or secret."""

    kind: str
    verified: bool
    verified_at: Time | None = Field(default=None, description="Null where a community file only says so.")


class AbsenceOut(BaseModel):
    """请假."""

    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")


class CertificateOut(BaseModel):
    """上岗证. ``expires_in_days``: 0 on its last day, negative after; null: it does not end."""

    kind: str
    expires: str | None
    expires_in_days: int | None
    validity: Validity


class PersonOut(BaseModel):
    """``name`` and ``phone`` are masked, unless you may see names; so is leave, of which only ``away`` is left."""

    id: str
    name: str
    phone: str
    channels: list[ContactOut]
    posts: list[str] = Field(description="`post@place`")
    language: str
    certificates: list[CertificateOut]
    zones: list[str] = Field(description="Duty zones that name them.")
    away: bool = Field(description="On leave at this moment.")
    absences: list[AbsenceOut] = Field(description="Leave that has not ended.")
    on_duty: list[str] = Field(description="Rosters that have them on duty at this moment.")


class PostOut(BaseModel):
    place: str
    where: PlaceNames
    post: str
    person: str
    name: str
    deputy: str | None = Field(default=None, description="Who holds it while the person is away.")
    deputy_name: str | None = None
    away: bool = Field(default=False, description="The person is on leave at this moment: the deputy holds it.")


class ZoneOut(BaseModel):
    id: str
    name: str
    kind: str
    places: list[str]
    members: list[str]
    fallback: str | None


class GroupOut(BaseModel):
    """People who are told together wherever the alarm is: `group:ID` in a policy."""

    id: str
    name: str
    members: list[str]
    names: list[str] = Field(description="Of the members, in their order; masked unless you may see names.")


class RotationOut(BaseModel):
    """轮班: teams take turns of so many days."""

    since: str
    days: int
    teams: list[list[str]]


class ShiftOut(BaseModel):
    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")
    people: list[str]
    days: list[str] | None
    rotation: RotationOut | None = None
    layer: int = 0


class OverrideOut(BaseModel):
    id: str
    roster: str
    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")
    remove: str | None
    add: str | None


class RosterOut(BaseModel):
    id: str
    name: str = Field(description="As people call it; empty: by its post and zone.")
    zone: str
    post: str
    timezone: str
    shifts: list[ShiftOut]
    overrides: list[OverrideOut]


class StepOut(BaseModel):
    after: str
    tell: list[str]
    unless: str | None
    when: str | None
    channels: list[str] | None


class PolicyOut(BaseModel):
    """In the order in which they are matched; the shipped ones close the list."""

    id: str
    title: Words
    match: dict[str, list[str]]
    steps: list[StepOut]


class GapOut(BaseModel):
    """``kind``: place_without_zone, zone_without_members, zone_without_fallback, site_without_fallback, zone_overlap of
    the directory as configured; nobody (a first step that means nobody), empty_step, no_fallback, desk_uncertified,
    nobody_at_night, three_roles, channel_off (somebody has only contacts that no installed channel carries),
    unverified_contact, calendar_ends of the time that was asked; empty_shift, of a change of a roster, where nobody is
    left on duty by it."""

    kind: str
    place: str | None = None
    where: PlaceNames | None = None
    zone: str | None = None
    detail: str
    person: str | None = None
    name: str | None = Field(default=None, description="The person's, as the caller may read it.")
    policy: str | None = None
    step: int | None = None
    start: Time | None = Field(
        default=None, serialization_alias="from", description="Of its first span; null: all the time that was asked."
    )
    end: Time | None = Field(default=None, serialization_alias="to")
    times: int = Field(default=1, description="How many spans it has.")
    rosters: list[str] = Field(default=[], description="Those that a stand-in could be put into to close it.")


class CalledOut(BaseModel):
    """A person, and the channels on which they would be tried, in order."""

    person: str
    name: str
    post: str
    channels: list[str]
    verified: bool


class OffOut(BaseModel):
    """A person whom a step means and who hears nothing: no contact has a channel that is installed here."""

    person: str
    name: str
    kinds: list[str] = Field(description="Of their contacts.")


class CoveredStepOut(BaseModel):
    index: int
    after: str
    unless: str | None
    when: str | None
    tell: list[str]
    people: list[CalledOut]
    off: list[OffOut] = Field(description="Whom it means and cannot tell here.")
    gaps: list[str] = Field(description="Targets that mean nobody, and why; and why those of `off` hear nothing.")


class CoveredOut(BaseModel):
    """Whom an alarm of this class would reach at the place at that moment."""

    klass: str = Field(serialization_alias="class")
    severity: Severity
    rule: str = Field(description="The rule that raises it, where its policy goes by that; else empty.")
    place: str
    at: Time
    policy: str
    steps: list[CoveredStepOut]
    fallback: str | None


class PointOut(BaseModel):
    at: Time
    metric: str
    value: Scalar | None
    part: str | None = None
    late: bool | None = None


class IntervalOut(BaseModel):
    """``at``: the interval's start. Only ``count`` and ``last`` of what is no number."""

    at: Time
    metric: str
    part: str | None = None
    count: int | None
    min: float | None
    max: float | None
    mean: float | None
    last: Scalar | None


class StrayMessageOut(BaseModel):
    """未识别报文."""

    id: int
    at: Time
    topic: str
    reason: Problem
    detail: str
    family: str
    device: str
    size: int
    payload: str | None = Field(description="As text; null where it is none.")
    payload_base64: str


class ReasonCountOut(BaseModel):
    reason: Problem
    count: int
    newest_at: Time


class ProfileOut(BaseModel):
    """设备型号库."""

    id: str
    kind: Kind
    title: Words
    vendor: str
    model: str
    longest_silence: int | None = Field(description="Seconds.")


class RuleOut(BaseModel):
    """规则. ``scope``: which devices it is for; absent keys are all. ``metrics``: what it looks at. ``asks``: its whole
    condition in words."""

    id: str
    title: Words
    severity: Severity
    klass: str = Field(serialization_alias="class")
    latching: bool
    scope: dict[str, list[str]]
    metrics: list[str]
    asks: Words
    pack: str
    version: str
    source: Words = Field(description="Where its figures come from, by language; empty where nobody said.")


class FleetOut(BaseModel):
    """``states``: devices by how they stand. ``quiet``: those not heard for too long, longest first."""

    at: Time
    total: int
    states: dict[FleetState, int]
    kinds: dict[Kind, dict[FleetState, int]]
    quiet: list[DeviceOut]
    quarantined: int = Field(description="Messages in the last 24 hours.")
    discovered: int = Field(description="Devices heard and not registered, at most 100 counted.")
