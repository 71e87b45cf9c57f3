"""Drills, duty checks and campaigns that verify contacts: begun by people or by chance, ended in time, pre-empted by
whatever is real."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol

import msgspec

from shouwang.domain.acts import Resolve
from shouwang.domain.announcement import incident_withdrawal
from shouwang.domain.board import CaseQuery, Mark
from shouwang.domain.climbing import Changed
from shouwang.domain.duty import DESK, resolve
from shouwang.domain.duty_check import LATE, Plan, due_checks, plan_of_day
from shouwang.domain.errors import Conflict, NotFound
from shouwang.domain.escalation import Policy
from shouwang.domain.exercise import (
    DANGEROUS,
    DRILL_LASTS,
    Ended,
    Exercise,
    ExerciseKind,
    begin_check,
    begin_drill,
    begin_verification,
    ended_quietly,
    is_real_danger,
    looked_at,
    pre_empts,
    refuse_at_bad_time,
)
from shouwang.domain.incident import Incident, IncidentState, Outcome, is_live
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Delivery
from shouwang.domain.vocabulary import MINUTE, SECOND, Duration, IncidentId, Instant, PersonId
from shouwang.flows.keeping import keep_announced
from shouwang.flows.respond import Respond, nobody
from shouwang.ports import Casebook, Clock, Directory

log = logging.getLogger(__name__)

LIVE_STATES = frozenset(
    {IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.EN_ROUTE, IncidentState.ON_SCENE}
)
PAGE = 200
"""Real dangers looked at together; a storm has more of them, and each one counts."""

PLAN = "duty_checks.plan"
"""The fact that holds when desks are asked today. No API shows it."""

LOOK_AT_PLAN: Duration = 10 * SECOND
"""Between two looks at it."""

SYSTEM = "system"


class Exercised(Protocol):
    """Exercises as rows."""

    def keep(self, exercise: Exercise) -> None: ...

    def get(self, id: str) -> Exercise | None: ...

    def live(self) -> list[Exercise]:
        """Those that are not over."""
        ...

    def newest(self, kind: ExerciseKind, after: Mark | None, limit: int) -> list[Exercise]: ...


class Decisions(Protocol):
    """What is decided once, for all processes."""

    def decide(self, key: str, decision: Callable[[bytes | None], bytes]) -> bytes:
        """What is kept under the key after this decision, which sees what was kept before, one after the other."""
        ...


class Cases(Protocol):
    def incidents(self, query: CaseQuery, after: Mark | None, limit: int) -> list[Incident]: ...

    def incident(self, id: IncidentId) -> Incident | None: ...

    def deliveries_of(self, ids: Collection[IncidentId]) -> Mapping[IncidentId, list[Delivery]]: ...


class Exercises:
    """Acts run in the caller's thread; ``look`` is one of the rounds."""

    def __init__(
        self,
        casebook: Casebook,
        exercised: Exercised,
        cases: Cases,
        directory: Directory,
        respond: Respond,
        clock: Clock,
        *,
        policies: Callable[[], Sequence[Policy]],
        channels: Collection[str],
        decisions: Decisions | None = None,
        checks_a_day: float = 0,
        answer_within: Duration = 5 * MINUTE,
        chance: Callable[[], float] = lambda: 1.0,
        wake: Callable[[], None] = nobody,
    ) -> None:
        """``policies``: the shipped ones. ``checks_a_day``: duty checks of each desk in a day, at times that nobody can
        foresee (``chance`` gives numbers from 0 up to 1), planned in ``decisions`` for all servers; 0, or nowhere to
        plan them, for none but those that people begin."""
        self._casebook = casebook
        self._exercised = exercised
        self._cases = cases
        self._directory = directory
        self._respond = respond
        self._clock = clock
        self._policies = policies
        self._channels = channels
        self._decisions = decisions
        self._checks_a_day = checks_a_day
        self._answer_within = answer_within
        self._chance = chance
        self._wake = wake
        self._planned_at: Instant = 0

    def drill(
        self, zone: str, scenario: str, *, by: str, place: str | None = None, lasts: Duration = DRILL_LASTS
    ) -> Exercise:
        """Raises NotFound, and Conflict where a real danger is under way in the zone or a drill already."""
        community = self._directory.community()
        refuse_at_bad_time(zone, chain.from_iterable(self._dangers()), community)
        if other := next((one for one in self._live(ExerciseKind.DRILL) if one.zone == zone), None):
            raise Conflict(f"drill {other.id} is under way in zone {zone!r}; end it first")
        exercise, changed = begin_drill(
            zone,
            scenario,
            place=place,
            lasts=lasts,
            community=community,
            policies=self._policies(),
            by=by,
            now=self._clock.now(),
        )
        return self._begin(exercise, changed)

    def check(self, zone: str, *, by: str, within: Duration | None = None, id: str = "") -> Exercise:
        """Asks the desk of a zone to answer. Raises NotFound, and Conflict where a real danger is under way there."""
        community = self._directory.community()
        refuse_at_bad_time(zone, chain.from_iterable(self._dangers()), community)
        exercise, changed = begin_check(
            zone,
            within=within or self._answer_within,
            id=id,
            community=community,
            by=by,
            now=self._clock.now(),
        )
        return self._begin(exercise, changed)

    def verify(self, people: Collection[PersonId] | None, *, by: str) -> Exercise:
        """A test message to every contact that was never verified. Raises NotFound, Conflict."""
        exercise, changed, tests = begin_verification(
            people, channels=self._channels, community=self._directory.community(), by=by, now=self._clock.now()
        )
        return self._begin(exercise, changed, tests)

    def stop(self, id: str, *, by: str) -> Exercise:
        """Raises NotFound, and Conflict for one that is over."""
        exercise = self._exercised.get(id)
        if exercise is None:
            raise NotFound(f"there is no exercise {id}")
        if exercise.ended_at is not None:
            raise Conflict(f"{id} is over")
        return self._end(exercise, Ended.STOPPED, by=by)

    def get(self, id: str) -> Exercise | None:
        return self._exercised.get(id)

    def newest(self, kind: ExerciseKind, after: Mark | None, limit: int) -> list[Exercise]:
        return self._exercised.newest(kind, after, limit)

    def look(self) -> int:
        """Ends what is over, lets real alarms take the people of a drill, begins checks that are due; how many
        ended."""
        ended = sum(self._look_at(exercise) for exercise in self._exercised.live())
        now = self._clock.now()
        if self._checks_a_day > 0 and self._decisions is not None and now - self._planned_at >= LOOK_AT_PLAN:
            self._planned_at = now
            self._begin_due(self._decisions, now)
        return ended

    def _begin(self, exercise: Exercise, changed: Changed, deliveries: Iterable[Delivery] = ()) -> Exercise:
        """Its incident is what makes it: another server that begins the same one finds it there."""
        if self._cases.incident(exercise.incident) is not None:
            return exercise
        self._exercised.keep(exercise)
        with self._casebook.change() as change:
            if change.incident(exercise.incident) is not None:
                return exercise
            keep_announced(change, changed)
            for delivery in deliveries:
                change.keep_delivery(delivery)
        self._wake()
        return exercise

    def _look_at(self, exercise: Exercise) -> bool:
        now = self._clock.now()
        incident = self._cases.incident(exercise.incident)
        if incident is None:
            if now - exercise.begun_at > LATE:  # it was never begun: the process died in between
                self._exercised.keep(msgspec.structs.replace(exercise, ended_at=now, ended=Ended.STOPPED))
            return False
        if exercise.kind is not ExerciseKind.VERIFICATION and (real := self._pre_empting(exercise)) is not None:
            self._end(exercise, Ended.PRE_EMPTED, by=SYSTEM, note=real.id)
            return True
        seen = looked_at(exercise, incident, now)
        if seen is exercise:
            return False
        if seen.missed and not exercise.missed:
            self._record("duty_check.missed", seen, incident)
        if seen.ended is not None and is_live(incident.state):
            self._end(seen, seen.ended, by=SYSTEM)
        else:
            self._exercised.keep(seen)
        return seen.ended is not None

    def _pre_empting(self, exercise: Exercise) -> Incident | None:
        community = self._directory.community()
        for real in self._dangers(since=exercise.begun_at):
            told = self._cases.deliveries_of([exercise.incident, *(one.id for one in real)])
            people = {id: {one.person for one in deliveries} for id, deliveries in told.items()}
            exercised = people.get(exercise.incident, set())
            for one in real:
                if pre_empts(one, people.get(one.id, set()), exercise, exercised, community):
                    return one
        return None

    def _end(self, exercise: Exercise, how: Ended, *, by: str, note: str = "") -> Exercise:
        """The incident first: an exercise that is over never still calls anybody."""
        outcome = Outcome.TEST if exercise.kind is ExerciseKind.VERIFICATION else Outcome.DRILL
        if exercise.kind is ExerciseKind.VERIFICATION or (how is Ended.ANSWERED and not exercise.missed):
            self._end_quietly(exercise, how, by, outcome)
        else:
            try:
                self._respond.act(exercise.incident, Resolve(outcome=outcome, cause=how), actor=by)
            except Conflict as over:
                log.info("exercise %s: %s", exercise.id, over)
        now = self._clock.now()
        ended = msgspec.structs.replace(exercise, ended_at=exercise.ended_at or now, ended=how, note=note)
        self._exercised.keep(ended)
        return ended

    def _end_quietly(self, exercise: Exercise, how: Ended, by: str, outcome: Outcome) -> None:
        now = self._clock.now()
        with self._casebook.change() as change:
            incident = change.incident(exercise.incident)
            if incident is None or not is_live(incident.state):
                return
            change.cancel_deliveries(incident.id, now)
            changed = ended_quietly(incident, how, by=by, outcome=outcome, now=now)
            keep_announced(change, changed)
            change.announce(incident_withdrawal(changed[0]))
        self._wake()

    def _begin_due(self, decisions: Decisions, now: Instant) -> None:
        """Asks the desks whose moment has come; one desk of several zones by the first of them."""
        community = self._directory.community()
        zones = sorted(zone.id for zone in community.zones.values() if zone.places)
        due = due_checks(self._plan(decisions, zones, now), now)
        busy = {one.zone: one.id for one in self._live(ExerciseKind.DUTY_CHECK)} if due else {}
        for zone, at in due:
            id = f"check-{at}"
            if busy.get(zone, id) != id or zone not in zones or self._is_begun(id):
                continue
            desk = self._desk(zone, now)
            if not desk or any(self._desk(one, now) == desk for one in zones[: zones.index(zone)]):
                continue
            try:
                self.check(zone, by=SYSTEM, id=id)
                busy[zone] = id
            except Conflict as reason:
                log.info("no duty check of zone %s now: %s", zone, reason)

    def _plan(self, decisions: Decisions, zones: Sequence[str], now: Instant) -> Plan:
        def decision(kept: bytes | None) -> bytes:
            before = msgspec.json.decode(kept, type=Plan) if kept else None
            plan = plan_of_day(before, zones, now, a_day=self._checks_a_day, chance=self._chance)
            return kept if kept is not None and plan is before else msgspec.json.encode(plan)

        return msgspec.json.decode(decisions.decide(PLAN, decision), type=Plan)

    def _is_begun(self, id: str) -> bool:
        """Also where its server died before anybody was asked: then its row is there, and the incident is not."""
        known = self._exercised.get(id)
        return known is not None and (known.ended_at is not None or self._cases.incident(known.incident) is not None)

    def _desk(self, zone: str, now: Instant) -> frozenset[PersonId]:
        community = self._directory.community()
        return frozenset(resolve(community, community.zones[zone].places[0], [DESK], now).people)

    def _live(self, kind: ExerciseKind) -> list[Exercise]:
        return [one for one in self._exercised.live() if one.kind is kind]

    def _dangers(self, *, since: Instant = 0) -> Iterator[list[Incident]]:
        """Every real danger under way that began since, newest first, a page at a time."""
        query = CaseQuery(states=LIVE_STATES, severities=DANGEROUS)
        after: Mark | None = None
        while page := self._cases.incidents(query, after, PAGE):
            real = [one for one in page if is_real_danger(one) and one.opened_at >= since]
            if real:
                yield real
            after = (page[-1].opened_at, page[-1].id)
            if len(page) < PAGE or page[-1].opened_at < since:
                return

    def _record(self, kind: str, exercise: Exercise, incident: Incident) -> None:
        with self._casebook.change() as change:
            change.record(
                Entry(
                    at=self._clock.now(),
                    kind=kind,
                    incident=incident.id,
                    place=incident.place,
                    body={"exercise": exercise.id, "zone": exercise.zone},
                )
            )
