"""Tidies the files of cases, a page of cases at a time: what was kept for long enough is removed from its case, with a
line of the journal; contents that no case and no device names any more are deleted at the end of each pass.

Two steps, so that a death between them leaves a content that nobody names, which the next pass deletes, and never a
case that names a content which is gone. One content may belong to several cases and devices: only a whole pass knows.
"""

from collections.abc import Callable, Collection
from typing import Protocol

from shouwang.domain.board import CaseQuery, Mark
from shouwang.domain.filing import is_expired, without_files
from shouwang.domain.incident import Incident
from shouwang.domain.vocabulary import DAY, SECOND, Duration, Instant
from shouwang.ports import Casebook, Clock

CASES_AT_ONCE = 200
SPARED: Duration = 2 * DAY
"""A content that was kept so lately may be named by a case that the pass has seen already."""

PAUSE: Duration = DAY
"""Between two passes."""


class Cases(Protocol):
    def incidents(self, query: CaseQuery, after: Mark | None, limit: int) -> list[Incident]: ...


class Contents(Protocol):
    def sweep(self, wanted: Collection[str], before: float) -> int: ...


class Filing:
    """One server does it; two beside each other would only do it twice."""

    def __init__(
        self,
        casebook: Casebook,
        cases: Cases,
        contents: Contents,
        clock: Clock,
        *,
        kept_for: Duration,
        elsewhere: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """``kept_for``: after the end of a case. ``elsewhere``: contents that something else than a case names."""
        self._casebook = casebook
        self._cases = cases
        self._contents = contents
        self._clock = clock
        self._kept_for = kept_for
        self._elsewhere = elsewhere
        self._mark: Mark | None = None
        self._wanted: set[str] = set()
        self._next: Instant = 0

    def look(self) -> int:
        """The next page; how many files were removed from their cases."""
        now = self._clock.now()
        if now < self._next:
            return 0
        page = self._cases.incidents(CaseQuery(), self._mark, CASES_AT_ONCE)
        removed = sum(self._remove(one, now) for one in page if is_expired(one, self._kept_for, now))
        self._wanted.update(
            file.id for one in page if one.file and not is_expired(one, self._kept_for, now) for file in one.file.files
        )
        if len(page) == CASES_AT_ONCE:
            self._mark = (page[-1].opened_at, str(page[-1].id))
            return removed
        self._contents.sweep({*self._wanted, *self._elsewhere()}, (now - SPARED) / SECOND)
        self._mark, self._wanted, self._next = None, set(), now + PAUSE
        return removed

    def _remove(self, seen: Incident, now: Instant) -> int:
        with self._casebook.change() as change:
            incident = change.incident(seen.id)
            if incident is None or not is_expired(incident, self._kept_for, now):
                return 0
            changed, entries = without_files(incident, self._kept_for, now)
            change.keep_incident(changed)
            for entry in entries:
                change.record(entry)
        return len(entries)
