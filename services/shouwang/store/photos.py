"""Photos of devices as they hang: which files show a device, newest first; the contents are attachments."""

import msgspec
from sqlalchemy import select

from shouwang.domain.casefile import Attachment
from shouwang.domain.vocabulary import DeviceId

from .database import Database
from .tables import meta

KEPT = 6
"""Photos of one device: as it was mounted, and as it was changed since."""


class DevicePhotos:
    """``api.doors.DevicePhotos``. One row a device: they come with a signature, not with a reading."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, device: DeviceId) -> list[Attachment]:
        with self._database.read() as connection:
            return _read(connection.execute(select(meta.c.value).where(meta.c.key == _key(device))).scalar())

    def contents(self) -> set[str]:
        """Ids of every photo of every device."""
        statement = select(meta.c.value).where(meta.c.key.like("photos/%"))
        with self._database.read() as connection:
            return {one.id for value in connection.execute(statement).scalars() for one in _read(value)}

    def add(self, device: DeviceId, photo: Attachment) -> None:
        """The same photo again changes nothing."""
        with self._database.write() as connection:
            known = _read(connection.execute(select(meta.c.value).where(meta.c.key == _key(device))).scalar())
            if any(one.id == photo.id for one in known):
                return
            value = msgspec.json.encode([photo, *known][:KEPT])
            connection.execute(self._database.upsert(meta, "key"), {"key": _key(device), "value": value})


def _key(device: DeviceId) -> str:
    return f"photos/{device}"


def _read(value: bytes | None) -> list[Attachment]:
    return msgspec.json.decode(value, type=list[Attachment]) if value else []
