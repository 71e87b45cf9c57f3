"""How a suite asks the window: a client that bears a token of a role, and what an answer must be."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from harness.window import Site
from shouwang.domain.access import Role
from shouwang.domain.profile import Profile
from shouwang.domain.vocabulary import HOUR, Kind, PlaceId

As = Callable[..., TestClient]
"""``client_as(role, place=None, person=None)``."""

SMOKE_DETECTOR = Profile(
    id="heiman-hs1sa",
    vendor="HEIMAN",
    model="HS1SA",
    title={"zh": "独立烟感", "en": "Smoke"},
    kind=Kind.SMOKE,
    longest_silence=26 * HOUR,
)
"""The profile of every device of the harness's compound."""


def caller(app: FastAPI, site: Site, role: Role, place: PlaceId | None = None, person: str | None = None) -> TestClient:
    """A client that bears a new token of this role."""
    headers = {"Authorization": f"Bearer {site.token(role, place, person)}"}
    return TestClient(app, headers=headers, raise_server_exceptions=False)


def ok(answer: Any, status: int = 200) -> Any:
    """What was answered, where it went well."""
    assert answer.status_code == status, answer.text
    return answer.json()


def problem(answer: Any, status: int, code: str) -> Any:
    """The problem document of an answer, as RFC 9457 wants it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status and document["code"] == code, document
    assert document["type"] == f"urn:shouwang:problem:{code}" and document["detail"]
    return document
