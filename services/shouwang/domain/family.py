"""A family: one way of saying readings over MQTT. Its topics, identity, time and envelope are data."""

from enum import StrEnum

import msgspec

from shouwang.domain.profile import Source
from shouwang.domain.vocabulary import Scalar, Value


class Holds(StrEnum):
    """What the messages of a topic are."""

    READINGS = "readings"
    """Fields, understood by a profile."""
    AVAILABILITY = "availability"
    """Whether a device is reachable: a word, or an object with ``state`` or ``status``."""
    GATEWAY = "gateway"
    """The same of the bridge itself, which is named by its base topic."""
    DEVICES = "devices"
    """What the family announces of its devices."""
    GROUPS = "groups"
    """Names that look like devices and are none."""
    EVENTS = "events"
    """Single announcements: a device joined, was interviewed, left."""
    NOTHING = "nothing"
    """Legitimate, without a reading: commands, logs, answers."""


class Envelope(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Where things stand in a message. A path is keys joined by dots; ``.`` is the whole message. A step into a list
    looks into each of its objects. Of several paths the first that gives something counts."""

    each: list[str] = msgspec.field(default_factory=list)
    """Paths of messages, of lists of them, or of objects of them: all that are there are read. Empty: the payload is
    one message, or a list of them."""
    keyed: bool = False
    """The keys of the object at ``each`` are the devices' identities; of a path that ends in ``.*`` they always are."""
    identity: list[str] = msgspec.field(default_factory=list)
    """Before the topic's own name. Where neither tells: problem ``no_identity``."""
    aliases: list[str] = msgspec.field(default_factory=list)
    """Other names of the device, by which it may be registered too; all that are there count. One may be made of
    several fields (``{model}/{id}``)."""
    model: list[str] = msgspec.field(default_factory=list)
    subtype: list[str] = msgspec.field(default_factory=list)
    """What it is, where one model name stands for several: ``model/subtype`` finds a profile before ``model`` does."""
    readings: list[str] = msgspec.field(default_factory=list)
    """Objects of fields, laid over each other, the first on top; empty: the message itself. Where a family names some
    and a message has none of them (and no bytes), it is refused as ``wrong_type``."""
    events: list[str] = msgspec.field(default_factory=list)
    """Objects whose keys are names of what happened: together they are the field ``event``; what an event carries (its
    ``value`` or ``outputParams``) are fields beside it."""
    named: dict[str, str] = msgspec.field(default_factory=dict)
    """Keys beside which a field's own name stands: ``{ds_id: value}`` of ``{"ds_id": "smoke", "value": 1}`` is the
    field ``smoke``."""
    no_fields: bool = False
    """A message of the family about a device, not of the device: only ``Family.readings`` look at it."""
    time: list[str] = msgspec.field(default_factory=list)
    counter: list[str] = msgspec.field(default_factory=list)
    """With the same payload and device time, an equal one is a repeat."""
    volatile: list[str] = msgspec.field(default_factory=list)
    """Keys that the receiver adds (how strong it heard): messages that differ in them alone have the same payload."""
    bytes: list[str] = msgspec.field(default_factory=list)
    """The device's own bytes, for the profile's codec: base64, or hexadecimal where ``hexadecimal`` says so. They are
    decoded where the fields tell nothing that the profile reads."""
    hexadecimal: bool = False
    port: list[str] = msgspec.field(default_factory=list)
    """LoRaWAN FPort; 0 where it is left out, as protobuf's JSON does."""
    value: str = ""
    """A field may be an object with its value under this key, or a list of such objects."""
    part: str = ""
    """The part of such an object."""
    value_time: str = ""
    """The time of such an object, where each has its own."""


class Receivers(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Where a message tells which receivers (gateways of a radio network) heard it. Paths begin at the message."""

    each: list[str]
    """Objects of receivers, or lists of them: the first path that has one."""
    identity: list[str]
    """In such an object: the receiver's own name."""
    strength: list[str] = msgspec.field(default_factory=list)
    """How strong it heard the device, in dBm."""


class Route(Value, frozen=True, kw_only=True, omit_defaults=True):
    """A topic template (``domain/topic.py``) and what stands there. The first route that fits decides."""

    topic: str
    holds: Holds = Holds.READINGS
    device: str = ""
    """The identity as names of the template make it (``{node}/{child}``); empty: its ``{device}``."""
    behind: str = ""
    """The gateway behind which the devices of the message stand, as names of the template make it; empty: as the
    family says."""
    field: str = ""
    """The payload is one bare value, of the field of this name; names of the template may stand in it."""
    adds: dict[str, str] = msgspec.field(default_factory=dict)
    """Fields that the topic tells; names of the template may stand in them."""
    profile: str = ""
    """The profile of whatever stands here, before the model."""
    says: dict[str, Scalar] = msgspec.field(default_factory=dict)
    """Readings that the topic alone tells, whatever the payload: ``{online: false}`` of a farewell."""
    history: bool = False
    """A record of the past: what stands in it counts only with a time of its own that can be believed, because an
    alarm of last year is no news."""
    weak: bool = False
    """Others' topics look the same: tried after the routes of all families."""
    when_named: bool = False
    """Anybody's topics look the same: counts only where somebody says that a topic is of this family."""
    envelope: Envelope | None = None
    """Where this topic's messages differ from the family's."""


class Family(Value, frozen=True, kw_only=True):
    """``id`` is the file's name, and the first half of the address of each of its devices."""

    id: str
    title: dict[str, str]
    topics: list[Route]
    generic: str
    """Profile of a device whose model nobody knows."""
    network: str = ""
    """Whose devices it carries (``lorawan``): profiles name the network instead of each family. Empty: its own id."""
    also_called: list[str] = msgspec.field(default_factory=list)
    """Other names by which an installation may call it."""
    any_spelling: bool = False
    """Fields have the names that each project gave them: keys are compared without case and punctuation. The same for
    all families of one generic profile."""
    gateway: str = ""
    """Profile of the bridge itself, where it says whether it is there."""
    behind: str = ""
    """The gateway behind which devices stand, as names of a topic make it (``{base}``); nothing where a topic has no
    such name. A device that is so named itself stands behind nobody."""
    receivers: Receivers | None = None
    bases: list[str] = msgspec.field(default_factory=list)
    """Base topics unless the installation's settings name others."""
    envelope: Envelope = msgspec.field(default_factory=Envelope)
    readings: dict[str, list[Source]] = msgspec.field(default_factory=dict)
    """What the message around the fields tells on any device: signal, link. Paths begin at the message."""
    reader: str = ""
    """The program that reads a protocol with a state (``domain/decode.py`` lists them); empty: this data is enough."""
