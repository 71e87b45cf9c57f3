"""How each device stands, judged from what is remembered of it; pure, apart from the one function that loads."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum

from shouwang.domain.alert import LIFE_SAFETY, AlertClass
from shouwang.domain.commissioning import is_coverage
from shouwang.domain.community import Community
from shouwang.domain.place import Device, is_within
from shouwang.domain.profile import Profile
from shouwang.domain.vocabulary import DeviceId, Instant, Kind, Life, PlaceId

from .doors import Board, Window


class FleetState(StrEnum):
    """Worst first; a device counts once."""

    ALARM = "alarm"
    """It has an open alert of danger to life, or of water."""
    SILENT = "silent"
    """Not heard for longer than its profile allows: what it would say is unknown."""
    FAULT = "fault"
    WARNING = "warning"
    UNHEARD = "unheard"
    """Registered and not yet heard, within its longest silence."""
    OFF = "off"
    """Not in service: commissioning, test, maintenance, taken out, retired."""
    OK = "ok"


_ALARMS = LIFE_SAFETY | {AlertClass.WATER}


class Fleet:
    """Devices at one instant. ``alarmed``: classes of the open alerts of each."""

    def __init__(
        self,
        community: Community,
        devices: Sequence[Device],
        profiles: Mapping[str, Profile],
        alarmed: Mapping[DeviceId, Collection[AlertClass]],
        now: Instant,
    ) -> None:
        self.community = community
        self.devices = devices
        self._profiles = profiles
        self._alarmed = alarmed
        self._now = now

    def kind(self, device: Device) -> Kind:
        profile = self._profiles.get(device.profile)
        return profile.kind if profile else Kind.OTHER

    def longest_silence(self, device: Device) -> int | None:
        profile = self._profiles.get(device.profile)
        return profile.longest_silence if profile else None

    def registered_at(self, device: Device) -> Instant:
        return self.community.registered_at.get(device.id, 0)

    def state(self, device: Device, heard_at: Instant | None) -> FleetState:
        classes = self._alarmed.get(device.id, ())
        if any(klass in _ALARMS for klass in classes):
            return FleetState.ALARM
        if device.life is not Life.IN_SERVICE:
            return FleetState.OFF
        longest = self.longest_silence(device)
        since = heard_at if heard_at is not None else self.registered_at(device)
        if longest is not None and self._now - since > longest:
            return FleetState.SILENT
        if AlertClass.FAULT in classes:
            return FleetState.FAULT
        if classes:
            return FleetState.WARNING
        return FleetState.UNHEARD if heard_at is None else FleetState.OK

    def count(self, heard: Mapping[DeviceId, Instant]) -> dict[FleetState, int]:
        """Devices by how they stand; every state is named."""
        counts = dict.fromkeys(FleetState, 0)
        for device in self.devices:
            counts[self.state(device, heard.get(device.id))] += 1
        return counts

    def protects(self, device: Device, heard_at: Instant | None) -> bool:
        """Whether somebody may count on it."""
        return is_coverage(device, self.kind(device), self.longest_silence(device), heard_at, self._now)


def fleet_of(board: Board, community: Community, profiles: Mapping[str, Profile], now: Instant) -> Fleet:
    """All devices of a site."""
    alarmed: dict[DeviceId, set[AlertClass]] = {}
    for device, klass in board.open_classes():
        alarmed.setdefault(device, set()).add(klass)
    return Fleet(community, list(community.devices.values()), profiles, alarmed, now)


def load_fleet(window: Window, subtrees: Iterable[PlaceId], only: Device | None = None) -> Fleet:
    """The devices within every one of the subtrees, or only one."""
    community = window.directory.community()
    places = tuple(subtrees)
    alarmed: dict[DeviceId, set[AlertClass]] = {}
    for device, klass in window.board.open_classes():
        alarmed.setdefault(device, set()).add(klass)
    devices = [
        device for device in community.devices.values() if all(is_within(device.place, place) for place in places)
    ]
    return Fleet(community, [only] if only else devices, window.profiles(), alarmed, window.clock.now())
