"""Device profiles and families from files, and what is wrong with them, each with file, line and cause."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

import msgspec

from shouwang.domain.consulting import Run, no_codecs, read_together
from shouwang.domain.decode import READERS, FamilyState, Interpreter
from shouwang.domain.errors import ConfigError, ProfileError
from shouwang.domain.family import Family
from shouwang.domain.profile import Profile
from shouwang.domain.vocabulary import Arrival, DeviceId
from shouwang.ports import Codecs
from shouwang.registry.documents import Document, read_documents
from shouwang.registry.profile_laws import broken_laws, wrong_sources
from shouwang.registry.profile_shapes import read_family, read_profile

OpenCodecs: TypeAlias = Callable[[Mapping[str, str]], AbstractContextManager[Codecs]]
"""Runs the codecs of these source texts, by profile, until it is left."""

FAMILIES = "families"
"""The folder of families beside those of profiles."""


class Sheet(msgspec.Struct, frozen=True):
    """A profile and the document that it was read from."""

    profile: Profile
    document: Document


def load_profiles(folders: Iterable[Path]) -> tuple[list[Family], dict[str, Profile]]:
    """Families and profiles (by id) of these folders; of two with one id, that of the later folder counts. Raises
    ProfileError with ``file:line`` for the first that cannot be read."""
    families: dict[str, Family] = {}
    profiles: dict[str, Profile] = {}
    for folder in folders:
        own: dict[str, Path] = {}
        for file in _files(folder):
            if file.parent.name == FAMILIES:
                families[file.stem] = read_family(_document(file), file.stem)
                continue
            if (other := own.setdefault(file.stem, file)) is not file:
                raise ProfileError(f"profile {file.stem} stands in {other} already", f"{file}:1")
            profiles[file.stem] = read_profile(_document(file), file.stem)
    for family in families.values():
        _check_family(family, profiles)
    return list(families.values()), profiles


def check_profiles(paths: Iterable[Path], shipped: Path, codecs: OpenCodecs) -> list[ConfigError]:
    """Everything that is wrong with these files and folders, beside the shipped ones that they lean on: vocabulary,
    units, ranges, laws of the house, models that two profiles claim, examples that turn out otherwise."""
    given = [file for path in paths for file in _files(path)]
    problems: list[ConfigError] = []
    families, profiles = load_profiles([shipped])
    known = {family.id: family for family in families}
    sheets: dict[str, Sheet] = {}
    for file in given:
        try:
            document = _document(file)
            if file.parent.name == FAMILIES:
                known[file.stem] = read_family(document, file.stem)
                continue
            profile = read_profile(document, file.stem)
        except ConfigError as error:
            problems.append(error)
            continue
        if file.stem in sheets:
            other = sheets[file.stem].document.file
            problems.append(ProfileError(f"profile {file.stem} stands in {other} already", f"{file}:1"))
        sheets[file.stem] = Sheet(profile, document)
    profiles = {**profiles, **{id: sheet.profile for id, sheet in sheets.items()}}
    unsound = {error.where for sheet in sheets.values() for error in wrong_sources(sheet.profile, sheet.document)}
    for sheet in sheets.values():
        problems += wrong_sources(sheet.profile, sheet.document)
        problems += broken_laws(sheet.profile, sheet.document, known)
        problems += _claimed_twice(sheet, profiles)
    if not unsound:
        problems += _played(list(known.values()), profiles, sheets.values(), codecs)
    return problems


def _played(
    families: Sequence[Family], profiles: Mapping[str, Profile], sheets: Iterable[Sheet], codecs: OpenCodecs
) -> Iterator[ConfigError]:
    try:
        for family in families:
            _check_family(family, profiles)
        interpreter = Interpreter(families, profiles.values())
    except ProfileError as error:
        yield error
        return
    for shadowed, topic, other in interpreter.shadowed():
        cause = f"topics: {topic} is covered by family {other} already, which is asked first"
        yield ProfileError(f"family {shadowed}: {cause}; make one of them weak, or name more of its levels")
    played = list(sheets)
    with codecs({sheet.profile.id: sheet.profile.codec for sheet in played if sheet.profile.codec}) as running:
        for sheet in played:
            for index, cause in play_examples(interpreter, sheet.profile, running.run):
                yield ProfileError(f"examples[{index}]: {cause}", sheet.document.where(f"$.examples[{index}]"))


def play_examples(interpreter: Interpreter, profile: Profile, run: Run = no_codecs) -> Iterator[tuple[int, str]]:
    """(index, what came out and what was expected) of each example that turns out otherwise, the device being
    registered with this profile."""
    for index, example in enumerate(profile.examples):
        arrival = Arrival(example.topic, example.payload, 0)
        (found,) = read_together(
            interpreter,
            [arrival],
            FamilyState(),
            lambda address: (DeviceId(address), profile.id),
            run,
            family=example.family,
        )
        if found.refusal is not None:
            yield index, f"is refused: {found.refusal.detail}"
            continue
        said = {
            f"{one.metric}@{one.part}" if one.part else one.metric: one.value
            for decoded in found.messages
            for one in decoded.readings
        }
        wrong = [refusal.detail for decoded in found.messages for refusal in decoded.dropped]
        if wrong:
            yield index, f"has a field that cannot be read: {wrong[0]}"
        elif _typed(said) != _typed(example.readings):
            yield index, f"expected {_told(example.readings)}, but the profile says {_told(said)}"


def _claimed_twice(sheet: Sheet, profiles: Mapping[str, Profile]) -> Iterator[ConfigError]:
    for family, carried in sheet.profile.families.items():
        mine = {one.casefold(): one for one in (*carried.models, *carried.hardware)}
        for other in profiles.values():
            if other.id == sheet.profile.id or family not in other.families:
                continue
            theirs = other.families[family]
            for claimed in mine.keys() & {one.casefold() for one in (*theirs.models, *theirs.hardware)}:
                cause = f"families.{family}: {mine[claimed]!r} is claimed by profile {other.id} already"
                yield ProfileError(cause, sheet.document.where(f"$.families.{family}"))


def _check_family(family: Family, profiles: Mapping[str, Profile]) -> None:
    if family.reader not in READERS:
        raise ProfileError(
            f"family {family.id}: there is no reader {family.reader!r}; expected one of "
            + ", ".join(repr(reader) for reader in READERS)
        )
    for profile in filter(None, (family.generic, family.gateway)):
        if profile not in profiles:
            raise ProfileError(f"family {family.id}: there is no profile {profile!r}")


def _document(file: Path) -> Document:
    documents = read_documents(file)
    if len(documents) != 1:
        raise ProfileError(f"expected one document, found {len(documents)}", f"{file}:1")
    return documents[0]


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.yaml")) if path.is_dir() else [path]


def _typed(readings: Mapping[str, object]) -> dict[str, tuple[bool, object]]:
    """Booleans never equal numbers."""
    return {metric: (isinstance(value, bool), value) for metric, value in readings.items()}


def _told(readings: Mapping[str, object]) -> str:
    return ", ".join(f"{metric} {value}" for metric, value in sorted(readings.items())) or "nothing"
