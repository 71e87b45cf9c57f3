"""What other systems hear on MQTT."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import FLAT, alert, opened, seconds
from shouwang.domain.alert import AlertState
from shouwang.domain.announcement import alert_announcement, incident_announcement, incident_withdrawal
from shouwang.domain.incident import IncidentState
from shouwang.domain.vocabulary import PersonId


def test_an_open_alert_is_retained_at_its_place_and_emptied_when_it_is_over() -> None:
    open_one, over = alert_announcement(alert()), alert_announcement(alert(state=AlertState.NORMAL))
    assert open_one.topic == over.topic == f"shouwang/v1/alerts/{FLAT}/smoke-501/smoke"
    assert open_one.retain and over.retain
    assert over.payload == b""
    said = json.loads(open_one.payload)
    assert (said["id"], said["state"], said["class"]) == (alert().id, "unacked", "fire")
    assert said["raised_at"] == "2026-11-23T18:14:00Z"


def test_an_alert_of_a_place_has_no_device_in_its_topic() -> None:
    assert alert_announcement(alert(None)).topic.endswith("/501/_/smoke")


def test_ids_with_separators_and_wildcards_stay_one_level() -> None:
    one = alert_announcement(alert("zigbee2mqtt:hall/+smoke#1%", rule="a/b"))
    assert one.topic == f"shouwang/v1/alerts/{FLAT}/zigbee2mqtt:hall%2F%2Bsmoke%231%25/a%2Fb"


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_no_id_can_leave_its_level_or_name_another_alert(device: str, rule: str) -> None:
    topic = alert_announcement(alert(device, rule=rule)).topic
    assert not set(topic) & set("+#\0\n")
    assert topic.count("/") == 4 + FLAT.count("/") + 1
    plain = topic.rsplit("/", 2)[1:]
    decoded = [_decoded(level) for level in plain]
    assert decoded == [device, rule]


def _decoded(level: str) -> str:
    parts = level.split("%")
    return parts[0] + "".join(chr(int(part[:2], 16)) + part[2:] for part in parts[1:])


def test_a_live_incident_is_retained_and_its_last_words_are_not() -> None:
    live = incident_announcement(opened())
    assert live.topic == f"shouwang/v1/incidents/{opened().id}"
    assert live.retain
    over = msgspec.structs.replace(opened(), state=IncidentState.RESOLVED, resolved_at=seconds(5))
    assert not incident_announcement(over).retain
    assert json.loads(incident_announcement(over).payload)["resolved_at"] == "2026-11-23T18:14:05Z"
    withdrawn = incident_withdrawal(over)
    assert (withdrawn.topic, withdrawn.payload, withdrawn.retain) == (live.topic, b"", True)


def test_an_incident_says_who_holds_it_by_id_only() -> None:
    held = msgspec.structs.replace(opened(), holder=PersonId("guard"))
    assert json.loads(incident_announcement(held).payload)["holder"] == "guard"
    assert b"Guard" not in incident_announcement(held).payload
