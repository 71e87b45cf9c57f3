"""The setting that names the base topics of an installation's families."""

from pathlib import Path

import pytest

from harness.decoding import Desk, values
from shouwang.app.equipment import load_equipment
from shouwang.domain.errors import ConfigError
from shouwang.settings import read_settings


def test_a_family_is_heard_under_the_base_topics_that_an_installation_names(tmp_path: Path) -> None:
    settings = read_settings(data_dir=tmp_path, family_bases="rtl_433=sensors/attic, mysensors=home/nodes-out")
    desk = Desk(interpreter=load_equipment(settings).interpreter)
    door = {"model": "Cavius-Door", "id": "aa", "state": "open"}

    assert values(desk.reads("sensors/attic/pi/events", door)) == {"contact": False}
    assert values(desk.reads("home/nodes-out/12/1/1/0/0", b"21.5")) == {"temperature": 21.5}
    assert desk.hears("rtl_433/pi/events", door).refusal is not None


@pytest.mark.parametrize("written", ["rtl_433", "rtl_433=", "rtl433x=a", "=a"])
def test_what_names_no_family_and_base_is_told(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigError, match=r"family_bases: .* expected family=base topic"):
        load_equipment(read_settings(data_dir=tmp_path, family_bases=written))
