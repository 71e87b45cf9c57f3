"""Who may be in danger above a fire, and how much of a case each caller is told."""

from collections.abc import Collection

import msgspec

from shouwang.domain.access import Principal, Role
from shouwang.domain.casefile import Counted
from shouwang.domain.community import Community
from shouwang.domain.grouping import around_of
from shouwang.domain.incident import Incident
from shouwang.domain.place import PlaceKind, is_within
from shouwang.domain.vocabulary import PlaceId, Value

OVERSIGHT = frozenset({"sub_district_officer", "community_officer"})
"""街道、社区: they answer for that it is done, and need no resident's data for it."""


class Head(Value, frozen=True, kw_only=True):
    """A dwelling on the fire floor or above. ``counted``: the newest word on it."""

    place: PlaceId
    floor: PlaceId
    residents: int | None
    helped: bool
    needs: list[str]
    counted: Counted | None

    def without_needs(self) -> "Head":
        """As it is shown when the case is over."""
        return msgspec.structs.replace(self, residents=None, helped=False, needs=[])


def heads(incident: Incident, community: Community) -> list[Head]:
    """Dwellings of the lowest floor of the case and of all floors above it in the same unit: fire floor first, then
    upwards, on each floor those who need help first."""
    around = [around_of(place, PlaceKind.FLOOR, community.places) for place in incident.places]
    floors = [floor for floor in around if floor is not None]
    if not floors:
        return []
    unit = floors[0].rpartition("/")[0]
    storeys = [
        id for id, place in community.places.items() if place.kind is PlaceKind.FLOOR and id.rpartition("/")[0] == unit
    ]
    ordered = sorted(storeys, key=_storey)
    lowest = min((_storey(floor) for floor in floors if floor in storeys), default=None)
    above = [floor for floor in ordered if lowest is None or _storey(floor) >= lowest]
    counted = {one.place: one for one in (incident.file.headcount if incident.file else [])}
    found: list[Head] = []
    for floor in above:
        dwellings = [
            id for id, place in community.places.items() if place.kind is PlaceKind.DWELLING and is_within(id, floor)
        ]
        rows = []
        for id in sorted(dwellings):
            household = community.households.get(id)
            rows.append(
                Head(
                    place=id,
                    floor=floor,
                    residents=household.residents if household else None,
                    helped=household.helped if household else False,
                    needs=list(household.needs) if household else [],
                    counted=counted.get(id),
                )
            )
        found += sorted(rows, key=lambda one: (not one.helped, one.place))
    return found


def level_of(caller: Principal, incident: Incident, community: Community, told: Collection[str]) -> str:
    """``assigned`` for whoever was called or holds it, ``desk`` for those who work with names, else ``summary``. Who
    has only an overseeing post is told a summary even where they were called."""
    person = caller.person
    if person is not None:
        if only_oversees(caller, community):
            return "summary"
        if person in told or person == incident.holder:
            return "assigned"
    return "desk" if caller.role in (Role.ADMIN, Role.OPERATOR) else "summary"


def only_oversees(caller: Principal, community: Community) -> bool:
    """Whoever stands for somebody all of whose posts are of oversight."""
    posts = {one.post for one in community.posts if caller.person is not None and one.person == caller.person}
    return bool(posts) and posts <= OVERSIGHT


def _storey(floor: str) -> tuple[int, str]:
    """``f-1`` before ``f1`` before ``f12``."""
    name = floor.rpartition("/")[2]
    digits = "".join(char for char in name if char.isdigit())
    number = int(digits) if digits else 0
    return (-number if "-" in name or name.lower().startswith("b") else number), name
