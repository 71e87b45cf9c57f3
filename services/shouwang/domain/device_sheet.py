"""What the rows of a sheet of devices mean: devices to register, and what is wrong with each row."""

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.place import Device
from shouwang.domain.profile import Profile
from shouwang.domain.vocabulary import DeviceId, Life, PlaceId, Value

COLUMNS = ("id", "address", "profile", "place", "name", "tags", "life", "note")

ERRORS_AT_MOST = 200


class Written(Value, frozen=True):
    """One row as it stands: its number in the sheet, and its cells by column."""

    row: int
    cells: dict[str, str]


class RowError(Value, frozen=True):
    """``row`` 0: the sheet as a whole."""

    row: int
    column: str
    detail: str


class SheetReading(Value, frozen=True, kw_only=True):
    """``put``: devices that are new or differ. With errors nothing may be applied; at most ``ERRORS_AT_MOST`` are
    listed, ``wrong`` counts the rows."""

    put: list[Device] = msgspec.field(default_factory=list)
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    wrong: int = 0
    errors: list[RowError] = msgspec.field(default_factory=list)

    @staticmethod
    def broken(detail: str) -> "SheetReading":
        return SheetReading(wrong=1, errors=[RowError(0, "", f"the sheet {detail}")])


def plan_devices(
    rows: Sequence[Written], community: Community, profiles: Mapping[str, Profile], families: Collection[str]
) -> SheetReading:
    """Each row alone, and all against each other and the directory. A device that is registered keeps what the sheet
    has no column for."""
    errors: list[RowError] = []
    put: list[Device] = []
    wrong: set[int] = set()
    ids: dict[str, int] = {}
    addresses: dict[str, int] = {}
    added = changed = unchanged = 0
    for one in rows:
        found = [*_problems(one, community, profiles, families)]
        device = _device(one, community) if not found else None
        if device is not None:
            found += _clashes(one, device, community, ids, addresses)
        if found or device is None:
            wrong.add(one.row)
            errors += found
            continue
        known = community.devices.get(device.id)
        if known == device:
            unchanged += 1
            continue
        added, changed = added + (known is None), changed + (known is not None)
        put.append(device)
    return SheetReading(
        put=put, added=added, changed=changed, unchanged=unchanged, wrong=len(wrong), errors=errors[:ERRORS_AT_MOST]
    )


def _problems(
    one: Written, community: Community, profiles: Mapping[str, Profile], families: Collection[str]
) -> list[RowError]:
    cells, found = one.cells, []
    family, _, identity = cells.get("address", "").partition(":")
    if not identity or family not in families:
        detail = f"{cells.get('address', '')!r} is not FAMILY:IDENTITY{_near(family, families)}"
        found.append(RowError(one.row, "address", detail))
    place = cells.get("place", "")
    if PlaceId(place) not in community.places:
        found.append(RowError(one.row, "place", f"there is no place {place!r}{_near(place, community.places)}"))
    profile = cells.get("profile", "")
    if profile not in profiles and not (not profile and _known(one, community)):
        found.append(RowError(one.row, "profile", f"there is no profile {profile!r}{_near(profile, profiles)}"))
    if (life := cells.get("life", "")) and life not in set(Life):
        found.append(RowError(one.row, "life", f"{life!r} is none of {', '.join(Life)}"))
    if (id := cells.get("id", "")) and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,119}", id):
        found.append(RowError(one.row, "id", f"{id!r} is no id; expected letters, digits and . _ : -"))
    return found


def _device(one: Written, community: Community) -> Device:
    cells, known = one.cells, _known(one, community)
    address = cells["address"]
    made = known or Device(
        id=DeviceId(cells.get("id") or re.sub(r"[^A-Za-z0-9._-]", "-", address)),
        profile=cells["profile"],
        address=address,
        place=PlaceId(cells["place"]),
        life=Life.COMMISSIONING,
    )
    changes: dict[str, object] = {"address": address, "place": PlaceId(cells["place"])}
    for column in ("profile", "name", "note"):
        if cells.get(column):
            changes[column] = cells[column]
    if cells.get("tags"):
        changes["tags"] = cells["tags"].replace(",", " ").split()
    if cells.get("life"):
        changes["life"] = Life(cells["life"])
    return msgspec.structs.replace(made, **changes)


def _clashes(
    one: Written, device: Device, community: Community, ids: dict[str, int], addresses: dict[str, int]
) -> list[RowError]:
    found = []
    if (other := ids.setdefault(device.id, one.row)) != one.row:
        found.append(RowError(one.row, "id", f"{device.id!r} stands in row {other} already"))
    if (other := addresses.setdefault(device.address.casefold(), one.row)) != one.row:
        found.append(RowError(one.row, "address", f"{device.address!r} stands in row {other} already"))
    holder = community.by_address.get(device.address)
    if holder is not None and holder.id != device.id:
        found.append(RowError(one.row, "address", f"{device.address!r} belongs to the device {holder.id!r}"))
    return found


def _known(one: Written, community: Community) -> Device | None:
    if id := one.cells.get("id"):
        return community.devices.get(DeviceId(id))
    return community.by_address.get(one.cells.get("address", ""))


def _near(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word, list(known)[:20_000], n=1, cutoff=0.7) if word else []
    return f"; did you mean {close[0]!r}?" if close else ""
