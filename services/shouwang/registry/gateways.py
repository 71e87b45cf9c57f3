"""Templates of telephone and message gateways, one file each: the shipped ones, and a site's own before them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from shouwang.domain.errors import ConfigError
from shouwang.domain.gateway import Template, template_problems

from .documents import Document, read_documents, shaped


def load_gateways(folders: Iterable[Path]) -> Mapping[str, Template]:
    """All templates of the ``.yaml`` files in these folders, by id; of one id the first. Raises ConfigError for the
    first problem."""
    templates: dict[str, Template] = {}
    for folder in folders:
        for file in sorted(folder.glob("*.yaml")):
            found, problems = read_gateways(file)
            if problems:
                raise problems[0]
            for template in found:
                templates.setdefault(template.gateway, template)
    return templates


def read_gateways(file: Path) -> tuple[list[Template], list[ConfigError]]:
    """The templates of a file, and everything that is wrong with it, its examples played."""
    found: list[Template] = []
    problems: list[ConfigError] = []
    try:
        documents = read_documents(file)
    except ConfigError as error:
        return [], [error]
    for document in documents:
        try:
            template = shaped(document, Template)
        except ConfigError as error:
            problems.append(error)
            continue
        problems += [
            ConfigError(f"{path}: {message}", document.where(f"$.{path}"))
            for path, message in template_problems(template)
        ]
        found.append(template)
    return found, problems


def is_gateway(document: Document) -> bool:
    return isinstance(document.content, dict) and "gateway" in document.content
