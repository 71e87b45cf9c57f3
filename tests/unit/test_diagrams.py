"""The drawn state machines are those of the code."""

import runpy
import subprocess
import sys
from pathlib import Path

from shouwang.domain.incident import INCIDENT_MOVES, IncidentState

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/diagrams.py"


def test_the_diagrams_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}; run .venv/bin/python scripts/diagrams.py"


def test_a_diagram_says_every_move_of_its_table() -> None:
    drawn: str = runpy.run_path(str(SCRIPT))["diagram"]("t", "s", IncidentState.OPEN, INCIDENT_MOVES)
    for (state, event), becomes in INCIDENT_MOVES.items():
        lines = drawn.splitlines()
        arrow = [line for line in lines if f"{state} --> {becomes}:" in line and event in line]
        table = [line for line in lines if line.startswith(f"| {state} |") and event in line]
        assert arrow or table, (state, event)
    assert "closed --> [*]" in drawn
