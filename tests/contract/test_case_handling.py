"""What people add to a case over HTTP: proof, checklist, calls, entry, headcount, files; merged, split, by hand."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from fastapi.testclient import TestClient

from harness.calls import SMOKE_DETECTOR, As, ok
from harness.window import ABOVE, COMPOUND, ELSEWHERE, ROOM, Site, site_on
from shouwang.domain.access import Role
from shouwang.domain.alert import AlertClass
from shouwang.domain.casefile import Topic
from shouwang.domain.checklist import never_of
from shouwang.domain.duty import PostHolder
from shouwang.domain.escalation import Match, Milestone, Policy, Step
from shouwang.domain.household import FamilyContact, Household, KeyHolder
from shouwang.domain.levels import POST_ZH
from shouwang.domain.moment import rfc3339
from shouwang.domain.notice import DeliveryState
from shouwang.domain.patrol import Patrol, Point
from shouwang.domain.premises import Gate, ServiceNumber
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.vocabulary import SECOND, PersonId, PlaceId
from shouwang.registry.checklists import load_checklists

pytestmark = pytest.mark.slow

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 1000
INCIDENTS = "/api/v1/incidents"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, {SMOKE_DETECTOR.id: SMOKE_DETECTOR}) as site:
        site.directory.change(
            [
                Household(
                    place=ROOM,
                    residents=2,
                    needs=["行动不便"],
                    helped=True,
                    contacts=[FamilyContact(name="女儿", phone="+8613911112222", relation="女儿")],
                    keys=[KeyHolder(person=PersonId("zhao"))],
                    gate="西门",
                ),
                Household(place=ABOVE, helped=True, needs=["听障"]),
                PostHolder(place=COMPOUND, post="sub_district_officer", person=PersonId("zhang2")),
            ]
        )
        yield site


def burning(site: Site, device: str = "smoke-501") -> str:
    return f"{INCIDENTS}/{site.alarm(device)[1].id}"


def test_an_arrival_is_proven_by_a_tag_a_press_or_a_fresh_photo_and_nothing_else(
    site: Site, operator: TestClient, client_as: As
) -> None:
    case = burning(site)
    patrol = client_as(Role.RESPONDER, person="zhang")
    arrived = ok(patrol.post(f"{case}/arrive", json={}))
    clock = {one["name"]: one for one in arrived["clocks"]}["on_scene"]
    assert (clock["proven"], clock["late"], clock["limit"]) == (False, False, 180)
    for wrong in ({"proof": "tag", "reference": "smoke-202"}, {"proof": "test_press", "reference": "smoke-501"}):
        assert patrol.post(f"{case}/arrive", json=wrong).status_code == 422
    site.heard("smoke-501", ago=30, test=True)
    proven = ok(patrol.post(f"{case}/arrive", json={"proof": "test_press", "reference": "smoke-501"}))
    assert [(one["by"], one["proof"]) for one in proven["file"]["arrivals"]] == [("zhang", "test_press")]
    photo = ok(operator.post(f"{case}/files?name=door.jpg", content=JPEG), 201)
    ok(operator.post(f"{case}/arrive", json={"proof": "photo", "reference": photo["id"]}))
    site.clock.forward(301)
    late = client_as(Role.RESPONDER, person="zhao")
    assert late.post(f"{case}/arrive", json={"proof": "photo", "reference": photo["id"]}).status_code == 422
    ok(late.post(f"{case}/arrive", json={"proof": "tag", "reference": f"{ROOM}"}))


@pytest.mark.parametrize(
    ("tag", "status"),
    [("shouwang:device:smoke-501", 200), ("XF-5", 200), ("shouwang:device:smoke-202", 422), ("XF-7", 422)],
)
def test_a_label_of_ours_and_a_patrol_tag_prove_an_arrival_where_they_hang(
    site: Site, client_as: As, tag: str, status: int
) -> None:
    points = [Point(tag="XF-5", place=PlaceId(ROOM.rpartition("/")[0])), Point(tag="XF-7", place=ELSEWHERE)]
    site.directory.change([Patrol(id="round", points=points)])
    case = burning(site)
    answer = client_as(Role.RESPONDER, person="zhang").post(f"{case}/arrive", json={"proof": "tag", "reference": tag})
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["file"]["arrivals"][0]["proof"] == "tag"


def test_an_act_that_a_phone_kept_says_when_it_was_done_beside_when_it_came(site: Site, client_as: As) -> None:
    case = burning(site)
    patrol = client_as(Role.RESPONDER, person="zhang")
    site.clock.forward(900)
    pressed = rfc3339(site.clock.now() - 780 * SECOND)
    arrived = ok(patrol.post(f"{case}/arrive", json={"at": pressed}))
    assert arrived["on_scene_at"] == pressed
    clock = {one["name"]: one for one in arrived["clocks"]}["on_scene"]
    assert (clock["met_at"], clock["late"], clock["said"]) == (pressed, False, True)
    (line,) = [one for one in arrived["timeline"] if one["kind"] == "incident.on_scene"]
    assert (line["at"], line["body"]["said_at"]) == (rfc3339(site.clock.now()), pressed)
    ok(patrol.post(f"{case}/calls", json={"service": "119", "at": pressed}))
    ok(patrol.post(f"{case}/checks", json={"item": "lane", "at": pressed}))
    ok(patrol.post(f"{case}/headcount", json={"place": ROOM, "state": "evacuated", "at": pressed}))
    listed = ok(patrol.get(f"{case}/checklist"))
    assert [one["done_at"] for one in listed["items"] if one["done_at"]] == [pressed]
    assert next(one for one in listed["scripts"] if one["service"] == "119")["called_at"] == [pressed]
    ahead = rfc3339(site.clock.now() + 3600 * SECOND)
    noted = ok(patrol.post(f"{case}/notes", json={"note": "a clock that is wrong", "at": ahead}))
    assert noted["timeline"][-1]["body"]["doubted"] is True, "taken all the same"
    assert patrol.post(f"{case}/notes", json={"note": "x", "at": "yesterday"}).status_code == 422


def test_files_are_known_by_their_content_bounded_and_given_to_those_who_answer(
    site: Site, operator: TestClient, client_as: As
) -> None:
    case = burning(site)
    made = ok(operator.post(f"{case}/files?name=%E9%97%A8.jpg", content=JPEG), 201)
    assert (made["type"], made["size"], made["name"], made["by"]) == ("image/jpeg", len(JPEG), "门.jpg", "wang")
    got = operator.get(f"{case}/files/{made['id']}")
    assert got.content == JPEG and got.headers["content-disposition"].startswith("attachment")
    assert operator.post(f"{case}/files", content=b"<script>alert(1)</script>").status_code == 422
    assert operator.post(f"{case}/files", content=JPEG + b"0" * (8 << 20)).status_code == 413
    assert client_as(Role.VIEWER).get(f"{case}/files/{made['id']}").status_code == 403
    other = burning(site, "smoke-202")
    assert operator.get(f"{other}/files/{made['id']}").status_code == 404


def test_the_checklist_has_the_words_for_119_and_keeps_when_a_person_called(site: Site, operator: TestClient) -> None:
    case = burning(site)
    listed = ok(operator.get(f"{case}/checklist"))
    words = next(one for one in listed["scripts"] if one["service"] == "119")["text"]["zh"]
    assert "城江街道 东门社区 金源小区 3号楼 2单元 5层 501" in words and "5层" in words and "屋内人数：2" in words
    assert "需协助疏散住户：2户（5层 1户、6层 1户）" in words
    assert "{" not in words and "王测试" in words
    ok(operator.post(f"{case}/calls", json={"service": "119"}))
    ok(operator.post(f"{case}/checks", json={"item": "auto"}))
    ok(operator.post(f"{case}/checks", json={"item": "auto"}))
    assert operator.post(f"{case}/checks", json={"item": "dance"}).status_code == 422
    again = ok(operator.get(f"{case}/checklist"))
    assert len(next(one for one in again["scripts"] if one["service"] == "119")["called_at"]) == 1
    assert [one["id"] for one in again["items"] if one["done_at"]] == ["auto"]
    assert ok(operator.get(f"{case}/checklist?id=lift"))["id"] == "lift"
    assert operator.get(f"{case}/checklist?id=none").status_code == 404


def test_the_sites_numbers_are_ready_to_dial_and_its_gate_is_in_the_words(site: Site, operator: TestClient) -> None:
    bare = ok(operator.get(f"{burning(site)}/checklist"))
    words = bare["scripts"][0]["text"]["zh"]
    assert bare["gate"] is None and "消防车到小区大门有人接应" in words and "回拨电话：____" in words
    facts = site.directory.community().site
    site.directory.change(
        [
            msgspec.structs.replace(
                facts,
                numbers=[
                    ServiceNumber(service="gas-company", number="000-1"),
                    ServiceNumber(service="property", number="000-2"),
                ],
                gates=[Gate(name="西门", place=COMPOUND, note="夜间开")],
            )
        ]
    )
    case = burning(site, "smoke-202")
    listed = ok(operator.get(f"{case}/checklist"))
    assert listed["gate"] == {"name": "西门", "note": "夜间开"}
    assert "回拨电话：000-2" in listed["scripts"][0]["text"]["zh"] and "西门" in listed["scripts"][0]["text"]["zh"]
    assert "ring back on 000-2; somebody meets the engine at 西门" in listed["scripts"][0]["text"]["en"]
    steps = {one["id"]: one for one in listed["items"]}
    assert steps["gate"]["text"] == {"zh": "在西门迎接消防车并带路", "en": "Meet the engine at 西门 and lead it"}
    assert (steps["call-119"]["number"], steps["gate"]["number"]) == ("119", "")
    gas = ok(operator.get(f"{case}/checklist?id=gas"))
    assert {one["service"]: one["number"] for one in gas["scripts"]} == {
        "119": "119",
        "120": "120",
        "gas-company": "000-1",
    }


def test_a_call_names_whom_and_whether_anybody_answered_and_never_a_name(site: Site, operator: TestClient) -> None:
    case = burning(site)
    ok(operator.post(f"{case}/calls", json={"service": "family:1", "answered": False, "note": "501 女儿"}))
    called = ok(operator.post(f"{case}/calls", json={"service": "person", "person": "zhao", "answered": True}))
    assert [(one["service"], one["person"], one["answered"]) for one in called["file"]["calls"]] == [
        ("family:1", None, False),
        ("person", "zhao", True),
    ]
    assert called["people"]["zhao"] == "赵测试"
    dialled = [one["body"] for one in called["timeline"] if one["kind"] == "incident.dialled"]
    assert [(one["service"], one["person"], one["answered"], one["note"]) for one in dialled] == [
        ("family:1", None, False, "501 女儿"),
        ("person", "zhao", True, ""),
    ]
    assert operator.post(f"{case}/calls", json={"service": "person", "person": "nobody"}).status_code == 422


def test_checklists_are_named_and_what_was_detected_beside_a_fire_forbids_too(site: Site, operator: TestClient) -> None:
    named = {one["id"]: one["classes"] for one in ok(operator.get("/api/v1/checklists"))["items"]}
    assert named["gas"] == ["gas", "co"] and named["lift"] == []
    incident = site.alarm("smoke-501")[1]
    bell = next(one for one in load_checklists() if one.id == "gas").never[0]
    assert bell not in never_of(load_checklists(), incident)
    with_gas = msgspec.structs.replace(incident, detectors={AlertClass.GAS: ["gas-501"], **incident.detectors})
    assert bell in never_of(load_checklists(), with_gas)


def test_every_shipped_checklist_says_what_posts_do_and_no_script_asks_for_an_unknown_fact() -> None:
    lists = {one.id: one for one in load_checklists()}
    classes = [klass for one in lists.values() for klass in one.classes]
    assert sorted(classes) == sorted(AlertClass), "each class has one list"
    assert [one.id for one in lists.values() if not one.classes] == [Topic.LIFT]
    assert {script.service for script in lists["emergency-call"].scripts} == {"120", "110"}
    for one in lists.values():
        assert one.items and one.tasks
        for words in (one.title, *one.never, *(item.text for item in one.items), *one.tasks.values()):
            assert {"zh", "en"} <= set(words)
        assert {post for item in one.items for post in item.posts} | set(one.tasks) <= set(POST_ZH)
        assert len({item.id for item in one.items}) == len(one.items)


def test_a_home_is_entered_before_two_witnesses_with_reason_and_authority(site: Site, operator: TestClient) -> None:
    case = burning(site)
    body = {"how": "force", "place": ROOM, "reason": "smoke, no answer", "authorised_by": "zhou", "witnesses": ["zhao"]}
    assert operator.post(f"{case}/entries", json=body).status_code == 409
    entered = ok(operator.post(f"{case}/entries", json={**body, "witnesses": ["zhao", "zhang"]}))
    assert entered["file"]["entries"][0]["witnesses"] == ["zhao", "zhang"]


def test_the_card_has_the_tasks_of_every_post_that_its_reader_holds_here(site: Site, client_as: As) -> None:
    always = [Shift(start="00:00", end="24:00", people=[PersonId("zhang")])]
    site.directory.change(
        [
            Roster(id="station", zone="", post="micro_fire_station", shifts=always),
            PostHolder(place=COMPOUND, post="party_member", person=PersonId("zhou"), deputy=PersonId("li")),
        ]
    )
    case = burning(site)
    patrol = ok(client_as(Role.RESPONDER, person="zhang").get(f"{case}/card"))
    assert "micro_fire_station" in patrol["posts"], "by standing in a roster"
    assert any("先期扑救" in one["zh"] for one in patrol["tasks"])
    volunteer = ok(client_as(Role.RESPONDER, person="li").get(f"{case}/card"))
    assert volunteer["posts"] == ["party_member"], "as a deputy"
    assert [one["zh"] for one in volunteer["tasks"]] == ["敲门、引导、清点，不进入烟雾"]
    assert any("烟雾" in one["zh"] for one in volunteer["never"])
    stranger = ok(client_as(Role.RESPONDER, person="nobody-here").get(f"{case}/card"))
    assert (stranger["posts"], stranger["tasks"]) == ([], [])


def test_the_headcount_begins_on_the_fire_floor_and_puts_those_who_need_help_first(
    site: Site, operator: TestClient
) -> None:
    case = burning(site)
    counted = ok(operator.get(f"{case}/headcount"))
    assert counted["floors"][0].endswith("/f5") and counted["floors"][-1].endswith("/f11")
    assert counted["items"][0]["place"] == ROOM and counted["needs_help"] == 2
    assert counted["unknown"] == 7 * 4
    ok(operator.post(f"{case}/headcount", json={"place": ROOM, "state": "evacuated", "people": 2}))
    after = ok(operator.post(f"{case}/headcount", json={"place": ABOVE, "state": "not_reached"}))
    assert (after["evacuated"], after["not_reached"], after["needs_help"], after["unknown"]) == (1, 1, 1, 26)


def test_each_level_is_told_what_it_needs_and_only_while_the_case_is_live(
    site: Site, operator: TestClient, client_as: As
) -> None:
    alert, incident = site.alarm("smoke-501")
    case = f"{INCIDENTS}/{incident.id}"
    for person in ("zhao", "zhang2"):
        site.told(incident, person, DeliveryState.SENT)
    assigned = ok(client_as(Role.RESPONDER, person="zhao").get(f"{case}/card"))
    assert assigned["level"] == "assigned" and assigned["tasks"][0]["zh"].startswith("敲门")
    household = assigned["households"][0]
    assert household["contacts"][0]["phone"] == "+8613911112222" and household["gate"] == "西门"
    assert household["keys"][0]["name"] == "赵测试"
    summary = ok(client_as(Role.RESPONDER, person="zhang2").get(f"{case}/card"))
    assert (summary["level"], summary["households"], summary["helped"]) == ("summary", [], [])
    assert summary["where"]["label"] == "3号楼"
    ok(operator.post(f"{case}/resolve", json={"outcome": "false_alarm", "cause": "cooking"}))
    assert ok(operator.get(f"{case}/card"))["households"] == []
    assert alert.id in ok(operator.get(case))["alerts"]


def test_what_a_person_reports_opens_a_case_once_and_rings_as_an_alarm_does(site: Site, operator: TestClient) -> None:
    body = {"place": f"{COMPOUND}/b7/u1", "class": "fire", "note": "smoke in the stairwell", "reported_by": "resident"}
    made = ok(operator.post(INCIDENTS, json=body), 201)
    assert (made["severity"], made["policy"], made["file"]["reported_by"]) == ("critical", "fire", "resident")
    assert made["next_step"]["index"] == 1
    again = ok(operator.post(INCIDENTS, json=body))
    assert again["id"] == made["id"]
    assert operator.post(INCIDENTS, json={**body, "place": "nowhere"}).status_code == 422
    ok(operator.post(f"{INCIDENTS}/{made['id']}/resolve", json={"outcome": "real"}))
    assert ok(operator.post(INCIDENTS, json=body), 201)["id"] != made["id"]


def test_two_cases_that_are_one_are_merged_and_one_that_is_two_is_split(site: Site, operator: TestClient) -> None:
    kept, other = burning(site, "smoke-501"), burning(site, "smoke-202")
    merged = ok(operator.post(f"{other}/merge", json={"into": kept.rpartition("/")[2]}))
    assert merged["id"] == kept.rpartition("/")[2] and len(merged["alerts"]) == 2 and ELSEWHERE in merged["places"]
    gone = ok(operator.get(other))
    assert (gone["state"], gone["file"]["merged_into"], gone["next_step"]) == ("closed", merged["id"], None)
    parted = ok(operator.post(f"{kept}/split", json={"alerts": [gone["alerts"][0]]}), 201)
    assert parted["file"]["split_from"] == merged["id"] and parted["state"] == "open"
    assert ok(operator.get(f"/api/v1/alerts/{gone['alerts'][0]}"))["incident"] == parted["id"]
    assert operator.post(f"{kept}/split", json={"alerts": ok(operator.get(kept))["alerts"]}).status_code == 409
    assert operator.post(f"{kept}/merge", json={"into": merged["id"]}).status_code == 409


def test_a_fire_merged_into_a_fault_goes_on_as_a_fire_and_never_as_a_drill(site: Site, operator: TestClient) -> None:
    fire = burning(site)
    body = {"place": ROOM, "class": "fault", "note": "dead detector"}
    fault = f"{INCIDENTS}/{ok(operator.post(INCIDENTS, json=body), 201)['id']}"
    merged = ok(operator.post(f"{fire}/merge", json={"into": fault.rpartition("/")[2]}))
    assert (merged["id"], merged["class"], merged["severity"]) == (fault.rpartition("/")[2], "fire", "critical")
    assert (merged["policy"], merged["place"]) == (ok(operator.get(fire))["policy"], ROOM)
    assert ok(operator.get(f"{fault}/checklist"))["id"] == "fire"
    _, drill = site.alarm("smoke-202")
    with site.casebook.change() as change:
        change.keep_incident(msgspec.structs.replace(drill, drill=True))
    for case, into in ((fault, drill.id), (f"{INCIDENTS}/{drill.id}", merged["id"])):
        refused = operator.post(f"{case}/merge", json={"into": into})
        assert refused.status_code == 409 and f"{drill.id} is a drill" in refused.json()["detail"]
        assert f"go on with {merged['id']}" in refused.json()["detail"]


def test_a_call_for_help_is_followed_up_after_it_is_resolved(site: Site, operator: TestClient) -> None:
    case = burning(site)
    assert operator.post(f"{case}/follow-up", json={"result": "well"}).status_code == 409
    ok(operator.post(f"{case}/resolve", json={"outcome": "real"}))
    done = ok(operator.post(f"{case}/follow-up", json={"result": "well", "note": "calm"}))
    assert done["state"] == "resolved" and done["file"]["follow_ups"][0]["result"] == "well"
    assert "followed_up" in done["reached"]


def test_a_lift_with_people_in_it_is_a_case_of_its_own_with_its_own_words(site: Site, operator: TestClient) -> None:
    body = {"place": f"{COMPOUND}/b7/u1", "class": "emergency", "topic": "lift"}
    made = ok(operator.post(INCIDENTS, json=body), 201)
    assert (made["title"], made["severity"]) == ({"zh": "电梯困人", "en": "People trapped in a lift"}, "critical")
    listed = ok(operator.get(f"{INCIDENTS}/{made['id']}/checklist"))
    assert (listed["id"], listed["never"][0]["zh"]) == ("lift", "不扒门，不让被困人员自行脱困")
    call = ok(operator.post(INCIDENTS, json={"place": body["place"], "class": "emergency"}), 201)
    assert ok(operator.get(f"{INCIDENTS}/{call['id']}/checklist"))["id"] == "emergency-call"


def test_what_a_closed_case_owes_stays_due_and_may_be_done_later(
    site: Site, operator: TestClient, client_as: As
) -> None:
    case = burning(site)
    assert ok(operator.get(case))["owed"] == []
    ok(operator.post(f"{case}/resolve", json={"outcome": "real"}))
    closed = ok(operator.post(f"{case}/close", json={}))
    assert (closed["state"], closed["owed"]) == ("closed", [{"what": "review", "at": None}])
    (handled,) = ok(operator.get("/api/v1/reports/shift"))["handled"]
    assert handled["owed"] == ["review"]
    assert operator.post(f"{case}/review", json={}).status_code == 409
    reviewed = ok(client_as(Role.ADMIN).post(f"{case}/review", json={"note": "quick and calm"}))
    assert (reviewed["state"], reviewed["reviewed_by"], reviewed["owed"]) == ("closed", "admin-desk", [])


def test_ended_cases_are_found_by_what_they_owe(site: Site, operator: TestClient, client_as: As) -> None:
    visit = Step(after="6h", when=Milestone.RESOLVED, unless=Milestone.FOLLOWED_UP, tell=["post:patrol"])
    site.directory.change(
        [Policy(id="fire", match=Match(classes=[AlertClass.EMERGENCY]), steps=[Step(tell=["zone"]), visit])]
    )
    report = ({"place": place, "class": kind} for place, kind in ((ROOM, "fire"), (ROOM, "emergency"), (ROOM, "water")))
    fire, call, leak = (ok(operator.post(INCIDENTS, json=one), 201)["id"] for one in report)
    assert ok(operator.get(f"{INCIDENTS}/owed")) == {"review": 0, "follow_up": 0}
    for id in (fire, call, leak):
        ok(operator.post(f"{INCIDENTS}/{id}/resolve", json={"outcome": "real"}))
    assert ok(operator.get(f"{INCIDENTS}/owed")) == {"review": 2, "follow_up": 1}
    assert [one["id"] for one in ok(operator.get(INCIDENTS, params={"owed": "follow_up"}))["items"]] == [call]
    first = ok(operator.get(INCIDENTS, params={"owed": "review", "limit": 1}))
    rest = ok(operator.get(INCIDENTS, params={"owed": "review", "limit": 1, "cursor": first["next"]}))
    assert [one["id"] for one in first["items"] + rest["items"]] == [call, fire] and rest["next"] is None
    assert ok(operator.get(INCIDENTS, params={"owed": "review", "state": "open"}))["items"] == []
    assert ok(operator.get(f"{INCIDENTS}/owed", params={"place": ELSEWHERE})) == {"review": 0, "follow_up": 0}
    ok(operator.post(f"{INCIDENTS}/{call}/follow-up", json={"result": "well"}))
    ok(client_as(Role.ADMIN).post(f"{INCIDENTS}/{call}/review", json={}))
    assert ok(operator.get(f"{INCIDENTS}/owed")) == {"review": 1, "follow_up": 0}


@pytest.mark.parametrize("flag", ["drill", "test"])
def test_a_drill_shows_counts_and_no_resident(site: Site, operator: TestClient, client_as: As, flag: str) -> None:
    _, incident = site.alarm("smoke-501")
    site.told(incident, "zhao", DeliveryState.SENT)
    with site.casebook.change() as change:
        change.keep_incident(msgspec.structs.replace(incident, **{flag: True}))
    case = f"{INCIDENTS}/{incident.id}"
    for client in (operator, client_as(Role.RESPONDER, person="zhao")):
        shown = ok(client.get(f"{case}/card"))
        assert (shown["households"], shown["helped"], shown["neighbours"]) == ([], [], 28)
        counted = ok(client.get(f"{case}/headcount"))
        assert counted["needs_help"] == 2 and len(counted["items"]) == 28
        assert not any(one["needs"] or one["residents"] or one["helped"] for one in counted["items"])


def test_who_only_oversees_counts_homes_without_what_their_people_need(site: Site, client_as: As) -> None:
    _, incident = site.alarm("smoke-501")
    for person in ("zhao", "zhang2"):
        site.told(incident, person, DeliveryState.SENT)
    path = f"{INCIDENTS}/{incident.id}/headcount"
    assert ok(client_as(Role.RESPONDER, person="zhao").get(path))["items"][0]["needs"] == ["行动不便"]
    afar = ok(client_as(Role.RESPONDER, person="zhang2").get(path))
    assert afar["unknown"] == 28 and not any(one["needs"] for one in afar["items"])
