#!/usr/bin/env python3
"""Writes device_profiles/schema.json, the JSON Schema of a profile file, for editors."""

import json
from pathlib import Path

from shouwang.registry.profile_shapes import profile_schema

target = Path(__file__).parents[1] / "device_profiles" / "schema.json"
target.write_text(json.dumps(profile_schema(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
