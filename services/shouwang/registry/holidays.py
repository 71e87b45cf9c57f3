"""Public holidays and days worked instead (调休), from a maintained library's data: no network is asked."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import TypeAlias

import msgspec

from shouwang.domain.duty import SiteFacts
from shouwang.domain.errors import ConfigError
from shouwang.domain.shift import HOLIDAY, WORKDAY, Calendar, local_day

YEARS = range(2020, 2035)
"""Far enough for shifts of today and records of yesterday; a library knows days worked instead only once decreed."""


LONGEST = 30
"""Seconds that the list may take to come, on a machine that starts everything at once."""


def calendar_of(site: SiteFacts) -> Calendar:
    """The holidays of the site's calendar, and the site's own word on single days. A calendar that the library does not
    know, and a day that is none, are passed over: they were refused when the file was applied."""
    off, worked, known_to = _decreed(site.calendar)
    own = {day: kind for day, kind in _own_days(site.days).items() if day is not None}
    off = (off | {day for day, kind in own.items() if kind == HOLIDAY}) - {d for d, k in own.items() if k == WORKDAY}
    worked = (worked | {day for day, kind in own.items() if kind == WORKDAY}) - {
        day for day, kind in own.items() if kind == HOLIDAY
    }
    return Calendar(off, worked, known_to)


def calendar_problem(code: str) -> str | None:
    """What is wrong with the name of a calendar; empty means no public holidays."""
    import holidays  # 0.3 s, and only a site that is read or changed needs it

    if not code or code in holidays.list_supported_countries():
        return None
    return f"{code!r} is not a calendar; expected an ISO 3166 country such as CN, or empty for no public holidays"


Decreed: TypeAlias = tuple[frozenset[date], frozenset[date], date | None]
"""Days off, weekend days that are worked, and how far both are known."""


@lru_cache(8)
def _decreed(code: str) -> Decreed:
    """Asked of a process of its own, once: the library keeps 10 MB for what is a list of dates."""
    if not code:
        return frozenset(), frozenset(), None
    command = [sys.executable, "-m", "shouwang.registry.holidays", code]
    try:
        said = subprocess.run(command, stdout=subprocess.PIPE, timeout=LONGEST, check=True).stdout
        decreed: Decreed = msgspec.json.decode(said, type=Decreed)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return decreed_here(code)  # a roster that reads its holidays is worth 10 MB
    return decreed


def decreed_here(code: str) -> Decreed:
    """The same, from the library in this process; nothing for a calendar that it does not know."""
    import holidays

    if calendar_problem(code) is not None:
        return frozenset(), frozenset(), None
    known = holidays.country_holidays(code, years=YEARS)
    worked = frozenset(known.weekend_workdays)
    off = frozenset(known)
    # Weekend days between or beside days off belong to the holiday (春节 lasts eight days, not six).
    bridged = {day for day in _weekends(off) if day not in worked and _touches(day, off)}
    known_to = date(max(worked).year, 12, 31) if worked else date(YEARS[-1], 12, 31)
    return off | bridged, worked, known_to


def _weekends(off: frozenset[date]) -> set[date]:
    near = {day + timedelta(days=shift) for day in off for shift in (-2, -1, 1, 2)}
    return {day for day in near if day.weekday() >= 5}


def _touches(day: date, off: frozenset[date]) -> bool:
    """A day off stands right before or after it, or with only another weekend day between."""
    other = day + timedelta(days=1 if day.weekday() == 5 else -1)
    around = {day + timedelta(days=shift) for shift in (-1, 1)} | {other + timedelta(days=shift) for shift in (-1, 1)}
    return not off.isdisjoint(around | {other})


def _own_days(days: Mapping[str, str]) -> dict[date | None, str]:
    found: dict[date | None, str] = {}
    for text, kind in days.items():
        try:
            found[local_day(text)] = kind
        except ConfigError:
            continue
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(decreed_here(sys.argv[1])))
