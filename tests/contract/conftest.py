"""What suites share: a station on the broker that a test is parametrised with; a site, its window, and who calls it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest
from fastapi.testclient import TestClient

from harness.calls import SMOKE_DETECTOR, As, caller
from harness.ears import Part, Station, station_on, try_out
from harness.servers import mosquitto
from harness.window import Site, site_on
from shouwang.api.doors import Window
from shouwang.api.server import build_app
from shouwang.domain.access import Role
from shouwang.domain.profile import Profile
from shouwang.domain.vocabulary import PlaceId


@pytest.fixture
def station(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Station]:
    """On a broker of this test's own, so that it can be killed."""
    client, kind = cast(Part, request.param)
    with mosquitto(tmp_path) if kind == "mosquitto" else try_out() as broker, station_on(broker, client) as station:
        yield station


@pytest.fixture
def profiles() -> Mapping[str, Profile]:
    """What the site's devices are; a suite that wants all that ship overrides it."""
    return {SMOKE_DETECTOR.id: SMOKE_DETECTOR}


@pytest.fixture
def site(tmp_path: Path, profiles: Mapping[str, Profile]) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, profiles) as site:
        yield site


@pytest.fixture
def window(site: Site) -> Window:
    """A suite whose doors lead further overrides it."""
    return site.window()


@pytest.fixture
def client_as(site: Site, window: Window) -> As:
    app = build_app(window)

    def client(role: Role, place: PlaceId | None = None, person: str | None = None) -> TestClient:
        return caller(app, site, role, place, person)

    return client


@pytest.fixture
def operator(client_as: As) -> TestClient:
    return client_as(Role.OPERATOR, person="wang")


@pytest.fixture
def stranger(window: Window) -> TestClient:
    """Who bears no token."""
    return TestClient(build_app(window), raise_server_exceptions=False)
