"""Reads Sparkplug B: edge nodes and devices that name their metrics at birth, and only number them afterwards.

Source: Eclipse Sparkplug 3.0, sections 4 (topics) and 5 (operational behaviour).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from shouwang.domain.codec import Answers
from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.interpretation import Ask, Found, Interpretation, Memory, Registered
from shouwang.domain.payload import shown
from shouwang.domain.protobuf import Broken, varint
from shouwang.domain.report import Report, with_parts
from shouwang.domain.sparkplug_payload import Payload, Said, read_payload
from shouwang.domain.vocabulary import MILLISECOND, Arrival, Instant, Problem, Refusal

DEAD_SEQUENCE = "bdSeq"
"""Metric that ties an NDEATH to its NBIRTH: a death with another number is of an earlier session."""

MOST_ALIASES = 65_536
"""Names remembered of one edge node."""

BOOLEAN = 11
"""Data type."""

SEQUENCES = 256
"""Sequence numbers of a node: after 255 comes 0."""

_SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
"""Bits by data type of Int8 to Int64, which are sent as their unsigned twins."""


class Named(msgspec.Struct, array_like=True):
    """What a birth said of an alias."""

    device: str
    name: str
    type: int


class Node(msgspec.Struct, array_like=True):
    """An edge node and its devices since its birth."""

    sequence: int | None = None
    """Its bdSeq."""
    aliases: dict[int, Named] = msgspec.field(default_factory=dict)
    devices: list[str] = msgspec.field(default_factory=list)
    """Born since."""
    twice: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """By device, last words of its metrics' names that stand under several paths: Kitchen/Smoke and Bedroom/Smoke."""
    latest: int | None = None
    """Its newest seq, as far as this process heard: the next one is one more."""


class SparkplugReader(EnvelopeReader):
    def memory(self, kept: Mapping[str, bytes]) -> Memory:
        nodes: dict[str, Node] = {}
        for key, raw in kept.items():
            try:
                nodes[key] = msgspec.msgpack.decode(raw, type=Node)
            except msgspec.DecodeError:
                continue
        return nodes

    def read(
        self, found: Found, arrival: Arrival, memory: Memory, registered: Registered, answers: Answers
    ) -> Interpretation:
        verb = found.names.get("verb", "")
        identity = found.device or found.names.get("edge", "")
        if verb not in _VERBS:
            return Interpretation(family=found.family, device=identity, ignored=True)
        try:
            payload = read_payload(arrival.payload)
        except Broken as error:
            refusal = Refusal(Problem.TRUNCATED, f"the payload is no Sparkplug message: {error}")
            return Interpretation(family=found.family, device=identity, refusal=refusal)
        key = f"{found.names['group']}/{found.names['edge']}"
        node: Node = memory.setdefault(key, Node()) if verb in _BIRTHS else memory.get(key, Node())
        if verb == "NDEATH":
            return self._death(found, arrival, payload, node, registered, answers)
        if verb == "NBIRTH":
            node = memory[key] = Node(sequence=_dead_sequence(payload))
        has_gap = _counted(node, payload.sequence)
        if verb == "DDEATH":
            return self._death(found, arrival, payload, node, registered, answers)
        if verb in _BIRTHS:
            _born(node, found.device, payload)
        reports = list(_reports(found, payload, node, is_birth=verb in _BIRTHS))
        read = self.reading.interpret(found, arrival, reports, registered, answers)
        if verb in _BIRTHS:
            kept = msgspec.structs.replace(node, latest=None)
            return msgspec.structs.replace(read, announced={key: msgspec.msgpack.encode(kept)})
        if has_gap or key not in memory or any(report.flaw is not None for report in reports):
            return msgspec.structs.replace(read, asks=[self._rebirth(key, arrival.received_at)])
        return read

    def asks(self, memory: Memory, now: Instant) -> Iterable[Ask]:
        """A rebirth tells every value that a node and its devices have."""
        nodes: dict[str, Node] = memory
        return [self._rebirth(key, now) for key in nodes]

    def _rebirth(self, key: str, now: Instant) -> Ask:
        """Sparkplug 3.0, section 6, NCMD: it has a time and no sequence number, and goes out at QoS 0."""
        group, _, edge = key.partition("/")
        metric = b"".join(
            (
                _text(1, b"Node Control/Rebirth"),
                _number(3, now // MILLISECOND),
                _number(4, BOOLEAN),
                _number(14, True),
            )
        )
        payload = _number(1, now // MILLISECOND) + _text(2, metric)
        return Ask(self.family.id, f"spBv1.0/{group}/NCMD/{edge}", payload)

    def _death(
        self,
        found: Found,
        arrival: Arrival,
        payload: Payload,
        node: Node,
        registered: Registered,
        answers: Answers,
    ) -> Interpretation:
        """Of a node: it and all its devices are out of reach, whatever they said last."""
        dead = [found.device or found.names["edge"]]
        if not found.device:
            sequence = _dead_sequence(payload)
            if None not in (sequence, node.sequence) and sequence != node.sequence:
                return Interpretation(family=found.family, device=dead[0], ignored=True)
            dead += node.devices
        reports = [
            Report(
                identity=identity,
                aliases=_aliases(found, identity),
                fields={},
                says={"online": False},
                time=payload.time,
            )
            for identity in dead
        ]
        return self.reading.interpret(found, arrival, reports, registered, answers)


_VERBS = frozenset({"NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"})
_BIRTHS = frozenset({"NBIRTH", "DBIRTH"})
_DEATHS = frozenset({"NDEATH", "DDEATH"})


def _number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def _text(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def _signed(value: object, type: int) -> object:
    bits = _SIGNED.get(type)
    if bits is None or not isinstance(value, int) or isinstance(value, bool):
        return value
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _dead_sequence(payload: Payload) -> int | None:
    return next(
        (said.value for said in payload.metrics if said.name == DEAD_SEQUENCE and isinstance(said.value, int)), None
    )


def _counted(node: Node, sequence: int | None) -> bool:
    """Notes a payload's seq; whether one before it was lost. The same again is the same message, read twice."""
    latest, node.latest = node.latest, sequence
    return latest is not None and sequence is not None and sequence not in (latest, (latest + 1) % SEQUENCES)


def _born(node: Node, device: str, payload: Payload) -> None:
    node.aliases = {alias: named for alias, named in node.aliases.items() if named.device != device}
    for said in payload.metrics:
        if said.alias is not None and said.name and len(node.aliases) < MOST_ALIASES:
            node.aliases[said.alias] = Named(device, said.name, said.type)
    if device and device not in node.devices:
        node.devices.append(device)
    last_words = Counter(name.rpartition("/")[2] for said in payload.metrics for name, _ in _valued(said, said.name))
    node.twice[device] = [word for word, count in last_words.items() if count > 1]


def _reports(found: Found, payload: Payload, node: Node, *, is_birth: bool) -> Iterator[Report]:
    """One for each time that stands in the payload, so that a value held back is as old as it says."""
    identity = found.device or found.names["edge"]
    twice = node.twice.get(found.device, ())
    by_time: dict[tuple[int | None, bool], list[tuple[str, str, object]]] = {}
    unnamed: list[int | None] = []
    for said in payload.metrics:
        known = node.aliases.get(said.alias) if said.alias is not None else None
        name = said.name or (known.name if known else "")
        if not name:
            unnamed.append(said.alias)
            continue
        if not said.type and known:
            said = said._replace(type=known.type)
        time = said.time if said.historical else (payload.time or said.time)
        fields = by_time.setdefault((time, said.historical), [])
        for path, value in _valued(said, name):
            fields.extend(_fields(path, value, twice))
    flaw = _undeclared(unnamed) if unnamed else None
    for (time, historical), said_then in by_time.items() or [((payload.time, False), [])]:
        yield Report(
            identity=identity,
            aliases=_aliases(found, identity),
            fields=with_parts(said_then),
            says={"online": True} if is_birth else {},
            time=time,
            history=historical,
            counter="" if payload.sequence is None else str(payload.sequence),
            flaw=flaw,
        )


def _valued(said: Said, name: str) -> Iterator[tuple[str, object]]:
    """(path, value) of a metric, or of each member of a template."""
    if isinstance(said.value, list):
        for member in said.value:
            yield from _valued(member, f"{name}/{member.name}")
    else:
        yield name, _signed(said.value, said.type)


def _fields(path: str, value: object, twice: Sequence[str]) -> Iterator[tuple[str, str, object]]:
    """(key, part, value): by the whole path, and by its last word, of which the rest is the part where several have
    it."""
    before, _, word = path.rpartition("/")
    part = before if word in twice else ""
    yield path, "", value
    if before:
        yield word, part, value


def _aliases(found: Found, identity: str) -> Sequence[str]:
    """Whole paths, for an installation in which two nodes name a device alike."""
    node = f"{found.names['group']}/{found.names['edge']}"
    return (node if identity == found.names["edge"] else f"{node}/{identity}",)


def _undeclared(aliases: Sequence[int | None]) -> Refusal:
    return Refusal(
        Problem.UNDECLARED_ALIAS,
        f"alias {shown(aliases[0])} was never named in a birth of this node; ask it for a rebirth",
    )
