"""Drills, duty checks and verification campaigns, kept for reports."""

import msgspec
from sqlalchemy import select, tuple_

from shouwang.domain.board import Mark
from shouwang.domain.exercise import Exercise, ExerciseKind

from .database import Database
from .tables import exercises


class SqlExercises:
    """``flows.exercises.Exercised``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, exercise: Exercise) -> None:
        row = {
            "id": exercise.id,
            "kind": exercise.kind.value,
            "begun_at": exercise.begun_at,
            "ended_at": exercise.ended_at,
            "body": msgspec.json.encode(exercise).decode(),
        }
        with self._database.write() as connection:
            connection.execute(self._database.upsert(exercises, "id"), row)

    def get(self, id: str) -> Exercise | None:
        with self._database.read() as connection:
            body = connection.execute(select(exercises.c.body).where(exercises.c.id == id)).scalar()
        return msgspec.json.decode(body, type=Exercise) if body else None

    def live(self) -> list[Exercise]:
        found = self._database.look(_LIVE, {})
        return [msgspec.json.decode(body, type=Exercise) for (body,) in found]

    def newest(self, kind: ExerciseKind, after: Mark | None, limit: int) -> list[Exercise]:
        statement = select(exercises.c.body).where(exercises.c.kind == kind.value)
        if after is not None:
            statement = statement.where(tuple_(exercises.c.begun_at, exercises.c.id) < after)
        statement = statement.order_by(exercises.c.begun_at.desc(), exercises.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [msgspec.json.decode(body, type=Exercise) for body in connection.execute(statement).scalars()]


_LIVE = select(exercises.c.body).where(exercises.c.ended_at.is_(None)).order_by(exercises.c.begun_at)
