"""Tables as a workbook, for reports that people take away."""

import io
from collections.abc import Mapping, Sequence


def spreadsheet(tables: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """One sheet for each table, its first row as heading. A text that begins like a formula stays a text."""
    from openpyxl import Workbook  # 20 MB, loaded when somebody takes a report away
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        sheet = book.create_sheet(name[:31])
        for row in rows:
            sheet.append([_safe(cell) for cell in row])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _safe(cell: object) -> object:
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@"):
        return f"'{cell}"
    return cell if isinstance(cell, (str, int, float)) or cell is None else str(cell)
