"""Contacts set over HTTP: only by administrators, only outwards, unproven until proven."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from harness.calls import As
from harness.window import Site
from shouwang.api.doors import Window
from shouwang.channels.address import Fence
from shouwang.domain.access import Role
from shouwang.domain.duty import Contact, Person
from shouwang.domain.vocabulary import PersonId

pytestmark = pytest.mark.slow

PUBLIC = "https://93.184.215.14/hook"


@pytest.fixture
def window(site: Site) -> Window:
    fence = Fence(["10.9.0.0/16"])
    kinds = ("webhook", "console", "sms", "email", "wecom", "apprise")
    return replace(site.window(), kinds=kinds, refuse_address=fence.refusal)


def put(client: TestClient, *contacts: object, person: str = "wang") -> Any:
    return client.put(f"/api/v1/people/{person}/contacts", json=list(contacts))


def kept(site: Site) -> list[Contact]:
    return list(site.directory.community().people[PersonId("wang")].channels)


def test_new_contacts_are_fenced_and_unproven_and_known_ones_keep_what_is_known(client_as: As, site: Site) -> None:
    proven = Contact(kind="webhook", url="http://10.0.0.7/inside", secret="s", verified=True)
    site.directory.change([Person(id=PersonId("wang"), name="王测试", phone="+8613800000000", channels=[proven])])
    answer = put(
        client_as(Role.ADMIN),
        {"kind": "sms"},
        {"kind": "webhook", "url": PUBLIC, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        {"kind": "webhook", "url": "http://10.0.0.7/inside"},
        {"kind": "wecom", "url": "http://10.9.1.1/robot"},
        {"kind": "email", "url": "mailto:a@example.org"},
    )
    assert answer.status_code == 200
    assert [(one["kind"], one["verified"]) for one in answer.json()["channels"]] == [
        ("sms", False), ("webhook", False), ("webhook", True), ("wecom", False), ("email", False),
    ]  # fmt: skip
    assert [one.guarded for one in kept(site)] == [True, True, False, True, True]
    assert kept(site)[2] == proven
    assert "whsec" not in answer.text
    (entry,) = [one for one in site.journal.since(0, 100) if one.kind == "person.contacts_changed"]
    assert "93.184" not in str(entry.body)


def test_contacts_are_put_in_another_order_by_who_never_sees_their_addresses(client_as: As, site: Site) -> None:
    gone = Contact(kind="voice", number="+8613800000001", verified=True)
    proven = Contact(kind="webhook", url="http://10.0.0.7/inside", secret="s", verified=True)
    site.directory.change([Person(id=PersonId("wang"), name="王测试", channels=[gone, proven])])
    admin = client_as(Role.ADMIN)
    answer = put(admin, {"kind": "console"}, {"kind": "webhook", "keep": 1}, {"kind": "voice", "keep": 0})
    assert answer.status_code == 200
    assert kept(site) == [Contact(kind="console", guarded=True), proven, gone], "and one whose channel is not installed"
    for sent, pointer in (
        ([{"kind": "console", "keep": 3}], "body/0/keep"),
        ([{"kind": "webhook", "keep": 0}], "body/0/keep"),
        ([{"kind": "console", "keep": 0}, {"kind": "console", "keep": 0}], "body"),
    ):
        refused = put(admin, *sent)
        assert refused.status_code == 422 and [one["pointer"] for one in refused.json()["errors"]] == [pointer]
    assert len(kept(site)) == 3


@pytest.mark.parametrize(
    ("contact", "field"),
    [
        ({"kind": "webhook", "url": "http://127.0.0.1:8000/x"}, "url"),
        ({"kind": "webhook", "url": "http://169.254.169.254/latest"}, "url"),
        ({"kind": "wecom", "url": "http://192.168.1.1/"}, "url"),
        ({"kind": "webhook", "url": "ftp://example.org"}, "url"),
        ({"kind": "webhook", "url": ""}, "url"),
        ({"kind": "webhook", "url": PUBLIC, "secret": "whsec_!"}, "secret"),
        ({"kind": "apprise", "url": "json://example.org"}, "kind"),
        ({"kind": "carrier-pigeon"}, "kind"),
        ({"kind": "email", "url": "wang"}, "url"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_changes(
    client_as: As, site: Site, contact: dict[str, str], field: str
) -> None:
    before = kept(site)
    answer = put(client_as(Role.ADMIN), {"kind": "console"}, contact)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == f"body/1/{field}"
    assert kept(site) == before


def test_only_who_changes_duties_changes_contacts(client_as: As, site: Site) -> None:
    for role in (Role.VIEWER, Role.RESPONDER, Role.INSTALLER, Role.AUDITOR):
        assert put(client_as(role), {"kind": "console"}).status_code == 403
    assert put(client_as(Role.ADMIN), {"kind": "console"}, person="nobody").status_code == 404
