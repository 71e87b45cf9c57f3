"""``shouwang check``, as a person calls it."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from shouwang.cli.check import check
from shouwang.codecs import wire


@pytest.mark.parametrize("content", [b"rule: [\n", b"\xff\xfe rule", b"a: b: c\n"])
def test_a_file_that_is_no_yaml_is_input_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    result = CliRunner().invoke(check, [str(file)])
    assert result.exit_code == 3
    assert f"{file}:" in result.stdout and result.stdout.split(":")[1].isdigit()


def test_a_file_that_says_something_wrong_is_a_failed_check(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("rule: x\nwhen: {is: {metric: smok, value: true}}\nseverity: high\n", encoding="utf-8")
    assert CliRunner().invoke(check, [str(file)]).exit_code == 1


def test_all_that_is_wrong_with_a_rule_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        "rule: x\nseverity: dreadful\ncolour: red\nlatching: perhaps\n"
        "when:\n  above: {metric: temperature, value: hot}\nexamples:\n  - readings: 7\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(check, [str(file)])
    assert result.exit_code == 1
    said = {line.split(":")[1] for line in result.stdout.splitlines()}
    assert {"2", "4", "6", "8"} <= said, result.stdout
    assert "colour" in result.stdout and len(result.stdout.splitlines()) == 5


def test_a_worker_that_ended_with_words_unread_is_gone_and_no_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        wire.send(ours, {"unread": True})
        theirs.recv(1)
        theirs.close()  # with bytes unread: a reset
        with ours:
            assert wire.receive(ours) is None
