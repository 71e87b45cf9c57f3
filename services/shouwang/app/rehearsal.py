"""Exercises from the command line: rows that the running service finds, and what became of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from shouwang.app.clock import SystemClock
from shouwang.app.equipment import load_equipment
from shouwang.domain.exercise import Exercise, Score, score
from shouwang.domain.vocabulary import Value
from shouwang.flows.exercises import Exercises
from shouwang.flows.respond import Respond
from shouwang.registry.holidays import calendar_of
from shouwang.settings import Settings
from shouwang.store.board import SqlBoard
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.exercises import SqlExercises
from shouwang.store.transactions import SqlCasebook


class Card(Value, frozen=True):
    exercise: Exercise
    score: Score


class Rehearsal:
    def __init__(self, settings: Settings, database: Database) -> None:
        clock = SystemClock()
        self._board = SqlBoard(database)
        self._kept = SqlExercises(database)
        casebook = SqlCasebook(database)
        directory = SqlDirectory(database, clock.now, fallback=settings.site_fallback, calendar=calendar_of)
        equipment = load_equipment(settings)
        self.exercises = Exercises(
            casebook,
            self._kept,
            self._board,
            directory,
            Respond(casebook, directory, clock),
            clock,
            policies=lambda: equipment.policies,
            channels=(),
        )

    def is_under_way(self, id: str) -> bool:
        found = self._kept.get(id)
        return found is not None and found.ended_at is None

    def card(self, id: str) -> Card:
        """Of an exercise that was begun."""
        found = self._kept.get(id)
        incident = self._board.incident(found.incident) if found else None
        assert found is not None and incident is not None
        return Card(found, score(found, incident, self._board.deliveries_of([incident.id]).get(incident.id, [])))


@contextmanager
def open_rehearsal(settings: Settings) -> Iterator[Rehearsal]:
    """Works while the service runs, which finds what is begun within a second."""
    database = Database(settings.state_url, checkpoints=False)
    try:
        database.create()
        yield Rehearsal(settings, database)
    finally:
        database.close()
