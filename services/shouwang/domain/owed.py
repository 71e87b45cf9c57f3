"""What a resolved case still owes: a review 复核, a follow-up 回访. Closing it takes neither away (decision 29)."""

from enum import StrEnum

from shouwang.domain.alert import LIFE_SAFETY
from shouwang.domain.escalation import Milestone, Step, step_due_at
from shouwang.domain.incident import Incident, Outcome, is_live
from shouwang.domain.vocabulary import Instant, Severity, Value


class Owed(StrEnum):
    REVIEW = "review"
    FOLLOW_UP = "follow_up"


class Debt(Value, frozen=True, kw_only=True):
    """``at``: when the policy tells people of it, None where it tells nobody, or has told them."""

    what: Owed
    at: Instant | None = None


def owed(incident: Incident) -> list[Debt]:
    """What is to be done yet, in the order in which the field does it: the visit, then the review. Nothing while the
    case goes on, of an exercise, or of a case that became part of another: that one owes it."""
    if is_live(incident.state) or Milestone.RESOLVED not in incident.reached or is_of_exercise(incident):
        return []
    debts: list[Debt] = []
    steps = [(index, step) for index, step in enumerate(incident.policy.steps) if _asks_for_follow_up(step)]
    if steps and Milestone.FOLLOWED_UP not in incident.reached:
        told = {mark.index for mark in incident.steps}
        waiting = [_due_at(incident, step) for index, step in steps if index not in told]
        debts.append(Debt(what=Owed.FOLLOW_UP, at=min((at for at in waiting if at is not None), default=None)))
    if incident.klass in LIFE_SAFETY and incident.outcome is Outcome.REAL and incident.reviewed_at is None:
        debts.append(Debt(what=Owed.REVIEW))
    return debts


def owes(incident: Incident, what: Owed) -> bool:
    return any(debt.what is what for debt in owed(incident))


def is_of_exercise(incident: Incident) -> bool:
    """Marked as one from its beginning, or found to be one: nobody needs a visit after it."""
    return incident.drill or incident.test or incident.outcome in (Outcome.TEST, Outcome.DRILL)


def _asks_for_follow_up(step: Step) -> bool:
    return step.when is Milestone.RESOLVED and step.unless is Milestone.FOLLOWED_UP


def _due_at(incident: Incident, step: Step) -> Instant | None:
    heeds_quiet = incident.severity is not Severity.CRITICAL
    return step_due_at(incident.policy, step, incident.armed_at, incident.reached, heeds_quiet=heeds_quiet)
