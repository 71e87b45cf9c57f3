"""The directory as one value: places, people, posts, zones, rosters, policies, devices of a site at one revision."""

from collections.abc import Iterator, Mapping
from functools import cached_property

import msgspec

from shouwang.domain.duty import FAMILY, Group, Person, PostHolder, SiteFacts, Zone
from shouwang.domain.escalation import Policy
from shouwang.domain.household import Household
from shouwang.domain.patrol import Patrol
from shouwang.domain.place import Device, Place
from shouwang.domain.roster import Roster, Swap, people_of
from shouwang.domain.rule import RuleText
from shouwang.domain.searching import spoken
from shouwang.domain.shift import Calendar
from shouwang.domain.vocabulary import DeviceId, PersonId, PlaceId


class Community(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything of a site that people configure. ``policies`` in the order in which they are matched (the shipped ones
    are not among them). ``registered_at`` of devices: when the revision that brought them was switched on."""

    revision: int = 0
    site: SiteFacts = msgspec.field(default_factory=SiteFacts)
    places: Mapping[PlaceId, Place] = msgspec.field(default_factory=dict)
    people: Mapping[PersonId, Person] = msgspec.field(default_factory=dict)
    posts: tuple[PostHolder, ...] = ()
    zones: Mapping[str, Zone] = msgspec.field(default_factory=dict)
    rosters: Mapping[str, Roster] = msgspec.field(default_factory=dict)
    groups: Mapping[str, Group] = msgspec.field(default_factory=dict)
    policies: tuple[Policy, ...] = ()
    devices: Mapping[DeviceId, Device] = msgspec.field(default_factory=dict)
    rules: Mapping[str, RuleText] = msgspec.field(default_factory=dict)
    """The site's own, which stand after the shipped ones and the files. Not part of a community file."""
    registered_at: Mapping[DeviceId, int] = msgspec.field(default_factory=dict)
    households: Mapping[PlaceId, Household] = msgspec.field(default_factory=dict)
    patrols: Mapping[str, Patrol] = msgspec.field(default_factory=dict)
    swaps: Mapping[str, Swap] = msgspec.field(default_factory=dict)
    """Not part of a community file: they are asked and answered from day to day."""
    calendar: Calendar = msgspec.field(default_factory=Calendar)
    """Public holidays as the site observes them."""

    @cached_property
    def holders(self) -> Mapping[str, Mapping[PlaceId, list[PostHolder]]]:
        """Who holds a post, by post and place."""
        found: dict[str, dict[PlaceId, list[PostHolder]]] = {}
        for one in self.posts:
            found.setdefault(one.post, {}).setdefault(one.place, []).append(one)
        return found

    @cached_property
    def duties(self) -> Mapping[PersonId, list[tuple[str, list[PlaceId]]]]:
        """What each person is for: posts held by name, by a deputy, by standing in a roster or as family, and where; of
        a roster without a zone, nowhere in particular."""
        found: dict[PersonId, list[tuple[str, list[PlaceId]]]] = {}
        for one in self.posts:
            for person in (one.person, one.deputy):
                if person is not None:
                    found.setdefault(person, []).append((one.post, [one.place]))
        for roster in self.rosters.values():
            zone = self.zones.get(roster.zone)
            for person in people_of(roster) if roster.post else ():
                found.setdefault(person, []).append((roster.post, list(zone.places) if zone else []))
        for household in self.households.values():
            for contact in household.contacts:
                if contact.person is not None:
                    found.setdefault(contact.person, []).append((FAMILY, [household.place]))
        return found

    @cached_property
    def zones_by_place(self) -> Mapping[str, Mapping[PlaceId, Zone]]:
        """Zones by kind and by each place that they name; of two that name one, the first by id."""
        found: dict[str, dict[PlaceId, Zone]] = {}
        for zone in sorted(self.zones.values(), key=lambda zone: zone.id):
            of_kind = found.setdefault(zone.kind, {})
            for place in zone.places:
                of_kind.setdefault(place, zone)
        return found

    @cached_property
    def spoken(self) -> Mapping[PlaceId, str]:
        """What each place is found by when somebody looks for it (domain/searching.py)."""
        return spoken(self.places)

    @cached_property
    def by_address(self) -> Mapping[str, Device]:
        """Devices by ``<family>:<identity>``."""
        return {device.address: device for device in self.devices.values()}

    def place_names(self, place: str) -> list[str]:
        """Names from the root down, a missing one by its last path segment."""
        parts = place.split("/")
        paths = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        return [
            (known.name if (known := self.places.get(PlaceId(path))) and known.name else path.rpartition("/")[2])
            for path in paths
        ]


Configured = (
    Place
    | Person
    | PostHolder
    | Zone
    | Roster
    | Group
    | Policy
    | Device
    | Household
    | Patrol
    | Swap
    | SiteFacts
    | RuleText
)
"""One row of the directory."""


def identity(value: object) -> tuple[str, str]:
    """(kind, id) of a directory value, as ``Directory.change`` names it."""
    match value:
        case Place():
            return "place", value.id
        case Person():
            return "person", value.id
        case PostHolder():
            return "post", f"{value.place}|{value.post}|{value.person}"
        case Zone():
            return "zone", value.id
        case Roster():
            return "roster", value.id
        case Group():
            return "group", value.id
        case Policy():
            return "policy", value.id
        case Device():
            return "device", value.id
        case Household():
            return "household", value.place
        case Patrol():
            return "patrol", value.id
        case Swap():
            return "swap", value.id
        case RuleText():
            return "rule", value.id
        case SiteFacts():
            return "site", "site"
        case _:
            raise TypeError(f"{type(value).__name__} is not kept in the directory")


def rows(community: Community) -> Iterator[Configured]:
    """Every value of a community file but the site's facts, places first, so that what is pointed to comes before."""
    yield from community.places.values()
    yield from community.people.values()
    yield from community.posts
    yield from community.zones.values()
    yield from community.rosters.values()
    yield from community.groups.values()
    yield from community.policies
    yield from community.devices.values()
    yield from community.households.values()
    yield from community.patrols.values()
