"""What other systems hear on MQTT of alerts and incidents: topic, payload, and whether the broker keeps it."""

import re
from collections.abc import Mapping

import msgspec

from shouwang.domain.alert import Alert, is_open
from shouwang.domain.incident import Incident, is_live
from shouwang.domain.moment import rfc3339
from shouwang.domain.vocabulary import Instant, Value

ALERTS_TOPIC = "shouwang/v1/alerts"
INCIDENTS_TOPIC = "shouwang/v1/incidents"

_RESERVED = re.compile(r"[%+#/\x00-\x1f\x7f]")
"""Wildcards, the level separator, the escape itself, and what MQTT 5 section 1.5.4 forbids or discourages."""


class Announcement(Value, frozen=True, kw_only=True):
    """A message to publish on MQTT; settled by its PUBACK. An empty retained payload makes the broker forget the
    topic (MQTT 5 section 3.3.1.3)."""

    topic: str
    payload: bytes
    retain: bool = True
    seq: int = 0


def alert_announcement(alert: Alert) -> Announcement:
    """``shouwang/v1/alerts/{place path}/{device or _}/{rule}``: retained while the alert is open, emptied when it is
    back to normal. Place, device and rule of an alert never change, so the topic that was filled is the one emptied."""
    path = "/".join(_level(segment) for segment in alert.place.split("/"))
    topic = f"{ALERTS_TOPIC}/{path}/{_level(alert.device or '_')}/{_level(alert.rule)}"
    return Announcement(topic=topic, payload=_json(alert_facts(alert)) if is_open(alert.state) else b"")


def incident_announcement(incident: Incident) -> Announcement:
    """``shouwang/v1/incidents/{id}``: retained while somebody must still act; the last words are not retained."""
    return Announcement(
        topic=_incident_topic(incident), payload=_json(incident_facts(incident)), retain=is_live(incident.state)
    )


def incident_withdrawal(incident: Incident) -> Announcement:
    """Follows the last words of an incident: the broker forgets what it retained of it."""
    return Announcement(topic=_incident_topic(incident), payload=b"")


def _incident_topic(incident: Incident) -> str:
    return f"{INCIDENTS_TOPIC}/{_level(incident.id)}"


def alert_facts(alert: Alert) -> Mapping[str, object]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "title": alert.title,
        "class": alert.klass,
        "severity": alert.severity,
        "state": alert.state,
        "device": alert.device,
        "place": alert.place,
        "incident": alert.incident,
        "raised_at": _time(alert.raised_at),
        "cleared_at": _time(alert.cleared_at),
        "acknowledged_at": _time(alert.acknowledged_at),
        "count": alert.count,
        "late": alert.late,
        "test": alert.test,
        "held_by": alert.held_by or None,
        "under": alert.under or None,
    }


def incident_facts(incident: Incident) -> Mapping[str, object]:
    """Nothing that names a person but an id."""
    return {
        "id": incident.id,
        "state": incident.state,
        "severity": incident.severity,
        "class": incident.klass,
        "title": incident.title,
        "place": incident.place,
        "places": incident.places,
        "zone": incident.zone,
        "alerts": incident.alerts,
        "confirmed": incident.confirmed,
        "opened_at": _time(incident.opened_at),
        "acknowledged_at": _time(incident.acknowledged_at),
        "verified_at": _time(incident.verified_at),
        "finding": incident.finding,
        "en_route_at": _time(incident.en_route_at),
        "on_scene_at": _time(incident.on_scene_at),
        "resolved_at": _time(incident.resolved_at),
        "closed_at": _time(incident.closed_at),
        "outcome": incident.outcome,
        "holder": incident.holder,
        "late": incident.late,
        "test": incident.test,
        "drill": incident.drill,
        "demo": incident.demo,
    }


def _time(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at)


def _json(facts: Mapping[str, object]) -> bytes:
    return msgspec.json.encode(facts)


def _level(text: str) -> str:
    return _RESERVED.sub(lambda found: f"%{ord(found[0]):02X}", text)
