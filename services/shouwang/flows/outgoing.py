"""The written half of dispatch: its transactions, each short, each whole. What they give back is what to send now."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from shouwang import metrics
from shouwang.domain import delivery as deliver
from shouwang.domain.climbing import nobody_answers
from shouwang.domain.community import Community
from shouwang.domain.duty import TOLD, Resolution, resolve
from shouwang.domain.incident import Incident
from shouwang.domain.levels import is_afar
from shouwang.domain.message import compose
from shouwang.domain.notice import Delivery, DeliveryState, Notice, Outcome, Why, hearers, notice_rank
from shouwang.domain.place import compound_of
from shouwang.domain.vocabulary import SECOND, AlertId, DeliveryKey, Duration, Instant, NoticeId, PersonId, PlaceId
from shouwang.flows.cases import Cases
from shouwang.flows.lanes import Job
from shouwang.ports import Casebook, Clock, Directory, Outbox

log = logging.getLogger(__name__)

NOTICES_AT_ONCE = 4
DELIVERIES_AT_ONCE = 20
"""Of one transaction: a few milliseconds of the one writer, for which the first notice of another case waits."""

NOTICES_SEEN = 200
"""Among so many of those that wait, compounds take turns."""

LEASE: Duration = 30 * SECOND

HELD_FIRST, HELD_OTHERS = 2000, 500
"""Deliveries in memory at most; beyond, they wait in the outbox, in its order."""

ASIDE: Duration = 5 * SECOND
"""A notice whose expansion fails is passed over for this long, so that it holds up no other."""


class Outgoing:
    """``expand`` and ``lease`` are called from one thread at a time, ``settle`` and ``is_still_wanted`` from one that
    may be another: an alarm does not wait for what became of a storm's messages."""

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
        if all(notice.id in self._aside for notice in self._outbox.notices(1 + len(self._aside))):
            return None
        community = self._directory.community()
        try:
            return self._expand(community, held, now, NOTICES_AT_ONCE)
        except Exception:
            log.exception("notices could not be expanded together; trying them one by one")
        jobs: list[Job] = []
        for notice in self._outbox.notices(NOTICES_AT_ONCE + len(self._aside)):
            if notice.id in self._aside:
                continue
            try:
                jobs += self._expand(community, held, now, 1, only=notice.id)
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
        ours: list[tuple[Delivery, Incident]] = []
        with self._casebook.change() as change:
            cases = Cases(change)
            cases.foresee({one.incident for one in due})
            for one in due:
                incident = cases.incident(one.incident)
                if incident is None or not deliver.is_worth_sending(one, incident, now):
                    change.keep_delivery(deliver.cancelled(one))
                else:
                    ours.append((one, incident))
            return self._jobs(ours, cases, community, now)

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
            cases = Cases(change)
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
                cases = Cases(change)
                some = jobs[start : start + DELIVERIES_AT_ONCE]
                cases.foresee((), {job.delivery.incident for job in some})
                for job in some:
                    kept = cases.delivery(job.delivery)
                    if kept is not None and self._is_ours(kept):
                        cases.keep_delivery(deliver.given_back(kept))

    def _is_ours(self, one: Delivery) -> bool:
        return one.state is DeliveryState.LEASED and one.lease_holder == self._holder

    def _expand(
        self, community: Community, held: int, now: Instant, most: int, *, only: NoticeId | None = None
    ) -> list[Job]:
        """What waits is looked at inside the transaction: a first notice that came while another writer was waited for
        is the first of this one."""
        ours: list[tuple[Delivery, Incident]] = []
        with self._casebook.change() as change:
            cases = Cases(change)
            written = 0
            waiting = [
                (notice, place)
                for notice, place in change.notices(NOTICES_SEEN + len(self._aside))
                if (notice.id == only if only is not None else notice.id not in self._aside)
            ]
            notices = in_turn(waiting, most)
            cases.foresee({one.incident for one in notices}, {one.incident for one in notices if _is_update(one)})
            for notice in notices:
                if written >= DELIVERIES_AT_ONCE:
                    break
                incident = cases.incident(notice.incident)
                if not change.expanded(notice.id, now):
                    continue
                if incident is None:
                    log.error("notice %s is about incident %s, which is not there", notice.id, notice.incident)
                    continue
                deliveries = self._expand_one(notice, incident, cases, community, held + len(ours), now)
                written += len(deliveries)
                ours += [(one, incident) for one in deliveries if one.state is DeliveryState.LEASED]
            jobs = self._jobs(ours, cases, community, now)
            self._reach("dispatch.expand.before_commit")
        return jobs

    def _expand_one(
        self, notice: Notice, incident: Incident, cases: Cases, community: Community, held: int, now: Instant
    ) -> list[Delivery]:
        if not deliver.is_worth_telling(notice, incident):
            cases.record(
                "notice.expanded", incident, now, alert=notice.alert, notice=notice.id, why=notice.why, people=[]
            )
            return []
        if notice.why is Why.STOOD_DOWN:
            told = [one.person for one in cases.deliveries(incident.id) if deliver.may_have_heard(one)]
        else:
            told = [PersonId(person) for person, state in cases.told(incident.id) if state != DeliveryState.CANCELLED]
        resolution = resolve(
            community, incident.place, notice.tell, now, told=dict.fromkeys(told), holder=incident.holder
        )
        plan = deliver.plan_deliveries(notice, incident, resolution, community, channels=self._channels, now=now)
        known = deliver.who_knows(notice, cases.deliveries(incident.id) if _is_update(notice) else ())
        planned = [one for one in plan.deliveries if one.person not in known]
        room = (HELD_OTHERS if _is_update(notice) else HELD_FIRST) - held
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
            cases = Cases(change)
            about = {job.delivery.incident for job, _ in batch}
            cases.foresee(about, about)
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
        cases: Cases,
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

    def _record(self, cases: Cases, incident: Incident, one: Delivery, outcome: Outcome, now: Instant) -> None:
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

    def _jobs(
        self, ours: Sequence[tuple[Delivery, Incident]], cases: Cases, community: Community, now: Instant
    ) -> list[Job]:
        cases.foresee_alerts({id for one, incident in ours if (id := _alert_of(one, incident)) is not None})
        return [self._job(one, incident, cases, community, now) for one, incident in ours]

    def _job(self, one: Delivery, incident: Incident, cases: Cases, community: Community, now: Instant) -> Job:
        alert = cases.alert(_alert_of(one, incident))
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
                told=len(hearers(cases.told(incident.id))) if is_afar(one.person, community) else 0,
                can_answer=one.channel in self._answerable,
                now=now,
            ),
            person=person,
            contact=person.channels[one.contact] if person and one.contact < len(person.channels) else None,
            heard_at=alert.received_at if alert else incident.opened_at,
        )


def in_turn(waiting: Sequence[tuple[Notice, PlaceId | None]], most: int) -> list[Notice]:
    """Which of those that wait, in order of rank and age, are expanded now: first notices by themselves, and among them
    compounds in turn, so that the first alarm of one waits for none of the hundred fires of another."""
    firsts = [(notice, place) for notice, place in waiting if not _is_update(notice)]
    if not firsts:
        return [notice for notice, _ in waiting[:most]]
    turns: Counter[str] = Counter()
    order: list[tuple[int, int, Notice]] = []
    for number, (notice, place) in enumerate(firsts):
        compound = compound_of(place or "")
        order.append((turns[compound], number, notice))
        turns[compound] += 1
    return [notice for _, _, notice in sorted(order, key=lambda one: one[:2])[:most]]


def _is_update(notice: Notice) -> bool:
    return notice_rank(notice.why) > 0


def _alert_of(one: Delivery, incident: Incident) -> AlertId | None:
    return one.alert or next(iter(incident.alerts), None)


def _called(
    notice: Notice, resolution: Resolution, incident: Incident, community: Community, now: Instant
) -> Collection[PersonId]:
    """Who must hear a notice, else nobody answers it. Where a finding calls a level of its own, those told before hear
    of it too and are no answer for that level."""
    level = [target for target in notice.tell if target != TOLD]
    if notice.why is not Why.VERIFIED or notice.step is None or not level:
        return resolution.people
    return resolve(community, incident.place, level, now, holder=incident.holder).people
