"""What gateways post back: believed only with a signature or a secret, applied once, whatever the order."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient
from standardwebhooks import Webhook as Signer

from harness.window import Site, site_on
from shouwang.api.server import build_app
from shouwang.channels.callbacks import Callbacks
from shouwang.domain.access import Role
from shouwang.domain.duty import Contact, Person
from shouwang.domain.incident import Incident, IncidentState, Outcome
from shouwang.domain.notice import Delivery, DeliveryState, Failure
from shouwang.domain.vocabulary import PersonId
from shouwang.flows.answering import Answering
from shouwang.registry.gateways import load_gateways
from shouwang.settings import shipped

pytestmark = pytest.mark.slow

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
SITE_SECRET = bytes(32)
KINDS = ("sms", "voice", "webhook")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, {}) as site:
        contacts = [Contact(kind=kind, url="http://x" if kind == "webhook" else "") for kind in KINDS]
        site.directory.change([Person(id=PersonId("wang"), name="王测试", phone="+86 13800000000", channels=contacts)])
        yield site


@pytest.fixture
def callbacks() -> Callbacks:
    known = load_gateways([shipped("channel_templates")])
    used = [known[name] for name in ("http", "aliyun-sms", "aliyun-voice", "tencent-sms")]
    return Callbacks(used, {"http_secret": SECRET}, SITE_SECRET)


@pytest.fixture
def gateway(site: Site, callbacks: Callbacks) -> TestClient:
    answers = Answering(site.casebook, site.board, site.directory, site.respond, site.clock, channels=KINDS)
    window = replace(site.window(), callbacks=callbacks, answers=answers)
    return TestClient(build_app(window), raise_server_exceptions=False)


def told(
    site: Site, incident: Incident, *, channel: str = "sms", state: DeliveryState = DeliveryState.SENT
) -> Delivery:
    sent = site.told(incident, "wang", state)
    kept = msgspec.structs.replace(
        sent, channel=channel, contact=KINDS.index(channel), reference=f"ref-{channel}", sent_at=site.clock.now()
    )
    with site.casebook.change() as change:
        change.keep_delivery(kept)
    return kept


def signed(body: object, *, secret: str = SECRET, ago: float = 0) -> dict[str, Any]:
    raw = msgspec.json.encode(body)
    at = datetime.now(tz=UTC) - timedelta(seconds=ago)
    return {
        "content": raw,
        "headers": {
            "webhook-id": "m1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Signer(secret).sign("m1", at, raw.decode()),
        },
    }


def report(gateway: TestClient, callbacks: Callbacks, name: str, body: object) -> Any:
    return gateway.post(f"/api/v1/callbacks/{name}?token={callbacks.token(name)}", content=msgspec.json.encode(body))


def delivery(site: Site, one: Delivery) -> Delivery:
    found = site.board.delivery(one.key)
    assert found is not None
    return found


def incident(site: Site, one: Delivery) -> Incident:
    found = site.board.incident(one.incident)
    assert found is not None
    return found


def test_a_signed_report_moves_the_delivery_forward_and_never_back(gateway: TestClient, site: Site) -> None:
    one = told(site, site.alarm("smoke-501")[1])
    for state, expected in (("delivered", "delivered"), ("seen", "seen"), ("delivered", "seen"), ("failed", "seen")):
        answer = gateway.post("/api/v1/callbacks/http", **signed({"reports": [{"id": one.key, "state": state}]}))
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert delivery(site, one).state == expected
    assert delivery(site, one).delivered_at is not None
    assert incident(site, one).state is IncidentState.OPEN


@pytest.mark.parametrize("how", ["unsigned", "another key", "old", "changed", "no time"])
def test_whoever_cannot_sign_is_not_believed(gateway: TestClient, site: Site, how: str) -> None:
    one = told(site, site.alarm("smoke-501")[1])
    body = {"reports": [{"id": one.key, "answer": "1"}]}
    other = "whsec_" + base64.b64encode(b"another key of ours").decode()
    request = signed(body, secret=other) if how == "another key" else signed(body, ago=600 if how == "old" else 0)
    if how == "unsigned":
        request["headers"] = {}
    if how == "changed":
        request["content"] += b" "
    if how == "no time":
        request["headers"]["webhook-timestamp"] = "yesterday"
    answer = gateway.post("/api/v1/callbacks/http", **request)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert incident(site, one).state is IncidentState.OPEN


def test_a_gateway_that_cannot_sign_bears_the_secret_of_its_address(
    gateway: TestClient, site: Site, callbacks: Callbacks
) -> None:
    one = told(site, site.alarm("smoke-501")[1])
    body = [{"phone_number": "13800000000", "success": True, "err_code": "DELIVERED", "out_id": one.key}]
    for token in ("", "x" * 32, callbacks.token("tencent-sms")):
        answer = gateway.post(f"/api/v1/callbacks/aliyun-sms?token={token}", content=msgspec.json.encode(body))
        assert answer.status_code == 401
    answer = report(gateway, callbacks, "aliyun-sms", body)
    assert (answer.status_code, answer.json()) == (200, {"code": 0, "msg": "成功"})
    assert delivery(site, one).state is DeliveryState.DELIVERED


@pytest.mark.parametrize(("key", "becomes"), [("1", IncidentState.ACKNOWLEDGED), ("2", IncidentState.OPEN)])
def test_a_key_pressed_in_a_call_answers_as_the_person(
    gateway: TestClient, site: Site, callbacks: Callbacks, key: str, becomes: IncidentState
) -> None:
    one = told(site, site.alarm("smoke-501")[1], channel="voice")
    body = [{"call_id": "ref-voice", "callee": "13800000000", "status_code": "200000", "dtmf": key}]
    for _ in range(2):
        assert report(gateway, callbacks, "aliyun-voice", body).status_code == 200
    found = incident(site, one)
    assert found.state is becomes
    assert "wang" in (found.holder, *found.declined)
    assert delivery(site, one).state is DeliveryState.ANSWERED


def test_a_text_written_back_answers_the_newest_message(gateway: TestClient, site: Site, callbacks: Callbacks) -> None:
    first = told(site, site.alarm("smoke-202")[1])
    site.clock.forward(60)
    second = told(site, site.alarm("smoke-501")[1])
    body = {"mobile": "13800000000", "nationcode": "86", "text": " 1。", "time": 1}
    assert report(gateway, callbacks, "tencent-sms", body).json() == {"result": 0, "errmsg": "OK"}
    assert incident(site, second).holder == "wang"
    assert incident(site, first).holder is None


def test_a_report_that_comes_again_does_not_undo_what_was_said_since(
    gateway: TestClient, site: Site, callbacks: Callbacks
) -> None:
    one = told(site, site.alarm("smoke-501")[1], channel="voice")
    body = [{"call_id": "ref-voice", "callee": "13800000000", "status_code": "200000", "dtmf": "1"}]
    report(gateway, callbacks, "aliyun-voice", body)
    site.respond.decline(one.incident, actor="wang")
    assert report(gateway, callbacks, "aliyun-voice", body).status_code == 200
    assert incident(site, one).holder is None


def test_a_call_that_nobody_took_goes_on_to_the_next_contact(
    gateway: TestClient, site: Site, callbacks: Callbacks
) -> None:
    one = told(site, site.alarm("smoke-501")[1], channel="voice")
    body = [{"call_id": "ref-voice", "callee": "13800000000", "status_code": "200010"}]
    report(gateway, callbacks, "aliyun-voice", body)
    failed = delivery(site, one)
    assert (failed.state, failed.failure) == (DeliveryState.UNREACHABLE, Failure.NO_ANSWER)
    others = [d for d in site.board.deliveries_of([one.incident])[one.incident] if d.key != one.key]
    assert [(d.channel, d.state) for d in others] == [("sms", DeliveryState.QUEUED)]


def test_an_answer_that_comes_too_late_is_an_answer_all_the_same(
    gateway: TestClient, site: Site, callbacks: Callbacks
) -> None:
    one = told(site, site.alarm("smoke-501")[1], channel="voice")
    site.respond.resolve(one.incident, actor="zhang", outcome=Outcome.FALSE_ALARM)
    body = [{"call_id": "ref-voice", "callee": "13800000000", "status_code": "200000", "dtmf": "1"}]
    assert report(gateway, callbacks, "aliyun-voice", body).status_code == 200
    assert delivery(site, one).state is DeliveryState.ANSWERED
    assert incident(site, one).state is IncidentState.RESOLVED


@pytest.mark.parametrize(
    "body", [{}, [], [{}], "x", 7, None, [{"phone_number": "1", "success": True}], {"reports": "x"}, [[[]]]]
)
def test_whatever_else_a_gateway_says_is_answered_and_changes_nothing(
    gateway: TestClient, site: Site, callbacks: Callbacks, body: object
) -> None:
    one = told(site, site.alarm("smoke-501")[1])
    last = site.journal.last()
    for name in ("aliyun-sms", "tencent-sms", "aliyun-voice"):
        assert report(gateway, callbacks, name, body).status_code == 200
    assert delivery(site, one) == one
    assert site.journal.last() == last


def test_what_is_no_json_or_no_gateway_is_refused(gateway: TestClient, callbacks: Callbacks) -> None:
    path = f"/api/v1/callbacks/aliyun-sms?token={callbacks.token('aliyun-sms')}"
    assert gateway.post(path, content=b"{").status_code == 422
    for name in ("wecom", "tencent-voice", "nothing"):
        assert gateway.post(f"/api/v1/callbacks/{name}", content=b"{}").status_code == 404
    assert gateway.get("/api/v1/callbacks/http").status_code == 401


def test_an_administrator_reads_the_addresses_to_give_to_gateways(gateway: TestClient, site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.token(Role.ADMIN)}"}
    shown = {one["gateway"]: one for one in gateway.get("/api/v1/callbacks", headers=headers).json()["items"]}
    assert set(shown) == {"http", "aliyun-sms", "aliyun-voice", "tencent-sms"}
    assert shown["http"] == {"gateway": "http", "path": "/api/v1/callbacks/http", "signed": True}
    assert gateway.post(shown["aliyun-sms"]["path"], content=b"[]").status_code == 200
    headers = {"Authorization": f"Bearer {site.token(Role.OPERATOR)}"}
    assert gateway.get("/api/v1/callbacks", headers=headers).status_code == 403
