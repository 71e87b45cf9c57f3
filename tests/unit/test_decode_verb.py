"""``shouwang decode``: JSON lines whatever comes, its exit codes, and that it loads no server."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SHOUWANG = Path(sys.executable).with_name("shouwang")
SMOKE = '{"smoke":true,"battery":81}'


def run(*arguments: str | Path, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([SHOUWANG, "decode", *arguments], input=said, capture_output=True, check=False, timeout=60)


def answers(*arguments: str | Path, said: bytes = b"") -> list[dict[str, Any]]:
    done = run(*arguments, said=said)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_one_message_is_one_line_with_all_its_keys() -> None:
    (answer,) = answers("--topic", "zigbee2mqtt/hall", "--payload", SMOKE)

    assert answer.pop("measured_at").endswith("Z")
    assert answer == {
        "id": None,
        "family": "zigbee2mqtt",
        "device": "hall",
        "profile": "zigbee2mqtt-generic",
        "readings": {"smoke": True, "battery": 81},
        "problem": None,
    }


def test_a_payload_comes_as_text_from_a_file_or_in_base64(tmp_path: Path) -> None:
    file = tmp_path / "payload"
    file.write_bytes(SMOKE.encode())
    in_base64 = base64.b64encode(SMOKE.encode()).decode()

    for given in (["--payload", SMOKE], ["--payload-file", file], ["--payload-base64", in_base64]):
        (answer,) = answers("--topic", "zigbee2mqtt/hall", *given)
        assert answer["readings"] == {"smoke": True, "battery": 81}


def test_lines_keep_ids_order_and_what_was_announced() -> None:
    said = "\n".join(
        json.dumps(line, ensure_ascii=False)
        for line in [
            {"id": 1, "topic": "zigbee2mqtt/门厅/烟感", "payload": SMOKE},
            {
                "id": "b",
                "topic": "zigbee2mqtt/bridge/devices",
                "payload": json.dumps(
                    [{"friendly_name": "x", "ieee_address": "0x1", "definition": {"model": "TS0205"}}]
                ),
            },
            {"id": "c", "topic": "zigbee2mqtt/x", "payload": SMOKE},
            {"id": "d", "topic": "zigbee2mqtt/heat", "payload": '{"smoke":true}', "model": "Frient HESZB-120"},
            {"id": "e", "topic": "home/y", "payload": {"base64": base64.b64encode(b'{"gas":true}').decode()}},
            {"id": "f", "topic": "home/y", "payload": '{"gas":true}', "family": "zigbee2mqtt"},
            {"topic": "zigbee2mqtt/z", "payload": '{"smoke":tr'},
        ]
    )

    found = answers("--jsonl", "-", said=said.encode())

    assert [(one["id"], one["device"], one["profile"], one["readings"]) for one in found] == [
        (1, "门厅/烟感", "zigbee2mqtt-generic", {"smoke": True, "battery": 81}),
        ("b", "zigbee2mqtt", "", {}),
        ("c", "x", "tuya-ts0205", {"smoke": True, "battery": 81}),
        ("d", "heat", "frient-heszb-120", {"heat_alarm": True}),
        ("e", "", "", {}),
        ("f", "y", "zigbee2mqtt-generic", {"gas": True}),
        (None, "z", "", {}),
    ]
    problems = [one["problem"] and one["problem"]["code"] for one in found]
    assert problems == [None, None, None, None, "unknown_topic", None, "invalid_json"]
    assert found[1]["measured_at"] is None


def test_parts_are_listed_and_the_worse_one_shown() -> None:
    payload = '{"readings":{"water_leak":[{"value":false,"part":"a"},{"value":true,"part":"b"}],"battery":3}}'

    (answer,) = answers("--topic", "shouwang/v1/devices/pump/readings", "--payload", payload)

    assert answer["readings"] == {"water_leak": True, "battery": 3}
    assert answer["parts"] == [
        {"metric": "water_leak", "part": "a", "value": False},
        {"metric": "water_leak", "part": "b", "value": True},
    ]


def test_dropped_fields_are_told() -> None:
    (answer,) = answers("--topic", "zigbee2mqtt/hall", "--payload", '{"smoke":true,"humidity":300}')

    assert answer["readings"] == {"smoke": True}
    assert answer["problem"] is None
    assert [one["code"] for one in answer["dropped"]] == ["out_of_range"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--topic", "a"],
        ["--payload", "x"],
        ["--topic", "a", "--payload", "x", "--payload-base64", "eA=="],
        ["--jsonl", "-", "--topic", "a"],
        ["--jsonl", "-", "--payload", "x"],
        ["--unheard-of"],
    ],
)
def test_a_wrong_use_ends_with_2(arguments: list[str]) -> None:
    done = run(*arguments)

    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--jsonl", "/nowhere/at/all"], b""),
        (["--jsonl", "-"], b"not json\n"),
        (["--jsonl", "-"], b'{"payload":"x"}\n'),
        (["--jsonl", "-"], b'{"topic":"a","payload":5}\n'),
        (["--jsonl", "-"], b'{"topic":"a","payload":{"base64":"%%"}}\n'),
        (["--topic", "a", "--payload-base64", "%%"], b""),
        (["--topic", "a", "--payload-file", "/nowhere/at/all"], b""),
    ],
)
def test_an_unreadable_input_ends_with_3(arguments: list[str], said: bytes) -> None:
    done = run(*arguments, said=said)

    assert done.returncode == 3
    assert b"Error" in done.stderr


def test_a_line_that_cannot_be_read_keeps_what_came_before_it() -> None:
    done = run("--jsonl", "-", said=b'{"topic":"zigbee2mqtt/a","payload":"{}"}\n{\n')

    assert done.returncode == 3
    assert len(done.stdout.splitlines()) == 1
    assert b"-:2" in done.stderr


def test_bytes_that_are_no_text_are_a_problem_and_no_failure() -> None:
    done = subprocess.run(
        [SHOUWANG, "decode", "--topic", "zigbee2mqtt/hall", "--payload", b"\xff\xfe"], capture_output=True, check=True
    )

    assert json.loads(done.stdout)["problem"]["code"] == "invalid_utf8"


def test_it_loads_neither_server_nor_database() -> None:
    code = (
        "import sys; from shouwang.cli.decode import decode;"
        f"decode(['--topic','zigbee2mqtt/a','--payload',{SMOKE!r}], standalone_mode=False);"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.splitlines()[-1].split())
    assert "shouwang.domain.decode" in loaded
    assert not loaded & {"fastapi", "starlette", "sqlalchemy", "uvicorn", "paho", "httpx", "apscheduler"}
