"""Line protocol: exact, one line a point, whatever a device is called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.vocabulary import DeviceId, Reading
from shouwang.timeseries.influxql import identifier, literal
from shouwang.timeseries.line_protocol import Line, lines, series_key, string_field, tag, untag
from shouwang.timeseries.storable import unicode

AT = 1_795_500_000_000_001


def line(
    value: bool | float | str, *, device: str = "d1", metric: str = "smoke", part: str = "", late: bool = False
) -> str:
    (only,) = lines([(Reading(DeviceId(device), metric, value, AT, AT, part, late), value)])
    return only.text


def test_a_reading_is_one_line_with_the_field_of_its_type() -> None:
    assert line(True) == f"reading,device=d1,metric=smoke flag=true {AT}"
    assert line(False) == f"reading,device=d1,metric=smoke flag=false {AT}"
    assert line(21.5) == f"reading,device=d1,metric=smoke value=21.5 {AT}"
    assert line("hold") == f'reading,device=d1,metric=smoke text="hold" {AT}'


def test_a_part_is_a_tag_only_where_there_is_one_and_late_a_field_only_where_it_is() -> None:
    assert line(1.0, part="probe 2") == f"reading,device=d1,metric=smoke,part=probe\\ 2 value=1.0 {AT}"
    assert line(1.0, late=True) == f"reading,device=d1,metric=smoke value=1.0,late=true {AT}"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("中文-1", "中文-1"),
        ("a b,c=d", r"a\ b\,c\=d"),
        ("100%", "100%25"),
        ("back\\", "back%5C"),
        ("\\,", r"%5C\,"),
        ("a\nb\tc", "a%0Ab%09c"),
        ("\N{IDEOGRAPHIC SPACE}", "%E3%80%80"),
        ("\N{REPLACEMENT CHARACTER}", "%EF%BF%BD"),
        ("q\"'", "q\"'"),
        ("\ud800", "?"),
        ("", "%"),
    ],
)
def test_tags_are_escaped_and_what_cannot_be_written_is_percent_encoded(text: str, key: str) -> None:
    assert series_key(text, "smoke", "") == f"reading,device={key},metric=smoke"


@given(st.text())
def test_a_tag_says_its_text_again(text: str) -> None:
    assert untag(tag(text)) == unicode(text)


@given(st.text(), st.text())
def test_different_texts_are_different_tags(left: str, right: str) -> None:
    assert (tag(left) == tag(right)) == (left == right)


@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
def test_a_line_is_one_line_that_splits_where_it_should(device: str, part: str, text: str) -> None:
    """Read again as the reference says: an unescaped space ends the tags, an unescaped comma parts them."""
    written = line(unicode(text), device=device, part=part)
    tags, fields = re.fullmatch(r"((?:[^\\ ]|\\[,= ])+) (.*)", written, re.DOTALL).groups()  # type: ignore[union-attr]
    assert "\n" not in tags and "\r" not in tags
    assert fields == f"text={string_field(unicode(text))} {AT}"
    pairs = dict(re.split(r"(?<!\\)=", pair) for pair in re.split(r"(?<!\\),", tags)[1:])
    said = {name: untag(re.sub(r"\\([,= ])", r"\1", value)) for name, value in pairs.items()}
    expected = {"device": unicode(device), "metric": "smoke", **({"part": unicode(part)} if part else {})}
    assert said == expected


def test_a_string_field_escapes_quotes_and_backslashes_and_keeps_newlines() -> None:
    assert string_field('say "hi" \\ \n') == '"say \\"hi\\" \\\\ \n"'


def test_of_several_readings_of_one_key_the_last_is_written_and_late_stays() -> None:
    told = [
        (Reading(DeviceId("d"), "snr", 1.0, AT, AT, "", True), 1.0),
        (Reading(DeviceId("d"), "snr", 2.0, AT + 1, AT), 2.0),
        (Reading(DeviceId("d"), "snr", 3.0, AT, AT), 3.0),
    ]
    assert lines(told) == [
        Line("value", AT, f"reading,device=d,metric=snr value=3.0,late=true {AT}"),
        Line("value", AT + 1, f"reading,device=d,metric=snr value=2.0 {AT + 1}"),
    ]


@pytest.mark.parametrize("value", [0.1, 1e-300, 1.7976931348623157e308, 1e21, -0.0, 5e-324])
def test_numbers_are_written_so_that_they_read_back_exactly(value: float) -> None:
    written = line(value).split("value=")[1].split(" ")[0]
    assert float(written) == value
    assert not written.endswith("i")


def test_query_texts_cannot_leave_their_quotes() -> None:
    assert literal("it's \\ \n") == r"'it\'s \\ \n'"
    assert identifier('my "db" \\') == r'"my \"db\" \\"'
