"""A device profile (设备型号库): the fact sheet of one model, and how its messages become readings."""

from enum import StrEnum

import msgspec

from shouwang.domain.vocabulary import Duration, Kind, Scalar, Value


class Power(StrEnum):
    """What a device lives on: it decides what a falling battery and a mains failure mean."""

    BATTERY = "battery"
    MAINS = "mains"
    MAINS_WITH_BATTERY = "mains_with_battery"
    UNKNOWN = "unknown"


class Source(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Where a metric stands in a message, and how its raw value is understood.

    Unknown is never false and never 0: null, an empty text, a value of ``unknown`` and a missing field give no reading.
    """

    path: str
    """Key of the message's object; ``a.b`` goes into the object ``a``."""
    part: str = ""
    """Probe, channel or loop, for a model that measures one metric in several places. Two raw fields of which either
    alone may clear (``trouble`` and ``battery_defect``) are parts too: a missing one then keeps what it said."""
    values: dict[str, Scalar | None] = msgspec.field(default_factory=dict)
    """Raw value as text, in any case, to the reading's value; to null where the raw value tells nothing. With it no
    other raw value is understood: it is dropped and counted, or passed over where the metric is momentary."""
    unit: str = ""
    """Unit of the raw value where it is not the metric's own (``mV``, ``°F``, ``kPa``)."""
    scale: float = 1.0
    """A number is multiplied by it, before its unit is converted."""
    unknown: list[Scalar] = msgspec.field(default_factory=list)
    """Raw values that stand for "not measured" (327.67)."""
    low: float | None = None
    high: float | None = None
    """Raw numbers outside are not of this source."""
    pattern: str = ""
    """A regular expression, looked for in the raw value as text, in any case. What it finds (its first group, where it
    has one) is the raw value; found nothing: no reading. A flag without ``values`` says whether it is found."""
    beside: list[str] = msgspec.field(default_factory=list)
    """Counts only in a message that holds one of these keys too: one word, two meanings."""
    when: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Counts only in a message in which each of these paths holds one of these raw values, as text in small letters."""
    unless: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Does not count in a message in which one of these paths holds one of these raw values."""


class Carried(Value, frozen=True, kw_only=True, omit_defaults=True):
    """How a family names this model."""

    models: list[str] = msgspec.field(default_factory=list)
    """As the family's messages or announcements say it."""
    hardware: list[str] = msgspec.field(default_factory=list)
    """As the radio module says it, where the family passes that on (Zigbee model id)."""


class Spoken(Value, frozen=True, kw_only=True, omit_defaults=True):
    """A topic of an installation's own, where devices of a profile speak in no family's way."""

    topic: str
    """A template (``domain/topic.py``): ``{device}`` names the device, in one level or, ``{device+}``, in several."""
    device: str = ""
    """The identity as names of the template make it (``{building}/{device}``)."""
    field: str = ""
    """The field of a bare value; names of the template may stand in it (``{field}``)."""


class Example(Value, frozen=True, kw_only=True):
    """A message and all that must come out of it. ``readings`` is complete: more is wrong, less is wrong."""

    topic: str
    payload: bytes
    readings: dict[str, Scalar]
    note: str = ""
    family: str = ""
    """Where the topic alone cannot tell."""


class Profile(Value, frozen=True, kw_only=True):
    """One model, in all the families that carry it. The id is the file's name."""

    id: str
    vendor: str
    model: str
    title: dict[str, str]
    kind: Kind
    also_called: list[str] = msgspec.field(default_factory=list)
    """Other names that people write of it: what stands on the box, what the shop calls it."""
    power: Power = Power.UNKNOWN
    longest_silence: Duration | None = None
    """Heard nothing for longer: something is wrong. None: this model may be silent for ever."""
    no_all_clear: bool = False
    """Transmits only in alarm: no later message says that it is over."""
    families: dict[str, Carried] = msgspec.field(default_factory=dict)
    readings: dict[str, list[Source]] = msgspec.field(default_factory=dict)
    """By metric. Several sources of one part are alternatives: of a flag the worst word counts, else the first that
    gives a value. Metrics that are not named here are read as the family's generic profile does, from keys that are not
    named here, and so are those of which a message holds no key that is named here: what an author forgot, another
    family or a new firmware brings, is not lost."""
    ignores: list[str] = msgspec.field(default_factory=list)
    """Keys that mean something else on this model than on others, and are not read."""
    topics: list[Spoken] = msgspec.field(default_factory=list)
    """Read before those of all families, as the family ``raw``, which the profile must name."""
    codec: str = ""
    """The source text of its TS013 codec, for models that send bytes; empty where there is none."""
    own_names: bool = False
    """Every metric that ``readings`` does not name is read from the key of its own name."""
    test_press: dict[str, str] = msgspec.field(default_factory=dict)
    """What a press of its test button looks like in its messages, by language."""
    quirks: list[dict[str, str]] = msgspec.field(default_factory=list)
    """What one must know of this model, by language."""
    examples: list[Example] = msgspec.field(default_factory=list)
    version: str = ""
    """Of its content, codec included; changes with any byte of it."""
