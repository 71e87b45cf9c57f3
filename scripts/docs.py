#!/usr/bin/env python3
"""Writes what documents repeat from the code: `.venv/bin/python scripts/docs.py`; a test runs it with `--check`."""

import sys
from pathlib import Path

from shouwang.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


def settings_table() -> str:
    """One row a setting: its name, the environment variable, its default, what it does."""
    rows = ["| setting | environment | default | what it does |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        says = (field.description or "").replace("|", "\\|")
        rows.append(f"| `{name}` | `SHOUWANG_{name.upper()}` | {_default(field.default)} | {says} |")
    return "\n".join(rows)


def _default(value: object) -> str:
    match value:
        case None | "" | []:
            return ""
        case list():
            return f"`{','.join(map(str, value))}`"
        case bool():
            return f"`{str(value).lower()}`"
        case _:
            return f"`{value}`"


TABLES = {"settings": (ROOT / "docs/operator.md", settings_table)}


def main() -> int:
    stale = []
    for name, (path, table) in TABLES.items():
        head, begin, rest = path.read_text().partition(f"<!-- {name}: written by scripts/docs.py -->\n")
        _, end, tail = rest.partition(f"<!-- end of {name} -->")
        assert begin and end, f"{path} has no place for the table of {name}"
        fresh = f"{head}{begin}{table()}\n{end}{tail}"
        if fresh != path.read_text():
            stale.append(str(path.relative_to(ROOT)))
            if "--check" not in sys.argv:
                path.write_text(fresh)
    print("stale: " + ", ".join(stale) if stale else "up to date")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
