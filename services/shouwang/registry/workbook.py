"""The community file as a workbook (.xlsx): a sheet for each kind of row, Chinese headings, the same checks by row.

What a cell cannot hold has a sheet of its own (contacts of people, shifts of rosters, steps of policies), joined by the
id in its first column; what is rarer still stands as JSON in its cell, so that an export loses nothing.
"""

import io
import json
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import msgspec
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from shouwang.domain.community import Community
from shouwang.domain.duty import Absence, Certificate, Contact, SiteFacts
from shouwang.domain.errors import ConfigError
from shouwang.domain.escalation import Step
from shouwang.domain.household import FamilyContact, KeyHolder
from shouwang.domain.patrol import Point
from shouwang.domain.place import PlaceKind
from shouwang.domain.premises import Gate, ServiceNumber
from shouwang.domain.roster import Override, Shift
from shouwang.domain.vocabulary import Value
from shouwang.registry.community import SECTIONS, Reading, Remark, read_document
from shouwang.registry.documents import Document
from shouwang.registry.export import plain, sections_of
from shouwang.registry.findings import Around

ROWS_AT_MOST = 200_000
"""Of one sheet; beyond it a file is no compound."""

SITE_SHEET = "站点"
SHEETS: Mapping[str, str] = {
    "places": "位置",
    "people": "人员",
    "posts": "岗位",
    "zones": "责任区",
    "rosters": "值班表",
    "groups": "小组",
    "policies": "升级策略",
    "devices": "设备",
    "households": "住户",
    "patrols": "巡查路线",
}
PARTS: Mapping[tuple[str, str], tuple[str, type[Value]]] = {
    ("people", "channels"): ("联系方式", Contact),
    ("people", "absences"): ("请假", Absence),
    ("people", "certificates"): ("证书", Certificate),
    ("rosters", "shifts"): ("班次", Shift),
    ("rosters", "overrides"): ("替班", Override),
    ("policies", "steps"): ("步骤", Step),
    ("households", "contacts"): ("家属", FamilyContact),
    ("households", "keys"): ("钥匙", KeyHolder),
    ("patrols", "points"): ("巡查点", Point),
    ("patrols", "rounds"): ("巡查时段", Shift),
}
"""Lists of a section's rows that have a sheet of their own."""
SITE_PARTS: Mapping[str, tuple[str, type[Value]]] = {"numbers": ("服务电话", ServiceNumber), "gates": ("大门", Gate)}
"""Lists of the site's facts, likewise."""

HEADINGS: Mapping[str, str] = {
    "id": "编号",
    "kind": "类型",
    "name": "名称",
    "tags": "标签",
    "phone": "电话",
    "language": "语言",
    "url": "地址",
    "secret": "密钥",
    "verified": "已核实",
    "verified_at": "核实于",
    "guarded": "受限",
    "from": "开始",
    "to": "结束",
    "expires": "有效期至",
    "place": "位置",
    "post": "岗位",
    "person": "人员",
    "deputy": "代理人",
    "places": "位置",
    "members": "成员",
    "fallback": "兜底人",
    "zone": "责任区",
    "timezone": "时区",
    "people": "人员",
    "days": "日期",
    "rotation": "轮班",
    "layer": "层级",
    "add": "加入",
    "remove": "移除",
    "title": "标题",
    "match": "匹配",
    "acknowledged_for": "接警有效时长",
    "after": "等待",
    "at": "时刻",
    "unless": "除非",
    "when": "当",
    "tell": "通知",
    "channels": "渠道",
    "profile": "型号",
    "address": "通信地址",
    "life": "状态",
    "note": "备注",
    "residents": "人数",
    "needs": "需求",
    "helped": "需协助疏散",
    "gate": "入口",
    "relation": "关系",
    "tag": "巡查牌",
    "look": "检查内容",
    "calendar": "节假日历",
    "desk_certified": "消控室持证人数",
    "demo": "演示",
    "service": "服务",
    "number": "号码",
    "serves": "通往",
}
KINDS_ZH: Mapping[str, str] = {
    "街道": PlaceKind.SUB_DISTRICT,
    "社区": PlaceKind.COMMUNITY,
    "小区": PlaceKind.COMPOUND,
    "楼栋": PlaceKind.BUILDING,
    "单元": PlaceKind.UNIT,
    "楼层": PlaceKind.FLOOR,
    "户": PlaceKind.DWELLING,
    "公共区域": PlaceKind.AREA,
    "商铺": PlaceKind.SHOP,
    "车库": PlaceKind.GARAGE,
    "防火分区": PlaceKind.FIRE_COMPARTMENT,
}
_WORDS_OF_KINDS = {str(kind): word for word, kind in KINDS_ZH.items()}
_YES, _NO = ("是", "true", "yes", "1"), ("否", "false", "no", "0")
_OWN_ROW = {"posts": "place", "households": "place"}
"""The column that names a row of a section, where it is not its id."""


class SheetDocument(Document, frozen=True):
    """A workbook as a document: ``lines`` are rows, ``sheets`` the sheet of each path."""

    sheets: Mapping[str, str] = {}

    def where(self, path: str = "$") -> str:
        while path not in self.lines and path != "$":
            path = path[: max(path.rfind("."), path.rfind("["))] or "$"
        sheet = self.sheets.get(path)
        return f"{self.file} {sheet}:{self.lines[path]}" if sheet else f"{self.file}:{self.lines.get(path, 1)}"


def read_workbook(file: Path, around: Around | None = None, *, name: str | None = None) -> Reading:
    """As ``read_community``, with sheet and row of every problem. Raises ConfigError where it is no workbook."""
    shown = name or str(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except (OSError, InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ConfigError(f"is not a workbook: {error}", shown) from None
    faults: list[Remark] = []
    try:
        document = _document(book, shown, faults)
    finally:
        book.close()
    reading = read_document(document, shown, around or Around())
    return msgspec.structs.replace(reading, problems=[*faults, *reading.problems]) if faults else reading


def is_community_workbook(sheets: Collection[str]) -> bool:
    """By the names of its sheets."""
    return any(name in _KNOWN_SHEETS for name in sheets)


def workbook_of(community: Community) -> bytes:
    """The workbook that reads back as this community."""
    book = Workbook()
    _guide(book.active)
    site = plain(community.site)
    _write(book.create_sheet(SITE_SHEET), ("项目", "值"), list(_site_rows(site)))
    for field, (sheet, shape) in SITE_PARTS.items():
        columns = _columns(shape, "")
        cells = [[_cell(one.get(column), "", column) for column in columns] for one in site.get(field, ())]
        _write(book.create_sheet(sheet), [heading(column) for column in columns], cells)
    for section, values in sections_of(community).items():
        rows = [plain(value) for value in values]
        columns = _columns(SECTIONS[section], section)
        own = _OWN_ROW.get(section, "id")
        _write(
            book.create_sheet(SHEETS[section]),
            [heading(column) for column in columns],
            [[_cell(row.get(column), section, column) for column in columns] for row in rows],
        )
        for (of, field), (sheet, shape) in PARTS.items():
            if of != section:
                continue
            parts = _columns(shape, "")
            _write(
                book.create_sheet(sheet),
                [f"{SHEETS[section]}{heading(own)}", *(heading(column) for column in parts)],
                [
                    [row[own], *(_cell(part.get(column), "", column) for column in parts)]
                    for row in rows
                    for part in row.get(field, ())
                ],
            )
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def heading(field: str) -> str:
    """The Chinese heading of a field; one that has none stands under its own name."""
    return HEADINGS.get(field, field)


def _guide(sheet: Any) -> None:
    sheet.title = "说明"
    for line in (
        "守望社区工作簿：每张表一类数据，第一行是表头，不要改动表名和表头。",
        "先用 shouwang community apply 文件.xlsx --dry-run 看差异，再去掉 --dry-run 应用。",
        "有错时全部不生效，并指出表名和行号。",
        "位置编号是路径，例如 街道/社区/小区/b3/u2/f5/501；多个值用逗号分开。",
        "时间带时区，例如 2026-10-01T08:00:00+08:00。",
        "含个人信息与密钥，请妥善保管。",
    ):
        sheet.append([line])
    sheet.column_dimensions["A"].width = 120


def _write(sheet: Any, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    sheet.append(list(headings))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="DDE8F5")
    for row in rows:
        sheet.append(list(row))
    sheet.freeze_panes = "A2"
    for number, text in enumerate(headings, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = max(12, len(text) * 2 + 4)


def _document(book: Any, shown: str, faults: list[Remark]) -> SheetDocument:
    content: dict[str, object] = {}
    lines: dict[str, int] = {"$": 1}
    sheets: dict[str, str] = {}
    unknown = [name for name in book.sheetnames if name not in _KNOWN_SHEETS]
    if not is_community_workbook(book.sheetnames):
        raise ConfigError(f"has no sheet of a community; expected {', '.join(SHEETS.values())}", shown)
    for name in unknown:
        content[name], lines[f"$.{name}"] = [], 1  # said as what it is: no section
    if SITE_SHEET in book.sheetnames:
        content["site"] = _site(_rows(book[SITE_SHEET], ("项目", "值"), shown, SITE_SHEET, faults))
        lines["$.site"], sheets["$.site"] = 2, SITE_SHEET
    _add_site_parts(book, content, lines, sheets, shown, faults)
    for section, sheet in SHEETS.items():
        if sheet not in book.sheetnames:
            continue
        columns = _columns(SECTIONS[section], section)
        kinds = _kinds(SECTIONS[section])
        rows: list[dict[str, object]] = []
        index: dict[str, list[int]] = {}
        own = _OWN_ROW.get(section, "id")
        for number, cells in _rows(book[sheet], [heading(column) for column in columns], shown, sheet, faults):
            row = _values(cells, columns, kinds, section)
            path = f"$.{section}[{len(rows)}]"
            lines[path], sheets[path] = number, sheet
            index.setdefault(str(row.get(own, "")), []).append(len(rows))
            rows.append(row)
        content[section] = rows
        lines[f"$.{section}"], sheets[f"$.{section}"] = 1, sheet
        _add_parts(book, section, rows, index, lines, sheets, shown, faults)
    return SheetDocument(shown, content, lines, sheets)


def _add_site_parts(
    book: Any,
    content: dict[str, object],
    lines: dict[str, int],
    sheets: dict[str, str],
    shown: str,
    faults: list[Remark],
) -> None:
    for field, (sheet, shape) in SITE_PARTS.items():
        if sheet not in book.sheetnames:
            continue
        columns, kinds = _columns(shape, ""), _kinds(shape)
        found: list[dict[str, object]] = []
        for number, cells in _rows(book[sheet], [heading(column) for column in columns], shown, sheet, faults):
            path = f"$.site.{field}[{len(found)}]"
            lines[path], sheets[path] = number, sheet
            found.append(_values(cells, columns, kinds, ""))
        site = content.get("site")
        if isinstance(site, dict):
            site[field] = found
        elif found:
            faults.append(Remark(f"{shown} {sheet}:2", f"belongs to the site; sheet {SITE_SHEET} is missing"))


def _add_parts(
    book: Any,
    section: str,
    rows: list[dict[str, object]],
    index: Mapping[str, list[int]],
    lines: dict[str, int],
    sheets: dict[str, str],
    shown: str,
    faults: list[Remark],
) -> None:
    own = _OWN_ROW.get(section, "id")
    for (of, field), (sheet, shape) in PARTS.items():
        if of != section or sheet not in book.sheetnames:
            continue
        columns, kinds = _columns(shape, ""), _kinds(shape)
        first = f"{SHEETS[section]}{heading(own)}"
        headings = [first, *(heading(column) for column in columns)]
        for number, cells in _rows(book[sheet], headings, shown, sheet, faults):
            owner = _text(cells[0])
            if owner not in index:
                message = f"there is no {owner!r} in sheet {SHEETS[section]}"
                faults.append(Remark(f"{shown} {sheet}:{number}", message))
                continue
            at = index[owner][0]
            held = rows[at].setdefault(field, [])
            assert isinstance(held, list)
            path = f"$.{section}[{at}].{field}[{len(held)}]"
            lines[path], sheets[path] = number, sheet
            held.append(_values(cells[1:], columns, kinds, ""))
    for at, row in enumerate(rows):
        for (of, field), (sheet, _) in PARTS.items():
            if of == section and sheet in book.sheetnames and field in _REQUIRED.get(section, ()):
                row.setdefault(field, [])
                lines.setdefault(f"$.{section}[{at}].{field}", lines[f"$.{section}[{at}]"])


def _rows(
    sheet: Any, headings: Sequence[str], shown: str, name: str, faults: list[Remark]
) -> Iterator[tuple[int, list[object]]]:
    """(row number, cells in the order of ``headings``) of every row that is not empty. A column that is missing is
    empty; one that nobody knows is refused, so that a typing error never passes for nothing."""
    lines = sheet.iter_rows(values_only=True)
    first = [_text(cell) for cell in next(lines, ())]
    strange = [cell for cell in first if cell and cell not in headings]
    if strange:
        message = f"{', '.join(strange)}: no such column; expected {', '.join(headings)}"
        faults.append(Remark(f"{shown} {name}:1", message))
    places = [first.index(heading) if heading in first else None for heading in headings]
    for number, line in enumerate(lines, start=2):
        if number > ROWS_AT_MOST:
            raise ConfigError(f"has more than {ROWS_AT_MOST} rows", f"{shown} {name}:{number}")
        if any(cell is not None and cell != "" for cell in line):
            yield number, [line[at] if at is not None and at < len(line) else None for at in places]


def _values(
    cells: Sequence[object], columns: Sequence[str], kinds: Mapping[str, str], section: str
) -> dict[str, object]:
    """A row as a YAML mapping would be: empty cells are absent, so that defaults hold."""
    found: dict[str, object] = {}
    for column, cell in zip(columns, cells, strict=True):
        if cell is None or cell == "":
            continue
        found[column] = _value(cell, kinds[column])
        if section == "places" and column == "kind":
            found[column] = KINDS_ZH.get(str(found[column]), found[column])
    return found


def _value(cell: object, kind: str) -> object:
    text = _text(cell)
    match kind:
        case "list":
            return [part.strip() for part in text.replace("，", ",").replace("、", ",").split(",") if part.strip()]
        case "int":
            try:
                return int(float(text))
            except ValueError:
                return text
        case "bool":
            lowered = text.lower()
            return True if lowered in _YES else False if lowered in _NO else text
        case "json":
            try:
                return json.loads(text)
            except ValueError:
                return text
    return text


def _text(cell: object) -> str:
    """A cell as people see it: a room that Excel took for a number is its digits, a time is ``HH:MM``."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat() if cell.time() == time.min else cell.isoformat()
        case date():
            return cell.isoformat()
        case time():
            return f"{cell:%H:%M}"
        case _:
            return str(cell).strip()


def _cell(value: object, section: str, column: str) -> object:
    match value:
        case None:
            return None
        case bool():
            return "是" if value else "否"
        case list() if all(isinstance(one, str) and "," not in one for one in value):
            return ", ".join(value)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case str() if section == "places" and column == "kind":
            return _WORDS_OF_KINDS.get(value, value)
        case str() | int() | float():
            return value
        case _:
            return str(value)


def _columns(shape: type[Value], section: str) -> list[str]:
    parts = {field for of, field in PARTS if of == section}
    return [field.encode_name for field in msgspec.structs.fields(shape) if field.encode_name not in parts]


def _kinds(shape: type[Value]) -> dict[str, str]:
    return {field.encode_name: _kind_of(field.type) for field in msgspec.structs.fields(shape)}


def _kind_of(annotation: Any) -> str:
    info = msgspec.inspect.type_info(annotation)
    if isinstance(info, msgspec.inspect.UnionType):
        some = [one for one in info.types if not isinstance(one, msgspec.inspect.NoneType)]
        info = some[0]
    match info:
        case msgspec.inspect.BoolType():
            return "bool"
        case msgspec.inspect.IntType():
            return "int"
        case msgspec.inspect.ListType(item_type=msgspec.inspect.StrType() | msgspec.inspect.EnumType()):
            return "list"
        case msgspec.inspect.StrType() | msgspec.inspect.EnumType():
            return "text"
    return "json"


def _site_rows(site: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for field in msgspec.structs.fields(SiteFacts):
        if field.encode_name in site and field.encode_name not in SITE_PARTS:
            yield heading(field.encode_name), _cell(site[field.encode_name], "site", field.encode_name)


def _site(rows: Iterator[tuple[int, list[object]]]) -> dict[str, object]:
    names = {heading(field.encode_name): field.encode_name for field in msgspec.structs.fields(SiteFacts)}
    kinds = _kinds(SiteFacts)
    found: dict[str, object] = {}
    for _, (name, value) in rows:
        field = names.get(_text(name), _text(name))
        if value is not None:
            found[field] = _value(value, kinds.get(field, "text"))
    return found


_REQUIRED = {"rosters": ("shifts",), "policies": ("steps",)}
_KNOWN_SHEETS = {"说明", SITE_SHEET, *SHEETS.values(), *(sheet for sheet, _ in (*PARTS.values(), *SITE_PARTS.values()))}
