"""Gateways by template: each request as the provider documents it, each answer by its meaning, nothing secret told."""

import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from harness.phones import Call, Exchange, Reply, exchange
from shouwang.channels.gateway import Gateways
from shouwang.channels.post import Poster
from shouwang.channels.signing import Draft, aliyun_rpc, tencent_tc3
from shouwang.channels.watched import Watched
from shouwang.domain.duty import Contact, Person
from shouwang.domain.errors import ConfigError
from shouwang.domain.gateway import Scheme, Sign, Template
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.notice import Failure, Message, Outcome, Refused, Sent, Unreachable
from shouwang.domain.pulse import ChannelState, fare_of
from shouwang.domain.vocabulary import HOUR, SECOND, DeliveryKey, Instant, PersonId
from shouwang.registry.gateways import load_gateways, read_gateways
from shouwang.settings import shipped

pytestmark = pytest.mark.servers

SHIPPED = load_gateways([shipped("channel_templates")])
LIMIT = 2.0
HTTP_SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
GUARD = Person(id=PersonId("guard"), name="值班员", phone="+86 138 0000 0000")
ABROAD = Person(id=PersonId("smith"), name="Smith", phone="+44 20 7946 0000", language="en")


class Now:
    def __init__(self) -> None:
        self.at: Instant = time.time_ns() // 1000

    def now(self) -> Instant:
        return self.at


@pytest.fixture
def phones() -> Iterator[Exchange]:
    with exchange() as running:
        yield running


@pytest.fixture
async def poster() -> AsyncIterator[Poster]:
    poster = Poster()
    yield poster
    await poster.close()


def message(key: str = "i1-1:guard:0", incident: str = "i1", why: str = "first", **body: object) -> Message:
    facts: dict[str, object] = {
        "id": key,
        "why": why,
        "incident": {"id": incident, "class": "fire", "title": {"zh": "烟雾报警", "en": "Smoke alarm"}},
        "alert": {"class": "fire", "title": {"zh": "烟雾报警", "en": "Smoke alarm"}},
        "place": {"path": "cj/dm/jy/b3", "name": "锦苑 3号楼 501"},
        "drill": False,
        "test": False,
        "url": "",
        **body,
    }
    return Message(key=DeliveryKey(key), text="【火警】锦苑 3号楼 501，烟雾报警，02:14", body=facts)


def values_for(template: Template, url: str = "") -> Mapping[str, str]:
    made = {name: f"value-of-{name.replace('_', '-')}" for name in template.needs}
    return {**made, **({"http_url": url, "http_secret": HTTP_SECRET} if template.gateway == "http" else {})}


def at(template: Template, url: str) -> Template:
    """The shipped template, its provider on a server of ours."""
    return msgspec.structs.replace(template, request=msgspec.structs.replace(template.request, url=url))


def gateway(poster: Poster, *templates: Template, clock: Now | None = None, **given: Any) -> Gateways:
    values = {name: value for template in templates for name, value in values_for(template).items()}
    values.update(given.pop("values", {}))
    return Gateways(templates[0].carries[0], templates, values, clock or Now(), poster, seconds=LIMIT, **given)


async def tell(poster: Poster, phones: Exchange, name: str, *replies: Reply, **body: Any) -> tuple[Outcome, Call]:
    template = at(SHIPPED[name], phones.url(name))
    if replies:
        phones[name].answers(*replies)
    contact = Contact(kind=template.carries[0], url=phones.url(name), secret="SECrobot-secret")
    outcome = await gateway(poster, template, values={"http_secret": HTTP_SECRET, "http_url": phones.url(name)}).send(
        message(**body), GUARD, contact
    )
    return outcome, phones[name].calls[-1]


def ok(answer: object, status: int = 200) -> Reply:
    return Reply(status, body=msgspec.json.encode(answer))


def form(call: Call) -> dict[str, str]:
    return {name: held[0] for name, held in parse_qs(call.raw.decode(), keep_blank_values=True).items()}


# Signatures, by the worked examples of their sources ------------------------------------------------------------------


def test_aliyun_signs_as_its_documentation_does() -> None:
    query = {"Action": "DescribeRegions", "Version": "2014-05-26", "Format": "XML"}
    draft = Draft(method="GET", url="http://ecs.aliyuncs.com/", headers={}, query=query)
    sign = Sign(scheme=Scheme.ALIYUN_RPC, id="testid", key="testsecret")
    made = aliyun_rpc(draft, sign, parse_rfc3339("2016-02-23T12:46:24Z"), "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf")
    assert made.query["Signature"] == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


def test_tencent_signs_what_its_documentation_does() -> None:
    body = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    draft = Draft(method="POST", url="https://cvm.tencentcloudapi.com", headers={}, query={}, body=body)
    sign = Sign(scheme=Scheme.TENCENT_TC3, id="id", key="key", service="cvm", action="DescribeInstances", version="v")
    made = tencent_tc3(draft, sign, 1551113065 * SECOND).headers["authorization"]
    # The hash of the canonical request as documented; the secret of the example is not.
    documented = "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84"
    key = b"TC3key"
    for part in ("2019-02-25", "cvm", "tc3_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    text = f"TC3-HMAC-SHA256\n1551113065\n2019-02-25/cvm/tc3_request\n{documented}"
    assert made.endswith(f"Signature={hmac.digest(key, text.encode(), hashlib.sha256).hex()}")


# Requests -------------------------------------------------------------------------------------------------------------


async def test_aliyun_gets_a_form_with_the_template_filled(poster: Poster, phones: Exchange) -> None:
    outcome, call = await tell(poster, phones, "aliyun-sms", ok({"Code": "OK", "BizId": "9^0"}))
    assert outcome == Sent("9^0")
    sent = form(call)
    assert (sent["Action"], sent["PhoneNumbers"], sent["OutId"]) == ("SendSms", "13800000000", "i1-1:guard:0")
    assert msgspec.json.decode(sent["TemplateParam"]) == {
        "class": "火警", "where": "锦苑 3号楼 501", "title": "烟雾报警",
    }  # fmt: skip
    assert sent["SignatureMethod"] == "HMAC-SHA1"
    assert "value-of-aliyun-access-key-secret" not in call.raw.decode()


async def test_tencent_gets_signed_json(poster: Poster, phones: Exchange) -> None:
    answer = ok({"Response": {"SendStatusSet": [{"SerialNo": "5000:1", "Code": "Ok"}], "RequestId": "r"}})
    outcome, call = await tell(poster, phones, "tencent-sms", answer)
    assert outcome == Sent("5000:1")
    assert call.body["PhoneNumberSet"] == ["+8613800000000"]
    assert call.body["TemplateParamSet"] == ["火警", "锦苑 3号楼 501", "烟雾报警"]
    assert call.headers["x-tc-action"] == "SendSms"
    assert call.headers["authorization"].startswith("TC3-HMAC-SHA256 Credential=value-of-tencent-secret-id/")


async def test_the_general_gateway_is_a_standard_webhook(poster: Poster, phones: Exchange) -> None:
    outcome, call = await tell(poster, phones, "http", ok({"reference": "a1"}, 202), url="https://w.example/a/t")
    assert outcome == Sent("a1")
    assert call.is_signed_by(HTTP_SECRET)
    assert call.key == call.body["id"] == "i1-1:guard:0"
    assert call.body["to"] == "+8613800000000"
    assert call.body["text"].endswith("https://w.example/a/t")


async def test_robots_are_signed_as_each_wants_it(poster: Poster, phones: Exchange) -> None:
    outcome, call = await tell(poster, phones, "dingtalk", ok({"errcode": 0}))
    assert isinstance(outcome, Sent)
    query = {name: held[0] for name, held in parse_qs(call.path.partition("?")[2]).items()}
    expected = hmac.digest(b"SECrobot-secret", f"{query['timestamp']}\nSECrobot-secret".encode(), hashlib.sha256)
    assert base64.b64decode(query["sign"]) == expected
    outcome, call = await tell(poster, phones, "feishu", ok({"code": 0}))
    assert isinstance(outcome, Sent)
    key = f"{call.body['timestamp']}\nSECrobot-secret".encode()
    assert base64.b64decode(call.body["sign"]) == hmac.digest(key, b"", hashlib.sha256)
    assert call.body["content"]["text"].startswith("【火警】")
    outcome, call = await tell(poster, phones, "wecom", ok({"errcode": 0}))
    assert isinstance(outcome, Sent)
    assert call.body["text"]["content"].startswith("【火警】")


async def test_a_drill_is_marked_in_every_text(poster: Poster, phones: Exchange) -> None:
    _, call = await tell(poster, phones, "aliyun-sms", ok({"Code": "OK"}), drill=True)
    assert msgspec.json.decode(form(call)["TemplateParam"])["class"] == "演练火警"


async def test_a_number_abroad_keeps_its_country(poster: Poster, phones: Exchange) -> None:
    channel = gateway(poster, at(SHIPPED["tencent-sms"], phones.url("t")))
    phones["t"].answers(ok({"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "1"}]}}))
    await channel.send(message(), ABROAD, Contact(kind="sms"))
    assert phones["t"].calls[0].body["PhoneNumberSet"] == ["+442079460000"]
    assert phones["t"].calls[0].body["TemplateParamSet"][0] == "FIRE"
    await channel.send(message(), ABROAD, Contact(kind="sms", number="0573-8888 8888"))
    assert phones["t"].calls[1].body["PhoneNumberSet"] == ["+8657388888888"]


# Answers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SHIPPED))
async def test_every_answer_that_a_template_knows_has_its_code(poster: Poster, phones: Exchange, name: str) -> None:
    seen = set()
    for example in SHIPPED[name].examples:
        if example.called_back is None:
            outcome, _ = await tell(poster, phones, name, ok(example.answer, example.status))
            word = "sent" if isinstance(outcome, Sent) else outcome.failure
            assert word == example.expect
            seen.add(word)
    assert {"sent", Failure.UNREACHABLE} <= seen


async def test_what_only_we_can_mend_is_refused_so_that_nobody_waits_for_it(poster: Poster, phones: Exchange) -> None:
    outcome, _ = await tell(poster, phones, "aliyun-sms", ok({"Code": "isv.AMOUNT_NOT_ENOUGH"}))
    assert outcome == Refused("aliyun-sms: isv.AMOUNT_NOT_ENOUGH", Failure.AUTH)
    outcome, _ = await tell(poster, phones, "aliyun-sms", ok({"Code": "isv.BUSINESS_LIMIT_CONTROL"}))
    assert isinstance(outcome, Unreachable)
    assert outcome.retry_after == 60 * SECOND


async def test_a_gateway_that_hangs_or_is_gone_or_talks_nonsense_is_unreachable(
    poster: Poster, phones: Exchange
) -> None:
    began = time.monotonic()
    for reply in (Reply(hang=True), Reply(reset=True), Reply(200, body=b"<html>busy</html>"), Reply(200)):
        outcome, _ = await tell(poster, phones, "aliyun-sms", reply)
        assert isinstance(outcome, Unreachable), reply
    assert time.monotonic() - began < LIMIT + 3


async def test_the_next_gateway_is_asked_where_one_fails_and_not_where_the_number_is_wrong(
    poster: Poster, phones: Exchange
) -> None:
    first, second = at(SHIPPED["aliyun-sms"], phones.url("one")), at(SHIPPED["tencent-sms"], phones.url("two"))
    phones["two"].answers(ok({"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "s"}]}}))
    channel = gateway(poster, first, second)
    for reply in (ok({"Code": "isv.AMOUNT_NOT_ENOUGH"}), Reply(503), Reply(hang=True)):
        phones["one"].answers(reply)
        assert await channel.send(message(), GUARD, Contact(kind="sms")) == Sent("s")
    phones["one"].answers(ok({"Code": "isv.MOBILE_NUMBER_ILLEGAL"}))
    assert isinstance(await channel.send(message(), GUARD, Contact(kind="sms")), Refused)
    assert len(phones["two"].calls) == 3


async def test_no_detail_shows_a_secret_or_a_number(poster: Poster, phones: Exchange) -> None:
    template = SHIPPED["wecom"]
    echo = "robot key=hidden 13800000000 value"
    phones["hidden-path"].answers(ok({"errcode": 93000, "errmsg": echo}))
    contact = Contact(kind="wecom", url=phones.url("hidden-path"))
    outcome = await gateway(poster, template).send(message(), GUARD, contact)
    assert isinstance(outcome, Refused)
    assert "13800000000" not in outcome.detail
    assert "hidden-path" not in outcome.detail


async def test_without_a_number_or_an_address_nothing_leaves(poster: Poster, phones: Exchange) -> None:
    nobody = Person(id=PersonId("x"), name="x")
    template = at(SHIPPED["aliyun-sms"], phones.url("one"))
    assert isinstance(await gateway(poster, template).send(message(), nobody, Contact(kind="sms")), Refused)
    assert isinstance(await gateway(poster, SHIPPED["wecom"]).send(message(), GUARD, Contact(kind="wecom")), Refused)
    assert phones["one"].calls == []


async def test_the_machine_never_calls_the_emergency_services(poster: Poster, phones: Exchange) -> None:
    template = at(SHIPPED["http"], phones.url("one"))
    channel = gateway(poster, template, values={"http_secret": HTTP_SECRET})
    for number in ("119", "+86 119", "0086-110", "120"):
        outcome = await channel.send(message(), GUARD, Contact(kind="sms", number=number))
        assert isinstance(outcome, Refused)
        assert "by a person" in outcome.detail
    assert phones["one"].calls == []


async def test_an_address_set_over_http_stays_outside_our_network(poster: Poster, phones: Exchange) -> None:
    contact = Contact(kind="wecom", url=phones.url("inside"), guarded=True)
    outcome = await gateway(poster, SHIPPED["wecom"]).send(message(), GUARD, contact)
    assert isinstance(outcome, Refused)
    assert phones["inside"].calls == []


async def test_a_value_that_is_missing_is_named_before_the_service_starts(poster: Poster) -> None:
    with pytest.raises(ConfigError, match="aliyun_sms_sign_name, aliyun_sms_template: set them in gateway_values"):
        Gateways(
            "sms",
            [SHIPPED["aliyun-sms"]],
            {"aliyun_access_key_id": "i", "aliyun_access_key_secret": "s"},
            Now(),
            poster,
        )


# Templates as files ---------------------------------------------------------------------------------------------------

BROKEN = """
gateway: broken
carries: []
request: {url: "ftp://x", json: {a: "{nothing}"}, form: {b: c}}
needs: [text]
callback: {answer: x}
examples: [{answer: {}, expect: auth}]
"""


def test_a_template_with_faults_is_told_all_of_them_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(BROKEN, encoding="utf-8")
    said = [str(problem) for problem in read_gateways(file)[1]]
    for line, words in (
        (4, "{nothing} is no fact"), (3, "carries no kind"), (4, "both form and json"), (4, "is no address"),
        (5, "'text' is a fact"), (6, "neither key nor number"), (7, "expected 'auth', found 'sent'"),
    ):  # fmt: skip
        assert any(f"broken.yaml:{line}: " in one and words in one for one in said), (words, said)


def test_the_shipped_gateways_are_in_order() -> None:
    assert {"http", "aliyun-sms", "aliyun-voice", "tencent-sms", "tencent-voice", "wecom", "dingtalk", "feishu"} <= set(
        SHIPPED
    )
    for file in shipped("channel_templates").glob("*.yaml"):
        assert read_gateways(file)[1] == [], file


# How a channel fares, and its budget ----------------------------------------------------------------------------------


class Scripted:
    name = "sms"

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[str] = []

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        self.sent.append(message.key)
        return self.outcomes.pop(0) if self.outcomes else Sent()


async def test_a_channel_is_dead_after_three_failures_in_a_row_and_alive_with_the_next_success() -> None:
    away, busy = Unreachable("away"), Unreachable("busy", failure=Failure.NO_ANSWER)
    clock = Now()
    watched = Watched(Scripted(away, away, Sent(), busy, busy, busy, away, away, away), clock)
    for alive in (True, True, True, True, True, True, True, True, False, True):
        await watched.send(message(), GUARD, Contact(kind="sms"))
        assert (fare_of(watched.pulse, clock.now()).state is not ChannelState.FAILING) is alive
    assert watched.pulse.sent_at == watched.pulse.failed_at == clock.now()


async def test_a_person_is_not_rung_empty_but_hears_of_every_incident_once() -> None:
    clock, inner = Now(), Scripted()
    watched = Watched(inner, clock, hourly=5)
    for number in range(20):
        outcome = await watched.send(message(f"i{number}"), GUARD, Contact(kind="sms"))
        assert isinstance(await watched.send(message(f"a{number}", f"i-{number}"), GUARD, Contact(kind="sms")), Sent)
        if number >= 3:
            assert isinstance(outcome, Unreachable)
            assert outcome.failure is Failure.RATE
            assert outcome.retry_after is not None
            assert 0 < outcome.retry_after <= HOUR
    assert isinstance(await watched.send(message("other"), ABROAD, Contact(kind="sms")), Sent)
    clock.at += HOUR
    assert isinstance(await watched.send(message("later"), GUARD, Contact(kind="sms")), Sent)


def test_the_gateway_in_the_manual_is_in_order(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs/channels.md").read_text(encoding="utf-8")
    file = tmp_path / "town.yaml"
    file.write_text(manual.split("### Writing one\n```yaml\n")[1].split("```")[0], encoding="utf-8")
    (template,), problems = read_gateways(file)
    assert problems == []
    assert template.gateway == "town"
