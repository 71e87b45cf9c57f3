"""What a device is remembered by: its newest values, when it was heard, and each rule's memory that is not idle.

One row a device in the state database. Idle standings (condition false, nothing pending) are neither stored nor loaded,
so 300,000 quiet devices cost 300,000 small rows and no evaluation at start.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shouwang.domain.reception import Sighting
from shouwang.domain.vocabulary import DeviceId, Evidence, Instant, Kind, Life, PlaceId, Scalar, Severity, Value


class Newest(Value, frozen=True, array_like=True, gc=False):
    """The newest reading of one metric and part, by device time. Of several at one instant the greatest value stays
    (true before false), so that their order of arrival changes nothing."""

    value: Scalar
    measured_at: Instant
    received_at: Instant


class Ended(Value, frozen=True, array_like=True):
    """What ended at ``at``, for another reading of the same instant to undo: since when the condition was true, when
    its ``for`` would have run out, and which parts were true."""

    at: Instant
    met_at: Instant | None
    due_at: Instant | None
    parts: list[str]


class Memory(Value, frozen=True, omit_defaults=True):
    """What one condition of a rule remembers beyond the newest values."""

    met_at: Instant | None = None
    """With ``for``: since when the condition is true, by device time."""
    due_at: Instant | None = None
    """With ``for``: when it has been true for long enough."""
    held: dict[str, bool] = msgspec.field(default_factory=dict)
    """By part, whether the condition is true, only where the newest value does not tell."""
    ended: Ended | None = None
    window: list[tuple[Instant, str]] = msgspec.field(default_factory=list)
    """``count``: instant and part of the newest matching readings, oldest first, at most ``times``."""
    samples: list[tuple[Instant, float, str]] = msgspec.field(default_factory=list)
    """``rate``: instant, value and part of the readings of the last ``within``, oldest first; before them those against
    which late news may be judged."""
    rises: dict[str, Instant] = msgspec.field(default_factory=dict)
    """``confirm``: which devices are true, and since when."""
    fallen: dict[str, tuple[Instant, Instant]] = msgspec.field(default_factory=dict)
    """``confirm``: devices no longer true: since when they were, and when that ended; for the same instant to undo."""
    active_at: Instant | None = None
    """``inactive``: the last activity in the home, or when its first device was heard."""
    meters: dict[str, float] = msgspec.field(default_factory=dict)
    """``inactive`` with ``rise``: by device, metric and part, what the meter showed at its last activity."""
    spare: int = 0
    """``absent`` of a share, raised: so many more are lost than it takes. As many may come back before all must be
    looked at again."""


class Standing(Value, frozen=True, omit_defaults=True):
    """One rule's memory of one subject. All defaults = idle, not kept."""

    raised_at: Instant | None = None
    """Since when the alert is up; None when it is not."""
    occurred: bool = False
    """An event raised it or came on top: only a person ends it."""
    was_reset: bool = False
    """A person reset it while it was true: time alone does not raise it again, a reading does."""
    memories: dict[str, Memory] = msgspec.field(default_factory=dict)
    """By the place of a condition in the rule (``""``, ``0``, ``1.0``)."""
    version: str = ""
    """Of the rule that wrote this; a changed rule keeps what still makes sense."""


class RepeatMark(Value, frozen=True, array_like=True, gc=False):
    """What tells a sender's repeat from news: the family's counter or id, payload hash and device time."""

    counter: str
    payload_hash: str
    device_time: Instant | None
    at: Instant = 0
    """When it was received."""


class DeviceState(Value, frozen=True, omit_defaults=True, kw_only=True):
    """The one state row of a device. ``heard_at`` is our receive time; None when never heard. Keys of ``values`` are
    ``metric`` or ``metric@part``; keys of ``standings`` are rule ids."""

    heard_at: Instant | None = None
    values: dict[str, Newest] = msgspec.field(default_factory=dict)
    standings: dict[str, Standing] = msgspec.field(default_factory=dict)
    repeats: list[RepeatMark] = msgspec.field(default_factory=list)
    topics: dict[str, str] = msgspec.field(default_factory=dict)
    """Payload hash of the newest accepted message by topic: a retained copy of it says nothing new."""
    due_at: Instant | None = None
    """The earliest moment at which a timer of any rule must look at this device; an index of the state table. Never
    moved later by a message (``absent`` re-arms when it fires), so a chatty device costs no timer writes."""
    qos0: bool = False
    """Its newest message came at QoS 0: lost while we were away."""
    profile: str = ""
    """The profile that read its newest message."""
    kind: str = ""
    """What it was taken for, of a device that nobody registered: no message tells it twice, and rules ask for it."""
    heard_by: list[Sighting] = msgspec.field(default_factory=list)
    """The receivers that heard it of late; the first is the one behind which it stands (``domain/reception.py``)."""
    profile_version: str = ""
    """Of its content, so that what was read long ago can be explained."""


class DeviceFacts(Value, frozen=True, kw_only=True):
    """What rules need to know of a subject beside its readings."""

    device: DeviceId
    kind: Kind | None
    """None: not known, outside every scope of kinds."""
    place: PlaceId
    place_names: list[str] = msgspec.field(default_factory=list)
    levels: dict[str, str] = msgspec.field(default_factory=dict)
    """The place's ancestors by kind (``building``, ``unit``, ``floor``, ``dwelling``) and its party ``zone``;
    empty where nobody knows, then they are read from a full path."""
    life: Life = Life.IN_SERVICE
    tags: list[str] = msgspec.field(default_factory=list)
    profile: str = ""
    longest_silence: int | None = None
    """Microseconds; None where the profile names none (then no ``absent`` without its own ``longest``)."""
    no_all_clear: bool = False
    on_mains: bool = False
    """It lives on mains, with or without a battery beside it."""
    registered_at: Instant = 0
    registered: bool = True
    trial_at: Instant | None = None
    """Since when it is being commissioned or tested."""
    trial_by: str = ""


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
    version: str = ""
    """Of the rule that decided."""
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
