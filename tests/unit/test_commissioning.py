"""Commissioning and tests: what a press is, what stands before a signature, what counts as coverage."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.commissioning import (
    HEARD,
    LONGEST_TEST,
    PRESSED,
    Level,
    after_test,
    commissioned,
    due_tests,
    expected_wait,
    is_coverage,
    pressed,
    retired,
    signal_of,
    signed_off,
    standing,
    trial_entries,
    under_test,
)
from shouwang.domain.errors import Conflict
from shouwang.domain.place import Device, Trial
from shouwang.domain.profile import Power, Profile
from shouwang.domain.standing import DeviceFacts, DeviceState, Newest
from shouwang.domain.vocabulary import HOUR, MINUTE, SECOND, DeviceId, Kind, Life, PlaceId, Reading, Scalar

NOON = 1_772_424_000 * SECOND
DEVICE = Device(id=DeviceId("d"), profile="p", address="zigbee2mqtt:d", place=PlaceId("a"))
FACTS = DeviceFacts(
    device=DeviceId("d"), kind=Kind.SMOKE, place=PlaceId("a"), life=Life.COMMISSIONING, trial_at=NOON, trial_by="me"
)


def said(**values: Scalar) -> list[Reading]:
    return [Reading(DeviceId("d"), name, value, NOON, NOON) for name, value in values.items()]


def known(**values: Scalar) -> dict[str, Newest]:
    return {name: Newest(value, NOON, NOON) for name, value in values.items()}


def test_a_press_is_what_became_true_and_every_occurrence() -> None:
    assert pressed(known(), said(smoke=True, test=True, battery=90)) == {"smoke": True, "test": True}
    assert pressed(known(smoke=True), said(smoke=True)) == {}
    assert pressed(known(action="single"), said(action="single")) == {"action": "single"}
    assert pressed(known(contact=True), said(contact=False)) == {"contact": False}
    assert pressed(known(), said(contact=False)) == {}, "nobody knows that it moved"


def test_the_first_message_and_a_press_are_noted_with_how_long_it_took() -> None:
    heard, press = trial_entries(FACTS, DeviceState(), said(test=True), NOON + 4_200_000, NOON + 4_300_000)
    assert (heard.kind, heard.body["after"], press.kind, press.body["said"]) == (HEARD, 4.2, PRESSED, {"test": True})
    later = DeviceState(heard_at=NOON + 4_200_000, values=known(test=True))
    assert trial_entries(FACTS, later, said(test=True), NOON + 5_000_000, NOON + 5_000_000) == []
    assert trial_entries(FACTS, DeviceState(), said(test=True), NOON - 1, NOON + 9) == [], "it was said before"


def test_only_a_device_that_was_heard_since_can_be_signed_for() -> None:
    begun = commissioned(DEVICE, by="me", now=NOON)
    before = standing(begun, [], DeviceState(heard_at=NOON - 1))
    with pytest.raises(Conflict, match="not heard"):
        signed_off(begun, before)
    after = standing(begun, [], DeviceState(heard_at=NOON + 1))
    assert after.can_sign_off and len(after.missing) == 1
    assert signed_off(begun, after) == DEVICE
    with pytest.raises(Conflict):
        signed_off(DEVICE, after)


def test_commissioning_goes_on_unless_it_is_begun_anew() -> None:
    begun = commissioned(DEVICE, by="me", now=NOON)
    assert commissioned(begun, by="you", now=NOON + 1) is begun
    assert commissioned(begun, by="you", now=NOON + 1, anew=True).trial == Trial(by="you", at=NOON + 1)
    with pytest.raises(Conflict):
        commissioned(retired(DEVICE), by="me", now=NOON)


@given(st.integers(-(10**12), 10**15))
def test_every_test_ends(lasting: int) -> None:
    tested = under_test(DEVICE, by="me", now=NOON, lasting=lasting)
    assert tested.trial is not None and tested.trial.until is not None
    assert MINUTE <= tested.trial.until - NOON <= LONGEST_TEST
    assert due_tests({tested.id: tested}, tested.trial.until) == [tested]
    assert due_tests({tested.id: tested}, tested.trial.until - 1) == []
    assert after_test(tested) == DEVICE


def test_only_what_is_in_service_is_tested_and_counts() -> None:
    for life in set(Life) - {Life.IN_SERVICE, Life.TEST}:
        with pytest.raises(Conflict):
            under_test(msgspec.structs.replace(DEVICE, life=life), by="me", now=NOON, lasting=HOUR)
    for life in Life:
        device = msgspec.structs.replace(DEVICE, life=life)
        assert is_coverage(device, Kind.SMOKE, HOUR, NOON - MINUTE, NOON) == (life is Life.IN_SERVICE)
    assert not is_coverage(DEVICE, Kind.CLIMATE, HOUR, NOON, NOON)
    assert not is_coverage(DEVICE, Kind.SMOKE, HOUR, None, NOON)
    assert not is_coverage(DEVICE, Kind.SMOKE, HOUR, NOON - 2 * HOUR, NOON)


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ({"linkquality": 110}, Level.GOOD),
        ({"linkquality": 50}, Level.FAIR),
        ({"linkquality": 12}, Level.WEAK),
        ({"rssi": -112, "snr": 4}, Level.GOOD),
        ({"rssi": -60, "snr": -15}, Level.WEAK),
        ({"rssi": -100}, Level.WEAK),
        ({}, Level.UNKNOWN),
    ],
)
def test_a_signal_is_told_in_words(values: dict[str, Scalar], level: Level) -> None:
    signal = signal_of(known(**values))
    assert signal.level is level and signal.words["zh"] and signal.words["en"]


def test_a_sleeping_device_shows_how_long_it_may_take() -> None:
    profile = Profile(
        id="p", vendor="v", model="m", title={}, kind=Kind.SMOKE, power=Power.BATTERY, longest_silence=6 * HOUR
    )
    wait = expected_wait(profile)
    assert wait.seconds == 21_600 and "PSM" in wait.words["en"] and "6 小时" in wait.words["zh"]
    assert expected_wait(None).seconds is None
