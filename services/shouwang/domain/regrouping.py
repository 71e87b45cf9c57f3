"""What people make of cases as wholes: opened by hand, one that is two. Two that are one: domain/merging.py."""

from collections.abc import Mapping, Sequence

import msgspec

from shouwang.domain.alert import Alert, AlertClass
from shouwang.domain.casefile import CaseFile, Topic
from shouwang.domain.climbing import Changed
from shouwang.domain.community import Community
from shouwang.domain.draft import Draft
from shouwang.domain.duty import TOLD, zone_of
from shouwang.domain.errors import Conflict
from shouwang.domain.escalation import Policy, choose_policy, unrolled
from shouwang.domain.grouping import group_key, kind_of
from shouwang.domain.incident import Incident, IncidentEvent, IncidentState, move_incident
from shouwang.domain.notice import Why
from shouwang.domain.vocabulary import AlertId, IncidentId, Instant, PlaceId, Severity

BY_HAND = "by-hand"
"""The rule pack, and the rule, of what a person reports."""

TITLES: Mapping[AlertClass, Mapping[str, str]] = {
    AlertClass.FIRE: {"zh": "人工报火警", "en": "Fire reported by hand"},
    AlertClass.GAS: {"zh": "人工报燃气泄漏", "en": "Gas leak reported by hand"},
    AlertClass.CO: {"zh": "人工报一氧化碳", "en": "Carbon monoxide reported by hand"},
    AlertClass.EMERGENCY: {"zh": "人工报紧急求助", "en": "Call for help reported by hand"},
    AlertClass.WATER: {"zh": "人工报漏水", "en": "Water leak reported by hand"},
}

TOPICS: Mapping[Topic, Mapping[str, str]] = {Topic.LIFT: {"zh": "电梯困人", "en": "People trapped in a lift"}}

_SEVERE = {AlertClass.FIRE, AlertClass.GAS, AlertClass.CO, AlertClass.EMERGENCY}


def open_by_hand(
    id: IncidentId,
    klass: AlertClass,
    place: PlaceId,
    *,
    actor: str,
    reported_by: str = "",
    title: str = "",
    topic: Topic | None = None,
    severity: Severity | None = None,
    note: str = "",
    community: Community,
    policies: Sequence[Policy],
    now: Instant,
) -> Changed:
    """An incident that a person reports: a guard on patrol, a resident at the desk. People are told as of an alarm."""
    severity = severity or (Severity.CRITICAL if klass in _SEVERE else Severity.HIGH)
    policy = choose_policy(
        policies,
        severity=severity,
        klass=klass,
        rule=BY_HAND,
        kinds=(kind_of(place, community.places),),
        place=place,
    )
    zone = zone_of(community, place)
    words = TOPICS[topic] if topic else TITLES.get(klass, {"zh": "人工上报", "en": "Reported by hand"})
    opened = Incident(
        id=id,
        group=f"{topic}:{place}" if topic else group_key(klass, place, BY_HAND, community.places),
        klass=klass,
        state=IncidentState.OPEN,
        severity=severity,
        title={"zh": title, "en": title} if title else dict(words),
        place=place,
        places=[place],
        opened_at=now,
        armed_at=now,
        policy=msgspec.structs.replace(unrolled(policy), timezone=community.site.timezone),
        zone=zone.id if zone else None,
        file=CaseFile(reported_by=reported_by or actor, topic=topic),
        demo=community.site.demo,
        revision=0,
    )
    draft = Draft(opened, now, actor)
    draft.record("incident.opened", policy=policy.id, severity=severity, by_hand=True, note=note)
    draft.climb(Why.FIRST, detail=note)
    return draft.done()


def split(
    incident: Incident,
    parting: Sequence[AlertId],
    alerts: Sequence[Alert],
    *,
    actor: str,
    note: str = "",
    community: Community,
    now: Instant,
) -> tuple[Changed, Changed, list[Alert]]:
    """One case is two: the alerts of ``parting`` become a case of their own, of which people are told as of any other.
    ``alerts``: all of the incident. Raises Conflict where none would stay, none would go, or one is not of it."""
    going = [alert for alert in alerts if alert.id in set(parting)]
    staying = [alert for alert in alerts if alert.id not in set(parting)]
    unknown = sorted(set(parting) - {alert.id for alert in alerts})
    if unknown:
        raise Conflict(f"{', '.join(unknown)}: not an alert of incident {incident.id}")
    if not going or not staying:
        raise Conflict("a split leaves at least one alert on either side")
    id = IncidentId(f"{incident.id}~{incident.notices + 1}")
    worst = min(going, key=lambda alert: alert.severity.rank)
    draft = Draft(incident, now, actor)
    draft.set(
        state=moved_while_going_on(incident, IncidentEvent.SPLIT),
        alerts=[alert.id for alert in staying],
        active=[alert for alert in incident.active if alert not in set(parting)],
        places=list(dict.fromkeys(alert.place for alert in staying)),
        devices=[device for device in incident.devices if device in {str(alert.device) for alert in staying}],
    )
    draft.record("incident.split", into=id, alerts=list(parting), note=note)
    zone = zone_of(community, worst.place)
    parted = Incident(
        id=id,
        group=f"split:{id}",
        klass=worst.klass,
        state=IncidentState.OPEN,
        severity=worst.severity,
        title=worst.title,
        place=worst.place,
        opened_at=now,
        armed_at=now,
        policy=incident.policy,
        zone=zone.id if zone else None,
        alerts=[alert.id for alert in going],
        active=[alert for alert in incident.active if alert in set(parting)],
        places=list(dict.fromkeys(alert.place for alert in going)),
        devices=[str(alert.device) for alert in going if alert.device],
        rules=list(dict.fromkeys(alert.rule for alert in going)),
        file=CaseFile(split_from=incident.id),
        test=all(alert.test for alert in going),
        demo=incident.demo,
        drill=incident.drill,
        revision=0,
    )
    other = Draft(parted, now, actor)
    other.record(
        "incident.opened", policy=parted.policy.id, severity=parted.severity, split_from=incident.id, note=note
    )
    other.climb(Why.FIRST, alert=worst.id)
    moved = [msgspec.structs.replace(alert, incident=id, revision=alert.revision + 1) for alert in going]
    return draft.done(), other.done(), moved


def note_again(incident: Incident, *, actor: str, note: str, now: Instant) -> Changed:
    """What is reported by hand is a case already: the report is on record there, and whoever was told hears of it."""
    draft = Draft(incident, now, actor)
    draft.record("incident.reported_again", note=note)
    draft.tell(Why.REPEAT, [TOLD], detail=note)
    return draft.done()


def moved_while_going_on(incident: Incident, event: IncidentEvent) -> IncidentState:
    """Raises Conflict, in words for who tried, where the incident is over."""
    if incident.state in (IncidentState.RESOLVED, IncidentState.CLOSED):
        raise Conflict(f"incident {incident.id} is {incident.state}; only cases that go on can be merged or split")
    return move_incident(incident.state, event)
