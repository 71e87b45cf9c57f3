"""Vendors' codecs (LoRa Alliance TS013), run in a worker process that is killed by the wall clock.

The engine's own limits (worker.py) stop nearly all that a codec can do wrong. What they do not cover ends by killing
the worker: the calls that were answered are kept, the next ones are asked alone, and a call that takes the worker down
alone, twice, is answered with a problem that names its codec. A worker killed by somebody else counts for nothing.
"""

import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import msgspec

from shouwang.codecs.answers import answer_of
from shouwang.codecs.wire import STOPPED, STRIKES, Ask, Asked, Ended, Said, receive, send
from shouwang.domain.codec import Answers, CodecAnswer, CodecCall
from shouwang.domain.vocabulary import Problem, Refusal

log = logging.getLogger(__name__)

WALL_SECONDS = 0.5
"""Without an answer for so long, the worker is killed. Its own limit is 0.05 s of processor time a call, 0.2 s for a
codec's first; a machine that is busy elsewhere may stretch both."""

START_SECONDS = 10.0
FRAME_CALLS = 256
ALONE = 2
"""A call must take the worker down so often, alone, before it is blamed."""

OFFENCES = 2
"""A codec that took its worker down so often in a row is not asked for a while: each time costs the whole batch a
second."""

BENCH_SECONDS = 60.0

STARTS = 8
"""Starts of one run in which nothing was answered, before it is given up: somebody else kills every worker."""

_FOREIGN = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT})


class JavaScriptCodecs:
    """Implements ``Codecs`` (ports.py). One worker, started with the first call or by ``start``."""

    def __init__(self, sources: Mapping[str, str], *, wall_seconds: float = WALL_SECONDS) -> None:
        """``sources``: by profile."""
        self._sources = sources
        self._wall_seconds = wall_seconds
        self._worker: Worker | None = None
        self._strikes: dict[str, int] = {}
        self._offences: dict[str, int] = {}
        self._benched: dict[str, float] = {}
        self._one_at_a_time = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Of the present worker."""
        return self._worker.process.pid if self._worker else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def start(self) -> None:
        """Has the worker ready before its first call, where any profile has a codec. Waits for nothing."""
        with self._one_at_a_time:
            if self._sources and self._worker is None:
                self._worker = Worker()

    def run(self, calls: Iterable[CodecCall]) -> Answers:
        asked = list(dict.fromkeys(calls))
        with self._one_at_a_time:
            return self._run(asked) if asked else {}

    def close(self) -> None:
        with self._one_at_a_time:
            self._drop()

    def _run(self, calls: Sequence[CodecCall]) -> dict[CodecCall, CodecAnswer]:
        answers: dict[CodecCall, CodecAnswer] = {}
        felled: dict[CodecCall, int] = {}
        waiting, alone, idle_starts = list(calls), 0, 0
        while waiting:
            profile = waiting[0].profile
            if profile not in self._sources or self._benched.get(profile, 0) > time.monotonic():
                answers[waiting[0]] = self._unasked(profile)
                waiting = waiting[1:]
                continue
            some = waiting[: 1 if alone else FRAME_CALLS]
            said, why = self._ask(some)
            for call, one in zip(some, said, strict=False):
                answers[call] = self._answer(call.profile, one)
            waiting, alone = waiting[len(said) :], max(0, alone - len(said))
            idle_starts = 0 if said else idle_starts + 1
            if why is None:
                continue
            if idle_starts > STARTS:
                log.error("the worker for codecs cannot be kept alive (%s); %d calls go unanswered", why, len(waiting))
                answers |= {call: _failed(call.profile, f"its worker cannot be kept alive: {why}") for call in waiting}
                break
            guilty = some[len(said)]
            if why.counts and len(some) == 1:
                felled[guilty] = felled.get(guilty, 0) + 1
                if felled[guilty] >= ALONE:
                    self._offend(guilty.profile)
                    answers[guilty] = _problem(guilty.profile, why.problem, why.text)
                    waiting = waiting[1:]
                    continue
            # Which of those after the last answer did it is not known: they are asked alone.
            alone = max(alone, len(some) - len(said))
        return answers

    def _ask(self, calls: Sequence[CodecCall]) -> tuple[list[Said], "Fall | None"]:
        """What was answered, in order, and why it is not all."""
        try:
            worker = self._worker = self._worker or Worker()
        except OSError as error:
            return [], Fall(f"it cannot be started: {error}", counts=False)
        said: list[Said] = []
        try:
            worker.ask(calls, self._sources, self._strikes, self._wall_seconds)
            while len(said) < len(calls):
                said += worker.hear()
        except TimeoutError:
            self._drop()
            if not worker.is_ready:
                return said, Fall(f"it was not ready after {START_SECONDS:g} s", counts=False)
            text = f"it took longer than {self._wall_seconds:g} s, and its worker was killed"
            return said, Fall(text, problem=Problem.CODEC_TIMEOUT)
        except (OSError, EOFError, msgspec.DecodeError):
            return said, _fall(self._drop(), worker.is_ready)
        return said, None

    def _answer(self, profile: str, said: Said) -> CodecAnswer:
        if said.ended is Ended.NOT_RUN:
            return self._unasked(profile)
        if said.ended in STOPPED:
            self._strikes[profile] = self._strikes.get(profile, 0) + 1
        else:
            self._strikes.pop(profile, None)
            self._offences.pop(profile, None)
        if said.ended is Ended.ANSWERED:
            return answer_of(profile, said.text)
        return _problem(
            profile, Problem.CODEC_TIMEOUT if said.ended is Ended.TIMED_OUT else Problem.CODEC_ERROR, said.text
        )

    def _unasked(self, profile: str) -> CodecAnswer:
        if profile not in self._sources:
            return _failed(profile, "there is no such codec")
        return _problem(profile, Problem.CODEC_TIMEOUT, "it was not asked: it had to be stopped too often before")

    def _offend(self, profile: str) -> None:
        self._strikes[profile] = STRIKES
        self._offences[profile] = self._offences.get(profile, 0) + 1
        if self._offences[profile] >= OFFENCES:
            self._benched[profile] = time.monotonic() + BENCH_SECONDS
            log.error("the codec of %s takes its worker down; it is not asked for %.0f s", profile, BENCH_SECONDS)

    def _drop(self) -> int:
        """The worker's exit code."""
        worker, self._worker = self._worker, None
        return worker.end() if worker else 0


class Fall(msgspec.Struct, frozen=True):
    """Why a worker answers no more."""

    text: str
    problem: Problem = Problem.CODEC_ERROR
    counts: bool = True
    """Whether what it was asked may be to blame."""

    def __str__(self) -> str:
        return self.text


class Worker:
    """A process of codecs/worker.py, and what it was told. Raises OSError where it cannot be started."""

    def __init__(self) -> None:
        self._end, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "shouwang.codecs.worker"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={"TZ": "UTC", "PYTHONPATH": ":".join(filter(None, sys.path)), "LC_ALL": "C.UTF-8"},
            )
        self.is_ready = False
        self._told: set[str] = set()
        self._wall = START_SECONDS
        self._decode = msgspec.msgpack.Decoder(list[Said]).decode

    def ask(
        self, calls: Sequence[CodecCall], sources: Mapping[str, str], strikes: Mapping[str, int], wall: float
    ) -> None:
        """Raises OSError, with TimeoutError."""
        self._wall = wall
        self._end.settimeout(wall if self.is_ready else START_SECONDS)
        profiles = {call.profile for call in calls}
        new = {profile: sources[profile] for profile in profiles - self._told if profile in sources}
        # One that had to be stopped lately has one attempt a batch until it answers again.
        struck = {profile: 1 for profile in profiles if strikes.get(profile, 0) >= STRIKES}
        frame = [Ask(call.profile, call.data, call.port, call.received_at // 1000) for call in calls]
        send(self._end, Asked(frame, new, struck))
        self._told |= profiles

    def hear(self) -> list[Said]:
        """The next answers. Raises OSError (with TimeoutError) and EOFError."""
        content = receive(self._end)
        if content is None:
            raise EOFError
        if not self.is_ready:
            self.is_ready = True
            self._end.settimeout(self._wall)
        return self._decode(content)

    def end(self) -> int:
        """Ends it, and gives its exit code: its own where it ended by itself."""
        self._end.close()
        try:
            return self.process.wait(0.05)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def _fall(code: int, was_ready: bool) -> Fall:
    how = signal.Signals(-code).name if code < 0 else f"exit {code}"
    return Fall(f"it ended its worker ({how})", counts=was_ready and -code not in _FOREIGN)


def _failed(profile: str, text: str) -> CodecAnswer:
    return _problem(profile, Problem.CODEC_ERROR, text)


def _problem(profile: str, problem: Problem, text: str) -> CodecAnswer:
    return CodecAnswer(problem=Refusal(problem, f"the codec of {profile}: {text}"))
