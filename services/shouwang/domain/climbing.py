"""How an incident's escalation goes on: by the clock, and where nobody answers."""

from collections.abc import Sequence

from shouwang.domain.community import Community
from shouwang.domain.draft import Draft
from shouwang.domain.duty import fallback_of, resolve
from shouwang.domain.escalation import NOBODY, Milestone, lapses_at
from shouwang.domain.incident import Incident, IncidentState, is_live
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Notice, Why
from shouwang.domain.owed import Owed, owes
from shouwang.domain.vocabulary import Instant

_CALLS = frozenset({Why.FIRST, Why.WORSE, Why.NEXT_STEP, Why.VERIFIED, Why.REPEAT})
"""Notices that somebody must hear. The others say how it goes on to those who heard before."""

LAPSED = "acknowledged, and nobody went"
"""Why climbing goes on after an acknowledgement that stopped counting."""

Changed = tuple[Incident, list[Notice], list[Entry]]
"""An incident after a change, and the notices and journal entries that the change makes."""


def climb(incident: Incident, now: Instant) -> Changed:
    """The steps of the policy that are due, told in one notice. What is owed after the end (a visit 回访) is told of a
    closed incident too; of one that became part of another, only the end of looking."""
    draft = Draft(incident, now)
    if incident.state is not IncidentState.CLOSED or Milestone.RESOLVED in incident.reached:
        lapse = lapses_at(incident.policy, incident.reached)
        if lapse is not None and lapse <= now:
            _resume(draft)
        draft.climb(Why.NEXT_STEP, detail=LAPSED if lapse is not None and lapse <= now else "")
    else:
        draft.set(next_step_at=None)
    return draft.done()


def is_stuck(incident: Incident, now: Instant) -> bool:
    """A step is waiting that nobody would look at in time: the row says otherwise than its policy."""
    draft = Draft(incident, now)
    draft.look_again()
    wanted, noted = draft.incident.next_step_at, incident.next_step_at
    return is_live(incident.state) and wanted is not None and (noted is None or noted > wanted)


def nobody_answers(
    incident: Incident, notice: Notice, gaps: Sequence[str], *, community: Community, now: Instant
) -> Changed:
    """What follows when a notice resolved to nobody, or every delivery of it was refused: the next level at once, the
    fallback is told, and the coverage gap is on record. A second call for one step changes nothing, nor does one for an
    incident that is over; only a visit 回访 that nobody is there to make becomes the fallback's.

    ``gaps``: the reasons, as ``duty.Resolution`` gives them. The caller keeps the result in the transaction in which it
    found out."""
    concerns_nobody = notice.step is None and notice.why not in _CALLS
    is_visit = not is_live(incident.state) and _asks_for_visit(incident, notice)
    if not (is_live(incident.state) or is_visit) or concerns_nobody or _is_known(incident, notice):
        return incident, [], []
    draft = Draft(incident, now)
    draft.record(
        "coverage.gap", alert=notice.alert, notice=notice.id, why=notice.why, step=notice.step, gaps=list(gaps)
    )
    level = None
    if notice.step is not None:
        draft.mark(notice.step, skipped=NOBODY)
        level = None if is_visit else draft.level_after(notice.step)
    fallback = None if _was_told(notice) else fallback_of(community, incident.place)
    reason = "; ".join(gaps)
    if level is not None:
        people = resolve(community, incident.place, incident.policy.steps[level].tell, now).people
        if fallback in people:
            # One fact is one call: whoever is both the next level and the fallback hears why it is theirs.
            draft.hurry(level, Why.COVERAGE_GAP, alert=notice.alert, detail=reason)
            fallback = None
        else:
            draft.hurry(level, Why.NEXT_STEP, alert=notice.alert, detail=NOBODY)
    if fallback is not None:
        # What follows the end is known by its step: nothing else is sent for a case that is over.
        step = notice.step if is_visit else None
        draft.tell(Why.COVERAGE_GAP, [f"person:{fallback}"], step=step, alert=notice.alert, detail=reason)
    draft.look_again()
    return draft.done()


def _resume(draft: Draft) -> None:
    """Somebody took the case and did nothing: it counts as taken by nobody, and levels that the answer had spared come
    now. The holder stays, and may take it again."""
    spared = [mark for mark in draft.incident.steps if mark.skipped != Milestone.ACKNOWLEDGED]
    draft.set(steps=spared)
    draft.forget(Milestone.ACKNOWLEDGED)
    draft.record("escalation.resumed", because=LAPSED, holder=draft.incident.holder)


def _is_known(incident: Incident, notice: Notice) -> bool:
    return any(mark.index == notice.step and mark.skipped == NOBODY for mark in incident.steps)


def _asks_for_visit(incident: Incident, notice: Notice) -> bool:
    steps = incident.policy.steps
    step = steps[notice.step] if notice.step is not None and notice.step < len(steps) else None
    return step is not None and step.when is Milestone.RESOLVED and owes(incident, Owed.FOLLOW_UP)


def _was_told(notice: Notice) -> bool:
    """The fallback has heard of this gap: the notice is of a level that an empty one pulled forward."""
    return notice.detail == NOBODY or notice.why is Why.COVERAGE_GAP
