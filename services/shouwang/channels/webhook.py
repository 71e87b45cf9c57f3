"""Webhooks as the Standard Webhooks specification writes them: signed HTTP POSTs, one key for all attempts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import h11
import httpx
import msgspec
from standardwebhooks import Webhook as Signer

from shouwang.channels.address import Fence, split
from shouwang.channels.post import Answer, Forbidden, Poster
from shouwang.channels.probing import look_at, servers_of
from shouwang.domain.contact import signing_keys
from shouwang.domain.duty import Contact, Person
from shouwang.domain.moment import instant, moment
from shouwang.domain.notice import Message, Outcome, Refused, Sent, Unreachable
from shouwang.domain.pulse import Look
from shouwang.domain.vocabulary import MINUTE, SECOND, Duration, Instant
from shouwang.ports import Clock

TRY_AGAIN = frozenset({408, 425, 429})
"""Besides 5xx: Request Timeout, Too Early, Too Many Requests. No other 3xx or 4xx gets better by repeating."""

LONGEST_RETRY_AFTER: Duration = 5 * MINUTE
"""A gateway that asks for more patience than this does not get it: the message is an alarm."""


class Webhook:
    """``ports.Channel`` over HTTP. One instance a process; call ``close`` at the end."""

    name = "webhook"

    def __init__(self, clock: Clock, *, allow: Sequence[str] = (), seconds: float = 10.0) -> None:
        """``allow``: networks that guarded contacts may reach beside public addresses. ``seconds``: the whole attempt.
        Raises ConfigError for a bad network."""
        self._clock = clock
        self._fence = Fence(allow)
        self._seconds = seconds
        self._poster = Poster()

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        """2xx is sent; 408, 425, 429, 5xx and network trouble unreachable; everything else refused, redirects too:
        whoever answers at the new address was never named by the operator."""
        host, _, problem = split(contact.url)
        if problem:
            return Refused(problem)
        now = self._clock.now()
        body = msgspec.json.encode(message.body)
        try:
            headers = _signed(message.key, now, body, contact.secret)
        except ValueError:
            return Refused("the secret begins with whsec_ but is not base64 after it")
        judge = self._fence.judge if contact.guarded else None
        try:
            url = httpx.URL(contact.url)
            answer = await self._poster.post(url, body, headers, seconds=self._seconds, judge=judge)
        except TimeoutError:
            return Unreachable(f"{host}: no answer within {self._seconds:g} s")
        except Forbidden as error:
            return Refused(str(error))
        except (OSError, RuntimeError, h11.RemoteProtocolError) as error:
            # RuntimeError: closed while the process stops; the next one tries again.
            return Unreachable(f"{host}: {type(error).__name__}: {error}")
        except (httpx.InvalidURL, h11.LocalProtocolError, ValueError) as error:
            return Refused(f"{host}: there can be no such request: {error}")
        return _outcome(host, answer, now)

    async def probe(self, contacts: Sequence[Contact]) -> Look | None:
        """A connection to each server that somebody's webhook lives at."""
        judged = [(one.url, self._fence.judge if one.guarded else None) for one in contacts]
        return await look_at(self._poster, servers_of(judged), seconds=self._seconds)

    def refusal(self, url: str) -> str | None:
        """Why an address may not be set over HTTP, None when it may. Blocks while it resolves the name."""
        return self._fence.refusal(url)

    async def close(self) -> None:
        await self._poster.close()


def signatures(key: str, at: Instant, body: bytes, secret: str) -> list[str]:
    """The signatures of a message, each ``v1,<base64>``: one for each key that the secret stands for, since the header
    may carry several and one that fits is enough. Raises ValueError (``signing_keys``)."""
    return [Signer(each).sign(key, moment(at), body.decode()) for each in signing_keys(secret)]


def _signed(key: str, at: Instant, body: bytes, secret: str) -> Mapping[str, str]:
    """Id and timestamp always; without a secret there is nothing to sign with, and no signature is pretended."""
    headers = {
        "content-type": "application/json",
        "user-agent": "Shouwang",
        "webhook-id": key,
        "webhook-timestamp": str(at // SECOND),
    }
    if found := signatures(key, at, body, secret):
        headers["webhook-signature"] = " ".join(found)
    return headers


def _outcome(host: str, answer: Answer, now: Instant) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Sent(str(status))
    if status in TRY_AGAIN or status >= 500:
        return Unreachable(f"{host}: HTTP {status}", _retry_after(answer.headers.get("retry-after", ""), now))
    if 300 <= status < 400:
        return Refused(f"{host}: HTTP {status}: redirects are not followed; set the address that it points to")
    return Refused(f"{host}: HTTP {status}")


def _retry_after(text: str, now: Instant) -> Duration | None:
    """RFC 9110 section 10.2.3: seconds, or a date; None where it is neither."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]) * SECOND, LONGEST_RETRY_AFTER)
    try:
        date: datetime = parsedate_to_datetime(text)
    except ValueError:
        return None
    wait = instant(date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return max(0, min(wait, LONGEST_RETRY_AFTER))
