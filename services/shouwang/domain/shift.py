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
from shouwang.domain.vocabulary import Instant, Value

if TYPE_CHECKING:
    from shouwang.domain.roster import Override, Roster, Shift

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAY, RESTDAY, HOLIDAY = "workday", "restday", "holiday"
KINDS_OF_DAY = (WORKDAY, RESTDAY, HOLIDAY)


class Calendar(Value, frozen=True):
    """Public holidays of a site. ``holidays``: days off by decree, with weekends that belong to a holiday; ``worked``:
    weekend days worked instead (调休). ``known_to``: the last day of which the calendar says anything; beyond it the
    week alone counts."""

    holidays: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    known_to: date | None = None

    def is_holiday(self, day: date) -> bool:
        return day in self.holidays

    def is_workday(self, day: date) -> bool:
        return day in self.worked or (day.weekday() < 5 and day not in self.holidays)


NO_HOLIDAYS = Calendar()


def people_on_duty(
    roster: "Roster", now: Instant, site_timezone: str, calendar: Calendar = NO_HOLIDAYS
) -> list[str] | str:
    """People of the roster at this moment, or, where there are none, why it cannot be said. What cannot be read of a
    roster (files are checked when they are applied) takes nobody else off duty."""
    try:
        zone = timezone(roster.timezone or site_timezone)
    except ConfigError as error:
        return str(error)
    unread: list[str] = []
    layers: dict[int, set[str]] = {}
    in_force: list[Override] = []
    for shift in roster.shifts:
        try:
            for day in _days_held(shift, now, zone, calendar):
                layers.setdefault(shift.layer, set()).update(team(shift, day))
        except ConfigError as error:
            unread.append(str(error))
    for override in roster.overrides:
        try:
            in_force += [override] if _is_in_force(override, now) else []
        except ConfigError as error:
            unread.append(str(error))
    people = _overridden(layers[max(layers)] if layers else set(), in_force)
    return min(unread) if unread and not people else sorted(people)


def is_within_shift(shift: "Shift", now: Instant, zone: ZoneInfo, calendar: Calendar = NO_HOLIDAYS) -> bool:
    """True from the shift's first microsecond up to, not including, its end. Raises ConfigError for malformed times."""
    return bool(_days_held(shift, now, zone, calendar))


def team(shift: "Shift", day: date) -> list[str]:
    """Who has the shift that begins on a day. Raises ConfigError for a rotation whose begin is no date."""
    people = [str(person) for person in shift.people]
    rotation = shift.rotation
    if rotation is None or not rotation.teams:
        return people
    turn = (day - local_day(rotation.since)).days // max(1, rotation.days) % len(rotation.teams)
    return [*people, *(str(person) for person in rotation.teams[turn])]


def spans(
    shift: "Shift", start: Instant, end: Instant, zone: ZoneInfo, calendar: Calendar = NO_HOLIDAYS
) -> Iterator[tuple[date, Instant, Instant]]:
    """Every (day on which it begins, begin, end) of a shift that meets [start, end), in order. Raises ConfigError."""
    day = moment(start).astimezone(zone).date() - timedelta(days=1)
    last = moment(end).astimezone(zone).date()
    while day <= last:
        if begins_on(shift, day, calendar):
            begin, over = _span(shift, day, zone)
            if begin < end and over > start:
                yield day, begin, over
        day += timedelta(days=1)


def edges(
    roster: "Roster", start: Instant, end: Instant, site_timezone: str, calendar: Calendar = NO_HOLIDAYS
) -> set[Instant]:
    """Every moment within (start, end) at which who is on duty may change. What cannot be read has none."""
    found: set[Instant] = set()
    try:
        zone = timezone(roster.timezone or site_timezone)
    except ConfigError:
        return found
    for shift in roster.shifts:
        try:
            found.update(edge for _, *both in spans(shift, start, end, zone, calendar) for edge in both)
        except ConfigError:
            continue
    for override in roster.overrides:
        try:
            found.update((parse_rfc3339(override.start), parse_rfc3339(override.end)))
        except ConfigError:
            continue
    return {at for at in found if start < at < end}


def day_begin(day: date, zone: ZoneInfo) -> Instant:
    """When a local day begins."""
    return _instant_of(day, timedelta(0), zone)


def local_day(text: str) -> date:
    """``2026-10-01``. Raises ConfigError for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is not a day; expected for example 2026-10-01") from None


def timezone(name: str) -> ZoneInfo:
    """The IANA time zone. Raises ConfigError where there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"{name!r} is not a time zone; expected for example Asia/Shanghai") from None


def is_such_day(name: str, day: date, calendar: Calendar = NO_HOLIDAYS) -> bool:
    """The day is a ``mon`` … ``sun``, ``workday``, ``restday`` or ``holiday``. Raises ConfigError for another word."""
    match kind_of_day(name):
        case "workday":
            return calendar.is_workday(day)
        case "restday":
            return not calendar.is_workday(day)
        case "holiday":
            return calendar.is_holiday(day)
    return day.weekday() == WEEKDAYS.index(name)


def kind_of_day(name: str) -> str:
    """The word itself. Raises ConfigError for one that names no kind of day."""
    if name not in WEEKDAYS and name not in KINDS_OF_DAY:
        raise ConfigError(f"{name!r} is not a day; expected one of {' '.join((*WEEKDAYS, *KINDS_OF_DAY))}")
    return name


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
            yield f"shifts[{index}].days[{place}]", kind_of_day, day
        if shift.rotation is not None:
            yield f"shifts[{index}].rotation.since", local_day, shift.rotation.since
    for index, override in enumerate(roster.overrides):
        yield f"overrides[{index}].from", parse_rfc3339, override.start
        yield f"overrides[{index}].to", parse_rfc3339, override.end


def begins_on(shift: "Shift", day: date, calendar: Calendar = NO_HOLIDAYS) -> bool:
    """Raises ConfigError for a word that is no day."""
    return shift.days is None or any(is_such_day(name, day, calendar) for name in shift.days)


def _days_held(shift: "Shift", now: Instant, zone: ZoneInfo, calendar: Calendar) -> list[date]:
    """The days whose shift holds ``now``: mostly none or one; two where it lasts longer than a day."""
    today = moment(now).astimezone(zone).date()
    held = []
    for day in (today - timedelta(days=1), today):
        if begins_on(shift, day, calendar):
            begin, over = _span(shift, day, zone)
            held += [day] if begin <= now < over else []
    return held


def _span(shift: "Shift", day: date, zone: ZoneInfo) -> tuple[Instant, Instant]:
    start, end = wall_clock(shift.start), wall_clock(shift.end)
    if end <= start:
        end += timedelta(days=1)
    return _instant_of(day, start, zone), _instant_of(day, end, zone)


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
