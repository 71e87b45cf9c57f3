"""What has no place yet: messages that no profile could read, and devices that nobody registered."""

import base64
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from shouwang.domain.access import Act
from shouwang.domain.board import StrayDevice, StrayMessage
from shouwang.domain.moment import rfc3339
from shouwang.domain.place import Device
from shouwang.domain.vocabulary import DAY, DeviceId, PlaceId
from shouwang.domain.vocabulary import Problem as Refused

from .access import Caller, allow, allow_strays
from .devices import check_device, one_device
from .doors import TheWindow, Window
from .installing_sheets import ClaimIn, RefusalOut, StrayDeviceOut, SuggestionOut
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut, mark_of, number_of
from .problems import Code, Problem, invalid, not_found
from .questions import When, instant_of
from .sheets import DeviceOut, ReasonCountOut, StrayMessageOut

router = APIRouter(tags=["strays"])

Address = Annotated[str, Path(max_length=300)]


@router.get("/quarantine")
def list_quarantine(
    window: TheWindow,
    caller: Caller,
    reason: Annotated[Refused | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[StrayMessageOut]:
    """未识别报文, newest first: raw, with the reason."""
    allow_strays(caller)
    rows = window.board.stray_messages(reason, number_of(cursor), limit + 1)
    page, following = cut(rows, limit, lambda one: one.seq)
    return Page(items=[_message_out(one) for one in page], next=following)


@router.get("/quarantine/counts")
def count_quarantine(
    window: TheWindow, caller: Caller, start: Annotated[When, Query(alias="from")] = None
) -> Page[ReasonCountOut]:
    """How many by reason since `from` (24 h ago), most first. Always one page."""
    allow_strays(caller)
    since = instant_of(start, "query/from")
    counts = window.board.stray_counts(window.clock.now() - DAY if since is None else since)
    items = [
        ReasonCountOut(reason=Refused(one.reason), count=one.count, newest_at=rfc3339(one.newest_at)) for one in counts
    ]
    return Page(items=items)


@router.get("/quarantine/{message_id}")
def get_quarantined(window: TheWindow, caller: Caller, message_id: Annotated[int, Path(ge=0)]) -> StrayMessageOut:
    allow_strays(caller)
    message = window.board.stray_message(message_id)
    if message is None:
        raise not_found("quarantined message", str(message_id))
    return _message_out(message)


@router.get("/discovered")
def list_discovered(
    window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[StrayDeviceOut]:
    """Devices that were heard, or announced, and that nobody registered, last heard first; each with the profiles that
    fit it, and why."""
    allow_strays(caller)
    rows = window.board.stray_devices(mark_of(cursor), limit + 1)
    registered = _registered(window)
    page, following = cut(rows, limit, lambda one: (one.last_at, one.address))
    items = [_device_out(window, one) for one in page if one.address.casefold() not in registered]
    return Page(items=items, next=following)


@router.get("/discovered/{address:path}")
def get_discovered(window: TheWindow, caller: Caller, address: Address) -> StrayDeviceOut:
    allow_strays(caller)
    return _device_out(window, _stray(window, address))


@router.post("/discovered/{address:path}/claim", status_code=201)
def claim(window: TheWindow, caller: Caller, address: Address, body: ClaimIn, response: Response) -> DeviceOut:
    """Registers it at a place, being commissioned. What it said before and lies in quarantine is read again. The same
    claim again gives 200."""
    allow_strays(caller)
    allow(caller, Act.CHANGE_DEVICES, body.place)
    stray = _stray(window, address)
    community = window.directory.community()
    device = Device(
        id=DeviceId(body.id or address.replace(":", "-").replace("/", "-").replace(" ", "-")),
        profile=body.profile or _best(window, stray),
        address=address,
        place=PlaceId(body.place),
        tags=body.tags,
        name=body.name,
        note=body.note,
    )
    holder = community.by_address.get(address)
    if holder is not None and holder.id == device.id and holder.place == device.place:
        response.status_code = 200
        return one_device(window, holder)
    if device.id in community.devices:
        raise Problem(Code.CONFLICT, f"a device {device.id!r} is registered already; claim it under another id")
    check_device(window, community, device)
    return one_device(window, window.installing.claim(device, stray, actor=caller.actor))


def _stray(window: Window, address: str) -> StrayDevice:
    stray = window.board.stray_device(address)
    if stray is None:
        raise not_found("discovered device", address)
    return stray


def _best(window: Window, stray: StrayDevice) -> str:
    found = window.suggest(stray)
    if not found:
        raise invalid("body/profile", "nothing is known of this device; name its profile")
    return found[0].profile


def _registered(window: Window) -> frozenset[str]:
    return frozenset(address.casefold() for address in window.directory.community().by_address)


def _message_out(one: StrayMessage) -> StrayMessageOut:
    return StrayMessageOut(
        id=one.seq,
        at=rfc3339(one.at),
        topic=one.topic,
        reason=Refused(one.reason),
        detail=one.detail,
        family=one.family,
        device=one.device,
        size=one.size,
        payload=_text(one.payload),
        payload_base64=base64.b64encode(one.payload).decode(),
    )


def _device_out(window: Window, one: StrayDevice) -> StrayDeviceOut:
    family, _, identity = one.address.partition(":")
    return StrayDeviceOut(
        address=one.address,
        family=family,
        identity=identity,
        profile=one.profile,
        model=one.model,
        kind=one.kind,
        first_at=rfc3339(one.first_at),
        last_at=rfc3339(one.last_at),
        topic=one.topic,
        payload=_text(one.payload),
        payload_base64=base64.b64encode(one.payload).decode(),
        refusal=RefusalOut(reason=Refused(one.refusal), detail=one.detail) if one.refusal else None,
        suggestions=[
            SuggestionOut(
                profile=found.profile,
                kind=found.kind,
                title=found.title,
                why=found.ground,
                reason=found.reason,
                score=found.score,
            )
            for found in window.suggest(one)
        ],
    )


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None
