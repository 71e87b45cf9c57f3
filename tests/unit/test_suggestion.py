"""Which profiles are suggested for a stranger, in which order, and why."""

from harness.decoding import NOON, shipped_codecs, shipped_interpreter
from shouwang.domain.board import StrayDevice
from shouwang.domain.suggestion import AT_MOST, Ground, Suggestion
from shouwang.flows.discovery import Discovery


def suggested(address: str, topic: str, payload: bytes, **known: str) -> list[Suggestion]:
    said = {"profile": "", "model": "", "kind": "", **known}
    stray = StrayDevice(address=address, first_at=NOON, last_at=NOON, topic=topic, payload=payload, **said)
    return Discovery(shipped_interpreter, shipped_codecs().run)(stray)


def test_an_announced_model_goes_before_all_else() -> None:
    found = suggested("zigbee2mqtt:a", "zigbee2mqtt/a", b'{"smoke": false}', model="HS1SA", kind="smoke")

    assert (found[0].profile, found[0].ground) == ("heiman-hs1sa", Ground.MODEL) and "HS1SA" in found[0].reason["zh"]


def test_a_model_in_the_words_of_a_message_is_the_next_best() -> None:
    found = suggested("zigbee2mqtt:kitchen HS1CG", "zigbee2mqtt/kitchen HS1CG", b'{"gas": false}')

    assert (found[0].profile, found[0].ground) == ("heiman-hs1cg", Ground.WORDS)


def test_profiles_are_tried_and_say_what_they_read() -> None:
    payload = b'{"deviceInfo": {"devEui": "24e1"}, "fPort": 85, "fCnt": 1, "data": "BY4ABgEBCJDoAwAA"}'
    found = suggested("chirpstack-v4:24e1", "application/1/device/24e1/event/up", payload, kind="gas")

    tried = [one for one in found if one.ground is Ground.TRIAL]
    assert tried and tried[0].profile == "milesight-gs101" and "gas" in tried[0].reason["en"]


def test_where_nothing_fits_the_generic_profile_is_left_with_its_warning() -> None:
    found = suggested("zigbee2mqtt:x", "zigbee2mqtt/x", b'{"strange": 1}')

    assert [one.ground for one in found] == [Ground.GENERIC] and found[0].profile == "zigbee2mqtt-generic"


def test_suggestions_are_few_and_name_each_profile_once() -> None:
    payload = b'{"smoke": false, "battery": 90, "linkquality": 80, "tamper": false, "battery_low": false}'
    found = suggested("zigbee2mqtt:x", "zigbee2mqtt/x", payload, kind="smoke")

    assert 1 < len(found) <= AT_MOST and len({one.profile for one in found}) == len(found)
    assert {one.kind for one in found if one.ground is Ground.TRIAL} == {"smoke"}
    assert suggested("nofamily:x", "t", b"{}") == []
