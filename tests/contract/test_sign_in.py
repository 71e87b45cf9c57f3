"""Users: a name and a password for a session in a cookie, which another site can neither read nor use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from harness.window import ROOM, Site, site_on
from shouwang.api.server import build_app
from shouwang.api.signin import MISSED_FOR, MISSES
from shouwang.cli.user import user
from shouwang.domain.access import Role
from shouwang.domain.errors import Conflict
from shouwang.domain.vocabulary import DAY, PersonId, PlaceId
from shouwang.store.database import Database
from shouwang.store.users import RENEWED_BEFORE, SESSION_FOR, SqlUsers

pytestmark = pytest.mark.slow

NAME, PASSWORD = "night-desk", "correct horse 守望"
OURS = {"X-Requested-With": "shouwang"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, {}) as site:
        site.users.add(name=NAME, password=PASSWORD, role=Role.OPERATOR, now=site.clock.now(), person=PersonId("wang"))
        yield site


@pytest.fixture
def browser(site: Site) -> TestClient:
    return TestClient(build_app(site.window()), raise_server_exceptions=False)


def sign_in(browser: TestClient, name: str = NAME, password: str = PASSWORD) -> int:
    return browser.post("/api/v1/session", json={"name": name, "password": password}, headers=OURS).status_code


def test_a_user_signs_in_acts_and_signs_out(browser: TestClient, site: Site) -> None:
    incident = site.alarm("smoke-501")[1]
    assert browser.get("/api/v1/session").status_code == 401
    assert sign_in(browser) == 204
    session = browser.get("/api/v1/session").json()
    assert (session["name"], session["role"], session["person"]) == (NAME, "operator", "wang")
    acted = browser.post(f"/api/v1/incidents/{incident.id}/acknowledge", headers=OURS)
    assert acted.status_code == 200 and acted.json()["acknowledged_by"] == "wang"
    cookie = browser.cookies["shouwang_session"]
    assert browser.delete("/api/v1/session", headers=OURS).status_code == 204
    browser.cookies.set("shouwang_session", cookie)
    site.clock.at += DAY
    assert browser.get("/api/v1/session").status_code == 401, "a session that was signed out is no session"


def test_the_cookie_is_for_no_script_and_no_other_site(browser: TestClient) -> None:
    answer = browser.post("/api/v1/session", json={"name": NAME, "password": PASSWORD}, headers=OURS)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "secure" not in cookie, "plain HTTP must work too"
    secure = TestClient(browser.app, base_url="https://testserver")
    answer = secure.post("/api/v1/session", json={"name": NAME, "password": PASSWORD}, headers=OURS)
    assert "secure" in answer.headers["set-cookie"].lower()


def test_what_another_site_can_send_does_nothing(browser: TestClient, site: Site) -> None:
    incident = site.alarm("smoke-501")[1]
    assert browser.post("/api/v1/session", json={"name": NAME, "password": PASSWORD}).status_code == 403
    assert sign_in(browser) == 204
    assert browser.post(f"/api/v1/incidents/{incident.id}/acknowledge").status_code == 403
    assert browser.delete("/api/v1/session").status_code == 403
    assert browser.get("/api/v1/incidents").status_code == 200


def test_wrong_names_and_passwords_look_the_same_and_many_of_them_wait(browser: TestClient, site: Site) -> None:
    assert sign_in(browser, "nobody") == sign_in(browser, NAME, "wrong") == 401
    for _ in range(MISSES - 1):
        assert sign_in(browser, NAME, "wrong") == 401
    assert sign_in(browser) == 429
    site.clock.at += MISSED_FOR
    assert sign_in(browser) == 204


def test_a_session_that_is_used_never_ends_and_one_that_is_not_does(site: Site) -> None:
    start = site.clock.now()
    text = site.users.sign_in(NAME, PASSWORD, start) or ""
    later = start + SESSION_FOR - RENEWED_BEFORE + DAY
    assert site.users.find(text, later) is not None
    assert site.users.find(text, start + SESSION_FOR + DAY) is not None, "it was renewed"
    assert site.users.find(text, later + 3 * SESSION_FOR) is None


def test_a_new_password_or_an_end_signs_out_everywhere(site: Site) -> None:
    now = site.clock.now()
    with pytest.raises(Conflict):
        site.users.add(name=NAME, password="another one", role=Role.ADMIN, now=now)
    text = site.users.sign_in(NAME, PASSWORD, now) or ""
    site.users.set_password(NAME, "another one", now=now)
    assert site.users.find(text, now) is None and site.users.sign_in(NAME, PASSWORD, now) is None
    text = site.users.sign_in(NAME, "another one", now) or ""
    site.users.remove(NAME, now)
    assert site.users.find(text, now) is None and site.users.sign_in(NAME, "another one", now) is None
    site.users.add(name=NAME, password=PASSWORD, role=Role.VIEWER, now=now)
    assert site.users.find(text, now) is None, "who comes later under the same name takes over nothing"


def test_a_user_is_confined_to_a_place_as_a_token_is(browser: TestClient, site: Site) -> None:
    site.alarm("smoke-501")
    elsewhere = PlaceId(f"{ROOM.rpartition('/')[0]}/509")
    site.users.add(name="far", password=PASSWORD, role=Role.OPERATOR, now=site.clock.now(), place=elsewhere)
    assert sign_in(browser, "far") == 204
    assert browser.get("/api/v1/incidents").json()["items"] == []


def test_the_verb_adds_lists_and_ends(tmp_path: Path) -> None:
    place, run = ["--data-dir", str(tmp_path)], CliRunner()
    made = run.invoke(user, ["add", "li", "--role", "responder", "--place", "a/b", *place])
    assert made.exit_code == 0, made.output
    password = made.stdout.strip()
    database = Database(f"sqlite:///{tmp_path}/state.sqlite")
    users = SqlUsers(database)
    assert made.stdout == f"{password}\n" and users.sign_in("li", password, 1) is not None
    again = run.invoke(user, ["add", "li", "--role", "viewer", *place], input="long enough\n")
    assert again.exit_code == 1 and "already" in again.stderr
    short = run.invoke(user, ["add", "zhao", "--role", "viewer", *place], input="short\n")
    assert short.exit_code == 2 and "5 characters" in short.stderr
    assert run.invoke(user, ["password", "li", *place], input="chosen by myself\n").stdout == ""
    assert users.sign_in("li", "chosen by myself", 1) is not None
    assert run.invoke(user, ["list", *place]).stdout == "li\tresponder\ta/b\n"
    assert run.invoke(user, ["remove", "li", *place]).exit_code == 0
    assert run.invoke(user, ["list", *place]).stdout == ""
    database.close()
