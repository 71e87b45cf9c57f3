"""Messages that are not read or not decided at first, told from the messages to the phones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.station import HandedBatch, Station, open_station
from shouwang.domain import evaluate
from shouwang.domain.errors import StoreUnavailable
from shouwang.domain.vocabulary import Arrival

COMPOUND = """
site: {fallback: manager}
places: [{id: jy, kind: compound, name: 锦苑}]
people: [{id: manager, name: 物业经理, channels: [{kind: webhook, url: "{phone:manager}"}]}]
"""

ALIAS_77_TRUE = bytes.fromhex("1204104d70011802")
"""A Sparkplug payload with one metric: alias 77, boolean true; sequence 2."""


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, COMPOUND) as opened:
        yield opened


async def test_a_rebirth_is_asked_for_once_the_message_is_committed_and_not_before(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = "spBv1.0/compound/DDATA/roof/smoke-7"
    with monkeypatch.context() as broken:
        broken.setattr(station.inbox, "accept", _no_database)
        with pytest.raises(StoreUnavailable):
            station.intake.accept(HandedBatch((Arrival(topic, ALIAS_77_TRUE, station.clock.now()),)))
    assert station.asked == []

    await station.hears(topic, ALIAS_77_TRUE)
    assert [ask.topic for ask in station.asked] == ["spBv1.0/compound/NCMD/roof"]


async def test_an_arrival_that_our_own_error_sends_to_quarantine_raises_an_alert(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "hear", _fails_for("zigbee2mqtt:cellar"))
    await station.hears("zigbee2mqtt/cellar", {"smoke": True})

    assert station.alert("message-unreadable").device == "native:shouwang"
    assert rules_told(station) == {"message-unreadable"}


async def test_what_cannot_be_told_either_is_in_quarantine_and_stops_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "hear", _fails_for("zigbee2mqtt:cellar", "native:shouwang"))
    await station.hears("zigbee2mqtt/cellar", {"smoke": True})
    await station.hears("zigbee2mqtt/attic", {"smoke": True})

    assert [alert.device for alert in station.alerts()] == ["zigbee2mqtt:attic"]
    (kept,) = station.board.stray_messages(None, None, 10)
    assert kept.topic == "zigbee2mqtt/cellar"
    assert rules_told(station) == {"smoke"}


def rules_told(station: Station) -> set[str]:
    """Of all that the manager was told."""
    rules = set()
    phone = station.phone("manager")
    while phone.waiting:
        rules.add(phone.waiting[0].body["alert"]["rule"])
        phone.receives(phone.waiting[0].body["why"])
    return rules


async def test_parts_of_one_retained_message_are_no_repeats_of_one_another(station: Station) -> None:
    at = station.clock.now() // 1000
    said = {"hall": [{"ts": at - 60_000, "values": {"smoke": False}}, {"ts": at - 1000, "values": {"smoke": True}}]}

    await station.hears("v1/gateway/telemetry", said, retained=True)
    assert station.alert("smoke").device == "thingsboard:hall"

    await station.hears("v1/gateway/telemetry", said, retained=True)  # as after a reconnect
    assert station.alert("smoke").count == 1
    assert rules_told(station) == {"smoke"}


async def test_the_same_said_twice_in_one_message_is_said_once(station: Station) -> None:
    at = station.clock.now() // 1000
    part = {"ts": at - 1000, "values": {"battery": 90}}
    await station.hears("v1/gateway/telemetry", {"hall": [part, part]})

    assert len(station.spool.waiting(10)[0].readings) == 1


async def test_a_message_that_names_nobody_alarms_and_lists_nobody(station: Station) -> None:
    await station.hears("v1/devices/me/telemetry", {"smoke": True})

    assert station.alert("smoke").place == "unassigned"
    assert station.board.stray_devices(None, 10) == []
    assert [kept.reason for kept in station.board.stray_messages(None, None, 10)] == ["no_identity"]
    assert rules_told(station) == {"smoke"}


def _no_database() -> None:
    raise StoreUnavailable("no database")


def _fails_for(*devices: str) -> Any:
    hear = evaluate.hear

    def fails(book: Any, facts: Any, *others: Any, **more: Any) -> Any:
        if facts.device in devices:
            raise RuntimeError("an error of ours")
        return hear(book, facts, *others, **more)

    return fails
