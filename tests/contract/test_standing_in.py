"""A gap of a roster is closed with one press: who could stand in, best first."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.calls import As, ok
from harness.window import COMPOUND, Site
from shouwang.domain.access import Role
from shouwang.domain.duty import Absence, Certificate, Contact, Person, PostHolder, Zone
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.vocabulary import PersonId, PlaceId

pytestmark = pytest.mark.slow

API = "/api/v1"
TONIGHT = {"from": "2026-11-24T20:00:00+08:00", "to": "2026-11-25T08:00:00+08:00"}
LEAVE = [Absence(start="2026-11-25T06:00:00+08:00", end="2026-11-26T00:00:00+08:00")]


def person(id: str, *, papers: bool = False, verified: bool = True, absences: list[Absence] | None = None) -> Person:
    return Person(
        id=PersonId(id),
        name=id,
        channels=[Contact(kind="webhook", url="http://198.51.100.7/x", verified=verified)],
        certificates=[Certificate()] if papers else [],
        absences=absences or [],
    )


def shift(start: str, end: str, *people: str) -> Shift:
    return Shift(start=start, end=end, people=[PersonId(one) for one in people])


@pytest.fixture
def site(site: Site) -> Site:
    """At the desk by day; nobody by night, since the night's only guard goes on leave before the shift ends."""
    site.directory.change(
        [
            person("day", papers=True),
            person("night", papers=True, absences=LEAVE),
            person("member"),
            person("unproven", verified=False),
            person("gate", papers=True),
            Person(id=PersonId("mute"), name="mute"),
            Zone(id="guarded", kind="property", places=[COMPOUND], members=[PersonId("member"), PersonId("unproven")]),
            Roster(
                id="desk",
                zone="guarded",
                post="desk_operator",
                shifts=[shift("08:00", "20:00", "day"), shift("20:00", "08:00", "night")],
            ),
            Roster(id="gate", zone="guarded", post="gatekeeper", shifts=[shift("20:00", "08:00", "gate")]),
        ],
        [("post", f"{COMPOUND}|desk_operator|wang")],
    )
    return site


@pytest.fixture
def desk(client_as: As) -> TestClient:
    return client_as(Role.OPERATOR)


def offered(desk: TestClient, roster: str = "desk", span: dict[str, str] = TONIGHT) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(desk.get(f"{API}/rosters/{roster}/stand-ins", params=span))
    return found


def gaps_of(desk: TestClient, kind: str) -> list[dict[str, Any]]:
    found = ok(desk.get(f"{API}/coverage", params={"days": 2, "limit": 200}))["items"]
    return [one for one in found if one["kind"] == kind and one["rosters"] == ["desk"]]


def test_the_free_stand_before_the_busy_and_the_certified_before_the_others(desk: TestClient) -> None:
    found = {one["person"]: one for one in offered(desk)}
    order = [one for one in found if one in {"day", "night", "member", "unproven", "gate", "mute"}]
    assert order == ["day", "member", "unproven", "gate"], (
        "who leaves within the span, or cannot be reached, is not asked"
    )
    assert [(found[one]["own"], found[one]["certified"], found[one]["verified"]) for one in order] == [
        (True, True, True),
        (True, False, True),
        (True, False, False),
        (False, True, True),
    ]
    assert found["gate"]["elsewhere"] == ["gate"] and found["day"]["elsewhere"] == []


def test_a_gap_names_its_roster_and_one_press_closes_it(desk: TestClient) -> None:
    gaps = gaps_of(desk, "desk_uncertified")
    assert gaps, "one certified operator is less than two"
    span = {"from": gaps[0]["from"] or TONIGHT["from"], "to": gaps[0]["to"] or TONIGHT["to"]}
    taken: list[str] = []
    while (open_gaps := gaps_of(desk, "desk_uncertified")) and len(taken) < 2:
        best = next(one for one in offered(desk, span=span) if one["certified"] and one["person"] not in taken)
        taken.append(best["person"])
        ok(
            desk.post(f"{API}/overrides", json={"roster": open_gaps[0]["rosters"][0], "add": best["person"], **span}),
            201,
        )
    assert [one["from"] for one in gaps_of(desk, "desk_uncertified")] != [gaps[0]["from"]]
    assert not {one["person"] for one in offered(desk, span=span)} & set(taken), "who is on duty is not offered again"


def test_a_post_that_is_held_by_name_waits_for_no_roster(desk: TestClient, site: Site) -> None:
    site.directory.change([PostHolder(place=COMPOUND, post="desk_operator", person=PersonId("gate"))])
    gaps = [one for one in ok(desk.get(f"{API}/coverage"))["items"] if one["kind"] == "desk_uncertified"]
    assert gaps and not any(one["rosters"] for one in gaps)


def test_only_who_plans_duties_sees_them_and_only_for_a_span(desk: TestClient, client_as: As) -> None:
    path = f"{API}/rosters/desk/stand-ins"
    assert client_as(Role.RESPONDER, person="zhang").get(path, params=TONIGHT).status_code == 403
    elsewhere = client_as(Role.OPERATOR, place=PlaceId("another/compound"))
    assert elsewhere.get(path, params=TONIGHT).status_code == 404
    assert desk.get(path, params={"from": TONIGHT["to"], "to": TONIGHT["from"]}).status_code == 422
    assert desk.get(path).status_code == 422
    assert desk.get(f"{API}/rosters/none/stand-ins", params=TONIGHT).status_code == 404
