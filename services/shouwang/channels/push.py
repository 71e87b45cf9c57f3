"""Web push: a message to a browser by its maker's push service. An extra beside a person's contacts (``beside``)."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence

import h11
import httpx
import msgspec

from shouwang.channels.address import Fence, split
from shouwang.channels.post import Answer, Forbidden, Poster
from shouwang.channels.probing import look_at, servers_of
from shouwang.channels.sealing import LARGEST, encoded, public_point, seal, signature
from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import Failure, Message, Outcome, Refused, Sent, Unreachable
from shouwang.domain.pulse import Look
from shouwang.domain.subscription import unpadded
from shouwang.domain.vocabulary import HOUR, MINUTE, SECOND, Duration, Instant
from shouwang.ports import Clock

TIME_TO_LIVE: Duration = 30 * MINUTE
"""How long a push service keeps it for a phone that is off: later it is no alarm any more."""

SIGNED_FOR: Duration = 12 * HOUR
TEXT_LIMIT = 500
CALM = frozenset({"cleared", "stood_down", "coverage_gap"})
"""What need not wake anybody: ``Urgency: normal`` (RFC 8030 section 5.3), a phone may get it later."""

GONE = (404, 410)
"""The browser has taken it back (RFC 8030 section 7.3)."""


class Push:
    """``ports.Channel``. A contact's ``url`` is the endpoint, its ``secret`` the two keys with a dot between."""

    name = "push"

    def __init__(
        self,
        key: Callable[[], bytes],
        subject: str,
        clock: Clock,
        *,
        allow: Sequence[str] = (),
        seconds: float = 10.0,
        gone: Callable[[str], None] = lambda _endpoint: None,
    ) -> None:
        """``key``: the site's private key, asked for when it is needed. ``subject``: whom a push service may write to,
        ``mailto:`` or ``https:``. ``gone(endpoint)``: the browser does not want it any more."""
        self._key = key
        self._subject = subject
        self._clock = clock
        self._fence = Fence(allow)
        self._seconds = seconds
        self._gone = gone
        self._poster = Poster()
        self._signed: dict[str, tuple[Instant, str]] = {}

    @property
    def key(self) -> str:
        """What a browser needs to let this site push, and nobody else."""
        return encoded(public_point(self._key()))

    def refusal(self, endpoint: str) -> str | None:
        """Why it may not be an endpoint, None where it may. Blocks while it resolves the name."""
        return self._fence.refusal(endpoint)

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        host, _, problem = split(contact.url)
        point, dot, secret = contact.secret.partition(".")
        keys = unpadded(point), unpadded(secret)
        if problem or not dot or keys[0] is None or keys[1] is None:
            return Refused(problem or "the subscription has no keys")
        try:
            async with asyncio.timeout(self._seconds):
                body, headers = await asyncio.to_thread(self._sealed, message, contact.url, keys[0], keys[1])
                answer = await self._poster.post(
                    httpx.URL(contact.url), body, headers, seconds=self._seconds, judge=self._fence.judge
                )
        except TimeoutError:
            return Unreachable(f"{host}: no answer within {self._seconds:g} s")
        except Forbidden as error:
            return Refused(str(error))
        except (OSError, RuntimeError, h11.RemoteProtocolError) as error:
            return Unreachable(f"{host}: {type(error).__name__}")
        except (httpx.InvalidURL, h11.LocalProtocolError, ValueError) as error:
            return Refused(f"{host}: there can be no such request: {error}")
        if answer.status in GONE:
            self._gone(contact.url)
        return _outcome(host, answer)

    async def probe(self, contacts: Sequence[Contact]) -> Look | None:
        """A connection to each push service that somebody's browser is served by."""
        servers = servers_of((one.url, self._fence.judge) for one in contacts)
        return await look_at(self._poster, servers, seconds=self._seconds)

    async def close(self) -> None:
        await self._poster.close()

    def _sealed(self, message: Message, endpoint: str, point: bytes, secret: bytes) -> tuple[bytes, dict[str, str]]:
        """In a thread: it costs a millisecond, which no alarm should wait."""
        body = message.body
        incident = body.get("incident")
        case = str(incident.get("id") or "") if isinstance(incident, dict) else ""
        is_calm = str(body.get("why")) in CALM
        said = {
            "text": message.text[:TEXT_LIMIT],
            "url": str(body.get("url") or "") or "/duty",
            "tag": case or message.key,
            "urgent": not is_calm,
        }
        plain = msgspec.json.encode(said)
        if len(plain) > LARGEST:
            plain = msgspec.json.encode({**said, "url": "/duty"})
        headers = {
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(TIME_TO_LIVE // SECOND),
            "urgency": "normal" if is_calm else "high",
            # One notice of a case on a phone that was off, the newest (RFC 8030 section 5.4); says nothing of the case.
            "topic": encoded(hashlib.sha256((case or message.key).encode()).digest()[:24]),
            "authorization": self._authorization(endpoint),
        }
        return seal(plain, point, secret), headers

    def _authorization(self, endpoint: str) -> str:
        """Signed once for each push service, and anew when half of its time is over."""
        url, now = httpx.URL(endpoint), self._clock.now()
        audience = f"{url.scheme}://{url.netloc.decode('ascii')}"
        known = self._signed.get(audience)
        if known is None or known[0] < now + SIGNED_FOR // 2:
            expires = now + SIGNED_FOR
            known = expires, signature(self._key(), audience, self._subject, expires // SECOND)
            self._signed[audience] = known
        return known[1]


def _outcome(host: str, answer: Answer) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Sent(answer.headers.get("location", ""))
    detail = f"{host}: HTTP {status}"
    if status == 429:
        wait = answer.headers.get("retry-after", "")
        return Unreachable(detail, int(wait[:4]) * SECOND if wait.isascii() and wait.isdigit() else None, Failure.RATE)
    if status in (401, 403):
        return Refused(detail, Failure.AUTH)
    if status in (408, 425) or status >= 500:
        return Unreachable(detail)
    return Refused(detail)
