"""Reads the families that data describes whole: JSON fields, an identity in the topic, a time, a counter."""

from collections.abc import Mapping
from datetime import tzinfo

from shouwang.domain.catalogue import Catalogue, Understood, guessed_kind
from shouwang.domain.devicetime import stamp
from shouwang.domain.family import Family, Holds
from shouwang.domain.interpretation import Decoded, Found, Interpretation, Memory, Registered
from shouwang.domain.mapping import Slot
from shouwang.domain.payload import UNREADABLE, read_json, shown
from shouwang.domain.vocabulary import Arrival, DeviceId, Problem, Reading, Refusal, Scalar


class EnvelopeReader:
    """Announces nothing and remembers nothing."""

    def __init__(self, family: Family, catalogue: Catalogue, zone: tzinfo) -> None:
        self._family = family
        self._envelope = family.envelope
        self._catalogue = catalogue
        self._zone = zone

    def memory(self, kept: Mapping[str, bytes]) -> Memory:
        return None

    def read(self, found: Found, arrival: Arrival, memory: Memory, registered: Registered) -> Interpretation:
        if found.holds is Holds.NOTHING or not arrival.payload:
            return Interpretation(family=found.family, device=found.device, ignored=True)
        content, flaw = read_json(arrival.payload)
        if content is UNREADABLE:
            return Interpretation(family=found.family, device=found.device, refusal=flaw)
        fields = content.get(self._envelope.readings) if isinstance(content, dict) else None
        if not isinstance(content, dict) or not isinstance(fields, dict):
            wanted = f"an object with {self._envelope.readings!r}"
            refusal = Refusal(
                Problem.WRONG_TYPE, f"the payload is {shown(content)}; expected {wanted}, itself an object"
            )
            return Interpretation(family=found.family, device=found.device, refusal=refusal)
        address = f"{self._family.id}:{found.device}"
        known = registered(address)
        understood = (
            self._catalogue.for_family(known[1], self._family.id) if known else self._catalogue.generic(self._family.id)
        )
        dropped: list[Refusal] = []
        values = self._values(understood, fields, dropped)
        if dropped and not values:
            return Interpretation(family=found.family, device=found.device, refusal=flaw or dropped[0])
        at, device_time, note = stamp(content.get(self._envelope.time), arrival.received_at, self._zone)
        device = known[0] if known else DeviceId(address)
        decoded = Decoded(
            identity=found.device,
            address=address,
            device=device,
            profile=understood.id,
            kind=guessed_kind({metric for metric, _ in values}) if understood.guesses else understood.kind,
            measured_at=at,
            readings=[
                Reading(device, metric, value, at, arrival.received_at, part)
                for (metric, part), value in values.items()
            ],
            device_time=device_time,
            time_note=note,
            counter=_name(content.get(self._envelope.counter)),
            dropped=dropped,
            problem=flaw,
        )
        return Interpretation(family=found.family, device=found.device, messages=[decoded])

    def _values(
        self, understood: Understood, fields: Mapping[str, object], dropped: list[Refusal]
    ) -> dict[Slot, Scalar]:
        """Plain fields together; a field with parts, one by one."""
        if understood.fields.own_names:
            strange = [key for key in fields if key not in understood.fields.keys]
            dropped.extend(Refusal(Problem.WRONG_TYPE, f"{shown(key)} is not a metric") for key in strange)
        parts = {key: raw for key, raw in fields.items() if isinstance(raw, (dict, list))}
        values = understood.fields.read({key: raw for key, raw in fields.items() if key not in parts}, dropped)
        for key, raw in parts.items():
            for one in raw if isinstance(raw, list) else [raw]:
                if not isinstance(one, dict) or self._envelope.value not in one:
                    expected = f"a value, or objects with {self._envelope.value!r}"
                    dropped.append(Refusal(Problem.WRONG_TYPE, f"{shown(key)} holds {shown(one)}; expected {expected}"))
                    continue
                part = _name(one.get(self._envelope.part))
                understood.fields.read_field(key, one[self._envelope.value], part, values, dropped)
        return values


_LONGEST_NAME = 64
"""Characters of a counter or of a part's name that are kept."""


def _name(raw: object) -> str:
    """A counter or a part as text; what is no whole number and no text counts as none."""
    match raw:
        case bool():
            return ""
        case int() if abs(raw) < 10**_LONGEST_NAME:
            return str(raw)
        case str() if raw.isprintable():
            return raw[:_LONGEST_NAME]
        case _:
            return ""
