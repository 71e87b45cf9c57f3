"""What has no place yet: messages that no profile could read, and devices that nobody registered."""

import base64
from typing import Annotated

from fastapi import APIRouter, Path, Query

from shouwang.domain.access import Act
from shouwang.domain.board import StrayDevice, StrayMessage
from shouwang.domain.moment import rfc3339
from shouwang.domain.vocabulary import DAY, Problem

from .access import Caller, allow_everywhere
from .doors import TheWindow
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut, mark_of, number_of
from .problems import not_found
from .questions import When, instant_of
from .sheets import ReasonCountOut, StrayDeviceOut, StrayMessageOut

router = APIRouter(tags=["strays"])


@router.get("/quarantine")
def list_quarantine(
    window: TheWindow,
    caller: Caller,
    reason: Annotated[Problem | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[StrayMessageOut]:
    """未识别报文, newest first: raw, with the reason."""
    allow_everywhere(caller, Act.READ_STRAYS)
    rows = window.board.stray_messages(reason, number_of(cursor), limit + 1)
    page, following = cut(rows, limit, lambda one: one.seq)
    return Page(items=[_message_out(one) for one in page], next=following)


@router.get("/quarantine/counts")
def count_quarantine(
    window: TheWindow, caller: Caller, start: Annotated[When, Query(alias="from")] = None
) -> Page[ReasonCountOut]:
    """How many by reason since `from` (24 h ago), most first. Always one page."""
    allow_everywhere(caller, Act.READ_STRAYS)
    since = instant_of(start, "query/from")
    counts = window.board.stray_counts(window.clock.now() - DAY if since is None else since)
    items = [
        ReasonCountOut(reason=Problem(one.reason), count=one.count, newest_at=rfc3339(one.newest_at)) for one in counts
    ]
    return Page(items=items)


@router.get("/quarantine/{message_id}")
def get_quarantined(window: TheWindow, caller: Caller, message_id: Annotated[int, Path(ge=0)]) -> StrayMessageOut:
    allow_everywhere(caller, Act.READ_STRAYS)
    message = window.board.stray_message(message_id)
    if message is None:
        raise not_found("quarantined message", str(message_id))
    return _message_out(message)


@router.get("/discovered")
def list_discovered(
    window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[StrayDeviceOut]:
    """Devices that were heard and that nobody registered, last heard first. POST /devices registers one."""
    allow_everywhere(caller, Act.READ_STRAYS)
    rows = window.board.stray_devices(mark_of(cursor), limit + 1)
    registered = window.directory.community().by_address
    page, following = cut(rows, limit, lambda one: (one.last_at, one.address))
    return Page(items=[_device_out(one) for one in page if one.address not in registered], next=following)


def _message_out(one: StrayMessage) -> StrayMessageOut:
    return StrayMessageOut(
        id=one.seq,
        at=rfc3339(one.at),
        topic=one.topic,
        reason=Problem(one.reason),
        detail=one.detail,
        family=one.family,
        device=one.device,
        size=one.size,
        payload=_text(one.payload),
        payload_base64=base64.b64encode(one.payload).decode(),
    )


def _device_out(one: StrayDevice) -> StrayDeviceOut:
    return StrayDeviceOut(
        address=one.address,
        profile=one.profile,
        model=one.model,
        kind=one.kind,
        first_at=rfc3339(one.first_at),
        last_at=rfc3339(one.last_at),
        topic=one.topic,
        payload=_text(one.payload),
    )


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None
