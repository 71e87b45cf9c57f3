"""What stands on a label of ours: a code to scan, and words for people."""

from shouwang.domain.vocabulary import Value

LABEL = "shouwang:device:"
"""With the id of its device: what the code of our own label says."""


class Label(Value, frozen=True):
    code: str
    title: str
    lines: list[str]
