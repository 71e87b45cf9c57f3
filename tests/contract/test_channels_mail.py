"""E-mail and Apprise against real servers that record: each outcome for what the server did, within its limit."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_string
from email.header import decode_header, make_header

import pytest

from harness.phones import Reply, exchange
from shouwang.channels.anything import Anything
from shouwang.channels.mail import Mail
from shouwang.domain.duty import Contact, Person
from shouwang.domain.errors import ConfigError
from shouwang.domain.notice import Failure, Message, Outcome, Refused, Sent, Unreachable
from shouwang.domain.pulse import Look
from shouwang.domain.vocabulary import DeliveryKey, Instant, PersonId

pytestmark = pytest.mark.servers

GUARD = Person(id=PersonId("guard"), name="值班员")
LIMIT = 1.5
TEXT = "【火警】锦苑 3号楼 501，烟雾报警，02:14"


class Now:
    def now(self) -> Instant:
        return time.time_ns() // 1000


@dataclass
class PostOffice:
    """SMTP as far as one letter needs it. ``answers``: by verb, in place of the usual one; None hangs."""

    port: int = 0
    answers: dict[str, str | None] = field(default_factory=dict)
    letters: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())

        say("220 post.example ESMTP")
        while line := (await reader.readline()).decode().rstrip():
            self.heard.append(line)
            verb = line.split(" ")[0].upper()
            if verb in self.answers:
                answer = self.answers[verb]
                if answer is None:
                    await asyncio.sleep(30)
                say(str(answer))
            elif verb == "EHLO":
                say("250-post.example")
                say("250 SMTPUTF8")
            elif verb == "DATA":
                say("354 go on")
                body = (await reader.readuntil(b"\r\n.\r\n")).decode()
                self.letters.append(body.removesuffix(".\r\n"))
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                break
            else:
                say("250 ok")
        writer.close()


@asynccontextmanager
async def post_office(**answers: str | None) -> AsyncIterator[PostOffice]:
    office = PostOffice(answers=dict(answers))
    server = await asyncio.start_server(office.serve, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    async with server:
        yield office


async def tell(office: PostOffice, url: str = "mailto:wang@example.org", key: str = "i1-1:guard:0") -> Outcome:
    mail = Mail(f"smtp://127.0.0.1:{office.port}", "shouwang@watch.example", Now(), seconds=LIMIT)
    try:
        message = Message(key=DeliveryKey(key), text=TEXT, body={"url": "https://w.example/a/t"})
        return await mail.send(message, GUARD, Contact(kind="email", url=url))
    finally:
        mail.close()


async def test_a_letter_says_it_in_its_subject_and_is_the_same_letter_on_every_attempt() -> None:
    async with post_office() as office:
        assert isinstance(await tell(office), Sent)
        assert isinstance(await tell(office, "wang@example.org"), Sent)
    first, second = (message_from_string(text) for text in office.letters)
    assert str(make_header(decode_header(first["Subject"]))) == TEXT
    assert first["To"] == second["To"] == "wang@example.org"
    assert first["Message-ID"] == second["Message-ID"] == "<i1-1.guard.0@watch.example>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert "https://w.example/a/t" in first.get_payload(decode=True).decode()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("verb", "answer", "failure"),
    [
        ("RCPT", "550 no such user", Failure.REFUSED),
        ("RCPT", "451 try later", Failure.UNREACHABLE),
        ("RCPT", "450 greylisted", Failure.RATE),
        ("RCPT", "452 too many", Failure.RATE),
        ("MAIL", "530 authentication required", Failure.AUTH),
        ("DATA", "554 looks like spam", Failure.REFUSED),
        ("MAIL", "421 going down", Failure.UNREACHABLE),
    ],
)
async def test_each_refusal_has_its_code(verb: str, answer: str, failure: Failure) -> None:
    async with post_office(**{verb: answer}) as office:
        outcome = await tell(office)
    assert not isinstance(outcome, Sent)
    assert outcome.failure is failure
    assert answer[:3] in outcome.detail
    assert "wang" not in outcome.detail


async def test_a_server_that_hangs_or_is_gone_costs_its_limit_and_nothing_more() -> None:
    began = time.monotonic()
    async with post_office(MAIL=None) as office:
        assert isinstance(await tell(office), Unreachable)
    assert time.monotonic() - began < LIMIT + 0.5
    assert isinstance(await tell(PostOffice(port=1)), Unreachable)


async def test_a_look_greets_the_server_and_sends_nothing_signs_in_nowhere() -> None:
    async with post_office() as office:
        mail = Mail(f"smtp://127.0.0.1:{office.port}", "s@w.example", Now(), seconds=LIMIT)
        assert await mail.probe([]) == Look()
        mail.close()
    assert {line.split(" ")[0].upper() for line in office.heard} == {"EHLO", "NOOP", "QUIT"}


async def test_a_look_at_a_server_that_is_away_or_hangs_says_so_within_its_limit() -> None:
    began = time.monotonic()
    async with post_office(EHLO=None) as office:
        mail = Mail(f"smtp://127.0.0.1:{office.port}", "s@w.example", Now(), seconds=LIMIT)
        hung = await mail.probe([])
        mail.close()
    assert time.monotonic() - began < LIMIT + 0.5
    mail = Mail("smtp://127.0.0.1:1", "s@w.example", Now(), seconds=LIMIT)
    gone = await mail.probe([])
    mail.close()
    assert hung is not None
    assert gone is not None
    assert hung.failure is gone.failure is Failure.UNREACHABLE


@pytest.mark.parametrize("url", ["", "mailto:", "wang", "mailto:a@b,c@d", "mailto:a@b\nBcc: x@y", "a b@c"])
async def test_what_is_no_address_is_refused_before_anything_leaves(url: str) -> None:
    async with post_office() as office:
        assert isinstance(await tell(office, url), Refused)
    assert office.heard == []


async def test_a_password_is_never_said_in_the_clear() -> None:
    async with post_office() as office:
        mail = Mail(f"smtp://me:secret@127.0.0.1:{office.port}", "s@w.example", Now(), seconds=LIMIT)
        message = Message(key=DeliveryKey("k"), text=TEXT)
        assert isinstance(await mail.send(message, GUARD, Contact(kind="email", url="a@b.example")), Unreachable)
        mail.close()
    assert not any("AUTH" in line for line in office.heard)


@pytest.mark.parametrize("server", ["", "http://x", "smtp://", "smtp://h:x"])
def test_a_server_that_is_none_is_said_without_its_password(server: str) -> None:
    with pytest.raises(ConfigError, match="mail_server is not an address") as refused:
        Mail(server.replace("://", "://me:secret@"), "s@w.example", Now())
    assert "secret" not in str(refused.value)


# Apprise --------------------------------------------------------------------------------------------------------------


async def test_apprise_tells_whatever_it_knows() -> None:
    pytest.importorskip("apprise", reason="the extra is not installed")
    channel = Anything(seconds=5.0)
    said = Message(key=DeliveryKey("k"), text=TEXT)
    with exchange() as phones:
        there = Contact(kind="apprise", url=f"json://127.0.0.1:{phones.port}/robot")
        assert isinstance(await channel.send(said, GUARD, there), Sent)
        assert TEXT in phones["robot"].calls[0].body["message"]
        phones["robot"].answers(Reply(500))
        assert isinstance(await channel.send(said, GUARD, there), Unreachable)
    assert isinstance(await channel.send(said, GUARD, Contact(kind="apprise", url="nothing://")), Refused)
    assert isinstance(await channel.send(said, GUARD, Contact(kind="apprise", url=there.url, guarded=True)), Refused)
    channel.close()
