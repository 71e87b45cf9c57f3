"""居家关怀: somebody who lives alone is not heard moving. The desk knows, and who knows the home is told, in order."""

from pathlib import Path

from harness.station import Station, open_station
from shouwang.domain.incident import Finding, Outcome
from shouwang.domain.moment import parse_rfc3339

HOME = "cj/dm/jy/b3/u2/f5/501"
PEOPLE = ("desk", "partner", "daughter", "grid", "leader", "secretary", "officer", "manager")
POSTS = {"care_partner": "partner", "grid_worker": "grid", "building_leader": "leader"}
POSTS |= {"community_officer": "officer", "property_manager": "manager", "desk_operator": "desk"}
MORNING = parse_rfc3339("2026-01-14T08:00:00+08:00")


def community(*, posts: dict[str, str] = POSTS, kin: str = "daughter", tags: str = "care:alone") -> str:
    people = "\n".join(
        f'  - {{id: {one}, name: {one}, channels: [{{kind: webhook, url: "{{phone:{one}}}"}}]}}' for one in PEOPLE
    )
    held = "\n".join(f"  - {{place: cj/dm/jy, post: {post}, person: {person}}}" for post, person in posts.items())
    contacts = f'[{{name: 女儿, phone: "", relation: 女儿, person: {kin}}}]' if kin else "[]"
    return f"""
site: {{fallback: manager, timezone: Asia/Shanghai}}
places:
  - {{id: cj/dm/jy, kind: compound, name: 锦苑}}
  - {{id: cj/dm/jy/b3, kind: building, name: 3号楼}}
  - {{id: {HOME}, kind: dwelling, name: "501", tags: ["care:consent", "{tags}"]}}
people:
{people}
posts:
{held}
zones:
  - {{id: east, kind: party, name: 东责任区, places: [cj/dm/jy], members: [secretary], fallback: manager}}
households:
  - {{place: {HOME}, residents: 1, contacts: {contacts}}}
devices:
  - {{id: motion-501, profile: aqara-rtcgq11lm, address: "zigbee2mqtt:motion-501", place: {HOME}, tags: ["{tags}"]}}
"""


async def moves(station: Station, yes: bool = True) -> None:
    await station.hears("zigbee2mqtt/motion-501", {"occupancy": yes, "battery": 90})


async def ends(station: Station, by: str, *told: str) -> None:
    case = station.incident().id
    station.respond.acknowledge(case, actor=by)
    station.respond.verify(case, actor=by, finding=Finding.FALSE, how="call_back")
    station.respond.resolve(case, actor=by, outcome=Outcome.FALSE_ALARM, cause="out")
    await station.settles()
    hear(station, "stood_down", *told)


def hear(station: Station, why: str, *names: str) -> None:
    for name in names:
        station.phone(name).receives(why, "501")
    station.nobody_else_is_told()


async def test_an_unmoving_day_is_told_to_desk_partner_and_family_then_grid_zone_and_community(tmp_path: Path) -> None:
    with open_station(tmp_path, community(), MORNING) as station:
        await moves(station)
        await station.forward(minutes=6 * 60)
        assert station.incident().policy.id == "home-care"
        hear(station, "first", "desk")
        await station.forward(minutes=1)
        hear(station, "next_step", "partner", "daughter")
        await station.forward(minutes=14)
        hear(station, "next_step", "grid")
        await station.forward(minutes=15)
        hear(station, "next_step", "leader", "secretary")
        await station.forward(minutes=30)
        hear(station, "next_step", "officer", "manager")
        await ends(station, "partner", *PEOPLE)


async def test_a_preset_that_runs_out_at_night_wakes_the_desk_alone_and_the_others_in_the_morning(
    tmp_path: Path,
) -> None:
    at = parse_rfc3339("2026-01-14T03:00:00+08:00")
    door = community(tags="care:door-24h").replace("aqara-rtcgq11lm", "aqara-mccgq11lm")
    with open_station(tmp_path, door, at) as station:
        await station.hears("zigbee2mqtt/motion-501", {"contact": True, "battery": 90})
        await station.forward(minutes=1)
        await station.hears("zigbee2mqtt/motion-501", {"contact": False, "battery": 90})
        await station.forward(minutes=24 * 60 + 1)
        hear(station, "first", "desk")
        await station.until("06:59")
        hear(station, "first")
        await station.until("07:00:01")
        hear(station, "next_step", "partner", "daughter")
        await station.until("07:15:01")
        hear(station, "next_step", "grid")
        await ends(station, "daughter", "desk", "partner", "daughter", "grid")


async def test_a_bathroom_that_nobody_comes_back_from_waits_for_no_morning(tmp_path: Path) -> None:
    at = parse_rfc3339("2026-01-14T02:00:00+08:00")
    with open_station(tmp_path, community(tags="care:bathroom"), at) as station:
        await moves(station)
        await station.forward(minutes=60)
        assert station.incident().policy.id == "home-care-urgent"
        hear(station, "first", "desk")
        await station.forward(minutes=1)
        hear(station, "next_step", "partner", "daughter")
        await ends(station, "daughter", "desk", "partner", "daughter")


async def test_where_nobody_knows_the_home_the_grid_worker_comes_at_once(tmp_path: Path) -> None:
    posts = {post: person for post, person in POSTS.items() if post != "care_partner"}
    with open_station(tmp_path, community(posts=posts, kin=""), MORNING) as station:
        await moves(station)
        await station.forward(minutes=6 * 60)
        hear(station, "first", "desk")
        await station.forward(minutes=1, seconds=1)
        station.phone("grid").receives("next_step", "501")
        station.phone("manager").receives("coverage_gap", "501")
        await ends(station, "grid", "desk", "grid", "manager")
