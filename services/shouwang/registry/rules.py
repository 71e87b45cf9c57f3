"""Rule files: YAML documents to rules, each refusal with file, line and cause; and their examples, played."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from shouwang.domain.condition import AllOf, AnyOf, Node, Not
from shouwang.domain.errors import ConfigError
from shouwang.domain.expression import Expressions
from shouwang.domain.moment import duration, duration_text, parse_rfc3339
from shouwang.domain.rule import (
    SITE_PACK,
    Example,
    ExampleOutcome,
    ExampleReading,
    Rule,
    RuleText,
    Scope,
    class_of,
    latches,
)
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.trial import is_as_expected, play_example
from shouwang.registry.documents import Document, parse_documents, read_documents, shaped
from shouwang.registry.rule_shapes import (
    ExampleWritten,
    OutcomeWritten,
    RuleWritten,
    ScopeWritten,
    condition,
    unknown_metrics,
)

LANGUAGES = ("zh", "en")

_SEPARATOR = re.compile(r"^---[ \t]*(?:#.*)?$", re.MULTILINE)

_NOT_METRICS = frozenset({"at", "device", "kind", "place", "tags", "part", "tick"})


def load_rules(
    source: Path | Iterable[Path], expressions: Expressions | None = None, *, strict: bool = True
) -> list[Rule]:
    """All rules of a folder (its own ``*.yaml``, by name), of a file or of several, in order. Raises ConfigError with
    ``file:line`` for the first that cannot be read. ``strict``: a metric that is not of the vocabulary is an error."""
    rules = []
    for file in _files(source):
        for document in read_documents(file):
            if document.content is None:
                continue
            rules.append(read_rule(document, file.stem, expressions, strict=strict))
    return rules


def read_rule(document: Document, pack: str, expressions: Expressions | None = None, *, strict: bool = True) -> Rule:
    """The rule of one document. Raises ConfigError with ``file:line``."""
    rule = _rule(document, pack, expressions)
    if strict and (unknown := unknown_metrics(rule.when)):
        raise ConfigError(unknown[0], document.where("$.when"))
    return rule


def read_rule_text(
    text: str, name: str, expressions: Expressions | None = None, id: str = ""
) -> tuple[list[Rule], list[ConfigError]]:
    """The rules of one id that a site says in its own words, and everything that is wrong with them (with ``where``:
    ``name:line``): what ``check_rules`` finds, another id than ``id``, several ids, nothing at all."""
    rules: list[Rule] = []
    problems: list[ConfigError] = []
    try:
        for document in parse_documents(text, name):
            if document.content is None:
                continue
            found, mistakes = _examined(document, SITE_PACK, expressions)
            problems += mistakes
            if found is not None:
                rules.append(found)
                if found.id != (wanted := id or rules[0].id):
                    message = f"rule: expected {wanted}, found {found.id}; documents of one rule share its id"
                    problems.append(ConfigError(message, document.where("$.rule")))
    except ConfigError as error:
        problems.append(error)
    if not rules and not problems:
        problems.append(ConfigError("expected at least one rule document, found none", name))
    return rules, problems


def read_rule_texts(file: Path) -> list[RuleText]:
    """A file's documents as a site keeps them: the text of each rule id as it was written. Raises ConfigError."""
    return read_rule_folders([file])


def read_rule_folders(source: Path | Iterable[Path]) -> list[RuleText]:
    """The same of what ``load_rules`` reads."""
    texts: dict[str, list[str]] = {}
    for file in _files(source):
        for part in _SEPARATOR.split(file.read_text(encoding="utf-8")):
            for document in parse_documents(part, str(file)):
                if isinstance(document.content, dict):
                    texts.setdefault(str(document.content.get("rule", "")), []).append(part.strip("\n") + "\n")
    return [RuleText(id=id, text="---\n".join(parts)) for id, parts in texts.items()]


def check_rules(source: Path | Iterable[Path], expressions: Expressions | None = None) -> list[str]:
    """What is wrong with rule files, a sentence a problem (``file:line: cause``): what cannot be read, metrics that do
    not exist, titles that lack a language, examples that turn out otherwise. Empty where all is well."""
    problems: list[str] = []
    for file in _files(source):
        try:
            for document in read_documents(file):
                if document.content is not None:
                    problems += map(str, _examined(document, file.stem, expressions)[1])
        except ConfigError as error:
            problems.append(str(error))
    return problems


def play_examples(rule: Rule, expressions: Expressions | None = None) -> Iterator[tuple[int, str]]:
    """(index, what was said and what was expected) of each example that turns out otherwise."""
    book = RuleBook([rule], expressions=expressions)
    for index, example in enumerate(rule.examples):
        said = play_example(book, example, rule.scope)
        if not is_as_expected(said, example.expect):
            names = any(outcome.subject for outcome in example.expect)
            yield index, f"expected {_told(example.expect, names)}, but the rule says {_told(said, names)}"


def _files(source: Path | Iterable[Path]) -> list[Path]:
    given = [source] if isinstance(source, Path) else list(source)
    return [file for one in given for file in (sorted(one.glob("*.yaml")) if one.is_dir() else [one])]


def _examined(document: Document, pack: str, expressions: Expressions | None) -> tuple[Rule | None, list[ConfigError]]:
    """The rule where it can be read, and what is wrong with it."""
    try:
        rule = _rule(document, pack, expressions)
    except ConfigError as error:
        return None, [error, *_further(document, error, pack, expressions)]
    problems = [ConfigError(cause, document.where("$.when")) for cause in unknown_metrics(rule.when)]
    for language in LANGUAGES:
        if not rule.title.get(language):
            problems.append(ConfigError(f"rule {rule.id} has no title.{language}", document.where("$.title")))
        if rule.source and not rule.source.get(language):
            problems.append(ConfigError(f"rule {rule.id} has no source.{language}", document.where("$.source")))
    for index, cause in play_examples(rule, expressions):
        message = f"rule {rule.id}, example {index + 1}: {cause}"
        problems.append(ConfigError(message, document.where(f"$.examples[{index}]")))
    return rule, problems


def _further(
    document: Document, error: ConfigError, pack: str, expressions: Expressions | None
) -> Iterator[ConfigError]:
    """What else is wrong with a document that could not be read: each mistake is put right, and it is read again."""
    content = document.content
    righted: set[str] = set()
    while isinstance(content, dict):
        named = _ROOT_KEY.search(str(error))
        key = named.group(1) if named else _key_at(document, error.where)
        if not key or key in righted:
            return
        righted.add(key)
        content = {name: raw for name, raw in content.items() if name != key}
        if key in _RIGHT:
            content[key] = _RIGHT[key]
        try:
            _rule(msgspec.structs.replace(document, content=content), pack, expressions)
            return
        except ConfigError as further:
            error = further
            yield further


def _key_at(document: Document, where: str) -> str:
    """The key of the document's own that stands at ``file:line`` or last before it."""
    line = where.rpartition(":")[2]
    above = [
        (at, path[2:])
        for path, at in document.lines.items()
        if line.isdigit() and at <= int(line) and path.startswith("$.") and not set(path[2:]) & set(".[")
    ]
    return max(above)[1] if above else ""


_ROOT_KEY = re.compile(r": Object (?:contains unknown|missing required) field `(\w+)`$")
_RIGHT: Mapping[str, object] = {
    "rule": "x",
    "severity": "info",
    "when": {"is": {"metric": "smoke", "value": True}},
}
"""Of the keys that a rule must have, a value that is right."""


def _rule(document: Document, pack: str, expressions: Expressions | None) -> Rule:
    written = shaped(document, RuleWritten)
    if not written.rule:
        raise ConfigError("rule: expected an id, found nothing", document.where("$.rule"))
    when = condition(document, written.when, expressions)
    klass = written.klass or class_of(when)
    return Rule(
        id=written.rule,
        title=written.title if written.title is not None else dict.fromkeys(LANGUAGES, written.rule),
        severity=written.severity,
        klass=klass,
        when=when,
        latching=latches(klass) if written.latching is None else written.latching,
        scope=_scope(written.scope or ScopeWritten()),
        pack=pack,
        version=f"{_hash(_shape(when))}-{_hash(repr(msgspec.to_builtins(document.content)))}",
        source=_in_both(written.source),
        consent=written.consent,
        yields_to=tuple(written.yields_to or ()),
        examples=tuple(
            _example(document, f"$.examples[{index}]", example) for index, example in enumerate(written.examples or ())
        ),
        where=document.where(),
    )


def _in_both(text: str | dict[str, str] | None) -> dict[str, str]:
    """A plain text is meant for both languages."""
    if isinstance(text, str):
        return dict.fromkeys(LANGUAGES, text) if text else {}
    return text or {}


def _scope(written: ScopeWritten) -> Scope:
    return Scope(
        kinds=tuple(written.kinds or ()),
        tags=tuple(written.tags or ()),
        places=tuple(place.strip("/") for place in written.places or ()),
        devices=tuple(written.devices or ()),
    )


def _example(document: Document, path: str, written: ExampleWritten) -> Example:
    try:
        example = Example(
            readings=tuple(_reading(reading) for reading in written.readings),
            expect=tuple(_outcome(outcome) for outcome in written.expect),
            longest_silence=duration(written.longest_silence) if written.longest_silence else None,
        )
        if written.start is not None:
            parse_rfc3339(written.start)
            example = msgspec.structs.replace(example, start=written.start)
    except ConfigError as error:
        raise ConfigError(f"{path.removeprefix('$.')}: {error}", document.where(path)) from None
    return example


def _reading(written: Mapping[str, object]) -> ExampleReading:
    """A message: ``at``, whose it is, and a value for each metric."""
    values = {name: value for name, value in written.items() if name not in _NOT_METRICS}
    try:
        return msgspec.convert(
            {
                **{name: value for name, value in written.items() if name in _NOT_METRICS},
                "at": duration(str(written.get("at", ""))),
                "values": values,
            },
            ExampleReading,
        )
    except msgspec.ValidationError as error:
        raise ConfigError(str(error)) from None


def _outcome(written: OutcomeWritten) -> ExampleOutcome:
    said = [
        (change, severity)
        for change in ("raised", "repeated", "cleared")
        if (severity := getattr(written, change)) is not None
    ]
    if len(said) != 1:
        raise ConfigError("expect: each is exactly one of raised, repeated, cleared with its severity")
    return ExampleOutcome(
        at=duration(written.at), change=said[0][0], severity=said[0][1].value, subject=written.subject
    )


def _told(outcomes: Sequence[ExampleOutcome], names_subjects: bool) -> str:
    told = (
        f"{outcome.change} {outcome.severity} at {duration_text(outcome.at)}"
        + (f" of {outcome.subject}" if names_subjects else "")
        for outcome in outcomes
    )
    return ", ".join(told) or "nothing"


def _shape(node: Node) -> str:
    """What is asked of which metrics, without its limits: rules of one shape may take over each other's memory."""
    match node:
        case AllOf() | AnyOf():
            return f"{type(node).__name__}({','.join(_shape(each) for each in node.of)})"
        case Not():
            return f"Not({_shape(node.of)})"
    return f"{type(node).__name__}({','.join(node.metrics)})"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
