"""A profile's field map, compiled: from the fields of a message to values of metrics, with what had to be dropped.

Compiled once a profile; runs for every message, so that each raw value costs one lookup and one small function.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from shouwang.domain.errors import ProfileError
from shouwang.domain.payload import shown
from shouwang.domain.profile import Source
from shouwang.domain.unit import conversion
from shouwang.domain.vocabulary import METRICS, Metric, Problem, Refusal, Scalar

Slot: TypeAlias = tuple[str, str]
"""(metric, part)."""

Convert: TypeAlias = Callable[[object], Scalar | Refusal | None]
"""From a raw value; None where it tells nothing."""

LONGEST_LIST = 64
"""Entries of a list inside a message that are looked through: gateways that heard it, samples of a report."""

MAX_TEXT = 128
"""Characters of a text reading: words and codes, never prose."""

WORDS: Mapping[str, bool] = {
    "true": True, "on": True, "yes": True, "1": True,
    "false": False, "off": False, "no": False, "0": False,
}  # fmt: skip
"""How devices say a flag where the profile says nothing else, in any case."""

_WORSE_FALSE = frozenset({"contact", "online", "mains", "standby_power", "linkage_auto"})
_WORSE_LOW = frozenset({"battery", "voltage", "rssi", "snr", "linkquality", "water_pressure"})
_LARGEST = 10.0**15
"""Of a number without bounds of its own: beyond it a double no longer counts in ones."""


_Condition: TypeAlias = tuple[tuple[str, ...], frozenset[str]]
"""A path, and the raw values as text that fulfil it."""


_NO_SOURCES: Mapping[str, Sequence[Source]] = MappingProxyType({})


class _Step(NamedTuple):
    slot: Slot
    path: tuple[str, ...]
    key: str
    """The path, where it is of one key: nearly always; else empty."""
    is_conditional: bool
    beside: tuple[str, ...]
    when: tuple[_Condition, ...]
    unless: tuple[_Condition, ...]
    convert: Convert


Made: TypeAlias = dict[tuple[str, int], _Step]
"""Sources that were compiled already, by metric and identity: a generic profile's stand in most maps of its family."""


class FieldMap:
    """Reads messages of one profile."""

    def __init__(
        self,
        readings: Mapping[str, Sequence[Source]],
        *,
        spare: Mapping[str, Sequence[Source]] = _NO_SOURCES,
        own_names: bool = False,
        any_spelling: bool = False,
        made: Made | None = None,
    ) -> None:
        """``spare``: for metrics of ``readings``, other sources, which count in a message that holds none of the
        metric's own: another family's word for the same. ``any_spelling``: keys are compared without case and
        punctuation. ``made``: kept by whoever compiles many maps of one spelling, as long as their sources live. Raises
        ProfileError for a metric or unit that there is not."""
        self.own_names = own_names
        self._any_spelling = any_spelling
        if made is None or own_names:  # sources made here do not live on: their identity says nothing
            made = {}
        by_slot: dict[Slot, list[_Step]] = {}
        for metric, sources in _with_own_names(readings) if own_names else readings.items():
            for source in sources:
                step = _made(metric, source, spelled if any_spelling else str, made)
                by_slot.setdefault(step.slot, []).append(step)
        self.metrics = frozenset(metric for metric, _ in by_slot)
        self._direct: dict[str, list[tuple[Slot, Convert]]] = {}
        """By key, fields that alone tell their slot: nearly all of them."""
        self._sought: dict[str, dict[Slot, None]] = {}
        """By key, slots with alternatives, inner paths or conditions."""
        self._alternatives: dict[Slot, list[_Step]] = {}
        for slot, steps in by_slot.items():
            only = steps[0]
            if len(steps) == 1 and len(only.path) == 1 and not (only.beside or only.when or only.unless):
                self._direct.setdefault(only.path[0], []).append((slot, only.convert))
                continue
            self._alternatives[slot] = steps
            for key in dict.fromkeys(step.path[0] for step in steps):
                self._sought.setdefault(key, {})[slot] = None
        spelling = spelled if any_spelling else str
        self._spare: dict[str, dict[Slot, list[_Step]]] = {}
        self._spare_of: dict[str, list[str]] = {}
        """By key, metrics with a spare source."""
        for metric, sources in spare.items():
            slots = self._spare[metric] = {}
            for step in (_made(metric, source, spelling, made) for source in sources):
                slots.setdefault(step.slot, []).append(step)
                metrics = self._spare_of.setdefault(step.path[0], [])
                if metric not in metrics:
                    metrics.append(metric)
        self._own = {
            metric: frozenset(step.path[0] for (of, _), steps in by_slot.items() if of == metric for step in steps)
            for metric in spare
        }
        self.keys = frozenset({*self._direct, *self._sought, *self._spare_of})
        """Top-level keys that are looked at."""

    def looks_at(self, key: str) -> bool:
        """Whether a top-level key tells something."""
        return (spelled(key) if self._any_spelling else key) in self.keys

    def read(self, fields: Mapping[str, object], dropped: list[Refusal]) -> dict[Slot, Scalar]:
        """Values by slot. Each field that could not be read adds a refusal to ``dropped`` and harms no other."""
        if self._any_spelling:
            fields = _respelled(fields)
        found: dict[Slot, Scalar] = {}
        touched: dict[Slot, None] = {}
        spared: list[str] = []
        direct, sought, spare = self._direct, self._sought, self._spare_of
        for key, raw in fields.items():
            if raw is None:
                continue
            if key in sought:
                touched.update(sought[key])
            if key in spare:
                spared += spare[key]
            steps = direct.get(key)
            if steps is None:
                continue
            for slot, convert in steps:
                value = convert(raw)
                if value is None:
                    continue
                if type(value) is Refusal:
                    dropped.append(value)
                else:
                    found[slot] = value  # type: ignore[assignment]  # mypy does not narrow by an exact type
        for slot in touched:
            self._seek(slot, self._alternatives[slot], fields, found, dropped)
        for metric in dict.fromkeys(spared):
            if self._own[metric].isdisjoint(fields):
                for slot, others in self._spare[metric].items():
                    self._seek(slot, others, fields, found, [])
        return found

    def read_field(self, key: str, raw: object, part: str, found: dict[Slot, Scalar], dropped: list[Refusal]) -> None:
        """One raw value that its message gave under ``key`` with a part of its own."""
        for (metric, own), value in self.read({key: raw}, dropped).items():
            found[(metric, part or own)] = value

    def _seek(
        self,
        slot: Slot,
        alternatives: Sequence[_Step],
        fields: Mapping[str, object],
        found: dict[Slot, Scalar],
        dropped: list[Refusal],
    ) -> None:
        refused: Refusal | None = None
        best: Scalar | None = None
        for step in alternatives:
            raw = fields.get(step.key) if step.key else _look(fields, step.path)
            if raw is None or (step.is_conditional and not _counts(fields, step)):
                continue
            value = step.convert(raw)
            if value is True or value is False:
                best = value if best is None else worse(slot[0], best, value)
            elif type(value) is Refusal:
                refused = refused or value
            elif value is not None:
                best = value  # type: ignore[assignment]  # mypy does not narrow by an exact type
                break
        if best is not None:
            found[slot] = best
        elif refused is not None:
            dropped.append(refused)


def worse(metric: str, left: Scalar, right: Scalar) -> Scalar:
    """Of two values of one metric the one that asks for more attention; of two texts the first."""
    if isinstance(left, bool) and isinstance(right, bool):
        return left and right if metric in _WORSE_FALSE else left or right
    if isinstance(left, str) or isinstance(right, str):
        return left
    return min(left, right) if metric in _WORSE_LOW else max(left, right)


def raw_text(raw: object) -> str:
    """A raw value as the key of a value map: ``true``, ``1`` (also for 1.0), a text in small letters."""
    if type(raw) is str:
        return raw.strip().casefold()
    if type(raw) is int and -_LARGEST < raw < _LARGEST:
        return str(raw)
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < _LARGEST:
        return str(int(raw))
    return str(raw).strip().casefold() if isinstance(raw, (str, float)) else shown(raw)


@lru_cache(maxsize=4_096)
def spelled(key: str) -> str:
    """A key without case and punctuation: ``SmokeSensorState``, ``smoke_sensor_state`` and ``smoke-sensor-state`` are
    one word."""
    return "".join(character for character in key.casefold() if character.isalnum()) or key


def _respelled(fields: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, raw in fields.items():
        found.setdefault(spelled(key), _respelled(raw) if isinstance(raw, dict) else raw)
    return found


def _with_own_names(readings: Mapping[str, Sequence[Source]]) -> Iterator[tuple[str, Sequence[Source]]]:
    for metric in METRICS:
        yield metric, readings.get(metric) or [Source(path=metric)]


def _look(fields: object, path: Sequence[str]) -> object:
    """What stands at an inner path. A list is looked through: of numbers the largest (the gateway that heard best)."""
    raw = fields
    for index, key in enumerate(path):
        if isinstance(raw, list):
            rest = path[index:]
            found = [one for inner in raw[:LONGEST_LIST] if (one := _look(inner, rest)) is not None]
            numbers = [one for one in found if isinstance(one, (int, float)) and not isinstance(one, bool)]
            return max(numbers) if numbers else (found[0] if found else None)
        if not isinstance(raw, dict):
            return None
        raw = raw.get(key)
    return raw


def _counts(fields: Mapping[str, object], step: _Step) -> bool:
    """Whether the other fields let the source count."""
    if step.beside and not any(key in fields for key in step.beside):
        return False
    return all(_holds(fields, one) for one in step.when) and not any(_holds(fields, one) for one in step.unless)


def _holds(fields: Mapping[str, object], condition: _Condition) -> bool:
    path = condition[0]
    raw = fields.get(path[0]) if len(path) == 1 else _look(fields, path)
    return raw is not None and raw_text(raw) in condition[1]


def _conditions(written: Mapping[str, Sequence[str]], spelling: Callable[[str], str]) -> tuple[_Condition, ...]:
    return tuple((_keys(path, spelling), frozenset(wanted)) for path, wanted in written.items())


def _keys(path: str, spelling: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(map(spelling, path.split(".")))


def _made(metric: str, source: Source, spelling: Callable[[str], str], made: Made) -> _Step:
    key = (metric, id(source))
    if key not in made:
        made[key] = _step(metric, source, spelling)
    return made[key]


def _step(name: str, source: Source, spelling: Callable[[str], str]) -> _Step:
    metric = METRICS.get(name)
    if metric is None:
        raise ProfileError(f"{name} is not a metric")
    match metric.type:
        case "bool":
            convert = _flag(name, metric, source)
        case "number":
            convert = _number(name, metric, source)
        case _:
            convert = _text(name, metric, source)
    if source.pattern:
        convert = _matching(name, convert, source, flag=metric.type == "bool" and not source.values)
    if source.unknown:
        convert = _knowing(convert, frozenset(raw_text(value) for value in source.unknown))
    path = _keys(source.path, spelling)
    return _Step(
        (name, source.part),
        path,
        path[0] if len(path) == 1 else "",
        bool(source.beside or source.when or source.unless),
        tuple(map(spelling, source.beside)),
        _conditions(source.when, spelling),
        _conditions(source.unless, spelling),
        convert,
    )


def _flag(name: str, metric: Metric, source: Source) -> Convert:
    words = {raw_text(key): value for key, value in source.values.items()} if source.values else WORDS
    expected = "one of " + ", ".join(words) if source.values else "true or false"
    path, silent = source.path, metric.momentary and bool(source.values)

    def convert(raw: object) -> Scalar | Refusal | None:
        if (raw is True or raw is False) and words is WORDS:
            return raw
        text = raw_text(raw)
        try:
            return words[text]
        except KeyError:
            if silent or not text:
                return None
            return _wrong(path, raw, expected)

    return convert


def _number(name: str, metric: Metric, source: Source) -> Convert:
    found = conversion(name, source.unit)
    if found is None:
        raise ProfileError(f"{name} cannot be had from {source.unit!r}: there is no conversion to {metric.unit!r}")
    factor, offset = found[0] * source.scale, found[1]
    plain = factor == 1 and offset == 0
    low = -_LARGEST if metric.low is None else metric.low
    high = _LARGEST if metric.high is None else metric.high
    raw_low = -_LARGEST if source.low is None else source.low
    raw_high = _LARGEST if source.high is None else source.high
    path, unit = source.path, f" {metric.unit}" if metric.unit else ""
    values = {raw_text(key): value for key, value in source.values.items()}
    lowest, highest = (max(low, raw_low), min(high, raw_high)) if plain and not values else (0.0, -1.0)

    def convert(raw: object) -> Scalar | Refusal | None:
        kind = type(raw)
        if (kind is int or kind is float) and lowest <= raw <= highest:  # type: ignore[operator]  # a number
            return raw  # type: ignore[return-value]
        if values:
            text = raw_text(raw)
            return values[text] if text in values else _wrong(path, raw, "one of " + ", ".join(values))
        if kind is not int and kind is not float:
            if not isinstance(raw, str):
                return _wrong(path, raw, "a number")
            stripped = raw.strip()
            if not stripped:
                return None
            try:
                raw = float(stripped)
            except ValueError:
                return _wrong(path, raw, "a number")
            if raw.is_integer() and abs(raw) < _LARGEST and "." not in stripped:
                raw = int(raw)
        number: int | float = raw  # type: ignore[assignment]  # int or float by now
        if not raw_low <= number <= raw_high:
            return _outside(path, raw, raw_low, raw_high, "")
        value = number if plain else round(number * factor + offset, 6)
        if not low <= value <= high:
            return _outside(path, raw, low, high, unit)
        return value

    return convert


def _text(name: str, metric: Metric, source: Source) -> Convert:
    path = source.path
    values = {raw_text(key): value for key, value in source.values.items()}

    def convert(raw: object) -> Scalar | Refusal | None:
        if values:
            text = raw_text(raw)
            if text in values or metric.momentary or not text:
                return values.get(text)
            return _wrong(path, raw, "one of " + ", ".join(values))
        if not isinstance(raw, str):
            return _wrong(path, raw, "a text")
        stripped = raw.strip()
        if not stripped:
            return None
        if len(stripped) > MAX_TEXT or not stripped.isprintable():
            return _wrong(path, raw, f"a printable text of at most {MAX_TEXT} characters")
        return stripped

    return convert


def _matching(name: str, convert: Convert, source: Source, *, flag: bool) -> Convert:
    try:
        sought = re.compile(source.pattern, re.IGNORECASE)
    except re.error as error:
        raise ProfileError(f"{name}: pattern {source.pattern!r} is no regular expression: {error}") from None

    def matching(raw: object) -> Scalar | Refusal | None:
        found = sought.search(raw_text(raw)[:MAX_TEXT])
        if flag:
            return found is not None
        if found is None:
            return None
        return convert(found[1] if sought.groups else found[0])

    return matching


def _knowing(convert: Convert, unknown: frozenset[str]) -> Convert:
    def knowing(raw: object) -> Scalar | Refusal | None:
        return None if raw_text(raw) in unknown else convert(raw)

    return knowing


def _wrong(path: str, raw: object, expected: str) -> Refusal:
    return Refusal(Problem.WRONG_TYPE, f"{path} is {shown(raw)}; expected {expected}")


def _outside(path: str, raw: object, low: float, high: float, unit: str) -> Refusal:
    return Refusal(Problem.OUT_OF_RANGE, f"{path} is {shown(raw)}; expected {low:g} to {high:g}{unit}")
