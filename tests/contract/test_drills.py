"""Drills, duty checks and verification over HTTP and from the command line."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from harness.calls import As
from harness.window import LINK_SECRET, ROOM, Site
from shouwang.api.doors import Window
from shouwang.cli.drill import drill
from shouwang.domain.access import Role
from shouwang.domain.exercise import Exercise, ExerciseKind
from shouwang.domain.link import code_of
from shouwang.domain.notice import DeliveryState
from shouwang.domain.vocabulary import HOUR, IncidentId, PersonId
from shouwang.flows.exercises import Exercises
from shouwang.store.exercises import SqlExercises

pytestmark = pytest.mark.slow


@pytest.fixture
def exercises(site: Site) -> Exercises:
    return Exercises(
        site.casebook,
        SqlExercises(site.database),
        site.board,
        site.directory,
        site.respond,
        site.clock,
        policies=list,
        channels=["webhook"],
    )


@pytest.fixture
def window(site: Site, exercises: Exercises) -> Window:
    return replace(site.window(), exercises=exercises)


def test_a_drill_is_begun_scored_listed_and_ended(client_as: As, site: Site) -> None:
    operator = client_as(Role.OPERATOR)
    begun = operator.post("/api/v1/drills", json={"zone": "jinyuan-east", "scenario": "smoke", "minutes": 10})
    assert begun.status_code == 201
    shown = begun.json()
    assert (shown["kind"], shown["zone"], shown["ended"]) == ("drill", "jinyuan-east", None)
    incident = site.board.incident(IncidentId(shown["incident"]))
    assert incident is not None
    assert incident.drill
    site.told(incident, "wang", DeliveryState.SENT)
    site.told(incident, "zhao", DeliveryState.UNREACHABLE)
    card = operator.get(f"/api/v1/drills/{shown['id']}").json()["score"]
    assert (card["told"], card["untold"], card["missed"]) == (["wang"], ["zhao"], ["wang"])
    assert card["first_told_after"] == 0.3
    assert operator.post("/api/v1/drills", json={"zone": "jinyuan-east"}).status_code == 409
    site.clock.forward(60)
    assert operator.post(f"/api/v1/drills/{shown['id']}/end").json()["ended"] == "stopped"
    assert operator.post(f"/api/v1/drills/{shown['id']}/end").status_code == 409
    again = operator.post("/api/v1/drills", json={"zone": "jinyuan-east"}).json()
    page = operator.get("/api/v1/drills?limit=1").json()
    assert [one["id"] for one in page["items"]] == [again["id"]]
    rest = operator.get("/api/v1/drills", params={"cursor": page["next"]}).json()
    assert [one["id"] for one in rest["items"]] == [shown["id"]]


@pytest.mark.parametrize(
    ("body", "status"),
    [({"zone": "north"}, 404), ({"zone": "jinyuan-east", "scenario": "meteor"}, 404), ({}, 422),
     ({"zone": "jinyuan-east", "place": "chengjiang/dongmen/jinyuan/b7"}, 409),
     ({"zone": "jinyuan-east", "minutes": 0}, 422)],
)  # fmt: skip
def test_a_drill_that_cannot_be_is_refused_in_words(client_as: As, body: object, status: int) -> None:
    answer = client_as(Role.OPERATOR).post("/api/v1/drills", json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_no_drill_begins_beside_a_real_fire(client_as: As, site: Site) -> None:
    site.alarm("smoke-501")
    answer = client_as(Role.OPERATOR).post("/api/v1/drills", json={"zone": "jinyuan-east"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_who_only_responds_or_reads_begins_none(client_as: As) -> None:
    for role in (Role.RESPONDER, Role.VIEWER, Role.INSTALLER, Role.AUDITOR):
        for path, body in (
            ("drills", {"zone": "jinyuan-east"}), ("duty-checks", {"zone": "jinyuan-east"}), ("people/verify", {}),
        ):  # fmt: skip
            assert client_as(role).post(f"/api/v1/{path}", json=body).status_code == 403


def test_a_duty_check_is_kept_for_reports(client_as: As, site: Site, exercises: Exercises) -> None:
    operator = client_as(Role.OPERATOR)
    begun = operator.post("/api/v1/duty-checks", json={"zone": "jinyuan-east", "minutes": 2}).json()
    site.clock.forward(121)
    exercises.look()
    shown = operator.get(f"/api/v1/duty-checks/{begun['id']}").json()
    assert (shown["missed"], shown["answered_at"]) == (True, None)
    assert [one["id"] for one in operator.get("/api/v1/duty-checks").json()["items"]] == [begun["id"]]
    (line,) = operator.get("/api/v1/reports/shift").json()["duty_checks"]
    assert (line["id"], line["missed"], line["answered_at"]) == (begun["id"], True, None)
    form = operator.get("/api/v1/reports/print/duty").text
    assert "查岗" in form and "漏岗" in form
    elsewhere = client_as(Role.OPERATOR, place="hexi/qinghe/jinyuan/b9").get("/api/v1/reports/shift").json()
    assert elsewhere["duty_checks"] == []


def test_drills_of_a_shift_are_lines_with_what_came_of_them(client_as: As, site: Site, exercises: Exercises) -> None:
    operator = client_as(Role.OPERATOR)
    drilled = operator.post("/api/v1/drills", json={"zone": "jinyuan-east", "scenario": "gas", "minutes": 10}).json()
    incident = site.board.incident(IncidentId(drilled["incident"]))
    assert incident is not None
    site.told(incident, "wang", DeliveryState.SENT)
    site.told(incident, "zhang", DeliveryState.SENT)
    site.told(incident, "zhao", DeliveryState.UNREACHABLE)
    site.respond.acknowledge(incident.id, actor="wang")
    site.respond.arrive(incident.id, actor="wang")
    operator.post(f"/api/v1/drills/{drilled['id']}/end")
    site.clock.forward(60)
    operator.post("/api/v1/duty-checks", json={"zone": "jinyuan-east", "minutes": 2})
    report = operator.get("/api/v1/reports/shift").json()
    (line,) = report["drill_lines"]
    assert report["drills"] == 1
    assert (line["id"], line["scenario"], line["place"], line["ended"]) == (drilled["id"], "gas", "3号楼", "stopped")
    assert (line["at"], line["ended_at"]) == (drilled["begun_at"], "2026-11-23T18:14:07Z")
    assert (line["told"], line["acknowledged"], line["on_scene"], line["missed"]) == (2, 1, 1, 1)
    assert "已结束；通知 2 人，应答 1 人，到场 1 人" in operator.get("/api/v1/reports/print/duty").text
    elsewhere = client_as(Role.OPERATOR, place="chengjiang/dongmen/jinyuan/b7").get("/api/v1/reports/shift").json()
    assert (elsewhere["drills"], elsewhere["drill_lines"]) == (0, [])
    before = {"from": "2026-11-23T00:00:00Z", "to": "2026-11-23T12:00:00Z"}
    assert operator.get("/api/v1/reports/shift", params=before).json()["drill_lines"] == []


def test_a_year_of_duty_checks_is_printed_whole(client_as: As, site: Site, exercises: Exercises) -> None:
    store, operator = SqlExercises(site.database), client_as(Role.OPERATOR)
    for number in range(410):
        begun = site.clock.now() - (number + 1) * HOUR
        store.keep(
            Exercise(
                id=f"check-{number}",
                kind=ExerciseKind.DUTY_CHECK,
                incident=IncidentId(f"ix-check-{number}"),
                place=ROOM,
                by="wang",
                begun_at=begun,
                ends_at=begun + HOUR,
            )
        )
    asked = {"from": "2026-11-01T00:00:00Z"}
    assert len(operator.get("/api/v1/reports/shift", params=asked).json()["duty_checks"]) == 410


def test_a_campaign_has_a_result_sheet_and_a_code_proves_a_contact(client_as: As, site: Site) -> None:
    operator = client_as(Role.OPERATOR)
    begun = operator.post("/api/v1/people/verify", json={"people": ["wang", "zhao"]})
    assert begun.status_code == 201
    sheet = begun.json()
    assert (sheet["asked"], sheet["verified"]) == (2, 0)
    tests = {one.person: one for one in site.board.deliveries_of([IncidentId(f"ix-{sheet['id']}")]).popitem()[1]}
    code = code_of(tests[PersonId("wang")].key, LINK_SECRET)
    path = f"/api/v1/people/verify/{sheet['id']}"
    for person, said in (("wang", f"{(int(code) + 1) % 10**6:06d}"), ("zhao", code)):
        assert operator.post(f"{path}/confirm", json={"person": person, "code": said}).status_code == 422
    with site.casebook.change() as change:
        sent = msgspec.structs.replace(tests[PersonId("wang")], state=DeliveryState.SENT)
        change.keep_delivery(sent)
    assert operator.post(f"{path}/confirm", json={"person": "wang", "code": code}).json()["verified"] == 1
    shown = {one["person"]: one for one in operator.get(path).json()["contacts"]}
    assert (shown["wang"]["verified"], shown["wang"]["state"]) == (True, "answered")
    assert shown["zhao"]["verified"] is False
    assert operator.get("/api/v1/people/wang").json()["channels"][0]["verified"] is True
    (kept,) = operator.get("/api/v1/verifications").json()["items"]
    assert (kept["id"], kept["asked"], kept["verified"], kept["failed"]) == (sheet["id"], 2, 1, 0)
    assert client_as(Role.VIEWER).get("/api/v1/verifications").status_code == 403


def test_the_verb_begins_a_drill_that_the_service_finds(site: Site, tmp_path: Path) -> None:
    command = ["--zone", "jinyuan-east", "--scenario", "gas", "--place", ROOM, "--state", str(site.database), "--json"]
    ran = CliRunner().invoke(drill, [*command, "--data-dir", str(tmp_path)], catch_exceptions=False)
    assert ran.exit_code == 0
    card = msgspec.json.decode(ran.stdout)
    incident = site.board.incident(IncidentId(card["exercise"]["incident"]))
    assert incident is not None
    assert (incident.drill, incident.klass, incident.place) == (True, "gas", ROOM)
