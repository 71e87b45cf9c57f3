"""When desks are asked whether somebody is there (查岗): the plan of a day, drawn once and kept, told to nobody.

Moments are drawn as a Poisson process, so that whoever was asked just now may be asked again. Once drawn they are a
fact that all servers read: two of them ask once, and a restart neither forgets nor repeats.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import log1p

import msgspec

from shouwang.domain.vocabulary import DAY, MINUTE, Duration, Instant, Value

LATE: Duration = 15 * MINUTE
"""A check that could not be begun in its moment (nobody served, real danger was under way) is begun this much later at
most; beyond, it is left out."""


class Plan(Value, frozen=True, kw_only=True):
    """``day``: of UTC, counted from 1970. ``checks``: moments by zone, in order."""

    day: int
    checks: Mapping[str, list[Instant]] = msgspec.field(default_factory=dict)


def plan_of_day(
    before: Plan | None, zones: Iterable[str], now: Instant, *, a_day: float, chance: Callable[[], float]
) -> Plan:
    """The plan of this day with moments for each of these zones; ``before`` itself where it has them all. A zone that
    is new to the day is asked in what is left of it. ``chance`` gives numbers from 0 up to 1."""
    day = now // DAY
    if before is not None and before.day == day and all(zone in before.checks for zone in zones):
        return before
    kept: dict[str, list[Instant]] = {}
    if before is not None:
        kept = {zone: [at for at in moments if at > now - LATE] for zone, moments in before.checks.items()}
    if before is not None and before.day == day:
        new = {zone: list(_draw(now, (day + 1) * DAY, a_day, chance)) for zone in zones if zone not in kept}
        return Plan(day=day, checks={**before.checks, **new})
    start = day * DAY if before is not None and before.day == day - 1 else now
    return Plan(
        day=day,
        checks={zone: [*kept.get(zone, []), *_draw(start, (day + 1) * DAY, a_day, chance)] for zone in zones},
    )


def due_checks(plan: Plan, now: Instant) -> list[tuple[str, Instant]]:
    """Zones and the moments at which they are to be asked, those that are neither ahead nor too late."""
    return [(zone, at) for zone, moments in plan.checks.items() for at in moments if now - LATE < at <= now]


def _draw(start: Instant, end: Instant, a_day: float, chance: Callable[[], float]) -> Iterator[Instant]:
    at = float(start)
    while a_day > 0:
        at += -log1p(-min(chance(), 1 - 1e-12)) * DAY / a_day
        if at >= end:
            return
        yield round(at)
