"""Every example of every shipped profile, published on a real broker, read by the real intake, found in the store."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.decoding import Desk, shipped_interpreter, shipped_profiles
from harness.publisher import says
from harness.servers import Mosquitto
from harness.works import works_on
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.profile import Example, Profile
from shouwang.domain.vocabulary import METRICS, DeviceId, PlaceId
from shouwang.timeseries.open import open_readings

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

HOME = PlaceId("cj/dm/jy/b1")
TURNS = 8
"""Examples of one address are said in turns, each after the one before was taken in: its values are the newest then."""


@dataclass(frozen=True)
class Said:
    profile: Profile
    example: Example
    address: str
    turn: int


def examples() -> Iterator[Said]:
    """Those whose topic alone tells the family, with the address at which a device must be registered; one address is
    one model's."""
    _, profiles = shipped_profiles()
    owner: dict[str, str] = {}
    turns: dict[str, int] = {}
    for profile in profiles.values():
        desk = Desk(interpreter=shipped_interpreter())
        desk._look_up = lambda address, id=profile.id: (DeviceId(address), id)  # type: ignore[method-assign,assignment,misc]
        for example in profile.examples:
            if example.family:
                continue
            found = desk.hears(example.topic, example.payload)
            addresses = {decoded.address for decoded in found.messages}
            if found.refusal is not None or len(addresses) != 1:
                continue
            (address,) = addresses
            if owner.setdefault(address, profile.id) != profile.id:
                continue
            turn = turns[address] = turns.get(address, -1) + 1
            if turn < TURNS:
                yield Said(profile, example, address, turn)


def test_every_example_that_is_published_is_stored_as_the_profile_says(
    mosquitto_alone: Mosquitto, tmp_path: Path
) -> None:
    said = list(examples())
    ids = {
        one.address: DeviceId(f"d{number}") for number, one in enumerate({one.address: one for one in said}.values())
    }
    devices = {
        one.address: Device(id=ids[one.address], profile=one.profile.id, address=one.address, place=HOME)
        for one in said
    }
    _, profiles = shipped_profiles()
    assert len({one.profile.id for one in said}) > 0.85 * len(profiles), "most profiles are played"
    place = Place(id=HOME, kind=PlaceKind.BUILDING)
    wrong: list[str] = []
    with works_on(tmp_path, mosquitto_alone.port, [place, *devices.values()]) as works:
        for turn in range(TURNS):
            some = [one for one in said if one.turn == turn]
            if not some:
                break
            says(mosquitto_alone.port, *[(one.example.topic, one.example.payload) for one in some])
            works.takes_all()
            states = works.board.states([ids[one.address] for one in some])
            for one in some:
                state = states.get(ids[one.address])
                values = {name: newest.value for name, newest in state.values.items()} if state else {}
                lost = {name: value for name, value in one.example.readings.items() if values.get(name) != value}
                if state is None or lost:
                    wrong.append(f"{one.profile.id} {one.example.topic}: {lost or 'not heard'}")
        assert wrong == []
        works.ships_all()
        store = open_readings(f"sqlite:///{tmp_path}/readings.sqlite")
        try:
            for one in (one for one in said if one.turn == 0):
                kept = store.read(ids[one.address], None, 0, works.clock.now() + 10**9)
                metrics = {point.metric for point in kept}
                assert {name.partition("@")[0] for name in one.example.readings} <= metrics, one.profile.id
                assert metrics <= set(METRICS)
        finally:
            store.close()
