"""A device's state between messages, timers and people: marks, retained copies, gaps, resets, changed rules."""

from harness.timelines import rule
from shouwang.domain.evaluate import RuleBook, arm, hear, reconcile, reset, run_due, what_was_reset
from shouwang.domain.rule import Rule
from shouwang.domain.standing import DeviceFacts, DeviceState, Judged
from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, SECOND, DeviceId, Instant, Kind, PlaceId, Reading, Scalar

NOON: Instant = 1_772_424_000 * SECOND  # Monday, 2026-03-02 12:00 in Shanghai
DEVICE = DeviceId("d")
FACTS = DeviceFacts(
    device=DEVICE, kind=Kind.HEAT, place=PlaceId("town/b1"), longest_silence=HOUR, registered_at=NOON - DAY
)
SMOKE = rule("{is: {metric: smoke, value: true}}", id="smoke", severity="critical")
SMOKE_LOW = rule("{is: {metric: smoke, value: true}}", id="low", severity="low")
PRESS = rule("{event: {metric: action}}", id="press")
SILENT = rule("{absent: {}}", id="silent", severity="low")
HOT = "{above: {metric: temperature, value: 57, clear_at: 50, for: 10m}}"
NIGHT = "{all: [{is: {metric: contact, value: false}}, {between: {from: '22:00', to: '06:00'}}]}"


class Life:
    """One device under a book, told what happens."""

    def __init__(self, *rules: Rule, state: DeviceState | None = None, facts: DeviceFacts = FACTS) -> None:
        self.book = RuleBook(rules)
        self.facts = facts
        self.state = state or DeviceState()
        self.last = Judged(self.state, [])

    def hears(
        self,
        at: Instant,
        received: Instant | None = None,
        gaps: tuple[tuple[Instant, Instant], ...] | None = (),
        retained: bool = False,
        **values: Scalar,
    ) -> list[str]:
        now = NOON + (at if received is None else received)
        readings = [Reading(DEVICE, metric, value, NOON + at, now) for metric, value in values.items()]
        return self._took(hear(self.book, self.facts, self.state, readings, now, retained=retained, gaps=gaps))

    def waits(self, until: Instant, gaps: tuple[tuple[Instant, Instant], ...] = ()) -> list[str]:
        return self._took(run_due(self.book, self.facts, self.state, NOON + until, gaps))

    def _took(self, judged: Judged) -> list[str]:
        self.last, self.state = judged, judged.state
        return [f"{(said.at - NOON) // SECOND}s {said.rule} {said.change.value}" for said in judged.transitions]


# marks ---------------------------------------------------------------------------------------------------------------


def test_a_timer_without_a_later_sample_says_so() -> None:
    life = Life(rule(HOT))
    life.hears(0, temperature=58)
    assert life.waits(HOUR) == ["600s rule raised"]
    assert life.last.transitions[0].no_later_sample


def test_a_timer_after_a_later_sample_does_not_say_so() -> None:
    life = Life(rule(HOT))
    life.hears(0, temperature=58)
    life.hears(MINUTE, temperature=56)
    assert life.waits(HOUR) == ["600s rule raised"]
    assert not life.last.transitions[0].no_later_sample


def test_a_transition_decided_by_a_reading_over_an_hour_old_is_late() -> None:
    life = Life(SMOKE, PRESS)
    assert life.hears(0, received=HOUR + 1, smoke=True, action="single") == ["0s smoke raised", "0s press raised"]
    assert [said.late for said in life.last.transitions] == [True, True]
    other = Life(SMOKE)
    other.hears(0, received=HOUR, smoke=True)
    assert not other.last.transitions[0].late


def test_a_lasting_condition_heard_of_late_raises_when_heard_and_is_late() -> None:
    life = Life(rule(HOT))
    assert life.hears(0, received=2 * HOUR, temperature=58) == ["7200s rule raised"]
    assert life.last.transitions[0].late


def test_a_message_that_says_test_marks_what_it_raises() -> None:
    life = Life(SMOKE)
    life.hears(0, smoke=True, test=True)
    assert life.last.transitions[0].test
    other = Life(SMOKE)
    other.hears(0, smoke=True, test=False)
    assert not other.last.transitions[0].test


def test_a_transition_bears_the_readings_and_the_sentence_that_decided() -> None:
    life = Life(rule("{above: {metric: temperature, value: 57, clear_at: 50, for: 10s}}"))
    life.hears(0, temperature=58.4, battery=90)
    life.waits(HOUR)
    (said,) = life.last.transitions
    assert said.sentence == {"zh": "温度 58.4 °C 高于 57 °C 已 10 秒", "en": "temperature 58.4 °C above 57 °C for 10 s"}
    assert [(one.metric, one.value, one.measured_at) for one in said.evidence] == [("temperature", 58.4, NOON)]
    assert said.version == life.book.rules[0].version


# several times in one message ----------------------------------------------------------------------------------------


def test_several_times_in_one_message_are_applied_in_order_of_time() -> None:
    life = Life(rule("{above: {metric: temperature, value: 57, for: 10s}}"), SMOKE)
    readings = [
        Reading(DEVICE, "temperature", value, NOON + at * SECOND, NOON + 5 * MINUTE)
        for at, value in ((60, 40.0), (0, 58.0), (30, 59.0))
    ]
    readings += [Reading(DEVICE, "smoke", at == 20, NOON + at * SECOND, NOON + 5 * MINUTE) for at in (20, 40)]
    judged = hear(life.book, FACTS, life.state, readings, NOON + 5 * MINUTE)
    assert [((said.at - NOON) // SECOND, said.rule, said.change.value) for said in judged.transitions] == [
        (10, "rule", "raised"),
        (20, "smoke", "raised"),
        (40, "smoke", "cleared"),
        (60, "rule", "cleared"),
    ]


def test_many_hours_in_one_message_are_no_silence() -> None:
    life = Life(SILENT)
    now = NOON + 12 * HOUR
    readings = [Reading(DEVICE, "temperature", 20.0, NOON + at * HOUR, now) for at in (0, 5, 10)]
    assert hear(life.book, FACTS, life.state, readings, now, gaps=()).transitions == []


# retained copies -----------------------------------------------------------------------------------------------------


def test_a_retained_copy_raises_a_state_but_no_event() -> None:
    life = Life(SMOKE, PRESS)
    assert life.hears(0, retained=True, smoke=True, action="single") == ["0s smoke raised"]


def test_a_retained_copy_without_a_time_of_its_own_never_clears_what_was_heard() -> None:
    life = Life(SMOKE)
    life.hears(0, smoke=True)
    assert life.hears(MINUTE, retained=True, smoke=False) == []
    assert life.hears(2 * MINUTE, smoke=False) == ["120s smoke cleared"]


def test_a_retained_copy_raises_beside_an_older_value_and_holds_until_news() -> None:
    life = Life(SMOKE, rule(HOT))
    life.hears(0, smoke=False, temperature=20)
    assert life.hears(MINUTE, retained=True, smoke=True, temperature=58) == ["60s smoke raised"]
    assert life.waits(20 * MINUTE) == ["660s rule raised"]
    assert life.hears(30 * MINUTE, smoke=False, temperature=49) == ["1800s smoke cleared", "1800s rule cleared"]


def test_a_retained_copy_with_a_time_of_its_own_is_news() -> None:
    life = Life(SMOKE)
    life.hears(0, smoke=True)
    assert life.hears(MINUTE, received=2 * MINUTE, retained=True, smoke=False) == ["60s smoke cleared"]


def test_a_retained_copy_is_no_proof_of_life() -> None:
    life = Life(SILENT)
    life.hears(0, battery=90)
    life.hears(50 * MINUTE, retained=True, battery=90)
    assert life.waits(2 * HOUR) == ["3600s silent raised"]


# silence and our own gaps --------------------------------------------------------------------------------------------


def test_a_registered_device_never_heard_is_silent_from_its_registration() -> None:
    life = Life(
        SILENT,
        facts=DeviceFacts(device=DEVICE, kind=None, place=PlaceId("p"), longest_silence=HOUR, registered_at=NOON),
    )
    life.state = arm(life.book, life.facts, life.state, NOON + SECOND)
    assert life.state.due_at == NOON + HOUR
    assert life.waits(2 * HOUR) == ["3600s silent raised"]


def test_a_device_that_nobody_registered_is_never_missed() -> None:
    life = Life(
        SILENT, facts=DeviceFacts(device=DEVICE, kind=None, place=PlaceId("p"), longest_silence=HOUR, registered=False)
    )
    life.hears(0, battery=90)
    assert life.waits(DAY) == []


def test_the_time_in_which_we_were_deaf_is_no_silence() -> None:
    life = Life(SILENT)
    life.hears(0, battery=90)
    down = ((NOON + 30 * MINUTE, NOON + 3 * HOUR),)
    assert life.waits(3 * HOUR + SECOND, gaps=down) == []
    assert life.waits(3 * HOUR + 30 * MINUTE, gaps=down) == [f"{3 * 3600 + 1800}s silent raised"]


def test_the_first_message_after_a_gap_of_ours_finds_no_fault() -> None:
    life = Life(SILENT)
    life.hears(0, battery=90)
    assert life.hears(3 * HOUR, gaps=((NOON + 30 * MINUTE, NOON + 3 * HOUR),), battery=90) == []


def test_a_message_makes_nothing_of_a_silence_where_nobody_knows_whose_it_was() -> None:
    life = Life(SILENT, rule("{above: {metric: temperature, value: 57, for: 3h}}", severity="medium"))
    life.hears(0, temperature=58)
    assert life.hears(2 * HOUR, gaps=None, humidity=40) == []
    assert life.waits(4 * HOUR) == ["10800s silent raised", "10800s rule raised"]


def test_a_message_never_moves_the_timer_of_a_device() -> None:
    life = Life(SILENT)
    life.hears(0, battery=90)
    armed = life.state.due_at
    for at in range(1, 50):
        life.hears(at * MINUTE, battery=90)
        assert life.state.due_at == armed
    assert life.waits(HOUR) == []
    assert life.state.due_at == NOON + 49 * MINUTE + HOUR


def test_a_long_silence_ends_a_pending_for_of_medium_and_lower() -> None:
    slow = "{above: {metric: temperature, value: 57, for: 3h}}"
    for severity, expected in (
        ("medium", []),
        ("low", []),
        ("high", ["10800s rule raised"]),
        ("critical", ["10800s rule raised"]),
    ):
        life = Life(rule(slow, severity=severity))
        life.hears(0, temperature=58)
        assert life.waits(DAY) == expected


def test_after_a_long_silence_a_pending_for_begins_anew_with_the_next_sample() -> None:
    life = Life(rule("{above: {metric: temperature, value: 57, for: 3h}}", severity="medium"))
    life.hears(0, temperature=58)
    life.hears(2 * HOUR, temperature=58)
    for quarter in range(9, 21):
        assert life.hears(quarter * 15 * MINUTE, humidity=40) == (["18000s rule raised"] if quarter == 20 else [])


def test_a_long_silence_that_ends_with_another_metric_ends_a_pending_for_all_the_same() -> None:
    life = Life(rule("{above: {metric: temperature, value: 57, for: 3h}}", severity="medium"))
    life.hears(0, temperature=58)
    life.hears(2 * HOUR, humidity=40)
    for at in range(9, 16):
        assert life.hears(at * 20 * MINUTE, humidity=40) == []
    assert life.waits(DAY) == []


def test_a_long_silence_clears_nothing_that_is_raised() -> None:
    life = Life(rule(HOT, severity="medium"))
    life.hears(0, temperature=58)
    assert life.hears(11 * MINUTE, temperature=58) == ["600s rule raised"]
    assert life.waits(DAY) == []
    assert life.hears(DAY, temperature=58) == []


# standings -----------------------------------------------------------------------------------------------------------


def test_an_idle_standing_is_not_kept() -> None:
    life = Life(SMOKE, PRESS, SILENT, rule(HOT))
    life.hears(0, smoke=False, temperature=20)
    assert life.state.standings == {}
    life.hears(MINUTE, smoke=True, temperature=58)
    assert set(life.state.standings) == {"smoke", "rule"}
    life.hears(2 * MINUTE, smoke=False, temperature=40)
    life.hears(3 * MINUTE, smoke=False, temperature=40)
    assert life.state.standings == {}


def test_a_reset_lets_the_next_true_reading_raise_anew() -> None:
    life = Life(SMOKE, PRESS)
    life.hears(0, smoke=True, action="single")
    for id in ("smoke", "press"):
        life.state = reset(life.book, FACTS, life.state, id, NOON + SECOND).state
    assert life.waits(HOUR) == []
    assert life.hears(MINUTE, smoke=True, action="single") == ["60s smoke raised", "60s press raised"]


def test_time_alone_does_not_raise_again_what_a_person_reset() -> None:
    life = Life(rule(NIGHT), SILENT)
    life.hears(10 * HOUR, contact=False)
    life.state = reset(life.book, FACTS, life.state, "rule", NOON + 10 * HOUR).state
    assert life.waits(12 * HOUR) == ["39600s silent raised"]
    assert life.waits(40 * HOUR) == [f"{34 * 3600}s rule raised"]


def test_a_reset_leaves_what_is_only_pending() -> None:
    life = Life(rule(HOT))
    life.hears(0, temperature=58)
    life.state = reset(life.book, FACTS, life.state, "rule", NOON + SECOND).state
    assert life.waits(HOUR) == ["600s rule raised"]


# changed rules -------------------------------------------------------------------------------------------------------


def changed(life: Life, at: Instant, *rules: Rule) -> Life:
    after = Life(*rules)
    after.state = reconcile(after.book, FACTS, life.state, NOON + at)
    return after


def test_a_changed_length_moves_a_pending_for() -> None:
    life = Life(rule(HOT))
    life.hears(0, temperature=58)
    after = changed(life, MINUTE, rule("{above: {metric: temperature, value: 57, clear_at: 50, for: 20m}}"))
    assert after.waits(HOUR) == ["1200s rule raised"]
    shorter = changed(life, 5 * MINUTE, rule("{above: {metric: temperature, value: 57, clear_at: 50, for: 1m}}"))
    assert shorter.waits(HOUR) == ["300s rule raised"]


def test_a_longer_for_ends_no_alert() -> None:
    for before in ("10s", "0s"):
        life = Life(rule(f"{{above: {{metric: temperature, value: 57, for: {before}}}}}"))
        life.hears(0, temperature=58)
        life.waits(MINUTE)
        life.book = RuleBook([rule("{above: {metric: temperature, value: 57, for: 1h}}")])
        life.state = reconcile(life.book, FACTS, life.state, NOON + MINUTE)
        assert life.waits(30 * MINUTE) == []
        assert life.hears(40 * MINUTE, temperature=58.5) == []
        assert life.hears(45 * MINUTE, temperature=57) == ["2700s rule cleared"]


def test_what_a_change_reset_is_told() -> None:
    life = Life(rule(HOT), rule("{is: {metric: smoke, value: true, for: 1h}}", id="smoke"), SMOKE_LOW)
    life.hears(0, temperature=58, smoke=True)
    other = RuleBook([rule(HOT.replace("10m", "20m")), rule("{is: {metric: gas, value: true, for: 1h}}", id="smoke")])
    after = reconcile(other, FACTS, life.state, NOON + MINUTE)
    assert what_was_reset(life.state, after) == {"smoke": "standing", "low": "standing"}


def test_a_rule_that_asks_something_else_keeps_only_whether_it_is_raised() -> None:
    life = Life(rule("{is: {metric: smoke, value: true}}"), rule(HOT, id="hot"))
    life.hears(0, smoke=True, temperature=58)
    after = changed(
        life,
        MINUTE,
        rule("{is: {metric: gas, value: true}}"),
        rule("{is: {metric: heat_alarm, value: true, for: 10m}}", id="hot"),
    )
    assert after.waits(HOUR) == []
    assert after.hears(HOUR, gas=False) == ["3600s rule cleared"]


def test_a_rule_that_is_gone_is_forgotten() -> None:
    life = Life(SMOKE, PRESS)
    life.hears(0, smoke=True, action="single")
    after = changed(life, MINUTE, PRESS)
    assert set(after.state.standings) == {"press"}


def test_a_new_rule_on_time_is_armed_and_a_shorter_silence_is_found() -> None:
    life = Life(SMOKE)
    life.hears(0, contact=False)
    after = changed(life, 30 * MINUTE, rule(NIGHT), rule("{absent: {longest: 10m}}", id="silent"))
    assert after.waits(DAY) == ["1800s silent raised", "36000s rule raised", "64800s rule cleared"]


def test_the_same_book_changes_nothing() -> None:
    life = Life(rule(HOT), SMOKE, SILENT)
    life.hears(0, temperature=58, smoke=True)
    assert changed(life, MINUTE, rule(HOT), SMOKE, SILENT).state == life.state


# silenced detectors ---------------------------------------------------------------------------------------------------


def test_a_silenced_detector_gives_no_all_clear_until_it_is_not_silenced_any_more() -> None:
    life = Life(SMOKE)
    assert life.hears(0, smoke=True) == ["0s smoke raised"]
    assert life.hears(10 * SECOND, smoke=False, silenced=True) == []
    assert life.hears(20 * SECOND, smoke=False) == [], "silenced still"
    assert life.hears(30 * SECOND, silenced=False) == [], "of smoke it said nothing"
    assert life.hears(40 * SECOND, smoke=False) == ["40s smoke cleared"]


def test_a_detector_that_tests_itself_gives_no_all_clear_in_the_same_message() -> None:
    life = Life(SMOKE)
    life.hears(0, smoke=True)
    assert life.hears(10 * SECOND, smoke=False, test=True) == []
    assert life.hears(20 * SECOND, smoke=False, test=False) == ["20s smoke cleared"]


def test_smoke_of_a_silenced_detector_raises_all_the_same() -> None:
    life = Life(SMOKE)
    life.hears(0, silenced=True)
    assert life.hears(10 * SECOND, smoke=True) == ["10s smoke raised"]


def test_silence_holds_up_no_fault_that_is_over() -> None:
    life = Life(rule("{is: {metric: fault, value: true}}", id="fault", severity="medium"))
    life.hears(0, fault=True)
    assert life.hears(10 * SECOND, fault=False, silenced=True) == ["10s fault cleared"]
