"""Web push on the duty page: turned on where the connection is secure, explained where it is not."""

import json

import pytest
from playwright.sync_api import Page, expect

from harness.browser import PATROL, Hall
from harness.push_service import Browser
from shouwang.store.subscriptions import SqlSubscriptions

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

ENDPOINT = "https://push.example.org/send/one"


def with_push(page: Page, browser: Browser) -> None:
    """A push manager as browsers have it: the real one asks its maker's servers, which no test may."""
    given = json.dumps({"endpoint": ENDPOINT, "keys": browser.keys})
    page.context.add_init_script(
        f"""(() => {{
          let held = null;
          const made = {{ ...{given}, toJSON: () => ({given}), unsubscribe: async () => ((held = null), true) }};
          PushManager.prototype.getSubscription = async () => held;
          PushManager.prototype.subscribe = async options => {{
            window.asked_ = {{ visible: options.userVisibleOnly, bytes: options.applicationServerKey.length }};
            return (held = made);
          }};
          Object.defineProperty(Notification, "permission", {{ get: () => "granted" }});
          Notification.requestPermission = async () => "granted";
        }})()"""
    )
    page.goto(page.url)


def test_a_person_turns_push_on_and_off_on_their_own_phone(hall: Hall) -> None:
    kept = SqlSubscriptions(hall.works.database)
    phone = hall.page("/duty", user=PATROL, size="phone", theme="light")
    with_push(phone, Browser())
    expect(phone.locator("#push")).to_have_attribute("data-push", "off")
    expect(phone.locator("#push")).to_contain_text("不代替电话和短信")
    phone.click("#push button")
    expect(phone.locator("#push")).to_have_attribute("data-push", "on")
    assert [(one.person, one.endpoint) for one in kept.all()] == [(PATROL, ENDPOINT)]
    assert phone.evaluate("window.asked_") == {"visible": True, "bytes": 65}
    assert phone.evaluate("navigator.serviceWorker.ready.then(one => one.active.scriptURL)") == f"{hall.url}/sw.js"
    phone.click("#push button")
    expect(phone.locator("#push")).to_have_attribute("data-push", "off")
    assert kept.all() == []


def test_over_plain_http_the_page_says_what_https_would_add(hall: Hall) -> None:
    phone = hall.page("/duty", user=PATROL, size="phone", theme="dark")
    phone.context.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    phone.goto(phone.url)
    expect(phone.locator("#push")).to_contain_text("HTTPS")
    expect(phone.locator("#push button")).to_have_count(0)
