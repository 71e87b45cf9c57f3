"""Rosters, overrides, swaps, leave and calendar feeds over HTTP."""

from dataclasses import replace

import icalendar
import pytest
from fastapi.testclient import TestClient

from harness.calls import As, ok
from harness.window import Site
from shouwang.api.doors import Window
from shouwang.domain.access import Role
from shouwang.domain.duty import resolve
from shouwang.domain.moment import parse_rfc3339

pytestmark = pytest.mark.slow

API = "/api/v1"
DESK = {
    "post": "desk_operator",
    "shifts": [
        {"from": "08:00", "to": "20:00", "people": ["zhang"]},
        {"from": "20:00", "to": "08:00", "people": ["zhao"]},
    ],
}
TONIGHT = {"from": "2026-11-24T20:00:00+08:00", "to": "2026-11-25T08:00:00+08:00"}


@pytest.fixture
def window(site: Site) -> Window:
    return replace(site.window(), link_secret=b"k" * 32)


@pytest.fixture
def desk(client_as: As) -> TestClient:
    found = client_as(Role.OPERATOR, person="wang")
    assert found.put(f"{API}/rosters/desk", json=DESK).status_code == 200
    return found


def on_duty(site: Site, at: str) -> list[str]:
    community = site.directory.community()
    return [str(one) for one in resolve(community, "x", ["roster:desk"], parse_rfc3339(at)).people]


def test_a_roster_is_put_whole_read_forwards_and_refused_with_every_fault(
    site: Site, desk: TestClient, client_as: As
) -> None:
    days = ok(desk.get(f"{API}/rosters/desk/days"))
    assert [one["people"][0]["id"] for one in days[:3]] == ["zhao", "zhang", "zhao"]
    assert days[0]["to"] == "2026-11-24T00:00:00Z" and len(days) == 15
    bad = {"zone": "no", "shifts": [{"from": "8 o'clock", "to": "20:00", "people": ["nobody"], "days": ["frday"]}]}
    refused = desk.put(f"{API}/rosters/other", json=bad)
    assert refused.status_code == 422
    pointers = {one["pointer"] for one in refused.json()["errors"]}
    assert pointers >= {"body/zone", "body/shifts[0]/people", "body/shifts[0]/from", "body/shifts[0]/days[0]"}
    assert client_as(Role.RESPONDER, person="zhang").put(f"{API}/rosters/desk", json=DESK).status_code == 403
    assert desk.delete(f"{API}/rosters/desk").status_code == 204
    assert desk.get(f"{API}/rosters/desk/days").status_code == 404
    kinds = [entry.kind for entry in site.journal.since(0, 100)]
    assert kinds[-2:] == ["roster.added", "roster.removed"]


def test_an_override_adds_removes_or_replaces_and_is_taken_back_by_its_id(site: Site, desk: TestClient) -> None:
    made = ok(desk.post(f"{API}/overrides", json={"roster": "desk", "add": "wang", "remove": "zhao", **TONIGHT}), 201)
    assert on_duty(site, "2026-11-24T22:00:00+08:00") == ["wang"]
    assert on_duty(site, "2026-11-25T22:00:00+08:00") == ["zhao"]
    again = ok(desk.post(f"{API}/overrides", json={"roster": "desk", "add": "wang", "remove": "zhao", **TONIGHT}), 201)
    assert again["id"] == made["id"]
    assert [one["id"] for one in ok(desk.get(f"{API}/overrides"))["items"]] == [made["id"]]
    assert desk.post(f"{API}/overrides", json={"roster": "desk", **TONIGHT}).status_code == 422
    backwards = {"roster": "desk", "add": "wang", "from": TONIGHT["to"], "to": TONIGHT["from"]}
    assert desk.post(f"{API}/overrides", json=backwards).status_code == 422
    ok(desk.put(f"{API}/rosters/desk", json=DESK))
    assert on_duty(site, "2026-11-24T22:00:00+08:00") == ["wang"]  # a roster put anew keeps its overrides
    assert desk.delete(f"{API}/overrides/{made['id']}").status_code == 204
    assert on_duty(site, "2026-11-24T22:00:00+08:00") == ["zhao"]
    assert desk.delete(f"{API}/overrides/{made['id']}").status_code == 404


def test_a_swap_changes_nothing_until_the_other_one_agrees(site: Site, desk: TestClient, client_as: As) -> None:
    zhao, zhang = client_as(Role.RESPONDER, person="zhao"), client_as(Role.RESPONDER, person="zhang")
    swap = ok(zhao.post(f"{API}/swaps", json={"roster": "desk", "taker": "zhang", **TONIGHT, "note": "wedding"}), 201)
    assert (swap["state"], swap["asker"]) == ("asked", "zhao")
    assert on_duty(site, "2026-11-24T22:00:00+08:00") == ["zhao"]
    for other in (zhao, desk):
        assert other.post(f"{API}/swaps/{swap['id']}/agree").status_code == 409
    assert ok(zhang.post(f"{API}/swaps/{swap['id']}/agree"))["state"] == "agreed"
    assert ok(zhang.post(f"{API}/swaps/{swap['id']}/agree"))["state"] == "agreed"
    assert on_duty(site, "2026-11-24T22:00:00+08:00") == ["zhang"]
    assert zhao.post(f"{API}/swaps/{swap['id']}/withdraw").status_code == 409
    stolen = {"roster": "desk", "taker": "zhao", "asker": "zhang", **TONIGHT}
    assert zhao.post(f"{API}/swaps", json=stolen).status_code == 403
    assert ok(desk.get(f"{API}/swaps"))["items"][0]["id"] == swap["id"]


def test_leave_takes_a_person_off_duty_and_is_a_gap_on_the_card(site: Site, desk: TestClient, client_as: As) -> None:
    zhao = client_as(Role.RESPONDER, person="zhao")
    ok(zhao.post(f"{API}/people/zhao/absences", json=TONIGHT), 201)
    assert on_duty(site, "2026-11-24T22:00:00+08:00") == []
    assert zhao.post(f"{API}/people/wang/absences", json=TONIGHT).status_code == 403
    assert zhao.delete(f"{API}/people/wang/absences", params=TONIGHT).status_code == 403
    card = ok(desk.get(f"{API}/duty/card"))
    assert card["workday"] is True and "nobody_at_night" in {gap["kind"] for gap in card["gaps"]}
    empty = [one for one in card["rosters"]["desk"] if not one["people"]]
    assert [one["from"] for one in empty] == ["2026-11-24T12:00:00Z"]
    told = ok(desk.get(f"{API}/coverage/told", params={"place": "chengjiang/dongmen/jinyuan/b3"}))
    assert told[0]["class"] == "fire" and told[0]["steps"][0]["people"][0]["person"] == "wang"
    gaps = ok(desk.get(f"{API}/coverage?place=chengjiang/dongmen/jinyuan/b3&at=2026-11-24T22:00:00%2B08:00"))
    assert gaps["told"][0]["at"] == "2026-11-24T14:00:00Z"
    assert zhao.delete(f"{API}/people/zhao/absences", params=TONIGHT).status_code == 204
    assert zhao.delete(f"{API}/people/zhao/absences", params=TONIGHT).status_code == 404
    assert on_duty(site, "2026-11-24T22:00:00+08:00") == ["zhao"]


def test_a_calendar_program_reads_the_shifts_of_a_person_by_an_address_that_nobody_guesses(
    site: Site, desk: TestClient, client_as: As
) -> None:
    ok(desk.post(f"{API}/overrides", json={"roster": "desk", "add": "wang", "remove": "zhao", **TONIGHT}), 201)
    zhao = client_as(Role.RESPONDER, person="zhao")
    path = ok(zhao.get(f"{API}/people/zhao/calendar"))["path"]
    assert zhao.get(f"{API}/people/wang/calendar").status_code == 403
    anybody = TestClient(zhao.app, raise_server_exceptions=False)
    feed = anybody.get(path)
    assert feed.status_code == 200 and feed.headers["content-type"].startswith("text/calendar")
    events = list(icalendar.Calendar.from_ical(feed.content).walk("VEVENT"))
    starts = {event.decoded("dtstart").isoformat() for event in events}
    assert "2026-11-25T12:00:00+00:00" in starts and "2026-11-24T12:00:00+00:00" not in starts
    assert len(events) > 60
    stand_in = anybody.get(ok(desk.get(f"{API}/people/wang/calendar"))["path"])
    (event,) = icalendar.Calendar.from_ical(stand_in.content).walk("VEVENT")
    assert "替班" in str(event["summary"])
    for wrong in (path[:-1] + "x", path.split("?")[0], path.replace("zhao", "wang")):
        assert anybody.get(wrong).status_code == 404


def test_a_person_reads_their_own_coming_shifts_and_what_is_asked_of_them(desk: TestClient, client_as: As) -> None:
    zhao, zhou = client_as(Role.RESPONDER, person="zhao"), client_as(Role.RESPONDER, person="zhou")
    own = f"{API}/people/zhao/shifts?days=3"
    read = ok(zhao.get(own))
    begun, *coming = [(one["from"], one["to"]) for one in read["shifts"]]
    assert begun == ("2026-11-23T12:00:00Z", "2026-11-24T00:00:00Z"), "under way: from its own beginning"
    assert [start for start, _ in coming] == [f"2026-11-{day}T12:00:00Z" for day in (24, 25, 26)]
    assert read["shifts"][1]["post"] == "desk_operator"
    assert [one["id"] for one in read["shifts"][1]["takers"]] == ["zhang"]
    swap = ok(zhao.post(f"{API}/swaps", json={"roster": "desk", "taker": "zhou", **TONIGHT}), 201)
    asked = ok(zhou.get(f"{API}/people/zhou/shifts"))["swaps"]
    assert [(one["id"], one["state"], one["asker"]) for one in asked] == [(swap["id"], "asked", "zhao")]
    ok(zhou.post(f"{API}/swaps/{swap['id']}/agree", json={}))
    assert "2026-11-24T12:00:00Z" not in [one["from"] for one in ok(zhao.get(own))["shifts"]]
    (taken,) = ok(zhou.get(f"{API}/people/zhou/shifts"))["shifts"]
    assert (taken["to"], taken["stands_in"]) == ("2026-11-25T00:00:00Z", True)
    assert zhou.get(own).status_code == 403
    assert ok(desk.get(own))["swaps"][0]["state"] == "agreed"
    assert desk.get(f"{API}/people/nobody/shifts").status_code == 404
