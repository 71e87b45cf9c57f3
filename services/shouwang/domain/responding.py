"""How fast people answered, against what we hold ourselves to; and what the false alarms came from.

Each limit is for some classes of alarm, by the source that it comes from: a leak is not held to what a fire is. Drills
and tests are left out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from enum import StrEnum

from shouwang.domain.alert import AlertClass
from shouwang.domain.casefile import is_proven
from shouwang.domain.community import Community
from shouwang.domain.incident import Incident, Outcome
from shouwang.domain.moment import moment
from shouwang.domain.place import ancestors
from shouwang.domain.roster import Roster
from shouwang.domain.vocabulary import SECOND, Value


class Clock(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    ON_SCENE = "on_scene"


class Target(Value, frozen=True):
    """``seconds`` from the alarm, and the ``share`` of the cases of these classes that should make it; 0: counted, and
    no target of ours."""

    clock: Clock
    seconds: int
    share: float
    classes: Sequence[AlertClass]
    source: dict[str, str]


BURNING = (AlertClass.FIRE, AlertClass.GAS, AlertClass.CO)
CALLS = (AlertClass.EMERGENCY,)
OTHERS = (AlertClass.WATER, AlertClass.WARNING, AlertClass.SUPERVISORY, AlertClass.FAULT)

_EN_50518 = {"zh": "EN 50518：火警与劫警", "en": "EN 50518, fire and hold-up"}
_EN_50518_REST = {"zh": "EN 50518：其他报警", "en": "EN 50518, all other alarms"}
_TSA = {"zh": "英国 TSA：呼叫应答", "en": "UK TSA, calls for help"}
_STATION = {
    "zh": "公消〔2015〕301 号：微型消防站 3 分钟到场",
    "en": "document 301 of 2015, micro fire station: 3 minutes",
}
_RULE_1 = {"zh": "1-3-5：1 分钟本单位到场", "en": "1-3-5 rule: 1 minute, the unit's own station"}
_RULE_5 = {"zh": "1-3-5：5 分钟消防队到场", "en": "1-3-5 rule: 5 minutes, the fire brigade"}

TARGETS: Mapping[str, Target] = {
    "acknowledged_in_30s": Target(Clock.ACKNOWLEDGED, 30, 0.80, BURNING, _EN_50518),
    "acknowledged_in_60s": Target(Clock.ACKNOWLEDGED, 60, 0.985, BURNING, _EN_50518),
    "on_scene_in_60s": Target(Clock.ON_SCENE, 60, 0.0, BURNING, _RULE_1),
    "on_scene_in_180s": Target(Clock.ON_SCENE, 180, 0.95, BURNING, _STATION),
    "on_scene_in_300s": Target(Clock.ON_SCENE, 300, 0.0, BURNING, _RULE_5),
    "calls_acknowledged_in_60s": Target(Clock.ACKNOWLEDGED, 60, 0.975, CALLS, _TSA),
    "calls_acknowledged_in_180s": Target(Clock.ACKNOWLEDGED, 180, 0.99, CALLS, _TSA),
    "others_acknowledged_in_90s": Target(Clock.ACKNOWLEDGED, 90, 0.80, OTHERS, _EN_50518_REST),
    "others_acknowledged_in_180s": Target(Clock.ACKNOWLEDGED, 180, 0.985, OTHERS, _EN_50518_REST),
}

BY = ("zone", "post", "class", "hour", "outcome", "day")
FALSE = frozenset({Outcome.FALSE_ALARM, Outcome.ACCIDENTAL, Outcome.DEVICE_FAULT})


class Spread(Value, frozen=True, kw_only=True):
    """Seconds. ``count``: how many of the cases have it."""

    count: int
    mean: float | None = None
    median: float | None = None
    p95: float | None = None


class Group(Value, frozen=True, kw_only=True):
    """Cases with one thing in common. ``counted``: how many are of the classes of each limit, where any are;
    ``shares``: how many of those met it; ``unproven``: arrivals without a proof (未核实到场)."""

    key: str
    cases: int
    acknowledge: Spread
    on_scene: Spread
    close: Spread
    counted: dict[str, int]
    shares: dict[str, float]
    unproven: int
    false: int


class FalseAlarms(Value, frozen=True, kw_only=True):
    """误报 by cause and by device, most first."""

    total: int
    by_cause: list[tuple[str, int]]
    by_device: list[tuple[str, int]]


class ResponseFigures(Value, frozen=True, kw_only=True):
    total: Group
    groups: dict[str, list[Group]]
    false_alarms: FalseAlarms


def response_figures(incidents: Iterable[Incident], community: Community, zone: tzinfo) -> ResponseFigures:
    """Of these incidents; ``zone``: in which hours and days are counted."""
    cases = [one for one in incidents if not (one.drill or one.test or one.late)]
    keys: Mapping[str, Callable[[Incident], str]] = {
        "zone": lambda one: one.zone or "",
        "post": lambda one: post_of(one.acknowledged_by or "", one.place, community),
        "class": lambda one: str(one.klass),
        "hour": lambda one: f"{moment(one.opened_at).astimezone(zone).hour:02}",
        "outcome": lambda one: str(one.outcome or ""),
        "day": lambda one: f"{moment(one.opened_at).astimezone(zone):%Y-%m-%d}",
    }
    groups: dict[str, list[Group]] = {}
    for name in BY:
        sorted_in: dict[str, list[Incident]] = {}
        for one in cases:
            sorted_in.setdefault(keys[name](one), []).append(one)
        groups[name] = [_group(key, sorted_in[key]) for key in sorted(sorted_in)]
    return ResponseFigures(total=_group("", cases), groups=groups, false_alarms=false_alarms(cases))


def false_alarms(incidents: Iterable[Incident]) -> FalseAlarms:
    false = [one for one in incidents if one.outcome in FALSE]
    causes = Counter(one.cause or str(one.outcome) for one in false)
    devices = Counter(device for one in false for device in one.devices)
    return FalseAlarms(total=len(false), by_cause=_most(causes), by_device=_most(devices))


def post_of(person: str, place: str, community: Community) -> str:
    """The post that a person holds nearest to a place, else the one of a roster that they are on; empty: neither."""
    held = {one.place: one.post for one in community.posts if person in (one.person, one.deputy)}
    nearest = next((held[at] for at in ancestors(place) if at in held), "")
    return nearest or next((one.post for one in community.rosters.values() if _is_on(person, one)), "")


def rows_of(figures: ResponseFigures) -> list[list[object]]:
    """As a table: a heading, then a line for all and for each group."""
    head = ["by", "key", "cases", "acknowledge_mean_s", "acknowledge_p95_s", "on_scene_mean_s", "on_scene_p95_s"]
    table: list[list[object]] = [[*head, "close_mean_s", *TARGETS, "unproven_arrivals", "false_alarms"]]
    for name, groups in (("all", [figures.total]), *figures.groups.items()):
        for one in groups:
            table.append(
                [
                    name,
                    one.key,
                    one.cases,
                    one.acknowledge.mean,
                    one.acknowledge.p95,
                    one.on_scene.mean,
                    one.on_scene.p95,
                    one.close.mean,
                    *(one.shares.get(target) for target in TARGETS),
                    one.unproven,
                    one.false,
                ]
            )
    return table


def _group(key: str, cases: Sequence[Incident]) -> Group:
    acknowledged = [(one.acknowledged_at - one.opened_at) / SECOND for one in cases if one.acknowledged_at is not None]
    arrived = [(one.on_scene_at - one.opened_at) / SECOND for one in cases if one.on_scene_at is not None]
    closed = [(one.resolved_at - one.opened_at) / SECOND for one in cases if one.resolved_at is not None]
    held_to = {name: [one for one in cases if one.klass in target.classes] for name, target in TARGETS.items()}
    held_to = {name: found for name, found in held_to.items() if found}
    return Group(
        key=key,
        cases=len(cases),
        acknowledge=_spread(acknowledged),
        on_scene=_spread(arrived),
        close=_spread(closed),
        counted={name: len(found) for name, found in held_to.items()},
        shares={
            name: round(sum(_is_met(TARGETS[name], one) for one in found) / len(found), 4)
            for name, found in held_to.items()
        },
        unproven=sum(one.on_scene_at is not None and not is_proven(one.file) for one in cases),
        false=sum(one.outcome in FALSE for one in cases),
    )


def _is_met(target: Target, one: Incident) -> bool:
    done = one.acknowledged_at if target.clock is Clock.ACKNOWLEDGED else one.on_scene_at
    return done is not None and done - one.opened_at <= target.seconds * SECOND


def _spread(values: Sequence[float]) -> Spread:
    if not values:
        return Spread(count=0)
    ordered = sorted(values)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    p95 = ordered[min(len(ordered) - 1, -(-len(ordered) * 95 // 100) - 1)]
    return Spread(
        count=len(ordered), mean=round(sum(ordered) / len(ordered), 3), median=round(median, 3), p95=round(p95, 3)
    )


def _most(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:50]


def _is_on(person: str, roster: Roster) -> bool:
    return any(
        person in shift.people or (shift.rotation is not None and any(person in team for team in shift.rotation.teams))
        for shift in roster.shifts
    )
