"""The written form of device profiles and families, and what it becomes in the domain."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from shouwang.domain.errors import ConfigError, ProfileError
from shouwang.domain.family import Envelope, Family, Receivers, Route
from shouwang.domain.mapping import WORDS, raw_text
from shouwang.domain.moment import duration
from shouwang.domain.profile import Carried, Example, Power, Profile, Source, Spoken
from shouwang.domain.vocabulary import METRICS, Duration, Kind, Scalar
from shouwang.registry.documents import Document, shaped
from shouwang.registry.findings import closest

T = TypeVar("T")


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping of a profile file."""


class SourceWritten(Written, frozen=True, kw_only=True):
    """Where a metric stands in a message."""

    path: str
    part: str = ""
    values: dict[Any, Scalar | None] = msgspec.field(default_factory=dict)
    unit: str = ""
    scale: float = 1.0
    unknown: list[Scalar] = msgspec.field(default_factory=list)
    low: float | None = None
    high: float | None = None
    pattern: str = ""
    beside: list[str] = msgspec.field(default_factory=list)
    when: dict[str, Scalar | list[Scalar]] = msgspec.field(default_factory=dict)
    unless: dict[str, Scalar | list[Scalar]] = msgspec.field(default_factory=dict)


class ExampleWritten(Written, frozen=True, kw_only=True):
    """``payload``: an object is sent as JSON, a text as it stands."""

    topic: str
    payload: dict[str, Any] | str
    readings: dict[str, Scalar]
    note: str = ""
    family: str = ""


class CarriedWritten(Written, frozen=True, kw_only=True):
    models: list[str] = msgspec.field(default_factory=list)
    hardware: list[str] = msgspec.field(default_factory=list)


class WordsWritten(Written, frozen=True, kw_only=True):
    """A text in the languages of the console."""

    zh: str
    en: str


class ProfileWritten(Written, frozen=True, kw_only=True):
    """A device profile: one file a model, named by its id."""

    vendor: str
    model: str
    title: WordsWritten
    kind: Kind
    families: dict[str, CarriedWritten]
    examples: list[ExampleWritten]
    readings: dict[str, str | SourceWritten | list[str | SourceWritten]] = msgspec.field(default_factory=dict)
    ignores: list[str] = msgspec.field(default_factory=list)
    topics: list[Spoken] = msgspec.field(default_factory=list)
    codec: str | list[str] = ""
    own_names: bool = False
    also_called: list[str] = msgspec.field(default_factory=list)
    power: Power = Power.UNKNOWN
    longest_silence: str | None = None
    no_all_clear: bool = False
    test_press: WordsWritten | None = None
    quirks: list[WordsWritten] = msgspec.field(default_factory=list)


class FamilyWritten(Written, frozen=True, kw_only=True):
    """A family: topics, identity, time, repeat key and envelope of one way of saying readings over MQTT."""

    title: WordsWritten
    topics: list[Route]
    generic: str
    network: str = ""
    also_called: list[str] = msgspec.field(default_factory=list)
    any_spelling: bool = False
    gateway: str = ""
    behind: str = ""
    receivers: Receivers | None = None
    bases: list[str] = msgspec.field(default_factory=list)
    envelope: Envelope = msgspec.field(default_factory=Envelope)
    readings: dict[str, str | SourceWritten | list[str | SourceWritten]] = msgspec.field(default_factory=dict)
    reader: str = ""


def read_profile(document: Document, id: str) -> Profile:
    """The profile of a document, with the text of the codec that stands beside it. Raises ProfileError with file, line
    and cause."""
    written = _shaped(document, ProfileWritten)
    codec = _codec(document, written.codec)
    return Profile(
        id=id,
        version=_version(document, codec),
        vendor=written.vendor,
        model=written.model,
        title=_words(written.title),
        kind=written.kind,
        also_called=written.also_called,
        power=written.power,
        longest_silence=_silence(document, written.longest_silence),
        no_all_clear=written.no_all_clear,
        families={
            family: Carried(models=carried.models, hardware=carried.hardware)
            for family, carried in written.families.items()
        },
        readings={metric: _sources(document, metric, said) for metric, said in written.readings.items()},
        ignores=written.ignores,
        topics=written.topics,
        codec=codec,
        own_names=written.own_names,
        test_press=_words(written.test_press) if written.test_press else {},
        quirks=[_words(quirk) for quirk in written.quirks],
        examples=[
            Example(
                topic=one.topic,
                payload=_bytes(one.payload),
                readings=one.readings,
                note=one.note,
                family=one.family,
            )
            for one in written.examples
        ],
    )


def _version(document: Document, codec: str) -> str:
    """Twelve characters that change with what a profile says, and with its codec; not with a comment."""
    said = repr(document.content).encode()
    return hashlib.blake2b(said + b"\0" + codec.encode(), digest_size=6).hexdigest()


def read_family(document: Document, id: str) -> Family:
    """The family of a document. Raises ProfileError with file, line and cause."""
    written = _shaped(document, FamilyWritten)
    return Family(
        id=id,
        title=_words(written.title),
        topics=written.topics,
        generic=written.generic,
        network=written.network,
        also_called=written.also_called,
        any_spelling=written.any_spelling,
        gateway=written.gateway,
        behind=written.behind,
        receivers=written.receivers,
        readings={metric: _sources(document, metric, said) for metric, said in written.readings.items()},
        bases=written.bases,
        envelope=written.envelope,
        reader=written.reader,
    )


def profile_schema() -> dict[str, Any]:
    """JSON Schema of a profile file, for editors."""
    (schema,), components = msgspec.json.schema_components([ProfileWritten], ref_template="#/$defs/{name}")
    metrics = components["ProfileWritten"]["properties"]["readings"]
    metrics["propertyNames"] = {"enum": sorted(METRICS)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Shouwang device profile",
        **schema,
        "$defs": dict(sorted(components.items())),
    }


def _shaped(document: Document, shape: type[T]) -> T:
    try:
        return shaped(document, shape)
    except ConfigError as error:
        message = str(error).removeprefix(f"{error.where}: ")
        unknown = re.fullmatch(r"(?:(.*): )?Object contains unknown field `(.*)`", message)
        if unknown is None:
            raise ProfileError(message, error.where) from None
        path = ".".join(filter(None, ("$", *unknown.groups())))
        raise ProfileError(message + closest(unknown[2], _KEYS), document.where(path)) from None


def _sources(document: Document, metric: str, said: str | SourceWritten | list[str | SourceWritten]) -> list[Source]:
    where = document.where(f"$.readings.{metric}")
    if metric not in METRICS:
        raise ProfileError(f"readings.{metric} is not a metric{closest(metric, METRICS)}", where)
    written = said if isinstance(said, list) else [said]
    if not written:
        raise ProfileError(f"readings.{metric} names no field of the message", where)
    return [_source(one) for one in written]


def _source(written: str | SourceWritten) -> Source:
    if isinstance(written, str):
        return Source(path=written)
    return Source(
        path=written.path,
        part=written.part,
        values=_raw_values(written.values),
        unit=written.unit,
        scale=written.scale,
        unknown=written.unknown,
        low=written.low,
        high=written.high,
        pattern=written.pattern,
        beside=written.beside,
        when=_conditions(written.when),
        unless=_conditions(written.unless),
    )


def _raw_values(written: Mapping[object, Scalar | None]) -> dict[str, Scalar | None]:
    """YAML reads ``ON`` and ``off`` as booleans: a boolean key stands for all words that say the same."""
    values: dict[str, Scalar | None] = {}
    for key, value in written.items():
        words = [word for word, flag in WORDS.items() if flag is key]
        values.update(dict.fromkeys(words or [raw_text(key)], value))
    return values


def _conditions(written: Mapping[str, Scalar | list[Scalar]]) -> dict[str, list[str]]:
    return {
        path: [raw_text(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
        for path, wanted in written.items()
    }


def _silence(document: Document, text: str | None) -> Duration | None:
    if text is None:
        return None
    try:
        return duration(text)
    except ConfigError as error:
        raise ProfileError(f"longest_silence: {error}", document.where("$.longest_silence")) from None


def _codec(document: Document, names: str | list[str]) -> str:
    """Several files are one text, in their order: models of one format share what reads it."""
    return "\n".join(_source_text(document, name) for name in ([names] if isinstance(names, str) else names) if name)


def _source_text(document: Document, name: str) -> str:
    where = document.where("$.codec")
    if "/" in name or not name.endswith(".js"):
        raise ProfileError(f"codec is {name!r}; expected the name of a .js file beside the profile", where)
    try:
        return Path(document.file).with_name(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"codec: {name} cannot be read: {error}", where) from None


def _words(written: WordsWritten) -> dict[str, str]:
    return {"zh": written.zh, "en": written.en}


def _bytes(payload: Mapping[str, object] | str) -> bytes:
    return payload.encode() if isinstance(payload, str) else msgspec.json.encode(payload)


_KEYS = sorted(
    {
        key
        for shape in (ProfileWritten, FamilyWritten, SourceWritten, ExampleWritten, CarriedWritten, Envelope, Route)
        for key in shape.__struct_encode_fields__
    }
)
