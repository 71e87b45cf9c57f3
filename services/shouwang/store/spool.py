"""Readings on their way from the acceptance to the reading store: one compact row a batch."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import bindparam, delete, func, select

from shouwang.domain.vocabulary import DeviceId, Instant, Reading, Scalar
from shouwang.ports import SpooledBatch

from .database import Database
from .tables import spool

_Packed = tuple[str, str, Scalar, Instant, Instant, str, bool]
_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(list[_Packed])


class SqlSpool:
    """``ports.Spool``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, limit: int) -> list[SpooledBatch]:
        with self._database.read() as connection:
            rows = connection.execute(select(spool.c.seq, spool.c.body).order_by(spool.c.seq).limit(limit)).all()
        return [SpooledBatch(row.seq, unpack_readings(row.body)) for row in rows]

    def trim(self, seqs: Collection[int]) -> None:
        with self._database.write() as connection:
            connection.execute(_TRIM, {"seqs": list(seqs)})

    def backlog(self) -> tuple[int, Instant | None]:
        """The oldest is trimmed first, so the count is a difference of sequence numbers (on PostgreSQL a little more,
        where acceptances rolled back): counting rows would read a backlog of days, hundreds of megabytes, from disk."""
        with self._database.read() as connection:
            oldest = connection.execute(select(spool.c.seq, spool.c.at).order_by(spool.c.seq).limit(1)).first()
            newest = connection.execute(select(func.max(spool.c.seq))).scalar()
        return (newest - oldest.seq + 1, oldest.at) if oldest and newest else (0, None)


def pack_readings(readings: Sequence[Reading]) -> bytes:
    return _encode([(r.device, r.metric, r.value, r.measured_at, r.received_at, r.part, r.late) for r in readings])


def unpack_readings(body: bytes) -> list[Reading]:
    return [Reading(DeviceId(packed[0]), *packed[1:]) for packed in _decoder.decode(body)]


_TRIM = delete(spool).where(spool.c.seq.in_(bindparam("seqs", expanding=True)))
