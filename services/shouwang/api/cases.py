"""How an incident, its timeline and its deliveries look to a caller: pure, from rows to wire shapes."""

from collections.abc import Iterable, Mapping, Sequence

from shouwang.domain.casefile import CaseFile, Dialled
from shouwang.domain.clocks import Clock, clocks
from shouwang.domain.escalation import Step, step_due_at
from shouwang.domain.incident import Incident, is_live, people_in
from shouwang.domain.journal import Entry
from shouwang.domain.moment import rfc3339
from shouwang.domain.notice import Delivery, DeliveryState
from shouwang.domain.owed import owed
from shouwang.domain.reveal import REVEALED
from shouwang.domain.vocabulary import SECOND, IncidentId, Instant, Severity

from .journals import readable
from .names import Names
from .questions import time
from .schemas import (
    ArrivedOut,
    CaseFileOut,
    ClockOut,
    DeliveryOut,
    DialledOut,
    EnteredOut,
    EntryOut,
    FileOut,
    FollowedUpOut,
    IncidentOut,
    NextStepOut,
    OwedOut,
)

_TRIED_AGAIN = frozenset({DeliveryState.QUEUED, DeliveryState.UNREACHABLE})


def incidents_out(
    incidents: Iterable[Incident],
    timelines: Mapping[IncidentId, Sequence[Entry]],
    deliveries: Mapping[IncidentId, Sequence[Delivery]],
    names: Names,
    now: Instant,
) -> list[IncidentOut]:
    return [
        incident_out(incident, timelines.get(incident.id, ()), deliveries.get(incident.id, ()), names, now)
        for incident in incidents
    ]


def incident_out(
    incident: Incident, timeline: Sequence[Entry], deliveries: Sequence[Delivery], names: Names, now: Instant
) -> IncidentOut:
    told = [delivery_out(delivery, names, incident.place) for delivery in deliveries]
    entries = [entry_out(entry, names) for entry in timeline]
    revealed = [str(one.body["person"]) for one in timeline if one.kind == REVEALED and one.body.get("person")]
    people = names.people([*people_in(incident), *revealed, *_people_of(incident.file)])
    people.update({one.person: one.name for one in told})
    return IncidentOut(
        id=incident.id,
        state=incident.state,
        severity=incident.severity,
        klass=incident.klass,
        title=incident.title,
        place=incident.place,
        where=names.place(incident.place),
        places=list(incident.places),
        zone=incident.zone,
        alerts=list(incident.alerts),
        active=list(incident.active),
        devices=list(incident.devices),
        confirmed=incident.confirmed,
        opened_at=rfc3339(incident.opened_at),
        acknowledged_at=time(incident.acknowledged_at),
        acknowledged_by=incident.acknowledged_by,
        verified_at=time(incident.verified_at),
        verified_by=incident.verified_by,
        finding=incident.finding,
        finding_how=incident.finding_how,
        en_route_at=time(incident.en_route_at),
        en_route_by=incident.en_route_by,
        on_scene_at=time(incident.on_scene_at),
        on_scene_by=incident.on_scene_by,
        resolved_at=time(incident.resolved_at),
        resolved_by=incident.resolved_by,
        outcome=incident.outcome,
        cause=incident.cause,
        cleared_at=time(incident.cleared_at),
        reviewed_at=time(incident.reviewed_at),
        reviewed_by=incident.reviewed_by,
        closed_at=time(incident.closed_at),
        closed_by=incident.closed_by,
        holder=incident.holder,
        declined=list(incident.declined),
        reached={name: rfc3339(at) for name, at in incident.reached.items()},
        under=incident.under,
        drill=incident.drill,
        test=incident.test,
        late=incident.late,
        demo=incident.demo,
        policy=incident.policy.id,
        clocks=[_clock_out(one) for one in clocks(incident, now)],
        file=_file_out(incident.file) if incident.file is not None else None,
        next_step=next_step(incident),
        owed=[OwedOut(what=debt.what, at=time(debt.at)) for debt in owed(incident)],
        deliveries=told,
        timeline=entries,
        people=people,
        revision=incident.revision,
    )


def delivery_out(delivery: Delivery, names: Names, place: str = "") -> DeliveryOut:
    """``place``: of its incident, to tell the post under which the person was told."""
    return DeliveryOut(
        key=delivery.key,
        incident=delivery.incident,
        person=delivery.person,
        name=names.person(delivery.person),
        post=names.post(delivery.person, place),
        channel=delivery.channel,
        why=delivery.why,
        step=delivery.step,
        state=delivery.state,
        attempts=delivery.attempts,
        created_at=rfc3339(delivery.created_at),
        sent_at=time(delivery.sent_at),
        delivered_at=time(delivery.delivered_at),
        seen_at=time(delivery.seen_at),
        answered_at=time(delivery.answered_at),
        due_at=time(delivery.due_at) if delivery.state in _TRIED_AGAIN else None,
        detail=delivery.detail,
    )


def entry_out(entry: Entry, names: Names) -> EntryOut:
    return EntryOut(
        seq=entry.seq,
        at=rfc3339(entry.at),
        kind=entry.kind,
        actor=entry.actor,
        actor_name=names.person(entry.actor),
        incident=entry.incident,
        alert=entry.alert,
        device=entry.device,
        place=entry.place,
        where=names.place(entry.place).label if entry.place else None,
        body=readable(entry.body),
    )


def next_step(incident: Incident) -> NextStepOut | None:
    """The step that the policy tells next by the clock, None when none is left or the case is over. One whose
    ``unless`` holds already will tell nobody."""
    if not is_live(incident.state):
        return None
    over = {mark.index for mark in incident.steps}
    waiting = [
        (at, index, step)
        for index, step in enumerate(incident.policy.steps)
        if index not in over and step.unless not in incident.reached and (at := _due_at(incident, step)) is not None
    ]
    if not waiting:
        return None
    at, index, step = min(waiting, key=lambda one: one[:2])
    return NextStepOut(at=rfc3339(at), index=index, tell=step.tell, unless=step.unless, when=step.when)


def _due_at(incident: Incident, step: Step) -> Instant | None:
    heeds_quiet = incident.severity is not Severity.CRITICAL
    return step_due_at(incident.policy, step, incident.armed_at, incident.reached, heeds_quiet=heeds_quiet)


def _clock_out(clock: Clock) -> ClockOut:
    return ClockOut(
        name=clock.name,
        limit=clock.limit // SECOND,
        due_at=rfc3339(clock.due_at),
        met_at=time(clock.met_at),
        late=clock.late,
        proven=clock.proven,
        said=clock.said,
    )


def _dialled_out(one: Dialled) -> DialledOut:
    return DialledOut(
        service=one.service,
        at=rfc3339(one.at),
        by=one.by,
        note=one.note,
        person=one.person,
        answered=one.answered,
    )


def _people_of(file: CaseFile | None) -> list[str]:
    """Whoever added to the case, or stands in what was added; a witness may be a post and a name as they were said."""
    if file is None:
        return []
    added = [one.by for each in (file.arrivals, file.calls, file.entries, file.files, file.follow_ups) for one in each]
    called = [one.person for one in file.calls if one.person]
    seen = [person for one in file.entries for person in (one.authorised_by, *one.witnesses)]
    return [*added, *called, *seen, *([file.reported_by] if file.reported_by else [])]


def _file_out(file: CaseFile) -> CaseFileOut:
    return CaseFileOut(
        arrivals=[
            ArrivedOut(by=one.by, at=rfc3339(one.at), proof=one.proof, reference=one.reference) for one in file.arrivals
        ],
        calls=[_dialled_out(one) for one in file.calls],
        entries=[
            EnteredOut(
                how=one.how,
                place=one.place,
                reason=one.reason,
                authorised_by=one.authorised_by,
                witnesses=one.witnesses,
                witness_posts=one.witness_posts,
                at=rfc3339(one.at),
                by=one.by,
            )
            for one in file.entries
        ],
        files=[
            FileOut(id=one.id, name=one.name, type=one.type, size=one.size, at=rfc3339(one.at), by=one.by)
            for one in file.files
        ],
        follow_ups=[
            FollowedUpOut(result=one.result, at=rfc3339(one.at), by=one.by, note=one.note) for one in file.follow_ups
        ],
        reported_by=file.reported_by,
        topic=file.topic,
        merged=[str(one) for one in file.merged],
        merged_into=file.merged_into,
        split_from=file.split_from,
    )
