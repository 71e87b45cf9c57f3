"""Times without a zone are times of the site, also after the site said another zone."""

from zoneinfo import ZoneInfo

import pytest

from harness.decoding import NOON, shipped_interpreter, shipped_profiles
from shouwang.app.equipment import Equipment
from shouwang.domain.community import Community
from shouwang.domain.decode import FamilyState, Interpreter
from shouwang.domain.duty import SiteFacts
from shouwang.domain.moment import moment
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.vocabulary import SECOND, Arrival


def device_time(interpreter: Interpreter, state: FamilyState, zone: str) -> int | None:
    """What a reading is stamped with whose text says the local time of ``zone``, a second ago."""
    local = moment(NOON - SECOND).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    payload = b'{"smoke": false, "last_seen": "%s"}' % local.isoformat().encode()
    found = interpreter.read(Arrival("zigbee2mqtt/hall", payload, NOON), state, lambda _: None)
    return found.messages[0].device_time


@pytest.mark.parametrize("zone", ["Asia/Urumqi", "Europe/Lisbon"])
def test_the_interpreter_follows_the_sites_zone_and_keeps_what_families_announced(zone: str) -> None:
    families, profiles = shipped_profiles()
    equipment = Equipment(shipped_interpreter(), profiles, RuleBook([]), [])
    state = FamilyState()
    assert device_time(equipment.interpreter, state, "Asia/Shanghai") == NOON - SECOND

    equipment.world(Community(site=SiteFacts(timezone=zone)))
    assert device_time(equipment.interpreter, state, zone) == NOON - SECOND
    assert device_time(equipment.interpreter, state, "Asia/Shanghai") is None
    assert equipment.interpreter.families == tuple(family.id for family in families)

    equipment.put_on(families, profiles)  # changed files do not bring the old zone back
    assert device_time(equipment.interpreter, state, zone) == NOON - SECOND
    equipment.world(Community(site=SiteFacts(timezone="Asia/Shanghai")))
    assert device_time(equipment.interpreter, state, "Asia/Shanghai") == NOON - SECOND
