"""Settings as processes hand them to each other, and what is said of those that cannot be read."""

from pathlib import Path

import pytest

from shouwang.app.service import environment_of
from shouwang.domain.errors import ConfigError
from shouwang.settings import Settings, read_settings


def test_a_child_reads_what_its_parent_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = read_settings(
        data_dir=tmp_path,
        gateways=["http", "tencent-sms"],
        gateway_values={"http_secret": 'a"b,c', "http_url": "https://x"},
        duty_checks_a_day=1.5,
        webhook_allow=["10.0.0.0/8"],
    )
    for name, value in environment_of(given).items():
        monkeypatch.setenv(name, value)
    assert read_settings() == given


@pytest.mark.parametrize("text", ["{'a': 'hunter2'}", "hunter2", '["hunter2"]', '{"a": {"b": "hunter2"}}'])
def test_a_value_that_may_hold_secrets_is_never_repeated(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SHOUWANG_GATEWAY_VALUES", text)
    with pytest.raises(ConfigError, match="gateway_values") as refused:
        read_settings()
    assert "hunter2" not in str(refused.value)


def test_every_setting_has_a_reason() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
