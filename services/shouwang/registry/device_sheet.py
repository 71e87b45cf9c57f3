"""Sheets of devices: thousands of rows as CSV or XLSX, each row read alone and told by its number where it is wrong."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from shouwang.domain.community import Community
from shouwang.domain.device_sheet import COLUMNS, SheetReading, Written, plan_devices
from shouwang.domain.place import Device
from shouwang.domain.profile import Profile

HEADINGS: Mapping[str, Collection[str]] = {
    "id": ("编号", "device", "device id"),
    "address": ("地址", "设备地址"),
    "profile": ("型号", "设备型号", "model"),
    "place": ("位置", "位置路径", "location"),
    "name": ("名称",),
    "tags": ("标签",),
    "life": ("状态",),
    "note": ("备注", "remark"),
}
"""What each column may be called beside its own name."""

ROWS_AT_MOST = 20_000


def read_device_sheet(
    content: bytes, community: Community, profiles: Mapping[str, Profile], families: Collection[str]
) -> SheetReading:
    """The devices that the rows say, and everything that is wrong, by row and column. Never raises."""
    try:
        rows = list(_rows(content))
    except (InvalidFileException, BadZipFile, KeyError, ValueError, OSError, csv.Error) as error:
        return SheetReading.broken(f"is neither CSV nor XLSX: {error}")
    if not rows:
        return SheetReading.broken("is empty; its first row names the columns")
    columns = [_column(str(cell)) for cell in rows[0]]
    unknown = [str(cell) for cell, column in zip(rows[0], columns, strict=True) if not column and str(cell).strip()]
    if unknown:
        return SheetReading.broken(f"has a column {unknown[0]!r}; expected {', '.join(COLUMNS)}")
    if missing := [column for column in ("address", "place") if column not in columns]:
        return SheetReading.broken(f"has no column {missing[0]!r}; its first row names the columns")
    if len(rows) > ROWS_AT_MOST + 1:
        return SheetReading.broken(f"has {len(rows) - 1} rows; expected at most {ROWS_AT_MOST}")
    written = [
        Written(row=number, cells={name: text for name, text in zip(columns, map(_text, row), strict=False) if name})
        for number, row in enumerate(rows[1:], 2)
        if any(_text(cell) for cell in row)
    ]
    return plan_devices(written, community, profiles, families)


def device_sheet(devices: Sequence[Device], *, xlsx: bool) -> bytes:
    """A sheet that ``read_device_sheet`` reads back; without devices an empty one to fill in."""
    rows = [list(COLUMNS), *([*map(str, _cells(device))] for device in devices)]
    if not xlsx:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        return "﻿".encode() + text.getvalue().encode()  # the mark tells spreadsheets that it is UTF-8
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("devices")
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _rows(content: bytes) -> Iterator[Sequence[object]]:
    if content.startswith(b"PK"):
        sheet = load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
        yield from sheet.iter_rows(values_only=True, max_row=ROWS_AT_MOST + 2)
        return
    text = _decoded(content)
    dialect = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    yield from csv.reader(io.StringIO(text), delimiter=dialect)


def _decoded(content: bytes) -> str:
    """UTF-8, else what Chinese spreadsheets write. Raises ValueError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _column(heading: str) -> str:
    plain = heading.strip().casefold()
    return next((name for name, others in HEADINGS.items() if plain == name or plain in others), "")


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _cells(device: Device) -> Iterator[object]:
    yield device.id
    yield device.address
    yield device.profile
    yield device.place
    yield device.name
    yield " ".join(device.tags)
    yield device.life.value
    yield device.note
