"""What a transaction has kept and not yet sent: an alarm's rows go to the database together.

On PostgreSQL each statement by itself is two changes of process; a storm's acceptance holds the lock of all who write
cases, so an alarm of another compound waits for each of them.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import bindparam, insert, update

from shouwang.domain.alert import Alert, AlertState
from shouwang.domain.incident import Incident
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery, Notice
from shouwang.domain.vocabulary import AlertId, DeliveryKey, IncidentId, Instant, NoticeId
from shouwang.ports import Announcement

from .database import Database
from .rows import alert_row, delivery_row, entry_row, incident_row, notice_row
from .statements import Hand
from .tables import alerts, announcements, deliveries, incidents, journal, notices


class Unsent:
    """By key, the newest of each. Nobody reads journal entries and announcements inside the transaction that makes
    them, so those go at its end."""

    def __init__(self, database: Database, hand: Hand) -> None:
        self._database = database
        self._hand = hand
        self.alerts: dict[AlertId, Alert] = {}
        self.incidents: dict[IncidentId, Incident] = {}
        self.notices: dict[NoticeId, Notice] = {}
        self.expanded: dict[NoticeId, Instant] = {}
        self.deliveries: dict[DeliveryKey, Delivery] = {}
        self.entries: list[Entry] = []
        self.announcements: list[Announcement] = []

    def has_alerts(self, concern: Callable[[Alert], bool]) -> bool:
        return any(concern(one) for one in self.alerts.values())

    @property
    def announces(self) -> bool:
        return bool(self.announcements)

    def send(self) -> None:
        """What others of the transaction's questions may be about."""
        if self.alerts or self.incidents or self.notices or self.expanded or self.deliveries:
            with self._hand.together():
                self._send()

    def send_all(self) -> None:
        """The rest as well; inside a block of ``together``."""
        self._send()
        self._hand.run_all(_RECORD, [entry_row(one) for one in self.entries])
        self._hand.run_all(_ANNOUNCE, [_announcement_row(one) for one in self.announcements])
        self.entries, self.announcements = [], []

    def _send(self) -> None:
        # Those that are back to normal first: at most one of (rule, subject) is not.
        found = sorted(self.alerts.values(), key=lambda one: one.state is not AlertState.NORMAL)
        self._hand.run_all(self._database.upsert(alerts, "id"), [alert_row(one) for one in found])
        self._hand.run_all(
            self._database.upsert(incidents, "id"), [incident_row(one) for one in self.incidents.values()]
        )
        self._hand.run_all(
            self._database.insert_once(notices, "id"), [notice_row(one) for one in self.notices.values()]
        )
        self._hand.run_all(EXPAND, [{"notice": id, "at": at} for id, at in self.expanded.items()])
        self._hand.run_all(
            self._database.upsert(deliveries, "key"), [delivery_row(one) for one in self.deliveries.values()]
        )
        self.alerts, self.incidents, self.notices, self.expanded, self.deliveries = {}, {}, {}, {}, {}


def _announcement_row(one: Announcement) -> Mapping[str, object]:
    return {"topic": one.topic, "payload": one.payload, "retain": one.retain}


EXPAND = (
    update(notices)
    .where(notices.c.id == bindparam("notice"), notices.c.expanded_at.is_(None))
    .values(expanded_at=bindparam("at"))
)
# Inline: a number that is given out is not asked for.
_RECORD = insert(journal).inline()
_ANNOUNCE = insert(announcements).inline()
