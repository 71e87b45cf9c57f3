"""The transition table of ISA-18.2, row by row, as the acts of people and the decisions of the service make them.

docs/decisions/0025 says which act is which row. ``test_alert.py`` tries the bare machine; here only acts and decisions
move it.
"""

from collections.abc import Callable

import msgspec
import pytest

from harness.cases import NOW, facts, transition
from shouwang.domain.alert import Alert, AlertClass, AlertState
from shouwang.domain.alerting import plan_acknowledge, plan_alert, plan_reset
from shouwang.domain.errors import Conflict
from shouwang.domain.holding import hold_back, is_told_again, release, shelve
from shouwang.domain.rule import Rule
from shouwang.domain.standing import Change
from shouwang.domain.states import Is
from shouwang.domain.suppression import Effect, Held, Hold, HoldKind, is_protected, what_holds
from shouwang.domain.vocabulary import HOUR, SECOND, Severity

S = AlertState
WHO = "wang"
LATER = NOW + 10 * SECOND
SHELF = Hold(id="shelf", kind=HoldKind.SHELF, by=WHO, why="leak", made_at=NOW, starts_at=NOW, ends_at=NOW + HOUR)
MAINTENANCE = msgspec.structs.replace(SHELF, id="m", kind=HoldKind.MAINTENANCE, places=["chengjiang"])


def rule(*, latching: bool) -> Rule:
    return Rule(
        id="leak",
        title={"zh": "漏水", "en": "Leak"},
        severity=Severity.HIGH,
        klass=AlertClass.WATER,
        when=Is(metric="water_leak", value=True),
        latching=latching,
        pack="water",
    )


class Case:
    """One alert, moved by what rules say and what people do."""

    def __init__(self, *, latching: bool) -> None:
        self._rule = rule(latching=latching)
        self.alert: Alert | None = None
        self.journal: list[str] = []

    def says(self, change: Change) -> None:
        said = plan_alert(
            self.alert if self.alert is not None and self.alert.state is not S.NORMAL else None,
            self._rule,
            msgspec.structs.replace(transition(change), severity=Severity.HIGH),
            facts(),
            received_at=LATER,
            now=LATER,
        )
        assert said is not None
        self._becomes(said[0], said[1][-1].kind)

    def acknowledged(self) -> None:
        done = plan_acknowledge(self.now, actor=WHO, now=LATER)
        assert done is not None
        self._becomes(done[0], done[1][-1].kind)

    def reset(self) -> None:
        done = plan_reset(self.now, actor=WHO, now=LATER)
        assert done is not None
        self._becomes(done[0], done[1][-1].kind)

    def shelved(self) -> None:
        alert, entries = shelve(self.now, SHELF, LATER)
        assert entries[-1].actor == WHO
        assert {"why", "until"} <= set(entries[-1].body)
        self._becomes(alert, entries[-1].kind)

    def taken_out(self) -> None:
        """By maintenance, as the service finds it."""
        self._held(Held(Effect.TAKE_OUT, MAINTENANCE.id))

    def suppressed(self) -> None:
        """By logic: the gateway is lost, or a fire of the same device says more."""
        self._held(Held(Effect.SUPPRESS, "of-the-gateway"))

    def let_go(self) -> None:
        alert, entries = release(self.now, LATER)
        self._becomes(alert, entries[-1].kind)

    @property
    def now(self) -> Alert:
        assert self.alert is not None
        return self.alert

    def _held(self, held: Held) -> None:
        alert, entries = hold_back(self.now, held, LATER)
        self._becomes(alert, entries[-1].kind)

    def _becomes(self, alert: Alert, entry: str) -> None:
        self.alert = alert
        self.journal.append(entry)


def raises(case: Case) -> None:
    case.says(Change.RAISED)


def ends(case: Case) -> None:
    case.says(Change.CLEARED)


Deed = Callable[[Case], None]
ack, reset, shelved, out, folded, free = (
    Case.acknowledged,
    Case.reset,
    Case.shelved,
    Case.taken_out,
    Case.suppressed,
    Case.let_go,
)

ROWS: list[tuple[str, bool, list[Deed], AlertState]] = [
    ("A condition becomes true: B", False, [raises], S.UNACKED),
    ("B acknowledge: C", False, [raises, ack], S.ACKED),
    ("B clears, not latching: D", False, [raises, ends], S.RTN_UNACKED),
    ("B clears, latching: E", True, [raises, ends], S.LATCHED_UNACKED),
    ("C clears, not latching: A", False, [raises, ack, ends], S.NORMAL),
    ("C clears, latching: F", True, [raises, ack, ends], S.LATCHED_ACKED),
    ("D acknowledge: A", False, [raises, ends, ack], S.NORMAL),
    ("D condition true again: B", False, [raises, ends, raises], S.UNACKED),
    ("E acknowledge: F", True, [raises, ends, ack], S.LATCHED_ACKED),
    ("F reset: A", True, [raises, ends, ack, reset], S.NORMAL),
    ("E condition true again: B", True, [raises, ends, raises], S.UNACKED),
    ("F condition true again: B", True, [raises, ends, ack, raises], S.UNACKED),
    ("B shelve: G", False, [raises, shelved], S.SHELVED),
    ("C shelve: G", False, [raises, ack, shelved], S.SHELVED),
    ("D shelve: G", False, [raises, ends, shelved], S.SHELVED),
    ("E shelve: G", True, [raises, ends, shelved], S.SHELVED),
    ("F shelve: G", True, [raises, ends, ack, shelved], S.SHELVED),
    ("G time up or unshelve, true: B", False, [raises, ack, shelved, free], S.UNACKED),
    ("G time up or unshelve, over: A", False, [raises, shelved, ends, free], S.NORMAL),
    ("B design logic true: H", False, [raises, folded], S.SUPPRESSED),
    ("C design logic true: H", False, [raises, ack, folded], S.SUPPRESSED),
    ("H design logic false, true: B", False, [raises, folded, free], S.UNACKED),
    ("H design logic false, over: A", False, [raises, folded, ends, free], S.NORMAL),
    ("B take out: I", False, [raises, out], S.OUT_OF_SERVICE),
    ("C take out: I", False, [raises, ack, out], S.OUT_OF_SERVICE),
    ("I return, true: B", False, [raises, ack, out, free], S.UNACKED),
    ("I return, over: A", False, [raises, out, ends, free], S.NORMAL),
]


@pytest.mark.parametrize(("row", "latching", "deeds", "becomes"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_standards_table_is_made_by_an_act_or_a_decision(
    row: str, latching: bool, deeds: list[Deed], becomes: AlertState
) -> None:
    case = Case(latching=latching)
    for deed in deeds:
        deed(case)
    assert case.now.state is becomes
    assert len(case.journal) == len(deeds), "each is a row of the journal"


def test_what_is_still_true_when_it_is_let_go_is_told_again() -> None:
    case = Case(latching=False)
    for deed in (raises, ack, out, free):
        deed(case)
    assert is_told_again(case.now)
    assert case.now.acknowledged_at is None


@pytest.mark.parametrize("klass", [AlertClass.FIRE, AlertClass.GAS, AlertClass.CO, AlertClass.EMERGENCY])
def test_no_hold_takes_danger_to_life_out_and_no_operator_shelves_it(klass: AlertClass) -> None:
    case = Case(latching=True)
    raises(case)
    danger = msgspec.structs.replace(case.now, klass=klass)
    assert is_protected(danger)
    holds = [MAINTENANCE, msgspec.structs.replace(MAINTENANCE, kind=HoldKind.SILENCE)]
    assert what_holds(danger, holds, NOW + SECOND, None) is None  # type: ignore[arg-type]  # no hours, no wall clock
    with pytest.raises(Conflict, match="cannot be shelved"):
        shelve(danger, SHELF, LATER)
