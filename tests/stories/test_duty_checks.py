"""Duty checks at random moments, by several servers on one database: planned once, asked once, through restarts."""

from collections.abc import Iterator
from math import exp
from pathlib import Path
from random import Random
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.station import Station, open_station
from shouwang.domain.duty_check import LATE, Plan, due_checks, plan_of_day
from shouwang.domain.exercise import ExerciseKind
from shouwang.domain.vocabulary import DAY, MINUTE, SECOND
from shouwang.flows.exercises import PLAN, Exercises
from shouwang.flows.respond import Respond
from shouwang.store.board import SqlBoard
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.exercises import SqlExercises
from shouwang.store.facts import Facts
from shouwang.store.transactions import SqlCasebook

A_DAY = 4.0
COMPOUND = """
site: {fallback: guard}
places:
  - {id: cj/dm/jy, kind: compound, name: 锦苑}
  - {id: cj/dm/jy/b1, kind: building, name: 1号楼}
  - {id: cj/dm/jy/b2, kind: building, name: 2号楼}
people:
  - {id: guard, name: 值班员, channels: [{kind: webhook, url: "{phone:guard}"}]}
posts:
  - {place: cj/dm/jy, post: desk_operator, person: guard}
zones:
  - {id: east, kind: party, name: 东, places: [cj/dm/jy/b1], members: [guard], fallback: guard}
  - {id: west, kind: party, name: 西, places: [cj/dm/jy/b2], members: [guard], fallback: guard}
"""

pytestmark = pytest.mark.servers


def in_seconds(*seconds: float) -> list[float]:
    """Throws that give moments so long after one another."""
    return [1 - exp(-one * A_DAY / 86_400) for one in seconds]


@pytest.fixture(params=["sqlite", "postgres"])
def station(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Station]:
    state = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    with open_station(tmp_path, COMPOUND, state=state) as opened:
        yield opened


class Server:
    """Exercises of one server process, on a connection of its own."""

    def __init__(self, station: Station, dice: list[float]) -> None:
        self.dice = dice
        self.database = Database(station.database.engine.url.render_as_string(hide_password=False))
        casebook, clock = SqlCasebook(self.database), station.clock
        directory = SqlDirectory(self.database, clock.now)
        self.exercises = Exercises(
            casebook,
            SqlExercises(self.database),
            SqlBoard(self.database),
            directory,
            Respond(casebook, directory, clock),
            clock,
            policies=list,
            channels=["webhook"],
            decisions=Facts(self.database),
            checks_a_day=A_DAY,
            chance=lambda: self.dice.pop(0) if self.dice else 0.999999,
        )

    def asked(self) -> list[str]:
        return [one.id for one in self.exercises.newest(ExerciseKind.DUTY_CHECK, None, 100)]

    def planned(self) -> Plan:
        return msgspec.json.decode(cast(bytes, Facts(self.database).get(PLAN)), type=Plan)


async def forward(station: Station, *servers: Server, seconds: int) -> None:
    for _ in range(seconds):
        await station.forward(seconds=1)
        for server in servers:
            server.exercises.look()
        await station.settles()


async def test_two_servers_ask_a_desk_once_at_the_moment_that_one_of_them_drew(station: Station) -> None:
    one, other = Server(station, in_seconds(30)), Server(station, in_seconds(15, 30))
    await forward(station, one, other, seconds=20)
    assert one.asked() == []
    await forward(station, one, other, seconds=25)
    station.phone("guard").receives("drill", "查岗")
    assert len(one.asked()) == len(station.incidents()) == 1
    assert other.dice == in_seconds(15, 30), "whoever comes second draws nothing"


async def test_a_desk_of_two_zones_is_asked_for_the_first_of_them_only(station: Station) -> None:
    one = Server(station, [*in_seconds(20), 0.999999, *in_seconds(25)])
    await forward(station, one, seconds=45)
    station.phone("guard").receives("drill", "查岗")
    assert len(one.asked()) == 1
    assert all(one.planned().checks.values()), "both zones have a moment today"


async def test_a_restart_neither_forgets_nor_repeats(station: Station) -> None:
    await forward(station, Server(station, in_seconds(30, 300)), seconds=12)
    again = Server(station, [])
    await forward(station, again, seconds=33)
    station.phone("guard").receives("drill", "查岗")
    await forward(station, Server(station, []), seconds=15)
    assert len(again.asked()) == 1
    station.respond.acknowledge(station.incident().id, actor="guard")
    station.clock.set(station.clock.now() + 5 * MINUTE)
    late = Server(station, [])
    await forward(station, late, seconds=15)
    station.phone("guard").receives("drill", "查岗")
    assert len(late.asked()) == 2, "what was due while nobody served is asked a little later"


async def test_a_server_that_died_before_anybody_was_asked_is_made_up_for(station: Station) -> None:
    first = Server(station, in_seconds(20))
    await forward(station, first, seconds=12)
    casebook = first.exercises._casebook

    def dies() -> object:
        raise KeyboardInterrupt

    casebook.change = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        await forward(station, first, seconds=30)
    assert station.incidents() == []
    assert len(first.asked()) == 1
    await forward(station, Server(station, []), seconds=15)
    station.phone("guard").receives("drill", "查岗")
    assert len(first.asked()) == len(station.incidents()) == 1


@given(seed=st.integers(0, 10_000), a_day=st.floats(0, 48), steps=st.lists(st.integers(1, 40), max_size=12))
def test_a_moment_once_planned_stays_until_it_is_too_late(seed: int, a_day: float, steps: list[int]) -> None:
    chance, now = Random(seed).random, 20_000 * DAY + 5 * SECOND
    plan = plan_of_day(None, ["a", "b"], now, a_day=a_day, chance=chance)
    for hours in steps:
        before, now = plan, now + hours * 60 * MINUTE // 4
        plan = plan_of_day(before, ["a", "b", "c"], now, a_day=a_day, chance=chance)
        ahead = {(zone, at) for zone, moments in before.checks.items() for at in moments if at > now - LATE}
        assert ahead <= {(zone, at) for zone, moments in plan.checks.items() for at in moments}
        assert plan_of_day(plan, ["a", "b", "c"], now + SECOND, a_day=a_day, chance=chance) is plan
        assert all(now - LATE < at <= now for _, at in due_checks(plan, now))


def test_as_many_checks_as_the_setting_says_come_on_average() -> None:
    chance = Random(1).random
    plans = [plan_of_day(None, ["a"], day * DAY, a_day=6, chance=chance) for day in range(2000)]
    assert 5.8 < sum(len(plan.checks["a"]) for plan in plans) / 2000 < 6.2
