"""Sheets of devices and labels through the window: rows told by number, all or none, what is printed can be read."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from harness.decoding import shipped_interpreter, shipped_profiles
from harness.window import ROOM, Site, site_on
from shouwang.api.server import build_app
from shouwang.domain.access import Role
from shouwang.domain.place import Device
from shouwang.domain.vocabulary import DeviceId, Life
from shouwang.registry.device_sheet import device_sheet

pytestmark = pytest.mark.slow

HEAD = "id,address,profile,place,name\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    _, profiles = shipped_profiles()
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, profiles) as site:
        site.equipment.interpreter = shipped_interpreter()
        yield site


@pytest.fixture
def installer(site: Site) -> TestClient:
    return TestClient(build_app(site.window()), headers={"Authorization": f"Bearer {site.token(Role.INSTALLER)}"})


def test_a_sheet_is_applied_whole_and_new_devices_begin_in_commissioning(site: Site, installer: TestClient) -> None:
    rows = "".join(f"s{number},zigbee2mqtt:0x{number:016x},heiman-hs1sa,{ROOM},烟感\n" for number in range(2_000))
    tried = installer.post("/api/v1/devices/import?dry_run=1", content=(HEAD + rows).encode()).json()
    assert (tried["applied"], tried["added"], tried["errors"]) == (False, 2_000, [])
    assert DeviceId("s7") not in site.directory.community().devices

    done = installer.post("/api/v1/devices/import", content=(HEAD + rows).encode()).json()
    assert (done["applied"], done["added"]) == (True, 2_000)
    assert site.directory.community().devices[DeviceId("s7")].life is Life.COMMISSIONING
    again = installer.post("/api/v1/devices/import", content=(HEAD + rows).encode()).json()
    assert (again["applied"], again["unchanged"]) == (False, 2_000)


def test_every_wrong_row_is_named_and_nothing_is_applied(site: Site, installer: TestClient) -> None:
    before = set(site.directory.community().devices)
    rows = (
        f"good,zigbee2mqtt:0x1,heiman-hs1sa,{ROOM},\n"
        f"bad profile,zigbee2mqtt:0x2,heiman-hs1sa-plux,{ROOM},\n"
        f"b3,zigbee2mqt:0x3,heiman-hs1sa,{ROOM}9,\n"
        f"twice,zigbee2mqtt:0x1,heiman-hs1sa,{ROOM},\n"
    )
    said = installer.post("/api/v1/devices/import", content=(HEAD + rows).encode()).json()
    found = {(one["row"], one["column"]) for one in said["errors"]}
    assert found == {(3, "id"), (3, "profile"), (4, "address"), (4, "place"), (5, "address")}
    assert any("did you mean 'heiman-hs1sa-plus'" in one["detail"] for one in said["errors"])
    assert (said["applied"], said["wrong"]) == (False, 3) and set(site.directory.community().devices) == before


def test_a_workbook_with_chinese_headings_is_read_like_csv(site: Site, installer: TestClient) -> None:
    one = Device(id=DeviceId("w1"), profile="heiman-hs1sa", address="zigbee2mqtt:0x77", place=ROOM, tags=["a", "b"])
    sheet = device_sheet([one], xlsx=True)
    assert installer.post("/api/v1/devices/import", content=sheet).json()["added"] == 1
    assert site.directory.community().devices[DeviceId("w1")] == one
    chinese = f"地址,型号,位置\nzigbee2mqtt:0x78,heiman-hs1sa,{ROOM}\n".encode("gb18030")
    assert installer.post("/api/v1/devices/import", content=chinese).json()["added"] == 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\xff\xfe\x00", b"colour\nred\n", b"id,name\nx,y\n"])
def test_what_is_no_sheet_is_told_so(installer: TestClient, content: bytes) -> None:
    said = installer.post("/api/v1/devices/import", content=content).json()
    assert said["applied"] is False and said["errors"][0]["row"] == 0


def test_the_template_names_the_columns(installer: TestClient) -> None:
    csv_sheet = installer.get("/api/v1/devices/import/template").content.decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(csv_sheet)))[:4] == ["id", "address", "profile", "place"]
    workbook = installer.get("/api/v1/devices/import/template?format=xlsx")
    assert workbook.content.startswith(b"PK") and "attachment" in workbook.headers["content-disposition"]


def test_labels_are_a_pdf_with_one_page_for_each_24(site: Site, installer: TestClient) -> None:
    site.directory.change(
        [
            Device(
                id=DeviceId(f"l{n}"), profile="heiman-hs1sa", address=f"zigbee2mqtt:l{n}", place=ROOM, name="厨房烟感"
            )
            for n in range(25)
        ]
    )
    answer = installer.get("/api/v1/labels.pdf", params={"place": ROOM})
    assert answer.headers["content-type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    assert answer.content.count(b"/Type /Page\n") == 2 and b"STSong-Light" in answer.content
    assert installer.get("/api/v1/labels.pdf", params={"device": "nobody"}).status_code == 422


def test_a_makers_label_leads_to_the_discovered_device(site: Site, installer: TestClient) -> None:
    site.stray("invalid_json")
    with site.database.write() as connection:
        connection.exec_driver_sql("UPDATE discovered SET address = 'zigbee2mqtt:0x00158d0001a2b3c4'")
    said = installer.post(
        "/api/v1/labels/read", json={"text": "Z:00158D0001A2B3C4$I:83FED3407A939723A5C639B26916D505C3B5"}
    )
    (label,) = said.json()["labels"]
    assert label["kind"] == "zigbee" and label["discovered"] == ["zigbee2mqtt:0x00158d0001a2b3c4"]
    assert installer.post("/api/v1/labels/read", json={"text": "hello"}).json() == {"labels": []}
