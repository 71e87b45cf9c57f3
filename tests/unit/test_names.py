"""Names as installers type them: each model that matters is found by its bare name, and is of the right kind."""

import pytest

from harness.decoding import Desk, shipped_interpreter, shipped_profiles
from shouwang.domain.catalogue import is_called
from shouwang.domain.vocabulary import Kind

NAMES = """
gas: GS101, Milesight GS101, HS1CG, JT-BZ, TS0601 gas, Shelly Gas, MQ-2, NB-IoT gas, CTWing gas
smoke: GS524N, RA02A, RA02G, TG563A, SEPT-S TG563A, SD-1001, Yobiiq SD-1001, HS1SA, HS3SA, JY-GZ, TS0205, TS0601 smoke
smoke: Frient smoke, Develco smoke, SMSZB-120, BSD-2, Bosch smoke, Kidde, GS558, Cavius, Shelly Smoke
smoke: Shelly Plus Smoke, EV1527 smoke, Tuya MCU, NB-IoT smoke, NB-IoT 烟感, CTWing smoke, FGSD-002
motion: VS370, WS202, TBMS100, RB11E, MClimate PIR, RTCGQ11LM, Aqara motion, TS0601 radar, Sonoff SNZB-03, VALLHORN
fall: VS373
button: WS101, TBPB100, R312A, RB02I, MClimate Button, Heiman SOS, 海曼 SOS, HS1EB, TS0215A, Shelly BLU
door: WS301, EM300-MCS, LDS02, MerryIoT DW10, DW10, Sensative Strips, Aqara door, MCCGQ11LM, PARASOLL, SNZB-04, EV1527
climate: EM300-TH, LHT65N, TBHH100, CD10, Elsys ERS, ERS, MClimate HT, SNZB-02
leak: EM300-SLD, EM300-ZLD, EM300-MLD, LWL02, TBWL100, MClimate Flood, HS2WL, Aqara leak, TS0207, BADRING, Shelly Flood
co: HS1CA, TS0601 CO, Honeywell 5800CO
heat: Frient heat, Develco heat, HESZB-120
siren: TS0601 siren
other: GS601, Aqara vibration
"""
TABLE = [
    (name.strip(), kind)
    for kind, _, names in (line.partition(":") for line in NAMES.strip().splitlines())
    for name in names.split(",")
]


@pytest.mark.parametrize(("name", "kind"), TABLE)
def test_each_model_is_found_by_its_bare_name(name: str, kind: str) -> None:
    catalogue = shipped_interpreter().catalogue
    id = catalogue.named(name)
    assert id is not None
    profile = catalogue.get(id)
    assert profile is not None and profile.kind == kind, id
    for family in profile.families:
        carriers = [one for one in shipped_interpreter().families if catalogue.network(one) == family] or [family]
        for one in carriers:
            found = catalogue.get(catalogue.named(name, one) or "")
            assert found is not None and found.kind == kind, (one, found)


def test_of_one_name_the_model_itself_goes_before_who_only_carries_it() -> None:
    catalogue = shipped_interpreter().catalogue
    assert catalogue.named("HS1CG") == "heiman-hs1cg"
    assert catalogue.named("HS1CG", "tasmota") == "tasmota-zone-gas"
    assert catalogue.named("HS1CG", "chirpstack-v4") == "heiman-hs1cg", "its kind, at least"


def test_what_people_call_a_model_means_nothing_in_a_family_that_does_not_carry_it() -> None:
    """A LoRaWAN device that its owner called "Kidde hall" is no 433 MHz detector."""
    catalogue = shipped_interpreter().catalogue
    assert catalogue.named("Kidde hall", "rtl_433") == "kidde-smoke"
    assert catalogue.named("Kidde hall", "chirpstack-v4") is None


def test_what_a_device_says_of_itself_is_no_name_that_people_call_it_by() -> None:
    """A thermostat of the same maker is no door contact."""
    said = {"model": "Honeywell-CM921", "id": 7, "cmd": "1030"}
    assert Desk().reads("rtl_433/attic/events", said).profile == "radio-generic"


def test_profiles_are_found_by_words_of_all_their_names() -> None:
    _, profiles = shipped_profiles()

    def found(text: str) -> list[str]:
        return [id for id, profile in profiles.items() if is_called(id, profile, text)]

    assert found("ikea badring") == ["ikea-e2202"]
    assert "heiman-hs1eb" in found("海曼 sos")
    assert {"tuya-ts0601-smoke", "tuya-ts0601-gas", "tuya-zy-m100"} <= set(found("TS0601"))
    for spoken in ("SOS button", "pull cord", "拉绳", "一键报警", "紧急按钮"):
        assert {"heiman-hs1eb", "milesight-ws101"} <= set(found(spoken)), spoken
        assert all(profiles[id].kind is Kind.BUTTON for id in found(spoken)), spoken
    assert found("heiman 水浸") == ["heiman-hs1wl", "heiman-hs2wl"]
    assert found("") == list(profiles)
    assert found("no such thing") == []
