"""A rule over what was stored, beside what was raised and what people found that to be."""

import pytest

from harness.timelines import rule
from shouwang.domain.backtest import Episode, Past, compared, episodes, replayed
from shouwang.domain.incident import Outcome
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.standing import DeviceFacts
from shouwang.domain.vocabulary import HOUR, MINUTE, SECOND, AlertId, DeviceId, Instant, Kind, PlaceId, Reading, Scalar

NOON: Instant = 1_772_424_000 * SECOND
HOME = PlaceId("s/c/p/b3/u2/f5/501")


def facts(device: str) -> DeviceFacts:
    return DeviceFacts(device=DeviceId(device), kind=Kind.HEAT, place=HOME, longest_silence=26 * HOUR)


def said(device: str, metric: str, *values: tuple[int, Scalar]) -> tuple[DeviceFacts, list[Reading]]:
    return facts(device), [
        Reading(DeviceId(device), metric, value, NOON + at * SECOND, NOON + at * SECOND) for at, value in values
    ]


def raised(when: str, *devices: tuple[DeviceFacts, list[Reading]], end: Instant = NOON + HOUR) -> list[tuple[int, str]]:
    found = episodes(replayed(RuleBook([rule(when)]), devices, end), NOON, end)
    return [((one.raised_at - NOON) // SECOND, one.subject) for one in found]


def past(id: str, at: Instant, outcome: Outcome | None = None, subject: str = "a") -> Past:
    return Past(id=AlertId(id), subject=subject, raised_at=NOON + at, outcome=outcome)


def test_stored_readings_are_played_with_their_timers_to_the_end() -> None:
    hot = "{above: {metric: temperature, value: 57, for: 10s}}"
    assert raised(hot, said("a", "temperature", (0, 58), (60, 40), (120, 59)), said("b", "temperature", (5, 60))) == [
        (10, "a"),
        (15, "b"),
        (130, "a"),
    ]


def test_silence_is_counted_to_the_end() -> None:
    assert raised("{absent: {longest: 10m}}", said("a", "battery", (0, 90), (60, 90))) == [(660, "a")]


def test_places_hear_their_devices_in_order_of_time() -> None:
    two = "{confirm: {metric: smoke, devices: 2, within: 60s, in: unit}}"
    assert raised(two, said("a", "smoke", (0, True)), said("b", "smoke", (50, True))) == [(50, "s/c/p/b3/u2")]


def test_only_what_would_have_been_raised_in_the_time_counts() -> None:
    hot = RuleBook([rule("{above: {metric: temperature, value: 57}}")])
    devices = [said("a", "temperature", (0, 58), (10, 40), (20, 58))]
    found = episodes(replayed(hot, devices, NOON + HOUR), NOON + 15 * SECOND, NOON + HOUR)
    assert [one.raised_at for one in found] == [NOON + 20 * SECOND]


def test_an_alert_is_found_again_while_an_episode_of_its_subject_is_up() -> None:
    would = [
        Episode(subject="a", raised_at=NOON, cleared_at=NOON + 5 * MINUTE),
        Episode(subject="b", raised_at=NOON),
    ]
    was = [
        past("again", 4 * MINUTE, Outcome.FALSE_ALARM),
        past("real", 10 * MINUTE, Outcome.REAL),
        past("elsewhere", MINUTE, Outcome.FALSE_ALARM, subject="c"),
        past("untold", 20 * MINUTE),
    ]
    found = compared(would, was)
    assert found.missed == {"real": 1, "false_alarm": 1, "": 1}
    assert found.missed_real == ["real"]
    assert found.new == [would[1]]
    assert str(found) == "it would have raised 2 (raised were 4), 1 of them new; missed 1 real, spared 1 false"


@pytest.mark.parametrize(("at", "is_found"), [(0, True), (10 * MINUTE, True), (5 * MINUTE, False)])
def test_each_occurrence_of_an_event_is_an_alert_that_may_be_found_again(at: Instant, is_found: bool) -> None:
    would = [Episode(subject="a", raised_at=NOON, occurrences=[NOON + 10 * MINUTE])]
    assert (compared(would, [past("press", at)]).missed == {}) is is_found
