"""Drills, duty checks and test messages, told from their beginning to the phones."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from harness.station import Station, open_station
from shouwang.domain.alert import AlertState
from shouwang.domain.errors import Conflict, NotFound
from shouwang.domain.exercise import Ended, Exercise, Score, score
from shouwang.domain.incident import Incident, IncidentState, Outcome
from shouwang.domain.notice import DeliveryState
from shouwang.domain.vocabulary import MINUTE, IncidentId, PersonId, PlaceId, Severity
from shouwang.flows.answering import Answering
from shouwang.flows.exercises import PAGE, Exercises
from shouwang.store.exercises import SqlExercises

COMPOUND = """
site: {fallback: manager}
places:
  - {id: cj, kind: sub_district, name: 演示街道}
  - {id: cj/dm, kind: community, name: 演示社区}
  - {id: cj/dm/jy, kind: compound, name: 锦苑}
  - {id: cj/dm/jy/b3, kind: building, name: 3号楼}
  - {id: cj/dm/jy/b9, kind: building, name: 9号楼}
people:
  - {id: guard, name: 值班员, channels: [{kind: webhook, url: "{phone:guard}"}]}
  - {id: leader, name: 楼栋长, channels: [{kind: webhook, url: "{phone:leader}", verified: true}]}
  - {id: manager, name: 物业经理, channels: [
      {kind: webhook, url: "{phone:manager}", verified: true}, {kind: webhook, url: "{phone:second}"}]}
posts:
  - {place: cj/dm/jy, post: desk_operator, person: guard}
  - {place: cj/dm/jy/b3, post: building_leader, person: leader}
  - {place: cj/dm/jy, post: property_manager, person: manager}
zones:
  - {id: east, kind: party, name: 东责任区, places: [cj/dm/jy/b3], members: [leader], fallback: manager}
  - {id: west, kind: party, name: 西责任区, places: [cj/dm/jy/b9], members: [manager], fallback: manager}
policies:
  - id: fire-here
    match: {severity: [critical]}
    steps:
      - {after: 0s, tell: ["post:desk_operator", "post:building_leader"]}
      - {after: 60s, unless: acknowledged, tell: ["person:manager"]}
  - id: rest
    steps: [{after: 0s, tell: ["post:desk_operator"]}]
devices:
  - {id: smoke-3, profile: heiman-hs1sa, address: "zigbee2mqtt:b3-smoke", place: cj/dm/jy/b3}
  - {id: smoke-9, profile: heiman-hs1sa, address: "zigbee2mqtt:b9-smoke", place: cj/dm/jy/b9}
"""
WEST = PlaceId("cj/dm/jy/b9")
SMOKE = {"smoke": True, "battery": 90, "linkquality": 80}


STATES = ["sqlite", pytest.param("postgres", marks=pytest.mark.servers)]


@pytest.fixture(params=STATES)
def station(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Station]:
    state = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    with open_station(tmp_path, COMPOUND, state=state) as opened:
        yield opened


class Hand:
    """Exercises on a station, looked at as often as in service."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.exercises = Exercises(
            station.casebook,
            SqlExercises(station.database),
            station.board,
            station.directory,
            station.respond,
            station.clock,
            policies=list,
            channels=["webhook"],
        )

    async def forward(self, *, seconds: float) -> None:
        for _ in range(round(seconds)):
            await self.station.forward(seconds=1)
            self.exercises.look()
            await self.station.settles()

    def found(self, begun: Exercise) -> Exercise:
        found = self.exercises.get(begun.id)
        assert found is not None
        return found

    def card(self, begun: Exercise) -> Score:
        incident = self.station.board.incident(begun.incident)
        assert incident is not None
        told = self.station.board.deliveries_of([begun.incident])[begun.incident]
        return score(self.found(begun), incident, told)


@pytest.fixture
def hand(station: Station) -> Hand:
    return Hand(station)


async def test_a_drill_runs_the_true_chain_marked_everywhere_and_keeps_its_score(station: Station, hand: Hand) -> None:
    begun = hand.exercises.drill("east", "smoke", by="wang")
    await station.settles()
    for name in ("guard", "leader"):
        call = station.phone(name).waiting[0]
        assert call.body["drill"] is True
        station.phone(name).receives("drill", "烟雾报警（演练）", "3号楼")
    await hand.forward(seconds=20)
    station.respond.acknowledge(begun.incident, actor="leader")
    await hand.forward(seconds=70)
    station.respond.arrive(begun.incident, actor="leader")
    ended = hand.exercises.stop(begun.id, by="wang")
    await station.settles()
    assert ended.ended is Ended.STOPPED
    for name in ("guard", "leader"):
        call = station.phone(name).waiting[0]
        assert call.body["drill"] is True
        station.phone(name).receives("stood_down")
    card = hand.card(begun)
    assert card.told == ["guard", "leader"]
    assert card.acknowledged == card.on_scene == ["leader"]
    assert card.missed == ["guard"]
    assert (card.acknowledged_after, card.on_scene_after) == (20, 90)
    incident = station.incident()
    assert (incident.drill, incident.outcome) == (True, Outcome.DRILL)
    assert station.alerts() == []


async def test_a_drill_that_nobody_answers_climbs_and_ends_by_itself(station: Station, hand: Hand) -> None:
    begun = hand.exercises.drill("east", "smoke", by="wang", lasts=2 * MINUTE)
    await hand.forward(seconds=121)
    for name, whys in (("guard", ["drill", "stood_down"]), ("leader", ["drill", "stood_down"])):
        for why in whys:
            station.phone(name).receives(why)
    station.phone("manager").receives("next_step", "演练")
    station.phone("manager").receives("stood_down")
    assert hand.found(begun).ended is Ended.TIME
    assert hand.card(begun).missed == ["guard", "leader", "manager"]


@pytest.mark.parametrize("where", ["in the zone", "the same person elsewhere"])
async def test_a_real_fire_ends_the_drill_at_once_and_comes_first(station: Station, hand: Hand, where: str) -> None:
    begun = hand.exercises.drill("east", "smoke", by="wang")
    await station.settles()
    station.phone("guard").receives("drill")
    station.phone("leader").receives("drill")
    await hand.forward(seconds=5)
    await station.hears("zigbee2mqtt/b3-smoke" if where == "in the zone" else "zigbee2mqtt/b9-smoke", SMOKE)
    told = station.phone("guard").receives("first", "烟雾报警")
    assert told.call.body["drill"] is False
    told.within(seconds=1)
    if where == "in the zone":
        station.phone("leader").receives("first")
    await hand.forward(seconds=1)
    station.phone("guard").receives("stood_down", "演练")
    station.phone("leader").receives("stood_down", "演练")
    found, real = hand.found(begun), next(one for one in station.incidents() if not one.drill)
    assert (found.ended, found.note) == (Ended.PRE_EMPTED, real.id)
    assert real.state is IncidentState.OPEN
    assert station.alerts()[0].state is AlertState.UNACKED
    with pytest.raises(Conflict, match="is under way there"):
        hand.exercises.drill("east" if where == "in the zone" else "west", "smoke", by="wang")


def storm(station: Station, like: Incident, count: int, **changes: object) -> None:
    """So many newer live cases of another place, of which nobody was told."""
    for number in range(count):
        at = like.opened_at + 1 + number
        facts = {"id": IncidentId(f"storm{number}"), "group": f"storm{number}", "opened_at": at, "place": WEST}
        one = msgspec.structs.replace(like, **{**facts, "places": [WEST], "next_step_at": None, **changes})
        with station.casebook.change() as change:
            change.keep_incident(one)


@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.MEDIUM])
async def test_a_storm_of_newer_cases_hides_no_real_fire_from_those_who_exercise(
    station: Station, hand: Hand, severity: Severity
) -> None:
    begun = hand.exercises.drill("east", "smoke", by="wang")
    await station.hears("zigbee2mqtt/b3-smoke", SMOKE)
    real = next(one for one in station.incidents() if not one.drill)
    storm(station, real, PAGE + 10, severity=severity)
    hand.exercises.look()
    assert (hand.found(begun).ended, hand.found(begun).note) == (Ended.PRE_EMPTED, real.id)
    with pytest.raises(Conflict, match=f"{real.id} is under way there"):
        hand.exercises.drill("east", "smoke", by="wang")
    await station.settles()
    for name in ("guard", "leader"):
        while station.phone(name).waiting:
            station.phone(name).receives(station.phone(name).waiting[0].body["why"])


async def test_a_real_fire_elsewhere_with_other_people_lets_the_drill_go_on(station: Station, hand: Hand) -> None:
    begun = hand.exercises.check("west", by="wang")
    await station.settles()
    station.phone("guard").receives("drill")
    assert hand.found(begun).ended is None
    with pytest.raises(NotFound, match="no zone 'north'"):
        hand.exercises.drill("north", "smoke", by="wang")
    with pytest.raises(NotFound, match="there are smoke, gas, emergency, water"):
        hand.exercises.drill("west", "meteor", by="wang")
    with pytest.raises(Conflict, match="not in zone"):
        hand.exercises.drill("west", "smoke", by="wang", place="cj/dm/jy/b3")


async def test_a_guard_who_answers_a_duty_check_in_time_has_peace(station: Station, hand: Hand) -> None:
    begun = hand.exercises.check("east", by="wang", within=5 * MINUTE)
    await station.settles()
    station.phone("guard").receives("drill", "查岗", "5 分钟")
    await hand.forward(seconds=100)
    station.respond.acknowledge(begun.incident, actor="guard")
    await hand.forward(seconds=300)
    found = hand.found(begun)
    assert (found.ended, found.missed) == (Ended.ANSWERED, False)


async def test_a_guard_who_sleeps_through_a_duty_check_is_missed_and_the_manager_hears_it(
    station: Station, hand: Hand
) -> None:
    begun = hand.exercises.check("east", by="wang", within=2 * MINUTE)
    await hand.forward(seconds=125)
    station.phone("guard").receives("drill")
    station.phone("manager").receives("next_step", "查岗")
    assert hand.found(begun).missed
    assert [one for one in station.journal.since(0, 200) if one.kind == "duty_check.missed"]
    station.respond.acknowledge(begun.incident, actor="guard")
    await hand.forward(seconds=2)
    station.phone("guard").receives("stood_down")
    station.phone("manager").receives("stood_down")
    assert (hand.found(begun).ended, hand.found(begun).missed) == (Ended.ANSWERED, True)


async def test_a_campaign_sends_a_test_to_each_unproven_contact_and_proves_it_by_its_answer(
    station: Station, hand: Hand
) -> None:
    begun = hand.exercises.verify(None, by="wang")
    await station.settles()
    station.phone("guard").receives("test", "联系方式验证")
    station.phone("second").receives("test")
    answers = Answering(
        station.casebook, station.board, station.directory, station.respond, station.clock, channels=["webhook"]
    )
    tests = {one.person: one for one in station.board.deliveries_of([begun.incident])[begun.incident]}
    answers.confirm(tests[PersonId("manager")])
    people = station.directory.community().people
    assert [one.verified for one in people[PersonId("manager")].channels] == [True, True]
    assert [one.verified for one in people[PersonId("guard")].channels] == [False]
    kept = station.board.delivery(tests[PersonId("manager")].key)
    assert kept is not None
    assert kept.state is DeliveryState.ANSWERED
    hand.exercises.stop(begun.id, by="wang")
    await station.settles()
    assert station.incident().outcome is Outcome.TEST
    with pytest.raises(NotFound):
        hand.exercises.verify([PersonId("nobody")], by="wang")
    with pytest.raises(Conflict, match="verified"):
        hand.exercises.verify([PersonId("leader")], by="wang")
