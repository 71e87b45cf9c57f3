"""Domain values of a case as rows of their tables, and journal entries back."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import RowMapping

from shouwang.domain.alert import Alert
from shouwang.domain.incident import Incident
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery, Notice, notice_rank
from shouwang.domain.suppression import Hold
from shouwang.domain.vocabulary import Instant


def alert_row(alert: Alert) -> Mapping[str, object]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "subject": alert.subject,
        "state": alert.state.value,
        "severity": alert.severity.rank,
        "klass": alert.klass.value,
        "device": alert.device,
        "place": alert.place,
        "incident": alert.incident,
        "raised_at": alert.raised_at,
        "held": alert.held_by or alert.under,
        "body": as_text(alert),
    }


def hold_row(hold: Hold, due_at: Instant | None) -> Mapping[str, object]:
    return {
        "id": hold.id,
        "kind": hold.kind.value,
        "state": "on" if hold.ended_at is None else "untried" if hold.untried else "ended",
        "made_at": hold.made_at,
        "due_at": due_at,
        "body": as_text(hold),
    }


def incident_row(incident: Incident) -> Mapping[str, object]:
    return {
        "id": incident.id,
        "group_key": incident.group,
        "state": incident.state.value,
        "severity": incident.severity.rank,
        "place": incident.place,
        "zone": incident.zone,
        "opened_at": incident.opened_at,
        "resolved_at": incident.resolved_at,
        "next_step_at": incident.next_step_at,
        "body": as_text(incident),
    }


def notice_row(notice: Notice) -> Mapping[str, object]:
    """Of one that waits."""
    return {
        "id": notice.id,
        "incident": notice.incident,
        "rank": notice_rank(notice.why),
        "created_at": notice.created_at,
        "expanded_at": None,
        "body": as_text(notice),
    }


def delivery_row(delivery: Delivery) -> dict[str, object]:
    return {
        "key": delivery.key,
        "notice": delivery.notice,
        "incident": delivery.incident,
        "person": delivery.person,
        "state": delivery.state.value,
        "rank": notice_rank(delivery.why),
        "created_at": delivery.created_at,
        "due_at": delivery.due_at,
        "lease_holder": delivery.lease_holder,
        "lease_until": delivery.lease_until,
        "body": as_text(delivery),
    }


def entry_row(entry: Entry) -> Mapping[str, object]:
    return {
        "at": entry.at,
        "kind": entry.kind,
        "actor": entry.actor,
        "incident": entry.incident,
        "alert": entry.alert,
        "device": entry.device,
        "place": entry.place,
        "body": as_text(entry.body),
    }


def entry_from(row: RowMapping) -> Entry:
    return Entry(
        seq=row["seq"],
        at=row["at"],
        kind=row["kind"],
        actor=row["actor"],
        incident=row["incident"],
        alert=row["alert"],
        device=row["device"],
        place=row["place"],
        body=msgspec.json.decode(row["body"]),
    )


def as_text(value: object) -> str:
    return msgspec.json.encode(value).decode()
