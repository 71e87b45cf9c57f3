"""A message that ends the process which reads it is found out, alone, and keeps nothing else from being heard."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shouwang.app.precaution import InHand
from shouwang.domain.errors import Unavailable
from shouwang.domain.vocabulary import Arrival

SMOKE, GAS, POISON = (Arrival(f"zigbee2mqtt/{name}", name.encode(), 0) for name in ("smoke", "gas", "poison"))


def test_what_was_in_hand_at_a_death_is_suspected_once_it_comes_again(tmp_path: Path) -> None:
    assert InHand(tmp_path / "in-hand").take([SMOKE, POISON]) == []
    after = InHand(tmp_path / "in-hand")
    assert after.take([GAS, POISON]) == [POISON]
    assert after.take([POISON, SMOKE]) == [SMOKE]
    assert after.take([POISON, SMOKE]) == []


def test_what_was_put_down_is_not_suspected(tmp_path: Path) -> None:
    before = InHand(tmp_path / "in-hand")
    before.take([SMOKE, POISON])
    before.put_down()
    assert InHand(tmp_path / "in-hand").take([SMOKE, POISON]) == []


def test_two_deaths_before_it_comes_again_forget_no_suspect(tmp_path: Path) -> None:
    InHand(tmp_path / "in-hand").take([POISON])
    InHand(tmp_path / "in-hand")
    assert InHand(tmp_path / "in-hand").take([POISON]) == [POISON]


def test_a_broken_note_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "in-hand").write_bytes(b"\xff" * 7)
    assert InHand(tmp_path / "in-hand").take([SMOKE]) == []


def end_by(number: int) -> Callable[[], object]:
    return lambda: os.kill(os.getpid(), number)


def raise_one() -> None:
    raise ValueError("ours, and caught elsewhere")


def fill_memory() -> bytes:
    return bytes(8 << 30)


def wait_for_ever() -> None:
    time.sleep(60)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL])
def test_an_arrival_is_deadly_when_it_ended_two_processes(number: signal.Signals, tmp_path: Path) -> None:
    assert number.name in InHand(tmp_path / "in-hand").deadly([end_by(number)])[0]


def test_memory_without_end_is_deadly(tmp_path: Path) -> None:
    assert InHand(tmp_path / "in-hand").deadly([fill_memory]) == ["exit 1"]


def test_an_arrival_that_is_never_read_is_deadly(tmp_path: Path) -> None:
    assert "not read" in InHand(tmp_path / "in-hand", trial_seconds=0.2).deadly([wait_for_ever])[0]


def test_an_error_of_ours_is_not_deadly(tmp_path: Path) -> None:
    assert InHand(tmp_path / "in-hand").deadly([raise_one]) == [""]


def test_one_death_is_not_enough(tmp_path: Path) -> None:
    died = tmp_path / "died"

    def once() -> None:
        if not died.exists():
            died.touch()
            os.abort()

    assert InHand(tmp_path / "in-hand").deadly([once]) == [""]


def test_kills_from_outside_count_for_nothing(tmp_path: Path) -> None:
    kills = tmp_path / "kills"

    def killed_thrice() -> None:
        with kills.open("ab") as file:
            file.write(b".")
        if kills.stat().st_size <= 3:
            os.kill(os.getpid(), signal.SIGKILL)

    assert InHand(tmp_path / "in-hand").deadly([killed_thrice]) == [""]


def test_who_kills_every_trial_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="SIGKILL"):
        InHand(tmp_path / "in-hand").deadly([end_by(signal.SIGKILL)])


def test_among_many_only_those_who_are_to_blame_are_named(tmp_path: Path) -> None:
    reads = [raise_one] * 64
    reads[7] = reads[50] = end_by(signal.SIGSEGV)
    ends = InHand(tmp_path / "in-hand").deadly(reads)
    assert len(ends) == 64
    assert [index for index, how in enumerate(ends) if how] == [7, 50]


def test_a_thousand_that_read_well_cost_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forks, fork = [], os.fork

    def counted() -> int:
        forks.append(1)
        return fork()

    monkeypatch.setattr(os, "fork", counted)
    assert InHand(tmp_path / "in-hand").deadly([raise_one] * 1_000) == [""] * 1_000
    assert len(forks) == 1
