"""What justifies a look at somebody's name, phone or household, and how often."""

import msgspec
import pytest

from harness.cases import FLAT, NEXT_DOOR, NOW, OTHER_UNIT, UPSTAIRS, compound, opened
from shouwang.domain.access import Principal, Role
from shouwang.domain.duty import PostHolder
from shouwang.domain.errors import Conflict, Exhausted
from shouwang.domain.escalation import Milestone, Policy, Step
from shouwang.domain.headcount import only_oversees
from shouwang.domain.incident import TRIAL, Incident, IncidentState
from shouwang.domain.journal import Entry
from shouwang.domain.reveal import (
    JUSTIFIES_FOR,
    REVEALED,
    REVEALS_AT_MOST,
    Asked,
    is_home_of,
    is_named_in,
    plan_reveal,
)
from shouwang.domain.vocabulary import PersonId, PlaceId

ASKED = Asked(reason="call the key holder", person=PersonId("leader"))


def case(**facts: object) -> Incident:
    return msgspec.structs.replace(opened(), **facts)


def looks(count: int) -> list[Entry]:
    """So many reveals of so many people, each looked at twice."""
    bodies: list[dict[str, object]] = [{"person": f"p{number}", "reason": "r"} for number in range(count)]
    return [Entry(at=NOW, kind=REVEALED, body=body) for body in (*bodies, *bodies)]


def test_the_journal_says_who_looked_at_whom_and_why_and_never_what_was_shown() -> None:
    entry, left = plan_reveal(case(), ASKED, [], actor="patrol", now=NOW)
    assert (entry.kind, entry.actor, entry.incident, entry.place) == (REVEALED, "patrol", opened().id, FLAT)
    assert entry.body == {"state": "open", "person": "leader", "reason": "call the key holder"}
    assert left == REVEALS_AT_MOST - 1
    home, _ = plan_reveal(case(), Asked(reason="visit", place=FLAT), [], actor="patrol", now=NOW)
    assert home.body == {"state": "open", "place": FLAT, "reason": "visit"}


@pytest.mark.parametrize("state", [one for one in IncidentState if one is not IncidentState.CLOSED])
def test_every_case_that_is_not_closed_justifies_it(state: IncidentState) -> None:
    plan_reveal(case(state=state, resolved_at=NOW - JUSTIFIES_FOR), ASKED, [], actor="patrol", now=NOW)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"state": IncidentState.CLOSED}, "is closed and owes no visit"),
        ({"state": IncidentState.RESOLVED, "resolved_at": NOW - JUSTIFIES_FOR - 1}, "more than 30 days ago"),
        ({"policy": Policy(id=TRIAL, steps=[])}, "device's test"),
    ],
)
def test_what_is_over_and_what_is_no_case_justifies_nothing(facts: dict[str, object], said: str) -> None:
    with pytest.raises(Conflict, match=said) as refusal:
        plan_reveal(case(**facts), ASKED, [], actor="patrol", now=NOW)
    assert "nothing was shown" in str(refusal.value) and "ask the desk" in str(refusal.value)


@pytest.mark.parametrize("flag", ["drill", "test"])
def test_an_exercise_shows_colleagues_and_no_home(flag: str) -> None:
    plan_reveal(case(**{flag: True}), ASKED, [], actor="patrol", now=NOW)
    with pytest.raises(Conflict, match=f"is a {flag}, for which no resident's data"):
        plan_reveal(case(**{flag: True}), Asked(reason="visit", place=FLAT), [], actor="patrol", now=NOW)


def test_a_closed_case_justifies_while_its_visit_is_owed() -> None:
    asks = Policy(id="help", steps=[Step(when=Milestone.RESOLVED, unless=Milestone.FOLLOWED_UP, tell=["zone"])])
    owing = case(state=IncidentState.CLOSED, policy=asks, resolved_at=NOW, reached={Milestone.RESOLVED: NOW})
    plan_reveal(owing, ASKED, [], actor="patrol", now=NOW + JUSTIFIES_FOR)
    with pytest.raises(Conflict, match="more than 30 days ago"):
        plan_reveal(owing, ASKED, [], actor="patrol", now=NOW + JUSTIFIES_FOR + 1)
    visited = msgspec.structs.replace(owing, reached={**owing.reached, Milestone.FOLLOWED_UP: NOW})
    with pytest.raises(Conflict, match="is closed and owes no visit"):
        plan_reveal(visited, ASKED, [], actor="patrol", now=NOW)


def test_a_reopened_case_justifies_whenever_it_was_resolved_before() -> None:
    again = case(state=IncidentState.OPEN, resolved_at=NOW - 2 * JUSTIFIES_FOR)
    plan_reveal(again, ASKED, [], actor="patrol", now=NOW)


def test_so_many_people_and_homes_are_shown_to_one_caller_and_looking_again_is_free() -> None:
    _, left = plan_reveal(case(), ASKED, looks(REVEALS_AT_MOST - 1), actor="patrol", now=NOW)
    assert left == 0
    with pytest.raises(Exhausted, match="20 people and homes"):
        plan_reveal(case(), ASKED, looks(REVEALS_AT_MOST), actor="patrol", now=NOW)
    known = Asked(reason="once more", person=PersonId("p3"))
    _, left = plan_reveal(case(), known, looks(REVEALS_AT_MOST), actor="patrol", now=NOW)
    assert left == 0


def test_homes_are_those_of_the_case_and_those_counted_for_it() -> None:
    site, one = compound(), case()
    assert is_home_of(one, FLAT, site) and is_home_of(one, NEXT_DOOR, site) and is_home_of(one, UPSTAIRS, site)
    assert not is_home_of(one, OTHER_UNIT, site) and not is_home_of(one, "nowhere", site)


def test_who_was_told_and_who_acted_are_of_the_case() -> None:
    one = case(holder=PersonId("guard"), declined=[PersonId("patrol")], verified_by="leader")
    assert [is_named_in(one, who, {"member"}) for who in ("guard", "patrol", "leader", "member", "officer")] == [
        True,
        True,
        True,
        True,
        False,
    ]


def test_only_whose_every_post_oversees_oversees_only() -> None:
    def caller(person: str | None) -> Principal:
        return Principal(id="t", name="t", role=Role.RESPONDER, person=PersonId(person) if person else None)

    site = compound()
    assert [only_oversees(caller(who), site) for who in ("officer", "patrol", "member", None)] == [
        True,
        False,
        False,
        False,
    ]
    both = PostHolder(place=PlaceId("chengjiang"), post="patrol", person=PersonId("officer"))
    assert not only_oversees(caller("officer"), compound(posts=(*site.posts, both)))
