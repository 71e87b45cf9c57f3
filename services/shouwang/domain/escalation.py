"""Whom to tell, after how long without an answer: policies, steps, and which steps are due."""

import msgspec

from shouwang.domain.vocabulary import Instant, Severity, Value


class Match(Value, frozen=True, kw_only=True):
    """Which incidents a policy is for; every given key must fit, an absent key fits all. First match wins."""

    severity: list[Severity] | None = None
    rules: list[str] | None = None
    kinds: list[str] | None = None
    places: list[str] | None = None


class Step(Value, frozen=True, kw_only=True):
    """``after``: a duration text (``60s``) from opening, with ``when`` from that event. ``unless`` / ``when``:
    acknowledged, verified, verified_real, confirmed, en_route, on_scene, resolved. ``tell``: targets ``post:P``,
    ``roster:ID``, ``zone``, ``zone:KIND``, ``person:ID``."""

    tell: list[str]
    after: str = "0s"
    unless: str | None = None
    when: str | None = None
    channels: list[str] | None = None


class Policy(Value, frozen=True, kw_only=True):
    """升级策略. Frozen into the incident when it opens."""

    id: str
    steps: list[Step]
    match: Match = msgspec.field(default_factory=Match)
    title: dict[str, str] = msgspec.field(default_factory=dict)


class StepMark(Value, frozen=True, kw_only=True):
    """What became of a step of an incident: ``done_at`` when it told people or was skipped; ``skipped`` says why
    (``unless`` held, or nobody was there)."""

    index: int
    done_at: Instant
    skipped: str = ""
