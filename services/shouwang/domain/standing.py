"""What a device is remembered by: its newest values, when it was heard, and each rule's memory that is not idle.

One row a device in the state database. Idle standings (condition false, nothing pending) are neither stored nor loaded,
so 300,000 quiet devices cost 300,000 small rows and no evaluation at start.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shouwang.domain.alert import Evidence
from shouwang.domain.vocabulary import DeviceId, Instant, Kind, Life, PlaceId, Scalar, Severity, Value


class Newest(Value, frozen=True, array_like=True):
    """The newest reading of one metric and part, by device time."""

    value: Scalar
    measured_at: Instant
    received_at: Instant


class Standing(Value, frozen=True, omit_defaults=True):
    """One rule's memory of one subject. ``met_at``: since when the condition is true (device time); ``due_at``: when a
    timer must look again; ``raised_at``: since when the alert is up. All None = idle, not kept."""

    met_at: Instant | None = None
    due_at: Instant | None = None
    raised_at: Instant | None = None
    unmet_metrics: list[str] = msgspec.field(default_factory=list)
    """Metrics whose reading must be seen before the condition may be judged false again."""
    window: list[Instant] = msgspec.field(default_factory=list)
    """Matching instants of ``count``, oldest first."""
    samples: list[tuple[Instant, float]] = msgspec.field(default_factory=list)
    """Readings of ``rate`` within its window, oldest first."""
    version: str = ""
    """Of the rule that wrote this; a changed rule keeps what still makes sense."""


class RepeatMark(Value, frozen=True, array_like=True):
    """What tells a sender's repeat from news: the family's counter or id, payload hash and device time."""

    counter: str
    payload_hash: str
    device_time: Instant | None


class DeviceState(Value, frozen=True, omit_defaults=True, kw_only=True):
    """The one state row of a device. ``heard_at`` is our receive time; None when never heard. Keys of ``values`` are
    ``metric`` or ``metric@part``; keys of ``standings`` are rule ids."""

    heard_at: Instant | None = None
    values: dict[str, Newest] = msgspec.field(default_factory=dict)
    standings: dict[str, Standing] = msgspec.field(default_factory=dict)
    repeats: list[RepeatMark] = msgspec.field(default_factory=list)
    """The last few messages that carried a counter or a device time, newest last."""
    topics: dict[str, str] = msgspec.field(default_factory=dict)
    """Payload hash of the newest message of each of its topics: what a retained copy is compared with."""
    due_at: Instant | None = None
    """The earliest moment at which a timer of any rule must look at this device; an index of the state table. Never
    moved later by a message (``absent`` re-arms when it fires), so a chatty device costs no timer writes."""
    qos0: bool = False
    """Its newest message came at QoS 0: lost while we were away."""
    profile: str = ""
    """The profile that read its newest message."""


class DeviceFacts(Value, frozen=True, kw_only=True):
    """What rules need to know of a subject beside its readings."""

    device: DeviceId
    kind: Kind
    place: PlaceId
    place_names: list[str] = msgspec.field(default_factory=list)
    life: Life = Life.IN_SERVICE
    tags: list[str] = msgspec.field(default_factory=list)
    profile: str = ""
    longest_silence: int | None = None
    """Microseconds; None where the profile names none (then no ``absent`` without its own ``longest``)."""
    no_all_clear: bool = False
    registered_at: Instant = 0
    registered: bool = True


class Change(StrEnum):
    RAISED = "raised"
    REPEATED = "repeated"
    CLEARED = "cleared"


class Transition(Value, frozen=True, kw_only=True):
    """What one rule says of one subject: raised, repeated or cleared ``at``, with the readings that decided."""

    rule: str
    subject: str
    """A device id, or a place's path for conditions about places."""
    change: Change
    severity: Severity
    at: Instant
    """When it became so: device time of the deciding reading, or the timer's own time."""
    evidence: list[Evidence] = msgspec.field(default_factory=list)
    sentence: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The trigger with actual values, by language: ``{"zh": "温度 58.4 °C 高于 57 °C 已 10 秒", "en": …}``."""
    late: bool = False
    """The deciding reading was more than an hour old when it arrived."""
    no_later_sample: bool = False
    """Raised by timer while nothing was heard since the condition became true."""
    test: bool = False
    """The device said ``test`` in the same message."""


class Judged(Value, frozen=True):
    """A device's state after judging, and what changed."""

    state: DeviceState
    transitions: list[Transition]
