"""The chain's own proof: a message through the broker and the acceptance, looked for at the other end.

A SUBACK proves nothing (Mosquitto grants what its ACL denies), a ping proves a socket. Only a message of ours that was
received, decided and committed proves that an alarm would be.
"""

import msgspec

from shouwang.domain.vocabulary import Duration, Instant, Value
from shouwang.flows.intake import CANARY_FACT, CANARY_TOPIC
from shouwang.ports import Clock, FactStore, Publisher


class Proof(Value, frozen=True):
    """The newest probe that was committed: sent when, and how long it took."""

    sent_at: Instant
    took: Duration


class Canary:
    """Sends probes and looks for the newest that came through. ``started_at``: only probes of this run count as its."""

    def __init__(self, publisher: Publisher, facts: FactStore, clock: Clock) -> None:
        self._publisher = publisher
        self._facts = facts
        self._clock = clock
        self.started_at = clock.now()

    def send(self) -> None:
        """Publishes one probe; without a connection it does nothing, and the age of the last proof says so."""
        if self._publisher.connected:
            payload = msgspec.json.encode({"at": self._clock.now()})
            self._publisher.publish(CANARY_TOPIC, payload, retain=False, done=_nothing)

    def proof(self) -> Proof | None:
        """The newest probe of this run that intake committed."""
        proof = newest_proof(self._facts)
        return proof if proof is not None and proof.sent_at >= self.started_at else None


def newest_proof(facts: FactStore) -> Proof | None:
    """The newest probe of any run that intake committed."""
    kept = facts.get(CANARY_FACT)
    fact = msgspec.json.decode(kept, type=dict[str, object]) if kept else {}
    sent, committed = fact.get("at"), fact.get("committed_at")
    if not isinstance(sent, int) or not isinstance(committed, int):
        return None
    return Proof(sent, max(0, committed - sent))


def _nothing() -> None:
    pass
