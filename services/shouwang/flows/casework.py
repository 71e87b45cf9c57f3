"""What transitions and people's orders do inside the acceptance: alerts moved, incidents opened, work made."""

from collections.abc import Sequence

import msgspec

from shouwang import metrics
from shouwang.domain import evaluate
from shouwang.domain.alert import Alert
from shouwang.domain.alerting import disposition, plan_alert
from shouwang.domain.announcement import alert_announcement, incident_announcement
from shouwang.domain.gathering import row_of
from shouwang.domain.grouping import group_key
from shouwang.domain.incident import Incident
from shouwang.domain.joining import fold
from shouwang.domain.standing import Change, DeviceFacts, DeviceState, Transition
from shouwang.domain.vocabulary import SECOND, DeviceId, Duration, Instant, Value
from shouwang.flows.world import World
from shouwang.ports import Acceptance

REOPENS_WITHIN: Duration = 20 * SECOND
"""An alert joins an incident of its group resolved less than this ago, and re-opens it (DESIGN section 3)."""


def apply_transitions(
    acceptance: Acceptance,
    world: World,
    facts: DeviceFacts,
    transitions: Sequence[Transition],
    *,
    received_at: Instant,
    now: Instant,
) -> None:
    """Moves the alerts, folds them into their incidents, and queues what dispatch and the broker must tell."""
    for transition in transitions:
        metrics.TRANSITIONS.labels(transition.change.value, transition.severity.value).inc()
        _apply(acceptance, world, facts, transition, received_at, now)


def carry_out_orders(acceptance: Acceptance, world: World, now: Instant) -> int:
    """Standings that people reset return to unknown, so that the next true reading raises anew; how many orders.

    Before anything is judged: the alert went back to normal with the person's act, and a reading that came since must
    not meet the old standing.
    """
    orders = acceptance.orders()
    for order in orders:
        # The subject of a rule is a device or a place, and each has its row.
        for row, state in acceptance.states([DeviceId(order.subject), row_of(order.subject)]).items():
            facts = world.facts(row, profile=state.profile, remembered=state.kind)
            acceptance.keep_states({row: evaluate.reset(world.book, facts, state, order.rule, now).state})
    return len(orders)


def announce_untold(acceptance: Acceptance, world: World, facts: DeviceFacts, state: DeviceState, now: Instant) -> None:
    """What is true of a device that is in service, and nobody was told, because it was under test or out of service
    when it became so: people are told now."""
    if not disposition(facts).opens_incident:
        return
    for rule, standing in state.standings.items():
        if standing.raised_at is None or standing.occurred:
            continue
        alert = acceptance.open_alert(rule, facts.device)
        if alert is None or not alert.active or alert.incident is not None or not alert.severity.opens_incident:
            continue
        raised = Transition(
            rule=rule,
            subject=facts.device,
            change=Change.RAISED,
            severity=alert.severity,
            at=now,
            evidence=alert.evidence,
            sentence=alert.sentence,
        )
        apply_transitions(acceptance, world, facts, [raised], received_at=now, now=now)


def _apply(
    acceptance: Acceptance,
    world: World,
    facts: DeviceFacts,
    transition: Transition,
    received_at: Instant,
    now: Instant,
) -> None:
    rule = world.rule(transition.rule, facts, transition.version)
    if rule is None:
        return
    open_alert = acceptance.open_alert(transition.rule, transition.subject)
    planned = plan_alert(open_alert, rule, transition, facts, received_at=received_at, now=now)
    if planned is None:
        return
    alert, entries = planned
    incident = _incident_of(acceptance, world, facts, alert, transition, rule.pack, now)
    if incident is not None:
        changed, notices, more = fold(
            incident.found,
            alert,
            transition,
            community=world.community,
            policies=world.policies,
            pack=rule.pack,
            now=now,
        )
        alert = msgspec.structs.replace(alert, incident=changed.id)
        acceptance.keep_incident(changed)
        acceptance.announce(incident_announcement(changed))
        for notice in notices:
            acceptance.make_notice(notice)
        entries = [*entries, *more]
    acceptance.keep_alert(alert)
    acceptance.announce(alert_announcement(alert))
    for entry in entries:
        acceptance.record(entry if entry.incident else msgspec.structs.replace(entry, incident=alert.incident))


class _Joined(Value, frozen=True):
    """That the alert belongs to an incident; ``found``: the present one, None to open one."""

    found: Incident | None


def _incident_of(
    acceptance: Acceptance,
    world: World,
    facts: DeviceFacts,
    alert: Alert,
    transition: Transition,
    pack: str,
    now: Instant,
) -> _Joined | None:
    if transition.change is Change.CLEARED:
        own = acceptance.incident(alert.incident) if alert.incident else None
        return _Joined(own) if own else None
    if not (disposition(facts).opens_incident and alert.severity.opens_incident):
        return None
    group = group_key(alert.klass, alert.place, pack, world.community.places)
    return _Joined(acceptance.open_incident(group, now - REOPENS_WITHIN))
