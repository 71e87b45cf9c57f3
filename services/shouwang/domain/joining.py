"""What an alert makes of the incident that it joins: opened, joined, re-opened, worse, told again, cleared."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from shouwang.domain.alert import LIFE_SAFETY, Alert
from shouwang.domain.climbing import Changed
from shouwang.domain.community import Community
from shouwang.domain.draft import Draft
from shouwang.domain.duty import DESK, HOLDER, TOLD, is_reachable, zone_of
from shouwang.domain.escalation import Milestone, Policy, choose_policy, rearmed, unrolled
from shouwang.domain.grouping import (
    DETECTORS,
    MASS,
    MASS_TITLE,
    around_of,
    group_key,
    is_another_event,
    is_of_building,
    kind_of,
    news_of_place,
)
from shouwang.domain.incident import Incident, IncidentEvent, IncidentState, is_live, move_incident
from shouwang.domain.notice import Why
from shouwang.domain.place import PlaceKind
from shouwang.domain.standing import Change, Transition
from shouwang.domain.suppression import Cover, covered
from shouwang.domain.vocabulary import UNASSIGNED, IncidentId, Instant, Severity

Item = TypeVar("Item")


def fold(
    incident: Incident | None,
    alert: Alert,
    transition: Transition,
    *,
    community: Community,
    policies: Sequence[Policy],
    pack: str,
    now: Instant,
    cover: Cover | None = None,
) -> Changed:
    """The incident after this transition, and what to tell and record.

    ``incident``: the one that the alert's group offers (``Transaction.open_incident``), for a clearing the alert's own;
    None opens one. ``alert``: after its move; its ``incident`` is for the caller to set. ``policies`` in the order in
    which they match. Whether the alert's severity and disposition want an incident is the caller's question.
    ``cover``: of danger to life where work or maintenance is known; it spares an incident of its own a moment, and what
    comes without one, or makes it worse, ends that for the whole incident.
    """
    if incident is not None and transition.change is Change.CLEARED:
        return _cleared(incident, alert, now)
    is_own = incident is not None and alert.incident == incident.id
    if incident is not None and not is_own and is_another_event(incident.group, incident.opened_at, now):
        incident = None
    if incident is None or incident.state is IncidentState.CLOSED:
        return _opened(alert, community, policies, pack, now, cover)
    if incident.state is not IncidentState.RESOLVED:
        return _joined(incident, alert, transition, community, policies, cover, now)
    if alert.late:
        # Late news is no reason to wake everybody for a case that has just ended: it gets its own, at the desk.
        return _opened(alert, community, policies, pack, now, cover)
    if incident.under and cover is None:
        incident = _uncovered(incident, alert, community, policies)
    return _reopened(incident, alert, now)


def take_cover_off(
    incident: Incident, alert: Alert, *, community: Community, policies: Sequence[Policy], because: str, now: Instant
) -> Changed:
    """Work or maintenance is over and ``alert`` of this incident is still true: from now on everybody is told."""
    draft = Draft(_uncovered(incident, alert, community, policies), now)
    draft.record("incident.uncovered", alert=alert.id, by=incident.under, because=because)
    _rearm(draft, alert, detail=because)
    return draft.done()


def _uncovered(incident: Incident, alert: Alert, community: Community, policies: Sequence[Policy]) -> Incident:
    policy = _policy_for(alert, community, policies)
    return msgspec.structs.replace(incident, under="", policy=policy, steps=[])


def _policy_for(alert: Alert, community: Community, policies: Sequence[Policy]) -> Policy:
    return choose_policy(
        policies,
        severity=alert.severity,
        klass=alert.klass,
        rule=alert.rule,
        kinds=(alert.kind, kind_of(alert.place, community.places)),
        place=alert.place,
    )


def _opened(
    alert: Alert, community: Community, policies: Sequence[Policy], pack: str, now: Instant, cover: Cover | None
) -> Changed:
    zone = zone_of(community, alert.place)
    policy = _policy_for(alert, community, policies)
    if cover is not None:
        policy = covered(policy, cover)
    if any(step.at or step.quiet for step in policy.steps):
        policy = msgspec.structs.replace(policy, timezone=community.site.timezone)
    policy = unrolled(policy)
    opened = Incident(
        id=_incident_id(alert),
        group=group_key(alert.klass, alert.place, pack, community.places),
        klass=alert.klass,
        state=IncidentState.OPEN,
        severity=alert.severity,
        title=alert.title,
        place=alert.place,
        opened_at=now,
        armed_at=None if alert.late else now,
        policy=policy,
        zone=zone.id if zone else None,
        test=alert.test,
        late=alert.late,
        under=cover.by if cover is not None else "",
        demo=community.site.demo,
        revision=0,
    )
    draft = Draft(_with_alert(opened, alert, now), now)
    draft.record("incident.opened", alert=alert.id, device=alert.device, policy=policy.id, severity=alert.severity)
    if zone is None and alert.place != UNASSIGNED:
        draft.record("coverage.gap", alert=alert.id, gaps=[f"{alert.place} is in no party zone"])
    if alert.late:
        draft.tell(Why.FIRST, [DESK], alert=alert.id, detail="late")
    else:
        draft.climb(Why.FIRST, alert=alert.id)
    return draft.done()


def _joined(
    incident: Incident,
    alert: Alert,
    transition: Transition,
    community: Community,
    policies: Sequence[Policy],
    cover: Cover | None,
    now: Instant,
) -> Changed:
    joined = _with_alert(incident, alert, now)
    if joined.under and not alert.late and (cover is None or _worsening(incident, joined, alert, community)):
        joined = _uncovered(joined, alert, community, policies)
    draft = Draft(joined, now)
    if alert.id not in incident.alerts:
        draft.record("incident.joined", alert=alert.id, device=alert.device, at_place=alert.place)
    reasons = _worsening(incident, joined, alert, community)
    if reasons and alert.late:
        draft.tell(Why.WORSE, [DESK], alert=alert.id, detail=", ".join(reasons))
    elif reasons:
        draft.set(state=move_incident(incident.state, IncidentEvent.WORSEN), test=False, late=False)
        draft.forget(Milestone.ACKNOWLEDGED, Milestone.VERIFIED)
        draft.record("incident.worse", alert=alert.id, device=alert.device, reasons=reasons)
        if "mass" in reasons:
            around = around_of(incident.place, PlaceKind.BUILDING, community.places)
            draft.set(title=MASS_TITLE, place=around or incident.place)
        _rearm(draft, alert, detail=", ".join(reasons))
    elif _is_news_to_holder(incident, alert, transition):
        reachable = incident.holder is not None and is_reachable(community, incident.holder)
        draft.tell(Why.REPEAT, [HOLDER if reachable else TOLD], alert=alert.id)
    return draft.done()


def _reopened(incident: Incident, alert: Alert, now: Instant) -> Changed:
    """What people did in the life that ended stays in the journal; the row begins again."""
    joined = _with_alert(incident, alert, now)
    draft = Draft(joined, now)
    draft.set(
        state=move_incident(incident.state, IncidentEvent.REOPEN),
        acknowledged_at=None,
        acknowledged_by=None,
        verified_at=None,
        verified_by=None,
        finding=None,
        finding_how="",
        en_route_at=None,
        en_route_by=None,
        on_scene_at=None,
        on_scene_by=None,
        resolved_at=None,
        resolved_by=None,
        outcome=None,
        cause="",
        reviewed_at=None,
        reviewed_by=None,
        holder=None,
        declined=[],
        reached={name: at for name, at in joined.reached.items() if name is Milestone.CONFIRMED},
    )
    draft.record("incident.reopened", alert=alert.id, device=alert.device)
    _rearm(draft, alert, detail="reopened")
    return draft.done()


def _cleared(incident: Incident, alert: Alert, now: Instant) -> Changed:
    """A condition that ended moves no incident and stops no escalation. When it was the last one, people hear it, once;
    but not where life is in danger: smoke that a detector sees no more is no reason to walk slower."""
    if alert.id not in incident.active:
        return incident, [], []
    draft = Draft(incident, now)
    draft.set(active=[id for id in incident.active if id != alert.id])
    if not draft.incident.active and is_live(incident.state) and incident.cleared_at is None:
        draft.set(cleared_at=now)
        if incident.klass not in LIFE_SAFETY:
            draft.tell(Why.CLEARED, [TOLD], alert=alert.id)
    return draft.done()


def _rearm(draft: Draft, alert: Alert, *, detail: str) -> None:
    """Escalation begins again, and everybody told so far hears why."""
    incident = draft.incident
    draft.set(armed_at=draft.now, steps=rearmed(incident.policy, incident.steps, incident.reached), cleared_at=None)
    draft.climb(Why.WORSE, alert=alert.id, also_told=True, detail=detail)


def _with_alert(incident: Incident, alert: Alert, now: Instant) -> Incident:
    """The alert with its place, device and rule becomes part of the incident, which is as bad as its worst alert. Two
    detectors of one class that confirm each other are one level worse, once."""
    detectors = dict(incident.detectors)
    if alert.klass in DETECTORS and alert.device is not None and alert.place != UNASSIGNED and not alert.late:
        detectors[alert.klass] = _with(detectors.get(alert.klass, []), alert.device)
    confirmed = any(len(devices) > 1 for devices in detectors.values())
    is_worst = alert.severity.rank < incident.severity.rank
    severity = alert.severity if is_worst else incident.severity
    return msgspec.structs.replace(
        incident,
        alerts=_with(incident.alerts, alert.id),
        active=_with(incident.active, alert.id),
        places=_with(incident.places, alert.place),
        devices=incident.devices if alert.device is None else _with(incident.devices, str(alert.device)),
        detectors=detectors,
        rules=_with(incident.rules, alert.rule),
        confirmed=confirmed,
        reached={Milestone.CONFIRMED: now, **incident.reached} if confirmed else incident.reached,
        severity=_one_up(severity) if confirmed and not incident.confirmed else severity,
        klass=alert.klass if is_worst else incident.klass,
        title=alert.title if is_worst else incident.title,
    )


def _worsening(before: Incident, after: Incident, alert: Alert, community: Community) -> list[str]:
    """Why this alert is news to everybody, by name; empty where it is only one more."""
    return [
        *(["severity"] if after.severity.rank < before.severity.rank else []),
        *(["confirmed"] if after.confirmed and not before.confirmed else []),
        *_news_of_places(before, after, alert, community),
        *(["device"] if alert.place == UNASSIGNED and alert.device not in before.devices else []),
        *(["not_late"] if before.late and not alert.late else []),
        *(["not_a_test"] if before.test and not alert.test else []),
        *(["uncovered"] if before.under and not after.under else []),
    ]


def _news_of_places(before: Incident, after: Incident, alert: Alert, community: Community) -> list[str]:
    """Danger that spreads is news with each floor and dwelling; devices that fail together are news once, as many."""
    if is_of_building(before.group):
        return ["mass"] if len(before.devices) < MASS <= len(after.devices) else []
    return news_of_place(before.places, alert.place, community.places)


def _is_news_to_holder(incident: Incident, alert: Alert, transition: Transition) -> bool:
    """New, though not to everybody: an event again, or danger to life that is new here or back. Whoever took the
    incident hears it; where nobody has, escalation is still calling."""
    if Milestone.ACKNOWLEDGED not in incident.reached:
        return False
    return transition.change is Change.REPEATED or (alert.klass in LIFE_SAFETY and alert.id not in incident.active)


def _one_up(severity: Severity) -> Severity:
    return list(Severity)[max(0, severity.rank - 1)]


def _with(known: list[Item], one: Item) -> list[Item]:
    return known if one in known else [*known, one]


def _incident_id(alert: Alert) -> IncidentId:
    """From the alert that opened it. One that was raised again after its incident ended opens another."""
    return IncidentId(f"i{alert.id}" if alert.incident is None else f"i{alert.id}.{alert.count}")
