"""The right people, in the right order, until it is done: the shipped policies on a compound with a roster."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.phones import Reply
from harness.station import Station, open_station
from shouwang.domain.acts import Arrive, Decline, FollowUp
from shouwang.domain.alert import AlertClass
from shouwang.domain.casefile import Proof, Visit, is_proven
from shouwang.domain.errors import Conflict
from shouwang.domain.incident import Finding, IncidentState, Outcome
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.owed import Owed, owed
from shouwang.domain.vocabulary import PersonId, PlaceId

PLACES = """
  - {id: cj, kind: sub_district, name: 演示街道}
  - {id: cj/dm, kind: community, name: 演示社区}
  - {id: cj/dm/jy, kind: compound, name: 锦苑}
  - {id: cj/dm/jy/b3, kind: building, name: 3号楼}
  - {id: cj/dm/jy/b3/u2, kind: unit, name: 2单元}
  - {id: cj/dm/jy/b3/u2/f5, kind: floor, name: 5层}
  - {id: cj/dm/jy/b3/u2/f5/501, kind: dwelling, name: "501"}
  - {id: cj/dm/jy/b3/u2/f5/502, kind: dwelling, name: "502"}
  - {id: cj/dm/jy/b3/u2/f6, kind: floor, name: 6层}
  - {id: cj/dm/jy/b3/u2/f6/601, kind: dwelling, name: "601"}
  - {id: cj/dm/jy/b3/u2/f6/602, kind: dwelling, name: "602"}
  - {id: cj/dm/jy/b3/u2/f7, kind: floor, name: 7层}
  - {id: cj/dm/jy/b3/u2/f7/701, kind: dwelling, name: "701"}
  - {id: cj/dm/jy/b3/u2/f7/702, kind: dwelling, name: "702"}
"""
FLATS = ("501", "502", "601", "602", "701", "702")
EVERYBODY = (
    "day",
    "night",
    "patrol",
    "leader",
    "lead",
    "manager",
    "secretary",
    "station",
    "officer",
    "care",
    "festive",
)
POSTS = {
    "patrol": "patrol",
    "shift_lead": "lead",
    "property_manager": "manager",
    "branch_secretary": "secretary",
    "micro_fire_station": "station",
    "community_officer": "officer",
    "care_partner": "care",
    "engineer": "patrol",
}
SHIFTS = """
      - {from: "08:00", to: "20:00", people: [day]}
      - {from: "20:00", to: "08:00", people: [night]}
"""


def compound(
    *, shifts: str = SHIFTS, posts: dict[str, str] = POSTS, zone: str = "Asia/Shanghai", more: str = ""
) -> str:
    people = "\n".join(
        f'  - {{id: {one}, name: {one}, channels: [{{kind: webhook, url: "{{phone:{one}}}"}}'
        + (f', {{kind: webhook, url: "{{phone:{one}-2}}"}}' if one == "day" else "")
        + "]}"
        for one in EVERYBODY
    )
    held = "\n".join(f"  - {{place: cj/dm/jy, post: {post}, person: {person}}}" for post, person in posts.items())
    devices = "\n".join(
        f'  - {{id: smoke-{flat}, profile: heiman-hs1sa, address: "zigbee2mqtt:smoke-{flat}", '
        f"place: cj/dm/jy/b3/u2/f{flat[0]}/{flat}}}"
        for flat in FLATS
    )
    return f"""
site: {{fallback: manager, timezone: {zone}}}
places:{PLACES}
people:
{people}
posts:
{held}
  - {{place: cj/dm/jy/b3, post: building_leader, person: leader}}
zones:
  - {{id: east, kind: party, name: 东责任区, places: [cj/dm/jy], members: [secretary], fallback: manager}}
rosters:
  - id: desk
    zone: east
    post: desk_operator
    shifts:{shifts}
devices:
{devices}
  - {{id: sos-501, profile: heiman-hs1eb, address: "zigbee2mqtt:sos-501", place: cj/dm/jy/b3/u2/f5/501}}
{more}
"""


SMOKE = {"smoke": True, "battery": 90}
CLEAR = {"smoke": False, "battery": 90}
PRESS = {"action": "emergency", "battery": 100}
FIRST = ("day", "patrol", "leader")
NOON = parse_rfc3339("2026-01-14T12:00:00+08:00")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, compound(), NOON) as opened:
        yield opened


async def burns(station: Station, flat: str = "501", told: tuple[str, ...] = FIRST) -> str:
    await station.hears(f"zigbee2mqtt/smoke-{flat}", SMOKE)
    for name in told:
        station.phone(name).receives("first", "3号楼", flat).within(seconds=1)
    return station.incidents()[0].id


def hear(station: Station, why: str, *names: str) -> None:
    for name in names:
        station.phone(name).receives(why)


async def ends(station: Station, *told: str, actor: str = "day", outcome: Outcome = Outcome.FALSE_ALARM) -> None:
    station.respond.resolve(station.incidents()[0].id, actor=actor, outcome=outcome, cause="cooking")
    await station.settles()
    hear(station, "stood_down", *told)


async def test_a_guard_who_answers_at_once_and_goes_spares_everybody_else(station: Station) -> None:
    incident = await burns(station)
    await station.forward(seconds=8)
    station.respond.acknowledge(incident, actor="day")
    station.respond.en_route(incident, actor="patrol")
    await station.forward(seconds=92)
    station.respond.arrive(incident, actor="patrol", proof=Proof.TAG, reference="smoke-501")
    station.respond.verify(incident, actor="patrol", finding=Finding.FALSE, how="on_scene")
    await station.forward(minutes=10)
    await ends(station, *FIRST)
    found = station.incident()
    assert (found.acknowledged_at or 0) - found.opened_at == 8_000_000
    assert found.holder == "day" and found.on_scene_by == "patrol" and is_proven(found.file)


async def test_while_the_guard_sleeps_a_level_is_added_each_minute_until_all_are_told(station: Station) -> None:
    await burns(station)
    await station.forward(seconds=61)
    for name in ("lead", "manager", "secretary"):
        station.phone(name).receives("next_step").within(seconds=61)
    await station.forward(seconds=60)
    hear(station, "next_step", "station", "secretary")
    await station.forward(seconds=60)
    hear(station, "next_step", "secretary", "officer")
    await station.forward(minutes=3)
    hear(station, "next_step", "officer")
    await ends(station, *FIRST, "lead", "manager", "secretary", "station", "officer", actor="manager")


async def test_an_empty_duty_is_told_to_the_next_level_and_the_fallback_at_once(tmp_path: Path) -> None:
    nobody = compound(shifts=' [{from: "08:00", to: "09:00", people: [day]}]', posts={"property_manager": "manager"})
    nobody = nobody.replace("  - {place: cj/dm/jy/b3, post: building_leader, person: leader}\n", "")
    with open_station(tmp_path, nobody, NOON) as station:
        await station.hears("zigbee2mqtt/smoke-501", SMOKE)
        station.phone("manager").receives("coverage_gap", "501").within(seconds=1)
        station.phone("secretary").receives("coverage_gap").within(seconds=1)
        kinds = [entry.kind for entry in station.journal.since(0, 500)]
        assert "coverage.gap" in kinds
        await station.forward(minutes=6)
        while station.phone("manager").waiting:
            station.phone("manager").receives(station.phone("manager").waiting[0].body["why"])
        while station.phone("secretary").waiting:
            station.phone("secretary").receives(station.phone("secretary").waiting[0].body["why"])


async def test_a_dead_channel_is_passed_over_at_once_for_the_persons_next_one(station: Station) -> None:
    station.phones["day"].answers(Reply(503))
    await station.hears("zigbee2mqtt/smoke-501", SMOKE)
    hear(station, "first", "day", "patrol", "leader")
    station.phone("day-2").receives("first", "501").within(seconds=1)
    station.respond.acknowledge(station.incident().id, actor="day")
    station.respond.verify(station.incident().id, actor="day", finding=Finding.FALSE, how="camera")
    station.phones["day"].answers(Reply(200))
    await station.settles()
    await ends(station, *FIRST)


async def test_when_everybody_declines_the_next_level_comes_at_once(station: Station) -> None:
    incident = await burns(station)
    await station.forward(seconds=5)
    for name in FIRST:
        station.respond.act(station.incident().id, Decline(note="not here"), actor=name)
    await station.settles()
    hear(station, "next_step", "lead", "manager", "secretary")
    assert station.board.incident(station.incident().id).declined == list(FIRST)  # type: ignore[union-attr]
    station.respond.acknowledge(station.incident().id, actor="manager")
    station.respond.verify(station.incident().id, actor="manager", finding=Finding.FALSE, how="camera")
    await ends(station, *FIRST, "lead", "manager", "secretary", actor="manager")
    assert incident == station.incident().id


async def test_an_acknowledgement_without_anybody_going_stops_counting_and_climbing_goes_on(station: Station) -> None:
    incident = await burns(station)
    await station.forward(seconds=30)
    station.respond.acknowledge(station.incident().id, actor="day")
    await station.forward(seconds=149)  # up to 179 s after the alarm: the answer spares the minutes' levels
    await station.forward(seconds=2)
    hear(station, "next_step", "secretary")  # 180 s: nobody verified
    await station.forward(seconds=31)  # 180 s after the answer
    hear(station, "next_step", "lead", "manager", "secretary", "station", "officer")
    found = station.incident()
    assert found.holder == "day" and found.state is IncidentState.ACKNOWLEDGED
    assert "escalation.resumed" in [entry.kind for entry in station.board.timelines([found.id], None)[found.id]]
    station.respond.acknowledge(found.id, actor="manager")  # somebody else may take it now
    station.respond.arrive(found.id, actor="manager")
    assert not is_proven(station.incident().file)  # 未核实到场
    await station.forward(minutes=5)
    await ends(station, *FIRST, "lead", "manager", "secretary", "station", "officer", actor="manager")
    assert incident == found.id


async def test_of_two_who_answer_at_the_same_moment_one_has_it_and_the_other_is_told_who(station: Station) -> None:
    await burns(station)
    found = station.incident().id
    station.respond.acknowledge(found, actor="patrol")
    with pytest.raises(Conflict, match="patrol has it already"):
        station.respond.acknowledge(found, actor="day")
    assert station.incident().holder == "patrol"
    station.respond.verify(found, actor="patrol", finding=Finding.FALSE, how="on_scene")
    await ends(station, *FIRST, actor="patrol")


async def test_the_shift_that_comes_takes_over_an_alarm_that_the_old_one_heard(station: Station) -> None:
    await station.until("19:58")
    await burns(station)
    await station.forward(minutes=1)
    hear(station, "next_step", "lead", "manager", "secretary")
    station.respond.acknowledge(station.incident().id, actor="day")
    station.respond.verify(station.incident().id, actor="day", finding=Finding.UNCLEAR, how="camera")
    await station.until("20:00:30")
    station.respond.handover(station.incident().id, actor="day", to="night")
    await station.settles()
    station.phone("night").receives("next_step", "501")
    await station.hears("zigbee2mqtt/smoke-601", SMOKE)  # worse: the shift that is on duty now hears it, and who knew
    hear(station, "worse", "day", "patrol", "leader", "lead", "manager", "secretary", "night")
    hear_confirmed = ("station",)
    hear(station, "worse", *hear_confirmed)
    station.respond.acknowledge(station.incident().id, actor="night")
    station.respond.verify(station.incident().id, actor="night", finding=Finding.FALSE, how="on_scene")
    await ends(station, *FIRST, "lead", "manager", "secretary", "night", "station", actor="night")
    assert station.incident().holder == "night"


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-01-14T07:59:59+08:00", "night"),
        ("2026-01-14T08:00:00+08:00", "day"),
        ("2026-01-14T23:59:59+08:00", "night"),
        ("2026-01-15T00:00:00+08:00", "night"),
    ],
)
async def test_midnight_is_no_change_of_shift_and_eight_oclock_is(tmp_path: Path, at: str, who: str) -> None:
    with open_station(tmp_path, compound(), parse_rfc3339(at)) as station:
        await burns(station, told=(who, "patrol", "leader"))


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-03-29T00:59:59Z", "night"),  # 01:59:59 in Berlin; the next second is 03:00
        ("2026-03-29T01:00:00Z", "day"),
        ("2026-10-25T00:59:59Z", "night"),  # 02:59:59, for the first time
        ("2026-10-25T01:30:00Z", "night"),  # 02:30, for the second time
        ("2026-10-25T02:00:00Z", "day"),  # 03:00
    ],
)
async def test_when_the_clocks_jump_the_shifts_still_meet(tmp_path: Path, at: str, who: str) -> None:
    shifts = """
      - {from: "03:00", to: "20:00", people: [day]}
      - {from: "20:00", to: "03:00", people: [night]}
"""
    with open_station(tmp_path, compound(shifts=shifts, zone="Europe/Berlin"), parse_rfc3339(at)) as station:
        await burns(station, told=(who, "patrol", "leader"))


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-09-30T12:00:00+08:00", "day"),  # a Wednesday
        ("2026-10-01T12:00:00+08:00", "festive"),  # National Day
        ("2026-10-04T12:00:00+08:00", "festive"),  # the Sunday within it
        ("2026-10-10T12:00:00+08:00", "day"),  # a Saturday worked instead (调休)
        ("2026-10-11T12:00:00+08:00", "night"),  # an ordinary Sunday
    ],
)
async def test_a_holidays_roster_and_days_worked_instead_are_observed(tmp_path: Path, at: str, who: str) -> None:
    shifts = """
      - {from: "00:00", to: "24:00", days: [workday], people: [day]}
      - {from: "00:00", to: "24:00", days: [restday], people: [night]}
      - {from: "00:00", to: "24:00", days: [holiday], people: [festive], layer: 1}
"""
    with open_station(tmp_path, compound(shifts=shifts), parse_rfc3339(at)) as station:
        await burns(station, told=(who, "patrol", "leader"))


async def test_a_building_without_power_is_one_incident_said_once_and_once_more_as_many(station: Station) -> None:
    for flat in FLATS:
        await station.hears(f"zigbee2mqtt/smoke-{flat}", CLEAR)
        await station.forward(seconds=20)
    await station.hears("zigbee2mqtt/sos-501", {"battery": 100})
    await station.forward(minutes=20 * 60 - 3)
    assert station.incidents() == []
    await station.forward(minutes=4)
    found = station.incident()
    assert {alert.device for alert in station.alerts()} >= {f"smoke-{flat}" for flat in FLATS}
    assert {"device-silent", "mass-silence"} == {alert.rule for alert in station.alerts()}
    assert found.title["zh"] == "楼栋设备大面积失联"
    for name in ("day", "patrol"):
        station.phone(name).receives("first", "失联")
        station.phone(name).receives("worse", "3号楼")
    station.respond.acknowledge(found.id, actor="patrol")
    await station.forward(minutes=60)
    for flat in FLATS:
        await station.hears(f"zigbee2mqtt/smoke-{flat}", CLEAR)
    while station.phone("patrol").waiting:
        station.phone("patrol").receives("cleared")
        station.phone("day").receives("cleared")
    await ends(station, "day", "patrol", actor="patrol", outcome=Outcome.DEVICE_FAULT)


async def test_a_pressed_button_is_called_back_visited_and_followed_up_the_next_day(station: Station) -> None:
    await station.until("15:00")
    await station.hears("zigbee2mqtt/sos-501", PRESS)
    for name in ("day", "patrol"):
        station.phone(name).receives("first", "501").within(seconds=1)
    incident = station.incident().id
    station.respond.acknowledge(incident, actor="day", note="calling back")
    await station.forward(seconds=30)
    station.respond.verify(incident, actor="day", finding=Finding.REAL, how="call_back")
    await station.settles()
    hear(station, "verified", "day", "patrol", "care", "leader")
    station.respond.act(incident, Arrive(proof=Proof.TEST_PRESS, reference="sos-501"), actor="care")
    await station.forward(minutes=20)
    await ends(station, "day", "patrol", "care", "leader", actor="care", outcome=Outcome.REAL)
    await station.until("22:00")
    for flat in FLATS:
        await station.hears(f"zigbee2mqtt/smoke-{flat}", CLEAR)
    closed = station.respond.close(incident, actor="day", note="filed at the end of the shift")
    assert [debt.what for debt in owed(closed)] == [Owed.FOLLOW_UP, Owed.REVIEW]
    await station.until("09:59:50")
    for name in ("care", "day", "patrol"):
        station.phone(name).receives_nothing_else()
    await station.until("10:00:10")
    hear(station, "next_step", "care", "day")
    station.respond.act(incident, FollowUp(result=Visit.NOT_REACHED, note="nobody opened"), actor="care")
    done = station.respond.act(incident, FollowUp(result=Visit.WELL), actor="care")
    assert done.state is IncidentState.CLOSED and done.file is not None
    assert [one.result for one in done.file.follow_ups] == [Visit.NOT_REACHED, Visit.WELL]
    with pytest.raises(Conflict, match="held"):
        station.respond.review(incident, actor="day")
    with pytest.raises(Conflict, match="by the branch"):
        station.respond.review(incident, actor="lead")
    reviewed = station.respond.review(incident, actor="secretary")
    assert (reviewed.reviewed_by, reviewed.state, owed(reviewed)) == (PersonId("secretary"), IncidentState.CLOSED, [])


async def test_a_fire_reported_by_hand_rings_as_an_alarm_does_and_detectors_join_it(station: Station) -> None:
    upstairs = PlaceId("cj/dm/jy/b3/u2/f7/701")
    report = station.respond.report
    reported, is_new = report(
        AlertClass.FIRE, upstairs, actor="patrol", policies=station.world.policies, note="smoke in the stairwell"
    )
    await station.settles()
    hear(station, "first", *FIRST)
    assert is_new and station.incident().policy.id == "fire"
    await station.forward(seconds=10)
    await station.hears("zigbee2mqtt/smoke-601", SMOKE)
    hear(station, "worse", *FIRST)
    assert station.incident().id == reported.id and len(station.incident().alerts) == 1
    again, is_new = report(AlertClass.FIRE, upstairs, actor="leader", policies=station.world.policies, note="flames")
    await station.settles()
    hear(station, "repeat", *FIRST)
    assert (again.id, is_new) == (reported.id, False)
    station.respond.acknowledge(reported.id, actor="day")
    station.respond.verify(reported.id, actor="patrol", finding=Finding.REAL, how="on_scene")
    await station.settles()
    hear(station, "verified", *FIRST, "secretary", "station", "manager")
    await ends(station, *FIRST, "secretary", "station", "manager", outcome=Outcome.REAL)


async def test_whoever_was_told_of_a_case_that_is_merged_hears_of_the_one_that_stays(station: Station) -> None:
    fire = await burns(station)
    await station.forward(seconds=5)
    await station.hears("zigbee2mqtt/sos-501", PRESS)
    for name in ("day", "patrol"):
        station.phone(name).receives("first", "501")
    (call,) = [one for one in station.incidents() if one.klass is AlertClass.EMERGENCY]
    (burning,) = [one for one in station.incidents() if one.klass is AlertClass.FIRE]
    kept = station.respond.merge(call.id, actor="day", into=burning.id, note="same flat")
    await station.settles()
    hear(station, "worse", "day", "patrol")
    assert len(kept.alerts) == 2 and fire
    station.respond.acknowledge(kept.id, actor="day")
    station.respond.verify(kept.id, actor="day", finding=Finding.FALSE, how="on_scene")
    await station.forward(minutes=4)  # nobody set out: the call's own step comes, once, and of the case that stays
    hear(station, "next_step", "care", "leader")
    station.respond.resolve(kept.id, actor="day", outcome=Outcome.FALSE_ALARM, cause="cooking")
    await station.settles()
    hear(station, "stood_down", *FIRST, "care")
