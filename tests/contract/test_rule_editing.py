"""Rules that a site writes over HTTP, and why a rule did or did not fire."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.calls import As
from harness.window import Site
from shouwang.domain.access import Role
from shouwang.domain.board import EntryQuery
from shouwang.domain.evaluate import hear, run_due
from shouwang.domain.moment import rfc3339
from shouwang.domain.standing import DeviceState
from shouwang.domain.vocabulary import HOUR, MINUTE, SECOND, DeviceId, Reading

pytestmark = pytest.mark.slow

DEVICE = DeviceId("smoke-501")
HOT = """\
rule: boiler-hot
title: {zh: 锅炉房过热, en: Boiler room too hot}
severity: high
when: {above: {metric: temperature, value: 40, for: 10s}}
examples:
  - readings: [{at: 0s, temperature: 41}, {at: 1m, tick: true}]
    expect: [{at: 10s, raised: high}]
"""


@pytest.fixture
def admin(client_as: As) -> TestClient:
    return client_as(Role.ADMIN)


def test_a_rule_is_added_changed_and_removed_as_a_whole_document(admin: TestClient, site: Site) -> None:
    answer = admin.post("/api/v1/rules", json={"text": HOT})
    assert answer.status_code == 201, answer.text
    assert answer.json()["text"] == HOT
    assert [one["severity"] for one in answer.json()["documents"]] == ["high"]
    assert "boiler-hot" in {one["id"] for one in admin.get("/api/v1/rules").json()["items"]}
    assert admin.post("/api/v1/rules", json={"text": HOT}).status_code == 200

    hotter = HOT.replace("value: 40", "value: 41").replace("temperature: 41", "temperature: 42")
    stale = admin.put("/api/v1/rules/boiler-hot", json={"text": hotter}, headers={"If-Match": '"old"'})
    assert stale.status_code == 412
    etag = answer.headers["ETag"]
    changed = admin.put("/api/v1/rules/boiler-hot", json={"text": hotter}, headers={"If-Match": etag})
    assert changed.status_code == 200 and changed.json()["text"] == hotter
    assert admin.post("/api/v1/rules", json={"text": HOT}).status_code == 409

    assert admin.delete("/api/v1/rules/boiler-hot").status_code == 204
    assert admin.get("/api/v1/rules/boiler-hot").status_code == 404
    kinds = [entry.kind for entry in site.board.entries(EntryQuery(), None, 100)]
    assert [kind for kind in kinds if kind.startswith("rule.")] == ["rule.removed", "rule.changed", "rule.added"]


def test_a_document_beside_a_shipped_rule_wins_where_it_is_nearer(admin: TestClient) -> None:
    text = (
        "rule: smoke-alarm\ntitle: {zh: 烟, en: Smoke}\nseverity: high\n"
        "scope: {kinds: [smoke]}\nwhen: {is: {metric: smoke, value: true}}\n"
    )
    assert admin.put("/api/v1/rules/smoke-alarm", json={"text": text}).status_code == 200
    found = admin.get("/api/v1/rules/smoke-alarm").json()
    assert [one["severity"] for one in found["documents"]] == ["critical", "high"]
    assert admin.delete("/api/v1/rules/smoke-alarm").status_code == 204
    refused = admin.delete("/api/v1/rules/smoke-alarm")
    assert refused.status_code == 409 and "comes from a file" in refused.json()["detail"]


def test_a_shipped_rule_shows_its_text_and_its_condition_in_words(client_as: As, admin: TestClient) -> None:
    found = client_as(Role.VIEWER).get("/api/v1/rules/smoke-alarm").json()
    assert found["text"] is None
    assert "rule: smoke-alarm\n" in found["file_text"] and "boiler" not in found["file_text"]
    assert found["documents"][0]["asks"]["en"].startswith("smoke is ")
    admin.post("/api/v1/rules", json={"text": HOT})
    own = admin.get("/api/v1/rules/boiler-hot").json()
    assert (own["text"], own["file_text"]) == (HOT, None)
    assert own["documents"][0]["asks"]["zh"] == "温度 高于 40 °C 持续 10 秒"
    text = HOT.replace("severity: high", "severity: high\nsource: {zh: 锅炉说明书, en: the boiler's sheet}")
    admin.put("/api/v1/rules/boiler-hot", json={"text": text})
    (changed,) = admin.get("/api/v1/rules/boiler-hot").json()["documents"]
    assert changed["source"] == {"zh": "锅炉说明书", "en": "the boiler's sheet"}


@pytest.mark.parametrize(
    ("text", "pointer", "detail"),
    [
        (HOT.replace("above", "abov"), "body/text:4", "abov"),
        (HOT.replace("temperature, value", "temperatur, value"), "body/text:4", "did you mean temperature"),
        (HOT.replace("at: 10s, raised", "at: 11s, raised"), "body/text:6", "the rule says raised high at 10s"),
        (HOT.replace("zh: 锅炉房过热, ", ""), "body/text:2", "no title.zh"),
        (f"{HOT}---\n{HOT.replace('boiler-hot', 'other')}", "body/text:9", "expected boiler-hot, found other"),
        ("a: [", "body/text:2", "is not YAML"),
        ("", "body/text", "expected at least one rule document"),
    ],
)
def test_every_mistake_is_told_with_its_line(admin: TestClient, text: str, pointer: str, detail: str) -> None:
    answer = admin.post("/api/v1/rules", json={"text": text})
    assert answer.status_code == 422
    (error, *_) = answer.json()["errors"]
    assert error["pointer"] == pointer and detail in error["detail"], error


def test_another_id_than_the_one_in_the_path_is_refused(admin: TestClient) -> None:
    answer = admin.put("/api/v1/rules/elsewhere", json={"text": HOT})
    assert answer.status_code == 422 and "expected elsewhere, found boiler-hot" in answer.json()["detail"]


def test_only_who_administers_the_whole_site_changes_rules(site: Site, client_as: As) -> None:
    assert client_as(Role.OPERATOR).post("/api/v1/rules", json={"text": HOT}).status_code == 403
    confined = client_as(Role.ADMIN, site.directory.community().devices[DEVICE].place)
    assert confined.post("/api/v1/rules", json={"text": HOT}).status_code == 403


def test_explain_says_what_was_asked_and_read_and_when_it_looks_again(admin: TestClient, site: Site) -> None:
    admin.post("/api/v1/rules", json={"text": HOT})

    def explained() -> Any:
        answer = admin.get("/api/v1/rules/boiler-hot/explain", params={"device": DEVICE})
        assert answer.status_code == 200, answer.text
        return answer.json()["documents"][0]

    unknown = explained()
    assert unknown["why"] == "unknown" and unknown["subject"] == DEVICE
    world = site.window().world()
    facts = world.facts(DEVICE)

    def hears(temperature: float, state: DeviceState) -> DeviceState:
        reading = Reading(facts.device, "temperature", temperature, site.clock.now(), site.clock.now())
        heard = hear(world.book, facts, state, [reading], site.clock.now(), gaps=()).state
        site.remember(facts.device, heard)
        return heard

    cool = hears(20.5, DeviceState())
    false = explained()
    assert false["why"] == "false"
    assert false["because"] == {
        "zh": "不成立：温度 高于 40 °C 持续 10 秒，实测 温度 20.5 °C",
        "en": "not so: temperature above 40 °C for 10 s, read temperature 20.5 °C",
    }
    hot = hears(45, cool)
    pending = explained()
    assert pending["why"] == "pending" and pending["next_due"] is not None
    site.clock.forward(MINUTE / SECOND)
    site.remember(facts.device, run_due(world.book, facts, hot, site.clock.now()).state)
    raised = explained()
    assert raised["why"] == "raised" and raised["truth"] is True
    assert raised["told_now"]["policy"]
    assert raised["told_now"]["steps"][0]["people"] == ["wang", "zhao"]


def test_explain_says_why_a_rule_is_not_for_a_device(admin: TestClient, site: Site) -> None:
    quiet = (
        "rule: quiet\ntitle: {zh: 无活动, en: Quiet}\nseverity: medium\nscope: {kinds: [smoke]}\n"
        "when: {inactive: {metrics: [occupancy], longest: 4h}}\n"
    )
    assert admin.post("/api/v1/rules", json={"text": quiet}).status_code == 201
    text = HOT.replace("severity: high\n", "severity: high\nscope: {kinds: [heat], tags: [boiler]}\n")
    assert admin.post("/api/v1/rules", json={"text": text}).status_code == 201
    (found,) = admin.get("/api/v1/rules/boiler-hot/explain", params={"device": DEVICE}).json()["documents"]
    assert found["why"] == "out_of_scope"
    assert found["because"]["en"] == "its kind is smoke, not one of heat; it has none of the tags boiler"
    (found,) = admin.get("/api/v1/rules/quiet/explain", params={"device": DEVICE}).json()["documents"]
    assert found["why"] == "no_consent"
    assert admin.get("/api/v1/rules/nothing/explain", params={"device": DEVICE}).status_code == 404


def test_explain_answers_for_a_past_moment_by_the_rule_and_the_readings_of_then(admin: TestClient, site: Site) -> None:
    begun = site.clock.now()
    admin.post("/api/v1/rules", json={"text": HOT})

    def read(*told: tuple[float, float]) -> None:
        site.readings.write(
            [Reading(DEVICE, "temperature", value, begun + round(at * SECOND), begun) for at, value in told]
        )

    def explained(after: float) -> Any:
        at = rfc3339(begun + round(after * SECOND))
        answer = admin.get("/api/v1/rules/boiler-hot/explain", params={"device": DEVICE, "at": at})
        assert answer.status_code == 200, answer.text
        assert answer.json()["past"] and answer.json()["at"] == at
        return answer.json()["documents"]

    read((10, 20.5), (60, 45), (90, 44), (120, 39))
    site.clock.forward(HOUR / SECOND)
    hotter = HOT.replace("value: 40", "value: 60").replace("temperature: 41", "temperature: 61")
    etag = admin.get("/api/v1/rules/boiler-hot").headers["ETag"]
    assert admin.put("/api/v1/rules/boiler-hot", json={"text": hotter}, headers={"If-Match": etag}).status_code == 200

    site.clock.forward(HOUR / SECOND)
    (cool,), (pending,), (raised,), (over,) = explained(30), explained(65), explained(100), explained(130)
    assert [one["why"] for one in (cool, pending, raised, over)] == ["false", "pending", "raised", "false"]
    assert cool["because"]["en"] == "not so: temperature above 40 °C for 10 s, read temperature 20.5 °C"
    assert pending["next_due"] == raised["raised_at"] == rfc3339(begun + 70 * SECOND)
    assert raised["conditions"][0]["read"]["en"] == "temperature 44 °C"
    assert raised["told_now"]["steps"][0]["people"] == ["wang", "zhao"]
    assert "the journal says that an alert was not up then" in raised["unknown"][0]["en"]
    (changed,) = explained(HOUR / SECOND + 60)
    assert changed["because"]["en"].startswith("not so: temperature above 60 °C"), "as the rule stood after the change"

    (unread,) = explained(5)
    assert unread["why"] == "unknown"
    assert unread["unknown"][0]["en"].startswith("nothing is stored of temperature from ")
    assert explained(-60) == [], "it was not in force yet"
    ahead = {"device": DEVICE, "at": rfc3339(site.clock.now() + SECOND)}
    assert admin.get("/api/v1/rules/boiler-hot/explain", params=ahead).status_code == 422


def test_explain_of_then_names_the_alert_of_then_and_what_held_it(admin: TestClient, site: Site) -> None:
    alert, _ = site.alarm(DEVICE, rule="device-fault")
    begun = site.clock.now()
    site.readings.write([Reading(DEVICE, "fault", True, begun, begun)])
    silence = {"rules": ["device-fault"], "until": rfc3339(begun + 2 * HOUR), "why": "known"}
    site.clock.forward(60)
    hold = admin.post("/api/v1/silences", json=silence)
    assert hold.status_code == 201, hold.text
    site.clock.forward(60)
    assert admin.delete(f"/api/v1/silences/{hold.json()['id']}").status_code == 204
    site.clock.forward(60)

    def explained(after: int) -> Any:
        at = rfc3339(begun + after * SECOND)
        answer = admin.get("/api/v1/rules/device-fault/explain", params={"device": DEVICE, "at": at})
        return answer.json()["documents"][0]

    before, during, after = explained(30), explained(90), explained(150)
    assert before["alert"]["id"] == alert.id
    assert before["alert"]["state"] == "unacked" and before["why"] == "raised"
    assert [[one["id"] for one in shown["holds"]] for shown in (before, during, after)] == [[], [hold.json()["id"]], []]
    assert explained(-30)["alert"] is None


def test_explain_of_a_share_of_silent_devices_counts_them(admin: TestClient, site: Site) -> None:
    text = (
        "rule: all-quiet\ntitle: {zh: 失联, en: Quiet}\nseverity: medium\n"
        "when: {absent: {share: 0.5, in: building, longest: 10m, devices: 1}}\n"
    )
    assert admin.post("/api/v1/rules", json={"text": text}).status_code == 201
    site.remember(DEVICE, DeviceState(heard_at=site.clock.now()))

    def explained() -> Any:
        (found,) = admin.get("/api/v1/rules/all-quiet/explain", params={"device": DEVICE}).json()["documents"]
        return found

    heard = explained()
    assert heard["why"] == "false" and heard["truth"] is False
    assert heard["conditions"][0]["counted"] == {"devices": 1, "lost": 0, "needed": 1}
    assert heard["because"]["en"].endswith("read 0 of 1 devices of one building are silent or without power")
    assert heard["next_due"] == rfc3339(site.clock.now() + 10 * MINUTE)
    site.clock.forward(11 * MINUTE / SECOND)
    (evidence,) = explained()["conditions"][0]["evidence"]
    assert evidence["part"] == DEVICE
