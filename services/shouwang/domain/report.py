"""One device's part of a message, as its family's reader found it, and what its profile makes of it.

The port between families and profiles: a reader says who reports which fields, when; all else happens here, the same
for every family.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from typing import NamedTuple

import msgspec

from shouwang.domain.catalogue import Catalogue, Understood, guessed_kind
from shouwang.domain.codec import Answers, CodecAnswer, CodecCall
from shouwang.domain.devicetime import Stamp, said_instant, stamp
from shouwang.domain.family import Family
from shouwang.domain.interpretation import Decoded, Found, Interpretation, Registered
from shouwang.domain.mapping import FieldMap, Slot
from shouwang.domain.payload import shown
from shouwang.domain.reception import HeardBy, receiver_name, strength_of
from shouwang.domain.vocabulary import Arrival, DeviceId, Instant, Problem, Reading, Refusal, Scalar, Value


class Report(Value, frozen=True, kw_only=True):
    """What one device says in a message, not yet understood. Identity empty: nobody is named."""

    identity: str
    fields: Mapping[str, object]
    """By key, as they stand in the message; a profile says what they mean."""
    around: Mapping[str, object] = msgspec.field(default_factory=dict)
    """The message around the fields, for what the family itself tells of any device."""
    says: Mapping[str, Scalar] = msgspec.field(default_factory=dict)
    """Readings that are certain without a profile."""
    aliases: Sequence[str] = ()
    model: str = ""
    subtype: str = ""
    """What it is, where one model name stands for several."""
    hardware: str = ""
    profile: str = ""
    """Where the family itself knows it; before the model."""
    time: object = None
    history: bool = False
    """Of the past: counts only with a time that can be believed."""
    counter: str = ""
    digest: str = ""
    """What tells its messages apart, where the payload has the receiver's own noise in it; empty: the payload does."""
    part: str = ""
    """Part of every field of it that has none of its own."""
    data: bytes | None = None
    port: int = 0
    flaw: Refusal | None = None
    """What is wrong with the message as a whole, although its fields can be read."""


class ReportReading:
    """Makes readings of the reports of one family."""

    def __init__(self, family: Family, catalogue: Catalogue, zone: tzinfo) -> None:
        self._family = family
        self._catalogue = catalogue
        self._zone = zone
        self._receivers = _Receivers(family) if family.receivers is not None else None
        self._around = FieldMap(family.readings) if family.readings else None
        self._value, self._part, self._time = (
            family.envelope.value,
            family.envelope.part,
            family.envelope.value_time,
        )

    def interpret(
        self,
        found: Found,
        arrival: Arrival,
        reports: Sequence[Report],
        registered: Registered,
        answers: Answers,
    ) -> Interpretation:
        """All reports of one arrival. Refused where no report has a reading and one has a field that cannot be read;
        pending where a codec has to run first."""
        device = reports[0].identity if reports else found.device
        mapped = [self._mapped(report, registered, found.behind) for report in self._in_time(reports)]
        return self._told(found.family, device, arrival, mapped, answers)

    def _told(
        self, family: str, device: str, arrival: Arrival, mapped: Sequence["_Mapped"], answers: Answers
    ) -> Interpretation:
        messages: list[Decoded] = []
        refusal: Refusal | None = None
        for one in mapped:
            result = self._decoded(one, arrival, answers)
            if isinstance(result, CodecCall):
                resume = partial(self._told, family, device, arrival, mapped)
                return Interpretation(family=family, device=one.report.identity, pending=result, resume=resume)
            if isinstance(result, Refusal):
                refusal = refusal or result
            else:
                messages.extend(result)
        if messages:
            return Interpretation(family=family, device=device, messages=messages)
        return Interpretation(family=family, device=device, refusal=refusal, ignored=refusal is None)

    def _in_time(self, reports: Sequence[Report]) -> Sequence[Report]:
        """Oldest first, as far as the message says; what has no time keeps its place before what has one."""
        if len(reports) < 2:
            return reports
        return sorted(reports, key=lambda report: said_instant(report.time, self._zone) or 0)

    def _mapped(self, report: Report, registered: Registered, behind: str) -> "_Mapped":
        address, known = self._who(report, registered)
        understood = self._understood(report, known)
        dropped: list[Refusal] = []
        values, times = self._values(understood, report, dropped)
        heard_by = self._heard_by(report, behind)
        return _Mapped(report, address, known, understood, values, times, dropped, heard_by)

    def _decoded(self, mapped: "_Mapped", arrival: Arrival, answers: Answers) -> list[Decoded] | CodecCall | Refusal:
        """Done again with the same, it gives the same, but for what more answers tell."""
        report, address, known, understood, values, times, dropped, heard_by = mapped
        values = dict(values)
        problem = report.flaw
        if report.data and not values:
            answer = self._answer(understood, report, arrival, answers)
            if isinstance(answer, CodecCall):
                return answer
            if answer is not None:
                dropped.clear()
                values = understood.fields.read(answer.fields, dropped)
                problem = problem or answer.problem
            else:
                problem = problem or _unknown_model(report)
        if dropped and not values:
            problem = problem or dropped[0]
        values.update({(metric, report.part): value for metric, value in report.says.items()})
        if self._around is not None:
            for slot, value in self._around.read(report.around, []).items():
                values.setdefault(slot, value)
        if problem is not None and not values:
            return problem
        if not report.identity:
            problem = problem or _nobody(report)
        device = known[0] if known else DeviceId(address)
        kind = guessed_kind({metric for metric, _ in values}) if understood.guesses else understood.kind
        own = stamp(report.time, arrival.received_at, self._zone)
        by_time: dict[Stamp, list[Reading]] = {} if times else {own: []}
        for slot, value in values.items():
            said = times.get(slot)
            when = own if said is None else stamp(said, arrival.received_at, self._zone)
            if report.history and when.note:
                continue
            by_time.setdefault(when, []).append(
                Reading(device, slot[0], value, when.measured_at, arrival.received_at, slot[1])
            )
        return [
            Decoded(
                identity=report.identity,
                address=address,
                device=device,
                aliases=[f"{self._family.id}:{alias}" for alias in report.aliases],
                model=report.model,
                profile=understood.id,
                kind=kind,
                measured_at=when.measured_at,
                readings=readings,
                device_time=when.device_time,
                time_note=when.note,
                counter=report.counter,
                digest=report.digest,
                dropped=dropped,
                heard_by=heard_by,
                problem=problem,
            )
            for when, readings in (sorted(by_time.items(), key=_measured_at) if times else by_time.items())
        ]

    def _heard_by(self, report: Report, behind: str) -> Sequence[HeardBy]:
        """By whom the message was heard, as far as it or its topic says; a device is not behind itself."""
        if self._receivers is not None:
            return self._receivers.heard(report.around)
        if not behind or behind == report.identity or behind in report.aliases:
            return ()
        return [HeardBy(f"{self._family.id}:{behind}")]

    def _who(self, report: Report, registered: Registered) -> tuple[str, tuple[DeviceId, str] | None]:
        address = f"{self._family.id}:{report.identity}"
        for name in (address, *(f"{self._family.id}:{alias}" for alias in report.aliases)):
            known = registered(name)
            if known is not None:
                return address, known
        return address, None

    def _understood(self, report: Report, known: tuple[DeviceId, str] | None) -> Understood:
        """As the installer registered it, else as the family knows it, else as the message names its model."""
        family = self._family.id
        if known is not None:
            return self._catalogue.for_family(known[1], family)
        if report.profile:
            return self._catalogue.for_family(report.profile, family)
        if report.model or report.hardware:
            id = self._catalogue.carried(family, f"{report.model}/{report.subtype}") if report.subtype else None
            id = id or self._catalogue.carried(family, report.model, report.hardware)
            id = id or (self._catalogue.named(report.model, family, by_people=False) if report.model else None)
            if id is not None:
                return self._catalogue.for_family(id, family)
        return self._catalogue.generic(family)

    def _values(
        self, understood: Understood, report: Report, dropped: list[Refusal]
    ) -> tuple[dict[Slot, Scalar], dict[Slot, object]]:
        """Values, and the times of those that have their own. Plain fields together; of a field that is an object with
        a value of its own, or a list of such, each."""
        fields, times = report.fields, {}
        if understood.fields.own_names:
            strange = [key for key in fields if key not in understood.fields.keys]
            dropped.extend(Refusal(Problem.WRONG_TYPE, f"{shown(key)} is not a metric") for key in strange)
        inner = {key: raw for key, raw in fields.items() if self._value and isinstance(raw, (dict, list))}
        plain = {key: raw for key, raw in fields.items() if key not in inner} if inner else fields
        values = understood.fields.read(plain, dropped)
        for key, raw in inner.items():
            for one in raw if isinstance(raw, list) else [raw]:
                if not isinstance(one, dict) or self._value not in one:
                    if not understood.fields.looks_at(key):
                        continue
                    expected = f"a value, or objects with {self._value!r}"
                    dropped.append(Refusal(Problem.WRONG_TYPE, f"{shown(key)} holds {shown(one)}; expected {expected}"))
                    continue
                part = text_of(one.get(self._part)) if self._part else ""
                before = set(values)
                if isinstance(one[self._value], dict):  # an event with what it tells, among properties
                    values.update(understood.fields.read({"event": key, **one[self._value]}, dropped))
                else:
                    understood.fields.read_field(key, one[self._value], part, values, dropped)
                if self._time and one.get(self._time) is not None:
                    times.update({slot: one[self._time] for slot in values if slot not in before})
        if report.part:
            values = {(metric, part or report.part): value for (metric, part), value in values.items()}
            times = {(metric, part or report.part): said for (metric, part), said in times.items()}
        return values, times

    def _answer(
        self, understood: Understood, report: Report, arrival: Arrival, answers: Answers
    ) -> CodecAnswer | CodecCall | None:
        profile = self._catalogue.get(understood.id)
        if profile is None or not profile.codec or report.data is None:
            return None
        call = CodecCall(profile.id, report.data, report.port, arrival.received_at)
        return answers.get(call, call)


class _Mapped(NamedTuple):
    """A report with all that it says without a codec."""

    report: Report
    address: str
    known: tuple[DeviceId, str] | None
    understood: Understood
    values: dict[Slot, Scalar]
    times: dict[Slot, object]
    dropped: list[Refusal]
    heard_by: Sequence[HeardBy]


class _Receivers:
    """Where a family's messages tell who heard them, compiled."""

    def __init__(self, family: Family) -> None:
        said = family.receivers
        assert said is not None
        self._family = family.id
        self._each = [path.split(".") for path in said.each]
        self._identity = [path.split(".") for path in said.identity]
        self._strength = [path.split(".") for path in said.strength]

    def heard(self, message: Mapping[str, object]) -> list[HeardBy]:
        for path in self._each:
            raw = _at(message, path)
            found = [one for said in (raw if isinstance(raw, list) else [raw]) if (one := self._one(said)) is not None]
            if found:
                return found[:MOST_RECEIVERS]
        return []

    def _one(self, said: object) -> HeardBy | None:
        name = next((text for path in self._identity if (text := text_of(_at(said, path)))), "")
        if not name:
            return None
        strength = next((found for path in self._strength if (found := strength_of(_at(said, path))) is not None), None)
        return HeardBy(f"{self._family}:{receiver_name(name)}", strength)


MOST_RECEIVERS = 16
"""Of one message that are looked at."""


def _at(message: object, path: Sequence[str]) -> object:
    for key in path:
        if not isinstance(message, dict):
            return None
        message = message.get(key)
    return message


LONGEST_NAME = 64
"""Characters of a counter, an identity in a payload or a part's name that are kept."""


def with_parts(found: Iterable[tuple[str, str, object]]) -> dict[str, object]:
    """Fields of (key, part, raw value), as a family with the envelope's ``value: value, part: part`` reads them: bare
    where a key has one value without a part, else a list of objects."""
    grouped: dict[str, list[tuple[str, object]]] = {}
    for key, part, raw in found:
        grouped.setdefault(key, []).append((part, raw))
    return {
        key: raws[0][1]
        if len(raws) == 1 and not raws[0][0] and not isinstance(raws[0][1], (dict, list))
        else [{"value": raw, "part": part} for part, raw in raws]
        for key, raws in grouped.items()
    }


def text_of(raw: object) -> str:
    """An identity, a counter or a part as text; what is no whole number and no text counts as none."""
    if type(raw) is str:
        return raw.strip()[:LONGEST_NAME] if raw.isprintable() else ""
    match raw:
        case bool():
            return ""
        case int() if abs(raw) < 10**LONGEST_NAME:
            return str(raw)
        case float() if raw.is_integer() and abs(raw) < 10**15:
            return str(int(raw))
        case _:
            return ""


def _measured_at(pair: tuple[Stamp, list[Reading]]) -> Instant:
    return pair[0].measured_at


def _unknown_model(report: Report) -> Refusal:
    named = f"model {report.model!r} has no profile with a codec" if report.model else "nothing names the model"
    return Refusal(
        Problem.UNKNOWN_MODEL,
        f"{report.identity} sent {len(report.data or b'')} bytes on port {report.port} and {named}; register the "
        "device with its profile, or add a profile",
    )


def _nobody(report: Report) -> Refusal:
    return Refusal(
        Problem.NO_IDENTITY,
        "neither the topic nor the message names a device; its life-safety readings count at the place unassigned",
    )
