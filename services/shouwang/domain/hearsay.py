"""What a phone says of when something was done, where it had no network: how far it is believed.

It is believed of what a body does (set out, stood there, ticked, counted, dialled), between the opening of the case and
now. It is not of what had to be heard to count: an acknowledgement, a finding or an end that reached nobody stopped no
step and stood nobody down.
"""

from shouwang.domain.vocabulary import HOUR, MINUTE, SECOND, Instant

LATE_AT_MOST = 12 * HOUR
"""How long a phone may have kept an act; longer than any shift."""

AT_ONCE = 10 * SECOND
"""The way here takes less; what was done so lately was done now."""

AHEAD = MINUTE
"""A phone's clock and ours differ by less."""


def when_done(said: Instant | None, opened_at: Instant, now: Instant) -> Instant:
    """When it was done: as it was said where that can be, else now."""
    if said is None or said >= now - AT_ONCE or is_doubted(said, opened_at, now):
        return now
    return said


def is_doubted(said: Instant | None, opened_at: Instant, now: Instant) -> bool:
    """A time ahead, before the case, or longer ago than a phone keeps an act: a clock that is wrong. The act itself is
    taken all the same, for somebody did it."""
    return said is not None and not max(opened_at, now - LATE_AT_MOST) <= said <= now + AHEAD


def is_late(said: Instant | None, now: Instant) -> bool:
    """It waited for a network, or its clock is wrong: the timeline says so."""
    return said is not None and not now - AT_ONCE <= said <= now + AHEAD
