"""What of the directory a caller sees: all of it, or what touches the place that they are confined to."""

import msgspec

from shouwang.domain.access import Act, Principal, may
from shouwang.domain.community import Community
from shouwang.domain.coverage import Gap
from shouwang.domain.duty import Group, Person, Zone
from shouwang.domain.place import touches
from shouwang.domain.roster import Roster, people_of
from shouwang.domain.vocabulary import IncidentId

from .doors import Window
from .problems import not_found


def people_seen(community: Community, caller: Principal) -> list[Person]:
    """Who answers for it."""
    if caller.place is None:
        return list(community.people.values())
    zones = zones_seen(community, caller)
    known = {person for zone in zones for person in (*zone.members, zone.fallback)}
    posts = [one for one in community.posts if touches(one.place, caller.place)]
    known |= {person for one in posts for person in (one.person, one.deputy)}
    known |= {person for roster in rosters_seen(community, caller) for person in people_of(roster)}
    return [one for one in community.people.values() if one.id in known]


def roster_seen(community: Community, caller: Principal, id: str) -> Roster:
    """Raises the problem where there is none that the caller sees."""
    found = next((one for one in rosters_seen(community, caller) if one.id == id), None)
    if found is None:
        raise not_found("roster", id)
    return found


def zones_seen(community: Community, caller: Principal) -> list[Zone]:
    zones = list(community.zones.values())
    if caller.place is None:
        return zones
    return [zone for zone in zones if any(touches(place, caller.place) for place in zone.places)]


def rosters_seen(community: Community, caller: Principal) -> list[Roster]:
    if caller.place is None:
        return list(community.rosters.values())
    zones = {zone.id for zone in zones_seen(community, caller)}
    return [roster for roster in community.rosters.values() if roster.zone in zones]


def groups_seen(community: Community, caller: Principal) -> list[Group]:
    """Those of whom the caller sees anybody; of their members, whom the caller sees."""
    if caller.place is None:
        return list(community.groups.values())
    known = {one.id for one in people_seen(community, caller)}
    seen = [
        msgspec.structs.replace(one, members=[person for person in one.members if person in known])
        for one in community.groups.values()
    ]
    return [one for one in seen if one.members]


def is_gap_seen(caller: Principal, gap: Gap) -> bool:
    """One that names no place is the whole site's."""
    return caller.place is None or (gap.place is not None and touches(gap.place, caller.place))


def is_case_seen(window: Window, caller: Principal, id: IncidentId) -> bool:
    if caller.place is None:
        return True
    incident = window.board.incident(id)
    return incident is not None and may(caller, Act.READ, incident.place)
