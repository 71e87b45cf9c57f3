"""What an act of a person changes: the incident, its alerts, whom to tell, what intake must follow."""

from collections.abc import Sequence
from typing import Any, assert_never

import msgspec

from shouwang.domain.acts import (
    Acknowledge,
    Act,
    Arrive,
    Attach,
    Check,
    Close,
    Count,
    Decline,
    Depart,
    Dial,
    Enter,
    Escalate,
    FollowUp,
    HandOver,
    Remark,
    Resolve,
    Review,
    Verify,
    is_repeated,
    refuse_impossible,
)
from shouwang.domain.alert import UNSEEN, Alert, AlertState, Order
from shouwang.domain.alerting import ended, plan_acknowledge
from shouwang.domain.casefile import (
    Arrived,
    CaseFile,
    Checked,
    Counted,
    Dialled,
    Entered,
    Escalated,
    FollowedUp,
    Visit,
)
from shouwang.domain.community import Community
from shouwang.domain.draft import Draft
from shouwang.domain.duty import TOLD, fallback_of
from shouwang.domain.errors import Conflict
from shouwang.domain.escalation import Milestone
from shouwang.domain.hearsay import is_doubted, is_late, when_done
from shouwang.domain.incident import Finding, Incident, IncidentEvent, move_incident
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Notice, Why
from shouwang.domain.owed import is_of_exercise, owed
from shouwang.domain.vocabulary import Instant, PersonId, Value
from shouwang.domain.witnessing import posts_then, witnesses_of

_ENDABLE = (AlertState.ACKED, AlertState.LATCHED_ACKED)


class ActPlan(Value, frozen=True, kw_only=True):
    """What an act changes. ``incident`` is the very one that was given where nothing changes. ``stands_down``: nothing
    that still waits to be sent for it may be sent any more."""

    incident: Incident
    alerts: list[Alert] = msgspec.field(default_factory=list)
    notices: list[Notice] = msgspec.field(default_factory=list)
    entries: list[Entry] = msgspec.field(default_factory=list)
    orders: list[Order] = msgspec.field(default_factory=list)
    stands_down: bool = False


def plan_act(
    incident: Incident,
    act: Act,
    *,
    actor: str,
    alerts: Sequence[Alert],
    told: Sequence[str],
    community: Community,
    now: Instant,
) -> ActPlan:
    """``actor``: a person's or token's id. ``alerts``: all of the incident. ``told``: the people told so far. Raises
    Conflict where the act cannot be."""
    if is_repeated(incident, act, actor, alerts):
        return ActPlan(incident=incident)
    refuse_impossible(incident, act, actor, community)
    doing = _Doing(incident, actor, alerts, now, said_at=act.said_at)
    match act:
        case Acknowledge():
            doing.take(act.note)
        case Verify():
            doing.verify(act)
        case Decline():
            doing.decline(act, told, community)
        case Depart():
            doing.depart(act)
        case Arrive():
            doing.arrive(act)
        case Resolve():
            doing.resolve(act)
        case Review():
            doing.move(IncidentEvent.REVIEW)
            doing.draft.set(reviewed_at=now, reviewed_by=actor)
            doing.draft.record("incident.reviewed", note=act.note)
        case Close():
            doing.move(IncidentEvent.CLOSE)
            doing.draft.set(closed_at=now, closed_by=actor)
            left = [debt.what for debt in owed(incident)]
            doing.draft.record("incident.closed", note=act.note, owed=left)
        case HandOver():
            doing.draft.set(holder=act.to)
            doing.draft.record("incident.handed_over", to=act.to, note=act.note)
            doing.draft.tell(Why.NEXT_STEP, [f"person:{act.to}"], detail="handed over")
        case Escalate():
            doing.escalate(act, community)
        case Remark():
            doing.draft.record("incident.noted", note=act.note)
        case Check() | Dial() | Enter() | Count() | Attach() | FollowUp():
            doing.add(act, community)
        case _:
            assert_never(act)
    return doing.plan()


class _Doing:
    """One act under way: the incident's draft, and the alerts and orders that follow from it."""

    def __init__(
        self, incident: Incident, actor: str, alerts: Sequence[Alert], now: Instant, *, said_at: Instant | None
    ) -> None:
        self.draft = Draft(incident, now, actor)
        self.actor = actor
        self.now = now
        self.said_at = said_at
        self.done_at = when_done(said_at, incident.opened_at, now)
        self.alerts = {alert.id: alert for alert in alerts}
        self.changed: dict[str, Alert] = {}
        self.orders: list[Order] = []
        self.stands_down = False

    def plan(self) -> ActPlan:
        incident, notices, entries = self.draft.done()
        return ActPlan(
            incident=incident,
            alerts=list(self.changed.values()),
            notices=notices,
            entries=[self._with_time(entry) for entry in entries],
            orders=self.orders,
            stands_down=self.stands_down,
        )

    def _with_time(self, entry: Entry) -> Entry:
        """A line of the moment at which the act came here; what its phone says of when it was done stands in it."""
        if not (is_late(self.said_at, self.now) and entry.kind.startswith("incident.")):
            return entry
        doubted = {"doubted": True} if is_doubted(self.said_at, self.draft.incident.opened_at, self.now) else {}
        return msgspec.structs.replace(entry, body={**entry.body, "said_at": self.said_at, **doubted})

    def move(self, event: IncidentEvent) -> None:
        self.draft.set(state=move_incident(self.draft.incident.state, event))

    def take(self, note: str) -> None:
        """The actor has it, with the alerts that are there. The first acknowledgement's time stands for the case."""
        incident = self.draft.incident
        self.move(IncidentEvent.ACKNOWLEDGE)
        self.draft.set(
            holder=PersonId(self.actor),
            acknowledged_at=incident.acknowledged_at or self.now,
            acknowledged_by=incident.acknowledged_by or self.actor,
            declined=[person for person in incident.declined if person != self.actor],
        )
        self.draft.reach(Milestone.ACKNOWLEDGED)
        self.draft.record("incident.acknowledged", note=note)
        if incident.policy.acknowledged_for:
            self.draft.look_again()
        self._acknowledge_alerts()

    def verify(self, act: Verify) -> None:
        """An unclear finding is on record, and counts for nothing: somebody must still look."""
        self.move(IncidentEvent.VERIFY)
        self.draft.set(verified_at=self.now, verified_by=self.actor, finding=act.finding, finding_how=act.how)
        self.draft.record("incident.verified", finding=act.finding, how=act.how, note=act.note)
        match act.finding:
            case Finding.REAL:
                is_news = Milestone.VERIFIED_REAL not in self.draft.incident.reached
                self.draft.reach(Milestone.VERIFIED, Milestone.VERIFIED_REAL)
                self.draft.climb(Why.VERIFIED, also_told=is_news)
            case Finding.FALSE:
                self.draft.forget(Milestone.VERIFIED_REAL)
                self.draft.reach(Milestone.VERIFIED)
                self.draft.climb(Why.NEXT_STEP)
            case Finding.UNCLEAR:
                pass

    def decline(self, act: Decline, told: Sequence[str], community: Community) -> None:
        """The holder gives the case back, and steps that the answer had spared come now. When nobody holds it and
        everybody told has declined, the next level comes at once."""
        incident = self.draft.incident
        if incident.holder == self.actor:
            self.move(IncidentEvent.RELEASE)
            answers = (Milestone.ACKNOWLEDGED, Milestone.EN_ROUTE)
            self.draft.set(
                holder=None,
                acknowledged_at=None,
                acknowledged_by=None,
                en_route_at=None,
                en_route_by=None,
                steps=[mark for mark in incident.steps if mark.skipped not in answers],
            )
            self.draft.forget(*answers)
        else:
            self.move(IncidentEvent.DECLINE)
        self.draft.set(declined=[*incident.declined, PersonId(self.actor)])
        self.draft.record("incident.declined", note=act.note)
        self.draft.climb(Why.NEXT_STEP)
        if self.draft.incident.holder is None and not self.draft.notices:
            everyone = bool(told) and set(told) <= set(self.draft.incident.declined)
            if everyone:
                self._call_on(community, Why.COVERAGE_GAP, detail="everyone declined")

    def depart(self, act: Depart) -> None:
        self._take_where_nobody_has()
        self.move(IncidentEvent.DEPART)
        incident = self.draft.incident
        self.draft.set(en_route_at=incident.en_route_at or self.done_at, en_route_by=incident.en_route_by or self.actor)
        self.draft.reach(Milestone.EN_ROUTE)
        self.draft.record("incident.en_route", note=act.note)

    def arrive(self, act: Arrive) -> None:
        self._take_where_nobody_has()
        self.move(IncidentEvent.ARRIVE)
        incident = self.draft.incident
        self.draft.set(on_scene_at=incident.on_scene_at or self.done_at, on_scene_by=incident.on_scene_by or self.actor)
        # Whoever is here was on the way: no step that waits for somebody to set out calls more people.
        self.draft.reach(Milestone.EN_ROUTE, Milestone.ON_SCENE)
        arrived = Arrived(by=self.actor, at=self.done_at, proof=act.proof, reference=act.reference)
        earlier = [one for one in self._file.arrivals if one.by != self.actor or one.proof is not None]
        self._keep_file(arrivals=[*earlier, arrived])
        self.draft.record("incident.on_scene", proof=act.proof, reference=act.reference, note=act.note)

    def add(self, act: Check | Dial | Enter | Count | Attach | FollowUp, community: Community) -> None:
        """What changes nothing but the case's file."""
        file, at, by = self._file, self.done_at, self.actor
        match act:
            case Check():
                checks = [*file.checks, Checked(item=act.item, at=at, by=by, note=act.note)]
                self._keep_file(checks=checks)
                self.draft.record("incident.checked", item=act.item, note=act.note)
            case Dial():
                called = Dialled(
                    service=act.service, at=at, by=by, note=act.note, person=act.person, answered=act.answered
                )
                self._keep_file(calls=[*file.calls, called])
                self.draft.record(
                    "incident.dialled",
                    service=act.service,
                    person=act.person,
                    answered=act.answered,
                    note=act.note,
                )
            case Enter():
                witnesses = witnesses_of(act.witnesses, actor=by, community=community)
                posts = dict(posts_then(witnesses, act.place, community))
                entered = Entered(
                    how=act.how,
                    place=act.place,
                    reason=act.reason,
                    authorised_by=act.authorised_by,
                    witnesses=witnesses,
                    witness_posts=posts,
                    at=at,
                    by=by,
                )
                self._keep_file(entries=[*file.entries, entered])
                self.draft.record(
                    "incident.entered",
                    how=act.how,
                    at_place=act.place,
                    reason=act.reason,
                    authorised_by=act.authorised_by,
                    witnesses=witnesses,
                    witness_posts=posts,
                    note=act.note,
                )
            case Count():
                others = [one for one in file.headcount if one.place != act.place]
                before = [one for one in file.headcount if one.place == act.place and one.at > at]
                counted = Counted(place=act.place, state=act.state, people=act.people, at=at, by=by, note=act.note)
                # A count that a phone kept does not undo a later one that was heard before it.
                self._keep_file(headcount=[*others, *(before or [counted])])
                self.draft.record(
                    "incident.counted", at_place=act.place, count=act.state, people=act.people, note=act.note
                )
            case Attach():
                self._keep_file(files=[*file.files, act.file])
                self.draft.record(
                    "incident.attached", file=act.file.id, type=act.file.type, size=act.file.size, note=act.note
                )
            case FollowUp():
                followed = FollowedUp(result=act.result, at=at, by=by, note=act.note)
                self._keep_file(follow_ups=[*file.follow_ups, followed])
                if act.result is not Visit.NOT_REACHED:
                    self.draft.reach(Milestone.FOLLOWED_UP)
                self.draft.record("incident.followed_up", result=act.result, note=act.note)
            case _:
                assert_never(act)

    def resolve(self, act: Resolve) -> None:
        """Ends events and resets latches; what merely lasts (a warning that is still true) is acknowledged and ends by
        itself. Everybody who was told hears it, and nothing else of this incident is sent any more."""
        self.move(IncidentEvent.RESOLVE)
        self.draft.set(
            resolved_at=self.now,
            resolved_by=self.actor,
            outcome=act.outcome,
            cause=act.cause,
            active=[],
        )
        self.draft.reach(Milestone.RESOLVED)
        self.draft.record("incident.resolved", outcome=act.outcome, cause=act.cause, note=act.note)
        self._acknowledge_alerts()
        for alert in self.alerts.values():
            if alert.state in _ENDABLE and (alert.latching or alert.event):
                over, entries, order = ended(alert, actor=self.actor, now=self.now)
                self._keep(over, entries)
                self.orders.append(order)
        if is_of_exercise(self.draft.incident):
            self.draft.set(next_step_at=None)
            self.draft.tell(Why.STOOD_DOWN, [TOLD], detail=act.outcome)
        else:
            self.draft.climb(Why.STOOD_DOWN, also_told=True, detail=act.outcome)
        self.stands_down = True

    def escalate(self, act: Escalate, community: Community) -> None:
        """A person who asks for more people gets them, whatever the step would have waited for."""
        self.draft.record("incident.escalated", note=act.reason)
        if not self._call_on(community, Why.NEXT_STEP, heeds_unless=False, detail=act.reason):
            raise Conflict("no further level is left to tell, and no reachable fallback is named")
        called = Escalated(reason=act.reason, at=self.now, by=self.actor, notice=self.draft.notices[-1].id)
        self._keep_file(escalated=[*self._file.escalated, called])

    def _call_on(self, community: Community, last: Why, *, heeds_unless: bool = True, detail: str) -> bool:
        """The next level now, or, where none is left, the fallback; False where there is neither."""
        draft = self.draft
        told = [mark.index for mark in draft.incident.steps if not mark.skipped]
        level = draft.level_after(max(told, default=-1), heeds_unless=heeds_unless)
        fallback = fallback_of(community, draft.incident.place)
        if level is not None:
            draft.hurry(level, Why.NEXT_STEP, detail=detail)
        elif fallback is not None:
            draft.tell(last, [f"person:{fallback}"], detail=detail)
        draft.look_again()
        return level is not None or fallback is not None

    @property
    def _file(self) -> CaseFile:
        return self.draft.incident.file or CaseFile()

    def _keep_file(self, **changes: Any) -> None:
        self.draft.set(file=msgspec.structs.replace(self._file, **changes))

    def _take_where_nobody_has(self) -> None:
        incident = self.draft.incident
        if Milestone.ACKNOWLEDGED in incident.reached:
            return
        holder = incident.holder
        self.take(note="")
        if holder is not None:
            self.draft.set(holder=holder)

    def _acknowledge_alerts(self) -> None:
        for alert in self.alerts.values():
            if alert.state in UNSEEN and (moved := plan_acknowledge(alert, actor=self.actor, now=self.now)):
                self._keep(*moved)

    def _keep(self, alert: Alert, entries: Sequence[Entry]) -> None:
        self.alerts[alert.id] = self.changed[alert.id] = alert
        self.draft.entries.extend(entries)
