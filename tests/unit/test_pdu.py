"""Short messages: what goes out is what a network reads, what comes in is what a telephone wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.modem import deliver_pdu, read_submit, report_pdu
from shouwang.channels.pdu import Incoming, Report, read_pdu, submits

NUMBER = "+8613800000000"


@given(st.text(min_size=1, max_size=700), st.integers(0, 255))
def test_every_text_arrives_whole_in_parts_that_fit(text: str, reference: int) -> None:
    text = text.encode("utf-16-be", "replace").decode("utf-16-be")
    parts = [read_submit(one.pdu) for one in submits(NUMBER, text, reference)]
    assert "".join(one.text for one in parts) == text
    assert {one.number for one in parts} == {NUMBER}
    assert all(one.wants_report for one in parts)
    if len(parts) > 1:
        assert [one.part for one in parts] == [(reference, len(parts), index + 1) for index in range(len(parts))]
    else:
        assert parts[0].part is None
        assert len(text.encode("utf-16-be")) <= 140


def test_the_modem_is_told_the_octets_without_the_centres_address() -> None:
    for one in submits(NUMBER, "烟雾报警" * 40, 7):
        assert one.octets == len(one.pdu) // 2 - 1
        assert one.pdu.startswith("00")


def test_a_short_text_is_the_pdu_that_the_standard_describes() -> None:
    # TS 23.040 section 9.2.2.2, by hand: no centre, SUBMIT with report and relative validity, 13 digits, UCS-2.
    (one,) = submits(NUMBER, "火警", 0)
    assert one.pdu == "00" + "31" + "00" + "0D91683108000000F0" + "00" + "08" + "0B" + "04" + "706B8B66"


@pytest.mark.parametrize("number", ["", "+", "12a?", "1" * 21])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="number"):
        submits(number, "x", 0)


@given(st.text(min_size=0, max_size=70))
def test_a_text_in_ucs2_is_read_as_it_was_written(text: str) -> None:
    text = text.encode("utf-16-be", "replace").decode("utf-16-be")
    if len(text.encode("utf-16-be")) <= 140:
        assert read_pdu(deliver_pdu(NUMBER, text)) == Incoming(number=NUMBER, text=text)


def test_a_text_in_seven_bits_is_read() -> None:
    # The letters "hellohello" in septets are E8329BFD4697D9EC37 (TS 23.038 section 6.1.2.1).
    pdu = "00" + "04" + "0D91683108000000F0" + "00" + "00" + "62115211223323" + "0A" + "E8329BFD4697D9EC37"
    assert read_pdu(pdu) == Incoming(number=NUMBER, text="hellohello")


def test_a_pressed_1_of_any_telephone_is_a_1() -> None:
    one = "00" + "04" + "0BA13108000000F0" + "00" + "00" + "62115211223323" + "01" + "31"
    assert read_pdu(one) == Incoming(number="13800000000", text="1")


def test_a_sender_with_a_name_is_read_by_its_name() -> None:
    # Ten digits' room: "Bank" is 4 septets in 7 semi-octets.
    pdu = "00" + "04" + "07D0C2B07B0D" + "00" + "00" + "62115211223323" + "01" + "31"
    assert read_pdu(pdu) == Incoming(number="Bank", text="1")


def test_the_centres_address_is_passed_over_where_it_is_there_and_where_it_is_not() -> None:
    bare = deliver_pdu(NUMBER, "收到")[2:]
    octets = len(bare) // 2
    assert read_pdu("07916831080000F0F0"[:16] + bare, octets) == read_pdu(bare, octets) == read_pdu("00" + bare, octets)


@given(st.integers(0, 255), st.integers(0, 255))
def test_a_report_names_its_message_and_what_became_of_it(reference: int, status: int) -> None:
    assert read_pdu(report_pdu(reference, NUMBER, status)) == Report(reference=reference, number=NUMBER, status=status)


@given(st.binary(max_size=60))
def test_noise_is_refused_and_never_more(noise: bytes) -> None:
    try:
        found = read_pdu(noise.hex(), len(noise))
    except ValueError:
        return
    assert isinstance(found, Incoming | Report)


@given(st.text(max_size=40))
def test_what_is_no_hexadecimal_is_refused(text: str) -> None:
    try:
        read_pdu(text)
    except ValueError:
        return


@given(st.integers(0, 200))
def test_what_is_cut_off_is_refused(cut: int) -> None:
    whole = deliver_pdu(NUMBER, "收到，马上到")
    if cut < len(whole) // 2:
        with pytest.raises(ValueError):
            read_pdu(whole[: cut * 2])
