"""What changes how an alert is told: silences, maintenance, work permits, shelves; and what that means for one alert.

Nothing is ever dropped: a held alert is raised, counted and journaled like any other, and only its telling changes.

* 暂停通知, a **silence**, mutes the notices of alerts that match it. The alert itself lives on as usual.
* 维保, **maintenance** of devices or places, takes their lesser alerts out of service (ISA-18.2: out of service).
* 动火 / 装修, a **work permit**, says where and at which hours dust and smoke are expected, and who watches. It takes
  the lesser alerts of the detectors there out of service.
* 暂缓, a **shelf**, puts one nuisance alert aside for at most a shift (ISA-18.2: shelved).

An alert of danger to life is held by none of them. Under maintenance or a permit its incident opens at once, and the
watcher and the desk are told at once; everybody else follows ``COVERED_FOR`` later unless one of the two has taken the
case (``covered``). A person who calls for help is never covered: no dust presses a button. What burns next door is not
under the permit, and takes the cover off the incident that it joins.

Each ends by its own time, or earlier by a person, and what is still true then is told (domain/holding.py).
"""

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from enum import StrEnum

import msgspec

from shouwang.domain.alert import LIFE_SAFETY, Alert, AlertClass
from shouwang.domain.duty import DESK
from shouwang.domain.errors import ConfigError, Conflict
from shouwang.domain.escalation import Milestone, Policy, Step
from shouwang.domain.moment import duration, duration_text
from shouwang.domain.place import PlaceKind, is_within
from shouwang.domain.vocabulary import (
    DAY,
    HOUR,
    SECOND,
    AlertId,
    DeviceId,
    Duration,
    Instant,
    Kind,
    PersonId,
    PlaceId,
    Severity,
    Value,
)
from shouwang.domain.wallclock import Hours

COVERED_FOR: Duration = 60 * SECOND
"""How long the watcher and the desk are alone with an alarm under a permit or maintenance."""


class HoldKind(StrEnum):
    SILENCE = "silence"
    MAINTENANCE = "maintenance"
    PERMIT = "permit"
    SHELF = "shelf"


LONGEST: dict[HoldKind, Duration] = {
    HoldKind.SILENCE: 7 * DAY,
    HoldKind.MAINTENANCE: 30 * DAY,
    HoldKind.PERMIT: 180 * DAY,
    HoldKind.SHELF: 12 * HOUR,
}
"""Nothing is held for good (ISA-18.2: shelving has a maximum time); a shelf lasts a shift at most."""


class Work(StrEnum):
    HOT_WORK = "hot_work"
    """动火."""
    RENOVATION = "renovation"
    """装修."""


WIDEST_OF_PERMIT = frozenset(
    {
        PlaceKind.DWELLING,
        PlaceKind.AREA,
        PlaceKind.SHOP,
        PlaceKind.GARAGE,
        PlaceKind.FIRE_COMPARTMENT,
        PlaceKind.FLOOR,
    }
)
"""Work is done in a home or a room; a permit for a whole building would cover the neighbours."""


class Tried(Value, frozen=True, kw_only=True):
    """A detector that was uncovered and tried after the work. ``by``: a person, or ``system`` where it spoke itself."""

    at: Instant
    by: str
    note: str = ""


class Hold(Value, frozen=True, kw_only=True):
    """One silence, maintenance, permit or shelf: by whom, until when, why. Of ``rules``, ``devices`` and ``places``
    those that are given must fit; devices and places together are one question. ``contact``, ``watcher`` and ``by``
    are ids; the record names nobody."""

    id: str
    kind: HoldKind
    by: str
    why: str
    made_at: Instant
    starts_at: Instant
    ends_at: Instant
    rules: list[str] = msgspec.field(default_factory=list)
    devices: list[DeviceId] = msgspec.field(default_factory=list)
    places: list[PlaceId] = msgspec.field(default_factory=list)
    hours: Hours | None = None
    """On the site's wall clock; only within them it holds."""
    alert: AlertId | None = None
    """Of a shelf: the one alert."""
    work: Work | None = None
    contact: PersonId | None = None
    watcher: PersonId | None = None
    """看火人: who stands beside the work, or beside what is maintained."""
    resumes_at: Instant = 0
    """Its day is over and what was true has been told: it holds again from then on, whatever another clock shows."""
    ended_at: Instant | None = None
    ended_by: str = ""
    end_note: str = ""
    untried: list[DeviceId] = msgspec.field(default_factory=list)
    """Of a permit that ended: detectors that nobody has tried since."""
    tried: dict[DeviceId, Tried] = msgspec.field(default_factory=dict)
    revision: int = 1


class Effect(StrEnum):
    """What becomes of an alert."""

    MUTE = "mute"
    """It lives on as usual, and nobody is told."""
    TAKE_OUT = "take_out"
    SUPPRESS = "suppress"
    """By logic: its gateway is lost, or a fire says more (domain/holding.py)."""


class Held(Value, frozen=True):
    """``by``: the id of a hold, or of the alert that says more."""

    effect: Effect
    by: str


class Cover(Value, frozen=True):
    """Danger to life where work or maintenance is known."""

    by: str
    watchers: tuple[PersonId, ...]


def is_protected(alert: Alert) -> bool:
    """Never silenced, never shelved, never folded away."""
    return alert.klass in LIFE_SAFETY or alert.severity is Severity.CRITICAL


def is_on(hold: Hold, now: Instant, zone: tzinfo) -> bool:
    return (
        hold.ended_at is None
        and max(hold.starts_at, hold.resumes_at) <= now < hold.ends_at
        and (hold.hours is None or hold.hours.holds(now, zone))
    )


def due_at(hold: Hold, now: Instant, zone: tzinfo) -> Instant | None:
    """When it must be looked at: the end of its present or next hours, at latest its end. None when it has ended."""
    if hold.ended_at is not None:
        return None
    at = max(hold.starts_at, hold.resumes_at, now)
    if hold.hours is None or at >= hold.ends_at:
        return hold.ends_at
    if not hold.hours.holds(at, zone):
        at = hold.hours.next_edge(at, zone) or hold.ends_at
    return min(hold.hours.next_edge(at, zone) or hold.ends_at, hold.ends_at)


def next_begin(hold: Hold, now: Instant, zone: tzinfo) -> Instant:
    """When its next hours begin, after those that are over ``now``."""
    if hold.hours is None:
        return now
    if hold.hours.holds(now, zone):
        return now
    return hold.hours.next_edge(now, zone) or hold.ends_at


def concerns(hold: Hold, alert: Alert) -> bool:
    """It speaks of this alert, whatever it makes of it."""
    if hold.kind is HoldKind.SHELF:
        return alert.id == hold.alert
    if hold.rules and alert.rule not in hold.rules:
        return False
    if (hold.devices or hold.places) and not (
        alert.device in hold.devices or any(is_within(alert.place, place) for place in hold.places)
    ):
        return False
    # The work makes dust and smoke; gas, a call for help and water mean what they always mean.
    if hold.kind is not HoldKind.PERMIT or alert.klass is AlertClass.FIRE:
        return True
    return _is_of_detector(alert) and not is_protected(alert)


def what_holds(alert: Alert, holds: Iterable[Hold], now: Instant, zone: tzinfo) -> Held | None:
    """What keeps this alert from being told, if anything. Never an alert of danger to life."""
    if is_protected(alert):
        return None
    found = [hold for hold in holds if is_on(hold, now, zone) and concerns(hold, alert)]
    for hold in found:
        if hold.kind in (HoldKind.MAINTENANCE, HoldKind.PERMIT):
            return Held(Effect.TAKE_OUT, hold.id)
    for hold in found:
        if hold.kind is HoldKind.SILENCE:
            return Held(Effect.MUTE, hold.id)
    return None


def cover_of(alert: Alert, holds: Iterable[Hold], now: Instant, zone: tzinfo) -> Cover | None:
    """Who is told first of an alert of danger to life, and that everybody else may wait a moment."""
    if alert.klass not in LIFE_SAFETY or alert.klass is AlertClass.EMERGENCY:
        return None
    found = [
        hold
        for hold in holds
        if hold.kind in (HoldKind.MAINTENANCE, HoldKind.PERMIT) and is_on(hold, now, zone) and concerns(hold, alert)
    ]
    if not found:
        return None
    return Cover(found[0].id, tuple(dict.fromkeys(hold.watcher for hold in found if hold.watcher)))


def covered(policy: Policy, cover: Cover) -> Policy:
    """The policy of an incident under a cover: the watcher and the desk now; what it says itself follows
    ``COVERED_FOR`` later, unless one of the two has acknowledged; whoever was spared so hears when it is real."""
    steps = [Step(tell=[*(f"person:{watcher}" for watcher in cover.watchers), DESK])]
    for step in policy.steps:
        if step.when is not None:
            steps.append(step)
            continue
        after = duration_text(_lasting(step.after) + COVERED_FOR)
        steps.append(msgspec.structs.replace(step, after=after, unless=step.unless or Milestone.ACKNOWLEDGED))
        if step.unless is None:
            steps.append(Step(tell=step.tell, when=Milestone.VERIFIED_REAL))
    return msgspec.structs.replace(policy, steps=steps)


def refuse_impossible(hold: Hold, kinds: Sequence[tuple[PlaceId, PlaceKind | None]], now: Instant) -> None:
    """Raises Conflict for a hold that cannot be. ``kinds``: of its places."""
    longest = LONGEST[hold.kind]
    if hold.ends_at <= max(hold.starts_at, now):
        raise Conflict(f"a {hold.kind} ends after it begins, and not in the past")
    if hold.ends_at - max(hold.starts_at, now) > longest:
        raise Conflict(f"a {hold.kind} lasts at most {duration_text(longest)}; renew it where it must be longer")
    if hold.kind is HoldKind.SHELF:
        return
    if not (hold.rules or hold.devices or hold.places):
        raise Conflict(f"a {hold.kind} names rules, devices or places; this one names none, and would hold everything")
    if hold.kind is not HoldKind.SILENCE and not (hold.devices or hold.places):
        raise Conflict(f"a {hold.kind} names devices or places")
    if hold.kind is HoldKind.PERMIT:
        if hold.watcher is None:
            raise Conflict("a permit names a watcher: who stands beside the work is told first")
        for place, kind in kinds:
            if kind is not None and kind not in WIDEST_OF_PERMIT:
                raise Conflict(f"{place} is a {kind}: a permit is for the rooms in which the work is done, no wider")


def _is_of_detector(alert: Alert) -> bool:
    return alert.kind in (Kind.SMOKE, Kind.HEAT)


def _lasting(text: str) -> Duration:
    try:
        return duration(text)
    except ConfigError:
        return 0  # as everywhere: no alarm waits for a typing error
