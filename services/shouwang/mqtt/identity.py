"""Which session the broker keeps for us: an id that lives as long as the broker's memory of us."""

import secrets

from shouwang.ports import FactStore


class SessionMemory:
    """Holds the id of the present session over restarts of ours.

    With the packet id it tells the broker's own redelivery from a new message (``Arrival.session``): packet ids begin
    anew with every session, so an id must not outlive the session that it names.
    """

    def __init__(self, facts: FactStore, client_id: str) -> None:
        self._facts = facts
        self._key = f"mqtt.session.{client_id}"

    def session(self, *, present: bool) -> str:
        """The session's id after a CONNACK: the kept one when the broker still has the session (MQTT 5 section
        3.2.2.1.1), else a new one, kept before anything can be delivered under it. Raises StoreUnavailable."""
        if present and (kept := self._facts.get(self._key)):
            return kept.decode()
        fresh = secrets.token_hex(6)
        self._facts.put(self._key, fresh.encode())
        return fresh


class BriefMemory:
    """For sessions that end with their connection: nothing to remember. A ``FactStore``."""

    def get(self, key: str) -> bytes | None:
        return None

    def put(self, key: str, value: bytes) -> None:
        pass
