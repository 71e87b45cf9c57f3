"""How an escalation goes on: by the clock, and where nobody answers."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import alert, compound, joining, opened, opening, seconds, told_by
from shouwang.domain.climbing import climb, is_stuck, nobody_answers
from shouwang.domain.duty import SiteFacts, resolve
from shouwang.domain.escalation import NOBODY, Milestone
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.notice import Notice, Why
from shouwang.domain.vocabulary import NoticeId, PersonId

GAPS = ["roster:desk: nobody is on duty now"]


def reached(incident: Incident, *milestones: Milestone, at: float = 10) -> Incident:
    return msgspec.structs.replace(incident, reached={one: seconds(at) for one in milestones})


def notice(incident: Incident, why: Why = Why.FIRST, step: int | None = 0, number: int = 1) -> Notice:
    return Notice(
        id=NoticeId(f"{incident.id}.{number}"), incident=incident.id, why=why, tell=["zone"], created_at=0, step=step
    )


def test_levels_are_told_one_after_another_until_somebody_answers() -> None:
    incident, told = opened(), []
    for at in (60, 180, 300):
        incident, notices, _ = climb(incident, seconds(at))
        told += [target for one in notices for target in one.tell]
    assert told == ["post:property_manager", "post:branch_secretary", "post:community_officer"]
    assert incident.next_step_at is None


def test_a_skipped_step_is_on_record_with_what_spared_it() -> None:
    incident, notices, entries = climb(reached(opened(), Milestone.ACKNOWLEDGED), seconds(60))
    assert notices == []
    assert [(entry.kind, entry.body["because"]) for entry in entries] == [("escalation.skipped", "acknowledged")]
    assert incident.next_step_at == seconds(180)


def test_a_second_look_at_the_same_moment_tells_nobody_again() -> None:
    incident, first, _ = climb(opened(), seconds(60))
    assert len(first) == 1
    assert climb(incident, seconds(60))[1] == []


def test_a_closed_incident_climbs_no_more() -> None:
    closed = msgspec.structs.replace(opened(), state=IncidentState.CLOSED)
    incident, notices, _ = climb(closed, seconds(60))
    assert (incident.next_step_at, notices) == (None, [])


# Nobody answers ------------------------------------------------------------------------------------------------------


def test_an_empty_duty_never_waits_the_next_level_and_the_fallback_are_told_at_once() -> None:
    incident = opened()
    after, notices, entries = nobody_answers(incident, notice(incident), GAPS, community=compound(), now=seconds(1))
    assert told_by(notices) == [
        ("next_step", ["post:property_manager"]),
        ("coverage_gap", ["person:fallback"]),
    ]
    assert notices[1].detail == GAPS[0]
    assert [entry.kind for entry in entries if entry.kind == "coverage.gap"] == ["coverage.gap"]
    assert after.steps[0].skipped == NOBODY
    assert after.next_step_at == seconds(180)  # later levels keep their own time


def test_whoever_is_both_the_next_level_and_the_fallback_is_called_once() -> None:
    site = compound(site=SiteFacts(fallback=PersonId("manager")), zones={})
    incident = opened(community=site)
    after, notices, _ = nobody_answers(incident, notice(incident), GAPS, community=site, now=seconds(1))
    assert told_by(notices) == [("coverage_gap", ["post:property_manager"])]
    assert notices[0].step == 1
    refused, notices, _ = nobody_answers(after, notices[0], GAPS, community=site, now=seconds(2))
    assert told_by(notices) == [("next_step", ["post:branch_secretary"])]
    assert refused.steps[1].skipped == NOBODY


def test_the_same_gap_found_twice_changes_nothing_the_second_time() -> None:
    incident = opened()
    after, _, _ = nobody_answers(incident, notice(incident), GAPS, community=compound(), now=seconds(1))
    assert nobody_answers(after, notice(incident), GAPS, community=compound(), now=seconds(2)) == (after, [], [])


def test_a_level_that_is_spared_is_not_pulled_forward_and_pulls_nobody() -> None:
    incident = reached(opened(), Milestone.ACKNOWLEDGED)
    after, notices, _ = nobody_answers(incident, notice(incident), GAPS, community=compound(), now=seconds(20))
    assert told_by(notices) == [("coverage_gap", ["person:fallback"])]
    assert [mark.skipped for mark in after.steps] == [NOBODY, "acknowledged"]


def test_without_any_fallback_the_gap_is_at_least_on_record() -> None:
    bare = compound(zones={}, site=SiteFacts())
    incident = opened(community=bare)
    _, notices, entries = nobody_answers(incident, notice(incident), GAPS, community=bare, now=seconds(1))
    assert [one.why for one in notices] == [Why.NEXT_STEP]
    assert "coverage.gap" in [entry.kind for entry in entries]


def test_a_gap_of_a_gap_goes_no_further() -> None:
    incident = opened()
    for why in (Why.COVERAGE_GAP, Why.CLEARED, Why.STOOD_DOWN):
        one = notice(incident, why, None)
        assert nobody_answers(incident, one, GAPS, community=compound(), now=seconds(1)) == (incident, [], [])


def test_an_incident_that_is_over_has_no_gap() -> None:
    over = msgspec.structs.replace(opened(), state=IncidentState.RESOLVED)
    assert nobody_answers(over, notice(over), GAPS, community=compound(), now=seconds(1)) == (over, [], [])


@pytest.mark.parametrize("why", [Why.REPEAT, Why.VERIFIED, Why.WORSE])
def test_news_that_reaches_nobody_reaches_the_fallback(why: Why) -> None:
    incident = opened()
    _, notices, _ = nobody_answers(incident, notice(incident, why, None), GAPS, community=compound(), now=seconds(1))
    assert told_by(notices) == [("coverage_gap", ["person:fallback"])]


def test_where_nobody_at_all_is_on_duty_every_level_is_tried_at_once_and_the_fallback_is_called_once() -> None:
    """Dispatch finds one notice after another empty; nobody waits for a clock, and one fact is one call."""
    empty = compound(posts=(), rosters={})
    incident, waiting, _ = opening(community=empty)
    tried: list[int | None] = []
    told: list[str] = []
    while waiting:
        one = waiting.pop(0)
        tried += [one.step] if one.step is not None else []
        found = resolve(empty, incident.place, one.tell, seconds(1))
        told += found.people
        if not found.people:
            incident, more, _ = nobody_answers(incident, one, found.gaps, community=empty, now=seconds(1))
            waiting += more
    assert tried == [0, 1, 3, 4]
    assert told == ["fallback"]
    assert incident.next_step_at is None


# Audit ---------------------------------------------------------------------------------------------------------------


def test_an_escalation_whose_row_would_never_be_looked_at_is_stuck() -> None:
    incident = opened()
    assert not is_stuck(incident, seconds(1))
    assert is_stuck(msgspec.structs.replace(incident, next_step_at=None), seconds(1))
    assert is_stuck(msgspec.structs.replace(incident, next_step_at=seconds(9999)), seconds(1))
    over = msgspec.structs.replace(incident, next_step_at=None, state=IncidentState.RESOLVED)
    assert not is_stuck(over, seconds(1))


@given(st.lists(st.tuples(st.sampled_from(["climb", "gap", "alarm"]), st.integers(0, 120)), max_size=15))
def test_no_incident_of_ours_is_ever_stuck(deeds: list[tuple[str, int]]) -> None:
    site, now = compound(), 0
    incident, notices, _ = opening()
    for number, (deed, pause) in enumerate(deeds):
        now += pause
        match deed:
            case "climb":
                incident, made, _ = climb(incident, seconds(now))
            case "gap":
                one = notices[number % len(notices)]
                incident, made, _ = nobody_answers(incident, one, GAPS, community=site, now=seconds(now))
            case _:
                incident, made, _ = joining(incident, alert(f"smoke-{number}"), now=seconds(now))
        notices += made
        assert not is_stuck(incident, seconds(now))
        assert len({one.id for one in notices}) == len(notices)
