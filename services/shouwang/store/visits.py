"""Visits to dwellings: only ever added to; the newest of each counts."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, insert, or_, select

from shouwang.domain.visit import Visit, VisitResult
from shouwang.domain.vocabulary import PlaceId

from .database import Database
from .tables import visits

PLACES_A_QUERY = 500


class SqlVisits:
    """``api.doors.Visits``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, visit: Visit) -> None:
        row = {
            "place": visit.place,
            "at": visit.at,
            "result": visit.result.value,
            "actor": visit.actor,
            "note": visit.note,
        }
        with self._database.write() as connection:
            connection.execute(insert(visits), row)

    def newest(self, subtrees: Sequence[PlaceId]) -> list[Visit]:
        """The newest of each place within every one of the subtrees, by place."""
        last = select(func.max(visits.c.seq)).group_by(visits.c.place)
        statement = select(visits).where(visits.c.seq.in_(last)).order_by(visits.c.place)
        for place in subtrees:
            statement = statement.where(
                or_(visits.c.place == place, visits.c.place.startswith(f"{place}/", autoescape=True))
            )
        with self._database.read() as connection:
            return [
                Visit(
                    place=PlaceId(row.place),
                    at=row.at,
                    result=VisitResult(row.result),
                    actor=row.actor,
                    note=row.note,
                )
                for row in connection.execute(statement)
            ]

    def missed(self, places: Collection[PlaceId]) -> Mapping[PlaceId, int]:
        """How often nobody was home, by place; at most ``PLACES_A_QUERY`` places."""
        statement = (
            select(visits.c.place, func.count())
            .where(visits.c.place.in_(list(places)[:PLACES_A_QUERY]), visits.c.result == VisitResult.NOBODY_HOME.value)
            .group_by(visits.c.place)
        )
        with self._database.read() as connection:
            return {PlaceId(place): count for place, count in connection.execute(statement)}
