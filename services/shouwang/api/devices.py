"""设备: what is installed where, its newest values, whether it can be trusted to speak, and registering it."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Response

from shouwang.domain.access import Act, Principal
from shouwang.domain.community import Community
from shouwang.domain.journal import Entry
from shouwang.domain.moment import rfc3339
from shouwang.domain.place import Device
from shouwang.domain.standing import DeviceState, Newest
from shouwang.domain.vocabulary import METRICS, SECOND, DeviceId, Kind, Life, PlaceId

from .access import Caller, allow
from .doors import TheWindow, Window
from .etags import IfMatch, etag, require_match
from .fleet import Fleet, FleetState, load_fleet
from .names import place_names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_mark
from .problems import Code, Problem, invalid, not_found
from .questions import Several, Within, subtrees, time, words
from .sheets import DeviceChange, DeviceIn, DeviceOut, ReadByOut, TrialOut, ValueOut

router = APIRouter(prefix="/devices", tags=["devices"])

DeviceRef = Annotated[str, Path(max_length=300)]


@router.get("")
def list_devices(
    window: TheWindow,
    caller: Caller,
    state: Several = None,
    kind: Several = None,
    life: Several = None,
    place: Within = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[DeviceOut]:
    """Newest registered first."""
    allow(caller, Act.READ)
    states = words(state, FleetState, "query/state")
    kinds, lives = words(kind, Kind, "query/kind"), words(life, Life, "query/life")
    fleet = load_fleet(window, subtrees(caller, place))
    heard = window.board.heard() if states else {}
    rows = [
        device
        for device in fleet.devices
        if (not states or fleet.state(device, heard.get(device.id)) in states)
        and (not kinds or fleet.kind(device) in kinds)
        and (not lives or device.life in lives)
    ]
    page, following = cut_by_mark(rows, limit, cursor, lambda device: (fleet.registered_at(device), device.id))
    return Page(items=shown(window, fleet, page), next=following)


@router.post("", status_code=201)
def register_device(window: TheWindow, caller: Caller, body: DeviceIn, response: Response) -> DeviceOut:
    """In service at once, unless `life` says otherwise. The same device again gives 200."""
    allow(caller, Act.CHANGE_DEVICES, body.place)
    community = window.directory.community()
    device = Device(
        id=DeviceId(body.id or body.address.replace(":", "-").replace("/", "-")),
        profile=body.profile,
        address=body.address,
        place=PlaceId(body.place),
        life=body.life,
        tags=body.tags,
        name=body.name,
        note=body.note,
    )
    known = community.devices.get(device.id)
    if known == device:
        response.status_code = 200
    else:
        if known is not None:
            raise Problem(Code.CONFLICT, f"a device {device.id!r} is registered already, otherwise; change it by PATCH")
        check_device(window, community, device)
        _keep(window, caller, device, "device.registered")
    response.headers["ETag"] = etag(device)
    return one_device(window, device)


@router.get("/{device_id:path}")
def get_device(window: TheWindow, caller: Caller, device_id: DeviceRef, response: Response) -> DeviceOut:
    """Its newest values, when it was heard, and its state."""
    device = registered_device(window.directory.community(), caller, device_id)
    response.headers["ETag"] = etag(device)
    return one_device(window, device)


@router.patch("/{device_id:path}")
def change_device(
    window: TheWindow,
    caller: Caller,
    device_id: DeviceRef,
    body: DeviceChange,
    response: Response,
    if_match: IfMatch = None,
) -> DeviceOut:
    """Only what is given changes."""
    community = window.directory.community()
    device = registered_device(community, caller, device_id)
    allow(caller, Act.CHANGE_DEVICES, device.place)
    require_match(if_match, etag(device))
    changed = msgspec.structs.replace(device, **body.model_dump(exclude_none=True))
    if changed.life is not device.life:
        _refuse_unheard(window, device, changed)
        changed = msgspec.structs.replace(changed, trial=None)
    allow(caller, Act.CHANGE_DEVICES, changed.place)
    if changed != device:
        check_device(window, community, changed)
        _keep(window, caller, changed, "device.changed")
    response.headers["ETag"] = etag(changed)
    return one_device(window, changed)


@router.delete("/{device_id:path}", status_code=204)
def remove_device(window: TheWindow, caller: Caller, device_id: DeviceRef, if_match: IfMatch = None) -> None:
    """It leaves the directory; its readings, alerts and journal stay. An open alert of it stays open."""
    device = registered_device(window.directory.community(), caller, device_id)
    allow(caller, Act.CHANGE_DEVICES, device.place)
    require_match(if_match, etag(device))
    window.directory.change([], [("device", device.id)])
    _record(window, caller, device, "device.removed")


def registered_device(community: Community, caller: Principal, device_id: str) -> Device:
    device = community.devices.get(DeviceId(device_id))
    if device is None:
        raise not_found("device", device_id)
    allow(caller, Act.READ, device.place)
    return device


def check_device(window: Window, community: Community, device: Device) -> None:
    """Raises the problem where the device cannot be registered like this."""
    family, _, identity = device.address.partition(":")
    if not family or not identity:
        raise invalid(
            "body/address", f"{device.address!r} is not FAMILY:IDENTITY, for example zigbee2mqtt:0x00158d0001"
        )
    if device.profile not in window.profiles():
        raise invalid("body/profile", f"there is no profile {device.profile!r}; GET /api/v1/profiles lists them")
    if device.place not in community.places:
        raise invalid("body/place", f"there is no place {device.place!r}; GET /api/v1/places lists them")
    holder = community.by_address.get(device.address)
    if holder is not None and holder.id != device.id:
        raise Problem(Code.CONFLICT, f"the address {device.address!r} belongs to the device {holder.id!r}")


def _refuse_unheard(window: Window, device: Device, changed: Device) -> None:
    """Nobody puts a device into service by hand that somebody began to commission and that was never heard since."""
    if device.life is not Life.COMMISSIONING or device.trial is None or changed.life is not Life.IN_SERVICE:
        return
    heard_at = window.board.states([device.id]).get(device.id, DeviceState()).heard_at
    if heard_at is None or heard_at < device.trial.at:
        raise Problem(Code.CONFLICT, f"device {device.id!r} was not heard since its commissioning began")


def _keep(window: Window, caller: Principal, device: Device, kind: str) -> None:
    window.directory.change([device])
    _record(window, caller, device, kind)


def _record(window: Window, caller: Principal, device: Device, kind: str) -> None:
    entry = Entry(
        at=window.clock.now(),
        kind=kind,
        actor=caller.actor,
        device=device.id,
        place=device.place,
        body={"address": device.address, "profile": device.profile, "life": device.life.value},
    )
    with window.casebook.change() as transaction:
        transaction.record(entry)


def one_device(window: Window, device: Device) -> DeviceOut:
    return shown(window, load_fleet(window, (), only=device), [device])[0]


def shown(window: Window, fleet: Fleet, devices: Sequence[Device]) -> list[DeviceOut]:
    """Devices with what is remembered of each."""
    states = window.board.states([device.id for device in devices])
    return [_device_out(fleet, device, states.get(device.id, DeviceState())) for device in devices]


def _device_out(fleet: Fleet, device: Device, remembered: DeviceState) -> DeviceOut:
    longest = fleet.longest_silence(device)
    return DeviceOut(
        id=device.id,
        profile=device.profile,
        kind=fleet.kind(device),
        address=device.address,
        place=device.place,
        where=place_names(fleet.community, device.place),
        life=device.life,
        state=fleet.state(device, remembered.heard_at),
        tags=list(device.tags),
        name=device.name,
        note=device.note,
        registered_at=time(fleet.registered_at(device) or None),
        heard_at=time(remembered.heard_at),
        longest_silence=longest // SECOND if longest is not None else None,
        qos0=remembered.qos0,
        values={key: _value_out(key, newest) for key, newest in remembered.values.items()},
        trial=TrialOut(by=device.trial.by, at=rfc3339(device.trial.at), until=time(device.trial.until))
        if device.trial
        else None,
        replaces=device.replaces,
        read_by=ReadByOut(profile=remembered.profile, version=remembered.profile_version)
        if remembered.profile
        else None,
    )


def _value_out(key: str, newest: Newest) -> ValueOut:
    metric = METRICS.get(key.partition("@")[0])
    return ValueOut(
        value=newest.value,
        unit=metric.unit if metric else "",
        measured_at=rfc3339(newest.measured_at),
        received_at=rfc3339(newest.received_at),
    )
