"""When intake was deaf: those intervals are no device's silence."""

from collections.abc import Sequence

import msgspec

from shouwang.domain.vocabulary import DAY, Instant
from shouwang.store.facts import Facts
from shouwang.store.leases import RENEW_EVERY

GAPS_FACT = "intake.gaps"

GAPS_KEPT = 40 * DAY
"""Deaf times older than any longest silence are forgotten."""

GAPS_AT_MOST = 200
"""A link that flaps makes thousands a day, and every silence is measured against all of them."""

Gap = tuple[Instant, Instant]


def thinned(gaps: Sequence[Gap], most: int = GAPS_AT_MOST) -> list[Gap]:
    """At most that many: the shortest are moved up to the next one, so that no deaf time is lost, and a silence is
    measured too short at most by what was moved."""
    thin = list(gaps)
    while len(thin) > most:
        index = min(range(len(thin) - 1), key=lambda at: thin[at][1] - thin[at][0])
        (start, stop), (following, end) = thin[index : index + 2]
        thin[index : index + 2] = [(following - (stop - start), end)]
    return thin


class DeafTimes:
    """When this service heard nothing: down, or without the broker. Kept, because silence is counted over days; of an
    interval that goes on, as often as the lease is renewed, so that a kill loses none of it."""

    def __init__(self, facts: Facts, heard_until: Instant | None, now: Instant) -> None:
        """Deaf at first: since ``heard_until``, where an intake ran before."""
        self._facts = facts
        kept = facts.get(GAPS_FACT)
        self._gaps: list[Gap] = msgspec.json.decode(kept, type=list[Gap]) if kept else []
        since = now if heard_until is None else min(heard_until, now)
        while self._gaps and self._gaps[-1][1] >= since:
            since = min(since, self._gaps.pop()[0])
        self._present: Gap | None = (since, now)
        self._kept_at = 0

    def __call__(self) -> list[Gap]:
        """Oldest first, apart from each other; the last one ends at the newest ``look`` where it goes on."""
        return [*self._gaps, self._present] if self._present else self._gaps

    def missed(self, since: Instant, now: Instant) -> None:
        """What was said in this time is not taken in yet, though the broker has it. To be followed by a look."""
        since = min(since, self._present[0]) if self._present else since
        self._present = (max(since, self._gaps[-1][1]) if self._gaps else since, now)

    def look(self, connected: bool, now: Instant) -> None:
        """To be told at every turn."""
        if connected and self._present is None:
            return
        self._present = (self._present[0] if self._present else now, now)
        if connected or now - self._kept_at >= RENEW_EVERY:
            recent = thinned([gap for gap in self() if gap[1] > now - GAPS_KEPT])
            self._facts.put(GAPS_FACT, msgspec.json.encode(recent))
            self._kept_at = now
            if connected:
                self._gaps, self._present = recent, None
