"""Photos from phones: a proven arrival, an outcome that is shown, a device as it hangs; without a network too."""

import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.browser import PATROL, Hall, smoke
from harness.compound import ROOT, SMOKE
from harness.publisher import says
from shouwang.domain.casefile import CaseFile, Proof
from shouwang.domain.incident import Incident
from shouwang.domain.place import Device
from shouwang.domain.vocabulary import DeviceId, Life, PlaceId

pytestmark = [pytest.mark.servers, pytest.mark.timeout(150)]

LONGEST_EDGE = 1600


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return photo(tmp_path / "photo.png", 90)


def photo(file: Path, shade: int) -> Path:
    """2,400 × 1,800 pixels, as a PNG."""
    width, height = 2400, 1800
    rows = b"".join(b"\0" + bytes((y * 7 % 256, y % 256, shade)) * width for y in range(height))
    file.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(rows, 1))
        + _chunk(b"IEND", b"")
    )
    return file


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def size_of(jpeg: bytes) -> tuple[int, int]:
    """Width and height by the frame header (ITU-T T.81 B.2.2)."""
    at = 2
    while jpeg[at + 1] not in (0xC0, 0xC2):
        at += 2 + int(struct.unpack(">H", jpeg[at + 2 : at + 4])[0])
    height, width = struct.unpack(">HH", jpeg[at + 5 : at + 9])
    return int(width), int(height)


def cases(hall: Hall, building: int, room: str) -> list[Incident]:
    around = f"{ROOT}/b{building}/"
    return [one for one in hall.works.incidents() if one.place.startswith(around) and one.place.endswith(f"/{room}")]


def case(hall: Hall, building: int, room: str) -> Incident:
    return cases(hall, building, room)[0]


def file_of(hall: Hall, building: int, room: str) -> CaseFile:
    return case(hall, building, room).file or CaseFile()


def content(hall: Hall, id: str) -> bytes:
    return (hall.works.data / "files" / id[:2] / id).read_bytes()


def on_scene(hall: Hall, building: int, room: str) -> Page:
    says(hall.works.broker_port, smoke(building, 1, room))
    hall.works.until(lambda: bool(cases(hall, building, room)), "the case")  # else the phone may take another one
    phone = hall.page("/duty", user=PATROL, size="phone", theme="light")
    for act in ("acknowledge", "en-route", "arrive"):
        phone.click(f"[data-act={act}]")
    expect(phone.locator(".thumb .main")).to_have_text("办结")
    return phone


def test_a_photo_taken_there_proves_the_arrival_and_another_goes_with_the_outcome(hall: Hall, picture: Path) -> None:
    phone = on_scene(hall, 6, "201")
    expect(phone.locator("#arrival")).to_have_text("未核实到场")
    phone.set_input_files(".proofs [name=photo]", picture)
    expect(phone.locator("#arrival")).to_contain_text("到场已证实")
    expect(phone.locator(".proofs")).to_contain_text("照片 1")
    kept = file_of(hall, 6, "201")
    assert [one.proof for one in kept.arrivals] == [Proof.PHOTO]
    (shot,) = kept.files
    assert shot.type == "image/jpeg"
    assert size_of(content(hall, shot.id)) == (LONGEST_EDGE, 1200), "made small before it is sent"
    phone.click(".thumb .main")
    phone.click("dialog label:has-text('误触')")
    phone.set_input_files("dialog [name=photo]", photo(picture.with_name("after.png"), 200))
    expect(phone.locator("dialog .photo")).to_contain_text("✓")
    phone.click("dialog .go")
    expect(phone.locator(".idle")).to_be_visible()
    hall.works.until(lambda: len(file_of(hall, 6, "201").files) == 2, "the photo of the outcome")
    assert case(hall, 6, "201").outcome is not None


def test_without_a_network_acts_and_photos_wait_and_arrive_in_order(hall: Hall, picture: Path) -> None:
    says(hall.works.broker_port, smoke(7, 1, "301"))
    phone = hall.page("/duty", user=PATROL, size="phone", theme="dark")
    phone.click("[data-act=acknowledge]")
    expect(phone.locator("[data-act=en-route]")).to_be_visible()
    phone.context.set_offline(True)
    phone.click("[data-act=en-route]")
    phone.click("[data-act=arrive]")
    expect(phone.locator(".strip.outbox b")).to_have_text("2")
    phone.set_input_files(".proofs [name=photo]", picture)
    expect(phone.locator(".strip.outbox b")).to_have_text("3")
    expect(phone.locator("#arrival")).to_contain_text("到场已证实")
    phone.context.set_offline(False)
    expect(phone.locator(".strip.outbox")).to_have_count(0, timeout=30_000)
    hall.works.until(lambda: len(file_of(hall, 7, "301").files) == 1, "the photo")
    hall.works.until(lambda: [one.proof for one in file_of(hall, 7, "301").arrivals] == [Proof.PHOTO], "the proof")
    timeline = hall.works.board.timelines([case(hall, 7, "301").id], None)[case(hall, 7, "301").id]
    said = [one.kind for one in timeline if one.actor == PATROL]
    assert said.index("incident.en_route") < said.index("incident.on_scene") < said.index("incident.attached")


def test_a_photo_that_waits_outlives_a_phone_that_is_switched_off(hall: Hall, picture: Path) -> None:
    phone = on_scene(hall, 8, "401")
    phone.route("**/files*", lambda route: route.abort())
    phone.set_input_files(".proofs [name=photo]", picture)
    expect(phone.locator(".strip.outbox b")).to_have_text("1")
    phone.unroute("**/files*")
    phone.reload()
    expect(phone.locator(".strip.outbox")).to_have_count(0, timeout=30_000)
    hall.works.until(lambda: len(file_of(hall, 8, "401").files) == 1, "the photo")


def test_a_device_is_shown_as_it_hangs(hall: Hall, picture: Path) -> None:
    place = PlaceId(f"{ROOT}/b9/u2/f6/602")
    hall.works.directory.change(
        [Device(id=DeviceId("shot"), profile=SMOKE, address="zigbee2mqtt:shot", place=place, life=Life.IN_SERVICE)]
    )
    page = hall.page("/devices/shot", user="fitter", size="small")
    expect(page.locator("main")).to_contain_text("还没有安装照片")
    page.set_input_files("[name=photo]", picture)
    expect(page.locator(".shots img")).to_have_count(1)
    page.click(".shots button")
    expect(page.locator("dialog .shot")).to_be_visible()
    width = page.eval_on_selector("dialog .shot", "one => one.naturalWidth")
    assert width == LONGEST_EDGE
    page.keyboard.press("Escape")
    desk = hall.page("/devices/shot", size="small")
    expect(desk.locator(".shots img")).to_have_count(1)
    expect(desk.locator("[name=photo]")).to_have_count(0)
