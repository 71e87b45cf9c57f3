"""Which rule is named for a device: the one that fires for what it is there to say."""

from shouwang.domain.telling import OWN_METRICS, foremost
from shouwang.domain.vocabulary import METRICS, Kind
from shouwang.registry.rules import load_rules
from shouwang.settings import shipped


def ids(kind: Kind | None, *said: str) -> list[str]:
    rules = [one for one in load_rules([shipped("alert_rules")]) if not one.scope.kinds or kind in one.scope.kinds]
    return [one.id for one in foremost(rules, kind, said)]


def test_a_smoke_detector_is_named_with_smoke_and_never_with_a_call_point() -> None:
    named = ids(Kind.SMOKE, "smoke", "battery", "tamper", "test")
    assert named[0] == "smoke"
    assert named.index("call-point") > named.index("battery-percent")


def test_each_kind_is_named_with_its_own_alarm() -> None:
    first = {kind: ids(kind, "battery")[0] for kind in (Kind.GAS, Kind.CO, Kind.LEAK, Kind.BUTTON, Kind.HEAT)}
    rules = {one.id: one for one in load_rules([shipped("alert_rules")])}
    for kind, id in first.items():
        assert set(rules[id].metrics) & set(OWN_METRICS[kind]), f"{kind} is named with {id}"


def test_what_it_was_heard_to_say_comes_before_what_it_never_says() -> None:
    named = ids(Kind.OTHER, "call_point")
    assert named.index("call-point") < named.index("smoke")


def test_a_device_of_no_known_purpose_is_named_with_what_calls_people() -> None:
    rules = {one.id: one for one in load_rules([shipped("alert_rules")])}
    for kind in (Kind.OTHER, None):
        assert rules[ids(kind, "battery", "test")[0]].severity.opens_incident


def test_own_metrics_are_words_of_the_vocabulary() -> None:
    assert {metric for metrics in OWN_METRICS.values() for metric in metrics} <= set(METRICS)
