"""What is swept from the state database, and what is not."""

from pathlib import Path

from harness.station import NIGHT, Station, open_station
from shouwang.domain.vocabulary import DAY
from shouwang.store.housekeeping import Housekeeping

COMPOUND = """
site: {fallback: manager}
places: [{id: jy, kind: compound, name: 锦苑}]
people: [{id: manager, name: 物业经理, channels: [{kind: webhook, url: "{phone:manager}"}]}]
devices: [{id: cellar, profile: zigbee2mqtt-generic, address: "zigbee2mqtt:cellar", place: jy}]
"""


async def test_strangers_that_are_long_silent_are_forgotten_but_for_those_with_an_open_alert(tmp_path: Path) -> None:
    with open_station(tmp_path, COMPOUND) as station:
        for name in ("cellar", "attic", "roof"):
            await station.hears(f"zigbee2mqtt/{name}", {"temperature": 20})
        await station.hears("zigbee2mqtt/fire", {"smoke": True})
        _told(station)
        station.clock.set(NIGHT + DAY)
        await station.hears("zigbee2mqtt/roof", {"temperature": 20})
        house, registered = Housekeeping(station.database), station.directory.community().devices

        assert house.sweep_strangers(registered, NIGHT) == 0
        assert house.sweep_strangers(registered, NIGHT + DAY // 2) == 1
        assert house.sweep_strangers(registered, NIGHT + DAY // 2) == 0
        assert set(station.inbox.known()) == {"cellar", "zigbee2mqtt:roof", "zigbee2mqtt:fire"}
        assert {one.address for one in station.board.stray_devices(None, 10)} == {
            "zigbee2mqtt:roof",
            "zigbee2mqtt:fire",
        }
        _told(station)


def _told(station: Station) -> None:
    phone = station.phone("manager")
    while phone.waiting:
        phone.receives(phone.waiting[0].body["why"])
