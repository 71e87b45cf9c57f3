"""Labels of makers: what each form says, checksums, and that no text does harm."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.domain.maker_label import LabelKind, install_code_holds, luhn_holds, plain_identity, read_label


def test_a_lorawan_label_names_the_dev_eui_and_where_it_may_be_registered() -> None:
    (label,) = read_label("LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:OAABBCCDDEEFF:SYYWWNNNNNN:PFOOBAR:CAF2C")

    assert label.kind is LabelKind.LORAWAN
    assert label.fields["dev_eui"] == "aabbccddeeff0011" and label.fields["join_eui"] == "1122334455667788"
    assert (label.fields["vendor_id"], label.fields["vendor_profile_id"]) == ("AABB", "1122")
    assert (label.fields["owner_token"], label.fields["serial"]) == ("AABBCCDDEEFF", "YYWWNNNNNN")
    assert label.addresses[0] == "chirpstack-v4:aabbccddeeff0011"


def test_a_zigbee_label_gives_the_install_code_and_its_checksum_is_looked_at() -> None:
    (label,) = read_label("Z:00158D0001A2B3C4$I:83FED3407A939723A5C639B26916D505C3B5")
    (broken,) = read_label("Z:00158D0001A2B3C4$I:83FED3407A939723A5C639B26916D505C3B6")

    assert label.kind is LabelKind.ZIGBEE and label.addresses == ["zigbee2mqtt:0x00158d0001a2b3c4"]
    assert label.flaws == [] and len(broken.flaws) == 1
    assert install_code_holds(bytes.fromhex("83FED3407A939723A5C639B26916D505C3B5"))


def test_imei_and_imsi_are_told_apart_and_a_wrong_check_digit_is_told() -> None:
    imei, imsi = read_label("IMEI:490154203237518;IMSI:460001234567890")
    (wrong,) = read_label("IMEI 490154203237519")

    assert (imei.kind, imei.addresses) == (LabelKind.IMEI, ["nbiot-push:490154203237518"]) and imei.flaws == []
    assert (imsi.kind, imsi.fields) == (LabelKind.IMSI, {"imsi": "460001234567890"})
    assert len(wrong.flaws) == 1 and luhn_holds("490154203237518")


def test_plain_names_are_read_however_they_are_written() -> None:
    (mac,) = read_label("MAC: 84-F3-EB-12-34-56")
    (eui,) = read_label("0x00158d0001a2b3c4")

    assert mac.kind is LabelKind.MAC and mac.fields == {"mac": "84:F3:EB:12:34:56"}
    assert eui.kind is LabelKind.EUI64
    assert eui.addresses[:2] == ["zigbee2mqtt:0x00158d0001a2b3c4", "chirpstack-v4:00158d0001a2b3c4"]
    assert plain_identity("0x00158D0001A2B3C4") == plain_identity("00-15-8d-00-01-a2-b3-c4")


def test_a_matter_code_says_that_it_cannot_be_used_here() -> None:
    (label,) = read_label("MT:Y.K9042C00KA0648G00")

    assert label.kind is LabelKind.MATTER and label.addresses == [] and label.flaws


def test_what_is_no_label_gives_nothing() -> None:
    assert read_label("https://example.org/manual") == []
    assert read_label("") == []


@given(st.text(max_size=300))
def test_no_text_does_harm(text: str) -> None:
    for label in read_label(text):
        assert label.kind in LabelKind


@settings(max_examples=3, deadline=None)
@given(st.binary(min_size=6, max_size=6))
def test_every_install_code_with_its_own_checksum_holds_and_with_another_does_not(code: bytes) -> None:
    crc = next(value for value in range(65_536) if install_code_holds(code + value.to_bytes(2, "little")))

    assert not install_code_holds(code + (crc ^ 1).to_bytes(2, "little"))
