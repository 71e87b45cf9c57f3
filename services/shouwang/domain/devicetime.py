"""The time that a message says, and whether it can be believed."""

from datetime import datetime, tzinfo
from typing import NamedTuple

from shouwang.domain.moment import instant
from shouwang.domain.vocabulary import DAY, MILLISECOND, MINUTE, SECOND, Duration, Instant

OLDEST: Duration = 30 * DAY
"""Devices hold back readings for days while a link is down; older than this it is a clock that was never set."""

AHEAD: Duration = 5 * MINUTE
"""A clock may run ahead by this much."""

ZONELESS: Duration = 5 * MINUTE
"""A time without zone counts only this close to receipt in site time: a wrong zone is off by at least 15 minutes."""

_FIRST_MILLISECONDS = 100_000_000_000
"""An epoch number from here on counts milliseconds: as seconds it would be the year 5138."""

_LAST_MILLISECONDS = 100_000_000_000_000


class Stamp(NamedTuple):
    """When it was measured; the device's own time where it was taken; why not where it was not."""

    measured_at: Instant
    device_time: Instant | None
    note: str


def stamp(said: object, received_at: Instant, zone: tzinfo) -> Stamp:
    """From what stands in a message's time field: ISO 8601 text with or without offset, seconds or milliseconds since
    1970 as number or text, or nothing. Never raises; what is no time counts as none."""
    if said is None:
        return Stamp(received_at, None, "none")
    at, zoned = _instant(said, zone)
    if at is None:
        return Stamp(received_at, None, "none")
    if not zoned and abs(at - received_at) > ZONELESS:
        return Stamp(received_at, None, "no_zone")
    if at < received_at - OLDEST:
        return Stamp(received_at, None, "too_old")
    if at > received_at + AHEAD:
        return Stamp(received_at, None, "ahead")
    return Stamp(at, at, "")


def said_instant(said: object, zone: tzinfo) -> Instant | None:
    """What a time field says, believed or not: for the order of what one message holds."""
    return _instant(said, zone)[0]


def _instant(said: object, zone: tzinfo) -> tuple[Instant | None, bool]:
    match said:
        case bool():
            return None, True
        case int() | float():
            return _from_epoch(said), True
        case str() if len(said) <= 40:
            if said.isascii() and said.replace(".", "", 1).isdecimal():
                return _from_epoch(float(said)), True
            try:
                parsed = datetime.fromisoformat(said)
                if parsed.tzinfo is None:
                    return instant(parsed.replace(tzinfo=zone)), False
                return instant(parsed), True
            except (ValueError, OverflowError):
                return None, True
        case _:
            return None, True


def _from_epoch(number: float) -> Instant | None:
    if not 0 < number < _LAST_MILLISECONDS:
        return None
    return round(number * (MILLISECOND if number >= _FIRST_MILLISECONDS else SECOND))
