"""Random rules on random timelines, against a second reading of docs/rules.md that is as slow and literal as can be.

It keeps all that was heard, and asks at every second what each condition says of it. Nothing is shared with the code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.timelines import CEL, START, rule, says
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.standing import Change
from shouwang.domain.trial import Line, play
from shouwang.domain.vocabulary import SECOND

Truth: TypeAlias = bool | None
Message: TypeAlias = Mapping[str, bool | int]
Written: TypeAlias = dict[str, "Written | list[Written] | dict[str, object] | object"]

NOON = 12 * 3600


@dataclass
class Told:
    """What a device told so far: (second, readings), and the second that is asked about."""

    heard: list[tuple[int, Message]] = field(default_factory=list)
    now: int = 0
    just: Message | None = None

    def of(self, metric: str) -> list[tuple[int, bool | int]]:
        return [(at, message[metric]) for at, message in self.heard if metric in message]


def truth(when: Written, told: Told) -> Truth:
    ((name, ask),) = when.items()
    match name:
        case "all" | "any":
            verdicts = [truth(each, told) for each in ask]  # type: ignore[union-attr]
            decisive = name == "any"
            return decisive if decisive in verdicts else None if None in verdicts else not decisive
        case "not":
            verdict = truth(ask, told)  # type: ignore[arg-type]
            return None if verdict is None else not verdict
    asked: dict[str, object] = ask  # type: ignore[assignment]
    match name:
        case "is" | "above" | "below":
            return lasting(name, asked, told)
        case "count":
            within, value = seconds(asked["within"]), asked["value"]
            found = [
                at
                for at, read in told.of(str(asked["metric"]))
                if told.now - within < at <= told.now and type(read) is type(value) and read == value
            ]
            return len(found) >= int(str(asked["times"]))
        case "rate":
            numbers = [(at, read) for at, read in told.of(str(asked["metric"])) if type(read) is int]
            if not numbers:
                return None if not told.of(str(asked["metric"])) else False
            last, value = numbers[-1]
            least = min(read for at, read in numbers if at >= last - seconds(asked["within"]))
            return value - least >= float(str(asked["rise"]))
        case "event":
            return told.just is not None and told.just.get(str(asked["metric"])) not in (None, False)
        case "absent":
            return told.now - told.heard[-1][0] >= seconds(asked["longest"])
        case "between":
            clock = (NOON + told.now) % 86400
            start, end = wall(asked["from"]), wall(asked["to"])
            return start <= clock < end if start < end else clock >= start or clock < end
    raise AssertionError(name)


def lasting(name: str, asked: dict[str, object], told: Told) -> Truth:
    on: Truth = None
    since = 0
    for at, read in told.of(str(asked["metric"])):
        before = on
        if name == "is":
            on = type(read) is type(asked["value"]) and read == asked["value"]
        elif type(read) is int:
            value = int(str(asked["value"]))
            clear_at = int(str(asked.get("clear_at", value)))
            if name == "above":
                on = read > value or (bool(before) and read > clear_at)
            else:
                on = read < value or (bool(before) and read < clear_at)
        if on and not before:
            since = at
    return told.now - since >= seconds(asked.get("for", "0s")) if on else on


def has_event(when: Written) -> bool:
    return "{'event'" in str(when)


def occurs(when: Written, told: Told) -> bool:
    """True because of an occurrence."""
    ((name, ask),) = when.items()
    if truth(when, told) is not True or name == "not":
        return False
    if name in ("all", "any"):
        return any(occurs(each, told) for each in ask)  # type: ignore[union-attr]
    return name == "event"


def expected(when: Written, lines: list[tuple[int, Message]], end: int) -> list[str]:
    said: list[str] = []
    told, is_open, by_event = Told(), False, False
    arriving = dict(lines)

    def judge() -> None:
        nonlocal is_open, by_event
        verdict = truth(when, told)
        if verdict and not is_open:
            said.append(f"{told.now} raised")
            is_open, by_event = True, occurs(when, told)
        elif verdict and occurs(when, told):
            said.append(f"{told.now} repeated")
            by_event = True
        elif verdict is False and is_open and not by_event:
            said.append(f"{told.now} cleared")
            is_open = False

    for now in range(end + 1):
        told.now, told.just = now, None
        if told.heard:
            judge()
        if now in arriving:
            told.heard.append((now, arriving[now]))
            told.just = arriving[now]
            judge()
    return said


def seconds(text: object) -> int:
    return int(str(text).removesuffix("s"))


def wall(text: object) -> int:
    hours, minutes = str(text).split(":")
    return int(hours) * 3600 + int(minutes) * 60


SPANS = st.sampled_from(["1s", "2s", "3s", "5s", "8s", "13s"])
FLAGS = st.sampled_from(["smoke", "contact"])
LASTS = st.one_of(st.just({}), st.builds(lambda span: {"for": span}, SPANS))
LIMITS = st.builds(
    lambda name, value, gap, lasts: {
        name: {"metric": "temperature", "value": value, **lasts}
        | ({"clear_at": value - gap if name == "above" else value + gap} if gap else {})
    },
    st.sampled_from(["above", "below"]),
    st.integers(1, 3),
    st.integers(0, 2),
    LASTS,
)
LEAVES = st.one_of(
    st.builds(
        lambda metric, value, lasts: {"is": {"metric": metric, "value": value, **lasts}}, FLAGS, st.booleans(), LASTS
    ),
    st.builds(
        lambda value, lasts: {"is": {"metric": "temperature", "value": value, **lasts}}, st.integers(0, 3), LASTS
    ),
    LIMITS,
    st.builds(
        lambda metric, value, times, span: {
            "count": {"metric": metric, "value": value, "times": times, "within": span}
        },
        FLAGS,
        st.booleans(),
        st.integers(1, 3),
        SPANS,
    ),
    st.builds(
        lambda rise, span: {"rate": {"metric": "temperature", "rise": rise, "within": span}}, st.integers(1, 3), SPANS
    ),
    st.builds(lambda span: {"absent": {"longest": span}}, SPANS),
    st.just({"between": {"from": "12:00", "to": "12:01"}}),
    st.just({"between": {"from": "12:01", "to": "12:02"}}),
    st.just({"between": {"from": "12:01", "to": "11:59"}}),
)
EVENTS = st.just({"event": {"metric": "vibration"}})


def joined(inner: st.SearchStrategy[Written]) -> st.SearchStrategy[Written]:
    return st.one_of(
        st.builds(
            lambda name, of: {name: of}, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)
        ),
        st.builds(lambda of: {"not": of}, inner),
    )


LASTING_RULES = st.recursive(LEAVES, joined, max_leaves=4)
RULES = st.one_of(
    LASTING_RULES,
    EVENTS,
    st.builds(
        lambda name, event, rest: {name: [*rest, event]},
        st.sampled_from(["all", "any"]),
        EVENTS,
        st.lists(LASTING_RULES, min_size=1, max_size=2),
    ),
)
MESSAGES = st.dictionaries(st.sampled_from(["smoke", "contact", "vibration"]), st.booleans(), max_size=2).flatmap(
    lambda flags: st.builds(
        lambda temperature: flags if temperature is None else {**flags, "temperature": temperature},
        st.one_of(st.none(), st.integers(0, 4)),
    )
)
TIMELINES = st.lists(
    st.tuples(st.integers(0, 100), MESSAGES.filter(bool)), min_size=1, max_size=12, unique_by=lambda one: one[0]
)


@given(RULES, TIMELINES)
@settings(max_examples=100)
def test_rules_say_what_the_literal_reading_says(when: Written, lines: list[tuple[int, Message]]) -> None:
    lines = sorted(lines, key=lambda line: line[0])
    words = [
        f"{at}s a " + " ".join(f"{metric}={str(value).lower()}" for metric, value in message.items())
        for at, message in lines
    ]
    assert [f"{at_seconds(said)} {said.split()[2]}" for said in says(flow(when), *words, "130s tick")] == expected(
        when, lines, 130
    )


HOMES = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from("abc"), st.booleans()),
    min_size=1,
    max_size=14,
    unique_by=lambda one: one[:2],
).map(lambda lines: sorted(lines, key=lambda line: (line[0], not line[2])))
"""Of one instant, what begins stands before what ends: their order of arrival must change nothing, and the literal
reading, which takes one line after another, knows only this one."""


def heard(metric: str, lines: list[tuple[int, str, bool]]) -> list[str]:
    return [f"{at}s {device} {metric}={str(value).lower()} place=s/c/p/b/u/f/d" for at, device, value in lines]


@given(st.integers(1, 3), st.integers(0, 20), HOMES)
@settings(max_examples=100)
def test_devices_confirm_each_other_as_the_literal_reading_says(
    devices: int, within: int, lines: list[tuple[int, str, bool]]
) -> None:
    rises: dict[str, int] = {}
    is_on, wanted = False, []
    for at, device, value in lines:
        if value:
            rises.setdefault(device, at)
        else:
            rises.pop(device, None)
        agreeing = max(
            (sum(1 for other in rises.values() if first <= other <= first + within) for first in rises.values()),
            default=0,
        )
        was, is_on = is_on, len(rises) >= devices if is_on else agreeing >= devices
        if is_on != was:
            wanted.append(f"{at} {'raised' if is_on else 'cleared'}")
    when = f"{{confirm: {{metric: smoke, devices: {devices}, within: {within}s, in: unit}}}}"
    said = says(when, *heard("smoke", lines))
    assert [f"{at_seconds(one)} {one.split()[2]}" for one in said] == wanted
    assert {one.split()[1] for one in said} <= {"s/c/p/b/u"}


@given(st.sampled_from(["occupancy", "contact"]), st.integers(1, 40), HOMES)
@settings(max_examples=100)
def test_a_quiet_home_is_told_as_the_literal_reading_says(
    metric: str, longest: int, lines: list[tuple[int, str, bool]]
) -> None:
    """Hours of which only the first minute and everything after the second lies in the timeline."""
    known: dict[str, bool] = {}
    quiet, is_on, wanted, arriving = 0, False, [], list(lines)
    for now in range(lines[0][0], 301):
        was, is_on = is_on, bool(known) and (is_on or quiet >= longest)
        if is_on and not was:
            wanted.append(f"{now} raised")
        while arriving and arriving[0][0] == now:
            _, device, value = arriving.pop(0)
            is_activity = value if metric == "occupancy" else known.get(device, value) != value
            if is_activity or not known:
                quiet = 0
            if is_activity and is_on:
                wanted.append(f"{now} cleared")
                is_on = False
            known[device] = value
        quiet += now < 60 or now >= 120
    when = f'{{inactive: {{metrics: [{metric}], longest: {longest}s, between: ["12:02", "12:01"]}}}}'
    said = says(when, *heard(metric, lines), "300s tick")
    assert [f"{at_seconds(one)} {one.split()[2]}" for one in said] == wanted


def at_seconds(said: str) -> int:
    at = said.split()[0]
    return int(at[:-1]) * (60 if at.endswith("m") else 1)


def flow(when: object) -> str:
    """As YAML on one line."""
    if isinstance(when, dict):
        return "{" + ", ".join(f"{key}: {flow(value)}" for key, value in when.items()) + "}"
    if isinstance(when, list):
        return "[" + ", ".join(map(flow, when)) + "]"
    return (
        f'"{when}"'
        if isinstance(when, str) and set(when) & set(":!&|")
        else str(when).lower()
        if isinstance(when, bool)
        else str(when)
    )


ANY_VALUE = st.one_of(
    st.booleans(),
    st.integers(-2, 4),
    st.sampled_from([0.5, 2.5, float("nan"), float("inf"), 1e300]),
    st.sampled_from(["", "on"]),
)
SPOKEN = st.builds(
    Line,
    at=st.integers(0, 90).map(lambda second: parse_rfc3339(START) + second * SECOND),
    device=st.sampled_from("abc"),
    metric=st.sampled_from(["smoke", "contact", "vibration", "temperature", "occupancy", "water_volume"]),
    value=st.one_of(st.none(), ANY_VALUE),
    part=st.sampled_from(["", "", "1"]),
    kind=st.sampled_from([None, "heat", "nonsense"]),
    place=st.sampled_from([None, "", "s/c", "s/c/p/b/u/f/d", "s/c/p/b/u/f/e/room"]),
    tags=st.sampled_from([None, [], ["t"]]),
    tick=st.sampled_from([False, False, False, True]),
)
PLACE_RULES: st.SearchStrategy[Written] = st.one_of(
    st.builds(
        lambda metric, devices, span, level: {
            "confirm": {"metric": metric, "devices": devices, "within": span, "in": level}
        },
        st.sampled_from(["smoke", "temperature"]),
        st.integers(1, 3),
        SPANS,
        st.sampled_from(["floor", "unit", "building"]),
    ),
    st.builds(
        lambda metric, span: {"inactive": {"metrics": [metric], "longest": span, "between": ["12:00", "12:01"]}},
        st.sampled_from(["occupancy", "contact", "water_volume", "temperature"]),
        SPANS,
    ),
    st.sampled_from(["temperature > 1", "!(smoke && contact)", "temperature / occupancy > 2 || smoke == 'on'"]).map(
        lambda source: {"expression": source}
    ),
)
SCOPES = st.sampled_from(["", "scope: {kinds: [heat]}", "scope: {places: [s/c/p]}", "scope: {tags: [t]}"])


@given(
    st.lists(st.tuples(st.one_of(RULES, PLACE_RULES), SCOPES), min_size=1, max_size=4), st.lists(SPOKEN, max_size=25)
)
@settings(max_examples=100)
def test_whatever_is_heard_in_whatever_order_is_judged(asked: list[tuple[Written, str]], heard: list[Line]) -> None:
    rules = [rule(flow(when), id=f"r{number}", more=scope) for number, (when, scope) in enumerate(asked)]
    changes: dict[tuple[str, str], list[str]] = {}
    for said in play(RuleBook(rules, expressions=CEL), heard):
        assert said.sentence["zh"] and said.sentence["en"]
        if said.change is not Change.REPEATED:
            changes.setdefault((said.rule, said.subject), []).append(said.change)
    for said_of in changes.values():
        assert said_of == (["raised", "cleared"] * len(said_of))[: len(said_of)]
