"""What decisions rest on beside readings: the directory, the rules, the policies, the profiles, at one revision."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from shouwang.domain.community import Community
from shouwang.domain.condition import leaves
from shouwang.domain.duty import zone_of
from shouwang.domain.escalation import Policy
from shouwang.domain.gathering import is_place, place_at, row_of, subject_of
from shouwang.domain.outage import MassAbsent
from shouwang.domain.place import Device, PlaceKind, ancestors
from shouwang.domain.profile import Power, Profile
from shouwang.domain.reception import names_of
from shouwang.domain.rule import Rule
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.standing import DeviceFacts
from shouwang.domain.vocabulary import UNASSIGNED, DeviceId, Kind, Life, PlaceId

STRANGERS = 65_536
"""Devices that nobody registered whose facts are kept; beyond it they are made anew, so that a flood of invented names
costs no memory."""


class World:
    """One revision of everything configured. Facts of devices are made once and kept."""

    def __init__(
        self, community: Community, book: RuleBook, shipped_policies: Sequence[Policy], profiles: Mapping[str, Profile]
    ) -> None:
        self.community = community
        self.book = book
        self.policies = (*community.policies, *shipped_policies)
        self.profiles = profiles
        self._facts: dict[DeviceId, DeviceFacts] = {}
        self._gateways: dict[str, list[DeviceId]] | None = None
        self._gateways_by_identity: dict[str, DeviceId] | None = None
        self._by_place: list[tuple[PlaceId, DeviceId]] | None = None
        self._levels_of_silence = {
            leaf.level for rule in book.rules for leaf in leaves(rule.when) if isinstance(leaf, MassAbsent)
        }
        self._by_address = community.by_address
        self._respelled = {
            folded: device for address, device in self._by_address.items() if (folded := address.casefold()) != address
        }

    def rule(self, id: str, facts: DeviceFacts, version: str = "") -> Rule | None:
        """The rule of this id that holds for a subject; of several, the one of the nearest scope, for a place the one
        of the version that decided."""
        found = self.book.for_facts(facts).rules.get(id)
        return found.rule if found else self.book.rule(id, version)

    def differing(self, other: "World") -> list[DeviceId]:
        """Registered devices whose facts another world sees otherwise; also those that it does not know (they may have
        been heard before somebody registered them). And the rows of places that ask for the silence of such devices."""
        found = [device for device in self.community.devices if self.facts(device) != other.facts(device)]
        gone = [device for device in other.community.devices if device not in self.community.devices]
        of_silence = {row for device in (*found, *gone) for world in (self, other) for row in world._rows_of(device)}
        return [*found, *of_silence]

    def members(self, row: DeviceId) -> Sequence[DeviceId]:
        """Registered devices of which a rule may ask whether they are silent, by the row of their place or zone."""
        if not self._levels_of_silence:
            return ()
        subject = subject_of(row)
        zone = self.community.zones.get(subject)
        return [device for place in (zone.places if zone else (subject,)) for device in self._within(place)]

    def rows_of_silence(self) -> Sequence[DeviceId]:
        """The rows of all places, as registered, that have to look whether their devices are heard."""
        subjects: list[str] = [
            place.id for place in self.community.places.values() if place.kind.value in self._levels_of_silence
        ]
        if "zone" in self._levels_of_silence:
            subjects += [zone.id for zone in self.community.zones.values()]
        rows = [row_of(subject) for subject in subjects]
        return [row for row in rows if self.members(row)]

    def gateway_of(self, device: DeviceId, heard_behind: str = "") -> DeviceId | None:
        """Behind which a registered device is heard: as registered, else as its messages told, else the only gateway of
        its family. ``heard_behind``: the address that they told; where no registered gateway stands at it, the device
        is behind one that nobody can look at, and behind no other."""
        known = self.community.devices.get(device)
        if known is None:
            return None
        if known.gateway is not None:
            return known.gateway if known.gateway in self.community.devices else None
        if heard_behind:
            at = self._gateway_at(heard_behind)
            return at if at != device else None
        if self._gateways is None:
            self._gateways = self._gateways_by_family()
        only = self._gateways.get(known.address.partition(":")[0], [])
        return only[0] if len(only) == 1 and only[0] != device else None

    def _gateway_at(self, address: str) -> DeviceId | None:
        """Who stands at a learnt address. A gateway of a radio network may be registered under any family that it
        speaks, by the same identity."""
        for name in names_of(address):
            known = self.registered(name)
            if known is not None:
                return known[0]
        if self._gateways_by_identity is None:
            if self._gateways is None:
                self._gateways = self._gateways_by_family()
            named: dict[str, list[DeviceId]] = {}
            for device in (one for found in self._gateways.values() for one in found):
                identity = self.community.devices[device].address.partition(":")[2]
                named.setdefault(_bare(identity), []).append(device)
            self._gateways_by_identity = {name: found[0] for name, found in named.items() if len(found) == 1}
        return self._gateways_by_identity.get(_bare(address.partition(":")[2]))

    def version_of(self, profile: str) -> str:
        """Of a profile's content; empty for one that is not there."""
        found = self.profiles.get(profile)
        return found.version if found else ""

    def registered(self, address: str) -> tuple[DeviceId, str] | None:
        """(device id, profile id) of a registered address; written otherwise in case only (a devEUI, a MAC), too."""
        device = self._by_address.get(address)
        if device is None:
            folded = address.casefold()
            device = self._by_address.get(folded) or self._respelled.get(folded)
        return (device.id, device.profile) if device is not None else None

    def facts(self, device: DeviceId, kind: Kind | None = None, profile: str = "", remembered: str = "") -> DeviceFacts:
        """``kind`` and ``profile`` as decoding found them, for a device that nobody registered; ``remembered``: the
        kind that its state names, which was found first, in another message or before a restart."""
        if remembered not in ("", Kind.OTHER):
            kind = Kind(remembered)
        known = self._facts.get(device)
        if known is not None and (known.registered or (known.profile == profile and not _tells_more(kind, known.kind))):
            return known
        made = (
            self._registered_facts(device)
            or self._facts_of_place(device)
            or DeviceFacts(
                device=device,
                kind=kind,
                place=UNASSIGNED,
                life=Life.DISCOVERED,
                profile=profile,
                registered=False,
            )
        )
        if len(self._facts) >= len(self.community.devices) + STRANGERS:
            self._facts = {id: kept for id, kept in self._facts.items() if kept.registered}
        self._facts[device] = made
        return made

    def _registered_facts(self, id: DeviceId) -> DeviceFacts | None:
        device = self.community.devices.get(id)
        if device is None:
            return None
        profile = self.profiles.get(device.profile)
        return DeviceFacts(
            device=id,
            kind=profile.kind if profile else None,
            place=device.place,
            place_names=self.community.place_names(device.place),
            levels=self._levels(device.place),
            life=device.life,
            tags=self._tags(device),
            profile=device.profile,
            # Nobody waits for a device that was taken off the wall.
            longest_silence=profile.longest_silence if profile and device.life is not Life.RETIRED else None,
            no_all_clear=profile.no_all_clear if profile else False,
            on_mains=profile is not None and profile.power in (Power.MAINS, Power.MAINS_WITH_BATTERY),
            registered_at=self.community.registered_at.get(id, 0),
            trial_at=device.trial.at if device.trial else None,
            trial_by=device.trial.by if device.trial else "",
        )

    def _gateways_by_family(self) -> dict[str, list[DeviceId]]:
        found: dict[str, list[DeviceId]] = {}
        for device in self.community.devices.values():
            profile = self.profiles.get(device.profile)
            if profile is not None and profile.kind is Kind.GATEWAY and device.life is not Life.RETIRED:
                found.setdefault(device.address.partition(":")[0], []).append(device.id)
        return found

    def _within(self, place: str) -> Iterator[DeviceId]:
        """Devices that stand in a place or below it."""
        if self._by_place is None:
            self._by_place = sorted((device.place, device.id) for device in self.community.devices.values())
        for low, high in ((place, place + "\0"), (place + "/", place + "0")):  # 0 comes after /
            start, stop = (bisect_left(self._by_place, (PlaceId(edge), DeviceId(""))) for edge in (low, high))
            yield from (device for _, device in self._by_place[start:stop])

    def _rows_of(self, device: DeviceId) -> list[DeviceId]:
        """The rows of places that may ask for the silence of a device."""
        known = self.community.devices.get(device)
        if known is None or not self._levels_of_silence:
            return []
        facts = DeviceFacts(device=device, kind=None, place=known.place, levels=self._levels(known.place))
        return [row_of(subject) for level in self._levels_of_silence if (subject := place_at(facts, level)) is not None]

    def _facts_of_place(self, row: DeviceId) -> DeviceFacts | None:
        """Of the row of a place: the tags of all that is in it, for the consent of its people."""
        if not is_place(row):
            return None
        subject = subject_of(row)
        inside = {*self._within(subject), DeviceId(subject)} & self.community.devices.keys()
        tags = dict.fromkeys(tag for device in sorted(inside) for tag in self._tags(self.community.devices[device]))
        return DeviceFacts(device=row, kind=None, place=PlaceId(subject), tags=list(tags), registered=False)

    def _tags(self, device: Device) -> list[str]:
        """Its own, and those of its place up to the dwelling: what holds for a home holds for what is in it."""
        tags = list(device.tags)
        for around in ancestors(device.place):
            known = self.community.places.get(around)
            if known is not None:
                tags += [tag for tag in known.tags if tag not in tags]
            if known is not None and known.kind is PlaceKind.DWELLING:
                break
        else:
            return list(device.tags)
        return tags

    def _levels(self, place: str) -> dict[str, str]:
        """Ancestors by kind, the nearest of each, and the party zone."""
        levels: dict[str, str] = {}
        for around in ancestors(place):
            if (known := self.community.places.get(around)) is not None:
                levels.setdefault(known.kind.value, around)
        if (zone := zone_of(self.community, place)) is not None:
            levels["zone"] = zone.id
        return levels


def _bare(identity: str) -> str:
    """An EUI or a MAC, however it is written."""
    return "".join(letter for letter in identity.casefold() if letter.isalnum())


def _tells_more(kind: Kind | None, known: Kind | None) -> bool:
    """A guess that names a kind where the one before did not: the first message may have been about the battery."""
    return kind not in (None, Kind.OTHER) and known in (None, Kind.OTHER)
