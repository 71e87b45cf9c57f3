"""The timelines of docs/rules.md say what the code does."""

import re
from pathlib import Path

import pytest

from harness.timelines import says

TEXT = (Path(__file__).resolve().parents[2] / "docs/rules.md").read_text(encoding="utf-8")
TIMELINES = [block.strip().splitlines() for block in re.findall(r"```timeline\n(.*?)```", TEXT, re.DOTALL)]


def test_the_document_has_a_timeline_for_every_condition() -> None:
    conditions = {name for lines in TIMELINES for name in re.findall(r"\{(\w+):", lines[0])}
    assert conditions >= {
        "is",
        "above",
        "count",
        "rate",
        "event",
        "absent",
        "between",
        "expression",
        "all",
        "any",
        "confirm",
        "inactive",
    }


@pytest.mark.parametrize("lines", TIMELINES, ids=lambda lines: lines[0][:40])
def test_a_timeline_says_what_it_says(lines: list[str]) -> None:
    when, *timeline, outcome = lines
    assert outcome.startswith("→ ")
    expected = [] if outcome == "→ nothing" else outcome.removeprefix("→ ").split(", ")
    assert says(when, *timeline) == expected
