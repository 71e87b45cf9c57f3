#!/usr/bin/env python3
"""Draws docs/diagrams from the tables of the state machines: `.venv/bin/python scripts/diagrams.py`.

A test runs it with `--check`.
"""

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from shouwang.domain import alert, incident, notice

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs/diagrams"

Moves = Mapping[tuple[StrEnum, StrEnum], StrEnum]

MACHINES: Mapping[str, tuple[str, str, StrEnum, Moves]] = {
    "alert": ("告警 Alert", "domain/alert.py: ALERT_MOVES", alert.AlertState.NORMAL, alert.ALERT_MOVES),
    "incident": (
        "警情 Incident",
        "domain/incident.py: INCIDENT_MOVES",
        incident.IncidentState.OPEN,
        incident.INCIDENT_MOVES,
    ),
    "delivery": (
        "送达 Delivery",
        "domain/notice.py: DELIVERY_MOVES",
        notice.DeliveryState.QUEUED,
        notice.DELIVERY_MOVES,
    ),
}
"""By file name: title, where the table stands, where the machine begins, the table."""


CROWD = 5
"""An event that leads to one state from at least so many is said in words: as arrows it would hide the others."""


def diagram(title: str, source: str, begins: StrEnum, moves: Moves) -> str:
    """A page: the picture of moves from one state to another, then what happens from anywhere, then what a state allows
    without leaving it."""
    ways: dict[tuple[StrEnum, StrEnum], list[StrEnum]] = {}
    for (state, event), becomes in moves.items():
        if state is not becomes:
            ways.setdefault((event, becomes), []).append(state)
    crowds = {way: states for way, states in ways.items() if len(states) >= CROWD}
    arrows: dict[tuple[StrEnum, StrEnum], list[str]] = {}
    staying: dict[StrEnum, list[str]] = {}
    for (state, event), becomes in moves.items():
        if state is becomes:
            staying.setdefault(state, []).append(event)
        elif (event, becomes) not in crowds:
            arrows.setdefault((state, becomes), []).append(event)
    lines = [f"# {title}", "", f"Drawn from `{source}` by `scripts/diagrams.py`. What is not here cannot happen.", ""]
    lines += ["```mermaid", "stateDiagram-v2", f"    [*] --> {begins}"]
    lines += [f"    {state} --> {becomes}: {', '.join(events)}" for (state, becomes), events in arrows.items()]
    ends = [
        state for state in type(begins) if not any(left is state is not becomes for (left, _), becomes in moves.items())
    ]
    lines += [f"    {state} --> [*]" for state in ends] + ["```"]
    if crowds:
        lines += ["", "| event | leads to | from |", "| --- | --- | --- |"]
        lines += [f"| {event} | {becomes} | {', '.join(states)} |" for (event, becomes), states in crowds.items()]
    if staying:
        lines += ["", "| state | what happens in it without leaving it |", "| --- | --- |"]
        lines += [f"| {state} | {', '.join(staying[state])} |" for state in type(begins) if state in staying]
    return "\n".join(lines) + "\n"


def main() -> int:
    stale = []
    for name, machine in MACHINES.items():
        path, fresh = FOLDER / f"{name}.md", diagram(*machine)
        if not path.exists() or path.read_text() != fresh:
            stale.append(str(path.relative_to(ROOT)))
            if "--check" not in sys.argv:
                FOLDER.mkdir(parents=True, exist_ok=True)
                path.write_text(fresh)
    print("stale: " + ", ".join(stale) if stale else "up to date")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
