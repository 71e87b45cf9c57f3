"""Which notices are turned into messages now: first ones by themselves, and compounds in turn."""

from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.notice import Notice, Why
from shouwang.domain.vocabulary import IncidentId, NoticeId, PlaceId
from shouwang.flows.outgoing import in_turn

Waiting = tuple[Notice, PlaceId | None]


def waits(number: int, compound: str | None, why: Why = Why.FIRST) -> Waiting:
    notice = Notice(
        id=NoticeId(f"n{number}"), incident=IncidentId(f"i{number}"), why=why, tell=["zone"], created_at=number
    )
    return notice, PlaceId(f"town/village/{compound}/b1") if compound else None


def test_the_first_alarm_of_a_compound_waits_for_none_of_the_fires_of_another() -> None:
    waiting = [*(waits(number, "storm") for number in range(100)), waits(100, "quiet")]
    assert [one.id for one in in_turn(waiting, 4)] == ["n0", "n100", "n1", "n2"]


def test_first_notices_are_by_themselves() -> None:
    waiting = [waits(0, "storm"), *(waits(number, "storm", Why.WORSE) for number in range(1, 9))]
    assert [one.id for one in in_turn(waiting, 8)] == ["n0"]
    assert [one.id for one in in_turn(waiting[1:], 3)] == ["n1", "n2", "n3"]


def test_a_notice_of_an_incident_that_is_missing_has_its_turn() -> None:
    assert [one.id for one in in_turn([waits(0, "a"), waits(1, "a"), waits(2, None)], 2)] == ["n0", "n2"]


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=40), st.integers(1, 8))
def test_all_come_in_the_end_and_those_of_one_compound_in_their_order(compounds: list[str], most: int) -> None:
    waiting = [waits(number, compound) for number, compound in enumerate(compounds)]
    order: list[str] = []
    while waiting:
        chosen = [one.id for one in in_turn(waiting, most)]
        assert 0 < len(chosen) <= most
        order += chosen
        waiting = [one for one in waiting if one[0].id not in chosen]
    for compound in "abc":
        of_one = [f"n{number}" for number, name in enumerate(compounds) if name == compound]
        assert [id for id in order if id in of_one] == of_one
