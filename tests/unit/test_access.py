"""One function decides who may do what where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.access import (
    ROLE_ACTS,
    Act,
    Principal,
    Role,
    is_chief,
    may,
    may_on_site,
    may_over,
    may_read_strays,
)
from shouwang.domain.vocabulary import PersonId, PlaceId

PATHS = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4).map("/".join)


def test_what_each_role_may_do() -> None:
    allowed = {role: "".join("x" if act in ROLE_ACTS[role] else "." for act in Act) for role in Role}
    #            read respond names strays journal drill hold duties devices rules community access settings
    assert allowed == {
        Role.ADMIN: "xxxxxxxxxxxxx",
        Role.OPERATOR: "xxxxxxxx.....",
        Role.RESPONDER: "xx...........",
        Role.INSTALLER: "x..x....x....",
        Role.VIEWER: "x............",
        Role.AUDITOR: "x..xx........",
    }


@given(scope=st.none() | PATHS, role=st.sampled_from(Role), act=st.sampled_from(Act))
def test_what_belongs_to_the_whole_site_is_for_nobody_who_is_confined(scope: str | None, role: Role, act: Act) -> None:
    caller = Principal(id="t", name="t", role=role, place=PlaceId(scope) if scope else None)
    assert may_on_site(caller, act) == (scope is None and may(caller, act))
    assert is_chief(caller) == may_on_site(caller, Act.MANAGE_ACCESS)


@given(scope=PATHS, place=PATHS, role=st.sampled_from(Role), act=st.sampled_from(Act))
def test_a_place_never_adds_to_what_a_role_may_do_and_ends_at_its_own_segments(
    scope: str, place: str, role: Role, act: Act
) -> None:
    whole = Principal(id="t", name="t", role=role)
    confined = Principal(id="t", name="t", role=role, place=PlaceId(scope))
    inside = place.split("/")[: scope.count("/") + 1] == scope.split("/")
    assert may(confined, act, place) == (may(whole, act, place) and inside)


@pytest.mark.parametrize(("person", "actor"), [(None, "desk"), (PersonId("wang"), "wang")])
def test_acts_are_those_of_the_person_that_a_token_stands_for(person: PersonId | None, actor: str) -> None:
    assert Principal(id="t1", name="desk", role=Role.OPERATOR, person=person).actor == actor


@given(scope=PATHS, places=st.lists(PATHS, max_size=4), role=st.sampled_from(Role), act=st.sampled_from(Act))
def test_what_belongs_to_several_places_is_for_whoever_may_in_all_of_them_and_to_none_is_the_sites(
    scope: str, places: list[str], role: Role, act: Act
) -> None:
    whole = Principal(id="t", name="t", role=role)
    confined = Principal(id="t", name="t", role=role, place=PlaceId(scope))
    assert may_over(whole, act, places) == may(whole, act)
    assert may_over(confined, act, places) == (bool(places) and all(may(confined, act, place) for place in places))


def test_what_belongs_to_no_place_yet_is_seen_by_those_who_give_it_one() -> None:
    seers = {role for role in Role if may_read_strays(Principal(id="t", name="t", role=role, place=PlaceId("a")))}
    assert seers == {Role.ADMIN, Role.INSTALLER}
