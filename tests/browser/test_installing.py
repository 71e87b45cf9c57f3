"""The installer's phone in a real browser: from the parcel to the signature, in a shaft too; and a sheet of devices."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.browser import Hall
from harness.compound import ROOT, SMOKE
from harness.publisher import says
from shouwang.domain.vocabulary import DeviceId, Life

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

PRESSES = 6


def speaks(hall: Hall, device: str, readings: str = '{"smoke": false, "battery": 100}') -> None:
    says(hall.works.broker_port, (f"shouwang/v1/devices/{device}/readings", f'{{"readings": {readings}}}'.encode()))


def presses(hall: Hall, phone: Page, device: str) -> None:
    """Presses until it is seen: the service takes a second to know a new device."""
    for _ in range(PRESSES):
        speaks(hall, device, '{"test": true, "battery": 99}')
        phone.wait_for_timeout(1000)
        if phone.locator(".result.good").count():
            return


def at_home(hall: Hall, room: str) -> Page:
    phone = hall.page("/install", user="fitter", size="phone", theme="light")
    phone.select_option("[name=building]", label="9号楼")
    phone.select_option("[name=room]", label=room)
    return phone


def life(hall: Hall, device: str) -> Life | None:
    found = hall.works.directory.community().devices.get(DeviceId(device))
    return found.life if found else None


def test_an_installer_takes_a_device_from_the_parcel_to_the_signature_and_goes_on_next_door(hall: Hall) -> None:
    phone = at_home(hall, "9号楼 1单元 501")
    speaks(hall, "new-one")
    phone.click(".heard button:has-text('new-one')")
    expect(phone.locator("[name=profile]")).not_to_have_value("")
    phone.fill("#claim [name=name]", "厨房")
    phone.click(".thumb .main")
    expect(phone.locator(".result")).to_contain_text("测试键")
    assert life(hall, "native-new-one") == Life.COMMISSIONING
    presses(hall, phone, "new-one")
    expect(phone.locator(".result.good")).to_contain_text("秒听到")
    expect(phone.locator(".calls")).to_contain_text("d***")  # whom it would call, masked for this role
    phone.click(".main.sign:has-text('502')")
    expect(phone.locator(".install h1")).to_have_text("9号楼 1单元 502")
    assert life(hall, "native-new-one") == Life.IN_SERVICE
    expect(phone.locator(".line")).to_contain_text("已签收 1")
    phone.click(".thumb .no")
    phone.click("dialog .go")
    expect(phone.locator(".install h1")).to_have_text("9号楼 1单元 601")
    phone.click("#tab-building")
    expect(phone.locator("main")).to_contain_text("敲门无人")
    phone.click("#tab-today")
    expect(phone.locator(".past")).to_contain_text("厨房")


def test_a_device_is_registered_in_a_shaft_and_tested_when_the_signal_is_back(hall: Hall) -> None:
    phone = at_home(hall, "9号楼 2单元 201")
    expect(phone.locator("[name=scan]")).to_be_visible()
    speaks(hall, "in-the-shaft")
    expect(phone.locator(".heard")).to_contain_text("in-the-shaft")  # the models are read by then
    phone.context.set_offline(True)
    phone.fill("[name=scan]", "native:in-the-shaft")
    phone.keyboard.press("Enter")
    expect(phone.locator("[name=profile]")).not_to_have_value("")
    phone.click(".thumb .main")
    expect(phone.locator(".strip.outbox")).to_contain_text("条操作等待发送")
    expect(phone.locator(".result")).to_contain_text("有信号后自动登记")
    assert life(hall, "native-in-the-shaft") is None
    phone.context.set_offline(False)
    expect(phone.locator(".strip.outbox")).to_have_count(0)
    presses(hall, phone, "in-the-shaft")
    expect(phone.locator(".result.good")).to_contain_text("秒听到")
    phone.click(".main.sign")
    expect(phone.locator(".install h1")).to_have_text("9号楼 2单元 202")
    assert life(hall, "native-in-the-shaft") == Life.IN_SERVICE


def test_a_makers_label_is_read_and_names_what_to_press(hall: Hall) -> None:
    phone = at_home(hall, "9号楼 2单元 301")
    phone.fill("[name=scan]", "not a label of anything")
    phone.keyboard.press("Enter")
    expect(phone.locator("[role=status].warn")).to_contain_text("认不出")
    phone.fill("[name=scan]", "LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:OAABBCCDDEEFF")
    phone.keyboard.press("Enter")
    expect(phone.locator("main")).to_contain_text("aabbccddeeff0011")


def test_a_sheet_with_a_wrong_row_names_it_and_changes_nothing_until_it_is_right(hall: Hall, tmp_path: Path) -> None:
    page = hall.page("/devices?tab=import", user="fitter", size="small")
    rows = ["id,profile,address,place", f"sheet-1,{SMOKE},zigbee2mqtt:sheet-1,{ROOT}/b9/u1/f1/101"]
    sheet = tmp_path / "devices.csv"
    sheet.write_text("\n".join([*rows, f"sheet-2,{SMOKE},zigbee2mqtt:sheet-2,nowhere"]), encoding="utf-8")
    page.set_input_files("[name=sheet]", sheet)
    expect(page.locator(".errors tbody tr").first).to_contain_text("3")
    expect(page.locator(".errors tbody tr").first).to_contain_text("nowhere")
    expect(page.locator(".import .go")).to_be_disabled()
    sheet.write_text("\n".join(rows), encoding="utf-8")
    page.set_input_files("[name=sheet]", sheet)
    expect(page.locator(".import .good")).to_contain_text("没有错误")
    assert life(hall, "sheet-1") is None, "a trial changes nothing"
    page.click(".import .go")
    expect(page.locator(".import .good")).to_contain_text("已导入")
    assert life(hall, "sheet-1") == Life.COMMISSIONING
