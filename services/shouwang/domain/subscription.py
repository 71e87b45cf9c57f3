"""A browser that somebody asked to be told by, beside their contacts: never one of them, never counted as coverage.

Web push (RFC 8030) goes by the browser maker's own servers. Those do not reach telephones in mainland China, may hold a
message back to spare a battery, and say nothing of whether it was shown: good to have, nothing to rely on.
"""

import base64
import binascii
import hashlib

from shouwang.domain.vocabulary import Instant, PersonId, Value

ENDPOINT_LIMIT = 1_000
POINT_BYTES, SECRET_BYTES = 65, 16
"""An uncompressed point of P-256 and the authentication secret (RFC 8291 section 3.2)."""

PER_PERSON = 5
"""Browsers of one person; one more takes the place of the oldest."""


class Subscription(Value, frozen=True, kw_only=True):
    """``endpoint``: where the push service takes messages for this browser; ``p256dh``, ``auth``: base64url, what it is
    sealed with. ``label``: how its person calls the browser."""

    id: str
    person: PersonId
    endpoint: str
    p256dh: str
    auth: str
    at: Instant
    label: str = ""


def subscription_id(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode()).hexdigest()[:32]


def key_problem(p256dh: str, auth: str) -> str | None:
    """What is wrong with the keys of a browser."""
    point, secret = unpadded(p256dh), unpadded(auth)
    if point is None or len(point) != POINT_BYTES or point[0] != 4:
        return f"p256dh is no point of P-256; expected {POINT_BYTES} bytes in base64url, the first of them 4"
    if secret is None or len(secret) != SECRET_BYTES:
        return f"auth is no secret; expected {SECRET_BYTES} bytes in base64url"
    return None


def unpadded(text: str) -> bytes | None:
    """base64url with or without its padding; None for anything else."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
