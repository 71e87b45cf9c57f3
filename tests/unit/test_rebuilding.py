"""Replaying the journal in its order rebuilds the board."""

from contextlib import suppress

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import NOW, facts, transition
from harness.rebuilding import rebuilt_alerts
from shouwang.domain.alert import Alert, AlertClass, is_open
from shouwang.domain.alerting import plan_acknowledge, plan_alert, plan_reset
from shouwang.domain.errors import Conflict
from shouwang.domain.journal import Entry
from shouwang.domain.rule import Rule
from shouwang.domain.standing import Change
from shouwang.domain.states import Is
from shouwang.domain.vocabulary import SECOND, AlertId, Severity

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["raised", "repeated", "cleared", "acknowledge", "reset"]), st.integers(1, 100), st.booleans()
    ),
    max_size=30,
)


def smoke(latching: bool) -> Rule:
    return Rule(
        id="smoke",
        title={"zh": "烟雾报警", "en": "Smoke"},
        severity=Severity.CRITICAL,
        klass=AlertClass.FIRE,
        when=Is(metric="smoke", value=True),
        latching=latching,
    )


def lived(steps: list[tuple[str, int, bool]], latching: bool) -> tuple[dict[AlertId, Alert], list[Entry]]:
    """All alerts that these steps make, and the journal of them."""
    alerts: dict[AlertId, Alert] = {}
    journal: list[Entry] = []
    now = NOW
    rule = smoke(latching)
    for what, seconds, is_test in steps:
        now += seconds * SECOND
        open_ = next((one for one in alerts.values() if is_open(one.state)), None)
        moved: tuple[Alert, list[Entry]] | None = None
        match what:
            case "acknowledge" if open_ is not None:
                with suppress(Conflict):
                    moved = plan_acknowledge(open_, actor="wang", now=now)
            case "reset" if open_ is not None:
                with suppress(Conflict):
                    ended = plan_reset(open_, actor="wang", now=now)
                    moved = ended[:2] if ended is not None else None
            case "raised" | "repeated" | "cleared":
                said = msgspec.structs.replace(transition(Change(what), at=now), test=is_test)
                moved = plan_alert(open_, rule, said, facts(), received_at=now, now=now)
        if moved is not None:
            alerts[moved[0].id] = moved[0]
            journal += moved[1]
    return alerts, journal


@given(STEPS, st.booleans())
def test_replaying_the_journal_rebuilds_the_board(steps: list[tuple[str, int, bool]], latching: bool) -> None:
    alerts, journal = lived(steps, latching)
    # As the journal keeps them: through their stored form.
    stored = [msgspec.json.decode(msgspec.json.encode(entry), type=Entry) for entry in journal]
    assert {id: shown(alert) for id, alert in rebuilt_alerts(stored).items()} == {
        id: shown(alert) for id, alert in alerts.items()
    }


def shown(alert: Alert) -> tuple[object, ...]:
    """What the board says of an alert."""
    return (
        alert.state,
        alert.active,
        alert.count,
        alert.raised_at,
        alert.cleared_at,
        alert.severity,
        alert.acknowledged_at,
        alert.acknowledged_by,
        alert.sentence,
    )
