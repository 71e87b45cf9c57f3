"""What transitions and people's orders do inside the acceptance: alerts moved, incidents opened, work made."""

from collections.abc import Sequence

import msgspec

from shouwang import metrics
from shouwang.domain import evaluate
from shouwang.domain.alert import Alert, AlertClass
from shouwang.domain.alerting import Disposition, disposition, plan_alert
from shouwang.domain.announcement import alert_announcement, incident_announcement
from shouwang.domain.gathering import row_of
from shouwang.domain.grouping import group_key
from shouwang.domain.holding import chatters, counted
from shouwang.domain.incident import Incident, is_live
from shouwang.domain.joining import fold
from shouwang.domain.journal import Entry
from shouwang.domain.standing import Change, DeviceFacts, DeviceState, Transition
from shouwang.domain.suppression import Cover
from shouwang.domain.tried import plan_trial_message, tester, trial_incident
from shouwang.domain.vocabulary import SECOND, UNASSIGNED, DeviceId, Duration, Instant, Value
from shouwang.flows.withholding import last_alert, under_holds
from shouwang.flows.world import World
from shouwang.ports import Acceptance, Transaction

REOPENS_WITHIN: Duration = 20 * SECOND
"""An alert joins an incident of its group resolved less than this ago, and re-opens it (DESIGN section 3)."""


_GATHERED = (AlertClass.FIRE, AlertClass.EMERGENCY)
"""One of each way in which urgent alerts gather into incidents by their place alone (``group_key``)."""


def foresee(acceptance: Acceptance, world: World, likely: Sequence[DeviceId], now: Instant) -> None:
    """Asks together for what will be asked one by one where something of these devices is raised."""
    groups: set[str] = set()
    if len(likely) > 1:
        devices, places = world.community.devices, world.community.places
        stand = {devices[id].place if id in devices else UNASSIGNED for id in likely}
        groups = {group_key(klass, place, "", places) for place in stand for klass in _GATHERED}
    acceptance.foresee(likely, groups, now - REOPENS_WITHIN)


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
        if alert.held_by:
            continue  # told when what holds it ends
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
    before: Alert | None = None
    if open_alert is None and transition.change is Change.RAISED:
        before = last_alert(acceptance, rule, transition.subject)
        open_alert = before if before is not None and chatters(before, received_at) else None
    planned = plan_alert(open_alert, rule, transition, facts, received_at=received_at, now=now)
    if planned is None:
        return
    alert, entries = planned
    cover: Cover | None = None
    if transition.change is not Change.CLEARED:
        alert, cover, more = under_holds(acceptance, world, facts, rule, alert, now)
        entries = [*entries, *more]
    if transition.change is Change.RAISED:
        alert, more = counted(alert, received_at, now, before)
        entries = [*entries, *more]
    if transition.change is Change.CLEARED or not alert.held_by:
        alert, more = join(acceptance, world, facts, alert, transition, rule.pack, now, cover)
        entries = [*entries, *more]
    keep(acceptance, alert, entries)
    if transition.change is not Change.CLEARED and disposition(facts) is Disposition.DIVERT:
        _tell_tester(acceptance, world, facts, alert, now)


def _tell_tester(acceptance: Acceptance, world: World, facts: DeviceFacts, alert: Alert, now: Instant) -> None:
    """The first alarm of a test is told to whoever tests, on their own channels, and to nobody else."""
    person = tester(facts, alert, world.community)
    if person is None or acceptance.incident(trial_incident(facts)) is not None:
        return
    incident, notices, entries = plan_trial_message(facts, alert, person, world.community, now)
    acceptance.keep_incident(incident)
    for notice in notices:
        acceptance.make_notice(notice)
    for entry in entries:
        acceptance.record(entry)


def join(
    transaction: Transaction,
    world: World,
    facts: DeviceFacts,
    alert: Alert,
    transition: Transition,
    pack: str,
    now: Instant,
    cover: Cover | None = None,
) -> tuple[Alert, list[Entry]]:
    """Folds the alert into its incident, if it has or wants one; the alert and the journal's entries are still to be
    kept."""
    incident = _incident_of(transaction, world, facts, alert, transition, pack, now)
    if incident is None:
        return alert, []
    changed, notices, entries = fold(
        incident.found,
        alert,
        transition,
        community=world.community,
        policies=world.policies,
        pack=pack,
        now=now,
        cover=cover,
    )
    transaction.keep_incident(changed)
    transaction.announce(incident_announcement(changed))
    for notice in notices:
        transaction.make_notice(notice)
    return msgspec.structs.replace(alert, incident=changed.id), entries


def keep(transaction: Transaction, alert: Alert, entries: Sequence[Entry]) -> None:
    transaction.keep_alert(alert)
    transaction.announce(alert_announcement(alert))
    for entry in entries:
        transaction.record(entry if entry.incident else msgspec.structs.replace(entry, incident=alert.incident))


class _Joined(Value, frozen=True):
    """That the alert belongs to an incident; ``found``: the present one, None to open one."""

    found: Incident | None


def _incident_of(
    acceptance: Transaction,
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
    own = acceptance.incident(alert.incident) if alert.incident else None
    if own is not None and is_live(own.state):
        return _Joined(own)  # people may have moved it to another case than its group's
    group = group_key(alert.klass, alert.place, pack, world.community.places)
    return _Joined(acceptance.open_incident(group, now - REOPENS_WITHIN))
