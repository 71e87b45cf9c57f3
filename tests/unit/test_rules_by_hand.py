"""Timelines written by hand from the words of docs/rules.md alone, an edge each: see rules_by_hand.txt.

A block is its name, perhaps with ``[severity=medium start=2026-…]``, then a timeline as in docs/rules.md.
"""

import re
from pathlib import Path

import pytest

from harness.timelines import CEL, lines, rule, says
from shouwang.domain.moment import rfc3339
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.trial import play

TEXT = Path(__file__).with_name("rules_by_hand.txt").read_text(encoding="utf-8")
BLOCKS = [block.strip().splitlines() for block in re.split(r"^# ", TEXT, flags=re.MULTILINE) if block.strip()]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[0])
def test_a_timeline_says_what_the_words_say(block: list[str]) -> None:
    name, when, *timeline, outcome = block
    options = dict(re.findall(r"(\w+)=(\S+?)(?=[ \]])", name))
    expected = [] if outcome == "→ nothing" else outcome.removeprefix("→ ").split(", ")
    assert says(when, *timeline, **options) == expected


HAVANA = "America/Havana"
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "start", "hours", "says"),
    [
        (BERLIN, "2026-03-29T00:00:00+01:00", ("02:30", "04:00"), ["29T01:00 raised", "29T02:00 cleared"]),
        (BERLIN, "2026-03-29T00:00:00+01:00", ("01:00", "02:30"), ["29T00:00 raised", "29T01:00 cleared"]),
        (BERLIN, "2026-03-29T00:00:00+01:00", ("02:10", "02:50"), []),
        (
            BERLIN,
            "2026-10-25T00:00:00+02:00",
            ("02:15", "02:45"),
            ["25T00:15 raised", "25T00:45 cleared", "25T01:15 raised", "25T01:45 cleared"],
        ),
        (BERLIN, "2026-10-25T00:00:00+02:00", ("01:00", "04:00"), ["24T23:00 raised", "25T03:00 cleared"]),
        (
            BERLIN,
            "2026-10-25T00:00:00+02:00",
            ("01:00", "02:30"),
            ["24T23:00 raised", "25T00:30 cleared", "25T01:00 raised", "25T01:30 cleared"],
        ),
        ("Africa/Cairo", "2026-04-23T20:00:00+02:00", ("00:00", "06:00"), ["23T22:00 raised", "24T03:00 cleared"]),
        (
            HAVANA,
            "2026-10-31T20:00:00-04:00",
            ("22:00", "00:30"),
            ["01T02:00 raised", "01T04:30 cleared", "01T05:00 raised", "01T05:30 cleared"],
        ),
    ],
)
def test_a_window_is_what_a_clock_on_the_wall_shows_where_daylight_saving_begins_or_ends(
    zone: str, start: str, hours: tuple[str, str], says: list[str]
) -> None:
    written = rule(f'{{between: {{from: "{hours[0]}", to: "{hours[1]}"}}}}')
    book = RuleBook([written], timezone=zone, expressions=CEL)
    heard = [*lines("0s a battery=1", start), *lines("12h tick", start)]
    assert [f"{rfc3339(said.at)[8:16]} {said.change}" for said in play(book, heard)] == says


def test_a_clock_that_stands_at_1970_raises_and_never_clears() -> None:
    long_ago = "1970-01-01T00:00:00Z"
    book = RuleBook([rule("{is: {metric: smoke, value: true}}")], expressions=CEL)
    for before, late, expected in (("true", "false", ["raised"]), ("false", "true", ["raised"])):
        heard = [*lines(f"0s a smoke={before}"), *lines(f"0s a smoke={late}", long_ago), *lines("1h tick")]
        assert [said.change for said in play(book, heard)] == expected
