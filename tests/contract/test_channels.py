"""Every channel: each outcome for what the gateway did, never an exception, never longer than its limit."""

import asyncio
import base64
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from email.utils import formatdate

import msgspec
import pytest

from harness.phones import Exchange, Reply, exchange
from shouwang.channels.address import Fence
from shouwang.channels.post import BODY_SECONDS
from shouwang.channels.webhook import LONGEST_RETRY_AFTER, Webhook
from shouwang.domain.duty import Contact, Person
from shouwang.domain.errors import ConfigError
from shouwang.domain.notice import Message, Outcome, Refused, Sent, Unreachable
from shouwang.domain.vocabulary import SECOND, DeliveryKey, Instant, PersonId

pytestmark = pytest.mark.servers

LIMIT = 1.0  # seconds of one attempt here; the product's default is 10
SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
GUARD = Person(id=PersonId("guard"), name="值班员")


class Now:
    """The true time: receivers refuse a signature older than five minutes."""

    def now(self) -> Instant:
        return time.time_ns() // 1000


@pytest.fixture
def phones() -> Iterator[Exchange]:
    with exchange() as running:
        yield running


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    channel = Webhook(Now(), seconds=LIMIT)
    yield channel
    await channel.close()


def message(key: str = "i1-1:guard:0", **body: object) -> Message:
    return Message(
        key=DeliveryKey(key), text="火警", body={"id": key, "why": "first", "place": {"name": "3号楼"}, **body}
    )


def contact(url: str, secret: str = "", *, guarded: bool = False) -> Contact:
    return Contact(kind="webhook", url=url, secret=secret, guarded=guarded)


async def tell(webhook: Webhook, phones: Exchange, *replies: int | Reply) -> Outcome:
    phones["guard"].answers(*replies)
    return await webhook.send(message(), GUARD, contact(phones.url("guard"), SECRET))


async def test_a_webhook_is_one_signed_post_of_the_body_under_the_deliverys_key(
    webhook: Webhook, phones: Exchange
) -> None:
    sent = message(person={"id": "guard"})
    assert await webhook.send(sent, GUARD, contact(phones.url("guard"), SECRET)) == Sent("200")
    (call,) = phones["guard"].calls
    assert call.body == msgspec.to_builtins(sent.body)
    assert call.key == call.body["id"] == sent.key
    assert call.headers["content-type"] == "application/json"
    assert abs(int(call.headers["webhook-timestamp"]) - time.time()) < 5
    assert call.is_signed_by(SECRET)
    assert not call.is_signed_by("whsec_" + base64.b64encode(b"another key").decode())


async def test_a_retry_repeats_the_key(webhook: Webhook, phones: Exchange) -> None:
    assert isinstance(await tell(webhook, phones, 503, 200), Unreachable)
    assert await webhook.send(message(), GUARD, contact(phones.url("guard"), SECRET)) == Sent("200")
    assert len(phones.by_key()) == 1


async def test_a_raw_secret_signs_with_its_bytes_and_where_it_is_base64_with_what_it_encodes(
    webhook: Webhook, phones: Exchange
) -> None:
    await webhook.send(message(), GUARD, contact(phones.url("raw"), "暗号 of ours"))
    await webhook.send(message(), GUARD, contact(phones.url("bare"), SECRET.removeprefix("whsec_")))
    raw, bare = phones["raw"].calls[0], phones["bare"].calls[0]
    assert raw.is_signed_by("暗号 of ours".encode())
    assert bare.is_signed_by(SECRET)
    assert bare.is_signed_by(SECRET.removeprefix("whsec_").encode())


async def test_without_a_secret_no_signature_is_pretended(webhook: Webhook, phones: Exchange) -> None:
    await webhook.send(message(), GUARD, contact(phones.url("guard")))
    assert "webhook-signature" not in phones["guard"].calls[0].headers
    assert "webhook-timestamp" in phones["guard"].calls[0].headers


async def test_a_secret_that_is_no_key_is_refused_before_anything_leaves(webhook: Webhook, phones: Exchange) -> None:
    for secret in ("whsec_", "whsec_not base64!"):
        outcome = await webhook.send(message(), GUARD, contact(phones.url("guard"), secret))
        assert isinstance(outcome, Refused)
        assert "whsec_" in outcome.detail
    assert phones["guard"].calls == []


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_sent(webhook: Webhook, phones: Exchange, status: int) -> None:
    assert isinstance(await tell(webhook, phones, status), Sent)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
async def test_what_may_pass_is_unreachable(webhook: Webhook, phones: Exchange, status: int) -> None:
    outcome = await tell(webhook, phones, status)
    assert isinstance(outcome, Unreachable)
    assert str(status) in outcome.detail


@pytest.mark.parametrize("status", [300, 304, 400, 401, 403, 404, 410, 422, 451])
async def test_what_will_not_pass_is_refused(webhook: Webhook, phones: Exchange, status: int) -> None:
    outcome = await tell(webhook, phones, status)
    assert isinstance(outcome, Refused)
    assert str(status) in outcome.detail


async def test_a_redirect_is_never_followed(webhook: Webhook, phones: Exchange) -> None:
    for status in (301, 302, 303, 307, 308):
        outcome = await tell(webhook, phones, Reply(status, {"location": phones.url("elsewhere")}))
        assert isinstance(outcome, Refused)
    assert phones["elsewhere"].calls == []


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("7", 7 * SECOND),
        ("0", 0),
        (" 30 ", 30 * SECOND),
        ("86400", LONGEST_RETRY_AFTER),
        ("9" * 400, LONGEST_RETRY_AFTER),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("１２", None),
    ],
)
async def test_retry_after_is_honoured_within_bounds(
    webhook: Webhook, phones: Exchange, said: str, understood: int | None
) -> None:
    header = {"retry-after": said} if said.isascii() else {}
    outcome = await tell(webhook, phones, Reply(429, header))
    assert isinstance(outcome, Unreachable)
    assert outcome.retry_after == understood


async def test_retry_after_may_be_a_date(webhook: Webhook, phones: Exchange) -> None:
    for ahead, low, high in ((60, 50, 61), (-60, 0, 0), (86400, 300, 300)):
        outcome = await tell(webhook, phones, Reply(503, {"retry-after": formatdate(time.time() + ahead, usegmt=True)}))
        assert isinstance(outcome, Unreachable)
        assert outcome.retry_after is not None
        assert low * SECOND <= outcome.retry_after <= high * SECOND


async def test_a_gateway_that_hangs_costs_its_limit_and_nothing_more(webhook: Webhook, phones: Exchange) -> None:
    began = time.monotonic()
    assert isinstance(await tell(webhook, phones, Reply(hang=True)), Unreachable)
    assert LIMIT * 0.9 < time.monotonic() - began < LIMIT + 0.5


async def test_a_gateway_that_hangs_delays_no_other(webhook: Webhook, phones: Exchange) -> None:
    phones["dead"].hangs()
    hanging = [
        asyncio.create_task(webhook.send(message(f"d{n}"), GUARD, contact(phones.url("dead")))) for n in range(150)
    ]
    await asyncio.sleep(0.3)
    began = time.monotonic()
    assert isinstance(await webhook.send(message("live"), GUARD, contact(phones.url("guard"))), Sent)
    assert time.monotonic() - began < LIMIT / 2
    assert all(isinstance(outcome, Unreachable) for outcome in await asyncio.gather(*hanging))


async def test_the_status_decides_even_where_the_body_never_ends(webhook: Webhook, phones: Exchange) -> None:
    began = time.monotonic()
    assert isinstance(await tell(webhook, phones, Reply(trickle=True)), Sent)
    assert isinstance(await tell(webhook, phones, Reply(200, body=b"x" * 5_000_000)), Sent)
    assert time.monotonic() - began < 2 * BODY_SECONDS + 0.5


async def test_of_a_long_body_little_is_taken(webhook: Webhook) -> None:
    written = 0
    ended = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                written += 65536
        ended.set()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert await webhook.send(message(), GUARD, contact(url)) == Sent("200")
        await asyncio.wait_for(ended.wait(), 2)
    assert written < 20_000_000, "what fits into the buffers of the operating system"


async def test_a_connection_that_is_reset_or_closed_or_refused_is_unreachable(
    webhook: Webhook, phones: Exchange
) -> None:
    assert isinstance(await tell(webhook, phones, Reply(reset=True)), Unreachable)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/", f"https://127.0.0.1:{phones.port}/", "http://no-such-host.invalid/"):
        assert isinstance(await webhook.send(message(), GUARD, contact(url)), Unreachable), url


async def test_a_server_that_does_not_speak_http_is_unreachable(webhook: Webhook) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert isinstance(await webhook.send(message(), GUARD, contact(f"http://127.0.0.1:{port}/")), Unreachable)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.org/x", "file:///etc/passwd", "http://", "http:///x", "http://[::1", "http://a:b:c/", "wang",
     "http://example.org:99999/", "http://exa mple.org/", "http://\x00/"],
)  # fmt: skip
async def test_an_address_that_is_no_web_address_is_refused(webhook: Webhook, url: str) -> None:
    assert isinstance(await webhook.send(message(), GUARD, contact(url)), Refused)


async def test_a_detail_never_shows_the_secret_part_of_an_address(webhook: Webhook, phones: Exchange) -> None:
    phones["t0ken"].answers(404, 500)
    for _ in range(2):
        outcome = await webhook.send(message(), GUARD, contact(phones.url("t0ken") + "?key=hidden"))
        assert isinstance(outcome, Refused | Unreachable)
        assert "t0ken" not in outcome.detail
        assert "hidden" not in outcome.detail


async def test_a_message_that_was_accepted_but_closed_uses_the_next_connection(
    webhook: Webhook, phones: Exchange
) -> None:
    for _ in range(3):
        assert isinstance(await tell(webhook, phones, Reply(200, {"connection": "close"})), Sent)


@pytest.mark.parametrize("closes", ["between messages", "on the next message"])
async def test_a_kept_connection_that_was_closed_costs_no_message(webhook: Webhook, closes: str) -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        if closes == "on the next message":
            await reader.read(1)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for _ in range(3):
            assert await webhook.send(message(), GUARD, contact(url)) == Sent("204")
            await asyncio.sleep(0.05)
    assert connections == 3


async def test_connections_are_kept_for_the_next_message(webhook: Webhook) -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while head := await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            writer.write(b"2\r\nok\r\n0\r\n\r\n")

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    for _ in range(5):
        assert await webhook.send(message(), GUARD, contact(url)) == Sent("200")
    server.close()
    assert connections == 1


async def test_an_address_may_carry_a_path_a_query_and_credentials(webhook: Webhook, phones: Exchange) -> None:
    url = f"http://me:p%40ss@127.0.0.1:{phones.port}/守望/x y?a=b&c=%20d#part"
    assert isinstance(await webhook.send(message(), GUARD, contact(url)), Sent)
    (call,) = phones.calls
    assert call.path == "/%E5%AE%88%E6%9C%9B/x%20y?a=b&c=%20d"
    assert call.headers["authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert call.headers["host"] == f"127.0.0.1:{phones.port}"


async def test_a_guarded_contact_reaches_into_our_network_only_where_allowed(phones: Exchange) -> None:
    url = phones.url("guard")
    closed, opened = Webhook(Now(), seconds=LIMIT), Webhook(Now(), seconds=LIMIT, allow=["127.0.0.0/8"])
    try:
        outcome = await closed.send(message(), GUARD, contact(url, guarded=True))
        assert isinstance(outcome, Refused)
        assert "webhook_allow" in outcome.detail
        named = url.replace("127.0.0.1", "localhost")
        assert isinstance(await closed.send(message(), GUARD, contact(named, guarded=True)), Refused)
        assert phones["guard"].calls == []
        assert isinstance(await closed.send(message(), GUARD, contact(phones.url("free"))), Sent)
        kept = await closed.send(message(), GUARD, contact(url, guarded=True))
        assert isinstance(kept, Refused), "a connection that somebody else opened is no way in"
        assert isinstance(await opened.send(message(), GUARD, contact(url, SECRET, guarded=True)), Sent)
        assert phones["guard"].calls[0].is_signed_by(SECRET)
        assert phones["guard"].calls[0].headers["host"] == f"127.0.0.1:{phones.port}"
    finally:
        await closed.close()
        await opened.close()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::1]",
     "[::ffff:127.0.0.1]", "[fe80::1]", "[fd00::1]", "[fec0::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1",
     "255.255.255.255", "2130706433", "0x7f.1", "localhost"],
)  # fmt: skip
def test_no_spelling_of_an_inner_address_passes_the_fence(host: str) -> None:
    assert Fence().refusal(f"http://{host}/") is not None


def test_public_and_allowed_addresses_pass_the_fence() -> None:
    assert Fence().refusal("https://8.8.8.8/x") is None
    assert Fence(["10.0.0.0/8"]).refusal("http://10.9.8.7/x") is None
    assert Fence(["10.0.0.0/8"]).refusal("http://[::ffff:10.9.8.7]/x") is None
    assert Fence(["10.0.0.0/8"]).refusal("http://11.0.0.1.invalid/") is None, "judged again before every call"
    assert Fence(["::1"]).refusal("http://[::1]:8080/x") is None


def test_a_bad_network_in_webhook_allow_is_named() -> None:
    with pytest.raises(ConfigError, match=r"webhook_allow: '10\.0/8' is not a network"):
        Fence(["10.0/8"])
