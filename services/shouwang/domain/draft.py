"""An incident while it is being changed: collects the notices and journal entries that the change makes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from shouwang.domain.duty import TOLD
from shouwang.domain.escalation import Milestone, StepMark, next_level, plan_steps, targets_of
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Notice, Why
from shouwang.domain.vocabulary import AlertId, DeviceId, Instant, NoticeId

if TYPE_CHECKING:
    from shouwang.domain.incident import Incident


class Draft:
    """``actor``: who makes the change, a person's or token's id, or ``system``."""

    def __init__(self, incident: "Incident", now: Instant, actor: str = "system") -> None:
        self.incident = incident
        self.now = now
        self.actor = actor
        self.notices: list[Notice] = []
        self.entries: list[Entry] = []

    def set(self, **changes: Any) -> None:
        """Fields of the incident by name."""
        self.incident = msgspec.structs.replace(self.incident, **changes)

    def reach(self, *milestones: Milestone) -> None:
        """They hold from now on; one that held already keeps its time."""
        self.set(reached={**dict.fromkeys(milestones, self.now), **self.incident.reached})

    def forget(self, *milestones: Milestone) -> None:
        """They do not hold any more."""
        self.set(reached={name: at for name, at in self.incident.reached.items() if name not in milestones})

    def record(
        self, kind: str, *, alert: AlertId | None = None, device: DeviceId | None = None, **body: object
    ) -> None:
        entry = Entry(
            at=self.now,
            kind=kind,
            actor=self.actor,
            incident=self.incident.id,
            alert=alert,
            device=device,
            place=self.incident.place,
            body={"state": self.incident.state, **body},
        )
        self.entries.append(entry)

    def tell(
        self,
        why: Why,
        targets: Iterable[str],
        *,
        step: int | None = None,
        alert: AlertId | None = None,
        detail: str = "",
    ) -> None:
        """Makes a notice. Its id counts up within the incident, so a decision repeated makes the same one."""
        number = self.incident.notices + 1
        notice = Notice(
            id=NoticeId(f"{self.incident.id}.{number}"),
            incident=self.incident.id,
            why=why,
            tell=list(dict.fromkeys(targets)),
            created_at=self.now,
            step=step,
            alert=alert,
            detail=detail,
        )
        self.set(notices=number)
        self.notices.append(notice)
        self.record("notice.made", alert=alert, notice=notice.id, why=why, tell=notice.tell, step=step)

    def climb(self, why: Why, *, alert: AlertId | None = None, also_told: bool = False, detail: str = "") -> None:
        """Tells the steps that are due now in one notice, notes those that are skipped, and sets when to look again.
        ``also_told``: everybody told so far hears it too, whether or not a step is due."""
        incident = self.incident
        climb = plan_steps(
            incident.policy, incident.steps, armed_at=incident.armed_at, reached=incident.reached, now=self.now
        )
        before = {mark.index for mark in incident.steps}
        self.set(steps=climb.marks, next_step_at=climb.next_at)
        for mark in climb.marks:
            if mark.skipped and mark.index not in before:
                self.record("escalation.skipped", step=mark.index, because=mark.skipped)
        if climb.due or also_told:
            targets = [*([TOLD] if also_told else []), *targets_of(incident.policy, climb.due)]
            self.tell(why, targets, step=max(climb.due, default=None), alert=alert, detail=detail)

    def mark(self, index: int, skipped: str) -> None:
        """Notes what became of a step, in place of an earlier note."""
        others = [mark for mark in self.incident.steps if mark.index != index]
        marks = [*others, StepMark(index=index, done_at=self.now, skipped=skipped)]
        self.set(steps=sorted(marks, key=lambda mark: mark.index))

    def hurry(self, after: int, *, heeds_unless: bool = True, detail: str = "") -> bool:
        """Tells the level after step ``after`` now, without moving later ones; False where no level is left. A level
        whose ``unless`` holds is skipped and pulls nobody else, but for a person who ``heeds_unless`` not."""
        incident = self.incident
        index = next_level(incident.policy, incident.steps, after, reached=incident.reached)
        if index is None:
            return False
        step = incident.policy.steps[index]
        if heeds_unless and step.unless is not None and step.unless in incident.reached:
            self.mark(index, skipped=step.unless)
            self.record("escalation.skipped", step=index, because=step.unless)
        else:
            self.mark(index, skipped="")
            self.tell(Why.NEXT_STEP, step.tell, step=index, detail=detail)
        self.look_again()
        return True

    def look_again(self) -> None:
        """Sets when a step must be looked at next, telling nobody."""
        incident = self.incident
        climb = plan_steps(
            incident.policy, incident.steps, armed_at=incident.armed_at, reached=incident.reached, now=self.now
        )
        self.set(next_step_at=self.now if len(climb.marks) > len(incident.steps) else climb.next_at)

    def done(self) -> tuple["Incident", list[Notice], list[Entry]]:
        """The changed incident under a new revision, and what the change made."""
        self.set(revision=self.incident.revision + 1)
        return self.incident, self.notices, self.entries
