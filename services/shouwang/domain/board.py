"""What the board shows beside alerts and incidents, and the questions it is asked."""

from shouwang.domain.alert import AlertClass
from shouwang.domain.vocabulary import Instant, PlaceId, Severity, Value

Mark = tuple[Instant, str]
"""Where a page ended: the instant and id of its last item. Lists run from newest to oldest."""


class CaseQuery(Value, frozen=True, kw_only=True):
    """Which alerts or incidents: every given key must fit. ``places``: within every one of these subtrees.
    ``classes``: of alerts."""

    states: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset()
    places: tuple[PlaceId, ...] = ()
    device: str | None = None
    incident: str | None = None
    rule: str | None = None
    classes: frozenset[AlertClass] = frozenset()


class DeliveryQuery(Value, frozen=True, kw_only=True):
    """Which deliveries. ``places``: of incidents within every one of these subtrees."""

    states: frozenset[str] = frozenset()
    incident: str | None = None
    person: str | None = None
    places: tuple[PlaceId, ...] = ()


class EntryQuery(Value, frozen=True, kw_only=True):
    """Which journal entries. ``kind`` ending in ``.`` means all that begin so (``incident.``)."""

    kind: str | None = None
    actor: str | None = None
    incident: str | None = None
    device: str | None = None
    place: str | None = None
    """It and all below it; an entry about an incident lies where that is."""
    start: Instant | None = None
    end: Instant | None = None


class StrayMessage(Value, frozen=True, kw_only=True):
    """未识别报文: a quarantined arrival. ``size`` is that of the whole message; ``payload`` may be its beginning."""

    seq: int
    at: Instant
    topic: str
    payload: bytes
    size: int
    reason: str
    detail: str
    family: str
    device: str


class StrayDevice(Value, frozen=True, kw_only=True):
    """A device that was heard and that nobody registered, with its newest raw message."""

    address: str
    first_at: Instant
    last_at: Instant
    profile: str
    model: str
    kind: str
    topic: str
    payload: bytes
    refusal: str = ""
    """Why its newest message could not be read; empty where it could."""
    detail: str = ""


class ReasonCount(Value, frozen=True):
    """How many messages were quarantined for a reason, and when the newest was."""

    reason: str
    count: int
    newest_at: Instant


class KeptReply(Value, frozen=True, kw_only=True):
    """The answer to a POST that carried an Idempotency-Key. ``request``: hash of what was asked."""

    request: str
    status: int
    body: bytes
