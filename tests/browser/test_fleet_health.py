"""The fleet's health in a real browser: what would not call, what calls too often, for a place."""

import pytest
from playwright.sync_api import expect

from harness.browser import Hall
from harness.compound import reports
from harness.publisher import says

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

FLAPS = 6


def test_what_ails_the_fleet_is_found_by_problem_and_by_place(hall: Hall) -> None:
    broker = hall.works.broker_port
    says(broker, ("zigbee2mqtt/smoke-10-2-101", b'{"smoke": false, "battery": 9, "linkquality": 3}'))
    says(broker, ("zigbee2mqtt/smoke-10-2-102", b'{"smoke": false, "battery": 97, "linkquality": 200}'))
    for _ in range(FLAPS):
        says(broker, reports("button-20", action="emergency"))
    page = hall.page("/fleet", size="small")
    expect(page.locator(".grid tbody tr").first).to_be_visible()
    page.click("#tab-battery")
    row = page.locator(".grid tbody tr", has_text="10号楼 2单元 101")
    expect(row).to_contain_text("9 %")
    expect(page.locator(".grid tbody")).not_to_contain_text("10号楼 2单元 102")
    page.click("#tab-weak")
    expect(page.locator(".grid tbody")).to_contain_text("10号楼 2单元 101")
    page.click("#tab-flapping")
    expect(page.locator(".grid tbody")).to_contain_text("button20栋")
    # Other tests press buttons too, so it may be more.
    counted = page.locator(".grid tbody tr", has_text="button20栋").locator(".warn").inner_text()
    assert int(counted.split()[0]) >= FLAPS
    page.click("#tab-all")
    page.fill("[name=place]", "10号楼 2单元 102")
    page.locator("[role=option]", has_text="102").first.click()
    expect(page.locator(".grid tbody tr")).to_have_count(1)
    page.click("#tab-models")
    expect(page.locator(".grid tbody tr")).to_have_count(1)
    page.goto(f"{hall.url}/devices")
    page.click("a[href='/fleet']")
    expect(page.locator("h1")).to_have_text("设备健康")
