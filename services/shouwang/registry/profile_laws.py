"""The laws of the house for device profiles: what each must say, because lives hang on it."""

import re
from collections.abc import Iterator, Mapping

from shouwang.domain.errors import ProfileError
from shouwang.domain.family import Family
from shouwang.domain.mapping import FieldMap
from shouwang.domain.moment import duration_text
from shouwang.domain.profile import Profile, Source
from shouwang.domain.raw import RAW
from shouwang.domain.topic import Template
from shouwang.domain.vocabulary import HOUR, METRICS, Kind, Scalar
from shouwang.registry.documents import Document
from shouwang.registry.findings import closest

WATCHED = frozenset({Kind.SMOKE, Kind.HEAT, Kind.GAS, Kind.CO})
"""Kinds whose silence must be noticed within hours. Of a sender that transmits only in alarm (``no_all_clear``) silence
says nothing; its profile may leave the longest silence out and must warn of it."""

TESTABLE = WATCHED | {Kind.BUTTON, Kind.FALL}
"""Kinds that an installer tests with a press."""

TO_FILL = "FILL-IN"
"""Where a draft leaves to its author what no message tells."""

LONGEST_SILENCE = 24 * HOUR
"""A fire or gas detector that was not heard for a day may have been dead for a day."""


def broken_laws(profile: Profile, document: Document, families: Mapping[str, Family]) -> Iterator[ProfileError]:
    """What a profile lacks or says wrongly, with file and line."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", profile.id):
        yield ProfileError(
            f"the file name {profile.id!r} is its id; expected small letters, digits and -", _at(document)
        )
    texts = {"vendor": profile.vendor, "model": profile.model, **_by_language(profile)}
    for path, text in texts.items():
        if TO_FILL in text:
            yield ProfileError(f"{path}: is still to be filled in", _at(document, path))
    if not profile.families:
        yield ProfileError("families: expected at least one", _at(document, "families"))
    carriers = {name for family in families.values() for name in (family.id, family.network or family.id)}
    for family in profile.families:
        if family not in carriers:
            near = closest(family, carriers)
            yield ProfileError(f"families.{family}: there is no such family{near}", _at(document, f"families.{family}"))
    read = {source.path.partition(".")[0] for sources in profile.readings.values() for source in sources}
    for key in read & set(profile.ignores):
        yield ProfileError(f"ignores: {key} is read all the same", _at(document, "ignores"))
    yield from _silence(profile, document)
    yield from _topics(profile, document)
    if profile.kind in TESTABLE and not profile.test_press:
        yield ProfileError(f"test_press: expected what a press looks like, of a {profile.kind}", _at(document))
    yield from _examples(profile, document)


def _by_language(profile: Profile) -> Mapping[str, str]:
    words = {"title": profile.title, "test_press": profile.test_press}
    return {f"{name}.{language}": text for name, said in words.items() for language, text in said.items()}


def wrong_sources(profile: Profile, document: Document) -> Iterator[ProfileError]:
    """Sources that cannot be compiled, or that give what is no value of their metric."""
    for metric, sources in profile.readings.items():
        for source in sources:
            where = _at(document, f"readings.{metric}")
            try:
                FieldMap({metric: [source]})
            except ProfileError as error:
                yield ProfileError(f"readings.{metric}: {error}", where)
            for raw, value in source.values.items():
                if value is not None and not _is_value(metric, value):
                    expected = METRICS[metric].type
                    yield ProfileError(f"readings.{metric}.values.{raw} is {value!r}; expected a {expected}", where)
            if not source.path:
                yield ProfileError(f"readings.{metric}: path is empty", where)
        yield from _same_twice(metric, sources, document)


def _same_twice(metric: str, sources: list[Source], document: Document) -> Iterator[ProfileError]:
    for index, source in enumerate(sources):
        if source in sources[:index]:
            where = _at(document, f"readings.{metric}")
            yield ProfileError(f"readings.{metric}: {source.path} stands twice", where)


def _silence(profile: Profile, document: Document) -> Iterator[ProfileError]:
    if profile.kind not in WATCHED:
        return
    longest = profile.longest_silence
    if longest is None and profile.no_all_clear:
        if not profile.quirks:
            cause = "quirks: expected the warning that nobody can watch a sender which transmits only in alarm"
            yield ProfileError(cause, _at(document))
    elif longest is None:
        yield ProfileError(f"longest_silence: expected one, of a {profile.kind}", _at(document))
    elif longest > LONGEST_SILENCE:
        found, most = duration_text(longest), duration_text(LONGEST_SILENCE)
        yield ProfileError(
            f"longest_silence is {found}; a {profile.kind} may be silent for at most {most}",
            _at(document, "longest_silence"),
        )


def _topics(profile: Profile, document: Document) -> Iterator[ProfileError]:
    if profile.topics and RAW not in profile.families:
        yield ProfileError(f"topics: expected the family {RAW}, which reads them", _at(document, "topics"))
    for index, spoken in enumerate(profile.topics):
        where = _at(document, f"topics[{index}]")
        try:
            Template(spoken.topic, [])
        except ProfileError as error:
            yield ProfileError(f"topics: {error}", where)
            continue
        if "{device" not in spoken.topic and not spoken.device:
            cause = f"topics: {spoken.topic!r} names no device; expected {{device}} in it, or a device of its own"
            yield ProfileError(cause, where)


def _examples(profile: Profile, document: Document) -> Iterator[ProfileError]:
    if not profile.examples:
        yield ProfileError("examples: expected at least one", _at(document, "examples"))
    for index, example in enumerate(profile.examples):
        for name in example.readings:
            if name.partition("@")[0] not in METRICS:
                cause = f"examples[{index}].readings.{name} is not a metric{closest(name, METRICS)}"
                yield ProfileError(cause, _at(document, f"examples[{index}]"))
    shown = {
        name.partition("@")[0] for example in profile.examples for name, value in example.readings.items() if value
    }
    for metric in profile.readings:
        if METRICS[metric].life_safety and metric not in shown:
            yield ProfileError(f"examples: none shows {metric} true", _at(document, "examples"))


def _is_value(metric: str, value: Scalar) -> bool:
    definition = METRICS[metric]
    match definition.type:
        case "bool":
            return isinstance(value, bool)
        case "number":
            if isinstance(value, (bool, str)):
                return False
            low, high = definition.low, definition.high
            return (low is None or value >= low) and (high is None or value <= high)
        case _:
            return isinstance(value, str)


def _at(document: Document, path: str = "") -> str:
    return document.where(f"$.{path}" if path else "$")
