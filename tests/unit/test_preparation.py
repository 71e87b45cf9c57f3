"""What is wrong in the settings is said before anything runs."""

from pathlib import Path

import pytest

from shouwang.app.preparation import prepare
from shouwang.domain.errors import ConfigError
from shouwang.settings import read_settings


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"broker": "http://127.0.0.1"}, "the broker's address has the scheme http; expected mqtt://"),
        ({"readings": "mysql://127.0.0.1/x"}, "the reading store's URL begins with 'mysql'; expected sqlite://"),
        ({"state": "mysql://127.0.0.1/x"}, "state database 'mysql' is not supported; expected sqlite or postgresql"),
    ],
)
def test_an_address_that_names_nothing_is_refused_before_anything_runs(
    tmp_path: Path, wrong: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        prepare(read_settings(data_dir=tmp_path / "var", **wrong))
    assert said in str(refused.value)
    assert list(tmp_path.rglob("*.sqlite*")) == []


def test_addresses_are_read_without_anybody_being_asked(tmp_path: Path) -> None:
    nobody = {"broker": "mqtt://127.0.0.1:1", "readings": "influxdb://127.0.0.1:1/history"}
    prepare(read_settings(data_dir=tmp_path / "var", **nobody))
    assert (tmp_path / "var" / "state.sqlite").exists()
