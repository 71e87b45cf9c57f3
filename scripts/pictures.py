#!/usr/bin/env python3
"""Takes the pictures of the console for the README and the documents: docs/pictures/*.png, from the demo compound.
Another folder may be named instead.

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
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
TO = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
DESK, SMALL, PHONE = (1920, 1080), (1366, 768), (390, 844)
LANGUAGES = ("zh", "en")
LOOKS = (("zh", "dark"), ("en", "light"))
COLOURS = 256
"""Of a picture: an interface has few, and the files stay small."""

PAGES = {
    "devices": "/devices",
    "device": "/devices/demo-3-2-501-smoke",
    "fleet": "/fleet",
    "plans": "/plans/demo-street/demo-community/demo-compound",
    "coverage": "/watch?tab=coverage",
    "told": "/watch?tab=told",
    "zones": "/watch?tab=zones2",
    "rosters": "/watch?tab=rosters",
    "watch": "/watch?tab=policies",
    "people": "/people",
    "rules": "/rules",
    "rule": "/rules/temperature-fire",
    "new-rule": "/rules/new",
    "users": "/access",
    "tokens": "/access?tab=tokens",
    "settings": "/access?tab=settings",
    "import": "/import",
}
"""What each picture shows of a calm compound."""

PAGES_AFTERWARDS = {
    "reports": "/reports",
    "records": "/records",
    "cases": "/cases",
    "handover": "/watch?tab=handover",
}
"""And of one where something happened."""

ADDRESSES = {"zh": "0x00158d0001a2b3c4", "en": "0x00158d0001a2b3c5"}
ROOMS = {"zh": "1号楼 1单元 501", "en": "1号楼 1单元 502"}
"""Where an installer stands, with a detector in hand."""

OF_ADMINISTRATORS = frozenset({"new-rule", "users", "tokens", "settings", "import"})


@contextmanager
def service() -> Iterator[tuple[str, int, dict[str, str]]]:
    """Its address, its broker's port, and a token of an installer and of an administrator."""
    from harness.servers import free_port

    http, mqtt = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [ROOT / ".venv/bin/shouwang", "run", "--demo", "--data-dir", folder]
        command += ["--http", f"127.0.0.1:{http}", "--mqtt-listen", f"127.0.0.1:{mqtt}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = _ready(f"http://127.0.0.1:{http}")
            yield url, mqtt, {role: _token(role, folder) for role in ("installer", "admin")}
        finally:
            process.terminate()
            process.wait(15)


def _token(role: str, folder: str) -> str:
    program = [ROOT / ".venv/bin/shouwang"]
    subprocess.run(
        [*program, "user", "add", f"demo-{role}", "--role", role, "--data-dir", folder],
        input="a password for pictures\n" * 2, check=False, capture_output=True, text=True,
    )  # fmt: skip
    create = [*program, "token", "create", "--role", role, "--name", f"demo-{role}", "--data-dir", folder]
    return subprocess.run(create, check=True, capture_output=True, text=True).stdout.split()[-1]


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


def take(page: Page, name: str, *, keep: bool = False) -> None:
    """And closes it, unless ``keep``."""
    page.wait_for_timeout(400)
    taken = Image.open(BytesIO(page.screenshot()))
    taken.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        TO / f"{name}.png", optimize=True
    )
    print(TO / f"{name}.png")
    if not keep:
        page.context.close()


def installs(page: Page, mqtt: int, language: str) -> None:
    """Takes a smoke detector from its first word to the press of its button."""
    from harness.publisher import says

    def speaks(**values: object) -> None:
        said = {"smoke": False, "battery": 100, "linkquality": 120, **values}
        says(mqtt, (f"zigbee2mqtt/{ADDRESSES[language]}", json.dumps(said).encode()))

    page.select_option("[name=room]", label=ROOMS[language])
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

    TO.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with service() as (url, mqtt, tokens), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        for language, theme in LOOKS:
            take(signed_in(browser, url, DESK, language, theme), named("calm", language))
        for language in LANGUAGES:
            for name, path in PAGES.items():
                token = tokens["admin"] if name in OF_ADMINISTRATORS else ""
                take(signed_in(browser, url, SMALL, language, "light", path, token), named(name, language))
            roster = signed_in(browser, url, SMALL, language, "light", "/watch?tab=rosters")
            roster.click("[data-new-roster]")
            roster.wait_for_timeout(1000)
            take(roster, named("new-roster", language))
        desk = signed_in(browser, url, DESK, "zh", "dark")
        alarms(desk)
        take(desk, "control-room", keep=True)
        take(signed_in(browser, url, DESK, "en", "light"), "control-room-en")
        for language in LANGUAGES:
            for name, path in PAGES_AFTERWARDS.items():
                take(signed_in(browser, url, SMALL, language, "light", path), named(name, language))
        for language, theme in LOOKS:
            take(signed_in(browser, url, DESK, language, theme, "/wall"), named("wall", language))
            case = signed_in(browser, url, SMALL, language, theme, "/cases")
            case.click(".grid a")
            case.wait_for_selector(".timeline li")
            take(case, named("case", language))
        for language, theme in (("zh", "light"), ("en", "dark")):
            take(signed_in(browser, url, PHONE, language, theme, "/duty"), named("duty", language))
            take(signed_in(browser, url, PHONE, language, theme, "/fleet"), named("fleet-phone", language))
            phone = signed_in(browser, url, PHONE, language, theme, "/install", tokens["installer"])
            installs(phone, mqtt, language)
            take(phone, named("install", language))
        browser.close()


def named(name: str, language: str) -> str:
    return name if language == "zh" else f"{name}-{language}"


def alarms(desk: Page) -> None:
    """A fire that spreads, a call for help and a leak; the fire is acknowledged."""
    for scene in ("smoke", "gas", "emergency", "leak"):
        desk.click(f"[data-scene={scene}]")
        desk.wait_for_timeout(700)
    desk.keyboard.press("Escape")
    desk.wait_for_timeout(5000)
    desk.keyboard.press("a")
    desk.wait_for_timeout(4500)


if __name__ == "__main__":
    main()
