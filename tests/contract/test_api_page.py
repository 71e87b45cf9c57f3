"""Health, the console as it is served, and the demonstration."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from harness.calls import problem
from harness.window import START, Site
from shouwang.api import site as pages
from shouwang.api.doors import Readiness, Scene
from shouwang.api.fleet import FleetState
from shouwang.api.server import build_app
from shouwang.domain.access import Role
from shouwang.domain.alert import AlertClass
from shouwang.domain.errors import NotFound
from shouwang.domain.incident import Finding, Outcome
from shouwang.domain.moment import rfc3339
from shouwang.domain.notice import DeliveryState, Why
from shouwang.domain.vocabulary import Kind

pytestmark = pytest.mark.slow


def test_health_needs_no_token_and_says_what_is_missing(site: Site, stranger: TestClient) -> None:
    assert stranger.get("/health/live").json() == {"status": "ok"}
    ready = stranger.get("/health/ready")
    assert ready.status_code == 200 and ready.json()["proven_at"] == rfc3339(START) and ready.json()["took"] == 0.4
    site.ready = Readiness(ok=False, reasons=["the broker does not answer"])
    waiting = stranger.get("/health/ready")
    assert waiting.status_code == 503 and waiting.json()["reasons"] == ["the broker does not answer"]
    metrics = stranger.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4") and "shouwang_up" in metrics.text


@pytest.mark.parametrize("path", ["/", "/duty", "/install", "/anything/else"])
def test_any_unknown_path_outside_the_api_is_the_page(stranger: TestClient, path: str) -> None:
    page = stranger.get(path)
    assert page.status_code == 200 and '<html lang="zh-CN">' in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert stranger.get(path, headers={"If-None-Match": page.headers["etag"]}).status_code == 304
    problem(stranger.post(path), 405, "method_not_allowed")


def test_the_console_has_words_for_every_kind_of_entry_and_every_class_state_and_post() -> None:
    folder = Path(__file__).parents[2] / "dashboards" / "console" / "src" / "words"
    words = "".join((folder / name).read_text(encoding="utf-8") for name in ("zh.ts", "en.ts"))
    source = "".join(path.read_text(encoding="utf-8") for path in pages.CONSOLE.parent.rglob("*.py"))
    rooms = "alert|incident|notice|device|coverage|escalation|rule"
    kinds = set(
        re.findall(rf'(?:record|_entry|_line)\(\s*"((?:{rooms})\.[a-z_]+)"|kind="((?:{rooms})\.[a-z_]+)"', source)
    )
    named = {one or other for one, other in kinds} | {
        f"delivery.{state}" for state in ("sent", "unreachable", "refused")
    }
    assert len(named) > 20
    for word in sorted(named):
        assert words.count(f'"{word}": ') == 2, f"{word} has no words"
    for enum in (AlertClass, DeliveryState, Finding, Outcome, Why, FleetState, Kind):
        for member in enum:
            assert len(re.findall(rf"[ {{]{member.value}: ", words)) >= 2, f"{enum.__name__} {member} has no words"


def test_the_built_console_is_served_packed_and_kept(tmp_path: Path) -> None:
    console = tmp_path / "console"
    (console / "assets").mkdir(parents=True)
    (console / "index.html").write_text('<html lang="zh-CN">built</html>', encoding="utf-8")
    script = "// 守望\n" * 400
    (console / "assets" / "app-1a2b.js").write_text(script, encoding="utf-8")
    router = pages.site_router([], console=console)
    app = FastAPI()
    app.include_router(router)
    client = TestClient(app)
    page, found = client.get("/duty"), client.get("/assets/app-1a2b.js")
    assert "built" in page.text and page.headers["cache-control"] == "no-cache"
    assert found.text == script and found.headers["content-encoding"] == "gzip"
    assert found.headers["content-type"].startswith("text/javascript") and "immutable" in found.headers["cache-control"]
    plain = client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == script and "content-encoding" not in plain.headers
    with pytest.raises(pages.Problem):
        client.get("/assets/app-of-yesterday.js")
    assert "make setup" in TestClient(_bare(tmp_path / "none")).get("/").text


def _bare(console: Path) -> FastAPI:
    app = FastAPI()
    app.include_router(pages.site_router([], console=console))
    return app


def test_no_other_origin_is_answered_to(operator: TestClient) -> None:
    answer = operator.get("/api/v1/session", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers and answer.headers["cache-control"] == "no-store"
    asked = operator.options(
        "/api/v1/session", headers={"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}
    )
    assert "access-control-allow-origin" not in asked.headers


class Playground:
    """A demonstration that notes what was pressed."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.scenes = [Scene(id="smoke", title={"zh": "3-2-501 烟雾", "en": "3-2-501 smoke"})]
        self.pressed: list[str] = []

    def press(self, scene: str) -> None:
        if scene != "smoke":
            raise NotFound(scene)
        self.pressed.append(scene)


def test_a_demonstration_lets_a_visitor_in_and_press_its_scenes(site: Site) -> None:
    demo = Playground(site.token(Role.OPERATOR))
    client = TestClient(build_app(site.window(demo)))
    token = client.get("/api/v1/session/demo").json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    session = client.get("/api/v1/session", headers=headers).json()
    assert session["demo"] is True and session["scenes"][0]["id"] == "smoke"
    assert client.post("/api/v1/demo/press", json={"scene": "smoke"}, headers=headers).status_code == 202
    assert demo.pressed == ["smoke"]
    problem(client.post("/api/v1/demo/press", json={"scene": "x"}, headers=headers), 404, "not_found")
    problem(client.post("/api/v1/demo/press", json={"scene": "smoke"}), 401, "unauthenticated")
