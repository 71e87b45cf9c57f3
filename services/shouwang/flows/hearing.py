"""What readable messages do inside an acceptance: repeats left out, readings spooled, rules judged, alerts raised."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from shouwang import metrics
from shouwang.domain import evaluate
from shouwang.domain.commissioning import trial_entries
from shouwang.domain.decode import payload_hash
from shouwang.domain.gathering import Notice, asks_members, hear_place, notices
from shouwang.domain.interpretation import Decoded, Interpretation
from shouwang.domain.journal import Entry
from shouwang.domain.judging import Gaps, Member
from shouwang.domain.reception import behind, learn
from shouwang.domain.standing import DeviceFacts, DeviceState, RepeatMark
from shouwang.domain.vocabulary import MINUTE, SECOND, Arrival, DeviceId, Duration, Instant, Kind, Reading
from shouwang.flows.casework import apply_transitions, foresee
from shouwang.flows.world import World
from shouwang.ports import Acceptance, Heard, Quarantined

REPEAT_MARKS = 8
"""Counted messages remembered of each device: radio bridges repeat a frame up to 12 times, but at once."""

REPEATED_WITHIN: Duration = 10 * MINUTE
"""A counter alone tells a repeat for this long: a sensor that sleeps between alarms begins at the same number with the
same words each time it wakes."""

TOPICS = 32
"""Topics of each device whose newest message is remembered."""

DISCOVER_EVERY: Duration = 30 * SECOND
"""A device that nobody registered is written to the list of discovered ones at most this often."""

STRANGERS = 65_536
"""Of which it is remembered when they were last written; beyond it all are forgotten, and written once more."""

log = logging.getLogger(__name__)

_NEVER = DeviceState()
_ANNOUNCED, _REFUSED = "?", "!"


class Hearing:
    """Remembers only when it last wrote each discovered device; all else is in the state."""

    def __init__(self, gaps: Callable[[], Gaps]) -> None:
        """``gaps``: intervals in which we were deaf; they are never a device's silence."""
        self._gaps = gaps
        self._discovered: dict[str, tuple[Instant, Kind]] = {}

    def hear(
        self,
        acceptance: Acceptance,
        world: World,
        heard: Sequence[tuple[Arrival, Interpretation]],
        now: Instant,
        *,
        calm: bool = False,
    ) -> None:
        """``calm``: the caller knows that nothing here may raise (``may_raise``), so that it is not asked again."""
        messages = [(arrival, decoded, decoded.device) for arrival, found in heard for decoded in found.messages]
        states = dict(acceptance.states({device for _, _, device in messages}))
        likely = [] if calm else [device for _, decoded, device in messages if may_raise(decoded)]
        foresee(acceptance, world, likely, now)
        gaps = self._gaps()
        changed: dict[DeviceId, DeviceState] = {}
        links: dict[DeviceId, str] = {}
        spooled: list[Reading] = []
        strays = {one.address: one for arrival, found in heard for one in self._introduced(arrival, found, now)}
        parts = _Parts()
        for arrival, decoded, device in messages:
            state = states.get(device, _NEVER)
            digest = payload_hash(arrival.payload)
            if kind := parts.repeat_kind(state, arrival, decoded, digest):
                metrics.REPEATS.labels(kind).inc()
                continue
            facts = world.facts(device, decoded.kind, decoded.profile, _taken_for(state, decoded))
            # Nobody can claim whom no message names; the message is in quarantine, and says so.
            if not facts.registered and decoded.identity and self._is_news(decoded.address, now, decoded.kind):
                strays[decoded.address] = _stray(arrival, decoded, now)
                if state is _NEVER:
                    acceptance.record(Entry(at=now, kind="device.discovered", device=device, place=facts.place))
            known_as = _known_as(state, facts)
            retained, readings = arrival.retained, decoded.readings
            judged = evaluate.hear(world.book, facts, known_as, readings, now, retained=retained, gaps=gaps)
            told = notices(world.book, facts, state, judged.state, readings, retained=retained, gaps=gaps)
            if facts.trial_at is not None and not arrival.retained:
                for entry in trial_entries(facts, state, decoded.readings, arrival.received_at, now):
                    acceptance.record(entry)
            version = world.version_of(decoded.profile)
            if version != state.profile_version and state.profile_version:
                acceptance.record(_read_otherwise(facts, state, decoded.profile, version, now))
            kept = remembered(judged.state, arrival, decoded, digest, version)
            states[device] = changed[device] = kept
            if kept.heard_by is not state.heard_by and behind(kept.heard_by) != behind(state.heard_by):
                links[device] = behind(kept.heard_by)
            spooled.extend(decoded.readings)
            for refusal in decoded.dropped:
                metrics.DROPPED_FIELDS.labels(refusal.code.value).inc()
            apply_transitions(acceptance, world, facts, judged.transitions, received_at=arrival.received_at, now=now)
            if told:
                self._tell_places(acceptance, world, Member(facts, state), told, arrival.received_at, now, changed)
        acceptance.keep_states(changed)
        acceptance.keep_links(links)
        acceptance.spool(spooled)
        acceptance.discover(list(strays.values()))
        metrics.READINGS.inc(len(spooled))

    def hear_again(
        self,
        acceptance: Acceptance,
        world: World,
        heard: Sequence[tuple[Arrival, Interpretation]],
        now: Instant,
    ) -> None:
        """Messages that lay in quarantine: late news. They raise what was missed, marked late, and end nothing that is
        newer; nor are they a proof of life now."""
        late = [
            (arrival, msgspec.structs.replace(decoded, readings=_all_late(decoded.readings)))
            for arrival, found in heard
            for decoded in found.messages
        ]
        states = dict(acceptance.states({decoded.device for _, decoded in late}))
        changed: dict[DeviceId, DeviceState] = {}
        spooled: list[Reading] = []
        parts = _Parts()
        for arrival, decoded in late:
            state, digest = states.get(decoded.device, _NEVER), payload_hash(arrival.payload)
            if kind := parts.repeat_kind(state, arrival, decoded, digest):
                metrics.REPEATS.labels(kind).inc()
                continue
            facts = world.facts(decoded.device, decoded.kind, decoded.profile, _taken_for(state, decoded))
            judged = evaluate.hear(world.book, facts, state, decoded.readings, now, gaps=self._gaps())
            kept = msgspec.structs.replace(judged.state, heard_at=max(state.heard_at or 0, arrival.received_at))
            version = world.version_of(decoded.profile)
            states[decoded.device] = changed[decoded.device] = remembered(kept, arrival, decoded, digest, version)
            spooled.extend(decoded.readings)
            transitions = [msgspec.structs.replace(one, late=True) for one in judged.transitions]
            apply_transitions(acceptance, world, facts, transitions, received_at=arrival.received_at, now=now)
        acceptance.keep_states(changed)
        acceptance.spool(spooled)
        metrics.READINGS.inc(len(spooled))

    def list_refused(self, acceptance: Acceptance, world: World, refused: Sequence[Quarantined], now: Instant) -> None:
        """Devices whose messages could not be read and that nobody registered: on the installer's list all the same."""
        strays: dict[str, Heard] = {}
        for one in refused:
            address = f"{one.family}:{one.device}"
            if not one.family or not one.device or world.registered(address) is not None:
                continue
            if self._is_news(f"{_REFUSED}{address}", now):
                self._discovered.pop(address, None)  # what is readable again is news again
                strays[address] = Heard(
                    address=address,
                    at=now,
                    profile="",
                    model="",
                    kind="",
                    topic=one.arrival.topic,
                    payload=one.arrival.payload,
                    refusal=one.refusal.code.value,
                    detail=one.refusal.detail,
                )
        acceptance.discover(list(strays.values()))

    def forget(self) -> None:
        """After a rollback: who was to be written to the list of discovered devices was not."""
        self._discovered.clear()

    def _tell_places(
        self,
        acceptance: Acceptance,
        world: World,
        before: Member,
        told: Sequence[Notice],
        received_at: Instant,
        now: Instant,
        changed: Mapping[DeviceId, DeviceState],
    ) -> None:
        """What the message means to the places in which its device stands: rules about several devices, about homes.
        ``before``: the device as it was; ``changed``: states that are still to be kept."""
        for row in dict.fromkeys(notice.row for notice in told):
            state = acceptance.states([row]).get(row, _NEVER)
            mine = [notice for notice in told if notice.row == row]
            members = None
            if asks_members(world.book, state, mine, now):
                members = members_of(acceptance, world, row, changed)
            judged = hear_place(world.book, row, state, mine, now, self._gaps(), members, before)
            if judged.state != state:
                acceptance.keep_states({row: judged.state})
            apply_transitions(acceptance, world, before.facts, judged.transitions, received_at=received_at, now=now)

    def _introduced(self, arrival: Arrival, found: Interpretation, now: Instant) -> Iterator[Heard]:
        """Devices that their family announced: on the installer's list before they say a word."""
        for one in found.introduced:
            if self._is_news(f"{_ANNOUNCED}{one.address}", now):
                yield Heard(
                    address=one.address,
                    at=now,
                    profile=one.profile,
                    model=one.model,
                    kind=one.kind.value,
                    topic=arrival.topic,
                    payload=b"",
                    spoke=False,
                )

    def _is_news(self, key: str, now: Instant, kind: Kind = Kind.OTHER) -> bool:
        """``key``: the address, after a sign of what is known of it. A kind where none was guessed is news at once."""
        last = self._discovered.get(key)
        if last is not None and now - last[0] < DISCOVER_EVERY and (kind is Kind.OTHER or last[1] is not Kind.OTHER):
            return False
        if len(self._discovered) >= STRANGERS:
            self._discovered.clear()
        self._discovered[key] = (now, kind)
        return True


def members_of(
    acceptance: Acceptance, world: World, row: DeviceId, changed: Mapping[DeviceId, DeviceState]
) -> list[Member]:
    """The devices of which a rule about a place may ask whether they are silent. ``changed``: states that the
    acceptance does not know yet."""
    devices = world.members(row)
    states = acceptance.states(devices) if devices else {}
    found: list[Member] = []
    for device in devices:
        state = changed.get(device) or states.get(device)
        if state is None:
            continue
        try:
            found.append(Member(world.facts(device), state))
        except Exception as error:  # what is wrong with one device stands before no other's alarm
            metrics.ACCEPTANCE_FAILURES.labels(type(error).__name__).inc()
            log.exception("device %r cannot be counted among those of %r", device, row)
    return found


def may_raise(decoded: Decoded) -> bool:
    """Something is true or was done; what is only measured seldom raises, and comes in masses."""
    for reading in decoded.readings:  # noqa: SIM110  # asked of every message: a loop takes half the time of any()
        if reading.value is True or isinstance(reading.value, str):
            return True
    return False


def repeat_kind(state: DeviceState, arrival: Arrival, decoded: Decoded, digest: str) -> str:
    """How a message is known to be a repeat, empty where it is news.

    A family's counter or device time together with the same payload repeats; content alone never does. A retained copy
    says what is: the same payload as the topic's newest was heard before.
    """
    if arrival.retained and state.topics.get(arrival.topic) == digest:
        return "retained"
    if decoded.counter or decoded.device_time is not None:
        said = (decoded.counter, decoded.digest or digest, decoded.device_time)
        since = 0 if decoded.device_time is not None else arrival.received_at - REPEATED_WITHIN
        if any(
            (mark.counter, mark.payload_hash, mark.device_time) == said and mark.at >= since for mark in state.repeats
        ):
            return "counter"
    return ""


class _Parts:
    """Tells repeats among messages that hold several parts of one device: each is judged by what was heard before the
    arrival, and is a repeat of another part only where both are the same in all."""

    def __init__(self) -> None:
        self._arrival: Arrival | None = None
        self._before: dict[DeviceId, tuple[DeviceState, list[Decoded]]] = {}

    def repeat_kind(self, state: DeviceState, arrival: Arrival, decoded: Decoded, digest: str) -> str:
        """See above. ``state``: of now."""
        if arrival is not self._arrival:
            self._arrival, self._before = arrival, {}
        known = self._before.get(decoded.device)
        if known is None:
            known = self._before[decoded.device] = state, []
        before, parts = known
        if kind := repeat_kind(before, arrival, decoded, digest):
            return kind
        if (decoded.counter or decoded.device_time is not None) and decoded in parts:
            return "counter"
        parts.append(decoded)
        return ""


def _known_as(state: DeviceState, facts: DeviceFacts) -> DeviceState:
    """Of a device that nobody registered, what it is taken for outlives this process."""
    kind = "" if facts.registered or facts.kind is None else facts.kind.value
    return state if state.kind == kind else msgspec.structs.replace(state, kind=kind)


def _taken_for(state: DeviceState, decoded: Decoded) -> str:
    """The kind that its messages gave away before, where the same profile still reads them."""
    return state.kind if state.profile == decoded.profile else ""


def remembered(state: DeviceState, arrival: Arrival, decoded: Decoded, digest: str, version: str = "") -> DeviceState:
    """The state with what tells the next repeat, and which profile read it in which version."""
    repeats = state.repeats
    if decoded.counter or decoded.device_time is not None:
        mark = RepeatMark(decoded.counter, decoded.digest or digest, decoded.device_time, arrival.received_at)
        repeats = [*repeats[-(REPEAT_MARKS - 1) :], mark]
    topics = state.topics
    if topics.get(arrival.topic) != digest:
        topics = dict(topics)
        topics.pop(arrival.topic, None)
        topics[arrival.topic] = digest
        if len(topics) > TOPICS:
            topics = dict(list(topics.items())[-TOPICS:])
    # A retained message was heard at another time, and so by whom nobody knows.
    heard_by = state.heard_by if arrival.retained else learn(state.heard_by, decoded.heard_by, arrival.received_at)
    return msgspec.structs.replace(
        state,
        repeats=repeats,
        topics=topics,
        qos0=arrival.qos == 0,
        profile=decoded.profile,
        profile_version=version,
        heard_by=heard_by,
    )


def _read_otherwise(facts: DeviceFacts, state: DeviceState, profile: str, version: str, now: Instant) -> Entry:
    """From here on its messages mean what another version of a profile says."""
    body: dict[str, object] = {
        "profile": profile,
        "version": version,
        "was": {"profile": state.profile, "version": state.profile_version},
    }
    return Entry(at=now, kind="device.read_otherwise", device=facts.device, place=facts.place, body=body)


def _all_late(readings: Sequence[Reading]) -> list[Reading]:
    return [msgspec.structs.replace(one, late=True) for one in readings]


def _stray(arrival: Arrival, decoded: Decoded, now: Instant) -> Heard:
    return Heard(
        address=decoded.address,
        at=now,
        profile=decoded.profile,
        model=decoded.model,
        kind=decoded.kind.value,
        topic=arrival.topic,
        payload=arrival.payload,
    )
