"""消防控制室值班记录 on paper: who held the desk, what did not protect as usual, and nothing left out in silence."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from harness.calls import As, ok
from harness.window import COMPOUND, ELSEWHERE, ROOM, START, Site
from shouwang.domain.access import Role
from shouwang.domain.household import Household
from shouwang.domain.incident import Outcome
from shouwang.domain.journal import Entry
from shouwang.domain.moment import rfc3339
from shouwang.domain.place import Device
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.standing import Change
from shouwang.domain.vocabulary import HOUR, SECOND, DeviceId, Instant, PersonId

pytestmark = pytest.mark.slow

API = "/api/v1"
FIRST_DAY = {"from": rfc3339(START - HOUR), "to": rfc3339(START + 23 * HOUR)}
IMPAIRED = "停用、暂停通知、维保与施工许可"


def form(client: TestClient, name: str = "duty", **asked: str) -> dict[str, list[list[str]]]:
    """The written rows of each table of a form, by its title."""
    answer = client.get(f"{API}/reports/print/{name}", params=asked)
    assert answer.status_code == 200, answer.text
    parts = re.findall(r"(?:<h2>([^<]*)</h2>)?<table><thead>.*?</thead><tbody>(.*?)</tbody>", answer.text)
    found: dict[str, list[list[str]]] = {}
    for title, body in parts:
        rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]
        found[title] = [[unescape(cell) for cell in row] for row in rows if any(row)]
    return found


def desk(*shifts: tuple[str, str, str]) -> Roster:
    turns = [Shift(start=start, end=end, people=[PersonId(who)]) for start, end, who in shifts]
    return Roster(id="desk", zone="jinyuan-east", post="desk_operator", shifts=turns)


def until(site: Site, at: Instant) -> None:
    site.clock.at = at


def test_each_shift_names_who_held_it_with_stand_ins_and_the_hours_nobody_did(site: Site, operator: TestClient) -> None:
    site.directory.change([desk(("08:00", "20:00", "zhang"), ("20:00", "06:00", "zhao"))])
    night = {"from": "2026-11-24T20:00:00+08:00", "to": "2026-11-25T06:00:00+08:00"}
    ok(operator.post(f"{API}/overrides", json={"roster": "desk", **night, "remove": "zhao", "add": "zhou"}), 201)
    until(site, START + 30 * HOUR)
    asked = {"from": "2026-11-24T06:00:00+08:00", "to": "2026-11-25T08:00:00+08:00"}
    assert form(operator, **asked)["值班情况"] == [
        ["11-24 06:00 — 11-24 08:00", "东责任区", "无人值班", ""],
        ["11-24 08:00 — 11-24 20:00", "东责任区", "张测试", ""],
        ["11-24 20:00 — 11-25 06:00", "东责任区", "周测试", ""],
        ["11-25 06:00 — 11-25 08:00", "东责任区", "无人值班", ""],
    ]


def test_a_roster_that_is_planned_anew_says_nothing_about_a_day_before(site: Site, operator: TestClient) -> None:
    site.directory.change([desk(("08:00", "08:00", "zhang"))])
    until(site, START + 48 * HOUR)
    site.directory.change([desk(("08:00", "08:00", "zhou"))])
    site.clock.forward(3600)
    held = {who for _, _, who, _ in form(operator, **FIRST_DAY)["值班情况"]}
    assert held == {"张测试"}
    assert {who for _, _, who, _ in form(operator)["值班情况"]} == {"周测试"}


def test_no_shift_is_named_before_it_has_come(site: Site, operator: TestClient) -> None:
    site.directory.change([desk(("00:00", "02:00", "zhang"), ("02:00", "24:00", "zhao"))])
    tomorrow = {"from": rfc3339(START - HOUR), "to": rfc3339(START + 24 * HOUR)}
    rows = form(operator, **tomorrow)["值班情况"]
    assert [(span, who) for span, _, who, _ in rows] == [
        ("11-24 01:14 — 11-24 02:00", "张测试"),
        ("11-24 02:00 — 11-24 02:14", "赵测试"),
    ]


def test_a_place_without_a_roster_of_the_desk_is_left_to_the_hand(site: Site, operator: TestClient) -> None:
    assert form(operator)["值班情况"][0][0] == "（没有消控室值班表，请手填）"
    site.directory.change([desk(("08:00", "08:00", "zhang"))])
    site.clock.forward(60)
    assert form(operator, place=ROOM)["值班情况"][0][2] == "张测试"
    assert form(operator, place=ELSEWHERE)["值班情况"][0][0] == "（没有消控室值班表，请手填）"


def test_what_was_silenced_or_permitted_in_the_span_is_listed_also_when_it_is_over(
    site: Site, operator: TestClient
) -> None:
    kept = {"devices": ["smoke-501"], "why": "烟感受潮", "lasts": "3h"}
    silence = ok(operator.post(f"{API}/silences", json=kept), 201)["id"]
    welding = {"places": [ELSEWHERE], "work": "hot_work", "watcher": "zhao", "why": "焊水管", "lasts": "2h"}
    ok(operator.post(f"{API}/permits", json=welding), 201)
    site.clock.forward(1800)
    assert operator.request("DELETE", f"{API}/silences/{silence}").status_code == 204
    until(site, START + 50 * HOUR)
    listed = form(operator, **FIRST_DAY)[IMPAIRED]
    assert sorted((what, scope, why, who, over) for _, _, what, scope, why, who, over in listed) == [
        ("动火", "7号楼 1单元 202", "焊水管", "王测试", "11-24 04:14:07 结束"),
        ("暂停通知", "smoke-501", "烟感受潮", "王测试", "11-24 02:44:07 结束"),
    ]
    assert [row[2] for row in form(operator, **FIRST_DAY, place=ROOM)[IMPAIRED]] == ["暂停通知"]
    in_it = {"from": rfc3339(START), "to": rfc3339(START + HOUR)}
    assert {row[2]: row[6] for row in form(operator, **in_it)[IMPAIRED]}["动火"] == "仍有效"
    assert form(operator)[IMPAIRED] == []


def test_devices_out_of_service_are_listed_from_when_to_when(site: Site, operator: TestClient, client_as: As) -> None:
    installer = client_as(Role.INSTALLER, person="zhang")

    def put(device: str, life: str) -> None:
        ok(installer.patch(f"{API}/devices/{device}", json={"life": life}))

    put("smoke-202", "out_of_service")
    site.clock.forward(3600)
    start = site.clock.now()
    put("smoke-501", "out_of_service")
    site.clock.forward(3600)
    put("smoke-501", "in_service")
    put("smoke-601", "out_of_service")
    site.clock.forward(3600)
    end = site.clock.now()
    put("smoke-601", "in_service")
    site.clock.forward(3600)
    span = {"from": rfc3339(start), "to": rfc3339(end)}
    assert [(row[0], row[3], row[5], row[6]) for row in form(operator, **span)[IMPAIRED]] == [
        ("时段之前", "7号楼 1单元 202 smoke-202", "", "仍停用"),
        ("11-24 03:14:07", "3号楼 2单元 501 smoke-501", "张测试", "11-24 04:14:07 恢复"),
        ("11-24 04:14:07", "3号楼 2单元 601 smoke-601", "张测试", "仍停用"),
    ]
    assert [row[3] for row in form(operator, **span, place=ELSEWHERE)[IMPAIRED]] == ["7号楼 1单元 202 smoke-202"]


def test_faults_of_devices_are_listed_while_they_last_and_not_after(site: Site, operator: TestClient) -> None:
    site.alarm("smoke-601", rule="device-fault")
    site.clock.forward(30 * 3600)
    site.alarm("smoke-202", rule="device-fault")
    site.clock.forward(3600)
    _, over = site.alarm("smoke-601", rule="device-fault", change=Change.CLEARED)
    site.respond.resolve(over.id, actor="wang", outcome=Outcome.DEVICE_FAULT)
    site.clock.forward(30 * 3600)
    first = form(operator, **FIRST_DAY)["设备故障"]
    assert [(row[1], row[2], row[3], row[5]) for row in first] == [
        ("smoke-601", "3号楼 2单元 601", "设备故障", "未恢复")
    ]
    second = form(operator, **{"from": rfc3339(START + 24 * HOUR), "to": rfc3339(START + 48 * HOUR)})["设备故障"]
    assert [(row[1], row[5]) for row in second] == [("smoke-601", "11-25 09:14:06"), ("smoke-202", "未恢复")]
    assert [row[1] for row in form(operator)["设备故障"]] == ["smoke-202"]
    assert form(operator, place=ROOM)["设备故障"] == []


def test_a_case_of_many_devices_says_how_many_there_are(site: Site, operator: TestClient) -> None:
    devices = [
        Device(id=DeviceId(f"part-{number:02}"), profile="heiman-hs1sa", address=f"zigbee2mqtt:{number}", place=ROOM)
        for number in range(12)
    ]
    site.directory.change(devices)
    for one in devices:
        site.alarm(one.id, rule="device-fault")
    (row,) = form(operator, "fault")[""]
    assert row[2] == "、".join(one.id for one in devices[:10]) + " 等 12 台"


def test_every_hand_over_of_the_span_is_printed_however_many(site: Site, operator: TestClient) -> None:
    notes = [f"第{number}次" for number in range(510)]
    with site.casebook.change() as transaction:
        for number, note in enumerate(notes):
            said = {"id": f"sh{number}", "to": "zhao", "sound_tested": True, "note": note}
            at = START - HOUR + number * SECOND
            transaction.record(Entry(at=at, kind="shift.handed_over", actor="wang", place=COMPOUND, body=said))
    assert [row[5] for row in form(operator)["交接班"]] == notes
    assert len(ok(operator.get(f"{API}/reports/shift/handovers"))) == 100


def test_a_form_of_one_building_says_of_which(operator: TestClient) -> None:
    building = operator.get(f"{API}/reports/print/duty", params={"place": f"{COMPOUND}/b3"}).text
    assert "<dt>单位</dt><dd>金源小区</dd>" in building and "<dt>范围</dt><dd>3号楼</dd>" in building
    assert "范围" not in operator.get(f"{API}/reports/print/duty", params={"place": COMPOUND}).text.split("<tbody>")[0]


def test_who_was_shown_names_and_homes_is_on_paper_for_whoever_reviews_the_shift(
    site: Site, operator: TestClient, client_as: As
) -> None:
    looks = "查看个人信息"
    assert looks not in form(operator, **FIRST_DAY)
    site.directory.change([Household(place=ROOM, residents=2)])
    incident = site.alarm("smoke-501")[1]
    patrol = client_as(Role.RESPONDER, person="zhang")
    for asked in ({"person": "zhao", "reason": "联系持钥匙人"}, {"place": ROOM, "reason": "回访"}):
        ok(patrol.post(f"{API}/incidents/{incident.id}/reveal", json=asked))
    site.clock.forward(1)
    assert form(operator, **FIRST_DAY)[looks] == [
        ["11-24 02:14:07", "3号楼 2单元 501", "张测试", "赵测试", "联系持钥匙人"],
        ["11-24 02:14:07", "3号楼 2单元 501", "张测试", "3号楼 2单元 501 住户信息", "回访"],
    ]
    assert looks not in form(operator, place=f"{COMPOUND}/b7", **FIRST_DAY)
