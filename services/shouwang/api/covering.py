"""Gaps of coverage as every endpoint asks for them, reckoned once a minute: a month of a large compound costs a good
part of a second of the process that also dispatches, and every console asks the same."""

from collections.abc import Hashable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from shouwang.domain.community import Community
from shouwang.domain.coverage import Gap, coverage_gaps
from shouwang.domain.escalation import Policy
from shouwang.domain.place import is_within
from shouwang.domain.vocabulary import MINUTE, UNASSIGNED, Duration, Instant, PlaceId

if TYPE_CHECKING:
    from .doors import Window

KEPT_AT_MOST = 64
"""Questions of one minute that are remembered: the site and its compounds, for a day, a week and a month."""


class KeptGaps:
    """What was found for the directory, policies and minute at hand. Whoever asks while it is being reckoned waits for
    that. The values are the domain's: what a caller may see of them is decided afterwards."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._of: tuple[Community, Sequence[Policy], Instant] | None = None
        self._found: dict[Hashable, list[Gap]] = {}

    def gaps(
        self, window: "Window", span: Duration, at: Instant | None = None, inside: Sequence[PlaceId] = ()
    ) -> list[Gap]:
        """Gaps from now (from ``at``) on of places within all of ``inside``; of the whole site where it is empty. Now
        is when it was reckoned, in this minute: a stand-in from now on leaves no gap of the seconds before."""
        community, now = window.directory.community(), window.clock.now()
        minute = now - now % MINUTE
        policies = (*community.policies, *window.policies())
        key = (at, span, tuple(inside))
        with self._mutex:
            if not self._is_of(community, policies, minute):
                self._of, self._found = (community, policies, minute), {}
            if key not in self._found:
                if len(self._found) >= KEPT_AT_MOST:
                    self._found.clear()
                start = now if at is None else at
                self._found[key] = coverage_gaps(
                    community, policies, start, start + span, _inside(community, inside), channels=window.kinds
                )
            return self._found[key]

    def _is_of(self, community: Community, policies: Sequence[Policy], minute: Instant) -> bool:
        return (
            self._of is not None
            and self._of[0] is community  # one value for each revision of the directory
            and self._of[1] == policies
            and self._of[2] == minute
        )


def known_places(community: Community) -> set[PlaceId]:
    return {*community.places, *(one.place for one in community.devices.values() if one.place != UNASSIGNED)}


def _inside(community: Community, inside: Sequence[PlaceId]) -> Sequence[PlaceId]:
    """Known places within all of these; where there are none, the first of these, which posts above it may cover."""
    return [id for id in known_places(community) if all(is_within(id, one) for one in inside)] or inside[:1]
