"""演练, 查岗 and the verification of contacts: begun here, scored here, kept for reports."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Principal, may
from shouwang.domain.community import Community
from shouwang.domain.exercise import Ended, Exercise, ExerciseKind, Score, score
from shouwang.domain.incident import Incident
from shouwang.domain.link import code_of
from shouwang.domain.moment import rfc3339
from shouwang.domain.notice import Delivery, DeliveryState, Failure
from shouwang.domain.vocabulary import MINUTE, Instant, PersonId
from shouwang.flows.exercises import Exercises

from .access import Caller, allow, allow_on_site, allow_over
from .doors import TheWindow, Window
from .names import Names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut, mark_of
from .problems import invalid, not_found
from .questions import time
from .schemas import Sent, Time

MOST = 200

router = APIRouter(tags=["drills"])

Ref = Annotated[str, Path(max_length=120)]


class DrillIn(Sent):
    zone: str = Field(min_length=1, max_length=200)
    scenario: str = Field(default="smoke", max_length=40, examples=["smoke", "gas", "emergency", "water"])
    place: str | None = Field(default=None, max_length=500, description="Within the zone; its first place if absent.")
    minutes: int = Field(default=30, ge=1, le=240, description="It ends by itself after these.")


class CheckIn(Sent):
    zone: str = Field(min_length=1, max_length=200)
    minutes: int = Field(default=5, ge=1, le=60, description="Until an answer counts as missed.")


class VerifyIn(Sent):
    """``people`` absent: everybody's contacts that were never verified."""

    people: list[Annotated[str, Field(min_length=1, max_length=200)]] | None = Field(default=None, max_length=5000)


class CodeIn(Sent):
    """What a person read out of a test message, said on the telephone."""

    person: str = Field(min_length=1, max_length=200)
    code: str = Field(pattern=r"^\d{6}$")


class ScoreOut(BaseModel):
    """Persons by id, and seconds after the beginning."""

    told: list[str]
    untold: list[str]
    seen: list[str]
    acknowledged: list[str]
    on_scene: list[str]
    missed: list[str]
    first_told_after: float | None
    acknowledged_after: float | None
    on_scene_after: float | None


class ExerciseOut(BaseModel):
    id: str
    kind: ExerciseKind
    zone: str
    place: str
    scenario: str
    incident: str
    by: str
    begun_at: Time
    ends_at: Time
    answer_until: Time | None
    answered_at: Time | None
    missed: bool
    ended_at: Time | None
    ended: Ended | None
    note: str = Field(description="Of one that was pre-empted: the real incident.")
    score: ScoreOut
    people: dict[str, str] = Field(description="Names, masked as you may see them.")


class ProofOut(BaseModel):
    """One contact of a person, and how far its test message came. ``verified``: proven, now or before."""

    person: str
    name: str
    channel: str
    contact: int
    state: DeliveryState
    failure: Failure | None
    verified: bool
    sent_at: Time | None
    answered_at: Time | None
    detail: str


class VerificationSumOut(BaseModel):
    """One time that contacts were verified. ``asked``: contacts; ``verified`` of them by now, ``failed``: not sent."""

    id: str
    begun_at: Time
    ends_at: Time
    ended_at: Time | None
    by: str
    asked: int
    verified: int
    failed: int


class VerificationOut(VerificationSumOut):
    """The result sheet."""

    contacts: list[ProofOut]


@router.get("/drills")
def list_drills(
    window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[ExerciseOut]:
    """Newest first."""
    return _listed(window, caller, ExerciseKind.DRILL, limit, cursor)


@router.post("/drills", status_code=201)
def begin_drill(window: TheWindow, caller: Caller, body: DrillIn) -> ExerciseOut:
    """A true run of the chain over real people, marked 演练 everywhere. A real danger in the zone, or one that needs
    the same people, ends it at once."""
    _allow_in(window, caller, body.zone)
    begun = _doors(window).drill(
        body.zone, body.scenario, by=caller.actor, place=body.place, lasts=body.minutes * MINUTE
    )
    return _shown(window, caller, [begun])[0]


@router.get("/drills/{exercise_id}")
def get_drill(window: TheWindow, caller: Caller, exercise_id: Ref) -> ExerciseOut:
    """With its scorecard as it stands."""
    return _one(window, caller, exercise_id, ExerciseKind.DRILL)


@router.post("/drills/{exercise_id}/end")
def end_drill(window: TheWindow, caller: Caller, exercise_id: Ref) -> ExerciseOut:
    """Everybody who was told hears that it is over."""
    found = _find(window, caller, exercise_id, ExerciseKind.DRILL)
    _allow_in(window, caller, found.zone)
    return _shown(window, caller, [_doors(window).stop(found.id, by=caller.actor)])[0]


@router.get("/duty-checks")
def list_checks(
    window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[ExerciseOut]:
    """查岗, newest first."""
    return _listed(window, caller, ExerciseKind.DUTY_CHECK, limit, cursor)


@router.post("/duty-checks", status_code=201)
def begin_check(window: TheWindow, caller: Caller, body: CheckIn) -> ExerciseOut:
    """Asks the desk to answer. Who does not in time is missed, and the next level hears it."""
    _allow_in(window, caller, body.zone)
    begun = _doors(window).check(body.zone, by=caller.actor, within=body.minutes * MINUTE)
    return _shown(window, caller, [begun])[0]


@router.get("/duty-checks/{exercise_id}")
def get_check(window: TheWindow, caller: Caller, exercise_id: Ref) -> ExerciseOut:
    return _one(window, caller, exercise_id, ExerciseKind.DUTY_CHECK)


@router.post("/people/verify", status_code=201)
def begin_verification(window: TheWindow, caller: Caller, body: VerifyIn | None = None) -> VerificationOut:
    """A test message to each contact that was never verified, with a code and, where there is one, a link. An
    unverified contact is told of alarms all the same; it only does not count as coverage."""
    allow_on_site(caller, Act.DRILL)
    people = body.people if body else None
    begun = _doors(window).verify(None if people is None else [PersonId(id) for id in people], by=caller.actor)
    return _sheet(window, caller, begun)


@router.get("/verifications")
def list_verifications(
    window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[VerificationSumOut]:
    """Every time that contacts were verified, newest first; each has its sheet at `/people/verify/{id}`."""
    allow_on_site(caller, Act.DRILL)
    rows = _doors(window).newest(ExerciseKind.VERIFICATION, mark_of(cursor), limit + 1)
    page, following = cut(rows, limit, lambda one: (one.begun_at, one.id))
    community = window.directory.community()
    names = Names(community, caller)
    tests = window.board.deliveries_of([one.incident for one in page])
    return Page(items=[_sum(community, one, tests.get(one.incident, []), names) for one in page], next=following)


@router.get("/people/verify/{exercise_id}")
def get_verification(window: TheWindow, caller: Caller, exercise_id: Ref) -> VerificationOut:
    """The result sheet as it stands."""
    allow_on_site(caller, Act.DRILL)
    return _sheet(window, caller, _find(window, caller, exercise_id, ExerciseKind.VERIFICATION))


@router.post("/people/verify/{exercise_id}/confirm")
def confirm_by_code(window: TheWindow, caller: Caller, exercise_id: Ref, body: CodeIn) -> VerificationOut:
    """For whoever has no link: the code in a person's message proves the contact that it came to."""
    allow_on_site(caller, Act.DRILL)
    found = _find(window, caller, exercise_id, ExerciseKind.VERIFICATION)
    tests = window.board.deliveries_of([found.incident]).get(found.incident, [])
    theirs = [one for one in tests if one.person == body.person]
    proven = [one for one in theirs if window.link_secret and code_of(one.key, window.link_secret) == body.code]
    if not proven:
        raise invalid("body/code", f"is not what was sent to {body.person}")
    window.answers.confirm(proven[0])
    return _sheet(window, caller, found)


def exercises_between(
    window: Window, caller: Principal, kind: ExerciseKind, start: Instant, end: Instant
) -> list[Exercise]:
    """Begun in [start, end) where the caller may see, oldest first."""
    found: list[Exercise] = []
    mark = (end, "")
    while window.exercises is not None:
        page = window.exercises.newest(kind, mark, MOST)
        found += [one for one in page if start <= one.begun_at and may(caller, Act.READ, one.place)]
        if len(page) < MOST or page[-1].begun_at < start:
            break
        mark = (page[-1].begun_at, page[-1].id)
    return found[::-1]


def scored(exercise: Exercise, incident: Incident | None, told: Sequence[Delivery]) -> Score:
    """The scorecard; an empty one where nothing is left of its incident."""
    return score(exercise, incident, told) if incident is not None else _NOBODY


def _doors(window: Window) -> Exercises:
    if window.exercises is None:
        raise not_found("exercises", "here")
    return window.exercises


def _allow_in(window: Window, caller: Principal, zone: str) -> None:
    known = window.directory.community().zones.get(zone)
    if known is None:
        raise not_found("zone", zone)
    allow_over(caller, Act.DRILL, known.places)


def _find(window: Window, caller: Principal, id: str, kind: ExerciseKind) -> Exercise:
    found = _doors(window).get(id)
    if found is None or found.kind is not kind:
        raise not_found(kind.replace("_", " "), id)
    allow(caller, Act.READ, found.place)
    return found


def _one(window: Window, caller: Principal, id: str, kind: ExerciseKind) -> ExerciseOut:
    return _shown(window, caller, [_find(window, caller, id, kind)])[0]


def _listed(window: Window, caller: Principal, kind: ExerciseKind, limit: int, cursor: str | None) -> Page[ExerciseOut]:
    allow(caller, Act.READ)
    rows = _doors(window).newest(kind, mark_of(cursor), limit + 1)
    page, following = cut(rows, limit, lambda one: (one.begun_at, one.id))
    seen = [one for one in page if may(caller, Act.READ, one.place)]
    return Page(items=_shown(window, caller, seen), next=following)


def _shown(window: Window, caller: Principal, exercises: Sequence[Exercise]) -> list[ExerciseOut]:
    names = Names(window.directory.community(), caller)
    told = window.board.deliveries_of([one.incident for one in exercises])
    incidents = {one.incident: window.board.incident(one.incident) for one in exercises}
    return [_out(one, incidents[one.incident], told.get(one.incident, []), names) for one in exercises]


def _out(exercise: Exercise, incident: Incident | None, told: Sequence[Delivery], names: Names) -> ExerciseOut:
    card = scored(exercise, incident, told)
    people = {*card.told, *card.untold, *card.acknowledged, *card.on_scene}
    return ExerciseOut(
        id=exercise.id,
        kind=exercise.kind,
        zone=exercise.zone,
        place=exercise.place,
        scenario=exercise.scenario,
        incident=exercise.incident,
        by=exercise.by,
        begun_at=rfc3339(exercise.begun_at),
        ends_at=rfc3339(exercise.ends_at),
        answer_until=time(exercise.answer_until),
        answered_at=time(exercise.answered_at),
        missed=exercise.missed,
        ended_at=time(exercise.ended_at),
        ended=exercise.ended,
        note=exercise.note,
        score=ScoreOut(
            told=list(card.told),
            untold=list(card.untold),
            seen=list(card.seen),
            acknowledged=list(card.acknowledged),
            on_scene=list(card.on_scene),
            missed=list(card.missed),
            first_told_after=card.first_told_after,
            acknowledged_after=card.acknowledged_after,
            on_scene_after=card.on_scene_after,
        ),
        people={id: names.person(id) for id in sorted(people)},
    )


def _sheet(window: Window, caller: Principal, exercise: Exercise) -> VerificationOut:
    tests = window.board.deliveries_of([exercise.incident]).get(exercise.incident, [])
    community = window.directory.community()
    names = Names(community, caller)
    return VerificationOut(
        **_sum(community, exercise, tests, names).model_dump(),
        contacts=[_proof(community, one, names) for one in tests],
    )


def _sum(community: Community, exercise: Exercise, tests: Sequence[Delivery], names: Names) -> VerificationSumOut:
    return VerificationSumOut(
        id=exercise.id,
        begun_at=rfc3339(exercise.begun_at),
        ends_at=rfc3339(exercise.ends_at),
        ended_at=time(exercise.ended_at),
        by=names.person(exercise.by),
        asked=len(tests),
        verified=sum(_is_proven(community, one) for one in tests),
        failed=sum(one.state in (DeliveryState.REFUSED, DeliveryState.UNREACHABLE) for one in tests),
    )


def _proof(community: Community, test: Delivery, names: Names) -> ProofOut:
    return ProofOut(
        person=test.person,
        name=names.person(test.person),
        channel=test.channel,
        contact=test.contact,
        state=test.state,
        failure=test.failure,
        verified=_is_proven(community, test),
        sent_at=time(test.sent_at),
        answered_at=time(test.answered_at),
        detail=test.detail,
    )


def _is_proven(community: Community, test: Delivery) -> bool:
    person = community.people.get(test.person)
    return person is not None and test.contact < len(person.channels) and person.channels[test.contact].verified


_NOBODY = Score(
    told=[],
    untold=[],
    seen=[],
    acknowledged=[],
    on_scene=[],
    missed=[],
    first_told_after=None,
    acknowledged_after=None,
    on_scene_after=None,
)
