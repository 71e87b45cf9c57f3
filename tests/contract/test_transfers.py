"""Files brought and taken over HTTP: tried, every error by sheet and row, applied whole, found again, taken away."""

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook, load_workbook

from harness.window import COMPOUND, Site, site_on
from shouwang.api.server import build_app
from shouwang.app.transfers import Transfers
from shouwang.domain.access import Role
from shouwang.registry.workbook import read_workbook

pytestmark = pytest.mark.slow

URL = "/api/v1/transfers"
PATIENCE = 90
HOME = f"{COMPOUND}/b9/u1/f1/101"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, {}) as site:
        yield site


@pytest.fixture
def transfers(site: Site, tmp_path: Path) -> Iterator[Transfers]:
    environment = {"SHOUWANG_STATE": f"sqlite:///{tmp_path}/state.sqlite", "SHOUWANG_DATA_DIR": str(tmp_path)}
    made = Transfers(environment, site.clock)
    yield made
    made.close()


def caller(site: Site, transfers: Transfers | None, role: Role = Role.ADMIN, place: str | None = None) -> TestClient:
    headers = {"Authorization": f"Bearer {site.token(role, place)}"}
    window = replace(site.window(), transfers=transfers)
    return TestClient(build_app(window), headers=headers, raise_server_exceptions=False)


@pytest.fixture
def chief(site: Site, transfers: Transfers) -> TestClient:
    return caller(site, transfers)


def workbook(**sheets: list[list[object]]) -> bytes:
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]  # a new book has one
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ended(client: TestClient, begun: Any) -> Any:
    assert begun.status_code == 202, begun.text
    until = time.monotonic() + PATIENCE
    while (job := client.get(begun.headers["Location"]).json())["state"] == "running":
        assert time.monotonic() < until, job
        time.sleep(0.1)
    return job


def bring(client: TestClient, content: bytes, name: str = "小区.xlsx", **query: object) -> Any:
    return ended(client, client.post(f"{URL}/import", params={"name": name, **query}, content=content))


PEOPLE = ["编号", "名称", "电话"]
CONTACTS = ["人员编号", "类型", "地址"]


def test_every_error_is_named_by_sheet_and_row_then_mended_and_applied(site: Site, chief: TestClient) -> None:
    places = [["编号", "类型", "名称"], [HOME, "户", "101"], [f"{COMPOUND}/b9", "大楼", "9号楼"]]
    contacts = [CONTACTS, ["chen", "webhook", "http://127.0.0.1:9/x"], ["nobody", "webhook", "http://x"]]
    bad = workbook(位置=places, 人员=[PEOPLE, ["chen", "陈某", "1"]], 联系方式=contacts)
    before = site.directory.revision()
    tried = bring(chief, bad)
    found = {(one["sheet"], one["row"]): one["detail"] for one in tried["found"]["errors"]}
    assert set(found) == {("位置", 3), ("联系方式", 3)} and "大楼" in found["位置", 3]
    assert (tried["what"], tried["state"], tried["found"]["wrong"]) == ("trial", "done", 2)
    assert chief.post(f"{URL}/{tried['id']}/apply").status_code == 409
    assert site.directory.revision() == before
    places[2][1] = "楼栋"
    tried = bring(chief, workbook(位置=places, 人员=[PEOPLE, ["chen", "陈某", "1"]], 联系方式=contacts[:2]))
    assert tried["found"]["errors"] == []
    assert tried["found"]["counts"] == {"added place": 2, "added person": 1}
    assert site.directory.revision() == before, "a trial changes nothing"
    done = ended(chief, chief.post(f"{URL}/{tried['id']}/apply"))
    assert (done["found"]["applied"], done["phase"], done["done"], done["of"]) == (True, "writing", 3, 3)
    (chen,) = [one for one in site.directory.community().people.values() if one.id == "chen"]
    assert chen.channels[0].guarded, "a file from afar sends nothing into the service's own network"
    entry = site.journal.since(0, 1000)[-1]
    assert (entry.kind, entry.body["added place"]) == ("community.applied", 2)
    listed = chief.get(URL).json()
    assert [one["what"] for one in listed] == ["import", "trial", "trial"] and listed[0]["trial"] == tried["id"]


def test_a_trial_holds_for_the_directory_that_it_saw(site: Site, chief: TestClient) -> None:
    yaml = f"places: [{{id: {HOME}, kind: dwelling}}]\n".encode()
    tried = bring(chief, yaml, "c.yaml")
    site.directory.change([next(iter(site.directory.community().people.values()))])
    refused = ended(chief, chief.post(f"{URL}/{tried['id']}/apply"))
    assert refused["state"] == "failed" and "changed since the trial" in refused["problem"]
    assert HOME not in site.directory.community().places


def test_a_sheet_of_devices_is_brought_the_same_way(site: Site, chief: TestClient) -> None:
    place = next(iter(site.directory.community().places))
    head = "address,profile,place\n"
    tried = bring(
        chief, f"{head}zigbee2mqtt:new,heiman-hs1sa,{place}\nnothing,heiman-hs1sa,{place}\n".encode(), "d.csv"
    )
    assert [(one["row"], one["sheet"]) for one in tried["found"]["errors"]] == [(3, "")]
    tried = bring(chief, f"{head}zigbee2mqtt:new,heiman-hs1sa,{place}\n".encode(), "d.csv")
    assert tried["found"]["counts"] == {"added device": 1}
    ended(chief, chief.post(f"{URL}/{tried['id']}/apply"))
    assert "zigbee2mqtt:new" in site.directory.community().by_address


def test_what_is_comes_out_as_a_file_that_reads_back(site: Site, chief: TestClient, tmp_path: Path) -> None:
    made = ended(chief, chief.post(f"{URL}/export", json={"what": "export"}))
    content = chief.get(made["file"]).content
    (tmp_path / "out.xlsx").write_bytes(content)
    read = read_workbook(tmp_path / "out.xlsx")
    assert read.community.people == site.directory.community().people
    assert site.journal.since(0, 1000)[-1].kind == "community.exported"
    again = bring(chief, content, "out.xlsx")
    assert (again["found"]["counts"], again["found"]["errors"]) == ({}, [])
    for what, least in (("template", 1), ("example", 2)):
        made = ended(chief, chief.post(f"{URL}/export", json={"what": what}))
        rows = load_workbook(io.BytesIO(chief.get(made["file"]).content))["位置"].max_row
        assert rows == 1 if least == 1 else rows > 50
    assert chief.post(f"{URL}/export", json={"what": "template", "format": "yaml"}).status_code == 422


def test_one_runs_at_a_time_can_be_ended_and_is_for_administrators(site: Site, transfers: Transfers) -> None:
    chief = caller(site, transfers)
    first = chief.post(f"{URL}/export", json={}).json()
    assert chief.post(f"{URL}/export", json={}).status_code == 409
    assert chief.delete(f"{URL}/{first['id']}").json()["state"] == "stopped"
    assert chief.get(f"{URL}/{first['id']}/file").status_code == 404
    assert chief.post(f"{URL}/import?name=a.txt", content=b"x").status_code == 422
    assert chief.post(f"{URL}/0123abcd/apply").status_code == 404
    assert bring(chief, b"no zip", "a.xlsx")["found"]["errors"][0]["detail"].startswith("is not a workbook")
    assert caller(site, transfers, Role.OPERATOR).get(URL).status_code == 403
    assert caller(site, transfers, Role.ADMIN, COMPOUND).get(URL).status_code == 403
    assert caller(site, None).get(URL).status_code == 503
