"""替班: who could fill a gap of a roster, best first, so that a gap of tonight is closed with one press."""

from collections.abc import Collection

from shouwang.domain.community import Community
from shouwang.domain.coverage import duty_changes
from shouwang.domain.duty import DESK_POST, is_away, is_proven, usable
from shouwang.domain.roster import Roster, people_of
from shouwang.domain.staff import is_certified, rosters_now
from shouwang.domain.vocabulary import Instant, PersonId, Value

OFFERED = 8
"""People who are offered at most: a list that is read at a glance."""


class StandIn(Value, frozen=True, kw_only=True):
    """Somebody who could be on duty for the whole span. ``own``: of the roster's own people, or a member of its zone.
    ``certified``: with a certificate for a fire control room that holds to the end of the span. ``verified``: some
    contact of theirs was proven. ``elsewhere``: other rosters that have them on duty at some moment of it."""

    person: PersonId
    own: bool
    certified: bool
    verified: bool
    elsewhere: list[str]


def stand_ins(
    community: Community,
    roster: Roster,
    start: Instant,
    end: Instant,
    people: Collection[str],
    *,
    channels: Collection[str] = (),
) -> list[StandIn]:
    """Whoever of ``people`` can be reached on these channels (empty: on any), is not away at any moment of the span and
    is not on duty in this roster when it begins. The free stand before the busy; for a desk the certified before the
    others; then the roster's own people, then those with a proven contact."""
    moments = duty_changes(community, start, end)
    duties = [rosters_now(community, at) for at in moments]
    zone = community.zones.get(roster.zone)
    own = people_of(roster) | set(zone.members if zone else ())
    found = [
        StandIn(
            person=one.id,
            own=one.id in own,
            certified=is_certified(community, one, end - 1),
            verified=is_proven(one, channels),
            elsewhere=sorted({id for then in duties for id in then.get(one.id, ()) if id != roster.id}),
        )
        for one in community.people.values()
        if one.id in people
        and roster.id not in duties[0].get(one.id, ())
        and usable(one, channels)
        and not any(is_away(community, one.id, at) for at in moments)
    ]
    asks_papers = roster.post == DESK_POST
    return sorted(
        found,
        key=lambda one: (
            bool(one.elsewhere), asks_papers and not one.certified, not one.own, not one.verified, one.person,
        ),
    )[:OFFERED]  # fmt: skip
