"""Whom to tell, after how long without an answer: policies, steps, and which steps are due.

A step has its own clock: ``after`` counts from when the escalation was armed (the opening of the incident, or the last
time that it got worse), with ``when`` from that event. At that moment it is judged once: where its ``unless`` holds it
is skipped, else its targets are told. Either way it is over, and no other step moves. Only a step that reached nobody
pulls the next one forward, to at once.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

import msgspec

from shouwang.domain.alert import AlertClass
from shouwang.domain.duty import target_problem
from shouwang.domain.errors import ConfigError
from shouwang.domain.moment import duration, duration_text, instant, moment
from shouwang.domain.place import is_within
from shouwang.domain.shift import timezone, wall_clock
from shouwang.domain.vocabulary import Instant, Severity, Value


class Milestone(StrEnum):
    """What a step can wait for. ``confirmed``: two independent detectors (双点报警)."""

    ACKNOWLEDGED = "acknowledged"
    VERIFIED = "verified"
    VERIFIED_REAL = "verified_real"
    CONFIRMED = "confirmed"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    RESOLVED = "resolved"
    FOLLOWED_UP = "followed_up"


class Match(Value, frozen=True, kw_only=True):
    """Which incidents a policy is for; every given key must fit, an absent key fits all. First match wins. ``classes``:
    of the alert (fire, gas …); ``kinds``: of the device or of the place; ``places``: within one of these."""

    severity: list[Severity] | None = None
    classes: list[AlertClass] | None = None
    rules: list[str] | None = None
    kinds: list[str] | None = None
    places: list[str] | None = None


class Step(Value, frozen=True, kw_only=True):
    """``after``: a duration text (``60s``) from opening, with ``when`` from that event; ``at``: not before the next
    time that the site's clock shows this (``10:00``). ``repeat``: told again so often, ``times`` times in all, each
    judged by its ``unless`` anew. ``quiet``: two local times between which the step waits for the second; never where
    life is in danger (severity critical). ``tell``: targets ``post:P``, ``roster:ID``, ``zone``,
    ``zone:KIND``, ``person:ID``, ``group:ID``, ``trinity``, ``any:T|T``."""

    tell: list[str]
    after: str = "0s"
    unless: Milestone | None = None
    when: Milestone | None = None
    channels: list[str] | None = None
    at: str | None = None
    repeat: str | None = None
    times: int = 1
    quiet: tuple[str, str] | None = None


class Policy(Value, frozen=True, kw_only=True):
    """升级策略. Frozen into the incident when it opens, with the site's ``timezone``. ``acknowledged_for``: how long
    an acknowledgement counts of somebody who then neither verifies, sets out nor arrives; after it, climbing goes on
    where it stood still. Empty: for good."""

    id: str
    steps: list[Step]
    match: Match = msgspec.field(default_factory=Match)
    title: dict[str, str] = msgspec.field(default_factory=dict)
    acknowledged_for: str = ""
    timezone: str = ""


class StepMark(Value, frozen=True, kw_only=True):
    """What became of a step of an incident: ``done_at`` when it told people or was skipped; ``skipped`` says why:
    the milestone of its ``unless``, or ``nobody``."""

    index: int
    done_at: Instant
    skipped: str = ""


REPEATS_AT_MOST = 20

NOBODY = "nobody"
"""Why a step is skipped that resolved to nobody, or whose every delivery was refused."""

LAST_RESORT = Policy(
    id="last-resort",
    title={"zh": "兜底策略", "en": "Last resort"},
    steps=[Step(tell=["zone"]), Step(after="60s", unless=Milestone.ACKNOWLEDGED, tell=["zone:property", "zone:grid"])],
)
"""Where no policy matches, not even the shipped ones."""


class Climb(Value, frozen=True):
    """What a look at the clock found: ``due``, indexes of the steps to tell now, in order; ``marks``, all marks
    including theirs and those of skipped steps; ``next_at``, when to look again, None when no step is left to wait
    for."""

    due: list[int]
    marks: list[StepMark]
    next_at: Instant | None


def choose_policy(
    policies: Sequence[Policy],
    *,
    severity: Severity,
    klass: AlertClass,
    rule: str,
    kinds: Collection[str | None],
    place: str,
) -> Policy:
    """The first that matches, in the order given: the site's own before the shipped ones. ``kinds``: of the device and
    of the place. Never nothing."""
    for policy in policies:
        match = policy.match
        if (
            (match.severity is None or severity in match.severity)
            and (match.classes is None or klass in match.classes)
            and (match.rules is None or rule in match.rules)
            and (match.kinds is None or any(kind in match.kinds for kind in kinds))
            and (match.places is None or any(is_within(place, around) for around in match.places))
        ):
            return policy
    return LAST_RESORT


def plan_steps(
    policy: Policy,
    marks: Sequence[StepMark],
    *,
    armed_at: Instant | None,
    reached: Mapping[Milestone, Instant],
    now: Instant,
    heeds_quiet: bool = True,
) -> Climb:
    """Which steps are due. ``armed_at`` None: only those that wait for an event. ``reached``: the milestones that hold
    now, and since when; once resolved, only what waits for that is left. ``heeds_quiet`` False: quiet hours hold no
    step back."""
    done = {mark.index: mark for mark in marks}
    due: list[int] = []
    waiting: list[Instant] = []
    for index, step in enumerate(policy.steps):
        at = step_due_at(policy, step, armed_at, reached, heeds_quiet=heeds_quiet)
        if index in done or at is None:
            continue
        if at > now:
            waiting.append(at)
            continue
        holds = step.unless is not None and step.unless in reached
        done[index] = StepMark(index=index, done_at=now, skipped=str(step.unless) if holds else "")
        if not holds:
            due.append(index)
    return Climb(due, [done[index] for index in sorted(done)], min(waiting, default=None))


def next_level(
    policy: Policy, marks: Sequence[StepMark], after: int, *, reached: Mapping[Milestone, Instant]
) -> int | None:
    """The step that comes at once because step ``after`` reached nobody: the next in the policy's order that is not
    over and whose ``when``, if any, has happened. None where there is none."""
    over = {mark.index for mark in marks}
    for index, step in enumerate(policy.steps):
        if index > after and index not in over and (step.when is None or step.when in reached):
            return index
    return None


def targets_of(policy: Policy, steps: Sequence[int]) -> list[str]:
    """The targets of these steps, in order, each once."""
    return list(dict.fromkeys(target for index in steps for target in policy.steps[index].tell))


def rearmed(policy: Policy, marks: Sequence[StepMark], reached: Mapping[Milestone, Instant]) -> list[StepMark]:
    """The marks that outlive a worsening: nobody is told twice of an event that still holds."""
    return [mark for mark in marks if policy.steps[mark.index].when in reached]


def is_catch_all(policy: Policy) -> bool:
    return policy.match == Match()


def policy_problems(policy: Policy) -> Iterator[tuple[str, str]]:
    """What is wrong with a policy as written: (path below the policy, message)."""
    if not policy.steps:
        yield "steps", "tell nobody; expected at least one step"
    if policy.acknowledged_for:
        yield from _duration_problems("acknowledged_for", policy.acknowledged_for)
    for index, step in enumerate(policy.steps):
        path = f"steps[{index}]"
        yield from _duration_problems(f"{path}.after", step.after)
        if step.repeat is not None:
            yield from _duration_problems(f"{path}.repeat", step.repeat)
        if not 1 <= step.times <= REPEATS_AT_MOST:
            yield f"{path}.times", f"{step.times} is not between 1 and {REPEATS_AT_MOST}"
        for name, text in (("at", step.at), *(("quiet", text) for text in step.quiet or ())):
            try:
                wall_clock(text or "00:00")
            except ConfigError as error:
                yield f"{path}.{name}", str(error)
        if not step.tell:
            yield f"{path}.tell", "tells nobody; expected at least one target"
        for place, target in enumerate(step.tell):
            if problem := target_problem(target):
                yield f"{path}.tell[{place}]", problem


def lapses_at(policy: Policy, reached: Mapping[Milestone, Instant]) -> Instant | None:
    """When the acknowledgement stops counting because nobody did anything after it; None where it counts for good."""
    taken = reached.get(Milestone.ACKNOWLEDGED)
    if taken is None or not policy.acknowledged_for or not _ACTS.isdisjoint(reached):
        return None
    try:
        return taken + duration(policy.acknowledged_for)
    except ConfigError:
        return None


def unrolled(policy: Policy) -> Policy:
    """The policy with each repeat of a step written out after all steps, so that levels keep their order and number;
    what cannot be read repeats nothing."""
    if not any(step.repeat for step in policy.steps):
        return policy
    repeats: list[Step] = []
    for step in policy.steps:
        try:
            every = duration(step.repeat) if step.repeat else 0
            first = duration(step.after)
        except ConfigError:
            continue
        repeats += [
            msgspec.structs.replace(step, after=duration_text(first + every * turn), repeat=None, times=1)
            for turn in range(1, step.times if every else 1)
        ]
    return msgspec.structs.replace(policy, steps=[*policy.steps, *repeats])


def step_due_at(
    policy: Policy,
    step: Step,
    armed_at: Instant | None,
    reached: Mapping[Milestone, Instant],
    *,
    heeds_quiet: bool = True,
) -> Instant | None:
    """When a step is due, None where it waits for an event or for nothing any more."""
    if Milestone.RESOLVED in reached and step.when is not Milestone.RESOLVED:
        return None
    since = armed_at if step.when is None else reached.get(step.when)
    if since is None:
        return None
    try:
        due = _not_before(since + duration(step.after), step.at, policy.timezone)
        return _after_quiet(due, step.quiet, policy.timezone) if heeds_quiet else due
    except ConfigError:
        # Refused by every door that policies come through; should one slip in, no alarm waits for a typing error.
        return since


def _not_before(due: Instant, wall: str | None, zone: str) -> Instant:
    """The first moment from ``due`` on at which the site's clock shows this."""
    if wall is None:
        return due
    local = moment(due).astimezone(timezone(zone or "UTC"))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    today = midnight + wall_clock(wall)
    return instant(today if today >= local else today + timedelta(days=1))


def _after_quiet(due: Instant, quiet: tuple[str, str] | None, zone: str) -> Instant:
    """The end of the quiet hours that hold a moment, else the moment itself."""
    if quiet is None:
        return due
    local = moment(due).astimezone(timezone(zone or "UTC"))
    shown = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    start, end = wall_clock(quiet[0]), wall_clock(quiet[1])
    holds = start <= shown < end if start < end else shown >= start or shown < end
    return _not_before(due, quiet[1], zone) if holds else due


def _duration_problems(path: str, text: str) -> Iterator[tuple[str, str]]:
    try:
        duration(text)
    except ConfigError as error:
        yield path, str(error)


_ACTS = frozenset({Milestone.VERIFIED, Milestone.EN_ROUTE, Milestone.ON_SCENE, Milestone.RESOLVED})
"""What somebody does who took a case and meant it."""
