"""The board of alerts from the journal alone: what a backup of the journal is worth, and the proof that it says all."""

from collections.abc import Iterable

import msgspec

from shouwang.domain.alert import Alert, AlertState
from shouwang.domain.journal import Entry
from shouwang.domain.vocabulary import AlertId


def rebuilt_alerts(entries: Iterable[Entry]) -> dict[AlertId, Alert]:
    """Every alert as it stands after these entries, in the order of the journal. What an entry does not tell (revision,
    what a test changed about latching) is as it was when the alert was last raised."""
    alerts: dict[AlertId, Alert] = {}
    for entry in entries:
        if entry.alert is None or not entry.kind.startswith("alert."):
            continue
        alert = alerts.get(entry.alert)
        if entry.kind == "alert.raised":
            alert = msgspec.convert(entry.body["facts"], Alert)
        if alert is not None:
            alerts[entry.alert] = _moved(alert, entry)
    return alerts


def _moved(alert: Alert, entry: Entry) -> Alert:
    alert = msgspec.structs.replace(alert, state=AlertState(str(entry.body["state"])), incident=entry.incident)
    body = entry.body
    match entry.kind:
        case "alert.repeated" if body.get("test"):
            return msgspec.structs.replace(alert, count=_number(body["count"]))
        case "alert.repeated":
            return msgspec.structs.replace(alert, count=_number(body["count"]), active=True, cleared_at=None)
        case "alert.cleared":
            return msgspec.structs.replace(alert, active=False, cleared_at=_number(body["at"]))
        case "alert.acknowledged":
            return msgspec.structs.replace(alert, acknowledged_at=entry.at, acknowledged_by=entry.actor)
        case "alert.held" | "alert.shelved":
            return msgspec.structs.replace(alert, held_by=str(body["by"]))
        case "alert.released" if alert.state is AlertState.UNACKED and body.get("returned"):
            return msgspec.structs.replace(alert, held_by="", acknowledged_at=None, acknowledged_by=None)
        case "alert.released":
            return msgspec.structs.replace(alert, held_by="")
        case "alert.chattering":
            return msgspec.structs.replace(alert, chattering=True)
        case "alert.reset":
            ended_at = entry.at if alert.active else alert.cleared_at
            return msgspec.structs.replace(alert, active=False, cleared_at=ended_at)
    return alert


def _number(value: object) -> int:
    return msgspec.convert(value, int)
