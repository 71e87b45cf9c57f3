"""Duty zones over HTTP: what each answers for, a place moved to another, weighed and taken back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.window import COMPOUND, Site, site_on
from shouwang.api.server import build_app
from shouwang.domain.access import Role
from shouwang.domain.duty import Zone, zone_of
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.vocabulary import PersonId, PlaceId

pytestmark = pytest.mark.slow

API = "/api/v1"
TOWER = PlaceId(f"{COMPOUND}/b7")
UNIT = PlaceId(f"{TOWER}/u1")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, {}) as site:
        known = site.directory.community()
        someone = next(iter(known.people))
        site.directory.change(
            [
                Place(id=TOWER, kind=PlaceKind.BUILDING, name="7号楼"),
                Place(id=UNIT, kind=PlaceKind.UNIT, name="1单元"),
                Zone(id="east", name="东区", places=[TOWER], members=[someone], fallback=someone),
                Zone(id="west", name="西区", places=[], members=[]),
                Zone(id="net", kind="grid", places=[TOWER], members=[PersonId(someone)]),
            ]
        )
        yield site


def caller(site: Site, role: Role = Role.OPERATOR, place: str | None = None) -> TestClient:
    headers = {"Authorization": f"Bearer {site.token(role, place)}"}
    return TestClient(build_app(site.window()), headers=headers, raise_server_exceptions=False)


def ok(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def owner(site: Site, place: str, kind: str = "party") -> str | None:
    zone = zone_of(site.directory.community(), place, kind)
    return zone.id if zone else None


def test_a_zone_says_what_it_answers_for_and_what_is_missing(site: Site) -> None:
    zones = {one["id"]: one for one in ok(caller(site).get(f"{API}/coverage/duty-zones"))}
    east = zones["east"]
    assert [(one["kind"], one["where"]["label"]) for one in east["places"]] == [("building", "7号楼")]
    assert east["members"][0]["name"] and east["fallback"]["person"] == east["members"][0]["person"]
    community = site.directory.community()
    assert (
        east["devices"]
        == sum(
            zone_of(community, one.place) is not None and owner(site, one.place) == "east"
            for one in community.devices.values()
        )
        > 0
    )
    assert "zone_without_members" in {gap["kind"] for gap in zones["west"]["gaps"]}
    assert all(gap["zone"] in (None, "west") for gap in zones["west"]["gaps"])
    inside = ok(caller(site, place=UNIT).get(f"{API}/coverage/duty-zones"))
    assert {one["id"] for one in inside} == {"east", "net"}, "who is confined sees what touches their place"


def test_a_building_is_moved_and_moved_back(site: Site) -> None:
    desk = caller(site)
    weighed = ok(desk.post(f"{API}/zones/west/places", json={"place": TOWER, "dry_run": True}))
    assert (weighed["applied"], weighed["named_by"], owner(site, TOWER)) == (False, "east", "east")
    moved = ok(desk.post(f"{API}/zones/west/places", json={"place": TOWER}))
    assert moved["applied"] and (owner(site, TOWER), owner(site, TOWER, "grid")) == ("west", "net")
    again = ok(desk.post(f"{API}/zones/west/places", json={"place": TOWER}))
    assert (again["applied"], again["named_by"]) == (False, "west")
    ok(desk.post(f"{API}/zones/{moved['named_by']}/places", json={"place": TOWER}))
    assert owner(site, TOWER) == "east"
    assert [entry.kind for entry in site.journal.since(0, 1000)][-2:] == ["zone.place_added"] * 2


def test_a_unit_leaves_the_zone_of_its_building_and_comes_back(site: Site) -> None:
    desk = caller(site)
    moved = ok(desk.post(f"{API}/zones/west/places", json={"place": UNIT}))
    assert (moved["named_by"], moved["around"]) == (None, "east")
    assert (owner(site, TOWER), owner(site, UNIT)) == ("east", "west")
    back = ok(desk.delete(f"{API}/zones/west/places/{UNIT}"))
    assert back["applied"] and owner(site, UNIT) == "east"
    assert desk.delete(f"{API}/zones/west/places/{UNIT}").status_code == 404
    assert desk.post(f"{API}/zones/none/places", json={"place": UNIT}).status_code == 404
    assert desk.post(f"{API}/zones/west/places", json={"place": "nowhere"}).status_code == 404
    assert caller(site, Role.RESPONDER).post(f"{API}/zones/west/places", json={"place": UNIT}).status_code == 403
    assert caller(site, Role.ADMIN, COMPOUND).post(f"{API}/zones/west/places", json={"place": UNIT}).status_code == 403
    assert caller(site, Role.ADMIN, UNIT).post(f"{API}/zones/east/places", json={"place": UNIT}).status_code == 404


def test_who_answers_for_a_zone_is_weighed_kept_and_taken_back(site: Site) -> None:
    desk = caller(site)
    path = f"{API}/zones/east/people"
    weighed = ok(desk.post(path, json={"members": [], "fallback": None, "dry_run": True}))
    assert not weighed["applied"] and "zone_without_members" in {gap["kind"] for gap in weighed["opens"]}
    assert site.directory.community().zones["east"].members
    changed = ok(desk.post(path, json={"members": ["zhao", "zhang", "zhao"], "fallback": "zhang"}))
    assert changed["applied"] and changed["members"] == ["zhao", "zhang"]
    kept = site.directory.community().zones["east"]
    assert (kept.members, kept.fallback, kept.places) == (["zhao", "zhang"], "zhang", [TOWER])
    entry = site.journal.since(0, 1000)[-1]
    assert (entry.kind, entry.body["members"]) == ("zone.people_changed", ["zhao", "zhang"])
    back = ok(desk.post(path, json=changed["before"]))
    assert back["applied"] and site.directory.community().zones["east"].fallback != "zhang"
    assert not ok(desk.post(path, json=changed["before"]))["applied"], "the same again changes nothing"
    refused = desk.post(path, json={"members": ["nobody", "zhao"], "fallback": "ghost"})
    assert [one["pointer"] for one in refused.json()["errors"]] == ["body/members[0]", "body/fallback"]
    assert desk.post(f"{API}/zones/none/people", json={"members": []}).status_code == 404
    assert caller(site, Role.RESPONDER).post(path, json={"members": []}).status_code == 403
    assert caller(site, Role.ADMIN, UNIT).post(path, json={"members": []}).status_code == 404
