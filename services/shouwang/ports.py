"""What flows need from outside, as Protocols with their full contracts.

Ports of the state database are synchronous: each transaction is short and runs in a thread of its caller (the ear's
intake thread, the API's thread pool, ``asyncio.to_thread`` in dispatch), which costs less than an async driver and
cannot be cancelled half-way (docs/decisions). Channels are asynchronous, because they wait for the world.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

import msgspec

from shouwang.domain.alert import Alert
from shouwang.domain.alert import Order as Order
from shouwang.domain.announcement import Announcement as Announcement
from shouwang.domain.codec import Answers, CodecCall
from shouwang.domain.community import Community
from shouwang.domain.duty import Contact, Person
from shouwang.domain.incident import Incident
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery, Message, Notice, Outcome
from shouwang.domain.pulse import Look
from shouwang.domain.standing import DeviceState
from shouwang.domain.subscription import Subscription
from shouwang.domain.suppression import Hold
from shouwang.domain.vocabulary import (
    AlertId,
    Arrival,
    DeliveryKey,
    DeviceId,
    Duration,
    IncidentId,
    Instant,
    NoticeId,
    PlaceId,
    Reading,
    Refusal,
    Value,
)


class Clock(Protocol):
    def now(self) -> Instant:
        """The present instant. May step; decisions clamp a time that runs backwards."""
        ...


class Points(Protocol):
    """Named fault points: a no-op in the product, the place where tests kill the process."""

    def reach(self, name: str) -> None: ...


# The ear --------------------------------------------------------------------------------------------------------------


class Batch(Protocol):
    """Arrivals in the order of the broker, with their acknowledgement."""

    arrivals: Sequence[Arrival]

    def acknowledge(self) -> None:
        """Sends the PUBACKs in order. Call once, after the commit; never raises for a lost link (the broker will
        redeliver, and the acceptance recognises it)."""
        ...


class Feed(Protocol):
    """The queue between the session and intake, bounded by the session's receive maximum."""

    def next_batch(self, timeout: float) -> Batch | None:
        """Whatever has arrived since the last call, at most the feed's bounds in count and bytes; blocks up to
        ``timeout`` seconds only when nothing has. An idle line waits for nothing."""
        ...


class Publisher(Protocol):
    """Publishes on the ear's own connection."""

    def publish(self, topic: str, payload: bytes, *, retain: bool, done: "Settled", qos: int = 1) -> None:
        """Never blocks. ``done()`` is called once from the session's thread when the PUBACK came; after a lost link it
        is not called, and the caller publishes again after ``connected`` turned true. A broker that refuses the message
        acknowledges it too: it is counted, and would be refused again. At QoS 0 ``done`` is never called."""
        ...

    @property
    def connected(self) -> bool: ...


class Settled(Protocol):
    def __call__(self) -> None: ...


# Foreign code ---------------------------------------------------------------------------------------------------------


class Codecs(Protocol):
    """Vendors' decoders of payloads, run where they can harm nobody."""

    def run(self, calls: Iterable[CodecCall]) -> Answers:
        """An answer to each call. Never raises for a codec's fault, which is an answer with a problem that names the
        codec; bounded in time, whatever the codecs do."""
        ...


class Precaution(Protocol):
    """Against a message that ends the process which reads it."""

    def take(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Notes that these are in hand too, beside those taken since ``put_down``, where a death leaves it; gives those
        that were in hand at the last death and were not given since."""
        ...

    def deadly(self, reads: Sequence[Callable[[], object]]) -> list[str]:
        """Of each: how processes of their own ended, twice, that did nothing but this; empty where one lived. Costs
        one process where all read well. Raises Unavailable where somebody else kills them all."""
        ...

    def put_down(self) -> None:
        """Nothing is in hand any more."""
        ...


# The state database ---------------------------------------------------------------------------------------------------


class Quarantined(Value, frozen=True, kw_only=True):
    """A raw arrival that could not be read, with its reason."""

    arrival: Arrival
    refusal: Refusal
    family: str = ""
    device: str = ""


class Heard(Value, frozen=True, kw_only=True):
    """A device that nobody registered: address, what the family announced of it, its newest raw message."""

    address: str
    at: Instant
    profile: str
    model: str
    kind: str
    topic: str
    payload: bytes
    refusal: str = ""
    """Why its newest message could not be read; empty where it could. Then model, profile and kind stay as known."""
    detail: str = ""
    spoke: bool = True
    """False: its family announced it, and nothing of its own was heard; then topic and payload stay as known."""


class Reread(Value, frozen=True, kw_only=True):
    """A claimed device whose quarantined messages are to be read again. ``topic``: where it was heard last, because a
    message that could not be read may not have named it."""

    seq: int
    address: str
    topic: str
    at: Instant


class Transaction(Protocol):
    """One transaction of the state database, open for deciding. What is written is seen by what is read later in the
    same transaction. Leaving the block commits; an exception rolls all of it back."""

    def alert(self, id: AlertId) -> Alert | None: ...

    def alerts(self, ids: Collection[AlertId]) -> Mapping[AlertId, Alert]:
        """Those of them that there are, asked together; so with the two below."""
        ...

    def open_alert(self, rule: str, subject: str) -> Alert | None:
        """The alert of (rule, subject) that is not back to normal: at most one (a unique index)."""
        ...

    def open_alerts_of(self, device: DeviceId) -> list[Alert]:
        """Alerts about a device that are not back to normal, oldest first."""
        ...

    def alerts_of(self, incident: IncidentId) -> list[Alert]: ...

    def newest_alert(self, rule: str, subject: str) -> Alert | None:
        """The last one raised of (rule, subject), open or not."""
        ...

    def alerts_held_by(self, id: str, limit: int) -> list[Alert]:
        """Alerts that a hold or another alert keeps from being told, and those of danger to life under a permit."""
        ...

    def holds(self) -> list[Hold]:
        """Silences, maintenance, permits and shelves that have not ended; whether each holds now is for the caller."""
        ...

    def hold(self, id: str) -> Hold | None: ...

    def keep_hold(self, hold: Hold, due_at: Instant | None) -> None:
        """``due_at``: when it must be looked at; None when nothing of it is left to end."""
        ...

    def heard_behind(self, devices: Collection[DeviceId]) -> Mapping[DeviceId, str]:
        """The address of the gateway behind which each of these devices was heard, where its messages told."""
        ...

    def raised_since(self, device: DeviceId, since: Instant) -> list[Entry]:
        """What the journal says of alerts of a device that were raised or repeated since an instant, oldest first."""
        ...

    def entries_of(self, incident: IncidentId, kind: str, actor: str) -> list[Entry]:
        """What the journal says that somebody did to an incident, oldest first, but for what this transaction itself
        records."""
        ...

    def incident(self, id: IncidentId) -> Incident | None: ...

    def incidents(self, ids: Collection[IncidentId]) -> Mapping[IncidentId, Incident]: ...

    def open_incident(self, group: str, resolved_after: Instant) -> Incident | None:
        """The newest incident of the group that is neither resolved nor closed, or was resolved after the instant."""
        ...

    def told(self, incident: IncidentId) -> list[tuple[str, str]]:
        """(person, delivery state) of all deliveries of the incident so far, oldest first."""
        ...

    def deliveries_of(self, incident: IncidentId) -> list[Delivery]:
        """Oldest first."""
        ...

    def deliveries_of_each(self, incidents: Collection[IncidentId]) -> Mapping[IncidentId, list[Delivery]]: ...

    def keep_alert(self, alert: Alert) -> None: ...

    def keep_incident(self, incident: Incident) -> None: ...

    def keep_delivery(self, delivery: Delivery) -> None: ...

    def make_notice(self, notice: Notice) -> None:
        """Queues work for dispatch; a notice whose id exists is ignored."""
        ...

    def notices(self, limit: int) -> list[tuple[Notice, PlaceId | None]]:
        """As ``Outbox.notices``, each with the place of its incident (None where that is missing): as of now, and what
        is given here no other transaction expands until this one ends."""
        ...

    def expanded(self, notice: NoticeId, at: Instant) -> bool:
        """Marks a notice as turned into deliveries; False when somebody else already did."""
        ...

    def cancel_deliveries(self, incident: IncidentId, at: Instant) -> int:
        """Queued and unreachable deliveries of the incident become cancelled; how many."""
        ...

    def announce(self, announcement: Announcement) -> None: ...

    def order(self, order: Order) -> None: ...

    def read_again(self, address: str, topic: str, at: Instant) -> None:
        """Asks intake to read again what lies in quarantine of a device that was claimed."""
        ...

    def record(self, entry: Entry) -> None: ...


class Acceptance(Transaction, Protocol):
    """The transaction of one batch, or of timers and orders. Raises StaleEpoch where another intake took the lease."""

    def states(self, devices: Collection[DeviceId]) -> Mapping[DeviceId, DeviceState]:
        """Present states of these devices (absent: never seen). Served from the cache where it is hot."""
        ...

    def foresee(self, devices: Collection[DeviceId], groups: Collection[str], resolved_after: Instant) -> None:
        """Something of these may be raised, and join incidents of these groups: what is open of them is asked together,
        before it is asked one by one (``open_alerts_of``, ``open_incident``)."""
        ...

    def keep_states(self, states: Mapping[DeviceId, DeviceState]) -> None: ...

    def keep_links(self, links: Mapping[DeviceId, str]) -> None:
        """Behind which gateway (its address) devices are heard from now on."""
        ...

    def fresh(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Those that were not accepted before, in order, now entered in the redelivery window. Left out is only the
        broker's own redelivery: DUP set, with session, packet id and payload hash of an arrival in the window."""
        ...

    def quarantine(self, items: Sequence[Quarantined]) -> None: ...

    def spool(self, readings: Sequence[Reading]) -> None:
        """Readings wait for shipping: one compact row a batch."""
        ...

    def discover(self, heard: Sequence[Heard]) -> None: ...

    def keep_announced(self, family: str, items: Mapping[str, bytes]) -> None:
        """What a family announced of itself (definitions, births), by key, so that a restart decodes."""
        ...

    def orders(self) -> list[Order]:
        """Orders not yet carried out, oldest first; they are consumed by this transaction."""
        ...

    def keep_meta(self, key: str, value: bytes) -> None: ...

    def release(self, messages: Collection[int]) -> None:
        """These quarantined messages were read; they leave the quarantine."""
        ...

    def reread_done(self, seq: int) -> None: ...


class Inbox(Protocol):
    def accept(self) -> AbstractContextManager[Acceptance]:
        """Opens the acceptance. Commit is durable (fsync) before the block is left without error."""
        ...

    def due(self, until: Instant, limit: int) -> list[DeviceId]:
        """Devices whose ``due_at`` is at or before ``until``, earliest first."""
        ...

    def announced(self, family: str) -> Mapping[str, bytes]: ...

    def has_orders(self) -> bool: ...

    def rereads(self, limit: int) -> list[Reread]:
        """Claimed devices to be read again, oldest first."""
        ...

    def set_aside(self, family: str, device: str, topic: str, after: int, limit: int) -> list[tuple[int, Arrival]]:
        """Quarantined messages (number, arrival) of a family from a device as it names it, or on a topic, oldest first
        from the number after ``after``; only those that were kept whole."""
        ...

    def unheard(self, devices: Iterable[DeviceId]) -> list[DeviceId]:
        """Those without a state row."""
        ...


class Announcements(Protocol):
    """MQTT messages to publish, in order."""

    def waiting(self, after: int, limit: int) -> list[Announcement]: ...

    def settle(self, seqs: Collection[int]) -> None: ...

    def open_alerts(self, after: str, limit: int) -> list[Alert]:
        """Alerts not back to normal, by id, from the one that follows ``after``."""
        ...

    def live_incidents(self, after: str, limit: int) -> list[Incident]:
        """Incidents neither resolved nor closed, by id, from the one that follows ``after``."""
        ...


class SpooledBatch(Value, frozen=True):
    seq: int
    readings: list[Reading]


class Spool(Protocol):
    def waiting(self, limit: int) -> list[SpooledBatch]:
        """The oldest spooled batches, in order."""
        ...

    def trim(self, seqs: Collection[int]) -> None:
        """They are in the reading store."""
        ...

    def backlog(self) -> tuple[int, Instant | None]:
        """(batches, receive time of the oldest)."""
        ...


class Holder(Value, frozen=True):
    """What an alert names as holding it: one of ``hold`` and ``alert``; neither where it is gone."""

    id: str
    hold: Hold | None
    alert: Alert | None


class Casebook(Protocol):
    """Transactions of people and of dispatch on alerts, incidents, notices and deliveries."""

    def change(self) -> AbstractContextManager[Transaction]: ...

    def incidents_due(self, now: Instant, limit: int) -> list[IncidentId]:
        """Incidents whose ``next_step_at`` is at or before ``now``, earliest first."""
        ...

    def live_incidents(self, after: IncidentId | None, limit: int) -> list[IncidentId]:
        """Incidents neither resolved nor closed, by id, from the one that follows ``after``."""
        ...

    def holds_due(self, now: Instant, limit: int) -> list[str]:
        """Ids of holds whose ``due_at`` is at or before ``now``, earliest first."""
        ...

    def untried(self, limit: int) -> list[str]:
        """Ids of permits that ended and whose detectors nobody has tried since."""
        ...

    def holders(self, after: str, limit: int) -> "list[Holder]":
        """What keeps an alert from being told now, or says who is told first; by id, from the one that follows
        ``after``."""
        ...


class Outbox(Protocol):
    def notices(self, limit: int) -> list[Notice]:
        """Not yet expanded, first notices before others, oldest first."""
        ...

    def lease(self, holder: str, now: Instant, until: Instant, limit: int) -> list[Delivery]:
        """Due deliveries, now leased by ``holder`` until ``until``: first notices before others, oldest first."""
        ...

    def reclaim(self, now: Instant, is_alive: Callable[[str], bool | None] | None = None) -> int:
        """Leases that ran out are queued again, and those of holders of which ``is_alive`` says False; how many."""
        ...

    def delivery(self, key: DeliveryKey) -> Delivery | None: ...

    def standing(self, key: DeliveryKey) -> tuple[Delivery, Incident] | None:
        """A delivery and its incident as they are now; what is asked of each that waited for its turn."""
        ...

    def oldest_waiting(self) -> Instant | None: ...


class Journal(Protocol):
    def since(self, seq: int, limit: int) -> list[Entry]: ...

    def last(self) -> int:
        """Sequence number of the newest entry, 0 when empty."""
        ...


class FactStore(Protocol):
    """Single facts that processes leave for one another, by key."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes) -> None: ...


class Directory(Protocol):
    def revision(self) -> int:
        """Changes whenever any configuration changed; one indexed read."""
        ...

    def community(self) -> Community:
        """The directory at the present revision, as one value."""
        ...

    def community_at(self, at: Instant) -> Community:
        """The directory as it was at a past moment."""
        ...

    def change(
        self,
        put: Sequence[object],
        remove: Sequence[tuple[str, str]] = (),
        order: Sequence[str] | None = None,
    ) -> int:
        """Adds or replaces domain values (Place, Person, PostHolder, Zone, Roster, Policy, Device, SiteFacts) and ends
        others by (kind, id), under one new revision; all or nothing, whatever the number. ``order``: ids of all
        policies as they are matched from now on; without it, new ones come last. Gives the revision.
        Raises Conflict while another change is being staged."""
        ...


# Readings -------------------------------------------------------------------------------------------------------------


class Point(Value, frozen=True, kw_only=True):
    """``at`` and the value; with ``every`` the start of the interval and its aggregate."""

    at: Instant
    metric: str
    value: bool | float | str | None = None
    part: str = ""
    count: int | None = None
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    last: bool | float | str | None = None
    late: bool = False


class ReadingStore(Protocol):
    """Where readings rest. Idempotent by (device, part, metric, measured_at): writing twice stores once; the later
    value of the same key wins."""

    def write(self, readings: Sequence[Reading]) -> None:
        """Durable when it returns. Raises StoreUnavailable; the caller keeps them and tries again."""
        ...

    def read(
        self,
        device: DeviceId,
        metric: str | None,
        start: Instant,
        end: Instant,
        *,
        every: Duration | None = None,
        limit: int = 10_000,
    ) -> list[Point]:
        """Points with start <= measured_at < end, oldest first; all metrics where ``metric`` is None. With ``every``:
        one Point for each interval that has readings, aligned to the epoch. Raises StoreUnavailable."""
        ...

    def maintain(self, now: Instant) -> None:
        """Rollups and retention, in small steps; called by the rounds."""
        ...

    def close(self) -> None: ...


# People ---------------------------------------------------------------------------------------------------------------


class Channel(Protocol):
    name: str

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        """One attempt. Never raises; bounded in time by itself; the same ``message.key`` for every attempt."""
        ...


@runtime_checkable
class Probing(Protocol):
    """A channel that can be looked at without telling anybody anything."""

    async def probe(self, contacts: Sequence[Contact]) -> Look | None:
        """A harmless look: a connection, a greeting; no message, no sign-in that could lock an account. ``contacts``:
        all of its kind. None where there is nothing to look at now. Never raises; bounded in time by itself."""
        ...


class Subscriptions(Protocol):
    """Browsers that people asked to be told by."""

    def all(self) -> Sequence[Subscription]: ...

    def add(self, subscription: Subscription) -> None:
        """The same browser again is one; of a person's many the oldest goes."""
        ...

    def remove(self, id: str) -> None: ...


class Wake(msgspec.Struct, frozen=True):
    """Why dispatch was woken; only a hint, truth is always a row."""

    reason: str
