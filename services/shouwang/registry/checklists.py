"""Checklists of cases as shipped: one YAML document each."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from shouwang.domain.checklist import Checklist, script_problem
from shouwang.domain.errors import ConfigError
from shouwang.registry.documents import read_documents, shaped

SHIPPED = Path(__file__).with_name("checklists.yaml")


@cache
def load_checklists(file: Path = SHIPPED) -> Sequence[Checklist]:
    """Raises ConfigError with ``file:line`` for what cannot be read, and for a script with a fact that is none."""
    found: list[Checklist] = []
    for document in read_documents(file):
        checklist = shaped(document, Checklist)
        for index, script in enumerate(checklist.scripts):
            if problem := script_problem(script):
                raise ConfigError(problem, document.where(f"$.scripts[{index}].text"))
        found.append(checklist)
    return found
