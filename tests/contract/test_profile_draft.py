"""``shouwang profile new``: what a draft holds, and that it passes ``check`` once its blanks are filled in."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SHOUWANG = Path(sys.executable).with_name("shouwang")
SMOKE = [
    {"smoke": False, "battery": 81, "voltage": 2890, "linkquality": 90, "chamber": "clean"},
    {"smoke": True, "battery": 81, "voltage": 2890, "linkquality": 90, "chamber": "dirty"},
    {"smoke": True, "test": True, "battery": 80, "linkquality": 88},
]


def draft(folder: Path, messages: list[dict[str, str]], id: str) -> subprocess.CompletedProcess[str]:
    capture = folder / "capture.jsonl"
    capture.write_text("\n".join(map(json.dumps, messages)), encoding="utf-8")
    return run("profile", "new", "--from-capture", str(capture), "--id", id, "--out", str(folder))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SHOUWANG, *arguments], capture_output=True, text=True, check=False, timeout=90)


def zigbee(name: str, *said: dict[str, object]) -> list[dict[str, str]]:
    return [{"topic": f"zigbee2mqtt/{name}", "payload": json.dumps(one)} for one in said]


def test_a_draft_names_its_blanks_and_passes_once_they_are_filled_in(tmp_path: Path) -> None:
    done = draft(tmp_path, zigbee("hall", *SMOKE), "acme-s1")
    assert done.returncode == 0, done.stderr
    sheet = tmp_path / "acme-s1.yaml"
    text = sheet.read_text(encoding="utf-8")
    assert "kind: smoke" in text and "#   chamber: dirty" in text and "voltage: 2.89" in text

    blank = run("check", str(sheet))
    assert blank.returncode == 1 and "acme-s1.yaml:" in blank.stdout

    text = text.replace("power: FILL-IN", "power: battery").replace("longest_silence: FILL-IN", "longest_silence: 6h")
    sheet.write_text(text, encoding="utf-8")
    still = run("check", str(sheet))
    assert "vendor: is still to be filled in" in still.stdout and "test_press.zh" in still.stdout

    sheet.write_text(text.replace("FILL-IN", "Acme"), encoding="utf-8")
    filled = run("check", str(sheet))
    assert (filled.returncode, filled.stdout) == (0, ""), filled.stdout


def test_an_alarm_that_no_message_shows_is_left_to_the_author(tmp_path: Path) -> None:
    assert draft(tmp_path, zigbee("hall", SMOKE[0]), "acme-s1").returncode == 0
    text = (tmp_path / "acme-s1.yaml").read_text(encoding="utf-8")
    assert "# smoke: no captured message shows it true" in text and "\n  smoke:" not in text


def test_a_device_that_sends_bytes_gets_a_codec_to_write(tmp_path: Path) -> None:
    uplink = {"deviceInfo": {"devEui": "24e1aaaabbbbcccc", "deviceProfileName": "Acme Q1"}, "fPort": 9, "data": "AQID"}
    message = {"topic": "application/1/device/24e1aaaabbbbcccc/event/up", "payload": json.dumps(uplink)}
    assert draft(tmp_path, [message], "acme-q1").returncode == 0
    text = (tmp_path / "acme-q1.yaml").read_text(encoding="utf-8")
    assert "codec: acme-q1.js" in text and "lorawan:\n    models: [Acme Q1]" in text
    assert "decodeUplink" in (tmp_path / "acme-q1.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([{"topic": "nobody/knows/this", "payload": "{}"}], "no message of a device"),
        (zigbee("hall", SMOKE[0]) + zigbee("attic", SMOKE[0]), "messages of attic, hall"),
    ],
)
def test_a_capture_of_nothing_or_of_several_devices_is_refused(
    tmp_path: Path, messages: list[dict[str, str]], why: str
) -> None:
    done = draft(tmp_path, messages, "acme-x")
    assert done.returncode == 2 and why in done.stderr, done.stderr


def test_nothing_is_written_over(tmp_path: Path) -> None:
    assert draft(tmp_path, zigbee("hall", *SMOKE), "acme-s1").returncode == 0
    assert draft(tmp_path, zigbee("hall", *SMOKE), "acme-s1").returncode == 1


OVERLAPPING = """\
title: {zh: 某某网关, en: Acme gateway}
topics: [{topic: "zigbee2mqtt/{device}"}]
generic: zigbee2mqtt-generic
"""


def test_a_family_whose_topics_another_one_takes_is_named(tmp_path: Path) -> None:
    families = tmp_path / "families"
    families.mkdir()
    (families / "acme.yaml").write_text(OVERLAPPING, encoding="utf-8")
    done = run("check", str(tmp_path))
    assert done.returncode == 1 and "acme" in done.stdout and "covered by family" in done.stdout, done.stdout
