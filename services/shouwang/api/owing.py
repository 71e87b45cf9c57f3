"""Ended cases that still owe a review or a visit: read from the newest back, and kept where something is owed.

What is owed follows from a case as a whole (class, outcome, policy, visits), which the store does not index; so no
more than the cases of 90 days are read. An older one still says itself what it owes.
"""

import msgspec

from shouwang.domain.board import CaseQuery, Mark
from shouwang.domain.incident import Incident, IncidentState, is_live
from shouwang.domain.owed import Owed, owed, owes
from shouwang.domain.vocabulary import DAY

from .doors import Window

LOOKED_BACK = 90 * DAY
ENDED = frozenset(state.value for state in IncidentState if not is_live(state))
CASES_A_LOOK = 500


def still_owing(
    window: Window, query: CaseQuery, what: Owed | None, after: Mark | None = None, at_most: int | None = None
) -> list[Incident]:
    """Those of ``query`` that ended and owe ``what`` (None: anything), newest first, after a mark."""
    query = msgspec.structs.replace(query, states=(query.states & ENDED) if query.states else ENDED)
    oldest = window.clock.now() - LOOKED_BACK
    found: list[Incident] = []
    while query.states and (at_most is None or len(found) < at_most):
        page = window.board.incidents(query, after, CASES_A_LOOK)
        fresh = [one for one in page if one.opened_at >= oldest]
        found += [one for one in fresh if (owes(one, what) if what else owed(one))]
        if len(page) < CASES_A_LOOK or len(fresh) < len(page):
            break
        after = (page[-1].opened_at, str(page[-1].id))
    return found if at_most is None else found[:at_most]
