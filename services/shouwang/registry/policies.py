"""Escalation policies from files: the shipped ones that close every list, and a site's own beside them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from shouwang.domain.errors import ConfigError
from shouwang.domain.escalation import Match, Policy, is_catch_all, policy_problems

from .documents import Document, read_documents, shaped


def load_policies(folders: Iterable[Path]) -> list[Policy]:
    """All policies of the ``.yaml`` files in these folders, as they are matched: folder by folder (a site's own before
    the shipped one), within a folder by file name, and last what matches everything. A policy whose id an earlier
    folder has is replaced by that one. Raises ConfigError for the first problem."""
    policies: dict[str, Policy] = {}
    for folder in folders:
        read: list[tuple[Document, Policy]] = []
        for file in sorted(folder.glob("*.yaml")):
            found, problems = read_policies(file)
            if problems:
                raise problems[0]
            read += found
        if twice := _twice(read):
            raise twice[0]
        for policy in sorted((policy for _, policy in read), key=is_catch_all):
            policies.setdefault(policy.id, policy)
    return list(policies.values())


def check_policies(file: Path, name: str | None = None) -> list[ConfigError]:
    """Everything that is wrong with a file of policies, each with file, line and cause. ``name``: how messages call the
    file."""
    found, problems = read_policies(file, name)
    return [*problems, *_twice(found)]


def read_policies(file: Path, name: str | None = None) -> tuple[list[tuple[Document, Policy]], list[ConfigError]]:
    """The policies of a file, one a document, and what is wrong with the others."""
    found: list[tuple[Document, Policy]] = []
    problems: list[ConfigError] = []
    try:
        documents = read_documents(file, name)
    except ConfigError as error:
        return [], [error]
    for document in documents:
        try:
            policy = shaped(msgspec.structs.replace(document, content=with_match_lists(document.content)), Policy)
        except ConfigError as error:
            problems.append(error)
            continue
        wrong = [
            ConfigError(f"{path}: {message}", document.where(f"$.{path}")) for path, message in policy_problems(policy)
        ]
        problems += wrong
        if not wrong:
            found.append((document, policy))
    return found, problems


def with_match_lists(raw: object) -> object:
    """A policy as it was written, its ``match`` with the keys of ``Match``, each a list: people also write ``rule: x``
    for ``rules: [x]``. What is written both ways stays as it is, and is refused as an unknown field."""
    if not isinstance(raw, dict) or not isinstance(match := raw.get("match"), dict):
        return raw
    keys = {key: _LISTS[key] if key in _LISTS and _LISTS[key] not in match else key for key in match}
    lists = {
        keys[key]: [value] if isinstance(value, str) and keys[key] in _MATCHED else value
        for key, value in match.items()
    }
    return {**raw, "match": lists}


def is_policy(document: Document) -> bool:
    """True for a document that means to be a policy: it says ``steps``."""
    return isinstance(document.content, dict) and "steps" in document.content


def _twice(read: Sequence[tuple[Document, Policy]]) -> list[ConfigError]:
    first: dict[str, Document] = {}
    problems: list[ConfigError] = []
    for document, policy in read:
        other = first.setdefault(policy.id, document)
        if other is not document:
            message = f"id: policy {policy.id!r} stands in {other.where('$.id')} already"
            problems.append(ConfigError(message, document.where("$.id")))
    return problems


_LISTS: Mapping[str, str] = {"class": "classes", "rule": "rules", "kind": "kinds", "place": "places"}
_MATCHED = frozenset(Match.__struct_fields__)
