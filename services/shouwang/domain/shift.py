"""Who of a roster is on duty at an instant: local wall clock, over midnight, through daylight saving, with overrides.

A shift is turned into two instants before it is compared, so that two shifts that meet at a wall-clock time meet at one
instant on every day of the year. A time that the clock skips counts as that much after the gap began, a time that
comes twice as its first coming (PEP 495, fold=0): no minute is left without anybody.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shouwang.domain.errors import ConfigError
from shouwang.domain.moment import instant, moment, parse_rfc3339
from shouwang.domain.vocabulary import Instant

if TYPE_CHECKING:
    from shouwang.domain.duty import Override, Roster, Shift

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def people_on_duty(roster: "Roster", now: Instant, site_timezone: str) -> list[str] | str:
    """People of the roster at this moment, or, where there are none, why it cannot be said. What cannot be read of a
    roster (files are checked when they are applied) takes nobody else off duty."""
    try:
        zone = timezone(roster.timezone or site_timezone)
    except ConfigError as error:
        return str(error)
    unread: list[str] = []
    scheduled: set[str] = set()
    in_force: list[Override] = []
    for shift in roster.shifts:
        try:
            scheduled |= set(shift.people) if is_within_shift(shift, now, zone) else set()
        except ConfigError as error:
            unread.append(str(error))
    for override in roster.overrides:
        try:
            in_force += [override] if _is_in_force(override, now) else []
        except ConfigError as error:
            unread.append(str(error))
    people = _overridden(scheduled, in_force)
    return min(unread) if unread and not people else sorted(people)


def is_within_shift(shift: "Shift", now: Instant, zone: ZoneInfo) -> bool:
    """True from the shift's first microsecond up to, not including, its end. Raises ConfigError for malformed times."""
    today = moment(now).astimezone(zone).date()
    return any(_covers(shift, day, now, zone) for day in (today - timedelta(days=1), today))


def timezone(name: str) -> ZoneInfo:
    """The IANA time zone. Raises ConfigError where there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"{name!r} is not a time zone; expected for example Asia/Shanghai") from None


def weekday(name: str) -> int:
    """0 for ``mon`` up to 6 for ``sun``. Raises ConfigError for anything else."""
    if name not in WEEKDAYS:
        raise ConfigError(f"{name!r} is not a day; expected one of {' '.join(WEEKDAYS)}")
    return WEEKDAYS.index(name)


def wall_clock(text: str) -> timedelta:
    """``HH:MM`` from ``00:00`` to ``24:00``, as the time since midnight. Raises ConfigError for anything else."""
    hours, colon, minutes = text.partition(":")
    if colon and len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit():
        since_midnight = timedelta(hours=int(hours), minutes=int(minutes))
        if int(minutes) < 60 and since_midnight <= timedelta(hours=24):
            return since_midnight
    raise ConfigError(f"{text!r} is not a wall-clock time; expected HH:MM from 00:00 to 24:00")


def roster_problems(roster: "Roster") -> Iterator[tuple[str, str]]:
    """What is wrong with a roster as written: (path below the roster, message)."""
    for path, read, text in _written(roster):
        try:
            read(text)
        except ConfigError as error:
            yield path, str(error)


def _written(roster: "Roster") -> Iterator[tuple[str, Callable[[str], object], str]]:
    """Every text of a roster that must read as something, where it stands, and what reads it."""
    if roster.timezone:
        yield "timezone", timezone, roster.timezone
    for index, shift in enumerate(roster.shifts):
        yield f"shifts[{index}].from", wall_clock, shift.start
        yield f"shifts[{index}].to", wall_clock, shift.end
        for place, day in enumerate(shift.days or []):
            yield f"shifts[{index}].days[{place}]", weekday, day
    for index, override in enumerate(roster.overrides):
        yield f"overrides[{index}].from", parse_rfc3339, override.start
        yield f"overrides[{index}].to", parse_rfc3339, override.end


def _covers(shift: "Shift", day: date, now: Instant, zone: ZoneInfo) -> bool:
    """The shift that begins on ``day`` holds ``now``."""
    if shift.days is not None and day.weekday() not in {weekday(name) for name in shift.days}:
        return False
    start, end = wall_clock(shift.start), wall_clock(shift.end)
    if end <= start:
        end += timedelta(days=1)
    return _instant_of(day, start, zone) <= now < _instant_of(day, end, zone)


def _instant_of(day: date, since_midnight: timedelta, zone: ZoneInfo) -> Instant:
    return instant((datetime.combine(day, time.min) + since_midnight).replace(tzinfo=zone))


def _overridden(scheduled: set[str], overrides: Sequence["Override"]) -> set[str]:
    """All overrides act on the schedule at once, so their order changes nothing. Leave is stronger than standing in."""
    removed = {one.remove for one in overrides if one.remove}
    on_leave = {one.remove for one in overrides if one.remove and not one.add}
    added = {one.add for one in overrides if one.add and (one.remove is None or one.remove in scheduled)}
    return (scheduled - removed) | (added - on_leave)


def _is_in_force(override: "Override", now: Instant) -> bool:
    return parse_rfc3339(override.start) <= now < parse_rfc3339(override.end)
