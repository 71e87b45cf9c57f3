"""Every kind of file that people write, checked by what it is: profiles, rules, policies, gateways, communities …"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from shouwang.domain.errors import ConfigError
from shouwang.domain.expression import Expressions
from shouwang.registry.community import SECTIONS, read_community
from shouwang.registry.documents import Unreadable, read_documents
from shouwang.registry.findings import Around
from shouwang.registry.gateways import is_gateway, read_gateways
from shouwang.registry.policies import check_policies, is_policy
from shouwang.registry.profiles import OpenCodecs, check_profiles, load_profiles
from shouwang.registry.rules import check_rules


class FileKind(StrEnum):
    PROFILE = "profile"
    RULES = "rules"
    POLICIES = "policies"
    GATEWAY = "gateway"
    COMMUNITY = "community"


def check_files(
    paths: Iterable[Path],
    profiles: Path,
    channels: Sequence[str],
    codecs: OpenCodecs,
    expressions: Expressions | None = None,
) -> tuple[int, list[str], bool]:
    """(files looked at, problems as ``file:line: cause``, whether some could not be read at all). Folders are walked.
    ``profiles``: the shipped ones, on which others lean. ``codecs``: what runs those of profiles, for their examples.
    ``expressions``: the language of rules; without one, a rule with an expression is a problem."""
    files = sorted({file for path in paths for file in _files(path)})
    problems: list[str] = []
    sheets: list[Path] = []
    are_readable = True
    for file in files:
        try:
            kind = kind_of(file)
        except ConfigError as error:
            problems.append(str(error))
            are_readable = are_readable and not isinstance(error, Unreadable)
            continue
        match kind:
            case FileKind.PROFILE:
                sheets.append(file)
            case FileKind.RULES:
                problems += check_rules(file, expressions)
            case FileKind.POLICIES:
                problems += map(str, check_policies(file))
            case FileKind.GATEWAY:
                problems += map(str, read_gateways(file)[1])
            case FileKind.COMMUNITY:
                problems += _community_problems(file, profiles, channels)
    problems += map(str, check_profiles(sheets, profiles, codecs))
    return len(files), problems, not are_readable


def kind_of(file: Path) -> FileKind:
    """What a file is, by the keys of its first document. Raises ConfigError for one that is none of ours."""
    documents = read_documents(file)
    content = documents[0].content if documents else None
    keys = set(content) if isinstance(content, dict) else set()
    if "rule" in keys:
        return FileKind.RULES
    if documents and is_policy(documents[0]):
        return FileKind.POLICIES
    if keys & {"vendor", "model", "topics", "reader"}:
        return FileKind.PROFILE
    if documents and is_gateway(documents[0]):
        return FileKind.GATEWAY
    if keys & {"site", *SECTIONS}:
        return FileKind.COMMUNITY
    raise ConfigError(
        "is no profile, rule, policy, gateway or community file: none of their keys stands in it", f"{file}:1"
    )


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in path.rglob("*.yaml") if not any(part.startswith(".") for part in file.parts))
    else:
        yield path


def _community_problems(file: Path, shipped: Path, channels: Sequence[str]) -> list[str]:
    families, profiles = load_profiles([shipped])
    around = Around(profiles=list(profiles), families=[family.id for family in families], channels=list(channels))
    return [str(problem) for problem in read_community(file, around).problems]
