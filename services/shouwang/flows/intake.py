"""From the broker's messages to committed decisions: decode, decide, one transaction, only then the acknowledgement.

Everything that an arrival causes is in one commit: its readings (spooled), the standings it moves, alerts, incidents,
the work for dispatch, quarantine, journal. Failure rolls all of it back and acknowledges nothing; the broker sends
again.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from shouwang import metrics
from shouwang.domain.consulting import Run, no_codecs, read_together
from shouwang.domain.decode import Interpreter
from shouwang.domain.errors import Unavailable
from shouwang.domain.interpretation import Ask, Decoded, FamilyState, Interpretation
from shouwang.domain.judging import Gaps
from shouwang.domain.place import compound_of
from shouwang.domain.vocabulary import UNASSIGNED, Arrival, DeviceId, Kind, Problem, Reading, Refusal
from shouwang.flows.backlog import PORTION, Backlog, Item
from shouwang.flows.casework import carry_out_orders
from shouwang.flows.hearing import Hearing, may_raise
from shouwang.flows.rereading import Rereading
from shouwang.flows.world import World
from shouwang.ports import Acceptance, Batch, Clock, Inbox, Points, Precaution, Quarantined

log = logging.getLogger(__name__)

CANARY_TOPIC = "shouwang/v1/canary"
"""Our own probe of the chain: intake notes its newest round, the server looks for it."""

KEPT_BESIDE = frozenset(
    {Problem.NO_IDENTITY, Problem.UNKNOWN_MODEL, Problem.CODEC_ERROR, Problem.CODEC_TIMEOUT, Problem.UNDECLARED_ALIAS}
)
"""Problems of messages of which something could be read, and more may be once a profile fits or somebody is named."""

CANARY_FACT = "canary"

Read = tuple[Arrival, Interpretation | None]
"""An arrival and what it says; None where it could not be read together with others."""

OURSELVES = "native:shouwang"
"""This service as a device."""

UNREADABLE = "unreadable_message"
"""Our own word (metric action) for a message that ends the process which reads it, or that we cannot decide."""


class Intake:
    """The ear's one thread calls it; nothing else advances standings."""

    def __init__(
        self,
        inbox: Inbox,
        interpreter: Interpreter,
        family_state: FamilyState,
        world: Callable[[], World],
        gaps: Callable[[], Gaps],
        clock: Clock,
        points: Points,
        run: Run = no_codecs,
        precaution: Precaution | None = None,
        ask: Callable[[Sequence[Ask]], None] | None = None,
    ) -> None:
        """``run``: codecs. ``precaution``: without one, a message that ends the process does so again and again.
        ``ask``: told, after each commit, what would make its messages readable."""
        self._inbox = inbox
        self._interpreter = interpreter
        self._family_state = family_state
        self._world = world
        self._clock = clock
        self._points = points
        self._run = run
        self._precaution = precaution
        self._ask = ask
        self._hearing = Hearing(gaps)
        self._committed_alone: list[Arrival] = []
        self._backlog = Backlog()
        self._coming: Batch | None = None
        self.rereading = Rereading(inbox, interpreter, family_state, world, self._hearing, clock, points, run)

    def equip(self, interpreter: Interpreter, family_state: FamilyState, run: Run) -> None:
        """Reads by other families and profiles from the next batch on."""
        self._interpreter, self._family_state, self._run = interpreter, family_state, run
        self.rereading.equip(interpreter, family_state, run)

    def read_by(self, interpreter: Interpreter) -> None:
        """The same families and profiles, for a site in another time zone."""
        self._interpreter = interpreter
        self.rereading.equip(interpreter, self._family_state, self._run)

    def asks(self) -> list[Ask]:
        """What asks all devices that would answer how things stand."""
        return self._interpreter.asks(self._family_state, self._clock.now())

    def accept(
        self,
        batch: Batch,
        more: Callable[[], Batch | None] = lambda: None,
        between: Callable[[], bool] = lambda: True,
    ) -> None:
        """Commits the batch and acknowledges it. Raises Unavailable (nothing acknowledged: call again with the same
        batch) and StaleEpoch (stop).

        A batch with more alarms than one transaction should hold is committed in portions, in which compounds take
        turns; meanwhile ``more`` gives what has arrived since, so that an alarm of another compound need not wait for
        the storm that came before it. ``between``: called after each portion; False ends it here, and what is left is
        not acknowledged."""
        self._points.reach("batch.received")
        if not self._backlog:
            # Some may be committed already, where others of the batch met a database that did not answer.
            arrivals = [one for one in batch.arrivals if not any(one is done for done in self._committed_alone)]
            read = self._read(self._taken_in_hand(arrivals))
            alarming = sum([_may_raise(found) for _, found in read])
            if alarming <= PORTION:
                self._commit(read, calm=not alarming and all(found is not None for _, found in read))
                self._put_down()
                self._acknowledge(batch)
                return
            self._committed_alone = []
            self._backlog.add(batch, self._in_turn(read))
        self._weather(more, between)

    def _weather(self, more: Callable[[], Batch | None], between: Callable[[], bool]) -> None:
        """Portion by portion, until nothing is left."""
        while self._backlog:
            while self._backlog.has_room and (batch := self._coming or more()) is not None:
                self._coming = batch  # still here where the state database does not answer half-way
                self._points.reach("batch.received")
                self._backlog.add(batch, self._in_turn(self._read(self._taken_in_hand(batch.arrivals))))
                self._coming = None
            portion = [(item.arrival, item.found) for item in self._backlog.portion()]
            self._commit([one for one in portion if not any(one[0] is done for done in self._committed_alone)])
            for whole in self._backlog.committed():
                self._acknowledge(whole)
            self._committed_alone = []
            if not between():
                return
        self._put_down()

    def _acknowledge(self, batch: Batch) -> None:
        self._committed_alone = []
        self._points.reach("batch.before_acknowledge")
        batch.acknowledge()
        self._points.reach("batch.acknowledged")

    def _read(self, arrivals: Sequence[Arrival]) -> list[Read]:
        """What they say. Where they cannot be read together, each is read when it is committed."""
        try:
            found = read_together(self._interpreter, arrivals, self._family_state, self._world().registered, self._run)
        except Unavailable:
            raise
        except Exception:
            log.exception("a batch of %d arrivals cannot be read; trying them one by one", len(arrivals))
            return [(arrival, None) for arrival in arrivals]
        self._points.reach("batch.decoded")
        return list(zip(arrivals, found, strict=True))

    def _in_turn(self, read: Sequence[Read]) -> list[Item]:
        """For a storm: in whose turn each is."""
        world = self._world()
        return [Item(arrival, found, _lane_of(found, world), _may_raise(found)) for arrival, found in read]

    def _put_down(self) -> None:
        if self._precaution is not None:
            self._precaution.put_down()

    def _taken_in_hand(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Those that may be read here."""
        if self._precaution is None:
            return list(arrivals)
        suspects = self._precaution.take(arrivals)
        registered = self._world().registered
        reads = [partial(self._interpreter.read, one, self._family_state, registered) for one in suspects]
        for suspect, how in zip(suspects, self._precaution.deadly(reads), strict=True):
            if how:
                log.error(
                    "an arrival on %r ends the process that reads it (%s); it goes to quarantine", suspect.topic, how
                )
                self._set_aside_unread(suspect, how)
                self._committed_alone.append(suspect)
        return [one for one in arrivals if not any(one is done for done in self._committed_alone)]

    def _commit(self, read: Sequence[Read], *, calm: bool = False) -> None:
        """``calm``: nothing of it may raise."""
        if not read:
            return
        try:
            self._commit_together(read, calm=calm)
        except Unavailable:
            self._hearing.forget()
            raise
        except Exception as error:
            self._hearing.forget()
            metrics.ACCEPTANCE_FAILURES.labels(type(error).__name__).inc()
            if len(read) == 1:
                arrival = read[0][0]
                log.exception("an arrival on %r cannot be decided; it goes to quarantine undecided", arrival.topic)
                self._set_aside(arrival, error)
                return
            log.exception("a batch of %d arrivals cannot be decided; trying them one by one", len(read))
            for one in read:
                self._commit([one])
                self._committed_alone.append(one[0])

    def _commit_together(self, read: Sequence[Read], *, calm: bool) -> None:
        world = self._world()
        interpreted = [(arrival, found or self._read_alone(arrival, world)) for arrival, found in read]
        arrivals = [arrival for arrival, _ in read]
        started = self._clock.now()
        with metrics.ACCEPTANCE_SECONDS.time(), self._inbox.accept() as acceptance:
            carry_out_orders(acceptance, world, started)
            fresh = {id(arrival) for arrival in acceptance.fresh(arrivals)}
            self._points.reach("acceptance.opened")
            self._take_in(acceptance, world, [pair for pair in interpreted if id(pair[0]) in fresh], calm=calm)
        if self._ask is not None and (asks := [ask for _, found in interpreted for ask in found.asks]):
            self._ask(asks)
        metrics.BATCHES.inc()
        for family, count in Counter(found.family or "unknown" for _, found in interpreted).items():
            metrics.ARRIVALS.labels(family).inc(count)
        metrics.BATCH_ARRIVALS.observe(len(arrivals))
        metrics.RECEIVED_TO_COMMITTED_SECONDS.observe(max(0, self._clock.now() - arrivals[0].received_at) / 1e6)
        if len(fresh) < len(arrivals):
            metrics.REPEATS.labels("redelivery").inc(len(arrivals) - len(fresh))

    def _read_alone(self, arrival: Arrival, world: World) -> Interpretation:
        return read_together(self._interpreter, [arrival], self._family_state, world.registered, self._run)[0]

    def _take_in(
        self, acceptance: Acceptance, world: World, interpreted: Sequence[tuple[Arrival, Interpretation]], *, calm: bool
    ) -> None:
        quarantined: list[Quarantined] = []
        heard: list[tuple[Arrival, Interpretation]] = []
        for arrival, found in interpreted:
            if arrival.topic == CANARY_TOPIC:
                acceptance.keep_meta(CANARY_FACT, canary_fact(arrival.payload, self._clock.now()))
                continue
            if found.announced:
                acceptance.keep_announced(found.family, found.announced)
            if found.refusal is not None:
                quarantined.append(
                    Quarantined(arrival=arrival, refusal=found.refusal, family=found.family, device=found.device)
                )
            quarantined.extend(
                Quarantined(arrival=arrival, refusal=one.problem, family=found.family, device=one.identity)
                for one in found.messages
                if one.problem is not None and one.problem.code in KEPT_BESIDE
            )
            if found.messages or found.introduced:
                heard.append((arrival, found))
        self._hearing.hear(acceptance, world, heard, self._clock.now(), calm=calm)
        self._hearing.list_refused(acceptance, world, quarantined, self._clock.now())
        acceptance.quarantine(quarantined)
        for item in quarantined:
            metrics.QUARANTINED.labels(item.refusal.code.value).inc()

    def _set_aside(self, arrival: Arrival, error: Exception) -> None:
        refusal = Refusal(Problem.CODEC_ERROR, f"our own error while deciding: {type(error).__name__}: {error}")
        try:
            self._quarantine_alone(arrival, refusal, told=True)
        except Unavailable:
            raise
        except Exception:  # what cannot decide a device's message may not be able to decide our own word either
            self._hearing.forget()
            log.exception("nobody can be told of the arrival on %r by an alert", arrival.topic)
            self._quarantine_alone(arrival, refusal, told=False)

    def _set_aside_unread(self, arrival: Arrival, how: str) -> None:
        refusal = Refusal(Problem.CODEC_ERROR, f"it ended two processes that only read it ({how}); it was not decoded")
        self._quarantine_alone(arrival, refusal, told=True)

    def _quarantine_alone(self, arrival: Arrival, refusal: Refusal, *, told: bool) -> None:
        """``told``: an alert says so, because nobody knows whether it was an alarm."""
        now = self._clock.now()
        with self._inbox.accept() as acceptance:
            if not acceptance.fresh([arrival]):
                return
            acceptance.quarantine([Quarantined(arrival=arrival, refusal=refusal)])
            if told:
                self._hearing.hear(acceptance, self._world(), [(arrival, own_word(UNREADABLE, now))], now)
        metrics.QUARANTINED.labels(refusal.code.value).inc()


def _lane_of(found: Interpretation | None, world: World) -> str | None:
    """The compound of the first device that it is about."""
    if found is None or not found.messages:
        return None
    device = world.community.devices.get(found.messages[0].device)
    place = device.place if device is not None and device.place else UNASSIGNED
    return compound_of(place)


def _may_raise(found: Interpretation | None) -> bool:
    if found is not None:
        for message in found.messages:
            if may_raise(message):
                return True
    return False


def own_word(action: str, now: int) -> Interpretation:
    """What the service says of itself, as the device ``shouwang``: rules judge it like any other's word."""
    device = DeviceId(OURSELVES)
    reading = Reading(device=device, metric="action", value=action, measured_at=now, received_at=now)
    said = Decoded(
        identity="shouwang",
        address=OURSELVES,
        device=device,
        profile="native",
        kind=Kind.OTHER,
        measured_at=now,
        readings=[reading],
    )
    return Interpretation(family="native", device="shouwang", messages=[said])


def canary_fact(payload: bytes, now: int) -> bytes:
    """What intake leaves of a probe: the probe's own fields and when it was committed."""
    try:
        probe = msgspec.json.decode(payload, type=dict[str, object])
    except msgspec.DecodeError:
        probe = {}
    return msgspec.json.encode({**probe, "committed_at": now})
