"""A changed incident kept in a transaction, with the work and the lines of the journal that the change makes."""

from shouwang.domain.announcement import incident_announcement
from shouwang.domain.climbing import Changed
from shouwang.ports import Transaction


def keep_changed(transaction: Transaction, changed: Changed) -> None:
    incident, notices, entries = changed
    transaction.keep_incident(incident)
    for notice in notices:
        transaction.make_notice(notice)
    for entry in entries:
        transaction.record(entry)


def keep_announced(transaction: Transaction, changed: Changed) -> None:
    """And said on the topic of incidents, for other systems: a step that is climbed is nothing to them."""
    keep_changed(transaction, changed)
    transaction.announce(incident_announcement(changed[0]))
