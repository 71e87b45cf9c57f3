"""The rule: what is watched for, on which devices, and how bad it is (docs/rules.md)."""

from collections.abc import Mapping

import msgspec

from shouwang.domain.alert import LIFE_SAFETY, AlertClass
from shouwang.domain.condition import Node, is_about_places, leaves
from shouwang.domain.home import Inactive
from shouwang.domain.occurrence import Event
from shouwang.domain.outage import MassAbsent
from shouwang.domain.place import is_within
from shouwang.domain.standing import DeviceFacts
from shouwang.domain.timing import Absent
from shouwang.domain.vocabulary import Kind, Scalar, Severity, Value


class Scope(Value, frozen=True, kw_only=True):
    """Which devices a rule is for. Empty = all; of each list one must fit, and all lists must. A place means itself and
    all below it. A device of unknown kind is outside every scope of kinds."""

    kinds: tuple[Kind, ...] = ()
    tags: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()

    def holds(self, facts: DeviceFacts) -> bool:
        return (
            (not self.kinds or facts.kind in self.kinds)
            and (not self.devices or facts.device in self.devices)
            and (not self.tags or any(tag in self.tags for tag in facts.tags))
            and (not self.places or any(is_within(facts.place, place) for place in self.places))
        )

    def nearness(self, facts: DeviceFacts) -> tuple[int, int, int, int]:
        """Among rules of one id the greatest wins: device, deepest place, tag, kind."""
        depth = max((place.count("/") + 1 for place in self.places if is_within(facts.place, place)), default=0)
        return bool(self.devices), depth, bool(self.tags), bool(self.kinds)


class ExampleReading(Value, frozen=True, kw_only=True):
    """A message of an example, ``at`` microseconds after its start. Without a device it is the example's own one."""

    at: int
    values: Mapping[str, Scalar | None]
    device: str = ""
    kind: str = ""
    place: str = ""
    tags: tuple[str, ...] = ()
    part: str = ""
    tick: bool = False


class ExampleOutcome(Value, frozen=True, kw_only=True):
    """A transition that an example expects. An empty subject is any."""

    at: int
    change: str
    severity: str
    subject: str = ""


class Example(Value, frozen=True, kw_only=True):
    """A hand-made timeline: what is read, and exactly what the rule says. ``start`` is RFC 3339, for rules that look at
    the wall clock."""

    readings: tuple[ExampleReading, ...]
    expect: tuple[ExampleOutcome, ...]
    start: str = "2026-01-05T12:00:00+08:00"
    longest_silence: int | None = None


CONSENT = "care:consent"
"""Tag of a home or a device: its people agreed, on record, to be watched over by rules about how they live."""

PRESENCE = frozenset({"occupancy"})
"""Metrics that tell where people are."""


class Rule(Value, frozen=True, kw_only=True):
    """One document of a rule file."""

    id: str
    title: dict[str, str]
    severity: Severity
    klass: AlertClass
    when: Node
    latching: bool = False
    """After the condition ended, the alert still wants a person's acknowledgement and reset."""
    scope: Scope = Scope()
    pack: str = ""
    """Stem of its file; groups alerts that are not of a life-safety class."""
    version: str = ""
    """``shape-content``: the first part changes when it asks something else, the second with any change."""
    source: dict[str, str] = msgspec.field(default_factory=dict)
    """The standard or practice that its figures come from, by language; empty where nobody said."""
    examples: tuple[Example, ...] = ()
    consent: bool = False
    """Its file asks for consent, whatever it watches."""
    yields_to: tuple[AlertClass, ...] = ()
    """While the same device has an open alert of one of these classes, this one is suppressed: a fire says more than a
    dirty smoke chamber."""
    where: str = ""
    """``file:line``, for messages."""

    @property
    def asks_consent(self) -> bool:
        """It concludes from how people live (quiet, presence), so it is not armed where nobody agreed to that (PIPL
        art. 28 to 30: sensitive). What a device itself calls an emergency or a fall asks for none (art. 13, to protect
        life)."""
        return self.consent or any(
            isinstance(leaf, Inactive) or not PRESENCE.isdisjoint(leaf.metrics) for leaf in leaves(self.when)
        )

    @property
    def is_event(self) -> bool:
        """Occurrences raise it; only a person ends its alert."""
        return any(isinstance(leaf, Event) for leaf in leaves(self.when))

    @property
    def is_about_silence(self) -> bool:
        """Its alert says that nothing is heard of a device, which a lost gateway explains."""
        return any(isinstance(leaf, Absent) for leaf in leaves(self.when))

    @property
    def is_about_mass_silence(self) -> bool:
        """Its alert says that many devices of a place are not heard, which one lost gateway behind all explains."""
        return any(isinstance(leaf, MassAbsent) for leaf in leaves(self.when))

    @property
    def is_about_places(self) -> bool:
        return is_about_places(self.when)

    @property
    def metrics(self) -> tuple[str, ...]:
        """All metrics that it names, without repeats."""
        return tuple(dict.fromkeys(metric for leaf in leaves(self.when) for metric in leaf.metrics))


SITE_PACK = "site"
"""The pack of rules that a site keeps in its directory, with every word that they ever had."""


class RuleText(Value, frozen=True, kw_only=True):
    """What a site itself says of one rule id beside the files: YAML documents, kept in the directory."""

    id: str
    text: str


def class_of(when: Node) -> AlertClass:
    """What the console calls its alerts, by the metrics that it names; the first class that fits wins."""
    named = {metric for leaf in leaves(when) for metric in leaf.metrics}
    for klass, metrics in _CLASS_METRICS.items():
        if named & metrics:
            return klass
    return (
        AlertClass.FAULT if any(isinstance(leaf, Absent | MassAbsent) for leaf in leaves(when)) else AlertClass.WARNING
    )


def latches(klass: AlertClass) -> bool:
    """Whether alerts of a class latch where the rule does not say."""
    return klass in LIFE_SAFETY


_CLASS_METRICS: Mapping[AlertClass, frozenset[str]] = {
    AlertClass.FIRE: frozenset({"smoke", "heat_alarm", "call_point", "hydrant_button", "flow_switch"}),
    AlertClass.GAS: frozenset({"gas", "gas_concentration", "gas_ppm"}),
    AlertClass.CO: frozenset({"carbon_monoxide", "co_ppm"}),
    AlertClass.EMERGENCY: frozenset({"emergency", "fall", "action"}),
    AlertClass.WATER: frozenset({"water_leak"}),
    AlertClass.SUPERVISORY: frozenset({"supervisory", "point_disabled", "linkage_auto"}),
    AlertClass.FAULT: frozenset(
        {"fault", "tamper", "battery", "battery_low", "supply_status", "mains", "standby_power", "online"}
    ),
}
