"""How fast people answered: each class of alarm held to its own limits."""

from datetime import UTC

from shouwang.domain.alert import AlertClass
from shouwang.domain.community import Community
from shouwang.domain.escalation import Policy
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.responding import TARGETS, Clock, response_figures, rows_of
from shouwang.domain.vocabulary import SECOND, IncidentId, Instant, PlaceId, Severity

AT: Instant = 1_800_000_000 * SECOND


def case(klass: AlertClass, taken: float | None, arrived: float | None = None) -> Incident:
    return Incident(
        id=IncidentId(f"{klass}-{taken}-{arrived}"),
        group="g",
        klass=klass,
        state=IncidentState.OPEN,
        severity=Severity.HIGH,
        title={},
        place=PlaceId("s/c/jy"),
        opened_at=AT,
        policy=Policy(id="p", steps=[]),
        acknowledged_at=None if taken is None else AT + round(taken * SECOND),
        on_scene_at=None if arrived is None else AT + round(arrived * SECOND),
    )


def test_a_leak_is_not_held_to_what_a_fire_is_nor_a_call_for_help() -> None:
    cases = [
        case(AlertClass.FIRE, 20, 170),
        case(AlertClass.GAS, 50, 290),
        case(AlertClass.WATER, 85, 1000),
        case(AlertClass.FAULT, 120),
        case(AlertClass.EMERGENCY, 59),
        case(AlertClass.EMERGENCY, None),
    ]
    figures = response_figures(cases, Community(), UTC)
    assert figures.total.counted == dict.fromkeys(TARGETS, 2)
    assert figures.total.shares == {
        "acknowledged_in_30s": 0.5,
        "acknowledged_in_60s": 1.0,
        "on_scene_in_60s": 0.0,
        "on_scene_in_180s": 0.5,
        "on_scene_in_300s": 1.0,
        "calls_acknowledged_in_60s": 0.5,
        "calls_acknowledged_in_180s": 0.5,
        "others_acknowledged_in_90s": 0.5,
        "others_acknowledged_in_180s": 1.0,
    }
    by_class = {one.key: one for one in figures.groups["class"]}
    assert set(by_class["water"].shares) == {"others_acknowledged_in_90s", "others_acknowledged_in_180s"}
    assert set(by_class["emergency"].counted.values()) == {2}


def test_every_class_has_a_limit_for_being_taken_up_and_every_limit_its_source() -> None:
    taken = {klass for one in TARGETS.values() if one.clock is Clock.ACKNOWLEDGED for klass in one.classes}
    assert taken == set(AlertClass)
    assert all(one.source["zh"] and one.source["en"] for one in TARGETS.values())


def test_a_table_has_a_column_for_each_limit_and_a_blank_where_none_is_held_to_it() -> None:
    [head, total, *_] = rows_of(response_figures([case(AlertClass.WATER, 85)], Community(), UTC))
    shown = dict(zip(head, total, strict=True))
    assert shown["others_acknowledged_in_90s"] == 1.0 and shown["acknowledged_in_60s"] is None
