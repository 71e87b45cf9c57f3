#!/usr/bin/env python3
"""Takes the pictures of the console for the README and the documents: docs/pictures/*.png, from the demo compound.

Starts a service of its own on free ports and a Chromium; needs the development environment and a built console.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
TO = ROOT / "docs" / "pictures"
DESK, SMALL, PHONE = (1920, 1080), (1366, 768), (390, 844)


@contextmanager
def service() -> Iterator[tuple[str, int, str]]:
    """Its address, its broker's port, and a token of an installer."""
    from harness.servers import free_port

    http, mqtt = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [ROOT / ".venv/bin/shouwang", "run", "--demo", "--data-dir", folder]
        command += ["--http", f"127.0.0.1:{http}", "--mqtt-listen", f"127.0.0.1:{mqtt}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = _ready(f"http://127.0.0.1:{http}")
            create = [ROOT / ".venv/bin/shouwang", "token", "create", "--role", "installer", "--data-dir", folder]
            yield url, mqtt, subprocess.run(create, check=True, capture_output=True, text=True).stdout.split()[-1]
        finally:
            process.terminate()
            process.wait(15)


def _ready(url: str) -> str:
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2):
                return url
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise SystemExit("the service did not become ready in a minute")


def signed_in(
    browser: Browser, url: str, size: tuple[int, int], language: str, theme: str, path: str = "/", token: str = ""
) -> Page:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    if not token:
        with urllib.request.urlopen(f"{url}/api/v1/session/demo", timeout=10) as answer:
            token = json.load(answer)["token"]
    kept = {"shouwang.theme": theme, "shouwang.language": language, "shouwang.token": token}
    context.add_init_script(f"Object.assign(localStorage, {json.dumps(kept)})")
    page = context.new_page()
    page.goto(url + path)
    page.wait_for_selector("main")
    page.keyboard.press("Shift")  # allows sound, as anybody's first key does
    page.wait_for_timeout(1500)
    return page


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(400)
    page.screenshot(path=TO / f"{name}.png")
    print(TO / f"{name}.png")


def installs(page: Page, mqtt: int) -> None:
    """Takes a smoke detector from its first word to the press of its button."""
    from harness.publisher import says

    def speaks(**values: object) -> None:
        said = {"smoke": False, "battery": 100, "linkquality": 120, **values}
        says(mqtt, ("zigbee2mqtt/0x00158d0001a2b3c4", json.dumps(said).encode()))

    page.select_option("[name=room]", label="1号楼 1单元 501")
    speaks()
    page.click(".heard button")
    page.click(".thumb .main")
    page.wait_for_selector(".result")
    while not page.locator(".result.good").count():
        speaks(test=True)
        page.wait_for_timeout(1000)


def main() -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    from harness.browser import FLAGS

    TO.mkdir(exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with service() as (url, mqtt, fitter), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        desk = signed_in(browser, url, DESK, "zh", "dark")
        take(desk, "calm")
        for scene in ("smoke", "gas", "emergency", "leak"):
            desk.click(f"[data-scene={scene}]")
            desk.wait_for_timeout(700)
        desk.keyboard.press("Escape")
        desk.wait_for_timeout(5000)
        desk.keyboard.press("a")
        desk.wait_for_timeout(4500)
        take(desk, "control-room")
        take(signed_in(browser, url, DESK, "en", "light"), "control-room-en")
        take(signed_in(browser, url, DESK, "zh", "dark", "/wall"), "wall")
        take(signed_in(browser, url, PHONE, "zh", "light", "/duty"), "duty")
        take(signed_in(browser, url, PHONE, "en", "dark", "/duty"), "duty-en")
        pages = (("zh", "devices"), ("en", "devices"), ("zh", "watch"), ("zh", "reports"), ("zh", "records"))
        for language, path in pages:
            tab = "?tab=policies" if path == "watch" else ""
            page = signed_in(browser, url, SMALL, language, "light", f"/{path}{tab}")
            take(page, path if language == "zh" else f"{path}-{language}")
        for name in ("coverage", "told", "rosters"):
            take(signed_in(browser, url, SMALL, "zh", "light", f"/watch?tab={name}"), name)
        for name in ("fleet", "people", "plans"):
            take(signed_in(browser, url, SMALL, "zh", "light", f"/{name}"), name)
        phone = signed_in(browser, url, PHONE, "zh", "light", "/install", fitter)
        installs(phone, mqtt)
        take(phone, "install")
        browser.close()


if __name__ == "__main__":
    main()
