"""The journal: everything that anybody or any machine did, to read and to carry away."""

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from shouwang.domain.access import Act
from shouwang.domain.board import EntryQuery
from shouwang.domain.moment import moment

from .access import Caller, allow_on_site
from .cases import entry_out
from .doors import TheWindow, Window
from .names import Names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut, number_of
from .questions import When, Within, instant_of
from .responses import inert
from .schemas import EntryOut

router = APIRouter(tags=["history"])

ROWS_A_LOOK = 1_000
"""Entries of a file that are read at a time: the file is written while it is sent."""
ROWS_AT_MOST = 200_000
COLUMNS = ("seq", "at", "kind", "actor", "actor_name", "incident", "alert", "device", "place", "where")


@router.get("/audit", response_model=Page[EntryOut])
def list_entries(
    window: TheWindow,
    caller: Caller,
    kind: Annotated[
        str | None, Query(max_length=80, description="`incident.opened`; `incident.` for all such.")
    ] = None,
    actor: Annotated[str | None, Query(max_length=200)] = None,
    incident: Annotated[str | None, Query(max_length=200)] = None,
    device: Annotated[str | None, Query(max_length=300)] = None,
    place: Within = None,
    start: Annotated[When, Query(alias="from")] = None,
    end: Annotated[When, Query(alias="to")] = None,
    format: Annotated[Literal["json", "csv"], Query(description="csv: all of them, at most 200,000.")] = "json",
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[EntryOut] | Response:
    """The journal, newest first: every fact with who, when and why; only ever added to."""
    allow_on_site(caller, Act.READ_JOURNAL)
    query = EntryQuery(
        kind=kind,
        actor=actor,
        incident=incident,
        device=device,
        place=place.strip("/") if place else None,
        start=instant_of(start, "query/from"),
        end=instant_of(end, "query/to"),
    )
    names = Names(window.directory.community(), caller)
    if format == "csv":
        name = f"journal-{moment(window.clock.now()):%Y%m%d-%H%M%S}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(_lines(window, query, names), media_type="text/csv; charset=utf-8", headers=headers)
    rows = window.board.entries(query, number_of(cursor), limit + 1)
    page, following = cut(rows, limit, lambda entry: entry.seq)
    return Page(items=[entry_out(entry, names) for entry in page], next=following)


def _lines(window: Window, query: EntryQuery, names: Names) -> Iterator[str]:
    """The file, piece by piece; it begins with the mark by which a spreadsheet knows UTF-8."""
    yield "\ufeff" + _line([*COLUMNS, "body"])
    after: int | None = None
    for _ in range(ROWS_AT_MOST // ROWS_A_LOOK):
        rows = window.board.entries(query, after, ROWS_A_LOOK)
        yield "".join(_line(_cells(entry_out(entry, names))) for entry in rows)
        if len(rows) < ROWS_A_LOOK:
            return
        after = rows[-1].seq


def _cells(one: EntryOut) -> list[object]:
    return [*(getattr(one, column) for column in COLUMNS), msgspec.json.encode(one.body).decode()]


def _line(cells: list[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(["" if cell is None else inert(cell) for cell in cells])
    return text.getvalue()
