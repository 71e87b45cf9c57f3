"""Cases as one transaction of dispatch sees them: each is read once, several together, and kept as it was changed."""

from collections.abc import Collection

from shouwang.domain.alert import Alert
from shouwang.domain.climbing import Changed
from shouwang.domain.incident import Incident
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery
from shouwang.domain.vocabulary import AlertId, DeliveryKey, IncidentId, Instant
from shouwang.ports import Transaction


class Cases:
    """``change``: the open transaction."""

    def __init__(self, change: Transaction) -> None:
        self.change = change
        self._incidents: dict[IncidentId, Incident | None] = {}
        self._alerts: dict[AlertId, Alert | None] = {}
        self._deliveries: dict[IncidentId, dict[DeliveryKey, Delivery]] = {}

    def foresee(self, incidents: Collection[IncidentId], deliveries: Collection[IncidentId] = ()) -> None:
        """Asks together for what will be asked one by one: the incidents, and the deliveries of incidents."""
        self._incidents.update({**dict.fromkeys(incidents), **self.change.incidents(incidents)})
        for id, found in self.change.deliveries_of_each(deliveries).items():
            self._deliveries[id] = {one.key: one for one in found}

    def foresee_alerts(self, ids: Collection[AlertId]) -> None:
        self._alerts.update({**dict.fromkeys(ids), **self.change.alerts(ids)})

    def incident(self, id: IncidentId) -> Incident | None:
        if id not in self._incidents:
            self._incidents[id] = self.change.incident(id)
        return self._incidents[id]

    def alert(self, id: AlertId | None) -> Alert | None:
        if id is not None and id not in self._alerts:
            self._alerts[id] = self.change.alert(id)
        return self._alerts[id] if id is not None else None

    def told(self, incident: IncidentId) -> list[tuple[str, str]]:
        """Person and state of each delivery so far."""
        if incident in self._deliveries:
            return [(one.person, one.state) for one in self._deliveries[incident].values()]
        return self.change.told(incident)

    def deliveries(self, incident: IncidentId) -> list[Delivery]:
        return list(self._of(incident).values())

    def delivery(self, one: Delivery) -> Delivery | None:
        """As it is kept now: meanwhile somebody may have answered it."""
        return self._of(one.incident).get(one.key)

    def keep_delivery(self, one: Delivery) -> None:
        self._of(one.incident)[one.key] = one
        self.change.keep_delivery(one)

    def make_delivery(self, one: Delivery) -> None:
        """A new one: those before it are not read for it."""
        if one.incident in self._deliveries:
            self._deliveries[one.incident][one.key] = one
        self.change.keep_delivery(one)

    def keep(self, changed: Changed) -> None:
        """An incident that was changed, with the work and the entries that this makes."""
        incident, notices, entries = changed
        self._incidents[incident.id] = incident
        self.change.keep_incident(incident)
        for notice in notices:
            self.change.make_notice(notice)
        for entry in entries:
            self.change.record(entry)

    def record(self, kind: str, incident: Incident, now: Instant, *, alert: AlertId | None, **body: object) -> None:
        self.change.record(Entry(at=now, kind=kind, incident=incident.id, alert=alert, place=incident.place, body=body))

    def _of(self, incident: IncidentId) -> dict[DeliveryKey, Delivery]:
        if incident not in self._deliveries:
            self._deliveries[incident] = {one.key: one for one in self.change.deliveries_of(incident)}
        return self._deliveries[incident]
