"""Shapes of rules on the wire: what a site writes, and why a rule did or did not fire."""

from pydantic import BaseModel, Field

from .hold_sheets import HoldOut
from .schemas import EvidenceOut, Sent, Time, Words
from .sheets import RuleOut

LONGEST = 100_000
"""Characters of the documents of one rule."""


class RuleIn(Sent):
    text: str = Field(
        max_length=LONGEST,
        description="One or several YAML documents of one rule id (docs/rules.md), with their examples.",
        examples=["rule: boiler-hot\nseverity: high\nwhen: {above: {metric: temperature, value: 40}}\n"],
    )


class RuleDocumentsOut(BaseModel):
    """All documents of one id, those of files first. ``text``: what the site keeps of it itself, null where nothing.
    ``file_text``: what the rule files say of it, as it was written; null where nothing."""

    id: str
    documents: list[RuleOut]
    text: str | None
    file_text: str | None


class CountedOut(BaseModel):
    """Of a rule about a share of the devices of a place: so many count, are lost, and are needed to raise it."""

    devices: int
    lost: int
    needed: int


class AskedOut(BaseModel):
    """One condition. ``truth`` null is unknown; ``met_at``: since when a `for` runs; ``due_at``: it looks again.
    ``evidence`` of a share of lost devices: each of them as the part, and since when."""

    asked: Words
    read: Words
    truth: bool | None
    evidence: list[EvidenceOut]
    met_at: Time | None
    due_at: Time | None
    counted: CountedOut | None = None


class ToldStepOut(BaseModel):
    after: str
    unless: str | None
    when: str | None
    tell: list[str]
    people: list[str]
    gaps: list[str]


class ToldOut(BaseModel):
    """``policy`` empty: nobody would be told, because ``why_nobody``. ``names``: of everybody in the steps, as the
    caller may read them."""

    policy: str
    steps: list[ToldStepOut]
    names: dict[str, str]
    why_nobody: str


class AlertThenOut(BaseModel):
    """An alert as it stood at a past moment, by the journal. ``held_by``: what kept it from being told."""

    id: str
    state: str
    raised_at: Time
    version: str
    held_by: str


class ExplanationOut(BaseModel):
    """``why``: raised, pending, false, unknown, reset, out_of_scope, nearer, no_consent or no_place; ``because`` says
    it in words. ``disposition``: what becomes of an alert as the device stands: raise, divert (test, commissioning) or
    hold (out of service). ``told_now`` and ``holds`` are those of the moment that is explained."""

    rule: str
    version: str
    severity: str
    where: str
    subject: str | None
    why: str
    because: Words
    truth: bool | None
    conditions: list[AskedOut]
    raised_at: Time | None
    next_due: Time | None
    disposition: str
    told_now: ToldOut
    holds: list[HoldOut] = Field(
        default_factory=list,
        description="Silences, maintenance and permits that would change how its alert is told at that moment.",
    )
    alert: AlertThenOut | None = Field(
        default=None, description="Of a past moment: the alert that was not back to normal."
    )
    unknown: list[Words] = Field(
        default_factory=list, description="Of a past moment: what can no longer be known, and where records differ."
    )


class ExplanationsOut(BaseModel):
    """One for each document of the rule, nearest first. ``past``: by the rule and the directory of then; without
    documents the rule was not in force then."""

    rule: str
    device: str
    at: Time
    past: bool
    documents: list[ExplanationOut]
