"""Which ways to people are alive right now, on the wall and in the bar: in words and shapes, and nothing pretended."""

import pytest
from playwright.sync_api import expect

from harness.browser import Hall
from shouwang.domain.duty import Contact, Person
from shouwang.domain.vocabulary import PersonId

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

LOOKED = 20_000
"""Milliseconds in which two looks, one a second here, are over on a busy machine."""

NOBODY_THERE = "http://127.0.0.1:1/hook"


def test_the_wall_names_what_lives_and_what_was_only_never_tried(hall: Hall) -> None:
    far = Person(
        id=PersonId("far"),
        name="far",
        channels=[Contact(kind="webhook", url=NOBODY_THERE), Contact(kind="sms"), Contact(kind="apprise", url="x://y")],
    )
    hall.works.directory.change([far])
    try:
        page = hall.page("/wall")
        state = page.locator
        expect(state("[data-channel=webhook][data-state=failing]")).to_contain_text("不通", timeout=LOOKED)
        expect(state("[data-channel=webhook]")).to_contain_text("连不上")
        expect(state("[data-channel=sms][data-state=off]")).to_contain_text("未设置")
        expect(state("[data-channel=apprise][data-state=unproven]")).to_contain_text("未验证")
        expect(state("[data-channel=console][data-state=alive]")).to_contain_text("通", timeout=LOOKED)
        expect(state("[data-channel=mqtt][data-state=alive]")).to_be_visible()
        expect(state("[data-channel=dingtalk]")).to_have_count(0)
        shapes = {
            state(f"[data-state={each}] .sign").first.inner_html() for each in ("alive", "unproven", "failing", "off")
        }
        assert len(shapes) == 4, "each state has a shape of its own, for whoever cannot tell colours apart"
        page.goto(hall.url)
        expect(page.locator("header.bar [data-channel=webhook]")).to_contain_text("不通")
    finally:
        hall.works.directory.change([], [("person", "far")])
