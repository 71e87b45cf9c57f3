"""Reads what no family of ours says: a bare value or an object on a topic that a profile, or an installation, names.

No format stands behind it. A name in the payload is the device's, else the topic is; words are read only where they can
mean one thing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Route
from shouwang.domain.interpretation import Found, Memory
from shouwang.domain.payload import UNREADABLE, read_json, shown
from shouwang.domain.profile import Profile
from shouwang.domain.report import Report, text_of
from shouwang.domain.topic import filled
from shouwang.domain.vocabulary import Arrival, Problem, Refusal

RAW = "raw"
"""The id of the family."""

IDENTITIES = (
    "device_id", "deviceId", "device", "dev_id", "devId", "deviceName", "device_name", "sensor_id", "sensorId",
    "sensor", "id", "uid", "uuid", "mac", "imei", "sn", "serial", "serial_number", "node", "node_id", "name",
)  # fmt: skip
PLACES = ("sector", "zone", "room", "loop", "point", "channel", "address", "unit", "station", "location", "area")
"""Words that name a device by where it is. A bare number of theirs is no name: it bears the word (``sector 1``)."""

TIMES = ("time", "timestamp", "ts", "at", "datetime", "date_time")

OBJECTS = ("readings", "values", "data", "sensors", "payload", "params", "fields", "attributes", "state")
"""Keys under which senders put their fields once more."""

MOST = 256
"""Devices of one message that are read."""


def own_routes(profiles: Iterable[Profile]) -> Iterator[Route]:
    """The topics that profiles name, in the form of a family's."""
    for profile in profiles:
        for spoken in profile.topics:
            yield Route(topic=spoken.topic, device=spoken.device, field=spoken.field, profile=profile.id)


class RawReader(EnvelopeReader):
    """A topic's last level is the field of a bare value, where it is a word that the profile reads."""

    def reports(self, found: Found, arrival: Arrival, memory: Memory) -> Sequence[Report] | Refusal:
        content, flaw = read_json(arrival.payload)
        if content is UNREADABLE:
            text = arrival.payload.decode("utf-8", "replace").strip()
            if flaw is None or flaw.code is not Problem.INVALID_JSON or text[:1] in {"{", "["}:
                return flaw or []
            content, flaw = text, None
        elif isinstance(content, str) and content.startswith("{"):
            content, flaw = read_json(content.encode("utf-8", "replace"))
            if content is UNREADABLE:
                return flaw or []
        if isinstance(content, list) and content and all(isinstance(one, dict) for one in content):
            return [self._object(found, one, flaw) for one in content[:MOST]]
        if isinstance(content, dict):
            return [self._object(found, content, flaw)]
        field = self._field(found)
        if field not in self._keys(found):
            return Refusal(
                Problem.UNKNOWN_TOPIC,
                f"the payload is {shown(content)}, and the topic does not say of what; name it in a profile's topics",
            )
        if isinstance(content, list):
            return Refusal(Problem.WRONG_TYPE, f"{field} is {shown(content)}; expected a value")
        return [self._report(found, self._place(found), {field: content}, {}, flaw)]

    def _object(self, found: Found, message: Mapping[str, object], flaw: Refusal | None) -> Report:
        fields = dict(message)
        for key in OBJECTS:
            inner = message.get(key)
            if isinstance(inner, dict):
                fields = {**inner, **fields}
        return self._report(found, _named(fields) or self._place(found), fields, fields, flaw)

    def _report(
        self,
        found: Found,
        identity: str,
        fields: Mapping[str, object],
        message: Mapping[str, object],
        flaw: Refusal | None,
    ) -> Report:
        return Report(
            identity=identity,
            fields=fields,
            model=text_of(message.get("model")),
            profile=found.route.profile,
            time=next((message[key] for key in TIMES if message.get(key) is not None), None),
            counter=text_of(message.get("seq")),
            flaw=flaw,
        )

    def _keys(self, found: Found) -> frozenset[str]:
        profile = found.route.profile
        understood = (
            self.catalogue.for_family(profile, self.family.id) if profile else self.catalogue.generic(self.family.id)
        )
        return understood.fields.keys

    def _field(self, found: Found) -> str:
        if found.route.field:
            return filled(found.route.field, found.names)
        return found.names.get("last", "").casefold()

    def _place(self, found: Found) -> str:
        """The topic, without a last level that only says which field it is."""
        last = found.names.get("last")
        if not last or self._field(found) in self._keys(found):
            return found.device
        return f"{found.device}/{last}" if found.device else last


def _named(message: Mapping[str, object]) -> str:
    for key in IDENTITIES:
        if name := text_of(message.get(key)):
            return name
    for key in PLACES:
        raw = message.get(key)
        if name := text_of(raw):
            return name if isinstance(raw, str) and not name.isdecimal() else f"{key} {name}"
    return ""
