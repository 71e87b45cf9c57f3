"""The acceptance: the one transaction of a batch, between the broker's PUBLISH and our PUBACK."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from sqlalchemy import Connection, bindparam, delete, exists, func, insert, or_, select

from shouwang.domain.errors import StaleEpoch
from shouwang.domain.standing import DeviceState
from shouwang.domain.vocabulary import Arrival, DeviceId, Instant, Reading
from shouwang.ports import Heard, Order, Quarantined, Reread

from .database import Database
from .leases import INTAKE, Lease
from .spool import pack_readings
from .tables import (
    announced,
    device_states,
    discovered,
    leases,
    meta,
    orders,
    quarantine,
    redeliveries,
    rereads,
    spool,
)
from .tables import links as link_rows
from .transactions import SqlTransaction

log = logging.getLogger(__name__)

HOT_DEVICES = 50_000
"""States kept in memory; about 2 kB each. Beyond that the least recently heard are read again from their rows."""

WINDOW_BATCHES = 64
WINDOW_ARRIVALS = 2_000
"""The redelivery window: twice the session's receive maximum, because the broker may repeat what it sent before our
PUBACKs reached it. A packet id names its newest message only: some brokers give ids in turn (65,535 of them), some the
lowest free one, and what bears the id of an older message with other content is news."""

QUARANTINE_PAYLOAD = 64 * 1024
"""Bytes of a quarantined payload that are kept; ``size`` says how many there were."""

_encoder = msgspec.msgpack.Encoder()
_state_decoder = msgspec.msgpack.Decoder(DeviceState)
_window_decoder = msgspec.msgpack.Decoder(list[tuple[str, int, bytes]])

_Entry = tuple[str, int, bytes]
"""Session, packet id, and what tells the message from another one under the same id."""

_Recent = dict[tuple[str, int], tuple[bytes, int]]
"""By session and packet id: the newest accepted message, and the row of the window that holds it."""

_UNHEARD = (b"", 0)


class SqlInbox:
    """``ports.Inbox``. One intake thread uses it at a time; the lease says which intake of all may."""

    def __init__(
        self,
        database: Database,
        lease: Lease,
        reach: Callable[[str], None],
        *,
        window: int = WINDOW_ARRIVALS,
        tell: Callable[[], None] = lambda: None,
    ) -> None:
        """``window``: arrivals at least in the redelivery window. ``tell`` is called right after each commit that
        announces something; it must not raise."""
        self._database = database
        self._window_arrivals = window
        self._lease = lease
        self._reach = reach
        self._tell = tell
        self._states: OrderedDict[DeviceId, DeviceState] = OrderedDict()
        self._window: OrderedDict[int, list[tuple[str, int, bytes]]] = OrderedDict()
        self._window_total = 0
        self._recent: _Recent = {}
        self._news = False
        self._doubt: SqlAcceptance | None = None
        self._load_window()

    @contextmanager
    def accept(self) -> Iterator["SqlAcceptance"]:
        acceptance: SqlAcceptance | None = None
        is_committing = False
        try:
            with self._database.write(cases=True) as connection:
                head = self._database.statements.on(connection).row(_HEAD, {"name": INTAKE})
                if head is None or head[0] != self._lease.epoch:
                    raise StaleEpoch(f"intake epoch {self._lease.epoch} is over: another intake took the lease")
                acceptance = SqlAcceptance(
                    self._database,
                    connection,
                    self._states,
                    self._recent,
                    oldest=next(iter(self._window), 0),
                    accepted=self._accepted_in_doubt(connection),
                    ordered=bool(head[1]),
                )
                yield acceptance
                self._reach("acceptance.deciding.done")
                acceptance.flush()
                self._reach("acceptance.before_commit")
                is_committing = True
        except BaseException:
            if acceptance is not None:
                acceptance.forget()
                self._doubt = acceptance if is_committing else self._doubt
            raise
        self._doubt = None
        if acceptance.announced:
            self._tell()
        self._remember(acceptance)
        self._reach("acceptance.committed")

    def due(self, until: Instant, limit: int) -> list[DeviceId]:
        return [DeviceId(id) for (id,) in self._database.look(_DUE, {"until": until, "most": limit})]

    def next_due(self) -> Instant | None:
        """The earliest timer of all."""
        with self._database.read() as connection:
            return connection.execute(_NEXT_DUE).scalar()

    def announced(self, family: str) -> Mapping[str, bytes]:
        with self._database.read() as connection:
            rows = connection.execute(select(announced.c.key, announced.c.body).where(announced.c.family == family))
            return {row.key: row.body for row in rows}

    def has_orders(self) -> bool:
        return bool(self._database.look(_ORDERED, {}))

    def rereads(self, limit: int) -> list[Reread]:
        return [
            Reread(seq=row[0], address=row[1], topic=row[2], at=row[3])
            for row in self._database.look(_REREADS, {"most": limit})
        ]

    def set_aside(self, family: str, device: str, topic: str, after: int, limit: int) -> list[tuple[int, Arrival]]:
        statement = (
            select(quarantine.c.seq, quarantine.c.topic, quarantine.c.payload, quarantine.c.at)
            .where(
                quarantine.c.seq > after,
                func.length(quarantine.c.payload) == quarantine.c.size,
                quarantine.c.family == family,
                or_(quarantine.c.device == device, quarantine.c.topic == topic),
            )
            .order_by(quarantine.c.seq)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [(seq, Arrival(topic, payload, at)) for seq, topic, payload, at in connection.execute(statement)]

    def known(self) -> list[DeviceId]:
        """All devices with a state row."""
        with self._database.read() as connection:
            return [DeviceId(id) for id in connection.execute(select(device_states.c.device)).scalars()]

    def unheard(self, devices: Iterable[DeviceId]) -> list[DeviceId]:
        known = set(self.known())
        return [device for device in devices if device not in known]

    def take_news(self) -> bool:
        """True once after an acceptance that announced something."""
        news, self._news = self._news, False
        return news

    def _accepted_in_doubt(self, connection: Connection) -> Sequence[Arrival]:
        """What the acceptance before took in, where its COMMIT seemed to fail and did not: the connection was lost
        after the database had done it. The caller hands it over again, and the broker did not."""
        doubt = self._doubt
        if doubt is None or doubt.window is None:
            return ()
        seq, entries = doubt.window
        if connection.execute(_WINDOW_BODY, {"seq": seq}).scalar() != _encoder.encode(entries):
            return ()
        self._widen(seq, entries)
        self._news = self._news or doubt.announced
        return doubt.taken

    def _remember(self, acceptance: "SqlAcceptance") -> None:
        self._news = self._news or acceptance.announced
        for device in acceptance.kept:
            self._states.move_to_end(device)
        while len(self._states) > HOT_DEVICES:
            self._states.popitem(last=False)
        if acceptance.window is not None:
            self._widen(*acceptance.window)
            while len(self._window) > WINDOW_BATCHES and self._window_total > self._window_arrivals:
                gone, entries = self._window.popitem(last=False)
                self._window_total -= len(entries)
                for session, packet_id, _ in entries:
                    if self._recent[session, packet_id][1] == gone:
                        del self._recent[session, packet_id]

    def _widen(self, seq: int, entries: list[_Entry]) -> None:
        self._window_total += len(entries) - len(self._window.get(seq, ()))
        self._window[seq] = entries
        for session, packet_id, digest in entries:
            self._recent[session, packet_id] = digest, seq

    def _load_window(self) -> None:
        with self._database.read() as connection:
            for row in connection.execute(select(redeliveries).order_by(redeliveries.c.seq)):
                self._widen(row.seq, _window_decoder.decode(row.body))


class SqlAcceptance(SqlTransaction):
    """``ports.Acceptance``. Rows of a kind go out together at the end: one statement each, however large the batch."""

    def __init__(
        self,
        database: Database,
        connection: Connection,
        cache: OrderedDict[DeviceId, DeviceState],
        recent: _Recent,
        *,
        oldest: int,
        accepted: Sequence[Arrival],
        ordered: bool,
    ) -> None:
        super().__init__(database, connection)
        self._cache = cache
        self._recent = recent
        self._oldest = oldest
        self._accepted = {id(arrival) for arrival in accepted}
        self._ordered = ordered
        self.announced = False
        self.kept: dict[DeviceId, DeviceState] = {}
        self.window: tuple[int, list[_Entry]] | None = None
        self.taken: Sequence[Arrival] = ()

    def states(self, devices: Collection[DeviceId]) -> Mapping[DeviceId, DeviceState]:
        found: dict[DeviceId, DeviceState] = {}
        cold: list[DeviceId] = []
        for device in devices:
            state = self.kept.get(device) or self._cache.get(device)
            if state is None:
                cold.append(device)
            else:
                found[device] = state
        if len(cold) == 1:
            for device, row in self._hand.rows(_STATE, {"device": cold[0]}):
                found[device] = self._cache[device] = _decoded(device, row)
            return found
        for start in range(0, len(cold), 500):
            for device, row in self._connection.execute(_STATES, {"devices": cold[start : start + 500]}):
                found[DeviceId(device)] = self._cache[DeviceId(device)] = _decoded(device, row)
        return found

    def keep_states(self, states: Mapping[DeviceId, DeviceState]) -> None:
        self.kept.update(states)

    def keep_links(self, links: Mapping[DeviceId, str]) -> None:
        if links:
            # PostgreSQL's text cannot hold a zero character
            rows = [{"device": one, "gateway": gateway.replace("\0", "")} for one, gateway in links.items()]
            self._hand.run_all(self._database.upsert(link_rows, "device"), rows)

    def fresh(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        self.taken = arrivals
        found: list[Arrival] = []
        entries: list[_Entry] = []
        newest: dict[tuple[str, int], bytes] = {}
        for arrival in arrivals:
            if id(arrival) in self._accepted:
                continue
            if arrival.qos > 0:
                key, digest = (arrival.session, arrival.packet_id), _digest(arrival)
                if arrival.duplicate and (newest.get(key) or self._recent.get(key, _UNHEARD)[0]) == digest:
                    continue
                newest[key] = digest
                entries.append((*key, digest))
            found.append(arrival)
        if entries:
            seq = self._hand.value(_KEEP_WINDOW, {"body": _encoder.encode(entries)})
            if seq % WINDOW_BATCHES == 0:
                self._hand.run(_TRIM_WINDOW, {"oldest": self._oldest})
            self.window = (seq, entries)
        return found

    def quarantine(self, items: Sequence[Quarantined]) -> None:
        if items:
            self._hand.run_all(_QUARANTINE, [_quarantine_row(item) for item in items])

    def spool(self, readings: Sequence[Reading]) -> None:
        if readings:
            self._hand.run(_SPOOL, {"at": readings[0].received_at, "body": pack_readings(readings)})

    def discover(self, heard: Sequence[Heard]) -> None:
        if not heard:
            return
        statement = self._database.insert(discovered)
        for kind, columns in _NEWS.items():
            rows = [_stray_row(item) for item in heard if _kind_of_news(item) == kind]
            if rows:
                changes = {name: statement.excluded[name] for name in columns}
                self._connection.execute(
                    statement.on_conflict_do_update(index_elements=["address"], set_=changes), rows
                )

    def keep_announced(self, family: str, items: Mapping[str, bytes]) -> None:
        if items:
            rows = [{"family": family, "key": key, "body": body} for key, body in items.items()]
            self._hand.run_all(self._database.upsert(announced, "family", "key"), rows)

    def orders(self) -> list[Order]:
        if not self._ordered:
            return []
        rows = self._connection.execute(select(orders).order_by(orders.c.seq)).all()
        if rows:
            self._connection.execute(delete(orders).where(orders.c.seq <= rows[-1].seq))
        return [msgspec.structs.replace(msgspec.json.decode(row.body, type=Order), seq=row.seq) for row in rows]

    def keep_meta(self, key: str, value: bytes) -> None:
        self._hand.run(self._database.upsert(meta, "key"), {"key": key, "value": value})

    def release(self, messages: Collection[int]) -> None:
        if messages:
            self._connection.execute(delete(quarantine).where(quarantine.c.seq.in_(messages)))

    def reread_done(self, seq: int) -> None:
        self._connection.execute(delete(rereads).where(rereads.c.seq == seq))

    def flush(self) -> None:
        self.announced = self._unsent.announces
        super().flush()
        self._cache.update(self.kept)

    def _send_out(self) -> None:
        super()._send_out()
        if self.kept:
            encode = _encoder.encode
            rows = [
                {"device": device, "heard_at": state.heard_at, "due_at": state.due_at, "state": encode(state)}
                for device, state in self.kept.items()
            ]
            self._hand.run_all(self._database.upsert(device_states, "device"), rows)

    def forget(self) -> None:
        """After a rollback: the cache must not know what the database does not."""
        for device in self.kept:
            self._cache.pop(device, None)


def _digest(arrival: Arrival) -> bytes:
    return hashlib.blake2b(b"%b\0%b" % (arrival.topic.encode(), arrival.payload), digest_size=8).digest()


_SPOKE, _REFUSED, _INTRODUCED = "spoke", "refused", "introduced"
_NEWS: Mapping[str, tuple[str, ...]] = {
    _INTRODUCED: ("profile", "model", "kind"),
    _REFUSED: ("last_at", "topic", "payload", "refusal", "detail"),
    _SPOKE: ("last_at", "profile", "model", "kind", "topic", "payload", "refusal", "detail"),
}
"""What each kind of news changes of a device that is on the list already."""


def _kind_of_news(item: Heard) -> str:
    return _REFUSED if item.refusal else _SPOKE if item.spoke else _INTRODUCED


def _stray_row(item: Heard) -> Mapping[str, object]:
    return {
        "address": item.address.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        "first_at": item.at,
        "last_at": item.at,
        "profile": item.profile,
        "model": item.model,
        "kind": item.kind,
        "topic": item.topic.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        "payload": item.payload[:QUARANTINE_PAYLOAD],
        "refusal": item.refusal,
        "detail": item.detail.replace("\0", "\N{REPLACEMENT CHARACTER}"),
    }


def _decoded(device: str, row: bytes) -> DeviceState:
    """A state that cannot be read is as if the device was never heard: what is true is raised anew, and nothing of the
    device waits for somebody who repairs a row."""
    try:
        return _state_decoder.decode(row)
    except msgspec.DecodeError as error:
        log.error("the state row of device %r cannot be read (%s); the device begins anew", device, error)
        return DeviceState()


def _quarantine_row(item: Quarantined) -> Mapping[str, object]:
    arrival = item.arrival
    return {
        "at": arrival.received_at,
        # PostgreSQL's text cannot hold a zero character
        "topic": arrival.topic.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        "payload": arrival.payload[:QUARANTINE_PAYLOAD],
        "size": len(arrival.payload),
        "reason": item.refusal.code.value,
        "detail": item.refusal.detail.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        "family": item.family,
        "device": item.device.replace("\0", "\N{REPLACEMENT CHARACTER}"),
    }


_HEAD = select(leases.c.epoch, exists(select(orders.c.seq))).where(leases.c.name == bindparam("name"))
"""Whose turn it is, and whether people ordered anything: one question, asked of every batch."""

_ORDERED = select(orders.c.seq).limit(1)
_REREADS = (
    select(rereads.c.seq, rereads.c.address, rereads.c.topic, rereads.c.at)
    .order_by(rereads.c.seq)
    .limit(bindparam("most"))
)
_STATE = select(device_states.c.device, device_states.c.state).where(device_states.c.device == bindparam("device"))
_STATES = select(device_states.c.device, device_states.c.state).where(
    device_states.c.device.in_(bindparam("devices", expanding=True))
)
_DUE = (
    select(device_states.c.device)
    .where(device_states.c.due_at <= bindparam("until"))
    .order_by(device_states.c.due_at)
    .limit(bindparam("most"))
)
_NEXT_DUE = select(func.min(device_states.c.due_at)).where(device_states.c.due_at.is_not(None))
_WINDOW_BODY = select(redeliveries.c.body).where(redeliveries.c.seq == bindparam("seq"))
_KEEP_WINDOW = insert(redeliveries).returning(redeliveries.c.seq)
# Inline: a number that is given out is not asked for.
_SPOOL = insert(spool).inline()
_QUARANTINE = insert(quarantine).inline()
_TRIM_WINDOW = delete(redeliveries).where(redeliveries.c.seq < bindparam("oldest"))
