"""The bell between intake and server: heard at once, and never in anybody's way."""

import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from shouwang.app.doorbell import FILE, Bell, Door


@pytest.fixture
def bell(tmp_path: Path) -> Iterator[Bell]:
    made = Bell(tmp_path)
    yield made
    made.close()


def rings(door: Door) -> bool:
    heard = bool(select.select([door], [], [], 0)[0])
    door.answer()
    return heard


def test_who_listens_hears_it_and_an_answered_bell_is_silent(tmp_path: Path, bell: Bell) -> None:
    door = Door(tmp_path)
    assert not rings(door)
    bell.ring()
    bell.ring()
    assert rings(door)
    assert not rings(door)
    door.close()


def test_nobody_at_the_door_is_no_error_and_whoever_comes_later_is_heard(tmp_path: Path, bell: Bell) -> None:
    bell.ring()
    for _ in range(2):  # the second listener comes after the first has gone
        door = Door(tmp_path)
        bell.ring()
        assert rings(door)
        door.close()
        bell.ring()


def test_a_bell_that_is_never_answered_holds_nobody_up(tmp_path: Path, bell: Bell) -> None:
    door = Door(tmp_path)
    for _ in range(100_000):
        bell.ring()
    assert rings(door)
    door.close()


def test_what_lies_where_the_bell_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("")
    with pytest.raises(OSError, match=r"is not a named pipe.*doorbell"):
        Door(tmp_path)
