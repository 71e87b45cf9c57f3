"""Two compounds on one site: whoever is confined to one changes its duties, and nothing of the other or the site."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.calls import As, ok
from harness.window import COMPOUND, Site
from shouwang.api.doors import Window
from shouwang.domain.access import Role
from shouwang.domain.belonging import places_of
from shouwang.domain.community import Community
from shouwang.domain.duty import Contact, Group, Person, PostHolder, Zone
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.vocabulary import PersonId, PlaceId

pytestmark = pytest.mark.slow

API = "/api/v1"
HEYUAN = PlaceId("chengjiang/dongmen/heyuan")
TOWER = PlaceId(f"{HEYUAN}/b1")
NIGHT = {"from": "2026-11-24T20:00:00+08:00", "to": "2026-11-25T08:00:00+08:00"}
CONTACTS = [{"kind": "webhook", "url": "http://198.51.100.7/x"}]


@pytest.fixture
def site(site: Site) -> Site:
    """Each compound with a zone, a roster, and a person of its own; one person works in both."""

    def always(who: str) -> list[Shift]:
        return [Shift(start="00:00", end="24:00", people=[PersonId(who)])]

    people = [
        Person(id=PersonId(id), name=id, channels=[Contact(kind="webhook", url="http://198.51.100.7/x")])
        for id in ("he", "jin", "both", "newcomer")
    ]
    zones = [
        Zone(id="he-all", places=[HEYUAN], members=[PersonId("he"), PersonId("both")], fallback=PersonId("he")),
        Zone(id="he-tower", places=[TOWER], members=[PersonId("he")]),
        Zone(id="jin-all", kind="property", places=[COMPOUND], members=[PersonId("jin"), PersonId("both")]),
    ]
    site.directory.change(
        [
            Place(id=HEYUAN, kind=PlaceKind.COMPOUND, name="和园"),
            Place(id=TOWER, kind=PlaceKind.BUILDING, name="1号楼"),
            Place(id=PlaceId(f"{TOWER}/u1"), kind=PlaceKind.UNIT, name="1单元"),
            *people,
            PostHolder(place=HEYUAN, post="engineer", person=PersonId("he")),
            *zones,
            Roster(id="he-desk", zone="he-all", post="desk_operator", shifts=always("he")),
            Roster(id="jin-desk", zone="jin-all", post="desk_operator", shifts=always("jin")),
            Roster(id="site-desk", post="shift_lead", shifts=always("wang")),
        ]
    )
    return site


@pytest.fixture
def window(site: Site) -> Window:
    return replace(site.window(), kinds=frozenset({"webhook"}), refuse_address=lambda _: None)


@pytest.fixture
def admin(client_as: As) -> TestClient:
    return client_as(Role.ADMIN, place=HEYUAN)


def shifts_of(who: str, zone: str) -> dict[str, Any]:
    return {"zone": zone, "post": "desk_operator", "shifts": [{"from": "00:00", "to": "24:00", "people": [who]}]}


def known(site: Site) -> Community:
    return site.directory.community()


def test_what_belongs_to_which_places(site: Site) -> None:
    community = known(site)
    people, rosters = community.people, community.rosters
    assert places_of(community, people[PersonId("he")]) == [HEYUAN, TOWER]
    assert set(places_of(community, people[PersonId("both")])) == {HEYUAN, COMPOUND}
    assert places_of(community, people[PersonId("newcomer")]) == []
    assert places_of(community, people[PersonId("wang")]) == [], "the site's fallback"
    assert places_of(community, rosters["jin-desk"]) == [COMPOUND] and places_of(community, rosters["site-desk"]) == []


def test_of_a_group_a_compound_sees_its_own_people(site: Site, admin: TestClient) -> None:
    members = [PersonId("jin"), PersonId("he")]
    site.directory.change([Group(id="mixed", members=members), Group(id="theirs", members=[PersonId("jin")])])
    assert [(one["id"], one["members"]) for one in ok(admin.get(f"{API}/groups"))["items"]] == [("mixed", ["he"])]


def test_an_administrator_of_one_compound_plans_its_duties(site: Site, admin: TestClient) -> None:
    ok(admin.put(f"{API}/rosters/he-desk", json=shifts_of("both", "he-all")))
    ok(admin.put(f"{API}/rosters/he-night", json=shifts_of("he", "he-tower")))
    made = ok(admin.post(f"{API}/overrides", json={"roster": "he-desk", "add": "he", "remove": "both", **NIGHT}), 201)
    assert admin.delete(f"{API}/overrides/{made['id']}").status_code == 204
    ok(admin.post(f"{API}/rosters/he-desk/changes", json={"add": [{"add": "he", **NIGHT}]}))
    ok(admin.post(f"{API}/rosters/he-desk/shifts", json=shifts_of("he", "he-all")))
    ok(admin.post(f"{API}/zones/he-tower/people", json={"members": ["both"], "fallback": "he"}))
    ok(admin.post(f"{API}/zones/he-tower/people", json={"members": ["he"]}))
    ok(admin.post(f"{API}/people/he/absences", json=NIGHT), 201)
    assert admin.delete(f"{API}/people/he/absences", params=NIGHT).status_code == 204
    ok(admin.post(f"{API}/zones/he-tower/places", json={"place": f"{TOWER}/u1"}))
    ok(admin.post(f"{API}/swaps", json={"roster": "he-desk", "asker": "both", "taker": "he", **NIGHT}), 201)
    assert ok(admin.put(f"{API}/people/he/contacts", json=CONTACTS))["id"] == "he"
    assert admin.delete(f"{API}/rosters/he-night").status_code == 204
    assert {one["id"] for one in ok(admin.get(f"{API}/rosters"))["items"]} == {"he-desk"}
    assert {one["id"] for one in ok(admin.get(f"{API}/coverage/duty-zones"))} == {"he-all", "he-tower"}
    assert set(ok(admin.get(f"{API}/duty/card"))["rosters"]) == {"he-desk"}


REFUSED: list[tuple[str, str, Any]] = [
    ("PUT", "rosters/jin-desk", shifts_of("he", "jin-all")),
    ("PUT", "rosters/jin-desk", shifts_of("he", "he-all")),
    ("PUT", "rosters/he-desk", shifts_of("he", "jin-all")),
    ("PUT", "rosters/he-desk", shifts_of("he", "")),
    ("PUT", "rosters/new", shifts_of("he", "jin-all")),
    ("PUT", "rosters/site-desk", shifts_of("he", "")),
    ("POST", "rosters/jin-desk/shifts", shifts_of("he", "jin-all")),
    ("POST", "rosters/he-desk/shifts", shifts_of("he", "")),
    ("POST", "zones/jin-all/people", {"members": ["he"]}),
    ("DELETE", "rosters/jin-desk", None),
    ("DELETE", "rosters/site-desk", None),
    ("POST", "overrides", {"roster": "jin-desk", "add": "he", "remove": "jin", **NIGHT}),
    ("POST", "overrides", {"roster": "site-desk", "add": "he", **NIGHT}),
    ("POST", "rosters/jin-desk/changes", {"add": [{"add": "he", **NIGHT}]}),
    ("POST", "swaps", {"roster": "jin-desk", "asker": "jin", "taker": "he", **NIGHT}),
    ("POST", "people/jin/absences", NIGHT),
    ("POST", "people/both/absences", NIGHT),
    ("POST", "people/wang/absences", NIGHT),
    ("PUT", "people/jin/contacts", CONTACTS),
    ("PUT", "people/both/contacts", CONTACTS),
    ("PUT", "people/newcomer/contacts", CONTACTS),
    ("POST", "zones/jin-all/places", {"place": f"{COMPOUND}/b3"}),
    ("POST", "zones/he-all/places", {"place": f"{COMPOUND}/b3"}),
    ("DELETE", f"zones/jin-all/places/{COMPOUND}", None),
    ("POST", "people/verify", {}),
    ("POST", "drills", {"zone": "jin-all"}),
    ("POST", "duty-checks", {"zone": "jin-all"}),
    ("POST", "transfers/export", {"what": "export"}),
    ("POST", "transfers/import?name=all.yaml", {}),
    ("POST", "rules", {"text": "rule: x"}),
    ("GET", "callbacks", None),
    ("GET", "rosters/jin-desk/grid", None),
    ("GET", "rosters/jin-desk/days", None),
]


@pytest.mark.parametrize(("method", "path", "body"), REFUSED)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
def test_nobody_of_one_compound_changes_anything_of_the_other(
    site: Site, client_as: As, role: Role, method: str, path: str, body: Any
) -> None:
    before = known(site).revision
    answer = client_as(role, place=HEYUAN).request(method, f"{API}/{path}", json=body)
    assert answer.status_code in (403, 404), answer.text
    assert known(site).revision == before
    assert not [entry for entry in site.journal.since(0, 1000) if entry.actor.endswith("-desk")]


def test_whoever_is_of_the_whole_site_may_change_either(client_as: As, site: Site) -> None:
    operator = client_as(Role.OPERATOR)
    ok(operator.put(f"{API}/rosters/jin-desk", json=shifts_of("he", "jin-all")))
    ok(operator.put(f"{API}/rosters/site-desk", json=shifts_of("he", "")))
    ok(operator.post(f"{API}/people/both/absences", json=NIGHT), 201)


def test_a_hand_over_is_read_by_those_of_its_compound(client_as: As, site: Site, admin: TestClient) -> None:
    theirs = client_as(Role.OPERATOR, place=COMPOUND, person="wang")
    ours = client_as(Role.OPERATOR, place=HEYUAN, person="he")
    ok(theirs.post(f"{API}/reports/shift/handovers", json={"to": "jin"}), 201)
    ok(ours.post(f"{API}/reports/shift/handovers", json={"to": "both"}), 201)
    assert ours.post(f"{API}/reports/shift/handovers", json={"to": "both", "place": COMPOUND}).status_code == 404
    assert [(one["to"], one["place"]) for one in ok(admin.get(f"{API}/reports/shift/handovers"))] == [("both", HEYUAN)]
    assert "王测试" not in admin.get(f"{API}/reports/print/duty").text
    assert len(ok(client_as(Role.OPERATOR).get(f"{API}/reports/shift/handovers"))) == 2


def test_a_hand_over_of_the_whole_site_or_of_what_lies_around_concerns_each_compound(
    client_as: As, site: Site, admin: TestClient
) -> None:
    desk = client_as(Role.OPERATOR, person="wang")
    for place, to, note in (
        (None, "he", "全站消防泵检修"),
        ("chengjiang/dongmen", "jin", "社区停水"),
        (COMPOUND, "jin", "金源地库积水"),
    ):
        ok(desk.post(f"{API}/reports/shift/handovers", json={"to": to, "note": note, "place": place}), 201)
        site.clock.forward(1)
    ours = ok(admin.get(f"{API}/reports/shift/handovers"))
    assert [(one["place"], one["note"]) for one in ours] == [
        ("chengjiang/dongmen", "社区停水"),
        (None, "全站消防泵检修"),
    ]
    for client, asked in ((admin, {}), (desk, {"place": HEYUAN})):
        form = client.get(f"{API}/reports/print/duty", params=asked).text
        assert "全站消防泵检修" in form and "社区停水" in form and "金源地库积水" not in form
    mine = client_as(Role.RESPONDER, place=HEYUAN, person="he")
    assert ok(mine.post(f"{API}/reports/shift/handovers/{ours[1]['id']}/sign"))["signed_at"]
    assert mine.post(f"{API}/reports/shift/handovers/{ours[0]['id']}/sign").status_code == 409


def test_a_silence_of_a_rule_everywhere_is_on_the_record_of_each_compound(
    client_as: As, site: Site, admin: TestClient
) -> None:
    desk = client_as(Role.OPERATOR, person="wang")
    ok(desk.post(f"{API}/silences", json={"rules": ["device-fault"], "why": "固件升级", "lasts": "2h"}), 201)
    ok(desk.post(f"{API}/silences", json={"places": [COMPOUND], "why": "金源断电", "lasts": "2h"}), 201)
    assert [one["why"] for one in ok(admin.get(f"{API}/reports/shift"))["holds"]] == ["固件升级"]
    form = admin.get(f"{API}/reports/print/duty").text
    assert "固件升级" in form and "金源断电" not in form
