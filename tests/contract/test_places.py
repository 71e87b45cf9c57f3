"""Looking for a place over HTTP: what the console's place field asks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from harness.window import COMPOUND, ELSEWHERE, ROOM, Site, site_on
from shouwang.api.server import build_app
from shouwang.domain.access import Role
from shouwang.domain.vocabulary import PlaceId

pytestmark = pytest.mark.slow

As = Callable[..., TestClient]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, {}) as site:
        yield site


@pytest.fixture
def client_as(site: Site) -> As:
    app = build_app(site.window())

    def client(role: Role, place: PlaceId | None = None) -> TestClient:
        return TestClient(app, headers={"Authorization": f"Bearer {site.token(role, place)}"})

    return client


def found(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"/api/v1/places?{query}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


def test_a_home_is_found_by_what_people_call_it(client_as: As) -> None:
    client = client_as(Role.VIEWER)
    assert found(client, "q=3-2-501") == found(client, "q=b3/u2/f5/501") == [ROOM]
    assert found(client, f"q=501&kind=dwelling&place={COMPOUND}/b3/u2") == [ROOM]
    assert found(client, f"q=501&place={ELSEWHERE}") == []
    assert found(client, "kind=compound,building&q=b3") == [f"{COMPOUND}/b3"]


def test_only_what_a_caller_may_see_is_found_and_a_page_goes_on(client_as: As) -> None:
    inside = client_as(Role.VIEWER, place=ELSEWHERE)
    assert found(inside, "q=jinyuan") == [ELSEWHERE]
    client = client_as(Role.VIEWER)
    first = client.get("/api/v1/places?q=jinyuan&limit=2").json()
    rest = client.get(f"/api/v1/places?q=jinyuan&limit=500&cursor={first['next']}").json()
    assert [one["id"] for one in (*first["items"], *rest["items"])] == found(client, "q=jinyuan&limit=500")


def test_a_kind_of_place_that_is_none_is_refused(client_as: As) -> None:
    assert client_as(Role.VIEWER).get("/api/v1/places?kind=castle").status_code == 422
    assert client_as(Role.VIEWER).get(f"/api/v1/places?q={'x' * 101}").status_code == 422
