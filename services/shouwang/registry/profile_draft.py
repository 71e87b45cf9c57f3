"""A first draft of a device profile from captured messages: what is known is written, what only its maker knows is left
to be filled in, and `shouwang check` names each such place."""

import json
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import yaml

from shouwang.domain.catalogue import guessed_kind
from shouwang.domain.consulting import Run, read_together
from shouwang.domain.decode import Interpreter
from shouwang.domain.errors import ConfigError
from shouwang.domain.interpretation import FamilyState, Interpretation
from shouwang.domain.mapping import WORDS, raw_text, spelled
from shouwang.domain.profile import Source
from shouwang.domain.vocabulary import METRICS, Arrival, Kind, Scalar
from shouwang.registry.profile_laws import TESTABLE, TO_FILL

_MODELS = ("deviceProfileName", "model_id", "model", "modelId")
"""Keys under which networks name the model, of messages that could not be read."""

EXAMPLES_AT_MOST = 8
LONGEST_EXAMPLE = 2_000

CODEC = """\
// The bytes of one uplink to named values (LoRa Alliance TS013). Format: the maker's document, name and section.
function decodeUplink(input) {
  const bytes = input.bytes; // input.fPort, input.recvTime
  return { errors: [`${bytes.length} bytes on fPort ${input.fPort}: this codec is still to be written`] };
}
"""


class Draft(msgspec.Struct, frozen=True):
    """The profile's text, and that of its codec where the device sends bytes, else empty."""

    profile: str
    codec: str


class _Message(msgspec.Struct, frozen=True):
    topic: str
    payload: bytes
    found: Interpretation


def draft_profile(
    interpreter: Interpreter, captured: Sequence[tuple[str, bytes, str]], id: str, run: Run, now: int
) -> Draft:
    """From (topic, payload, family or empty) of messages of one device, in order. Raises ConfigError where no family
    knows their topics, or several do."""
    state = FamilyState()
    messages = [
        _Message(
            topic,
            payload,
            read_together(interpreter, [Arrival(topic, payload, now)], state, lambda _: None, run, family=family)[0],
        )
        for topic, payload, family in captured
    ]
    said = [one for one in messages if one.found.messages or (one.found.refusal is not None and one.found.family)]
    families = sorted({one.found.family for one in said})
    if len(families) != 1:
        found = f"messages of {', '.join(families)}" if families else "no message of a device that any family knows"
        raise ConfigError(f"the capture holds {found}; expected those of one device, in one family")
    family = families[0]
    devices = sorted({one.found.device for one in said})
    if len(devices) > 1:
        raise ConfigError(f"the capture holds messages of {', '.join(devices[:5])}; expected those of one device")
    return _Writing(interpreter, family, id, said).draft()


class _Writing:
    def __init__(self, interpreter: Interpreter, family: str, id: str, messages: Sequence[_Message]) -> None:
        self._family = family
        self._id = id
        self._catalogue = interpreter.catalogue
        self._messages = messages
        self._values = [_values(one.found) for one in messages]
        self._model = next((decoded.model for one in messages for decoded in one.found.messages if decoded.model), "")
        self._fields = [dict(_scalars(one.payload)) for one in messages]
        named = (fields[key] for fields in self._fields for key in _MODELS if key in fields)
        self._model = self._model or next((raw for raw in named if isinstance(raw, str)), "")
        self._has_bytes = any(_refused_bytes(one.found) for one in messages)

    def draft(self) -> Draft:
        metrics = {name.partition("@")[0] for values in self._values for name in values}
        kind = guessed_kind(metrics)
        mapped, unshown = self._mapped(metrics)
        lines = [
            "# yaml-language-server: $schema=../schema.json",
            f"# A draft from a capture. Fill in what says {TO_FILL}, then: shouwang check THIS-FILE",
            f"vendor: {TO_FILL}",
            f"model: {_plain(self._model) if self._model else TO_FILL}",
            f"title: {{zh: {TO_FILL}, en: {TO_FILL}}}",
            f"kind: {kind}                     # {' '.join(Kind)}",
            f"power: {TO_FILL}                # battery, mains, mains_with_battery",
            f"longest_silence: {TO_FILL}      # longer unheard, something is wrong: 6h, 26h; fire and gas at most 24h",
            "families:",
            f"  {self._network}:",
            f"    models: [{_plain(self._model) if self._model else ''}]   # as the family says it",
        ]
        if self._has_bytes:
            lines.append(f"codec: {self._id}.js")
        if mapped:
            lines.append("readings:                       # metric: where it stands in the message")
            lines += [f"  {metric}: {_flow(sources)}" for metric, sources in mapped.items()]
        for metric in unshown:
            lines.append(f"# {metric}: no captured message shows it true; capture one in alarm, then name it here")
        unread = self._unread(mapped)
        if unread:
            lines.append("# Not understood yet; name a metric for each that matters, or leave it:")
            lines += [f"#   {key}: {_flow(raw)}" for key, raw in unread.items()]
        if kind in TESTABLE:
            lines += ["test_press:", f"  zh: {TO_FILL}", f"  en: {TO_FILL}"]
        lines += [
            "examples:                       # each is a test; `readings` is complete. Make names and serials up.",
            *self._examples(),
        ]
        return Draft("\n".join(lines) + "\n", CODEC if self._has_bytes else "")

    @property
    def _network(self) -> str:
        return self._catalogue.network(self._family)

    def _mapped(self, metrics: set[str]) -> tuple[dict[str, object], list[str]]:
        """Sources of the generic profile that the fields use; alarms that no message shows true stand apart."""
        generic = self._catalogue.get(self._catalogue.generic(self._family).id)
        keys = {spelled(key.partition(".")[0]): key.partition(".")[0] for fields in self._fields for key in fields}
        seen: dict[str, set[str]] = {}
        for fields in self._fields:
            for key, raw in fields.items():
                seen.setdefault(key, set()).add(raw_text(raw).casefold())
        mapped: dict[str, object] = {}
        unshown: list[str] = []
        for metric, sources in (generic.readings if generic else {}).items():
            used = [source for source in sources if spelled(source.path.partition(".")[0]) in keys]
            if metric not in metrics or not used:
                continue
            if METRICS[metric].life_safety and not self._shows(metric):
                unshown.append(metric)
                continue
            written = [_source(source, keys, seen) for source in used]
            mapped[metric] = written[0] if len(written) == 1 else written
        return mapped, unshown

    def _shows(self, metric: str) -> bool:
        return any(
            value not in (False, "")
            for values in self._values
            for name, value in values.items()
            if name.partition("@")[0] == metric
        )

    def _unread(self, mapped: Mapping[str, object]) -> dict[str, object]:
        read = self._catalogue.generic(self._family).fields.looks_at
        every = {key: raw for fields in self._fields for key, raw in fields.items()}
        return {key: raw for key, raw in list(every.items())[:200] if not read(key.partition(".")[0])}

    def _examples(self) -> Iterator[str]:
        """Those that say something new, the last of the same first words."""
        seen: set[str] = set()
        number = 0
        for message, values in zip(self._messages, self._values, strict=True):
            shape = repr(sorted((name, value) for name, value in values.items() if isinstance(value, bool | str)))
            if shape in seen or number >= EXAMPLES_AT_MOST or len(message.payload) > LONGEST_EXAMPLE:
                continue
            if not values and not self._has_bytes:
                continue
            seen.add(shape)
            number += 1
            yield f"  - topic: {_plain(message.topic)}"
            yield f"    payload: {_payload(message.payload)}"
            yield f"    readings: {_flow(values) if values else TO_FILL}"


def _values(found: Interpretation) -> dict[str, Scalar]:
    return {
        f"{one.metric}@{one.part}" if one.part else one.metric: one.value
        for decoded in found.messages
        for one in decoded.readings
    }


def _refused_bytes(found: Interpretation) -> bool:
    """Bytes that no codec knows."""
    problems = [found.refusal, *(decoded.problem for decoded in found.messages)]
    return any(one is not None and one.code.value in ("unknown_model", "codec_error") for one in problems)


def _scalars(payload: bytes) -> Iterator[tuple[str, object]]:
    """Keys of the innermost objects with plain values: the names that a profile may read."""
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return
    yield from _walked(content, 5)


def _walked(content: object, depth: int) -> Iterator[tuple[str, object]]:
    if isinstance(content, dict) and depth:
        for key, raw in content.items():
            if isinstance(raw, dict | list):
                yield from _walked(raw, depth - 1)
            elif isinstance(key, str):
                yield key, raw
    elif isinstance(content, list) and depth:
        for one in content[:20]:
            yield from _walked(one, depth - 1)


def _source(source: Source, keys: Mapping[str, str], seen: Mapping[str, set[str]]) -> object:
    """As a file writes it, with the key as the device spells it. ``seen``: raw values by key, as text."""
    head, dot, rest = source.path.partition(".")
    path = f"{keys.get(spelled(head), head)}{dot}{rest}"
    written = {name: value for name, value in msgspec.to_builtins(source).items() if name not in ("path", "scale")}
    if source.scale != 1:
        written["scale"] = source.scale
    if all(word in WORDS for word in seen.get(path, ())):
        written.pop("values", None)  # what every flag understands needs no words
    return {"path": path, **written} if written else path


def _payload(payload: bytes) -> str:
    try:
        content = json.loads(payload)
    except ValueError:
        return _plain(payload.decode("utf-8", "replace"))
    return _flow(content) if isinstance(content, dict) else _plain(payload.decode())


def _plain(text: str) -> str:
    return _flow(text)


def _flow(content: object) -> str:
    """One line of YAML."""
    dumped: str = yaml.safe_dump(content, default_flow_style=True, allow_unicode=True, sort_keys=False, width=1 << 20)
    return dumped.removesuffix("...\n").strip()
