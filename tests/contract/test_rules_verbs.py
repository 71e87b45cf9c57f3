"""`rules apply`, `export`, `backtest` and `explain`, on a state database and a reading store."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from shouwang.app.clock import SystemClock
from shouwang.cli import shouwang
from shouwang.domain.moment import rfc3339
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.vocabulary import HOUR, SECOND, DeviceId, PlaceId, Reading
from shouwang.registry.rules import read_rule_texts
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.timeseries.sqlite import SqliteReadings

HOT = """\
# ours
rule: boiler-hot
title: {zh: 锅炉房过热, en: Boiler room too hot}
severity: high
when: {above: {metric: temperature, value: 40}}
"""
COLD = HOT.replace("hot", "cold").replace("above", "below").replace("# ours\n", "")


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(shouwang, ["rules", *words, "--data-dir", str(folder)])


def test_rules_go_in_and_come_out_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(f"{HOT}---\n{COLD}", encoding="utf-8")
    assert run(tmp_path, "apply", str(file), "--dry-run").output == "+ rule boiler-hot\n+ rule boiler-cold\n"
    assert "applied as revision" in run(tmp_path, "apply", str(file)).output
    assert run(tmp_path, "apply", str(file)).output == "nothing to change\n"
    assert run(tmp_path, "export", "-").output == f"{COLD}---\n{HOT}"
    file.write_text(HOT, encoding="utf-8")
    assert run(tmp_path, "apply", str(file)).output == "nothing to change\n"
    assert "- rule boiler-cold" in run(tmp_path, "apply", str(file), "--prune").output
    assert run(tmp_path, "export", "-").output == HOT


def test_one_mistake_and_nothing_is_changed(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(f"{HOT}---\n{COLD.replace('below', 'belo')}", encoding="utf-8")
    refused = run(tmp_path, "apply", str(file))
    assert refused.exit_code == 1 and "rules.yaml:10: when" in refused.output
    assert run(tmp_path, "export", "-").output == ""
    assert run(tmp_path, "apply", str(tmp_path / "none.yaml")).exit_code == 3


def test_a_changed_rule_is_played_over_what_was_stored(tmp_path: Path) -> None:
    now = SystemClock().now()
    database = Database(f"sqlite:///{tmp_path}/state.sqlite")
    database.create()
    place = Place(id=PlaceId("b3"), kind=PlaceKind.BUILDING)
    device = Device(id=DeviceId("boiler"), profile="heiman-hs1sa", address="zigbee2mqtt:boiler", place=place.id)
    SqlDirectory(database, SystemClock().now).change([place, device])
    database.close()
    store = SqliteReadings(tmp_path / "readings.sqlite")
    begin = now - HOUR
    values = [20.0, 45.0, 30.0, 41.0, 30.0]
    store.write(
        [
            Reading(device.id, "temperature", value, begin + at * 60 * SECOND, begin + at * 60 * SECOND)
            for at, value in enumerate(values)
        ]
    )
    store.close()
    file = tmp_path / "hot.yaml"
    file.write_text(HOT, encoding="utf-8")
    since = ["--from", "2020-01-01T00:00:00Z"]
    told = run(tmp_path, "backtest", str(file), *since, "--json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.output)
    assert (found["rule"], found["would_raise"], found["raised"], found["new"]) == ("boiler-hot", 2, 0, 2)
    file.write_text(HOT.replace("value: 40", "value: 42"), encoding="utf-8")
    assert json.loads(run(tmp_path, "backtest", str(file), *since, "--json").output)["would_raise"] == 1
    run(tmp_path, "apply", str(file))
    assert run(tmp_path, "backtest", "nothing", *since).exit_code == 3
    assert run(tmp_path, "backtest", "smoke", "--from", "yesterday").exit_code == 2


def test_a_rule_is_explained_for_a_device_now_and_at_a_past_moment(tmp_path: Path) -> None:
    now = SystemClock().now()
    database = Database(f"sqlite:///{tmp_path}/state.sqlite")
    database.create()
    building = Place(id=PlaceId("b3"), kind=PlaceKind.BUILDING)
    boiler = Device(id=DeviceId("boiler"), profile="heiman-hs1sa", address="zigbee2mqtt:boiler", place=building.id)
    SqlDirectory(database, lambda: now - 2 * HOUR).change([building, boiler, *read_rule_texts(written(tmp_path))])
    database.close()
    store = SqliteReadings(tmp_path / "readings.sqlite")
    store.write([Reading(boiler.id, "temperature", 45.0, now - HOUR, now - HOUR)])
    store.close()

    asked = ["explain", "boiler-hot", "--device"]
    unread = run(tmp_path, *asked, "zigbee2mqtt:boiler", "--language", "en")
    assert unread.exit_code == 0, unread.output
    assert "boiler-hot" in unread.output and ": unknown" in unread.output
    assert "? temperature above 40 °C | –" in unread.output
    then = json.loads(run(tmp_path, *asked, "boiler", "--at", rfc3339(now - HOUR // 2), "--json").output)
    assert then["explanation"]["why"] == "raised" and then["explanation"]["raised_at"] == now - HOUR
    assert then["told_now"]["policy"] and then["unknown"]
    assert "there is no device 'boiled'" in run(tmp_path, *asked, "boiled").output
    assert "there is no rule 'cold' in force" in run(tmp_path, "explain", "cold", "--device", "boiler").output
    assert run(tmp_path, *asked, "boiler", "--at", rfc3339(now + HOUR)).exit_code == 2


def written(folder: Path) -> Path:
    file = folder / "rules.yaml"
    file.write_text(HOT, encoding="utf-8")
    return file
