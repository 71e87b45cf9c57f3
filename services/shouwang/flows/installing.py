"""What installers do to devices: claim, commission, test, sign off, replace, move, retire; and visits to dwellings.

Each act changes one device of the directory and says so in the journal. A claim also asks intake to read again what
lies in quarantine; a retirement ends what the device had said, as far as a machine may.
"""

from collections.abc import Callable, Sequence

import msgspec

from shouwang.domain import commissioning
from shouwang.domain.alert import Alert
from shouwang.domain.announcement import alert_announcement, incident_announcement
from shouwang.domain.board import StrayDevice
from shouwang.domain.errors import Conflict
from shouwang.domain.joining import fold
from shouwang.domain.journal import Entry
from shouwang.domain.place import Device, Trial
from shouwang.domain.retiring import plan_farewell
from shouwang.domain.vocabulary import Duration, Instant, Life, PlaceId
from shouwang.flows.respond import nobody
from shouwang.ports import Casebook, Clock, Directory, Transaction


class Installing:
    """``actor`` of every act: the id of a person, or the name of a token. Whether the device's profile, place and
    address can be so is the caller's question. Raises Conflict with a message for that person."""

    def __init__(
        self, casebook: Casebook, directory: Directory, clock: Clock, wake: Callable[[], None] = nobody
    ) -> None:
        self._casebook = casebook
        self._directory = directory
        self._clock = clock
        self._wake = wake

    def claim(self, device: Device, stray: StrayDevice | None, *, actor: str) -> Device:
        """Registers it, being commissioned; what it said before is read again."""
        now = self._clock.now()
        claimed = msgspec.structs.replace(device, life=Life.COMMISSIONING, trial=Trial(by=actor, at=now))
        self._keep([claimed], "device.claimed", actor, now, reread=stray.topic if stray else "")
        return claimed

    def commission(self, device: Device, *, actor: str, anew: bool = False) -> Device:
        now = self._clock.now()
        begun = commissioning.commissioned(device, by=actor, now=now, anew=anew)
        if begun != device:
            self._keep([begun], "device.commissioning", actor, now)
        return begun

    def sign_off(
        self, device: Device, found: commissioning.Standing, *, actor: str, signed_by: str, note: str
    ) -> Device:
        now = self._clock.now()
        signed = commissioning.signed_off(device, found)
        body: dict[str, object] = {
            "signed_by": signed_by or actor,
            "note": note,
            "heard_after": found.heard_after,
            "pressed": found.pressed,
        }
        self._keep([signed], "device.signed_off", actor, now, body)
        return signed

    def test(self, device: Device, lasting: Duration, *, actor: str, note: str = "") -> Device:
        now = self._clock.now()
        tested = commissioning.under_test(device, by=actor, now=now, lasting=lasting, note=note)
        until = tested.trial.until if tested.trial else None
        self._keep([tested], "device.test_started", actor, now, {"until": until, "note": note})
        return tested

    def end_test(self, device: Device, *, actor: str) -> Device:
        now = self._clock.now()
        over = commissioning.after_test(device)
        self._keep([over], "device.test_ended", actor, now, {"how": "by hand"})
        return over

    def end_due_tests(self) -> int:
        """Tests whose time has run out end, and say so; how many."""
        now = self._clock.now()
        due = commissioning.due_tests(self._directory.community().devices, now)
        for device in due:
            by = device.trial.by if device.trial else ""
            said: dict[str, object] = {"how": "in time", "for": by}
            try:
                self._keep([commissioning.after_test(device)], "device.test_ended", "system", now, said)
            except Conflict:
                return 0  # somebody changes the directory at this moment; the next round is a second away
        return len(due)

    def replace(self, old: Device, new: Device, *, actor: str, reason: str) -> tuple[Device, list[str]]:
        """换机: the new one takes the place, being commissioned; the old one retires. Gives the new one, and alerts of
        the old one that only a person may end."""
        now = self._clock.now()
        if old.life is Life.RETIRED:
            raise Conflict(f"device {old.id} is retired already")
        put = msgspec.structs.replace(
            new, life=Life.COMMISSIONING, trial=Trial(by=actor, at=now), replaces=old.id, place=old.place
        )
        body: dict[str, object] = {"reason": reason, "old": old.id, "new": put.id}
        self._keep([commissioning.retired(old), put], "device.replaced", actor, now, body)
        return put, self._farewell(old, actor, now)

    def move(self, device: Device, place: PlaceId, *, actor: str, reason: str) -> Device:
        """移机: its history stays with the places where it was made."""
        now = self._clock.now()
        moved = msgspec.structs.replace(device, place=place)
        if moved != device:
            self._keep([moved], "device.moved", actor, now, {"reason": reason, "from": device.place, "to": place})
        return moved

    def retire(self, device: Device, *, actor: str, reason: str) -> tuple[Device, list[str]]:
        """拆除. Gives the device, and its alerts that only a person may end."""
        now = self._clock.now()
        gone = commissioning.retired(device)
        if gone != device:
            self._keep([gone], "device.retired", actor, now, {"reason": reason})
        return gone, self._farewell(device, actor, now)

    def _keep(
        self,
        devices: Sequence[Device],
        kind: str,
        actor: str,
        now: Instant,
        body: dict[str, object] | None = None,
        reread: str | None = None,
    ) -> None:
        self._directory.change(devices)
        with self._casebook.change() as transaction:
            for device in devices:
                said = {"address": device.address, "profile": device.profile, "life": device.life.value, **(body or {})}
                transaction.record(
                    Entry(at=now, kind=kind, actor=actor, device=device.id, place=device.place, body=said)
                )
            if reread is not None:
                transaction.read_again(devices[0].address, reread, now)
        self._wake()

    def _farewell(self, device: Device, actor: str, now: Instant) -> list[str]:
        """Ends the open alerts of a device that left; ids of those that want a person."""
        left: list[str] = []
        community = self._directory.community()
        with self._casebook.change() as transaction:
            for alert in transaction.open_alerts_of(device.id):
                planned = plan_farewell(alert, actor=actor, now=now)
                if planned is None:
                    left.append(alert.id)
                    continue
                over, entries, order, transition = planned
                incident = transaction.incident(alert.incident) if alert.incident else None
                if incident is not None:
                    changed, notices, more = fold(
                        incident, over, transition, community=community, policies=(), pack="", now=now
                    )
                    if changed is not incident:
                        transaction.keep_incident(changed)
                        transaction.announce(incident_announcement(changed))
                    for notice in notices:
                        transaction.make_notice(notice)
                    entries = [*entries, *more]
                _keep_alert(transaction, over, entries)
                transaction.order(order)
        self._wake()
        return left


def _keep_alert(transaction: Transaction, alert: Alert, entries: Sequence[Entry]) -> None:
    transaction.keep_alert(alert)
    transaction.announce(alert_announcement(alert))
    for entry in entries:
        transaction.record(entry)
