"""Exercises: the true chain run on purpose. A drill 演练, a duty check 查岗, a campaign that verifies contacts.

Each is an incident of its own, marked everywhere, out of the statistics, and never of one group with a real alarm. It
ends when its time is over, when it is answered, or the moment a real alarm needs the same people.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from shouwang.domain.alert import AlertClass
from shouwang.domain.climbing import Changed
from shouwang.domain.community import Community
from shouwang.domain.delivery import delivery_key
from shouwang.domain.draft import Draft
from shouwang.domain.duty import DESK, Person, zone_of
from shouwang.domain.errors import Conflict, NotFound
from shouwang.domain.escalation import Milestone, Policy, Step, choose_policy
from shouwang.domain.grouping import kind_of
from shouwang.domain.incident import Incident, IncidentEvent, IncidentState, Outcome, is_live, move_incident
from shouwang.domain.notice import Delivery, DeliveryState, Why
from shouwang.domain.place import is_within
from shouwang.domain.vocabulary import (
    HOUR,
    MINUTE,
    SECOND,
    Duration,
    IncidentId,
    Instant,
    NoticeId,
    PersonId,
    PlaceId,
    Severity,
    Value,
)


class ExerciseKind(StrEnum):
    DRILL = "drill"
    DUTY_CHECK = "duty_check"
    VERIFICATION = "verification"


class Ended(StrEnum):
    """Why an exercise is over. ``pre_empted``: a real alarm needed its people."""

    ANSWERED = "answered"
    STOPPED = "stopped"
    TIME = "time"
    PRE_EMPTED = "pre_empted"


class Exercise(Value, frozen=True, kw_only=True):
    """``scenario`` of a drill; ``answer_until`` of a duty check: later is missed. ``ends_at``: when it is over by
    itself."""

    id: str
    kind: ExerciseKind
    incident: IncidentId
    place: PlaceId
    by: str
    begun_at: Instant
    ends_at: Instant
    zone: str = ""
    scenario: str = ""
    answer_until: Instant | None = None
    answered_at: Instant | None = None
    missed: bool = False
    ended_at: Instant | None = None
    ended: Ended | None = None
    note: str = ""


class Scenario(Value, frozen=True, kw_only=True):
    klass: AlertClass
    severity: Severity
    title: dict[str, str]


SCENARIOS: Mapping[str, Scenario] = {
    "smoke": Scenario(
        klass=AlertClass.FIRE, severity=Severity.CRITICAL, title={"zh": "烟雾报警（演练）", "en": "Smoke alarm (drill)"}
    ),
    "gas": Scenario(
        klass=AlertClass.GAS, severity=Severity.CRITICAL, title={"zh": "燃气报警（演练）", "en": "Gas alarm (drill)"}
    ),
    "emergency": Scenario(
        klass=AlertClass.EMERGENCY,
        severity=Severity.CRITICAL,
        title={"zh": "紧急呼叫（演练）", "en": "Emergency call (drill)"},
    ),
    "water": Scenario(
        klass=AlertClass.WATER, severity=Severity.HIGH, title={"zh": "漏水（演练）", "en": "Water leak (drill)"}
    ),
}

DRILL_LASTS: Duration = 30 * MINUTE
CHECK_LASTS: Duration = HOUR
VERIFICATION_LASTS: Duration = 24 * HOUR
MISSED = ["post:shift_lead", "post:property_manager"]
"""Who hears that a duty check was missed."""

VERIFICATION = Policy(id="verification", title={"zh": "联系方式验证", "en": "Verification of contacts"}, steps=[])


DANGEROUS = frozenset({Severity.CRITICAL, Severity.HIGH})
"""Before what is so severe every exercise stands back."""


class Score(Value, frozen=True, kw_only=True):
    """The scorecard: who, and how many seconds after the beginning. ``missed``: told, and not heard of again."""

    told: list[PersonId]
    untold: list[PersonId]
    seen: list[PersonId]
    acknowledged: list[PersonId]
    on_scene: list[PersonId]
    missed: list[PersonId]
    first_told_after: float | None
    acknowledged_after: float | None
    on_scene_after: float | None


Begun = tuple[Exercise, Changed]


def begin_drill(
    zone: str,
    scenario: str,
    *,
    place: str | None,
    lasts: Duration,
    community: Community,
    policies: Sequence[Policy],
    by: str,
    now: Instant,
) -> Begun:
    """Raises NotFound for an unknown zone or scenario, Conflict for a place outside the zone."""
    at = _place_in(zone, place, community)
    wanted = SCENARIOS.get(scenario)
    if wanted is None:
        raise NotFound(f"there is no scenario {scenario!r}; there are {', '.join(SCENARIOS)}")
    policy = choose_policy(
        [*community.policies, *policies],
        severity=wanted.severity,
        klass=wanted.klass,
        rule=f"drill-{scenario}",
        kinds=(kind_of(at, community.places),),
        place=at,
    )
    exercise = Exercise(
        id=f"drill-{now}",
        kind=ExerciseKind.DRILL,
        incident=IncidentId(f"ix-drill-{now}"),
        zone=zone,
        place=at,
        scenario=scenario,
        by=by,
        begun_at=now,
        ends_at=now + lasts,
    )
    return exercise, _opened(exercise, wanted, policy, community, drill=True, why=Why.DRILL)


def begin_check(
    zone: str,
    *,
    within: Duration,
    tell: Sequence[str] = (DESK,),
    id: str = "",
    community: Community,
    by: str,
    now: Instant,
) -> Begun:
    """Asks whoever is on duty to answer within a time; after it the next level hears that nobody did. ``id``: of one
    that was planned. Raises NotFound for an unknown zone."""
    id = id or f"check-{now}"
    at = _place_in(zone, None, community)
    wanted = Scenario(
        klass=AlertClass.SUPERVISORY,
        severity=Severity.MEDIUM,
        title={
            "zh": f"查岗，请在 {within // MINUTE} 分钟内应答",
            "en": f"Duty check: please answer within {within // MINUTE} minutes",
        },
    )
    policy = Policy(
        id="duty-check",
        title={"zh": "查岗", "en": "Duty check"},
        steps=[
            Step(tell=list(tell)),
            Step(after=f"{within // SECOND}s", unless=Milestone.ACKNOWLEDGED, tell=MISSED),
        ],
    )
    exercise = Exercise(
        id=id,
        kind=ExerciseKind.DUTY_CHECK,
        incident=IncidentId(f"ix-{id}"),
        zone=zone,
        place=at,
        by=by,
        begun_at=now,
        ends_at=now + within + CHECK_LASTS,
        answer_until=now + within,
    )
    return exercise, _opened(exercise, wanted, policy, community, drill=True, why=Why.DRILL)


def begin_verification(
    people: Collection[PersonId] | None, *, channels: Collection[str], community: Community, by: str, now: Instant
) -> tuple[Exercise, Changed, list[Delivery]]:
    """A test message to each contact that was never verified (of these people, None for everybody's), whatever their
    order: each is proven by itself. Raises NotFound for an unknown person, Conflict where nothing is to be verified."""
    for id in people or ():
        if id not in community.people:
            raise NotFound(f"there is no person {id}")
    wanted = [community.people[id] for id in people] if people is not None else list(community.people.values())
    found = [(person, index) for person in wanted for index in _unproven(person, channels)]
    if not found:
        raise Conflict("every contact that can be used here is verified, or there is none")
    root = next((place for place in sorted(community.places) if "/" not in place), PlaceId("site"))
    exercise = Exercise(
        id=f"verification-{now}",
        kind=ExerciseKind.VERIFICATION,
        incident=IncidentId(f"ix-verification-{now}"),
        place=root,
        by=by,
        begun_at=now,
        ends_at=now + VERIFICATION_LASTS,
    )
    scenario = Scenario(klass=AlertClass.WARNING, severity=Severity.INFO, title=VERIFICATION.title)
    changed = _opened(exercise, scenario, VERIFICATION, community, drill=False, why=Why.TEST)
    return exercise, changed, [_test(exercise, person, index, now) for person, index in found]


def refuse_at_bad_time(zone: str, live: Iterable[Incident], community: Community) -> None:
    """Raises Conflict where people of the zone are busy with a real danger."""
    for incident in live:
        if is_real_danger(incident) and _is_in_zone(incident, zone, community):
            raise Conflict(f"incident {incident.id} is under way there; exercise when it is over")


def is_real_danger(incident: Incident) -> bool:
    return not incident.drill and not incident.test and incident.severity in DANGEROUS


def pre_empts(
    incident: Incident,
    told: Collection[str],
    exercise: Exercise,
    exercised: Collection[str],
    community: Community,
) -> bool:
    """A real danger that needs the people of an exercise: in the same zone, or telling one of the same persons."""
    if not is_real_danger(incident) or not is_live(incident.state) or incident.opened_at < exercise.begun_at:
        return False
    return _is_in_zone(incident, exercise.zone, community) or not set(told).isdisjoint(exercised)


def looked_at(exercise: Exercise, incident: Incident, now: Instant) -> Exercise:
    """The exercise after a look at its incident: answered, missed, over; the same value where nothing is new."""
    changes: dict[str, object] = {}
    if exercise.answered_at is None and incident.acknowledged_at is not None:
        changes["answered_at"] = incident.acknowledged_at
    answered_at = changes.get("answered_at", exercise.answered_at)
    if exercise.answer_until is not None and not exercise.missed:
        late = answered_at if isinstance(answered_at, int) else now
        if late > exercise.answer_until:
            changes["missed"] = True
    if exercise.ended_at is None:
        if not is_live(incident.state):
            changes.update(ended_at=incident.resolved_at or now, ended=Ended.STOPPED)
        elif exercise.kind is ExerciseKind.DUTY_CHECK and answered_at is not None:
            changes.update(ended_at=now, ended=Ended.ANSWERED)
        elif now >= exercise.ends_at:
            changes.update(ended_at=now, ended=Ended.TIME)
    return msgspec.structs.replace(exercise, **changes) if changes else exercise


def ended_quietly(incident: Incident, how: Ended, *, by: str, outcome: Outcome, now: Instant) -> Changed:
    """The incident of an exercise after which nobody needs to be told anything."""
    draft = Draft(incident, now, by)
    state = move_incident(incident.state, IncidentEvent.RESOLVE)
    draft.set(state=state, resolved_at=now, resolved_by=by, outcome=outcome, cause=how, next_step_at=None)
    draft.record("incident.resolved", outcome=outcome, cause=how)
    return draft.done()


def score(exercise: Exercise, incident: Incident, deliveries: Sequence[Delivery]) -> Score:
    """``deliveries``: of its incident. Those that tell that it is over count for nothing."""
    calls = [one for one in deliveries if one.why is not Why.STOOD_DOWN]
    people = list(dict.fromkeys(one.person for one in calls))
    told = {one.person for one in calls if one.sent_at is not None or one.state in _HEARD}
    seen = {one.person for one in calls if one.state in (DeliveryState.SEEN, DeliveryState.ANSWERED)}
    acknowledged = {one.person for one in calls if one.state is DeliveryState.ANSWERED}
    acknowledged |= {PersonId(by) for by in (incident.acknowledged_by,) if by} - set(incident.declined)
    acknowledged -= set(incident.declined)
    on_scene = {PersonId(by) for by in (incident.on_scene_by,) if by}
    answered = acknowledged | seen | on_scene | set(incident.declined)
    sent = [one.sent_at for one in calls if one.sent_at is not None]
    return Score(
        told=[one for one in people if one in told],
        untold=[one for one in people if one not in told],
        seen=[one for one in people if one in seen],
        acknowledged=sorted(acknowledged),
        on_scene=sorted(on_scene),
        missed=[one for one in people if one in told and one not in answered],
        first_told_after=_after(exercise, min(sent, default=None)),
        acknowledged_after=_after(exercise, incident.acknowledged_at),
        on_scene_after=_after(exercise, incident.on_scene_at),
    )


_HEARD = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.SEEN, DeliveryState.ANSWERED)


def _after(exercise: Exercise, at: Instant | None) -> float | None:
    return None if at is None else max(0, at - exercise.begun_at) / SECOND


def _opened(
    exercise: Exercise, scenario: Scenario, policy: Policy, community: Community, *, drill: bool, why: Why
) -> Changed:
    now = exercise.begun_at
    zone = zone_of(community, exercise.place)
    opened = Incident(
        id=exercise.incident,
        group=f"exercise:{exercise.id}",
        klass=scenario.klass,
        state=IncidentState.OPEN,
        severity=scenario.severity,
        title=scenario.title,
        place=exercise.place,
        places=[exercise.place],
        opened_at=now,
        armed_at=now,
        policy=policy,
        zone=exercise.zone or (zone.id if zone else None),
        drill=drill,
        test=not drill,
        demo=community.site.demo,
        revision=0,
    )
    draft = Draft(opened, now, exercise.by)
    draft.record(
        "exercise.begun", exercise=exercise.id, what=exercise.kind, scenario=exercise.scenario, policy=policy.id
    )
    draft.climb(why)
    return draft.done()


def _test(exercise: Exercise, person: Person, contact: int, now: Instant) -> Delivery:
    notice = NoticeId(f"{exercise.incident}.test")
    return Delivery(
        key=delivery_key(notice, person.id, contact),
        notice=notice,
        incident=exercise.incident,
        person=person.id,
        channel=person.channels[contact].kind,
        contact=contact,
        why=Why.TEST,
        state=DeliveryState.QUEUED,
        created_at=now,
        due_at=now,
    )


def _unproven(person: Person, channels: Collection[str]) -> list[int]:
    """The console is proven by whoever looks at it."""
    return [
        index
        for index, contact in enumerate(person.channels)
        if not contact.verified and contact.kind in channels and contact.kind != "console"
    ]


def _place_in(zone: str, place: str | None, community: Community) -> PlaceId:
    known = community.zones.get(zone)
    if known is None:
        raise NotFound(f"there is no zone {zone!r}")
    if not known.places:
        raise Conflict(f"zone {zone!r} holds no place")
    if place is not None and not any(is_within(place, around) for around in known.places):
        raise Conflict(f"{place} is not in zone {zone!r}")
    return PlaceId(place) if place is not None else known.places[0]


def _is_in_zone(incident: Incident, zone: str, community: Community) -> bool:
    known = community.zones.get(zone)
    places = incident.places or [incident.place]
    return known is not None and any(is_within(place, around) for place in places for around in known.places)
