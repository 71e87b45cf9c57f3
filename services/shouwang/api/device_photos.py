"""Photos of a device as it hangs: taken at the signature, shown to whoever looks after it or goes there."""

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Request, Response

from shouwang.domain.access import Act, Principal, may
from shouwang.domain.casefile import Attachment
from shouwang.domain.journal import Entry
from shouwang.domain.place import Device

from .access import Caller, allow
from .devices import registered_device
from .doors import Attachments, DevicePhotos, TheWindow, Window
from .handling_sheets import AttachmentOut
from .paging import Page
from .problems import Code, Problem, invalid, not_found
from .questions import time

router = APIRouter(tags=["devices"])

DeviceRef = Annotated[str, Path(max_length=300)]


@router.get("/devices/{device_id:path}/photos")
def list_photos(window: TheWindow, caller: Caller, device_id: DeviceRef) -> Page[AttachmentOut]:
    """The newest first; at most six."""
    device = _seen(window, caller, device_id)
    photos, _ = _stores(window)
    return Page(items=[_out(one) for one in photos.of(device.id)], next=None)


@router.post("/devices/{device_id:path}/photos", status_code=201)
async def add_photo(request: Request, window: TheWindow, caller: Caller, device_id: DeviceRef) -> AttachmentOut:
    """A picture as the body, at most 8 MiB; its type is read from its content."""
    content: bytes = await request.body()
    return await run_sync(_add, window, caller, device_id, content)


@router.get("/devices/{device_id:path}/photos/{photo_id}")
def get_photo(window: TheWindow, caller: Caller, device_id: DeviceRef, photo_id: str) -> Response:
    """The picture, to save rather than to open: a file of somebody's never runs in this page."""
    device = _seen(window, caller, device_id)
    photos, files = _stores(window)
    known = next((one for one in photos.of(device.id) if one.id == photo_id), None)
    content = files.read(photo_id) if known else None
    if known is None or content is None:
        raise not_found("photo", photo_id)
    suffix = known.type.rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="{photo_id[:12]}.{suffix}"'}
    return Response(content, media_type=known.type, headers=headers)


def _add(window: Window, caller: Principal, device_id: str, content: bytes) -> AttachmentOut:
    device = registered_device(window.directory.community(), caller, device_id)
    allow(caller, Act.CHANGE_DEVICES, device.place)
    photos, files = _stores(window)
    type = files.type_of(content)
    if type is None or not type.startswith("image/"):
        raise invalid("body", "is no picture that is taken here; expected JPEG, PNG, WebP or HEIC")
    now = window.clock.now()
    photo = Attachment(
        id=files.keep(content),
        name=type.partition("/")[2],
        type=type,
        size=len(content),
        at=now,
        by=caller.actor,
    )
    photos.add(device.id, photo)
    with window.casebook.change() as change:
        said = {"file": photo.id, "size": photo.size}
        change.record(
            Entry(
                at=now, kind="device.photographed", actor=caller.actor, device=device.id, place=device.place, body=said
            )
        )
    window.tail.wake()
    return _out(photo)


def _seen(window: Window, caller: Principal, device_id: str) -> Device:
    """Inside somebody's home: not for everybody who may read."""
    device = registered_device(window.directory.community(), caller, device_id)
    if not may(caller, Act.CHANGE_DEVICES, device.place):
        allow(caller, Act.RESPOND, device.place)
    return device


def _stores(window: Window) -> tuple[DevicePhotos, Attachments]:
    if window.photos is None or window.attachments is None:
        raise Problem(Code.UNAVAILABLE, "this installation keeps no photos")
    return window.photos, window.attachments


def _out(photo: Attachment) -> AttachmentOut:
    return AttachmentOut(
        id=photo.id, name=photo.name, type=photo.type, size=photo.size, at=time(photo.at) or "", by=photo.by
    )
