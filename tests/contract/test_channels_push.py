"""Web push against a real push service of ours: signed, sealed, bounded, coded; beside the contacts."""

import asyncio
import time
from collections.abc import AsyncIterator

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from fastapi.testclient import TestClient

from harness.calls import As, ok
from harness.push_service import Browser, PushService, encoded, push_service, unpadded
from harness.window import Site
from shouwang.app.telling import Pushing
from shouwang.channels.beside import MOST_WAITING, Beside, contact_of
from shouwang.channels.push import Push
from shouwang.channels.sealing import LARGEST, new_key, public_point, seal
from shouwang.channels.watched import Watched
from shouwang.domain.access import Role
from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import Failure, Message, Outcome, Refused, Sent, Unreachable
from shouwang.domain.subscription import PER_PERSON, Subscription, key_problem, subscription_id
from shouwang.domain.vocabulary import HOUR, SECOND, DeliveryKey, Instant, PersonId
from shouwang.metrics import REGISTRY
from shouwang.store.database import Database
from shouwang.store.subscriptions import SqlSubscriptions

pytestmark = pytest.mark.servers

LIMIT = 1.0
KEY = new_key()
SITE = encoded(public_point(KEY))
WANG = Person(id=PersonId("wang"), name="王某")
LOCAL = ["127.0.0.0/8"]


class Now:
    def now(self) -> Instant:
        return time.time_ns() // 1000


class Kept(dict[str, Subscription]):
    """Subscriptions as a dictionary keeps them."""

    def all(self) -> list[Subscription]:
        return list(self.values())

    def add(self, subscription: Subscription) -> None:
        self[subscription.id] = subscription

    def remove(self, id: str) -> None:
        self.pop(id, None)


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
async def push() -> AsyncIterator[Push]:
    channel = Push(lambda: KEY, "mailto:desk@example.org", Now(), allow=LOCAL, seconds=LIMIT)
    yield channel
    await channel.close()


def subscription(endpoint: str, browser: Browser, person: str = "wang", at: Instant = 0) -> Subscription:
    return Subscription(id=subscription_id(endpoint), person=PersonId(person), endpoint=endpoint, at=at, **browser.keys)


def message(key: str = "i1-1:wang:0", why: str = "first", **body: object) -> Message:
    said = {"why": why, "incident": {"id": "i1"}, **body}
    return Message(key=DeliveryKey(key), text="【火警】锦苑 3号楼 501，烟雾报警", body=said)


async def tell(push: Push, service: PushService, *answers: int | None, why: str = "first") -> Outcome:
    service.answers["wang"] = list(answers)
    return await push.send(message(why=why), WANG, contact_of(subscription(service.endpoint("wang"), Browser())))


def test_the_worked_example_of_rfc_8291_comes_out_to_the_byte() -> None:
    browser = Browser(unpadded("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), unpadded("BTBZMqHH6r4Tts7J_aSIgg"))
    key, salt = unpadded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), unpadded("DGv6ra1nlYgDCS1FRnbzlw")
    sealed = seal(b"When I grow up, I want to be a watermelon", browser.point, browser.auth, key=key, salt=salt)
    assert encoded(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_no_message_is_larger_than_a_push_service_takes() -> None:
    browser = Browser()
    assert len(seal(b"x" * LARGEST, browser.point, browser.auth)) <= 4096
    with pytest.raises(ValueError, match="more than a push service takes"):
        seal(b"x" * (LARGEST + 1), browser.point, browser.auth)


async def test_a_push_is_signed_for_its_service_and_opens_in_its_browser_alone(
    push: Push, service: PushService
) -> None:
    browser = Browser()
    contact = contact_of(subscription(service.endpoint("wang"), browser))
    assert isinstance(await push.send(message(url="https://watch.example/a/t"), WANG, contact), Sent)
    (pushed,) = service.pushed
    claims = pushed.claims(SITE)
    assert claims["aud"] == service.origin
    assert claims["sub"] == "mailto:desk@example.org"
    expires = claims["exp"]
    assert isinstance(expires, int)
    assert 0 < expires * SECOND - Now().now() <= 24 * HOUR
    assert msgspec.json.decode(browser.open(pushed.body)) == {
        "text": "【火警】锦苑 3号楼 501，烟雾报警", "url": "https://watch.example/a/t", "tag": "i1", "urgent": True,
    }  # fmt: skip
    with pytest.raises(InvalidTag):
        Browser().open(pushed.body)
    assert pushed.headers["content-encoding"] == "aes128gcm"
    assert pushed.headers["urgency"] == "high"
    assert 0 < int(pushed.headers["ttl"]) <= 3600
    assert len(pushed.headers["topic"]) == 32, "base64url of at most 32 characters (RFC 8030 section 5.4)"
    assert "i1" not in pushed.headers["topic"]


async def test_what_need_wake_nobody_is_not_urgent_and_replaces_what_waits_of_its_case(
    push: Push, service: PushService
) -> None:
    await tell(push, service)
    await tell(push, service, why="stood_down")
    first, second = service.pushed
    assert (first.headers["urgency"], second.headers["urgency"]) == ("high", "normal")
    assert first.headers["topic"] == second.headers["topic"]


@pytest.mark.parametrize(
    ("status", "kind", "failure"),
    [
        (400, Refused, Failure.REFUSED),
        (401, Refused, Failure.AUTH),
        (403, Refused, Failure.AUTH),
        (404, Refused, Failure.REFUSED),
        (410, Refused, Failure.REFUSED),
        (413, Refused, Failure.REFUSED),
        (429, Unreachable, Failure.RATE),
        (500, Unreachable, Failure.UNREACHABLE),
        (503, Unreachable, Failure.UNREACHABLE),
    ],
)
async def test_each_answer_has_its_code(
    push: Push, service: PushService, status: int, kind: type, failure: Failure
) -> None:
    outcome = await tell(push, service, status)
    assert isinstance(outcome, kind)
    assert not isinstance(outcome, Sent)
    assert outcome.failure is failure
    assert "/push/" not in outcome.detail, "an endpoint is a secret of its browser"


async def test_a_push_service_that_hangs_or_is_gone_costs_its_limit_and_nothing_more(
    push: Push, service: PushService
) -> None:
    began = time.monotonic()
    assert isinstance(await tell(push, service, None), Unreachable)
    assert time.monotonic() - began < LIMIT + 0.5
    gone = contact_of(subscription("http://127.0.0.1:1/push/x", Browser()))
    assert isinstance(await push.send(message(), WANG, gone), Unreachable)


async def test_a_push_goes_nowhere_that_is_not_public_unless_it_is_allowed(service: PushService) -> None:
    fenced = Push(lambda: KEY, "mailto:x@y", Now(), seconds=LIMIT)
    contact = contact_of(subscription(service.endpoint("wang"), Browser()))
    assert isinstance(await fenced.send(message(), WANG, contact), Refused)
    assert fenced.refusal(service.endpoint("wang")) is not None
    await fenced.close()
    assert service.pushed == []


@pytest.mark.parametrize("secret", ["", "x", "x.y", f"{'A' * 87}.{'A' * 22}"])
async def test_a_subscription_without_true_keys_is_refused_before_anything_leaves(
    push: Push, service: PushService, secret: str
) -> None:
    contact = Contact(kind="push", url=service.endpoint("wang"), secret=secret)
    assert isinstance(await push.send(message(), WANG, contact), Refused)
    assert service.pushed == []


async def beside_of(push: Push, kept: Kept) -> Beside:
    return Beside(Watched(push, Now()), kept, Now())


async def settled(kept: Kept, service: PushService, count: int) -> None:
    for _ in range(300):
        if len(service.pushed) >= count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(service.pushed)} pushes of {count}")


async def test_all_browsers_of_a_person_are_told_once_a_notice_and_nobody_elses(service: PushService) -> None:
    kept, browser = Kept(), Browser()
    for name, person in (("phone", "wang"), ("desk", "wang"), ("other", "zhao")):
        kept.add(subscription(service.endpoint(name), browser, person))
    push = Push(lambda: KEY, "mailto:x@y", Now(), allow=LOCAL, seconds=LIMIT)
    beside = await beside_of(push, kept)
    beside(message("i1-1:wang:0"), WANG)
    beside(message("i1-1:wang:1"), WANG)  # its next contact, since the first failed
    await settled(kept, service, 2)
    beside(message("i1-2:wang:0"), WANG)
    await settled(kept, service, 4)
    assert sorted(one.path for one in service.pushed) == ["/push/desk"] * 2 + ["/push/phone"] * 2
    await beside.close()
    await push.close()


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_took_it_back_is_forgotten(service: PushService, status: int) -> None:
    kept = Kept()
    kept.add(subscription(service.endpoint("gone"), Browser()))
    service.answers["gone"] = [status]
    push = Push(lambda: KEY, "mailto:x@y", Now(), allow=LOCAL, gone=lambda each: beside.forget(each))
    beside = await beside_of(push, kept)
    beside(message(), WANG)
    for _ in range(300):
        if not kept:
            break
        await asyncio.sleep(0.02)
    assert kept == {}
    assert not beside.is_used
    await beside.close()
    await push.close()


async def test_no_alarm_waits_for_a_push_and_what_is_too_much_is_counted(service: PushService) -> None:
    kept = Kept()
    kept.add(subscription(service.endpoint("slow"), Browser()))
    service.answers["slow"] = [None] * 2000
    push = Push(lambda: KEY, "mailto:x@y", Now(), allow=LOCAL, seconds=LIMIT)
    beside = await beside_of(push, kept)
    left_out = REGISTRY.get_sample_value("shouwang_pushes_total", {"outcome": "left_out"}) or 0
    began = time.monotonic()
    for number in range(MOST_WAITING + 100):
        beside(message(f"i{number}-1:wang:0"), WANG)
    assert time.monotonic() - began < 0.5, "a call only hands it over"
    assert REGISTRY.get_sample_value("shouwang_pushes_total", {"outcome": "left_out"}) == left_out + 100
    await beside.close()
    await push.close()


# Over HTTP ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pushing(site: Site) -> SqlSubscriptions:
    return SqlSubscriptions(site.database)


@pytest.fixture
def client(site: Site, client_as: As, window: object, pushing: SqlSubscriptions) -> TestClient:
    push = Push(lambda: KEY, "mailto:x@y", Now(), allow=LOCAL)
    object.__setattr__(window, "push", Pushing(push, pushing))
    return client_as(Role.RESPONDER, person="zhang")


def test_a_person_subscribes_sees_and_ends_their_own_browsers(
    client: TestClient, client_as: As, pushing: SqlSubscriptions
) -> None:
    url, browser = "/api/v1/push/subscriptions", Browser()
    assert ok(client.get("/api/v1/push/key")) == {"key": SITE}
    wanted = {"endpoint": "http://127.0.0.1:9/push/one", "keys": browser.keys, "label": "手机"}
    made = ok(client.post(url, json=wanted), 201)
    assert ok(client.post(url, json=wanted), 201)["id"] == made["id"]
    assert [one["label"] for one in ok(client.get(url))["items"]] == ["手机"]
    assert [one.person for one in pushing.all()] == ["zhang"]
    other = client_as(Role.RESPONDER, person="zhao")
    assert ok(other.get(url))["items"] == []
    assert other.delete(f"{url}/{made['id']}").status_code == 404
    assert client.delete(f"{url}/{made['id']}").status_code == 204
    assert pushing.all() == []


def test_what_is_no_subscription_is_refused(client: TestClient, client_as: As) -> None:
    url, keys = "/api/v1/push/subscriptions", Browser().keys
    for wrong in (
        {"endpoint": "http://127.0.0.1:9/x", "keys": {**keys, "p256dh": "AAAA"}},
        {"endpoint": "http://127.0.0.1:9/x", "keys": {**keys, "auth": "AAAA"}},
        {"endpoint": "http://10.0.0.1/x", "keys": keys},
        {"endpoint": "ftp://x/", "keys": keys},
        {"endpoint": "http://127.0.0.1:9/x"},
    ):
        assert client.post(url, json=wrong).status_code == 422, wrong
    nobody = client_as(Role.OPERATOR)
    assert nobody.post(url, json={"endpoint": "http://127.0.0.1:9/x", "keys": keys}).status_code == 403


def test_of_many_browsers_the_newest_stay_and_none_of_who_left(tmp_path: object) -> None:
    database = Database(f"sqlite:///{tmp_path}/state.sqlite")
    database.create()
    kept, browser = SqlSubscriptions(database), Browser()
    for number in range(PER_PERSON + 3):
        kept.add(subscription(f"https://push.example/{number}", browser, at=number))
    kept.add(subscription("https://push.example/zhao", browser, "zhao"))
    assert [one.at for one in kept.all() if one.person == "wang"] == list(range(3, PER_PERSON + 3))
    kept.keep_only({PersonId("zhao")})
    assert [one.person for one in kept.all()] == ["zhao"]
    database.close()


def test_keys_are_judged_by_their_form() -> None:
    keys = Browser().keys
    assert key_problem(**keys) is None
    assert key_problem(keys["p256dh"] + "=", keys["auth"] + "==") is None
    for p256dh, auth in (("", keys["auth"]), (keys["p256dh"], ""), ("é", keys["auth"]), (keys["auth"], keys["auth"])):
        assert key_problem(p256dh, auth) is not None
