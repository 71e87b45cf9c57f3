"""A share of a place's devices that are silent: on timelines, and for every order of saving, loading and looking."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.timelines import rule, says
from shouwang.domain.alert import AlertClass
from shouwang.domain.errors import ConfigError
from shouwang.domain.evaluate import RuleBook, hear, reconcile, run_due
from shouwang.domain.gathering import asks_members, hear_place, is_place, notices, row_of
from shouwang.domain.judging import Member
from shouwang.domain.reception import Sighting
from shouwang.domain.standing import DeviceFacts, DeviceState, Transition
from shouwang.domain.vocabulary import HOUR, MINUTE, SECOND, DeviceId, Instant, Kind, Life, PlaceId, Reading, Scalar

BUILDING = "town/east/park/b3"
ROW = row_of(BUILDING)
NOON: Instant = 1_772_424_000 * SECOND


def heard(*devices: str, at: int = 0, what: str = "battery=90") -> list[str]:
    return [f"{at}m {device} {what} place={BUILDING}/u1/f1/{device}" for device in devices]


BRIDGE = Sighting("zigbee2mqtt:zigbee-b3", None, NOON)

HALF = "{absent: {share: 0.5, in: building, longest: 10m}}"


def test_half_of_them_and_at_least_three_at_the_moment_at_which_they_are() -> None:
    going_on = [f"{at}m e battery=90" for at in range(5, 30, 5)]
    assert says(HALF, *heard("a", "b", "c", "d", "e"), *heard("d", at=4), *going_on) == [f"10m {BUILDING} raised"]
    assert says(HALF, *heard("a", "b", "c", "d"), *(f"{at}m d battery=90" for at in range(5, 30, 5))) == [
        f"10m {BUILDING} raised"
    ], "three of four"
    assert says(HALF, *heard("a", "b"), "1h tick") == [], "two are a fault each"


def test_it_ends_when_fewer_are_silent_and_begins_again() -> None:
    assert says(HALF, *heard("a", "b", "c"), "30m a battery=90", "31m tick", "50m tick") == [
        f"10m {BUILDING} raised",
        f"30m {BUILDING} cleared",
        f"40m {BUILDING} raised",
    ]


def test_a_device_heard_for_the_first_time_makes_the_share_smaller() -> None:
    more = [line for name in "defg" for line in heard(name, at=12)]
    assert says(HALF, *heard("a", "b", "c"), *more) == [f"10m {BUILDING} raised", f"12m {BUILDING} cleared"]


def test_a_device_of_another_building_or_of_none_changes_nothing() -> None:
    other = [f"0m {name} battery=90 place=town/east/park/b4/u1/f1/101" for name in "xyz"]
    lines = [*heard("a", "b"), "0m c battery=90 place=town/east", *other[:2], "1h tick"]
    assert says(HALF, *lines) == []


def test_the_word_that_all_on_mains_are_gone_is_enough_and_that_of_some_is_not() -> None:
    on_batteries = heard(*"abcdefgh")
    on_mains = heard("x", "y", "z", what="supply_status=mains")
    gone = [f"1m {name} supply_status=lost" for name in "xyz"]
    assert says(HALF, *on_batteries, *on_mains, *gone) == [f"1m {BUILDING} raised"]
    assert says(HALF, *on_batteries, *on_mains, *gone[:2]) == []


def test_silence_and_the_word_of_the_bridge_count_alike() -> None:
    word = ["1m c online=false", "2m d online=false", "3m e online=false", "4m e online=true"]
    assert says(HALF, *heard(*"abcdef"), *word) == [f"3m {BUILDING} raised", f"4m {BUILDING} cleared"]


def test_losses_too_far_apart_are_not_one_and_count_together_once_they_are() -> None:
    near = "{absent: {share: 1, in: building, longest: 10m, within: 2m}}"
    apart = [*heard("a"), *heard("b", at=1), *heard("c", at=4)]
    assert says(near, *apart, "1h tick") == []
    assert says(near, *apart, *heard(*"abc", at=20), "1h tick") == [f"30m {BUILDING} raised"]


def test_one_in_no_scope_is_not_of_them() -> None:
    smoke = "scope: {kinds: [smoke]}"
    lines = [*heard("a", "b"), f"0m c battery=90 kind=climate place={BUILDING}/u1", "1h tick"]
    kinds = [line + " kind=smoke" for line in lines[:2]]
    assert says(HALF, *kinds, *lines[2:], more=smoke) == []


def test_it_is_a_fault_and_says_how_many() -> None:
    assert rule(HALF).klass is AlertClass.FAULT
    members = [member(name, NOON - 20 * MINUTE) for name in "abc"]
    judged = run_due(RuleBook([rule(HALF)]), PLACE, DeviceState(due_at=NOON), NOON, members=members)
    (said,) = judged.transitions
    assert said.sentence == {
        "zh": "同一楼栋 3 个设备中有 3 个失联或断电",
        "en": "3 of 3 devices of one building are silent or without power",
    }
    assert {one.part for one in said.evidence} == {"a", "b", "c"}


def test_it_names_the_gateway_through_which_all_that_are_silent_were_heard() -> None:
    """Unless one of them was heard through another one, or nobody knows through which."""
    for last, said in ((BRIDGE, True), (Sighting("zigbee2mqtt:b4", None, NOON), False), (None, False)):
        through = [BRIDGE, BRIDGE, last]
        members = [
            msgspec.structs.replace(
                one, state=msgspec.structs.replace(one.state, heard_by=[sighting] if sighting else [])
            )
            for one, sighting in zip([member(name, NOON - 20 * MINUTE) for name in "abc"], through, strict=True)
        ]
        judged = run_due(RuleBook([rule(HALF)]), PLACE, DeviceState(due_at=NOON), NOON, members=members)
        (sentence,) = (one.sentence for one in judged.transitions)
        assert ("zigbee-b3" in sentence["zh"], "zigbee-b3" in sentence["en"]) == (said, said)


def test_our_own_deafness_is_nobodys_silence() -> None:
    members = [member(name, NOON) for name in "abc"]
    gaps = [(NOON + MINUTE, NOON + 6 * MINUTE)]
    state = reconcile(RuleBook([rule(HALF)]), PLACE, DeviceState(), NOON)
    at = NOON + 30 * MINUTE
    said = run_due(RuleBook([rule(HALF)]), PLACE, state, at, gaps, members).transitions
    assert [one.at - NOON for one in said] == [15 * MINUTE]


@pytest.mark.parametrize(
    "change",
    [
        {"life": Life.MAINTENANCE},
        {"life": Life.COMMISSIONING},
        {"registered": False},
        {"place": PlaceId("town/east/park/b4/u1/f1/101")},
    ],
)
def test_who_is_not_in_service_there_does_not_count(change: dict[str, object]) -> None:
    members = [member(name, NOON) for name in "abc"]
    elsewhere = [*members[:2], msgspec.structs.replace(members[2], facts=replaced(members[2].facts, change))]
    book, late = RuleBook([rule(HALF)]), NOON + 60 * MINUTE
    assert len(run_due(book, PLACE, DeviceState(due_at=NOON), late, members=members).transitions) == 1
    assert run_due(book, PLACE, DeviceState(due_at=NOON), late, members=elsewhere).transitions == []


@pytest.mark.parametrize(
    ("when", "cause"),
    [
        ("{absent: {share: 0, in: unit}}", "expected above 0, at most 1"),
        ("{absent: {share: 0.5}}", "expected one of floor, unit, building, zone"),
        ("{absent: {in: unit}}", "expected share beside it"),
        ("{any: [{absent: {share: 0.5, in: unit}}, {absent: {}}]}", "about a place"),
    ],
)
def test_a_share_that_cannot_be_meant_is_refused(when: str, cause: str) -> None:
    with pytest.raises(ConfigError, match=cause):
        rule(when)


# Portions and restarts -----------------------------------------------------------------------------------------------

PLACE = DeviceFacts(device=ROW, kind=None, place=PlaceId(BUILDING), registered=False)
NAMES = "abcde"
RULES = [
    rule(HALF, id="half"),
    rule("{absent: {share: 0.6, in: building, longest: 4m, within: 2m}}", id="near", severity="low"),
    rule("{all: [{absent: {share: 0.5, in: building}}, {between: {from: '12:05', to: '12:20'}}]}", id="hours"),
    rule("{confirm: {metric: smoke, devices: 2, within: 60s, in: building}}", id="confirm"),
]


def member(name: str, heard_at: Instant | None) -> Member:
    return Member(facts_of(name), DeviceState(heard_at=heard_at))


def facts_of(name: str) -> DeviceFacts:
    place = PlaceId(f"{BUILDING}/u1/f1/{name}")
    kind = Kind.GATEWAY if name == "e" else Kind.SMOKE
    longest = (3 if name < "c" else 7) * MINUTE
    return DeviceFacts(device=DeviceId(name), kind=kind, place=place, longest_silence=longest, registered_at=NOON)


def replaced(facts: DeviceFacts, change: dict[str, object]) -> DeviceFacts:
    return msgspec.convert({**msgspec.structs.asdict(facts), **change}, DeviceFacts)


class Site:
    """The rows of a building and its devices, as intake moves them. ``eager``: the place is always told how all its
    devices stand, not only where it asks."""

    def __init__(self, *, restarts: bool = False, eager: bool = False) -> None:
        self.rows: dict[DeviceId, DeviceState] = {}
        self.said: list[Transition] = []
        self.book = RuleBook(RULES)
        self._restarts, self._eager = restarts, eager

    def hears(self, name: str, readings: list[Reading], now: Instant) -> None:
        facts = facts_of(name)
        before = self.rows.get(facts.device, DeviceState())
        self.rows[facts.device] = after = hear(self.book, facts, before, readings, now, gaps=()).state
        told = notices(self.book, facts, before, after, readings)
        if told:
            state = self.rows.get(ROW, DeviceState())
            asks = self._eager or asks_members(self.book, state, told, now)
            members = self.members() if asks else None
            judged = hear_place(self.book, ROW, state, told, now, (), members, Member(facts, before))
            self.rows[ROW], self.said = judged.state, [*self.said, *judged.transitions]
        self._restart()

    def looks(self, now: Instant) -> None:
        judged = run_due(self.book, PLACE, self.rows.get(ROW, DeviceState()), now, (), self.members())
        self.rows[ROW], self.said = judged.state, [*self.said, *judged.transitions]
        self._restart()

    def members(self) -> list[Member]:
        return [Member(facts_of(row), state) for row, state in self.rows.items() if not is_place(row)]

    def told(self) -> list[tuple[Instant, str, str]]:
        return [(one.at, one.rule, one.change.value) for one in self.said]

    def _restart(self) -> None:
        if self._restarts:
            self.book = RuleBook(RULES)
            self.rows = {
                row: msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=DeviceState)
                for row, state in self.rows.items()
            }


values = st.one_of(
    st.just(("battery", 90)),
    st.tuples(st.just("online"), st.booleans()),
    st.tuples(st.just("smoke"), st.booleans()),
    st.tuples(st.just("supply_status"), st.sampled_from(["mains", "battery", "lost"])),
)
messages = st.tuples(st.integers(0, 30 * 60), st.sampled_from(NAMES), values)
timelines = st.lists(messages, max_size=30).map(lambda found: sorted(found, key=lambda one: one[0]))


def played(
    timeline: list[tuple[int, str, tuple[str, Scalar]]],
    looks: tuple[int, ...] = (),
    *,
    eager: bool = False,
    restarts: bool = False,
) -> list[tuple[Instant, str, str]]:
    site = Site(eager=eager, restarts=restarts)
    steps: list[tuple[int, str, tuple[str, Scalar] | None]] = [(at, name, said) for at, name, said in timeline]
    steps += [(at, "", None) for at in looks]
    for at, name, said in sorted(steps, key=lambda step: (step[0], step[2] is not None)):
        now = NOON + at * SECOND
        if said is None:
            site.looks(now)
        else:
            site.hears(name, [Reading(DeviceId(name), said[0], said[1], now, now)], now)
    site.looks(NOON + 60 * MINUTE)
    return site.told()


@given(timelines, st.lists(st.integers(0, 60 * 60), max_size=30).map(tuple))
def test_timers_of_a_place_run_in_any_portions_say_the_same(
    timeline: list[tuple[int, str, tuple[str, Scalar]]], looks: tuple[int, ...]
) -> None:
    assert sorted(played(timeline)) == sorted(played(timeline, looks))


@given(timelines)
def test_a_restart_of_a_place_at_every_step_says_the_same(timeline: list[tuple[int, str, tuple[str, Scalar]]]) -> None:
    assert played(timeline) == played(timeline, restarts=True)


@given(timelines)
def test_a_place_asks_how_its_devices_stand_whenever_that_matters(
    timeline: list[tuple[int, str, tuple[str, Scalar]]],
) -> None:
    often = tuple(range(0, 60 * 60, 30))
    assert sorted(played(timeline)) == sorted(played(timeline, often, eager=True))


def test_a_building_that_comes_back_is_not_counted_anew_at_each_of_its_devices() -> None:
    """After a power cut of 40 devices 20 may come back before the 21st ends it; only that one asks how all stand."""
    book = RuleBook([rule("{absent: {share: 0.5, in: building, longest: 5m}}")])
    names = [f"d{number}" for number in range(40)]
    rows = {DeviceId(name): DeviceState(heard_at=NOON) for name in names}

    def members() -> list[Member]:
        return [Member(facts_of(name), state) for name, state in rows.items()]

    place = run_due(book, PLACE, DeviceState(due_at=NOON + 5 * MINUTE), NOON + 5 * MINUTE, (), members()).state
    assert place.standings["rule"].raised_at == NOON + 5 * MINUTE
    asked, said = [], []
    for number, name in enumerate(names):
        now = NOON + HOUR + number * SECOND
        before = rows[DeviceId(name)]
        rows[DeviceId(name)] = after = hear(book, facts_of(name), before, [], now, gaps=()).state
        told = notices(book, facts_of(name), before, after, [])
        asks = asks_members(book, place, told, now)
        judged = hear_place(
            book, ROW, place, told, now, (), members() if asks else None, Member(facts_of(name), before)
        )
        place = judged.state
        asked += [number] if asks else []
        said += [(number, one.change.value) for one in judged.transitions]
    assert said == [(20, "cleared")]
    assert asked == [20]
