"""Sheets and labels: importing devices by the thousand, makers' labels read, our own printed."""

from typing import Annotated, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from shouwang.domain.access import Act, Principal
from shouwang.domain.journal import Entry
from shouwang.domain.label import LABEL, Label
from shouwang.domain.maker_label import LabelKind, MakerLabel, plain_identity, read_label
from shouwang.domain.place import is_within
from shouwang.domain.vocabulary import DeviceId

from .access import Caller, allow, allow_strays
from .doors import TheWindow, Window
from .names import place_names
from .problems import invalid
from .questions import Several, Within, split, subtrees
from .schemas import Sent

router = APIRouter(tags=["installing"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STRAYS_AT_MOST = 500
LABELS_AT_MOST = 2_000


class LabelIn(Sent):
    text: str = Field(min_length=1, max_length=1_000, description="What the camera read.")


class LabelOut(BaseModel):
    """``addresses``: where such a device may be registered; ``discovered``: those of them that were heard, or whose
    name ends like it."""

    kind: LabelKind
    fields: dict[str, str]
    addresses: list[str]
    flaws: list[str]
    discovered: list[str]


class LabelsOut(BaseModel):
    labels: list[LabelOut]


class RowErrorOut(BaseModel):
    """``row`` as the spreadsheet counts; 0: the sheet as a whole."""

    row: int
    column: str
    detail: str


class ImportOut(BaseModel):
    """``applied`` only without errors, and not by a dry run."""

    applied: bool
    added: int
    changed: int
    unchanged: int
    wrong: int
    errors: list[RowErrorOut]


@router.post("/labels/read")
def read_maker_label(window: TheWindow, caller: Caller, body: LabelIn) -> LabelsOut:
    """What a maker's label says, and which discovered device it is."""
    allow_strays(caller)
    heard = window.board.stray_devices(None, STRAYS_AT_MOST)
    identities = [(one.address, plain_identity(one.address.partition(":")[2])) for one in heard]
    labels = []
    for label in read_label(body.text):
        mine = [address for address, identity in identities if _is_of(label, identity)]
        labels.append(
            LabelOut(
                kind=label.kind, fields=label.fields, addresses=label.addresses, flaws=label.flaws, discovered=mine
            )
        )
    return LabelsOut(labels=labels)


@router.post("/devices/import")
async def import_devices(
    window: TheWindow,
    caller: Caller,
    request: Request,
    dry_run: Annotated[bool, Query(description="Only say what would happen.")] = False,
) -> ImportOut:
    """A CSV or XLSX sheet as the body: all of its devices or none. New ones begin in commissioning unless the sheet
    says otherwise."""
    allow(caller, Act.CHANGE_DEVICES)
    content = await request.body()
    return await run_sync(_imported, window, caller, content, dry_run)


@router.get("/devices/import/template")
def get_template(
    window: TheWindow, caller: Caller, format: Annotated[Literal["csv", "xlsx"], Query()] = "csv"
) -> Response:
    """An empty sheet with its columns."""
    allow(caller, Act.READ)
    content = window.sheets.write([], xlsx=format == "xlsx")
    media = XLSX if format == "xlsx" else "text/csv; charset=utf-8"
    return Response(content, media_type=media, headers=_named(f"devices.{format}"))


@router.get("/labels.pdf")
def print_labels(window: TheWindow, caller: Caller, place: Within = None, device: Several = None) -> Response:
    """Labels with QR codes for the devices of a place, or for those named; 24 on an A4 sheet."""
    allow(caller, Act.READ)
    community, wanted = window.directory.community(), set(split(device))
    unknown = [id for id in wanted if DeviceId(id) not in community.devices]
    if unknown:
        raise invalid("query/device", f"there is no device {unknown[0]!r} that you may see")
    around = subtrees(caller, place)
    found = [
        one
        for one in sorted(community.devices.values(), key=lambda one: (one.place, one.id))
        if (not wanted or one.id in wanted) and all(is_within(one.place, at) for at in around)
    ]
    if len(found) > LABELS_AT_MOST:
        raise invalid("query/place", f"{len(found)} devices stand there; print at most {LABELS_AT_MOST} at a time")
    profiles = window.profiles()
    labels = [
        Label(
            code=f"{LABEL}{one.id}",
            title=one.name or (profiles[one.profile].title.get("zh", "") if one.profile in profiles else one.profile),
            lines=[place_names(community, one.place).label, one.id, one.address],
        )
        for one in found
    ]
    return Response(window.sheets.print_labels(labels), media_type="application/pdf", headers=_named("labels.pdf"))


def _imported(window: Window, caller: Principal, content: bytes, dry_run: bool) -> ImportOut:
    community = window.directory.community()
    read = window.sheets.read(content, community)
    for device in read.put:
        allow(caller, Act.CHANGE_DEVICES, device.place)
        if (known := community.devices.get(device.id)) is not None:
            allow(caller, Act.CHANGE_DEVICES, known.place)
    is_applied = not dry_run and not read.errors and bool(read.put)
    if is_applied:
        revision = window.directory.change(read.put)
        with window.casebook.change() as transaction:
            body: dict[str, object] = {"added": read.added, "changed": read.changed, "revision": revision}
            transaction.record(
                Entry(at=window.clock.now(), kind="device.imported", actor=caller.actor, place=caller.place, body=body)
            )
    return ImportOut(
        applied=is_applied,
        added=read.added,
        changed=read.changed,
        unchanged=read.unchanged,
        wrong=read.wrong,
        errors=[RowErrorOut(row=one.row, column=one.column, detail=one.detail) for one in read.errors],
    )


def _is_of(label: MakerLabel, identity: str) -> bool:
    """Wi-Fi devices are often named by the end of their MAC only."""
    if not label.identity:
        return False
    is_end = label.kind is LabelKind.MAC and len(identity) >= 6 and identity.endswith(label.identity[-6:])
    return label.identity in identity or is_end


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
