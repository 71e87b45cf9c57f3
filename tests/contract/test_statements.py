"""Statements on the driver's own cursor: the same rows as through SQLAlchemy, and no table read from end to end."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import bindparam, func, insert, select

from harness.station import open_station
from shouwang.domain.errors import StoreUnavailable
from shouwang.store.database import Database
from shouwang.store.tables import deliveries, device_states, directory, meta

COMMUNITY = """
site: {fallback: chief}
places: [{id: cj, kind: compound, name: 锦园}]
people: [{id: chief, name: 值班长, channels: [{kind: webhook, url: "{phone:chief}"}]}]
devices: [{id: smoke-1, profile: native, address: "native:smoke-1", place: cj}]
"""

SMALL = {"orders", "notices"}
"""What waits in them is taken out, or is all that the index holds."""

_PARTIAL = ("deliveries_due", "alerts_held", "anon_1")
"""Indexes that hold only what waits or is held now, and what is read through them."""

_KEEP = insert(meta)
_END_ALL = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_BACKEND = select(func.pg_backend_pid()).where(bindparam("nothing") == "")
_ONE_OF = select(meta.c.key, meta.c.value).where(
    meta.c.key.in_(["a", "b"]), meta.c.value != b"x", meta.c.key > bindparam("after")
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/state.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    opened.create()
    yield opened
    opened.close()


def test_constants_and_lists_of_them_keep_their_meaning_at_every_run(database: Database) -> None:
    with database.write() as connection:
        hand = database.statements.on(connection)
        hand.run_all(_KEEP, [{"key": key, "value": key.encode()} for key in ("a", "b", "c")])
        assert hand.run(_KEEP, {"key": "d", "value": b"d"}) == 1
        for _ in range(2):
            assert [(key, bytes(value)) for key, value in hand.rows(_ONE_OF, {"after": "a"})] == [("b", b"b")]
            assert hand.row(_ONE_OF, {"after": "z"}) is None
            assert hand.value(_ONE_OF, {"after": "z"}) is None
            assert hand.value(_ONE_OF, {"after": "a"}) == "b"


_CHANGE = {"kind": "zone", "until": None, "at": 1, "body": "{}"}


def test_rows_that_go_out_together_are_those_that_go_out_one_by_one(database: Database) -> None:
    upsert = database.upsert(device_states, "device")
    with database.write() as connection:
        hand = database.statements.on(connection)
        for since in (1, 2):
            rows = [{"id": f"z{number}", "since": since, **_CHANGE} for number in (3, 1, 2)]
            hand.run_all(insert(directory).inline(), rows)
        states = [{"device": f"d'{n}\\", "heard_at": n, "due_at": None, "state": bytes([0, n, 255])} for n in range(3)]
        hand.run_all(upsert, states)
        hand.run_all(upsert, [{**one, "due_at": 7, "state": b""} for one in states[:2]])
        hand.run_all(database.insert_once(meta, "key"), [{"key": key, "value": b"1"} for key in "aab"])
    with database.read() as connection:
        kept = connection.execute(select(directory.c.id, directory.c.since).order_by(directory.c.seq)).all()
        assert [tuple(row) for row in kept] == [(f"z{number}", since) for since in (1, 2) for number in (3, 1, 2)]
        found = connection.execute(select(device_states).order_by(device_states.c.device)).all()
        assert [(row.device, row.heard_at, row.due_at, bytes(row.state)) for row in found] == [
            ("d'0\\", 0, 7, b""),
            ("d'1\\", 1, 7, b""),
            ("d'2\\", 2, None, b"\x00\x02\xff"),
        ]
        assert connection.execute(
            select(meta.c.key).where(meta.c.value == b"1").order_by(meta.c.key)
        ).scalars().all() == [
            "a",
            "b",
        ]


_NEWEST = (
    select(directory.c.id, directory.c.since)
    .where(directory.c.kind == bindparam("kind"), directory.c.since <= bindparam("until"))
    .order_by(directory.c.since.desc())
    .limit(2)
)
_ALL = select(directory.c.id).where(directory.c.kind == bindparam("kind"))


def test_questions_that_are_asked_together_have_the_answers_of_each(database: Database) -> None:
    asked = [{"kind": kind, "until": until} for kind in ("b", "none", "a") for until in (3, 1)]
    with database.write() as connection:
        hand = database.statements.on(connection)
        rows = [{**_CHANGE, "kind": kind, "id": f"{kind}{n}", "since": n} for n in (2, 1, 3) for kind in "ab"]
        hand.run_all(insert(directory).inline(), rows)
        together = hand.rows_of_each(_NEWEST, asked)
        assert together == [[tuple(row) for row in hand.rows(_NEWEST, one)] for one in asked]
        assert together[0] == [("b3", 3), ("b2", 2)]
        assert together[3] == []
        assert [len(found) for found in hand.rows_of_each(_ALL, [{"kind": kind} for kind in "bac"])] == [3, 3, 0]
        assert hand.rows_of_each(_ALL, []) == []


def test_a_look_sees_what_is_committed_and_not_what_is_under_way(database: Database) -> None:
    with database.write() as connection:
        database.statements.on(connection).run(_KEEP, {"key": "a", "value": b"a"})
        assert database.look(_ONE_OF, {"after": ""}) == []
    assert [key for key, _ in database.look(_ONE_OF, {"after": ""})] == ["a"]


@pytest.mark.servers
def test_a_connection_that_its_server_ended_is_not_asked_again(postgres_url: str) -> None:
    database, other = Database(postgres_url), Database(postgres_url)
    database.create()
    try:
        with database.write() as connection:
            database.statements.on(connection).run(_KEEP, {"key": "a", "value": b"a"})
        before = database.look(_BACKEND, {"nothing": ""})
        with other.write() as connection:
            ended = connection.exec_driver_sql(_END_ALL).scalars().all()
        assert len(ended) >= 2
        for _ in ended:
            assert [key for key, _ in database.look(_ONE_OF, {"after": ""})] == ["a"]
            with database.read() as connection:
                assert connection.execute(select(meta.c.key)).scalars().all() == ["a"]
            assert database.look(_BACKEND, {"nothing": ""}) != before
    finally:
        database.close()
        other.close()


def test_many_threads_may_look_at_once(database: Database) -> None:
    with database.write() as connection:
        database.statements.on(connection).run(_KEEP, {"key": "a", "value": b"a"})
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: database.look(_ONE_OF, {"after": ""}), range(300)))
    assert {tuple(key for key, _ in rows) for rows in found} == {("a",)}


def test_what_the_driver_says_of_the_world_is_store_unavailable(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE meta")
    if not database.is_sqlite:
        return  # a missing table is our own error there (ProgrammingError)
    with pytest.raises(StoreUnavailable, match="no such table"):
        database.look(_ONE_OF, {"after": ""})
    with pytest.raises(StoreUnavailable, match="no such table"), database.write() as connection:
        database.statements.on(connection).value(_ONE_OF, {"after": ""})


async def test_no_statement_of_an_alarm_reads_a_table_from_end_to_end(tmp_path: Path) -> None:
    with open_station(tmp_path, COMMUNITY) as station:
        await station.hears("shouwang/v1/devices/smoke-1/readings", {"readings": {"smoke": True}})
        station.phone("chief").receives("coverage_gap").within(seconds=1)
        await station.forward(seconds=1)
        texts = list(station.database.statements)
        assert any(deliveries.name in text and "SELECT" in text for text in texts)
        with sqlite3.connect(tmp_path / "state.sqlite") as driver:
            for text in texts:
                plan = [str(row[3]) for row in driver.execute(f"EXPLAIN QUERY PLAN {text}", [0] * text.count("?"))]
                scanned = {step.split()[1] for step in plan if step.startswith("SCAN") and not _is_partial(step)}
                assert scanned <= SMALL, json.dumps([text, plan])


def _is_partial(step: str) -> bool:
    return any(name in step for name in _PARTIAL)
