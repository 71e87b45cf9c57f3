"""Photos of devices over HTTP: bounded, known by their content, and not for everybody who may read."""

import pytest
from fastapi.testclient import TestClient

from harness.calls import As, ok
from harness.window import ELSEWHERE, ROOM, Site
from shouwang.domain.access import Role

pytestmark = pytest.mark.slow

JPEG = b"\xff\xd8\xff\xe0"
PHOTOS = "/api/v1/devices/smoke-501/photos"


def test_a_photo_of_a_device_is_kept_shown_and_journalled(site: Site, operator: TestClient, client_as: As) -> None:
    fitter = client_as(Role.INSTALLER)
    assert ok(fitter.get(PHOTOS))["items"] == []
    made = ok(fitter.post(PHOTOS, content=JPEG + b"mounted"), 201)
    assert (made["type"], made["size"]) == ("image/jpeg", 11)
    assert ok(fitter.post(PHOTOS, content=JPEG + b"mounted"), 201)["id"] == made["id"]
    assert [one["id"] for one in ok(operator.get(PHOTOS))["items"]] == [made["id"]], "the same photo again is one photo"
    got = operator.get(f"{PHOTOS}/{made['id']}")
    assert got.content == JPEG + b"mounted"
    assert "attachment" in got.headers["content-disposition"]
    said = [one for one in site.journal.since(0, 1000) if one.kind == "device.photographed"]
    assert (said[0].device, said[0].body["file"]) == ("smoke-501", made["id"])


def test_only_the_newest_photos_stay(client_as: As) -> None:
    fitter = client_as(Role.INSTALLER)
    made = [ok(fitter.post(PHOTOS, content=JPEG + bytes([number])), 201)["id"] for number in range(8)]
    assert [one["id"] for one in ok(fitter.get(PHOTOS))["items"]] == made[:1:-1]
    assert fitter.get(f"{PHOTOS}/{made[0]}").status_code == 404


def test_what_is_no_picture_or_too_large_or_not_ones_own_is_refused(client_as: As, operator: TestClient) -> None:
    fitter = client_as(Role.INSTALLER)
    assert fitter.post(PHOTOS, content=b"%PDF-1.7").status_code == 422
    assert fitter.post(PHOTOS, content=b"").status_code == 422
    assert fitter.post(PHOTOS, content=JPEG + b"0" * (8 << 20)).status_code == 413
    assert operator.post(PHOTOS, content=JPEG).status_code in (201, 403)
    made = ok(fitter.post(PHOTOS, content=JPEG + b"home"), 201)
    viewer, away = client_as(Role.VIEWER), client_as(Role.INSTALLER, place=ELSEWHERE)
    for path in (PHOTOS, f"{PHOTOS}/{made['id']}"):
        assert viewer.get(path).status_code == 403, "the inside of a home is not for everybody who may read"
        assert away.get(path).status_code == 404
        assert client_as(Role.RESPONDER, place=ROOM).get(path).status_code == 200
    assert fitter.get("/api/v1/devices/nowhere/photos").status_code == 404
    assert fitter.get(f"{PHOTOS}/{'0' * 64}").status_code == 404
