"""Lists of silences, maintenance, permits and shelves; and what was raised, for the alarm figures."""

from collections.abc import Collection

import msgspec
from sqlalchemy import or_, select

from shouwang.domain.alert import AlertState
from shouwang.domain.board import Mark
from shouwang.domain.figures import Raise
from shouwang.domain.suppression import Hold, HoldKind
from shouwang.domain.vocabulary import Instant, PlaceId, Severity

from .database import Database
from .tables import alerts, holds, journal

RAISES_AT_MOST = 100_000
"""Of one report, the newest: some hundred times what one desk can bear in a month."""


class _Facts(msgspec.Struct):
    subject: str = ""
    severity: Severity = Severity.INFO
    test: bool = False
    state: AlertState = AlertState.UNACKED


class _Body(msgspec.Struct):
    """As much of an entry ``alert.raised`` as is counted; the rest is passed over unread."""

    rule: str = ""
    facts: _Facts = msgspec.field(default_factory=_Facts)


_body = msgspec.json.Decoder(_Body)


class SqlHolds:
    """``api.doors.Holds``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def holds(self, kind: HoldKind, *, ended: bool, after: Mark | None, limit: int) -> list[Hold]:
        """Newest first; ``ended``: those too that are over and leave nothing to do."""
        wanted = [holds.c.kind == kind.value]
        if not ended:
            wanted.append(holds.c.state != "ended")
        if after is not None:
            at, id = after
            wanted.append(or_(holds.c.made_at < at, (holds.c.made_at == at) & (holds.c.id < id)))
        statement = select(holds.c.body).where(*wanted).order_by(holds.c.made_at.desc(), holds.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [msgspec.json.decode(body, type=Hold) for body in connection.execute(statement).scalars()]

    def hold(self, id: str) -> Hold | None:
        with self._database.read() as connection:
            body = connection.execute(select(holds.c.body).where(holds.c.id == id)).scalar()
        return msgspec.json.decode(body, type=Hold) if body is not None else None

    def open_holds(self) -> list[Hold]:
        """All that have not ended."""
        with self._database.read() as connection:
            bodies = connection.execute(select(holds.c.body).where(holds.c.state == "on")).scalars()
            return [msgspec.json.decode(body, type=Hold) for body in bodies]

    def raises(
        self, start: Instant, end: Instant, places: Collection[PlaceId], most: int = RAISES_AT_MOST
    ) -> list[Raise]:
        """What was raised in this time within every one of these places, oldest first, at most the newest ``most``;
        held ones marked."""
        wanted = [journal.c.kind == "alert.raised", journal.c.at >= start, journal.c.at < end]
        for place in places:
            wanted.append(or_(journal.c.place == place, journal.c.place.startswith(f"{place}/", autoescape=True)))
        statement = (
            select(journal.c.at, journal.c.alert, journal.c.body)
            .where(*wanted)
            .order_by(journal.c.at.desc())
            .limit(most)
        )
        held = select(journal.c.at, journal.c.alert).where(
            journal.c.kind == "alert.held", journal.c.at >= start, journal.c.at < end
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
            kept = {(row.at, row.alert) for row in connection.execute(held)}
        return [_raise(row.at, row.body, (row.at, row.alert) in kept) for row in reversed(rows)]

    def true_since(self, places: Collection[PlaceId]) -> list[Instant]:
        """When each alarm that asks somebody to act, and whose condition is true now, was raised."""
        wanted = [alerts.c.state.in_((AlertState.UNACKED.value, AlertState.ACKED.value)), alerts.c.severity <= 2]
        for place in places:
            wanted.append(or_(alerts.c.place == place, alerts.c.place.startswith(f"{place}/", autoescape=True)))
        with self._database.read() as connection:
            return list(connection.execute(select(alerts.c.raised_at).where(*wanted)).scalars())


def _raise(at: Instant, body: str, held: bool) -> Raise:
    said = _body.decode(body)
    facts = said.facts
    is_out = facts.state is AlertState.OUT_OF_SERVICE
    return Raise(at, said.rule, facts.subject, facts.severity, held or is_out, facts.test)
