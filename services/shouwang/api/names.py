"""Places and people as a caller may read them: names in full for those who work with them, masked for others."""

from collections.abc import Iterable

from shouwang.domain.access import Act, Principal, may
from shouwang.domain.community import Community
from shouwang.domain.place import PlaceKind, ancestors
from shouwang.domain.roster import Roster
from shouwang.domain.vocabulary import UNASSIGNED, PersonId, PlaceId

from .schemas import PlaceNames

_ABOVE_A_BUILDING = frozenset({PlaceKind.SUB_DISTRICT, PlaceKind.COMMUNITY, PlaceKind.COMPOUND})


class Names:
    """Of one directory revision, for one caller."""

    def __init__(self, community: Community, caller: Principal) -> None:
        self._community = community
        self.unmasked = may(caller, Act.READ_NAMES)

    def person(self, id: str) -> str:
        """The name of a person; of anybody else (a token, the system) what the journal calls it."""
        known = self._community.people.get(PersonId(id))
        if known is None:
            return id
        return known.name if self.unmasked else masked_name(known.name)

    def people(self, ids: Iterable[str]) -> dict[str, str]:
        """Each of them once, by id."""
        return {id: self.person(id) for id in dict.fromkeys(ids)}

    def post(self, person: str, place: str) -> str:
        """The post that a person holds nearest to a place, else the one that a roster fills with them; empty where
        neither."""
        held = {one.place: one.post for one in self._community.posts if one.person == person}
        nearest = next((held[at] for at in ancestors(place) if at in held), "")
        return nearest or next((one.post for one in self._community.rosters.values() if _is_on(person, one)), "")

    def place(self, path: str) -> PlaceNames:
        return place_names(self._community, path)


def place_names(community: Community, path: str) -> PlaceNames:
    return PlaceNames(label=_label(community, path), names=community.place_names(path))


def _is_on(person: str, roster: Roster) -> bool:
    return any(person in shift.people for shift in roster.shifts)


def masked_name(name: str) -> str:
    """王建国 → 王**; the first letter stays."""
    return name[:1] + "*" * max(1, len(name) - 1)


def masked_phone(phone: str) -> str:
    """Only the last two digits stay."""
    return "*" * max(0, len(phone) - 2) + phone[-2:] if phone else ""


def _label(community: Community, path: str) -> str:
    """From the building down, without the floor of a room: ``3号楼 2单元 501``; a higher place by its own name."""
    if path == UNASSIGNED:
        return "未登记位置"
    line = [PlaceId(at) for at in reversed(list(ancestors(path)))]
    kinds = {at: place.kind for at in line if (place := community.places.get(at))}
    below = [at for at in line if kinds.get(at) not in _ABOVE_A_BUILDING]
    if any(kinds.get(at) is PlaceKind.DWELLING for at in below):
        below = [at for at in below if kinds.get(at) is not PlaceKind.FLOOR]
    shown = below if kinds else line
    names = dict(zip(line, community.place_names(path), strict=True))
    return " ".join(names[at] for at in shown or line[-1:])
