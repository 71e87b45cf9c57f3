"""One service with a real broker and one Chromium for all tests of the console; each test begins with a calm board."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from harness.browser import Hall, chromium, compound
from harness.servers import Mosquitto
from harness.works import works_on

BUTTONS, FAULTS, STORM = 60, 3, 500


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def house(mosquitto_server: Mosquitto, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder = tmp_path_factory.mktemp("house")
    registered = compound(BUTTONS, FAULTS, STORM)
    with works_on(folder, mosquitto_server.port, registered, settings={"channel_probe_seconds": "1"}) as works:
        yield Hall(works, browser)


@pytest.fixture
def hall(house: Hall) -> Iterator[Hall]:
    house.complaints.clear()
    yield house
    house.end_all()
    house.calm()
