"""What is told, why, and how each attempt to tell it stands.

A Notification is one message about an incident with its named reason; dispatch expands it into deliveries, one for
each person and channel. A delivery has one key for life: retries, restarts and storms reuse it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from shouwang.domain.errors import IllegalMove
from shouwang.domain.vocabulary import AlertId, DeliveryKey, IncidentId, Instant, NoticeId, PersonId, Value


class Why(StrEnum):
    FIRST = "first"
    WORSE = "worse"
    NEXT_STEP = "next_step"
    REPEAT = "repeat"
    VERIFIED = "verified"
    STOOD_DOWN = "stood_down"
    CLEARED = "cleared"
    COVERAGE_GAP = "coverage_gap"
    DRILL = "drill"
    TEST = "test"


def notice_rank(why: Why) -> int:
    """The order in which work leaves: a first notice before all else, escalation before a storm's updates."""
    match why:
        case Why.FIRST:
            return 0
        case Why.WORSE | Why.NEXT_STEP | Why.VERIFIED | Why.COVERAGE_GAP:
            return 1
        case _:
            return 2


class Notice(Value, frozen=True, kw_only=True):
    """Work for dispatch. ``tell`` holds targets as policies write them (``post:patrol``, ``roster:ID``, ``zone``,
    ``zone:KIND``, ``person:ID``) or ``told`` (everybody told so far of this incident) or ``holder``."""

    id: NoticeId
    incident: IncidentId
    why: Why
    tell: list[str]
    created_at: Instant
    step: int | None = None
    alert: AlertId | None = None
    detail: str = ""


class DeliveryState(StrEnum):
    QUEUED = "queued"
    LEASED = "leased"
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    ANSWERED = "answered"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class DeliveryEvent(StrEnum):
    LEASE = "lease"
    GIVE_BACK = "give_back"
    ACCEPT = "accept"
    CONFIRM = "confirm"
    OPEN = "open"
    ANSWER = "answer"
    FAIL = "fail"
    REFUSE = "refuse"
    CANCEL = "cancel"


class Delivery(Value, frozen=True, kw_only=True):
    """One attempt series to one person on one channel. ``contact`` is the index in the person's channels."""

    key: DeliveryKey
    notice: NoticeId
    incident: IncidentId
    person: PersonId
    channel: str
    contact: int
    why: Why
    state: DeliveryState
    created_at: Instant
    due_at: Instant
    attempts: int = 0
    step: int | None = None
    alert: AlertId | None = None
    sent_at: Instant | None = None
    delivered_at: Instant | None = None
    seen_at: Instant | None = None
    answered_at: Instant | None = None
    detail: str = ""
    failure: "Failure | None" = None
    """Of the newest attempt, None where it did not fail."""
    reference: str = ""
    """How the gateway calls it: its receipts name it so."""
    lease_holder: str = ""
    lease_until: Instant | None = None
    """Who sends it now, and until when nobody else may."""


class Failure(StrEnum):
    """What an attempt failed of. ``auth``: the gateway does not accept us (a key, a balance, a template: ours to mend);
    ``rate``: it, or our own budget, wants fewer messages; ``refused``: it will not carry this one to this address;
    ``unreachable``: it, or the telephone, is away; ``no_answer``: it rang and nobody answered."""

    AUTH = "auth"
    RATE = "rate"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"


class Sent(Value, frozen=True):
    """The gateway accepted it."""

    reference: str = ""


class Unreachable(Value, frozen=True):
    """Try again later; the person's next channel goes at once. ``retry_after`` in microseconds, when the gateway
    says."""

    detail: str
    retry_after: int | None = None
    failure: Failure = Failure.UNREACHABLE


class Refused(Value, frozen=True):
    """Never try again: this channel cannot reach this person."""

    detail: str
    failure: Failure = Failure.REFUSED


Outcome = Sent | Unreachable | Refused


class Message(Value, frozen=True, kw_only=True):
    """What a channel sends. ``body`` is the webhook document of DESIGN section 7, ready to serialise; ``text`` one
    line of it for channels that carry text. Never a name, health or phone."""

    key: DeliveryKey
    text: str
    body: dict[str, object] = msgspec.field(default_factory=dict)


S, E = DeliveryState, DeliveryEvent
DELIVERY_MOVES: Mapping[tuple[DeliveryState, DeliveryEvent], DeliveryState] = {
    (S.QUEUED, E.LEASE): S.LEASED,
    (S.UNREACHABLE, E.LEASE): S.LEASED,
    (S.LEASED, E.GIVE_BACK): S.QUEUED,
    (S.LEASED, E.ACCEPT): S.SENT,
    (S.LEASED, E.FAIL): S.UNREACHABLE,
    (S.LEASED, E.REFUSE): S.REFUSED,
    (S.SENT, E.CONFIRM): S.DELIVERED,
    (S.SENT, E.FAIL): S.UNREACHABLE,
    (S.SENT, E.REFUSE): S.REFUSED,
    (S.SENT, E.OPEN): S.SEEN,
    (S.DELIVERED, E.OPEN): S.SEEN,
    (S.SENT, E.ANSWER): S.ANSWERED,
    (S.DELIVERED, E.ANSWER): S.ANSWERED,
    (S.SEEN, E.ANSWER): S.ANSWERED,
    (S.LEASED, E.ANSWER): S.ANSWERED,
    (S.UNREACHABLE, E.ANSWER): S.ANSWERED,
    (S.QUEUED, E.CANCEL): S.CANCELLED,
    (S.UNREACHABLE, E.CANCEL): S.CANCELLED,
    (S.LEASED, E.CANCEL): S.CANCELLED,
}
"""The whole machine. A gateway that accepted a message may yet report that it did not arrive; delivered and seen only
move forward; refused, answered and cancelled are ends."""
del S, E


def move_delivery(state: DeliveryState, event: DeliveryEvent) -> DeliveryState:
    """The next state. Raises IllegalMove and changes nothing where the table has none."""
    try:
        return DELIVERY_MOVES[state, event]
    except KeyError:
        raise IllegalMove(f"a delivery that is {state} cannot {event}") from None


def answered(delivery: Delivery, now: Instant) -> Delivery | None:
    """The delivery after its person acted; None where that changes nothing. One that is being sent is left to its
    sender."""
    if delivery.state is DeliveryState.LEASED or (delivery.state, DeliveryEvent.ANSWER) not in DELIVERY_MOVES:
        return None
    state = move_delivery(delivery.state, DeliveryEvent.ANSWER)
    return msgspec.structs.replace(delivery, state=state, answered_at=now)


def hearers(told: Iterable[tuple[str, str]]) -> list[PersonId]:
    """Who has heard of an incident, or may have, by (person, delivery state), each once: not those whose every message
    was refused or taken back before it was sent."""
    unheard = (DeliveryState.REFUSED, DeliveryState.CANCELLED)
    return list(dict.fromkeys(PersonId(person) for person, state in told if state not in unheard))
