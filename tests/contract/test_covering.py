"""Coverage over HTTP: reckoned once a minute whoever asks, and counted by the channels that are installed."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.window import COMPOUND, Site, site_on
from shouwang.api import covering
from shouwang.api.doors import Window
from shouwang.api.server import build_app
from shouwang.domain.access import Role
from shouwang.domain.coverage import coverage_gaps
from shouwang.domain.duty import Contact, Person, PostHolder, Zone
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.vocabulary import PersonId, PlaceId

pytestmark = pytest.mark.slow

API = "/api/v1"
TONIGHT = {"from": "2026-11-28T20:00:00Z", "to": "2026-11-28T22:00:00Z"}
Ask = Callable[..., Any]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, {}) as site:
        yield site


@pytest.fixture
def reckoned(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One entry for each time that gaps are worked out."""
    calls: list[object] = []

    def counted(*given: Any, **named: Any) -> Any:
        calls.append(given[2])
        return coverage_gaps(*given, **named)

    monkeypatch.setattr(covering, "coverage_gaps", counted)
    return calls


def asking(site: Site, window: Window) -> Ask:
    app = build_app(window)

    def ask(path: str, role: Role = Role.OPERATOR, bound: str | None = None, **query: object) -> Any:
        headers = {"Authorization": f"Bearer {site.token(role, PlaceId(bound) if bound else None)}"}
        answer = TestClient(app, headers=headers).get(f"{API}{path}", params=query)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


def test_a_second_question_in_the_same_minute_is_not_reckoned_again(site: Site, reckoned: list[object]) -> None:
    ask = asking(site, site.window())
    first = ask("/coverage", limit=100)
    assert ask("/coverage", limit=100) == first and ask("/coverage", Role.ADMIN, limit=3)["items"] == first["items"][:3]
    assert len(reckoned) == 1, "another page, another caller: the same gaps"
    ask("/coverage", place=COMPOUND)
    ask("/coverage", Role.OPERATOR, COMPOUND)
    assert len(reckoned) == 2, "of the compound, whoever is confined to it or asks for it"
    ask("/coverage", days=1)
    ask("/duty/card")
    assert len(reckoned) == 3, "the duty card asks for a day of the site"


def test_a_change_of_the_directory_is_seen_at_once_and_a_new_minute_is_looked_at_anew(
    site: Site, reckoned: list[object]
) -> None:
    ask = asking(site, site.window())
    before = ask("/coverage", limit=200)["items"]
    site.directory.change([Zone(id="bare", name="空", places=[])])
    ask("/coverage", limit=200)
    assert len(reckoned) == 2 and before
    site.clock.forward(61)
    ask("/coverage", limit=200)
    assert len(reckoned) == 3
    assert reckoned[2] == site.clock.now()


def test_contacts_on_channels_that_are_not_installed_are_no_coverage(site: Site) -> None:
    def one(id: str, kind: str) -> Person:
        return Person(id=PersonId(id), name=id, channels=[Contact(kind=kind, url="http://x", verified=True)])

    shifts = [Shift(start="00:00", end="24:00", people=[PersonId("texted")])]
    site.directory.change(
        [
            one("texted", "sms"),
            one("hooked", "webhook"),
            PostHolder(place=COMPOUND, post="property_manager", person=PersonId("texted")),
            Zone(id="all", kind="property", places=[COMPOUND], members=[PersonId("texted"), PersonId("hooked")]),
            Roster(id="spare", zone="all", post="shift_lead", shifts=shifts),
        ]
    )
    everything = asking(site, site.window())
    installed = asking(site, dataclasses.replace(site.window(), kinds=["webhook", "console"]))

    def off(ask: Ask) -> list[Any]:
        items = ask("/coverage", Role.ADMIN, limit=200)["items"]
        return [(gap["person"], gap["name"]) for gap in items if gap["kind"] == "channel_off"]

    assert off(everything) == [] and off(installed) == [("texted", "texted")]
    told = installed("/coverage/told", Role.ADMIN, place=COMPOUND)
    steps = [step for one in told for step in one["steps"] if any(each["person"] == "texted" for each in step["off"])]
    assert steps and steps[0]["off"] == [{"person": "texted", "name": "texted", "kinds": ["sms"]}]
    assert "texted has no contact that can be used here (only sms)" in steps[0]["gaps"]
    assert not any(each["person"] == "texted" for step in steps for each in step["people"])

    def offered(ask: Ask) -> set[str]:
        return {each["person"] for each in ask("/rosters/spare/stand-ins", Role.ADMIN, **TONIGHT)}

    site.directory.change([Roster(id="spare", zone="all", post="shift_lead", shifts=[])])
    assert {"texted", "hooked"} <= offered(everything)
    assert "hooked" in offered(installed) and "texted" not in offered(installed)
