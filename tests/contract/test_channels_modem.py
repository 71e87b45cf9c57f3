"""The local modem, played on a pseudo-terminal: each outcome for what it did, within the limit, whatever it does."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from harness.modem import PlayedModem, modem
from shouwang.channels.modem import Modem
from shouwang.channels.turns import Turns
from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import DeliveryState, Failure, Message, Outcome, Refused, Sent, Unreachable, Why
from shouwang.domain.receipt import Answer, Receipt
from shouwang.domain.vocabulary import DeliveryKey, PersonId

pytestmark = pytest.mark.servers

GUARD = Person(id=PersonId("guard"), name="值班员", phone="138 0000 0000")
SMS = Contact(kind="sms")
NUMBER = "+8613800000000"
TEXT = "【火警】锦苑 3号楼 501，烟雾报警，02:14"
LIMIT = 1.0


def message(key: str = "i1-1:guard:0", text: str = TEXT, why: Why = Why.FIRST) -> Message:
    return Message(key=DeliveryKey(key), text=text, body={"why": why})


@asynccontextmanager
async def working(played: PlayedModem, heard: list[Receipt] | None = None) -> AsyncIterator[Modem]:
    channel = Modem(str(played.path), seconds=LIMIT, reopen_seconds=0.1, look_seconds=0.2)
    if heard is not None:

        def hear(receipt: Receipt) -> bool:
            heard.append(receipt)
            return True

        channel.on_receipt = hear
    stop = asyncio.Event()
    running = asyncio.create_task(channel.run(stop))
    try:
        yield channel
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await running


async def until(is_true: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it did not come true in time"
        await asyncio.sleep(0.01)


async def ready(channel: Modem, played: PlayedModem) -> None:
    await until(lambda: not channel.health.problem and any(one.startswith("AT+CMGL") for one in played.commands))


async def tell(channel: Modem, sent: Message | None = None) -> Outcome:
    return await channel.send(sent or message(), GUARD, SMS)


@pytest.fixture
async def played(tmp_path: Path) -> AsyncIterator[PlayedModem]:
    async with modem(tmp_path) as one:
        yield one


async def test_a_text_leaves_and_its_reference_comes_back(played: PlayedModem) -> None:
    async with working(played) as channel:
        await ready(channel, played)
        assert await tell(channel) == Sent("1")
    (text,) = played.texts
    assert (text.number, text.text, text.wants_report) == (NUMBER, TEXT, True)


async def test_a_long_text_leaves_as_linked_parts_and_a_link_follows_it(played: PlayedModem) -> None:
    async with working(played) as channel:
        await ready(channel, played)
        sent = Message(key=DeliveryKey("k"), text=TEXT * 4, body={"url": "https://w.example/a/t"})
        assert await tell(channel, sent) == Sent("2")
    assert "".join(one.text for one in played.texts) == f"{TEXT * 4} https://w.example/a/t"
    assert [one.part and one.part[1:] for one in played.texts] == [(2, 1), (2, 2)]


@pytest.mark.parametrize(
    ("word", "failure"),
    [
        ("+CMS ERROR: 310", Failure.AUTH),
        ("+CMS ERROR: 330", Failure.AUTH),
        ("+CMS ERROR: 8", Failure.AUTH),
        ("+CMS ERROR: 42", Failure.RATE),
        ("+CMS ERROR: 192", Failure.RATE),
        ("+CMS ERROR: 1", Failure.REFUSED),
        ("+CMS ERROR: 28", Failure.REFUSED),
        ("+CMS ERROR: 331", Failure.UNREACHABLE),
        ("+CMS ERROR: 500", Failure.UNREACHABLE),
        ("+CME ERROR: 10", Failure.AUTH),
        ("ERROR", Failure.UNREACHABLE),
    ],
)
async def test_each_refusal_has_its_code(played: PlayedModem, word: str, failure: Failure) -> None:
    played.refusals = [word]
    async with working(played) as channel:
        await ready(channel, played)
        outcome = await tell(channel)
        assert not isinstance(outcome, Sent)
        assert outcome.failure is failure
        assert isinstance(outcome, Refused) is (failure in (Failure.AUTH, Failure.REFUSED))
        assert "13800000000" not in outcome.detail
        assert await tell(channel, message("another")) == Sent("1")


@pytest.mark.parametrize("number", ["", "119", "+86110"])
async def test_nothing_leaves_for_no_number_and_for_emergency_services(played: PlayedModem, number: str) -> None:
    async with working(played) as channel:
        await ready(channel, played)
        person = Person(id=PersonId("x"), name="x", phone=number)
        assert isinstance(await channel.send(message(), person, SMS), Refused)
    assert played.texts == []


@pytest.mark.parametrize(
    ("sim", "registered", "failure"),
    [("SIM PIN", "0,1", Failure.AUTH), ("READY", "0,2", Failure.UNREACHABLE), ("READY", "0,3", Failure.UNREACHABLE)],
)
async def test_without_sim_or_network_it_fails_at_once_and_recovers_by_itself(
    played: PlayedModem, sim: str, registered: str, failure: Failure
) -> None:
    played.sim, played.registered = sim, registered
    async with working(played) as channel:
        await until(lambda: channel.health.sim or "SIM" in channel.health.problem)
        began = time.monotonic()
        outcome = await tell(channel)
        assert not isinstance(outcome, Sent)
        assert outcome.failure is failure
        assert time.monotonic() - began < 0.2
        look = await channel.probe([])
        assert look is not None
        assert look.failure is failure
        played.sim, played.registered = "READY", "0,5"
        await ready(channel, played)
        assert isinstance(await tell(channel), Sent)
        assert channel.health.signal == -71


async def test_a_modem_that_hangs_costs_its_limit_and_nothing_more_and_its_result_is_kept(played: PlayedModem) -> None:
    played.network = LIMIT + 0.5
    async with working(played) as channel:
        await ready(channel, played)
        began = time.monotonic()
        assert isinstance(await tell(channel), Unreachable)
        assert time.monotonic() - began < LIMIT + 0.3
        await until(lambda: played.texts)
        await asyncio.sleep(0.1)
        assert await tell(channel) == Sent("1"), "the same key is not sent a second time"
    assert len(played.texts) == 1


async def test_a_modem_that_says_nothing_more_is_opened_anew(played: PlayedModem) -> None:
    async with working(played) as channel:
        await ready(channel, played)
        played.hangs = True
        assert isinstance(await tell(channel), Unreachable)
        await until(lambda: channel.health.problem, 12)
        outcome = await tell(channel)
        assert isinstance(outcome, Unreachable)
        played.hangs = False
        await until(lambda: not channel.health.problem, 12)
        assert isinstance(await tell(channel), Sent)


async def test_noise_echoes_and_half_lines_are_passed_over(played: PlayedModem) -> None:
    async with working(played) as channel:
        await ready(channel, played)
        played.noise(b"\x00\xff\xfe garbage without an end")
        played.says("^BOOT:12345,0", "+CREG: 1", "RING", "+CMTI: broken", "+CDS: 5", "nonsense", "+CMT: x", "00")
        played.noise(b"\r\n+CM")
        await asyncio.sleep(0.05)
        played.noise(b"EE: 0\r\n")
        assert isinstance(await tell(channel), Sent)


async def test_it_is_found_again_after_the_plug_was_pulled(played: PlayedModem) -> None:
    async with working(played) as channel:
        await ready(channel, played)
        await played.unplug()
        await until(lambda: channel.health.problem)
        assert isinstance(await tell(channel), Unreachable)
        played.commands.clear()
        played.plug_in()
        await ready(channel, played)
        assert isinstance(await tell(channel), Sent)


async def test_a_line_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    played = PlayedModem(tmp_path / "modem")
    async with working(played) as channel:
        await until(lambda: "modem" in channel.health.problem)
        assert isinstance(await tell(channel), Unreachable)
        played.plug_in()
        await ready(channel, played)
        assert isinstance(await tell(channel), Sent)
        await played.unplug()


async def test_a_first_notice_passes_the_updates_that_wait(played: PlayedModem) -> None:
    played.network = 0.15
    async with working(played) as channel:
        await ready(channel, played)
        channel._pace = 0.05
        updates = [asyncio.create_task(tell(channel, message(f"u{n}", f"update {n}", Why.REPEAT))) for n in range(4)]
        await asyncio.sleep(0.05)
        assert isinstance(await tell(channel, message("first", "first")), Sent)
        for update in updates:
            await update
    assert [one.text for one in played.texts].index("first") == 1


async def test_what_would_wait_too_long_is_handed_back_at_once(played: PlayedModem) -> None:
    played.network = 0.1
    async with working(played) as channel:
        await ready(channel, played)
        channel._pace = 0.4  # as measured before: two of them within the limit
        began = time.monotonic()
        sending = [asyncio.create_task(tell(channel, message(f"k{n}"))) for n in range(6)]
        outcomes = await asyncio.gather(*sending)
        assert time.monotonic() - began < LIMIT + 0.5
        refused = [one for one in outcomes if isinstance(one, Unreachable)]
        assert {one.failure for one in refused} == {Failure.RATE}
        assert len(refused) == 4
        assert all(one.retry_after for one in refused)
        assert len(played.texts) == 2


@pytest.mark.parametrize("direct", [False, True])
async def test_a_text_back_answers_and_is_deleted(played: PlayedModem, direct: bool) -> None:
    heard: list[Receipt] = []
    async with working(played, heard) as channel:
        await ready(channel, played)
        played.hears(NUMBER, " 1 ", direct=direct)
        await until(lambda: heard)
        played.hears(NUMBER, "2去不了", direct=direct)
        played.hears(NUMBER, "您的套餐余额不足", direct=direct)
        await until(lambda: len(heard) == 2 and not played.stored)
    assert heard == [
        Receipt(number=NUMBER, answer=Answer.ACKNOWLEDGE),
        Receipt(number=NUMBER, answer=Answer.DECLINE),
    ]


async def test_a_text_that_came_while_nobody_listened_is_read_at_the_next_start(played: PlayedModem) -> None:
    heard: list[Receipt] = []
    played.hears(NUMBER, "收到")
    async with working(played, heard):
        await until(lambda: heard and not played.stored)
    assert heard == [Receipt(number=NUMBER, answer=Answer.ACKNOWLEDGE)]


@pytest.mark.parametrize(
    ("status", "arrived", "failure"),
    [
        (0x00, DeliveryState.DELIVERED, None),
        (0x46, None, Failure.UNREACHABLE),
        (0x42, None, Failure.REFUSED),
        (0x63, None, Failure.UNREACHABLE),
    ],
)
async def test_a_report_is_a_receipt(
    played: PlayedModem, status: int, arrived: DeliveryState | None, failure: Failure | None
) -> None:
    heard: list[Receipt] = []
    async with working(played, heard) as channel:
        await ready(channel, played)
        assert await tell(channel) == Sent("1")
        played.reports(1, NUMBER, 0x20)  # the centre still tries
        played.reports(1, NUMBER, status)
        await until(lambda: heard)
        await asyncio.sleep(0.05)
    (receipt,) = heard
    assert (receipt.reference, receipt.number) == ("1", NUMBER)
    assert (receipt.arrived, receipt.failure) == (arrived, failure)


async def test_of_several_parts_the_last_report_decides(played: PlayedModem) -> None:
    heard: list[Receipt] = []
    async with working(played, heard) as channel:
        await ready(channel, played)
        assert await tell(channel, message(text=TEXT * 4)) == Sent("2")
        played.reports(2, NUMBER, 0)
        await asyncio.sleep(0.1)
        assert heard == []
        played.reports(1, NUMBER, 0)
        await until(lambda: heard)
    assert [(one.reference, one.arrived) for one in heard] == [("2", DeliveryState.DELIVERED)]


async def test_a_receipt_that_finds_no_delivery_yet_is_told_again(played: PlayedModem) -> None:
    tries: list[Receipt] = []
    async with working(played) as channel:

        def hear(receipt: Receipt) -> bool:
            tries.append(receipt)
            return len(tries) > 1

        channel.on_receipt = hear
        await ready(channel, played)
        played.reports(9, NUMBER, 0)
        await until(lambda: len(tries) == 2)


async def test_a_gateway_that_fails_hands_over_to_the_modem_within_one_attempt(played: PlayedModem) -> None:
    class Away:
        name = "sms"

        def __init__(self, outcome: Outcome) -> None:
            self.outcome = outcome

        async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
            return self.outcome

    async with working(played) as channel:
        await ready(channel, played)
        assert await Turns("sms", [Away(Unreachable("away")), channel]).send(message(), GUARD, SMS) == Sent("1")
        refused = Refused("the number is wrong")
        assert await Turns("sms", [Away(refused), channel]).send(message("k2"), GUARD, SMS) == refused
        assert await Turns("sms", [channel, Away(refused)]).send(message("k3"), GUARD, SMS) == Sent("2")
    assert isinstance(await Turns("sms", []).send(message(), GUARD, SMS), Refused)


async def test_a_cancelled_attempt_is_never_sent_later(played: PlayedModem) -> None:
    played.network = 0.3
    async with working(played) as channel:
        await ready(channel, played)
        channel._pace = 0.05
        under_way = asyncio.create_task(tell(channel, message("k1", "one")))
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(tell(channel, message("k2", "two")))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        await under_way
        await asyncio.sleep(0.5)
    assert [one.text for one in played.texts] == ["one"]
