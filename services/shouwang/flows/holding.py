"""Silences, maintenance, permits and shelves: people begin and end them, and the watchman ends them when it is time.

The end is a row, so no crash forgets it: first the hold is marked over, then what it held is let go, a page at a time,
each page a transaction that says again whether it is over. What is still true is told then and there. Whatever an alert
names as its holder and that does not hold any more is let go by the next round, however that came about.
"""

import hashlib
from collections.abc import Callable

import msgspec

from shouwang.domain.alert import Alert, AlertClass, is_open
from shouwang.domain.alerting import disposition, plan_alert
from shouwang.domain.announcement import incident_announcement
from shouwang.domain.errors import Conflict, NotFound
from shouwang.domain.gathering import row_of
from shouwang.domain.grouping import kind_of
from shouwang.domain.holding import hold_back, is_told_again, release, shelve, still_holds
from shouwang.domain.incident import is_live
from shouwang.domain.joining import take_cover_off
from shouwang.domain.journal import Entry
from shouwang.domain.permit import UNTRIED, detectors_of, tried_by, untried, with_try
from shouwang.domain.place import is_within
from shouwang.domain.standing import Change, DeviceFacts, Transition
from shouwang.domain.suppression import (
    Hold,
    HoldKind,
    Tried,
    cover_of,
    due_at,
    is_on,
    next_begin,
    refuse_impossible,
    what_holds,
)
from shouwang.domain.vocabulary import AlertId, DeviceId, Instant, Kind, PlaceId
from shouwang.flows.casework import join, keep
from shouwang.flows.respond import nobody
from shouwang.flows.withholding import held_now
from shouwang.flows.world import World
from shouwang.ports import Casebook, Clock, Holder, Transaction

AT_A_TIME = 20
"""Alerts let go in one transaction: a long silence that ends stands between no alarm and its commit."""

LOOKED_AT = 200
"""Holders of one round; the next is a moment away."""


class Holding:
    """``actor`` of every act: the id of a person, or the name of a token. Raises NotFound, and Conflict with a message
    for that person. ``wake``: called when a change made work for dispatch."""

    def __init__(
        self, casebook: Casebook, world: Callable[[], World], clock: Clock, wake: Callable[[], None] = nobody
    ) -> None:
        self._casebook = casebook
        self._world = world
        self._clock = clock
        self._wake = wake
        self._looked_up_to = ""

    # People's acts ----------------------------------------------------------------------------------------------------

    def begin(self, hold: Hold) -> Hold:
        """A silence, maintenance or permit, as wished; its id and ``made_at`` are given here. What was told before goes
        on as it was."""
        now, world = self._clock.now(), self._world()
        kinds = [(place, kind_of(place, world.community.places)) for place in hold.places]
        for place in hold.places:
            if place not in world.community.places:
                raise Conflict(f"there is no place {place}")
        for device in hold.devices:
            if device not in world.community.devices:
                raise Conflict(f"there is no device {device}")
        for person in (hold.watcher, hold.contact):
            if person is not None and person not in world.community.people:
                raise Conflict(f"there is no person {person}")
        refuse_impossible(hold, kinds, now)
        begun = msgspec.structs.replace(hold, id=_id_of(hold, now), made_at=now, starts_at=max(hold.starts_at, now))
        with self._casebook.change() as transaction:
            transaction.keep_hold(begun, due_at(begun, now, world.book.zone))
            transaction.record(_entry(begun, "begun", now, begun.by, why=begun.why, until=begun.ends_at))
        return begun

    def end(self, id: str, *, actor: str, note: str = "") -> Hold:
        """Now; what is still true is told. A second time changes nothing."""
        now = self._clock.now()
        with self._casebook.change() as transaction:
            hold = _hold(transaction, id)
            if hold.ended_at is not None:
                return hold
            ended = self._ended(transaction, hold, actor, note, now)
        self._free(id)
        self._wake()
        return ended

    def shelve(self, alert: AlertId, *, actor: str, until: Instant, why: str) -> Alert:
        """暂缓 one alert that is no danger to life, for a shift at most."""
        now, zone = self._clock.now(), self._world().book.zone
        with self._casebook.change() as transaction:
            found = _alert(transaction, alert)
            shelf = Hold(
                id="",
                kind=HoldKind.SHELF,
                by=actor,
                why=why,
                made_at=now,
                starts_at=now,
                ends_at=until,
                alert=found.id,
                places=[found.place],
            )
            refuse_impossible(shelf, [], now)
            shelf = msgspec.structs.replace(shelf, id=_id_of(shelf, now))
            shelved, entries = shelve(found, shelf, now)
            transaction.keep_hold(shelf, due_at(shelf, now, zone))
            keep(transaction, shelved, entries)
        self._wake()
        return shelved

    def unshelve(self, alert: AlertId, *, actor: str, note: str = "") -> Alert:
        """Back at once, by its present condition."""
        with self._casebook.change() as transaction:
            found = _alert(transaction, alert)
            shelf = transaction.hold(found.held_by) if found.held_by else None
        if shelf is None or shelf.kind is not HoldKind.SHELF:
            raise Conflict(f"alert {alert} is {found.state} and not shelved")
        self.end(shelf.id, actor=actor, note=note)
        with self._casebook.change() as transaction:
            return _alert(transaction, alert)

    def tried(self, permit: str, device: DeviceId, *, actor: str, note: str = "") -> Hold:
        """A person has uncovered and tried a detector after the work."""
        now, world = self._clock.now(), self._world()
        with self._casebook.change() as transaction:
            hold = _hold(transaction, permit)
            if device in hold.tried:
                return hold
            if device not in hold.untried:
                raise Conflict(f"{device} does not wait for a test after permit {permit}")
            hold = self._note_try(transaction, world, hold, device, Tried(at=now, by=actor, note=note), now)
        self._wake()
        return hold

    # The watchman's rounds --------------------------------------------------------------------------------------------

    def end_due(self) -> int:
        """Ends what is due, and the hours of what goes on another day; how many."""
        now = self._clock.now()
        due = self._casebook.holds_due(now, AT_A_TIME)
        for id in due:
            with self._casebook.change() as transaction:
                hold = _hold(transaction, id)
                if hold.ended_at is None and now >= hold.ends_at:
                    self._ended(transaction, hold, "system", "", now)
                elif hold.ended_at is None:
                    zone = self._world().book.zone
                    later = msgspec.structs.replace(hold, resumes_at=next_begin(hold, now, zone))
                    transaction.keep_hold(later, due_at(later, now, zone))
                    if not is_on(later, now, zone):
                        transaction.record(_entry(later, "paused", now, "system", resumes=later.resumes_at))
                else:
                    transaction.keep_hold(hold, None)
            self._free(id)
        if due:
            self._wake()
        return len(due)

    def let_go(self) -> int:
        """Lets go what is held by something that does not hold any more, a page of holders at a time; how many were
        over."""
        now, world = self._clock.now(), self._world()
        page = self._casebook.holders(self._looked_up_to, LOOKED_AT)
        self._looked_up_to = page[-1].id if len(page) == LOOKED_AT else ""
        over = [one.id for one in page if not _holds(one, now, world)]
        for id in over:
            self._free(id)
        if over:
            self._wake()
        return len(over)

    def note_tries(self) -> int:
        """Detectors that spoke since their permit ended were tried; how many."""
        now, world, found = self._clock.now(), self._world(), 0
        for id in self._casebook.untried(LOOKED_AT):
            with self._casebook.change() as transaction:
                hold = _hold(transaction, id)
                for device in list(hold.untried):
                    tried = _try_of(transaction, hold, device, world)
                    if tried is not None:
                        hold = self._note_try(transaction, world, hold, device, tried, now)
                        found += 1
        if found:
            self._wake()
        return found

    # ------------------------------------------------------------------------------------------------------------------

    def _ended(self, transaction: Transaction, hold: Hold, actor: str, note: str, now: Instant) -> Hold:
        world = self._world()
        left: list[DeviceId] = []
        if hold.kind is HoldKind.PERMIT and now >= hold.starts_at:
            devices = world.community.devices
            kinds = {id: world.facts(id).kind or Kind.OTHER for id in devices if _may_be_of(hold, id, world)}
            left = detectors_of(hold, (devices[id] for id in kinds), kinds)
        ended = msgspec.structs.replace(
            hold, ended_at=now, ended_by=actor, end_note=note, untried=left, revision=hold.revision + 1
        )
        transaction.keep_hold(ended, None)
        transaction.record(_entry(ended, "ended", now, actor, note=note, untried=left))
        for device in left:
            _say_untried(transaction, world, ended, device, Change.RAISED, now)
        return ended

    def _note_try(
        self, transaction: Transaction, world: World, hold: Hold, device: DeviceId, tried: Tried, now: Instant
    ) -> Hold:
        noted = with_try(hold, device, tried)
        transaction.keep_hold(noted, None)
        transaction.record(_entry(noted, "tried", now, tried.by, device=device, note=tried.note))
        _say_untried(transaction, world, noted, device, Change.CLEARED, now)
        return noted

    def _free(self, id: str) -> None:
        while True:
            now, world = self._clock.now(), self._world()
            with self._casebook.change() as transaction:
                held = transaction.alerts_held_by(id, AT_A_TIME)
                if not held:
                    return
                by = transaction.alert(AlertId(id))
                if _holds(Holder(id, transaction.hold(id), by), now, world):
                    return
                for alert in held:
                    _let_go(transaction, world, alert, id, now)


def _holds(holder: Holder, now: Instant, world: World) -> bool:
    if holder.hold is not None:
        return is_on(holder.hold, now, world.book.zone)
    return holder.alert is not None and still_holds(holder.alert, now)


def _let_go(transaction: Transaction, world: World, alert: Alert, by: str, now: Instant) -> None:
    if alert.held_by != by:
        _uncover(transaction, world, alert, by, now)
        return
    facts = _facts_of(world, alert)
    free, entries = release(alert, now, because=by)
    rule = world.rule(alert.rule, facts, alert.version)
    if is_open(free.state) and free.active:
        holds = transaction.holds()
        held = (
            held_now(transaction, world, rule, free, now)
            if rule is not None
            else what_holds(free, holds, now, world.book.zone)
        )
        if held is not None:
            free, more = hold_back(free, held, now)
            entries = [*entries, *more]
        elif is_told_again(free) and disposition(facts).opens_incident:
            pack = rule.pack if rule is not None else UNTRIED.pack
            free, more = join(transaction, world, facts, free, _again(free, now), pack, now)
            entries = [*entries, *more]
    keep(transaction, free, entries)


def _uncover(transaction: Transaction, world: World, alert: Alert, by: str, now: Instant) -> None:
    """Danger to life that stood under a permit: from now on it is everybody's, unless another permit covers it."""
    cover = cover_of(alert, transaction.holds(), now, world.book.zone)
    alert = msgspec.structs.replace(alert, under=cover.by if cover is not None else "")
    incident = transaction.incident(alert.incident) if alert.incident else None
    entries: list[Entry] = []
    if incident is not None and incident.under == by:
        if cover is not None:
            transaction.keep_incident(msgspec.structs.replace(incident, under=cover.by))
        elif is_live(incident.state) and alert.active:
            changed, notices, entries = take_cover_off(
                incident,
                alert,
                community=world.community,
                policies=world.policies,
                because="permit_ended",
                now=now,
            )
            transaction.keep_incident(changed)
            transaction.announce(incident_announcement(changed))
            for notice in notices:
                transaction.make_notice(notice)
    keep(transaction, alert, entries)


def _say_untried(
    transaction: Transaction, world: World, hold: Hold, device: DeviceId, change: Change, now: Instant
) -> None:
    facts = world.facts(device)
    transition = untried(device, change, now, hold)
    planned = plan_alert(
        transaction.open_alert(UNTRIED.id, device), UNTRIED, transition, facts, received_at=now, now=now
    )
    if planned is None:
        return
    alert, entries = planned
    alert, more = join(transaction, world, facts, alert, transition, UNTRIED.pack, now)
    keep(transaction, alert, [*entries, *more])


def _try_of(transaction: Transaction, hold: Hold, device: DeviceId, world: World) -> Tried | None:
    if device not in world.community.devices:
        return Tried(at=hold.ended_at or 0, by="system", note="it is not registered any more")
    entries = transaction.raised_since(device, hold.ended_at or 0)
    fires = {
        entry.alert: found.klass is AlertClass.FIRE
        for entry in entries
        if entry.alert is not None and (found := transaction.alert(entry.alert)) is not None
    }
    said = tried_by(entries, {str(id): is_fire for id, is_fire in fires.items()})
    return None if said is None else Tried(at=said.at, by="system", note=f"alert {said.alert}")


def _may_be_of(hold: Hold, device: DeviceId, world: World) -> bool:
    place = world.community.devices[device].place
    return device in hold.devices or any(is_within(place, one) for one in hold.places)


def _again(alert: Alert, now: Instant) -> Transition:
    """It is still true, and people hear it now."""
    return Transition(
        rule=alert.rule,
        subject=alert.subject,
        change=Change.RAISED,
        severity=alert.severity,
        at=now,
        version=alert.version,
        evidence=alert.evidence,
        sentence=alert.sentence,
    )


def _facts_of(world: World, alert: Alert) -> DeviceFacts:
    return world.facts(alert.device if alert.device is not None else row_of(alert.subject))


def _hold(transaction: Transaction, id: str) -> Hold:
    found = transaction.hold(id)
    if found is None:
        raise NotFound(f"there is no silence, maintenance, permit or shelf {id}")
    return found


def _alert(transaction: Transaction, id: AlertId) -> Alert:
    found = transaction.alert(id)
    if found is None:
        raise NotFound(f"there is no alert {id}")
    return found


def _id_of(hold: Hold, now: Instant) -> str:
    said = repr((hold.kind, hold.by, hold.rules, hold.devices, hold.places, hold.alert, hold.why, hold.ends_at))
    return f"{hold.kind}-{now:014x}-{hashlib.blake2b(said.encode(), digest_size=4).hexdigest()}"


def _entry(hold: Hold, what: str, now: Instant, actor: str, **body: object) -> Entry:
    scope = {"rules": hold.rules, "devices": hold.devices, "places": hold.places}
    return Entry(
        at=now,
        kind=f"{hold.kind}.{what}",
        actor=actor,
        alert=hold.alert,
        place=PlaceId(hold.places[0]) if hold.places else None,
        body={"id": hold.id, **{name: given for name, given in scope.items() if given}, **body},
    )
