"""What stands on a label of ours: a code to scan, and words for people."""

from shouwang.domain.vocabulary import Value


class Label(Value, frozen=True):
    code: str
    title: str
    lines: list[str]
