"""责任区的保护: what of each duty zone is really watched over, by devices in service that are heard."""

from collections.abc import Iterator, Mapping

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shouwang.domain.access import Act
from shouwang.domain.commissioning import is_coverage
from shouwang.domain.duty import PARTY, zone_of
from shouwang.domain.place import Device, PlaceKind, ancestors, is_within
from shouwang.domain.vocabulary import DeviceId, Instant, Life, PlaceId

from .access import Caller, allow
from .doors import TheWindow
from .fleet import Fleet, load_fleet
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_name
from .questions import subtrees

router = APIRouter(prefix="/coverage", tags=["directory"])


class ZoneCoverOut(BaseModel):
    """``protecting``: devices of kinds that save lives, in service, heard, and not silent for too long."""

    id: str
    name: str
    dwellings: int
    dwellings_protected: int = Field(description="With at least one protecting device inside.")
    devices: int = Field(description="Registered, but those that were retired.")
    protecting: int
    commissioning: int = Field(description="Not signed for yet: they never count.")


@router.get("/zones")
def list_zones(
    window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[ZoneCoverOut]:
    """Party zones, in order of their ids."""
    allow(caller, Act.READ)
    fleet = load_fleet(window, subtrees(caller, None))
    rows = list(_zones(fleet, window.board.heard(), window.clock.now(), caller.place))
    page, following = cut_by_name(rows, limit, cursor, lambda zone: zone.id)
    return Page(items=list(page), next=following)


def _zones(
    fleet: Fleet, heard: Mapping[DeviceId, Instant], now: Instant, within: PlaceId | None
) -> Iterator[ZoneCoverOut]:
    community = fleet.community
    owner: dict[str, str] = {}

    def zone_id(place: str) -> str:
        if place not in owner:
            found = zone_of(community, place)
            owner[place] = found.id if found else ""
        return owner[place]

    devices: dict[str, list[Device]] = {}
    for device in fleet.devices:
        if device.life is not Life.RETIRED:
            devices.setdefault(zone_id(device.place), []).append(device)
    dwellings: dict[str, set[PlaceId]] = {}
    for place in community.places.values():
        if place.kind is PlaceKind.DWELLING and (within is None or is_within(place.id, within)):
            dwellings.setdefault(zone_id(place.id), set()).add(place.id)
    for zone in community.zones.values():
        if zone.kind != PARTY:
            continue
        mine, homes = devices.get(zone.id, []), dwellings.get(zone.id, set())
        if within is not None and not mine and not homes:
            continue
        protecting = [
            device
            for device in mine
            if is_coverage(device, fleet.kind(device), fleet.longest_silence(device), heard.get(device.id), now)
        ]
        protected = {at for device in protecting for at in ancestors(device.place)} & homes
        yield ZoneCoverOut(
            id=zone.id,
            name=zone.name,
            dwellings=len(homes),
            dwellings_protected=len(protected),
            devices=len(mine),
            protecting=len(protecting),
            commissioning=sum(device.life is Life.COMMISSIONING for device in mine),
        )
