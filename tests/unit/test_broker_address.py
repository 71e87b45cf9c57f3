"""The broker's address: read, shown without the password, refused with what was expected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.errors import ConfigError
from shouwang.mqtt.address import Address, parse_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://127.0.0.1:1883", Address(host="127.0.0.1", port=1883)),
        ("mqtt://broker.example", Address(host="broker.example", port=1883)),
        ("mqtts://broker.example/", Address(host="broker.example", port=8883, tls=True)),
        ("mqtt://[::1]:1884", Address(host="::1", port=1884)),
        ("mqtt://ear@h:1", Address(host="h", port=1, user="ear")),
        ("mqtt://ear:p%40ss%2F@h:1", Address(host="h", port=1, user="ear", password="p@ss/")),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:1883",
        "localhost:1883",
        "http://h:1",
        "mqtt://",
        "mqtt://:1883",
        "mqtt://h:70000",
        "mqtt://h:0",
        "mqtt://h:1/topic",
        "mqtt://h:1?x=1",
        "mqtt://ear:s3cret@h:port",
        "mqtt://ear:s3cret@[::1",
        "",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(ConfigError, match="expected mqtt://HOST:PORT") as error:
        parse_address(url)
    assert "s3cret" not in str(error.value)


@given(st.text("abcdefg:@/%", min_size=1, max_size=20), st.text("0123456789", min_size=6, max_size=30))
def test_no_text_of_an_address_shows_its_password(user: str, password: str) -> None:
    address = Address(host="h", port=1883, user=user, password=password)
    for text in (str(address), repr(address), f"{address}", repr([address])):
        assert password not in text


def test_the_text_of_an_address_is_one_again() -> None:
    for url in ("mqtt://127.0.0.1:1883", "mqtts://ear@h:8883", "mqtt://[::1]:1884"):
        assert str(parse_address(url)) == url
