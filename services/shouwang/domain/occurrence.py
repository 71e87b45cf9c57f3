"""The condition on something that happens rather than lasts: ``event``."""

from shouwang.domain.judging import Condition, Truth, View
from shouwang.domain.standing import Memory
from shouwang.domain.vocabulary import Evidence, Reading, Scalar, same_value


class Event(Condition, frozen=True, kw_only=True):
    """Each reading of ``values`` (None: any that is neither empty nor false) is an occurrence. True at that instant
    only. Retained messages say what is, not what happened: never an occurrence. Late news is one."""

    metric: str
    values: tuple[Scalar, ...] | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def is_quiet(self, value: Scalar) -> bool:
        if self.values is None:
            return value is False or value == ""
        return not any(same_value(value, wanted) for wanted in self.values)

    def truth(self, memory: Memory, view: View) -> Truth:
        return self.occurs(view)

    def occurs(self, view: View) -> bool:
        return bool(self._occurrences(view))

    def evidence(self, memory: Memory, view: View) -> list[Evidence]:
        return [Evidence(one.metric, one.value, one.measured_at, one.part) for one in self._occurrences(view)]

    def _occurrences(self, view: View) -> list[Reading]:
        if view.retained:
            return []
        return [
            one.reading
            for one in view.applied
            if one.reading.metric == self.metric and not self.is_quiet(one.reading.value)
        ]
