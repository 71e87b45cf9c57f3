#!/usr/bin/env python3
"""Writes the OpenAPI document of the service to standard output, without a service: the console is typed by it."""

import json
import sys
from typing import Any, cast

from shouwang.api.doors import Window
from shouwang.api.server import build_app


class Nowhere:
    """Any door of the window, and whatever is behind it: describing the paths opens none."""

    def __getattr__(self, name: str) -> "Nowhere":
        return self


def document() -> dict[str, Any]:
    return build_app(cast(Window, Nowhere())).openapi()


if __name__ == "__main__":
    json.dump(document(), sys.stdout, ensure_ascii=False, indent=1)
