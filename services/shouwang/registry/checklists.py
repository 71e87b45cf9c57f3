"""Checklists of cases as shipped: one YAML document each."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from shouwang.domain.checklist import Checklist, text_problem
from shouwang.domain.errors import ConfigError
from shouwang.registry.documents import read_documents, shaped

SHIPPED = Path(__file__).with_name("checklists.yaml")


@cache
def load_checklists(file: Path = SHIPPED) -> Sequence[Checklist]:
    """Raises ConfigError with ``file:line`` for what cannot be read, and for words with a fact that is none."""
    found: list[Checklist] = []
    for document in read_documents(file):
        checklist = shaped(document, Checklist)
        texts = {f"$.scripts[{index}].text": one.text for index, one in enumerate(checklist.scripts)}
        texts |= {f"$.items[{index}].text": one.text for index, one in enumerate(checklist.items)}
        for where, words in texts.items():
            if problem := text_problem(words):
                raise ConfigError(problem, document.where(where))
        found.append(checklist)
    return found
