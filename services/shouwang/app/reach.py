"""Whether people's phones reach this service at its public address, and the links that messages carry where they do."""

import hashlib
import logging
import secrets

import httpx
import msgspec

from shouwang.domain.link import code_of, link_of
from shouwang.domain.vocabulary import HOUR, MINUTE, SECOND, DeliveryKey, Duration, Instant, Value
from shouwang.ports import Clock
from shouwang.store.facts import Facts

log = logging.getLogger(__name__)

SECRET = "link.secret"
PROVEN = "link.proven"

BELIEVED: Duration = 24 * HOUR
"""A proof holds over an evening without Internet; a link that leads nowhere costs no alarm, since the text says all."""

AGAIN, SOON = 10 * MINUTE, 5 * SECOND
"""Between two looks, after one that proved it and after one that did not."""

ANSWER_SECONDS = 5.0


class Proof(Value, frozen=True):
    url: str
    at: Instant


class Reach:
    """``link`` is called for every message and only reads memory; ``look`` is one of the rounds."""

    def __init__(self, facts: Facts, public_url: str, clock: Clock) -> None:
        self._facts = facts
        self._url = public_url
        self._clock = clock
        self.secret = facts.once(SECRET, secrets.token_bytes(32))
        self.mark = mark_of(self.secret)
        self._proof = _kept(facts, public_url)
        self._next: Instant = 0

    def link(self, delivery: DeliveryKey) -> str:
        """Empty where the public address is not set, or was not proven to lead here."""
        proof = self._proof
        is_proven = proof is not None and self._clock.now() - proof.at < BELIEVED
        return link_of(self._url, delivery, self.secret) if is_proven else ""

    def code(self, delivery: DeliveryKey) -> str:
        return code_of(delivery, self.secret)

    def look(self) -> None:
        """Asks the public address whether this site answers there, now and then."""
        now = self._clock.now()
        if not self._url or now < self._next:
            return
        problem = prove(self._url, self._facts, now)
        self._next = now + (SOON if problem else AGAIN)
        before, self._proof = self._proof, _kept(self._facts, self._url)
        if problem and before is not None:
            log.warning("the public address does not lead here now: %s", problem)


def prove(public_url: str, facts: Facts, now: Instant) -> str:
    """Notes that the address leads to this site; else why it does not. Waits up to ``ANSWER_SECONDS``."""
    secret = facts.once(SECRET, secrets.token_bytes(32))
    address = f"{public_url.rstrip('/')}/a/reachable"
    try:
        answer = httpx.get(address, timeout=ANSWER_SECONDS, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return f"{public_url}: {type(error).__name__}"
    if answer.status_code != 200 or answer.text != mark_of(secret):
        return f"{public_url}: HTTP {answer.status_code}, not the answer of this service"
    facts.put(PROVEN, msgspec.json.encode(Proof(public_url, now)))
    return ""


def mark_of(secret: bytes) -> str:
    """What this site answers at its public address: says nothing of the secret."""
    return hashlib.sha256(b"shouwang site 1\0" + secret).hexdigest()[:32]


def _kept(facts: Facts, public_url: str) -> Proof | None:
    kept = facts.get(PROVEN)
    proof = msgspec.json.decode(kept, type=Proof) if kept else None
    return proof if proof is not None and proof.url == public_url else None
