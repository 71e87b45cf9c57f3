"""A real browser on a real service: Debian's Chromium, a compound with rooms to burn in, and people signed in."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from harness.compound import BUTTON, ROOT, SMOKE
from harness.publisher import Spoken
from harness.servers import unavailable
from harness.works import Works
from shouwang.domain.access import Role
from shouwang.domain.duty import Contact, Person, PostHolder, SiteFacts, Zone
from shouwang.domain.escalation import Policy, Step
from shouwang.domain.incident import Outcome, is_live
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.vocabulary import DeviceId, PersonId, PlaceId
from shouwang.store.users import SqlUsers

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).parents[2] / "dashboards/console/node_modules/axe-core/axe.min.js"
CONSOLE = Path(__file__).parents[2] / "services/shouwang/console"
GAS = "heiman-hs1cg"
DESK, PATROL = "desk", "patrol"
PASSWORD = "a long enough password"
SIZES = {"desk": (1920, 1080), "small": (1366, 768), "phone": (390, 844)}
PATIENCE = 15_000
"""Milliseconds."""

Registered = Sequence[object]


BUILDINGS = range(3, 16)
"""One for each test: what burns in a unit within 20 s of the last fire there is the same case again."""


def compound(buttons: int = 0, faults: int = 0, storm: int = 0) -> list[object]:
    """Buildings of two units with six floors, a smoke detector in each of their rooms, a gas detector and a button
    on one floor; and as many buttons and faulty detectors as wanted, each in a building of its own."""
    found: list[object] = [
        SiteFacts(fallback=PersonId(DESK)),
        Place(id=PlaceId("cj"), kind=PlaceKind.SUB_DISTRICT, name="试验街道"),
        Place(id=PlaceId("cj/dm"), kind=PlaceKind.COMMUNITY, name="试验社区"),
        Place(id=ROOT, kind=PlaceKind.COMPOUND, name="试验小区"),
        *(_person(id) for id in (DESK, PATROL)),
        PostHolder(place=ROOT, post="desk_operator", person=PersonId(DESK)),
        PostHolder(place=ROOT, post="patrol", person=PersonId(PATROL)),
        Zone(id="whole", kind="party", name="全小区", places=[ROOT], members=[PersonId(DESK)], fallback=PersonId(DESK)),
        Policy(id="both", steps=[Step(tell=["post:desk_operator", "post:patrol"]), Step(after="300s", tell=["zone"])]),
    ]
    for building in BUILDINGS:
        tower = PlaceId(f"{ROOT}/b{building}")
        found.append(Place(id=tower, kind=PlaceKind.BUILDING, name=f"{building}号楼"))
        for unit in (1, 2):
            found.append(Place(id=PlaceId(f"{tower}/u{unit}"), kind=PlaceKind.UNIT, name=f"{unit}单元"))
            for floor in range(1, 7):
                level = PlaceId(f"{tower}/u{unit}/f{floor}")
                found.append(Place(id=level, kind=PlaceKind.FLOOR, name=f"{floor}层"))
                for room in (f"{floor}01", f"{floor}02"):
                    home = PlaceId(f"{level}/{room}")
                    found.append(Place(id=home, kind=PlaceKind.DWELLING, name=room))
                    found.append(_device(f"smoke-{building}-{unit}-{room}", SMOKE, home))
        found.append(_device(f"gas-{building}", GAS, PlaceId(f"{tower}/u1/f5/501")))
        found.append(_device(f"call-{building}", BUTTON, PlaceId(f"{tower}/u1/f5/502")))
    for name, profile, count in (("button", BUTTON, buttons), ("faulty", SMOKE, faults), ("storm", BUTTON, storm)):
        for number in range(count):
            tower = PlaceId(f"{ROOT}/{name}{number}")
            found.append(Place(id=tower, kind=PlaceKind.BUILDING, name=f"{name}{number}栋"))
            found.append(_device(f"{name}-{number}", profile, tower))
    return found


def _person(id: str) -> Person:
    return Person(id=PersonId(id), name=id, channels=[Contact(kind="console")])


def smoke(building: int, unit: int, room: str) -> Spoken:
    return f"zigbee2mqtt/smoke-{building}-{unit}-{room}", json.dumps(
        {"smoke": True, "battery": 90, "linkquality": 80}
    ).encode()


def _device(id: str, profile: str, place: PlaceId) -> Device:
    return Device(id=DeviceId(id), profile=profile, address=f"zigbee2mqtt:{id}", place=place)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Skips, or fails where servers are required, without a Chromium or without a built console."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        unavailable("Chromium is not installed (scripts/debian chromium:chromium)")
    if not (CONSOLE / "index.html").is_file():
        unavailable("the console was not built (scripts/console build)")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def choose_place(page: Page, field: str, words: str) -> None:
    """Finds a place by words in a field of the console, and takes the first one that is found."""
    page.fill(field, words)
    page.wait_for_selector("[role=option].at")
    page.press(field, "Enter")
    page.wait_for_selector(f"{field}[aria-expanded=false]")


class Hall:
    """The service, a browser, and pages in which somebody is signed in. Whatever a page complains of fails the test
    that ``calm`` is asked in."""

    def __init__(self, works: Works, browser: Browser) -> None:
        self.works = works
        self.browser = browser
        self.url = f"http://127.0.0.1:{works.http_port}"
        self.complaints: list[str] = []
        users, now = SqlUsers(works.database), works.clock.now()
        for name, role in (
            (DESK, Role.OPERATOR),
            (PATROL, Role.RESPONDER),
            ("second", Role.OPERATOR),
            ("fitter", Role.INSTALLER),
            ("chief", Role.ADMIN),
        ):
            known = PersonId(name) if name in (DESK, PATROL) else None
            users.add(name=name, password=PASSWORD, role=role, now=now, person=known)

    def page(
        self,
        path: str = "/",
        *,
        user: str = DESK,
        size: str = "desk",
        theme: str = "dark",
        language: str = "zh",
        password: str = PASSWORD,
    ) -> Page:
        """A browser of its own in which ``user`` has signed in with the form, at a path."""
        width, height = SIZES[size]
        context = self.browser.new_context(viewport={"width": width, "height": height}, has_touch=size == "phone")
        context.set_default_timeout(PATIENCE)
        kept = {"shouwang.theme": theme, "shouwang.language": language}
        context.add_init_script(f"for (const [k, v] of Object.entries({json.dumps(kept)})) localStorage[k] ??= v")
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if "Content Security" in said.text else None)
        page.goto(self.url + path)
        page.fill("#name", user)
        page.fill("#secret", password)
        page.click("button[type=submit]")
        page.wait_for_selector(".shell, .wall")
        return page

    def end_all(self) -> None:
        """Resolves whatever is open, and closes all pages: the next test begins with a calm board."""
        for context in self.browser.contexts:
            with suppress(BrowserError):
                context.close()
        for incident in self.works.incidents():
            if is_live(incident.state):
                self.works.respond.resolve(incident.id, actor=DESK, outcome=Outcome.TEST, cause="", note="")

    def calm(self) -> None:
        assert self.complaints == [], "\n".join(self.complaints)
