"""An incident while it is being changed: collects the notices and journal entries that the change makes."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from shouwang.domain.duty import TOLD
from shouwang.domain.escalation import Climb, Milestone, StepMark, lapses_at, next_level, plan_steps, targets_of
from shouwang.domain.journal import Entry
from shouwang.domain.notice import Notice, Why
from shouwang.domain.vocabulary import AlertId, DeviceId, Instant, NoticeId, Severity

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

    def climb(
        self,
        why: Why,
        *,
        alert: AlertId | None = None,
        also_told: bool = False,
        others: Sequence[str] = (),
        detail: str = "",
    ) -> None:
        """Tells the steps that are due now in one notice, notes those that are skipped, and sets when to look again.
        ``also_told``: everybody told so far hears it too, whether or not a step is due; ``others``: these too."""
        incident = self.incident
        climb = self._plan()
        before = {mark.index for mark in incident.steps}
        self.set(steps=climb.marks, next_step_at=self._next(climb.next_at))
        for mark in climb.marks:
            if mark.skipped and mark.index not in before:
                self.record("escalation.skipped", step=mark.index, because=mark.skipped)
        if climb.due or also_told or others:
            targets = [*([TOLD] if also_told else []), *others, *targets_of(incident.policy, climb.due)]
            self.tell(why, targets, step=max(climb.due, default=None), alert=alert, detail=detail)

    def mark(self, index: int, skipped: str) -> None:
        """Notes what became of a step, in place of an earlier note."""
        others = [mark for mark in self.incident.steps if mark.index != index]
        marks = [*others, StepMark(index=index, done_at=self.now, skipped=skipped)]
        self.set(steps=sorted(marks, key=lambda mark: mark.index))

    def level_after(self, step: int, *, heeds_unless: bool = True) -> int | None:
        """The level that would come at once after ``step``. One whose ``unless`` holds is skipped here and now, and
        pulls nobody else, but for a person who ``heeds_unless`` not."""
        incident = self.incident
        index = next_level(incident.policy, incident.steps, step, reached=incident.reached)
        spares = None if index is None else incident.policy.steps[index].unless
        if index is None or not heeds_unless or spares not in incident.reached:
            return index
        self.mark(index, skipped=str(spares))
        self.record("escalation.skipped", step=index, because=spares)
        return None

    def hurry(self, step: int, why: Why, *, alert: AlertId | None = None, detail: str = "") -> None:
        """Tells a level now, without moving later ones."""
        self.mark(step, skipped="")
        self.tell(why, self.incident.policy.steps[step].tell, step=step, alert=alert, detail=detail)

    def look_again(self) -> None:
        """Sets when a step must be looked at next, telling nobody."""
        incident = self.incident
        climb = self._plan()
        self.set(next_step_at=self.now if len(climb.marks) > len(incident.steps) else self._next(climb.next_at))

    def done(self) -> tuple["Incident", list[Notice], list[Entry]]:
        """The changed incident under a new revision, and what the change made."""
        self.set(revision=self.incident.revision + 1)
        return self.incident, self.notices, self.entries

    def _next(self, step_at: Instant | None) -> Instant | None:
        """When a step is due, or an acknowledgement stops counting, whatever comes first."""
        lapse = lapses_at(self.incident.policy, self.incident.reached)
        return min((at for at in (step_at, lapse) if at is not None), default=None)

    def _plan(self) -> Climb:
        incident = self.incident
        return plan_steps(
            incident.policy,
            incident.steps,
            armed_at=incident.armed_at,
            reached=incident.reached,
            now=self.now,
            heeds_quiet=incident.severity is not Severity.CRITICAL,
        )
