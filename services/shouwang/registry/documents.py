"""YAML documents with the line of every value, so that each refusal names file, line and cause."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from shouwang.domain.errors import ConfigError

T = TypeVar("T")

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER, _TRUTH, _TEXT = (f"tag:yaml.org,2002:{kind}" for kind in ("int", "bool", "str"))


class Unreadable(ConfigError):
    """No YAML, or nothing that can be read at all."""


class Document(msgspec.Struct, frozen=True):
    """One YAML document: ``content`` is plain data, ``lines`` gives the 1-based line of each path (``$.a.b``)."""

    file: str
    content: object
    lines: Mapping[str, int]

    def where(self, path: str = "$") -> str:
        """``file:line`` of the deepest known ancestor of ``path``."""
        while path not in self.lines and path != "$":
            path = path[: max(path.rfind("."), path.rfind("["))] or "$"
        return f"{self.file}:{self.lines.get(path, 1)}"


def read_documents(file: Path, name: str | None = None) -> list[Document]:
    """All documents of a file. ``name`` is how messages call the file. Raises ConfigError with ``file:line``."""
    shown = name or str(file)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"cannot be read: {error}", f"{shown}:1") from None
    return list(parse_documents(text, shown))


def parse_documents(text: str, name: str) -> Iterator[Document]:
    """As ``read_documents``, from text."""
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            lines: dict[str, int] = {}
            _mark(node, "$", lines, name)
            yield Document(name, loader.construct_document(node), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(f"is not YAML: {error.problem}", f"{name}:{line}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable(f"is not YAML: {error}", f"{name}:1") from None
    finally:
        loader.dispose()


def shaped(document: Document, shape: type[T]) -> T:
    """The document's content as ``shape``. Raises ConfigError naming file, line, path and what was expected."""
    try:
        return msgspec.convert(document.content, shape)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `")
        path = path.rstrip("`") or "$"
        raise ConfigError(
            f"{path.removeprefix('$.')}: {reason}" if path != "$" else reason, document.where(path)
        ) from None


def _mark(node: yaml.Node, path: str, lines: dict[str, int], name: str) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        _keep_apart(node)
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise ConfigError(f"{key.value!r} stands twice", f"{name}:{key.start_mark.line + 1}")
            seen.add(key.value)
            _mark(value, f"{path}.{key.value}", lines, name)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _mark(item, f"{path}[{index}]", lines, name)


def _keep_apart(mapping: yaml.MappingNode) -> None:
    """To Python ``1`` and ``true`` are one key, of which the later value would win in silence. Beside numbers, truth
    values are therefore kept as the texts that they were written as."""
    tags = {key.tag for key, _ in mapping.value}
    if _NUMBER in tags and _TRUTH in tags:
        for key, _ in mapping.value:
            if key.tag == _TRUTH:
                key.tag = _TEXT
