"""What holds for every timeline: repeats, portions, restarts, order within an instant, late news."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.timelines import rule
from shouwang.domain.evaluate import RuleBook, hear, run_due
from shouwang.domain.rule import Rule
from shouwang.domain.standing import Change, DeviceFacts, DeviceState, Transition
from shouwang.domain.vocabulary import MINUTE, SECOND, DeviceId, Instant, Kind, PlaceId, Reading, Scalar

NOON: Instant = 1_772_424_000 * SECOND
DEVICE = DeviceId("d")
FACTS = DeviceFacts(
    device=DEVICE, kind=Kind.SMOKE, place=PlaceId("p"), longest_silence=90 * SECOND, registered_at=NOON - MINUTE
)

SINGLE = [
    rule("{is: {metric: smoke, value: true}}", id="is", severity="critical"),
    rule("{is: {metric: smoke, value: false, for: 20s}}", id="is-for", severity="low"),
    rule("{above: {metric: temperature, value: 57, clear_at: 50}}", id="above"),
    rule("{above: {metric: temperature, value: 57, clear_at: 50, for: 30s}}", id="above-for", severity="medium"),
    rule("{below: {metric: temperature, value: 30, clear_at: 40, for: 10s}}", id="below-for"),
    rule("{rate: {metric: temperature, rise: 8, within: 60s}}", id="rate"),
    rule("{count: {metric: smoke, value: true, times: 3, within: 60s}}", id="count"),
]
"""One condition on one metric; repeated, they say nothing twice."""

OTHERS = [
    rule("{absent: {longest: 45s}}", id="absent"),
    rule("{between: {from: '12:01', to: '12:02'}}", id="between"),
    rule("{event: {metric: action}}", id="event"),
    rule("{all: [{is: {metric: smoke, value: true}}, {above: {metric: temperature, value: 50, for: 15s}}]}", id="all"),
    rule("{any: [{event: {metric: action}}, {is: {metric: smoke, value: true, for: 15s}}]}", id="any"),
    rule("{all: [{not: {is: {metric: smoke, value: false}}}, {between: {from: '12:01', to: '12:03'}}]}", id="not"),
    rule(
        "{all: [{absent: {longest: 20s}}, {not: {count: {metric: smoke, value: true, times: 1, within: 40s}}}]}",
        id="mix",
    ),
]

numbers = st.sampled_from([20.0, 45.0, 50.0, 55.0, 57.0, 58.0, 63.0, 70.0])
field = st.one_of(
    st.tuples(st.just("smoke"), st.booleans()),
    st.tuples(st.just("temperature"), numbers),
    st.tuples(st.just("action"), st.sampled_from(["single", ""])),
)
parts = st.sampled_from(["", "", "1"])
ages = st.one_of(st.just(0), st.just(0), st.integers(0, 60))


class Message(msgspec.Struct, frozen=True):
    """``fields``: (metric, value, part), measured ``age`` seconds before they were received."""

    received: int
    age: int
    fields: tuple[tuple[str, Scalar, str], ...]

    @property
    def now(self) -> Instant:
        return NOON + self.received * SECOND

    @property
    def readings(self) -> list[Reading]:
        measured_at = self.now - self.age * SECOND
        return [Reading(DEVICE, metric, value, measured_at, self.now, part) for metric, value, part in self.fields]


fields = st.lists(st.tuples(field, parts).map(lambda pair: (*pair[0], pair[1])), min_size=1, max_size=3).map(tuple)
message = st.builds(Message, st.integers(0, 240), ages, fields)
timelines = st.lists(message, max_size=25).map(lambda found: sorted(found, key=lambda one: one.received))
END = NOON + 400 * SECOND

settings.register_profile("timelines", deadline=None)
settings.load_profile("timelines")


def run(
    rules: list[Rule],
    timeline: list[Message],
    state: DeviceState | None = None,
    looks: tuple[int, ...] = (),
    restarts: bool = False,
) -> tuple[list[Transition], DeviceState]:
    """All transitions up to the end. ``looks``: seconds at which timers are run besides; ``restarts``: the state goes
    through its stored form, and the book is built anew, at every step."""
    book, state, said = RuleBook(rules), state or DeviceState(), []
    steps: list[tuple[Instant, Message | None]] = [(one.now, one) for one in timeline]
    steps += [(NOON + look * SECOND, None) for look in looks]
    for now, heard in sorted(steps, key=lambda step: (step[0], step[1] is not None)):
        judged = hear(book, FACTS, state, heard.readings, now, gaps=()) if heard else run_due(book, FACTS, state, now)
        said += judged.transitions
        state = judged.state
        if restarts:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=DeviceState)
            book = RuleBook(rules)
    judged = run_due(book, FACTS, state, END)
    return said + judged.transitions, judged.state


def raised(state: DeviceState) -> set[str]:
    return {id for id, standing in state.standings.items() if standing.raised_at is not None}


@given(timelines, st.lists(st.integers(0, 400), max_size=40).map(tuple))
def test_timers_run_in_any_portions_say_the_same(timeline: list[Message], looks: tuple[int, ...]) -> None:
    assert run(SINGLE + OTHERS, timeline) == run(SINGLE + OTHERS, timeline, looks=looks)


@given(timelines)
def test_a_restart_at_every_step_says_the_same(timeline: list[Message]) -> None:
    assert run(SINGLE + OTHERS, timeline) == run(SINGLE + OTHERS, timeline, restarts=True)


@given(timelines)
def test_a_message_heard_twice_says_the_same(timeline: list[Message]) -> None:
    twice = [one for one in timeline for _ in range(2)]
    once_said, once = run(SINGLE, timeline)
    twice_said, after = run(SINGLE, twice)
    assert once_said == twice_said
    assert once == after


@given(timelines, st.integers(0, 300), st.lists(fields, min_size=2, max_size=4), st.randoms(), timelines)
def test_messages_of_one_instant_shuffled_lose_no_raise_and_end_the_same(
    before: list[Message],
    at: int,
    together: list[tuple[tuple[str, Scalar, str], ...]],
    random: object,
    after: list[Message],
) -> None:
    before = [one for one in before if one.received < at]
    after = [one for one in after if one.received > at]
    burst = [Message(at, 0, one) for one in together]
    shuffled = burst[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    book = RuleBook(SINGLE)
    state = DeviceState()
    for one in before:
        state = hear(book, FACTS, state, one.readings, one.now, gaps=()).state
    state = run_due(book, FACTS, state, NOON + at * SECOND).state
    ends = []
    for order in (burst, shuffled):
        reached, rises = state, set()
        for one in order:
            judged = hear(book, FACTS, reached, one.readings, one.now, gaps=())
            reached = judged.state
            rises |= {said.rule for said in judged.transitions if said.change is Change.RAISED}
        kept = raised(state) & raised(reached)
        ends.append((rises | kept, raised(reached), [_content(said) for said in run(SINGLE, after, reached)[0]]))
    assert ends[0] == ends[1]


def _content(said: Transition) -> tuple[str, Change, Instant]:
    return said.rule, said.change, said.at


@given(timelines)
def test_late_news_never_clears(timeline: list[Message]) -> None:
    book, state = RuleBook(SINGLE), DeviceState()
    for one in timeline:
        state = run_due(book, FACTS, state, one.now).state
        keys = [f"{metric}@{part}" if part else metric for metric, _, part in one.fields]
        measured_at = one.now - one.age * SECOND
        is_late = all(key in state.values and measured_at < state.values[key].measured_at for key in keys)
        judged = hear(book, FACTS, state, one.readings, one.now, gaps=())
        state = judged.state
        assert not (is_late and any(said.change is Change.CLEARED for said in judged.transitions))


@given(timelines)
def test_raised_and_cleared_alternate(timeline: list[Message]) -> None:
    said, state = run(SINGLE + OTHERS, timeline)
    for id in {one.rule for one in said}:
        changes = [one.change for one in said if one.rule == id and one.change is not Change.REPEATED]
        assert changes == [Change.RAISED, Change.CLEARED] * (len(changes) // 2) + [Change.RAISED] * (len(changes) % 2)
        assert (id in raised(state)) == (len(changes) % 2 == 1)
