"""Why a rule did or did not fire, now or at a past moment."""

from typing import Annotated

from fastapi import APIRouter, Query

from shouwang.domain.access import Act, Principal
from shouwang.domain.board import CaseQuery, EntryQuery
from shouwang.domain.explanation import Asked, Explanation
from shouwang.domain.rulebook import Compiled
from shouwang.domain.standing import DeviceFacts
from shouwang.domain.telling import Told, who_is_told
from shouwang.domain.vocabulary import DeviceId, Evidence, Instant
from shouwang.domain.wording import Words
from shouwang.flows.hindsight import ThenAlert, alert_then, differing, documents, explained_now, explained_then
from shouwang.flows.world import World

from .access import Caller, allow
from .doors import TheWindow, Window
from .hold_views import holds_of
from .names import Names
from .problems import invalid, not_found
from .questions import When, instant_of, time
from .rule_editing import RuleRef
from .rule_sheets import AlertThenOut, AskedOut, CountedOut, ExplanationOut, ExplanationsOut, ToldOut, ToldStepOut
from .schemas import EvidenceOut

router = APIRouter(prefix="/rules", tags=["rulebook"])

ALERTS_AT_MOST = 500
ENTRIES_AT_MOST = 1_000
"""Of a rule, and about one incident, that a past moment is looked for in: the newest."""


@router.get("/{rule_id}/explain")
def explain_rule(
    window: TheWindow,
    caller: Caller,
    rule_id: RuleRef,
    device: Annotated[str, Query(max_length=300, description="A device's id, or its address.")],
    at: When = None,
) -> ExplanationsOut:
    """Why it did or did not fire for a device: each condition with its values, what it remembers, when it looks again;
    what would change how it is told; and who would be told, which tells nobody. `at` in the past: by the rule and the
    directory of then, rebuilt from stored readings; `unknown` says what can no longer be known."""
    allow(caller, Act.READ)
    now = window.clock.now()
    wanted = instant_of(at, "query/at")
    if wanted is not None and wanted > now:
        raise invalid("query/at", f"lies ahead; expected a moment up to now, {time(now)}")
    then = wanted if wanted is not None and wanted < now else None
    moment = now if then is None else then
    world = window.world() if then is None else window.world_at(then)
    registered = world.registered(device) or window.world().registered(device)
    facts = world.facts(DeviceId(registered[0] if registered else device))
    allow(caller, Act.READ, window.world().facts(facts.device).place)
    allow(caller, Act.READ, facts.place)
    found = documents(world, rule_id, facts)
    if not found and not window.world().book.named(rule_id):
        raise not_found("rule", rule_id)
    told = [
        _explained_now(window, caller, world, rule, facts, now)
        if then is None
        else _explained_then(window, caller, world, rule, facts, then)
        for rule in found
    ]
    return ExplanationsOut(
        rule=rule_id, device=facts.device, at=time(moment) or "", past=then is not None, documents=told
    )


def _explained_now(
    window: Window, caller: Principal, world: World, rule: Compiled, facts: DeviceFacts, now: Instant
) -> ExplanationOut:
    said = explained_now(world, rule, facts, window.board.states, now)
    return _explanation_out(window, caller, world, rule, facts, said)


def _explained_then(
    window: Window, caller: Principal, world: World, rule: Compiled, facts: DeviceFacts, at: Instant
) -> ExplanationOut:
    found = explained_then(world, rule, facts, window.readings, at)
    alert = _alert_then(window, rule, found.explanation.subject, at)
    shown = _explanation_out(window, caller, world, rule, facts, found.explanation)
    shown.alert = _alert_out(alert)
    shown.unknown = [_both(words) for words in (*differing(rule, found.explanation, alert), *found.unknown)]
    return shown


def _alert_then(window: Window, rule: Compiled, subject: str | None, at: Instant) -> ThenAlert | None:
    """The newest alert of the subject that was raised by then, as the journal has it."""
    alerts = [
        one
        for one in window.board.alerts(CaseQuery(rule=rule.rule.id), None, ALERTS_AT_MOST)
        if one.subject == subject and one.raised_at <= at
    ]
    if not alerts:
        return None
    newest = max(alerts, key=lambda one: one.raised_at)
    query = EntryQuery(
        kind="alert.", incident=newest.incident, device=newest.device, start=newest.raised_at, end=at + 1
    )
    return alert_then(newest, window.board.entries(query, None, ENTRIES_AT_MOST))


def _explanation_out(
    window: Window, caller: Principal, world: World, rule: Compiled, facts: DeviceFacts, said: Explanation
) -> ExplanationOut:
    place = said.subject if said.subject is not None and rule.rule.is_about_places else facts.place
    told = who_is_told(rule.rule, facts.kind, place, world.community, world.policies, said.at)
    return ExplanationOut(
        rule=said.rule,
        version=said.version,
        severity=rule.rule.severity,
        where=rule.rule.where,
        subject=said.subject,
        why=said.why,
        because=said.because,
        truth=said.truth,
        conditions=[_asked_out(one) for one in said.conditions],
        raised_at=time(said.raised_at),
        next_due=time(said.next_due),
        disposition=said.disposition.value,
        told_now=_told_out(told, Names(world.community, caller)),
        holds=holds_of(window, caller, rule.rule, facts, said.subject, said.at),
    )


def _told_out(told: Told, names: Names) -> ToldOut:
    return ToldOut(
        policy=told.policy,
        steps=[
            ToldStepOut(
                after=one.after,
                unless=one.unless,
                when=one.when,
                tell=one.tell,
                people=[*one.people],
                gaps=one.gaps,
            )
            for one in told.steps
        ],
        names=names.people(one for step in told.steps for one in step.people),
        why_nobody=told.why_nobody,
    )


def _asked_out(one: Asked) -> AskedOut:
    return AskedOut(
        asked=one.asked,
        read=one.read,
        truth=one.truth,
        evidence=[_evidence_out(found) for found in one.evidence],
        met_at=time(one.met_at),
        due_at=time(one.due_at),
        counted=CountedOut(devices=one.counted.devices, lost=one.counted.lost, needed=one.counted.needed)
        if one.counted is not None
        else None,
    )


def _alert_out(alert: ThenAlert | None) -> AlertThenOut | None:
    if alert is None:
        return None
    return AlertThenOut(
        id=alert.id,
        state=alert.state,
        raised_at=time(alert.raised_at) or "",
        version=alert.version,
        held_by=alert.held_by,
    )


def _evidence_out(found: Evidence) -> EvidenceOut:
    return EvidenceOut(
        metric=found.metric, value=found.value, measured_at=time(found.measured_at) or "", part=found.part
    )


def _both(words: Words) -> dict[str, str]:
    return {"zh": words[0], "en": words[1]}
