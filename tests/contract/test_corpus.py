"""Recorded and documented messages of real devices, read by ``shouwang decode``, against what must come out of them.

The messages are no part of the repository (many are copied from public recordings): they lie beside the checkout.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.decoding import REPOSITORY

CORPUS = REPOSITORY.parent / "shared" / "corpus" / "given.jsonl"


READ = {
    "aliyun-iot", "esphome", "ha-discovery", "jetlinks", "mysensors", "nbiot-push", "openmqttgateway", "raw",
    "rtl_433", "shelly-gen1", "shelly-gen2", "sparkplug-b", "tasmota", "thingsboard", "zigbee2mqtt",
}  # fmt: skip
"""Families of which every message must come out right."""


def lines() -> list[dict[str, Any]]:
    if not CORPUS.is_file():
        return []
    every = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    return [line for line in every if line["family"] in READ]


@cache
def decoded() -> dict[str, list[dict[str, Any]]]:
    """What the command line says, by the line's id; one run, so that families remember what they announced."""
    said = "\n".join(json.dumps(dict(asked(line))) for line in lines())
    shouwang = Path(sys.executable).with_name("shouwang")
    run = subprocess.run(
        [shouwang, "decode", "--jsonl", "-"], input=said, capture_output=True, text=True, check=False, timeout=100
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for line in run.stdout.splitlines():
        answer = json.loads(line)
        found.setdefault(answer["id"], []).append(answer)
    return found


def asked(line: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in ("id", "topic", "payload", "model"):
        if key in line:
            yield key, line[key]
    if line.get("needs_family"):
        yield "family", line["family"]


@pytest.mark.skipif(not CORPUS.is_file(), reason=f"there is no corpus at ../{CORPUS.relative_to(REPOSITORY.parent)}")
def test_the_corpus_has_messages_of_the_families_here() -> None:
    assert {line["family"] for line in lines()} == READ


@pytest.mark.parametrize("line", lines(), ids=lambda line: line["id"])
def test_a_message_gives_what_is_expected_of_it(line: dict[str, Any]) -> None:
    doubtful = line.get("uncertain", [])
    expect, alternatives, tolerance = line["expect"], line.get("alt_readings", {}), line.get("tolerance", 1e-6)
    answers = decoded()[line["id"]]
    devices = {plain(answer["device"]): answer["readings"] for answer in answers}
    assert len(devices) == len(answers)

    for device, readings in line.get("multi", {}).items():
        for metric, value in readings.items():
            assert metric in doubtful or is_same(devices[plain(device)].get(metric), value, tolerance), (
                device,
                metric,
                answers,
            )
    (first, *_) = answers
    readings = first["readings"]
    for metric, value in {**expect.get("readings", {}), **alternatives}.items():
        assert metric in doubtful or is_same(readings.get(metric), value, tolerance), (metric, first)
    for metric in expect.get("absent", []):
        assert metric not in readings
    if expect.get("ignore"):
        assert readings == {}
        assert first["problem"] is None
    if "device_id" in expect:
        assert plain(expect["device_id"]) in devices


def is_same(found: object, value: object, tolerance: float) -> bool:
    if isinstance(found, bool) != isinstance(value, bool):
        return False
    if isinstance(found, (int, float)) and isinstance(value, (int, float)):
        return abs(found - value) <= tolerance
    return found == value


def plain(identity: str) -> str:
    """Identities are compared without case and punctuation."""
    return "".join(character for character in identity.casefold() if character.isalnum())
