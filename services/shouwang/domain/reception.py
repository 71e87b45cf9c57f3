"""Behind which receiver a device is heard, learnt from its messages: a weak fact that yields to what a person wrote.

A radio message may be heard by several receivers. The one that heard it clearly strongest within the last hour is the
one behind which the device is said to stand; another one displaces it only when it hears clearly better, or when the
first has not heard the device for an hour, so that two receivers of like strength do not take turns.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from shouwang.domain.vocabulary import HOUR, MINUTE, Duration, Instant, Value

FRESH: Duration = HOUR
"""A receiver that has not heard the device for this long counts no more beside one that has."""

PACE: Duration = 10 * MINUTE
"""How often the memory of one receiver is renewed."""

CLEARLY = 6.0
"""dB: four times the power, more than the signal of a device at rest wanders."""

MOST = 4
"""Receivers remembered of each device."""

_UNKNOWN = -200.0
"""Below any real strength (dBm): what was heard with no strength told counts least."""


class HeardBy(Value, frozen=True, array_like=True):
    """A receiver of one message: its address (``<family>:<identity>``), and how strong it heard it, in dBm."""

    gateway: str
    strength: float | None = None


class Sighting(Value, frozen=True, array_like=True, gc=False):
    """That a receiver heard the device: how strong, and when (within ``PACE``)."""

    gateway: str
    strength: float | None
    at: Instant


def learn(known: list[Sighting], heard: Sequence[HeardBy], now: Instant) -> list[Sighting]:
    """What is known after a message was heard; the first is the receiver behind which the device stands. The same
    object where nothing is worth keeping, which is nearly always."""
    if not heard:
        return known
    if known and len(heard) == 1:
        one, first = heard[0], known[0]
        if one.gateway == first.gateway and now - first.at < PACE and one.strength == first.strength:
            return known
    fresh = {one.gateway: one for one in known if now - one.at < FRESH}
    news = bool(known) and known[0].gateway not in fresh
    for one in heard:
        before = fresh.get(one.gateway)
        if before is None or now - before.at >= PACE or _strength(one) > _strength(before):
            fresh[one.gateway] = Sighting(one.gateway, one.strength, now)
            news = True
    if not news:
        return known
    best = max(fresh.values(), key=_strength)
    present = fresh.get(known[0].gateway) if known else None
    first = best if present is None or _strength(best) >= _strength(present) + CLEARLY else present
    others = sorted((one for one in fresh.values() if one is not first), key=_strength, reverse=True)
    kept = [first, *others[: MOST - 1]]
    return known if kept == known else kept


def behind(known: Sequence[Sighting]) -> str:
    """The address of the receiver behind which a device stands; empty where none was ever heard of."""
    return known[0].gateway if known else ""


def strength_of(raw: Any) -> float | None:
    """dBm: a number, or one that was written as text."""
    if isinstance(raw, str):
        try:
            raw = float(raw)
        except ValueError:
            return None
    is_one = isinstance(raw, (int, float)) and not isinstance(raw, bool) and -200 < raw < 100
    return float(raw) if is_one else None


def receiver_name(said: str) -> str:
    """An EUI as hexadecimal where it was written in base64, as protobuf's JSON does; anything else as it is."""
    if len(said) == 12 and said.endswith("="):
        try:
            return base64.b64decode(said, validate=True).hex()
        except (ValueError, binascii.Error):
            return said
    return said


def names_of(gateway: str) -> list[str]:
    """Addresses under which a learnt gateway may be registered: as learnt, else by the last level of a name that has
    several (an edge node of a group, a bridge below a base topic)."""
    family, _, identity = gateway.partition(":")
    return list(dict.fromkeys((gateway, f"{family}:{identity.rpartition('/')[2]}")))


def _strength(one: HeardBy | Sighting) -> float:
    return _UNKNOWN if one.strength is None else one.strength
