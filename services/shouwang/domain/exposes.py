"""What Zigbee2MQTT says that a device exposes, and how that makes the generic profile a profile of this device.

Source: the documented ``exposes`` of ``bridge/devices``: type, name, property, access (bit 1: published, bit 3: answers
a ``get``), value_on and value_off of a binary, unit of a numeric, values of an enum, endpoint.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from shouwang.domain.mapping import WORDS, raw_text
from shouwang.domain.profile import Source
from shouwang.domain.unit import conversion
from shouwang.domain.vocabulary import METRICS, Scalar, Value

_PUBLISHED, _ANSWERED = 1, 4
_SPECIFIC = frozenset({"switch", "light", "lock", "fan", "cover", "climate"})
"""Types whose features are properties of the message itself; those of a composite are inside it."""

_COUNTED = {
    "smoke": ("smoke_density",),
    "gas": ("gas_concentration", "gas_ppm"),
    "carbon_monoxide": ("co_ppm",),
}
"""Words that are a flag on one device and a number on another; which number, the unit tells."""

MAX_EXPOSES = 200
"""Of one device; the richest documented one has some 60."""


class Expose(Value, frozen=True, omit_defaults=True):
    """One published property. ``on`` and ``off`` are raw values as text."""

    type: str
    name: str
    property: str
    endpoint: str = ""
    unit: str = ""
    on: str = ""
    off: str = ""
    values: tuple[str, ...] = ()
    asked: bool = False
    """It may be asked for."""


def read_exposes(said: object) -> list[Expose]:
    """The published properties of a definition. What has no documented form is passed over."""
    return list(_flat(said))[:MAX_EXPOSES]


def exposed_sources(generic: Mapping[str, Sequence[Source]], exposes: Sequence[Expose]) -> dict[str, list[Source]]:
    """The generic field map with the words and units that this device declared, and its endpoints as parts."""
    told: dict[str, list[Source]] = {}
    replaced: set[tuple[str, str]] = set()
    for expose in exposes:
        for metric, source in _sources_of(generic, expose.name):
            replaced.add((metric, source.path))
            for own_metric, own in _declared(metric, source, expose):
                if own not in told.setdefault(own_metric, []):
                    told[own_metric].append(own)
    kept = {
        metric: [source for source in sources if (metric, source.path) not in replaced]
        for metric, sources in generic.items()
    }
    every = {metric: [*told.get(metric, []), *kept.get(metric, [])] for metric in {**generic, **told}}
    return {metric: sources for metric, sources in every.items() if sources}


def exposed_metrics(generic: Mapping[str, Sequence[Source]], exposes: Sequence[Expose]) -> set[str]:
    """The metrics that this device measures."""
    return {
        own_metric
        for expose in exposes
        for metric, source in _sources_of(generic, expose.name)
        for own_metric, own in _declared(metric, source, expose)
        if not expose.values or not own.values or _can_say(own, expose.values)
    }


def _flat(said: object) -> Iterator[Expose]:
    for one in said if isinstance(said, list) else []:
        if not isinstance(one, dict):
            continue
        if one.get("type") in _SPECIFIC:
            yield from _flat(one.get("features"))
            continue
        access = one.get("access")
        if not isinstance(access, int) or not access & _PUBLISHED:
            continue
        texts = [one.get(key) for key in ("type", "name", "property")]
        if not all(isinstance(text, str) and 0 < len(text) <= 64 for text in texts):
            continue
        values = one.get("values")
        yield Expose(
            type=str(texts[0]),
            name=str(texts[1]),
            property=str(texts[2]),
            endpoint=_word(one.get("endpoint")),
            unit=_word(one.get("unit")),
            on=_word(one.get("value_on")),
            off=_word(one.get("value_off")),
            values=tuple(_word(value) for value in values[:64]) if isinstance(values, list) else (),
            asked=bool(access & _ANSWERED),
        )


def _word(raw: object) -> str:
    if isinstance(raw, (bool, int, float)):
        return raw_text(raw)
    return raw.strip()[:64] if isinstance(raw, str) else ""


def _sources_of(generic: Mapping[str, Sequence[Source]], name: str) -> Iterator[tuple[str, Source]]:
    for metric, sources in generic.items():
        for source in sources:
            if source.path == name:
                yield metric, source


def _declared(metric: str, source: Source, expose: Expose) -> Iterator[tuple[str, Source]]:
    """The source as this device declared it; nothing where the declaration says something else."""
    own = msgspec.structs.replace(source, path=expose.property, part=expose.endpoint or source.part)
    match expose.type, METRICS[metric].type:
        case "binary", "bool":
            yield metric, msgspec.structs.replace(own, values=_flag_words(metric, expose, source))
        case "numeric", "number":
            if conversion(metric, expose.unit) is not None:
                yield metric, msgspec.structs.replace(own, unit=expose.unit, low=None, high=None)
        case "numeric", "bool":
            for counted in _COUNTED.get(metric, ()):
                if expose.unit and conversion(counted, expose.unit) is not None:
                    yield counted, Source(path=expose.property, part=own.part, unit=expose.unit)
                    return
        case (("enum" | "text"), ("bool" | "text" | "number")):
            yield metric, own
        case _:
            return


def _flag_words(metric: str, expose: Expose, source: Source) -> dict[str, Scalar | None]:
    """``value_on`` is what is detected; of a contact it is the open door, which our ``contact`` calls false."""
    words: dict[str, Scalar | None] = {**WORDS, **source.values}
    if expose.on and expose.off and expose.on.casefold() != expose.off.casefold():
        closed = metric == "contact"
        words[expose.on.casefold()] = not closed
        words[expose.off.casefold()] = closed
    return words


def _can_say(source: Source, values: Sequence[str]) -> bool:
    words = {raw_text(word) for word in source.values}
    return any(raw_text(value) in words for value in values)
