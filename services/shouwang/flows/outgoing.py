"""The written half of dispatch: its transactions, each short, each whole. What they give back is what to send now."""

import logging
from collections.abc import Callable, Collection, Sequence

from shouwang import metrics
from shouwang.domain import delivery as deliver
from shouwang.domain.alert import Alert
from shouwang.domain.climbing import Changed, nobody_answers
from shouwang.domain.community import Community
from shouwang.domain.duty import TOLD, Resolution, resolve
from shouwang.domain.incident import Incident
from shouwang.domain.journal import Entry
from shouwang.domain.levels import is_afar
from shouwang.domain.message import compose
from shouwang.domain.notice import Delivery, DeliveryState, Notice, Outcome, Why, hearers, notice_rank
from shouwang.domain.vocabulary import SECOND, AlertId, DeliveryKey, Duration, IncidentId, Instant, NoticeId, PersonId
from shouwang.flows.lanes import Job
from shouwang.ports import Casebook, Clock, Directory, Outbox, Transaction

log = logging.getLogger(__name__)

NOTICES_AT_ONCE = 8
DELIVERIES_AT_ONCE = 40
"""Of one transaction: about 5 ms of the one writer."""

LEASE: Duration = 30 * SECOND

HELD_FIRST, HELD_OTHERS = 2000, 500
"""Deliveries in memory at most; beyond, they wait in the outbox, in its order."""

ASIDE: Duration = 5 * SECOND
"""A notice whose expansion fails is passed over for this long, so that it holds up no other."""


class Outgoing:
    """Called from one thread at a time."""

    def __init__(
        self,
        *,
        casebook: Casebook,
        outbox: Outbox,
        directory: Directory,
        channels: Collection[str],
        clock: Clock,
        holder: str,
        is_alive: Callable[[str], bool | None] | None,
        link: Callable[[DeliveryKey], str],
        code: Callable[[DeliveryKey], str] = lambda _delivery: "",
        reach: Callable[[str], None] = lambda _point: None,
        answerable: Collection[str] = (),
    ) -> None:
        """``answerable``: channels on which what a person writes back is read."""
        self._casebook = casebook
        self._outbox = outbox
        self._directory = directory
        self._channels = channels
        self._clock = clock
        self._holder = holder
        self._is_alive = is_alive
        self._link = link
        self._code = code
        self._reach = reach
        self._answerable = answerable
        self._aside: dict[NoticeId, Instant] = {}

    def take_over(self) -> None:
        """What a dead process of this machine was sending is due again at once."""
        if taken := self._outbox.reclaim(self._clock.now(), self._is_alive):
            metrics.LEASES_RECLAIMED.inc(taken)
            log.warning("took over %d deliveries of a sender that died", taken)

    def expand(self, held: int) -> list[Job] | None:
        """Turns the next notices into deliveries; those to send now, None when there was no notice. ``held``: jobs in
        memory."""
        now = self._clock.now()
        self._aside = {id: until for id, until in self._aside.items() if until > now}
        found = self._outbox.notices(NOTICES_AT_ONCE + len(self._aside))
        notices = [notice for notice in found if notice.id not in self._aside][:NOTICES_AT_ONCE]
        if not notices:
            return None
        community = self._directory.community()
        try:
            return self._expand(notices, community, held, now)
        except Exception:
            log.exception("%d notices could not be expanded together; trying them one by one", len(notices))
        jobs: list[Job] = []
        for notice in notices:
            try:
                jobs += self._expand([notice], community, held, now)
            except Exception:
                log.exception("notice %s cannot be expanded now", notice.id)
                self._aside[notice.id] = now + ASIDE
        return jobs

    def lease(self, held: int) -> list[Job]:
        """Deliveries that are due: retries, what another process left, what had no room before."""
        now = self._clock.now()
        room = min(DELIVERIES_AT_ONCE, HELD_FIRST - held)
        due = self._outbox.lease(self._holder, now, now + LEASE, room) if room > 0 else []
        if not due:
            return []
        community = self._directory.community()
        jobs: list[Job] = []
        with self._casebook.change() as change:
            cases = _Cases(change)
            for one in due:
                incident = cases.incident(one.incident)
                if incident is None or not deliver.is_worth_sending(one, incident, now):
                    change.keep_delivery(deliver.cancelled(one))
                else:
                    jobs.append(self._job(one, incident, cases, community, now))
        return jobs

    def is_still_wanted(self, job: Job) -> bool:
        """Of one that waited for its turn: ours still, and something that its person has yet to hear. One that nobody
        needs any more is cancelled."""
        now = self._clock.now()
        standing = self._outbox.standing(job.delivery.key)
        if standing is None or not self._is_ours(standing[0]):
            return False
        if deliver.is_worth_sending(*standing, now):
            return True
        with self._casebook.change() as change:
            cases = _Cases(change)
            kept = cases.delivery(job.delivery)
            if kept is not None and self._is_ours(kept):
                cases.keep_delivery(deliver.cancelled(kept))
        return False

    def settle(self, batch: Sequence[tuple[Job, Outcome]]) -> list[Job]:
        """Writes what became of these attempts; the failovers to send now."""
        community = self._directory.community()
        try:
            return self._settle(batch, community)
        except Exception:
            if len(batch) == 1:
                raise
            log.exception("%d outcomes could not be written together; trying them one by one", len(batch))
        jobs: list[Job] = []
        failures: list[Exception] = []
        for one in batch:
            try:
                jobs += self._settle([one], community)
            except Exception as error:
                log.exception("the outcome of delivery %s cannot be written now", one[0].delivery.key)
                failures.append(error)
        if len(failures) == len(batch):
            raise failures[0]
        return jobs

    def give_back(self, jobs: Sequence[Job]) -> None:
        """They were not sent to the end: due at once for whoever looks next."""
        for start in range(0, len(jobs), DELIVERIES_AT_ONCE):
            with self._casebook.change() as change:
                cases = _Cases(change)
                for job in jobs[start : start + DELIVERIES_AT_ONCE]:
                    kept = cases.delivery(job.delivery)
                    if kept is not None and self._is_ours(kept):
                        cases.keep_delivery(deliver.given_back(kept))

    def _is_ours(self, one: Delivery) -> bool:
        return one.state is DeliveryState.LEASED and one.lease_holder == self._holder

    def _expand(self, notices: Sequence[Notice], community: Community, held: int, now: Instant) -> list[Job]:
        jobs: list[Job] = []
        with self._casebook.change() as change:
            cases = _Cases(change)
            written = 0
            for notice in notices:
                if written >= DELIVERIES_AT_ONCE:
                    break
                incident = cases.incident(notice.incident)
                if not change.expanded(notice.id, now):
                    continue
                if incident is None:
                    log.error("notice %s is about incident %s, which is not there", notice.id, notice.incident)
                    continue
                deliveries = self._expand_one(notice, incident, cases, community, held + len(jobs), now)
                written += len(deliveries)
                ours = [one for one in deliveries if one.state is DeliveryState.LEASED]
                jobs += [self._job(one, incident, cases, community, now) for one in ours]
            self._reach("dispatch.expand.before_commit")
        return jobs

    def _expand_one(
        self, notice: Notice, incident: Incident, cases: "_Cases", community: Community, held: int, now: Instant
    ) -> list[Delivery]:
        if not deliver.is_worth_telling(notice, incident):
            cases.record(
                "notice.expanded", incident, now, alert=notice.alert, notice=notice.id, why=notice.why, people=[]
            )
            return []
        if notice.why is Why.STOOD_DOWN:
            told = [one.person for one in cases.deliveries(incident.id) if deliver.may_have_heard(one)]
        else:
            told = [
                PersonId(person) for person, state in cases.change.told(incident.id) if state != DeliveryState.CANCELLED
            ]
        resolution = resolve(
            community, incident.place, notice.tell, now, told=dict.fromkeys(told), holder=incident.holder
        )
        plan = deliver.plan_deliveries(notice, incident, resolution, community, channels=self._channels, now=now)
        known = deliver.who_knows(notice, cases.deliveries(incident.id) if notice_rank(notice.why) else ())
        planned = [one for one in plan.deliveries if one.person not in known]
        room = (HELD_FIRST if notice_rank(notice.why) == 0 else HELD_OTHERS) - held
        deliveries = [
            deliver.leased(one, self._holder, now + LEASE) if index < room else one for index, one in enumerate(planned)
        ]
        for one in deliveries:
            cases.make_delivery(one)
        cases.record(
            "notice.expanded",
            incident,
            now,
            alert=notice.alert,
            notice=notice.id,
            why=notice.why,
            step=notice.step,
            people=[one.person for one in deliveries],
            **({"known": sorted(known)} if known else {}),
            gaps=plan.gaps,
        )
        if not {one.person for one in plan.deliveries}.intersection(
            _called(notice, resolution, incident, community, now)
        ):
            cases.keep(nobody_answers(incident, notice, plan.gaps, community=community, now=now))
        metrics.NOTICES.labels(notice.why).inc()
        return deliveries

    def _settle(self, batch: Sequence[tuple[Job, Outcome]], community: Community) -> list[Job]:
        now = self._clock.now()
        jobs: list[Job] = []
        with self._casebook.change() as change:
            cases = _Cases(change)
            for job, outcome in batch:
                incident = cases.incident(job.delivery.incident)
                kept = cases.delivery(job.delivery)
                if incident is None or kept is None:
                    continue
                settled = deliver.settle(kept, outcome, incident, now)
                cases.keep_delivery(settled.delivery)
                if settled.is_news:
                    self._record(cases, incident, settled.delivery, outcome, now)
                if settled.tries_next_contact:
                    jobs += self._fail_over(settled.delivery, incident, cases, community, now)
            self._reach("dispatch.settle.before_commit")
        return jobs

    def _fail_over(
        self,
        failed: Delivery,
        incident: Incident,
        cases: "_Cases",
        community: Community,
        now: Instant,
    ) -> list[Job]:
        """The person's next contact at once; where all of a notice's people are out of contacts, the next step."""
        siblings = cases.deliveries(incident.id)
        planned = deliver.plan_failover(failed, siblings, incident, community, channels=self._channels, now=now)
        if planned is not None:
            leased = deliver.leased(planned, self._holder, now + LEASE)
            cases.keep_delivery(leased)
            return [self._job(leased, incident, cases, community, now)]
        if deliver.reaches_nobody(failed.notice, siblings):
            gaps = [f"{one.person} refused by {one.channel}" for one in siblings if one.notice == failed.notice]
            notice = deliver.notice_of(failed)
            cases.keep(nobody_answers(incident, notice, gaps, community=community, now=now))
        return []

    def _record(self, cases: "_Cases", incident: Incident, one: Delivery, outcome: Outcome, now: Instant) -> None:
        cases.record(
            f"delivery.{deliver.outcome_word(outcome)}",
            incident,
            now,
            alert=one.alert,
            key=one.key,
            person=one.person,
            channel=one.channel,
            why=one.why,
            attempts=one.attempts,
            detail=one.detail,
        )

    def _job(self, one: Delivery, incident: Incident, cases: "_Cases", community: Community, now: Instant) -> Job:
        alert = cases.alert(one.alert or next(iter(incident.alerts), None))
        person = community.people.get(one.person)
        return Job(
            delivery=one,
            message=compose(
                one,
                incident,
                alert,
                community,
                url=self._link(one.key),
                code=self._code(one.key) if one.why is Why.TEST and not incident.is_of_trial else "",
                told=len(hearers(cases.change.told(incident.id))) if is_afar(one.person, community) else 0,
                can_answer=one.channel in self._answerable,
                now=now,
            ),
            person=person,
            contact=person.channels[one.contact] if person and one.contact < len(person.channels) else None,
            heard_at=alert.received_at if alert else incident.opened_at,
        )


def _called(
    notice: Notice, resolution: Resolution, incident: Incident, community: Community, now: Instant
) -> Collection[PersonId]:
    """Who must hear a notice, else nobody answers it. Where a finding calls a level of its own, those told before hear
    of it too and are no answer for that level."""
    level = [target for target in notice.tell if target != TOLD]
    if notice.why is not Why.VERIFIED or notice.step is None or not level:
        return resolution.people
    return resolve(community, incident.place, level, now, holder=incident.holder).people


class _Cases:
    """One transaction, and what was read in it."""

    def __init__(self, change: Transaction) -> None:
        self.change = change
        self._incidents: dict[IncidentId, Incident | None] = {}
        self._alerts: dict[AlertId, Alert | None] = {}
        self._deliveries: dict[IncidentId, dict[DeliveryKey, Delivery]] = {}

    def incident(self, id: IncidentId) -> Incident | None:
        if id not in self._incidents:
            self._incidents[id] = self.change.incident(id)
        return self._incidents[id]

    def alert(self, id: AlertId | None) -> Alert | None:
        if id is not None and id not in self._alerts:
            self._alerts[id] = self.change.alert(id)
        return self._alerts[id] if id is not None else None

    def deliveries(self, incident: IncidentId) -> list[Delivery]:
        return list(self._of(incident).values())

    def delivery(self, one: Delivery) -> Delivery | None:
        """As it is kept now: meanwhile somebody may have answered it."""
        return self._of(one.incident).get(one.key)

    def keep_delivery(self, one: Delivery) -> None:
        self._of(one.incident)[one.key] = one
        self.change.keep_delivery(one)

    def make_delivery(self, one: Delivery) -> None:
        """A new one: those before it are not read for it."""
        if one.incident in self._deliveries:
            self._deliveries[one.incident][one.key] = one
        self.change.keep_delivery(one)

    def keep(self, changed: Changed) -> None:
        """An incident that was changed, with the work and the entries that this makes."""
        incident, notices, entries = changed
        self._incidents[incident.id] = incident
        self.change.keep_incident(incident)
        for notice in notices:
            self.change.make_notice(notice)
        for entry in entries:
            self.change.record(entry)

    def record(self, kind: str, incident: Incident, now: Instant, *, alert: AlertId | None, **body: object) -> None:
        self.change.record(Entry(at=now, kind=kind, incident=incident.id, alert=alert, place=incident.place, body=body))

    def _of(self, incident: IncidentId) -> dict[DeliveryKey, Delivery]:
        if incident not in self._deliveries:
            self._deliveries[incident] = {one.key: one for one in self.change.deliveries_of(incident)}
        return self._deliveries[incident]
