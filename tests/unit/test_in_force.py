"""Settings in force: where each comes from, and no secret."""

from pathlib import Path

import pytest

from shouwang.app.in_force import in_force
from shouwang.domain.setting import Origin, SettingInForce
from shouwang.settings import read_settings


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, SettingInForce]:
    (tmp_path / "shouwang.toml").write_text(
        'raw_days = 7\nheartbeat_url = "https://hc.example/ping/5b1e"\ntopics = ["a/#", "b/#"]\n'
        '[gateway_values]\nsms_key = "hush"\n'
    )
    monkeypatch.setenv("SHOUWANG_BROKER", "mqtts://desk:hush@broker.example:8883")
    monkeypatch.setenv("SHOUWANG_DATA_DIR", str(tmp_path))
    return {one.name: one for one in in_force(read_settings())}


def test_each_setting_says_where_it_comes_from(found: dict[str, SettingInForce]) -> None:
    assert (found["raw_days"].value, found["raw_days"].default, found["raw_days"].origin) == ("7", "90", Origin.FILE)
    assert (found["topics"].value, found["topics"].origin) == ("a/#,b/#", Origin.FILE)
    assert (found["canary_seconds"].origin, found["canary_seconds"].variable) == (
        Origin.DEFAULT,
        "SHOUWANG_CANARY_SECONDS",
    )
    assert found["broker"].origin is Origin.ENVIRONMENT
    assert all(one.description for one in found.values())


def test_no_secret_is_told(found: dict[str, SettingInForce]) -> None:
    assert (found["broker"].value, found["broker"].is_secret) == ("mqtts://…@broker.example:8883", True)
    assert (found["heartbeat_url"].value, found["heartbeat_url"].is_secret) == (None, True)
    assert (found["gateway_values"].value, found["gateway_values"].is_secret) == (None, True)
    assert (found["mail_server"].value, found["mail_server"].is_secret) == (None, False)
    assert "hush" not in str(found) and "5b1e" not in str(found)
