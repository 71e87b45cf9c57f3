"""The community as a workbook: what is written reads back the same, mistakes are named by sheet and row, and size."""

import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook

from shouwang.cli.community import community as verb
from shouwang.domain.community import Community
from shouwang.domain.duty import Contact, Person, PostHolder, SiteFacts, Zone
from shouwang.domain.errors import ConfigError
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.vocabulary import DeviceId, PersonId, PlaceId
from shouwang.registry.community import parse_community
from shouwang.registry.demo import demo_community
from shouwang.registry.export import export_community
from shouwang.registry.workbook import read_workbook, workbook_of

pytestmark = pytest.mark.slow

EVERYTHING = """
site:
  fallback: wang
  timezone: Asia/Shanghai
  desk_certified: 1
  days: {"2027-02-13": workday}
  numbers: [{service: gas-company, number: "000-1", name: 燃气}, {service: lift-firm, number: "001", place: s/c/jy}]
  gates: [{name: 西门, place: s/c/jy, serves: [s/c/jy/b1/501], note: 夜间开}, {name: 南门, place: s/c/jy}]
places:
  - {id: s, kind: sub_district, name: 街道}
  - {id: s/c/jy, kind: compound, name: 小区}
  - {id: s/c/jy/b1/501, kind: dwelling, name: "501", tags: ["care:alone", "care:consent"]}
people:
  - id: wang
    name: 王某
    phone: "+8613800000000"
    channels: [{kind: webhook, url: "http://x/1", secret: abc, verified: true}, {kind: console}]
    absences: [{from: "2026-12-01T00:00:00+08:00", to: "2026-12-02T00:00:00+08:00"}]
    certificates: [{kind: desk, expires: "2027-05-01"}]
  - {id: li, name: 李某, language: en, channels: [{kind: console}]}
posts: [{place: s/c/jy, post: desk_operator, person: wang, deputy: li}]
zones: [{id: z, name: 东区, places: [s/c/jy, s/c/other], members: [wang, li], fallback: wang}]
rosters:
  - id: desk
    name: 东区值班室
    zone: z
    post: desk_operator
    shifts:
      - {from: "20:00", to: "08:00", people: [wang], days: [workday, sat]}
      - {from: "08:00", to: "20:00", rotation: {since: "2026-11-01", days: 2, teams: [[wang], [li]]}, layer: 1}
    overrides: [{from: "2026-12-01T00:00:00+08:00", to: "2026-12-02T00:00:00+08:00", add: li, remove: wang}]
groups: [{id: volunteers, name: 志愿者队, members: [li, wang]}]
policies:
  - id: fire
    title: {zh: 火警}
    match: {severity: [critical], places: [s/c/jy]}
    acknowledged_for: 3m
    steps:
      - {tell: ["roster:desk", "any:post:patrol|trinity"], channels: [webhook, console]}
      - {after: 60s, unless: acknowledged, tell: [zone, "group:volunteers"]}
      - {after: 6h, at: "10:00", when: resolved, unless: followed_up, tell: ["person:li"]}
devices:
  - {id: d1, profile: heiman-hs1sa, address: "zigbee2mqtt:0x1", place: s/c/jy/b1/501, tags: [a], note: "in, the hall"}
households:
  - place: s/c/jy/b1/501
    residents: 2
    needs: [行动不便, 听障]
    helped: true
    contacts: [{name: 女儿, phone: "+8613900000000", relation: 女儿}]
    keys: [{person: li}, {note: 门卫室}]
    gate: 西门
"""


def test_what_is_written_reads_back_the_same_and_says_the_same_as_the_yaml(tmp_path: Path) -> None:
    first = parse_community(EVERYTHING, "c.yaml")
    assert first.problems == []
    file = tmp_path / "c.xlsx"
    file.write_bytes(workbook_of(first.community))
    again = read_workbook(file)
    assert [str(one) for one in again.problems] == []
    assert export_community(again.community) == export_community(first.community)
    assert again.community == first.community and again.has_site


def test_the_template_is_a_filled_example_with_chinese_headings(tmp_path: Path) -> None:
    file = tmp_path / "t.xlsx"
    made = CliRunner().invoke(verb, ["template", str(file)])
    assert made.exit_code == 0, made.output
    book = load_workbook(file, read_only=True)
    assert {"说明", "站点", "位置", "人员", "联系方式", "班次", "步骤", "设备", "住户"} <= set(book.sheetnames)
    assert [cell.value for cell in next(book["位置"].iter_rows())][:3] == ["编号", "类型", "名称"]
    kinds = {row[1] for row in book["位置"].iter_rows(min_row=2, values_only=True)}
    assert "楼栋" in kinds
    read = read_workbook(file).community
    assert export_community(read) == export_community(demo_community())
    (walked,) = read.patrols.values()
    assert len(walked.points) == 6 and len(walked.rounds) == 2 and walked.points[0].look, "a patrol is in the example"


def filled(tmp_path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = tmp_path / "hand.xlsx"
    book.save(file)
    return file


def test_what_a_hand_types_is_read_as_it_was_meant(tmp_path: Path) -> None:
    file = filled(
        tmp_path,
        {
            "位置": [
                ["类型", "编号", "名称"],
                ["户", "s/c/jy/b1/501", 501],
                [None, None, None],
                ["楼栋", "s/c/jy/b1", "1号楼"],
            ],
            "人员": [["编号", "名称"], ["wang", "王某"]],
            "联系方式": [["人员编号", "类型", "地址", "已核实"], ["wang", "webhook", "http://x", "是"]],
        },
    )
    reading = read_workbook(file)
    assert reading.problems == []
    room = reading.community.places[PlaceId("s/c/jy/b1/501")]
    assert (room.name, room.kind) == ("501", PlaceKind.DWELLING)
    assert reading.community.people[PersonId("wang")].channels[0].verified


@pytest.mark.parametrize(
    ("sheets", "where"),
    [
        ({"位置": [["编号", "类型"], ["a/b", "楼栋"], ["a/c", "城堡"]]}, "位置:3"),
        (
            {"人员": [["编号", "名称"], ["wang", "w"]], "岗位": [["位置", "岗位", "人员"], ["a", "p", "nobody"]]},
            "岗位:2",
        ),
        (
            {
                "人员": [["编号", "名称"], ["w", "w"], ["v", "v"]],
                "联系方式": [["人员编号", "类型", "地址"], ["w", "webhook", "http://x"], ["v", "webhook", "ftp://x"]],
            },
            "联系方式:3",
        ),
        ({"设备": [["编号", "型号", "通信地址", "位置"], ["d", "p", "no-family", "a"]]}, "设备:2"),
    ],
)
def test_a_mistake_is_named_by_its_sheet_and_row(
    tmp_path: Path, sheets: dict[str, list[list[object]]], where: str
) -> None:
    problems = [str(one) for one in read_workbook(filled(tmp_path, sheets)).problems]
    assert len(problems) == 1 and f"hand.xlsx {where}: " in problems[0], problems


def test_a_column_that_nobody_knows_a_row_of_nobody_and_another_file_are_refused(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "位置": [["编号", "类型", "楼层"], ["a", "楼栋", "5"]],
        "人员": [["编号", "名称"], ["w", "w"]],
        "联系方式": [["人员编号", "类型"], ["li", "console"]],
    }
    problems = [str(one) for one in read_workbook(filled(tmp_path, sheets)).problems]
    assert len(problems) == 2, problems
    assert "位置:1: 楼层: no such column" in problems[0]
    assert "联系方式:2: there is no 'li' in sheet 人员" in problems[1]
    with pytest.raises(ConfigError, match="no sheet of a community"):
        read_workbook(filled(tmp_path, {"Sheet1": [["a"]]}))
    other = tmp_path / "no.xlsx"
    other.write_bytes(b"not a workbook")
    with pytest.raises(ConfigError, match="is not a workbook"):
        read_workbook(other)


def large() -> Community:
    """2,000 dwellings, 6,000 devices, 300 people."""
    root = "s/c/jy"
    flats = [f"{root}/b{building}/u1/f{flat // 4}/{flat}" for building in range(20) for flat in range(100)]
    people = [
        Person(id=PersonId(f"p{n}"), name=f"人{n}", channels=[Contact(kind="webhook", url=f"http://x/{n}")])
        for n in range(300)
    ]
    return Community(
        site=SiteFacts(fallback=PersonId("p0")),
        places={PlaceId(id): Place(id=PlaceId(id), kind=PlaceKind.DWELLING, name=id[-2:]) for id in flats},
        people={one.id: one for one in people},
        posts=tuple(
            PostHolder(place=PlaceId(f"{root}/b{n % 20}"), post="patrol", person=PersonId(f"p{n}")) for n in range(300)
        ),
        zones={
            f"z{n}": Zone(id=f"z{n}", places=[PlaceId(f"{root}/b{n}")], members=[PersonId(f"p{n}")]) for n in range(20)
        },
        rosters={"r": Roster(id="r", shifts=[Shift(start="08:00", end="20:00", people=[PersonId("p1")])])},
        devices={
            DeviceId(f"d{n}"): Device(
                id=DeviceId(f"d{n}"),
                profile="heiman-hs1sa",
                address=f"zigbee2mqtt:0x{n}",
                place=PlaceId(flats[n % 2000]),
            )
            for n in range(6000)
        },
    )


def test_a_large_compound_is_applied_from_its_workbook_in_seconds_and_exported_the_same(tmp_path: Path) -> None:
    file, out = tmp_path / "large.xlsx", tmp_path / "out.xlsx"
    file.write_bytes(workbook_of(large()))
    began = time.monotonic()
    applied = CliRunner().invoke(verb, ["apply", str(file), "--data-dir", str(tmp_path / "var")])
    took = time.monotonic() - began
    assert applied.exit_code == 0, applied.output
    assert "6000 devices" in applied.output
    assert took < 60, took  # some seconds on a quiet machine; the bound catches a hang
    dry = CliRunner().invoke(verb, ["apply", str(file), "--dry-run", "--data-dir", str(tmp_path / "var")])
    assert "nothing to change" in dry.output
    assert CliRunner().invoke(verb, ["export", str(out), "--data-dir", str(tmp_path / "var")]).exit_code == 0
    assert read_workbook(out).community == read_workbook(file).community
    print(f"applied in {took:.1f} s")
