"""The process that runs vendors' codecs: ``python -m shouwang.codecs.worker``, its socket being standard input.

It may be killed at any instant, and holds nothing that matters. A frame in asks for calls; frames out answer them in
order. It sends what it has before it may have been killed for what comes next, so that its parent knows which calls
were answered. JavaScript has no way to the outside here; the limits of the process are for what an error in the engine
would allow.
"""

import json
import re
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from quickjs import Context, JSException, StackOverflow

from shouwang.codecs.wire import STOPPED, STRIKES, Ask, Asked, Ended, Said, receive, send

CALL_SECONDS = 0.05
"""Processor time of one call. Vendors' codecs take 5 to 100 µs; a small board is ten times slower."""

PREPARE_SECONDS = 0.2
"""Processor time of evaluating a codec's source, some of which are bundles of 200 KB."""

MEMORY = 32 << 20
STACK = 256 << 10
LONGEST_ANSWER = 64 << 10
"""Characters of JSON. A whole history of a data logger has 6,000."""

FLUSH_SECONDS = 0.005
FRAME_SECONDS = 30
"""Processor time of one frame at the very most, should the parent not be there to end it."""

ADDRESS_SPACE = 1 << 30
MOST_CONTEXTS = 256

RAISED = (JSException, StackOverflow, TypeError, ValueError, MemoryError)
"""By the engine and its binding: besides what JavaScript throws, values and texts that Python does not have."""

_SANDBOX = (Path(__file__).with_name("sandbox.js")).read_text(encoding="utf-8")
_ENTRY = """
(() => {
  const own = typeof module === "object" && module ? module.exports : null;
  const shelves = [this, own, typeof exports === "object" ? exports : null, own ? own.default : null,
    typeof driver === "undefined" ? null : driver, typeof codec === "undefined" ? null : codec];
  const find = name => { for (const one of shelves) if (one && typeof one[name] === "function") return one[name]; };
  const uplink = typeof decodeUplink === "function" ? decodeUplink : find("decodeUplink");
  if (uplink) return [uplink, undefined, false];
  const portFirst = typeof Decode === "function" ? Decode : find("Decode");
  if (portFirst) return [undefined, portFirst, true];
  const bytesFirst = typeof Decoder === "function" ? Decoder
    : find("Decoder") || find("decoder") || find("decode") || find("rakDecoder");
  if (bytesFirst) return [undefined, bytesFirst, false];
  for (const one of shelves.slice(1)) if (typeof one === "function") return [one, undefined, false];
})()
"""
_EXPORT = re.compile(r"^([ \t]*)export[ \t]+(?:default[ \t]+)?(?=(?:function|class|const|let|var)\b)", re.M)
_EXPORT_DEFAULT = re.compile(r"^([ \t]*)export[ \t]+default\b", re.M)
_EXPORT_LIST = re.compile(r"^[ \t]*export[ \t]*\{[^}]*\}[ \t]*;?", re.M)


class Codec:
    """One profile's context. Raises JSException where its source cannot be evaluated or has no decoder."""

    def __init__(self, source: str) -> None:
        self._context = context = Context()
        context.set_memory_limit(MEMORY)
        context.set_max_stack_size(STACK)
        prepare = context.eval(_SANDBOX)
        context.set_time_limit(PREPARE_SECONDS)
        try:
            context.eval(source)
        except JSException as error:
            if not str(error).startswith("SyntaxError"):
                raise
            context.eval(_as_script(source))
        entry = context.eval(_ENTRY)
        if entry is None:
            raise JSException("it has no decodeUplink, Decode or Decoder")
        context.set("__entry", entry)
        context.set("__prepare", prepare)
        self.ask = context.eval("__prepare(...__entry)")
        context.eval("delete this.__entry; delete this.__prepare")
        context.set_time_limit(CALL_SECONDS)


class Codecs:
    """All profiles' contexts: made when first asked, thrown away when one had to be stopped."""

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}
        self._codecs: dict[str, Codec | Said] = {}

    def answers(self, asked: Asked) -> Iterator[Said]:
        for profile, source in asked.sources.items():
            self._sources[profile] = source
            self._codecs.pop(profile, None)
        strikes: dict[str, int] = {}
        for call in asked.calls:
            struck = strikes.get(call.profile, 0)
            if struck >= asked.strikes.get(call.profile, STRIKES):
                yield Said(Ended.NOT_RUN, "")
                continue
            said = self._answer(call)
            strikes[call.profile] = struck + 1 if said.ended in STOPPED else 0
            yield said

    def _answer(self, call: Ask) -> Said:
        codec = self._codecs.get(call.profile)
        if codec is None:
            if len(self._codecs) >= MOST_CONTEXTS:
                self._codecs.pop(next(iter(self._codecs)))
            codec = self._codecs[call.profile] = _made(self._sources[call.profile])
        if isinstance(codec, Said):
            return codec
        said = _asked(codec, call)
        if said.ended in STOPPED:
            # It was stopped at an unknown place: what it holds may be half done.
            del self._codecs[call.profile]
        return said


def serve(parent: socket.socket) -> None:
    """Until the parent is gone."""
    send(parent, [])  # ready: what happens from now on is a codec's doing
    codecs = Codecs()
    decode = msgspec.msgpack.Decoder(Asked).decode
    while (frame := receive(parent)) is not None:
        spent = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(spent.ru_utime + spent.ru_stime) + FRAME_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        ready: list[Said] = []
        flushed = time.monotonic()
        for said in codecs.answers(decode(frame)):
            ready.append(said)
            if time.monotonic() - flushed > FLUSH_SECONDS:
                send(parent, ready)
                ready, flushed = [], time.monotonic()
        send(parent, ready)


def confine() -> None:
    """Takes from this process what it does not need: files, sockets, children, cores, memory without end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _made(source: str) -> Codec | Said:
    try:
        return Codec(source)
    except RAISED as error:
        return _ending(error)


def _asked(codec: Codec, call: Ask) -> Said:
    try:
        text = codec.ask(str(list(call.data)), call.port, float(call.at))
    except RAISED as error:
        return _ending(error)
    match text[0]:
        case "!":
            return Said(Ended.STOPPED, _text(text[1:]))
        case "~":
            return Said(Ended.FAILED, _text(text[1:]))
        case _ if len(text) > LONGEST_ANSWER:
            return Said(Ended.REFUSED, f"its answer has {len(text)} characters; at most {LONGEST_ANSWER} are read")
        case _:
            return Said(Ended.ANSWERED, text)


def _ending(error: Exception) -> Said:
    """Of what the engine itself raised: whatever a codec throws is caught in its own world."""
    text = str(error).split("\n")[0][:300]
    if text.startswith("InternalError: interrupted"):
        return Said(Ended.TIMED_OUT, f"it took longer than {CALL_SECONDS * 1000:.0f} ms")
    if isinstance(error, StackOverflow) or text.startswith("InternalError"):
        return Said(Ended.STOPPED, text)
    return Said(Ended.FAILED, text)


def _text(content: str) -> str:
    try:
        return str(json.loads(content)).encode("utf-8", "replace").decode()
    except ValueError:
        return "what it threw cannot be told"


def _as_script(source: str) -> str:
    """A module of one file as a script: what it exports is found by name."""
    source = _EXPORT.sub(r"\1", source)
    source = _EXPORT_DEFAULT.sub(r"\1module.exports.default =", source)
    return _EXPORT_LIST.sub("", source)


if __name__ == "__main__":
    confine()
    with socket.socket(fileno=sys.stdin.fileno()) as end:
        serve(end)
