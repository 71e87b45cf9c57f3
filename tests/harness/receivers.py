"""Where messages arrive, told to misbehave by chance and to remember what it took: the far side of exactly once.

Each person's webhook and one telephone gateway are phones of an exchange. How a call is answered follows from a seed,
the key and how often it came: mostly well, else by an error, a refusal, a line that hangs, or an answer that comes when
nobody waits for it any more. What the gateway took it reports on later, with a key pressed or nobody answering.
"""

import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from harness.phones import Call, Exchange, Reply

GATEWAY = "gateway"
GATEWAY_SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
HANDS_ON = 1.0
"""Seconds that the service waits for an answer."""

_TAKEN = {"webhook": 204, GATEWAY: 202}


@dataclass(frozen=True)
class Report:
    """What the gateway posts back about a key, not before ``due``."""

    due: float
    body: Mapping[str, object]


@dataclass
class Heard:
    """Everything that arrived under one key."""

    key: str
    calls: list[Call] = field(default_factory=list)
    taken: int = 0

    @property
    def body(self) -> Any:
        return self.calls[0].body

    @property
    def why(self) -> str:
        return str(self.body["why"])


class Receivers:
    """The exchange's rule. ``heal``: from then on everything is taken, at once."""

    def __init__(self, phones: Exchange, seed: int) -> None:
        self.heard: dict[str, Heard] = {}
        self.replies: Counter[str] = Counter()
        self._seed = seed
        self._lock = threading.Lock()
        self._healed = False
        self._reports: list[Report] = []
        phones.answered_by(self._answer)

    def heal(self) -> None:
        with self._lock:
            self._healed = True

    def reports(self) -> list[Report]:
        """Those that are due; each is given out once."""
        now = time.monotonic()
        with self._lock:
            due = [one for one in self._reports if one.due <= now]
            self._reports = [one for one in self._reports if one.due > now]
        return due

    @property
    def owes_reports(self) -> bool:
        with self._lock:
            return bool(self._reports)

    def _answer(self, call: Call) -> Reply:
        kind = GATEWAY if call.path.strip("/") == GATEWAY else "webhook"
        with self._lock:
            heard = self.heard.setdefault(call.key, Heard(call.key))
            heard.calls.append(call)
            chance = Random(f"{self._seed} {call.key} {len(heard.calls)}")
            word, reply = ("taken", Reply(_TAKEN[kind])) if self._healed else _reply(kind, chance)
            self.replies[word] += 1
            if word in ("taken", "slow", "too late"):
                heard.taken += 1
            if kind == GATEWAY and word in ("taken", "slow") and not self._healed:
                self._report(call.key, chance)
        return reply

    def _report(self, key: str, chance: Random) -> None:
        what = chance.choices(
            [{"state": "delivered"}, {"state": "no_answer"}, {"answer": "1"}, {"answer": "2"}, {}], [50, 12, 12, 6, 20]
        )[0]
        if what:
            self._reports.append(Report(time.monotonic() + chance.uniform(0.1, 1.5), {"id": key, **what}))


def _reply(kind: str, chance: Random) -> tuple[str, Reply]:
    """Only the gateway refuses, since a person's webhook is the last way to them."""
    if kind == GATEWAY:
        words, weights = ["taken", "slow", "too late", "503", "hangs", "resets", "refused"], [45, 10, 5, 15, 5, 5, 15]
    else:
        words, weights = ["taken", "slow", "too late", "503", "hangs", "resets"], [60, 12, 4, 14, 5, 5]
    word = chance.choices(words, weights)[0]
    taken = _TAKEN[kind]
    match word:
        case "slow":
            return word, Reply(taken, after=chance.uniform(0.1, HANDS_ON / 2))
        case "too late":
            return word, Reply(taken, after=HANDS_ON * 1.5)
        case "503":
            return word, Reply(503)
        case "hangs":
            return word, Reply(hang=True)
        case "resets":
            return word, Reply(reset=True)
        case "refused":
            return word, Reply(400, body=json.dumps({"error": "bad_number"}).encode())
        case _:
            return word, Reply(taken)
