"""A rule tried before it is kept: its mistakes, and what it says to a timeline on a time axis. Nothing is changed."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Principal
from shouwang.domain.errors import Unavailable
from shouwang.domain.trial import Line
from shouwang.domain.tryout import Told, Tried, Tryout
from shouwang.domain.vocabulary import HOUR, DeviceId, Scalar

from .access import Caller, allow
from .doors import TheWindow, Window
from .problems import Code, Problem, invalid, not_found
from .questions import instant_of, time
from .rule_sheets import LONGEST
from .schemas import Sent, Time

router = APIRouter(prefix="/rules", tags=["rulebook"])

MOST_LINES = 2_000
MOST_READINGS = 5_000
"""Of a device: the newest of the time that is asked for."""

LONGEST_HOURS = 168

Name = Annotated[str, Field(max_length=300)]


class TrialLineIn(Sent):
    """One reading, or a tick that only moves the clock. Without a device it comes from one in the rule's scope."""

    at: Annotated[str, Field(max_length=40, description="RFC 3339.")]
    device: Name = ""
    metric: Name = ""
    value: Scalar | None = None
    part: Name = ""
    kind: Name | None = None
    place: Annotated[str, Field(max_length=500)] | None = None
    tags: Annotated[list[Name], Field(max_length=30)] | None = None
    tick: bool = False


class TryIn(Sent):
    """Played are ``lines``, or what ``device`` said in its last ``hours``, or the ``example`` of that number; with none
    of them the text is only examined."""

    text: str = Field(max_length=LONGEST)
    rule: Name = Field("", description="The id that the text must have.")
    lines: Annotated[list[TrialLineIn], Field(max_length=MOST_LINES)] = Field(default_factory=list)
    until: str | None = Field(None, max_length=40, description="The clock goes on to then, and timers with it.")
    device: Name | None = None
    hours: float = Field(24, gt=0, le=LONGEST_HOURS)
    example: int | None = Field(None, ge=0, le=1_000)


class FaultOut(BaseModel):
    """``line`` 0 is the whole text."""

    line: int
    detail: str


class TrialLineOut(BaseModel):
    at: Time
    device: str
    metric: str
    value: Scalar | None
    part: str
    tick: bool


class TransitionOut(BaseModel):
    """``transition``: raised, repeated or cleared."""

    at: Time
    rule: str
    subject: str
    transition: str
    severity: str


class RuleTriedOut(BaseModel):
    """``faults``: what is wrong with the text, each at its line; then nothing is played. ``shortened``: the device said
    more than is played, or the rule more than is told."""

    rule: str
    faults: list[FaultOut]
    examples: int = Field(description="How many the text has.")
    lines: list[TrialLineOut]
    transitions: list[TransitionOut]
    shortened: bool
    notes: list[str]


@router.post("/try")
def try_rule(window: TheWindow, caller: Caller, body: TryIn) -> RuleTriedOut:
    """By the engine of `rules try`, in a process beside the service that an alarm never waits for."""
    allow(caller, Act.CHANGE_RULES)
    if window.trials is None:
        raise Unavailable("this installation tries no rules over HTTP; use the command line")
    if sum((bool(body.lines), body.device is not None, body.example is not None)) > 1:
        raise invalid("body", "has several timelines; expected one of lines, device and example")
    asked = Tryout(
        text=body.text,
        id=body.rule,
        timezone=window.directory.community().site.timezone,
        example=body.example,
    )
    shortened = False
    if body.device is not None:
        asked, shortened = _of_device(window, caller, asked, body.device, round(body.hours * HOUR))
    elif body.lines:
        lines = [_line(index, one) for index, one in enumerate(body.lines)]
        asked = Tryout(
            text=asked.text,
            id=asked.id,
            timezone=asked.timezone,
            lines=lines,
            until=instant_of(body.until, "body/until"),
        )
    said = window.trials.tried(asked)
    if said.failure:
        raise Problem(Code.INVALID, said.failure)
    return _tried_out(said, shortened=shortened)


def _of_device(window: Window, caller: Principal, asked: Tryout, id: str, span: int) -> tuple[Tryout, bool]:
    """What it said in its last time, as lines; whether there was more."""
    world, now = window.world(), window.clock.now()
    device = world.community.devices.get(DeviceId(id))
    if device is None:
        raise not_found("device", id)
    allow(caller, Act.READ, device.place)
    facts = world.facts(device.id)
    points = window.readings.read(device.id, None, now - span, now + 1, limit=MOST_READINGS + 1)
    kind = facts.kind.value if facts.kind is not None else None
    lines = [
        Line(
            at=one.at,
            device=device.id,
            metric=one.metric,
            value=one.value,
            part=one.part,
            kind=kind,
            place=device.place,
            tags=list(facts.tags),
        )
        for one in points[-MOST_READINGS:]
    ]
    played = Tryout(
        text=asked.text,
        id=asked.id,
        timezone=asked.timezone,
        lines=lines or [Line(at=now - span, tick=True)],
        until=now,
        longest_silence=facts.longest_silence,
    )
    return played, len(points) > MOST_READINGS


def _line(index: int, one: TrialLineIn) -> Line:
    if not one.tick and not one.metric:
        raise invalid(f"body/lines/{index}", "has no metric; expected one, or tick: true")
    at = instant_of(one.at, f"body/lines/{index}/at")
    return Line(
        at=at or 0,
        device=one.device,
        metric=one.metric,
        value=one.value,
        part=one.part,
        kind=one.kind,
        place=one.place,
        tags=one.tags,
        tick=one.tick,
    )


def _tried_out(said: Tried, *, shortened: bool) -> RuleTriedOut:
    return RuleTriedOut(
        rule=said.rule,
        faults=[FaultOut(line=one.line, detail=one.detail) for one in said.faults],
        examples=said.examples,
        lines=[
            TrialLineOut(
                at=time(one.at) or "",
                device=one.device,
                metric=one.metric,
                value=one.value,
                part=one.part,
                tick=one.tick,
            )
            for one in said.lines
        ],
        transitions=[_transition_out(one) for one in said.told],
        shortened=shortened or said.cut,
        notes=said.notes,
    )


def _transition_out(one: Told) -> TransitionOut:
    return TransitionOut(
        at=time(one.at) or "", rule=one.rule, subject=one.subject, transition=one.change, severity=one.severity
    )
