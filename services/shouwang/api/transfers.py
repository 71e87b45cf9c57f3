"""The whole directory in and out as a file: tried, applied, taken away; work that goes on when the page is left."""

from collections import Counter
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Principal
from shouwang.domain.backtest import JobState
from shouwang.domain.errors import Unavailable
from shouwang.domain.journal import Entry
from shouwang.domain.moment import rfc3339
from shouwang.domain.transfer import Transfer, What

from .access import Caller, allow_on_site
from .doors import TheWindow, Transfers, Window
from .problems import invalid, not_found
from .schemas import Sent, Time

router = APIRouter(prefix="/transfers", tags=["directory"])

SHOWN = 500
"""Differences and errors of a result that are shown; all are counted."""

TransferRef = Annotated[str, Path(max_length=40, pattern=r"^[0-9a-f]+$")]
MEDIA = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yaml": "application/yaml; charset=utf-8",
}


class TakeIn(Sent):
    """``export``: what is, with personal data and secrets; ``template``: headings alone; ``example``: filled in."""

    what: Literal["export", "template", "example"] = "export"
    format: Literal["xlsx", "yaml"] = "xlsx"


class DifferenceOut(BaseModel):
    how: str = Field(description="added, changed, removed")
    kind: str
    id: str
    fields: list[str]


class FileErrorOut(BaseModel):
    """``row`` 0: the file as a whole. ``sheet`` is empty for YAML and CSV, where ``row`` is the line."""

    sheet: str
    row: int
    detail: str


class FoundOut(BaseModel):
    """``counts``: of differences, by how and kind (`added device`); ``errors``: everything that is wrong, by sheet and
    row; with any, nothing can be applied. Both lists hold the first 500."""

    applied: bool
    revision: int | None
    counts: dict[str, int]
    differences: list[DifferenceOut]
    wrong: int
    errors: list[FileErrorOut]
    notes: list[str]


class TransferOut(BaseModel):
    """``state``: running, done, failed or stopped. ``phase``: reading, comparing, writing; ``done`` of ``of``, 0: not
    known. ``file``: where the file that was made is."""

    id: str
    what: What
    name: str
    by: str
    at: Time
    state: JobState
    prune: bool
    phase: str
    done: int
    of: int
    trial: str | None
    found: FoundOut | None
    file: str | None
    problem: str


@router.get("")
def list_transfers(window: TheWindow, caller: Caller) -> list[TransferOut]:
    """What was brought and taken since the service started, at most 20, the newest first."""
    return [_transfer_out(one) for one in _allowed(window, caller).all()]


@router.post("/import", status_code=202)
async def bring(
    window: TheWindow,
    caller: Caller,
    request: Request,
    response: Response,
    name: Annotated[str, Query(min_length=1, max_length=200, description="Of the file; its ending says what it is.")],
    prune: Annotated[bool, Query(description="Also remove what the file does not hold.")] = False,
) -> TransferOut:
    """A file as the body (.xlsx, .yaml, .csv): read and compared beside the service. Nothing is changed yet."""
    transfers = _allowed(window, caller)
    content = await request.body()
    try:
        begun = await run_sync(lambda: transfers.bring(content, name, prune=prune, by=caller.actor))
    except ValueError as error:
        raise invalid("query/name", str(error)) from None
    return _begun(begun, response)


@router.post("/export", status_code=202)
def take(window: TheWindow, caller: Caller, body: TakeIn, response: Response) -> TransferOut:
    """Begins to write a file that can be fetched when it is done."""
    transfers = _allowed(window, caller)
    what = What(body.what)
    if what is not What.EXPORT and body.format != "xlsx":
        raise invalid("body/format", f"a {what} is a workbook; expected xlsx")
    begun = transfers.take(what, f".{body.format}", by=caller.actor)
    if what is What.EXPORT:
        with window.casebook.change() as transaction:
            entry = Entry(at=window.clock.now(), kind="community.exported", actor=caller.actor, body={"file": begun.id})
            transaction.record(entry)
    return _begun(begun, response)


@router.get("/{transfer_id}")
def get_transfer(window: TheWindow, caller: Caller, transfer_id: TransferRef) -> TransferOut:
    """How far it is, and what it found."""
    return _transfer_out(_found(_allowed(window, caller).find(transfer_id), transfer_id))


@router.post("/{transfer_id}/apply", status_code=202)
def apply(window: TheWindow, caller: Caller, transfer_id: TransferRef, response: Response) -> TransferOut:
    """What a trial found, all of it or nothing; refused where the directory was changed since. 409 where the trial
    found problems."""
    begun = _allowed(window, caller).apply(transfer_id, by=caller.actor)
    return _begun(_found(begun, transfer_id), response)


@router.delete("/{transfer_id}")
def stop(window: TheWindow, caller: Caller, transfer_id: TransferRef) -> TransferOut:
    """Ends it, unless it writes already: that is done in seconds, and wholly."""
    return _transfer_out(_found(_allowed(window, caller).stop(transfer_id), transfer_id))


@router.get("/{transfer_id}/file")
def get_file(window: TheWindow, caller: Caller, transfer_id: TransferRef) -> Response:
    """The file that an export made."""
    transfers = _allowed(window, caller)
    one = _found(transfers.find(transfer_id), transfer_id)
    content = transfers.content(transfer_id)
    if content is None:
        raise not_found("file of transfer", transfer_id)
    suffix = one.name[one.name.rindex(".") :]
    headers = {"Content-Disposition": f'attachment; filename="{one.name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA[suffix], headers=headers)


def _allowed(window: Window, caller: Principal) -> Transfers:
    """It holds everybody's names, phones and secrets."""
    allow_on_site(caller, Act.CARRY_COMMUNITY)
    if window.transfers is None:
        raise Unavailable("this installation carries no files over HTTP; use `shouwang community`")
    return window.transfers


def _found(one: Transfer | None, id: str) -> Transfer:
    if one is None:
        raise not_found("transfer", id)
    return one


def _begun(one: Transfer, response: Response) -> TransferOut:
    response.headers["Location"] = f"/api/v1/transfers/{one.id}"
    return _transfer_out(one)


def _transfer_out(one: Transfer) -> TransferOut:
    is_file = one.state is JobState.DONE and one.what not in (What.TRIAL, What.IMPORT)
    return TransferOut(
        id=one.id,
        what=one.what,
        name=one.name,
        by=one.by,
        at=rfc3339(one.begun_at),
        state=one.state,
        prune=one.prune,
        phase=one.phase,
        done=one.done,
        of=one.of,
        trial=one.trial,
        found=_found_out(dict(one.result)) if one.result is not None else None,
        file=f"/api/v1/transfers/{one.id}/file" if is_file else None,
        problem=one.problem,
    )


def _found_out(result: dict[str, Any]) -> FoundOut:
    differences = result.get("differences", [])
    return FoundOut(
        applied=bool(result.get("applied")),
        revision=result.get("revision"),
        counts=dict(Counter(f"{one['how']} {one['kind']}" for one in differences)),
        differences=[DifferenceOut(**one) for one in differences[:SHOWN]],
        wrong=len(result.get("errors", [])),
        errors=[FileErrorOut(**one) for one in result.get("errors", [])[:SHOWN]],
        notes=result.get("notes", [])[:SHOWN],
    )
