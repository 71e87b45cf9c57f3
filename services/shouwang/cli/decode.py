"""``shouwang decode``: messages read as intake would read them, one JSON line a device."""

import base64
import binascii
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from shouwang.domain.decode import Decoded, Interpretation

UNREADABLE = 3
"""Exit code: the input itself cannot be read."""


class InputUnreadable(click.ClickException):
    exit_code = UNREADABLE


@click.command()
@click.option("--topic", help="The topic of one message.")
@click.option("--payload", help="Its payload as text.")
@click.option("--payload-file", type=click.Path(path_type=Path), help="Its payload from a file.")
@click.option("--payload-base64", help="Its payload in base64.")
@click.option(
    "--jsonl",
    type=click.Path(path_type=Path, allow_dash=True),
    help='A file of messages, one {"id","topic","payload"} a line, or - for standard input.',
)
@click.option("--model", default="", help="The model that the installer registered.")
@click.option("--family", default="", help="The family, where the topic alone cannot tell.")
@click.option(
    "--profiles",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of profiles beside the shipped ones.",
)
def decode(
    topic: str | None,
    payload: str | None,
    payload_file: Path | None,
    payload_base64: str | None,
    jsonl: Path | None,
    model: str,
    family: str,
    profiles: Path | None,
) -> None:
    """Read messages as intake would, and print their readings: always JSON lines.

    A line for each device in a message: id, family, device, profile, readings, measured_at, problem. Reads no data
    directory. A message that cannot be read is a line with its problem, not a failure.
    """
    payloads = [one for one in (payload, payload_file, payload_base64) if one is not None]
    if (topic is None) == (jsonl is None) or len(payloads) != (0 if jsonl else 1):
        raise click.UsageError("expected --topic with one of --payload, --payload-file, --payload-base64, or --jsonl")
    if jsonl is not None:
        messages = captured_messages(jsonl)
    else:
        raw = os.fsencode(payload) if payload is not None else _raw(payload_file, payload_base64)
        messages = iter([{"id": None, "topic": topic, "payload": raw, "model": model, "family": family}])
    reading = _Reading(profiles)
    for message in messages:
        for line in reading.lines(message):
            click.echo(json.dumps(line, ensure_ascii=False))


class _Reading:
    """One run: families that announce before they report are remembered from line to line."""

    def __init__(self, own: Path | None) -> None:
        from shouwang.codecs.javascript import JavaScriptCodecs
        from shouwang.domain.decode import FamilyState, Interpreter
        from shouwang.registry.profiles import load_profiles
        from shouwang.settings import shipped

        families, profiles = load_profiles([shipped("device_profiles"), *([own] if own else [])])
        self._interpreter: Interpreter = Interpreter(families, profiles.values())
        self._state: FamilyState = FamilyState()
        self._codecs = JavaScriptCodecs({id: profile.codec for id, profile in profiles.items() if profile.codec})

    def lines(self, message: Mapping[str, Any]) -> Iterator[dict[str, object]]:
        from shouwang.app.clock import SystemClock
        from shouwang.domain.consulting import read_together
        from shouwang.domain.vocabulary import Arrival, DeviceId

        def registered(address: str) -> tuple[DeviceId, str] | None:
            named = self._interpreter.catalogue.named(message["model"], address.partition(":")[0])
            return (DeviceId(address), named) if named else None

        (found,) = read_together(
            self._interpreter,
            [Arrival(message["topic"], message["payload"], SystemClock().now())],
            self._state,
            registered if message["model"] else lambda address: None,
            self._codecs.run,
            family=message["family"],
        )
        return _told(message["id"], found)


def _told(id: object, found: "Interpretation") -> Iterator[dict[str, object]]:
    """A line for each device; of several times in one message the newest."""
    from shouwang.domain.moment import rfc3339

    by_device: dict[str, list[Decoded]] = {}
    for decoded in found.messages:
        by_device.setdefault(decoded.identity, []).append(decoded)
    for identity, messages in by_device.items():
        newest = max(messages, key=lambda one: one.measured_at)
        parts: dict[tuple[str, str], Any] = {}
        for decoded in messages:
            parts.update({(one.metric, one.part): one.value for one in decoded.readings})
        line: dict[str, object] = {
            "id": id,
            "family": found.family,
            "device": identity,
            "profile": newest.profile,
            "readings": _worst(parts),
            "measured_at": rfc3339(newest.measured_at),
            "problem": _problem(newest.problem),
        }
        metrics = Counter(metric for metric, _ in parts)
        if len(metrics) < len(parts):
            line["parts"] = [
                {"metric": metric, "part": part, "value": value}
                for (metric, part), value in parts.items()
                if metrics[metric] > 1
            ]
        if newest.dropped:
            line["dropped"] = [_problem(refusal) for refusal in newest.dropped]
        yield line
    if not found.messages:
        yield {
            "id": id,
            "family": found.family,
            "device": found.device,
            "profile": "",
            "readings": {},
            "measured_at": None,
            "problem": _problem(found.refusal),
        }


def _worst(parts: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    from shouwang.domain.mapping import worse

    readings: dict[str, Any] = {}
    for (metric, _), value in parts.items():
        readings[metric] = worse(metric, readings[metric], value) if metric in readings else value
    return readings


def _problem(refusal: Any) -> dict[str, str] | None:
    return None if refusal is None else {"code": refusal.code.value, "detail": refusal.detail}


def captured_messages(file: Path) -> Iterator[dict[str, Any]]:
    """``topic``, ``payload`` as bytes, ``id``, ``model`` and ``family`` of each line. Raises InputUnreadable."""
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _message(line, f"{file}:{number}")
    except OSError as error:
        raise InputUnreadable(f"{file} cannot be read: {error.strerror}") from None


def _message(line: bytes, where: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError as error:
        raise InputUnreadable(f"{where}: is not JSON: {error}") from None
    if not isinstance(said, dict) or not isinstance(said.get("topic"), str):
        raise InputUnreadable(f'{where}: expected an object with "topic" and "payload"')
    payload = said.get("payload")
    if isinstance(payload, dict) and isinstance(payload.get("base64"), str):
        raw = _from_base64(payload["base64"], where)
    elif isinstance(payload, str):
        raw = payload.encode("utf-8", "surrogatepass")
    else:
        raise InputUnreadable(f'{where}: payload is neither a text nor {{"base64": …}}')
    words = {key: said[key] if isinstance(said.get(key), str) else "" for key in ("model", "family")}
    return {"id": said.get("id"), "topic": said["topic"], "payload": raw, **words}


def _raw(file: Path | None, text: str | None) -> bytes:
    if file is None:
        return _from_base64(text or "", "--payload-base64")
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputUnreadable(f"{file} cannot be read: {error.strerror}") from None


def _from_base64(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputUnreadable(f"{where}: is not base64: {error}") from None
