"""The shipped interpreter, and short ways to let it read."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shouwang.codecs.javascript import JavaScriptCodecs
from shouwang.domain.consulting import read_together
from shouwang.domain.decode import Decoded, FamilyState, Interpretation, Interpreter
from shouwang.domain.family import Family
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.profile import Profile
from shouwang.domain.vocabulary import Arrival, DeviceId, Scalar
from shouwang.registry.profiles import load_profiles

REPOSITORY = Path(__file__).parents[2]
PROFILES = REPOSITORY / "device_profiles"
NOON = parse_rfc3339("2026-03-01T12:00:00+08:00")


@cache
def shipped_profiles() -> tuple[list[Family], dict[str, Profile]]:
    return load_profiles([PROFILES])


@cache
def shipped_interpreter() -> Interpreter:
    families, profiles = shipped_profiles()
    return Interpreter(families, profiles.values())


@cache
def shipped_codecs() -> JavaScriptCodecs:
    _, profiles = shipped_profiles()
    return JavaScriptCodecs({id: profile.codec for id, profile in profiles.items() if profile.codec})


class Desk:
    """An interpreter with its state: what is said to it it remembers. ``registered``: profile id by address."""

    def __init__(self, registered: Mapping[str, str] | None = None, interpreter: Interpreter | None = None) -> None:
        self.interpreter = interpreter or shipped_interpreter()
        self.state = FamilyState()
        self.registered = dict(registered or {})

    def hears(self, topic: str, payload: object, *, at: int = NOON, family: str = "") -> Interpretation:
        """``payload``: bytes as they are, else as JSON (a text too)."""
        raw = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
        arrival = Arrival(topic, raw, at)
        (found,) = read_together(
            self.interpreter, [arrival], self.state, self._look_up, shipped_codecs().run, family=family
        )
        return found

    def reads(self, topic: str, payload: object, *, at: int = NOON, family: str = "") -> Decoded:
        """As ``hears``, for a message of one device."""
        found = self.hears(topic, payload, at=at, family=family)
        assert found.refusal is None, found.refusal
        (decoded,) = found.messages
        return decoded

    def _look_up(self, address: str) -> tuple[DeviceId, str] | None:
        profile = self.registered.get(address)
        return (DeviceId(f"id of {address}"), profile) if profile else None


def values(decoded: Decoded) -> dict[str, Scalar]:
    """Readings by ``metric`` or ``metric@part``."""
    return {f"{one.metric}@{one.part}" if one.part else one.metric: one.value for one in decoded.readings}
