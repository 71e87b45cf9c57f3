"""合并: two cases that prove to be one go on as the graver of them, and lose nobody's step.

Whichever of the two stays by name, class, title, place, policy, clock and finding are those of the graver one: a fire
that becomes part of a fault is a fire. Steps of the lighter one that are still to come are told when they would have
been. What was answered in the lighter one calls off nothing: whoever took a fault has not taken a fire.
"""

from collections.abc import Sequence

import msgspec

from shouwang.domain.alert import LIFE_SAFETY, Alert, AlertClass
from shouwang.domain.casefile import CaseFile, Counted
from shouwang.domain.climbing import Changed
from shouwang.domain.draft import Draft
from shouwang.domain.errors import ConfigError, Conflict
from shouwang.domain.escalation import Milestone, Policy, Step, StepMark
from shouwang.domain.incident import Incident, IncidentEvent, IncidentState
from shouwang.domain.moment import duration, duration_text
from shouwang.domain.notice import Why
from shouwang.domain.regrouping import moved_while_going_on
from shouwang.domain.vocabulary import MILLISECOND, Duration, Instant, PlaceId

_CALLING = (Milestone.CONFIRMED, Milestone.VERIFIED_REAL)
"""What calls more people in, whichever of two dangers to life it was found of. All else only spares somebody."""

_ORDER = list(AlertClass)


def merge(
    kept: Incident,
    other: Incident,
    alerts: Sequence[Alert],
    told: Sequence[str],
    *,
    actor: str,
    note: str = "",
    now: Instant,
) -> tuple[Changed, Changed, list[Alert]]:
    """``other`` is closed, its alerts and places are ``kept``'s, and whoever was told of it hears of the one that
    stays. ``alerts``: of ``other``; ``told``: people told of it. Raises Conflict where one of them is over, both are
    the same, or one is a drill or test and the other is not."""
    _refuse(kept, other)
    over = Draft(other, now, actor)
    over.set(
        state=moved_while_going_on(other, IncidentEvent.MERGE),
        closed_at=now,
        closed_by=actor,
        next_step_at=None,
        active=[],
        file=msgspec.structs.replace(other.file or CaseFile(), merged_into=kept.id),
    )
    over.record("incident.merged", into=kept.id, note=note)
    moved_while_going_on(kept, IncidentEvent.WORSEN)
    draft = Draft(_united(kept, other, now), now, actor)
    draft.record("incident.joined", merged=other.id, severity=draft.incident.severity, note=note)
    is_news = graver_of(kept, other) is other or _is_worse(draft.incident, kept)
    others = [f"person:{person}" for person in dict.fromkeys(told)]
    draft.climb(Why.WORSE, also_told=is_news, others=others, detail="merged")
    moved = [msgspec.structs.replace(alert, incident=kept.id, revision=alert.revision + 1) for alert in alerts]
    return draft.done(), over.done(), moved


def graver_of(one: Incident, other: Incident) -> Incident:
    """Danger to life before all else, then the severity, then the class in the order of the vocabulary. Of two that are
    alike the first."""
    return min(
        one, other, key=lambda case: (case.klass not in LIFE_SAFETY, case.severity.rank, _ORDER.index(case.klass))
    )


def _refuse(kept: Incident, other: Incident) -> None:
    if kept.id == other.id:
        raise Conflict(f"incident {kept.id} cannot be merged with itself")
    for flag in ("drill", "test"):
        if getattr(kept, flag) != getattr(other, flag):
            marked, real = (kept, other) if getattr(kept, flag) else (other, kept)
            raise Conflict(
                f"incident {marked.id} is a {flag} and {real.id} is real: as one they would call people to a {flag}, "
                f"or silence what is real; end the {flag} and go on with {real.id}"
            )


def _united(kept: Incident, other: Incident, now: Instant) -> Incident:
    graver = graver_of(kept, other)
    lighter = other if graver is kept else kept
    # Who is on the way to the lighter one is on the way; but they must take the graver one anew.
    answered = lighter if graver.state is IncidentState.OPEN and lighter.state is not IncidentState.OPEN else graver
    detectors = {
        klass: list(dict.fromkeys([*kept.detectors.get(klass, []), *other.detectors.get(klass, [])]))
        for klass in dict.fromkeys([*kept.detectors, *other.detectors])
    }
    confirmed = kept.confirmed or other.confirmed or any(len(devices) > 1 for devices in detectors.values())
    severity = min(kept.severity, other.severity, key=lambda one: one.rank)
    reached = dict(graver.reached)
    if lighter.klass in LIFE_SAFETY:
        reached = {**{name: at for name, at in lighter.reached.items() if name in _CALLING}, **reached}
    if confirmed:
        reached.setdefault(Milestone.CONFIRMED, now)
    policy, steps = _both(graver, lighter, now)
    if severity.rank < graver.severity.rank:
        reached = {name: at for name, at in reached.items() if name not in _SPARING}
        steps = [mark for mark in steps if mark.skipped not in _SPARING]
    return msgspec.structs.replace(
        kept,
        state=answered.state,
        holder=answered.holder,
        opened_at=answered.opened_at,
        acknowledged_at=answered.acknowledged_at,
        acknowledged_by=answered.acknowledged_by,
        en_route_at=answered.en_route_at,
        en_route_by=answered.en_route_by,
        on_scene_at=answered.on_scene_at,
        on_scene_by=answered.on_scene_by,
        declined=list(answered.declined),
        verified_at=graver.verified_at,
        verified_by=graver.verified_by,
        finding=graver.finding,
        finding_how=graver.finding_how,
        group=graver.group,
        klass=graver.klass,
        title=graver.title,
        place=graver.place,
        zone=graver.zone,
        severity=severity,
        policy=policy,
        steps=steps,
        armed_at=graver.armed_at if graver.armed_at is not None else lighter.armed_at,
        reached=reached,
        under=graver.under,
        late=kept.late and other.late,
        detectors=detectors,
        confirmed=confirmed,
        alerts=list(dict.fromkeys([*kept.alerts, *other.alerts])),
        active=list(dict.fromkeys([*kept.active, *other.active])),
        places=_places(kept, other),
        devices=list(dict.fromkeys([*kept.devices, *other.devices])),
        rules=list(dict.fromkeys([*kept.rules, *other.rules])),
        cleared_at=None if other.active else kept.cleared_at,
        file=_file(kept, other, graver),
    )


_SPARING = frozenset({Milestone.ACKNOWLEDGED, Milestone.VERIFIED})


def _both(graver: Incident, lighter: Incident, now: Instant) -> tuple[Policy, list[StepMark]]:
    """The graver policy, then the steps of the other one that it has not, each due when it would have been, and spared
    where it was spared."""
    known = graver.policy.steps
    added = [(index, step) for index, step in enumerate(lighter.policy.steps) if step not in known]
    if not added:
        return graver.policy, list(graver.steps)
    delay = lighter.armed_at - graver.armed_at if lighter.armed_at is not None and graver.armed_at is not None else 0
    marks = {mark.index: mark for mark in lighter.steps}
    steps, carried = list(known), list(graver.steps)
    for index, step in added:
        if step.when is None and lighter.armed_at is None:
            continue  # late news, of which the desk alone hears
        if index in marks:
            carried.append(msgspec.structs.replace(marks[index], index=len(steps)))
        elif step.unless is not None and step.unless in lighter.reached:
            carried.append(StepMark(index=len(steps), done_at=now, skipped=str(step.unless)))
        steps.append(step if step.when is not None else _shifted(step, delay))
    timezone = graver.policy.timezone or lighter.policy.timezone
    return msgspec.structs.replace(graver.policy, steps=steps, timezone=timezone), carried


def _shifted(step: Step, delay: Duration) -> Step:
    """Counted from the clock of another case that began this much before."""
    if delay == 0:
        return step
    try:
        after = max(0, duration(step.after) + delay)
    except ConfigError:
        return step
    return msgspec.structs.replace(step, after=duration_text(after - after % MILLISECOND))


def _places(kept: Incident, other: Incident) -> list[PlaceId]:
    """In order of ignition, as far as it is known."""
    first, second = (kept, other) if kept.opened_at <= other.opened_at else (other, kept)
    return list(dict.fromkeys([*first.places, *second.places]))


def _file(kept: Incident, other: Incident, graver: Incident) -> CaseFile:
    """What those who go on must know of the other: who came, whom somebody has called, who is out. The rest stays where
    it was written."""
    mine, theirs = kept.file or CaseFile(), other.file or CaseFile()
    counted: dict[PlaceId, Counted] = {}
    for one in sorted([*mine.headcount, *theirs.headcount], key=lambda each: each.at):
        counted[one.place] = one
    return msgspec.structs.replace(
        mine,
        arrivals=[*mine.arrivals, *theirs.arrivals],
        calls=sorted([*mine.calls, *theirs.calls], key=lambda call: call.at),
        headcount=list(counted.values()),
        topic=graver.file.topic if graver.file else None,
        merged=[*mine.merged, *theirs.merged, other.id],
    )


def _is_worse(after: Incident, before: Incident) -> bool:
    return (
        after.severity.rank < before.severity.rank
        or (after.confirmed and not before.confirmed)
        or (before.late and not after.late)
    )
