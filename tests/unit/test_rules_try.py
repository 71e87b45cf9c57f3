"""``shouwang rules try``: what it prints, and how it refuses."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shouwang.cli.rules import rules

RULE = """\
rule: temperature-high
severity: high
scope: {kinds: [heat]}
when: {above: {metric: temperature, value: 57, clear_at: 50, for: 10s}}
---
rule: pressed
severity: critical
when: {event: {metric: action}}
"""


def line(at: str, device: str = "d", metric: str = "temperature", value: object = 20, **more: object) -> str:
    return json.dumps({"at": f"2026-03-02T{at}+08:00", "device": device, "metric": metric, "value": value, **more})


def tick(at: str) -> str:
    return json.dumps({"at": f"2026-03-02T{at}+08:00", "tick": True})


def tried(tmp_path: Path, rule: str, *lines: str, options: tuple[str, ...] = ()) -> Result:
    (tmp_path / "rules.yaml").write_text(rule, encoding="utf-8")
    (tmp_path / "lines.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    arguments = ["try", str(tmp_path / "rules.yaml"), "--jsonl", str(tmp_path / "lines.jsonl"), *options]
    return CliRunner().invoke(rules, arguments)


def test_it_prints_what_changes_as_json_lines_in_order_of_time(tmp_path: Path) -> None:
    result = tried(
        tmp_path,
        RULE,
        line("12:00:00", value=58, kind="heat"),
        line("12:00:05", device="b", metric="action", value="single"),
        line("12:00:12", value=58, kind="heat"),
        line("12:01:00", value=49, kind="heat"),
    )
    assert result.exit_code == 0, result.stderr
    assert [json.loads(text) for text in result.stdout.splitlines()] == [
        {"at": at, "rule": rule, "subject": subject, "transition": change, "severity": severity}
        for at, rule, subject, change, severity in (
            ("2026-03-02T04:00:05Z", "pressed", "b", "raised", "critical"),
            ("2026-03-02T04:00:10Z", "temperature-high", "d", "raised", "high"),
            ("2026-03-02T04:01:00Z", "temperature-high", "d", "cleared", "high"),
        )
    ]


def test_the_time_zone_is_the_wall_clock_of_the_rules(tmp_path: Path) -> None:
    night = "rule: night\nseverity: low\nwhen: {between: {from: '22:00', to: '23:00'}}\n"
    lines = (line("12:00:00"), json.dumps({"at": "2026-03-03T12:00:00+08:00", "tick": True}))
    said = [json.loads(text)["at"] for text in tried(tmp_path, night, *lines).stdout.splitlines()]
    assert said == ["2026-03-02T14:00:00Z", "2026-03-02T15:00:00Z"]
    berlin = tried(tmp_path, night, *lines, options=("--timezone", "Europe/Berlin")).stdout.splitlines()
    assert [json.loads(text)["at"] for text in berlin] == ["2026-03-02T21:00:00Z", "2026-03-02T22:00:00Z"]


def test_nan_and_null_are_unknown(tmp_path: Path) -> None:
    result = tried(
        tmp_path,
        RULE,
        line("12:00:00", value=58, kind="heat"),
        line("12:00:05", value=float("nan")),
        line("12:00:06", value=None),
        tick("13:00:00"),
    )
    assert [json.loads(text)["transition"] for text in result.stdout.splitlines()] == ["raised"]


def test_a_recording_may_come_from_another_system(tmp_path: Path) -> None:
    text = line("12:00:00", value=58, kind="heat", sensor_unit="C").replace("T12", "t12")
    result = tried(tmp_path, RULE, "\ufeff" + text + "\r", tick("13:00:00"))
    assert result.exit_code == 0, result.stderr
    assert [json.loads(said)["transition"] for said in result.stdout.splitlines()] == ["raised"]
    assert "lines.jsonl:1: sensor_unit is not read; a line has at device metric value" in result.stderr


def test_a_metric_that_nobody_knows_is_a_note(tmp_path: Path) -> None:
    rule = "rule: bed\nseverity: low\nwhen: {is: {metric: bed_ocupied, value: true}}\n"
    result = tried(tmp_path, rule, line("12:00:00", metric="bed_ocupied", value=True))
    assert result.exit_code == 0
    assert "bed_ocupied is not a metric" in result.stderr
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("rule", "lines", "code", "says"),
    [
        (RULE.replace("severity: high", "severity: dire"), (), 3, "rules.yaml:2: severity: Invalid enum value 'dire'"),
        ("rule: gone\nseverity: low\nwhen: {absent: {}}\n", (), 3, "absent: expected longest"),
        (
            "rule: two\nseverity: low\nwhen: {confirm: {metric: smoke, devices: 2, within: 1m, in: zone}}\n",
            (),
            3,
            "in: zone",
        ),
        ("rule: never\nseverity: low\nwhen: {not: {event: {metric: action}}}\n", (), 3, "stands under not"),
        (RULE, ("{",), 3, "lines.jsonl:1: "),
        (
            RULE,
            (line("12:00:00"), '{"at": "2026-03-02T12:00:00", "tick": true}'),
            3,
            "lines.jsonl:2: '2026-03-02T12:00:00' has no UTC offset",
        ),
        (
            RULE,
            ('{"at": "2026-03-02T12:00:00Z", "device": "d"}',),
            3,
            "lines.jsonl:1: expected device and metric, or tick",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(
    tmp_path: Path, rule: str, lines: tuple[str, ...], code: int, says: str
) -> None:
    result = tried(tmp_path, rule, *lines)
    assert result.exit_code == code
    assert result.stdout == ""
    assert says in result.stderr


def test_a_missing_file_is_unreadable_and_a_wrong_option_is_usage(tmp_path: Path) -> None:
    assert CliRunner().invoke(rules, ["try", str(tmp_path / "no.yaml"), "--jsonl", str(tmp_path / "no")]).exit_code == 3
    assert tried(tmp_path, RULE, options=("--timezone", "Mars/Olympus")).exit_code == 2
    assert CliRunner().invoke(rules, ["try", str(tmp_path / "rules.yaml")]).exit_code == 2
