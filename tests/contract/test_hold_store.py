"""How holds are kept and found again: one suite over SQLite and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from shouwang.domain.alert import Alert, AlertClass, AlertState
from shouwang.domain.journal import Entry
from shouwang.domain.suppression import Hold, HoldKind, Tried
from shouwang.domain.vocabulary import HOUR, SECOND, AlertId, DeviceId, PlaceId, Severity
from shouwang.domain.wallclock import Hours
from shouwang.store.database import Database
from shouwang.store.holds import SqlHolds
from shouwang.store.transactions import SqlCasebook

NOW = 1_764_000_000 * SECOND


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/state.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    opened.create()
    yield opened
    opened.close()


def hold(id: str, kind: HoldKind = HoldKind.SILENCE, **how: object) -> Hold:
    return Hold(id=id, kind=kind, by="desk", why="w", made_at=NOW, starts_at=NOW, ends_at=NOW + HOUR, **how)  # type: ignore[arg-type]


def alert(id: str, **how: object) -> Alert:
    given: dict[str, object] = {"state": AlertState.UNACKED, "severity": Severity.MEDIUM, **how}
    return Alert(
        id=AlertId(id),
        rule="tamper",
        title={},
        klass=AlertClass.FAULT,
        subject=id,
        device=DeviceId(id),
        kind="smoke",
        place=PlaceId("a/b"),
        raised_at=NOW,
        received_at=NOW,
        committed_at=NOW,
        **given,  # type: ignore[arg-type]
    )


def test_a_hold_comes_back_as_it_was_kept(database: Database) -> None:
    casebook, holds = SqlCasebook(database), SqlHolds(database)
    kept = hold("permit-1", HoldKind.PERMIT, hours=Hours(0, HOUR, (0, 1)), tried={DeviceId("d"): Tried(at=1, by="x")})
    with casebook.change() as transaction:
        assert transaction.holds() == []
        transaction.keep_hold(kept, NOW + HOUR)
        assert transaction.holds() == [kept]
        assert transaction.hold("permit-1") == kept
    assert holds.hold("permit-1") == kept
    assert holds.open_holds() == [kept]
    assert holds.holds(HoldKind.PERMIT, ended=False, after=None, limit=5) == [kept]
    assert holds.holds(HoldKind.SILENCE, ended=True, after=None, limit=5) == []


def test_what_is_due_is_found_and_what_is_over_is_not(database: Database) -> None:
    casebook, holds = SqlCasebook(database), SqlHolds(database)
    over = hold("s2", ended_at=NOW)
    work = hold("p1", HoldKind.PERMIT, ended_at=NOW, untried=[DeviceId("d")])
    with casebook.change() as transaction:
        transaction.keep_hold(hold("s1"), NOW + HOUR)
        transaction.keep_hold(over, None)
        transaction.keep_hold(work, None)
        assert [one.id for one in transaction.holds()] == ["s1"]
    assert casebook.holds_due(NOW + HOUR - 1, 10) == []
    assert casebook.holds_due(NOW + HOUR, 10) == ["s1"]
    assert casebook.untried(10) == ["p1"]
    assert [one.id for one in holds.holds(HoldKind.SILENCE, ended=False, after=None, limit=5)] == ["s1"]
    assert [one.id for one in holds.holds(HoldKind.SILENCE, ended=True, after=None, limit=1)] == ["s2"]
    assert [one.id for one in holds.holds(HoldKind.SILENCE, ended=True, after=(NOW, "s2"), limit=5)] == ["s1"]


def test_holders_are_named_once_with_what_they_are_a_page_at_a_time(database: Database) -> None:
    casebook = SqlCasebook(database)
    with casebook.change() as transaction:
        transaction.keep_hold(hold("s1"), NOW + HOUR)
        transaction.keep_alert(alert("a1", held_by="s1"))
        transaction.keep_alert(alert("a2", held_by="s1"))
        transaction.keep_alert(alert("a3", held_by="a4", state=AlertState.SUPPRESSED))
        transaction.keep_alert(alert("a4"))
        transaction.keep_alert(alert("a5", under="z9"))
    found = casebook.holders("", 10)
    assert [(one.id, one.hold is not None, one.alert is not None) for one in found] == [
        ("a4", False, True),
        ("s1", True, False),
        ("z9", False, False),
    ]
    assert [one.id for one in casebook.holders("a4", 1)] == ["s1"]
    with casebook.change() as transaction:
        assert {one.id for one in transaction.alerts_held_by("s1", 10)} == {"a1", "a2"}
        for one in transaction.alerts_held_by("s1", 10):
            transaction.keep_alert(msgspec.structs.replace(one, held_by=""))
        assert transaction.alerts_held_by("s1", 10) == []


def test_the_newest_of_a_rule_and_subject_is_found_open_or_not(database: Database) -> None:
    with SqlCasebook(database).change() as transaction:
        assert transaction.newest_alert("tamper", "d") is None
        for n, state in enumerate((AlertState.NORMAL, AlertState.NORMAL)):
            transaction.keep_alert(msgspec.structs.replace(alert(f"a{n}", state=state), subject="d", raised_at=NOW + n))
        found = transaction.newest_alert("tamper", "d")
        assert found is not None
        assert found.id == "a1"


def test_raises_are_read_from_the_journal_with_what_was_held(database: Database) -> None:
    casebook, holds = SqlCasebook(database), SqlHolds(database)

    def entry(at: int, kind: str, id: str, place: str = "a/b", **facts: object) -> Entry:
        body: dict[str, object] = {"rule": "tamper", "facts": {"subject": id, "severity": "medium", **facts}}
        return Entry(at=NOW + at, kind=kind, alert=AlertId(id), device=DeviceId(id), place=PlaceId(place), body=body)

    with casebook.change() as transaction:
        transaction.record(entry(0, "alert.raised", "a1"))
        transaction.record(entry(1, "alert.raised", "a2", test=True))
        transaction.record(entry(2, "alert.raised", "a3", place="c"))
        transaction.record(entry(2, "alert.held", "a3", place="c"))
        transaction.record(entry(3, "alert.cleared", "a1"))
        transaction.keep_alert(alert("a1"))
        transaction.keep_alert(alert("a2", severity=Severity.LOW))
        transaction.keep_alert(alert("a3", state=AlertState.RTN_UNACKED))
    found = holds.raises(NOW, NOW + 10, ())
    assert [(one.subject, one.test, one.held) for one in found] == [
        ("a1", False, False),
        ("a2", True, False),
        ("a3", False, True),
    ]
    assert [one.subject for one in holds.raises(NOW, NOW + 10, [PlaceId("a")])] == ["a1", "a2"]
    assert holds.raises(NOW + 3, NOW + 10, ()) == []
    assert holds.true_since(()) == [NOW]
    with casebook.change() as transaction:
        assert [one.alert for one in transaction.raised_since(DeviceId("a1"), NOW)] == ["a1"]
