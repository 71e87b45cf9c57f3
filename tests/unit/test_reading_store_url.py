"""The URL of a reading store: what it names, and what is said of one that names nothing."""

from pathlib import Path

import pytest

from shouwang.domain.errors import ConfigError
from shouwang.domain.vocabulary import DAY
from shouwang.timeseries.influx import InfluxReadings
from shouwang.timeseries.influx_servers import Address
from shouwang.timeseries.open import open_readings
from shouwang.timeseries.sqlite import SqliteReadings


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("influxdb://db:8087/readings", Address(host="db", port=8087, name="readings")),
        ("influxdb://db/readings", Address(host="db", name="readings")),
        ("influxdb://u:p%40%2F%3A@db/r", Address(host="db", name="r", user="u", password="p@/:")),
        ("influxdb://u:@db/r", Address(host="db", name="r", user="u")),
        (
            "influxdb://a%2Fb==@db/r?org=my%20org&tls=1",
            Address(host="db", name="r", token="a/b==", org="my org", tls=True),
        ),
        ("influxdb://[::1]:8086/%E8%AF%BB%E6%95%B0?gzip=1", Address(host="::1", name="读数", compress=True)),
    ],
)
def test_an_influxdb_is_named_with_who_we_are(url: str, address: Address) -> None:
    store = open_readings(url)
    assert isinstance(store, InfluxReadings)
    assert store._address == address


def test_an_address_shows_no_secret() -> None:
    address = Address(host="::1", name="r", user="u", password="secret", token="secret", tls=True)
    assert str(address) == repr(address) == "InfluxDB https://[::1]:8086/r"


def test_a_file_is_created_with_its_folders_when_it_is_needed_and_keeps_as_long_as_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for url, file in (
        ("sqlite:///a/b/readings.sqlite", tmp_path / "a/b/readings.sqlite"),
        (f"sqlite:///{tmp_path}/c.sqlite", tmp_path / "c.sqlite"),
    ):
        store = open_readings(url, keep_raw=7 * DAY)
        assert isinstance(store, SqliteReadings)
        assert store._retention.raw == 7 * DAY
        store.write([])
        store.close()
        assert file.exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "begins with 'nothing'"),
        ("postgresql://secret@db/readings", "begins with 'postgresql'"),
        ("sqlite:///", "names no file"),
        ("sqlite://readings", "names no file"),
        ("influxdb://secret@db", "no single database"),
        ("influxdb://secret@db/a/b", "no single database"),
        ("influxdb:///readings", "no host"),
        ("influxdb://secret@db:port/readings", "cannot be read"),
        ("influxdb://secret@db:99999/readings", "cannot be read"),
        ("influxdb://user:secret/with#signs@db/readings", "percent-encoded"),
        ("influxdb://secret@db/readings?tls=yes", "tls='yes'; expected 0 or 1"),
        ("influxdb://secret@db/readings?bucket=x", "has 'bucket'"),
    ],
)
def test_a_url_that_names_nothing_is_told_why_without_its_secret(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        open_readings(url)
    assert "secret" not in str(caught.value)
    assert "expected" in str(caught.value)
