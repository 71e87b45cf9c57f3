"""Dispatch on a real state database with real HTTP phones: who is told, on which contact, how often, until when."""

import asyncio
import time

import msgspec
import pytest

from harness.office import HOME, Office, rings
from harness.phones import Reply
from shouwang.domain.delivery import delivery_key
from shouwang.domain.incident import IncidentState
from shouwang.domain.notice import DeliveryState, Why
from shouwang.domain.vocabulary import (
    HOUR,
    MINUTE,
    SECOND,
    IncidentId,
    NoticeId,
    PersonId,
)
from shouwang.flows import dispatch as flow

pytestmark = pytest.mark.servers


async def test_a_first_notice_reaches_each_person_once_with_the_documented_body(office: Office) -> None:
    incident = office.opens()
    await office.dispatch.cycle()
    (call,) = office.calls("guard")
    assert call.is_signed_by(b"s3cret")
    assert set(call.body) == {
        "id", "why", "incident", "alert", "place", "person", "drill", "test", "url", "sent_at",
    }  # fmt: skip
    assert call.body["id"] == call.key == delivery_key(NoticeId("i1.1"), PersonId("guard"), 0) == "i1-1:guard:0"
    assert call.body["why"] == "first"
    assert call.body["place"] == {"path": HOME, "name": "锦苑 3号楼 2单元 f5 501室"}
    assert call.body["person"] == {"id": "guard"}
    assert call.body["drill"] is False
    assert call.body["test"] is False
    assert call.body["url"] == "https://watch.example.org/a/" + call.key
    assert call.body["sent_at"].endswith("Z")
    assert {
        "id", "state", "severity", "title", "place", "zone", "alerts", "opened_at", "acknowledged_at", "verified_at",
        "finding", "en_route_at", "on_scene_at", "resolved_at", "closed_at", "holder", "outcome", "drill", "timeline",
    } <= set(call.body["incident"])  # fmt: skip
    assert {
        "id", "rule", "title", "severity", "state", "device", "place", "incident", "raised_at", "cleared_at",
        "acknowledged_by", "count", "late", "test",
    } <= set(call.body["alert"])  # fmt: skip
    assert [one["kind"] for one in call.body["incident"]["timeline"]] == ["incident.opened"]
    assert call.body["incident"]["id"] == incident.id
    assert len(office.calls("patrol")) == 1
    assert office.calls("patrol-spare") == office.calls("secretary") == office.calls("chief") == []
    assert office.states() == {"guard:0:first": "sent", "patrol.2:0:first": "sent"}


async def test_neither_messages_nor_journal_hold_names_phones_or_addresses(office: Office) -> None:
    office.phones["guard"].answers(503)
    office.phones["patrol"].answers(404)
    office.opens("i1", "post:desk_operator", "post:patrol", "person:nobody")
    await office.dispatch.cycle()
    written = msgspec.json.encode(office.entries()).decode()
    sent = b"".join(call.raw for call in office.phones.calls).decode()
    for secret in ("某某", "+8610", "s3cret", "http://127", f":{office.phones.port}"):
        assert secret not in written
        assert secret not in sent


async def test_looking_again_tells_nobody_twice(office: Office) -> None:
    office.opens()
    for _ in range(3):
        await office.forward(MINUTE)
    assert len(office.calls("guard")) == len(office.calls("patrol")) == 1


async def test_an_unreachable_contact_is_tried_again_after_1_2_5_15_30_and_then_every_60_seconds(
    office: Office,
) -> None:
    office.phones["guard"].answers(503)
    office.opens("i1", "post:desk_operator")
    await office.dispatch.cycle()
    began, heard = office.clock.now(), [0]
    for _ in range(240):
        before = len(office.calls("guard"))
        await office.forward(SECOND)
        if len(office.calls("guard")) > before:
            heard.append((office.clock.now() - began) // SECOND)
    assert heard == [0, 1, 3, 8, 23, 53, 113, 173, 233]
    assert len({call.key for call in office.calls("guard")}) == 1
    assert office.states() == {"guard:0:first": "unreachable"}
    assert office.deliveries()["guard:0:first"].attempts == 9


async def test_a_gateway_that_asks_for_patience_gets_it(office: Office) -> None:
    office.phones["guard"].answers(Reply(429, {"retry-after": "20"}), 200)
    office.opens("i1", "post:desk_operator")
    await office.dispatch.cycle()
    await office.forward(19 * SECOND)
    assert len(office.calls("guard")) == 1
    await office.forward(2 * SECOND)
    assert len(office.calls("guard")) == 2
    assert office.states() == {"guard:0:first": "sent"}


async def test_retries_end_when_the_incident_is_resolved(office: Office) -> None:
    office.phones["guard"].answers(503)
    office.opens("i1", "post:desk_operator")
    await office.forward(SECOND)
    office.becomes("i1", state=IncidentState.RESOLVED)
    before = len(office.calls("guard"))
    for _ in range(10):
        await office.forward(MINUTE)
    assert len(office.calls("guard")) == before
    assert office.states() == {"guard:0:first": "cancelled"}


async def test_an_unreachable_contact_hands_over_to_the_next_at_once_and_is_still_tried(office: Office) -> None:
    office.phones["patrol"].answers(503, 503, 200)
    office.opens("i1", "post:patrol")
    await office.dispatch.cycle()
    assert len(office.calls("patrol-spare")) == 1
    assert office.states() == {"patrol.2:0:first": "unreachable", "patrol.2:1:first": "sent"}
    await office.forward(SECOND)
    await office.forward(2 * SECOND)
    assert office.states() == {"patrol.2:0:first": "sent", "patrol.2:1:first": "sent"}
    assert len(office.calls("patrol-spare")) == 1
    keys = {call.key for call in [*office.calls("patrol"), *office.calls("patrol-spare")]}
    assert keys == {"i1-1:patrol%2E2:0", "i1-1:patrol%2E2:1"}


async def test_a_refused_contact_hands_over_to_the_next_and_is_never_tried_again(office: Office) -> None:
    office.phones["patrol"].answers(410)
    office.opens("i1", "post:patrol")
    await office.dispatch.cycle()
    await office.forward(HOUR)
    assert len(office.calls("patrol")) == len(office.calls("patrol-spare")) == 1
    assert office.states() == {"patrol.2:0:first": "refused", "patrol.2:1:first": "sent"}


async def test_where_every_delivery_is_refused_the_next_step_comes_at_once_and_the_fallback_is_told(
    office: Office,
) -> None:
    for name in ("guard", "patrol", "patrol-spare"):
        office.phones[name].answers(404)
    office.opens()
    await office.dispatch.cycle()
    assert [call.body["why"] for call in office.calls("secretary")] == ["next_step"]
    assert [call.body["why"] for call in office.calls("chief")] == ["coverage_gap"]
    assert len(office.entries("coverage.gap")) == 1
    await office.forward(HOUR)
    assert len(office.calls("secretary")) == len(office.calls("chief")) == 1


async def test_the_next_step_does_not_wait_for_the_next_look(office: Office) -> None:
    office.phones["guard"].answers(404)
    office.opens("i1", "post:desk_operator")
    async with office.running() as dispatch:
        await rings(office, "secretary", within=2)
        for number in range(2, 6):
            office.opens(f"i{number}", "post:desk_operator")
            began = time.monotonic()
            dispatch.wake()
            await rings(office, "secretary", number, within=2)
            assert time.monotonic() - began < flow.LOOK_SECONDS * 0.8


async def test_one_person_who_can_be_told_is_enough_to_wait_for_the_next_step(office: Office) -> None:
    office.phones["guard"].answers(404)
    office.opens()
    await office.dispatch.cycle()
    assert office.calls("secretary") == office.calls("chief") == []
    assert office.entries("coverage.gap") == []


@pytest.mark.parametrize("target", ["post:engineer", "person:paper", "person:unknown", "roster:none"])
async def test_a_step_that_names_nobody_lets_the_next_one_come_at_once(office: Office, target: str) -> None:
    office.opens("i1", target)
    await office.dispatch.cycle()
    assert [call.body["why"] for call in office.calls("secretary")] == ["next_step"]
    assert [call.body["why"] for call in office.calls("chief")] == ["coverage_gap"]
    (gap,) = office.entries("coverage.gap")
    assert gap.incident == "i1"
    assert "paper" in str(gap.body) or target in str(gap.body)


async def test_those_told_before_are_no_answer_for_the_level_that_a_finding_calls(office: Office) -> None:
    incident = office.opens("i1", "post:desk_operator")
    await office.dispatch.cycle()
    office.becomes("i1", notices=2)
    office.tells(incident, Why.VERIFIED, "told", "post:engineer", step=1, number=2)
    await office.dispatch.cycle()
    assert [call.body["why"] for call in office.calls("guard")] == ["first", "verified"]
    assert [call.body["why"] for call in office.calls("chief")] == ["coverage_gap"]
    assert [entry.body["step"] for entry in office.entries("coverage.gap")] == [1]


async def test_everybody_told_hears_of_the_end_and_nobody_else(office: Office) -> None:
    incident = office.opens()
    await office.dispatch.cycle()
    office.becomes("i1", state=IncidentState.RESOLVED)
    office.tells(incident, Why.STOOD_DOWN, "told", number=2)
    await office.dispatch.cycle()
    for name in ("guard", "patrol"):
        assert [call.body["why"] for call in office.calls(name)] == ["first", "stood_down"]
        assert office.calls(name)[1].body["incident"]["state"] == "resolved"
    assert office.calls("secretary") == office.calls("chief") == []


async def test_a_farewell_is_tried_again_although_its_incident_is_over_but_not_for_ever(office: Office) -> None:
    incident = office.opens("i1", "post:desk_operator")
    await office.dispatch.cycle()
    office.becomes("i1", state=IncidentState.RESOLVED)
    office.phones["guard"].answers(503)
    office.tells(incident, Why.STOOD_DOWN, "told", number=2)
    await office.dispatch.cycle()
    await office.forward(SECOND)
    assert len(office.calls("guard")) == 3
    for _ in range(70):
        await office.forward(MINUTE)
    last = len(office.calls("guard"))
    await office.forward(HOUR)
    assert len(office.calls("guard")) == last
    assert office.states()["guard:0:stood_down"] == "cancelled"


async def test_the_holder_alone_hears_a_repeat(office: Office) -> None:
    incident = office.opens("i1", holder=PersonId("secretary"))
    await office.dispatch.cycle()
    office.tells(incident, Why.REPEAT, "holder", number=2)
    await office.dispatch.cycle()
    assert [call.body["why"] for call in office.calls("secretary")] == ["repeat"]
    assert len(office.calls("guard")) == 1


async def test_an_answer_given_while_the_message_was_under_way_stays_an_answer(office: Office) -> None:
    office.phones["guard"].answers(Reply(200, after=0.3))
    office.opens("i1", "post:desk_operator")
    async with office.running():
        await rings(office, "guard")
        with office.casebook.change() as change:
            (one,) = change.deliveries_of(IncidentId("i1"))
            change.keep_delivery(msgspec.structs.replace(one, state=DeliveryState.ANSWERED, answered_at=1))
        await asyncio.sleep(0.6)
    (one,) = office.deliveries().values()
    assert one.state is DeliveryState.ANSWERED
    assert one.sent_at is not None
