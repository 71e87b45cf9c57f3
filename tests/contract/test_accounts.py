"""Users and tokens over HTTP: for administrators of the whole site alone, shown once, told to the journal."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.calls import As, ok, problem
from harness.window import ELSEWHERE, Site
from shouwang.api.access import OURS
from shouwang.domain.access import Role
from shouwang.domain.board import EntryQuery
from shouwang.domain.journal import Entry
from shouwang.domain.vocabulary import DAY, SECOND

pytestmark = pytest.mark.slow

SECRET = "a long enough password"
NEWER = "another long password"


@pytest.fixture
def admin(client_as: As) -> TestClient:
    return client_as(Role.ADMIN)


def add(admin: TestClient, name: str, **more: Any) -> Any:
    return ok(admin.post("/api/v1/users", json={"name": name, "role": "operator", "password": SECRET, **more}), 201)


def signed_in(admin: TestClient, name: str, password: str = SECRET) -> TestClient:
    """A browser of its own."""
    browser = TestClient(admin.app, raise_server_exceptions=False, headers={OURS: "test"})
    answer = browser.post("/api/v1/session", json={"name": name, "password": password})
    assert answer.status_code == 204, answer.text
    return browser


def told(site: Site, kind: str) -> list[Entry]:
    return site.board.entries(EntryQuery(kind=kind), None, 50)


# Who may --------------------------------------------------------------------------------------------------------------

ASKED = [
    ("GET", "users", None),
    ("POST", "users", {"name": "new", "role": "admin"}),
    ("GET", "users/new", None),
    ("PATCH", "users/new", {"role": "admin"}),
    ("PUT", "users/new", {"role": "admin"}),
    ("POST", "users/new/password", {}),
    ("DELETE", "users/new/sessions", None),
    ("DELETE", "users/new", None),
    ("GET", "tokens", None),
    ("POST", "tokens", {"name": "new", "role": "admin"}),
    ("DELETE", "tokens/t-1", None),
    ("GET", "settings", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
def test_nobody_but_an_administrator_of_the_whole_site_may(
    client_as: As, site: Site, method: str, path: str, body: object
) -> None:
    for role in Role:
        for place in (None, ELSEWHERE):
            answer = client_as(role, place=place).request(method, f"/api/v1/{path}", json=body)
            if role is Role.ADMIN and place is None:
                assert answer.status_code in (200, 201, 204, 404), answer.text
            else:
                problem(answer, 403, "forbidden")
    assert all(entry.actor == "admin-desk" for entry in told(site, "user.") + told(site, "token."))


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMIN, Role.OPERATOR, Role.AUDITOR)])
def test_the_journal_is_for_those_who_may_read_it(client_as: As, role: Role) -> None:
    for form in ("json", "csv"):
        problem(client_as(role).get(f"/api/v1/audit?format={form}"), 403, "forbidden")
    problem(client_as(Role.ADMIN, place=ELSEWHERE).get("/api/v1/audit"), 403, "forbidden")


# Users ----------------------------------------------------------------------------------------------------------------


def test_a_user_is_made_and_signs_in_with_a_password_that_is_shown_once(admin: TestClient, site: Site) -> None:
    made = ok(admin.post("/api/v1/users", json={"name": "night", "role": "responder", "person": "wang"}), 201)
    assert len(made["password"]) >= 16 and made["person_name"] == "王测试"
    night = signed_in(admin, "night", made["password"])
    assert ok(night.get("/api/v1/session"))["role"] == "responder"
    (shown,) = [one for one in ok(admin.get("/api/v1/users"))["items"] if one["name"] == "night"]
    assert shown["password"] is None and shown["sessions"] == 1 and shown["signed_in_at"]
    (entry,) = told(site, "user.added")
    assert entry.actor == "admin-desk" and entry.body == {"user": "night", "role": "responder", "person": "wang"}
    problem(admin.post("/api/v1/users", json={"name": "night", "role": "viewer"}), 409, "conflict")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a/b", "role": "viewer"}, "body/name"),
        ({"name": " ", "role": "viewer"}, "body/name"),
        ({"name": "a", "role": "king"}, "body/role"),
        ({"name": "a", "role": "viewer", "password": "short"}, "body/password"),
        ({"name": "a", "role": "viewer", "place": "no/where"}, "body/place"),
        ({"name": "a", "role": "viewer", "person": "nobody"}, "body/person"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(admin: TestClient, body: object, field: str) -> None:
    document = problem(admin.post("/api/v1/users", json=body), 422, "invalid")
    assert [one["pointer"] for one in document["errors"]] == [field]
    assert ok(admin.get("/api/v1/users"))["items"] == []


def test_role_and_place_change_while_the_session_goes_on(admin: TestClient, site: Site) -> None:
    add(admin, "night")
    night = signed_in(admin, "night")
    changed = ok(admin.patch("/api/v1/users/night", json={"role": "viewer", "place": ELSEWHERE}))
    assert (changed["role"], changed["place"], changed["sessions"]) == ("viewer", ELSEWHERE, 1)
    site.clock.forward(1)
    session = ok(night.get("/api/v1/session"))
    assert (session["role"], session["place"]) == ("viewer", ELSEWHERE)
    assert ok(admin.patch("/api/v1/users/night", json={"place": None}))["place"] is None
    assert ok(admin.put("/api/v1/users/night", json={}))["role"] == "viewer"
    assert len(told(site, "user.changed")) == 2, "what changes nothing is not told"


def test_sessions_and_passwords_are_ended_and_people_come_in_anew(admin: TestClient, site: Site) -> None:
    add(admin, "night")
    night = signed_in(admin, "night")
    assert ok(admin.delete("/api/v1/users/night/sessions")) == {"ended": 1}
    site.clock.forward(1)
    problem(night.get("/api/v1/session"), 401, "unauthenticated")
    night = signed_in(admin, "night")
    made = ok(admin.post("/api/v1/users/night/password"))["password"]
    site.clock.forward(1)
    problem(night.get("/api/v1/session"), 401, "unauthenticated")
    night = signed_in(admin, "night", made)
    assert admin.delete("/api/v1/users/night").status_code == 204
    site.clock.forward(1)
    problem(night.get("/api/v1/session"), 401, "unauthenticated")
    problem(admin.get("/api/v1/users/night"), 404, "not_found")
    assert [entry.kind for entry in told(site, "user.")] == [
        "user.removed", "user.password", "user.signed_out", "user.added"
    ]  # fmt: skip


def test_the_last_administrator_of_the_whole_site_stays(admin: TestClient) -> None:
    add(admin, "chief", role="admin")
    add(admin, "far", role="admin", place=ELSEWHERE)
    for change in ({"role": "operator"}, {"place": ELSEWHERE}):
        problem(admin.patch("/api/v1/users/chief", json=change), 409, "conflict")
    problem(admin.delete("/api/v1/users/chief"), 409, "conflict")
    add(admin, "second", role="admin")
    assert admin.delete("/api/v1/users/chief").status_code == 204
    problem(admin.delete("/api/v1/users/second"), 409, "conflict")
    assert admin.delete("/api/v1/users/far").status_code == 204, "who is confined is not counted"


def test_people_change_their_own_password_and_stay_signed_in_here_alone(admin: TestClient, site: Site) -> None:
    add(admin, "night")
    here, there = signed_in(admin, "night"), signed_in(admin, "night")
    wrong = problem(here.post("/api/v1/session/password", json={"old": "wrong", "new": NEWER}), 422, "invalid")
    assert wrong["errors"][0]["pointer"] == "body/old"
    assert here.post("/api/v1/session/password", json={"old": SECRET, "new": NEWER}).status_code == 204
    site.clock.forward(1)
    assert here.get("/api/v1/session").status_code == 200
    problem(there.get("/api/v1/session"), 401, "unauthenticated")
    signed_in(admin, "night", NEWER)
    assert told(site, "user.password")[0].actor == "night"
    problem(admin.post("/api/v1/session/password", json={"old": "x", "new": NEWER}), 409, "conflict")


def test_old_passwords_cannot_be_guessed_here_either(admin: TestClient) -> None:
    add(admin, "night")
    night = signed_in(admin, "night")
    for _ in range(5):
        problem(night.post("/api/v1/session/password", json={"old": "wrong", "new": NEWER}), 422, "invalid")
    problem(night.post("/api/v1/session/password", json={"old": SECRET, "new": NEWER}), 429, "too_many")


# Tokens ---------------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_works_and_ends(admin: TestClient, site: Site) -> None:
    body = {"name": "wall", "role": "viewer", "place": ELSEWHERE, "days": 2}
    made = ok(admin.post("/api/v1/tokens", json=body), 201)
    assert made["token"].startswith("sw_") and made["acts"] == ["read"] and not made["is_yours"]
    bearer = TestClient(admin.app, headers={"Authorization": f"Bearer {made['token']}"})
    assert ok(bearer.get("/api/v1/session"))["name"] == "wall"
    listed = ok(admin.get("/api/v1/tokens"))["items"]
    assert {one["name"]: one["is_yours"] for one in listed} == {"admin-desk": True, "wall": False}
    assert all(one["token"] is None for one in listed)
    assert admin.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    site.clock.forward(1)
    problem(bearer.get("/api/v1/session"), 401, "unauthenticated")
    problem(admin.delete(f"/api/v1/tokens/{made['id']}"), 404, "not_found")
    assert [entry.kind for entry in told(site, "token.")] == ["token.revoked", "token.created"]
    assert made["token"] not in str(told(site, "token."))


def test_a_token_ends_by_itself(admin: TestClient, site: Site) -> None:
    made = ok(admin.post("/api/v1/tokens", json={"name": "guest", "role": "viewer", "days": 1}), 201)
    site.clock.forward((DAY + SECOND) / SECOND)
    assert made["id"] not in {one["id"] for one in ok(admin.get("/api/v1/tokens"))["items"]}


def test_no_secret_is_kept_for_an_idempotency_key(admin: TestClient) -> None:
    asked = {"json": {"name": "twice", "role": "viewer"}, "headers": {"Idempotency-Key": "k1"}}
    first, second = (ok(admin.post("/api/v1/tokens", **asked), 201) for _ in range(2))
    assert first["token"] != second["token"]


# The journal, and settings --------------------------------------------------------------------------------------------


def test_the_journal_is_found_by_place_and_carried_away(client_as: As, site: Site) -> None:
    _, here = site.alarm("smoke-501")
    _, there = site.alarm("smoke-202")
    auditor = client_as(Role.AUDITOR)
    found = ok(auditor.get(f"/api/v1/audit?place={ELSEWHERE}"))["items"]
    assert {one["incident"] for one in found} == {there.id}
    answer = auditor.get("/api/v1/audit?format=csv&kind=incident.opened")
    assert answer.headers["content-type"].startswith("text/csv")
    head, *rows = answer.text.removeprefix("\ufeff").splitlines()
    assert head.startswith("seq,at,kind,actor") and len(rows) == 2
    assert here.id in answer.text and there.id in answer.text
