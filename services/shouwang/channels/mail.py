"""E-mail by SMTP: for those who read it at a desk, never the only way to anybody at night.

The standard library's client in threads of its own: an asyncio client would be one more dependency, and mail is never
what a storm waits for.
"""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from shouwang.domain.duty import Contact, Person
from shouwang.domain.errors import ConfigError
from shouwang.domain.gateway import failed
from shouwang.domain.notice import Failure, Message, Outcome, Refused, Sent, Unreachable
from shouwang.domain.pulse import Look
from shouwang.domain.vocabulary import SECOND
from shouwang.ports import Clock

THREADS = 8


class Mail:
    """``ports.Channel``. A contact's address is ``mailto:somebody@example.org``, or the bare address."""

    name = "email"

    def __init__(self, server: str, sender: str, clock: Clock, *, seconds: float = 10.0) -> None:
        """``server``: ``smtp://[user:password@]HOST:PORT`` (encrypted by STARTTLS where the server offers it, and
        always before a password is sent) or ``smtps://…``. Raises ConfigError."""
        self._server = _server(server)
        self._sender = sender
        self._clock = clock
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")
        self._trust = ssl.create_default_context()

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        address = contact.url.removeprefix("mailto:")
        if "@" not in address or not address.isprintable() or any(one in address for one in " ,;<>"):
            return Refused("the contact is no e-mail address; expected mailto:somebody@example.org")
        letter = self._letter(message, address)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                return await loop.run_in_executor(self._threads, self._deliver, letter, address)
        except TimeoutError:
            return Unreachable(f"{self._server.hostname}: no answer within {self._seconds:g} s")

    async def probe(self, contacts: Sequence[Contact]) -> Look | None:
        """The server's greeting and NOOP, encrypted where it offers that; no sign-in, which too many of lock."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                return await loop.run_in_executor(self._threads, self._greet)
        except TimeoutError:
            detail = f"{self._server.hostname}: no answer within {self._seconds:g} s"
            return Look(failure=Failure.UNREACHABLE, detail=detail)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _letter(self, message: Message, address: str) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = self._sender, address, message.text.replace("\n", " ")
        letter["Date"] = formatdate(self._clock.now() / SECOND)
        domain = self._sender.rpartition("@")[2].strip("<> ")
        # The same for every attempt: a mail program shows one letter.
        letter["Message-ID"] = f"<{message.key.replace(':', '.')}@{domain}>"
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        letter["X-Priority"] = "1"
        url = str(message.body.get("url") or "")
        letter.set_content("\n\n".join(part for part in (message.text, url) if part) + "\n")
        return letter

    def _deliver(self, letter: EmailMessage, address: str) -> Outcome:
        host = self._server.hostname or ""
        try:
            with self._open() as server:
                server.send_message(letter, self._sender, [address])
        except smtplib.SMTPAuthenticationError as error:
            return failed(Failure.AUTH, f"{host}: SMTP {error.smtp_code}")
        except smtplib.SMTPRecipientsRefused as error:
            code = next((code for code, _ in error.recipients.values()), 550)
            return failed(_meaning(code), f"{host}: SMTP {code}")
        except smtplib.SMTPResponseException as error:
            return failed(_meaning(error.smtp_code), f"{host}: SMTP {error.smtp_code}")
        except (smtplib.SMTPException, OSError) as error:
            return Unreachable(f"{host}: {type(error).__name__}")
        return Sent(str(letter["Message-ID"]))

    def _greet(self) -> Look:
        host = self._server.hostname or ""
        try:
            with self._open(sign_in=False) as server:
                code, _ = server.noop()
        except (smtplib.SMTPException, OSError) as error:
            return Look(failure=Failure.UNREACHABLE, detail=f"{host}: {type(error).__name__}")
        if code >= 400:
            return Look(failure=_meaning(code), detail=f"{host}: SMTP {code}")
        return Look()

    def _open(self, *, sign_in: bool = True) -> smtplib.SMTP:
        parts, each = self._server, self._seconds / 2
        is_sealed = parts.scheme == "smtps"
        port = parts.port or (465 if is_sealed else 25)
        kind: Any = smtplib.SMTP_SSL if is_sealed else smtplib.SMTP
        server: smtplib.SMTP = kind(
            parts.hostname, port, timeout=each, **({"context": self._trust} if is_sealed else {})
        )
        try:
            server.ehlo_or_helo_if_needed()
            if not is_sealed and (server.has_extn("starttls") or parts.username):
                server.starttls(context=self._trust)
            if parts.username and sign_in:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            server.close()
            raise
        return server


def _server(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        is_right = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_right = False
    if not is_right:
        raise ConfigError("mail_server is not an address; expected smtp://[user:password@]HOST:PORT or smtps://…")
    return parts


def _meaning(code: int) -> Failure:
    """RFC 5321 section 4.2 and RFC 3463: 452 and 4.7.x are greylists and limits, other 4xx pass, 53x is about us."""
    if code in (530, 534, 535, 538):
        return Failure.AUTH
    if code in (450, 452):
        return Failure.RATE
    return Failure.UNREACHABLE if 400 <= code < 500 else Failure.REFUSED
