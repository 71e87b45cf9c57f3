"""The record of every second: only ever added to, read from a sequence number."""

import msgspec

from shouwang.domain.vocabulary import AlertId, DeviceId, IncidentId, Instant, PlaceId, Value


class Entry(Value, frozen=True, kw_only=True):
    """One fact. ``kind`` is dotted: ``alert.raised alert.repeated alert.cleared alert.acknowledged alert.reset
    incident.opened incident.joined incident.worse incident.acknowledged … notice.made delivery.sent delivery.delivered
    delivery.unreachable delivery.refused delivery.seen device.discovered device.changed coverage.gap system.started …``
    ``actor`` is a person's or token's id, or the part of the system that acted. ``body`` holds ids of persons only,
    never a name, phone or health."""

    at: Instant
    kind: str
    actor: str = "system"
    incident: IncidentId | None = None
    alert: AlertId | None = None
    device: DeviceId | None = None
    place: PlaceId | None = None
    body: dict[str, object] = msgspec.field(default_factory=dict)
    seq: int = 0
    """Given by the journal: strictly increasing in commit order."""
