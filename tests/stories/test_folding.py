"""What logic folds, from the messages to the phones: a fire that says more, lost gateways, chatter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.calm import BRIDGE, CLEAR, COMPOUND, S501, S601, SMOKE, TAMPER, TROUBLE, says
from harness.station import Station, open_station
from shouwang.domain.alert import AlertState
from shouwang.domain.vocabulary import DeviceId


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, COMPOUND) as opened:
        yield opened


async def test_a_fire_hides_the_fault_of_the_same_detector_until_it_is_over(station: Station) -> None:
    await station.hears(S501, TROUBLE)
    station.phone("engineer").receives("first", "501")
    await station.forward(seconds=1)
    await station.hears(S501, says(smoke=True, trouble=True))
    station.phone("guard").receives("first", "501").within(seconds=1)
    station.phone("leader").receives("first", "501")
    assert station.alert("fault").state is AlertState.SUPPRESSED
    assert station.alert("fault").held_by == station.alert("smoke").id


GATEWAY_DOWN = 90


def many(count: int) -> str:
    lines = [
        f'  - {{id: s{n}, profile: heiman-hs1sa, address: "zigbee2mqtt:d{n}", place: cj/dm/jy/b3/u2/f6/601}}'
        for n in range(count)
    ]
    return COMPOUND + "\n".join(lines) + "\n"


async def test_a_gateway_lost_with_forty_detectors_is_one_alert_and_a_smoke_alarm_among_them_is_told(
    tmp_path: Path,
) -> None:
    with open_station(tmp_path, many(40)) as station:
        for n in range(40):
            await station.hears(f"zigbee2mqtt/d{n}", CLEAR)
        await station.hears(S501, CLEAR)
        await station.hears(S601, CLEAR)
        await station.hears(BRIDGE, {"state": "online"})
        await station.forward(seconds=1)
        await station.hears(BRIDGE, {"state": "offline"})
        await station.forward(seconds=GATEWAY_DOWN)
        station.phone("engineer").receives("first")
        await station.hears("zigbee2mqtt/d7", SMOKE)  # its last words reached us
        station.phone("guard").receives("first", "601").within(seconds=1)
        station.phone("leader").receives("first", "601").within(seconds=1)
        await station.forward(minutes=21 * 60)
        station.phone("manager").receives("next_step")
        silent = [alert for alert in station.alerts() if alert.rule == "device-silent"]
        assert len(silent) == 42
        assert {alert.state for alert in silent} == {AlertState.SUPPRESSED}
        assert {alert.held_by for alert in silent} == {station.alert("gateway-offline").id}
        await station.hears(BRIDGE, {"state": "online"})
        station.phone("engineer").receives("cleared")
        for n in range(40):
            await station.hears(f"zigbee2mqtt/d{n}", CLEAR)
        await station.hears(S601, CLEAR)
        await station.forward(minutes=61)
        station.phone("engineer").receives("first", "501")
        states = [alert.state for alert in station.alerts() if alert.rule == "device-silent"]
        assert sorted(states) == [AlertState.NORMAL] * 41 + [AlertState.UNACKED]


TWO_RECEIVERS = (
    COMPOUND
    + """
  - {id: attic, profile: rtl-433-receiver, address: "rtl_433:attic", place: cj/dm/jy}
  - {id: cellar, profile: rtl-433-receiver, address: "rtl_433:cellar", place: cj/dm/jy}
  - {id: leak-501, profile: acurite-leak, address: "rtl_433:5501", place: cj/dm/jy/b3/u2/f5/501}
  - {id: leak-601, profile: acurite-leak, address: "rtl_433:5601", place: cj/dm/jy/b3/u2/f6/601}
"""
)


def dry(id: int) -> dict[str, object]:
    return {"model": "Acurite-Leak", "id": id, "leak_detected": 0, "battery_ok": 1}


async def test_a_device_stands_behind_the_receiver_that_hears_it_also_after_a_restart(tmp_path: Path) -> None:
    """Nothing is written down of who is behind which of two: silence folds under the one that was lost, no other."""
    with open_station(tmp_path, TWO_RECEIVERS) as station:
        await station.hears("rtl_433/attic/events", dry(5501))
        await station.hears("rtl_433/cellar/events", dry(5601))
        for receiver in ("attic", "cellar"):
            await station.hears(f"rtl_433/{receiver}/availability", b"online")
        assert station.board.links() == {"leak-501": "rtl_433:attic", "leak-601": "rtl_433:cellar"}
        station.restart()
        await station.forward(seconds=1)
        await station.hears("rtl_433/cellar/availability", b"offline")
        await station.forward(seconds=GATEWAY_DOWN)
        station.phone("engineer").receives("first")
        await station.forward(minutes=180)  # of a leak detector it is a work item, and calls nobody
        states = {alert.device: alert.state for alert in station.alerts() if alert.rule == "device-silent"}
        assert states == {"leak-501": AlertState.UNACKED, "leak-601": AlertState.SUPPRESSED}


async def test_what_a_person_wrote_of_a_gateway_goes_before_what_was_heard(tmp_path: Path) -> None:
    written = TWO_RECEIVERS.replace('"rtl_433:5601",', '"rtl_433:5601", gateway: attic,')
    with open_station(tmp_path, written) as station:
        world = station.world
        assert world.gateway_of(DeviceId("leak-601"), "rtl_433:cellar") == "attic"
        assert world.gateway_of(DeviceId("leak-501"), "rtl_433:cellar") == "cellar"
        assert world.gateway_of(DeviceId("leak-501"), "rtl_433:roof") is None, "behind one that nobody registered"
        assert world.gateway_of(DeviceId("leak-501")) is None, "there are two"
        assert world.gateway_of(DeviceId("smoke-501")) == "gateway", "there is one"
        assert world.gateway_of(DeviceId("smoke-501"), "chirpstack-v4:CELLAR") == "cellar", "whatever family it speaks"


async def test_three_raises_in_a_minute_are_one_alert_with_a_count(station: Station) -> None:
    for _ in range(4):
        await station.hears(S501, TAMPER)
        for alert in station.alerts():
            if alert.state is AlertState.UNACKED:
                station.respond.acknowledge_alert(alert.id, actor="engineer")
        await station.forward(seconds=1)
        await station.hears(S501, CLEAR)
        await station.forward(seconds=5)
    while station.phone("engineer").waiting:
        station.phone("engineer").receives(station.phone("engineer").waiting[0].body["why"])
    chattering = [alert for alert in station.alerts() if alert.chattering]
    assert len(chattering) == 1
    assert len(station.alerts()) < 4
