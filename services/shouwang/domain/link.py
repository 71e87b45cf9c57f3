"""The link of a message: a capability for one delivery, made of its key and a seal that only this site can make.

Nothing is stored for it: the key finds the delivery, which says whose it is, of which incident, and since when. Whoever
holds the link may do what that person may do to that incident for as long as it is young, and nothing else.
"""

import base64
import hashlib
import hmac

from shouwang.domain.notice import Delivery
from shouwang.domain.vocabulary import HOUR, DeliveryKey, Duration, Instant

LIFETIME: Duration = 24 * HOUR
"""A response that takes longer has been handed over at a desk."""

SEAL_BYTES = 12
"""96 bits: nobody guesses one, and it is 16 characters of a text message."""

_PURPOSE = b"shouwang one-tap 1\0"


def link_of(public_url: str, delivery: DeliveryKey, secret: bytes) -> str:
    """Where the person of the delivery answers; empty where people's phones do not reach this service."""
    return f"{public_url.rstrip('/')}/a/{token_of(delivery, secret)}" if public_url and secret else ""


def token_of(delivery: DeliveryKey, secret: bytes) -> str:
    """URL-safe: the seal, then the key."""
    return _text(_seal(delivery, secret)) + _text(delivery.encode())


def delivery_in(token: str, secret: bytes) -> DeliveryKey | None:
    """Whose capability a token is; None for one that this site did not make."""
    length = len(_text(bytes(SEAL_BYTES)))
    try:
        seal, key = _bytes(token[:length]), DeliveryKey(_bytes(token[length:]).decode())
    except ValueError:
        return None
    is_ours = bool(secret) and bool(key) and hmac.compare_digest(seal, _seal(key, secret))
    return key if is_ours and token_of(key, secret) == token else None


def is_expired(delivery: Delivery, now: Instant) -> bool:
    return now >= delivery.created_at + LIFETIME


def code_of(delivery: DeliveryKey, secret: bytes) -> str:
    """Six digits that prove that a message was read, for whoever says them on the telephone."""
    digest = hmac.digest(secret, b"shouwang code 1\0" + delivery.encode(), hashlib.sha256)
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def _seal(delivery: DeliveryKey, secret: bytes) -> bytes:
    return hmac.digest(secret, _PURPOSE + delivery.encode(), hashlib.sha256)[:SEAL_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Raises ValueError for anything that ``_text`` does not write."""
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
