"""A family: one way of saying readings over MQTT. Its topics, identity, time and envelope are data."""

from enum import StrEnum

import msgspec

from shouwang.domain.vocabulary import Value


class Holds(StrEnum):
    """What the messages of a topic are."""

    READINGS = "readings"
    """An object of fields, understood by a profile."""
    AVAILABILITY = "availability"
    """Whether a device is reachable: a word, or an object with ``state``."""
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


class Route(Value, frozen=True, kw_only=True):
    """A topic template and what stands there. Levels are literal, ``+`` (any one), ``#`` (the rest, last only),
    ``{base}`` (a base topic of the installation), ``{device}`` (identity, one level) or ``{device+}`` (identity, one
    level or more, at most once). The first route that fits decides."""

    topic: str
    holds: Holds


class Envelope(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Where things stand in a message that holds readings; keys of its top level, empty where there is none."""

    readings: str = ""
    """The object of fields; empty: the message itself."""
    time: str = ""
    counter: str = ""
    """With the same payload and device time, an equal one is a repeat."""
    value: str = ""
    """A field may be an object with its value under this key, or a list of such objects."""
    part: str = ""
    """The part of such an object."""


class Family(Value, frozen=True, kw_only=True):
    """``id`` is the file's name, and the first half of the address of each of its devices."""

    id: str
    title: dict[str, str]
    topics: list[Route]
    generic: str
    """Profile of a device whose model nobody knows."""
    gateway: str = ""
    """Profile of the bridge itself, where it says whether it is there."""
    bases: list[str] = msgspec.field(default_factory=list)
    """Base topics unless the installation's settings name others."""
    envelope: Envelope = msgspec.field(default_factory=Envelope)
    reader: str = ""
    """The program that reads a protocol with a state (``domain/decode.py`` lists them); empty: this data is enough."""
