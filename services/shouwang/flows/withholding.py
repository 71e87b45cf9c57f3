"""Whether an alert that is raised is told now: looks up what may hold it, inside the transaction that raises it.

Held by people (silences, maintenance, permits) or by logic (its gateway is lost, a fire of the same device says more).
Danger to life is held by none of it; it may stand under a permit, which says who is told first.
"""

import msgspec

from shouwang.domain.alert import LIFE_SAFETY, Alert, is_open, is_suppressed
from shouwang.domain.alerting import disposition
from shouwang.domain.announcement import alert_announcement
from shouwang.domain.gathering import subject_for
from shouwang.domain.holding import explains_silence, hold_back, release
from shouwang.domain.journal import Entry
from shouwang.domain.rule import Rule
from shouwang.domain.standing import DeviceFacts
from shouwang.domain.suppression import Cover, Effect, Held, cover_of, is_protected, what_holds
from shouwang.domain.vocabulary import DeviceId, Instant, Kind
from shouwang.flows.world import World
from shouwang.ports import Transaction


def under_holds(
    transaction: Transaction, world: World, facts: DeviceFacts, rule: Rule, alert: Alert, now: Instant
) -> tuple[Alert, Cover | None, list[Entry]]:
    """The alert that has just been raised, held where something holds it; under which cover it is told; and what the
    journal says of both. A fire also hides what its device said that yields to it."""
    if not disposition(facts).opens_incident or is_suppressed(alert.state):
        return alert, None, []
    entries: list[Entry] = []
    held = None if is_protected(alert) else held_now(transaction, world, rule, alert, now)
    if alert.held_by and (held is None or held.by != alert.held_by):
        alert, entries = release(alert, now)
    if held is not None:
        if not alert.held_by:
            alert, more = hold_back(alert, held, now)
            entries = [*entries, *more]
        return alert, None, entries
    cover = cover_of(alert, transaction.holds(), now, world.book.zone)
    alert = msgspec.structs.replace(alert, under=cover.by if cover is not None else "")
    _hide_lesser(transaction, world, facts, alert, now)
    return alert, cover, entries


def held_now(transaction: Transaction, world: World, rule: Rule, alert: Alert, now: Instant) -> Held | None:
    """By people first, because their word names its end."""
    return what_holds(alert, transaction.holds(), now, world.book.zone) or _held_by_logic(
        transaction, world, rule, alert, now
    )


def last_alert(transaction: Transaction, rule: Rule, subject: str) -> Alert | None:
    """The newest of (rule, subject) that is over: where being raised once more makes it chatter it goes on with its
    count, else the new one remembers how it was raised before. None for what cannot chatter."""
    if rule.is_event or rule.klass in LIFE_SAFETY:
        return None
    newest = transaction.newest_alert(rule.id, subject)
    return newest if newest is not None and not newest.late and not is_protected(newest) else None


def lost_gateway(transaction: Transaction, world: World, device: DeviceId, now: Instant) -> Alert | None:
    """The alert that says that the gateway of a device is not heard or offline, or was until a moment ago."""
    gateway = world.gateway_of(device, transaction.heard_behind([device]).get(device, ""))
    if gateway is None:
        return None
    for id, found in world.book.for_facts(world.facts(gateway)).rules.items():
        if found.rule.is_about_silence or "online" in found.metrics:
            parent = transaction.newest_alert(id, gateway)
            if parent is not None and explains_silence(parent, now):
                return parent
    return None


def mass_silence(transaction: Transaction, world: World, device: DeviceId, now: Instant) -> Alert | None:
    """The alert that says that many devices around this one are silent, or were until a moment ago. A gateway or panel
    is told by itself all the same: it may be the cause."""
    facts = world.facts(device)
    if facts.kind in (Kind.GATEWAY, Kind.PANEL):
        return None
    for found in world.book.for_facts(facts).of_silence:
        subject = subject_for(found, facts)
        parent = transaction.newest_alert(found.rule.id, subject) if subject is not None else None
        if parent is not None and explains_silence(parent, now):
            return parent
    return None


def _held_by_logic(transaction: Transaction, world: World, rule: Rule, alert: Alert, now: Instant) -> Held | None:
    if alert.device is None:
        parent = _behind_all(transaction, world, alert, now) if rule.is_about_mass_silence else None
        return Held(Effect.SUPPRESS, parent.id) if parent is not None else None
    if rule.is_about_silence:
        parent = lost_gateway(transaction, world, alert.device, now)
        if parent is not None:
            return Held(Effect.SUPPRESS, parent.id)
        parent = mass_silence(transaction, world, alert.device, now)
        if parent is not None:
            return Held(Effect.SUPPRESS, parent.id)
    if rule.yields_to:
        for other in transaction.open_alerts_of(alert.device):
            if other.klass in rule.yields_to and is_protected(other) and not other.test:
                return Held(Effect.SUPPRESS, other.id)
    return None


def _behind_all(transaction: Transaction, world: World, alert: Alert, now: Instant) -> Alert | None:
    """The alert of the one gateway behind which all these silent devices are heard, where that one is lost. Several
    gateways lost at once are news of their own: the power."""
    silent = {DeviceId(one.part) for one in alert.evidence}
    learnt = transaction.heard_behind(silent)
    behind = {device: world.gateway_of(device, learnt.get(device, "")) for device in silent}
    gateways = set(behind.values()) - {None}
    if len(gateways) != 1:
        return None
    (gateway,) = gateways
    if any(found is None and device != gateway for device, found in behind.items()):
        return None
    some = next(device for device in silent if device != gateway)
    return lost_gateway(transaction, world, some, now)


def _hide_lesser(transaction: Transaction, world: World, facts: DeviceFacts, alert: Alert, now: Instant) -> None:
    """What the device said before, and what now matters less, is suppressed until this is over."""
    if alert.device is None or alert.test or not is_protected(alert):
        return
    lesser = {
        id
        for id, found in world.book.for_facts(facts).rules.items()
        if alert.klass in found.rule.yields_to and not found.rule.is_about_silence
    }
    if not lesser:
        return
    for other in transaction.open_alerts_of(alert.device):
        if other.rule in lesser and is_open(other.state) and not is_suppressed(other.state) and not other.held_by:
            hidden, entries = hold_back(other, Held(Effect.SUPPRESS, alert.id), now)
            transaction.keep_alert(hidden)
            transaction.announce(alert_announcement(hidden))
            for entry in entries:
                transaction.record(entry)
