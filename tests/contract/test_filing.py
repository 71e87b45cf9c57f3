"""How long files of cases are kept, over the real store and a real folder."""

import os
import time
from pathlib import Path

import msgspec
import pytest
from fastapi.testclient import TestClient

from harness.window import Site
from shouwang.domain.board import EntryQuery
from shouwang.domain.casefile import Attachment, CaseFile
from shouwang.domain.filing import is_expired, without_files
from shouwang.domain.incident import Incident, Outcome
from shouwang.domain.vocabulary import DAY
from shouwang.flows.filing import Filing
from shouwang.store.attachments import Attachments

PHOTO = b"\xff\xd8\xff\xe0 a photo"
KEPT = 365 * DAY


def filing(site: Site, folder: Path, elsewhere: set[str] | None = None) -> Filing:
    return Filing(
        site.casebook, site.board, Attachments(folder), site.clock, kept_for=KEPT, elsewhere=lambda: elsewhere or set()
    )


def attach(site: Site, operator: TestClient, folder: Path, content: bytes = PHOTO, device: str = "smoke-501") -> str:
    """A case with a photo, whose content lies in the folder too, as long ago as the case."""
    incident = site.alarm(device)[1].id
    taken = operator.post(f"/api/v1/incidents/{incident}/files", content=content)
    assert taken.status_code == 201, taken.text
    id = Attachments(folder).keep(content)
    os.utime(folder / id[:2] / id, (0, 0))
    return str(incident)


def case(site: Site, id: str) -> Incident:
    found = site.board.incident(id)  # type: ignore[arg-type]
    assert found is not None
    return found


def files(site: Site, id: str) -> list[Attachment]:
    return (case(site, id).file or CaseFile()).files


def days(site: Site, count: float) -> None:
    site.clock.forward(count * 86_400)


def test_files_go_when_their_time_is_over_and_the_journal_says_why(
    site: Site, operator: TestClient, tmp_path: Path
) -> None:
    id = attach(site, operator, tmp_path)
    site.respond.resolve(id, actor="wang", outcome=Outcome.FALSE_ALARM)  # type: ignore[arg-type]
    (file,) = files(site, id)
    days(site, 364)
    assert filing(site, tmp_path).look() == 0
    assert Attachments(tmp_path).read(file.id) == PHOTO
    days(site, 2)
    assert filing(site, tmp_path).look() == 1
    assert files(site, id) == []
    assert operator.get(f"/api/v1/incidents/{id}/files/{file.id}").status_code == 404
    (entry,) = site.board.entries(EntryQuery(kind="incident.file_removed"), None, 10)
    assert entry.incident == id
    assert entry.body == {"file": file.id, "type": "image/jpeg", "why": "retention", "kept_days": 365}
    filing(site, tmp_path).look()
    assert Attachments(tmp_path).read(file.id) is None


def test_a_case_that_goes_on_keeps_its_files_for_ever(site: Site, operator: TestClient, tmp_path: Path) -> None:
    id = attach(site, operator, tmp_path)
    days(site, 4000)
    assert filing(site, tmp_path).look() == 0
    (file,) = files(site, id)
    assert Attachments(tmp_path).read(file.id) == PHOTO
    with pytest.raises(ValueError, match="must be kept"):
        without_files(case(site, id), KEPT, site.clock.now())


def test_a_content_that_something_else_names_stays(site: Site, operator: TestClient, tmp_path: Path) -> None:
    id = attach(site, operator, tmp_path)
    site.respond.resolve(id, actor="wang", outcome=Outcome.FALSE_ALARM)  # type: ignore[arg-type]
    content = Attachments(tmp_path).keep(PHOTO)
    os.utime(tmp_path / content[:2] / content, (0, 0))
    days(site, 400)
    assert filing(site, tmp_path, {content}).look() == 1
    assert Attachments(tmp_path).read(content) == PHOTO


def test_a_content_that_was_kept_lately_is_spared(site: Site, operator: TestClient, tmp_path: Path) -> None:
    orphan = Attachments(tmp_path).keep(PHOTO)
    at = site.clock.now() / 1e6
    os.utime(tmp_path / orphan[:2] / orphan, (at, at))
    tidy = filing(site, tmp_path)
    tidy.look()
    assert Attachments(tmp_path).read(orphan) == PHOTO
    days(site, 3)
    tidy.look()
    assert Attachments(tmp_path).read(orphan) is None


def test_keeping_a_content_again_says_that_it_is_wanted(tmp_path: Path) -> None:
    store = Attachments(tmp_path)
    id = store.keep(PHOTO)
    os.utime(tmp_path / id[:2] / id, (0, 0))
    store.keep(PHOTO)
    assert (tmp_path / id[:2] / id).stat().st_mtime > time.time() - 60


def test_between_two_passes_it_rests(site: Site, operator: TestClient, tmp_path: Path) -> None:
    id = attach(site, operator, tmp_path)
    site.respond.resolve(id, actor="wang", outcome=Outcome.FALSE_ALARM)  # type: ignore[arg-type]
    tidy = filing(site, tmp_path)
    tidy.look()
    site.clock.forward(3600)
    assert tidy.look() == 0
    days(site, 400)
    assert tidy.look() == 1


def test_files_outlive_whoever_is_erased_from_the_directory(site: Site, operator: TestClient, tmp_path: Path) -> None:
    id = attach(site, operator, tmp_path)
    (file,) = files(site, id)
    site.directory.change([], [("person", person) for person in site.directory.community().people])
    assert site.directory.community().people == {}
    assert files(site, id) == [file]
    assert operator.get(f"/api/v1/incidents/{id}/files/{file.id}").content == PHOTO
    assert filing(site, tmp_path).look() == 0
    assert Attachments(tmp_path).read(file.id) == PHOTO


def test_an_end_that_nobody_knows_is_none(site: Site, operator: TestClient, tmp_path: Path) -> None:
    id = attach(site, operator, tmp_path)
    site.respond.resolve(id, actor="wang", outcome=Outcome.FALSE_ALARM)  # type: ignore[arg-type]
    ended = msgspec.structs.replace(case(site, id), resolved_at=None, closed_at=None)
    assert not is_expired(ended, KEPT, site.clock.now() + 9999 * DAY)
