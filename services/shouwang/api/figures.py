"""告警统计: how much the alarms ask of whoever sits at the desk, by ISA-18.2 and EEMUA 191."""

from typing import Annotated

from fastapi import APIRouter, Query

from shouwang.domain.access import Act
from shouwang.domain.duty import DESK_POST
from shouwang.domain.figures import LIMITS, Frequent, alarm_figures
from shouwang.domain.moment import rfc3339
from shouwang.domain.vocabulary import DAY

from .access import Caller, allow
from .doors import TheWindow
from .hold_sheets import AlarmFiguresOut, FrequentOut
from .problems import invalid
from .questions import When, Within, instant_of, subtrees

router = APIRouter(prefix="/reports", tags=["reports"])

USUAL = 30 * DAY
LONGEST = 100 * DAY


@router.get("/alarms")
def alarm_report(
    window: TheWindow,
    caller: Caller,
    place: Within = None,
    since: Annotated[When, Query(alias="from")] = None,
    to: When = None,
    operators: Annotated[int | None, Query(ge=1, le=1000, description="Desks; as many as have an operator.")] = None,
) -> AlarmFiguresOut:
    """Of `from` ≤ raised < `to`, the last 30 days unless told (100 at most). Alarms count that ask somebody to act:
    critical, high and medium, no tests. `limits`: the upper limit of each figure for one operator."""
    allow(caller, Act.READ)
    end = instant_of(to, "query/to") or window.clock.now()
    start = instant_of(since, "query/from")
    start = end - USUAL if start is None else start
    if not 0 < end - start <= LONGEST:
        raise invalid("query/from", "expected a time before to, at most 100 days")
    places = subtrees(caller, place)
    desks = {one.place for one in window.directory.community().posts if one.post == DESK_POST}
    found = alarm_figures(
        window.holds.raises(start, end, places),
        window.holds.true_since(places),
        start,
        end,
        operators or max(1, len(desks)),
    )
    return AlarmFiguresOut(
        start=rfc3339(found.start),
        end=rfc3339(found.end),
        hours=found.hours,
        operators=found.operators,
        count=found.count,
        held=found.held,
        per_operator_hour=found.per_operator_hour,
        per_operator_day=found.per_operator_day,
        most_in_ten_minutes=found.most_in_ten_minutes,
        share_of_busy_hours=found.share_of_busy_hours,
        floods=found.floods,
        share_of_time_in_flood=found.share_of_time_in_flood,
        top=[_shown(one) for one in found.top],
        share_of_top_ten=found.share_of_top_ten,
        chattering=[_shown(one) for one in found.chattering],
        stale=found.stale,
        standing=found.standing,
        priorities=found.priorities,
        limits=dict(LIMITS),
    )


def _shown(one: Frequent) -> FrequentOut:
    return FrequentOut(rule=one.rule, subject=one.subject, count=one.count, share=one.share)
