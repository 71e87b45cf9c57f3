"""Figures of answering, CAP 1.2, the shift record and printable forms, from cases that happened."""

import io
import re
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from harness.calls import As, ok
from harness.window import Site
from shouwang.domain.access import Role
from shouwang.domain.casefile import Proof
from shouwang.domain.incident import Finding, Outcome
from shouwang.domain.moment import rfc3339
from shouwang.domain.place import PlaceKind
from shouwang.domain.vocabulary import HOUR, DeviceId

pytestmark = pytest.mark.slow

API = "/api/v1"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


def handled(site: Site, device: str, *, taken: float, arrived: float, outcome: Outcome, cause: str = "") -> str:
    """A case from alarm to end: taken after so many seconds, arrived after so many more."""
    incident = site.alarm(device)[1].id
    site.clock.forward(taken)
    site.respond.acknowledge(incident, actor="wang")
    site.clock.forward(arrived - taken)
    site.respond.arrive(incident, actor="zhang", proof=Proof.TAG if arrived < 200 else None, reference="x")
    site.respond.verify(incident, actor="zhang", finding=Finding.FALSE, how="on_scene")
    site.respond.resolve(incident, actor="zhang", outcome=outcome, cause=cause)
    site.clock.forward(60)
    return incident


def test_how_fast_people_answered_is_told_by_zone_post_class_and_hour_against_the_limits(
    site: Site, operator: TestClient
) -> None:
    handled(site, "smoke-501", taken=20, arrived=100, outcome=Outcome.FALSE_ALARM, cause="cooking")
    handled(site, "smoke-601", taken=50, arrived=150, outcome=Outcome.FALSE_ALARM, cause="cooking")
    handled(site, "smoke-202", taken=90, arrived=400, outcome=Outcome.REAL)
    report = ok(operator.get(f"{API}/reports/response"))
    total = report["total"]
    assert (total["cases"], total["acknowledge"]["mean"], total["on_scene"]["median"]) == (3, 53.333, 150)
    shares = {name: round(share, 2) for name, share in total["shares"].items()}
    assert shares["acknowledged_in_30s"] == 0.33 and shares["acknowledged_in_60s"] == 0.67
    assert shares["on_scene_in_180s"] == 0.67
    assert (total["unproven"], total["false"]) == (1, 2)
    assert report["false_by_cause"] == [["cooking", 2]]
    assert {tuple(one) for one in report["false_by_device"]} == {("smoke-501", 1), ("smoke-601", 1)}
    assert {one["key"]: one["cases"] for one in report["groups"]["zone"]} == {"": 1, "jinyuan-east": 2}
    assert [one["key"] for one in report["groups"]["post"]] == ["desk_operator"]
    assert [one["key"] for one in report["groups"]["hour"]] == ["02"]
    assert {one["key"]: one["cases"] for one in report["groups"]["outcome"]} == {"false_alarm": 2, "real": 1}
    assert {one["key"]: one["false"] for one in report["groups"]["day"]} == {"2026-11-24": 2}
    text = operator.get(f"{API}/reports/response?format=csv")
    assert text.headers["content-type"].startswith("text/csv") and "zone,jinyuan-east,2" in text.text
    book = load_workbook(io.BytesIO(operator.get(f"{API}/reports/response?format=xlsx").content))
    assert book.sheetnames == ["response", "false_by_cause", "false_by_device"]
    assert book["false_by_cause"]["A2"].value == "cooking"
    assert operator.get(f"{API}/reports/response?from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z").status_code == 422


ALERT = [
    *("identifier", "sender", "sent", "status", "msgType", "source", "scope", "restriction", "addresses", "code"),
    *("note", "references", "incidents", "info"),
]
INFO = [
    *("language", "category", "event", "responseType", "urgency", "severity", "certainty", "audience", "eventCode"),
    *("effective", "onset", "expires", "senderName", "headline", "description", "instruction", "web", "contact"),
    *("parameter", "resource", "area"),
]
REQUIRED = ["category", "event", "urgency", "severity", "certainty"]
WORDS = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": {
        "Geo",
        "Met",
        "Safety",
        "Security",
        "Rescue",
        "Fire",
        "Health",
        "Env",
        "Transport",
        "Infra",
        "CBRNE",
        "Other",
    },
    "responseType": {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"},
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d"


def check_cap(alert: ElementTree.Element) -> dict[str, str]:
    """The rules of the CAP 1.2 schema: order, required elements, code words, times, identifiers."""
    assert alert.tag == f"{CAP}alert"
    for element, order, required in (
        (alert, ALERT, [*ALERT[:5], "scope"]),
        *((info, INFO, REQUIRED) for info in alert.iter(f"{CAP}info")),
    ):
        names = [child.tag.removeprefix(CAP) for child in element]
        assert [order.index(name) for name in names] == sorted(order.index(name) for name in names), names
        assert set(required) <= set(names), names
        for child in element:
            name = child.tag.removeprefix(CAP)
            if name in WORDS:
                assert child.text in WORDS[name], (name, child.text)
            if name in ("sent", "onset", "effective", "expires"):
                assert re.fullmatch(TIME, child.text or ""), child.text
            if name in ("identifier", "sender"):
                assert not set(child.text or " ") & set(" ,<&")
    for area in alert.iter(f"{CAP}area"):
        assert area[0].tag == f"{CAP}areaDesc" and area[0].text
    assert len(list(alert.iter(f"{CAP}info"))) >= 1
    return {child.tag.removeprefix(CAP): child.text or "" for child in alert}


def test_the_cap_feed_is_valid_restricted_and_names_no_home(site: Site, operator: TestClient, client_as: As) -> None:
    incident = site.alarm("smoke-501")[1].id
    first = operator.get(f"/feeds/cap/{incident}")
    assert first.headers["content-type"].startswith("application/cap+xml")
    said = check_cap(ElementTree.fromstring(first.content))
    assert (said["msgType"], said["status"], said["scope"]) == ("Alert", "Actual", "Restricted")
    assert "501" not in first.text.replace(incident, "") and "3号楼" in first.text
    site.clock.forward(10)
    site.respond.acknowledge(incident, actor="wang")
    update = check_cap(ElementTree.fromstring(operator.get(f"/feeds/cap/{incident}").content))
    assert update["msgType"] == "Update" and update["references"].split(",")[1] == said["identifier"]
    assert update["references"].split(",")[2] == said["sent"]
    site.respond.resolve(incident, actor="wang", outcome=Outcome.FALSE_ALARM)
    feed = operator.get("/feeds/cap")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    alerts = [check_cap(alert) for alert in ElementTree.fromstring(feed.content).iter(f"{CAP}alert")]
    assert [one["msgType"] for one in alerts] == ["Cancel"]
    stranger = TestClient(operator.app, raise_server_exceptions=False)
    assert stranger.get("/feeds/cap").status_code == 401
    assert client_as(Role.VIEWER).get("/feeds/cap/none").status_code == 404


def test_a_shift_is_handed_over_on_one_page_and_signed_by_both(site: Site, operator: TestClient, client_as: As) -> None:
    done = handled(site, "smoke-501", taken=90, arrived=100, outcome=Outcome.FALSE_ALARM, cause="dust")
    site.alarm("smoke-202")
    site.alarm("smoke-601", rule="device-fault")
    page = ok(operator.get(f"{API}/reports/shift"))
    assert len(page["open"]) == 2 and [one["id"] for one in page["handled"]] == [done]
    assert page["handled"][0]["late"] == ["acknowledge"]
    assert page["faults"] == ["smoke-601"] and page["gaps"]
    made = ok(operator.post(f"{API}/reports/shift/handovers", json={"to": "zhao", "sound_tested": True}), 201)
    assert (made["by"], made["signed_at"]) == ("wang", None)
    sign = f"{API}/reports/shift/handovers/{made['id']}/sign"
    assert operator.post(sign).status_code == 409
    zhao = client_as(Role.RESPONDER, person="zhao")
    assert ok(zhao.post(sign))["signed_at"] is not None
    assert ok(operator.get(f"{API}/reports/shift/handovers"))[0]["sound_tested"] is True
    assert operator.post(f"{API}/reports/shift/handovers", json={"to": "wang"}).status_code == 422


def test_a_detector_that_was_taken_out_is_handed_over_by_every_shift_until_it_is_back(
    operator: TestClient, client_as: As
) -> None:
    installer = client_as(Role.INSTALLER)
    assert operator.patch(f"{API}/devices/smoke-501", json={"life": "out_of_service"}).status_code == 403
    for life, listed in (("out_of_service", [("smoke-501", "out_of_service")]), ("in_service", [])):
        ok(installer.patch(f"{API}/devices/smoke-501", json={"life": life}))
        page = ok(operator.get(f"{API}/reports/shift"))
        assert [(one["id"], one["kind"]) for one in page["holds"]] == listed


def test_the_forms_to_print_come_from_the_same_records_and_run_nothing(
    site: Site, operator: TestClient, client_as: As
) -> None:
    incident = handled(site, "smoke-501", taken=20, arrived=100, outcome=Outcome.FALSE_ALARM, cause="<b>cooking</b>")
    assert incident
    fire = operator.get(f"{API}/reports/print/fire")
    assert "火警处置记录" in fire.text and "3号楼 2单元 501" in fire.text and "王测试" in fire.text
    assert "&lt;b&gt;cooking" in fire.text and "default-src 'none'" in fire.headers["content-security-policy"]
    assert "消防控制室值班记录" in operator.get(f"{API}/reports/print/duty").text
    assert "故障维修记录" in operator.get(f"{API}/reports/print/fault").text
    assert client_as(Role.VIEWER).get(f"{API}/reports/print/fire").status_code == 403
    assert operator.get(f"{API}/reports/print/poem").status_code == 422
    assert "误报" in fire.text and "签收" not in fire.text and "消防安全管理人：" in fire.text


def test_a_form_is_of_one_place_and_says_whose_it_is(site: Site, operator: TestClient, client_as: As) -> None:
    handled(site, "smoke-501", taken=20, arrived=100, outcome=Outcome.FALSE_ALARM, cause="cooking")
    whole, home = (
        operator.get(f"{API}/reports/print/fire"),
        site.directory.community().devices[DeviceId("smoke-501")].place,
    )
    other = site.directory.community().devices[DeviceId("smoke-202")].place
    compound = next(one for one in site.directory.community().places.values() if one.kind is PlaceKind.COMPOUND)
    assert compound.name in whole.text
    of_home = operator.get(f"{API}/reports/print/fire", params={"place": home}).text
    of_other = operator.get(f"{API}/reports/print/fire", params={"place": other}).text
    assert "cooking" in of_home and compound.name in of_home
    assert "cooking" not in of_other and compound.name in of_other
    confined = client_as(Role.OPERATOR, place=other)
    assert confined.get(f"{API}/reports/print/fire", params={"place": home}).status_code == 404
    assert "cooking" not in confined.get(f"{API}/reports/print/fire").text


def test_the_desk_is_handed_over_by_name(operator: TestClient) -> None:
    made = ok(operator.post(f"{API}/reports/shift/handovers", json={"to": "zhao", "note": "2号楼探测器待修"}), 201)
    assert set(made["people"]) == {"wang", "zhao"} and made["people"]["wang"] == "王测试"
    form = operator.get(f"{API}/reports/print/duty").text
    assert "王测试" in form and "2号楼探测器待修" in form and "未签收" in form


def test_the_form_of_an_earlier_day_has_that_days_hand_overs(site: Site, operator: TestClient) -> None:
    then = site.clock.now()
    ok(operator.post(f"{API}/reports/shift/handovers", json={"to": "zhao", "note": "消防泵检修"}), 201)
    site.clock.forward(3 * 86_400)
    span = {"from": rfc3339(then - HOUR), "to": rfc3339(then + HOUR)}
    assert "消防泵检修" in operator.get(f"{API}/reports/print/duty", params=span).text
    assert "消防泵检修" not in operator.get(f"{API}/reports/print/duty").text
