"""Pictures of places and the spots of devices on them, each change with its line of the journal.

A picture lies in the state database, so that it is where the plan is: in every backup, for every server. Its content is
written in parts under an id that nobody reads yet, then the plan's row names it; a change that died half-way leaves
parts that the next one of the same content takes over.
"""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from shouwang.domain.errors import Conflict
from shouwang.domain.journal import Entry
from shouwang.domain.plan import Plan, Spot
from shouwang.domain.vocabulary import DeviceId, PlaceId

from .database import Database
from .rows import entry_row
from .tables import journal, plan_pictures, plan_spots, plans

PART = 128 << 10
"""Bytes of one transaction: 2 ms of the one writer (docs/decisions/0024), however large the picture."""

SPOTS_A_STEP = 200


class SqlPlans:
    """``api.doors.Plans``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plans(self) -> Mapping[PlaceId, Plan]:
        """All of the site, by place: one for each building at most, seldom more."""
        with self._database.read() as connection:
            rows = connection.execute(select(plans.c.body).order_by(plans.c.place)).scalars()
            found = [msgspec.json.decode(body, type=Plan) for body in rows]
        return {one.place: one for one in found}

    def plan(self, place: str) -> Plan | None:
        with self._database.read() as connection:
            return _plan(connection, place)

    def picture(self, id: str) -> bytes | None:
        """Its content; None where it is not there any more."""
        statement = select(plan_pictures.c.content).where(plan_pictures.c.id == id).order_by(plan_pictures.c.part)
        with self._database.read() as connection:
            parts = list(connection.execute(statement).scalars())
        return b"".join(parts) if parts else None

    def spots(self, place: str) -> list[Spot]:
        statement = select(plan_spots.c.body).where(plan_spots.c.place == place).order_by(plan_spots.c.device)
        with self._database.read() as connection:
            return [msgspec.json.decode(body, type=Spot) for body in connection.execute(statement).scalars()]

    def spot(self, place: str, device: str) -> Spot | None:
        statement = select(plan_spots.c.body).where(plan_spots.c.place == place, plan_spots.c.device == device)
        with self._database.read() as connection:
            body = connection.execute(statement).scalar()
        return msgspec.json.decode(body, type=Spot) if body else None

    def draw(self, plan: Plan, content: bytes, entry: Entry) -> Plan:
        """Keeps the picture of a place, or takes a new one for it; spots stay. ``plan.picture`` is given here. Raises
        Conflict where somebody else changed the same plan meanwhile."""
        plan = msgspec.structs.replace(plan, picture=picture_id(plan.place, content))
        parts = [content[start : start + PART] for start in range(0, len(content), PART)]
        once = self._database.insert_once(plan_pictures, "id", "part")
        for number, part in enumerate(parts):
            with self._database.write() as connection:
                connection.execute(once, {"id": plan.picture, "part": number, "content": part})
        with self._database.write(cases=True) as connection:
            held = select(func.count()).select_from(plan_pictures).where(plan_pictures.c.id == plan.picture)
            if connection.execute(held).scalar() != len(parts):
                raise Conflict(f"the plan of {plan.place!r} is being changed by somebody else; look at it, try again")
            before = _plan(connection, plan.place)
            row = {"place": plan.place, "picture": plan.picture, "body": msgspec.json.encode(plan).decode()}
            connection.execute(self._database.upsert(plans, "place"), row)
            connection.execute(insert(journal), entry_row(entry))
        if before is not None and before.picture != plan.picture:
            self._forget(before.picture)
        return plan

    def remove(self, place: str, entry: Entry) -> bool:
        """With its spots and its picture; False where there is none."""
        with self._database.write(cases=True) as connection:
            before = _plan(connection, place)
            if before is None:
                return False
            connection.execute(delete(plans).where(plans.c.place == place))
            connection.execute(insert(journal), entry_row(entry))
        self._forget(before.picture)
        devices = [one.device for one in self.spots(place)]
        for start in range(0, len(devices), SPOTS_A_STEP):
            step = devices[start : start + SPOTS_A_STEP]
            with self._database.write() as connection:
                connection.execute(delete(plan_spots).where(plan_spots.c.place == place, plan_spots.c.device.in_(step)))
        return True

    def put(self, spots: Sequence[Spot], entries: Sequence[Entry]) -> None:
        """Places devices, or moves them."""
        rows = [{"place": one.place, "device": one.device, "body": msgspec.json.encode(one).decode()} for one in spots]
        for start in range(0, len(rows), SPOTS_A_STEP):
            with self._database.write(cases=True) as connection:
                connection.execute(
                    self._database.upsert(plan_spots, "place", "device"), rows[start : start + SPOTS_A_STEP]
                )
                told = [entry_row(one) for one in entries[start : start + SPOTS_A_STEP]]
                if told:
                    connection.execute(insert(journal), told)

    def lift(self, place: str, device: DeviceId, entry: Entry) -> bool:
        """Takes a device off; False where it was not there."""
        statement = delete(plan_spots).where(plan_spots.c.place == place, plan_spots.c.device == device)
        with self._database.write(cases=True) as connection:
            if connection.execute(statement).rowcount == 0:
                return False
            connection.execute(insert(journal), entry_row(entry))
        return True

    def _forget(self, picture: str) -> None:
        """Parts of a picture that no plan shows any more, the last first: what is left of one has a gap at its end, and
        is seen to be incomplete."""
        with self._database.read() as connection:
            numbers = list(
                connection.execute(
                    select(plan_pictures.c.part)
                    .where(plan_pictures.c.id == picture)
                    .order_by(plan_pictures.c.part.desc())
                ).scalars()
            )
        for number in numbers:
            with self._database.write() as connection:
                shown = connection.execute(select(plans.c.place).where(plans.c.picture == picture)).scalar()
                if shown is not None:
                    return
                connection.execute(
                    delete(plan_pictures).where(plan_pictures.c.id == picture, plan_pictures.c.part == number)
                )


def picture_id(place: str, content: bytes) -> str:
    """Of one place and content: two places never share a picture, so that each is forgotten with its plan."""
    return hashlib.sha256(place.encode() + b"\0" + content).hexdigest()


def _plan(connection: Connection, place: str) -> Plan | None:
    body = connection.execute(select(plans.c.body).where(plans.c.place == place)).scalar()
    return msgspec.json.decode(body, type=Plan) if body else None
