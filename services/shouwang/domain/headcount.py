"""Who may be in danger above a fire, and how much of a case each caller is told."""

from collections.abc import Collection

import msgspec

from shouwang.domain.access import Principal, Role
from shouwang.domain.casefile import Counted, Counting
from shouwang.domain.community import Community
from shouwang.domain.grouping import DETECTORS, around_of
from shouwang.domain.incident import Incident
from shouwang.domain.levels import is_afar, shows_residents
from shouwang.domain.place import PlaceKind, is_within
from shouwang.domain.vocabulary import PlaceId, Value


class Head(Value, frozen=True, kw_only=True):
    """A dwelling on the fire floor or above. ``counted``: the newest word on it."""

    place: PlaceId
    floor: PlaceId
    residents: int | None
    helped: bool
    needs: list[str]
    counted: Counted | None

    @property
    def is_inside(self) -> bool:
        """As far as anybody knows."""
        return self.counted is None or self.counted.state not in (Counting.EVACUATED, Counting.NOBODY_HOME)

    def without_needs(self) -> "Head":
        """As it is shown when the case is over, in an exercise, and to whoever needs no names for what they do."""
        return msgspec.structs.replace(self, residents=None, helped=False, needs=[])


def heads(incident: Incident, community: Community) -> list[Head]:
    """Dwellings that smoke or gas may reach: in each unit of the case those of its lowest floor there and of all floors
    above; the whole unit where the case is of the unit or its stairwell, the whole building where it is of that. Units
    in order of ignition, floors upwards, on each floor those who need help first. Nobody for a case of a wider place:
    who is in danger there is no list of homes. Nobody for a call for help, a leak or a fault: nothing spreads."""
    spreads = incident.klass in DETECTORS or bool(incident.detectors)  # a call for help may have been joined by smoke
    scopes = _scopes(incident, community) if spreads else {}
    counted = {one.place: one for one in (incident.file.headcount if incident.file else [])}
    found: list[tuple[int, tuple[int, str], Head]] = []
    for id, place in community.places.items() if scopes else ():
        if place.kind is not PlaceKind.DWELLING:
            continue
        near = [(order, lowest) for order, (scope, lowest) in enumerate(scopes.items()) if is_within(id, scope)]
        floor = around_of(id, PlaceKind.FLOOR, community.places) if near else None
        storey = _storey(floor or "")
        orders = [order for order, lowest in near if lowest is None or (floor is not None and storey[0] >= lowest)]
        if orders:
            household = community.households.get(id)
            head = Head(
                place=id,
                floor=floor or around_of(id, PlaceKind.UNIT, community.places) or id,
                residents=household.residents if household else None,
                helped=household.helped if household else False,
                needs=list(household.needs) if household else [],
                counted=counted.get(id),
            )
            found.append((orders[0], storey, head))
    found.sort(key=lambda one: (one[0], one[1], one[2].floor, not one[2].helped, one[2].place))
    return [head for _, _, head in found]


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
    """Whoever stands for somebody all of whose posts watch from afar (domain/levels.py)."""
    return caller.person is not None and is_afar(caller.person, community)


def sees_residents(level: str, incident: Incident) -> bool:
    """Whether whoever is told at this level learns who lives there, now."""
    return level != "summary" and shows_residents(incident)


def _scopes(incident: Incident, community: Community) -> dict[PlaceId, int | None]:
    """Units and buildings of the case in order of ignition, each with the lowest storey that is concerned, None for
    all of them."""
    found: dict[PlaceId, int | None] = {}
    for place in incident.places or [incident.place]:
        floor = around_of(place, PlaceKind.FLOOR, community.places)
        within = [around_of(place, kind, community.places) for kind in (PlaceKind.UNIT, PlaceKind.BUILDING)]
        scope = next((around for around in within if around is not None), None)
        if scope is None:
            continue
        lowest = _storey(floor)[0] if floor is not None else None
        known = found.setdefault(scope, lowest)
        found[scope] = None if lowest is None or known is None else min(known, lowest)
    return found


def _storey(floor: str) -> tuple[int, str]:
    """``f-1`` before ``f1`` before ``f12``."""
    name = floor.rpartition("/")[2]
    digits = "".join(char for char in name if char.isdigit())
    number = int(digits) if digits else 0
    return (-number if "-" in name or name.lower().startswith("b") else number), name
