"""Who saw a home being opened: two different people, with the posts they held."""

import msgspec
import pytest

from harness.cases import FLAT, compound, opened, person, seconds
from shouwang.domain.acts import Acknowledge, Enter, Resolve
from shouwang.domain.casefile import EntryWay
from shouwang.domain.community import Community
from shouwang.domain.errors import Conflict
from shouwang.domain.handling import ActPlan, plan_act
from shouwang.domain.incident import Incident, Outcome
from shouwang.domain.vocabulary import PersonId


def site() -> Community:
    known = compound()
    twins = {PersonId(id): msgspec.structs.replace(person(id), name="王小") for id in ("twin1", "twin2")}
    return msgspec.structs.replace(known, people={**known.people, **twins})


def enter(*witnesses: str, by: str = "guard", incident: Incident | None = None) -> ActPlan:
    act = Enter(how=EntryWay.FORCE, place=FLAT, reason="no answer", authorised_by="manager", witnesses=list(witnesses))
    return plan_act(incident or opened(), act, actor=by, alerts=[], told=(), community=site(), now=seconds(30))


def test_witnesses_are_kept_as_people_with_the_posts_that_they_hold_there() -> None:
    plan = enter("leader", "Patrol", "a neighbour of 502")
    assert plan.incident.file is not None
    (entered,) = plan.incident.file.entries
    assert entered.witnesses == ["leader", "patrol", "a neighbour of 502"]
    assert entered.witness_posts == {"leader": "building_leader", "patrol": "patrol"}
    assert plan.entries[0].body["witness_posts"] == entered.witness_posts
    assert enter("member", "王小").incident.file is not None, "a name of two people is words"


@pytest.mark.parametrize(
    ("witnesses", "says"),
    [
        ([], "needs 2 witnesses .* found 0"),
        (["leader"], "needs 2 witnesses .* found 1"),
        (["leader", "leader"], "'leader' twice is one person"),
        (["leader", "Leader "], "'leader' and 'Leader ' are one person"),
        (["Patrol", "leader", "patrol"], "'Patrol' and 'patrol' are one person"),
        (["a neighbour", "A  Neighbour"], "are one person"),
        (["guard", "leader", "patrol"], "guard opens the home"),
        (["leader", "Guard"], "nobody is their own witness"),
    ],
)
def test_one_person_twice_or_whoever_opens_is_no_second_witness(witnesses: list[str], says: str) -> None:
    with pytest.raises(Conflict, match=says):
        enter(*witnesses)


def test_nobody_enters_for_a_case_that_is_over() -> None:
    over = opened()
    for act in (Acknowledge(), Resolve(outcome=Outcome.REAL)):
        over = plan_act(over, act, actor="guard", alerts=[], told=(), community=site(), now=seconds(9)).incident
    with pytest.raises(Conflict, match="nobody enters a home"):
        enter("leader", "patrol", incident=over)
