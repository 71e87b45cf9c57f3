"""Cases and lines of the journal of a span of time, for reports: which, from when to when, by which clock."""

from datetime import UTC, tzinfo
from typing import Annotated

from fastapi import Query

from shouwang.domain.access import Principal
from shouwang.domain.board import CaseQuery, EntryQuery
from shouwang.domain.community import Community
from shouwang.domain.errors import ConfigError
from shouwang.domain.incident import Incident
from shouwang.domain.journal import Entry
from shouwang.domain.shift import timezone
from shouwang.domain.vocabulary import DAY, Instant

from .doors import Window
from .problems import invalid
from .questions import When, instant_of, subtrees

USUAL, LONGEST = 30 * DAY, 400 * DAY
CASES_AT_MOST = 50_000
ENTRIES_A_LOOK = 500

Since = Annotated[When, Query(alias="from")]


def cases_between(
    window: Window,
    caller: Principal,
    place: str | None,
    start: Instant,
    end: Instant,
    at_most: int = CASES_AT_MOST,
) -> list[Incident]:
    """Incidents opened in [start, end) that the caller may see, newest first."""
    query = CaseQuery(places=subtrees(caller, place))
    found: list[Incident] = []
    mark = (end, "")
    while len(found) < at_most:
        page = window.board.incidents(query, mark, 500)
        found += [one for one in page if one.opened_at >= start]
        if len(page) < 500 or page[-1].opened_at < start:
            break
        mark = (page[-1].opened_at, str(page[-1].id))
    return found


def entries_of(window: Window, query: EntryQuery, at_most: int | None = None) -> list[Entry]:
    """Lines of the journal, newest first; all of them unless told."""
    found: list[Entry] = []
    after: int | None = None
    while at_most is None or len(found) < at_most:
        page = window.board.entries(query, after, ENTRIES_A_LOOK)
        found += page
        if len(page) < ENTRIES_A_LOOK:
            break
        after = page[-1].seq
    return found


def span(window: Window, since: str | None, to: str | None, usual: int) -> tuple[Instant, Instant]:
    """[from, to) of a query; the last ``usual`` unless told. Raises Problem."""
    end = instant_of(to, "query/to")
    end = window.clock.now() + 1 if end is None else end
    start = instant_of(since, "query/from")
    start = end - usual if start is None else start
    if not 0 < end - start <= LONGEST:
        raise invalid("query/from", "is not before `to`, or more than 400 days before it")
    return start, end


def site_zone(community: Community) -> tzinfo:
    """The site's clock."""
    try:
        return timezone(community.site.timezone)
    except ConfigError:
        return UTC
