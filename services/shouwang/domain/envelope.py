"""Reads the families that data describes whole: where the device, its fields, its time and its bytes stand."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from shouwang.domain.catalogue import Catalogue
from shouwang.domain.codec import Answers
from shouwang.domain.family import Envelope, Family, Holds, Route
from shouwang.domain.interpretation import Found, Interpretation, Memory, Registered
from shouwang.domain.payload import UNREADABLE, payload_hash, read_json, shown
from shouwang.domain.report import Report, ReportReading, text_of
from shouwang.domain.topic import filled
from shouwang.domain.vocabulary import Arrival, Problem, Refusal

PRESENT = frozenset({"online", "true", "1", "on", "connected", "ready", "alive", "active"})
ABSENT = frozenset(
    {"offline", "false", "0", "off", "disconnected", "lost", "dead", "sleeping", "inactive", "unavailable"}
)
"""Words of availability, in any case. ``sleeping`` (Homie) is out of reach by intention: silent, not lost."""


class EnvelopeReader:
    """Announces nothing and remembers nothing. Readers of protocols with a state build on it: they override
    ``reports`` or take single routes for themselves."""

    def __init__(self, family: Family, catalogue: Catalogue, zone: tzinfo) -> None:
        """Raises ProfileError for readings of the family that cannot be compiled."""
        self.family = family
        self.catalogue = catalogue
        self.reading = ReportReading(family, catalogue, zone)
        usual = family.envelope
        self._plans = {id(route): _Plan(route, route.envelope or usual, usual) for route in family.topics}

    def memory(self, kept: Mapping[str, bytes]) -> Memory:
        return None

    def read(
        self, found: Found, arrival: Arrival, memory: Memory, registered: Registered, answers: Answers
    ) -> Interpretation:
        if found.holds is Holds.NOTHING or (not arrival.payload and not found.route.says):
            return Interpretation(family=found.family, device=found.device, ignored=True)
        reports = self.reports(found, arrival, memory)
        if isinstance(reports, Refusal):
            return Interpretation(family=found.family, device=found.device, refusal=reports)
        if not reports:
            return Interpretation(family=found.family, device=found.device, ignored=True)
        return self.reading.interpret(found, arrival, reports, registered, answers)

    def reports(self, found: Found, arrival: Arrival, memory: Memory) -> Sequence[Report] | Refusal:
        """What each device in the message says; none where it is legitimate and says nothing."""
        route = found.route
        if found.holds is Holds.AVAILABILITY or found.holds is Holds.GATEWAY:
            return self._presence(found, arrival)
        if route.field:
            return [self._bare(found, arrival)]
        content, flaw = read_json(arrival.payload)
        if content is UNREADABLE:
            if route.says and flaw is not None:
                return [Report(identity=found.device, fields={}, says=route.says)]
            return flaw or []
        return self.reports_of(found, content, flaw)

    def reports_of(self, found: Found, content: object, flaw: Refusal | None) -> Sequence[Report] | Refusal:
        """The same of a payload that is JSON."""
        plan = self._plans[id(found.route)]
        reports: list[Report] = []
        refusal: Refusal | None = None  # of one device; it takes nothing from the others
        for identity, message in plan.messages(content):
            if not isinstance(message, dict):
                report: Report | Refusal = _no_object(message)
            else:
                report = plan.report(found, identity, message, flaw)
            if isinstance(report, Refusal):
                refusal = refusal or report
            else:
                reports.append(report)
        return reports or refusal or []

    def _bare(self, found: Found, arrival: Arrival) -> Report:
        content, _ = read_json(arrival.payload)
        value = arrival.payload.decode("utf-8", "replace")[:256] if content is UNREADABLE else content
        adds = {key: filled(text, found.names) for key, text in found.route.adds.items()}
        part = adds.pop("part", "")
        return Report(
            identity=found.device,
            fields={filled(found.route.field, found.names): value, **adds},
            model=adds.get("model", ""),
            subtype=adds.get("subtype", ""),
            profile=found.route.profile,
            says=found.route.says,
            part=part,
        )

    def _presence(self, found: Found, arrival: Arrival) -> Sequence[Report] | Refusal:
        is_gateway = found.holds is Holds.GATEWAY
        online = found.route.says.get("online")
        if online is None:
            said = presence(arrival.payload)
            if isinstance(said, Refusal):
                return said
            online = said
        identity = (found.device or found.base) if is_gateway else found.device
        profile = self.family.gateway if is_gateway else ""
        return [Report(identity=identity, fields={}, says={"online": online}, profile=profile)]


def presence(payload: bytes) -> bool | Refusal:
    """Whether a device is there: a word, a JSON text, boolean or number, or an object with ``state`` or ``status``."""
    content, _ = read_json(payload)
    if content is UNREADABLE:
        content = payload[:64].decode("utf-8", "replace")
    if isinstance(content, dict):
        content = next((content[key] for key in ("state", "status", "online", "value") if key in content), None)
    word = ("true" if content else "false") if isinstance(content, bool) else str(content).strip().casefold()
    if word in PRESENT:
        return True
    if word in ABSENT:
        return False
    return Refusal(Problem.WRONG_TYPE, f"the availability is {shown(content)}; expected online or offline")


def _no_object(message: object) -> Refusal:
    return Refusal(Problem.WRONG_TYPE, f"the payload holds {shown(message)}; expected an object")


_OBJECT_IN_BASE64 = ("ey", "ew")
"""How the base64 of ``{"``, ``{`` and a blank or a line's end begins."""


class _Plan:
    """An envelope, compiled for one route."""

    def __init__(self, route: Route, envelope: Envelope, usual: Envelope) -> None:
        """``usual``: the family's, which says how values with a time of their own are written."""
        self._route = route
        self._renamed = {
            here: there
            for here, there in ((envelope.value, usual.value), (envelope.value_time, usual.value_time))
            if here and there and here != there
        }
        self._each = [(_look(path.removesuffix(".*")), envelope.keyed or path.endswith(".*")) for path in envelope.each]
        self._events = [_look(path) for path in envelope.events]
        self._identity = [_look(path) for path in envelope.identity]
        self._aliases = [_named(path) for path in envelope.aliases]
        self._subtype = [_look(path) for path in envelope.subtype]
        self._volatile = frozenset(envelope.volatile)
        self._model = [_look(path) for path in envelope.model]
        self._readings = [_every(path) for path in envelope.readings]
        self._named = envelope.named
        self._no_fields = envelope.no_fields
        self._wanted = " or ".join(envelope.readings)
        self._time = [_look(path) for path in envelope.time]
        self._counter = [_look(path) for path in envelope.counter]
        self._bytes = [_look(path) for path in envelope.bytes]
        self._port = [_look(path) for path in envelope.port]
        self._hexadecimal = envelope.hexadecimal

    def messages(self, content: object) -> Iterator[tuple[str, object]]:
        """(identity, message); identity empty where no key tells it."""
        for look, is_keyed in self._each or [(_whole, False)]:
            inner = _unpacked(look(content))
            if is_keyed and isinstance(inner, dict):
                for identity, below in inner.items():
                    for one in below if isinstance(below, list) else [below]:
                        yield identity, one
            elif isinstance(inner, list):
                for one in inner:
                    yield "", one
            elif inner is not None or not self._each:
                yield "", inner

    def report(self, found: Found, key: str, message: Mapping[str, Any], flaw: Refusal | None) -> Report | Refusal:
        data = self._data(message)
        fields = self._fields(message)
        if isinstance(fields, Refusal):
            return fields
        if isinstance(data, Refusal):
            flaw, data = flaw or data, None
        for name, text in self._route.adds.items():
            fields = {**fields, name: filled(text, found.names)}
        port = _first(self._port, message)
        time, counter = _first(self._time, message), text_of(_first(self._counter, message))
        return Report(
            identity=_first_text(self._identity, message) or key or found.device,
            aliases=[name for look in self._aliases if (name := text_of(look(message)))],
            model=_first_text(self._model, message) or filled(self._route.adds.get("model", ""), found.names),
            subtype=text_of(_first(self._subtype, message)),
            profile=self._route.profile,
            fields=fields,
            around=message,
            says=self._route.says,
            history=self._route.history,
            time=time,
            counter=counter,
            digest=self._digest(message) if counter or time is not None else "",
            data=data,
            port=port if isinstance(port, int) and 0 <= port <= 255 else 0,
            flaw=flaw,
        )

    def _digest(self, message: Mapping[str, Any]) -> str:
        if self._volatile.isdisjoint(message):
            return ""
        kept = [(key, raw) for key, raw in message.items() if key not in self._volatile]
        return payload_hash(repr(kept).encode("utf-8", "backslashreplace"))

    def _fields(self, message: Mapping[str, Any]) -> Mapping[str, object] | Refusal:
        if self._no_fields:
            return {}
        if not self._readings:
            return message
        objects = [one for look in self._readings for one in look(message)]
        objects += [_happened(events) for look in self._events if isinstance(events := look(message), dict) and events]
        if not objects:
            if self._bytes or self._route.says:  # an uplink may be empty: the device was heard
                return {}
            return Refusal(
                Problem.WRONG_TYPE, f"the payload is an object without {self._wanted}; expected it, itself an object"
            )
        if self._named:
            objects = [{**one, **_by_name(one, self._named)} for one in objects]
        fields = (
            objects[0] if len(objects) == 1 else {key: raw for one in reversed(objects) for key, raw in one.items()}
        )
        return _renamed(fields, self._renamed) if self._renamed else fields

    def _data(self, message: Mapping[str, Any]) -> bytes | Refusal | None:
        raw = _first(self._bytes, message)
        if not isinstance(raw, str) or not raw:
            return None
        try:
            return bytes.fromhex(raw) if self._hexadecimal else base64.b64decode(raw, validate=True)
        except (ValueError, binascii.Error):
            encoding = "hexadecimal" if self._hexadecimal else "base64"
            return Refusal(Problem.WRONG_TYPE, f"the device's bytes are {shown(raw)}; expected {encoding}")


def _whole(message: object) -> object:
    return message


def _by_name(message: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    """Fields whose names stand in the message, beside their values."""
    return {
        name: message[value] for key, value in named.items() if (name := text_of(message.get(key))) and value in message
    }


def _renamed(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Of fields that are objects with a value, or lists of such: the same under the family's usual names."""
    return {
        key: [
            {names.get(name, name): value for name, value in one.items()} if isinstance(one, dict) else one
            for one in (raw if isinstance(raw, list) else [raw])
        ]
        if isinstance(raw, (dict, list))
        else raw
        for key, raw in fields.items()
    }


def _happened(events: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of named events: their names, and what they carry."""
    fields: dict[str, Any] = {"event": " ".join(events)}
    for event in events.values():
        for carried in event if isinstance(event, list) else [event]:
            if isinstance(carried, dict):
                inner = carried.get("value", carried.get("outputParams"))
                fields = {**(inner if isinstance(inner, dict) else {}), **fields}
    return fields


def _every(path: str) -> Callable[[object], list[dict[str, Any]]]:
    """All objects at a path: of a list on the way, those of each of its objects, the newest (the last) first."""
    if path == ".":
        return lambda message: [message] if isinstance(message, dict) else []
    return lambda message: list(_objects(message, path.split(".")))


def _objects(message: object, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    for index, key in enumerate(keys):
        message = _unpacked(message)
        if isinstance(message, list):
            for one in reversed(message):
                yield from _objects(one, keys[index:])
            return
        if not isinstance(message, dict):
            return
        message = message.get(key)
    message = _unpacked(message)
    for one in reversed(message) if isinstance(message, list) else [message]:
        if isinstance(one, dict):
            yield one


def _first_text(looks: Sequence[Callable[[object], Any]], message: object) -> str:
    """Some platforms write ``undefined`` where they know no name."""
    for look in looks:
        raw = look(message)
        if raw is None:
            continue
        found = text_of(raw)
        if found and found.casefold() not in {"undefined", "null", "none"}:
            return found
    return ""


def _unpacked(raw: object) -> object:
    """An object that was encoded once more, as a text or as the base64 of one, is that object."""
    if not isinstance(raw, str):
        return raw
    if raw.startswith("{"):
        return read_json(raw.encode())[0]
    if raw.startswith(_OBJECT_IN_BASE64):
        try:
            inner, _ = read_json(base64.b64decode(raw, validate=True))
        except (ValueError, binascii.Error):
            return raw
        return inner if isinstance(inner, dict) else raw
    return raw


def _look(path: str) -> Callable[[object], Any]:
    """What stands at a path: into objects by key, into lists by the first of their objects that has it."""
    if path == ".":
        return _whole
    keys = tuple(path.split("."))
    if len(keys) == 1:
        only = keys[0]
        return lambda message: message.get(only) if isinstance(message, dict) else None
    return lambda message: _walk(message, keys)


def _named(path: str) -> Callable[[object], Any]:
    """The same of a name made of several fields: ``{model}/{id}``; None where one of them is missing."""
    if "{" not in path:
        return _look(path)
    looks = [(name, _look(name)) for name in re.findall(r"\{([\w.]+)\}", path)]

    def made(message: object) -> str | None:
        names = {name: text_of(look(message)) for name, look in looks}
        return filled(path, names) if all(names.values()) else None

    return made


def _walk(message: object, keys: Sequence[str]) -> object:
    for index, key in enumerate(keys):
        if isinstance(message, list):
            rest = keys[index:]
            return next((found for one in message if (found := _walk(one, rest)) is not None), None)
        if not isinstance(message, dict):
            return None
        message = message.get(key)
    return message


def _first(looks: Sequence[Callable[[object], Any]], message: object) -> Any:
    for look in looks:
        found = look(message)
        if found is not None:
            return found
    return None
