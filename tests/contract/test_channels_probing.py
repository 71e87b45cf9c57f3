"""Looks at channels: they say whether servers can be reached, and tell nobody anything."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest

from harness.phones import Exchange, exchange
from shouwang.app.pulses import SIREN, Pulses, noted
from shouwang.channels.address import Fence
from shouwang.channels.console import Console
from shouwang.channels.gateway import Gateways
from shouwang.channels.post import Poster
from shouwang.channels.watched import Watched
from shouwang.channels.webhook import Webhook
from shouwang.domain.community import Community
from shouwang.domain.duty import Contact, Person
from shouwang.domain.gateway import Request, Template
from shouwang.domain.notice import Failure, Message, Unreachable
from shouwang.domain.pulse import DEAD_AFTER, ChannelState, Look, fare_of
from shouwang.domain.vocabulary import DeliveryKey, Instant, PersonId
from shouwang.metrics import REGISTRY

pytestmark = pytest.mark.servers

LIMIT = 1.0


class Now:
    def now(self) -> Instant:
        return time.time_ns() // 1000


class Board(dict[str, bytes]):
    """Facts as a dictionary keeps them."""

    def put(self, key: str, value: bytes) -> None:
        self[key] = value


class Line:
    """The server's connection to the broker, up or down as it is told."""

    connected = True

    def publish(self, *_given: object, **_named: object) -> None: ...


@pytest.fixture
def phones() -> Iterator[Exchange]:
    with exchange() as running:
        yield running


@pytest.fixture
def nowhere() -> str:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}/hook"


def webhooks(*urls: str, guarded: bool = False) -> list[Contact]:
    return [Contact(kind="webhook", url=url, guarded=guarded) for url in urls]


@asynccontextmanager
async def webhook() -> AsyncIterator[Webhook]:
    channel = Webhook(Now(), seconds=LIMIT)
    yield channel
    await channel.close()


async def test_a_look_connects_and_says_nothing(phones: Exchange) -> None:
    async with webhook() as channel:
        assert await channel.probe(webhooks(phones.url("guard"), phones.url("other"))) == Look()
    assert phones["guard"].calls == phones["other"].calls == []


async def test_where_no_server_answers_the_channel_is_away_and_where_some_do_the_rest_is_named(
    phones: Exchange, nowhere: str
) -> None:
    async with webhook() as channel:
        away = await channel.probe(webhooks(nowhere))
        assert away is not None
        assert away.failure is Failure.UNREACHABLE
        some = await channel.probe(webhooks(nowhere, phones.url("guard")))
        assert some is not None
        assert some.failure is None
        assert "127.0.0.1" in some.detail
        assert await channel.probe([]) is None
        assert await channel.probe(webhooks("no address", "ftp://x/")) is None


async def test_a_look_goes_nowhere_that_a_message_may_not(phones: Exchange) -> None:
    async with webhook() as channel:
        look = await channel.probe(webhooks(phones.url("guard"), guarded=True))
    assert look is not None
    assert look.failure is not None


async def test_a_server_that_takes_no_connection_costs_the_look_its_limit_and_nothing_more() -> None:
    began = time.monotonic()
    async with webhook() as channel:
        look = await channel.probe(webhooks("http://192.0.2.1:9/"))  # TEST-NET-1: nobody is there (RFC 5737)
    assert look is not None
    assert look.failure is not None
    assert time.monotonic() - began < LIMIT + 0.5


async def test_a_gateway_is_looked_at_where_its_template_says(phones: Exchange, nowhere: str) -> None:
    def gateways(url: str) -> Gateways:
        template = Template(
            gateway="town", carries=["sms"], needs=[], request=Request(url=url, json={"to": "{number}"}), examples=[]
        )
        return Gateways("sms", [template], {}, Now(), poster, fence=Fence(), seconds=LIMIT)

    poster = Poster()
    try:
        here = await gateways(phones.url("town")).probe([])
        there = await gateways("{contact_url}").probe([Contact(kind="sms", url=nowhere)])
        never = await gateways("https://gateway.example/{number}").probe([])
    finally:
        await poster.close()
    assert here == Look()
    assert there is not None
    assert there.failure is Failure.UNREACHABLE
    assert never is None, "an address that needs a message is not looked at"
    assert phones["town"].calls == []


async def test_a_console_that_nobody_has_open_is_nobody_at_home_and_no_broken_channel() -> None:
    console = Watched(Console(lambda: 0), Now())
    said, nobody = Message(key=DeliveryKey("k"), text="火警"), Person(id=PersonId("wang"), name="wang")
    for _ in range(DEAD_AFTER + 1):
        outcome = await console.send(said, nobody, Contact(kind="console"))
        assert isinstance(outcome, Unreachable), "the person's next channel goes at once"
    assert fare_of(console.pulse, Now().now()).state is ChannelState.UNPROVEN


async def test_an_open_console_is_the_whole_way_and_none_says_nothing() -> None:
    assert await Console(lambda: 1).probe([]) == Look(is_whole=True)
    assert await Console(lambda: 0).probe([]) is None


def pulses(watched: Sequence[Watched], kinds: Mapping[str, str], board: Board, line: Line) -> Pulses:
    people = [
        Person(id=PersonId(kind), name=kind, channels=[Contact(kind=kind, url=url)]) for kind, url in kinds.items()
    ]
    community = Community(people={one.id: one for one in people})
    return Pulses(watched, {"email", "sms"}, line, board, lambda: community, Now(), seconds=0.05)


async def until(pulses: Pulses, kind: str, state: ChannelState) -> None:
    await comes_true(lambda: pulses()[kind].state is state)


async def comes_true(wanted: Callable[[], bool]) -> None:
    for _ in range(500):
        if wanted():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come true within 10 s")


async def test_every_way_to_people_has_a_state_of_its_own_and_doctor_finds_it_noted(
    phones: Exchange, nowhere: str
) -> None:
    board, line, clock = Board(), Line(), Now()
    gone = Webhook(clock, seconds=LIMIT)
    watched = [Watched(Console(lambda: 1), clock), Watched(gone, clock)]
    found = pulses(watched, {"webhook": nowhere, "sms": "", "fax": ""}, board, line)
    first = found()
    assert first["webhook"].state is first["console"].state is ChannelState.UNPROVEN
    assert {kind for kind, fare in first.items() if fare.state is ChannelState.OFF} == {"email", "sms", "fax"}
    assert first["sms"].used
    assert first["fax"].used
    assert not first["email"].used
    stop = asyncio.Event()
    running = asyncio.create_task(found.run(stop))
    try:
        await until(found, "webhook", ChannelState.FAILING)
        await until(found, "console", ChannelState.ALIVE)
        assert found()["webhook"].reason is Failure.UNREACHABLE
        assert found()[SIREN].state is ChannelState.ALIVE
        line.connected = False
        assert found()[SIREN].state is ChannelState.FAILING
        await comes_true(lambda: (kept := noted(board)) is not None and kept.fares[SIREN].state is ChannelState.FAILING)
        kept = noted(board)
        assert kept is not None
        assert kept.fares["webhook"].state is ChannelState.FAILING
        figure = {"channel": "webhook", "state": "failing"}
        assert REGISTRY.get_sample_value("shouwang_channel_state", figure) == 1
        assert REGISTRY.get_sample_value("shouwang_channel_up", {"channel": "webhook"}) == 0
        assert REGISTRY.get_sample_value("shouwang_channel_state", {"channel": "sms", "state": "off"}) == 1
    finally:
        stop.set()
        await running
        await gone.close()


def test_what_was_noted_reads_back_whole() -> None:
    board = Board()
    assert noted(board) is None
    board.put("channels", msgspec.json.encode({"at": 5, "fares": {"sms": {"state": "off"}}}))
    kept = noted(board)
    assert kept is not None
    assert kept.fares["sms"].state is ChannelState.OFF
